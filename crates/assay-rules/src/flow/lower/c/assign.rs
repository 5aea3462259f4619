//! Assignments of C and C++: what a place on the left side means.

use assay_syntax::{Field, NodeRef};

use super::Lower;
use super::expression::{binary_op, operator, unwrapped};
use super::ty::is_class;
use crate::flow::ir::{Arg, BinaryOp, Op, Slot};
use crate::flow::lower::walk::Walk;

/// Where an argument comes from, for calls that write to it.
pub(super) enum Place {
    /// A member of an object.
    Member(Slot, String),
    /// An element of an array, or a part of it.
    Element(Slot, Slot),
}

impl Lower<'_> {
    pub(super) fn assignment(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(target), Some(right)) = (node.child(Field::Left), node.child(Field::Right))
        else {
            return self.b.unknown(node);
        };
        let target = unwrapped(target);
        let ty = self.type_of(target);
        let sign = operator(node);
        let is_text = ty.as_deref().is_some_and(|ty| self.makes_copy(ty));
        if is_text && matches!(sign, "=" | "+=") {
            let (object, place) = self.argument_place(target);
            let value = self.expression(right);
            let name = format!("operator{sign}");
            let result = self.b.method(node, object, &name, vec![Arg::plain(value)]);
            self.write_back(target, object, place);
            return result;
        }
        if sign == "=" {
            let value = self.assigned(right, ty.as_deref());
            self.assign_to(node, target, value);
            return value;
        }
        let old = self.expression(target);
        let value = self.expression(right);
        let is_pointer = ty.as_ref().is_some_and(|ty| ty.ends_with("[]"));
        let new = match sign {
            "+=" | "-=" if is_pointer => self.b.emit(node, Op::Offset(old, value)),
            _ => match binary_op(sign.trim_end_matches('=')) {
                Some(op) => self.b.binary(node, op, old, value),
                None => self.b.mix(node, vec![old, value]),
            },
        };
        self.assign_to(node, target, new);
        new
    }

    /// Lowers what is assigned to something of the type: of a structure a copy.
    fn assigned(&mut self, value: NodeRef<'_>, ty: Option<&str>) -> Slot {
        if value.kind() == "initializer_list" {
            return match ty.filter(|ty| is_class(ty)) {
                Some(ty) => self.listed_object(value, ty),
                None => self.first(value),
            };
        }
        let source = unwrapped(value);
        let own = self.expression(value);
        let is_object = match source.kind() {
            "identifier" => {
                let slot = self.b.lookup(source.text());
                slot.is_some_and(|slot| self.is_direct(source.text(), slot))
            }
            "pointer_expression" => operator(source) == "*",
            _ => false,
        };
        match ty.is_some_and(is_class) && is_object {
            true => self.b.emit(value, Op::Clone(own)),
            false => own,
        }
    }

    pub(super) fn update(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.child(Field::Operand) else {
            return self.b.unknown(node);
        };
        let is_pointer = self
            .type_of(target)
            .is_some_and(|ty| ty.ends_with("[]") || is_class(&ty));
        let old = self.expression(target);
        let old = self.b.copy(node, old);
        let is_minus = operator(node) == "--";
        let one = self.b.int(node, 1);
        let new = match (is_pointer, is_minus) {
            (true, _) => self.b.emit(node, Op::Offset(old, one)),
            (_, true) => self.b.binary(node, BinaryOp::Sub, old, one),
            (_, false) => self.b.binary(node, BinaryOp::Add, old, one),
        };
        self.assign_to(node, unwrapped(target), new);
        let is_prefix = node
            .children()
            .next()
            .is_some_and(|first| first.field() == Field::Operator);
        if is_prefix { new } else { old }
    }

    pub(super) fn assign_to(&mut self, node: NodeRef<'_>, target: NodeRef<'_>, value: Slot) {
        match target.kind() {
            "parenthesized_expression" => {
                let inner = unwrapped(target);
                if inner.kind() != "parenthesized_expression" {
                    self.assign_to(node, inner, value);
                }
            }
            "identifier" => self.assign_name(node, target.text(), value),
            "field_expression" => {
                let object = self.operand(target, Field::Operand);
                let name = target.child(Field::Property).map_or("", NodeRef::text);
                self.b.store(node, object, name, value);
            }
            "subscript_expression" => {
                let object = self.operand(target, Field::Operand);
                let index = self.operand(target, Field::Index);
                self.b.store_index(node, object, Some(index), value);
            }
            "pointer_expression" => {
                let Some(of) = target.child(Field::Operand) else {
                    return;
                };
                if self.type_of(of).is_some_and(|ty| is_class(&ty)) {
                    // All of a structure is replaced.
                    let object = self.expression(of);
                    self.b
                        .call_global(node, "memcpy", vec![Arg::plain(object), Arg::plain(value)]);
                    return;
                }
                let (object, index) = self.place(of);
                self.b.store_index(node, object, Some(index), value);
            }
            "cast_expression" => {
                if let Some(inner) = target.child(Field::Value) {
                    self.assign_to(node, unwrapped(inner), value);
                }
            }
            "conditional_expression" | "comma_expression" | "call_expression" => {
                let object = self.expression(target);
                let first = self.b.int(node, 0);
                self.b.store_index(node, object, Some(first), value);
            }
            "qualified_identifier" => {
                let name = super::name::dotted(target.text());
                self.b.store_global(node, &name, value);
            }
            _ => {}
        }
    }

    fn assign_name(&mut self, node: NodeRef<'_>, name: &str, value: Slot) {
        if let Some(slot) = self.b.lookup(name) {
            if self.references.contains(&(self.b.current(), slot)) {
                let first = self.b.int(node, 0);
                self.b.store_index(node, slot, Some(first), value);
            } else {
                self.b.assign(node, slot, value);
            }
        } else if self.is_member(name) {
            let this = self.b.read(node, "this");
            self.b.store(node, this, name, value);
        } else {
            let global = self.global_name(name);
            self.b.store_global(node, &global, value);
        }
    }

    /// Lowers an argument, and says where it comes from when that is no
    /// variable.
    pub(super) fn argument_place(&mut self, node: NodeRef<'_>) -> (Slot, Option<Place>) {
        let node = unwrapped(node);
        let is_address = node.kind() == "pointer_expression" && operator(node) == "&";
        let inner = match is_address {
            true => node.child(Field::Operand).map_or(node, unwrapped),
            false => node,
        };
        match inner.kind() {
            "cast_expression" if !is_address => {
                let Some(value) = inner.child(Field::Value) else {
                    return (self.expression(node), None);
                };
                let (value, place) = self.argument_place(value);
                let ty = inner.child(Field::Type);
                (self.seen_as(node, value, ty), place)
            }
            "identifier"
                if self.b.lookup(inner.text()).is_none() && self.is_member(inner.text()) =>
            {
                let this = self.b.read(inner, "this");
                let value = self.b.load(inner, this, inner.text());
                (value, Some(Place::Member(this, inner.text().to_owned())))
            }
            "field_expression" => {
                let object = self.operand(inner, Field::Operand);
                let name = inner.child(Field::Property).map_or("", NodeRef::text);
                let value = self.b.load(inner, object, name);
                (value, Some(Place::Member(object, name.to_owned())))
            }
            "subscript_expression" => {
                let base = inner.child(Field::Operand);
                let ty = base.and_then(|base| self.type_of(base));
                let object = self.optional(inner, base);
                let index = self.operand(inner, Field::Index);
                let element = ty.as_deref().and_then(|ty| ty.strip_suffix("[]"));
                let is_object = element.is_some_and(|ty| is_class(ty) || ty.ends_with("[]"));
                let value =
                    match is_address && !is_object || self.is_pointer_to_object(ty.as_deref()) {
                        true => self.b.emit(inner, Op::Offset(object, index)),
                        false => self.b.load_index(inner, object, index),
                    };
                (value, Some(Place::Element(object, index)))
            }
            "binary_expression" if operator(inner) == "+" && !is_address => {
                let base = inner.child(Field::Left);
                let ty = base.and_then(|base| self.type_of(base));
                if !ty.is_some_and(|ty| ty.ends_with("[]")) || self.is_cpp && !is_plain_sum(inner) {
                    return (self.expression(node), None);
                }
                let object = self.optional(inner, base);
                let index = self.operand(inner, Field::Right);
                let value = self.b.emit(inner, Op::Offset(object, index));
                (value, Some(Place::Element(object, index)))
            }
            _ => (self.expression(node), None),
        }
    }

    /// After a call that writes to an argument: what it wrote is where the
    /// argument came from.
    pub(super) fn write_back(&mut self, node: NodeRef<'_>, value: Slot, place: Option<Place>) {
        match place {
            Some(Place::Member(object, name)) => self.b.store(node, object, &name, value),
            Some(Place::Element(object, index)) => {
                let written = self.b.mix(node, vec![value]);
                self.b.store_index(node, object, Some(index), written);
            }
            None => {}
        }
    }
}

/// Returns whether a sum is one of a place and numbers.
fn is_plain_sum(node: NodeRef<'_>) -> bool {
    node.child(Field::Right)
        .is_some_and(|right| !matches!(right.kind(), "call_expression" | "string_literal"))
}
