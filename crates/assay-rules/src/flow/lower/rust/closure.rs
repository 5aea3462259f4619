//! Closures, and what closures over characters tell of a text.

use assay_syntax::{Field, NodeRef};

use super::Rust;
use super::expression::operator;
use super::literal::literal;
use super::name::parts;
use super::statement::Goal;
use super::ty::can_fail;
use crate::flow::builder::Signature;
use crate::flow::ir::{Arg, BinaryOp, FunctionKind, Literal, Op, Slot};

impl Rust<'_, '_> {
    /// Lowers a closure to a value.
    pub(super) fn closure(&mut self, node: NodeRef<'_>) -> Slot {
        let mut signature = Signature::new("", FunctionKind::Closure);
        signature.can_fail = node.child(Field::ReturnType).is_some_and(can_fail);
        self.b.begin_function(node, signature);
        let outer = self.enter_function();
        self.params(node.child(Field::Parameters));
        if let Some(body) = node.child(Field::Body) {
            self.value_to(body, Goal::Return);
        }
        self.leave_function(outer);
        let function = self.b.end_function();
        self.b.emit(node, Op::Closure(function))
    }

    /// Lowers `text.chars().all(|c| ...)`, `.any(|c| !...)` and
    /// `text.contains(|c| !...)`, where the closure lets characters of a class
    /// through: as the match of a pattern.
    pub(super) fn characters(
        &mut self,
        node: NodeRef<'_>,
        method: &str,
        receiver: NodeRef<'_>,
        closure: NodeRef<'_>,
    ) -> Option<Slot> {
        let is_over_text = |name: &str| matches!(name, "chars" | "bytes");
        let text = match method {
            "all" | "any" | "filter" => {
                let function = receiver.child(Field::Function)?;
                let name = function.child(Field::Property)?;
                is_over_text(name.text()).then(|| function.child(Field::Value))??
            }
            _ => receiver,
        };
        let is_negated = !matches!(method, "all" | "filter");
        let class = match closure.kind() {
            "closure_expression" => {
                let variable = closure.child(Field::Parameters)?.text();
                let variable = variable.trim_matches(['|', '&', ' ']);
                let variable = variable.split(':').next()?.trim();
                class_of(closure.child(Field::Body)?, variable, is_negated)?
            }
            "identifier" | "scoped_identifier" if !is_negated => {
                class_named(parts(closure).last()?)?.to_owned()
            }
            _ => return None,
        };
        let text = crate::flow::lower::walk::Walk::expression(self, text);
        let pattern = self.b.string(node, &format!("^[{class}]*$"));
        if method == "filter" {
            let args = vec![Arg::plain(pattern), Arg::plain(text)];
            return Some(self.b.call_global(node, "core.matched", args));
        }
        let all = self.b.binary(node, BinaryOp::Match, text, pattern);
        Some(match method {
            "all" => all,
            _ => self.not(node, all),
        })
    }
}

/// Returns the characters that a condition on a character lets through, as a
/// class of a regular expression; with `negated` those that it does not.
fn class_of(node: NodeRef<'_>, variable: &str, negated: bool) -> Option<String> {
    let is_variable = |node: NodeRef<'_>| node.text().trim_start_matches(['*', '&']) == variable;
    match node.kind() {
        "parenthesized_expression" => class_of(node.named_children().next()?, variable, negated),
        "block" => {
            let mut inner = node.named_children();
            let only = inner.next()?;
            inner
                .next()
                .is_none()
                .then(|| class_of(only, variable, negated))?
        }
        "unary_expression" => {
            let is_not = node.children().next()?.kind() == "!";
            let inner = node.named_children().next()?;
            (is_not && negated).then(|| class_of(inner, variable, false))?
        }
        "binary_expression" => {
            let (left, right) = (node.child(Field::Left)?, node.child(Field::Right)?);
            match (operator(node), negated) {
                ("||", false) | ("&&", true) => {
                    Some(class_of(left, variable, negated)? + &class_of(right, variable, negated)?)
                }
                ("==", false) | ("!=", true) => {
                    let other = match (is_variable(left), is_variable(right)) {
                        (true, _) => right,
                        (_, true) => left,
                        _ => return None,
                    };
                    match literal(other)? {
                        Literal::Char(c) => Some(escaped(c)),
                        _ => None,
                    }
                }
                _ => None,
            }
        }
        "call_expression" if !negated => {
            let function = node.child(Field::Function)?;
            match function.kind() {
                "field_expression" => {
                    let of = function.child(Field::Value)?;
                    let name = function.child(Field::Property)?;
                    let is_plain = is_variable(of);
                    class_named(name.text())
                        .filter(|_| is_plain)
                        .map(str::to_owned)
                }
                _ => class_named(parts(function).last()?).map(str::to_owned),
            }
        }
        // `matches!(c, 'a'..='z' | '0'..='9')`
        "macro_invocation" if !negated => matched_class(node.text(), variable),
        _ => None,
    }
}

fn matched_class(text: &str, variable: &str) -> Option<String> {
    let inner = text.strip_prefix("matches!")?.trim();
    let inner = inner.strip_prefix('(')?.strip_suffix(')')?;
    let (of, patterns) = inner.split_once(',')?;
    if of.trim().trim_start_matches(['*', '&']) != variable {
        return None;
    }
    let mut class = String::new();
    for pattern in patterns.trim().trim_end_matches(',').split('|') {
        let ends: Vec<&str> = pattern.split("..=").map(str::trim).collect();
        let mut characters = Vec::new();
        for end in ends {
            let end = end.trim_start_matches('b');
            let end = end.strip_prefix('\'')?.strip_suffix('\'')?;
            let mut letters = end.chars();
            characters.push(letters.next().filter(|c| *c != '\\')?);
            letters.next().is_none().then_some(())?;
        }
        match characters.as_slice() {
            [one] => class.push_str(&escaped(*one)),
            [from, to] => class.push_str(&format!("{from}-{to}")),
            _ => return None,
        }
    }
    Some(class)
}

/// Returns the class of characters that a method of characters is for.
fn class_named(name: &str) -> Option<&'static str> {
    Some(match name {
        "is_ascii_digit" | "is_numeric" | "is_digit" => "0-9",
        "is_ascii_hexdigit" => "0-9a-fA-F",
        "is_ascii_alphabetic" | "is_alphabetic" => "a-zA-Z",
        "is_ascii_alphanumeric" | "is_alphanumeric" => "0-9a-zA-Z",
        "is_ascii_lowercase" | "is_lowercase" => "a-z",
        "is_ascii_uppercase" | "is_uppercase" => "A-Z",
        _ => return None,
    })
}

fn escaped(c: char) -> String {
    match c {
        '\\' | ']' | '[' | '^' | '-' => format!("\\{c}"),
        c => c.to_string(),
    }
}
