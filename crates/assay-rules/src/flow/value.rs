//! Abstract values: what is known of what a slot may hold.
//!
//! A value is a few constants, or anything; objects it may point to; a type or
//! the name of something outside; and taint: for which kinds of sink it is
//! dangerous, and how it got that way.

use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use assay_source::Span;
use smallvec::{SmallVec, smallvec};

use super::ir::{Literal, Name, Slot};
use super::kind::Kinds;
use super::pages::Shared;

/// A value is at most so many constants; beyond that it is anything.
const CONSTS_MAX: usize = 8;

/// A value points to at most so many objects; beyond that it is anything.
const OBJECTS_MAX: usize = 8;

/// A value has at most so many origins of taint.
const MARKS_MAX: usize = 6;

/// A path keeps at most so many steps.
const STEPS_MAX: u32 = 40;

/// Texts longer than this are not kept as constants.
pub(crate) const TEXT_BYTES_MAX: usize = 4_096;

/// A constant.
pub(crate) type Const = Literal;

/// An object in the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId(pub(crate) u32);

/// The constants that a value may be.
#[derive(Debug, PartialEq)]
pub(crate) enum Consts {
    /// Anything.
    Any,
    /// One of these; none: no constant (an object, or nothing at all).
    Few(SmallVec<[Const; 1]>),
}

impl Clone for Consts {
    /// Values are cloned at every step, and nearly all are one constant or none.
    fn clone(&self) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::Few(few) => Self::Few(match few.as_slice() {
                [] => SmallVec::new(),
                [one] => smallvec![one.clone()],
                several => several.iter().cloned().collect(),
            }),
        }
    }
}

/// A step of the path that a tainted value took.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) unit: u32,
    pub(crate) span: Span,
    pub(crate) what: StepKind,
    pub(crate) previous: Option<Rc<Step>>,
    length: u32,
}

/// What happened at a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StepKind {
    /// It came in: what it is.
    Source(Name),
    /// It became the value of a variable or field.
    Assigned(Name),
    /// It was handed to a function as this parameter.
    Passed(Name),
    /// It came back from a function.
    Returned(Name),
    /// It went through a function of a library.
    Through(Name),
    /// It became part of a text.
    Joined,
}

impl Step {
    /// Appends a step to a path, unless the path is long or was just there.
    pub(crate) fn after(previous: &Rc<Step>, unit: u32, span: Span, what: StepKind) -> Rc<Step> {
        let is_same = previous.unit == unit && previous.span == span && previous.what == what;
        if previous.length >= STEPS_MAX || is_same {
            return Rc::clone(previous);
        }
        Rc::new(Step {
            unit,
            span,
            what,
            previous: Some(Rc::clone(previous)),
            length: previous.length + 1,
        })
    }

    /// Starts a path.
    pub(crate) fn source(unit: u32, span: Span, what: Name) -> Rc<Step> {
        Rc::new(Step {
            unit,
            span,
            what: StepKind::Source(what),
            previous: None,
            length: 1,
        })
    }

    /// Returns the first step.
    pub(crate) fn first(&self) -> &Step {
        let mut step = self;
        while let Some(previous) = &step.previous {
            step = previous;
        }
        step
    }
}

/// One origin of taint.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// The place where it came in.
    pub(crate) origin: (u32, u32),
    pub(crate) kinds: Kinds,
    pub(crate) doubt: Doubt,
    pub(crate) step: Rc<Step>,
}

impl Mark {
    /// What tells origins apart: one place may bring a stranger's input and a
    /// secret, and how sure one is says nothing of the other.
    fn key(&self) -> ((u32, u32), bool) {
        (self.origin, self.kinds.is_special())
    }

    fn is_of(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

/// How sure it is that a path is real, from most to least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    /// Every part of it is modelled.
    #[default]
    None,
    /// It goes through a call that is not known.
    Unknown,
    /// It comes from a place that strangers seldom reach.
    Local,
}

/// Where a value is dangerous and why. Empty for most values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taint(Option<Rc<Vec<Mark>>>);

impl PartialEq for Taint {
    /// Paths do not count: a fixpoint is about what holds and not about how.
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.marks(), other.marks());
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(a, b)| a.origin == b.origin && a.kinds == b.kinds && a.doubt == b.doubt)
    }
}

impl Taint {
    /// Taint with one origin.
    pub(crate) fn new(mark: Mark) -> Self {
        Self(Some(Rc::new(vec![mark])))
    }

