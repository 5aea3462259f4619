//! Memory as languages with pointers see it: variables that are pointed to,
//! arrays of a known size, what calls write to their arguments, and numbers
//! that a comparison has bounded.

use std::rc::Rc;

use assay_source::Span;
use smallvec::smallvec;

use super::Solver;
use super::call::{Argument, Arguments};
use super::evaluate::combined;
use super::format_c::{Piece, pieces};
use super::library::LibraryCall;
use super::operation::operand;
use super::{fold, is_number};
use crate::flow::heap::{BYTES, LENGTH, Object, Shape, size_of};
use crate::flow::ir::{BinaryOp, Literal, Name, Param, Slot};
use crate::flow::kind::{KINDS, Kinds};
use crate::flow::model::{Fill, Operand, rule_of};
use crate::flow::value::{Consts, Facts, Refine, StepKind, Taint, Value};

/// Objects of parameters are told apart from those that code makes.
const PARAMETER_PART: u32 = 500;

impl Solver<'_> {
    /// Returns a pointer to a variable.
    pub(super) fn pointer_to(&mut self, variable: Slot) -> Value {
        match self.cell(variable) {
            Some(cell) => Value::object(cell),
            None => Value::unknown(),
        }
    }

    /// Returns a pointer to a place in what a slot points to.
    pub(super) fn offset(&self, of: Slot, by: Slot) -> Value {
        let (mut value, by) = (self.get(of), self.get(by));
        value.set_facts(None);
        if by.as_int() == Some(0) {
            return value;
        }
        if value.objects.is_empty() {
            let taint = value.taint.clone();
            let ty = value.ty.clone();
            let rest = combined(&value, &by, |text, by| match (text, by) {
                (Literal::Str(text), Literal::Int(by)) => {
                    let from = usize::try_from(*by).ok()?;
                    Some(Literal::Str(Name::from(text.get(from..)?)))
                }
                _ => None,
            });
            value = rest.unwrap_or_else(|| Value::of_type(ty));
            value.set_taint(taint);
            return value;
        }
        // Which place of the object is not known.
        value.consts = Consts::Any;
        value
    }

    /// Returns what a sum is that has an array on one side.
    pub(super) fn place_in_array(&self, a: &Value, b: &Value) -> Option<Value> {
        let (array, other) = match (a.objects.is_empty(), b.objects.is_empty()) {
            (false, true) => (a, b),
            (true, false) => (b, a),
            _ => return None,
        };
        let is_array = array.objects.iter().all(|id| {
            let object = self.state.heap.get(*id);
            object.is_some_and(|object| object.ty.as_ref().is_some_and(|ty| ty.ends_with("[]")))
        });
        if !is_array || !self.has_pointers() {
            return None;
        }
        let mut place = array.clone();
        if other.as_int() != Some(0) {
            place.consts = Consts::Any;
        }
        Some(place)
    }

    pub(super) fn has_pointers(&self) -> bool {
        self.project.unit(self.unit()).has_pointers
    }

    /// Makes an array.
    pub(super) fn array(&mut self, span: Span, element: &Name, size: Option<Slot>) -> Value {
        let length = size.and_then(|size| self.get(size).as_int());
        let shape = match is_character(element) {
            true => Shape::Text(Value::text("")),
            false => Shape::List {
                items: Vec::new(),
                rest: None,
            },
        };
        let mut object = Object::new(shape);
        object.ty = Some(Name::from(format!("{element}[]")));
        if let Some(length) = length {
            let number = |value: i64| Value::constant(Literal::Int(value));
            object.fields.insert(Name::from(LENGTH), number(length));
            if let Some(bytes) = size_of(element).and_then(|size| length.checked_mul(size)) {
                object.fields.insert(Name::from(BYTES), number(bytes));
            }
        }
        self.make(span, 0, object)
    }

    /// Makes an object with the members of another.
    pub(super) fn cloned(&mut self, span: Span, of: Slot) -> Value {
        let value = self.get(of);
        let [id] = value.objects.as_slice() else {
            return value;
        };
        let Some(object) = self.state.heap.get(*id).cloned() else {
            return value;
        };
        if !matches!(
            object.shape,
            Shape::Record | Shape::Text(_) | Shape::List { .. } | Shape::Map { .. }
        ) {
            return value;
        }
        let mut copy = self.make(
            span,
            4,
            Object {
                single: true,
                ..object
            },
        );
        copy.set_taint(value.taint.clone());
        if copy.ty.is_none() {
            copy.ty.clone_from(&value.ty);
        }
        copy
    }

    /// Makes a new object of which only what is stored there is known.
    pub(super) fn allocated(&mut self, call: &LibraryCall<'_>) -> Value {
        let mut object = Object::new(Shape::Record);
        object.others = Value::unknown();
        object.ty.clone_from(&call.ty);
        let mut value = self.make(call.span, 0, object);
        value.consts = Consts::one(Literal::Null);
        value
    }

    /// What a parameter points to when nothing is known of who calls: an
    /// object, if it is not null.
    pub(super) fn point_somewhere(&mut self, value: &mut Value, param: &Param) {
        let Some(ty) = value.ty.clone() else { return };
        let is_plain =
            is_number(&ty) || is_character(&ty) || ty.ends_with("[]") || &*ty == "signed";
        if is_plain || self.models.types.contains_key(&ty) {
            return;
        }
        let mut object = Object::new(Shape::Record);
        object.ty = Some(ty);
        object.others = Value::unknown();
        let id = self.object_id(Span::new(0, 0), PARAMETER_PART + param.slot.0);
        self.state.heap.put(id, object);
        value.objects = smallvec![id];
        value.consts = Consts::Any;
    }

    /// Returns what a value is dangerous to, or the text that it points to.
    pub(super) fn dangers(&self, value: &Value) -> Kinds {
        match self.has_pointers() {
            true => self.text_of(value).taint.kinds(),
            false => value.taint.kinds(),
        }
    }

    /// What is known of a text holds for the buffer that it is in.
    pub(super) fn clear_text(&mut self, value: &Value, kinds: Kinds) {
        if !self.is_exact(value) {
            return;
        }
        if let Some(object) = self.state.heap.get_mut(value.objects[0])
            && object.single
            && let Shape::Text(text) = &mut object.shape
        {
            text.set_taint(text.taint.filtered(|own| own.without(kinds)));
        }
    }

    /// Returns whether a value is exactly one object, and its beginning.
    pub(super) fn is_exact(&self, value: &Value) -> bool {
        value.objects.len() == 1 && !(self.has_pointers() && value.consts == Consts::Any)
    }

    /// A call that is not known may write to what it is given.
    pub(super) fn may_write(&mut self, arguments: &Arguments, taint: &Taint) {
        let ids: Vec<_> = arguments
            .values()
            .flat_map(|value| value.objects.clone())
            .collect();
        for id in ids {
            let Some(object) = self.state.heap.get_mut(id) else {
                continue;
            };
            let own = held(object, taint);
            match &mut object.shape {
                Shape::Text(value) | Shape::Cell(value) => {
                    value.forget();
                    value.add_taint(&own);
                }
                Shape::List { items, rest } => {
                    for item in items.iter_mut().chain(rest) {
                        item.forget();
                    }
                }
                Shape::Record => {
                    let members = object.fields.iter_mut();
                    for (_, value) in members.filter(|(name, _)| !name.starts_with('\0')) {
                        value.forget();
                    }
                    object.others.join(&Value::unknown());
                }
                _ => {}
            }
        }
    }

    /// `strlen`: only as long as the text is what a stranger decides.
    pub(super) fn length_of_text(&mut self, call: &LibraryCall<'_>) -> Value {
        let value = self.text_of(&operand(call, 0));
        let taint = self.state.heap.content_taint(&value);
        let mut length = match value.as_text() {
            Some(text) => Value::constant(Literal::Int(text.len() as i64)),
            None => Value::unknown(),
        };
        length.set_taint(taint.filtered(|kinds| kinds.and(kind("buffer"))));
        if let (false, Some(slot)) = (taint.is_empty(), slot_of(call, 0)) {
            length.facts = Some(Rc::new(Facts {
                bounded: vec![(slot, Refine::Clear(kind("buffer")))],
                ..Facts::default()
            }));
        }
        length
    }

    /// `strcmp` and the like: zero where the texts are equal.
    pub(super) fn compared(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let (a, b) = (
            self.text_of(&operand(call, 0)),
            self.text_of(&operand(call, 1)),
        );
        if op == "compare"
            && let Some(order) = combined(&a, &b, |a, b| fold::binary(BinaryOp::Compare, a, b))
        {
            return order;
        }
        let mut facts = Facts::default();
        for (at, other) in [(0, &b), (1, &a)] {
            if let (Some(slot), Some(constants)) = (slot_of(call, at), other.as_consts()) {
                match op {
                    "compare" => facts
                        .when_false
                        .push((slot, Refine::Is(constants.to_vec()))),
                    "compare-ignore-case" => {
                        facts.when_false.push((slot, Refine::Clear(Kinds::ALL)));
                    }
                    _ => {}
                }
            }
        }
        Value::unknown().with_facts(Some(Rc::new(facts)))
    }

    /// Notes that what bounds the result bounds the slot as well.
    pub(super) fn bounds_of(&self, slot: Slot, value: &Value) -> Option<Rc<Facts>> {
        if !is_size(value) || !self.has_pointers() {
            return value.facts.clone();
        }
        let mut facts = value.facts.as_deref().cloned().unwrap_or_default();
        note_bound(&mut facts, (slot, Refine::Clear(sizes())));
        Some(Rc::new(facts))
    }

    /// Returns what holds where the result of an operation has a bound.
    pub(super) fn bounds_of_operation(
        &self,
        op: BinaryOp,
        left: (Slot, &Value),
        right: (Slot, &Value),
    ) -> Option<Rc<Facts>> {
        let operands = match op {
            BinaryOp::Add | BinaryOp::Mul => vec![left, right],
            BinaryOp::Sub | BinaryOp::Div | BinaryOp::Shl => vec![left],
            _ => return None,
        };
        let mut facts = Facts::default();
        for (slot, value) in operands {
            if let Some(known) = self.bounds_of(slot, value) {
                for bound in &known.bounded {
                    note_bound(&mut facts, bound.clone());
                }
            }
        }
        (!facts.bounded.is_empty()).then(|| Rc::new(facts))
    }

    /// Reports a stranger's number as the place in an array.
    pub(super) fn check_index(&mut self, span: Span, array: &Value, index: &Value) {
        if index.taint.is_empty() || !self.has_pointers() {
            return;
        }
        let is_array = |ty: &Name| ty.ends_with("[]");
        let is_known = array.ty.as_ref().is_some_and(is_array)
            || array.objects.iter().any(|id| {
                let object = self.state.heap.get(*id);
                object.is_some_and(|object| object.ty.as_ref().is_some_and(is_array))
            });
        // A table has an entry for each character.
        let is_byte = index.ty.as_ref().is_some_and(|ty| size_of(ty) == Some(1));
        if is_known && !is_byte {
            self.sink_value(place_of("memory"), index, false, (span, "[]"));
        }
    }

    /// Writes to what an argument points to.
    pub(super) fn fill_argument(&mut self, fill: &Fill, call: &LibraryCall<'_>) {
        let given: Vec<Argument> = fill
            .from
            .iter()
            .flat_map(|from| self.operands(from, call.arguments))
            .collect();
        let (mut new, length) = match fill.format {
            Some(at) => self.formatted_as_c(at, &given, call),
            None => {
                let values: Vec<Value> = given.iter().map(|a| a.value.clone()).collect();
                match values.as_slice() {
                    [one] => (self.content(one), self.length_max(one)),
                    _ => (self.mixed_values(&values), None),
                }
            }
        };
        new.set_taint(new.taint.filtered(|own| own.without(fill.without)));
        self.step(&mut new, call.span, &StepKind::Through(call.name.clone()));
        for target in self.operands(&fill.to, call.arguments) {
            self.check_room(fill, &target.value, (&new, length), call);
            self.write(&target, &new, fill.adds, call.span);
        }
    }

    /// Returns what a pointer points to, as a text.
    fn content(&self, value: &Value) -> Value {
        let text = self.text_of(value);
        if let Some(byte) = text.as_int() {
            let filled = match byte {
                0 => Value::text(""),
                _ => Value::unknown(),
            };
            return filled.with_taint(text.taint.clone());
        }
        if text.objects.is_empty() {
            return text.with_facts(None);
        }
        Value::unknown().with_taint(self.state.heap.content_taint(value))
    }

    fn mixed_values(&self, values: &[Value]) -> Value {
        let mut mixed = Value::unknown();
        for value in values {
            mixed.add_taint(&self.state.heap.content_taint(value));
        }
        mixed
    }

    fn write(&mut self, target: &Argument, new: &Value, adds: bool, span: Span) {
        let is_exact = self.is_exact(&target.value);
        for id in target.value.objects.clone() {
            let text = match self.state.heap.get(id).map(|object| &object.shape) {
                Some(Shape::Text(text)) if adds => {
                    let parts = [text.clone(), new.clone()];
                    self.joined(span, &parts)
                }
                _ => new.clone(),
            };
            let Some(object) = self.state.heap.get_mut(id) else {
                continue;
            };
            let is_strong = is_exact && object.single;
            let own = held(object, &text.taint);
            match &mut object.shape {
                Shape::Text(known) if is_strong => *known = text,
                Shape::Text(known) => known.join(&text),
                Shape::Cell(known) => {
                    if !is_strong || adds {
                        known.add_taint(&own);
                        known.forget();
                    } else {
                        let ty = known.ty.clone();
                        *known = text.with_taint(own);
                        known.ty = ty;
                    }
                }
                Shape::Record if object.fields.is_empty() => {
                    object.shape = Shape::Text(text);
                }
                Shape::Record => {
                    for value in object.fields.values_mut() {
                        value.forget();
                        value.add_taint(&own);
                    }
                    object.others.join(&Value::unknown().with_taint(own));
                }
                Shape::List { items, rest } => {
                    for item in items.iter_mut() {
                        item.forget();
                        item.add_taint(&own);
                    }
                    rest.get_or_insert_with(Value::unknown).add_taint(&own);
                }
                _ => {}
            }
        }
        if let (true, Some(slot)) = (target.value.objects.is_empty(), target.slot) {
            let mut value = self.get(slot);
            value.forget();
            match adds {
                true => value.add_taint(&new.taint),
                false => value.set_taint(new.taint.clone()),
            }
            self.set(slot, value);
        }
    }

    /// Returns the most characters that a text may have.
    fn length_max(&self, value: &Value) -> Option<i64> {
        if let Some(constants) = value.as_consts() {
            let lengths = constants.iter().map(|constant| match constant {
                Literal::Str(text) => Some(text.len() as i64),
                Literal::Char(_) => Some(1),
                _ => None,
            });
            return lengths.collect::<Option<Vec<i64>>>()?.into_iter().max();
        }
        let [id] = value.objects.as_slice() else {
            return None;
        };
        let object = self.state.heap.get(*id)?;
        if let Shape::Text(text) = &object.shape
            && let Some(text) = text.as_text()
        {
            return Some(text.len() as i64);
        }
        Some((object.fields.get(BYTES)?.as_int()? - 1).max(0))
    }

    /// Returns the size of what a pointer points to the beginning of.
    fn room(&self, value: &Value) -> Option<i64> {
        if !self.is_exact(value) {
            return None;
        }
        let object = self.state.heap.get(value.objects[0])?;
        object.fields.get(BYTES)?.as_int()
    }

    /// Reports what does not fit into where it is written.
    fn check_room(
        &mut self,
        fill: &Fill,
        target: &Value,
        (new, length): (&Value, Option<i64>),
        call: &LibraryCall<'_>,
    ) {
        let Some(room) = self.room(target) else {
            return;
        };
        let shown = &**call.name;
        if let Some(at) = fill.limit {
            let limit = self.operands(&Operand::Arg(at), call.arguments);
            let Some(limit) = limit.first().map(|argument| argument.value.clone()) else {
                return;
            };
            match limit.as_int() {
                Some(limit) if limit > room => self.report_room(room, limit, call),
                Some(_) => {}
                // A number of a stranger's is reported as such.
                None if limit.taint.kinds().and(kind("memory")).is_empty() => {
                    self.sink_value(place_of("buffer"), &limit, false, (call.span, shown));
                }
                None => {}
            }
            return;
        }
        if !fill.is_unbounded {
            return;
        }
        let before = match fill.adds {
            true => self.length_max(&self.text_of(target)),
            false => Some(0),
        };
        match (before, length) {
            (Some(before), Some(length)) if before + length < room => {}
            (Some(before), Some(length)) if new.taint.is_empty() => {
                let is_certain = new.as_text().is_some();
                if is_certain {
                    self.report_room(room, before + length + 1, call);
                }
            }
            (None, Some(_)) => {}
            _ => self.sink_value(place_of("buffer"), new, false, (call.span, shown)),
        }
    }

    fn report_room(&mut self, room: i64, written: i64, call: &LibraryCall<'_>) {
        let rule = Name::from(rule_of(place_of("buffer")));
        let message = format!(
            "`{}` writes up to {written} bytes to a buffer of {room}",
            call.name
        );
        self.report(&rule, Name::from(message), call.span, None);
    }

    /// Returns a text that `printf` would print, and the most characters that
    /// it may have.
    fn formatted_as_c(
        &mut self,
        format: usize,
        given: &[Argument],
        call: &LibraryCall<'_>,
    ) -> (Value, Option<i64>) {
        let format = call.arguments.positional.get(format);
        let format = format.map(|argument| self.text_of(&argument.value));
        let mut given: Vec<Value> = given
            .iter()
            .map(|argument| argument.value.clone())
            .collect();
        let Some(text) = format.as_ref().and_then(|format| format.as_text().cloned()) else {
            given.extend(format);
            return (self.mixed_values(&given), None);
        };
        let mut given = given.into_iter();
        let (mut parts, mut length) = (Vec::new(), Some(0));
        for piece in pieces(&text) {
            let (part, most) = match piece {
                Piece::Text(text) => (Value::text(&text), Some(text.len() as i64)),
                Piece::Argument {
                    stars,
                    precision,
                    conversion,
                } => {
                    let stars: Vec<Value> = given.by_ref().take(stars).collect();
                    let limit = precision.or_else(|| stars.last().and_then(Value::as_int));
                    let value = given.next().unwrap_or_default();
                    match conversion {
                        's' | 'S' => {
                            let text = self.content(&value);
                            let own = self.length_max(&value);
                            // A precision that is no stranger's is meant as a limit.
                            let is_limited = stars.last().is_some_and(|star| star.taint.is_empty());
                            let own = match (own, limit) {
                                (Some(own), Some(limit)) => Some(own.min(limit)),
                                (own, limit) => own.or(limit).or(is_limited.then_some(0)),
                            };
                            (text, own)
                        }
                        'c' => (value, Some(1)),
                        _ => {
                            let mut number = value;
                            number.objects.clear();
                            number.set_facts(None);
                            number.set_taint(number.taint.filtered(Kinds::of_number));
                            (number, Some(24))
                        }
                    }
                }
            };
            parts.push(part);
            length = length.and_then(|length: i64| length.checked_add(most?));
        }
        (self.joined(call.span, &parts), length)
    }
}

