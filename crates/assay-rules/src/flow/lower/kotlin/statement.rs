//! Kotlin's statements: loops, declarations, jumps, and those expressions that
//! hold statements.

use assay_syntax::{Field, NodeRef};

use super::declaration::type_of;
use super::{Kotlin, bare, is_comment, parts};
use crate::flow::builder::LoopParts;
use crate::flow::ir::{Arm, BinaryOp, Block, EachKind, Handler, LogicalOp, Op, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl Kotlin<'_> {
    /// Lowers the statements in a node.
    pub(super) fn statements(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        for statement in node.named_children() {
            self.statement(statement);
        }
        self.b.leave_scope();
    }

    /// Lowers a statement by its kind.
    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            "block" | "statements" => self.statements(node),
            "property_declaration" => self.local(node),
            "function_declaration" => self.local_function(node),
            "class_declaration" | "object_declaration" => {
                self.local_class(node);
            }
            "assignment" => self.assignment(node),
            "while_statement" | "do_while_statement" | "for_statement" => {
                self.loop_statement(node, None);
            }
            "labeled_expression" => {
                let label = node.named_children().next();
                let name = label.map_or("", |label| label.text().trim_end_matches('@'));
                if let Some(inner) = node.named_children().last() {
                    self.labelled(node, name, inner);
                }
            }
            "break_expression" | "continue_expression" => self.jump(node),
            "identifier" if matches!(node.text(), "break" | "continue") => self.jump(node),
            "type_alias" | "line_comment" | "block_comment" => {}
            _ => {
                self.expression(node);
            }
        }
    }

    pub(super) fn jump(&mut self, node: NodeRef<'_>) {
        let text = node.text();
        let label = text.split_once('@').map(|(_, label)| label.trim());
        if text.starts_with("break") {
            self.b.break_out(node, label);
        } else {
            self.b.continue_loop(node, label);
        }
    }

    fn local(&mut self, node: NodeRef<'_>) {
        let value = match initial(node) {
            Some(value) => Some(self.expression(value)),
            None => node
                .named_children()
                .find(|child| child.kind() == "property_delegate")
                .map(|delegate| self.delegate(delegate)),
        };
        for target in node.named_children() {
            match target.kind() {
                "variable_declaration" => self.bind(target, value),
                "multi_variable_declaration" => {
                    if let Some(value) = value {
                        self.destructure(target, value);
                    }
                }
                _ => {}
            }
        }
    }

    /// Declares a variable with a value.
    pub(super) fn bind(&mut self, node: NodeRef<'_>, value: Option<Slot>) {
        let name = node
            .named_children()
            .find(|child| child.kind() == "identifier");
        let ty = type_of(node).map(|ty| self.names.ty(ty));
        let name = name.map_or("_", bare);
        let slot = self.b.declare(name, ty.as_deref());
        if let Some(value) = value {
            self.b.assign(node, slot, value);
        }
    }

    /// Binds the variables of `(a, b)` to the components of a value.
    pub(super) fn destructure(&mut self, node: NodeRef<'_>, value: Slot) {
        let variables = node
            .named_children()
            .filter(|child| child.kind() == "variable_declaration");
        for (at, variable) in variables.enumerate() {
            let index = self.b.int(variable, at as i64);
            let item = self.b.load_index(variable, value, index);
            self.bind(variable, Some(item));
        }
    }

    pub(super) fn condition_loop(
        &mut self,
        node: NodeRef<'_>,
        label: Option<&str>,
        body_first: bool,
    ) {
        let label = self.b.begin_loop(label);
        let condition = node.child(Field::Condition);
        self.b.open();
        let cond = condition.map(|cond| self.expression(cond));
        let head = self.b.close();
        let body = node.named_children().find(|child| {
            Some(*child) != condition && child.kind() != "label" && !is_comment(*child)
        });
        let body = self.block(body);
        let parts = LoopParts {
            head,
            cond,
            body,
            body_first,
            ..LoopParts::default()
        };
        self.b.end_loop(node, label, parts);
    }

    pub(super) fn each_loop(&mut self, node: NodeRef<'_>, label: Option<&str>) {
        let mut parts = node
            .named_children()
            .filter(|child| !matches!(child.kind(), "annotation" | "label") && !is_comment(*child));
        let (variable, subject, body) = (parts.next(), parts.next(), parts.next());
        let numbered = variable.zip(subject).and_then(numbered);
        let subject = numbered.map(|numbered| numbered.of).or(subject);
        let subject = self.optional(node, subject);
        let label = self.b.begin_loop(label);
        self.b.enter_scope();
        self.b.open();
        let item = self.b.temp();
        match (variable, numbered) {
            (_, Some(numbered)) => {
                let place = self.b.unknown(node);
                self.bind(numbered.place, Some(place));
                self.bind(numbered.item, Some(item));
            }
            (Some(variable), _) if variable.kind() == "multi_variable_declaration" => {
                self.destructure(variable, item);
            }
            (Some(variable), _) => self.bind(variable, Some(item)),
            (None, _) => {}
        }
        if let Some(body) = body {
            self.statement(body);
        }
        let body = self.b.close();
        self.b.leave_scope();
        self.b.end_each(
            node,
            label,
            (subject, EachKind::Entries),
            (item, None),
            body,
        );
    }

    fn assignment(&mut self, node: NodeRef<'_>) {
        let (Some(target), Some(value)) = (node.child(Field::Left), node.child(Field::Right))
        else {
            return;
        };
        let operator = node.child(Field::Operator).map_or_else(
            || {
                let word = node.children().find(|child| !child.is_named());
                word.map_or("=", NodeRef::kind)
            },
            NodeRef::text,
        );
        let value = if operator == "=" {
            self.expression(value)
        } else {
            let old = self.expression(target);
            let right = self.expression(value);
            let sign = operator.strip_suffix('=').unwrap_or("");
            match super::expression::binary_op(sign) {
                Some(op) => self.b.binary(node, op, old, right),
                None => self.b.mix(node, vec![old, right]),
            }
        };
        self.assign_to(node, target, value);
    }

    /// Lowers a block to the value of its last statement.
    pub(super) fn block_value(&mut self, node: NodeRef<'_>) -> Slot {
        if node.kind() != "block" {
            return self.statement_value(node);
        }
        self.b.enter_scope();
        let all: Vec<NodeRef<'_>> = parts(node).collect();
        let value = self.last_value(node, &all);
        self.b.leave_scope();
        value
    }

    /// Lowers statements to the value of the last.
    pub(super) fn last_value(&mut self, node: NodeRef<'_>, all: &[NodeRef<'_>]) -> Slot {
        let Some((last, rest)) = all.split_last() else {
            return self.b.null(node);
        };
        for statement in rest {
            self.statement(*statement);
        }
        self.statement_value(*last)
    }

    fn statement_value(&mut self, node: NodeRef<'_>) -> Slot {
        let is_statement = matches!(
            node.kind(),
            "assignment"
                | "property_declaration"
                | "function_declaration"
                | "class_declaration"
                | "while_statement"
                | "do_while_statement"
                | "for_statement"
        );
        if is_statement {
            self.statement(node);
            return self.b.null(node);
        }
        self.expression(node)
    }

    /// Lowers a part of a conditional to a block that sets the result.
    fn arm(&mut self, node: Option<NodeRef<'_>>, result: Slot) -> Block {
        self.b.open();
        if let Some(node) = node {
            let value = self.block_value(node);
            self.b.assign(node, result, value);
        }
        self.b.close()
    }

    pub(super) fn if_expression(&mut self, node: NodeRef<'_>) -> Slot {
        let condition = node.child(Field::Condition);
        let cond = self.optional(node, condition);
        let result = self.b.temp();
        let mut then = None;
        let mut otherwise = None;
        let mut is_else = false;
        for child in node.children() {
            if child.kind() == "else" {
                is_else = true;
            } else if child.is_named() && Some(child) != condition && !is_comment(child) {
                if is_else {
                    otherwise = Some(child);
                } else {
                    then = Some(child);
                }
            }
        }
        let then = self.arm(then, result);
        let otherwise = self.arm(otherwise, result);
        self.b.branch(node, cond, then, otherwise);
        result
    }

    pub(super) fn when_expression(&mut self, node: NodeRef<'_>) -> Slot {
        let result = self.b.temp();
        self.b.enter_scope();
        let subject = node
            .named_children()
            .find(|child| child.kind() == "when_subject");
        let entries: Vec<NodeRef<'_>> = node
            .named_children()
            .filter(|child| child.kind() == "when_entry")
            .collect();
        let subject = subject.map(|subject| {
            let value = parts(subject).last();
            let value = self.optional(subject, value);
            let variable = subject
                .named_children()
                .find(|child| child.kind() == "variable_declaration");
            if let Some(variable) = variable {
                self.bind(variable, Some(value));
            }
            value
        });
        let has_tests = entries
            .iter()
            .flat_map(|entry| entry.named_children())
            .any(|part| matches!(part.kind(), "type_test" | "range_test"));
        match subject {
            Some(subject) if !has_tests => self.when_values(node, subject, &entries, result),
            _ => self.when_chain(&entries, subject, result),
        }
        self.b.leave_scope();
        result
    }

    /// `when` with conditions: one after the other.
    fn when_chain(&mut self, entries: &[NodeRef<'_>], subject: Option<Slot>, result: Slot) {
        let Some((entry, rest)) = entries.split_first() else {
            return;
        };
        if !self.b.descend() {
            return;
        }
        let body = parts(*entry).last();
        let mut cond = None;
        for part in parts(*entry).filter(|part| Some(*part) != body) {
            let value = match subject {
                Some(subject) => self.when_test(part, subject),
                None => self.expression(part),
            };
            cond = Some(match cond {
                None => value,
                Some(first) => self
                    .b
                    .logical(part, LogicalOp::Or, first, Block::new(), value),
            });
        }
        match cond {
            Some(cond) => {
                let then = self.arm(body, result);
                self.b.open();
                self.when_chain(rest, subject, result);
                let otherwise = self.b.close();
                self.b.branch(*entry, cond, then, otherwise);
            }
            // `else`
            None => {
                if let Some(body) = body {
                    let value = self.block_value(body);
                    self.b.assign(*entry, result, value);
                }
            }
        }
        self.b.ascend();
    }

    /// `when` that compares its subject with values.
    fn when_values(
        &mut self,
        node: NodeRef<'_>,
        subject: Slot,
        entries: &[NodeRef<'_>],
        result: Slot,
    ) {
        let label = self.b.begin_labelled(None);
        let mut arms = Vec::new();
        let mut default = None;
        for entry in entries {
            let body = parts(*entry).last();
            let values = parts(*entry).filter(|part| Some(*part) != body);
            self.b.open();
            let tests: Vec<Slot> = values.map(|part| self.expression(part)).collect();
            let head = self.b.close();
            if tests.is_empty() {
                default = Some(arms.len());
            }
            arms.push(Arm {
                head,
                tests,
                body: self.arm(body, result),
                falls_through: false,
            });
        }
        self.b.end_switch(node, label, subject, arms, default);
    }

    /// Lowers one condition of a `when` with a subject.
    fn when_test(&mut self, node: NodeRef<'_>, subject: Slot) -> Slot {
        let is_negated = node.text().trim_start().starts_with('!');
        let test = match (node.kind(), parts(node).last()) {
            ("type_test", Some(ty)) => {
                let ty = self.names.ty(ty);
                self.b.emit(node, Op::IsType(subject, ty))
            }
            ("range_test", Some(range)) => {
                let range = self.expression(range);
                self.b.binary(node, BinaryOp::In, subject, range)
            }
            _ => {
                let value = self.expression(node);
                return self.b.binary(node, BinaryOp::Eq, subject, value);
            }
        };
        match is_negated {
            true => self.b.unary(node, UnaryOp::Not, test),
            false => test,
        }
    }

    pub(super) fn try_expression(&mut self, node: NodeRef<'_>) -> Slot {
        let result = self.b.temp();
        let body = node.named_children().find(|child| child.kind() == "block");
        let body = self.arm(body, result);
        let mut handlers = Vec::new();
        let mut finally = Block::new();
        for part in node.named_children() {
            match part.kind() {
                "catch_block" => handlers.push(self.handler(part, result)),
                "finally_block" => {
                    finally = self.block(part.named_children().next());
                }
                _ => {}
            }
        }
        self.b
            .try_block(node, body, handlers, Block::new(), finally);
        result
    }

    fn handler(&mut self, node: NodeRef<'_>, result: Slot) -> Handler {
        self.b.enter_scope();
        let ty = type_of(node).map(|ty| self.names.ty(ty));
        let name = node
            .named_children()
            .find(|child| child.kind() == "identifier");
        let slot = name.map(|name| self.b.declare(name.text(), ty.as_deref()));
        let body = node.named_children().find(|child| child.kind() == "block");
        let body = self.arm(body, result);
        self.b.leave_scope();
        Handler {
            slot,
            types: ty.into_iter().collect(),
            body,
        }
    }
}

/// `(place, item) in of.withIndex()`
#[derive(Clone, Copy)]
struct Numbered<'t> {
    place: NodeRef<'t>,
    item: NodeRef<'t>,
    of: NodeRef<'t>,
}

/// Returns the parts of a loop that counts what it goes through.
fn numbered<'t>((variable, subject): (NodeRef<'t>, NodeRef<'t>)) -> Option<Numbered<'t>> {
    let mut callee = subject
        .named_children()
        .next()
        .filter(|_| subject.kind() == "call_expression")?
        .named_children();
    let (of, method) = (callee.next()?, callee.last()?);
    let mut names = variable
        .named_children()
        .filter(|child| child.kind() == "variable_declaration");
    let (place, item) = (names.next()?, names.next()?);
    (method.text() == "withIndex").then_some(Numbered { place, item, of })
}

/// Returns the value that a declaration gives: it stands after the sign.
pub(super) fn initial(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut after = node.children().skip_while(|child| child.kind() != "=");
    after.next();
    after.find(|child| {
        child.is_named() && !matches!(child.kind(), "getter" | "setter") && !is_comment(*child)
    })
}
