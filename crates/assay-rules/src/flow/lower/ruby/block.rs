//! Methods of collections that Ruby's loops are made of: with a block that is
//! written out they are lowered as loops, so that what is known of each
//! element, and jumps out of the block, count.

use assay_syntax::{Field, NodeRef};

use super::method::is_block;
use super::{Out, Round, Ruby, first_item, items};
use crate::flow::builder::LoopParts;
use crate::flow::ir::{EachKind, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

/// What comes of the rounds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounds {
    /// The collection itself.
    Each,
    /// A list of the values of the block.
    Map,
    /// A list of the elements where the block is true, or is not.
    Keep(bool),
}

/// The methods that are loops: what comes of the rounds, and whether the block
/// is given the place, too.
const LOOPS: &[(&str, Rounds, bool)] = &[
    ("collect", Rounds::Map, false),
    ("downto", Rounds::Each, false),
    ("each", Rounds::Each, false),
    ("each_char", Rounds::Each, false),
    ("each_entry", Rounds::Each, false),
    ("each_key", Rounds::Each, false),
    ("each_line", Rounds::Each, false),
    ("each_pair", Rounds::Each, false),
    ("each_value", Rounds::Each, false),
    ("each_with_index", Rounds::Each, true),
    ("filter", Rounds::Keep(true), false),
    ("filter_map", Rounds::Map, false),
    ("find_all", Rounds::Keep(true), false),
    ("find_each", Rounds::Each, false),
    ("flat_map", Rounds::Map, false),
    ("map", Rounds::Map, false),
    ("reject", Rounds::Keep(false), false),
    ("reverse_each", Rounds::Each, false),
    ("select", Rounds::Keep(true), false),
    ("step", Rounds::Each, false),
    ("times", Rounds::Each, false),
    ("upto", Rounds::Each, false),
];

