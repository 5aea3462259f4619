//! Blocks, conditions, matches and loops, which all have values: where a value
//! goes is known before it is lowered, so that each branch puts its own there.

use assay_syntax::{Field, NodeRef};

use super::declaration::Owner;
use super::name::bare;
use super::{Breaking, Exit, Rust, item_nodes};
use crate::flow::builder::LoopParts;
use crate::flow::ir::{Arg, Block, EachKind, Op, Slot};
use crate::flow::lower::walk::Walk;

/// Where the value of an expression goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Nowhere.
    Nothing,
    /// Into a slot.
    Slot(Slot),
    /// To who called.
    Return,
}

impl Rust<'_, '_> {
    /// Lowers the body of a function.
    pub(super) fn body(&mut self, node: NodeRef<'_>) {
        self.value_to(node, Goal::Return);
    }

    /// Lowers an expression, and puts its value where it goes.
    pub(super) fn value_to(&mut self, node: NodeRef<'_>, goal: Goal) {
        if !self.b.descend() {
            return;
        }
        match node.kind() {
            "block" => self.block_to(node, goal),
            "unsafe_block" | "const_block" => {
                if let Some(inner) = node.named_children().find(|n| n.kind() == "block") {
                    self.block_to(inner, goal);
                }
            }
            "if_expression" => self.if_to(node, goal),
            "match_expression" => self.match_to(node, goal),
            _ => {
                let value = self.expression(node);
                self.put(node, goal, value);
            }
        }
        self.b.ascend();
    }

    fn put(&mut self, node: NodeRef<'_>, goal: Goal, value: Slot) {
        match goal {
            Goal::Nothing => {}
            Goal::Slot(slot) => self.b.assign(node, slot, value),
            Goal::Return => self.leave_with(node, Some(value)),
        }
    }

    /// Leaves the function, or the block that stands for one.
    pub(super) fn leave_with(&mut self, node: NodeRef<'_>, value: Option<Slot>) {
        match self.exits.last() {
            Some(Exit::Block(slot, label)) => {
                let (slot, label) = (*slot, label.clone());
                if let Some(value) = value {
                    self.b.assign(node, slot, value);
                }
                self.b.break_out(node, Some(&label));
            }
            _ => self.b.return_value(node, value),
        }
    }

    fn block_to(&mut self, node: NodeRef<'_>, goal: Goal) {
        let label = node.children().next().filter(|n| n.kind() == "label");
        let Some(label) = label else {
            self.statements(node, goal);
            return;
        };
        let name = label.text().to_owned();
        let value = self.b.temp();
        let place = self.b.begin_labelled(Some(&name));
        self.breaking.push(Breaking {
            label: Some(name),
            value,
            is_loop: false,
        });
        self.b.open();
        self.statements(node, Goal::Slot(value));
        let body = self.b.close();
        self.breaking.pop();
        self.b.end_labelled(node, place, body);
        self.put(node, goal, value);
    }

    /// Lowers the statements of a block; the last expression is its value.
    fn statements(&mut self, node: NodeRef<'_>, goal: Goal) {
        self.b.enter_scope();
        let items = item_nodes(node);
        let is_item =
            |n: &&NodeRef<'_>| n.kind().ends_with("_item") || n.kind() == "use_declaration";
        let outer = items
            .iter()
            .any(|n| is_item(&n))
            .then(|| self.names.clone());
        if outer.is_some() {
            self.local_items(node, &items);
        }
        let children: Vec<NodeRef<'_>> = items.into_iter().filter(|n| !is_item(&n)).collect();
        let last = children.last().copied().filter(|last| is_value(*last));
        let before = children.len() - usize::from(last.is_some());
        for child in &children[..before] {
            self.statement(*child);
        }
        match last {
            Some(last) => {
                let inner = match last.kind() {
                    "expression_statement" => last.named_children().next().unwrap_or(last),
                    _ => last,
                };
                self.value_to(inner, goal);
            }
            None if goal == Goal::Return => {
                let nothing = self.b.unknown(node);
                self.leave_with(node, Some(nothing));
            }
            None => {}
        }
        self.b.leave_scope();
        if let Some(outer) = outer {
            self.names = outer;
        }
    }

