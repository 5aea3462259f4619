//! Abstract objects and the state of a program at one point.
//!
//! Objects go by where they are made. Containers keep what is at which place
//! as long as the places are constant; then they keep one value for all.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use super::ir::{FunctionId, Name, Slot};
use super::kind::Kinds;
use super::pages::Pages;
use super::place::Place;
use super::value::{Const, ObjectId, Taint, Value};

/// A list keeps so many elements apart.
pub(crate) const ITEMS_MAX: usize = 64;

/// A map or object keeps so many keys apart.
const KEYS_MAX: usize = 64;

/// What checks told of so many places is kept.
const NARROWED_MAX: usize = 32;

/// The member under which an array keeps its size in bytes.
pub(crate) const BYTES: &str = "\0bytes";

/// The member under which an array keeps how many elements it has.
pub(crate) const LENGTH: &str = "\0length";

/// Places in pages: states seldom differ in more.
type Places = SmallVec<[usize; 24]>;

/// What is looked into when a whole container matters.
const CONTENT_DEPTH: u32 = 3;

/// An abstract object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    /// The qualified name of its class or library type.
    pub(crate) ty: Option<Name>,
    /// Whether it stands for one object only: then a store replaces.
    pub(crate) single: bool,
    pub(crate) shape: Shape,
    /// Named members.
    pub(crate) fields: BTreeMap<Name, Value>,
    /// What members are that are not listed; nothing: they were never set.
    pub(crate) others: Value,
}

/// What kind of thing an object is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Only its members.
    Record,
    /// A list, array, tuple, set or stream.
    List {
        /// The first elements, when their places are known.
        items: Vec<Value>,
        /// What else is in it, at places that are not known.
        rest: Option<Value>,
    },
    /// A map.
    Map {
        /// What is under constant keys.
        entries: Vec<(Const, Value)>,
        /// The keys and values that are not listed.
        rest: Option<(Value, Value)>,
    },
    /// A builder of texts.
    Text(Value),
    /// A variable that several functions share.
    Cell(Value),
    /// A function with the variables that it captured.
    Closure {
        unit: u32,
        function: FunctionId,
        cells: Vec<(Slot, ObjectId)>,
    },
    /// A method with its receiver.
    Bound(Box<Value>, Name),
    /// A position in another container.
    Iterator {
        /// The container.
        of: Box<Value>,
        what: ViewKind,
        /// The next place, when it is known.
        next: Option<usize>,
    },
    /// One entry of a map.
    Entry(Box<Value>, Box<Value>),
}

/// What of a container is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Elements,
    Keys,
    Values,
    Entries,
}

impl Object {
    /// A new object with no members.
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            ty: None,
            single: true,
            shape,
            fields: BTreeMap::new(),
            others: Value::nothing(),
        }
    }

    /// A list of elements.
    pub(crate) fn list(mut items: Vec<Value>) -> Self {
        let mut rest = None;
        for item in items.drain(ITEMS_MAX.min(items.len())..) {
            rest.get_or_insert_with(Value::nothing).join(&item);
        }
        Self::new(Shape::List { items, rest })
    }

    /// Sets a member.
    pub(crate) fn set(&mut self, key: &Name, value: Value) {
        if let Some(known) = self.fields.get_mut(key) {
            if self.single {
                *known = value;
            } else {
                known.join(&value);
            }
        } else if self.fields.len() >= KEYS_MAX {
            self.others.join(&value);
        } else {
            let mut value = value;
            if !self.single {
                value.join(&self.others);
            }
            self.fields.insert(key.clone(), value);
        }
    }

    /// Calls back for each object that this one leads to.
    pub(crate) fn each_object(&self, callback: &mut impl FnMut(ObjectId)) {
        let mut each = |value: &Value| value.objects.iter().for_each(|id| callback(*id));
        self.fields.values().for_each(&mut each);
        each(&self.others);
        match &self.shape {
            Shape::Record => {}
            Shape::List { items, rest } => items.iter().chain(rest).for_each(each),
            Shape::Map { entries, rest } => {
                entries.iter().for_each(|entry| each(&entry.1));
                if let Some((key, value)) = rest {
                    each(key);
                    each(value);
                }
            }
            Shape::Text(value) | Shape::Cell(value) => each(value),
            Shape::Bound(value, _) => each(value),
            Shape::Iterator { of, .. } => each(of),
            Shape::Entry(key, value) => {
                each(key);
                each(value);
            }
            Shape::Closure { cells, .. } => cells.iter().for_each(|(_, cell)| callback(*cell)),
        }
    }

    fn join(&mut self, other: &Self) {
        if self.ty != other.ty {
            self.ty = None;
        }
        self.single &= other.single;
        for (key, value) in &other.fields {
            match self.fields.get_mut(key) {
                Some(known) => known.join(value),
                None => {
                    let mut value = value.clone();
                    value.join(&self.others);
                    self.fields.insert(key.clone(), value);
                }
            }
        }
        for (key, value) in &mut self.fields {
            if !other.fields.contains_key(key) {
                value.join(&other.others);
            }
        }
        self.others.join(&other.others);
        self.shape.join(&other.shape);
    }
}

