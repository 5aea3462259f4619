//! Statements: how a state flows through control flow.

use std::rc::Rc;

use super::{Jump, Try};
use super::{NESTING_MAX, Solver};
use crate::flow::heap::{Shape, State, ViewKind, join_into};
use crate::flow::ir::{
    Arm, Block, EachKind, Handler, Label, Literal, LogicalOp, Op, Slot, Stmt, StmtKind,
};
use crate::flow::kind::Kinds;
use crate::flow::value::{Const, Consts, Facts, Refine, StepKind, Value};

/// A loop whose condition is decided is run step by step so often.
const ROUNDS_MAX: u32 = 24;

/// Other loops are run until nothing changes, at most so often.
const PASSES_MAX: u32 = 5;

/// After so many passes what still changes is given up.
const PASSES_BEFORE_WIDENING: u32 = 2;

impl Solver<'_> {
    /// Runs statements in order until none can be reached.
    pub(super) fn block(&mut self, block: &Block) {
        if block.is_empty() {
            return;
        }
        if self.nesting >= NESTING_MAX {
            self.note("dataflow: blocks nested deeper than the limit were not followed");
            return;
        }
        self.nesting += 1;
        for stmt in block {
            if !self.live || !self.spend() {
                break;
            }
            self.stmt(stmt);
        }
        self.nesting -= 1;
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Let(slot, op) => self.let_slot(stmt, *slot, op),
            StmtKind::Store { object, key, value } => {
                let mut value = self.get(*value);
                self.step(&mut value, stmt.span, &StepKind::Assigned(key.clone()));
                let object = self.get(*object);
                self.stored(stmt.span, Some(&object), key, &value);
                if let (true, Some(symbol)) = (object.objects.is_empty(), &object.symbol) {
                    let name = crate::flow::ir::Name::from(format!("{symbol}.{key}"));
                    self.stored(stmt.span, None, &name, &value);
                }
                self.store_member(stmt.span, &object, key, value);
            }
            StmtKind::StoreIndex {
                object,
                index,
                value,
            } => {
                let value = self.get(*value);
                let index = index.map(|index| self.get(index));
                let target = self.get(*object);
                if let Some(index) = &index {
                    self.store_in_prototype(stmt.span, &target, index);
                    self.check_index(stmt.span, &target, index);
                }
                if let Some(key) = &index
                    && self.store_indexed(stmt.span, &target, key, &value)
                {
                    return;
                }
                self.store_element(&target, index.as_ref(), value.clone());
                if target.objects.is_empty() && !value.taint.is_empty() {
                    // A container that is not known holds it from now on.
                    let mut target = target;
                    target.add_taint(&value.taint);
                    self.set(*object, target);
                }
            }
            StmtKind::StoreGlobal { name, value } => {
                let mut value = self.get(*value);
                self.step(&mut value, stmt.span, &StepKind::Assigned(name.clone()));
                self.stored(stmt.span, None, name, &value);
                self.state.heap.set_global(name, value);
            }
            StmtKind::If {
                cond,
                then,
                otherwise,
            } => self.branch(*cond, then, otherwise),
            StmtKind::Logical {
                result,
                op,
                left,
                right,
                value,
            } => self.logical(*result, *op, *left, right, *value),
            StmtKind::Loop {
                label,
                head,
                cond,
                body,
                step,
                body_first,
            } => self.repeat(&Repeat {
                label: *label,
                head,
                cond: *cond,
                body,
                step,
                body_first: *body_first,
            }),
            StmtKind::Each {
                label,
                subject,
                item,
                key,
                kind,
                body,
            } => self.each(&Each {
                label: *label,
                subject: *subject,
                item: *item,
                key: *key,
                kind: *kind,
                body,
                stmt,
            }),
            StmtKind::Switch {
                label,
                subject,
                arms,
                default,
            } => self.switch(*label, *subject, arms, *default),
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => self.try_block(body, handlers, otherwise, finally),
            StmtKind::Labelled { label, body } => {
                self.push_jump(*label);
                self.block(body);
                self.pop_jump();
            }
            StmtKind::Default { param, body, value } => {
                if self.get(*param).is_nothing() {
                    self.block(body);
                    let value = self.get(*value);
                    self.set(*param, value);
                }
            }
            StmtKind::Return(value) => {
                let value = match value {
                    Some(slot) => self.get(*slot),
                    None => Value::constant(Literal::Null),
                };
                self.returned(stmt.span, &value);
                self.return_with(value);
            }
            StmtKind::Throw(value) => {
                let value = self.get(*value);
                self.may_throw();
                if let Some(innermost) = self.frame().tries.last_mut() {
                    innermost.thrown.join(&value);
                } else {
                    // The objects of this function end with it.
                    let taint = self.state.heap.content_taint(&value);
                    self.frame().thrown.join(&taint);
                }
                self.live = false;
            }
            StmtKind::Break(label) => self.jump(*label, true),
            StmtKind::Continue(label) => self.jump(*label, false),
        }
    }

    fn let_slot(&mut self, stmt: &Stmt, slot: Slot, op: &Op) {
        let mut value = self.operation_value(stmt.span, op);
        let function = self.function();
        let info = &function.slots[slot.index()];
        let place = function.places.get(&slot);
        if let Some(told) = place.and_then(|place| self.state.narrowed(*place)) {
            value = told.clone();
        }
        if let Some(name) = &info.name {
            self.state.forget(slot);
            self.step(&mut value, stmt.span, &StepKind::Assigned(name.clone()));
        }
        value = self.typed(value, info.ty.as_ref());
        self.note_whole(slot, op, &value);
        // An address that names no host stays where it is.
        if matches!(op, Op::Load(..)) && self.frame().wholes.contains_key(&slot) {
            let none = Refine::Is(vec![Literal::Str("".into())]);
            value.set_facts(Some(Rc::new(Facts {
                when_false: vec![(slot, none)],
                ..Facts::default()
            })));
        }
        let is_visible = info.name.is_some() || matches!(op, Op::Call(..));
        self.set(slot, value);
        if is_visible {
            self.may_throw();
        }
    }

    fn branch(&mut self, cond: Slot, then: &Block, otherwise: &Block) {
        let value = self.get(cond);
        match value.truth() {
            Some(true) => {
                self.refine(&value, true);
                self.block(then);
            }
            Some(false) => {
                self.refine(&value, false);
                self.block(otherwise);
            }
            None => {
                let start = self.state.clone();
                self.refine(&value, true);
                self.block(then);
                let after = self.live.then(|| std::mem::take(&mut self.state));
                self.state = start;
                self.live = true;
                self.refine(&value, false);
                self.block(otherwise);
                self.meet(after);
            }
        }
    }

    /// Joins the current state with that of another path to the same point.
    fn meet(&mut self, other: Option<State>) {
        let Some(other) = other else { return };
        if self.live {
            self.state.join(&other);
        } else {
            self.state = other;
            self.live = true;
        }
    }

    fn logical(&mut self, result: Slot, op: LogicalOp, left: Slot, right: &Block, value: Slot) {
        let first = self.get(left);
        let decided = match op {
            LogicalOp::And => first.truth(),
            LogicalOp::Or => first.truth().map(|truth| !truth),
            LogicalOp::Coalesce => is_null(&first),
        };
        let go_right = |this: &mut Self| {
            match op {
                LogicalOp::And => this.refine(&first, true),
                LogicalOp::Or => this.refine(&first, false),
                LogicalOp::Coalesce => {}
            }
            this.block(right);
            this.get(value)
        };
        match decided {
            Some(false) => self.set(result, first.clone()),
            Some(true) => {
                let value = go_right(self);
                self.set(result, value);
            }
            None => {
                let start = self.state.clone();
                let second = go_right(self);
                let after = self.live.then(|| std::mem::take(&mut self.state));
                self.state = start;
                self.live = true;
                self.meet(after);
                let value = combine(op, first, second);
                self.set(result, value);
            }
        }
    }

    fn push_jump(&mut self, label: Label) {
        self.frame().jumps.push(Jump {
            label,
            breaks: None,
            continues: None,
        });
    }

    /// Ends what jumps could leave, and goes on with those that did.
    fn pop_jump(&mut self) {
        let jump = self.frame().jumps.pop();
        self.meet(jump.and_then(|jump| jump.breaks));
    }

    fn jump(&mut self, label: Label, is_break: bool) {
        let frame = self.frames.last_mut().expect("a function is being run");
        let target = frame.jumps.iter_mut().rfind(|jump| jump.label == label);
        if let Some(target) = target {
            let side = if is_break {
                &mut target.breaks
            } else {
                &mut target.continues
            };
            join_into(side, &self.state);
        }
        self.live = false;
    }

    /// Goes on with the paths that said `continue`.
    fn gather_continues(&mut self) {
        let continues = self
            .frame()
            .jumps
            .last_mut()
            .and_then(|jump| jump.continues.take());
        self.meet(continues);
    }

    fn repeat(&mut self, parts: &Repeat<'_>) {
        self.push_jump(parts.label);
        let mut exits: Option<State> = None;
        if self.rounds(parts, &mut exits) {
            self.passes(parts, &mut exits);
        }
        self.meet(exits);
        self.pop_jump();
    }

    /// Runs a loop step by step as long as its condition is decided. Returns
    /// whether that is not enough.
    fn rounds(&mut self, parts: &Repeat<'_>, exits: &mut Option<State>) -> bool {
        let context = self.frame().context;
        for round in 0..ROUNDS_MAX {
            if !self.live {
                self.frame().context = context;
                return false;
            }
            let start = self.state.clone();
            let begun = self.progress();
            let has_head = !parts.body_first || round > 0;
            if has_head {
                self.block(parts.head);
                if !self.live {
                    break;
                }
                let truth = parts.cond.and_then(|cond| self.get(cond).truth());
                match truth {
                    Some(true) => {}
                    Some(false) => {
                        join_into(exits, &self.state);
                        self.live = false;
                        break;
                    }
                    None => {
                        self.state = start;
                        self.frame().context = context;
                        return true;
                    }
                }
            }
            self.frame().context = mix(context, u64::from(round) + 1);
            self.block(parts.body);
            self.gather_continues();
            if self.live {
                self.block(parts.step);
            }
            // The rounds that are left would do the same.
            let has_settled = has_head && self.live && begun.is_like(&self.progress());
            if has_settled && self.state.is_like(&start) {
                let left = ROUNDS_MAX - 1 - round;
                self.charge((self.steps - begun.steps).saturating_mul(left));
                break;
            }
        }
        self.frame().context = context;
        self.live
    }

    /// Runs a loop until nothing changes.
    fn passes(&mut self, parts: &Repeat<'_>, exits: &mut Option<State>) {
        for pass in 0..PASSES_MAX {
            let before = self.state.clone();
            let skip_head = parts.body_first && pass == 0;
            if !skip_head {
                self.block(parts.head);
                if !self.live {
                    return;
                }
                if let Some(cond) = parts.cond {
                    let cond = self.get(cond);
                    if cond.truth() != Some(true) {
                        let start = self.state.clone();
                        self.refine(&cond, false);
                        join_into(exits, &self.state);
                        self.state = start;
                    }
                    if cond.truth() == Some(false) {
                        self.live = false;
                        return;
                    }
                    self.refine(&cond, true);
                }
            }
            self.block(parts.body);
            self.gather_continues();
            if self.live {
                self.block(parts.step);
            }
            if !self.live {
                return;
            }
            let after = std::mem::replace(&mut self.state, before.clone());
            if !self.state.join(&after) && !skip_head {
                self.live = false;
                return;
            }
            if pass >= PASSES_BEFORE_WIDENING {
                self.state.widen(&before);
            }
        }
        // Whatever it is now, the loop may end here.
        self.block(parts.head);
        if self.live && parts.cond.is_some() {
            join_into(exits, &self.state);
        }
        self.live = false;
    }

    fn each(&mut self, parts: &Each<'_>) {
        let mut subject = self.get(parts.subject);
        let is_map = |id: &crate::flow::value::ObjectId| {
            let object = self.state.heap.get(*id);
            object.is_some_and(|o| matches!(o.shape, Shape::Map { .. }))
        };
        if parts.kind == EachKind::Entries && subject.objects.iter().any(is_map) {
            subject = self.view(parts.stmt.span, subject, ViewKind::Entries);
        }
        self.push_jump(parts.label);
        match self.places(&subject, parts.kind) {
            Some(places) => {
                let context = self.frame().context;
                for (at, (key, item)) in places.into_iter().enumerate() {
                    if !self.live {
                        break;
                    }
                    self.frame().context = mix(context, at as u64 + 1);
                    self.bind_item(parts, key, item);
                    self.block(parts.body);
                    self.gather_continues();
                }
                self.frame().context = context;
            }
            None => {
                let mut exits = Some(self.state.clone());
                for pass in 0..PASSES_MAX {
                    let before = self.state.clone();
                    let (key, item) = self.any_element(&subject, parts.kind, parts.stmt.span);
                    self.bind_item(parts, key, item);
                    self.block(parts.body);
                    self.gather_continues();
                    if !self.live {
                        break;
                    }
                    join_into(&mut exits, &self.state);
                    let after = std::mem::replace(&mut self.state, before.clone());
                    if !self.state.join(&after) {
                        break;
                    }
                    if pass >= PASSES_BEFORE_WIDENING {
                        self.state.widen(&before);
                    }
                }
                self.live = false;
                self.meet(exits);
            }
        }
        self.pop_jump();
    }

    fn bind_item(&mut self, parts: &Each<'_>, key: Value, item: Value) {
        self.set(parts.item, item);
        if let Some(slot) = parts.key {
            self.set(slot, key);
        }
    }

    /// Returns the keys and elements of a container whose places are known.
    fn places(&self, subject: &Value, kind: EachKind) -> Option<Vec<(Value, Value)>> {
        let [object] = subject.objects.as_slice() else {
            return None;
        };
        if !matches!(&subject.consts, Consts::Few(few) if few.is_empty()) {
            return None;
        }
        let object = self.state.heap.get(*object)?;
        let places: Vec<(Value, Value)> = match &object.shape {
            Shape::List { items, rest: None } if items.len() as u32 <= ROUNDS_MAX => items
                .iter()
                .enumerate()
                .map(|(at, item)| (Value::constant(Literal::Int(at as i64)), item.clone()))
                .collect(),
            Shape::Map {
                entries,
                rest: None,
            } if entries.len() as u32 <= ROUNDS_MAX => entries
                .iter()
                .map(|(key, value)| (Value::constant(key.clone()), value.clone()))
                .map(|(key, value)| match kind {
                    EachKind::Values => (key, value),
                    EachKind::Elements => (key.clone(), key),
                    EachKind::Keys | EachKind::Entries => (key, value),
                })
                .collect(),
            _ => return None,
        };
        Some(match kind {
            EachKind::Keys => places
                .into_iter()
                .map(|(key, _)| (key.clone(), key))
                .collect(),
            _ => places,
        })
    }

    fn switch(&mut self, label: Label, subject: Slot, arms: &[Arm], default: Option<usize>) {
        self.push_jump(label);
        let value = self.get(subject);
        for arm in arms {
            self.block(&arm.head);
        }
        let verdicts: Vec<Option<bool>> =
            arms.iter().map(|arm| self.arm_runs(&value, arm)).collect();
        let chosen = verdicts.iter().position(|verdict| *verdict == Some(true));
        let start = self.state.clone();
        let mut falling: Option<State> = None;
        let mut left: Option<State> = None;
        for (at, arm) in arms.iter().enumerate() {
            let is_default = default == Some(at);
            let entered = match (verdicts[at], chosen) {
                (Some(true), Some(chosen)) => chosen == at,
                (Some(false), _) if !is_default => false,
                (None, Some(chosen)) if !is_default => at < chosen,
                _ if is_default => {
                    chosen.is_none() && verdicts[at] != Some(true) || chosen == Some(at)
                }
                _ => true,
            };
            self.live = entered;
            if entered {
                self.state = start.clone();
                if !is_default {
                    self.refine_subject(subject, arm);
                }
            }
            self.meet(falling.take());
            if !self.live {
                continue;
            }
            self.block(&arm.body);
            if self.live {
                let state = std::mem::take(&mut self.state);
                if arm.falls_through && at + 1 < arms.len() {
                    falling = Some(state);
                } else {
                    join_into(&mut left, &state);
                }
            }
        }
        self.live = false;
        if default.is_none() && chosen.is_none() {
            join_into(&mut left, &start);
        }
        self.meet(left);
        self.pop_jump();
    }

    /// In an arm the subject is one of its constants.
    fn refine_subject(&mut self, subject: Slot, arm: &Arm) {
        let tests: Vec<Value> = arm.tests.iter().map(|slot| self.get(*slot)).collect();
        let constants: Option<Vec<Const>> =
            tests.iter().map(|test| test.as_const().cloned()).collect();
        if let Some(constants) = constants.filter(|constants| !constants.is_empty()) {
            self.apply(subject, &Refine::Is(constants));
        }
    }

    /// Returns whether an arm runs for a subject, when that is certain.
    fn arm_runs(&self, subject: &Value, arm: &Arm) -> Option<bool> {
        if arm.tests.is_empty() {
            return None;
        }
        let tests: Vec<Value> = arm.tests.iter().map(|slot| self.get(*slot)).collect();
        let mut all_differ = true;
        for test in &tests {
            match self.equal(subject, test) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => all_differ = false,
            }
        }
        all_differ.then_some(false)
    }

    fn try_block(
        &mut self,
        body: &Block,
        handlers: &[Handler],
        otherwise: &Block,
        finally: &Block,
    ) {
        let start = self.state.clone();
        self.frame().tries.push(Try {
            state: Some(start.clone()),
            last: Some(start),
            thrown: Value::nothing(),
        });
        self.block(body);
        let caught = self.frame().tries.pop();
        if self.live {
            self.block(otherwise);
        }
        let mut after = self.live.then(|| std::mem::take(&mut self.state));
        let Some(Try {
            state: Some(mut failed),
            thrown,
            ..
        }) = caught
        else {
            self.meet(after);
            return;
        };
        if let Some(after) = &after {
            failed.join(after);
        }
        for handler in handlers {
            self.state = failed.clone();
            self.live = true;
            if let Some(slot) = handler.slot {
                let mut value = Value::unknown();
                value.set_taint(self.state.heap.content_taint(&thrown));
                value.objects.clone_from(&thrown.objects);
                let value = self.typed(value, handler.types.first());
                self.set(slot, value);
            }
            self.block(&handler.body);
            if self.live {
                join_into(&mut after, &self.state);
            }
        }
        let can_go_on = after.is_some();
        self.state = after.unwrap_or(failed);
        self.live = true;
        self.block(finally);
        self.live &= can_go_on;
    }

    /// Returns what is left of the danger of each parameter, where the result
    /// is true and where it is false.
    pub(super) fn remaining_kinds(&mut self, value: &Value) -> Vec<(Kinds, Kinds)> {
        let function = self.function();
        let mut kinds = vec![(Kinds::NONE, Kinds::NONE); function.params.len()];
        if self.frames.len() < 2 {
            // Nobody asks what a function tells that nobody calls.
            return kinds;
        }
        if value.facts.is_none() {
            for (known, param) in kinds.iter_mut().zip(&function.params) {
                let left = self.get(param.slot).taint.kinds();
                let may_be = |truth: bool| match value.truth() == Some(!truth) {
                    true => Kinds::NONE,
                    false => left,
                };
                *known = (may_be(true), may_be(false));
            }
            return kinds;
        }
        let state = self.state.clone();
        for truth in [true, false] {
            if value.truth() == Some(!truth) {
                continue;
            }
            self.state = state.clone();
            self.refine(value, truth);
            for (known, param) in kinds.iter_mut().zip(&function.params) {
                let left = self.dangers(&self.get(param.slot));
                let side = if truth { &mut known.0 } else { &mut known.1 };
                *side = left;
            }
        }
        self.state = state;
        kinds
    }
}

