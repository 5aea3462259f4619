//! Go's statements.

use assay_syntax::{Field, NodeRef};

use super::{CHANNEL, Go};
use crate::flow::ir::{Arg, Arm, Block, EachKind, Handler, LogicalOp, Slot};
use crate::flow::lower::walk::Walk;

impl Go<'_> {
    /// Lowers the body of the current function, with what is done where it ends.
    pub(super) fn body(&mut self, node: NodeRef<'_>) {
        if let Some(inside) = self.inside.last_mut() {
            inside.sends = node
                .subtree()
                .filter(|part| part.kind() == "send_statement")
                .map(|part| part.span().start)
                .collect();
        }
        if !recovers(node) {
            self.statements(node);
            self.end_of_function(node);
            return;
        }
        let name = format!("recover@{}", node.span().start);
        let nothing = self.b.null(node);
        let slot = self.b.declare(&name, None);
        self.b.assign(node, slot, nothing);
        if let Some(inside) = self.inside.last_mut() {
            inside.recovered = Some(name);
        }
        self.b.open();
        self.statements(node);
        self.end_of_function(node);
        let body = self.b.close();
        let thrown = self.b.temp();
        self.b.open();
        self.b.assign(node, slot, thrown);
        self.end_of_function(node);
        let handler = Handler {
            slot: Some(thrown),
            types: Vec::new(),
            body: self.b.close(),
        };
        self.b
            .try_block(node, body, vec![handler], Block::new(), Block::new());
    }

    fn end_of_function(&mut self, node: NodeRef<'_>) {
        self.leave();
        let results = self.results();
        if !results.is_empty() {
            let value = self.one_of(node, results);
            self.b.return_value(node, Some(value));
        }
    }

    fn results(&self) -> Vec<Slot> {
        let inside = self.inside.last();
        inside.map_or_else(Vec::new, |inside| inside.results.clone())
    }

    /// Several results are a list.
    fn one_of(&mut self, node: NodeRef<'_>, values: Vec<Slot>) -> Slot {
        match values.as_slice() {
            [one] => *one,
            _ => {
                let items = values.into_iter().map(Arg::plain).collect();
                self.b.list(node, items)
            }
        }
    }

    pub(super) fn return_values(&mut self, node: NodeRef<'_>) {
        let list = node.named_children().next();
        let values: Vec<Slot> = list
            .into_iter()
            .flat_map(NodeRef::named_children)
            .map(|value| self.expression(value))
            .collect();
        let named = self.results();
        let ends_late = self
            .inside
            .last()
            .is_some_and(|inside| !inside.deferred.is_empty() || !inside.started.is_empty());
        if named.is_empty() || !ends_late {
            let value = match (values.is_empty(), named.is_empty()) {
                (false, _) => Some(self.one_of(node, values)),
                (true, false) => Some(self.one_of(node, named)),
                (true, true) => None,
            };
            self.leave();
            self.b.return_value(node, value);
            return;
        }
        // What is deferred may change the results.
        let values = match values.as_slice() {
            [one] if named.len() > 1 => self.parts(node, *one, named.len()),
            _ => values,
        };
        for (slot, value) in named.iter().zip(values) {
            self.b.assign(node, *slot, value);
        }
        self.leave();
        let value = self.one_of(node, named);
        self.b.return_value(node, Some(value));
    }

    /// Lowers the statements of a block in a scope of their own.
    pub(super) fn statements(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        self.statements_inside(node);
        self.b.leave_scope();
    }

    fn statements_inside(&mut self, node: NodeRef<'_>) {
        for child in node.named_children() {
            match child.kind() {
                "statement_list" => self.statements_inside(child),
                _ => self.statement(child),
            }
        }
    }

    /// Lowers a statement by its kind.
    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            "block" => self.statements(node),
            "expression_statement" => {
                for inner in node.named_children() {
                    self.expression(inner);
                }
            }
            "short_var_declaration" | "assignment_statement" => self.assignment(node),
            "var_declaration" | "const_declaration" => self.declaration(node),
            "type_declaration" => {
                self.declare_types(node);
                self.types_bodies(node);
            }
            "inc_statement" | "dec_statement" => self.update(node),
            "send_statement" => {
                let mut parts = node.named_children();
                if let (Some(channel), Some(value)) = (parts.next(), parts.next()) {
                    let channel = self.expression(channel);
                    let value = self.expression(value);
                    self.b.store_index(node, channel, None, value);
                }
            }
            "receive_statement" => self.receive(node),
            "return_statement" => self.return_statement(node),
            "defer_statement" => self.defer(node),
            "go_statement" => self.start(node),
            "if_statement" => self.if_statement(node),
            "labeled_statement" => {
                let name = node.child(Field::Label).map_or("", NodeRef::text);
                let inner = node.named_children().find(|n| n.kind() != "label_name");
                if let Some(inner) = inner {
                    self.labelled(node, name, inner);
                }
            }
            "break_statement" | "continue_statement" => {
                let name = node.named_children().next().map(NodeRef::text);
                match node.kind() {
                    "break_statement" => self.b.break_out(node, name),
                    _ => self.b.continue_loop(node, name),
                }
            }
            "statement_list" => self.statements_inside(node),
            "goto_statement" | "fallthrough_statement" | "empty_statement" | "comment" => {}
            _ if self.loop_statement(node, None) => {}
            _ => {
                self.expression(node);
            }
        }
    }

    pub(super) fn for_statement(&mut self, node: NodeRef<'_>, name: Option<&str>) {
        self.b.enter_scope();
        let head = node.named_children().find(|n| n.kind() != "block");
        match head {
            Some(range) if range.kind() == "range_clause" => self.range(node, range, name),
            _ => self.plain_loop(node, head, name),
        }
        self.b.leave_scope();
    }

    fn plain_loop(&mut self, node: NodeRef<'_>, head: Option<NodeRef<'_>>, name: Option<&str>) {
        let clause = head.filter(|head| head.kind() == "for_clause");
        let cond = match clause {
            Some(clause) => clause.child(Field::Condition),
            None => head,
        };
        if let Some(first) = clause.and_then(|clause| clause.child(Field::Initializer)) {
            self.statement(first);
        }
        let update = clause.and_then(|clause| clause.child(Field::Update));
        let updates: Vec<NodeRef<'_>> = update.into_iter().collect();
        self.counted_loop(node, name, cond, &updates);
    }

    /// Lowers `for key, value := range subject`.
    fn range(&mut self, node: NodeRef<'_>, range: NodeRef<'_>, name: Option<&str>) {
        let subject = self.operand(range, Field::Right);
        let targets: Vec<NodeRef<'_>> = range
            .child(Field::Left)
            .into_iter()
            .flat_map(NodeRef::named_children)
            .collect();
        let declares = range.children().any(|child| child.kind() == ":=");
        let ty = self.b.slot_info(subject).ty.clone();
        // One variable is the place in a list, the key of a map, or what comes
        // out of a channel.
        let is_list = ty.is_some_and(|ty| ty.ends_with("[]") && !ty.ends_with(CHANNEL));
        let kind = match (targets.len(), is_list) {
            (2, _) => EachKind::Values,
            (_, true) => EachKind::Keys,
            (_, false) => EachKind::Elements,
        };
        let label = self.b.begin_loop(name);
        let (item, key) = (self.b.temp(), self.b.temp());
        self.b.open();
        let bound = match targets.as_slice() {
            [one] => vec![(*one, item)],
            [first, second] => vec![(*first, key), (*second, item)],
            _ => Vec::new(),
        };
        for (target, value) in bound {
            match declares {
                true => self.declare_variable(target, value, None),
                false => self.assign_target(target, value),
            }
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        let body = self.b.close();
        let key = (targets.len() == 2).then_some(key);
        self.b
            .end_each(node, label, (subject, kind), (item, key), body);
    }

    pub(super) fn switch(&mut self, node: NodeRef<'_>, name: Option<&str>) {
        self.b.enter_scope();
        if let Some(first) = node.child(Field::Initializer) {
            self.statement(first);
        }
        match node.child(Field::Value) {
            Some(subject) => self.value_switch(node, subject, name),
            None => {
                let label = self.b.begin_switch(name);
                let cases: Vec<NodeRef<'_>> = cases(node).collect();
                self.b.open();
                self.conditions(&cases);
                let body = self.b.close();
                self.b.end_labelled(node, label, body);
            }
        }
        self.b.leave_scope();
    }

    fn value_switch(&mut self, node: NodeRef<'_>, subject: NodeRef<'_>, name: Option<&str>) {
        let subject = self.expression(subject);
        let label = self.b.begin_switch(name);
        let mut arms = Vec::new();
        let mut default = None;
        for case in cases(node) {
            if case.kind() == "default_case" {
                default = Some(arms.len());
            }
            self.b.open();
            let tests = values(case).map(|value| self.expression(value)).collect();
            let head = self.b.close();
            let body = self.case_body(case);
            let falls_through = case
                .subtree()
                .any(|part| part.kind() == "fallthrough_statement");
            arms.push(Arm {
                head,
                tests,
                body,
                falls_through,
            });
        }
        self.b.end_switch(node, label, subject, arms, default);
    }

    fn case_body(&mut self, case: NodeRef<'_>) -> Block {
        self.b.open();
        self.b.enter_scope();
        for child in case.named_children() {
            if child.kind() == "statement_list" {
                self.statements_inside(child);
            }
        }
        self.b.leave_scope();
        self.b.close()
    }

    /// Lowers the cases of a switch without a subject: conditions one after
    /// another, the default last.
    fn conditions(&mut self, cases: &[NodeRef<'_>]) {
        let mut conditions = Vec::new();
        let mut default = None;
        for case in cases {
            match case.kind() {
                "default_case" => default = Some(*case),
                _ => conditions.push(*case),
            }
        }
        // Each case stands in the other branch of the one before it.
        let mut open = Vec::new();
        for case in conditions {
            let cond = self.any_of(case);
            let then = self.case_body(case);
            open.push((case, cond, then));
            self.b.open();
        }
        if let Some(default) = default {
            let body = self.case_body(default);
            let cond = self
                .b
                .constant(default, crate::flow::ir::Literal::Bool(true));
            self.b.branch(default, cond, body, Block::new());
        }
        for (case, cond, then) in open.into_iter().rev() {
            let otherwise = self.b.close();
            self.b.branch(case, cond, then, otherwise);
        }
    }

    /// `case a, b`: one of the conditions.
    fn any_of(&mut self, case: NodeRef<'_>) -> Slot {
        let mut cond: Option<Slot> = None;
        for value in values(case) {
            cond = Some(match cond {
                None => self.expression(value),
                Some(left) => {
                    self.b.open();
                    let value_slot = self.expression(value);
                    let right = self.b.close();
                    self.b
                        .logical(value, LogicalOp::Or, left, right, value_slot)
                }
            });
        }
        match cond {
            Some(cond) => cond,
            None => self.b.unknown(case),
        }
    }

    pub(super) fn type_switch(&mut self, node: NodeRef<'_>, name: Option<&str>) {
        self.b.enter_scope();
        if let Some(first) = node.child(Field::Initializer) {
            self.statement(first);
        }
        let subject = self.operand(node, Field::Value);
        let alias = node.child(Field::Alias);
        let alias = alias.and_then(|list| list.named_children().next());
        let label = self.b.begin_switch(name);
        self.b.open();
        let mut open = Vec::new();
        let mut default = None;
        for case in cases(node) {
            if case.kind() == "default_case" {
                default = Some(case);
                continue;
            }
            let types: Vec<NodeRef<'_>> = case
                .named_children()
                .filter(|child| child.field() == Field::Type)
                .collect();
            let mut cond: Option<Slot> = None;
            for ty in &types {
                let is = self.is_type(*ty, subject, *ty);
                cond = Some(match cond {
                    None => is,
                    Some(left) => self.b.logical(*ty, LogicalOp::Or, left, Block::new(), is),
                });
            }
            let cond = match cond {
                Some(cond) => cond,
                None => self.b.unknown(case),
            };
            self.b.open();
            self.b.enter_scope();
            if let Some(alias) = alias {
                let value = match types.as_slice() {
                    [ty] => self.cast(case, subject, *ty),
                    _ => self.b.copy(case, subject),
                };
                self.declare_variable(alias, value, None);
            }
            let body = self.case_body(case);
            self.b.leave_scope();
            let mut then = self.b.close();
            then.extend(body);
            open.push((case, cond, then));
            self.b.open();
        }
        if let Some(default) = default {
            self.b.enter_scope();
            if let Some(alias) = alias {
                self.declare_variable(alias, subject, None);
            }
            let body = self.case_body(default);
            self.b.leave_scope();
            let cond = self
                .b
                .constant(default, crate::flow::ir::Literal::Bool(true));
            self.b.branch(default, cond, body, Block::new());
        }
        for (case, cond, then) in open.into_iter().rev() {
            let otherwise = self.b.close();
            self.b.branch(case, cond, then, otherwise);
        }
        let body = self.b.close();
        self.b.end_labelled(node, label, body);
        self.b.leave_scope();
    }

    /// Lowers `select`: any of the cases may run.
    pub(super) fn select(&mut self, node: NodeRef<'_>, name: Option<&str>) {
        let subject = self.b.unknown(node);
        let label = self.b.begin_switch(name);
        let mut arms = Vec::new();
        for case in node.named_children() {
            self.b.open();
            self.b.enter_scope();
            for child in case.named_children() {
                match child.kind() {
                    "statement_list" => self.statements_inside(child),
                    _ => self.statement(child),
                }
            }
            self.b.leave_scope();
            let body = self.b.close();
            arms.push(Arm {
                head: Block::new(),
                tests: Vec::new(),
                body,
                falls_through: false,
            });
        }
        self.b.end_switch(node, label, subject, arms, None);
    }

    /// Lowers `value := <-channel` in a `select`.
    fn receive(&mut self, node: NodeRef<'_>) {
        let Some(right) = node.child(Field::Right) else {
            return;
        };
        let value = self.expression(right);
        let targets: Vec<NodeRef<'_>> = node
            .child(Field::Left)
            .into_iter()
            .flat_map(NodeRef::named_children)
            .collect();
        let declares = node.children().any(|child| child.kind() == ":=");
        for (at, target) in targets.into_iter().enumerate() {
            let value = match at {
                0 => value,
                _ => self.b.unknown(target),
            };
            match declares {
                true => self.declare_variable(target, value, None),
                false => self.assign_target(target, value),
            }
        }
    }
}

fn cases(node: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    node.named_children().filter(|child| {
        matches!(
            child.kind(),
            "expression_case" | "type_case" | "default_case"
        )
    })
}

/// Returns the values or conditions of a case.
fn values(case: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    case.child(Field::Value)
        .into_iter()
        .flat_map(NodeRef::named_children)
}

/// Returns whether a deferred function literal asks for what was thrown.
fn recovers(body: NodeRef<'_>) -> bool {
    body.subtree()
        .filter(|part| part.kind() == "defer_statement")
        .flat_map(NodeRef::subtree)
        .any(|part| part.kind() == "identifier" && part.text() == "recover")
}