impl Shape {
    fn join(&mut self, other: &Self) {
        if self == other {
            return;
        }
        match (&mut *self, other) {
            (
                Self::List { items, rest },
                Self::List {
                    items: theirs,
                    rest: their_rest,
                },
            ) => {
                if items.len() != theirs.len() {
                    // Where the lists differ in length places mean nothing.
                    let shared = items.len().min(theirs.len());
                    let mut all = rest.take();
                    for item in items
                        .drain(shared..)
                        .chain(theirs[shared..].iter().cloned())
                    {
                        all.get_or_insert_with(Value::nothing).join(&item);
                    }
                    *rest = all;
                }
                for (item, their) in items.iter_mut().zip(theirs) {
                    item.join(their);
                }
                join_option(rest, their_rest.as_ref());
            }
            (
                Self::Map { entries, rest },
                Self::Map {
                    entries: theirs,
                    rest: their_rest,
                },
            ) => {
                for (key, value) in theirs {
                    match entries.iter_mut().find(|entry| entry.0 == *key) {
                        Some(entry) => entry.1.join(value),
                        None => entries.push((key.clone(), value.clone())),
                    }
                }
                match (&mut *rest, their_rest) {
                    (Some(own), Some(their)) => {
                        own.0.join(&their.0);
                        own.1.join(&their.1);
                    }
                    (own @ None, Some(their)) => *own = Some(their.clone()),
                    _ => {}
                }
            }
            (Self::Text(own), Self::Text(their)) | (Self::Cell(own), Self::Cell(their)) => {
                own.join(their);
            }
            (Self::Bound(own, name), Self::Bound(their, other)) if name == other => {
                own.join(their);
            }
            (Self::Entry(key, value), Self::Entry(other_key, other_value)) => {
                key.join(other_key);
                value.join(other_value);
            }
            (
                Self::Iterator { of, next, .. },
                Self::Iterator {
                    of: their,
                    next: their_next,
                    ..
                },
            ) => {
                of.join(their);
                if next != their_next {
                    *next = None;
                }
            }
            (Self::Closure { cells, .. }, Self::Closure { cells: theirs, .. }) => {
                for cell in theirs {
                    if !cells.contains(cell) {
                        cells.push(*cell);
                    }
                }
            }
            (own, _) => *own = Self::Record,
        }
    }
}

fn join_option(own: &mut Option<Value>, other: Option<&Value>) {
    if let Some(other) = other {
        own.get_or_insert_with(Value::nothing).join(other);
    }
}

