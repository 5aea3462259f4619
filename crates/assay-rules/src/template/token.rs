//! The words of an expression in whatever language a template holds: names,
//! literals and operators. Close enough for all of them, exact for none.

/// Tokens of one expression.
const TOKENS_MAX: usize = 400;

/// Operators of more than one character, longest first.
const OPERATORS: &[&str] = &[
    "?->", "...", "<=>", "===", "!==", "&.", "?.", "->", "=>", "::", "|>", "??", "||", "&&", "==",
    "!=", "<=", ">=", "?:", "..", "<<", ">>",
];

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// Whether white space is before it.
    pub(super) spaced: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// A literal with its quotes.
    Text,
    /// A name that stands for itself: `:name` of Ruby and Elixir.
    Symbol,
    Operator,
}

impl Token<'_> {
    pub(super) fn is(&self, operator: &str) -> bool {
        self.kind == Kind::Operator && self.text == operator
    }

    /// Returns whether it joins a name to the value that it is a member of.
    pub(super) fn is_joiner(&self) -> bool {
        self.kind == Kind::Operator && matches!(self.text, "." | "&." | "?." | "->" | "?->" | "::")
    }

    pub(super) fn opens(&self) -> bool {
        self.kind == Kind::Operator && matches!(self.text, "(" | "[" | "{")
    }

    pub(super) fn closes(&self) -> bool {
        self.kind == Kind::Operator && matches!(self.text, ")" | "]" | "}")
    }
}

/// Returns the tokens, as many as the limit allows.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if out.len() == TOKENS_MAX {
            break;
        }
        let spaced = at > 0 && text[..at].ends_with(char::is_whitespace);
        let rest = &text[at..];
        let (kind, length) = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if is_name_start(c) {
            (Kind::Word, name_length(rest))
        } else if c.is_ascii_digit() {
            let is_number = |c: char| c.is_ascii_alphanumeric() || c == '_';
            (
                Kind::Number,
                rest.find(|c| !is_number(c)).unwrap_or(rest.len()),
            )
        } else if matches!(c, '"' | '\'' | '`') {
            (Kind::Text, text_length(rest))
        } else if c == ':' && is_symbol(text, at) {
            let name = rest[1..].find(|c: char| !c.is_alphanumeric() && c != '_');
            (Kind::Symbol, name.map_or(rest.len(), |length| length + 1))
        } else {
            let known = OPERATORS
                .iter()
                .find(|operator| rest.starts_with(**operator));
            (
                Kind::Operator,
                known.map_or(c.len_utf8(), |operator| operator.len()),
            )
        };
        let text = &rest[..length];
        out.push(Token { kind, text, spaced });
        at += length;
    }
    out
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '$' | '@' | '#')
}

fn name_length(rest: &str) -> usize {
    let mut end = rest.find(|c| !is_name_start(c)).unwrap_or(rest.len());
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    end += rest[end..]
        .find(|c| !is_part(c))
        .unwrap_or(rest.len() - end);
    // `empty?` and `save!` of Ruby, but not `a ? b : c` and `a != b`.
    let after = &rest[end..];
    let is_asked =
        after.starts_with(['?', '!']) && !after[1..].starts_with(['.', '=', '-', '?', ':']);
    let is_closed = after.len() == 1 || is_asked && after[1..].starts_with([' ', ')', ',']);
    let is_ternary = after.starts_with("? ") && after.contains(" : ");
    if is_asked && is_closed && !is_ternary {
        end += 1;
    }
    end.max(1)
}

/// `:name` that follows an operator, a space or a bracket, and no `a ? b :c`.
fn is_symbol(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + 1..].chars().next();
    let is_free =
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ',' | '[' | '{' | '>'));
    is_free && after.is_some_and(|c| c.is_alphabetic() || c == '_') && !text[..at].contains('?')
}

/// Returns the length of a literal with its quotes; one that does not end goes to the end.
fn text_length(rest: &str) -> usize {
    let mut characters = rest.char_indices();
    let quote = characters.next().map(|(_, c)| c);
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if Some(c) == quote {
            return at + c.len_utf8();
        }
    }
    rest.len()
}

/// Returns where the bracket stands that closes `depth` open ones.
pub(super) fn closing(text: &str, depth: usize) -> Option<usize> {
    let (mut depth, mut at) = (depth, 0);
    while let Some(c) = text[at..].chars().next() {
        match c {
            '"' | '\'' | '`' => {
                at += text_length(&text[at..]);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

/// Returns the values inside a literal: `#{x}`, `${x}`, `{$x}` and `$x`, and `{x}` of one
/// that a `$`, `f` or `@` before it opens to them.
pub(super) fn holes(literal: &str, is_open: bool) -> Vec<&str> {
    let mut out = Vec::new();
    let inner = literal
        .get(1..literal.len().saturating_sub(1))
        .unwrap_or("");
    if literal.starts_with('\'') && !is_open {
        return out;
    }
    let mut at = 0;
    while let Some(found) = inner[at..].find(['#', '$', '{']) {
        let start = at + found;
        let rest = &inner[start..];
        at = start + 1;
        let body = if rest.starts_with("#{") || rest.starts_with("${") {
            Some(2)
        } else if rest.starts_with("{$") || is_open && rest.starts_with('{') {
            Some(1)
        } else {
            None
        };
        if let Some(skip) = body {
            if let Some(end) = closing(&rest[skip..], 1) {
                out.push(&rest[skip..skip + end]);
                at = start + skip + end;
            }
        } else if rest.starts_with('$') && literal.starts_with('"') {
            let length = name_length(rest);
            if length > 1 {
                out.push(&rest[..length]);
                at = start + length;
            }
        }
    }
    out
}
