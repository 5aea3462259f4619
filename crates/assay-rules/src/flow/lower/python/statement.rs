//! Python's statements.

use assay_syntax::{Field, NodeRef};

use super::assign::Tested;
use super::scope::{Binding, imported};
use super::{Python, items};
use crate::flow::ir::{
    Arg, Arm, Block, Callee, EachKind, Handler, LogicalOp, Name, Op, Slot, UnaryOp,
};
use crate::flow::lower::walk::Walk;

impl Python<'_> {
    /// Lowers the statements in a node.
    pub(super) fn statements(&mut self, node: NodeRef<'_>) {
        for statement in items(node) {
            self.statement(statement);
        }
    }

    pub(super) fn lower_statement(&mut self, node: NodeRef<'_>) {
        match node.kind() {
            "expression_statement" => {
                for expression in items(node) {
                    self.expression(expression);
                }
            }
            "if_statement" => self.if_chain(node),
            "while_statement" | "for_statement" => {
                self.loop_statement(node, None);
            }
            "try_statement" => self.try_statement(node),
            "with_statement" => self.with_statement(node),
            "match_statement" => self.match_statement(node),
            "function_definition" => self.function_statement(node, &[]),
            "class_definition" => self.class(node, &[]),
            "decorated_definition" => self.decorated(node, false),
            "block" | "else_clause" => self.statements(node),
            "return_statement" => {
                let value = items(node).next().map(|value| self.expression(value));
                if self.inside.is_page {
                    self.page(node, value);
                }
                if let (true, Some(value)) = (self.inside.is_lambda, value) {
                    self.answer(node, value);
                }
                self.b.return_value(node, value);
            }
            "raise_statement" => {
                let value = match items(node).next() {
                    Some(value) => self.expression(value),
                    None => self.b.unknown(node),
                };
                self.b.throw(node, value);
            }
            "break_statement" => {
                let name = self.inside.loops.last().cloned().flatten();
                self.b.break_out(node, name.as_deref());
            }
            "continue_statement" => self.b.continue_loop(node, None),
            "assert_statement" => {
                let mut parts = items(node);
                if let Some(cond) = parts.next() {
                    let cond = self.expression(cond);
                    self.b.open();
                    let error = self.b.unknown(node);
                    self.b.throw(node, error);
                    let otherwise = self.b.close();
                    self.b.branch(node, cond, Block::new(), otherwise);
                }
            }
            "delete_statement" => {
                for target in items(node) {
                    self.delete(target);
                }
            }
            "import_statement" | "import_from_statement" => self.import(node),
            "print_statement" | "exec_statement" => {
                let args = items(node).map(|part| Arg::plain(self.expression(part)));
                let args = args.collect();
                let name = node.kind().trim_end_matches("_statement");
                self.b.call_global(node, name, args);
            }
            "pass_statement"
            | "global_statement"
            | "nonlocal_statement"
            | "comment"
            | "type_alias_statement"
            | "future_import_statement" => {}
            _ => {
                self.expression(node);
            }
        }
    }

    /// What a view returns is sent as a page when it is a text, alone or before
    /// a status.
    fn page(&mut self, node: NodeRef<'_>, returned: Option<Slot>) {
        let Some(mut shown) = items(node).next() else {
            return;
        };
        let mut value = returned;
        if matches!(shown.kind(), "expression_list" | "tuple") {
            match items(shown).next() {
                Some(first) => {
                    shown = first;
                    value = None;
                }
                None => return,
            }
        }
        let callee = match shown.kind() {
            "call" => shown.child(Field::Function),
            _ => None,
        };
        // What other functions return may be anything.
        if callee.is_some_and(|callee| !self.makes_text(callee)) {
            return;
        }
        let value = value.unwrap_or_else(|| self.expression(shown));
        self.b
            .call_global(node, "flask.view-result", vec![Arg::plain(value)]);
    }

    fn makes_text(&self, callee: NodeRef<'_>) -> bool {
        match callee.kind() {
            "identifier" => {
                matches!(self.binding(callee.text()), Some((_, Binding::Variable)))
                    || callee.text() == "str"
            }
            "attribute" => callee.child(Field::Property).is_some_and(|name| {
                matches!(
                    name.text(),
                    "format" | "join" | "replace" | "strip" | "lower" | "upper" | "title" | "get"
                )
            }),
            _ => false,
        }
    }

    /// An import binds a name; only where the name is a variable besides, or
    /// where the module hands it on to others, something is to be done.
    fn import(&mut self, node: NodeRef<'_>) {
        let is_handed_on = self.module.is_package && self.scopes.len() == 1;
        let is_whole = items(node).any(|child| child.kind() == "wildcard_import");
        if let (true, true, Some(source)) = (is_handed_on, is_whole, node.child(Field::Source)) {
            let from = super::name::module_of(source, &self.module);
            let own = format!("{}.*", self.module.name);
            self.b.alias(&own, &format!("{from}.*"));
        }
        for (name, path) in imported(node, &self.module) {
            match self.binding(&name) {
                Some((_, Binding::Variable)) => {
                    let value = self.b.global(node, &path);
                    self.assign_name(node, &name, value);
                }
                Some((_, Binding::Import(_))) if is_handed_on => {
                    let own = super::scope::join(&self.module.name, &name);
                    self.b.alias(&own, &path);
                }
                _ => {}
            }
        }
    }

    fn delete(&mut self, target: NodeRef<'_>) {
        match target.kind() {
            "subscript" => {
                let (Some(object), Some(index)) = (
                    target.child(Field::Value),
                    target.children().find(|c| c.field() == Field::Index),
                ) else {
                    return;
                };
                let object = self.expression(object);
                let index = self.expression(index);
                self.b
                    .method(target, object, "__delitem__", vec![Arg::plain(index)]);
            }
            "expression_list" | "tuple" | "parenthesized_expression" => {
                for part in items(target) {
                    self.delete(part);
                }
            }
            _ => {}
        }
    }

    fn if_chain(&mut self, node: NodeRef<'_>) {
        let Some(cond) = node.child(Field::Condition) else {
            return;
        };
        let cond = self.expression(cond);
        let then = self.block(node.child(Field::Consequence));
        let alternatives: Vec<NodeRef<'_>> = node
            .children()
            .filter(|child| child.field() == Field::Alternative)
            .collect();
        let mut open = vec![(node, cond, then)];
        let mut flat = Vec::new();
        self.b.open();
        for alternative in alternatives {
            match alternative.kind() {
                "elif_clause" => {
                    let Some(cond) = alternative.child(Field::Condition) else {
                        continue;
                    };
                    let cond = self.expression(cond);
                    let then = self.block(alternative.child(Field::Consequence));
                    if flat.is_empty() && self.b.descend() {
                        open.push((alternative, cond, then));
                        self.b.open();
                    } else {
                        // Chains deeper than the limit lose their order only.
                        flat.push(());
                        self.b.branch(alternative, cond, then, Block::new());
                    }
                }
                _ => self.statements(alternative.child(Field::Body).unwrap_or(alternative)),
            }
        }
        for at in (0..open.len()).rev() {
            let otherwise = self.b.close();
            if let Some((node, cond, then)) = open.pop() {
                self.b.branch(node, cond, then, otherwise);
            }
            if at > 0 {
                self.b.ascend();
            }
        }
    }

    /// Lowers a loop with an `else` that runs when nothing broke out.
    fn with_else(&mut self, node: NodeRef<'_>, lower: impl FnOnce(&mut Self)) {
        let Some(alternative) = node.child(Field::Alternative) else {
            self.inside.loops.push(None);
            lower(self);
            self.inside.loops.pop();
            return;
        };
        let name = format!("else@{}", node.span().start);
        let label = self.b.begin_labelled(Some(&name));
        self.b.open();
        self.inside.loops.push(Some(name));
        lower(self);
        self.inside.loops.pop();
        self.statements(alternative.child(Field::Body).unwrap_or(alternative));
        let body = self.b.close();
        self.b.end_labelled(node, label, body);
    }

    pub(super) fn while_statement(&mut self, node: NodeRef<'_>) {
        self.with_else(node, |this| this.while_loop(node, None, false));
    }

    pub(super) fn for_loop(&mut self, node: NodeRef<'_>) {
        let (Some(left), Some(right)) = (node.child(Field::Left), node.child(Field::Right)) else {
            return;
        };
        self.with_else(node, |this| {
            this.each(node, left, right, |this| {
                if let Some(body) = node.child(Field::Body) {
                    this.statements(body);
                }
            });
        });
    }

    /// Lowers a loop over a collection, of a statement or a comprehension.
    pub(super) fn each(
        &mut self,
        node: NodeRef<'_>,
        left: NodeRef<'_>,
        right: NodeRef<'_>,
        body: impl FnOnce(&mut Self),
    ) {
        let shape = Iterated::of(left, right);
        let subject = match &shape {
            Iterated::Items { of, .. } | Iterated::Numbered { of, .. } => self.expression(*of),
            Iterated::Plain => self.expression(right),
        };
        let label = self.b.begin_loop(None);
        self.b.open();
        let item = self.b.temp();
        let mut key = None;
        let mut kind = EachKind::Elements;
        match shape {
            Iterated::Plain => self.assign_target(left, item),
            Iterated::Items { first, second, .. } => {
                kind = EachKind::Values;
                let slot = self.b.temp();
                key = Some(slot);
                self.assign_target(first, slot);
                self.assign_target(second, item);
            }
            Iterated::Numbered { first, second, .. } => {
                let number = self.b.temp();
                key = Some(number);
                // A position is a number whatever the elements are.
                let number = self.b.unary(first, UnaryOp::Plus, number);
                self.assign_target(first, number);
                self.assign_target(second, item);
            }
        }
        body(self);
        let block = self.b.close();
        self.b
            .end_each(node, label, (subject, kind), (item, key), block);
    }

    fn try_statement(&mut self, node: NodeRef<'_>) {
        let body = self.block(node.child(Field::Body));
        let mut handlers = Vec::new();
        let (mut otherwise, mut finally) = (Block::new(), Block::new());
        for part in items(node) {
            match part.kind() {
                "except_clause" | "except_group_clause" => handlers.push(self.handler(part)),
                "else_clause" => {
                    otherwise = self.block(part.child(Field::Body).or(Some(part)));
                }
                "finally_clause" => finally = self.block(items(part).last()),
                _ => {}
            }
        }
        self.b.try_block(node, body, handlers, otherwise, finally);
    }

    fn handler(&mut self, node: NodeRef<'_>) -> Handler {
        let mut types: Vec<Name> = Vec::new();
        let mut name = node.child(Field::Alias);
        for value in node.children().filter(|c| c.field() == Field::Value) {
            let value = match value.kind() {
                "as_pattern" => {
                    name = value.child(Field::Alias);
                    items(value).next().unwrap_or(value)
                }
                _ => value,
            };
            let listed: Vec<NodeRef<'_>> = match value.kind() {
                "tuple" => items(value).collect(),
                _ => vec![value],
            };
            for ty in listed {
                let ty = self.described(ty);
                if !ty.is_empty() {
                    types.push(Name::from(ty));
                }
            }
        }
        self.b.open();
        let slot = name.map(|name| {
            let slot = self.b.temp();
            self.assign_target(name, slot);
            slot
        });
        let body = items(node).last().filter(|last| last.kind() == "block");
        if let Some(body) = body {
            self.statements(body);
        }
        let body = self.b.close();
        Handler { slot, types, body }
    }

    fn with_statement(&mut self, node: NodeRef<'_>) {
        self.b.open();
        let clauses = items(node).filter(|child| child.kind() == "with_clause");
        for item in clauses.flat_map(items) {
            let Some(value) = item.child(Field::Value) else {
                continue;
            };
            self.with_item(value);
        }
        if let Some(body) = node.child(Field::Body) {
            self.statements(body);
        }
        let body = self.b.close();
        self.b
            .try_block(node, body, Vec::new(), Block::new(), Block::new());
    }

    fn with_item(&mut self, value: NodeRef<'_>) {
        // In parentheses several stand as a tuple.
        if matches!(value.kind(), "tuple" | "parenthesized_expression") {
            for inner in items(value) {
                self.with_item(inner);
            }
            return;
        }
        let (subject, target) = match value.kind() {
            "as_pattern" => (items(value).next(), value.child(Field::Alias)),
            _ => (Some(value), None),
        };
        let Some(subject) = subject else { return };
        let context = self.expression(subject);
        let entered = self.b.method(subject, context, "__enter__", Vec::new());
        if let Some(target) = target {
            self.assign_target(target, entered);
        }
    }

    fn match_statement(&mut self, node: NodeRef<'_>) {
        let subjects: Vec<NodeRef<'_>> = node
            .children()
            .filter(|child| child.field() == Field::Subject)
            .collect();
        let subject = match subjects.as_slice() {
            [one] => self.expression(*one),
            several => {
                let args = several
                    .iter()
                    .map(|part| Arg::plain(self.expression(*part)));
                let args = args.collect();
                self.b.list(node, args)
            }
        };
        let label = self.b.begin_labelled(None);
        let mut arms = Vec::new();
        let mut default = None;
        for case in node.child(Field::Body).into_iter().flat_map(items) {
            if case.kind() != "case_clause" {
                continue;
            }
            let at = arms.len();
            let (arm, is_default) = self.case(case, subject);
            if is_default && default.is_none() {
                default = Some(at);
            }
            arms.push(arm);
        }
        self.b.end_switch(node, label, subject, arms, default);
    }

    fn case(&mut self, case: NodeRef<'_>, subject: Slot) -> (Arm, bool) {
        let patterns: Vec<NodeRef<'_>> = items(case)
            .filter(|child| child.kind() == "case_pattern")
            .collect();
        let guard = items(case)
            .find(|child| child.kind() == "if_clause")
            .and_then(|clause| items(clause).next());
        self.b.open();
        let tested = match patterns.as_slice() {
            [one] => self.pattern(*one, subject),
            several => {
                self.sequence(several, subject);
                Tested::Somehow
            }
        };
        let bindings = self.b.close();
        let mut arm = Arm {
            head: Block::new(),
            tests: Vec::new(),
            body: Block::new(),
            falls_through: false,
        };
        let Some(guard) = guard else {
            self.b.open();
            let statements = self.block(case.child(Field::Consequence));
            let is_default = matches!(tested, Tested::Always);
            arm.body = self.b.close();
            if let Tested::Constants(constants) = tested {
                arm.head = bindings;
                arm.tests = constants;
            } else {
                arm.body.extend(bindings);
            }
            arm.body.extend(statements);
            return (arm, is_default);
        };
        // With a guard an arm may be passed over although its pattern holds.
        self.b.open();
        let matches = match tested {
            Tested::Constants(constants) => Some(self.is_one_of(case, subject, &constants)),
            _ => None,
        };
        let cond = match matches {
            Some(left) => {
                self.b.open();
                let value = self.expression(guard);
                let right = self.b.close();
                self.b.logical(guard, LogicalOp::And, left, right, value)
            }
            None => self.expression(guard),
        };
        let then = self.block(case.child(Field::Consequence));
        self.b.branch(case, cond, then, Block::new());
        arm.body = bindings;
        arm.body.extend(self.b.close());
        (arm, false)
    }

    /// Lowers `yield`.
    pub(super) fn yield_value(&mut self, node: NodeRef<'_>) -> Slot {
        let value = match items(node).next() {
            Some(value) => self.expression(value),
            None => self.b.null(node),
        };
        if let Some(context) = self.inside.context {
            self.b.assign(node, context, value);
            return self.b.unknown(node);
        }
        let is_all = node.children().any(|child| child.kind() == "from");
        self.b.emit(node, Op::Yield(value, is_all))
    }

    /// Calls the method of the superclass.
    pub(super) fn super_call(&mut self, node: NodeRef<'_>, name: &str, args: Vec<Arg>) -> Slot {
        let receiver = self.inside.receiver.clone();
        let this = match receiver {
            Some(name) => self.read_name(node, &name),
            None => self.b.unknown(node),
        };
        let mut all = vec![Arg::plain(this)];
        all.extend(args);
        self.b.call(node, Callee::Super(Name::from(name)), all)
    }
}