impl Ruby<'_> {
    /// Lowers a call of a method that is a loop; `is_used` says whether what
    /// comes of it is.
    pub(super) fn loop_call(
        &mut self,
        node: NodeRef<'_>,
        name: &str,
        is_used: bool,
    ) -> Option<Slot> {
        let block = node.child(Field::Body).filter(|block| is_block(*block))?;
        if name == "loop" && node.child(Field::Object).is_none() {
            return Some(self.endless(node, block));
        }
        if matches!(name, "inject" | "reduce" | "each_with_object") {
            return self.fold(node, block, name);
        }
        let (_, rounds, with_place) = LOOPS.iter().find(|known| known.0 == name)?;
        let receiver = node.child(Field::Object)?;
        if self.declared.methods.contains(name) {
            return None;
        }
        let (rounds, mut with_place) = (*rounds, *with_place);
        let mut receiver_node = receiver;
        // `each.with_index` and the like.
        if receiver.kind() == "call"
            && receiver.child(Field::Body).is_none()
            && let (Some(inner), "each_with_index") = (
                receiver.child(Field::Object),
                receiver.child(Field::Property).map_or("", NodeRef::text),
            )
        {
            receiver_node = inner;
            with_place = true;
        }
        let subject = self.expression(receiver_node);
        let list = node.child(Field::Arguments);
        for argument in list.into_iter().flat_map(items) {
            self.expression(argument);
        }
        let is_range = matches!(name, "times" | "upto" | "downto" | "step");
        let subject = if is_range {
            self.b.unknown(node)
        } else {
            subject
        };
        let result = match rounds {
            Rounds::Each => None,
            _ if !is_used => None,
            _ => Some(self.b.list(node, Vec::new())),
        };
        self.rounds(node, block, subject, (rounds, result), (name, with_place));
        Some(result.unwrap_or(subject))
    }

    fn rounds(
        &mut self,
        node: NodeRef<'_>,
        block: NodeRef<'_>,
        subject: Slot,
        (rounds, result): (Rounds, Option<Slot>),
        (name, with_place): (&str, bool),
    ) {
        let label = self.b.begin_loop(None);
        let (item, key) = (self.b.temp(), self.b.temp());
        let value = match rounds {
            Rounds::Each => None,
            _ => Some(self.b.temp()),
        };
        // What `next` takes with it is kept before it goes on.
        let keeps = result.is_some() && rounds == Rounds::Map;
        self.enter_scope(true);
        self.b.enter_scope();
        self.b.open();
        let kind = self.bind_round(block, (item, key), name, with_place);
        let has_next = keeps && block.subtree().any(|n| n.kind() == "next");
        let out = value.map_or(Out::Drop, Out::Into);
        let body = block.child(Field::Body);
        if has_next {
            // `next` goes to what is done with the value.
            let name = format!("round@{}", block.span().start);
            let round = self.b.begin_labelled(Some(&name));
            self.inside.loops.push(Round {
                value,
                label: Some(name),
            });
            self.b.open();
            if let Some(body) = body {
                self.body(body, out);
            }
            let body = self.b.close();
            self.b.end_labelled(block, round, body);
        } else {
            self.inside.loops.push(Round::default());
            if let Some(body) = body {
                self.body(body, out);
            }
        }
        self.inside.loops.pop();
        // What the block tells of its parameter holds for what is kept.
        let mut params = block.child(Field::Parameters).into_iter().flat_map(items);
        let kept = match (params.next(), params.next()) {
            (Some(only), None) if only.kind() == "identifier" => self.b.local(only.text()),
            _ => None,
        };
        self.keep(node, (rounds, result), value, kept.unwrap_or(item));
        let body = self.b.close();
        self.b.leave_scope();
        self.scopes.pop();
        self.b
            .end_each(node, label, (subject, kind), (item, Some(key)), body);
    }

    /// Puts what a round gives into the result.
    fn keep(
        &mut self,
        node: NodeRef<'_>,
        (rounds, result): (Rounds, Option<Slot>),
        value: Option<Slot>,
        item: Slot,
    ) {
        let (Some(result), Some(value)) = (result, value) else {
            return;
        };
        match rounds {
            Rounds::Each => {}
            Rounds::Map => self.b.store_index(node, result, None, value),
            Rounds::Keep(wanted) => {
                let cond = match wanted {
                    true => value,
                    false => self.b.unary(node, UnaryOp::Not, value),
                };
                self.b.open();
                self.b.store_index(node, result, None, item);
                let then = self.b.close();
                self.b.branch(node, cond, then, Vec::new());
            }
        }
    }

    /// Binds the parameters of a block that is run for each element.
    fn bind_round(
        &mut self,
        block: NodeRef<'_>,
        (item, key): (Slot, Slot),
        name: &str,
        with_place: bool,
    ) -> EachKind {
        let list = block.child(Field::Parameters);
        let params: Vec<NodeRef<'_>> = list
            .into_iter()
            .flat_map(items)
            .filter(|param| param.field() != Field::Local)
            .collect();
        match params.as_slice() {
            [] => {
                if let Some(implied) = Self::implied_parameter(block)
                    && !self.is_variable(implied)
                {
                    self.bind_implied(block, implied, item);
                }
                EachKind::Entries
            }
            [first, place] if with_place => {
                self.bind_param(*first, item);
                self.bind_param(*place, key);
                match first.kind() {
                    "destructured_parameter" => EachKind::Entries,
                    _ => EachKind::Values,
                }
            }
            [one] => {
                self.bind_param(*one, item);
                match name {
                    "each_value" => EachKind::Values,
                    "each_key" => EachKind::Elements,
                    _ => EachKind::Entries,
                }
            }
            [first, second] => {
                // Pairs of a hash, or lists of two.
                for (at, param) in [*first, *second].into_iter().enumerate() {
                    let index = self.b.int(block, at as i64);
                    let part = self.b.load_index(block, item, index);
                    self.bind_param(param, part);
                }
                EachKind::Entries
            }
            several => {
                self.take_apart(block, several, item);
                EachKind::Values
            }
        }
    }

    fn bind_implied(&mut self, at: NodeRef<'_>, name: &str, item: Slot) {
        let own = self.declare(name);
        self.b.assign(at, own, item);
    }

    fn bind_param(&mut self, param: NodeRef<'_>, value: Slot) {
        match param.kind() {
            "identifier" => {
                // A parameter hides a variable of that name.
                let own = self.declare(param.text());
                self.b.assign(param, own, value);
            }
            "destructured_parameter" => {
                let inner: Vec<NodeRef<'_>> = items(param).collect();
                self.take_apart(param, &inner, value);
            }
            _ => {
                if let Some(name) = param.child(Field::Name) {
                    let own = self.declare(name.text());
                    let value = match param.kind() {
                        "splat_parameter" => self.b.emit(param, Op::Mix(vec![value])),
                        _ => value,
                    };
                    self.b.assign(param, own, value);
                }
            }
        }
    }

    /// `inject(start) { |sum, item| }`, `each_with_object(start) { |item, all| }`
    fn fold(&mut self, node: NodeRef<'_>, block: NodeRef<'_>, name: &str) -> Option<Slot> {
        let receiver = node.child(Field::Object)?;
        let list = block.child(Field::Parameters);
        let params: Vec<NodeRef<'_>> = list.into_iter().flat_map(items).collect();
        let [first, second] = params.as_slice() else {
            return None;
        };
        let subject = self.expression(receiver);
        let start = node.child(Field::Arguments).and_then(first_item);
        let start = self.optional(node, start);
        let is_sum = name != "each_with_object";
        let (sum, each) = if is_sum {
            (*first, *second)
        } else {
            (*second, *first)
        };
        let result = self.b.temp();
        self.b.assign(node, result, start);
        let label = self.b.begin_loop(None);
        let item = self.b.temp();
        self.enter_scope(true);
        self.b.enter_scope();
        self.b.open();
        self.bind_param(sum, result);
        self.bind_param(each, item);
        self.inside.loops.push(Round {
            value: is_sum.then_some(result),
            label: None,
        });
        let out = if is_sum { Out::Into(result) } else { Out::Drop };
        if let Some(body) = block.child(Field::Body) {
            self.body(body, out);
        }
        self.inside.loops.pop();
        let body = self.b.close();
        self.b.leave_scope();
        self.scopes.pop();
        let kind = EachKind::Entries;
        self.b
            .end_each(node, label, (subject, kind), (item, None), body);
        Some(result)
    }

    /// `loop do ... end`
    fn endless(&mut self, node: NodeRef<'_>, block: NodeRef<'_>) -> Slot {
        let label = self.b.begin_loop(None);
        self.inside.loops.push(Round::default());
        self.enter_scope(true);
        self.b.enter_scope();
        self.b.open();
        if let Some(body) = block.child(Field::Body) {
            self.body(body, Out::Drop);
        }
        let body = self.b.close();
        self.b.leave_scope();
        self.scopes.pop();
        self.inside.loops.pop();
        let parts = LoopParts {
            body,
            ..LoopParts::default()
        };
        self.b.end_loop(node, label, parts);
        self.b.unknown(node)
    }
}
