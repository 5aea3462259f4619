//! Guards: what a condition tells of variables on each of its branches.

use std::rc::Rc;

use super::Solver;
use super::operation::COMMON_PATH;
use crate::flow::heap::Shape;
use crate::flow::ir::{BinaryOp, Callee, Literal, LogicalOp, Op, Slot};
use crate::flow::kind::Kinds;
use crate::flow::model::{Effect, Entry};
use crate::flow::value::{Const, Consts, Facts, Refine, Value};

impl Solver<'_> {
    /// Takes over what a condition tells where it is true or false.
    pub(super) fn refine(&mut self, cond: &Value, truth: bool) {
        let Some(facts) = cond.facts.clone() else {
            return;
        };
        let list = if truth {
            &facts.when_true
        } else {
            &facts.when_false
        };
        for (slot, refine) in list {
            self.apply(*slot, refine);
            // The host of an address was compared: the address goes there.
            if let (Some(addresses), Refine::Is(_) | Refine::Clear(_)) =
                (self.function().hosts.get(slot), refine)
            {
                for address in addresses {
                    self.apply(*address, &Refine::Clear(Kinds::ADDRESS));
                }
            }
        }
    }

    /// Notes which variable a part is taken of, where the part decides for the
    /// whole: the host of an address, what a text was parsed to.
    pub(super) fn note_whole(&mut self, slot: Slot, op: &Op, value: &Value) {
        let whole = match op {
            _ if value.taint.is_empty() => None,
            Op::Copy(of) | Op::Cast(of, _) | Op::Part { of, at: 0, .. } => {
                self.frame().wholes.get(of).copied()
            }
            Op::Load(of, key) => {
                let member = self.part_kinds(self.models.field(key), *of);
                member.or_else(|| {
                    let getter = self.models.getter(key)?;
                    self.part_kinds(self.models.method(&getter), *of)
                })
            }
            Op::Call(Callee::Value(function), args) => {
                let called = self.get(*function);
                let symbol = called.symbol.as_ref();
                let entries = symbol.map_or(&[][..], |name| self.models.function(name));
                let kinds = entries.iter().find_map(|entry| match entry.effect {
                    Effect::Part(kinds) => Some(kinds),
                    _ => None,
                });
                kinds.and_then(|kinds| Some((args.first()?.value, kinds)))
            }
            Op::Call(Callee::Method(of, name), args) => {
                let found = self.part_kinds(self.models.method(name), *of);
                let receiver = self.get(*of);
                let is_static = receiver.objects.is_empty() && receiver.symbol.is_some();
                match (found, args.first()) {
                    (Some((_, kinds)), Some(arg)) if is_static => Some((arg.value, kinds)),
                    (found, _) => found.filter(|_| !is_static),
                }
            }
            _ => None,
        };
        let wholes = &mut self.frame().wholes;
        match whole {
            Some(whole) => {
                wholes.insert(slot, whole);
            }
            None if wholes.is_empty() => {}
            None => {
                wholes.remove(&slot);
            }
        }
    }

    fn part_kinds(&self, entries: &[Entry], of: Slot) -> Option<(Slot, Kinds)> {
        let mut kinds = Kinds::NONE;
        for entry in entries {
            if let Effect::Part(own) = entry.effect
                && entry.is_for(&self.types_of(&self.get(of)))
            {
                kinds = kinds.or(own);
            }
        }
        (!kinds.is_empty()).then_some((of, kinds))
    }

    /// Takes over what is known of a variable, and of what it is a part of.
    pub(super) fn apply(&mut self, slot: Slot, refine: &Refine) {
        const WHOLES_MAX: usize = 4;
        self.apply_one(slot, refine);
        let cleared = match refine {
            Refine::Is(_) => Kinds::ALL,
            Refine::Clear(kinds) => *kinds,
            Refine::IsNot(_) => return,
        };
        let mut slot = slot;
        for _ in 0..WHOLES_MAX {
            let Some((whole, kinds)) = self.frame().wholes.get(&slot).copied() else {
                break;
            };
            self.apply_one(whole, &Refine::Clear(kinds.and(cleared)));
            slot = whole;
        }
    }

    fn apply_one(&mut self, slot: Slot, refine: &Refine) {
        // A value that came through the heap may tell of another function's.
        if slot.index() >= self.function().slots.len() {
            return;
        }
        let mut value = self.get(slot);
        match refine {
            Refine::Clear(kinds) => {
                self.clear_text(&value, *kinds);
                value.set_taint(value.taint.filtered(|own| own.without(*kinds)));
                self.state.heap.clear_members(&value, *kinds);
            }
            Refine::Is(constants) => {
                let ty = value.ty.clone();
                // What it was known to be holds, too.
                let known = value.as_consts().unwrap_or(constants).iter();
                let both = known.filter(|known| constants.iter().any(|c| same(c, known)));
                let both: Vec<Const> = both.cloned().collect();
                value = Value::few(if both.is_empty() {
                    constants.clone()
                } else {
                    both
                });
                value.set_type(ty);
            }
            Refine::IsNot(constant) => {
                let may_be_other = !value.objects.is_empty();
                if let Consts::Few(few) = &mut value.consts
                    && (few.len() > 1 || may_be_other)
                {
                    few.retain(|value| value != constant);
                }
            }
        }
        if let Some(place) = self.function().places.get(&slot) {
            self.state.narrow(*place, value.clone());
        }
        self.set(slot, value);
    }

    /// Returns whether two values are equal, when that is certain.
    pub(super) fn equal(&self, a: &Value, b: &Value) -> Option<bool> {
        if let (Some(a), Some(b)) = (a.as_consts(), b.as_consts()) {
            if let ([a], [b]) = (a, b) {
                return Some(same(a, b));
            }
            let overlap = a.iter().any(|a| b.iter().any(|b| same(a, b)));
            return (!overlap).then_some(false);
        }
        let none = |value: &Value| matches!(&value.consts, Consts::Few(few) if few.is_empty());
        if let ([a_object], [b_object]) = (a.objects.as_slice(), b.objects.as_slice())
            && none(a)
            && none(b)
        {
            if a_object != b_object {
                return Some(false);
            }
            let is_single = |value: &Value| {
                value
                    .objects
                    .iter()
                    .all(|id| self.state.heap.get(*id).is_some_and(|o| o.single))
            };
            return is_single(a).then_some(true);
        }
        // An object is not null.
        let never_null = |value: &Value| !value.objects.is_empty() && none(value);
        let is_null = |value: &Value| value.as_const() == Some(&Literal::Null);
        if never_null(a) && is_null(b) || never_null(b) && is_null(a) {
            return Some(false);
        }
        None
    }

    /// Returns the value of a comparison by equality, with its facts.
    pub(super) fn equality(&self, op: BinaryOp, left: Slot, right: Slot) -> Value {
        let (a, b) = (self.get(left), self.get(right));
        let is_negated = matches!(op, BinaryOp::Ne | BinaryOp::IsNot);
        let mut value = match self.equal(&a, &b) {
            Some(equal) => Value::constant(Literal::Bool(equal != is_negated)),
            None => Value::unknown(),
        };
        let mut facts = Facts::default();
        for (slot, other) in [(left, &b), (right, &a)] {
            let Some(constants) = other.as_consts() else {
                continue;
            };
            facts.when_true.push((slot, Refine::Is(constants.to_vec())));
            if constants.iter().any(is_prototype) {
                facts
                    .when_false
                    .push((slot, Refine::Clear(Kinds::PROTOTYPE)));
            }
            if let [constant] = constants {
                facts
                    .when_false
                    .push((slot, Refine::IsNot(constant.clone())));
            }
        }
        // `match(x) is None`: what a match tells holds where it is not null.
        // So does `match(x) === false`.
        let none = Vec::new();
        for (tested, other) in [(&a, &b), (&b, &a)] {
            let (when_equal, otherwise) = match (&tested.facts, other.as_const()) {
                (Some(told), Some(Literal::Null | Literal::Bool(false) | Literal::Int(0))) => {
                    (&told.when_false, &told.when_true)
                }
                (Some(told), Some(Literal::Bool(true) | Literal::Int(1))) => {
                    (&told.when_true, &told.when_false)
                }
                (Some(told), _) if tested.ty.as_deref() == Some(COMMON_PATH) => {
                    (&told.when_true, &none)
                }
                _ => continue,
            };
            facts.when_true.extend(when_equal.iter().cloned());
            facts.when_false.extend(otherwise.iter().cloned());
        }
        if is_negated {
            std::mem::swap(&mut facts.when_true, &mut facts.when_false);
        }
        if !facts.when_true.is_empty() || !facts.when_false.is_empty() {
            value.facts = Some(Rc::new(facts));
        }
        value
    }

    /// Returns facts of an element of a map that is used as a set: where it is
    /// true, the key is one of those that are true.
    pub(super) fn set_facts(&self, container: &Value, key: Slot) -> Option<Rc<Facts>> {
        let [id] = container.objects.as_slice() else {
            return None;
        };
        let Shape::Map {
            entries,
            rest: None,
        } = &self.state.heap.get(*id)?.shape
        else {
            return None;
        };
        let mut keys = Vec::new();
        for (key, value) in entries {
            match value.as_const()? {
                Literal::Bool(true) => keys.push(key.clone()),
                Literal::Bool(false) => {}
                _ => return None,
            }
        }
        Self::membership(Some(key), Some(keys))
    }

    /// Returns facts that a value is one of the constants, or clean of these
    /// kinds where there are too many.
    pub(super) fn membership(
        slot: Option<Slot>,
        constants: Option<Vec<Const>>,
    ) -> Option<Rc<Facts>> {
        let slot = slot?;
        let when_false = match &constants {
            Some(constants) if constants.iter().any(is_prototype) => {
                vec![(slot, Refine::Clear(Kinds::PROTOTYPE))]
            }
            _ => Vec::new(),
        };
        let refine = match constants {
            Some(constants) if constants.len() <= 8 && !constants.is_empty() => {
                Refine::Is(constants)
            }
            Some(_) => Refine::Clear(Kinds::ALL),
            None => return None,
        };
        Some(Rc::new(Facts {
            when_true: vec![(slot, refine)],
            when_false,
            ..Facts::default()
        }))
    }
}

