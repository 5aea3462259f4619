//! Statements of C and C++: loops, jumps, switches and handlers.

use assay_syntax::{Field, NodeRef};

use super::Lower;
use super::ty::declared;
use crate::flow::builder::LoopParts;
use crate::flow::ir::{Arm, BinaryOp, EachKind, Handler, Label, Literal, Name, Slot};
use crate::flow::lower::walk::Walk;

impl Lower<'_> {
    pub(super) fn statement_by_kind(&mut self, node: NodeRef<'_>) {
        if self.loop_by_kind(node, None) {
            return;
        }
        match node.kind() {
            "compound_statement" => self.compound(node),
            "expression_statement"
            | "else_clause"
            | "seh_finally_clause"
            | "attributed_statement"
            | "init_statement" => {
                for child in node
                    .named_children()
                    .filter(|child| child.kind() != "comment")
                {
                    self.statement(child);
                }
            }
            "declaration" => self.declaration(node, false),
            "if_statement" => {
                self.b.enter_scope();
                self.if_statement(node);
                self.b.leave_scope();
            }
            "switch_statement" => self.switch(node),
            "return_statement" | "co_return_statement" => self.returned(node),
            "break_statement" => self.b.break_out(node, None),
            "continue_statement" => self.b.continue_loop(node, None),
            "goto_statement" => self.goto(node),
            "labeled_statement" => {
                for child in node.named_children().skip(1) {
                    self.statement(child);
                }
            }
            "try_statement" | "seh_try_statement" => self.try_statement(node),
            "throw_statement" => self.throw_statement(node),
            "co_yield_statement" => {
                self.first(node);
            }
            "preproc_if" | "preproc_ifdef" | "preproc_elif" | "preproc_elifdef" => {
                self.conditional_code(node)
            }
            "preproc_else" | "case_statement" => {
                for child in node.named_children() {
                    self.statement(child);
                }
            }
            "comment"
            | "type_definition"
            | "preproc_def"
            | "preproc_function_def"
            | "preproc_call"
            | "preproc_include"
            | "using_declaration"
            | "alias_declaration"
            | "struct_specifier"
            | "class_specifier"
            | "union_specifier"
            | "enum_specifier"
            | "function_definition"
            | "static_assert_declaration" => {}
            _ => {
                self.expression(node);
            }
        }
    }

    fn returned(&mut self, node: NodeRef<'_>) {
        let value = node
            .named_children()
            .find(|child| child.kind() != "comment");
        let value = value.map(|value| match value.kind() {
            // An object of the type that the function returns.
            "initializer_list" => self.anything(value),
            _ => self.expression(value),
        });
        self.b.return_value(node, value);
    }

    /// Code that is compiled in some configurations: either part may be there.
    fn conditional_code(&mut self, node: NodeRef<'_>) {
        let is_off = node
            .child(Field::Condition)
            .is_some_and(|cond| cond.text() == "0");
        let other = node.child(Field::Alternative);
        let then = self.in_block(|this| {
            let own = node.named_children().filter(|child| {
                !matches!(
                    child.field(),
                    Field::Condition | Field::Alternative | Field::Name
                )
            });
            for child in own.filter(|_| !is_off) {
                this.statement(child);
            }
        });
        let otherwise = self.in_block(|this| {
            if let Some(other) = other {
                this.statement(other);
            }
        });
        let cond = match is_off {
            true => self.b.constant(node, Literal::Bool(false)),
            false => self.b.unknown(node),
        };
        self.b.branch(node, cond, then, otherwise);
    }

    /// Lowers a block. Labels in it are jumped to from before (the rest of what
    /// comes before is left out) or from after (a loop).
    fn compound(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        let all: Vec<NodeRef<'_>> = node
            .named_children()
            .filter(|n| n.kind() != "comment")
            .collect();
        self.labelled_part(&all);
        self.b.leave_scope();
    }

    fn labelled_part(&mut self, all: &[NodeRef<'_>]) {
        // Blocks that end at the labels, the last one outermost.
        let labels: Vec<(usize, &str)> = all
            .iter()
            .enumerate()
            .filter_map(|(at, node)| Some((at, label_of(*node)?)))
            .collect();
        let mut open = Vec::new();
        for (at, name) in labels.iter().rev() {
            open.push((*at, self.b.begin_labelled(Some(name))));
            self.b.open();
        }
        let mut loops = Vec::new();
        for (at, node) in all.iter().enumerate() {
            if let Some((end, label)) = open.last().copied()
                && end == at
            {
                open.pop();
                self.end_retries(&mut loops);
                let body = self.b.close();
                self.b.end_labelled(*node, label, body);
            }
            if let Some(name) = label_of(*node)
                && all[at..].iter().any(|later| jumps_to(*later, name))
            {
                loops.push((*node, self.b.begin_loop(Some(name))));
                self.retries.push(name.to_owned());
                self.b.open();
            }
            self.statement(*node);
        }
        self.end_retries(&mut loops);
    }

    /// Ends the loops that labels began.
    fn end_retries(&mut self, loops: &mut Vec<(NodeRef<'_>, Label)>) {
        while let Some((node, label)) = loops.pop() {
            let name = self.retries.pop();
            self.b.break_out(node, name.as_deref());
            let parts = LoopParts {
                body: self.b.close(),
                ..LoopParts::default()
            };
            self.b.end_loop(node, label, parts);
        }
    }

    fn goto(&mut self, node: NodeRef<'_>) {
        let name = node.child(Field::Label).map_or("", NodeRef::text);
        if self.retries.iter().any(|open| open == name) {
            self.b.continue_loop(node, Some(name));
        } else {
            self.b.break_out(node, Some(name));
        }
    }

    pub(super) fn loop_by_kind(&mut self, node: NodeRef<'_>, label: Option<&str>) -> bool {
        match node.kind() {
            "while_statement" | "do_statement" => {
                self.b.enter_scope();
                self.while_loop(node, label, node.kind() == "do_statement");
                self.b.leave_scope();
            }
            "for_statement" => {
                self.b.enter_scope();
                if let Some(first) = node.child(Field::Initializer) {
                    self.statement(first);
                }
                let updates: Vec<NodeRef<'_>> = node.child(Field::Update).into_iter().collect();
                self.counted_loop(node, label, node.child(Field::Condition), &updates);
                self.b.leave_scope();
            }
            "for_range_loop" => self.range_loop(node, label),
            _ => return false,
        }
        self.checked_characters(node);
        true
    }

    fn range_loop(&mut self, node: NodeRef<'_>, label: Option<&str>) {
        self.b.enter_scope();
        if let Some(first) = node.child(Field::Initializer) {
            self.statement(first);
        }
        let subject = self.operand(node, Field::Right);
        let label = self.b.begin_loop(label);
        let (item, key) = (self.b.temp(), self.b.temp());
        self.b.open();
        if let Some(declarator) = node.child(Field::Declarator) {
            let inner = declared(declarator);
            let base = self.names.base(node.child(Field::Type));
            match inner.name {
                Some(names) if names.kind() == "structured_binding_declarator" => {
                    let parts: Vec<NodeRef<'_>> = names.named_children().collect();
                    for (name, value) in parts.iter().zip([key, item]) {
                        let slot = self.b.declare(name.text(), None);
                        self.b.assign(*name, slot, value);
                    }
                }
                Some(name) => {
                    let slot = self.b.declare(name.text(), base.with(&inner).as_deref());
                    self.direct.insert((self.b.current(), slot));
                    self.b.assign(name, slot, item);
                }
                None => {}
            }
        }
        if let Some(body) = node.child(Field::Body) {
            self.statement(body);
        }
        let body = self.b.close();
        self.b.end_each(
            node,
            label,
            (subject, EachKind::Values),
            (item, Some(key)),
            body,
        );
        self.b.leave_scope();
    }

    fn switch(&mut self, node: NodeRef<'_>) {
        self.b.enter_scope();
        let subject = self.operand(node, Field::Condition);
        let label = self.b.begin_switch(None);
        let mut arms = Vec::new();
        let mut default = None;
        let body = node.child(Field::Body);
        let cases: Vec<NodeRef<'_>> = body
            .into_iter()
            .flat_map(NodeRef::named_children)
            .filter(|child| child.kind() == "case_statement")
            .collect();
        for case in cases {
            let value = case.child(Field::Value);
            let is_default = case
                .children()
                .next()
                .is_some_and(|first| first.kind() == "default");
            self.b.open();
            let tests: Vec<Slot> = value
                .map(|value| self.expression(value))
                .into_iter()
                .collect();
            let head = self.b.close();
            self.b.open();
            let statements: Vec<NodeRef<'_>> = case
                .named_children()
                .filter(|child| Some(*child) != value && child.kind() != "comment")
                .collect();
            self.labelled_part(&statements);
            let body = self.b.close();
            if is_default {
                default = Some(arms.len());
            }
            arms.push(Arm {
                head,
                tests,
                body,
                falls_through: true,
            });
        }
        self.b.end_switch(node, label, subject, arms, default);
        self.b.leave_scope();
    }

    fn try_statement(&mut self, node: NodeRef<'_>) {
        let body = self.block(node.child(Field::Body));
        let mut handlers = Vec::new();
        let mut finally = Vec::new();
        for clause in node.named_children() {
            match clause.kind() {
                "catch_clause" | "seh_except_clause" => {
                    self.b.open();
                    self.b.enter_scope();
                    let param = clause
                        .child(Field::Parameters)
                        .and_then(|list| list.named_children().next());
                    let mut slot = None;
                    let mut types = Vec::new();
                    if let Some(param) = param {
                        let base = self.names.base(param.child(Field::Type));
                        if !base.name.is_empty() {
                            types.push(Name::from(base.name.as_str()));
                        }
                        let name = param
                            .child(Field::Declarator)
                            .and_then(|d| declared(d).name);
                        slot = name.map(|name| self.b.declare(name.text(), Some(&base.name)));
                    }
                    if let Some(body) = clause.child(Field::Body) {
                        self.statement(body);
                    }
                    self.b.leave_scope();
                    let body = self.b.close();
                    handlers.push(Handler { slot, types, body });
                }
                "seh_finally_clause" => finally = self.block(clause.child(Field::Body)),
                _ => {}
            }
        }
        self.b.try_block(node, body, handlers, Vec::new(), finally);
    }

    /// A loop that leaves when a character of a text is not of some kind: after
    /// it the whole text is known to be of such characters.
    fn checked_characters(&mut self, node: NodeRef<'_>) {
        let Some(body) = node.child(Field::Body) else {
            return;
        };
        let checks = body.subtree().filter(|n| n.kind() == "if_statement");
        let checks: Vec<NodeRef<'_>> = checks.take(4).collect();
        for check in checks {
            let (Some(cond), Some(leave)) = (
                check.child(Field::Condition),
                check.child(Field::Consequence),
            ) else {
                continue;
            };
            let (Some(pattern), true) = (characters_asked(cond), leaves(leave)) else {
                continue;
            };
            let texts: Vec<NodeRef<'_>> = cond
                .subtree()
                .filter(|n| matches!(n.kind(), "subscript_expression" | "pointer_expression"))
                .filter_map(|n| n.child(Field::Operand))
                .filter(|n| n.kind() == "identifier")
                .collect();
            let mut names: Vec<&str> = texts.iter().map(|text| text.text()).collect();
            names.extend(self.copied_from(node, cond, &names));
            for name in names {
                let Some(text) = self.b.lookup(name) else {
                    continue;
                };
                let walked = self.walked.get(&(self.b.current(), text)).copied();
                for text in walked.into_iter().chain([text]) {
                    let pattern = self.b.string(check, &pattern);
                    let is_so = self.b.binary(check, BinaryOp::Match, text, pattern);
                    let otherwise = self.block(Some(leave));
                    self.b.branch(check, is_so, Vec::new(), otherwise);
                }
            }
        }
    }

    /// The texts that a pointer of the loop walks: `p = text` and `c = *text`.
    fn copied_from<'t>(
        &self,
        node: NodeRef<'t>,
        cond: NodeRef<'t>,
        known: &[&str],
    ) -> Vec<&'t str> {
        let function = node.ancestors().find(|n| n.kind() == "function_definition");
        let mut found = Vec::new();
        let asked: Vec<&str> = cond
            .subtree()
            .filter(|n| n.kind() == "identifier")
            .map(NodeRef::text)
            .collect();
        for one in function.into_iter().flat_map(NodeRef::subtree) {
            let (name, value) = match one.kind() {
                "init_declarator" => (declared(one).name, one.child(Field::Value)),
                "assignment_expression" => (one.child(Field::Left), one.child(Field::Right)),
                "for_range_loop" if one == node => (
                    one.child(Field::Declarator).and_then(|d| declared(d).name),
                    one.child(Field::Right),
                ),
                _ => continue,
            };
            let (Some(name), Some(value)) = (name, value) else {
                continue;
            };
            if !known.contains(&name.text()) && !asked.contains(&name.text()) {
                continue;
            }
            let mut value = value;
            while matches!(
                value.kind(),
                "cast_expression"
                    | "pointer_expression"
                    | "subscript_expression"
                    | "parenthesized_expression"
                    | "update_expression"
            ) {
                let inner = value
                    .child(Field::Value)
                    .or_else(|| value.child(Field::Operand));
                match inner.or_else(|| value.named_children().next()) {
                    Some(inner) => value = inner,
                    None => break,
                }
            }
            if value.kind() == "identifier"
                && !known.contains(&value.text())
                && !found.contains(&value.text())
            {
                found.push(value.text());
            }
        }
        found
    }
}

