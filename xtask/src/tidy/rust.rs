//! Tells code, comments and strings of a Rust file apart, so that the checks
//! look at what they mean to look at and not at a test's input text.

/// A Rust file in two layers that have the same lines and columns (in bytes).
pub(super) struct Masked {
    /// The text with comments and the insides of literals made blank.
    pub(super) code: String,
    /// Each comment's first line (from 1) and its text without the markers.
    pub(super) comments: Vec<(usize, String)>,
}

/// Splits a Rust file into its layers. A file that does not end its last
/// comment or string is taken as ending it at the end.
pub(super) fn mask(text: &str) -> Masked {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
        line: 1,
        code: Vec::with_capacity(text.len()),
        comments: Vec::new(),
    };
    while scanner.at < scanner.bytes.len() {
        scanner.step(text);
    }
    Masked {
        code: String::from_utf8(scanner.code).expect("whole characters are kept or made blank"),
        comments: scanner.comments,
    }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    code: Vec<u8>,
    comments: Vec<(usize, String)>,
}

impl Scanner<'_> {
    fn step(&mut self, text: &str) {
        let rest = &self.bytes[self.at..];
        let after_word = self.at > 0 && is_word(self.bytes[self.at - 1]);
        if rest.starts_with(b"//") {
            let length = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            self.comment(text, length);
        } else if rest.starts_with(b"/*") {
            self.comment(text, block_comment_length(rest));
        } else if let Some(length) = (!after_word).then(|| raw_string_length(rest)).flatten() {
            self.blank(length);
        } else if rest[0] == b'"' {
            self.blank(string_length(rest));
        } else if rest[0] == b'\'' {
            match char_length(rest) {
                Some(length) => self.blank(length),
                None => self.keep(),
            }
        } else {
            self.keep();
        }
    }

    fn comment(&mut self, text: &str, length: usize) {
        let comment = &text[self.at..self.at + length];
        let body = comment
            .trim_start_matches(['/', '*', '!'])
            .trim_end_matches(['/', '*'])
            .trim();
        self.comments.push((self.line, body.to_owned()));
        self.blank(length);
    }

    fn keep(&mut self) {
        let byte = self.bytes[self.at];
        if byte == b'\n' {
            self.line += 1;
        }
        self.code.push(byte);
        self.at += 1;
    }

    fn blank(&mut self, length: usize) {
        for &byte in &self.bytes[self.at..self.at + length] {
            if byte == b'\n' {
                self.line += 1;
                self.code.push(b'\n');
            } else {
                self.code.push(b' ');
            }
        }
        self.at += length;
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Returns the length of a block comment; they nest.
fn block_comment_length(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// Returns the length of `r"..."`, `br#"..."#` and their like.
fn raw_string_length(rest: &[u8]) -> Option<usize> {
    let prefix = [&b"r"[..], b"br", b"cr"]
        .iter()
        .find(|prefix| rest.starts_with(prefix))?
        .len();
    let hashes = rest[prefix..].iter().take_while(|&&b| b == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = open + 1;
    let end = rest[body..]
        .windows(close.len())
        .position(|window| window == close);
    Some(end.map_or(rest.len(), |end| body + end + close.len()))
}

fn string_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Returns the length of a character literal; none for a lifetime.
fn char_length(rest: &[u8]) -> Option<usize> {
    let limit = rest.len().min(14);
    if rest.get(1) == Some(&b'\\') {
        let close = rest[3.min(limit)..limit].iter().position(|&b| b == b'\'')?;
        return Some(3 + close + 1);
    }
    let first = *rest.get(1)?;
    let width = match first {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

#[cfg(test)]
mod tests {
    use super::mask;

    fn check(text: &str, code: &str, comments: &[(usize, &str)]) {
        let masked = mask(text);
        assert_eq!(masked.code.len(), text.len(), "columns are kept");
        let squeezed: Vec<&str> = masked.code.split_whitespace().collect();
        assert_eq!(squeezed.join(" "), code);
        let found: Vec<(usize, &str)> = masked
            .comments
            .iter()
            .map(|(line, text)| (*line, text.as_str()))
            .collect();
        assert_eq!(found, comments);
    }

    #[test]
    fn comments_and_literals_are_blank() {
        check("a // b\nc", "a c", &[(1, "b")]);
        check("//! head\nx", "x", &[(1, "head")]);
        check("a /* b /* c */ d */ e", "a e", &[(1, "b /* c */ d")]);
        check(r#"f("x // y", 'z')"#, "f( , )", &[]);
        check("f(r#\"a \" b\"#, c)", "f( , c)", &[]);
        check(r#"f("\"", '\'', '\u{1F600}', b'\\')"#, "f( , , , b )", &[]);
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}", &[]);
        check("'é' '字' \"unfinished", "", &[]);
        check("\n\n\"\n\" // x", "", &[(4, "x")]);
        check("for_r\"\"", "for_r", &[]);
    }
}
