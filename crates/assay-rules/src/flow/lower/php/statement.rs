//! PHP's statements.

use assay_syntax::{Field, NodeRef};

use super::{Php, bare, is_class};
use crate::flow::builder::LoopParts;
use crate::flow::ir::{Arg, Arm, Block, EachKind, FunctionKind, Handler, Name, Slot};
use crate::flow::lower::walk::Walk;

impl Php<'_> {
    /// Lowers the statements in a node; what it declares comes first.
    pub(super) fn statements(&mut self, node: NodeRef<'_>) {
        for statement in node.named_children() {
            if is_class(statement) || statement.kind() == "function_definition" {
                self.statement(statement);
                self.hoisted.insert(statement.span().start);
            }
        }
        for statement in node.named_children() {
            self.statement(statement);
        }
    }

    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>) {
        if self.hoisted.remove(&node.span().start)
            && (is_class(node) || node.kind() == "function_definition")
        {
            return;
        }
        match node.kind() {
            "expression_statement" => self.expression_statement(node),
            "compound_statement" | "colon_block" => self.statements(node),
            "if_statement" => self.conditional_statement(node),
            "echo_statement" => {
                let values: Vec<NodeRef<'_>> = node.named_children().collect();
                self.echo(node, &values);
            }
            "return_statement" => self.return_statement(node),
            "while_statement" | "do_statement" | "for_statement" | "foreach_statement" => {
                self.lower_loop(node);
            }
            "switch_statement" => self.switch(node),
            "try_statement" => self.try_statement(node),
            "break_statement" | "continue_statement" => self.jump(node),
            "exit_statement" => self.exit(node),
            "unset_statement" => {
                for target in node.named_children() {
                    self.unset(target);
                }
            }
            "global_declaration" => {
                for variable in node.named_children() {
                    self.declare_global(variable);
                }
            }
            "function_static_declaration" => {
                for declaration in node.named_children() {
                    let value = match declaration.child(Field::Value) {
                        Some(value) => self.expression(value),
                        None => self.b.null(declaration),
                    };
                    if let Some(name) = declaration.child(Field::Name) {
                        self.assign_variable(declaration, bare(name), value);
                    }
                }
            }
            "const_declaration" => self.constants(node, ""),
            "function_definition" => {
                let name = node.child(Field::Name).map_or("", NodeRef::text);
                self.function(node, name, FunctionKind::Plain, None);
            }
            "namespace_definition" => {
                self.names.enter(node);
                if let Some(body) = node.child(Field::Body) {
                    self.statements(body);
                }
            }
            "declare_statement" => {
                for inner in node.named_children().skip(1) {
                    self.statement(inner);
                }
            }
            "namespace_use_declaration"
            | "php_tag"
            | "text"
            | "text_interpolation"
            | "php_end_tag"
            | "empty_statement"
            | "named_label_statement"
            | "goto_statement"
            | "comment" => {}
            _ if is_class(node) => {
                self.class(node);
            }
            _ => {
                self.expression(node);
            }
        }
    }

    /// An expression after the tag `<?=` is shown.
    fn expression_statement(&mut self, node: NodeRef<'_>) {
        let text = node.tree().text().as_str();
        let before = text.get(..node.span().start as usize).unwrap_or("");
        let values: Vec<NodeRef<'_>> = node.named_children().collect();
        if before.trim_end().ends_with("<?=") {
            self.echo(node, &values);
            return;
        }
        for value in values {
            if !matches!(value.kind(), "text_interpolation" | "php_tag") {
                self.expression(value);
            }
        }
    }

    fn echo(&mut self, node: NodeRef<'_>, values: &[NodeRef<'_>]) {
        let mut left: Vec<NodeRef<'_>> = values.iter().rev().copied().collect();
        while let Some(value) = left.pop() {
            match value.kind() {
                "sequence_expression" => {
                    let parts: Vec<NodeRef<'_>> = value.named_children().collect();
                    left.extend(parts.into_iter().rev());
                }
                "text_interpolation" => {}
                _ => {
                    let value = self.expression(value);
                    self.b.call_global(node, "echo", vec![Arg::plain(value)]);
                }
            }
        }
    }

    /// Ends the script, which may show a text.
    pub(super) fn exit(&mut self, node: NodeRef<'_>) {
        if let Some(value) = node.named_children().next() {
            let value = self.expression(value);
            self.b.call_global(node, "exit", vec![Arg::plain(value)]);
        }
        let end = self.b.unknown(node);
        self.b.throw(node, end);
    }

    /// `global $x`: a variable of the script, or of a file that this one does
    /// not know.
    fn declare_global(&mut self, variable: NodeRef<'_>) {
        let name = bare(variable);
        let root = variable.ancestors().last();
        let is_own = root.is_some_and(|root| {
            root.named_children().any(|statement| {
                statement.kind() == "expression_statement"
                    && statement
                        .named_children()
                        .next()
                        .and_then(|expression| expression.child(Field::Left))
                        .is_some_and(|left| left.kind() == "variable_name" && bare(left) == name)
            })
        });
        if is_own {
            let slot = self.b.lookup_top(name);
            self.b.bind(name, slot);
        } else {
            let value = self.b.global(variable, &format!("${name}"));
            self.assign_variable(variable, name, value);
        }
    }

    fn unset(&mut self, target: NodeRef<'_>) {
        match target.kind() {
            "variable_name" => {
                let null = self.b.null(target);
                self.assign_to(target, null);
            }
            "subscript_expression" => {
                let mut parts = target.named_children();
                if let (Some(object), Some(index)) = (parts.next(), parts.next()) {
                    let object = self.expression(object);
                    let index = self.index(index);
                    let args = vec![Arg::plain(index)];
                    self.b.method(target, object, "offsetUnset", args);
                }
            }
            _ => {}
        }
    }

    fn conditional_statement(&mut self, node: NodeRef<'_>) {
        let alternatives: Vec<NodeRef<'_>> = node
            .children()
            .filter(|child| child.field() == Field::Alternative)
            .collect();
        self.arms_of_if(node, &alternatives);
    }

    fn arms_of_if(&mut self, node: NodeRef<'_>, alternatives: &[NodeRef<'_>]) {
        let cond = self.operand(node, Field::Condition);
        let then = self.block(node.child(Field::Body));
        self.b.open();
        match alternatives.split_first() {
            Some((next, rest)) if next.kind() == "else_if_clause" && self.b.descend() => {
                self.arms_of_if(*next, rest);
                self.b.ascend();
            }
            Some((next, _)) => {
                if let Some(body) = next.child(Field::Body) {
                    self.statement(body);
                }
            }
            None => {}
        }
        let otherwise = self.b.close();
        self.b.branch(node, cond, then, otherwise);
    }

    /// Names a loop or switch, so that jumps can count them.
    fn begin_jumps(&mut self, node: NodeRef<'_>, is_loop: bool) -> String {
        let name = format!("{}@{}", node.kind(), node.span().start);
        self.inside.jumps.push((name.clone(), is_loop));
        name
    }

    /// Lowers a loop; returns whether it is one.
    pub(super) fn lower_loop(&mut self, node: NodeRef<'_>) -> bool {
        let name = self.begin_jumps(node, true);
        match node.kind() {
            "while_statement" => self.while_loop(node, Some(&name), false),
            "do_statement" => self.while_loop(node, Some(&name), true),
            "for_statement" => self.for_loop(node, &name),
            "foreach_statement" => self.foreach(node, &name),
            _ => {
                self.inside.jumps.pop();
                return false;
            }
        }
        self.inside.jumps.pop();
        true
    }

    fn for_loop(&mut self, node: NodeRef<'_>, name: &str) {
        let mut parts: [Vec<NodeRef<'_>>; 3] = [Vec::new(), Vec::new(), Vec::new()];
        let mut at = 0;
        for child in node.children() {
            match child.kind() {
                ";" if at < 2 => at += 1,
                ")" => break,
                _ if child.is_named() && child.kind() != "comment" => parts[at].push(child),
                _ => {}
            }
        }
        let [initial, conditions, updates] = parts;
        for expression in initial {
            self.expression(expression);
        }
        let label = self.b.begin_loop(Some(name));
        self.b.open();
        let mut cond = None;
        for expression in conditions {
            cond = Some(self.expression(expression));
        }
        let head = self.b.close();
        self.b.open();
        for body in node.children().filter(|c| c.field() == Field::Body) {
            self.statement(body);
        }
        let body = self.b.close();
        self.b.open();
        for update in updates {
            self.expression(update);
        }
        let step = self.b.close();
        let parts = LoopParts {
            head,
            cond,
            body,
            step,
            body_first: false,
        };
        self.b.end_loop(node, label, parts);
    }

    fn foreach(&mut self, node: NodeRef<'_>, name: &str) {
        let mut parts = node.named_children();
        let (Some(subject), Some(target)) = (parts.next(), parts.next()) else {
            return;
        };
        let (key_target, target) = match target.kind() {
            "pair" => {
                let mut sides = target.named_children();
                (sides.next(), sides.next())
            }
            _ => (None, Some(target)),
        };
        let subject = self.expression(subject);
        let label = self.b.begin_loop(Some(name));
        self.b.open();
        let item = self.b.temp();
        let place = self.b.temp();
        if let Some(target) = target {
            self.assign_to(target, item);
        }
        if let Some(key_target) = key_target {
            self.assign_to(key_target, place);
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        // What is changed through a reference is changed in the array.
        if let Some(target) = target.filter(|target| target.kind() == "by_ref")
            && let Some(variable) = target.named_children().next()
        {
            let value = self.expression(variable);
            self.b.store_index(target, subject, Some(place), value);
        }
        let body = self.b.close();
        self.b.end_each(
            node,
            label,
            (subject, EachKind::Values),
            (item, Some(place)),
            body,
        );
    }

    fn switch(&mut self, node: NodeRef<'_>) {
        let subject = self.operand(node, Field::Condition);
        let name = self.begin_jumps(node, false);
        let label = self.b.begin_switch(Some(&name));
        let mut arms = Vec::new();
        let mut default = None;
        let body = node.child(Field::Body);
        for case in body.into_iter().flat_map(NodeRef::named_children) {
            let mut tests = Vec::new();
            self.b.open();
            match case.kind() {
                "case_statement" => tests.push(self.operand(case, Field::Value)),
                "default_statement" => default = Some(arms.len()),
                _ => {
                    self.b.close();
                    continue;
                }
            }
            let head = self.b.close();
            self.b.open();
            for statement in case.named_children() {
                if statement.field() != Field::Value {
                    self.statement(statement);
                }
            }
            let body = self.b.close();
            arms.push(Arm {
                head,
                tests,
                body,
                falls_through: true,
            });
        }
        self.b.end_switch(node, label, subject, arms, default);
        self.inside.jumps.pop();
    }

    /// `break 2` and the like; a switch counts as a loop.
    fn jump(&mut self, node: NodeRef<'_>) {
        let count: usize = node
            .named_children()
            .next()
            .and_then(|count| count.text().parse().ok())
            .unwrap_or(1);
        let jumps = &self.inside.jumps;
        let Some(at) = jumps.len().checked_sub(count.max(1)) else {
            return;
        };
        let (name, is_loop) = jumps[at].clone();
        if node.kind() == "break_statement" || !is_loop {
            self.b.break_out(node, Some(&name));
        } else {
            self.b.continue_loop(node, Some(&name));
        }
    }

    fn try_statement(&mut self, node: NodeRef<'_>) {
        let body = self.block(node.child(Field::Body));
        let mut handlers = Vec::new();
        let mut finally = Block::new();
        for clause in node.named_children() {
            match clause.kind() {
                "catch_clause" => handlers.push(self.handler(clause)),
                "finally_clause" => finally = self.block(clause.child(Field::Body)),
                _ => {}
            }
        }
        self.b
            .try_block(node, body, handlers, Block::new(), finally);
    }

    fn handler(&mut self, clause: NodeRef<'_>) -> Handler {
        let types = clause
            .child(Field::Type)
            .into_iter()
            .flat_map(NodeRef::named_children)
            .filter_map(|ty| self.ty(ty))
            .map(Name::from)
            .collect();
        let slot: Option<Slot> = clause
            .child(Field::Name)
            .map(|name| self.b.declare_in_function(bare(name), None));
        let body = self.block(clause.child(Field::Body));
        Handler { slot, types, body }
    }
}
