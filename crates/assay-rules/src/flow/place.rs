//! Which instructions of a function read the same place: `req.query.id` that
//! is checked and `req.query.id` that is used a line below. What a check tells
//! of the one holds for the other, until the variable that it starts from is
//! set anew. A place of which the function sets a part itself is left out.

use super::hash::{HashMap, HashSet};
use super::ir::{Arg, Callee, Literal, Name, Op, Slot};

/// Methods that give back the same for the same constant arguments, by name or
/// by the beginning of their name.
const READERS: &[&str] = &[
    "param", "query", "header", "input", "post", "cookie", "args", "fetch",
];

/// Members of an address that are its host, however languages call them.
const HOSTS: &[&str] = &[
    "Authority",
    "Host",
    "HostName",
    "Hostname",
    "authority",
    "getAuthority",
    "getHost",
    "host",
    "hostname",
    "netloc",
    "origin",
];

/// A place that several instructions of a function read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its number in the function.
    pub(crate) id: u32,
    /// The variable that it starts from; none: something outside.
    pub(crate) root: Option<Slot>,
}

/// The places of a function while it is being built.
#[derive(Debug, Default)]
pub(super) struct Places {
    of: HashMap<Slot, u32>,
    constants: HashMap<Slot, Name>,
    known: HashMap<(Base, Name), u32>,
    places: Vec<Entry>,
    stored: HashSet<Name>,
    /// Where a value comes from: a variable from what it was set to, the
    /// result of a call from its first argument.
    sources: HashMap<Slot, Slot>,
    hosts: HashMap<Slot, Vec<Slot>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Base {
    Variable(Slot),
    Outside,
    Place(u32),
}

#[derive(Debug)]
struct Entry {
    base: Base,
    key: Name,
    readers: u32,
}

impl Places {
    /// Takes notice of an instruction.
    pub(super) fn note(&mut self, slot: Slot, op: &Op) {
        self.note_host(slot, op);
        let (base, key) = match op {
            Op::Const(literal) => {
                let key = match literal {
                    Literal::Str(text) => text.clone(),
                    Literal::Int(number) => Name::from(format!("{number}")),
                    _ => return,
                };
                self.constants.insert(slot, key);
                return;
            }
            Op::Global(name) => (Base::Outside, name.clone()),
            Op::Load(object, key) => (self.base(*object), key.clone()),
            Op::LoadIndex(object, index) => match self.constants.get(index) {
                Some(key) => (self.base(*object), key.clone()),
                None => return,
            },
            Op::Call(Callee::Method(object, name), args) => match self.arguments(name, args) {
                Some(key) => (self.base(*object), key),
                None => return,
            },
            _ => return,
        };
        let next = self.places.len() as u32;
        let place = *self.known.entry((base, key.clone())).or_insert(next);
        if place == next {
            let readers = 0;
            self.places.push(Entry { base, key, readers });
        }
        self.places[place as usize].readers += 1;
        self.of.insert(slot, place);
    }

    fn note_host(&mut self, slot: Slot, op: &Op) {
        let source = match op {
            Op::Copy(of) | Op::Await(of) | Op::Cast(of, _) => Some(*of),
            Op::Call(_, args) => args.first().map(|arg| arg.value),
            _ => None,
        };
        if let Some(source) = source {
            self.sources.insert(slot, source);
        }
        let address = match op {
            Op::Load(object, key) if HOSTS.contains(&&**key) => Some(*object),
            Op::Call(Callee::Method(object, name), args)
                if args.is_empty() && HOSTS.contains(&&**name) =>
            {
                Some(*object)
            }
            // A variable that holds a host.
            Op::Copy(of) if self.hosts.contains_key(of) => {
                let addresses = self.hosts[of].clone();
                self.hosts.insert(slot, addresses);
                None
            }
            _ => None,
        };
        let Some(address) = address else { return };
        let mut addresses = vec![address];
        let mut last = address;
        while let Some(source) = self.sources.get(&last).filter(|_| addresses.len() < 4) {
            last = *source;
            addresses.push(last);
        }
        self.hosts.insert(slot, addresses);
    }

    /// Takes notice that a member is set.
    pub(super) fn store(&mut self, key: &Name) {
        self.stored.insert(key.clone());
    }

    /// Takes notice that an element is set.
    pub(super) fn store_element(&mut self, index: Option<Slot>) {
        if let Some(key) = index.and_then(|index| self.constants.get(&index)) {
            self.stored.insert(key.clone());
        }
    }

    fn base(&self, object: Slot) -> Base {
        match self.of.get(&object) {
            Some(place) => Base::Place(*place),
            None => Base::Variable(object),
        }
    }

    fn arguments(&self, name: &Name, args: &[Arg]) -> Option<Name> {
        let reads = name.starts_with("get") || READERS.contains(&&**name);
        if !reads || args.is_empty() {
            return None;
        }
        let mut key = format!("{name}(");
        for arg in args {
            key.push_str(self.constants.get(&arg.value)?);
            key.push(',');
        }
        Some(Name::from(key))
    }

    /// Returns the places that are read more than once, by the slots that hold
    /// what was read, and the hosts with their addresses.
    pub(super) fn finish(self) -> (HashMap<Slot, Place>, HashMap<Slot, Vec<Slot>>) {
        let mut roots: Vec<Option<Option<Slot>>> = Vec::with_capacity(self.places.len());
        for place in &self.places {
            let is_stored = self.stored.contains(&place.key);
            let root = match place.base {
                Base::Variable(slot) => Some(Some(slot)),
                Base::Outside => Some(None),
                Base::Place(of) => roots[of as usize],
            };
            roots.push(root.filter(|_| !is_stored));
        }
        let of = self.of.into_iter();
        let places = of
            .filter(|(_, id)| self.places[*id as usize].readers > 1)
            .filter_map(|(slot, id)| {
                let root = roots[id as usize]?;
                Some((slot, Place { id, root }))
            })
            .collect();
        (places, self.hosts)
    }
}
