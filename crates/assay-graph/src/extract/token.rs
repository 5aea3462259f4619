//! Calls in what is given to macros of Rust (`assert_eq!(f(1), 2)`): the grammar
//! knows it as tokens alone.
//!
//! Names, paths, members and calls are put together from the tokens, and the names
//! that `let`, `for` and closures bind. Most calls of tests stand in such macros.

use assay_source::Span;
use assay_syntax::{Field, NodeRef, Role};

use crate::extract::Extractor;
use crate::facts::{DefinitionKind, Expression, ExpressionId, LocalId, Usage, UsageKind};

/// Macros nested deeper than this are not looked into.
const DEPTH_MAX: usize = 64;
/// More tokens in one bracket are not looked at.
const TOKENS_MAX: usize = 20_000;

impl<'t> Extractor<'t> {
    /// Looks at what a macro is given.
    pub(crate) fn tokens(&mut self, tree: NodeRef<'t>) {
        let Some(call) = tree.parent().filter(|parent| parent.has(Role::Call)) else {
            return;
        };
        self.define_named_by_macro(call, tree);
        self.token_run(tree, 0);
    }

    /// A macro among the items that is given a name and code makes a function of
    /// that name: `test!(name, |dir: Dir| { ... })`.
    fn define_named_by_macro(&mut self, call: NodeRef<'t>, tree: NodeRef<'t>) {
        let is_item =
            self.scope() == LocalId::FILE || self.kind_of(self.scope()) == DefinitionKind::Module;
        let mut tokens = tree.children().skip(1);
        let (Some(name), Some(comma)) = (tokens.next(), tokens.next()) else {
            return;
        };
        let has_code = tree.children().any(|child| opens(child, '{'));
        if !is_item || name.kind() != "identifier" || comma.text() != "," || !has_code {
            return;
        }
        self.pass(name);
        let text = self.intern(name.text());
        let mut definition = self.definition(DefinitionKind::Function, call, name, text);
        definition.is_test = call
            .child(Field::Function)
            .or_else(|| call.named_children().next())
            .is_some_and(|made_by| made_by.text().contains("test"));
        let id = self.add(definition);
        self.enter(id, call);
    }