/// Returns the bytes of a value of the type, where that is the same everywhere.
pub(crate) fn size_of(ty: &str) -> Option<i64> {
    Some(match ty {
        "char" | "uint8" | "int8" | "byte" | "bool" => 1,
        "short" | "int16" | "uint16" => 2,
        "signed" | "int" | "uint" | "int32" | "uint32" | "float" => 4,
        "int64" | "uint64" | "double" | "size_t" => 8,
        ty if ty.ends_with("[]") => 8,
        _ => return None,
    })
}

/// All objects, by number. Cloning is cheap, and so is joining with a copy of
/// which little changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heap {
    objects: Pages<Rc<Object>>,
    globals: Globals,
}

/// Variables outside of functions that were set.
pub(crate) type Globals = Rc<BTreeMap<Name, Value>>;

impl Heap {
    pub(crate) fn get(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(id.0 as usize).map(|object| &**object)
    }

    pub(crate) fn get_mut(&mut self, id: ObjectId) -> Option<&mut Object> {
        self.objects.get_mut(id.0 as usize).map(Rc::make_mut)
    }

    /// Puts a new object in. One that is made again at the same place (in a
    /// loop) stands for several from then on.
    pub(crate) fn put(&mut self, id: ObjectId, object: Object) {
        match self.get_mut(id) {
            Some(known) => {
                known.join(&object);
                known.single = false;
            }
            None => self.replace(id, object),
        }
    }

    /// Puts an object in, whatever was there.
    pub(crate) fn replace(&mut self, id: ObjectId, object: Object) {
        self.objects.set(id.0 as usize, Rc::new(object));
    }

    /// Returns an object as it is shared between heaps.
    pub(crate) fn shared(&self, id: ObjectId) -> Option<&Rc<Object>> {
        self.objects.get(id.0 as usize)
    }

    /// Puts in an object of another heap.
    pub(crate) fn share(&mut self, id: ObjectId, object: Rc<Object>) {
        self.objects.set(id.0 as usize, object);
    }

