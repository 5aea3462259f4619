//! Kotlin's expressions.

use assay_syntax::{Field, NodeRef};

use super::literal::{Piece, literal, pieces};
use super::name::dotted;
use super::{Kotlin, Members, bare, parts, qualified};
use crate::flow::builder::Signature;
use crate::flow::ir::{
    Arg, BinaryOp, Callee, FunctionKind, LogicalOp, Name, Op, ParamKind, Slot, UnaryOp,
};
use crate::flow::lower::walk::Walk;

impl Kotlin<'_> {
    /// Lowers an expression by its kind.
    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "identifier" if matches!(node.text(), "break" | "continue") => {
                self.jump(node);
                self.b.unknown(node)
            }
            "break_expression" | "continue_expression" => {
                self.jump(node);
                self.b.unknown(node)
            }
            "identifier" => self.name(node, bare(node)),
            "this_expression" => {
                // `this@Outer`
                match node.text().split_once('@') {
                    Some((_, label)) if self.names.is_type(label) => {
                        let name = self.names.resolve(label);
                        self.b.read(node, &format!("{name}.this"))
                    }
                    _ => self.b.read(node, "this"),
                }
            }
            "super_expression" => self.b.read(node, "this"),
            "parenthesized_expression" | "interpolation" => self.first(node),
            "annotated_expression" => match node.named_children().last() {
                Some(inner) => self.expression(inner),
                None => self.b.unknown(node),
            },
            "block" => self.block_value(node),
            "navigation_expression" => self.navigation(node),
            "index_expression" => {
                let mut parts = node.named_children();
                let object = self.optional(node, parts.next());
                let index = self.optional(node, parts.next());
                self.b.load_index(node, object, index)
            }
            "call_expression" => self.call(node),
            "binary_expression" => self.binary(node),
            "infix_expression" => self.infix(node),
            "in_expression" => {
                let left = self.operand(node, Field::Left);
                let right = self.operand(node, Field::Right);
                let op = match node.children().any(|child| child.kind() == "!in") {
                    true => BinaryOp::NotIn,
                    false => BinaryOp::In,
                };
                self.b.binary(node, op, left, right)
            }
            "is_expression" => {
                let value = self.operand(node, Field::Left);
                let Some(ty) = node.child(Field::Right) else {
                    return self.b.unknown(node);
                };
                let ty = self.names.ty(ty);
                let test = self.b.emit(node, Op::IsType(value, ty));
                match node.children().any(|child| child.kind() == "!is") {
                    true => self.b.unary(node, UnaryOp::Not, test),
                    false => test,
                }
            }
            "as_expression" => {
                let value = self.operand(node, Field::Left);
                match node.child(Field::Right) {
                    Some(ty) => {
                        let ty = self.names.ty(ty);
                        self.b.emit(node, Op::Cast(value, ty))
                    }
                    None => value,
                }
            }
            "unary_expression" => self.unary(node),
            "if_expression" => self.if_expression(node),
            "when_expression" => self.when_expression(node),
            "try_expression" => self.try_expression(node),
            "lambda_literal" => self.lambda(node, false),
            "annotated_lambda" => match node.named_children().last() {
                Some(inner) => self.expression(inner),
                None => self.b.unknown(node),
            },
            "anonymous_function" => self.closure(node),
            "callable_reference" => self.reference(node),
            "object_literal" => {
                let at = self.local_class(node);
                let class = self.members[at].class;
                let name = self.b.class(class).name.clone();
                self.b.call(node, Callee::New(name), Vec::new())
            }
            "string_literal" | "multiline_string_literal" => self.template(node),
            "return_expression" => {
                let label = node.child(Field::Label);
                let value = node
                    .named_children()
                    .find(|child| Some(*child) != label && child.kind() != "label");
                let value = value.map(|value| self.expression(value));
                self.b.return_value(node, value);
                self.b.unknown(node)
            }
            "throw_expression" => {
                let value = self.first(node);
                self.b.throw(node, value);
                self.b.unknown(node)
            }
            "collection_literal" => {
                let items = self.children(node).into_iter().map(Arg::plain).collect();
                self.b.list(node, items)
            }
            "labeled_expression" => match node.named_children().last() {
                Some(inner) => self.expression(inner),
                None => self.b.unknown(node),
            },
            "while_statement"
            | "do_while_statement"
            | "for_statement"
            | "assignment"
            | "property_declaration"
            | "function_declaration"
            | "class_declaration" => {
                self.statement(node);
                self.b.unknown(node)
            }
            "line_comment" | "block_comment" | "type_arguments" => self.b.unknown(node),
            _ => self.anything(node),
        }
    }

    /// Returns the qualified name of the class whose code is being lowered.
    pub(super) fn current_class(&self) -> String {
        let inside = self.inside.last();
        inside.map_or_else(
            || self.b.package().to_owned(),
            |&at| self.members[at].qualified.clone(),
        )
    }

    /// Finds the class, from the inside out, that has the member: itself or
    /// its companion.
    pub(super) fn owner(&self, has: impl Fn(&Members) -> bool) -> Option<usize> {
        let mut at = self.inside.last().copied();
        while let Some(class) = at {
            if has(&self.members[class]) {
                return Some(class);
            }
            let companion = (class + 1..self.members.len()).find(|inner| {
                let members = &self.members[*inner];
                members.outer == Some(class)
                    && members.qualified == self.members[class].qualified
                    && has(members)
            });
            if companion.is_some() {
                return companion;
            }
            at = self.members[class].outer;
        }
        None
    }

    /// Returns the object that has the members of a class around the code.
    pub(super) fn receiver(&mut self, node: NodeRef<'_>, class: usize) -> Slot {
        let name = self.members[class].qualified.clone();
        if self.members[class].is_object {
            return self.b.global(node, &name);
        }
        self.b.read(node, &format!("{name}.this"))
    }

    fn name(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        if let Some(slot) = self.b.lookup(name) {
            return slot;
        }
        if let Some(class) = self.owner(|members| members.fields.contains(name)) {
            return self.field_of(node, class, name);
        }
        if self.top.contains(name) {
            let global = qualified(self.b.package(), name);
            return self.b.global(node, &global);
        }
        if let Some(member) = self.names.member(name) {
            let member = member.to_owned();
            return self.b.global(node, &member);
        }
        if self.names.is_type(name) {
            let name = self.names.resolve(name);
            return self.b.global(node, &name);
        }
        if let Some(member) = self.names.package_member(name) {
            return self.b.global(node, &member);
        }
        if self.has_this || self.b.lookup("this").is_some() {
            // A member that a superclass in another file declares.
            let this = self.b.read(node, "this");
            return self.b.load(node, this, name);
        }
        self.b.global(node, &format!("*.{name}"))
    }

    fn field_of(&mut self, node: NodeRef<'_>, class: usize, name: &str) -> Slot {
        let members = &self.members[class];
        let is_entry = !members.is_object
            && self
                .b
                .lookup(&format!("{}.this", self.members[class].qualified))
                .is_none();
        let owner = self.members[class].qualified.clone();
        if self.members[class].is_object || is_entry {
            return self.b.global(node, &format!("{owner}.{name}"));
        }
        let object = self.receiver(node, class);
        self.b.load(node, object, name)
    }

    /// Returns the qualified name when the expression is a type or package
    /// written out: `java.io.File`, `Outer.Inner`.
    pub(super) fn qualified_name(&mut self, node: NodeRef<'_>) -> Option<String> {
        let text = match node.kind() {
            "identifier" => node.text().to_owned(),
            "navigation_expression" => {
                let only_names = node.subtree().all(|part| {
                    matches!(part.kind(), "navigation_expression" | "identifier" | ".")
                });
                if !only_names {
                    return None;
                }
                node.text().split_whitespace().collect()
            }
            _ => return None,
        };
        let first = text.split('.').next().unwrap_or("");
        let is_value = self.is_value(first);
        let last = text.rsplit('.').next().unwrap_or("");
        let is_type =
            last.starts_with(|c: char| c.is_uppercase()) && last.chars().any(|c| c.is_lowercase());
        let is_known = !text.contains('.') && self.names.is_type(first);
        (!is_value && (is_type || is_known)).then(|| self.names.resolve(&text))
    }

    /// Returns the name of a class that is written with its package:
    /// `java.net.URL`.
    pub(super) fn class_of_package(&mut self, node: NodeRef<'_>) -> Option<String> {
        let text: String = node.text().split_whitespace().collect();
        let (package, class) = text.rsplit_once('.')?;
        let is_word = |part: &str| {
            part.starts_with(|c: char| c.is_lowercase())
                && part.chars().all(|c| c.is_alphanumeric() || c == '_')
        };
        let first = package.split_once('.')?.0;
        let is_class = class.starts_with(|c: char| c.is_uppercase())
            && package.split('.').all(is_word)
            && !self.is_value(first);
        is_class.then_some(text)
    }

    /// Returns whether a name stands for a value that the file declares.
    fn is_value(&mut self, name: &str) -> bool {
        let is_field = |members: &Members| members.fields.contains(name);
        self.b.lookup(name).is_some() || self.owner(is_field).is_some() || self.top.contains(name)
    }

    fn navigation(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts = node.named_children();
        let (Some(object), Some(name)) = (parts.next(), parts.last()) else {
            return self.b.unknown(node);
        };
        let name = bare(name);
        if let Some(owner) = self.qualified_name(object) {
            return self.b.global(node, &format!("{owner}.{name}"));
        }
        let object = self.expression(object);
        self.b.load(node, object, name)
    }

    fn template(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts = Vec::new();
        for piece in pieces(node) {
            parts.push(match piece {
                Piece::Text(text) => self.b.string(node, &text),
                Piece::Name("this") => self.b.read(node, "this"),
                Piece::Name(name) => self.name(node, name),
                Piece::Code(code) => self.expression(code),
            });
        }
        self.b.text(node, parts)
    }

    /// Lowers a binary operation. Long sums nest to the left: their operands
    /// are collected in a loop.
    fn binary(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(op) = logical_op(operator(node)) {
            return self.logical(node, op);
        }
        let mut spine = vec![node];
        let mut left = node.child(Field::Left);
        while let Some(next) = left {
            if next.kind() != "binary_expression" || logical_op(operator(next)).is_some() {
                break;
            }
            spine.push(next);
            left = next.child(Field::Left);
        }
        let mut value = self.optional(node, left);
        for part in spine.into_iter().rev() {
            let right = self.operand(part, Field::Right);
            value = match binary_op(operator(part)) {
                Some(op) => self.b.binary(part, op, value, right),
                None => self.b.mix(part, vec![value, right]),
            };
        }
        value
    }

    fn infix(&mut self, node: NodeRef<'_>) -> Slot {
        let parts: Vec<NodeRef<'_>> = parts(node).collect();
        let [left, name, right] = parts.as_slice() else {
            return self.anything(node);
        };
        let left = self.expression(*left);
        let right = self.expression(*right);
        match name.text() {
            "to" => self.pair(node, left, right),
            "and" => self.b.binary(node, BinaryOp::BitAnd, left, right),
            "or" => self.b.binary(node, BinaryOp::BitOr, left, right),
            "xor" => self.b.binary(node, BinaryOp::BitXor, left, right),
            "shl" => self.b.binary(node, BinaryOp::Shl, left, right),
            "shr" => self.b.binary(node, BinaryOp::Shr, left, right),
            "until" | "downTo" | "step" => self.b.mix(node, vec![left, right]),
            other => self.b.method(node, left, other, vec![Arg::plain(right)]),
        }
    }

    /// A pair goes by position and by `first` and `second`.
    pub(super) fn pair(&mut self, node: NodeRef<'_>, left: Slot, right: Slot) -> Slot {
        let mut entries = Vec::new();
        for (at, (name, value)) in [("first", left), ("second", right)].into_iter().enumerate() {
            let place = self.b.int(node, at as i64);
            let name = self.b.string(node, name);
            entries.push((Some(place), value));
            entries.push((Some(name), value));
        }
        self.b.emit(node, Op::Map(entries))
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.child(Field::Operand).or(node.named_children().next()) else {
            return self.b.unknown(node);
        };
        let word = match node.child(Field::Operator) {
            Some(operator) => operator.text(),
            None => node
                .children()
                .find(|child| !child.is_named())
                .map_or("", NodeRef::kind),
        };
        if matches!(word, "++" | "--") {
            let old = self.expression(target);
            let old = self.b.copy(node, old);
            let one = self.b.int(node, 1);
            let op = match word {
                "--" => BinaryOp::Sub,
                _ => BinaryOp::Add,
            };
            let new = self.b.binary(node, op, old, one);
            self.assign_to(node, target, new);
            let is_prefix = node.children().next().is_some_and(|first| first != target);
            return if is_prefix { new } else { old };
        }
        let operand = self.expression(target);
        match word {
            "!" => self.b.unary(node, UnaryOp::Not, operand),
            "-" => self.b.unary(node, UnaryOp::Minus, operand),
            "+" => self.b.unary(node, UnaryOp::Plus, operand),
            _ => operand,
        }
    }

    pub(super) fn assign_to(&mut self, node: NodeRef<'_>, target: NodeRef<'_>, value: Slot) {
        match target.kind() {
            "parenthesized_expression" => {
                if let Some(inner) = target.named_children().next() {
                    self.assign_to(node, inner, value);
                }
            }
            "identifier" => self.assign_name(node, bare(target), value),
            "navigation_expression" => {
                let mut parts = target.named_children();
                let (Some(object), Some(name)) = (parts.next(), parts.last()) else {
                    return;
                };
                match self.qualified_name(object) {
                    Some(owner) => {
                        let global = format!("{owner}.{}", name.text());
                        self.b.store_global(node, &global, value);
                    }
                    None => {
                        let object = self.expression(object);
                        self.b.store(node, object, bare(name), value);
                    }
                }
            }
            "index_expression" => {
                let mut parts = target.named_children();
                let object = self.optional(target, parts.next());
                let index = parts.next().map(|index| self.expression(index));
                self.b.store_index(node, object, index, value);
            }
            _ => {}
        }
    }

    fn assign_name(&mut self, node: NodeRef<'_>, name: &str, value: Slot) {
        if let Some(slot) = self.b.lookup(name) {
            self.b.assign(node, slot, value);
            return;
        }
        match self.owner(|members| members.fields.contains(name)) {
            Some(class) if self.members[class].is_object => {
                let global = format!("{}.{name}", self.members[class].qualified);
                self.b.store_global(node, &global, value);
            }
            Some(class) => {
                let object = self.receiver(node, class);
                self.b.store(node, object, name, value);
            }
            None if self.top.contains(name) => {
                let global = qualified(self.b.package(), name);
                self.b.store_global(node, &global, value);
            }
            None => {
                let this = self.b.read(node, "this");
                self.b.store(node, this, name, value);
            }
        }
    }

    /// Lowers a lambda; one of a scope function may have a receiver.
    pub(super) fn lambda(&mut self, node: NodeRef<'_>, has_receiver: bool) -> Slot {
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let parameters = node
            .named_children()
            .find(|child| child.kind() == "lambda_parameters");
        if has_receiver {
            self.b.param("this", ParamKind::Plain, None);
        }
        match parameters {
            Some(list) => {
                for param in list.named_children() {
                    self.lambda_parameter(param);
                }
            }
            None if !has_receiver => {
                self.b.param("it", ParamKind::Plain, None);
            }
            None => {}
        }
        let outer = self.has_this;
        let had = std::mem::replace(&mut self.has_this, outer || has_receiver);
        let all: Vec<NodeRef<'_>> = parts(node)
            .filter(|child| child.kind() != "lambda_parameters")
            .collect();
        let value = self.last_value(node, &all);
        self.b.return_value(node, Some(value));
        self.has_this = had;
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    fn lambda_parameter(&mut self, node: NodeRef<'_>) {
        if node.kind() == "multi_variable_declaration" {
            let name = format!("({})", node.span().start);
            let slot = self.b.param(&name, ParamKind::Plain, None);
            self.destructure(node, slot);
            return;
        }
        let name = node
            .named_children()
            .find(|child| child.kind() == "identifier");
        let ty = super::declaration::type_of(node).map(|ty| self.names.ty(ty));
        let name = bare(name.unwrap_or(node));
        self.b.param(name, ParamKind::Plain, ty.as_deref());
    }

    /// Lowers `::f`, `x::f` and `T::f` to a function that calls it.
    fn reference(&mut self, node: NodeRef<'_>) -> Slot {
        let parts: Vec<NodeRef<'_>> = node.named_children().collect();
        let Some((name, before)) = parts.split_last() else {
            return self.b.unknown(node);
        };
        let name = name.text();
        if node.text().ends_with("class") {
            let ty = dotted(*before.first().unwrap_or(&parts[0]));
            let ty = self.names.resolve(&ty);
            return self.b.global(node, &ty);
        }
        let object = before.first().copied();
        let is_type = object.is_some_and(|object| self.names.is_type(&dotted(object)));
        let bound = match object {
            Some(object) if !is_type => {
                let slot = self.expression(object);
                let bound = format!("{}::{name}@{}", object.text(), node.span().start);
                self.b.bind(&bound, slot);
                Some(bound)
            }
            _ => None,
        };
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let argument = self.b.param("argument", ParamKind::Plain, None);
        let args = vec![Arg::plain(argument)];
        let value = match (bound, object) {
            (Some(bound), _) => {
                let receiver = self.b.read(node, &bound);
                self.b.method(node, receiver, name, args)
            }
            (None, Some(_)) => self.b.method(node, argument, name, Vec::new()),
            (None, None) => self.call_named(node, name, args),
        };
        self.b.return_value(node, Some(value));
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    /// The class that `New` makes, when a name is one.
    pub(super) fn made(&self, name: &str) -> Name {
        Name::from(self.names.resolve(name))
    }
}

fn operator<'t>(node: NodeRef<'t>) -> &'t str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

fn logical_op(operator: &str) -> Option<LogicalOp> {
    Some(match operator {
        "&&" => LogicalOp::And,
        "||" => LogicalOp::Or,
        "?:" => LogicalOp::Coalesce,
        _ => return None,
    })
}

pub(super) fn binary_op(operator: &str) -> Option<BinaryOp> {
    Some(match operator {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "===" => BinaryOp::Is,
        "!==" => BinaryOp::IsNot,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        _ => return None,
    })
}
