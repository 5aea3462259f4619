//! Constants as Kotlin writes them.

use assay_syntax::NodeRef;

use crate::flow::ir::Literal;
use crate::flow::lower::escape::{Escapes, integer};

/// The escapes of strings with one quote.
pub(super) const ESCAPES: Escapes = Escapes {
    letters: &[
        ('n', '\n'),
        ('t', '\t'),
        ('r', '\r'),
        ('b', '\u{8}'),
        ('$', '$'),
        ('\\', '\\'),
        ('\'', '\''),
        ('"', '"'),
    ],
    hex: &[('u', 4)],
    octal: false,
    braces: false,
    keeps_others: false,
};

/// Returns the value of a literal.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    let text = node.text();
    Some(match node.kind() {
        "string_literal" | "multiline_string_literal" => Literal::Str(string_of(node)?.into()),
        "character_literal" => {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
            Literal::Char(ESCAPES.resolve(inner).chars().next()?)
        }
        "number_literal" => Literal::Int(integer(text, &['u', 'l'])?),
        "float_literal" => {
            let digits: String = text.chars().filter(|c| *c != '_').collect();
            Literal::Float(digits.trim_end_matches(['f', 'F']).parse().ok()?)
        }
        _ => match text {
            "null" if node.is_leaf() => Literal::Null,
            "true" if node.is_leaf() => Literal::Bool(true),
            "false" if node.is_leaf() => Literal::Bool(false),
            _ => return None,
        },
    })
}

/// A part of a string.
pub(super) enum Piece<'t> {
    /// Text, with its escapes resolved.
    Text(String),
    /// `$name`: the syntax tree does not tell it from text.
    Name(&'t str),
    /// `${...}`
    Code(NodeRef<'t>),
}

/// Returns the parts of a string.
pub(super) fn pieces(node: NodeRef<'_>) -> Vec<Piece<'_>> {
    let (is_raw, quotes) = match node.kind() {
        "multiline_string_literal" => (true, "\"\"\""),
        _ => (false, "\""),
    };
    let (text, start) = (node.text(), node.span().start);
    let end = text.len() - text.strip_suffix(quotes).map_or(0, |_| quotes.len());
    let mut at = quotes.len();
    let mut pieces = Vec::new();
    for code in node.named_children() {
        if code.kind() != "interpolation" || !code.text().starts_with("${") {
            continue;
        }
        let before = (code.span().start - start) as usize;
        split_names(text.get(at..before).unwrap_or(""), is_raw, &mut pieces);
        pieces.push(Piece::Code(code));
        at = before + code.text().len();
    }
    split_names(text.get(at..end).unwrap_or(""), is_raw, &mut pieces);
    pieces
}

/// Splits what is written between `${...}` at each `$name`.
fn split_names<'t>(text: &'t str, is_raw: bool, pieces: &mut Vec<Piece<'t>>) {
    let resolved = |text: &str| match is_raw {
        true => text.to_owned(),
        false => ESCAPES.resolve(text),
    };
    let (mut begin, mut at) = (0, 0);
    while let Some(found) = text[at..].find(['$', '\\']) {
        let sign = at + found;
        at = sign + 1;
        if text[sign..].starts_with('\\') {
            let escaped = text[at..].chars().next().filter(|_| !is_raw);
            at += escaped.map_or(0, char::len_utf8);
            continue;
        }
        let name = name_at(&text[at..]);
        if name.is_empty() {
            continue;
        }
        if begin < sign {
            pieces.push(Piece::Text(resolved(&text[begin..sign])));
        }
        pieces.push(Piece::Name(name.trim_matches('`')));
        at += name.len();
        begin = at;
    }
    if begin < text.len() {
        pieces.push(Piece::Text(resolved(&text[begin..])));
    }
}

/// Returns the name that a text begins with, or nothing.
fn name_at(text: &str) -> &str {
    if let Some(quoted) = text.strip_prefix('`') {
        let end = quoted.find('`').map_or(0, |end| end + 2);
        return &text[..end];
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    match text.starts_with(|c: char| c.is_numeric()) {
        true => "",
        false => &text[..end],
    }
}

/// Returns the text of a string that nothing is put into.
pub(super) fn string_of(node: NodeRef<'_>) -> Option<String> {
    if !matches!(node.kind(), "string_literal" | "multiline_string_literal") {
        return None;
    }
    let mut whole = String::new();
    for piece in pieces(node) {
        match piece {
            Piece::Text(text) => whole.push_str(&text),
            Piece::Name(_) | Piece::Code(_) => return None,
        }
    }
    Some(whole)
}
