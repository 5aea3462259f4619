//! Go's expressions.

use assay_syntax::{Field, NodeRef};

use super::Go;
use super::literal::literal;
use super::name::is_builtin_type;
use crate::flow::ir::{Arg, BinaryOp, Callee, LogicalOp, Name, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl Go<'_> {
    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "identifier" => self.name(node),
            "iota" => self.b.int(node, self.iota),
            "parenthesized_expression" | "literal_element" | "type_instantiation_expression" => {
                self.first(node)
            }
            "selector_expression" => self.selector(node),
            "call_expression" => self.call(node),
            "index_expression" => {
                let object = self.operand(node, Field::Operand);
                let index = self.operand(node, Field::Index);
                self.b.load_index(node, object, index)
            }
            "slice_expression" => self.slice(node),
            "type_assertion_expression" | "type_conversion_expression" => {
                let value = self.operand(node, Field::Operand);
                match node.child(Field::Type) {
                    Some(ty) => self.cast(node, value, ty),
                    None => value,
                }
            }
            "composite_literal" => match node.child(Field::Body) {
                Some(body) => self.composite(body, node.child(Field::Type)),
                None => self.b.unknown(node),
            },
            "literal_value" => self.composite(node, None),
            "func_literal" => self.closure(node),
            "unary_expression" => self.unary(node),
            "binary_expression" => self.binary(node),
            "variadic_argument" => self.first(node),
            kind if kind.ends_with("_type") => self.b.unknown(node),
            _ => self.anything(node),
        }
    }

    fn name(&mut self, node: NodeRef<'_>) -> Slot {
        let name = node.text();
        if name == "_" {
            return self.b.unknown(node);
        }
        if let Some(slot) = self.b.lookup(name) {
            return slot;
        }
        let is_declared = self.functions.contains(name) || self.types.contains_key(name);
        let global = self.names.bare(name, is_declared);
        self.b.global(node, &global)
    }

    /// Returns the path of the package, when the expression is one's name.
    pub(super) fn package_of(&mut self, node: NodeRef<'_>) -> Option<String> {
        if node.kind() != "identifier" || self.b.lookup(node.text()).is_some() {
            return None;
        }
        self.names.import(node.text()).map(str::to_owned)
    }

    fn selector(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(object), Some(field)) = (node.child(Field::Operand), node.child(Field::Property))
        else {
            return self.b.unknown(node);
        };
        if let Some(package) = self.package_of(object) {
            return self.b.global(node, &format!("{package}.{}", field.text()));
        }
        let object = self.expression(object);
        self.b.load(node, object, field.text())
    }

    fn slice(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.operand(node, Field::Operand);
        // What stands between the brackets: before and after the first colon.
        let mut ends: [Option<Slot>; 2] = [None, None];
        let mut at = 0;
        let mut is_inside = false;
        for child in node.children() {
            match child.kind() {
                "[" => is_inside = true,
                ":" => at += 1,
                _ if is_inside && child.is_named() && at < 2 => {
                    ends[at] = Some(self.expression(child));
                }
                _ => {}
            }
        }
        self.b.emit(node, Op::Slice(object, ends[0], ends[1]))
    }

    /// Returns a value seen as a type.
    pub(super) fn cast(&mut self, node: NodeRef<'_>, value: Slot, ty: NodeRef<'_>) -> Slot {
        match self.ty(ty) {
            Some(ty) => self.b.emit(node, Op::Cast(value, Name::from(ty))),
            None => self.b.copy(node, value),
        }
    }

    /// Returns whether a value is of a type, as far as the name of the type
    /// tells: what meets an interface is not known here.
    pub(super) fn is_type(&mut self, node: NodeRef<'_>, value: Slot, ty: NodeRef<'_>) -> Slot {
        let name = match ty.kind() {
            "pointer_type" => ty.named_children().next().map_or("", NodeRef::text),
            _ => ty.text(),
        };
        let is_structure = self
            .types
            .get(name)
            .is_some_and(|declared| declared.fields.is_some());
        let is_plain = is_builtin_type(name) && name != "error";
        match self.ty(ty).filter(|_| is_structure || is_plain) {
            Some(ty) => self.b.emit(node, Op::IsType(value, Name::from(ty))),
            None => self.b.unknown(node),
        }
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let operand = self.operand(node, Field::Operand);
        match node.child(Field::Operator).map_or("", NodeRef::text) {
            "!" => self.b.unary(node, UnaryOp::Not, operand),
            "-" => self.b.unary(node, UnaryOp::Minus, operand),
            "+" => self.b.unary(node, UnaryOp::Plus, operand),
            "^" => self.b.unary(node, UnaryOp::BitNot, operand),
            "<-" => {
                let place = self.b.unknown(node);
                self.b.load_index(node, operand, place)
            }
            // A pointer is what it points to.
            _ => operand,
        }
    }

    /// Lowers a binary operation. Long sums nest to the left: their operands
    /// are collected in a loop.
    fn binary(&mut self, node: NodeRef<'_>) -> Slot {
        match operator(node) {
            "&&" => return self.logical(node, LogicalOp::And),
            "||" => return self.logical(node, LogicalOp::Or),
            _ => {}
        }
        let mut spine = vec![node];
        let mut left = node.child(Field::Left);
        while let Some(next) = left {
            if next.kind() != "binary_expression" || matches!(operator(next), "&&" | "||") {
                break;
            }
            spine.push(next);
            left = next.child(Field::Left);
        }
        let mut value = self.optional(node, left);
        for part in spine.into_iter().rev() {
            let right = self.operand(part, Field::Right);
            value = self.operation(part, operator(part), value, right);
        }
        value
    }

    /// Lowers what stands in the braces of a literal of the type.
    fn composite(&mut self, node: NodeRef<'_>, ty: Option<NodeRef<'_>>) -> Slot {
        if !self.b.descend() {
            return self.b.unknown(node);
        }
        let value = self.composite_inside(node, ty);
        self.b.ascend();
        value
    }

    fn composite_inside(&mut self, node: NodeRef<'_>, ty: Option<NodeRef<'_>>) -> Slot {
        let ty = match ty {
            Some(ty) if ty.kind() == "pointer_type" => ty.named_children().next(),
            Some(ty) if ty.kind() == "generic_type" => ty.child(Field::Type),
            other => other,
        };
        let kind = ty.map_or("", NodeRef::kind);
        match kind {
            "slice_type" | "array_type" | "implicit_length_array_type" => {
                let element = ty.and_then(|ty| ty.named_children().last());
                return self.list_literal(node, element);
            }
            "map_type" => {
                let element = ty.and_then(|ty| ty.named_children().last());
                return self.map_literal(node, element, false);
            }
            "struct_type" => return self.map_literal(node, None, true),
            _ => {}
        }
        let Some(ty) = ty else {
            return self.list_literal(node, None);
        };
        let declared = self.types.get(ty.text()).cloned();
        let mut keys = node.named_children().filter_map(|e| e.child(Field::Key));
        let first_key = keys.next().and_then(|key| key.named_children().next());
        let is_structure = declared.as_ref().is_some_and(|d| d.fields.is_some())
            || first_key.is_some_and(|key| key.kind() == "identifier")
                && !declared.as_ref().is_some_and(|d| d.is_list_or_map);
        let name = self.ty(ty);
        if first_key.is_some() && !is_structure {
            let map = self.map_literal(node, None, false);
            return match name {
                Some(name) => self.b.emit(node, Op::Cast(map, Name::from(name))),
                None => map,
            };
        }
        if declared.as_ref().is_some_and(|d| d.is_list_or_map) {
            return self.list_literal(node, None);
        }
        self.structure(node, name, declared.and_then(|declared| declared.fields))
    }

    fn list_literal(&mut self, node: NodeRef<'_>, element: Option<NodeRef<'_>>) -> Slot {
        let items = node.named_children().map(|item| {
            let item = item.child(Field::Value).unwrap_or(item);
            Arg::plain(self.element(item, element))
        });
        let items = items.collect();
        self.b.list(node, items)
    }

    /// Lowers an element, whose type need not be written again.
    fn element(&mut self, node: NodeRef<'_>, ty: Option<NodeRef<'_>>) -> Slot {
        let inner = match node.kind() {
            "literal_element" => node.named_children().next().unwrap_or(node),
            _ => node,
        };
        match inner.kind() {
            "literal_value" => self.composite(inner, ty),
            _ => self.expression(inner),
        }
    }

    fn map_literal(
        &mut self,
        node: NodeRef<'_>,
        element: Option<NodeRef<'_>>,
        has_names: bool,
    ) -> Slot {
        let mut entries = Vec::new();
        for (at, entry) in node.named_children().enumerate() {
            let (Some(key), Some(value)) = (entry.child(Field::Key), entry.child(Field::Value))
            else {
                let key = self.b.int(entry, at as i64);
                let value = self.element(entry, element);
                entries.push((Some(key), value));
                continue;
            };
            let key = match has_names {
                true => self.b.string(key, key.text()),
                false => self.element(key, None),
            };
            let value = self.element(value, element);
            entries.push((Some(key), value));
        }
        self.b.emit(node, Op::Map(entries))
    }

    fn structure(
        &mut self,
        node: NodeRef<'_>,
        name: Option<String>,
        fields: Option<Vec<String>>,
    ) -> Slot {
        let mut values: Vec<(NodeRef<'_>, Option<String>, Slot)> = Vec::new();
        for (at, entry) in node.named_children().enumerate() {
            let value = entry.child(Field::Value).unwrap_or(entry);
            let value = self.element(value, None);
            let field = match entry.child(Field::Key) {
                Some(key) => Some(key.text().to_owned()),
                None => fields.as_ref().and_then(|fields| fields.get(at).cloned()),
            };
            values.push((entry, field, value));
        }
        let unnamed = values.iter().filter(|(_, field, _)| field.is_none());
        let args: Vec<Arg> = unnamed.map(|(_, _, value)| Arg::plain(*value)).collect();
        let Some(name) = name else {
            let parts = values.into_iter().map(|(_, _, value)| value).collect();
            return self.b.mix(node, parts);
        };
        let object = self.b.call(node, Callee::New(Name::from(name)), args);
        for (entry, field, value) in values {
            if let Some(field) = field {
                self.b.store(entry, object, &field, value);
            }
        }
        object
    }
}

fn operator(node: NodeRef<'_>) -> &str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

/// Returns the operation that an operator stands for.
pub(super) fn binary_op(operator: &str) -> Option<BinaryOp> {
    Some(match operator {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        "&" => BinaryOp::BitAnd,
        "|" => BinaryOp::BitOr,
        "^" => BinaryOp::BitXor,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        _ => return None,
    })
}
