//! Values that may be missing, and calls that may fail, where a language says
//! so with values: nothing is null, a failure is an object with what went wrong
//! in it, and what went well is the value itself.

use std::rc::Rc;

use super::Solver;
use super::library::LibraryCall;
use super::operation::operand;
use crate::flow::heap::{Object, Shape};
use crate::flow::ir::{Literal, Name};
use crate::flow::value::{Consts, Facts, ObjectId, Value};

/// The type of failures, which no program can name.
const FAILURE: &str = "\0failure";

/// The member that holds what went wrong.
const REASON: &str = "reason";

impl Solver<'_> {
    pub(super) fn outcome_of(&mut self, op: &str, call: &LibraryCall<'_>) -> Value {
        let value = operand(call, 0);
        match op {
            "fail" => {
                let mut object = Object::new(Shape::Record);
                object.ty = Some(Name::from(FAILURE));
                object.fields.insert(Name::from(REASON), value);
                self.make(call.span, 0, object)
            }
            "succeed" => {
                let mut value = value;
                value.facts = Some(Rc::new(Facts {
                    succeeds: true,
                    ..Facts::default()
                }));
                value
            }
            "succeeds" | "fails" => self.tested(&value, op == "succeeds"),
            "reason" => self.reason(&value),
            "otherwise" => {
                let mut kept = self.success(&value);
                if self.succeeds(&value) == Some(false) {
                    return operand(call, 1);
                }
                kept.join(&operand(call, 1));
                kept
            }
            "otherwise-call" => {
                let reason = self.reason(&value);
                let other = self.call_back(call.span, &operand(call, 1), &[reason]);
                if self.succeeds(&value) == Some(false) {
                    return other;
                }
                let mut kept = self.success(&value);
                kept.join(&other);
                kept
            }
            // What it is when there is none, and what becomes of it.
            "map-or" | "map-or-else" => {
                let other = operand(call, 1);
                let mut made = match op {
                    "map-or" => other,
                    _ => {
                        let reason = self.reason(&value);
                        self.call_back(call.span, &other, &[reason])
                    }
                };
                if self.succeeds(&value) != Some(false) {
                    let kept = self.success(&value);
                    let mapped = self.call_back(call.span, &operand(call, 2), &[kept]);
                    made.join(&mapped);
                }
                made
            }
            "map-reason" => {
                let reason = self.reason(&value);
                self.call_back(call.span, &operand(call, 1), &[reason]);
                value
            }
            "map-success" => self.mapped_success(&value, call),
            _ => {
                let kept = self.success(&value);
                self.through(call, kept)
            }
        }
    }

    /// `map` and the like: of what may be missing the value, of a sequence each
    /// element.
    fn mapped_success(&mut self, value: &Value, call: &LibraryCall<'_>) -> Value {
        let is_sequence = value.objects.iter().any(|id| {
            let object = self.state.heap.get(*id);
            object.is_some_and(|object| {
                matches!(
                    object.shape,
                    Shape::List { .. } | Shape::Map { .. } | Shape::Iterator { .. }
                )
            })
        });
        if is_sequence {
            return self.container("map-each", call);
        }
        if self.succeeds(value) == Some(false) {
            return value.clone();
        }
        let mut given = self.success(value);
        if let Some(element) = value.ty.as_ref().and_then(|ty| ty.strip_suffix("[]")) {
            given.set_type(Some(Name::from(element)));
        }
        self.call_back(call.span, &operand(call, 1), &[given])
    }

    fn tested(&self, value: &Value, for_success: bool) -> Value {
        let mut tested = match self.succeeds(value) {
            Some(succeeds) => Value::constant(Literal::Bool(succeeds == for_success)),
            None => Value::unknown(),
        };
        if let Some(facts) = &value.facts {
            let mut facts = Facts::clone(facts);
            facts.succeeds = false;
            if !for_success {
                std::mem::swap(&mut facts.when_true, &mut facts.when_false);
            }
            tested.facts = Some(Rc::new(facts));
        }
        tested
    }

    fn is_failure(&self, id: ObjectId) -> bool {
        let object = self.state.heap.get(id);
        object.is_some_and(|object| object.ty.as_deref() == Some(FAILURE))
    }

    /// Returns whether a value went well, when that is certain.
    fn succeeds(&self, value: &Value) -> Option<bool> {
        let failures = value.objects.iter().filter(|id| self.is_failure(**id));
        let failures = failures.count();
        let Consts::Few(few) = &value.consts else {
            let is_marked = value.facts.as_ref().is_some_and(|facts| facts.succeeds);
            return (is_marked && failures == 0).then_some(true);
        };
        let nulls = few.iter().filter(|value| **value == Literal::Null).count();
        let all = value.objects.len() + few.len();
        match failures + nulls {
            0 if all > 0 => Some(true),
            bad if bad == all && all > 0 => Some(false),
            _ => None,
        }
    }

    /// Returns what a value is where it went well.
    fn success(&self, value: &Value) -> Value {
        let mut kept = value.clone().with_facts(None);
        kept.objects.retain(|id| !self.is_failure(*id));
        if let Consts::Few(few) = &mut kept.consts {
            few.retain(|value| *value != Literal::Null);
        }
        if kept.is_nothing() {
            let unknown = Value::of_type(kept.ty.clone());
            return unknown.with_taint(kept.taint.clone());
        }
        kept
    }

    /// Returns what went wrong.
    fn reason(&self, value: &Value) -> Value {
        let mut reason = Value::nothing();
        for id in value.objects.iter().filter(|id| self.is_failure(**id)) {
            let object = self.state.heap.get(*id);
            if let Some(own) = object.and_then(|object| object.fields.get(REASON)) {
                reason.join(own);
            }
        }
        // What a library says of a failure is its own.
        match reason.is_nothing() {
            true => Value::unknown(),
            false => reason,
        }
    }

    /// Returns what the result of a function that can fail tells of its
    /// arguments.
    pub(super) fn told_of_outcome(&self, value: &Value) -> Value {
        let mut told = self.tested(value, true);
        if let (Some(_), Some(facts)) = (told.truth(), &told.facts)
            && facts.when_true.is_empty()
            && facts.when_false.is_empty()
        {
            told.set_facts(None);
        }
        told
    }
}
