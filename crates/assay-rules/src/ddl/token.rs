//! Cuts SQL into words, names, strings and signs, in the union of the dialects.

use assay_source::Span;

/// Tokens of one file; a dump of data is no migration.
const TOKENS_MAX: usize = 200_000;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    /// A name in quotes.
    Name,
    Text,
    Number,
    Sign,
    /// What follows takes the migration back.
    Down,
    /// What follows is the migration again.
    Up,
}

/// One token, with its text without quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    pub(super) text: &'t str,
    pub(super) span: Span,
    /// The quote around it, or a space.
    pub(super) quote: char,
}

impl Token<'_> {
    /// Returns whether it is the word, which is given in upper case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
            || self.kind == TokenKind::Sign && self.text == word
    }
}

/// Cuts a text that begins at the offset of its file.
pub(super) fn tokens(text: &str, offset: u32) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && found.len() < TOKENS_MAX {
        let rest = &text[at..];
        let first = bytes[at];
        let mut push = |kind, from: usize, to: usize, end: usize, quote| {
            found.push(Token {
                kind,
                text: &text[from.min(to)..to],
                span: Span::new(offset + at as u32, offset + end as u32),
                quote,
            });
        };
        let next = match first {
            b'-' if rest.starts_with("--") => {
                let end = at + rest.find('\n').unwrap_or(rest.len());
                if let Some(kind) = section(&text[at..end]) {
                    push(kind, at, end, end, ' ');
                }
                end
            }
            b'#' if text[..at]
                .rsplit('\n')
                .next()
                .is_some_and(|line| line.trim().is_empty()) =>
            {
                at + rest.find('\n').unwrap_or(rest.len())
            }
            b'/' if rest.starts_with("/*") => {
                at + rest.find("*/").map_or(rest.len(), |end| end + 2)
            }
            b'\'' => {
                let end = quoted_end(text, at, b'\'', true);
                push(TokenKind::Text, at + 1, closed(text, at, end), end, '\'');
                end
            }
            b'"' | b'`' => {
                let end = quoted_end(text, at, first, false);
                push(
                    TokenKind::Name,
                    at + 1,
                    closed(text, at, end),
                    end,
                    first as char,
                );
                end
            }
            b'[' if rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                let end = at + rest.find(']').map_or(rest.len(), |end| end + 1);
                push(TokenKind::Name, at + 1, closed(text, at, end), end, '[');
                end
            }
            b'$' if dollar_tag(rest).is_some() => {
                let tag = dollar_tag(rest).unwrap_or("$$");
                let body = at + tag.len();
                let close = text[body..].find(tag);
                let end = close.map_or(text.len(), |close| body + close + tag.len());
                push(
                    TokenKind::Text,
                    body,
                    close.map_or(end, |close| body + close),
                    end,
                    '$',
                );
                end
            }
            b'0'..=b'9' => {
                let end = at
                    + rest
                        .find(|c: char| !c.is_alphanumeric() && c != '.')
                        .unwrap_or(rest.len());
                push(TokenKind::Number, at, end, end, ' ');
                end
            }
            _ => {
                let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '@');
                let length = rest.find(|c| !letter(c)).unwrap_or(rest.len());
                if length > 0 {
                    push(TokenKind::Word, at, at + length, at + length, ' ');
                    at + length
                } else {
                    let width = rest.chars().next().map_or(1, char::len_utf8);
                    if !first.is_ascii_whitespace() {
                        push(TokenKind::Sign, at, at + width, at + width, ' ');
                    }
                    at + width
                }
            }
        };
        at = next.max(at + 1);
        while !text.is_char_boundary(at.min(text.len())) {
            at += 1;
        }
    }
    found
}

/// Where the content of a quoted token ends.
fn closed(text: &str, start: usize, end: usize) -> usize {
    if end > start + 1 && end <= text.len() && text.is_char_boundary(end - 1) {
        end - 1
    } else {
        end
    }
}

/// A doubled quote stands for itself, in strings a backslash saves the next.
fn quoted_end(text: &str, start: usize, quote: u8, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 1,
            byte if byte == quote => {
                if bytes.get(at + 1) != Some(&quote) {
                    return at + 1;
                }
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

fn dollar_tag(rest: &str) -> Option<&str> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[..end];
    let inner = &tag[1..tag.len() - 1];
    let fits = inner.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !inner.starts_with(|c: char| c.is_ascii_digit());
    fits.then_some(tag)
}

/// Tools tell both directions in one file by comments: `-- +goose Down`.
fn section(comment: &str) -> Option<TokenKind> {
    let text: String = comment.trim_start_matches('-').trim().to_ascii_lowercase();
    let mark = text
        .strip_prefix("+goose")
        .or_else(|| text.strip_prefix("+migrate"))
        .or_else(|| text.strip_prefix("migrate:"))
        .or_else(|| text.strip_prefix("//@"))?;
    match mark.split_whitespace().next()? {
        "down" | "undo" => Some(TokenKind::Down),
        "up" => Some(TokenKind::Up),
        _ => None,
    }
}