/// Returns whether a constant is the name of the prototype of all objects.
fn is_prototype(constant: &Const) -> bool {
    matches!(constant, Literal::Str(text) if &**text == "__proto__")
}

/// Returns whether two constants are equal; characters equal their numbers.
pub(super) fn same(a: &Const, b: &Const) -> bool {
    match (a, b) {
        (Literal::Int(a), Literal::Char(b)) | (Literal::Char(b), Literal::Int(a)) => {
            *a == i64::from(u32::from(*b))
        }
        (Literal::Int(a), Literal::Float(b)) | (Literal::Float(b), Literal::Int(a)) => {
            *a as f64 == *b
        }
        (Literal::Char(a), Literal::Str(b)) | (Literal::Str(b), Literal::Char(a)) => {
            b.chars().eq([*a])
        }
        _ => a == b,
    }
}

/// Combines what two conditions tell.
pub(super) fn combine(op: LogicalOp, first: Facts, second: Facts) -> Facts {
    match op {
        // Both hold where `and` is true; where it is false either may fail.
        LogicalOp::And => Facts {
            when_true: [first.when_true, second.when_true].concat(),
            when_false: either(&first.when_false, &second.when_false),
            bounded: Vec::new(),
            succeeds: false,
        },
        LogicalOp::Or => Facts {
            when_true: either(&first.when_true, &second.when_true),
            when_false: [first.when_false, second.when_false].concat(),
            bounded: Vec::new(),
            succeeds: false,
        },
        LogicalOp::Coalesce => Facts::default(),
    }
}

