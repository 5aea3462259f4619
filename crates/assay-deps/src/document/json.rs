//! JSON with places. Comments and commas before a closing bracket are allowed,
//! because bun's lockfile and several manifests have them.

use std::borrow::Cow;

use super::{DEPTH_MAX, Entry, Flaw, Node, Value, span};

/// Parses a text; after a fault the tree holds what came before it.
pub(crate) fn parse_json(text: &str) -> (Node<'_>, Option<Flaw>) {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        flaw: None,
    };
    let root = parser.value();
    parser.skip_blank();
    if parser.flaw.is_none() && parser.at < parser.bytes.len() {
        parser.fail("there is text after the end of the JSON value");
    }
    (root, parser.flaw)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    flaw: Option<Flaw>,
}

impl<'a> Parser<'a> {
    /// Keeps the first fault and moves to the end, so that every loop stops.
    fn fail(&mut self, message: &str) {
        if self.flaw.is_none() {
            self.flaw = Some(Flaw::new(self.at.min(self.bytes.len()), message));
        }
        self.at = self.bytes.len();
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') => match self.bytes.get(self.at + 1) {
                    Some(b'/') => {
                        let rest = &self.bytes[self.at..];
                        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    }
                    Some(b'*') => {
                        let rest = &self.bytes[self.at + 2..];
                        match memchr::memmem::find(rest, b"*/") {
                            Some(end) => self.at += end + 4,
                            None => return self.fail("a comment has no end"),
                        }
                    }
                    _ => return,
                },
                _ => return,
            }
        }
    }

    fn value(&mut self) -> Node<'a> {
        self.skip_blank();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::map),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => Value::Text(self.string()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => {
                self.fail("expected a JSON value");
                Value::Null
            }
            None => {
                self.fail("the text ends where a JSON value should be");
                Value::Null
            }
        };
        Node {
            span: span(start, self.at),
            value,
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Value<'a>) -> Value<'a> {
        if self.depth == DEPTH_MAX {
            self.fail("lists and maps are nested too deep");
            return Value::Null;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn map(&mut self) -> Value<'a> {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip_blank();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b'"') => {
                    let start = self.at;
                    let key = self.string();
                    let key_span = span(start, self.at);
                    self.skip_blank();
                    if self.peek() != Some(b':') {
                        self.fail("expected `:` after a key");
                        break;
                    }
                    self.at += 1;
                    let value = self.value();
                    entries.push(Entry {
                        key,
                        key_span,
                        value,
                    });
                    if !self.comma(b'}') {
                        break;
                    }
                }
                _ => {
                    self.fail("expected a key in quotes or `}`");
                    break;
                }
            }
        }
        Value::Map(entries)
    }

    fn list(&mut self) -> Value<'a> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_blank();
            if self.peek() == Some(b']') {
                self.at += 1;
                break;
            }
            if self.peek().is_none() {
                self.fail("expected a value or `]`");
                break;
            }
            items.push(self.value());
            if !self.comma(b']') {
                break;
            }
        }
        Value::List(items)
    }

    /// Steps over a comma; the closing bracket is left for the caller's loop.
    fn comma(&mut self, close: u8) -> bool {
        if self.flaw.is_some() {
            return false;
        }
        self.skip_blank();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                true
            }
            Some(byte) if byte == close => true,
            _ => {
                self.fail("expected `,` or a closing bracket");
                false
            }
        }
    }

    fn number(&mut self) -> Value<'a> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
        ) {
            self.at += 1;
        }
        Value::Number(Cow::Borrowed(&self.text[start..self.at]))
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Value<'a> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            value
        } else {
            self.fail("expected a JSON value");
            Value::Null
        }
    }

    /// Reads a string; the opening quote is at the current place.
    fn string(&mut self) -> Cow<'a, str> {
        self.at += 1;
        let start = self.at;
        let rest = &self.bytes[start..];
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(end) if rest[end] == b'"' => {
                self.at = start + end + 1;
                Cow::Borrowed(&self.text[start..start + end])
            }
            Some(_) => Cow::Owned(self.escaped_string(start)),
            None => {
                let text = &self.text[start..];
                self.fail("a string has no closing quote");
                Cow::Borrowed(text)
            }
        }
    }

    fn escaped_string(&mut self, start: usize) -> String {
        let mut out = String::new();
        let mut from = start;
        loop {
            let rest = &self.bytes[from..];
            let Some(end) = memchr::memchr2(b'"', b'\\', rest) else {
                out.push_str(&self.text[from..]);
                self.fail("a string has no closing quote");
                return out;
            };
            out.push_str(&self.text[from..from + end]);
            from += end + 1;
            if rest[end] == b'"' {
                self.at = from;
                return out;
            }
            from = self.escape(from, &mut out);
        }
    }

    /// Reads what follows a backslash at `at`; returns where it ends.
    fn escape(&mut self, at: usize, out: &mut String) -> usize {
        let Some(&byte) = self.bytes.get(at) else {
            return at;
        };
        let plain = match byte {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => return self.unicode_escape(at + 1, out),
            _ => {
                // Also the escapes of themselves: quote, slash, backslash.
                let c = self.text[at..].chars().next().unwrap_or('\u{fffd}');
                out.push(c);
                return at + c.len_utf8();
            }
        };
        out.push(plain);
        at + 1
    }

    fn unicode_escape(&mut self, at: usize, out: &mut String) -> usize {
        let hex = |from: usize| {
            let digits = self.text.get(from..from + 4)?;
            digits
                .bytes()
                .all(|b| b.is_ascii_hexdigit())
                .then(|| u32::from_str_radix(digits, 16).ok())
                .flatten()
        };
        let Some(first) = hex(at) else {
            out.push('\u{fffd}');
            return at;
        };
        if (0xd800..0xdc00).contains(&first)
            && self.bytes.get(at + 4..at + 6) == Some(b"\\u")
            && let Some(second @ 0xdc00..0xe000) = hex(at + 6)
        {
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            return at + 10;
        }
        out.push(char::from_u32(first).unwrap_or('\u{fffd}'));
        at + 4
    }
}

