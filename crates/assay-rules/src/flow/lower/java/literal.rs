//! Constants as Java writes them.

use assay_syntax::NodeRef;

use crate::flow::ir::Literal;
use crate::flow::lower::escape::Escapes;

/// Returns the value of a literal.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    let text = node.text();
    Some(match node.kind() {
        "null_literal" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "string_literal" => Literal::Str(string_of(node)?.into()),
        "character_literal" => {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
            Literal::Char(unescape(inner).chars().next()?)
        }
        "decimal_integer_literal" => integer(text, 10)?,
        "hex_integer_literal" => integer(text.get(2..)?, 16)?,
        "octal_integer_literal" => integer(text.get(1..)?, 8)?,
        "binary_integer_literal" => integer(text.get(2..)?, 2)?,
        "decimal_floating_point_literal" | "hex_floating_point_literal" => {
            let digits: String = text.chars().filter(|c| *c != '_').collect();
            let digits = digits.trim_end_matches(['f', 'F', 'd', 'D']);
            Literal::Float(digits.parse().ok()?)
        }
        _ => return None,
    })
}

fn integer(text: &str, radix: u32) -> Option<Literal> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let is_long = digits.ends_with(['l', 'L']);
    let digits = digits.trim_end_matches(['l', 'L']);
    let value = u64::from_str_radix(digits, radix).ok()?;
    // `0xffffffff` is -1 and not a large number.
    if radix != 10 && !is_long && value <= u64::from(u32::MAX) {
        return Some(Literal::Int(i64::from(value as u32 as i32)));
    }
    Some(Literal::Int(value as i64))
}

/// Returns the text of a string literal or text block.
pub(super) fn string_of(node: NodeRef<'_>) -> Option<String> {
    let text = node.text();
    if node.kind() != "string_literal" {
        return None;
    }
    if let Some(block) = text.strip_prefix("\"\"\"") {
        return Some(text_block(block.strip_suffix("\"\"\"")?));
    }
    Some(unescape(text.strip_prefix('"')?.strip_suffix('"')?))
}

/// Takes away the indentation that all lines of a text block share.
fn text_block(block: &str) -> String {
    let Some((_, body)) = block.split_once('\n') else {
        return String::new();
    };
    let lines: Vec<&str> = body.split('\n').collect();
    let last = lines.len() - 1;
    let indent = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| *at == last || !line.trim().is_empty())
        .map(|(_, line)| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let stripped: Vec<&str> = lines
        .iter()
        .map(|line| line.get(indent..).unwrap_or("").trim_end())
        .collect();
    unescape(&stripped.join("\n"))
}

/// The Java Language Specification, 3.3 and 3.10.7.
const ESCAPES: Escapes = Escapes {
    letters: &[
        ('b', '\u{8}'),
        ('f', '\u{c}'),
        ('n', '\n'),
        ('r', '\r'),
        ('s', ' '),
        ('t', '\t'),
    ],
    hex: &[('u', 4)],
    octal: true,
    braces: false,
    keeps_others: false,
};

fn unescape(text: &str) -> String {
    ESCAPES.resolve(text)
}

#[cfg(test)]
mod tests {
    use super::{text_block, unescape};

    #[test]
    fn escapes_are_resolved() {
        for (written, meant) in [
            ("a\\tb", "a\tb"),
            ("\\u0041\\uu0042", "AB"),
            ("\\101\\0", "A\0"),
            ("\\\\n", "\\n"),
            ("\\", ""),
        ] {
            assert_eq!(unescape(written), meant, "{written}");
        }
    }

    #[test]
    fn text_blocks_lose_their_indentation() {
        assert_eq!(text_block("\n    a\n      b\n    "), "a\n  b\n");
        assert_eq!(text_block("\n    a \\\n    b"), "a b");
    }
}
