//! Constants as Go writes them.

use assay_syntax::NodeRef;

use crate::flow::ir::Literal;
use crate::flow::lower::escape::{Escapes, integer};

/// Returns the value of a literal.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    let text = node.text();
    Some(match node.kind() {
        "nil" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "interpreted_string_literal" | "raw_string_literal" => {
            Literal::Str(string_of(node)?.into())
        }
        "rune_literal" => {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
            Literal::Char(ESCAPES.resolve(inner).chars().next()?)
        }
        "int_literal" => Literal::Int(number(text)?),
        "float_literal" => {
            let digits: String = text.chars().filter(|c| *c != '_').collect();
            Literal::Float(digits.parse().ok()?)
        }
        _ => return None,
    })
}

/// A number in base 8 may begin with a zero alone.
fn number(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    match digits.strip_prefix('0') {
        Some(rest) if !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()) => {
            i64::from_str_radix(rest, 8).ok()
        }
        _ => integer(text, &[]),
    }
}

/// Returns the text of a string literal.
pub(super) fn string_of(node: NodeRef<'_>) -> Option<String> {
    let text = node.text();
    match node.kind() {
        "raw_string_literal" => {
            let inner = text.strip_prefix('`')?.strip_suffix('`')?;
            Some(inner.replace('\r', ""))
        }
        "interpreted_string_literal" => {
            Some(ESCAPES.resolve(text.strip_prefix('"')?.strip_suffix('"')?))
        }
        _ => None,
    }
}

/// The Go Programming Language Specification, Rune literals.
const ESCAPES: Escapes = Escapes {
    letters: Escapes::LETTERS,
    hex: &[('x', 2), ('u', 4), ('U', 8)],
    octal: true,
    braces: false,
    keeps_others: false,
};

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_bases() {
        for (written, value) in [
            ("0x1F", 31),
            ("0b11", 3),
            ("0o17", 15),
            ("017", 15),
            ("1_000", 1_000),
            ("0", 0),
        ] {
            assert_eq!(number(written), Some(value), "{written}");
        }
    }
}
