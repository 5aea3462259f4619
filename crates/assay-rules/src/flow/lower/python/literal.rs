//! Constants as Python writes them.

use assay_syntax::NodeRef;

use super::items;
use crate::flow::ir::Literal;
use crate::flow::lower::escape::{Escapes, integer};

/// Returns the value of a literal that is no string.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    Some(match node.kind() {
        "none" => Literal::Null,
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "integer" => Literal::Int(integer(node.text(), &['l'])?),
        "float" => Literal::Float(node.text().replace('_', "").parse().ok()?),
        _ => return None,
    })
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

/// The Python Language Reference, 2.5.1.
const ESCAPES: Escapes = Escapes {
    letters: Escapes::LETTERS,
    hex: &[('x', 2), ('u', 4), ('U', 8)],
    octal: true,
    braces: false,
    keeps_others: true,
};

fn unescape(text: &str) -> String {
    ESCAPES.resolve(text)
}

#[cfg(test)]
mod tests {
    use super::unescape;

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
}
