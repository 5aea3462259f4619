//! Values beside telling names, in whatever language: `password = "..."`,
//! `--token x`, `"api_key": "..."`, `setSecret("...")`, `<password>x</password>`.
//!
//! The forms are read from the bytes around the name and not from a syntax
//! tree: most secrets stand in files that have no grammar, in comments and in
//! texts of texts. Everything that could be a value is taken; the model
//! judges it.

use assay_source::Span;

use super::feature::is_hashed;
use super::scheme::is_basic;

/// Bytes of a name to each side of its keyword.
const NAME_BYTES_MAX: usize = 64;
/// Bytes of a value.
const VALUE_BYTES_MAX: usize = 4_096;
/// A shorter value protects nothing and is in every line.
const VALUE_BYTES_MIN: usize = 3;
/// Bytes of a type between a name and its `=`, or of a wrapping call.
const TYPE_BYTES_MAX: usize = 48;

/// What stands between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    Assign,
    Colon,
    Arrow,
    Compare,
    Call,
    Comma,
    Tag,
    Space,
    /// A URL's `user:password@`.
    Url,
    /// `Basic` or `Bearer` in a header.
    Scheme,
}

/// A value that a name was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) detector: usize,
    pub(crate) name: Span,
    /// The keyword in the name.
    pub(crate) keyword: Span,
    pub(crate) value: Span,
    pub(crate) separator: Separator,
    pub(crate) is_quoted: bool,
    /// Whether a call stands around the value.
    pub(crate) is_wrapped: bool,
}

/// Reads the value of the name that has the keyword at the offsets.
pub(crate) fn candidate(
    text: &str,
    detector: usize,
    start: usize,
    end: usize,
) -> Option<Candidate> {
    let bytes = text.as_bytes();
    if is_other_word(bytes, start, end) {
        return None;
    }
    let name = name_around(bytes, start, end);
    let mut cursor = Cursor { bytes, at: name.1 };
    let closed = cursor.skip_closers();
    let spaces = cursor.skip_spaces();
    let separator = cursor.separator(closed, spaces > 0, name.0)?;
    cursor.skip_spaces();
    let value = cursor.value(separator)?;
    let (mut from, to) = (value.start, value.end);
    let content = text.get(from..to)?;
    // User and password in base64 have a detector of their own.
    if content
        .get(..6)
        .is_some_and(|head| head.eq_ignore_ascii_case("basic "))
        && is_basic(content[6..].trim())
    {
        return None;
    }
    if !value.is_quoted && is_number(content) && separator != Separator::Colon {
        return None;
    }
    let name_text = text.get(name.0..name.1)?;
    if is_handshake(name_text, line_after(text, name.0)) {
        return None;
    }
    // The scheme of an authorisation is not secret.
    if let Some(rest) = after_scheme(content) {
        from = to - rest.len();
    }
    let is_long_enough = to - from >= VALUE_BYTES_MIN
        && !text
            .get(from..to)
            .is_some_and(|value| is_hashed(value) || is_example(value));
    (is_long_enough && text.is_char_boundary(from) && text.is_char_boundary(to)).then(|| {
        Candidate {
            detector,
            name: Span::new(name.0 as u32, name.1 as u32),
            keyword: Span::new(start as u32, end as u32),
            value: Span::new(from as u32, to as u32),
            separator,
            is_quoted: value.is_quoted,
            is_wrapped: value.is_wrapped,
        }
    })
}

/// What makes a keyword another word when it follows.
const OTHER_WORDS: &[(&[u8], &[&[u8]])] = &[
    (
        b"auth",
        &[
            b"or ", b"ors", b"or\"", b"or:", b"or=", b"or_", b"or'", b"orship", b"oring", b"ority",
        ],
    ),
    (
        b"pass",
        &[
            b"eng", b"age", b"ive", b"ing", b"ed", b"ion", b"ay", b"port", b"through", b"es", b"iv",
        ],
    ),
    (
        b"key",
        &[
            b"board", b"word", b"frame", b"stone", b"note", b"server", b"code", b"up", b"down",
            b"press", b"event", b"of", b"path",
        ],
    ),
    (b"token", &[b"iz", b"is"]),
    (b"secret", &[b"ary", b"ar"]),
    (b"cred", &[b"ib", b"it"]),
];

