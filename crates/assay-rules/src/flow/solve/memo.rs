//! What calls came to, kept: the same function with the same arguments in the
//! same surroundings is not run again.
//!
//! What a call can see is its arguments, the variables that it captured, what
//! these lead to in the heap, and what is global. All of that is the key. What
//! the top level of the file left behind counts only where it was changed
//! since, so that keys stay small. A call whose result or effect holds objects
//! that it made itself is not kept: they are different ones at every call.

use std::rc::Rc;

use assay_source::Span;

use super::Solver;
use super::call::{Argument, Arguments};
use crate::flow::heap::{Globals, Heap, Object};
use crate::flow::ir::{Function, Name, ParamKind, Slot};
use crate::flow::kind::Kinds;
use crate::flow::project::Target;
use crate::flow::value::{Mark, ObjectId, Step, StepKind, Taint, Value};

/// So many results are kept for one function.
const MEMOS_MAX: usize = 12;

/// A call that sees more objects than this is run.
const OBJECTS_MAX: usize = 48;

/// A call that changes more objects than this is run.
const WRITES_MAX: usize = 16;

/// Functions with fewer statements are run: that is as fast.
const SIZE_MIN: u32 = 4;

/// The result of a call.
pub(super) struct Memo {
    key: Key,
    /// Nothing: it never comes back.
    outcome: Option<Outcome>,
    /// How deep the call was, and whether it was not followed to its end for
    /// that: then it holds only for calls as deep.
    depth: usize,
    is_cut: bool,
}

/// What a call sees.
pub(super) struct Key {
    /// Whose top level left the heap behind.
    base_of: Option<u32>,
    arguments: Arguments,
    cells: Vec<(Slot, ObjectId)>,
    globals: Globals,
    objects: Vec<(ObjectId, Rc<Object>)>,
}

/// What a call comes to.
#[derive(Clone)]
struct Outcome {
    value: Value,
    /// For each parameter what it is dangerous to before, and after where the
    /// result is true and where it is false.
    before: Vec<Kinds>,
    after: Vec<(Kinds, Kinds)>,
    writes: Vec<(ObjectId, Rc<Object>)>,
    globals: Globals,
}

/// What was true before a call that is run.
pub(super) struct Watch {
    key: Key,
    cuts: u32,
}