/// Returns what holds whichever of the two lists holds.
fn either(a: &[(Slot, Refine)], b: &[(Slot, Refine)]) -> Vec<(Slot, Refine)> {
    let mut both = Vec::new();
    for (slot, refine) in a {
        for (other, theirs) in b.iter().filter(|(other, _)| other == slot) {
            match (refine, theirs) {
                (Refine::Is(a), Refine::Is(b)) => {
                    let mut all = a.clone();
                    all.extend(b.iter().filter(|value| !a.contains(value)).cloned());
                    both.push((*other, Refine::Is(all)));
                }
                (Refine::Clear(a), Refine::Clear(b)) => {
                    both.push((*other, Refine::Clear(a.and(*b))));
                }
                (Refine::Clear(kinds), Refine::Is(_)) | (Refine::Is(_), Refine::Clear(kinds)) => {
                    both.push((*other, Refine::Clear(*kinds)));
                }
                (Refine::IsNot(a), Refine::IsNot(b)) if a == b => {
                    both.push((*other, Refine::IsNot(a.clone())));
                }
                _ => {}
            }
        }
    }
    both
}

/// Returns the constants that have the truth value.
pub(super) fn only(consts: &Consts, truth: bool) -> Consts {
    match consts {
        Consts::Any => Consts::Any,
        Consts::Few(few) => Consts::Few(
            few.iter()
                .filter(|value| Value::constant((*value).clone()).truth() != Some(!truth))
                .cloned()
                .collect(),
        ),
    }
}