/// What a loop goes over, as far as it is written out.
enum Iterated<'t> {
    Plain,
    /// `for first, second in of.items()`.
    Items {
        of: NodeRef<'t>,
        first: NodeRef<'t>,
        second: NodeRef<'t>,
    },
    /// `for first, second in enumerate(of)`.
    Numbered {
        of: NodeRef<'t>,
        first: NodeRef<'t>,
        second: NodeRef<'t>,
    },
}

impl<'t> Iterated<'t> {
    fn of(left: NodeRef<'t>, right: NodeRef<'t>) -> Self {
        let parts: Vec<NodeRef<'t>> = match left.kind() {
            "pattern_list" | "tuple_pattern" | "list_pattern" => items(left).collect(),
            _ => Vec::new(),
        };
        let (&[first, second], "call") = (parts.as_slice(), right.kind()) else {
            return Self::Plain;
        };
        let (Some(function), Some(arguments)) =
            (right.child(Field::Function), right.child(Field::Arguments))
        else {
            return Self::Plain;
        };
        match (function.kind(), items(arguments).next()) {
            ("attribute", None) => {
                let name = function.child(Field::Property).map_or("", NodeRef::text);
                match function.child(Field::Object) {
                    Some(of) if matches!(name, "items" | "iteritems") => {
                        Self::Items { of, first, second }
                    }
                    _ => Self::Plain,
                }
            }
            ("identifier", Some(of)) if function.text() == "enumerate" => {
                Self::Numbered { of, first, second }
            }
            _ => Self::Plain,
        }
    }
}
