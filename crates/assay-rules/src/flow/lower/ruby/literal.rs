//! Ruby's literals: texts with and without values in them, symbols, patterns,
//! numbers.

use assay_syntax::{Field, NodeRef};

use super::{Ruby, items};
use crate::flow::ir::{Arg, Literal, Name, Op, Slot};
use crate::flow::lower::escape::{Escapes, integer};
use crate::flow::lower::walk::Walk;

const ESCAPES: Escapes = Escapes {
    letters: &[
        ('n', '\n'),
        ('t', '\t'),
        ('r', '\r'),
        ('a', '\u{7}'),
        ('b', '\u{8}'),
        ('e', '\u{1b}'),
        ('f', '\u{c}'),
        ('s', ' '),
        ('v', '\u{b}'),
        ('0', '\0'),
    ],
    hex: &[('x', 2), ('u', 4)],
    octal: false,
    braces: true,
    keeps_others: false,
};

/// Between single quotes only the quote and the backslash are escaped.
const SINGLE: Escapes = Escapes {
    letters: &[('\\', '\\'), ('\'', '\'')],
    hex: &[],
    octal: false,
    braces: false,
    keeps_others: true,
};

/// Classes of characters by name, as patterns write them otherwise.
const CLASSES: &[(&str, &str)] = &[
    ("[:alnum:]", "a-zA-Z0-9"),
    ("[:alpha:]", "a-zA-Z"),
    ("[:digit:]", "0-9"),
    ("[:lower:]", "a-z"),
    ("[:upper:]", "A-Z"),
    ("[:word:]", "\\w"),
    ("[:xdigit:]", "a-fA-F0-9"),
    ("[:space:]", "\\s"),
];

/// Returns the constant that a node without parts is.
pub(super) fn literal(node: NodeRef<'_>) -> Option<Literal> {
    Some(match node.kind() {
        "integer" => {
            let text = node.text();
            let octal = text
                .strip_prefix('0')
                .filter(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(8) || c == '_'));
            match octal {
                Some(digits) => {
                    Literal::Int(i64::from_str_radix(&digits.replace('_', ""), 8).ok()?)
                }
                None => Literal::Int(integer(text, &[])?),
            }
        }
        "float" => Literal::Float(node.text().replace('_', "").parse().ok()?),
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "nil" => Literal::Null,
        _ => Literal::Str(Name::from(constant_text(node)?)),
    })
}

/// Returns the text of a string or symbol without values in it.
pub(super) fn constant_text(node: NodeRef<'_>) -> Option<String> {
    match node.kind() {
        "simple_symbol" => Some(node.text().trim_start_matches(':').to_owned()),
        "hash_key_symbol" => Some(node.text().to_owned()),
        "character" => Some(ESCAPES.resolve(node.text().trim_start_matches('?'))),
        "chained_string" => items(node).map(constant_text).collect(),
        "string" | "delimited_symbol" | "bare_string" | "bare_symbol" => {
            let mut text = String::new();
            for part in node.named_children() {
                match part.kind() {
                    "string_content" | "escape_sequence" => text.push_str(part.text()),
                    _ => return None,
                }
            }
            Some(escapes_of(node).resolve(&text))
        }
        _ => None,
    }
}

fn escapes_of(node: NodeRef<'_>) -> &'static Escapes {
    let start = node.children().next().map_or("", NodeRef::text);
    match start.starts_with('\'') || start.starts_with("%q") {
        true => &SINGLE,
        false => &ESCAPES,
    }
}

/// Returns a pattern as all languages write it: what stands for the beginning
/// and the end of a line here does not for those of the text.
fn portable(pattern: &str, is_extended: bool) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut depth = 0_u32;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '[' => {
                let rest: String = chars.clone().take(12).collect();
                let named = CLASSES
                    .iter()
                    .find(|(name, _)| depth > 0 && rest.starts_with(&name[1..]));
                match named {
                    Some((name, meant)) => {
                        chars.by_ref().take(name.len() - 1).for_each(drop);
                        out.push_str(meant);
                    }
                    None => {
                        depth += 1;
                        out.push(c);
                    }
                }
            }
            ']' => {
                depth = depth.saturating_sub(1);
                out.push(c);
            }
            // No text as a whole.
            '^' | '$' if depth == 0 => out.push_str("\\b"),
            c if is_extended && depth == 0 && c.is_whitespace() => {}
            '#' if is_extended && depth == 0 => {
                chars.by_ref().take_while(|c| *c != '\n').for_each(drop);
            }
            other => out.push(other),
        }
    }
    out
}

