//! Constants as C and C++ write them.

use assay_syntax::NodeRef;

use crate::flow::ir::Literal;
use crate::flow::lower::escape::{Escapes, integer};

/// What C and C++ have in strings and characters.
const ESCAPES: Escapes = Escapes {
    letters: &[
        ('n', '\n'),
        ('t', '\t'),
        ('r', '\r'),
        ('a', '\u{7}'),
        ('b', '\u{8}'),
        ('f', '\u{c}'),
        ('v', '\u{b}'),
        ('\\', '\\'),
        ('\'', '\''),
        ('"', '"'),
        ('?', '?'),
        ('e', '\u{1b}'),
    ],
    hex: &[('x', 8), ('u', 4), ('U', 8)],
    octal: true,
    braces: false,
    keeps_others: false,
};

/// Returns the value of a literal.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    Some(match node.kind() {
        "null" | "nullptr" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "char_literal" => {
            let inner = node.text().split_once('\'')?.1.strip_suffix('\'')?;
            let mut chars = ESCAPES
                .resolve(inner)
                .chars()
                .collect::<Vec<_>>()
                .into_iter();
            match chars.next()? {
                '\0' => Literal::Int(0),
                only => Literal::Char(only),
            }
        }
        "number_literal" => number(node.text())?,
        _ => Literal::Str(text_of(node)?.into()),
    })
}

/// Returns the text of a string literal.
pub(super) fn text_of(node: NodeRef<'_>) -> Option<String> {
    match node.kind() {
        "string_literal" => {
            let inner = node.text().split_once('"')?.1.strip_suffix('"')?;
            Some(ESCAPES.resolve(inner))
        }
        "raw_string_literal" => {
            let (_, rest) = node.text().split_once('(')?;
            Some(rest.rsplit_once(')')?.0.to_owned())
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<Literal> {
    let is_octal =
        text.len() > 1 && text.starts_with('0') && text[1..].starts_with(|c: char| c.is_digit(8));
    if is_octal {
        let digits = text.trim_end_matches(['u', 'l', 'U', 'L']);
        if let Ok(value) = i64::from_str_radix(digits, 8) {
            return Some(Literal::Int(value));
        }
    }
    if let Some(value) = integer(text, &['u', 'l', 'z']) {
        return Some(Literal::Int(value));
    }
    let digits: String = text.chars().filter(|c| *c != '\'').collect();
    Some(Literal::Float(
        digits.trim_end_matches(['f', 'F', 'l', 'L']).parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::number;
    use crate::flow::ir::Literal;

    #[test]
    fn numbers_have_bases_and_suffixes() {
        for (text, expected) in [
            ("10u", Literal::Int(10)),
            ("0x1FUL", Literal::Int(31)),
            ("0644", Literal::Int(420)),
            ("0", Literal::Int(0)),
            ("1'000", Literal::Int(1000)),
            ("1.5f", Literal::Float(1.5)),
        ] {
            assert_eq!(number(text), Some(expected), "{text}");
        }
    }
}