/// Returns the label of a statement.
fn label_of<'t>(node: NodeRef<'t>) -> Option<&'t str> {
    if node.kind() != "labeled_statement" {
        return None;
    }
    node.child(Field::Label).map(NodeRef::text)
}

fn jumps_to(node: NodeRef<'_>, label: &str) -> bool {
    node.subtree().any(|inner| {
        inner.kind() == "goto_statement"
            && inner.child(Field::Label).is_some_and(|l| l.text() == label)
    })
}

/// Returns whether a statement leaves the function, or the loop to its failure.
fn leaves(node: NodeRef<'_>) -> bool {
    let last = match node.kind() {
        "compound_statement" => node.named_children().last(),
        _ => Some(node),
    };
    let Some(last) = last else { return false };
    match last.kind() {
        "return_statement" | "goto_statement" | "throw_statement" => true,
        "expression_statement" => {
            let call = last
                .named_children()
                .next()
                .filter(|n| n.kind() == "call_expression");
            let name = call.and_then(|call| call.child(Field::Function));
            name.is_some_and(|name| super::call::never_returns(name.text()))
        }
        _ => false,
    }
}

/// Returns the pattern of the texts that a condition lets pass: `!isalnum(*p)`,
/// `!isalnum(*p) && *p != '_'`.
fn characters_asked(cond: NodeRef<'_>) -> Option<String> {
    let text: String = cond.text().chars().filter(|c| !c.is_whitespace()).collect();
    if text.contains("||") {
        return None;
    }
    let mut set = String::new();
    for (name, class) in [
        ("isalnum(", "a-zA-Z0-9"),
        ("isalpha(", "a-zA-Z"),
        ("isdigit(", "0-9"),
        ("isxdigit(", "a-fA-F0-9"),
        ("islower(", "a-z"),
        ("isupper(", "A-Z"),
    ] {
        for before in ["!", "!std::"] {
            if text.contains(&format!("{before}{name}")) {
                set.push_str(class);
            }
        }
        if text.contains(name) && text.contains(")==0") {
            set.push_str(class);
        }
    }
    if set.is_empty() {
        return None;
    }
    for part in text.split("!='").skip(1) {
        let c = part.chars().next()?;
        if matches!(c, '-' | ']' | '\\' | '^') {
            set.push('\\');
            set.push(if c == '\\' { '\\' } else { c });
        } else {
            set.push(c);
        }
    }
    Some(format!("^[{set}]*$"))
}
