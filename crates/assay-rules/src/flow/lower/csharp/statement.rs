//! C#'s statements.

use assay_syntax::{Field, NodeRef};

use super::{CSharp, Want, declaration, declared_name, declared_value};
use crate::flow::builder::Signature;
use crate::flow::ir::{Arm, Block, EachKind, FunctionKind, Handler, Op, Slot};
use crate::flow::lower::walk::Walk;

impl CSharp<'_> {
    /// Lowers the statements in a node.
    pub(super) fn statements(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        let all: Vec<NodeRef<'_>> = node.named_children().collect();
        self.statement_list(&all);
        self.b.leave_scope();
    }

    /// Lowers statements, the functions among them first: these may be called
    /// before they stand.
    pub(super) fn statement_list(&mut self, all: &[NodeRef<'_>]) {
        let is_function = |node: &&NodeRef<'_>| node.kind() == "local_function_statement";
        if all.iter().any(|node| is_function(&node)) {
            for node in all {
                if node.kind() == "local_declaration_statement" {
                    self.hoist(*node);
                }
            }
            for node in all.iter().filter(is_function) {
                let name = node.child(Field::Name).map_or("_", NodeRef::text);
                self.b.declare(name, None);
            }
            for node in all.iter().filter(is_function) {
                self.local_function(*node);
            }
        }
        for node in all.iter().filter(|node| !is_function(node)) {
            self.statement(*node);
        }
    }

    /// Declares the variables of a statement before it stands.
    fn hoist(&mut self, node: NodeRef<'_>) {
        let Some(declaration) = declaration(node) else {
            return;
        };
        let ty = self.want(declaration.child(Field::Type)).ty;
        for name in super::declarators(node).filter_map(declared_name) {
            self.b.declare(name, ty.as_deref());
            self.hoisted.insert(name.to_owned());
        }
    }

    fn local_function(&mut self, node: NodeRef<'_>) {
        let name = node.child(Field::Name).map_or("_", NodeRef::text);
        self.b
            .begin_function(node, Signature::new("", FunctionKind::Closure));
        let want = self.want(node.child(Field::Type));
        let result = std::mem::replace(&mut self.result, want);
        let boxed = self.boxed.clone();
        self.parameters(node.child(Field::Parameters));
        self.body(node.child(Field::Body));
        self.boxed = boxed;
        self.result = result;
        let function = self.b.end_function();
        let value = self.b.emit(node, Op::Closure(function));
        let slot = self.b.read(node, name);
        self.b.assign(node, slot, value);
    }

    /// Lowers a statement by its kind.
    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            "block" => self.statements(node),
            "local_declaration_statement" | "variable_declaration" => self.local(node),
            "expression_statement" => self.children_of(node),
            "if_statement" => self.if_statement(node),
            "while_statement" | "do_statement" | "for_statement" | "foreach_statement" => {
                self.loop_statement(node, None);
            }
            "labeled_statement" => {
                let mut parts = node.named_children();
                if let (Some(label), Some(inner)) = (parts.next(), parts.next()) {
                    self.labelled(node, label.text(), inner);
                }
            }
            "switch_statement" => self.switch(node),
            "return_statement" => {
                let want = self.result.clone();
                let value = node.named_children().next();
                let value = value.map(|value| self.wanted(value, &want));
                self.b.return_value(node, value);
            }
            "throw_statement" => self.throw_statement(node),
            "break_statement" => self.b.break_out(node, None),
            "continue_statement" => self.b.continue_loop(node, None),
            "yield_statement" => match node.named_children().next() {
                Some(value) => {
                    let value = self.expression(value);
                    self.b.emit(node, Op::Yield(value, false));
                }
                None => self.b.return_value(node, None),
            },
            "try_statement" => self.try_statement(node),
            "using_statement" => self.using_statement(node),
            "lock_statement" | "fixed_statement" | "unsafe_statement" | "checked_statement"
            | "preproc_if" | "preproc_elif" | "preproc_else" | "global_statement" => {
                self.mixed_children(node);
            }
            "local_function_statement" => {
                let name = node.child(Field::Name).map_or("_", NodeRef::text);
                self.b.declare(name, None);
                self.local_function(node);
            }
            "empty_statement" | "goto_statement" | "comment" => {}
            kind if kind.starts_with("preproc_") => {}
            _ => {
                self.expression(node);
            }
        }
    }

    fn children_of(&mut self, node: NodeRef<'_>) {
        for expression in node.named_children() {
            self.expression(expression);
        }
    }

    /// Lowers a statement whose parts are statements and expressions.
    fn mixed_children(&mut self, node: NodeRef<'_>) {
        let condition = node
            .child(Field::Condition)
            .filter(|_| node.kind().starts_with("preproc_"));
        for child in node.named_children() {
            if Some(child) != condition {
                self.statement(child);
            }
        }
    }

    fn local(&mut self, node: NodeRef<'_>) {
        let Some(declaration) = declaration(node) else {
            return;
        };
        let want = self.want(declaration.child(Field::Type));
        for declarator in super::declarators(node) {
            let tuple = declarator
                .named_children()
                .find(|child| child.kind() == "tuple_pattern");
            let value = declared_value(declarator);
            let value = value.map(|value| self.wanted(value, &want));
            if let Some(tuple) = tuple {
                if let Some(value) = value {
                    self.deconstruct(tuple, value);
                }
                continue;
            }
            let Some(name) = declared_name(declarator) else {
                continue;
            };
            let known = self.hoisted.remove(name);
            let slot = match self.b.local(name) {
                Some(slot) if known => slot,
                _ => self.b.declare(name, want.ty.as_deref()),
            };
            self.boxed.remove(name);
            if let Some(value) = value {
                self.b.assign(declarator, slot, value);
            }
        }
    }

    /// Binds the variables of a tuple to the parts of a value.
    pub(super) fn deconstruct(&mut self, pattern: NodeRef<'_>, value: Slot) {
        for (at, part) in pattern.named_children().enumerate() {
            let index = self.b.int(part, at as i64);
            let item = self.b.load_index(part, value, index);
            let part = match part.kind() {
                "argument" => part.named_children().last().unwrap_or(part),
                _ => part,
            };
            match part.kind() {
                "tuple_pattern" | "tuple_expression" | "parenthesized_variable_designation" => {
                    self.deconstruct(part, item);
                }
                "discard" => {}
                "identifier" if pattern.kind() != "tuple_expression" => {
                    if part.text() != "_" {
                        let slot = self.b.declare(part.text(), None);
                        self.b.assign(part, slot, item);
                    }
                }
                "declaration_expression" => {
                    let ty = self.want(part.child(Field::Type)).ty;
                    let name = part.child(Field::Name).map_or("_", NodeRef::text);
                    let slot = self.b.declare(name, ty.as_deref());
                    self.b.assign(part, slot, item);
                }
                _ => self.assign_to(part, part, item),
            }
        }
    }

    pub(super) fn for_loop(&mut self, node: NodeRef<'_>, label: Option<&str>) {
        self.b.enter_scope();
        let of = |field| {
            node.named_children()
                .filter(move |child| child.field() == field)
        };
        for init in of(Field::Initializer) {
            self.statement(init);
        }
        let updates: Vec<NodeRef<'_>> = of(Field::Update).collect();
        self.counted_loop(node, label, node.child(Field::Condition), &updates);
        self.b.leave_scope();
    }

    pub(super) fn each_loop(&mut self, node: NodeRef<'_>, label: Option<&str>) {
        let Some(subject) = node.child(Field::Right) else {
            return;
        };
        let subject = self.expression(subject);
        let label = self.b.begin_loop(label);
        self.b.enter_scope();
        self.b.open();
        let item = self.b.temp();
        if let Some(variable) = node.child(Field::Left) {
            if variable.kind() == "identifier" {
                let ty = self.want(node.child(Field::Type)).ty;
                let slot = self.b.declare(variable.text(), ty.as_deref());
                self.b.assign(variable, slot, item);
            } else {
                self.deconstruct(variable, item);
            }
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        let body = self.b.close();
        self.b.leave_scope();
        // Iterating over a dictionary gives pairs.
        let kind = EachKind::Entries;
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
        for section in body.into_iter().flat_map(NodeRef::named_children) {
            if section.children().any(|child| child.kind() == "default") {
                default = Some(arms.len());
            }
            self.b.open();
            let mut tests = Vec::new();
            let mut cond = None;
            let mut statements = Vec::new();
            for part in section.named_children() {
                match part.kind() {
                    "when_clause" => {
                        let guard = part.named_children().next();
                        let guard = guard.map(|guard| self.expression(guard));
                        cond = self.both(part, cond, guard);
                    }
                    kind if kind.ends_with("_statement") || kind == "block" => {
                        statements.push(part);
                    }
                    _ => cond = self.arm_test(part, subject, &mut tests, cond),
                }
            }
            let head = self.b.close();
            self.b.open();
            self.statement_list(&statements);
            let mut body = self.b.close();
            if let Some(cond) = cond {
                self.b.open();
                self.b.branch(section, cond, body, Block::new());
                body = self.b.close();
            }
            let falls_through = section.subtree().any(|n| n.kind() == "goto_statement");
            arms.push(Arm {
                head,
                tests,
                body,
                falls_through,
            });
        }
        self.b.leave_scope();
        self.b.end_switch(node, label, subject, arms, default);
    }

    fn try_statement(&mut self, node: NodeRef<'_>) {
        let body = self.block(node.child(Field::Body));
        let mut handlers = Vec::new();
        let mut finally = Block::new();
        for part in node.named_children() {
            match part.kind() {
                "catch_clause" => handlers.push(self.handler(part)),
                "finally_clause" => finally = self.block(part.named_children().next()),
                _ => {}
            }
        }
        self.b
            .try_block(node, body, handlers, Block::new(), finally);
    }

    fn handler(&mut self, node: NodeRef<'_>) -> Handler {
        self.b.enter_scope();
        let mut types = Vec::new();
        let mut slot = None;
        let mut filter = None;
        for part in node.named_children() {
            match part.kind() {
                "catch_declaration" => {
                    types.extend(part.child(Field::Type).map(|ty| self.names.ty(ty)));
                    let name = part.child(Field::Name).map(NodeRef::text);
                    let ty = types.first().map(|ty| ty.to_string());
                    slot = name.map(|name| self.b.declare(name, ty.as_deref()));
                }
                "catch_filter_clause" => filter = part.named_children().next(),
                _ => {}
            }
        }
        let body = match filter {
            None => self.block(node.child(Field::Body)),
            Some(filter) => {
                self.b.open();
                let cond = self.expression(filter);
                let body = self.block(node.child(Field::Body));
                self.b.branch(filter, cond, body, Block::new());
                self.b.close()
            }
        };
        self.b.leave_scope();
        // What every exception is says nothing.
        types.retain(|ty| &**ty != "System.Exception" && &**ty != "*.Exception");
        Handler { slot, types, body }
    }

    fn using_statement(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        self.b.open();
        for child in node.named_children() {
            match child.kind() {
                "variable_declaration" => self.local(child),
                _ => self.statement(child),
            }
        }
        let body = self.b.close();
        self.b.leave_scope();
        self.b
            .try_block(node, body, Vec::new(), Block::new(), Block::new());
    }

    /// Lowers a value that is wanted for something.
    pub(super) fn wanted(&mut self, node: NodeRef<'_>, want: &Want) -> Slot {
        match node.kind() {
            "implicit_object_creation_expression" => self.creation(node, want.ty.clone()),
            "initializer_expression" => self.items(node),
            "tuple_expression" => self.tuple(node, &want.names),
            "parenthesized_expression" => match node.named_children().next() {
                Some(inner) => self.wanted(inner, want),
                None => self.b.unknown(node),
            },
            "conditional_expression" => self.conditional_for(node, want),
            _ => self.expression(node),
        }
    }
}
