//! Constants as JavaScript writes them.

use assay_syntax::NodeRef;

use crate::flow::ir::Literal;

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
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let digits = digits.trim_end_matches('n').to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return i64::from_str_radix(rest, radix).ok().map(Literal::Int);
        }
    }
    match digits.parse() {
        Ok(value) => Some(Literal::Int(value)),
        Err(_) => digits.parse().ok().map(Literal::Float),
    }
}

/// Resolves the escapes of a string.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('0') => out.push('\0'),
            Some('\n') | None => {}
            Some('x') => {
                let digits: String = chars.by_ref().take(2).collect();
                out.push(code_point(&digits));
            }
            Some('u') => {
                let mut ahead = chars.clone();
                let digits: String = if ahead.next() == Some('{') {
                    chars.next();
                    chars.by_ref().take_while(|c| *c != '}').collect()
                } else {
                    chars.by_ref().take(4).collect()
                };
                out.push(code_point(&digits));
            }
            Some(other) => out.push(other),
        }
    }
    out
}

fn code_point(digits: &str) -> char {
    let code = u32::from_str_radix(digits, 16).ok();
    code.and_then(char::from_u32).unwrap_or('\u{fffd}')
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
