//! Assignments: to variables, members and elements, and patterns that take
//! values apart.

use assay_syntax::{Field, NodeRef};

use super::{JavaScript, key_text};
use crate::flow::ir::{Arg, LogicalOp, Op, Slot};
use crate::flow::lower::walk::Walk;

impl JavaScript<'_> {
    /// Binds a pattern of a declaration or parameter, whose variables belong
    /// to the current function.
    pub(super) fn bind(&mut self, pattern: NodeRef<'_>, value: Slot) {
        self.take_apart(pattern, value, true);
    }

    /// Assigns to what stands on the left of an assignment.
    pub(super) fn assign_to(&mut self, node: NodeRef<'_>, target: NodeRef<'_>, value: Slot) {
        match target.kind() {
            "member_expression" => self.assign_member(node, target, value),
            "subscript_expression" => {
                let (object, index) = (target.child(Field::Object), target.child(Field::Index));
                let (Some(object), Some(index)) = (object, index) else {
                    return;
                };
                let object = self.expression(object);
                match super::literal::string_of(index) {
                    Some(key) => self.b.store(node, object, &key, value),
                    None => {
                        let index = self.expression(index);
                        self.b.store_index(node, object, Some(index), value);
                    }
                }
            }
            "parenthesized_expression"
            | "non_null_expression"
            | "as_expression"
            | "satisfies_expression" => {
                if let Some(inner) = target.named_children().next() {
                    self.assign_to(node, inner, value);
                }
            }
            _ => self.take_apart(target, value, false),
        }
    }

    fn take_apart(&mut self, pattern: NodeRef<'_>, value: Slot, declares: bool) {
        if !self.b.descend() {
            return;
        }
        match pattern.kind() {
            "identifier" | "shorthand_property_identifier_pattern" | "undefined" => {
                self.assign_name(pattern, value, declares);
            }
            "object_pattern" => self.take_object(pattern, value, declares),
            "array_pattern" => self.take_array(pattern, value, declares),
            "assignment_pattern" | "object_assignment_pattern" => {
                let (left, right) = (pattern.child(Field::Left), pattern.child(Field::Right));
                if let Some(left) = left {
                    let value = self.or_default(pattern, value, right);
                    self.take_apart(left, value, declares);
                }
            }
            "rest_pattern" => {
                if let Some(inner) = pattern.named_children().next() {
                    self.take_apart(inner, value, declares);
                }
            }
            _ => self.assign_to(pattern, pattern, value),
        }
        self.b.ascend();
    }

    fn assign_name(&mut self, name: NodeRef<'_>, value: Slot, declares: bool) {
        if declares {
            let slot = self.variable(name);
            self.b.assign(name, slot, value);
            return;
        }
        match self.b.lookup(name.text()) {
            Some(slot) => self.b.assign(name, slot, value),
            None => self.b.store_global(name, name.text(), value),
        }
    }

    fn take_object(&mut self, pattern: NodeRef<'_>, value: Slot, declares: bool) {
        let mut taken = Vec::new();
        for part in pattern.named_children() {
            match part.kind() {
                "shorthand_property_identifier_pattern" => {
                    let member = self.member(part, value, part.text());
                    taken.push(part.text().to_owned());
                    self.take_apart(part, member, declares);
                }
                "object_assignment_pattern" => {
                    let (Some(left), right) = (part.child(Field::Left), part.child(Field::Right))
                    else {
                        continue;
                    };
                    let member = self.member(part, value, left.text());
                    taken.push(left.text().to_owned());
                    let member = self.or_default(part, member, right);
                    self.take_apart(left, member, declares);
                }
                "pair_pattern" => {
                    let (Some(key), Some(inner)) =
                        (part.child(Field::Key), part.child(Field::Value))
                    else {
                        continue;
                    };
                    let member = match key_text(key) {
                        Some(name) if key.kind() != "computed_property_name" => {
                            taken.push(name.clone());
                            self.member(part, value, &name)
                        }
                        _ => {
                            let key = self.key(key);
                            self.b.load_index(part, value, key)
                        }
                    };
                    self.take_apart(inner, member, declares);
                }
                "rest_pattern" => {
                    let rest = self.b.emit(part, Op::Map(vec![(None, value)]));
                    for name in &taken {
                        let none = self.b.null(part);
                        self.b.store(part, rest, name, none);
                    }
                    self.take_apart(part, rest, declares);
                }
                _ => {}
            }
        }
    }

    fn take_array(&mut self, pattern: NodeRef<'_>, value: Slot, declares: bool) {
        let mut at = 0;
        for part in pattern.children() {
            match part.kind() {
                "," => at += 1,
                "rest_pattern" => {
                    let from = self.b.int(part, at);
                    let rest = self.b.emit(part, Op::Slice(value, Some(from), None));
                    self.take_apart(part, rest, declares);
                }
                _ if part.is_named() && part.kind() != "comment" => {
                    let index = self.b.int(part, at);
                    let item = self.b.load_index(part, value, index);
                    self.take_apart(part, item, declares);
                }
                _ => {}
            }
        }
    }

    /// Returns the value, or the default where there is none.
    pub(super) fn or_default(
        &mut self,
        at: NodeRef<'_>,
        value: Slot,
        default: Option<NodeRef<'_>>,
    ) -> Slot {
        let Some(default) = default else { return value };
        self.b.open();
        let right = self.expression(default);
        let block = self.b.close();
        self.b.logical(at, LogicalOp::Coalesce, value, block, right)
    }

    fn assign_member(&mut self, node: NodeRef<'_>, target: NodeRef<'_>, value: Slot) {
        let (object, property) = (target.child(Field::Object), target.child(Field::Property));
        let (Some(object), Some(property)) = (object, property) else {
            return;
        };
        let name = property.text();
        if self.is_global_object(object) {
            self.b.store_global(node, name, value);
            return;
        }
        let object = self.expression(object);
        if self.facts.setters.contains(name) {
            let setter = format!("{name}=");
            self.b
                .method(node, object, &setter, vec![Arg::plain(value)]);
        }
        self.b.store(node, object, name, value);
    }
}
