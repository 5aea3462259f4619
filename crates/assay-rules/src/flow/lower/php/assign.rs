//! What PHP assigns to: variables, members, elements, lists of these.

use assay_syntax::{Field, NodeRef};

use super::expression::{op, operator};
use super::literal::key;
use super::name::join;
use super::{BOXED, Php, SUPERGLOBALS, bare, superglobal_part};
use crate::flow::ir::{Arg, BinaryOp, LogicalOp, Slot};
use crate::flow::lower::walk::Walk;

impl Php<'_> {
    pub(super) fn assignment(&mut self, node: NodeRef<'_>) -> Slot {
        let value = self.operand(node, Field::Right);
        if let Some(left) = node.child(Field::Left) {
            self.assign_to(left, value);
        }
        value
    }

    /// `$a = &$b` makes `$a` another name of the variable.
    pub(super) fn reference_assignment(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return self.b.unknown(node);
        };
        let value = self.expression(right);
        if left.kind() == "variable_name" && right.kind() == "variable_name" {
            self.b.bind(bare(left), value);
        } else {
            self.assign_to(left, value);
        }
        value
    }

    pub(super) fn augmented(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return self.b.unknown(node);
        };
        let before = self.expression(left);
        let operator = operator(node).trim_end_matches('=');
        let value = if operator == "??" {
            self.logical_with(node, LogicalOp::Coalesce, before, right)
        } else {
            let right = self.expression(right);
            let op = op(operator).unwrap_or(BinaryOp::Concat);
            self.b.binary(node, op, before, right)
        };
        self.assign_to(left, value);
        value
    }

    pub(super) fn update(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.child(Field::Operand) else {
            return self.b.unknown(node);
        };
        let value = self.expression(target);
        let before = self.b.copy(node, value);
        let one = self.b.int(node, 1);
        let is_up = node.text().contains("++");
        let op = if is_up { BinaryOp::Add } else { BinaryOp::Sub };
        let after = self.b.binary(node, op, before, one);
        self.assign_to(target, after);
        let is_prefix = node
            .children()
            .next()
            .is_some_and(|first| !first.is_named());
        if is_prefix { after } else { before }
    }

    /// Sets a variable, also in the box that it was handed over in.
    pub(super) fn assign_variable(&mut self, node: NodeRef<'_>, name: &str, value: Slot) {
        if name == "this" {
            return;
        }
        let slot = self.b.declare_in_function(name, None);
        self.b.assign(node, slot, value);
        if let Some(holder) = self.inside.boxes.get(name).copied() {
            self.b.store(node, holder, BOXED, slot);
        }
    }

    /// Assigns a value to whatever stands on the left.
    pub(super) fn assign_to(&mut self, target: NodeRef<'_>, value: Slot) {
        if !self.b.descend() {
            return;
        }
        match target.kind() {
            "variable_name" => {
                let name = bare(target);
                if SUPERGLOBALS.contains(&name) {
                    self.b.store_global(target, &format!("${name}"), value);
                } else {
                    self.assign_variable(target, name, value);
                }
            }
            "by_ref" => {
                if let Some(inner) = target.named_children().next() {
                    self.assign_to(inner, value);
                }
            }
            "member_access_expression" | "nullsafe_member_access_expression" => {
                let object = self.operand(target, Field::Object);
                match target.child(Field::Name) {
                    Some(name) if name.kind() == "name" => {
                        self.b.store(target, object, name.text(), value);
                    }
                    Some(name) => {
                        let name = self.expression(name);
                        self.b.store_index(target, object, Some(name), value);
                    }
                    None => {}
                }
            }
            "scoped_property_access_expression" => {
                let scope = target.child(Field::Object);
                let name = target.child(Field::Name).map_or("", bare);
                if let Some(class) = scope.and_then(|scope| self.class_name(scope)) {
                    let name = join(&class, name);
                    self.b.store_global(target, &name, value);
                }
            }
            "subscript_expression" => self.assign_element(target, value),
            "list_literal" | "array_creation_expression" => self.destructure(target, value),
            "dynamic_variable_name" => {
                let name = self.first(target);
                let args = vec![Arg::plain(name), Arg::plain(value)];
                self.b.call_global(target, "variable variable", args);
            }
            "cast_expression" => {}
            _ => {
                self.expression(target);
            }
        }
        self.b.ascend();
    }

    fn assign_element(&mut self, target: NodeRef<'_>, value: Slot) {
        let mut parts = target.named_children();
        let Some(object) = parts.next() else { return };
        let index = parts.next();
        if let Some(name) = superglobal_part(target)
            && let Some(slot) = self.b.local(&name)
        {
            self.b.assign(target, slot, value);
        }
        if object.kind() == "variable_name"
            && bare(object) == "GLOBALS"
            && let Some(name) = index.and_then(key)
        {
            let slot = self.b.lookup_top(&name);
            self.b.assign(target, slot, value);
            return;
        }
        let container = self.container(object);
        let index = index.map(|index| self.index(index));
        self.b.store_index(target, container, index, value);
        if object.kind() == "variable_name"
            && let Some(holder) = self.inside.boxes.get(bare(object)).copied()
        {
            self.b.store(target, holder, BOXED, container);
        }
    }

    /// Lowers what an element is stored into; an array comes into being where
    /// there was none.
    fn container(&mut self, node: NodeRef<'_>) -> Slot {
        match node.kind() {
            "variable_name" | "member_access_expression" => self.expression(node),
            "subscript_expression" if superglobal_part(node).is_none() => {
                let inner = self.expression(node);
                let result = self.b.temp();
                self.b.assign(node, result, inner);
                // Where nothing was under the key, an array is from now on.
                let null = self.b.null(node);
                let is_missing = self.b.binary(node, BinaryOp::Eq, inner, null);
                self.b.open();
                let list = self.b.list(node, Vec::new());
                self.assign_to(node, list);
                self.b.assign(node, result, list);
                let then = self.b.close();
                self.b.branch(node, is_missing, then, Vec::new());
                result
            }
            _ => self.expression(node),
        }
    }

    /// `[$a, 'k' => $b, [$c]] = ...`
    fn destructure(&mut self, pattern: NodeRef<'_>, value: Slot) {
        let mut next = 0;
        let mut key_node: Option<NodeRef<'_>> = None;
        let mut pending: Option<NodeRef<'_>> = None;
        let mut items: Vec<(Option<NodeRef<'_>>, i64, NodeRef<'_>)> = Vec::new();
        for child in pattern.children() {
            match child.kind() {
                "," | "]" | ")" => {
                    if let Some(target) = pending.take() {
                        items.push((key_node.take(), next, target));
                    }
                    next += 1;
                }
                "=>" => key_node = pending.take(),
                "array_element_initializer" => {
                    let mut parts: Vec<NodeRef<'_>> = child.named_children().collect();
                    pending = parts.pop();
                    key_node = parts.pop();
                }
                _ if child.is_named() && child.kind() != "comment" => pending = Some(child),
                _ => {}
            }
        }
        for (key, place, target) in items {
            let index = match key {
                Some(key) => self.index(key),
                None => self.b.int(target, place),
            };
            let part = self.b.load_index(target, value, index);
            self.assign_to(target, part);
        }
    }
}
