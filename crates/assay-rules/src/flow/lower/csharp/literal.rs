//! Constants as C# writes them.

use assay_syntax::NodeRef;

use crate::flow::ir::Literal;
use crate::flow::lower::escape::{Escapes, integer};

/// The escapes of strings that are not verbatim.
pub(super) const ESCAPES: Escapes = Escapes {
    letters: LETTERS,
    hex: &[('u', 4), ('x', 4), ('U', 8)],
    octal: false,
    braces: false,
    keeps_others: false,
};

const LETTERS: &[(char, char)] = &[
    ('n', '\n'),
    ('t', '\t'),
    ('r', '\r'),
    ('0', '\0'),
    ('a', '\u{7}'),
    ('b', '\u{8}'),
    ('f', '\u{c}'),
    ('v', '\u{b}'),
    ('e', '\u{1b}'),
];

/// Returns the value of a literal.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    let text = node.text();
    Some(match node.kind() {
        "null_literal" => Literal::Null,
        "boolean_literal" => Literal::Bool(text == "true"),
        "string_literal" | "verbatim_string_literal" | "raw_string_literal" => {
            Literal::Str(string_of(node)?.into())
        }
        "character_literal" => {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
            Literal::Char(ESCAPES.resolve(inner).chars().next()?)
        }
        "integer_literal" => Literal::Int(integer(text, &['u', 'l'])?),
        "real_literal" => {
            let digits: String = text.chars().filter(|c| *c != '_').collect();
            let digits = digits.trim_end_matches(['f', 'F', 'd', 'D', 'm', 'M']);
            Literal::Float(digits.parse().ok()?)
        }
        _ => return None,
    })
}

/// Returns the text of a string literal of any of the three kinds.
pub(super) fn string_of(node: NodeRef<'_>) -> Option<String> {
    let text = node.text();
    let text = text.strip_suffix("u8").unwrap_or(text);
    match node.kind() {
        "string_literal" => Some(ESCAPES.resolve(text.strip_prefix('"')?.strip_suffix('"')?)),
        "verbatim_string_literal" => {
            let inner = text.strip_prefix("@\"")?.strip_suffix('"')?;
            Some(inner.replace("\"\"", "\""))
        }
        "raw_string_literal" => Some(raw(text)),
        _ => None,
    }
}

/// Takes the quotes off a raw string, and the indentation that its last line
/// gives.
fn raw(text: &str) -> String {
    let inner = text.trim_matches('"');
    let Some((_, body)) = inner.split_once('\n') else {
        return inner.to_owned();
    };
    let mut lines: Vec<&str> = body.split('\n').collect();
    let last = lines.pop().unwrap_or("");
    let indent = last.len();
    let stripped: Vec<&str> = lines
        .iter()
        .map(|line| line.get(indent..).unwrap_or("").trim_end_matches('\r'))
        .collect();
    stripped.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{ESCAPES, raw};

    #[test]
    fn escapes_are_resolved() {
        for (written, meant) in [
            ("a\\tb\\0", "a\tb\0"),
            ("\\u0041\\x42", "AB"),
            ("\\U00000043", "C"),
        ] {
            assert_eq!(ESCAPES.resolve(written), meant, "{written}");
        }
    }

    #[test]
    fn raw_strings_lose_their_indentation() {
        assert_eq!(raw("\"\"\"a \"b\" c\"\"\""), "a \"b\" c");
        assert_eq!(raw("\"\"\"\n    a\n      b\n    \"\"\""), "a\n  b");
    }
}
