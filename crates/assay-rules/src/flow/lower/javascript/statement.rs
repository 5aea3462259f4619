//! JavaScript's statements.

use assay_syntax::{Field, NodeRef};

use super::JavaScript;
use super::hoist::bound_names;
use crate::flow::ir::{Arm, Block, EachKind, Handler, Op, Slot};
use crate::flow::lower::walk::Walk;

impl JavaScript<'_> {
    /// Lowers the statements in a node, in a scope of their own.
    pub(super) fn statements(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        self.hoist(node);
        for statement in node.named_children() {
            self.statement(statement);
        }
        self.b.leave_scope();
    }

    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            "statement_block" => self.statements(node),
            "expression_statement" | "else_clause" => {
                for inner in node.named_children() {
                    match node.kind() {
                        "else_clause" => self.statement(inner),
                        _ => {
                            self.expression(inner);
                        }
                    }
                }
            }
            "lexical_declaration" | "variable_declaration" | "using_declaration" => {
                for declarator in node.named_children() {
                    self.declarator(node, declarator);
                }
            }
            "if_statement" => self.if_statement(node),
            "while_statement" | "do_statement" | "for_statement" | "for_in_statement" => {
                self.loop_statement(node, None);
            }
            "labeled_statement" => {
                let (label, inner) = (node.child(Field::Label), node.child(Field::Body));
                if let (Some(label), Some(inner)) = (label, inner) {
                    self.labelled(node, label.text(), inner);
                }
            }
            "switch_statement" => self.switch(node),
            "return_statement" => {
                let returned = node.named_children().find(|n| n.kind() != "comment");
                let value = returned.map(|value| self.expression(value));
                if let (Some(returned), Some(value)) = (returned, value) {
                    self.answer(returned, value);
                }
                self.b.return_value(node, value);
            }
            "throw_statement" => self.throw_statement(node),
            "break_statement" => {
                let name = node.child(Field::Label).map(NodeRef::text);
                self.b.break_out(node, name);
            }
            "continue_statement" => {
                let name = node.child(Field::Label).map(NodeRef::text);
                self.b.continue_loop(node, name);
            }
            "try_statement" => self.try_statement(node),
            "with_statement" => {
                if let Some(object) = node.child(Field::Object) {
                    self.expression(object);
                }
                if let Some(body) = node.child(Field::Body) {
                    self.statement(body);
                }
            }
            "class_declaration" | "abstract_class_declaration" => {
                let name = node.child(Field::Name).map_or("", NodeRef::text);
                if let Some(class) = self.known_class(name) {
                    self.class_body(node, class);
                }
            }
            "export_statement" => self.export(node),
            "enum_declaration" => self.enumeration(node),
            // They were lowered where the scope began, or hold no data.
            "function_declaration"
            | "generator_function_declaration"
            | "import_statement"
            | "import_alias"
            | "interface_declaration"
            | "type_alias_declaration"
            | "ambient_declaration"
            | "function_signature"
            | "empty_statement"
            | "debugger_statement"
            | "hash_bang_line"
            | "comment"
            | "decorator" => {}
            _ => {
                self.expression(node);
            }
        }
    }

    fn declarator(&mut self, node: NodeRef<'_>, declarator: NodeRef<'_>) {
        let Some(name) = declarator.child(Field::Name) else {
            return;
        };
        if self.is_import(declarator) {
            return;
        }
        let Some(value) = declarator.child(Field::Value) else {
            if node.kind() == "lexical_declaration" {
                let none = self.b.null(declarator);
                let slot = self.variable(name);
                self.b.assign(declarator, slot, none);
            }
            return;
        };
        let value = match name.kind() {
            "identifier" => self.named_value(value, name.text()),
            _ => self.expression(value),
        };
        self.bind(name, value);
    }

    pub(super) fn for_loop(&mut self, node: NodeRef<'_>, label: Option<&str>) {
        self.b.enter_scope();
        if let Some(first) = node.child(Field::Initializer) {
            let mut names = Vec::new();
            if first.kind() == "lexical_declaration" {
                let declarators = first.named_children();
                let declared = declarators.filter_map(|d| d.child(Field::Name));
                declared.for_each(|name| bound_names(name, &mut names));
            }
            for name in names {
                self.b.declare(name.text(), None);
            }
            self.statement(first);
        }
        let cond = node.child(Field::Condition).filter(|cond| cond.is_named());
        let cond = cond.filter(|cond| cond.kind() != "empty_statement");
        // Some versions of the grammar wrap the condition in a statement.
        let cond = cond.and_then(|cond| match cond.kind() {
            "expression_statement" => cond.named_children().next(),
            _ => Some(cond),
        });
        let update = node.child(Field::Update);
        self.counted_loop(node, label, cond, update.as_slice());
        self.b.leave_scope();
    }

    pub(super) fn each_loop(&mut self, node: NodeRef<'_>, name: Option<&str>) {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return;
        };
        let subject = self.expression(right);
        let kind = match node.child(Field::Operator).map(NodeRef::kind) {
            Some("in") => EachKind::Keys,
            _ => EachKind::Values,
        };
        let label = self.b.begin_loop(name);
        self.b.enter_scope();
        self.b.open();
        let item = self.b.temp();
        let declares = |kind: &str| node.children().any(|child| child.kind() == kind);
        if declares("const") || declares("let") || declares("using") {
            let mut names = Vec::new();
            bound_names(left, &mut names);
            for name in names {
                self.b.declare(name.text(), None);
            }
            self.bind(left, item);
        } else if declares("var") {
            self.bind(left, item);
        } else {
            self.assign_to(left, left, item);
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        let body = self.b.close();
        self.b.leave_scope();
        self.b
            .end_each(node, label, (subject, kind), (item, None), body);
    }

    fn switch(&mut self, node: NodeRef<'_>) {
        let subject = match node.child(Field::Value) {
            Some(subject) => self.expression(subject),
            None => self.b.unknown(node),
        };
        let label = self.b.begin_switch(None);
        self.b.enter_scope();
        let mut arms = Vec::new();
        let mut default = None;
        let body = node.child(Field::Body);
        for case in body.into_iter().flat_map(NodeRef::named_children) {
            self.hoist_case(case);
        }
        for case in body.into_iter().flat_map(NodeRef::named_children) {
            self.b.open();
            let test = case.child(Field::Value);
            let tests: Vec<Slot> = test.map(|test| self.expression(test)).into_iter().collect();
            let head = self.b.close();
            if case.kind() == "switch_default" {
                default = Some(arms.len());
            }
            self.b.open();
            let statements = case.named_children().filter(|child| Some(*child) != test);
            for statement in statements {
                self.statement(statement);
            }
            let body = self.b.close();
            arms.push(Arm {
                head,
                tests,
                body,
                falls_through: true,
            });
        }
        self.b.leave_scope();
        self.b.end_switch(node, label, subject, arms, default);
    }

    /// Declares what stands directly in an arm of a switch.
    fn hoist_case(&mut self, case: NodeRef<'_>) {
        if case.named_children().any(|child| {
            matches!(
                child.kind(),
                "lexical_declaration" | "function_declaration" | "class_declaration"
            )
        }) {
            self.hoist(case);
        }
    }

    fn try_statement(&mut self, node: NodeRef<'_>) {
        let body = self.block(node.child(Field::Body));
        let handler = node.child(Field::Handler);
        let handlers = handler.map(|handler| self.handler(handler));
        let finally = node.child(Field::Finalizer);
        let finally = finally.and_then(|clause| {
            let mut parts = clause.named_children();
            clause.child(Field::Body).or_else(|| parts.next())
        });
        let finally = self.block(finally);
        self.b.try_block(
            node,
            body,
            handlers.into_iter().collect(),
            Block::new(),
            finally,
        );
    }

    fn handler(&mut self, node: NodeRef<'_>) -> Handler {
        self.b.enter_scope();
        let param = node.child(Field::Parameters);
        let mut names = Vec::new();
        let slot = param.map(|param| match param.kind() {
            "identifier" => self.b.declare(param.text(), None),
            _ => {
                bound_names(param, &mut names);
                self.b.temp()
            }
        });
        for name in names {
            self.b.declare(name.text(), None);
        }
        self.b.open();
        if let (Some(param), Some(slot)) = (param, slot)
            && param.kind() != "identifier"
        {
            self.bind(param, slot);
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        let body = self.b.close();
        self.b.leave_scope();
        Handler {
            slot,
            types: Vec::new(),
            body,
        }
    }

    /// Lowers a TypeScript namespace to an object of what it exports.
    pub(super) fn namespace(&mut self, node: NodeRef<'_>) -> Slot {
        let name = node.child(Field::Name);
        let variable = name.filter(|name| name.kind() == "identifier");
        let object = self.b.emit(node, Op::Map(Vec::new()));
        if let Some(variable) = variable {
            let slot = self.variable(variable);
            self.b.assign(node, slot, object);
        }
        self.namespaces.push(object);
        if let Some(body) = node.child(Field::Body) {
            self.statements(body);
        }
        self.namespaces.pop();
        object
    }
}