impl Solver<'_> {
    /// Returns what a call sees, unless that is too much to keep.
    pub(super) fn watch(
        &self,
        function: &Function,
        arguments: &Arguments,
        cells: &[(Slot, ObjectId)],
    ) -> Option<Watch> {
        if function.size < SIZE_MIN {
            return None;
        }
        let heap = &self.state.heap;
        let mut seen = Vec::new();
        let mut left: Vec<ObjectId> = cells.iter().map(|(_, cell)| *cell).collect();
        for value in arguments.values() {
            left.extend(&value.objects);
        }
        left.extend(
            self.base
                .objects_that_differ(heap)
                .filter(|id| self.base.get(*id).is_some()),
        );
        if !self.base.has_same_globals(heap) {
            for (_, value) in heap.globals() {
                left.extend(&value.objects);
            }
        }
        while let Some(id) = left.pop() {
            let Some(object) = heap.shared(id) else {
                continue;
            };
            let is_known = self
                .base
                .shared(id)
                .is_some_and(|base| Rc::ptr_eq(base, object));
            if is_known || seen.iter().any(|(known, _)| *known == id) {
                continue;
            }
            if seen.len() >= OBJECTS_MAX {
                return None;
            }
            seen.push((id, Rc::clone(object)));
            object.each_object(&mut |id| left.push(id));
        }
        seen.sort_unstable_by_key(|(id, _)| *id);
        Some(Watch {
            key: Key {
                base_of: self.base_of,
                arguments: arguments.clone(),
                cells: cells.to_vec(),
                globals: heap.shared_globals().clone(),
                objects: seen,
            },
            cuts: self.cuts,
        })
    }

    /// Returns what a call came to before, with its effects done; nothing
    /// inside: it never comes back.
    pub(super) fn remembered(
        &mut self,
        target: Target,
        watch: &Watch,
        span: Span,
    ) -> Option<Option<Value>> {
        let depth = self.frames.len();
        let memos = self.memos.get(&target)?;
        let memo = memos
            .iter()
            .find(|memo| (!memo.is_cut || depth >= memo.depth) && memo.key.is_same(&watch.key))?;
        let Some(outcome) = memo.outcome.clone() else {
            self.live = false;
            return Some(None);
        };
        for (id, object) in outcome.writes {
            self.state.heap.share(id, object);
        }
        self.state.heap.set_shared_globals(outcome.globals);
        let function = self.project.function(target);
        let arguments = &watch.key.arguments;
        let mut value = outcome.value;
        value.set_taint(self.rerouted(&value.taint, function, arguments, span));
        let mut value = self.told(target, arguments, &outcome.before, value, &outcome.after);
        self.step_returned(&mut value, function, span);
        Some(Some(value))
    }

    /// Returns the taint of a result with the paths of these arguments.
    fn rerouted(
        &self,
        taint: &Taint,
        function: &Function,
        arguments: &Arguments,
        span: Span,
    ) -> Taint {
        let mut rerouted = Taint::default();
        for mark in taint.marks() {
            let step = self.step_of(mark, function, arguments, span);
            rerouted.join(&Taint::new(Mark {
                step: step.unwrap_or_else(|| Rc::clone(&mark.step)),
                ..mark.clone()
            }));
        }
        rerouted
    }

    /// Returns the step with which an origin of taint comes into a call.
    fn step_of(
        &self,
        mark: &Mark,
        function: &Function,
        arguments: &Arguments,
        span: Span,
    ) -> Option<Rc<Step>> {
        let params = function.params.iter();
        let params = params.filter(|param| param.kind != ParamKind::Receiver);
        let given = arguments.positional.iter().zip(params);
        given.into_iter().find_map(|(argument, param)| {
            let marks = argument.value.taint.marks();
            let own = marks.iter().find(|own| own.origin == mark.origin)?;
            let what = StepKind::Passed(param.name.clone());
            Some(Step::after(&own.step, self.unit(), span, what))
        })
    }

    /// Keeps what a call came to.
    pub(super) fn remember(
        &mut self,
        target: Target,
        watch: Watch,
        before: &Heap,
        returned: Option<(&super::Returned, &[Kinds])>,
    ) {
        if self.is_exhausted() {
            return;
        }
        let outcome = match returned {
            None => None,
            Some((returned, kinds)) => {
                let Some(outcome) = self.outcome(&watch.key, before, returned, kinds) else {
                    return;
                };
                Some(outcome)
            }
        };
        let memo = Memo {
            key: watch.key,
            outcome,
            depth: self.frames.len(),
            is_cut: watch.cuts != self.cuts,
        };
        let memos = self.memos.entry(target).or_default();
        if memos.len() >= MEMOS_MAX {
            memos.pop_front();
        }
        memos.push_back(memo);
        self.memos_made += 1;
    }

    /// Returns what a call came to, unless it is about objects of its own.
    fn outcome(
        &self,
        key: &Key,
        before: &Heap,
        returned: &super::Returned,
        kinds: &[Kinds],
    ) -> Option<Outcome> {
        let is_known = |id: ObjectId| {
            self.base.get(id).is_some() || key.objects.binary_search_by_key(&id, |o| o.0).is_ok()
        };
        let are_known = |value: &Value| value.objects.iter().all(|id| is_known(*id));
        if !are_known(&returned.value) {
            return None;
        }
        let mut writes = Vec::new();
        for id in before.objects_that_differ(&returned.heap) {
            if !is_known(id) {
                if before.get(id).is_some() {
                    return None;
                }
                continue;
            }
            let object = returned.heap.shared(id)?;
            let mut all_known = true;
            object.each_object(&mut |id| all_known &= is_known(id));
            if !all_known || writes.len() >= WRITES_MAX {
                return None;
            }
            writes.push((id, Rc::clone(object)));
        }
        if !before.has_same_globals(&returned.heap)
            && !returned.heap.globals().all(|(_, value)| are_known(value))
        {
            return None;
        }
        Some(Outcome {
            value: returned.value.clone(),
            before: kinds.to_vec(),
            after: returned.kinds.clone(),
            writes,
            globals: returned.heap.shared_globals().clone(),
        })
    }

    /// Notes on a result's paths that a function returned it.
    pub(super) fn step_returned(&self, value: &mut Value, function: &Function, span: Span) {
        let name = match &*function.name {
            "" => Name::from("a function"),
            _ => function.name.clone(),
        };
        self.step(value, span, &StepKind::Returned(name));
    }
}

impl Key {
    fn is_same(&self, other: &Self) -> bool {
        self.base_of == other.base_of
            && self.objects.len() == other.objects.len()
            && self.cells == other.cells
            && are_same(&self.arguments, &other.arguments)
            && (Rc::ptr_eq(&self.globals, &other.globals) || self.globals == other.globals)
            && self
                .objects
                .iter()
                .zip(&other.objects)
                .all(|(a, b)| a.0 == b.0 && (Rc::ptr_eq(&a.1, &b.1) || a.1 == b.1))
    }
}

/// Returns whether a function sees the same in both.
fn are_same(a: &Arguments, b: &Arguments) -> bool {
    let same = |a: &Argument, b: &Argument| is_same(&a.value, &b.value);
    a.positional.len() == b.positional.len()
        && a.named.len() == b.named.len()
        && a.receiver.is_some() == b.receiver.is_some()
        && a.rest == b.rest
        && a.receiver.iter().zip(&b.receiver).all(|(a, b)| same(a, b))
        && a.positional
            .iter()
            .zip(&b.positional)
            .all(|(a, b)| same(a, b))
        && a.named
            .iter()
            .zip(&b.named)
            .all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
}

/// What a condition tells stays in the caller.
fn is_same(a: &Value, b: &Value) -> bool {
    a.consts == b.consts
        && a.objects == b.objects
        && a.ty == b.ty
        && a.symbol == b.symbol
        && a.prefix == b.prefix
        && a.taint == b.taint
}