    pub(crate) fn marks(&self) -> &[Mark] {
        self.0.as_ref().map_or(&[], |marks| marks)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the kinds of all origins.
    pub(crate) fn kinds(&self) -> Kinds {
        let marks = self.marks().iter();
        marks.fold(Kinds::NONE, |kinds, mark| kinds.or(mark.kinds))
    }

    /// Returns whether adding another value's taint changes nothing.
    fn covers(&self, other: &Self) -> bool {
        let (Some(own), Some(theirs)) = (&self.0, &other.0) else {
            return other.0.is_none();
        };
        Rc::ptr_eq(own, theirs)
            || theirs.iter().all(|mark| {
                let mut known = own.iter();
                match known.find(|known| known.is_of(mark)) {
                    Some(known) => {
                        known.kinds.or(mark.kinds) == known.kinds && known.doubt <= mark.doubt
                    }
                    None => own.len() >= MARKS_MAX,
                }
            })
    }

    /// Adds another value's taint.
    pub(crate) fn join(&mut self, other: &Self) {
        let Some(theirs) = &other.0 else { return };
        let Some(own) = &mut self.0 else {
            self.0 = Some(Rc::clone(theirs));
            return;
        };
        if Rc::ptr_eq(own, theirs) {
            return;
        }
        for mark in theirs.iter() {
            let known = own.iter().position(|known| known.is_of(mark));
            match known {
                Some(at) => {
                    let had = &own[at];
                    let kinds = had.kinds.or(mark.kinds);
                    let doubt = had.doubt.min(mark.doubt);
                    if kinds != had.kinds || doubt != had.doubt {
                        let had = &mut Rc::make_mut(own)[at];
                        // The path that leaves more dangerous is shown.
                        if mark.kinds.0.count_ones() > had.kinds.0.count_ones() {
                            had.step = Rc::clone(&mark.step);
                        }
                        (had.kinds, had.doubt) = (kinds, doubt);
                    }
                }
                None if own.len() < MARKS_MAX => {
                    let own = Rc::make_mut(own);
                    let at = own.partition_point(|known| known.key() < mark.key());
                    own.insert(at, mark.clone());
                }
                None => {}
            }
        }
    }

    /// Keeps only what the function says of each origin's kinds.
    #[must_use]
    pub(crate) fn filtered(&self, keep: impl Fn(Kinds) -> Kinds) -> Self {
        if self.0.is_none() {
            return Self::default();
        }
        let marks: Vec<Mark> = self
            .marks()
            .iter()
            .filter_map(|mark| {
                let kinds = keep(mark.kinds);
                (!kinds.is_empty()).then(|| Mark {
                    kinds,
                    ..mark.clone()
                })
            })
            .collect();
        Self((!marks.is_empty()).then(|| Rc::new(marks)))
    }

    /// Notes a step on every path.
    #[must_use]
    pub(crate) fn stepped(&self, unit: u32, span: Span, what: &StepKind) -> Self {
        if self.0.is_none() {
            return Self::default();
        }
        let marks = self.marks().iter().map(|mark| Mark {
            step: Step::after(&mark.step, unit, span, what.clone()),
            ..mark.clone()
        });
        Self(Some(Rc::new(marks.collect())))
    }

    /// Returns what came without going through a call that is not known.
    #[must_use]
    pub(crate) fn without_unknown(&self) -> Self {
        let marks = self.marks().iter();
        let sure = marks.filter(|mark| mark.doubt != Doubt::Unknown);
        let marks: Vec<Mark> = sure.cloned().collect();
        Self((!marks.is_empty()).then(|| Rc::new(marks)))
    }

    /// Notes that a path is in doubt.
    #[must_use]
    pub(crate) fn doubted(&self, doubt: Doubt) -> Self {
        if self.marks().iter().all(|mark| mark.doubt >= doubt) {
            return self.clone();
        }
        let marks = self.marks().iter().map(|mark| Mark {
            doubt: mark.doubt.max(doubt),
            ..mark.clone()
        });
        Self(Some(Rc::new(marks.collect())))
    }
}

/// What a condition says about variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) when_true: Vec<(Slot, Refine)>,
    pub(crate) when_false: Vec<(Slot, Refine)>,
    /// What holds where the value, a number, is known to have an upper bound.
    pub(crate) bounded: Vec<(Slot, Refine)>,
    /// Whether the value is what a call gives back where it went well.
    pub(crate) succeeds: bool,
}

/// What is known of a variable once a condition is decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refine {
    /// It is not dangerous to these kinds.
    Clear(Kinds),
    /// It is one of these constants.
    Is(Vec<Const>),
    /// It is not this constant.
    IsNot(Const),
}