/// Returns whether the keyword is the beginning of a word that tells nothing.
fn is_other_word(bytes: &[u8], start: usize, end: usize) -> bool {
    let keyword = &bytes[start..end];
    let rest = &bytes[end..];
    let begins =
        |word: &&[u8]| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
    OTHER_WORDS
        .iter()
        .filter(|(known, _)| keyword.eq_ignore_ascii_case(known))
        .any(|(_, words)| words.iter().any(begins))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

/// Returns where the name around a keyword starts and ends.
fn name_around(bytes: &[u8], start: usize, end: usize) -> (usize, usize) {
    let first = start.saturating_sub(NAME_BYTES_MAX);
    let mut from = start;
    while from > first && is_name(bytes[from - 1]) {
        from -= 1;
    }
    // A name begins with a letter; dashes tell an option of a command.
    while from < start && matches!(bytes[from], b'.' | b'$') {
        from += 1;
    }
    let last = (end + NAME_BYTES_MAX).min(bytes.len());
    let mut to = end;
    while to < last && is_name(bytes[to]) {
        to += 1;
    }
    while to > end && matches!(bytes[to - 1], b'.' | b'-' | b'$') {
        to -= 1;
    }
    (from, to)
}

/// Returns whether an unquoted value is a number as code writes them.
fn is_number(value: &str) -> bool {
    let digits = value.trim_end_matches(['L', 'l', 'U', 'u', 'f', 'd']);
    value.len() > digits.len() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

/// Names in handshakes that everybody sees: challenges of a server and the
/// keys of web sockets, which only tell that both sides speak the protocol.
const HANDSHAKES: &[&str] = &[
    "www-authenticate",
    "proxy-authenticate",
    "websocket-key",
    "websocket-accept",
];

fn is_handshake(name: &str, line: &str) -> bool {
    let name = name.to_ascii_lowercase();
    HANDSHAKES.iter().any(|known| name.contains(known))
        || name == "nonce"
            && ["realm=", "uri=", "qop=", "Digest nonce"]
                .iter()
                .any(|word| line.contains(word))
}

/// Returns the rest of the line and a little before it.
fn line_after(text: &str, at: usize) -> &str {
    let from = text.floor_char_boundary(at.saturating_sub(NAME_BYTES_MAX));
    let from = text[from..at]
        .rfind('\n')
        .map_or(from, |end| from + end + 1);
    let to = text.floor_char_boundary((at + 256).min(text.len()));
    let rest = text.get(from..to).unwrap_or("");
    rest.lines().next().unwrap_or("")
}

/// Keys that documentation shows say so.
fn is_example(value: &str) -> bool {
    let window = b"example".len();
    value
        .as_bytes()
        .windows(window)
        .any(|part| part.eq_ignore_ascii_case(b"example"))
}

/// Words before a credential in a header.
const SCHEMES: &[&str] = &[
    "basic ",
    "bearer ",
    "token ",
    "apikey ",
    "digest ",
    "negotiate ",
    "aws ",
];

fn after_scheme(value: &str) -> Option<&str> {
    SCHEMES.iter().find_map(|scheme| {
        let head = value.get(..scheme.len())?;
        let rest = value[scheme.len()..].trim_start();
        (head.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
    })
}

struct Value {
    start: usize,
    end: usize,
    is_quoted: bool,
    is_wrapped: bool,
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> u8 {
        self.byte(0)
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(b'\n')
    }

    /// Skips what ends a quoted or indexed name.
    fn skip_closers(&mut self) -> bool {
        let from = self.at;
        while self.at < from + 4 && matches!(self.peek(), b'"' | b'\'' | b'`' | b']' | b'\\' | b'*')
        {
            self.at += 1;
        }
        self.at > from
    }

    fn skip_spaces(&mut self) -> usize {
        let from = self.at;
        while matches!(self.peek(), b' ' | b'\t') && self.at < from + 64 {
            self.at += 1;
        }
        self.at - from
    }

    fn take(&mut self, token: &[u8]) -> bool {
        let is = self.bytes[self.at..].starts_with(token);
        if is {
            self.at += token.len();
        }
        is
    }

    fn separator(&mut self, closed: bool, spaced: bool, name_start: usize) -> Option<Separator> {
        let found = match self.peek() {
            b'=' if self.take(b"=>") => Separator::Arrow,
            b'=' if self.take(b"===") || self.take(b"==") => Separator::Compare,
            b'=' => {
                self.at += 1;
                Separator::Assign
            }
            b'!' if self.take(b"!==") || self.take(b"!=") => Separator::Compare,
            b'+' if self.take(b"+=") => Separator::Assign,
            b'?' if self.take(b"?=") || self.take(b"??=") => Separator::Assign,
            b'|' if self.take(b"||=") => Separator::Assign,
            b':' if self.byte(1) == b':' => return None,
            b':' if self.take(b":=") => Separator::Assign,
            b':' => {
                self.at += 1;
                self.skip_spaces();
                match self.skip_type() {
                    true => Separator::Assign,
                    false => Separator::Colon,
                }
            }
            b'(' => {
                self.at += 1;
                Separator::Call
            }
            b',' if closed => {
                self.at += 1;
                Separator::Comma
            }
            b')' if !closed && self.bytes.get(self.at + 1) == Some(&b'.') => return None,
            b'<' if self.take(b"<-") => Separator::Assign,
            b'-' if self.take(b"->") => Separator::Arrow,
            b'>' => {
                self.at += 1;
                Separator::Tag
            }
            _ if spaced && self.skip_type() => Separator::Assign,
            _ if spaced || closed => {
                let option = self.bytes[name_start] == b'-';
                let quote = matches!(self.peek(), b'"' | b'\'');
                if !(option || quote || self.is_shell_like(name_start)) {
                    return None;
                }
                Separator::Space
            }
            _ => return None,
        };
        Some(found)
    }

    /// Words of settings stand at the start of a line: `password secret`.
    fn is_shell_like(&self, name_start: usize) -> bool {
        name_start == 0 || self.bytes[name_start - 1] == b'\n'
    }

    /// Skips a type and the `=` after it, when a quote follows.
    fn skip_type(&mut self) -> bool {
        let window = &self.bytes[self.at..(self.at + TYPE_BYTES_MAX).min(self.bytes.len())];
        let Some(length) = window.iter().position(|&b| {
            !(b.is_ascii_alphanumeric()
                || matches!(
                    b,
                    b'_' | b'.'
                        | b'<'
                        | b'>'
                        | b'?'
                        | b'['
                        | b']'
                        | b'&'
                        | b'\''
                        | b'*'
                        | b' '
                        | b'!'
                ))
        }) else {
            return false;
        };
        if length == 0 || window[length] != b'=' || window[0] == b'\'' {
            return false;
        }
        let mut after = self.at + length + 1;
        while matches!(self.bytes.get(after), Some(b' ')) {
            after += 1;
        }
        let is_text = matches!(self.bytes.get(after), Some(b'"' | b'\'' | b'`'));
        if is_text {
            self.at = after;
        }
        is_text
    }

    fn value(&mut self, separator: Separator) -> Option<Value> {
        for _ in 0..2 {
            if matches!(self.peek(), b'[' | b'(' | b'{') && separator != Separator::Tag {
                self.at += 1;
                self.skip_spaces();
            }
        }
        if let Some(value) = self.quoted(false) {
            return value;
        }
        if self.skip_wrapper() {
            return self.quoted(true)?;
        }
        match separator {
            Separator::Call | Separator::Comma | Separator::Compare => None,
            _ => self.unquoted(separator),
        }
    }

    /// Reads a quoted text; the outer option says whether there is one.
    fn quoted(&mut self, is_wrapped: bool) -> Option<Option<Value>> {
        let mut at = self.at;
        // Prefixes of texts: b"", f'', @"", N''.
        let quote_at = |at: usize| matches!(self.bytes.get(at), Some(b'"' | b'\'' | b'`'));
        while at < self.at + 2
            && !quote_at(at)
            && self
                .bytes
                .get(at)
                .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'@' | b'$' | b'&'))
        {
            at += 1;
        }
        let mut escapes = 0;
        while escapes < 3 && self.bytes.get(at + escapes) == Some(&b'\\') {
            escapes += 1;
        }
        if !quote_at(at + escapes) {
            return None;
        }
        let quote = self.bytes[at + escapes];
        let start = at + escapes + 1;
        if self.bytes.get(start) == Some(&quote) {
            return Some(None);
        }
        let limit = (start + VALUE_BYTES_MAX).min(self.bytes.len());
        let mut end = start;
        while end < limit {
            match self.bytes[end] {
                b'\n' | b'\r' => return Some(None),
                b'\\' if escapes > 0 => break,
                b'\\' => end += 2,
                byte if byte == quote => break,
                _ => end += 1,
            }
        }
        let value = (end < limit).then_some(Value {
            start,
            end,
            is_quoted: true,
            is_wrapped,
        });
        Some(value)
    }

    /// Skips a call such as `aws.String(` when a quote follows.
    fn skip_wrapper(&mut self) -> bool {
        let window = &self.bytes[self.at..(self.at + TYPE_BYTES_MAX).min(self.bytes.len())];
        let Some(length) = window
            .iter()
            .position(|&b| !(is_name(b) || matches!(b, b':' | b' ')))
        else {
            return false;
        };
        let is_call = length > 0
            && window[length] == b'('
            && window[length + 1..]
                .iter()
                .take(3)
                .find(|b| !b.is_ascii_alphabetic())
                .is_some_and(|b| matches!(b, b'"' | b'\''));
        if is_call {
            self.at += length + 1;
        }
        is_call
    }

    fn unquoted(&mut self, separator: Separator) -> Option<Value> {
        let start = self.at;
        if matches!(
            self.peek(),
            b'$' | b'('
                | b'{'
                | b'<'
                | b'%'
                | b'&'
                | b'*'
                | b'@'
                | b'['
                | b'|'
                | b'>'
                | b'='
                | b'-'
                | b','
                | b'.'
        ) {
            return None;
        }
        let limit = (start + VALUE_BYTES_MAX).min(self.bytes.len());
        let mut end = start;
        while end < limit {
            match self.bytes[end] {
                b if b.is_ascii_whitespace() => break,
                b'<' if separator == Separator::Tag => break,
                b',' | b';' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'&' | b'|' => break,
                b')' | b']' | b'}' => break,
                // An expression.
                b'(' | b'[' | b'{' => return None,
                b'\\' => break,
                _ => end += 1,
            }
        }
        while end > start && matches!(self.bytes[end - 1], b'.' | b':' | b',') {
            end -= 1;
        }
        if separator == Separator::Tag && self.bytes.get(end) != Some(&b'<') {
            return None;
        }
        (end > start && end < limit || end == self.bytes.len()).then_some(Value {
            start,
            end,
            is_quoted: false,
            is_wrapped: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Separator, candidate};

    #[test]
    fn values_are_read_in_many_forms() {
        for (line, expected) in [
            ("password = \"abc12\"", Some(("abc12", Separator::Assign))),
            (
                "  \"password\": \"abc12\",",
                Some(("abc12", Separator::Colon)),
            ),
            ("'password' => 'abc12'", Some(("abc12", Separator::Arrow))),
            ("db_password: abc12 # x", Some(("abc12", Separator::Colon))),
            ("DB_PASSWORD=abc12", Some(("abc12", Separator::Assign))),
            ("--password abc12 x", Some(("abc12", Separator::Space))),
            ("--password=abc12", Some(("abc12", Separator::Assign))),
            (
                "c[\"password\"] = \"abc12\"",
                Some(("abc12", Separator::Assign)),
            ),
            ("setPassword(\"abc12\")", Some(("abc12", Separator::Call))),
            (
                "set(\"password\", \"abc12\")",
                Some(("abc12", Separator::Comma)),
            ),
            (
                "<password>abc12</password>",
                Some(("abc12", Separator::Tag)),
            ),
            (
                "const password: string = 'abc12'",
                Some(("abc12", Separator::Assign)),
            ),
            (
                "var password string = \"abc12\"",
                Some(("abc12", Separator::Assign)),
            ),
            (
                "password: aws.String(\"abc12\")",
                Some(("abc12", Separator::Colon)),
            ),
            (
                "if password == \"abc12\" {",
                Some(("abc12", Separator::Compare)),
            ),
            (
                "{\\\"password\\\":\\\"abc12\\\"}",
                Some(("abc12", Separator::Colon)),
            ),
            ("password: Basic abc12", None),
            (
                "password: \"Basic abc12\"",
                Some(("abc12", Separator::Colon)),
            ),
            ("password = ${PASSWORD}", None),
            ("password = getPassword()", None),
            ("password = \"\"", None),
            ("the password is long", None),
            ("password", None),
        ] {
            let at = line.to_lowercase().find("pass").expect("a keyword");
            let found = candidate(line, 0, at, at + 4);
            let found = found.map(|one| (&line[one.value.range()], one.separator));
            let expected = match expected {
                // The unquoted scheme is a value of its own.
                None if line.ends_with("Basic abc12") => Some(("Basic", Separator::Colon)),
                expected => expected,
            };
            assert_eq!(found, expected, "{line}");
        }
    }
}
