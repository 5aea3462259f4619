//! Constants as Python writes them.

use assay_syntax::NodeRef;

use super::items;
use crate::flow::ir::Literal;

/// Returns the value of a literal that is no string.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    Some(match node.kind() {
        "none" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "integer" => integer(node.text())?,
        "float" => Literal::Float(digits(node.text()).parse().ok()?),
        _ => return None,
    })
}

fn digits(text: &str) -> String {
    text.chars().filter(|c| *c != '_').collect()
}

fn integer(text: &str) -> Option<Literal> {
    let digits = digits(text);
    let digits = digits.trim_end_matches(['l', 'L']);
    let (radix, rest) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        _ => (10, digits),
    };
    Some(Literal::Int(i64::from_str_radix(rest, radix).ok()?))
}

/// A part of a string literal.
pub(super) enum Part<'t> {
    Text(String),
    /// An expression in an f-string: the node of kind `interpolation`.
    Value(NodeRef<'t>),
}

/// Returns the parts of a string literal, or of several next to each other.
pub(super) fn parts(node: NodeRef<'_>) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    if node.kind() == "concatenated_string" {
        for string in items(node) {
            string_parts(string, &mut found);
        }
    } else {
        string_parts(node, &mut found);
    }
    found
}

fn string_parts<'t>(node: NodeRef<'t>, found: &mut Vec<Part<'t>>) {
    let start = node.children().next().map_or("", NodeRef::text);
    let prefix = start.trim_end_matches(['"', '\'']).to_ascii_lowercase();
    let is_raw = prefix.contains('r');
    let is_format = prefix.contains('f') || prefix.contains('t');
    for child in node.named_children() {
        match child.kind() {
            "string_content" => {
                let mut text = match is_raw {
                    true => child.text().to_owned(),
                    false => unescape(child.text()),
                };
                if is_format {
                    text = text.replace("{{", "{").replace("}}", "}");
                }
                match found.last_mut() {
                    Some(Part::Text(last)) => last.push_str(&text),
                    _ => found.push(Part::Text(text)),
                }
            }
            "interpolation" => found.push(Part::Value(child)),
            _ => {}
        }
    }
}

/// Returns the text of a string literal without expressions in it.
pub(super) fn constant_text(node: NodeRef<'_>) -> Option<String> {
    if !matches!(node.kind(), "string" | "concatenated_string") {
        return None;
    }
    let mut text = String::new();
    for part in parts(node) {
        match part {
            Part::Text(part) => text.push_str(&part),
            Part::Value(_) => return None,
        }
    }
    Some(text)
}

fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(escaped) = chars.next() else { break };
        let mut number = |count: usize, radix: u32| {
            let mut code = 0;
            for _ in 0..count {
                let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else {
                    break;
                };
                code = code * radix + digit;
                chars.next();
            }
            char::from_u32(code).unwrap_or('\u{fffd}')
        };
        match escaped {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\u{7}'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'v' => out.push('\u{b}'),
            '\\' | '\'' | '"' => out.push(escaped),
            '\n' => {}
            'x' => out.push(number(2, 16)),
            'u' => out.push(number(4, 16)),
            'U' => out.push(number(8, 16)),
            digit @ '0'..='7' => {
                let first = digit.to_digit(8).unwrap_or(0);
                let mut code = first;
                for _ in 0..2 {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else {
                        break;
                    };
                    code = code * 8 + digit;
                    chars.next();
                }
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            // What is no escape keeps its backslash.
            other => out.extend(['\\', other]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{integer, unescape};
    use crate::flow::ir::Literal;

    #[test]
    fn escapes_are_resolved() {
        for (written, meant) in [
            ("a\\tb", "a\tb"),
            ("\\x41\\u0042\\103", "ABC"),
            ("\\d+", "\\d+"),
            ("a\\\nb", "ab"),
            ("\\", ""),
        ] {
            assert_eq!(unescape(written), meant, "{written}");
        }
    }

    #[test]
    fn integers_have_bases() {
        for (written, value) in [("1_000", 1000), ("0xFF", 255), ("0o17", 15), ("0b101", 5)] {
            assert_eq!(integer(written), Some(Literal::Int(value)), "{written}");
        }
        assert_eq!(integer("99999999999999999999"), None);
    }
}
