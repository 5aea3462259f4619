//! What Ruby assigns to: variables, members, elements, lists of these.

use assay_syntax::{Field, NodeRef};

use super::expression::op;
use super::name::dotted;
use super::{Ruby, first_item, items};
use crate::flow::ir::{Arg, BinaryOp, LogicalOp, Op, Slot};
use crate::flow::lower::walk::Walk;

impl Ruby<'_> {
    pub(super) fn assignment(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return self.b.unknown(node);
        };
        if left.kind() == "constant" && self.record_constant(left, right) {
            return self.constant(left);
        }
        let value = match right.kind() {
            "right_assignment_list" => {
                let args = self.arguments_in(right);
                self.b.list(right, args)
            }
            "splat_argument" => {
                let arg = Arg::spread(self.first(right));
                self.b.list(right, vec![arg])
            }
            _ => self.expression(right),
        };
        if left.kind() == "identifier" {
            let is_text = is_own_text(right);
            let name = left.text().to_owned();
            let texts = &mut self.scope().texts;
            match is_text {
                true => texts.insert(name),
                false => texts.remove(&name),
            };
        }
        self.assign_to(left, value);
        value
    }

    /// `a += b`, `a ||= b`.
    pub(super) fn augmented(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return self.b.unknown(node);
        };
        let before = match (left.kind(), left.text()) {
            // What is not set is nothing.
            ("identifier", name) if !self.is_variable(name) => self.b.null(left),
            ("constant", _) => self.b.unknown(left),
            _ => self.expression(left),
        };
        let operator = node.child(Field::Operator).map_or("", NodeRef::text);
        let value = match operator {
            "||=" | "&&=" => {
                let logical = match operator {
                    "||=" => LogicalOp::Or,
                    _ => LogicalOp::And,
                };
                self.b.open();
                let value = self.expression(right);
                let block = self.b.close();
                self.b.logical(node, logical, before, block, value)
            }
            "<<=" => {
                let value = self.expression(right);
                self.b.binary(node, BinaryOp::Add, before, value)
            }
            _ => {
                let value = self.expression(right);
                match op(operator.trim_end_matches('=')) {
                    Some(op) => self.b.binary(node, op, before, value),
                    None => self.b.mix(node, vec![before, value]),
                }
            }
        };
        self.assign_to(left, value);
        value
    }

    /// Sets a variable, which is from then on.
    pub(super) fn assign_name(&mut self, node: NodeRef<'_>, name: &str, value: Slot) {
        let slot = match self.variable(name) {
            Some(slot) => slot,
            None => self.declare(name),
        };
        self.b.assign(node, slot, value);
    }

    /// Assigns a value to whatever stands on the left.
    pub(super) fn assign_to(&mut self, target: NodeRef<'_>, value: Slot) {
        if !self.b.descend() {
            return;
        }
        match target.kind() {
            "identifier" => self.assign_name(target, target.text(), value),
            "instance_variable" => self.assign_member(target, value),
            "class_variable" => {
                let name = self.class_variable(target.text());
                self.b.store_global(target, &name, value);
            }
            "global_variable" => self.b.store_global(target, target.text(), value),
            "constant" => {
                let name = self.own_name(target.text());
                self.b.store_global(target, &name, value);
            }
            "scope_resolution" => {
                let name = self.own_name(&dotted(target.text()).replace('.', "::"));
                self.b.store_global(target, &name, value);
            }
            "call" => {
                let object = match target.child(Field::Object) {
                    Some(object) => self.expression(object),
                    None => self.b.unknown(target),
                };
                let name = target.child(Field::Property).map_or("", NodeRef::text);
                self.b.store(target, object, name, value);
            }
            "element_reference" => {
                let object = self.operand(target, Field::Object);
                let mut indices = items(target).filter(|n| n.field() == assay_syntax::Field::None);
                let index = indices.next().map(|index| self.expression(index));
                self.b.store_index(target, object, index, value);
            }
            "left_assignment_list" | "destructured_left_assignment" => {
                let parts: Vec<NodeRef<'_>> = items(target).collect();
                self.take_apart(target, &parts, value);
            }
            "rest_assignment" | "exception_variable" => {
                if let Some(inner) = first_item(target) {
                    self.assign_to(inner, value);
                }
            }
            _ => {}
        }
        self.b.ascend();
    }

    /// `a, (b, *c), d = value`
    pub(super) fn take_apart(&mut self, at: NodeRef<'_>, parts: &[NodeRef<'_>], value: Slot) {
        let is_rest =
            |part: &NodeRef<'_>| matches!(part.kind(), "rest_assignment" | "splat_parameter");
        let rest = parts.iter().position(is_rest);
        let mut slots = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            let slot = match rest {
                Some(rest) if place == rest => {
                    let after = (parts.len() - 1 - rest) as i64;
                    let from = self.b.int(*part, place as i64);
                    let to = (after > 0).then(|| self.b.int(*part, -after));
                    self.b.emit(*part, Op::Slice(value, Some(from), to))
                }
                Some(rest) if place > rest => {
                    let index = self.b.int(*part, place as i64 - parts.len() as i64);
                    self.b.load_index(*part, value, index)
                }
                _ => {
                    let index = self.b.int(*part, place as i64);
                    self.b.load_index(*part, value, index)
                }
            };
            slots.push(slot);
        }
        for (part, slot) in parts.iter().zip(slots) {
            match part.kind() {
                "destructured_parameter" => {
                    if self.b.descend() {
                        let inner: Vec<NodeRef<'_>> = items(*part).collect();
                        self.take_apart(*part, &inner, slot);
                        self.b.ascend();
                    }
                }
                "splat_parameter" | "optional_parameter" => {
                    if let Some(name) = part.child(Field::Name) {
                        let own = self.declare(name.text());
                        self.b.assign(*part, own, slot);
                    }
                }
                "identifier" if at.kind().ends_with("parameter") => {
                    let own = self.declare(part.text());
                    self.b.assign(*part, own, slot);
                }
                _ => self.assign_to(*part, slot),
            }
        }
    }

    fn assign_member(&mut self, target: NodeRef<'_>, value: Slot) {
        let name = target.text();
        match self.receiver().filter(|_| self.inside.has_members) {
            Some(receiver) => self.b.store(target, receiver, name, value),
            None => {
                let slot = match self.b.lookup(name) {
                    Some(slot) => slot,
                    None => self.b.declare_in_function(name, None),
                };
                self.b.assign(target, slot, value);
            }
        }
    }

    /// Reads `@name`.
    pub(super) fn member(&mut self, node: NodeRef<'_>) -> Slot {
        let name = node.text();
        match self.receiver().filter(|_| self.inside.has_members) {
            Some(receiver) => self.b.load(node, receiver, name),
            None => match self.b.lookup(name) {
                Some(slot) => slot,
                None => self.b.unknown(node),
            },
        }
    }

    /// Returns the qualified name of `@@name`.
    pub(super) fn class_variable(&self, name: &str) -> String {
        match self.own_class() {
            Some(class) => format!("{class}.{name}"),
            None => name.to_owned(),
        }
    }
}

/// Returns whether an expression makes a text that may be added to.
fn is_own_text(node: NodeRef<'_>) -> bool {
    let mut node = node;
    loop {
        let of = match node.kind() {
            "string" | "chained_string" | "heredoc_beginning" => return true,
            "unary" => node.child(Field::Operand),
            "binary" => node.child(Field::Left),
            "call" => {
                let object = node.child(Field::Object);
                match node.child(Field::Property).map_or("", NodeRef::text) {
                    "dup" | "to_s" | "clone" | "chomp" | "strip" => object,
                    "new" => return object.is_some_and(|object| object.text() == "String"),
                    _ => None,
                }
            }
            _ => None,
        };
        match of {
            Some(of) => node = of,
            None => return false,
        }
    }
}
