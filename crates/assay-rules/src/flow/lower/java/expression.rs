//! Java's expressions.

use assay_syntax::{Field, NodeRef};

use super::Java;
use super::literal::literal;
use super::name::dotted;
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Arg, BinaryOp, Callee, FunctionKind, LogicalOp, Name, Op, ParamKind, Slot, UnaryOp,
};
use crate::flow::lower::walk::Walk;

impl Java<'_> {
    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "identifier" => self.name(node),
            "this" => self.this(node),
            "super" => self.this(node),
            "parenthesized_expression" => self.first(node),
            "field_access" => self.field_access(node),
            "array_access" => {
                let mut parts = node.named_children();
                let (array, index) = (parts.next(), parts.next());
                let array = array.map(|array| self.expression(array));
                let index = index.map(|index| self.expression(index));
                match (array, index) {
                    (Some(array), Some(index)) => self.b.load_index(node, array, index),
                    _ => self.b.unknown(node),
                }
            }
            "method_invocation" => self.invocation(node),
            "object_creation_expression" => self.creation(node),
            "array_creation_expression" => self.array(node),
            "array_initializer" | "element_value_array_initializer" => {
                let items = node.named_children().map(|item| self.expression(item));
                let items = items.map(Arg::plain).collect();
                self.b.list(node, items)
            }
            "binary_expression" => self.binary(node),
            "unary_expression" => self.unary(node),
            "update_expression" => self.update(node),
            "assignment_expression" => self.assignment(node),
            "ternary_expression" => self.conditional(node),
            "cast_expression" => self.cast(node),
            "instanceof_expression" => self.instance_of(node),
            "lambda_expression" => self.lambda(node),
            "method_reference" => self.reference(node),
            "switch_expression" => self.switch(node, true),
            "class_literal" => {
                let ty = node.named_children().next().map(|ty| self.names.ty(ty));
                let value = self.b.global(node, ty.as_deref().unwrap_or(""));
                self.b.method(node, value, "class", Vec::new())
            }
            "template_expression" => {
                let parts = self.children(node);
                self.b.text(node, parts)
            }
            _ => self.anything(node),
        }
    }

    fn this(&mut self, node: NodeRef<'_>) -> Slot {
        self.b.read(node, "this")
    }

    /// Returns the qualified name of the class whose code is being lowered.
    pub(super) fn current_class(&self) -> String {
        let inside = self.inside.last();
        inside.map_or_else(
            || self.b.package().to_owned(),
            |&at| self.members[at].qualified.clone(),
        )
    }

    /// Finds the class, from the inside out, that has the member, and whether
    /// the member is static.
    fn owner(&self, of: impl Fn(&super::Members) -> Option<bool>) -> Option<(usize, bool)> {
        let mut at = self.inside.last().copied();
        while let Some(class) = at {
            if let Some(is_static) = of(&self.members[class]) {
                return Some((class, is_static));
            }
            at = self.members[class].outer;
        }
        None
    }

    /// Returns the receiver for a member of a class around the code.
    fn receiver(&mut self, node: NodeRef<'_>, class: usize) -> Slot {
        if self.inside.last() == Some(&class) && self.has_this {
            return self.this(node);
        }
        let qualified = self.members[class].qualified.clone();
        self.b.read(node, &format!("{qualified}.this"))
    }

    /// Returns the qualified name of a static field that goes by a bare name.
    pub(super) fn constant_field(&self, name: &str) -> Option<String> {
        let (class, is_static) = self.owner(|members| members.fields.get(name).copied())?;
        is_static.then(|| format!("{}.{name}", self.members[class].qualified))
    }

    fn name(&mut self, node: NodeRef<'_>) -> Slot {
        let name = node.text();
        if let Some(slot) = self.b.lookup(name) {
            return slot;
        }
        if let Some((class, is_static)) = self.owner(|members| members.fields.get(name).copied()) {
            if is_static {
                let global = format!("{}.{name}", self.members[class].qualified);
                return self.b.global(node, &global);
            }
            let object = self.receiver(node, class);
            return self.b.load(node, object, name);
        }
        if let Some(member) = self.names.member(name) {
            return self.b.global(node, &member);
        }
        if self.names.is_type(name) {
            let qualified = self.names.resolve(name);
            return self.b.global(node, &qualified);
        }
        if self.has_this {
            // A field that a superclass in another file declares.
            let this = self.this(node);
            return self.b.load(node, this, name);
        }
        let global = format!("{}.{name}", self.current_class());
        self.b.global(node, &global)
    }

    fn field_access(&mut self, node: NodeRef<'_>) -> Slot {
        let (Some(object), Some(field)) = (node.child(Field::Object), node.child(Field::Property))
        else {
            return self.b.unknown(node);
        };
        if field.kind() == "this" {
            let name = self.names.resolve(&dotted(object));
            return self.b.read(node, &format!("{name}.this"));
        }
        if let Some(name) = self.qualified(object) {
            return self.b.global(node, &format!("{name}.{}", field.text()));
        }
        let object = self.expression(object);
        self.b.load(node, object, field.text())
    }

    /// Returns the qualified name when the expression is a type or package
    /// written out: `java.util.Locale`, `Locale`, `Outer.Inner`.
    fn qualified(&mut self, node: NodeRef<'_>) -> Option<String> {
        match node.kind() {
            "identifier" => {
                let name = node.text();
                let is_variable = self.b.lookup(name).is_some()
                    || self.owner(|m| m.fields.get(name).copied()).is_some();
                if is_variable {
                    return None;
                }
                self.names.is_type(name).then(|| self.names.resolve(name))
            }
            "field_access" => {
                let text = dotted(node);
                let first = text.split('.').next().unwrap_or("");
                let is_variable = first == "this"
                    || self.b.lookup(first).is_some()
                    || self.owner(|m| m.fields.get(first).copied()).is_some();
                let only_names = node.subtree().all(|part| {
                    matches!(
                        part.kind(),
                        "field_access" | "identifier" | "." | "line_comment" | "block_comment"
                    )
                });
                if is_variable || !only_names {
                    return None;
                }
                let mut parts = text.split('.');
                let last = parts.next_back().unwrap_or("");
                let has_class = parts
                    .chain([last])
                    .any(|part| part.starts_with(|c: char| c.is_uppercase()));
                // A constant of a class is a value; a class or package is not.
                has_class.then(|| self.names.resolve(&text))
            }
            _ => None,
        }
    }

    pub(super) fn arguments(&mut self, list: Option<NodeRef<'_>>) -> Vec<Arg> {
        let nodes = list.into_iter().flat_map(NodeRef::named_children);
        nodes
            .map(|node| Arg::plain(self.expression(node)))
            .collect()
    }

    fn invocation(&mut self, node: NodeRef<'_>) -> Slot {
        let name = node.child(Field::Name).map_or("", NodeRef::text);
        let object = node.child(Field::Object);
        let list = node.child(Field::Arguments);
        let Some(object) = object else {
            return self.bare_invocation(node, name, list);
        };
        if object.kind() == "super" {
            let this = self.this(object);
            let mut args = vec![Arg::plain(this)];
            args.extend(self.arguments(list));
            return self.b.call(node, Callee::Super(Name::from(name)), args);
        }
        let receiver = match self.qualified(object) {
            Some(name) => self.b.global(object, &name),
            None => self.expression(object),
        };
        let args = self.arguments(list);
        self.b.method(node, receiver, name, args)
    }

    fn bare_invocation(
        &mut self,
        node: NodeRef<'_>,
        name: &str,
        list: Option<NodeRef<'_>>,
    ) -> Slot {
        let owner = self.owner(|members| members.methods.get(name).copied());
        let receiver = match owner {
            Some((class, true)) => {
                let qualified = self.members[class].qualified.clone();
                self.b.global(node, &qualified)
            }
            Some((class, false)) => self.receiver(node, class),
            None => {
                if let Some(member) = self.names.member(name) {
                    let args = self.arguments(list);
                    return self.static_member(node, &member, args);
                }
                match self.names.member_classes() {
                    [class] if !self.has_this => {
                        let class = class.clone();
                        self.b.global(node, &class)
                    }
                    _ if self.has_this => self.this(node),
                    _ => {
                        let class = self.current_class();
                        self.b.global(node, &class)
                    }
                }
            }
        };
        let args = self.arguments(list);
        self.b.method(node, receiver, name, args)
    }

    /// Calls a statically imported method.
    fn static_member(&mut self, node: NodeRef<'_>, member: &str, args: Vec<Arg>) -> Slot {
        let (class, name) = member.rsplit_once('.').unwrap_or(("", member));
        let class = self.b.global(node, class);
        self.b.method(node, class, name, args)
    }

    pub(super) fn constructor_call(&mut self, node: NodeRef<'_>) {
        let args = self.arguments(node.child(Field::Arguments));
        let this = self.this(node);
        let is_super = node.children().any(|child| child.kind() == "super");
        if is_super {
            let mut all = vec![Arg::plain(this)];
            all.extend(args);
            self.b.call(node, Callee::Super(Name::from("<init>")), all);
        } else {
            self.b.method(node, this, "<init>", args);
        }
    }

    fn creation(&mut self, node: NodeRef<'_>) -> Slot {
        let ty = node.child(Field::Type).map(|ty| self.names.ty(ty));
        let args = self.arguments(node.child(Field::Arguments));
        let has_body = node.children().any(|child| child.kind() == "class_body");
        let ty = if has_body {
            let prefix = self.current_class();
            let outer = self.inside.last().copied();
            let members = self.declare_class(node, &prefix, outer);
            self.class_body(node, members);
            Name::from(self.members[members].qualified.as_str())
        } else {
            ty.unwrap_or_else(|| Name::from(""))
        };
        self.b.call(node, Callee::New(ty), args)
    }

    fn array(&mut self, node: NodeRef<'_>) -> Slot {
        for size in node
            .named_children()
            .filter(|n| n.kind() == "dimensions_expr")
        {
            self.children(size);
        }
        match node.child(Field::Value) {
            Some(value) => self.expression(value),
            None => self.b.list(node, Vec::new()),
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
        let mut value = match left {
            Some(first) => self.expression(first),
            None => self.b.unknown(node),
        };
        for part in spine.into_iter().rev() {
            let right = self.operand(part, Field::Right);
            value = match binary_op(operator(part)) {
                Some(op) => self.b.binary(part, op, value, right),
                None => self.b.mix(part, vec![value, right]),
            };
        }
        value
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let operand = self.operand(node, Field::Operand);
        match node.child(Field::Operator).map_or("", NodeRef::text) {
            "!" => self.not(node, operand),
            "-" => self.b.unary(node, UnaryOp::Minus, operand),
            "~" => self.b.unary(node, UnaryOp::BitNot, operand),
            _ => self.b.unary(node, UnaryOp::Plus, operand),
        }
    }

    fn update(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.named_children().next() else {
            return self.b.unknown(node);
        };
        let old = self.expression(target);
        let old = self.b.copy(node, old);
        let is_minus = node.children().any(|child| child.kind() == "--");
        let one = self.b.int(node, 1);
        let op = if is_minus {
            BinaryOp::Sub
        } else {
            BinaryOp::Add
        };
        let new = self.b.binary(node, op, old, one);
        self.assign_to(node, target, new);
        let is_prefix = node.children().next().is_some_and(|first| first != target);
        if is_prefix { new } else { old }
    }

    fn assignment(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.child(Field::Left) else {
            return self.b.unknown(node);
        };
        let operator = node.child(Field::Operator).map_or("=", NodeRef::text);
        let value = if operator == "=" {
            self.operand(node, Field::Right)
        } else {
            let old = self.expression(target);
            let right = self.operand(node, Field::Right);
            match binary_op(operator.strip_suffix('=').unwrap_or("")) {
                Some(op) => self.b.binary(node, op, old, right),
                None => self.b.mix(node, vec![old, right]),
            }
        };
        self.assign_to(node, target, value);
        value
    }

    fn assign_to(&mut self, node: NodeRef<'_>, target: NodeRef<'_>, value: Slot) {
        match target.kind() {
            "parenthesized_expression" => {
                if let Some(inner) = target.named_children().next() {
                    self.assign_to(node, inner, value);
                }
            }
            "identifier" => self.assign_name(node, target.text(), value),
            "field_access" => {
                let (object, field) = (target.child(Field::Object), target.child(Field::Property));
                let (Some(object), Some(field)) = (object, field) else {
                    return;
                };
                if let Some(class) = self.qualified(object) {
                    let name = format!("{class}.{}", field.text());
                    self.b.store_global(node, &name, value);
                } else {
                    let object = self.expression(object);
                    self.b.store(node, object, field.text(), value);
                }
            }
            "array_access" => {
                let mut parts = target.named_children();
                if let (Some(array), Some(index)) = (parts.next(), parts.next()) {
                    let array = self.expression(array);
                    let index = self.expression(index);
                    self.b.store_index(node, array, Some(index), value);
                }
            }
            _ => {}
        }
    }

    fn assign_name(&mut self, node: NodeRef<'_>, name: &str, value: Slot) {
        if let Some(slot) = self.b.lookup(name) {
            self.b.assign(node, slot, value);
            return;
        }
        match self.owner(|members| members.fields.get(name).copied()) {
            Some((class, true)) => {
                let global = format!("{}.{name}", self.members[class].qualified);
                self.b.store_global(node, &global, value);
            }
            Some((class, false)) => {
                let object = self.receiver(node, class);
                self.b.store(node, object, name, value);
            }
            None if self.has_this => {
                let this = self.this(node);
                self.b.store(node, this, name, value);
            }
            None => {
                let global = format!("{}.{name}", self.current_class());
                self.b.store_global(node, &global, value);
            }
        }
    }

    fn cast(&mut self, node: NodeRef<'_>) -> Slot {
        let value = self.operand(node, Field::Value);
        let ty = node.child(Field::Type).map(|ty| self.names.ty(ty));
        match ty {
            Some(ty) => self.b.emit(node, Op::Cast(value, ty)),
            None => value,
        }
    }

    fn instance_of(&mut self, node: NodeRef<'_>) -> Slot {
        let value = self.operand(node, Field::Left);
        let ty = node.child(Field::Right).map(|ty| self.names.ty(ty));
        if let Some(name) = node.child(Field::Name) {
            self.bind_cast(name, value, ty.clone());
        }
        if let Some(pattern) = node.child(Field::Pattern) {
            self.bind_pattern(pattern, value);
        }
        match ty {
            Some(ty) => self.b.emit(node, Op::IsType(value, ty)),
            None => self.b.unknown(node),
        }
    }

    fn lambda(&mut self, node: NodeRef<'_>) -> Slot {
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let yields = std::mem::take(&mut self.yields);
        self.parameters(node.child(Field::Parameters));
        if let Some(body) = node.child(Field::Body) {
            if body.kind() == "block" {
                self.statements(body);
            } else {
                let value = self.expression(body);
                self.b.return_value(body, Some(value));
            }
        }
        self.yields = yields;
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    /// Lowers `A::b` to a function of one argument that calls it.
    fn reference(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts = node
            .named_children()
            .filter(|n| n.kind() != "type_arguments");
        let (Some(object), name) = (parts.next(), parts.next()) else {
            return self.b.unknown(node);
        };
        let is_new = node.children().any(|child| child.kind() == "new");
        let method = name.map_or("", NodeRef::text);
        let is_value = matches!(
            object.kind(),
            "this" | "super" | "method_invocation" | "parenthesized_expression"
        ) || self.qualified(object).is_none()
            && matches!(object.kind(), "identifier" | "field_access");
        let receiver = is_value.then(|| self.expression(object));
        let outer = receiver.map(|receiver| {
            let name = format!("{}::{method}@{}", object.text(), node.span().start);
            self.b.bind(&name, receiver);
            name
        });
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let argument = self.b.param("argument", ParamKind::Plain, None);
        let args = vec![Arg::plain(argument)];
        let value = if is_new {
            let ty = self.names.ty(object);
            self.b.call(node, Callee::New(ty), args)
        } else {
            let receiver = match outer {
                Some(name) => self.b.read(node, &name),
                None => {
                    let ty = self.names.ty(object);
                    self.b.global(node, &ty)
                }
            };
            self.b.method(node, receiver, method, args)
        };
        self.b.return_value(node, Some(value));
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }
}

fn operator<'t>(node: NodeRef<'t>) -> &'t str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

fn binary_op(operator: &str) -> Option<BinaryOp> {
    Some(match operator {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        ">>>" => BinaryOp::UShr,
        "&" => BinaryOp::BitAnd,
        "|" => BinaryOp::BitOr,
        "^" => BinaryOp::BitXor,
        "==" => BinaryOp::Is,
        "!=" => BinaryOp::IsNot,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::binary_op;

    #[test]
    fn compound_assignments_have_the_operator_before_the_sign() {
        for operator in ["+=", ">>>=", "%="] {
            assert!(binary_op(operator.strip_suffix('=').unwrap()).is_some());
        }
    }
}