/// An abstract value: what is known of it is shared by those who hold the same, and
/// copied when one of them changes it.
#[derive(Clone, Debug)]
pub(crate) struct Value(Rc<Parts>);

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts {
    pub(crate) consts: Consts,
    /// Objects that it may be, sorted.
    pub(crate) objects: SmallVec<[ObjectId; 2]>,
    /// The qualified name of its type.
    pub(crate) ty: Option<Name>,
    /// The name of something outside or of a class that it is.
    pub(crate) symbol: Option<Name>,
    /// A text that it begins with, when it is a text that is not all known.
    pub(crate) prefix: Option<Name>,
    pub(crate) taint: Taint,
    pub(crate) facts: Option<Rc<Facts>>,
}

thread_local! {
    /// The values that most others begin as.
    static UNKNOWN: Value = Value::new(Parts {
        consts: Consts::Any,
        ..Parts::nothing()
    });
    static NOTHING: Value = Value::new(Parts::nothing());
}

impl Parts {
    fn nothing() -> Self {
        Self {
            consts: Consts::NONE,
            objects: SmallVec::new(),
            ty: None,
            symbol: None,
            prefix: None,
            taint: Taint::default(),
            facts: None,
        }
    }
}

impl Deref for Value {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Value {
    fn deref_mut(&mut self) -> &mut Parts {
        Rc::make_mut(&mut self.0)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Shared for Value {
    fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::unknown()
    }
}

impl Value {
    fn new(parts: Parts) -> Self {
        Self(Rc::new(parts))
    }

    /// Anything.
    pub(crate) fn unknown() -> Self {
        UNKNOWN.with(Self::clone)
    }

    /// Nothing yet: no value reaches here.
    pub(crate) fn nothing() -> Self {
        NOTHING.with(Self::clone)
    }

    /// A constant.
    pub(crate) fn constant(value: Const) -> Self {
        Self::new(Parts {
            consts: Consts::one(value),
            ..Parts::nothing()
        })
    }

    /// A constant text.
    pub(crate) fn text(text: &str) -> Self {
        if text.len() > TEXT_BYTES_MAX {
            return Self::unknown();
        }
        Self::constant(Literal::Str(Name::from(text)))
    }

    /// Some of these constants.
    pub(crate) fn few(values: Vec<Const>) -> Self {
        let mut consts = Consts::NONE;
        for one in values {
            consts.add(&one);
        }
        Self::new(Parts {
            consts,
            ..Parts::nothing()
        })
    }

    /// An object.
    pub(crate) fn object(object: ObjectId) -> Self {
        Self::new(Parts {
            objects: smallvec![object],
            ..Parts::nothing()
        })
    }

    /// Something outside that goes by a name.
    pub(crate) fn symbol(name: Name) -> Self {
        Self::new(Parts {
            consts: Consts::Any,
            symbol: Some(name),
            ..Parts::nothing()
        })
    }

    /// Anything of a type.
    pub(crate) fn of_type(ty: Option<Name>) -> Self {
        let mut value = Self::unknown();
        value.set_type(ty);
        value
    }

    /// The same with this taint.
    #[must_use]
    pub(crate) fn with_taint(mut self, taint: Taint) -> Self {
        self.set_taint(taint);
        self
    }

    /// Sets the taint, unless there is none and was none.
    pub(crate) fn set_taint(&mut self, taint: Taint) {
        if !taint.is_empty() || !self.taint.is_empty() {
            self.taint = taint;
        }
    }

    /// Adds taint, where that says more.
    pub(crate) fn add_taint(&mut self, taint: &Taint) {
        if !self.taint.covers(taint) {
            self.taint.join(taint);
        }
    }

    /// The same with what a condition on it tells.
    #[must_use]
    pub(crate) fn with_facts(mut self, facts: Option<Rc<Facts>>) -> Self {
        self.set_facts(facts);
        self
    }

    /// Sets what a condition on it tells.
    pub(crate) fn set_facts(&mut self, facts: Option<Rc<Facts>>) {
        if facts.is_some() || self.facts.is_some() {
            self.facts = facts;
        }
    }

    /// Sets the type, unless it is of that.
    pub(crate) fn set_type(&mut self, ty: Option<Name>) {
        if self.ty != ty {
            self.ty = ty;
        }
    }

