//! Constants as JavaScript writes them.

use assay_syntax::NodeRef;

use crate::flow::ir::Literal;
use crate::flow::lower::escape::{Escapes, integer};

/// Returns the value of a literal.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    Some(match node.kind() {
        "null" | "undefined" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "number" => number(node.text())?,
        "string" => Literal::Str(string_of(node)?.into()),
        _ => return None,
    })
}

/// Returns the text of a string literal, or of a template without parts.
pub(super) fn string_of(node: NodeRef<'_>) -> Option<String> {
    let text = node.text();
    match node.kind() {
        "string" => {
            let quote = text.chars().next()?;
            Some(unescape(text.strip_prefix(quote)?.strip_suffix(quote)?))
        }
        "template_string" if !has_substitution(node) => {
            Some(unescape(text.strip_prefix('`')?.strip_suffix('`')?))
        }
        _ => None,
    }
}

fn has_substitution(node: NodeRef<'_>) -> bool {
    let mut children = node.children();
    children.any(|child| child.kind() == "template_substitution")
}

fn number(text: &str) -> Option<Literal> {
    if let Some(value) = integer(text, &['n']) {
        return Some(Literal::Int(value));
    }
    let digits = text.replace('_', "");
    digits.parse().ok().map(Literal::Float)
}

/// ECMAScript, 12.9.4.
const ESCAPES: Escapes = Escapes {
    letters: &[
        ('b', '\u{8}'),
        ('f', '\u{c}'),
        ('n', '\n'),
        ('r', '\r'),
        ('t', '\t'),
        ('v', '\u{b}'),
        ('0', '\0'),
    ],
    hex: &[('x', 2), ('u', 4)],
    octal: false,
    braces: true,
    keeps_others: false,
};

/// Resolves the escapes of a string.
pub(super) fn unescape(text: &str) -> String {
    ESCAPES.resolve(text)
}

#[cfg(test)]
mod tests {
    use super::{number, unescape};
    use crate::flow::ir::Literal;

    #[test]
    fn escapes_are_resolved() {
        for (written, meant) in [
            ("a\\tb", "a\tb"),
            ("\\u0041\\x42\\u{43}", "ABC"),
            ("\\\\n\\'", "\\n'"),
            ("\\", ""),
            ("\\u{", "\u{fffd}"),
        ] {
            assert_eq!(unescape(written), meant, "{written}");
        }
    }

    #[test]
    fn numbers_have_radixes_and_separators() {
        for (written, meant) in [
            ("1_000", Literal::Int(1000)),
            ("0xFF", Literal::Int(255)),
            ("0b11n", Literal::Int(3)),
            ("1e3", Literal::Float(1000.0)),
        ] {
            assert_eq!(number(written), Some(meant), "{written}");
        }
    }
}