impl Ruby<'_> {
    /// Lowers a string, a symbol or a command with values in it.
    pub(super) fn interpolated(&mut self, node: NodeRef<'_>) -> Slot {
        if let Some(text) = constant_text(node) {
            return self.b.string(node, &text);
        }
        let parts = self.parts_of(node);
        self.b.text(node, parts)
    }

    fn parts_of(&mut self, node: NodeRef<'_>) -> Vec<Slot> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let escapes = escapes_of(node);
        for part in node.named_children() {
            match part.kind() {
                "string_content" | "escape_sequence" | "heredoc_content" => {
                    text.push_str(part.text());
                }
                "interpolation" => {
                    self.flush(part, &mut text, escapes, &mut parts);
                    parts.push(self.interpolation(part));
                }
                "string" | "chained_string" => {
                    self.flush(part, &mut text, escapes, &mut parts);
                    parts.extend(self.parts_of(part));
                }
                _ => {}
            }
        }
        if !text.is_empty() || parts.is_empty() {
            self.flush(node, &mut text, escapes, &mut parts);
        }
        parts
    }

    fn flush(
        &mut self,
        at: NodeRef<'_>,
        text: &mut String,
        escapes: &Escapes,
        parts: &mut Vec<Slot>,
    ) {
        if !text.is_empty() {
            let resolved = escapes.resolve(&std::mem::take(text));
            parts.push(self.b.string(at, &resolved));
        }
    }

    fn interpolation(&mut self, node: NodeRef<'_>) -> Slot {
        let statements: Vec<NodeRef<'_>> = items(node).collect();
        match statements.as_slice() {
            [] => self.b.string(node, ""),
            [one] => self.expression(*one),
            several => {
                let result = self.b.temp();
                self.sequence(node, several, super::Out::Into(result));
                result
            }
        }
    }

    /// Lowers a heredoc where it is announced; its text stands further down.
    pub(super) fn heredoc(&mut self, node: NodeRef<'_>) -> Slot {
        let Some(body) = self.heredocs.get(&node.id()) else {
            return self.b.unknown(node);
        };
        let body = node.tree().node(*body);
        // Between single quotes nothing is escaped.
        let is_raw = node.text().contains('\'');
        let has_values = body.named_children().any(|n| n.kind() == "interpolation");
        if is_raw || !has_values {
            let text: String = body
                .named_children()
                .filter(|n| matches!(n.kind(), "heredoc_content" | "escape_sequence"))
                .map(NodeRef::text)
                .collect();
            let text = if is_raw { text } else { ESCAPES.resolve(&text) };
            return self.b.string(node, &text);
        }
        let parts = self.parts_of(body);
        self.b.text(node, parts)
    }

    /// Lowers a regular expression to its text.
    pub(super) fn regex(&mut self, node: NodeRef<'_>) -> Slot {
        let flags = node.text().rsplit(['/', '}', ')', ']', '!', '|']).next();
        let is_extended = flags.is_some_and(|flags| flags.contains('x'));
        let is_constant = node.named_children().all(|n| n.kind() != "interpolation");
        if is_constant {
            let text: String = node
                .named_children()
                .filter(|n| matches!(n.kind(), "string_content" | "escape_sequence"))
                .map(NodeRef::text)
                .collect();
            return self.b.string(node, &portable(&text, is_extended));
        }
        let mut parts = Vec::new();
        let mut values = Vec::new();
        for part in node.named_children() {
            match part.kind() {
                "interpolation" => {
                    let value = self.interpolation(part);
                    values.push(value);
                    parts.push(value);
                }
                _ => parts.push(self.b.string(part, &portable(part.text(), is_extended))),
            }
        }
        let pattern = self.b.text(node, parts);
        self.b
            .call_global(node, "Regexp.new", vec![Arg::plain(pattern)])
    }

    /// `%w[a b]`, `%i[a b]`.
    pub(super) fn words(&mut self, node: NodeRef<'_>) -> Slot {
        let words = items(node).map(|word| {
            let value = self.interpolated(word);
            Arg::plain(value)
        });
        let words: Vec<Arg> = words.collect();
        self.b.list(node, words)
    }

    /// Lowers a hash that is written out.
    pub(super) fn hash(&mut self, node: NodeRef<'_>) -> Slot {
        let pairs: Vec<NodeRef<'_>> = items(node).collect();
        let entries = pairs.into_iter().map(|pair| self.entry(pair)).collect();
        self.b.emit(node, Op::Map(entries))
    }

    /// Lowers an entry of a hash: its key, none for a spread, and its value.
    pub(super) fn entry(&mut self, pair: NodeRef<'_>) -> (Option<Slot>, Slot) {
        if pair.kind() != "pair" {
            return (None, self.first(pair));
        }
        let key = match pair.child(Field::Key) {
            Some(key) => self.expression(key),
            None => self.b.unknown(pair),
        };
        (Some(key), self.pair_value(pair))
    }

    /// Lowers the value of a pair; `name:` alone is what goes by the name.
    pub(super) fn pair_value(&mut self, pair: NodeRef<'_>) -> Slot {
        match (pair.child(Field::Value), pair.child(Field::Key)) {
            (Some(value), _) => self.expression(value),
            (None, Some(key)) => self.name_or_call(pair, key.text().trim_end_matches(':')),
            (None, None) => self.b.unknown(pair),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::portable;

    #[test]
    fn lines_are_not_the_text() {
        for (written, is_extended, meant) in [
            ("^[a-z]+$", false, "\\b[a-z]+\\b"),
            ("\\A[^/]+\\z", false, "\\A[^/]+\\z"),
            ("[[:alnum:]_]", false, "[a-zA-Z0-9_]"),
            (" \\A a # all\n \\z", true, "\\Aa\\z"),
            ("\\$[$^]", false, "\\$[$^]"),
        ] {
            assert_eq!(portable(written, is_extended), meant, "{written}");
        }
    }
}