    fn token_run(&mut self, tree: NodeRef<'t>, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        let tokens: Vec<NodeRef<'t>> = tree.children().take(TOKENS_MAX).collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match tokens[at].text() {
                "let" => self.token_let(&tokens, at + 1, depth),
                "for" => self.token_for(&tokens, at + 1, depth),
                // What is defined there has a name that is not called.
                "fn" | "struct" | "enum" | "mod" | "impl" => at + 2,
                "|" if begins_closure(&tokens, at) => self.token_closure(&tokens, at + 1),
                _ => self.token_chain(&tokens, at, depth).1,
            };
        }
    }

    /// Reads a name with what follows it: path, members, calls. Returns what it is
    /// and the place after it, which is further on at any rate.
    fn token_chain(
        &mut self,
        tokens: &[NodeRef<'t>],
        start: usize,
        depth: usize,
    ) -> (ExpressionId, usize) {
        let first = tokens[start];
        if first.kind() == "token_tree" {
            self.token_run(first, depth + 1);
        }
        let begins = matches!(
            first.kind(),
            "identifier" | "self" | "super" | "crate" | "token_tree"
        );
        if !begins || first.text().len() > 200 && first.kind() == "identifier" {
            return (ExpressionId::UNKNOWN, start + 1);
        }
        let mut value = match first.kind() {
            "token_tree" => ExpressionId::UNKNOWN,
            _ => self.lower(first),
        };
        let mut name = first;
        let mut at = start + 1;
        while let Some(&token) = tokens.get(at) {
            let next = tokens.get(at + 1).copied();
            match token.text() {
                "::" if next.is_some_and(|next| next.text() == "<") => {
                    at = after_angle(tokens, at + 1);
                }
                "::" | "." => {
                    let Some(next) = next.filter(|next| next.kind() == "identifier") else {
                        let is_await = next.is_some_and(|next| next.text() == "await");
                        value = match is_await {
                            true => self.push(Expression::Unwrap(value)),
                            false => ExpressionId::UNKNOWN,
                        };
                        at += 2;
                        continue;
                    };
                    let member = self.intern(next.text());
                    value = self.push(Expression::Member(value, member));
                    self.pass(next);
                    name = next;
                    at += 2;
                }
                "?" => {
                    value = self.push(Expression::Unwrap(value));
                    at += 1;
                }
                _ if opens(token, '(') => {
                    value = self.token_call(value, name, token);
                    self.token_run(token, depth + 1);
                    at += 1;
                }
                _ if opens(token, '[') => {
                    value = self.push(Expression::Element(value));
                    self.token_run(token, depth + 1);
                    at += 1;
                }
                _ => break,
            }
        }
        (value, at)
    }

    fn token_call(
        &mut self,
        callee: ExpressionId,
        name: NodeRef<'t>,
        given: NodeRef<'t>,
    ) -> ExpressionId {
        let is_path = matches!(
            self.facts.expressions[callee.index()],
            Expression::Name(_) | Expression::Member(..)
        );
        if !is_path {
            return ExpressionId::UNKNOWN;
        }
        let commas = given.children().filter(|child| child.text() == ",").count();
        let is_empty = given.children().count() <= 2;
        let arguments = if is_empty { 0 } else { commas as u32 + 1 };
        self.pass(name);
        let place = self.place(name.span());
        self.facts.usages.push(Usage {
            kind: UsageKind::Call,
            target: callee,
            arguments,
            given: (0, 0),
            within: self.scope(),
            place,
        });
        self.push(Expression::Call(callee, arguments))
    }

    /// `let mut name: Type = value`
    fn token_let(&mut self, tokens: &[NodeRef<'t>], start: usize, depth: usize) -> usize {
        let mut at = start;
        if tokens.get(at).is_some_and(|token| token.text() == "mut") {
            at += 1;
        }
        let Some(&name) = tokens.get(at).filter(|name| name.kind() == "identifier") else {
            return at;
        };
        at += 1;
        let (written, after) = self.token_type(tokens, at);
        let mut value = written;
        at = after;
        if tokens.get(at).is_some_and(|token| token.text() == "=") {
            at = after_marks(tokens, at + 1);
            if at < tokens.len() {
                let (given, next) = self.token_chain(tokens, at, depth);
                at = next;
                if value == ExpressionId::UNKNOWN {
                    value = given;
                }
            }
        }
        self.token_bind(name, value);
        at
    }

    /// `for name in value`
    fn token_for(&mut self, tokens: &[NodeRef<'t>], start: usize, depth: usize) -> usize {
        let name = tokens.get(start).filter(|name| name.kind() == "identifier");
        let is_loop = tokens
            .get(start + 1)
            .is_some_and(|token| token.text() == "in");
        let (Some(&name), true) = (name, is_loop) else {
            return start;
        };
        let at = after_marks(tokens, start + 2);
        if at >= tokens.len() {
            return at;
        }
        let (held, next) = self.token_chain(tokens, at, depth);
        let element = match held {
            ExpressionId::UNKNOWN => held,
            held => self.push(Expression::Element(held)),
        };
        self.token_bind(name, element);
        next
    }

    /// The parameters of a closure, up to the `|` that closes them.
    fn token_closure(&mut self, tokens: &[NodeRef<'t>], start: usize) -> usize {
        let mut at = start;
        while let Some(&token) = tokens.get(at) {
            if token.text() == "|" {
                return at + 1;
            }
            at += 1;
            if token.kind() == "identifier" {
                let (written, after) = self.token_type(tokens, at);
                self.token_bind(token, written);
                at = after;
            }
        }
        at
    }

    /// Reads `: Type`; returns a value of it and the place after it.
    fn token_type(&mut self, tokens: &[NodeRef<'t>], start: usize) -> (ExpressionId, usize) {
        if tokens.get(start).is_none_or(|token| token.text() != ":") {
            return (ExpressionId::UNKNOWN, start);
        }
        let mut end = start + 1;
        let mut open = 0_usize;
        while let Some(token) = tokens.get(end) {
            match token.text() {
                "<" => open += 1,
                ">" => open = open.saturating_sub(1),
                "," | "=" | "|" | ";" if open == 0 => break,
                _ => {}
            }
            if token.kind() == "identifier" {
                self.pass(*token);
            }
            end += 1;
        }
        let (Some(first), Some(last)) = (tokens.get(start + 1), tokens.get(end - 1)) else {
            return (ExpressionId::UNKNOWN, end);
        };
        let span = Span::new(first.span().start, last.span().end.max(first.span().start));
        let text = self.tree.text().slice(span);
        (self.instance_of_type(text), end)
    }

    fn token_bind(&mut self, name: NodeRef<'t>, value: ExpressionId) {
        self.pass(name);
        let scope = self.scope();
        let text = self.intern(name.text());
        self.bind_name(scope, text, name.span().start, value);
    }
}

fn opens(token: NodeRef<'_>, bracket: char) -> bool {
    token.kind() == "token_tree" && token.text().starts_with(bracket)
}

/// Whether a `|` begins a closure: after an operand it would be an operator.
fn begins_closure(tokens: &[NodeRef<'_>], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| {
        matches!(tokens[before].text(), "," | "(" | "=" | "{" | "move" | "=>")
    })
}

/// Returns the place after `<...>`.
fn after_angle(tokens: &[NodeRef<'_>], start: usize) -> usize {
    let mut open = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text() {
            "<" => open += 1,
            ">" => open = open.saturating_sub(1),
            ">>" => open = open.saturating_sub(2),
            _ => {}
        }
        if open == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// Returns the place after marks that take nothing from what follows: `&mut`, `*`.
fn after_marks(tokens: &[NodeRef<'_>], start: usize) -> usize {
    let marks = tokens[start.min(tokens.len())..]
        .iter()
        .take_while(|token| matches!(token.text(), "&" | "*" | "mut"))
        .count();
    start + marks
}
