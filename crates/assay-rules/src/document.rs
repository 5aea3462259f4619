//! The documentation of a rule, read from the header of its file: Markdown with
//! a title, a summary, sections, and examples in fences that say what they show.

/// The documentation of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// A few words that name the bad thing.
    pub title: String,
    /// One sentence on what the rule finds.
    pub summary: String,
    /// Everything after the summary, as Markdown, with the examples.
    pub description: String,
    /// The examples in order.
    pub examples: Vec<Example>,
}

/// What an example shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExampleKind {
    /// Code that the rule reports.
    Bad,
    /// Code that it does not report.
    Good,
    /// The bad example before it, after the fixes.
    Fixed,
}

/// One fenced example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The language, as the fence names it.
    pub language: String,
    /// What it shows.
    pub kind: ExampleKind,
    /// The further words of the fence, such as `warn=3` or `path=a/b.py`.
    pub settings: Vec<(String, String)>,
    /// The text with its `<- here` marks.
    pub text: String,
}

/// What a comment in an example says at the lines that are reported.
const MARK: &str = "<- here";

/// The comment openers that a mark can stand after, longest first.
const MARK_COMMENTS: &[&str] = &["<!--", "//", "/*", "--", "{-", "#", ";", "%"];

impl Example {
    /// Returns the text without marks, and the lines (from 1) that had one.
    pub fn unmarked(&self) -> (String, Vec<u32>) {
        let mut marked = Vec::new();
        let mut out = String::with_capacity(self.text.len());
        for (index, line) in self.text.lines().enumerate() {
            match line.find(MARK) {
                Some(at) => {
                    marked.push(index as u32 + 1);
                    let before = line[..at].trim_end();
                    let code = MARK_COMMENTS
                        .iter()
                        .find_map(|opener| before.strip_suffix(opener))
                        .unwrap_or(before);
                    out.push_str(code.trim_end());
                }
                None => out.push_str(line),
            }
            out.push('\n');
        }
        (crate::secret::expand(&with_characters(&out)), marked)
    }
}

/// Puts the characters in that `<U+202E>` and the like stand for.
fn with_characters(text: &str) -> String {
    let mut parts = text.split("<U+");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let character = part.split_once('>').and_then(|(hex, rest)| {
            Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, rest))
        });
        match character {
            Some((character, rest)) => {
                out.push(character);
                out.push_str(rest);
            }
            None => {
                out.push_str("<U+");
                out.push_str(part);
            }
        }
    }
    out
}

impl Document {
    /// Reads the header of a rule's file.
    pub(crate) fn parse(header: &str) -> Self {
        let mut document = Self::default();
        let mut rest = header.trim_start();
        if let Some(after) = rest.strip_prefix("# ") {
            let (title, body) = after.split_once('\n').unwrap_or((after, ""));
            document.title = title.trim().to_owned();
            rest = body.trim_start();
        }
        let (summary, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
        document.summary = summary.split_whitespace().collect::<Vec<_>>().join(" ");
        document.description = body.trim().to_owned();
        document.examples = examples(&document.description);
        document
    }
}

fn examples(markdown: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else {
            continue;
        };
        let mut text = String::new();
        for line in lines.by_ref().take_while(|line| !line.starts_with("```")) {
            text.push_str(line);
            text.push('\n');
        }
        let mut words = fence.split_whitespace();
        let language = words.next().unwrap_or("").to_owned();
        let kind = match words.next() {
            Some("bad") => ExampleKind::Bad,
            Some("good") => ExampleKind::Good,
            Some("fixed") => ExampleKind::Fixed,
            _ => continue,
        };
        let settings = words
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        found.push(Example {
            language,
            kind,
            settings,
            text,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Document, ExampleKind};

    #[test]
    fn headers_are_read() {
        let document = Document::parse(
            "# Bad thing\n\nFinds a\nbad thing.\n\n## Why\n\nBecause.\n\n```python bad warn=3\nx  # <- here\ny\n```\n\n```text\nno example\n```\n",
        );
        assert_eq!(document.title, "Bad thing");
        assert_eq!(document.summary, "Finds a bad thing.");
        assert!(document.description.starts_with("## Why"));
        let [example] = &document.examples[..] else {
            panic!("one example expected: {:?}", document.examples)
        };
        assert_eq!(example.kind, ExampleKind::Bad);
        assert_eq!(example.settings, [("warn".into(), "3".into())]);
        assert_eq!(example.unmarked(), ("x\ny\n".into(), vec![1]));
    }
}
