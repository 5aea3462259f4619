//! Texts that a grammar must not be given. Some grammars come with a scanner
//! that keeps its state in a buffer of fixed size and ends the process when a
//! text fills it. `language.toml` says how far such a grammar can follow.

/// How far a grammar can follow a text; zero means any distance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    /// So deep may indentation nest.
    pub(crate) indents_max: usize,
    /// So many bytes may the word have that ends a here-document.
    pub(crate) heredoc_word_max: usize,
    /// Whether its scanner never comes back from a last line without an end.
    pub(crate) ends_line: bool,
}

impl Guard {
    /// Returns what the grammar cannot follow in the text, if anything.
    pub(crate) fn fault(self, text: &str) -> Option<&'static str> {
        if self.indents_max > 0 && indents_exceed(text, self.indents_max) {
            return Some("indentation nested so deep");
        }
        if self.heredoc_word_max > 0 && heredoc_words_exceed(text, self.heredoc_word_max) {
            return Some("a here-document with an end mark so long");
        }
        None
    }
}

/// Decides whether indentation nests deeper than `max`. A line nests as deep as
/// lines above it with less indentation follow each other; the marks of YAML
/// (`- - a`) nest within a line.
fn indents_exceed(text: &str, max: usize) -> bool {
    let mut columns: Vec<usize> = Vec::new();
    for line in text.lines() {
        // A line nests no deeper than it has columns before its text.
        let mut column = 0;
        let mut rest = line.as_bytes();
        loop {
            let blanks = rest.iter().take_while(|&&b| b == b' ' || b == b'\t');
            let blanks = blanks.count();
            column += blanks;
            rest = &rest[blanks..];
            if rest.is_empty() || rest == b"\r" {
                break;
            }
            while columns.last().is_some_and(|&last| last >= column) {
                columns.pop();
            }
            columns.push(column);
            if columns.len() > max {
                return true;
            }
            match rest {
                [b'-' | b'?' | b':', b' ' | b'\t', ..] => {
                    column += 1;
                    rest = &rest[1..];
                }
                _ => break,
            }
        }
    }
    false
}

/// Decides whether the words after `<<` on one line are longer than `max`
/// together.
fn heredoc_words_exceed(text: &str, max: usize) -> bool {
    text.lines().any(|line| {
        let mut length = 0;
        let mut rest = line;
        while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"<<") {
            rest = rest[at + 2..].trim_start_matches(['-', '~']);
            length += match rest.chars().next() {
                Some(quote @ ('"' | '\'' | '`')) => rest[1..].find(quote).unwrap_or(rest.len()),
                _ => rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len()),
            };
            if length > max {
                return true;
            }
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::{heredoc_words_exceed, indents_exceed};

    #[test]
    fn indentation_is_counted_in_steps() {
        for (text, depth) in [
            ("", 0),
            ("a\nb\n", 1),
            ("a:\n  b:\n    c\n", 3),
            ("a:\n  b\nc:\n    d\n", 2),
            ("a\n        b\n  c\n", 2),
            ("- - a\n", 3),
            ("- a:\n    - b\n", 4),
            ("? - a\n", 3),
            ("\n   \n\t\r\n", 0),
            ("-- a\n", 1),
        ] {
            assert!(!indents_exceed(text, depth), "{text:?}");
            assert!(depth == 0 || indents_exceed(text, depth - 1), "{text:?}");
        }
    }

    #[test]
    fn words_of_here_documents_are_counted_by_line() {
        for (text, length) in [
            ("", 0),
            ("a << 1\n", 0),
            ("f(<<~ABC, <<-'d e')\n", 6),
            ("<<A\n<<BC\n", 2),
            ("a <<\"it has no end\n", 14),
        ] {
            assert!(!heredoc_words_exceed(text, length), "{text:?}");
            assert!(
                length == 0 || heredoc_words_exceed(text, length - 1),
                "{text:?}"
            );
        }
    }
}