/// A loop by its parts.
struct Repeat<'u> {
    label: Label,
    head: &'u Block,
    cond: Option<Slot>,
    body: &'u Block,
    step: &'u Block,
    body_first: bool,
}

/// A loop over a collection by its parts.
struct Each<'u> {
    label: Label,
    subject: Slot,
    item: Slot,
    key: Option<Slot>,
    kind: EachKind,
    body: &'u Block,
    stmt: &'u Stmt,
}

/// Returns whether a value is null, when that is certain.
pub(super) fn is_null(value: &Value) -> Option<bool> {
    match &value.consts {
        Consts::Any => None,
        Consts::Few(few) => {
            let nulls = few.iter().filter(|value| **value == Literal::Null).count();
            match nulls {
                0 => Some(false),
                1 if few.len() == 1 && value.objects.is_empty() => Some(true),
                _ => None,
            }
        }
    }
}

/// Combines the operands of a logical operation of which it is not known
/// whether the right one runs.
fn combine(op: LogicalOp, mut first: Value, second: Value) -> Value {
    let facts = match (op, &first.facts, &second.facts) {
        (LogicalOp::Coalesce, ..) => None,
        (_, None, None) => None,
        (op, own, theirs) => {
            let own = own.as_deref().cloned().unwrap_or_default();
            let theirs = theirs.as_deref().cloned().unwrap_or_default();
            Some(super::guard::combine(op, own, theirs))
        }
    };
    // The left operand is the result only where it decides.
    match op {
        LogicalOp::And => first.consts = super::guard::only(&first.consts, false),
        LogicalOp::Or => first.consts = super::guard::only(&first.consts, true),
        LogicalOp::Coalesce => {}
    }
    first.set_facts(None);
    let mut value = first;
    let mut second = second;
    second.set_facts(None);
    value.join(&second);
    value.set_facts(facts.map(std::rc::Rc::new));
    value
}

/// Mixes a number into a context.
pub(super) fn mix(context: u64, with: u64) -> u64 {
    (context ^ with)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(23)
}
