//! Paths inside a repository: bytes with `/` between the parts, as git keeps them.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

/// A path inside a repository or a scanned tree.
///
/// The bytes are kept exactly (git allows any byte but NUL), so two different
/// files never become one. The text forms are [`RepoPath::to_display`], which
/// quotes what a terminal should not see, and [`RepoPath::to_uri`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<[u8]>);

impl RepoPath {
    /// Wraps the bytes of a path relative to the root, with `/` between parts.
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self(Arc::from(bytes.as_ref()))
    }

    /// Returns the exact bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path as text when it is valid UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Returns the last part.
    pub fn file_name(&self) -> &[u8] {
        match self.0.iter().rposition(|&b| b == b'/') {
            Some(slash) => &self.0[slash + 1..],
            None => &self.0,
        }
    }

    /// Returns the bytes after the last dot of the file name, if there is one
    /// that is not its first character.
    pub fn extension(&self) -> Option<&[u8]> {
        let name = self.file_name();
        match name.iter().rposition(|&b| b == b'.') {
            Some(dot) if dot > 0 => Some(&name[dot + 1..]),
            _ => None,
        }
    }

    /// Returns the parts between slashes.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&b| b == b'/')
    }

    /// Returns the path for people: unchanged when it is printable UTF-8, else
    /// in double quotes with C escapes, as git prints it.
    pub fn to_display(&self) -> String {
        if let Some(text) = self.as_str()
            && !text.chars().any(needs_quote)
        {
            return text.to_owned();
        }
        let mut out = String::from("\"");
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '"' => out.push_str("\\\""),
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    c if needs_quote(c) => {
                        let mut utf8 = [0; 4];
                        for b in c.encode_utf8(&mut utf8).bytes() {
                            let _ = write!(out, "\\{b:03o}");
                        }
                    }
                    c => out.push(c),
                }
            }
            for b in chunk.invalid() {
                let _ = write!(out, "\\{b:03o}");
            }
        }
        out.push('"');
        out
    }

    /// Returns the path as a relative URI reference (RFC 3986): every byte
    /// outside the unreserved set and `/` is percent-encoded.
    pub fn to_uri(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        for &b in self.0.iter() {
            if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'/') {
                out.push(char::from(b));
            } else {
                let _ = write!(out, "%{b:02X}");
            }
        }
        out
    }
}

/// Bidirectional controls and other invisible characters can make a path look
/// like another one, so they are quoted like control characters.
fn needs_quote(c: char) -> bool {
    c.is_control()
        || c == '"'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self::from_bytes(text)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_display())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_display())
    }
}

#[cfg(test)]
mod tests {
    use super::RepoPath;

    #[test]
    fn display_quotes_only_what_needs_it() {
        for (bytes, display, uri) in [
            (&b"src/a b.rs"[..], "src/a b.rs", "src/a%20b.rs"),
            (b"a\nb", r#""a\nb""#, "a%0Ab"),
            (b"caf\xc3\xa9.py", "café.py", "caf%C3%A9.py"),
            (b"\xff.py", r#""\377.py""#, "%FF.py"),
            (b"a\"b", r#""a\"b""#, "a%22b"),
            (
                b"\xe2\x80\xaegpj.exe",
                r#""\342\200\256gpj.exe""#,
                "%E2%80%AEgpj.exe",
            ),
        ] {
            let path = RepoPath::from_bytes(bytes);
            assert_eq!(path.to_display(), display);
            assert_eq!(path.to_uri(), uri);
        }
    }

    #[test]
    fn names_and_extensions() {
        for (path, name, extension) in [
            ("a/b.c/d.tar.gz", "d.tar.gz", Some("gz")),
            ("Makefile", "Makefile", None),
            ("a/.env", ".env", None),
            ("x.", "x.", Some("")),
        ] {
            let path = RepoPath::from(path);
            assert_eq!(path.file_name(), name.as_bytes());
            assert_eq!(path.extension(), extension.map(str::as_bytes));
        }
    }
}