/// What is dangerous as a size.
fn sizes() -> Kinds {
    kind("memory").or(kind("buffer"))
}

fn kind(name: &str) -> Kinds {
    Kinds::named(name).unwrap_or(Kinds::NONE)
}

fn place_of(name: &str) -> usize {
    KINDS.iter().position(|kind| kind.0 == name).unwrap_or(0)
}

fn is_size(value: &Value) -> bool {
    let is_tainted = !value.taint.is_empty() && !value.taint.kinds().and(sizes()).is_empty();
    is_tainted
        || value
            .facts
            .as_ref()
            .is_some_and(|facts| !facts.bounded.is_empty())
}

fn slot_of(call: &LibraryCall<'_>, at: usize) -> Option<Slot> {
    call.operands.get(at).and_then(|argument| argument.slot)
}

/// Returns whether a type is one of characters.
pub(super) fn is_character(ty: &str) -> bool {
    matches!(ty, "char" | "wchar" | "uint8" | "int8" | "byte")
}

/// Returns what of a taint an object can hold: one number, or anything.
pub(super) fn held(object: &Object, taint: &Taint) -> Taint {
    match (&object.shape, &object.ty) {
        (Shape::Cell(_), Some(ty)) if is_number(ty) || &**ty == "signed" => {
            taint.filtered(Kinds::of_number)
        }
        _ => taint.clone(),
    }
}