    /// Forgets which value it is; what it is dangerous to stays.
    pub(crate) fn forget(&mut self) {
        let own = &mut **self;
        own.consts = Consts::Any;
        own.prefix = None;
        own.symbol = None;
        own.facts = None;
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.objects.is_empty() && matches!(&self.consts, Consts::Few(few) if few.is_empty())
    }

    /// Returns the constant, when it is one.
    pub(crate) fn as_const(&self) -> Option<&Const> {
        match &self.consts {
            Consts::Few(few) if few.len() == 1 && self.objects.is_empty() => few.first(),
            _ => None,
        }
    }

    /// Returns the constants, when it is nothing else.
    pub(crate) fn as_consts(&self) -> Option<&[Const]> {
        match &self.consts {
            Consts::Few(few) if self.objects.is_empty() && !few.is_empty() => Some(few),
            _ => None,
        }
    }

    /// Returns the text, when it is one constant text.
    pub(crate) fn as_text(&self) -> Option<&Name> {
        match self.as_const() {
            Some(Literal::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns the integer, when it is one constant integer.
    pub(crate) fn as_int(&self) -> Option<i64> {
        match self.as_const() {
            Some(Literal::Int(value)) => Some(*value),
            Some(Literal::Char(value)) => Some(i64::from(u32::from(*value))),
            _ => None,
        }
    }

    /// Returns whether it is true in a condition, when that is certain.
    pub(crate) fn truth(&self) -> Option<bool> {
        let mut constants = self.as_consts()?.iter().map(|value| match value {
            Literal::Null => Some(false),
            Literal::Bool(value) => Some(*value),
            Literal::Int(value) => Some(*value != 0),
            Literal::Float(value) => Some(*value != 0.0),
            Literal::Char(_) => None,
            Literal::Str(text) => Some(!text.is_empty()),
        });
        let first = constants.next()??;
        constants.all(|other| other == Some(first)).then_some(first)
    }

    /// Joins with the value of another path.
    pub(crate) fn join(&mut self, other: &Self) {
        if other.is_nothing() && other.taint.is_empty() {
            return;
        }
        if self.is_nothing() && self.taint.is_empty() {
            *self = other.clone();
            return;
        }
        // What stays as it is may be shared, and is not copied.
        if self.is_same(other) && self.objects.len() <= OBJECTS_MAX {
            return;
        }
        match &other.consts {
            Consts::Any => self.forget_consts(),
            Consts::Few(theirs) => {
                for value in theirs {
                    if self.consts.lacks(value) {
                        self.consts.add(value);
                    }
                }
            }
        }
        for object in &other.objects {
            if let Err(at) = self.objects.binary_search(object) {
                self.objects.insert(at, *object);
            }
        }
        if self.objects.len() > OBJECTS_MAX {
            self.objects.truncate(OBJECTS_MAX);
            self.forget_consts();
        }
        if self.ty != other.ty {
            // Null has no type and is of every type.
            let is_null = |value: &Self| value.as_const() == Some(&Literal::Null);
            match (&self.ty, &other.ty) {
                (None, theirs) => {
                    if is_null(self) || other.objects.is_empty() {
                        let theirs = theirs.clone();
                        self.ty = theirs;
                    }
                }
                (Some(_), Some(_)) => self.ty = None,
                (Some(_), None) => {}
            }
        }
        if self.symbol.is_some() && self.symbol != other.symbol {
            self.symbol = None;
        }
        if self.prefix.is_some() && self.prefix != other.prefix {
            self.prefix = None;
        }
        if self.facts.is_some() && self.facts != other.facts {
            self.facts = None;
        }
        self.add_taint(&other.taint);
    }

    fn forget_consts(&mut self) {
        if !matches!(self.consts, Consts::Any) {
            self.consts = Consts::Any;
        }
    }

    /// Gives up what could change for ever around a loop.
    pub(crate) fn widen(&mut self, before: &Self) {
        if self.consts != before.consts {
            self.forget_consts();
        }
    }
}

impl Consts {
    /// No constant.
    pub(crate) const NONE: Self = Self::Few(SmallVec::new_const());

    /// This constant.
    pub(crate) fn one(value: Const) -> Self {
        Self::Few(smallvec![value])
    }

    /// Returns whether adding the constant changes anything.
    fn lacks(&self, value: &Const) -> bool {
        matches!(self, Self::Few(few) if !few.contains(value))
    }

    fn add(&mut self, value: &Const) {
        let Self::Few(few) = self else { return };
        if few.contains(value) {
            return;
        }
        if few.len() >= CONSTS_MAX {
            *self = Self::Any;
        } else {
            few.push(value.clone());
        }
    }
}