    /// Returns the objects of `other` that are not the very same ones here.
    pub(crate) fn objects_that_differ<'h>(
        &'h self,
        other: &'h Self,
    ) -> impl Iterator<Item = ObjectId> + use<'h> {
        let places = self.objects.places_that_differ(&other.objects);
        places.map(|at| ObjectId(at as u32))
    }

    pub(crate) fn shared_globals(&self) -> &Globals {
        &self.globals
    }

    pub(crate) fn set_shared_globals(&mut self, globals: Globals) {
        self.globals = globals;
    }

    pub(crate) fn has_same_globals(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.globals, &other.globals)
    }

    pub(crate) fn global(&self, name: &str) -> Option<&Value> {
        self.globals.get(name)
    }

    pub(crate) fn set_global(&mut self, name: &Name, value: Value) {
        Rc::make_mut(&mut self.globals).insert(name.clone(), value);
    }

    pub(crate) fn globals(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.globals.iter()
    }

    /// Returns whether all is as in an earlier heap, of which this one came.
    fn is_like(&self, earlier: &Self) -> bool {
        let mut objects = earlier.objects_that_differ(self);
        objects.all(|id| earlier.get(id) == self.get(id))
            && (self.has_same_globals(earlier) || self.globals == earlier.globals)
    }

    /// Joins with the heap of another path; returns whether anything changed.
    pub(crate) fn join(&mut self, other: &Self) -> bool {
        self.join_since(other, None)
    }

    /// Joins with the heap of another path, of which nothing is new but what
    /// differs from an earlier heap that is in this one already.
    fn join_since(&mut self, other: &Self, earlier: Option<&Self>) -> bool {
        let mut changed = false;
        let base = earlier.map_or(&self.objects, |earlier| &earlier.objects);
        let places: Places = base.places_that_differ(&other.objects).collect();
        for at in places {
            let Some(theirs) = other.objects.get(at) else {
                continue;
            };
            match self.objects.get(at) {
                Some(own) if Rc::ptr_eq(own, theirs) || own == theirs => {}
                Some(own) => {
                    let mut joined = Object::clone(own);
                    joined.join(theirs);
                    if joined != **own {
                        changed = true;
                        self.objects.set(at, Rc::new(joined));
                    }
                }
                None => {
                    changed = true;
                    self.objects.set(at, Rc::clone(theirs));
                }
            }
        }
        let is_known = earlier.is_some_and(|earlier| Rc::ptr_eq(&earlier.globals, &other.globals));
        if !is_known && !Rc::ptr_eq(&self.globals, &other.globals) {
            changed |= self.join_globals(&other.globals);
        }
        changed
    }

    /// Joins with the global variables of another path. Both maps are in the
    /// same order and nearly always have the very same names: texts, which are
    /// long and begin alike, are compared only where they are others.
    fn join_globals(&mut self, theirs: &Globals) -> bool {
        let is_same = |a: &Name, b: &Name| Arc::ptr_eq(a, b) || a == b;
        let mut own = self.globals.iter().peekable();
        let mut new: Vec<(Name, Value)> = Vec::new();
        for (name, value) in theirs.iter() {
            while own
                .next_if(|(known, _)| !is_same(known, name) && **known < *name)
                .is_some()
            {}
            let known = own.next_if(|(known, _)| is_same(known, name));
            let known = known.map(|(_, value)| value);
            if known == Some(value) {
                continue;
            }
            let mut joined = known.cloned().unwrap_or_default();
            joined.join(value);
            if known != Some(&joined) {
                new.push((Name::clone(name), joined));
            }
        }
        if new.is_empty() {
            return false;
        }
        Rc::make_mut(&mut self.globals).extend(new);
        true
    }

    /// Returns the taint of a value and of all that is in it.
    pub(crate) fn content_taint(&self, value: &Value) -> Taint {
        let mut taint = value.taint.clone();
        self.add_content(value, &mut taint, CONTENT_DEPTH);
        taint
    }

    /// Takes kinds of danger away from the members of the objects that a value
    /// points to.
    pub(crate) fn clear_members(&mut self, value: &Value, kinds: Kinds) {
        for id in &value.objects {
            let Some(object) = self.get_mut(*id) else {
                continue;
            };
            for member in object.fields.values_mut().chain([&mut object.others]) {
                member.set_taint(member.taint.filtered(|own| own.without(kinds)));
            }
        }
    }

    fn add_content(&self, value: &Value, taint: &mut Taint, depth: u32) {
        if depth == 0 {
            return;
        }
        for object in value.objects.iter().filter_map(|id| self.get(*id)) {
            let mut add = |value: &Value| {
                taint.join(&value.taint);
                self.add_content(value, taint, depth - 1);
            };
            object.fields.values().for_each(&mut add);
            add(&object.others);
            match &object.shape {
                Shape::List { items, rest } => {
                    items.iter().chain(rest).for_each(add);
                }
                Shape::Map { entries, rest } => {
                    entries.iter().for_each(|entry| add(&entry.1));
                    if let Some((key, value)) = rest {
                        add(key);
                        add(value);
                    }
                }
                Shape::Text(value) | Shape::Cell(value) => add(value),
                Shape::Bound(value, _) => add(value),
                Shape::Iterator { of, .. } => add(of),
                Shape::Entry(key, value) => {
                    add(key);
                    add(value);
                }
                Shape::Record | Shape::Closure { .. } => {}
            }
        }
    }
}

/// Everything at one point of a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    slots: Pages<Value>,
    /// What checks told of places that are read again: rarely anything.
    narrowed: Rc<Vec<(Place, Value)>>,
    pub(crate) heap: Heap,
}

impl State {
    /// The state in which a function begins.
    pub(crate) fn new(slots: usize, heap: Heap) -> Self {
        Self {
            slots: Pages::filled(slots, Value::nothing()),
            narrowed: Rc::default(),
            heap,
        }
    }

