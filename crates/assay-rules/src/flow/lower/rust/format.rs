//! Texts with places for values in braces, as `format!` and its kin take them.

use assay_syntax::{Field, NodeRef};

use super::Rust;
use super::literal::string_of;
use super::name::bare;
use crate::flow::ir::{Arg, Slot};
use crate::flow::lower::walk::Walk;

/// A piece of a format.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The value of this place.
    At(usize, bool),
    /// The value of this name.
    Named(String, bool),
}

impl Rust<'_, '_> {
    /// Lowers a format and its values to the text that comes of them.
    pub(super) fn formatted(&mut self, node: NodeRef<'_>, args: &[NodeRef<'_>]) -> Slot {
        let mut positional = Vec::new();
        let mut named: Vec<(String, Slot)> = Vec::new();
        let format = args.first().copied().and_then(string_of);
        let values = match format {
            Some(_) => &args[1..],
            None => args,
        };
        for arg in values {
            match (arg.kind(), arg.child(Field::Left)) {
                ("assignment_expression", Some(name)) => {
                    let value = self.operand(*arg, Field::Right);
                    named.push((bare(name.text()).to_owned(), value));
                }
                _ => positional.push(self.expression(*arg)),
            }
        }
        let Some(format) = format else {
            return match positional.as_slice() {
                [] => self.b.string(node, ""),
                [one] => *one,
                _ => self.b.mix(node, positional),
            };
        };
        let mut parts = Vec::new();
        for piece in pieces(&format) {
            let (value, is_quoted) = match piece {
                Piece::Text(text) => {
                    parts.push(self.b.string(node, &text));
                    continue;
                }
                Piece::At(at, is_quoted) => (positional.get(at).copied(), is_quoted),
                Piece::Named(name, is_quoted) => {
                    let given = named.iter().find(|(own, _)| *own == name);
                    let given = given.map(|(_, value)| *value);
                    (given.or_else(|| self.b.lookup(&name)), is_quoted)
                }
            };
            let value = value.unwrap_or_else(|| self.b.unknown(node));
            parts.push(match is_quoted {
                true => self.quoted(node, value),
                false => value,
            });
        }
        match parts.as_slice() {
            [] => self.b.string(node, ""),
            _ => self.b.text(node, parts),
        }
    }

    /// A value as its `Debug` writes it: with escapes for breaks of lines.
    pub(super) fn quoted(&mut self, node: NodeRef<'_>, value: Slot) -> Slot {
        self.b
            .call_global(node, "core.quoted", vec![Arg::plain(value)])
    }
}

/// Returns the pieces of a format (`std::fmt`).
fn pieces(format: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut text = String::new();
    let mut next = 0;
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = rest[at..].chars().next().unwrap_or('{');
        let after = &rest[at + 1..];
        if let Some(more) = after.strip_prefix(brace) {
            text.push(brace);
            rest = more;
            continue;
        }
        let Some((inner, more)) = after.split_once('}').filter(|_| brace == '{') else {
            rest = after;
            continue;
        };
        rest = more;
        if !text.is_empty() {
            found.push(Piece::Text(std::mem::take(&mut text)));
        }
        let (name, how) = inner.split_once(':').unwrap_or((inner, ""));
        let is_quoted = how.contains('?');
        // The width comes first.
        next += usize::from(how.contains(".*"));
        let name = name.trim();
        found.push(match (name.is_empty(), name.parse()) {
            (true, _) => {
                next += 1;
                Piece::At(next - 1, is_quoted)
            }
            (false, Ok(at)) => Piece::At(at, is_quoted),
            (false, Err(_)) => Piece::Named(name.to_owned(), is_quoted),
        });
    }
    text.push_str(rest);
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn formats_are_taken_apart() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let named = |name: &str| Piece::Named(name.to_owned(), false);
        for (format, expected) in [
            ("a{{b}}", vec![text("a{b}")]),
            (
                "{}-{:?}",
                vec![Piece::At(0, false), text("-"), Piece::At(1, true)],
            ),
            ("{1}{0:>5}", vec![Piece::At(1, false), Piece::At(0, false)]),
            (
                "x {name}{other:.2}",
                vec![text("x "), named("name"), named("other")],
            ),
            ("{:.*}{}", vec![Piece::At(1, false), Piece::At(2, false)]),
            ("{", vec![]),
            ("}{é}", vec![named("é")]),
        ] {
            assert_eq!(pieces(format), expected, "{format}");
        }
    }
}
