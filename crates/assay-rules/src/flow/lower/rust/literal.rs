//! Constants as Rust writes them.

use assay_syntax::NodeRef;

use crate::flow::ir::Literal;
use crate::flow::lower::escape::{Escapes, integer};

/// What may stand behind a number.
const SUFFIXES: &[&str] = &[
    "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128", "i128", "usize", "isize", "f32",
    "f64",
];

/// Returns the value of a literal.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    let text = node.text();
    Some(match node.kind() {
        "string_literal" | "raw_string_literal" => Literal::Str(string_of(node)?.into()),
        "boolean_literal" => Literal::Bool(text == "true"),
        "char_literal" => {
            let inner = text.trim_start_matches('b');
            let inner = inner.strip_prefix('\'')?.strip_suffix('\'')?;
            Literal::Char(ESCAPES.resolve(inner).chars().next()?)
        }
        "integer_literal" => Literal::Int(number(text)?),
        "float_literal" => {
            let digits: String = without_suffix(text).chars().filter(|c| *c != '_').collect();
            Literal::Float(digits.parse().ok()?)
        }
        "negative_literal" => match literal(node.named_children().next()?)? {
            Literal::Int(value) => Literal::Int(value.checked_neg()?),
            Literal::Float(value) => Literal::Float(-value),
            _ => return None,
        },
        _ => return None,
    })
}

fn without_suffix(text: &str) -> &str {
    let suffix = SUFFIXES.iter().find(|suffix| text.ends_with(**suffix));
    suffix.map_or(text, |suffix| &text[..text.len() - suffix.len()])
}

fn number(text: &str) -> Option<i64> {
    let text = match text.starts_with("0x") {
        // `0xf32` is a number, and no `f32`.
        true => text.split(['u', 'i']).next().unwrap_or(text),
        false => without_suffix(text),
    };
    integer(text, &[])
}

/// Returns the text of a string literal.
pub(super) fn string_of(node: NodeRef<'_>) -> Option<String> {
    let text = node.text();
    match node.kind() {
        "raw_string_literal" => {
            let start = text.find('"')?;
            let hashes = text[..start].matches('#').count();
            let inner = text[start + 1..].strip_suffix(&"#".repeat(hashes))?;
            Some(inner.strip_suffix('"')?.to_owned())
        }
        "string_literal" => {
            let inner = text.trim_start_matches(['b', 'c']);
            let inner = inner.strip_prefix('"')?.strip_suffix('"')?;
            Some(ESCAPES.resolve(&joined_lines(inner)))
        }
        _ => None,
    }
}

/// A backslash at the end of a line takes the white space behind it away.
fn joined_lines(text: &str) -> String {
    let mut parts = text.split("\\\n");
    let mut joined = parts.next().unwrap_or("").to_owned();
    for part in parts {
        joined.push_str(part.trim_start());
    }
    joined
}

/// The Rust Reference, Tokens, Escapes.
const ESCAPES: Escapes = Escapes {
    letters: &[
        ('n', '\n'),
        ('t', '\t'),
        ('r', '\r'),
        ('0', '\0'),
        ('\\', '\\'),
        ('\'', '\''),
        ('"', '"'),
    ],
    hex: &[('x', 2)],
    octal: false,
    braces: true,
    keeps_others: false,
};

#[cfg(test)]
mod tests {
    use super::{joined_lines, number};

    #[test]
    fn numbers_have_bases_and_types() {
        for (written, value) in [
            ("1_000u32", 1_000),
            ("0xFFu8", 255),
            ("0xf32", 0xf32),
            ("0o17", 15),
            ("0b101_usize", 5),
            ("7", 7),
        ] {
            assert_eq!(number(written), Some(value), "{written}");
        }
    }

    #[test]
    fn lines_are_joined() {
        assert_eq!(joined_lines("select * \\\n    from t"), "select * from t");
    }
}
