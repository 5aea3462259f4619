//! Rust's expressions.

use assay_syntax::{Field, NodeRef};

use super::Rust;
use super::literal::literal;
use super::name::{bare, parts};
use super::statement::Goal;
use crate::flow::ir::{Arg, BinaryOp, Callee, Literal, LogicalOp, Name, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl Rust<'_, '_> {
    pub(super) fn lower_expression(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(literal) = literal(node) {
            return self.b.constant(node, literal);
        }
        match node.kind() {
            "identifier" | "scoped_identifier" | "self" | "metavariable" => self.named(node),
            "generic_function" => match node.child(Field::Function) {
                Some(inner) => self.expression(inner),
                None => self.b.unknown(node),
            },
            "parenthesized_expression" => self.first(node),
            "reference_expression" => self.operand(node, Field::Value),
            "unary_expression" => self.unary(node),
            "binary_expression" => self.binary(node),
            "assignment_expression" => {
                let value = self.operand(node, Field::Right);
                if let Some(target) = node.child(Field::Left) {
                    self.assign_target(target, value);
                }
                value
            }
            "compound_assignment_expr" => self.compound(node),
            "type_cast_expression" => {
                let value = self.operand(node, Field::Value);
                match node.child(Field::Type).and_then(|ty| self.ty(ty)) {
                    Some(ty) => self.b.emit(node, Op::Cast(value, Name::from(ty))),
                    None => value,
                }
            }
            "call_expression" => self.call(node),
            "macro_invocation" => self.invocation(node),
            "field_expression" => self.field(node),
            "index_expression" => self.index(node),
            "await_expression" => {
                let value = self.first(node);
                self.b.emit(node, Op::Await(value))
            }
            "try_expression" => {
                let value = self.first(node);
                self.attempt(node, value)
            }
            "array_expression" => self.array(node),
            "tuple_expression" => self.tuple(node),
            "struct_expression" => self.structure_value(node),
            "closure_expression" => self.closure(node),
            "range_expression" => {
                self.children(node);
                self.b.unknown(node)
            }
            "block" | "unsafe_block" | "const_block" | "if_expression" | "match_expression" => {
                let value = self.b.temp();
                self.value_to(node, Goal::Slot(value));
                value
            }
            "async_block" | "try_block" | "gen_block" => self.future(node),
            "while_expression" | "loop_expression" | "for_expression" => self.loop_value(node),
            "return_expression" => {
                match node.named_children().next() {
                    Some(value) => self.value_to(value, Goal::Return),
                    None => {
                        let nothing = self.b.unknown(node);
                        self.leave_with(node, Some(nothing));
                    }
                }
                self.b.unknown(node)
            }
            "break_expression" => {
                self.break_value(node);
                self.b.unknown(node)
            }
            "continue_expression" => {
                let label = node.named_children().next().map(NodeRef::text);
                self.b.continue_loop(node, label);
                self.b.unknown(node)
            }
            "yield_expression" => {
                let value = self.first(node);
                self.b.emit(node, Op::Yield(value, false))
            }
            "let_condition" => {
                let value = self.operand(node, Field::Value);
                let test = node
                    .child(Field::Pattern)
                    .and_then(|pattern| self.test(pattern, value));
                test.unwrap_or(value)
            }
            "attribute_item" | "label" | "type_arguments" | "token_tree" => self.b.unknown(node),
            kind if kind.ends_with("_item") || kind.ends_with("_type") => self.b.unknown(node),
            _ => self.anything(node),
        }
    }

    /// Lowers a name: a variable, a constant, a function, a variant.
    pub(super) fn named(&mut self, node: NodeRef<'_>) -> Slot {
        if node.kind() != "scoped_identifier" {
            let name = bare(node.text());
            if let Some(slot) = self.b.lookup(name) {
                return slot;
            }
            match name {
                "None" => return self.b.null(node),
                "self" => return self.b.unknown(node),
                _ => {}
            }
        }
        let path = parts(node);
        if let ["Self", name] = path.as_slice()
            && let Some(own) = self.own_type.clone()
        {
            return self.member_of(node, &own, name);
        }
        let name = self.names.path(&path);
        match name.rsplit_once('.') {
            Some((owner, last)) if path.len() > 1 => {
                let owner = owner.to_owned();
                self.member_of(node, &owner, last)
            }
            _ => match is_none(&name) {
                true => self.b.null(node),
                false => self.b.global(node, &name),
            },
        }
    }

    /// Lowers `Type::NAME`: a variant without anything in it is a constant.
    fn member_of(&mut self, node: NodeRef<'_>, owner: &str, name: &str) -> Slot {
        let qualified = format!("{owner}.{name}");
        if is_none(&qualified) {
            return self.b.null(node);
        }
        let simple = owner.rsplit('.').next().unwrap_or(owner);
        let is_type = simple.starts_with(|c: char| c.is_uppercase());
        let is_variant = name.starts_with(|c: char| c.is_uppercase())
            && name.contains(|c: char| c.is_lowercase());
        if is_type && is_variant {
            let text = Literal::Str(Name::from(qualified.as_str()));
            let constant = self.b.constant(node, text);
            return self.b.emit(node, Op::Cast(constant, Name::from(owner)));
        }
        self.b.global(node, &qualified)
    }

    fn unary(&mut self, node: NodeRef<'_>) -> Slot {
        let operand = self.first(node);
        match node.children().next().map_or("", NodeRef::kind) {
            "!" => self.not(node, operand),
            "-" => self.b.unary(node, UnaryOp::Minus, operand),
            // What is referred to.
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

    fn operation(&mut self, node: NodeRef<'_>, operator: &str, left: Slot, right: Slot) -> Slot {
        match binary_op(operator) {
            Some(op) => self.b.binary(node, op, left, right),
            None => self.b.mix(node, vec![left, right]),
        }
    }

    fn compound(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(target) = node.child(Field::Left) else {
            return self.b.unknown(node);
        };
        let old = self.expression(target);
        let right = self.operand(node, Field::Right);
        let operator = operator(node).trim_end_matches('=');
        if operator == "+" && self.builders.contains(&old) {
            return self
                .b
                .method(node, old, "push_str", vec![Arg::plain(right)]);
        }
        let value = self.operation(node, operator, old, right);
        self.assign_target(target, value);
        value
    }

    fn field(&mut self, node: NodeRef<'_>) -> Slot {
        let object = self.operand(node, Field::Value);
        let Some(name) = node.child(Field::Property) else {
            return self.b.unknown(node);
        };
        match name.text().parse::<i64>() {
            // What an extractor took out of the request.
            Ok(0) if self.wrapped.contains(&object) => object,
            Ok(at) => self.element(node, object, at),
            Err(_) => self.b.load(node, object, bare(name.text())),
        }
    }

    fn index(&mut self, node: NodeRef<'_>) -> Slot {
        let mut parts = node.named_children();
        let (Some(object), Some(index)) = (parts.next(), parts.next()) else {
            return self.b.unknown(node);
        };
        let object = self.expression(object);
        if index.kind() != "range_expression" {
            let index = self.expression(index);
            return self.b.load_index(node, object, index);
        }
        let mut ends: [Option<Slot>; 2] = [None, None];
        let mut at = 0;
        let mut is_inclusive = false;
        for child in index.children() {
            match child.kind() {
                ".." | "..." | "..=" => {
                    is_inclusive = child.kind() != "..";
                    at = 1;
                }
                _ if child.is_named() => ends[at] = Some(self.expression(child)),
                _ => {}
            }
        }
        if let (true, Some(end)) = (is_inclusive, ends[1]) {
            let one = self.b.int(node, 1);
            ends[1] = Some(self.b.binary(node, BinaryOp::Add, end, one));
        }
        self.b.emit(node, Op::Slice(object, ends[0], ends[1]))
    }

    fn array(&mut self, node: NodeRef<'_>) -> Slot {
        let is_filled = node.children().any(|child| child.kind() == ";");
        let items: Vec<Slot> = node
            .named_children()
            .filter(|child| child.kind() != "attribute_item")
            .map(|child| self.expression(child))
            .collect();
        if is_filled {
            let args = items.into_iter().map(Arg::plain).collect();
            return self.b.call_global(node, "std.vec.from_elem", args);
        }
        let items = items.into_iter().map(Arg::plain).collect();
        self.b.list(node, items)
    }

    fn tuple(&mut self, node: NodeRef<'_>) -> Slot {
        let items: Vec<Slot> = node
            .named_children()
            .filter(|child| child.kind() != "attribute_item")
            .map(|child| self.expression(child))
            .collect();
        let args = items.iter().copied().map(Arg::plain).collect();
        let tuple = self.b.list(node, args);
        self.tuples.insert(tuple, items);
        tuple
    }

    fn structure_value(&mut self, node: NodeRef<'_>) -> Slot {
        let ty = node.child(Field::Name).and_then(|name| self.ty(name));
        let body = node.child(Field::Body);
        let mut fields: Vec<(NodeRef<'_>, String, Slot)> = Vec::new();
        let mut base = None;
        for part in body.into_iter().flat_map(NodeRef::named_children) {
            match part.kind() {
                "base_field_initializer" => base = Some(self.first(part)),
                "shorthand_field_initializer" => {
                    let name = part.named_children().find(|n| n.kind() == "identifier");
                    if let Some(name) = name {
                        let value = self.expression(name);
                        fields.push((part, bare(name.text()).to_owned(), value));
                    }
                }
                _ => {
                    let name = part.child(Field::Property);
                    let value = self.operand(part, Field::Value);
                    if let Some(name) = name {
                        fields.push((part, bare(name.text()).to_owned(), value));
                    }
                }
            }
        }
        let Some(ty) = ty else {
            let parts = fields.into_iter().map(|field| field.2).collect();
            return self.b.mix(node, parts);
        };
        if !self.names.is_own(&ty) && base.is_none() {
            let args = fields.iter();
            let args = args.map(|(_, name, value)| Arg::named(name.as_str(), *value));
            let args = args.collect();
            return self.b.call(node, Callee::New(Name::from(ty)), args);
        }
        let object = match base {
            // What it had is in it somewhere.
            Some(base) => {
                let args = vec![Arg::plain(base)];
                self.b.call(node, Callee::New(Name::from(ty)), args)
            }
            None => self.b.call(node, Callee::New(Name::from(ty)), Vec::new()),
        };
        for (part, name, value) in fields {
            self.b.store(part, object, &name, value);
        }
        object
    }
}

fn is_none(name: &str) -> bool {
    matches!(name, "std.option.Option.None" | "std.option.None")
}

pub(super) fn operator(node: NodeRef<'_>) -> &str {
    node.child(Field::Operator).map_or("", NodeRef::text)
}

/// Returns the operation that an operator stands for.
fn binary_op(operator: &str) -> Option<BinaryOp> {
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
