//! Java's statements.

use assay_syntax::{Field, NodeRef};

use super::{Java, is_type};
use crate::flow::ir::{Arm, Block, EachKind, Handler, Name, Slot, UnaryOp};
use crate::flow::lower::walk::Walk;

impl Java<'_> {
    /// Lowers the statements in a node.
    pub(super) fn statements(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        for statement in node.named_children() {
            self.statement(statement);
        }
        self.b.leave_scope();
    }

    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            "block" | "constructor_body" => self.statements(node),
            "local_variable_declaration" | "field_declaration" => self.local(node),
            "expression_statement" => {
                for expression in node.named_children() {
                    self.expression(expression);
                }
            }
            "if_statement" => self.if_statement(node),
            "while_statement" | "do_statement" | "for_statement" | "enhanced_for_statement" => {
                self.loop_statement(node, None);
            }
            "labeled_statement" => {
                let mut parts = node.named_children();
                if let (Some(label), Some(inner)) = (parts.next(), parts.next()) {
                    self.labelled(node, label.text(), inner);
                }
            }
            "switch_expression" => {
                self.switch(node, false);
            }
            "return_statement" => self.return_statement(node),
            "throw_statement" => self.throw_statement(node),
            "break_statement" => {
                let name = node.named_children().next().map(NodeRef::text);
                self.b.break_out(node, name);
            }
            "continue_statement" => {
                let name = node.named_children().next().map(NodeRef::text);
                self.b.continue_loop(node, name);
            }
            "yield_statement" => self.yield_value(node),
            "try_statement" | "try_with_resources_statement" => self.try_statement(node),
            "synchronized_statement" => {
                for child in node.named_children() {
                    match child.kind() {
                        "block" => self.statements(child),
                        _ => {
                            self.expression(child);
                        }
                    }
                }
            }
            "explicit_constructor_invocation" => self.constructor_call(node),
            "assert_statement" | "comment" => {}
            _ if is_type(node) => self.local_class(node),
            _ => {
                self.expression(node);
            }
        }
    }

    fn yield_value(&mut self, node: NodeRef<'_>) {
        let Some(value) = node.named_children().next() else {
            return;
        };
        let value = self.expression(value);
        if let Some((result, label)) = self.yields.last().cloned() {
            self.b.assign(node, result, value);
            self.b.break_out(node, Some(&label));
        }
    }

    fn local_class(&mut self, node: NodeRef<'_>) {
        let prefix = self.current_class();
        let outer = self.inside.last().copied();
        let members = self.declare_class(node, &prefix, outer);
        self.class_body(node, members);
    }

    fn local(&mut self, node: NodeRef<'_>) {
        let ty = node.child(Field::Type).map(|ty| self.names.ty(ty));
        let ty = ty.filter(|ty| &**ty != "var");
        for declarator in node.named_children() {
            if declarator.kind() != "variable_declarator" {
                continue;
            }
            let Some(name) = declarator.child(Field::Name) else {
                continue;
            };
            let value = declarator.child(Field::Value);
            let value = value.map(|value| self.initial(value, ty.as_deref()));
            let slot = self.b.declare(name.text(), ty.as_deref());
            if let Some(value) = value {
                self.b.assign(declarator, slot, value);
            }
        }
    }

    /// Lowers an initial value, which may be an array without `new`.
    pub(super) fn initial(&mut self, value: NodeRef<'_>, _ty: Option<&str>) -> Slot {
        self.expression(value)
    }

    pub(super) fn for_loop(&mut self, node: NodeRef<'_>, label: Option<&str>) {
        self.b.enter_scope();
        let of = |field| node.children().filter(move |child| child.field() == field);
        for init in of(Field::Initializer) {
            self.statement(init);
        }
        let updates: Vec<NodeRef<'_>> = of(Field::Update).collect();
        self.counted_loop(node, label, node.child(Field::Condition), &updates);
        self.b.leave_scope();
    }

    pub(super) fn each_loop(&mut self, node: NodeRef<'_>, name: Option<&str>) {
        let Some(subject) = node.child(Field::Value) else {
            return;
        };
        let subject = self.expression(subject);
        let label = self.b.begin_loop(name);
        self.b.enter_scope();
        self.b.open();
        let item = self.b.temp();
        if let Some(variable) = node.child(Field::Name) {
            let ty = node.child(Field::Type).map(|ty| self.names.ty(ty));
            let ty = ty.filter(|ty| &**ty != "var");
            let slot = self.b.declare(variable.text(), ty.as_deref());
            self.b.assign(variable, slot, item);
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        let body = self.b.close();
        self.b.leave_scope();
        self.b.end_each(
            node,
            label,
            (subject, EachKind::Elements),
            (item, None),
            body,
        );
    }

    /// Lowers a switch; as an expression it has a result.
    pub(super) fn switch(&mut self, node: NodeRef<'_>, is_expression: bool) -> Slot {
        let result = self.b.temp();
        let subject = match node.child(Field::Condition) {
            Some(subject) => self.expression(subject),
            None => self.b.unknown(node),
        };
        let name = format!("switch@{}", node.span().start);
        let label = self.b.begin_switch(Some(&name));
        if is_expression {
            self.yields.push((result, name));
        }
        self.b.enter_scope();
        let mut arms = Vec::new();
        let mut default = None;
        let body = node.child(Field::Body);
        for group in body.into_iter().flat_map(NodeRef::named_children) {
            let is_rule = group.kind() == "switch_rule";
            let labels = group
                .named_children()
                .filter(|n| n.kind() == "switch_label");
            let mut head = Vec::new();
            let mut tests = Vec::new();
            let mut guards = Vec::new();
            let mut is_default = false;
            for label in labels {
                self.b.open();
                let found = self.switch_label(label, subject);
                head.extend(self.b.close());
                is_default |= found.is_default;
                tests.extend(found.tests);
                guards.extend(found.guard);
            }
            if is_default {
                default = Some(arms.len());
            }
            self.b.open();
            let statements = group
                .named_children()
                .filter(|n| n.kind() != "switch_label");
            for statement in statements {
                if is_rule && is_expression && statement.kind() == "expression_statement" {
                    if let Some(value) = statement.named_children().next() {
                        let value = self.expression(value);
                        self.b.assign(statement, result, value);
                    }
                } else {
                    self.statement(statement);
                }
            }
            let mut body = self.b.close();
            if let Some(guard) = guards.first() {
                self.b.open();
                self.b.branch(group, *guard, body, Block::new());
                body = self.b.close();
            }
            arms.push(Arm {
                head,
                tests,
                body,
                falls_through: !is_rule,
            });
        }
        self.b.leave_scope();
        if is_expression {
            self.yields.pop();
        }
        self.b.end_switch(node, label, subject, arms, default);
        result
    }

    fn switch_label(&mut self, label: NodeRef<'_>, subject: Slot) -> SwitchLabel {
        let mut found = SwitchLabel {
            is_default: label.children().any(|child| child.kind() == "default"),
            ..SwitchLabel::default()
        };
        for test in label.named_children() {
            match test.kind() {
                "pattern" | "type_pattern" | "record_pattern" => self.bind_pattern(test, subject),
                "guard" => {
                    let cond = test.named_children().next();
                    found.guard = cond.map(|cond| self.expression(cond));
                }
                // Constants of an enum stand without their class.
                "identifier" if self.b.lookup(test.text()).is_none() => {
                    if test.text() == "default" {
                        found.is_default = true;
                        continue;
                    }
                    found.tests.push(match self.constant_field(test.text()) {
                        Some(name) => self.b.global(test, &name),
                        None => self.b.unknown(test),
                    });
                }
                _ => found.tests.push(self.expression(test)),
            }
        }
        found
    }

    /// Binds the variables of a pattern.
    pub(super) fn bind_pattern(&mut self, pattern: NodeRef<'_>, subject: Slot) {
        match pattern.kind() {
            "type_pattern" | "record_pattern_component" => {
                let mut parts = pattern.named_children();
                let (ty, name) = (parts.next(), parts.last());
                let ty = ty.map(|ty| self.names.ty(ty));
                if let Some(name) = name.filter(|name| name.kind() == "identifier") {
                    self.bind_cast(name, subject, ty);
                }
            }
            "record_pattern_body" | "pattern" => {
                for part in pattern.named_children() {
                    self.bind_pattern(part, subject);
                }
            }
            "record_pattern" => {
                // A component is a part of the record: what is known of the
                // whole holds for it.
                for part in pattern.named_children() {
                    if part.kind() == "record_pattern_body" {
                        let part_value = self.b.mix(part, vec![subject]);
                        self.bind_pattern(part, part_value);
                    }
                }
            }
            _ => {}
        }
    }

    /// Declares a variable that holds a value seen as a type.
    pub(super) fn bind_cast(&mut self, name: NodeRef<'_>, value: Slot, ty: Option<Name>) {
        let ty = ty.filter(|ty| &**ty != "var");
        let cast = match &ty {
            Some(ty) => self
                .b
                .emit(name, crate::flow::ir::Op::Cast(value, ty.clone())),
            None => value,
        };
        // It is in scope after the statement where the test failed and left.
        let slot = self.b.declare_in_function(name.text(), ty.as_deref());
        self.b.assign(name, slot, cast);
    }

    fn try_statement(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        self.b.open();
        let resources = node
            .children()
            .find(|n| n.kind() == "resource_specification");
        for resource in resources.into_iter().flat_map(NodeRef::named_children) {
            let Some(name) = resource.child(Field::Name) else {
                continue;
            };
            let ty = resource.child(Field::Type).map(|ty| self.names.ty(ty));
            let ty = ty.filter(|ty| &**ty != "var");
            let value = resource.child(Field::Value);
            let value = value.map(|value| self.expression(value));
            let slot = self.b.declare(name.text(), ty.as_deref());
            if let Some(value) = value {
                self.b.assign(resource, slot, value);
            }
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        let body = self.b.close();
        self.b.leave_scope();
        let mut handlers = Vec::new();
        let mut finally = Block::new();
        for part in node.named_children() {
            match part.kind() {
                "catch_clause" => handlers.push(self.handler(part)),
                "finally_clause" => {
                    let block = part.named_children().next();
                    finally = self.block(block);
                }
                _ => {}
            }
        }
        self.b
            .try_block(node, body, handlers, Block::new(), finally);
    }

    fn handler(&mut self, node: NodeRef<'_>) -> Handler {
        let param = node
            .named_children()
            .find(|child| child.kind() == "catch_formal_parameter");
        self.b.enter_scope();
        let mut types = Vec::new();
        let mut slot = None;
        if let Some(param) = param {
            let list = param.named_children().find(|n| n.kind() == "catch_type");
            types.extend(
                list.into_iter()
                    .flat_map(NodeRef::named_children)
                    .map(|ty| self.names.ty(ty)),
            );
            if let Some(name) = param.child(Field::Name) {
                slot = Some(self.b.declare(name.text(), types.first().map(|ty| &**ty)));
            }
        }
        let body = self.block(node.child(Field::Body));
        self.b.leave_scope();
        Handler { slot, types, body }
    }

    pub(super) fn not(&mut self, node: NodeRef<'_>, value: Slot) -> Slot {
        self.b.unary(node, UnaryOp::Not, value)
    }
}

/// What a label of a switch says.
#[derive(Default)]
struct SwitchLabel {
    is_default: bool,
    tests: Vec<Slot>,
    guard: Option<Slot>,
}
