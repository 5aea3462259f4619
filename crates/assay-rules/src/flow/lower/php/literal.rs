//! PHP's literals: strings with and without variables in them, numbers, words.

use assay_syntax::{Field, NodeRef};

use super::Php;
use crate::flow::ir::{Literal, Name, Slot};
use crate::flow::lower::escape::{Escapes, integer};
use crate::flow::lower::walk::Walk;

/// The escapes of strings in double quotes; those in single quotes have their
/// own quote and the backslash only.
const ESCAPES: Escapes = Escapes {
    letters: &[
        ('n', '\n'),
        ('t', '\t'),
        ('r', '\r'),
        ('v', '\u{b}'),
        ('e', '\u{1b}'),
        ('f', '\u{c}'),
        ('\\', '\\'),
        ('$', '$'),
        ('"', '"'),
        ('`', '`'),
    ],
    hex: &[('x', 2)],
    octal: true,
    braces: true,
    keeps_others: true,
};

const SINGLE: Escapes = Escapes {
    letters: &[('\\', '\\'), ('\'', '\'')],
    hex: &[],
    octal: false,
    braces: false,
    keeps_others: true,
};

/// Returns the constant that a node without parts is.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    Some(match node.kind() {
        "integer" => {
            let text = node.text();
            let octal = text
                .strip_prefix('0')
                .filter(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(8) || c == '_'));
            match octal {
                Some(digits) => {
                    Literal::Int(i64::from_str_radix(&digits.replace('_', ""), 8).ok()?)
                }
                None => Literal::Int(integer(text, &[])?),
            }
        }
        "float" => Literal::Float(node.text().replace('_', "").parse().ok()?),
        "boolean" => Literal::Bool(node.text().eq_ignore_ascii_case("true")),
        "null" => Literal::Null,
        "string" | "encapsed_string" | "heredoc" | "nowdoc" => {
            Literal::Str(Name::from(constant_text(node)?))
        }
        _ => return None,
    })
}

/// Returns the text of a string without variables.
pub(super) fn constant_text(node: NodeRef<'_>) -> Option<String> {
    let content = match node.kind() {
        "heredoc" | "nowdoc" => match node.child(Field::Value) {
            Some(body) => body,
            None => return Some(String::new()),
        },
        "string" | "encapsed_string" => node,
        _ => return None,
    };
    let escapes = match node.kind() {
        "string" => &SINGLE,
        _ => &ESCAPES,
    };
    let mut text = String::new();
    for part in content.named_children() {
        match part.kind() {
            "string_content" | "escape_sequence" | "nowdoc_string" => text.push_str(part.text()),
            _ => return None,
        }
    }
    Some(match node.kind() {
        "nowdoc" => text,
        _ => escapes.resolve(&text),
    })
}

/// Returns the key that an index is when it is constant, as text.
pub(super) fn key(node: NodeRef<'_>) -> Option<String> {
    match node.kind() {
        "string" | "encapsed_string" => constant_text(node),
        "integer" => Some(node.text().to_owned()),
        // `"$array[key]"`
        "name" if node.parent()?.parent()?.kind() != "argument" => {
            let word = node.text();
            let is_in_text = node
                .ancestors()
                .nth(1)
                .is_some_and(|n| matches!(n.kind(), "encapsed_string" | "heredoc_body"));
            is_in_text.then(|| word.to_owned())
        }
        _ => None,
    }
}

impl Php<'_> {
    /// Lowers a string with variables in it.
    pub(super) fn interpolated(&mut self, node: NodeRef<'_>) -> Slot {
        let content = match node.kind() {
            "heredoc" => node.child(Field::Value).unwrap_or(node),
            _ => node,
        };
        let mut parts = Vec::new();
        let mut text = String::new();
        for part in content.named_children() {
            match part.kind() {
                "string_content" | "escape_sequence" => text.push_str(part.text()),
                _ => {
                    if !text.is_empty() {
                        let resolved = ESCAPES.resolve(&std::mem::take(&mut text));
                        parts.push(self.b.string(part, &resolved));
                    }
                    parts.push(self.expression(part));
                }
            }
        }
        if !text.is_empty() || parts.is_empty() {
            parts.push(self.b.string(node, &ESCAPES.resolve(&text)));
        }
        self.b.text(node, parts)
    }
}