    /// Notes what a place holds, as a check told.
    pub(crate) fn narrow(&mut self, place: Place, value: Value) {
        let narrowed = Rc::make_mut(&mut self.narrowed);
        narrowed.retain(|(known, _)| *known != place);
        if narrowed.len() < NARROWED_MAX {
            narrowed.push((place, value));
        }
    }

    /// Returns what a check told of a place.
    pub(crate) fn narrowed(&self, place: Place) -> Option<&Value> {
        let mut known = self.narrowed.iter();
        known.find_map(|(known, value)| (*known == place).then_some(value))
    }

    /// Forgets what checks told of places that start from a variable.
    pub(crate) fn forget(&mut self, root: Slot) {
        if self
            .narrowed
            .iter()
            .any(|(known, _)| known.root == Some(root))
        {
            Rc::make_mut(&mut self.narrowed).retain(|(known, _)| known.root != Some(root));
        }
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Value> {
        self.slots.get(slot.index())
    }

    pub(crate) fn set(&mut self, slot: Slot, value: Value) {
        if slot.index() < self.slots.capacity() {
            self.slots.set(slot.index(), value);
        }
    }

    /// Joins with the state of another path; returns whether anything changed.
    pub(crate) fn join(&mut self, other: &Self) -> bool {
        self.join_since(other, None)
    }

    /// Joins with a state that differs from an earlier one, which is in this
    /// one already, in little.
    pub(crate) fn join_since(&mut self, other: &Self, earlier: Option<&Self>) -> bool {
        let mut changed = false;
        let base = earlier.map_or(&self.slots, |earlier| &earlier.slots);
        let places: Places = base.places_that_differ(&other.slots).collect();
        for at in places {
            let (Some(own), Some(theirs)) = (self.slots.get(at), other.slots.get(at)) else {
                continue;
            };
            let mut joined = own.clone();
            joined.join(theirs);
            if joined != *own {
                changed = true;
                self.slots.set(at, joined);
            }
        }
        self.join_narrowed(other);
        let earlier = earlier.map(|earlier| &earlier.heap);
        self.heap.join_since(&other.heap, earlier) || changed
    }

    /// What was told of a place holds where both paths were told it.
    fn join_narrowed(&mut self, other: &Self) {
        if self.narrowed.is_empty() || Rc::ptr_eq(&self.narrowed, &other.narrowed) {
            return;
        }
        Rc::make_mut(&mut self.narrowed).retain_mut(|(place, value)| {
            let theirs = other.narrowed(*place);
            if let Some(theirs) = theirs {
                value.join(theirs);
            }
            theirs.is_some()
        });
    }

    /// Returns whether all that a program can tell is as in an earlier state, of
    /// which this one came.
    pub(crate) fn is_like(&self, earlier: &Self) -> bool {
        let is_narrowed_alike =
            Rc::ptr_eq(&self.narrowed, &earlier.narrowed) || self.narrowed == earlier.narrowed;
        let mut slots = earlier.slots.places_that_differ(&self.slots);
        is_narrowed_alike
            && slots.all(|at| earlier.slots.get(at) == self.slots.get(at))
            && self.heap.is_like(&earlier.heap)
    }

    /// Gives up what could change for ever around a loop.
    pub(crate) fn widen(&mut self, before: &Self) {
        let places: Places = before.slots.places_that_differ(&self.slots).collect();
        for at in places {
            let Some(earlier) = before.slots.get(at) else {
                continue;
            };
            if self.slots.get(at).is_some_and(|own| own != earlier)
                && let Some(own) = self.slots.get_mut(at)
            {
                own.widen(earlier);
            }
        }
    }
}

/// Joins a state into what other paths brought to the same point.
pub(crate) fn join_into(target: &mut Option<State>, state: &State) {
    match target {
        Some(known) => {
            known.join(state);
        }
        None => *target = Some(state.clone()),
    }
}