    /// Functions that stand in others are variables that hold closures.
    fn local_items(&mut self, node: NodeRef<'_>, items: &[NodeRef<'_>]) {
        self.declare(node);
        let functions = items.iter().filter(|item| item.kind() == "function_item");
        let functions: Vec<NodeRef<'_>> = functions.copied().collect();
        let mut slots = Vec::new();
        for function in &functions {
            let name = function.child(Field::Name).map_or("", |n| bare(n.text()));
            slots.push(self.b.declare(name, None));
        }
        for item in items {
            match item.kind() {
                "const_item" | "static_item" => self.constant_item(*item),
                "function_item" | "use_declaration" => {}
                _ => self.item(*item),
            }
        }
        for (function, slot) in functions.into_iter().zip(slots) {
            let id = self.function(function, &Owner::Module);
            self.b.emit_into(function, slot, Op::Closure(id));
        }
    }

    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            "let_declaration" => self.variable_declaration(node),
            "expression_statement" => {
                if let Some(inner) = node.named_children().next() {
                    self.value_to(inner, Goal::Nothing);
                }
            }
            "empty_statement"
            | "attribute_item"
            | "inner_attribute_item"
            | "macro_definition"
            | "label" => {}
            kind if kind.ends_with("_item") || kind == "use_declaration" => {}
            _ => self.value_to(node, Goal::Nothing),
        }
    }

    fn variable_declaration(&mut self, node: NodeRef<'_>) {
        let Some(pattern) = node.child(Field::Pattern) else {
            return;
        };
        let ty = node.child(Field::Type);
        let Some(value) = node.child(Field::Value) else {
            self.unset(pattern, ty);
            return;
        };
        let is_mutable = node
            .children()
            .any(|child| child.kind() == "mutable_specifier");
        let expected = ty.and_then(|ty| self.ty(ty));
        let outer = std::mem::replace(&mut self.expected, expected);
        let mut slot = self.expression(value);
        self.expected = outer;
        let is_builder = is_mutable && self.is_owned_text(value);
        if is_builder {
            let text = vec![Arg::plain(slot)];
            slot = self.b.call_global(value, "core.text", text);
        }
        if let Some(otherwise) = node.child(Field::Alternative) {
            let test = self.test(pattern, slot);
            let otherwise = self.block_in(otherwise, Goal::Nothing);
            if let Some(test) = test {
                self.b.branch(node, test, Block::new(), otherwise);
            }
        }
        self.bind(pattern, slot, ty);
        if is_builder && let Some(own) = self.b.local(bare(pattern.text())) {
            self.builders.push(own);
        }
    }

    /// A variable without a value yet.
    fn unset(&mut self, pattern: NodeRef<'_>, ty: Option<NodeRef<'_>>) {
        if let Some(name) = super::declaration::variable(pattern) {
            let ty = ty.and_then(|ty| self.ty(ty));
            self.b.declare(bare(name.text()), ty.as_deref());
        }
    }

    /// Lowers an expression into a block of its own.
    fn block_in(&mut self, node: NodeRef<'_>, goal: Goal) -> Block {
        self.b.open();
        self.b.enter_scope();
        self.value_to(node, goal);
        self.b.leave_scope();
        self.b.close()
    }

    fn if_to(&mut self, node: NodeRef<'_>, goal: Goal) {
        let (Some(cond), Some(then)) =
            (node.child(Field::Condition), node.child(Field::Consequence))
        else {
            return;
        };
        let otherwise = node.child(Field::Alternative);
        let otherwise = otherwise.and_then(|clause| clause.named_children().next());
        match cond.kind() {
            "let_chain" => {
                let name = self.fresh_label();
                let label = self.b.begin_labelled(Some(&name));
                self.b.open();
                let conditions: Vec<NodeRef<'_>> = cond.named_children().collect();
                self.chain(node, &conditions, &mut |this| {
                    this.value_to(then, goal);
                    this.b.break_out(node, Some(&name));
                });
                self.otherwise_to(node, otherwise, goal);
                let body = self.b.close();
                self.b.end_labelled(node, label, body);
            }
            "let_condition" => {
                let (Some(pattern), Some(value)) =
                    (cond.child(Field::Pattern), cond.child(Field::Value))
                else {
                    return;
                };
                let value = self.expression(value);
                let test = self.test(pattern, value);
                self.b.open();
                self.b.enter_scope();
                self.bind(pattern, value, None);
                self.value_to(then, goal);
                self.b.leave_scope();
                let then = self.b.close();
                self.b.open();
                self.otherwise_to(node, otherwise, goal);
                let otherwise = self.b.close();
                let test = test.unwrap_or_else(|| self.b.unknown(node));
                self.b.branch(node, test, then, otherwise);
            }
            _ => {
                let cond = self.expression(cond);
                let then = self.block_in(then, goal);
                self.b.open();
                self.otherwise_to(node, otherwise, goal);
                let otherwise = self.b.close();
                self.b.branch(node, cond, then, otherwise);
            }
        }
    }

    fn otherwise_to(&mut self, node: NodeRef<'_>, otherwise: Option<NodeRef<'_>>, goal: Goal) {
        self.b.enter_scope();
        match otherwise {
            Some(otherwise) => self.value_to(otherwise, goal),
            None if goal == Goal::Return => {
                let nothing = self.b.unknown(node);
                self.leave_with(node, Some(nothing));
            }
            None => {}
        }
        self.b.leave_scope();
    }

    /// Lowers conditions of which all must hold, and what is done then.
    fn chain(
        &mut self,
        node: NodeRef<'_>,
        conditions: &[NodeRef<'_>],
        then: &mut dyn FnMut(&mut Self),
    ) {
        let Some((first, rest)) = conditions.split_first() else {
            then(self);
            return;
        };
        let (test, bound) = match first.kind() {
            "let_condition" => {
                let (Some(pattern), Some(value)) =
                    (first.child(Field::Pattern), first.child(Field::Value))
                else {
                    return;
                };
                let value = self.expression(value);
                (self.test(pattern, value), Some((pattern, value)))
            }
            _ => (Some(self.expression(*first)), None),
        };
        self.b.open();
        self.b.enter_scope();
        if let Some((pattern, value)) = bound {
            self.bind(pattern, value, None);
        }
        if self.b.descend() {
            self.chain(node, rest, then);
            self.b.ascend();
        }
        self.b.leave_scope();
        let block = self.b.close();
        let test = test.unwrap_or_else(|| self.b.unknown(node));
        self.b.branch(node, test, block, Block::new());
    }

    fn match_to(&mut self, node: NodeRef<'_>, goal: Goal) {
        let (Some(subject), Some(body)) = (node.child(Field::Value), node.child(Field::Body))
        else {
            return;
        };
        let subject = self.expression(subject);
        let arms: Vec<NodeRef<'_>> = body
            .named_children()
            .filter(|child| child.kind() == "match_arm")
            .collect();
        let name = self.fresh_label();
        let label = self.b.begin_labelled(Some(&name));
        self.b.open();
        let last = arms.len().saturating_sub(1);
        for (at, arm) in arms.into_iter().enumerate() {
            let (Some(pattern), Some(value)) = (arm.child(Field::Pattern), arm.child(Field::Value))
            else {
                continue;
            };
            let guard = pattern.child(Field::Condition);
            let Some(pattern) = pattern.children().next() else {
                continue;
            };
            // One of the arms is taken: when no other is, the last one.
            let test = match at == last && guard.is_none() {
                true => None,
                false => self.test(pattern, subject),
            };
            self.b.open();
            self.b.enter_scope();
            self.bind(pattern, subject, None);
            let conditions: Vec<NodeRef<'_>> = match guard {
                Some(chain) if chain.kind() == "let_chain" => chain.named_children().collect(),
                guard => guard.into_iter().collect(),
            };
            self.chain(arm, &conditions, &mut |this| {
                this.value_to(value, goal);
                this.b.break_out(arm, Some(&name));
            });
            self.b.leave_scope();
            let block = self.b.close();
            match test {
                Some(test) => self.b.branch(arm, test, block, Block::new()),
                None => {
                    let always = self.b.begin_labelled(None);
                    self.b.end_labelled(arm, always, block);
                    if guard.is_none() {
                        break;
                    }
                }
            }
        }
        let block = self.b.close();
        self.b.end_labelled(node, label, block);
    }

    /// Lowers a loop; its value is what leaves it.
    pub(super) fn loop_value(&mut self, node: NodeRef<'_>) -> Slot {
        let name = node.children().find(|child| child.kind() == "label");
        let name = name.map(|name| name.text().to_owned());
        let value = self.b.temp();
        let label = self.b.begin_loop(name.as_deref());
        self.breaking.push(Breaking {
            label: name.clone(),
            value,
            is_loop: true,
        });
        match node.kind() {
            "for_expression" => self.for_loop(node, label),
            "while_expression" => self.while_loop_of(node, label),
            _ => {
                self.b.open();
                if let Some(body) = node.child(Field::Body) {
                    self.value_to(body, Goal::Nothing);
                }
                let body = self.b.close();
                let parts = LoopParts {
                    body,
                    ..LoopParts::default()
                };
                self.b.end_loop(node, label, parts);
            }
        }
        self.breaking.pop();
        value
    }

    fn while_loop_of(&mut self, node: NodeRef<'_>, label: crate::flow::ir::Label) {
        let (Some(cond), Some(body)) = (node.child(Field::Condition), node.child(Field::Body))
        else {
            self.b.end_loop(node, label, LoopParts::default());
            return;
        };
        let mut parts = LoopParts::default();
        if matches!(cond.kind(), "let_chain" | "let_condition") {
            let conditions: Vec<NodeRef<'_>> = match cond.kind() {
                "let_chain" => cond.named_children().collect(),
                _ => vec![cond],
            };
            let name = self.fresh_label();
            self.b.open();
            let inner = self.b.begin_labelled(Some(&name));
            self.b.open();
            self.chain(node, &conditions, &mut |this| {
                this.value_to(body, Goal::Nothing);
                this.b.break_out(node, Some(&name));
            });
            self.b.break_out(node, None);
            let block = self.b.close();
            self.b.end_labelled(node, inner, block);
            parts.body = self.b.close();
        } else {
            self.b.open();
            parts.cond = Some(self.expression(cond));
            parts.head = self.b.close();
            parts.body = self.block_in(body, Goal::Nothing);
        }
        self.b.end_loop(node, label, parts);
    }

    fn for_loop(&mut self, node: NodeRef<'_>, label: crate::flow::ir::Label) {
        let (Some(pattern), Some(value)) = (node.child(Field::Pattern), node.child(Field::Value))
        else {
            self.b.end_loop(node, label, LoopParts::default());
            return;
        };
        let counted = counted(pattern, value);
        // What is iterated is no part of the loop.
        let own = self.breaking.pop();
        let subject = self.expression(counted.map_or(value, |(of, _, _)| of));
        self.breaking.extend(own);
        let item = self.b.temp();
        let key = counted.map(|_| self.b.temp());
        self.b.open();
        self.b.enter_scope();
        match (counted, key) {
            (Some((_, place, inner)), Some(key)) => {
                self.bind(place, key, None);
                self.bind(inner, item, None);
            }
            _ => self.bind(pattern, item, None),
        }
        if let Some(body) = node.child(Field::Body) {
            self.value_to(body, Goal::Nothing);
        }
        self.b.leave_scope();
        let body = self.b.close();
        let of = (subject, EachKind::Entries);
        self.b.end_each(node, label, of, (item, key), body);
    }

    pub(super) fn break_value(&mut self, node: NodeRef<'_>) {
        let label = node.named_children().find(|n| n.kind() == "label");
        let value = node.named_children().find(|n| n.kind() != "label");
        if let Some(value) = value {
            let value = self.expression(value);
            let target = self.breaking.iter().rev().find(|breaking| match label {
                Some(label) => breaking.label.as_deref() == Some(label.text()),
                None => breaking.is_loop,
            });
            if let Some(slot) = target.map(|target| target.value) {
                self.b.assign(node, slot, value);
            }
        }
        self.b.break_out(node, label.map(NodeRef::text));
    }

    /// Lowers `async { ... }` and the like: it is run where it stands.
    pub(super) fn future(&mut self, node: NodeRef<'_>) -> Slot {
        let value = self.b.temp();
        let Some(inner) = node.named_children().find(|n| n.kind() == "block") else {
            return value;
        };
        let name = self.fresh_label();
        let label = self.b.begin_labelled(Some(&name));
        let breaking = std::mem::take(&mut self.breaking);
        self.exits.push(Exit::Block(value, name));
        let body = self.block_in(inner, Goal::Slot(value));
        self.exits.pop();
        self.breaking = breaking;
        self.b.end_labelled(node, label, body);
        value
    }

    /// Lowers `value?`.
    pub(super) fn attempt(&mut self, node: NodeRef<'_>, value: Slot) -> Slot {
        let test = self.helper(node, "core.succeeds", value);
        self.b.open();
        let nothing = self.b.null(node);
        self.leave_with(node, Some(nothing));
        let otherwise = self.b.close();
        self.b.branch(node, test, Block::new(), otherwise);
        self.helper(node, "core.success", value)
    }
}

/// `for (at, item) in list.iter().enumerate()`: what is iterated, and the
/// patterns of the place and of the item.
fn counted<'n>(
    pattern: NodeRef<'n>,
    value: NodeRef<'n>,
) -> Option<(NodeRef<'n>, NodeRef<'n>, NodeRef<'n>)> {
    let function = value.child(Field::Function)?;
    let name = function.child(Field::Property)?;
    if name.text() != "enumerate" || pattern.kind() != "tuple_pattern" {
        return None;
    }
    let mut parts = pattern
        .children()
        .filter(|child| child.is_named() || child.kind() == "_");
    Some((function.child(Field::Value)?, parts.next()?, parts.next()?))
}

/// Returns whether what stands last in a block is its value.
fn is_value(node: NodeRef<'_>) -> bool {
    match node.kind() {
        "let_declaration" | "empty_statement" | "macro_definition" | "label" => false,
        "expression_statement" => node.children().last().is_none_or(|n| n.kind() != ";"),
        kind => !kind.ends_with("_item"),
    }
}
