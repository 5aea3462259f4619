//! Patterns of C#: what they bind, and the condition that they are.

use assay_syntax::{Field, NodeRef};

use super::CSharp;
use super::expression::{TypeName, relation};
use crate::flow::ir::{Arm, BinaryOp, Block, LogicalOp, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl CSharp<'_> {
    pub(super) fn is_pattern(&mut self, node: NodeRef<'_>) -> Slot {
        let subject = self.operand(node, Field::Object);
        match node.child(Field::Pattern) {
            Some(pattern) => self.pattern(pattern, subject),
            None => self.b.unknown(node),
        }
    }

    /// Binds the variables of a pattern; returns whether it matches.
    pub(super) fn pattern(&mut self, node: NodeRef<'_>, subject: Slot) -> Slot {
        if !self.b.descend() {
            return self.b.unknown(node);
        }
        let value = self.pattern_inside(node, subject);
        self.b.ascend();
        value
    }

    fn pattern_inside(&mut self, node: NodeRef<'_>, subject: Slot) -> Slot {
        match node.kind() {
            "constant_pattern" if declares(node) => {
                if let Some(tuple) = node.named_children().next() {
                    self.bind_parts(tuple, subject);
                }
                self.b.unknown(node)
            }
            "constant_pattern" => {
                let value = match node.named_children().next() {
                    Some(inner) => self.expression(inner),
                    None => self.b.unknown(node),
                };
                self.b.binary(node, BinaryOp::Eq, subject, value)
            }
            "relational_pattern" => {
                let value = match node.named_children().next() {
                    Some(inner) => self.expression(inner),
                    None => self.b.unknown(node),
                };
                let word = node.children().find(|child| !child.is_named());
                match word.and_then(|word| relation(word.kind())) {
                    Some(op) => self.b.binary(node, op, subject, value),
                    None => self.b.unknown(node),
                }
            }
            "negated_pattern" => {
                let inner = node.named_children().next();
                let inner = inner.map(|inner| self.pattern(inner, subject));
                match inner {
                    Some(inner) => self.b.unary(node, UnaryOp::Not, inner),
                    None => self.b.unknown(node),
                }
            }
            "and_pattern" | "or_pattern" => {
                let op = match node.kind() {
                    "and_pattern" => LogicalOp::And,
                    _ => LogicalOp::Or,
                };
                let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right))
                else {
                    return self.b.unknown(node);
                };
                let left = self.pattern(left, subject);
                self.b.open();
                let value = self.pattern(right, subject);
                let right = self.b.close();
                self.b.logical(node, op, left, right, value)
            }
            "parenthesized_pattern" => match node.named_children().next() {
                Some(inner) => self.pattern(inner, subject),
                None => self.b.unknown(node),
            },
            "declaration_pattern" => {
                let ty = self.want(node.child(Field::Type)).ty;
                self.bind(node, subject, ty.clone());
                self.type_test(node, subject, ty)
            }
            "type_pattern" => {
                let ty = self.want(node.child(Field::Type)).ty;
                self.type_test(node, subject, ty)
            }
            "var_pattern" => {
                self.bind(node, subject, None);
                self.b.unknown(node)
            }
            "recursive_pattern" => self.recursive(node, subject),
            "list_pattern" => {
                let mut cond = self.b.unknown(node);
                let parts = node
                    .children()
                    .filter(|child| child.is_named() || child.kind() == "..");
                let mut at = 0;
                for part in parts {
                    if part.kind() == ".." {
                        at += 1;
                        continue;
                    }
                    let index = self.b.int(part, at);
                    let item = self.b.load_index(part, subject, index);
                    let test = self.pattern(part, item);
                    cond = self.and(part, cond, test);
                    at += 1;
                }
                cond
            }
            "identifier" | "member_access_expression" => {
                let value = self.expression(node);
                self.b.binary(node, BinaryOp::Eq, subject, value)
            }
            "discard" => self.b.constant(node, crate::flow::ir::Literal::Bool(true)),
            _ => self.b.unknown(node),
        }
    }

    /// Binds the variables among the arguments of a positional pattern.
    pub(super) fn bind_parts(&mut self, list: NodeRef<'_>, subject: Slot) {
        for (at, part) in list.named_children().enumerate() {
            let Some(inner) = part.named_children().last().filter(|n| declares(*n)) else {
                continue;
            };
            let index = self.b.int(part, at as i64);
            let item = self.b.load_index(part, subject, index);
            match inner.kind() {
                "declaration_expression" => self.assign_to(inner, inner, item),
                _ => self.bind_parts(inner, item),
            }
        }
    }

    /// Declares the variable that a pattern names.
    fn bind(&mut self, node: NodeRef<'_>, subject: Slot, ty: TypeName) {
        let designation = node
            .named_children()
            .find(|child| child.kind() == "parenthesized_variable_designation");
        if let Some(designation) = designation {
            self.deconstruct(designation, subject);
        }
        let Some(name) = node.child(Field::Name) else {
            return;
        };
        let value = match &ty {
            Some(ty) => self.b.emit(name, Op::Cast(subject, ty.clone())),
            None => subject,
        };
        // It is in scope after the statement where the test failed and left.
        let slot = self.b.declare_in_function(name.text(), ty.as_deref());
        self.b.assign(name, slot, value);
    }

    fn type_test(&mut self, node: NodeRef<'_>, subject: Slot, ty: TypeName) -> Slot {
        match ty {
            Some(ty) => self.b.emit(node, Op::IsType(subject, ty)),
            None => self.b.unknown(node),
        }
    }

    fn recursive(&mut self, node: NodeRef<'_>, subject: Slot) -> Slot {
        let ty = self.want(node.child(Field::Type)).ty;
        self.bind(node, subject, ty.clone());
        let mut cond = self.type_test(node, subject, ty);
        for clause in node.named_children() {
            let is_positional = clause.kind() == "positional_pattern_clause";
            if !is_positional && clause.kind() != "property_pattern_clause" {
                continue;
            }
            for (at, part) in clause.named_children().enumerate() {
                let Some(pattern) = part.named_children().last() else {
                    continue;
                };
                let name = part.named_children().next().filter(|name| *name != pattern);
                let item = match name {
                    Some(name) => {
                        // `Owner.Name: pattern` goes down by each name.
                        let path = super::name::dotted(name);
                        let mut item = subject;
                        for key in path.split('.') {
                            item = self.b.load(part, item, key);
                        }
                        item
                    }
                    None => {
                        let index = self.b.int(part, at as i64);
                        self.b.load_index(part, subject, index)
                    }
                };
                let test = self.pattern(pattern, item);
                cond = self.and(part, cond, test);
            }
        }
        cond
    }

    /// Lowers the test of an arm: constants are tests, what else a pattern
    /// asks is a condition.
    pub(super) fn arm_test(
        &mut self,
        node: NodeRef<'_>,
        subject: Slot,
        tests: &mut Vec<Slot>,
        cond: Option<Slot>,
    ) -> Option<Slot> {
        if constants(node, tests, self) {
            return cond;
        }
        if matches!(node.kind(), "discard" | "var_pattern") {
            self.pattern(node, subject);
            return cond;
        }
        let test = self.pattern(node, subject);
        self.both(node, cond, Some(test))
    }

    pub(super) fn switch_expression(&mut self, node: NodeRef<'_>) -> Slot {
        let result = self.b.temp();
        let subject = node.named_children().next();
        let subject = match subject {
            Some(subject) => self.expression(subject),
            None => self.b.unknown(node),
        };
        let label = self.b.begin_labelled(None);
        let mut arms = Vec::new();
        let mut default = None;
        let all = node
            .named_children()
            .filter(|child| child.kind() == "switch_expression_arm");
        for part in all {
            self.b.enter_scope();
            self.b.open();
            let mut tests = Vec::new();
            let mut cond = None;
            let mut value = None;
            for (at, piece) in part.named_children().enumerate() {
                if at == 0 {
                    cond = self.arm_test(piece, subject, &mut tests, None);
                    let takes_all = piece.kind() == "discard" || piece.text() == "_";
                    if takes_all || piece.kind() == "var_pattern" {
                        default = Some(arms.len());
                    }
                } else if piece.kind() == "when_clause" {
                    let guard = piece.named_children().next();
                    let guard = guard.map(|guard| self.expression(guard));
                    cond = self.both(piece, cond, guard);
                    default = default.filter(|at| *at != arms.len());
                } else {
                    value = Some(piece);
                }
            }
            let head = self.b.close();
            self.b.open();
            if let Some(value) = value {
                let slot = self.expression(value);
                self.b.assign(value, result, slot);
            }
            let mut body = self.b.close();
            self.b.leave_scope();
            if let Some(cond) = cond {
                self.b.open();
                self.b.branch(part, cond, body, Block::new());
                body = self.b.close();
            }
            arms.push(Arm {
                head,
                tests,
                body,
                falls_through: false,
            });
        }
        self.b.end_switch(node, label, subject, arms, default);
        result
    }
}

/// Returns whether a pattern that is written as an expression declares
/// variables.
fn declares(node: NodeRef<'_>) -> bool {
    node.subtree()
        .any(|part| part.kind() == "declaration_expression")
}

/// Adds the constants of a pattern to the tests, when it is nothing else.
fn constants(node: NodeRef<'_>, tests: &mut Vec<Slot>, lowerer: &mut CSharp<'_>) -> bool {
    let is_constant = |node: NodeRef<'_>| {
        node.subtree().all(|part| {
            !part.kind().ends_with("_pattern")
                || matches!(part.kind(), "constant_pattern" | "or_pattern")
        }) && node.kind() != "discard"
            && !declares(node)
    };
    if !is_constant(node) || node.text() == "_" {
        return false;
    }
    let mut left = vec![node];
    while let Some(part) = left.pop() {
        match part.kind() {
            "or_pattern" => left.extend(
                [part.child(Field::Left), part.child(Field::Right)]
                    .into_iter()
                    .flatten(),
            ),
            "constant_pattern" => {
                let inner = part.named_children().next();
                tests.extend(inner.map(|inner| lowerer.expression(inner)));
            }
            _ => tests.push(lowerer.expression(part)),
        }
    }
    true
}