#[cfg(test)]
mod tests {
    use super::parse_json;
    use crate::document::Value;

    #[test]
    fn values_know_their_places() {
        let text = r#"{"a": [1, "x\u00e9\ud83d\ude00\n"], /* c */ "b": {"c": true,}, // end
        "d": null}"#;
        let (root, flaw) = parse_json(text);
        assert_eq!(flaw, None);
        let item = &root.get("a").unwrap().items()[1];
        assert_eq!(item.text(), Some("xé😀\n"));
        assert_eq!(&text[item.span.range()], r#""x\u00e9\ud83d\ude00\n""#);
        assert!(root.get("b").unwrap().flag("c"));
        assert_eq!(
            &text[root.entry("b").unwrap().span().range()],
            r#""b": {"c": true,}"#
        );
        assert_eq!(root.get("d").unwrap().value, Value::Null);
    }

    #[test]
    fn a_fault_keeps_what_came_before_it() {
        for (text, at, keys) in [
            (r#"{"a": 1, "b": "#, 14, 2),
            (r#"{"a": 1, "b"#, 10, 1),
            (r#"{"a": 1 "b": 2}"#, 8, 1),
            (r#"{"a": 1} x"#, 9, 1),
            ("", 0, 0),
            (r#"{"a": tru}"#, 6, 1),
        ] {
            let (root, flaw) = parse_json(text);
            let flaw = flaw.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(flaw.span.start, at, "{text}: {}", flaw.message);
            assert_eq!(root.entries().len(), keys, "{text}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = "[".repeat(100_000);
        let (_, flaw) = parse_json(&deep);
        assert!(flaw.unwrap().message.contains("too deep"));
        let fits = format!("{}{}", "[".repeat(256), "]".repeat(256));
        assert_eq!(parse_json(&fits).1, None);
    }
}