/// Stores a character into a text, or adds to its end.
pub(super) fn store_in_text(text: &mut Value, key: Option<&Value>, value: &Value) {
    let whole = match key {
        None => combined(text, value, |a, b| fold::text(&[a, b])),
        Some(_) => None,
    };
    match whole {
        Some(mut whole) => {
            whole.set_taint(text.taint.clone());
            *text = whole;
        }
        None => text.forget(),
    }
    text.add_taint(&value.taint);
}

/// Returns a character of a text that is an array of the type.
pub(super) fn character(text: &Value, at: &Value, ty: Option<&Name>) -> Value {
    let known = combined(text, at, |text, at| match (text, at) {
        (Literal::Str(text), Literal::Int(at)) => {
            let at = usize::try_from(*at).ok()?;
            match text.as_bytes().get(at) {
                Some(byte) if byte.is_ascii() => Some(Literal::Char(char::from(*byte))),
                None if at == text.len() => Some(Literal::Int(0)),
                _ => None,
            }
        }
        _ => None,
    });
    let mut value = known.unwrap_or_else(Value::unknown);
    value.set_taint(text.taint.clone());
    value.set_type(ty.and_then(|ty| ty.strip_suffix("[]")).map(Name::from));
    value
}

/// Returns a comparison of which it is not known how it ends: the smaller
/// side has a bound, unless a stranger sets that as well.
pub(super) fn comparison(
    op: BinaryOp,
    (left, a): (Slot, &Value),
    (right, b): (Slot, &Value),
) -> Option<Rc<Facts>> {
    if !is_size(a) && !is_size(b) {
        return None;
    }
    let (small, large) = match op {
        BinaryOp::Lt | BinaryOp::Le => ((left, a), (right, b)),
        _ => ((right, b), (left, a)),
    };
    let bounded = |(slot, value): (Slot, &Value), by: &Value| {
        let is_bound = by.taint.is_empty() || by.taint.kinds().and(sizes()).is_empty();
        if !is_bound || !is_size(value) {
            return Vec::new();
        }
        let own = (slot, Refine::Clear(sizes()));
        let more = value
            .facts
            .iter()
            .flat_map(|facts| facts.bounded.iter().cloned());
        std::iter::once(own).chain(more).collect()
    };
    Some(Rc::new(Facts {
        when_true: bounded(small, large.1),
        when_false: bounded(large, small.1),
        bounded: Vec::new(),
        succeeds: false,
    }))
}

/// Adds what a bound of a number bounds as well, once: `a += b; b += a` in a loop
/// would double the list each time.
fn note_bound(facts: &mut Facts, bound: (Slot, Refine)) {
    /// A bound tells of at most so many variables.
    const BOUNDED_MAX: usize = 32;
    if facts.bounded.len() < BOUNDED_MAX && !facts.bounded.contains(&bound) {
        facts.bounded.push(bound);
    }
}

/// Returns the kinds that the result of an operation can be dangerous to: a
/// remainder, and a mask, bound it.
pub(super) fn kinds_of_result(op: BinaryOp, right: &Value) -> Kinds {
    let is_stranger = !right.taint.kinds().and(sizes()).is_empty();
    let bounds = match op {
        BinaryOp::Rem => !is_stranger,
        BinaryOp::BitAnd => !is_stranger && right.as_int().is_none_or(|mask| mask >= 0),
        _ => false,
    };
    match bounds {
        true => Kinds::ALL.without(sizes()),
        false => Kinds::ALL,
    }
}
