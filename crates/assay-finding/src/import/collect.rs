//! Takes what readers say, under the limits that hold for all of them.

use super::path::{self, BadPath};
use super::{
    ColumnUnit, IMPORT_FINDINGS_MAX, IMPORT_MESSAGE_CHARS_MAX, IMPORT_NAME_CHARS_MAX,
    IMPORT_URL_CHARS_MAX, ImportOptions, Imported, OutsideFinding, OutsidePlace, OutsideState,
};
use crate::finding::{Category, Confidence, Severity};

/// Problems that are kept of one output.
const PROBLEMS_MAX: usize = 20;
/// Weaknesses of one finding.
const CWE_MAX: usize = 10;

/// Where a reader says that something is.
#[derive(Clone, Copy, Debug)]
pub(super) enum RawPath<'t> {
    /// A path of the file system.
    File(&'t str),
    /// A URI reference.
    Uri(&'t str),
}

/// What a reader says.
#[derive(Clone, Debug)]
pub(super) struct Raw<'t> {
    pub(super) tool: &'t str,
    pub(super) rule: Option<&'t str>,
    pub(super) title: Option<&'t str>,
    pub(super) url: Option<&'t str>,
    pub(super) message: &'t str,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) category: Option<Category>,
    pub(super) cwe: Vec<u32>,
    pub(super) path: RawPath<'t>,
    pub(super) place: Option<OutsidePlace>,
    pub(super) state: Option<OutsideState>,
}

impl<'t> Raw<'t> {
    pub(super) fn new(tool: &'t str, message: &'t str, path: RawPath<'t>) -> Self {
        Self {
            tool,
            rule: None,
            title: None,
            url: None,
            message,
            severity: Severity::Medium,
            confidence: Confidence::High,
            category: None,
            cwe: Vec::new(),
            path,
            place: None,
            state: None,
        }
    }
}

/// Lines and columns as they stand in an output, from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lines {
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    pub(super) end_line: Option<u32>,
    pub(super) end_column: Option<u32>,
}

impl Lines {
    /// Makes a place; none without a line.
    pub(super) fn place(self, unit: ColumnUnit) -> Option<OutsidePlace> {
        let line = self.line?;
        let end_line = self.end_line.unwrap_or(line);
        if end_line < line {
            // An end before the beginning is none.
            return Some(OutsidePlace {
                line,
                column: self.column,
                end_line: line,
                end_column: None,
                unit,
            });
        }
        Some(OutsidePlace {
            line,
            column: self.column,
            end_line,
            end_column: self.end_column,
            unit,
        })
    }
}

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Outside,
    Refused,
    TooMany,
    SaidNothing,
    Settled,
    Outdated,
    NotThisTool,
}

impl Left {
    const ALL: [Self; 7] = [
        Self::Outside,
        Self::Refused,
        Self::TooMany,
        Self::SaidNothing,
        Self::Settled,
        Self::Outdated,
        Self::NotThisTool,
    ];

    fn why(self) -> &'static str {
        match self {
            Self::Outside => {
                "outside of the repository (if it was elsewhere when the tool ran, say where)"
            }
            Self::Refused => "at a path that is no path of a repository",
            Self::TooMany => "over the limit",
            Self::SaidNothing => "without a message",
            Self::Settled => "that the tool itself calls settled",
            Self::Outdated => "on a line that is there no more",
            Self::NotThisTool => "of somebody else",
        }
    }
}

/// Gathers findings.
pub(super) struct Collector<'o> {
    options: &'o ImportOptions,
    imported: Imported,
    left: [(usize, String); Left::ALL.len()],
}

impl<'o> Collector<'o> {
    pub(super) fn new(options: &'o ImportOptions) -> Self {
        Self {
            options,
            imported: Imported::default(),
            left: Default::default(),
        }
    }

    pub(super) fn roots(&self) -> &'o [String] {
        &self.options.roots
    }

    /// Returns the tool's name where a format names none.
    pub(super) fn tool_or(&self, default: &'static str) -> &'o str {
        self.options.tool.as_deref().unwrap_or(default)
    }

    /// Counts something that is left out; `what` names the first.
    pub(super) fn leave(&mut self, why: Left, what: &str) {
        let (count, first) = &mut self.left[why as usize];
        if *count == 0 {
            *first = clean(what, IMPORT_NAME_CHARS_MAX).replace('\n', " ");
        }
        *count += 1;
    }

    /// Notes what the tool could not do.
    pub(super) fn problem(&mut self, message: &str) {
        let message = clean(message, IMPORT_MESSAGE_CHARS_MAX);
        if self.imported.problems.len() < PROBLEMS_MAX && !message.is_empty() {
            self.imported.problems.push(message);
        }
    }

    pub(super) fn add(&mut self, raw: Raw<'_>) {
        let (RawPath::File(text) | RawPath::Uri(text)) = raw.path;
        let roots = &self.options.roots;
        let path = match raw.path {
            RawPath::File(text) => path::of_file(text, roots),
            RawPath::Uri(text) => path::of_uri(text, roots),
        };
        let path = match path {
            Ok(path) => path,
            Err(BadPath::Outside) => return self.leave(Left::Outside, text),
            Err(BadPath::Refused) => return self.leave(Left::Refused, text),
        };
        let message = clean(raw.message, IMPORT_MESSAGE_CHARS_MAX);
        if message.is_empty() {
            return self.leave(Left::SaidNothing, text);
        }
        if self.imported.findings.len() >= IMPORT_FINDINGS_MAX {
            return self.leave(Left::TooMany, text);
        }
        let mut cwe = raw.cwe;
        cwe.sort_unstable();
        cwe.dedup();
        cwe.truncate(CWE_MAX);
        let name = |text: &str| {
            let text = clean(text, IMPORT_NAME_CHARS_MAX).replace('\n', " ");
            (!text.is_empty()).then_some(text)
        };
        self.imported.findings.push(OutsideFinding {
            tool: name(raw.tool).unwrap_or_else(|| "tool".to_owned()),
            rule: raw.rule.and_then(name),
            title: raw.title.and_then(name),
            url: raw.url.and_then(address),
            message,
            severity: raw.severity,
            confidence: raw.confidence,
            category: raw.category,
            cwe,
            path,
            place: raw.place,
            state: raw.state,
        });
    }

    pub(super) fn finish(mut self) -> Imported {
        for why in Left::ALL {
            let (count, first) = &self.left[why as usize];
            if *count > 0 {
                let noun = if *count == 1 { "finding" } else { "findings" };
                let first = match first.is_empty() {
                    true => String::new(),
                    false => format!(", the first of `{first}`"),
                };
                let note = format!("{count} {noun} left out, {}{first}", why.why());
                self.imported.notes.push(note);
            }
        }
        self.imported
    }
}

/// Returns an address that a reader may follow: of the web, and without anything that
/// could end it early.
fn address(text: &str) -> Option<String> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'`');
    (is_web && text.len() <= IMPORT_URL_CHARS_MAX && text.bytes().all(is_plain))
        .then(|| text.to_owned())
}

/// Takes out what is not for reading, and cuts at a limit.
pub(super) fn clean(text: &str, chars_max: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for part in text.trim().chars() {
        let part = match part {
            '\n' => '\n',
            '\r' | '\u{feff}' => continue,
            part if part.is_control() => ' ',
            part => part,
        };
        if count == chars_max {
            out.push('…');
            break;
        }
        out.push(part);
        count += 1;
    }
    out
}

/// Returns the numbers of weaknesses in a text such as `external/cwe/cwe-079` or
/// `CWE-89: SQL injection`.
pub(super) fn weaknesses(text: &str) -> Vec<u32> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut rest = lower.as_str();
    while let Some(at) = rest.find("cwe") {
        rest = &rest[at + 3..];
        let digits = rest.trim_start_matches(['-', '_', ' ', ':']);
        let end = digits
            .find(|part: char| !part.is_ascii_digit())
            .unwrap_or(digits.len());
        if let Ok(number) = digits[..end].parse()
            && (1..=9_999).contains(&number)
        {
            found.push(number);
        }
    }
    found
}

/// Finds what a rule is about in its tags.
pub(super) fn category_of<'t>(tags: impl IntoIterator<Item = &'t str>) -> Option<Category> {
    let known = [
        ("security", Category::Security),
        ("vulnerab", Category::Security),
        ("secret", Category::Security),
        ("performance", Category::Performance),
        ("complexity", Category::Complexity),
        ("duplicat", Category::Duplication),
        ("test", Category::Test),
        ("documentation", Category::Documentation),
        ("correctness", Category::Correctness),
        ("potential issue", Category::Correctness),
        ("bug", Category::Correctness),
        ("reliability", Category::Correctness),
        ("stability", Category::Correctness),
        ("maintainability", Category::Maintainability),
        ("refactor", Category::Maintainability),
        ("nitpick", Category::Maintainability),
        ("style", Category::Maintainability),
    ];
    let tags: Vec<String> = tags.into_iter().map(str::to_lowercase).collect();
    let is_in = |word: &str| tags.iter().any(|tag| tag.contains(word));
    let found = known.iter().find(|(word, _)| is_in(word));
    found.map(|(_, category)| *category)
}

#[cfg(test)]
mod tests {
    use super::{address, clean, weaknesses};

    #[test]
    fn numbers_of_weaknesses_are_found() {
        for (text, expected) in [
            ("external/cwe/cwe-079", vec![79]),
            ("CWE-89: SQL injection", vec![89]),
            ("cwe:22, CWE_23", vec![22, 23]),
            ("cwe", vec![]),
            ("CWE-99999999999", vec![]),
            ("cweé-1", vec![]),
        ] {
            assert_eq!(weaknesses(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_are_cleaned_and_cut() {
        assert_eq!(clean(" a\u{1b}[1m\tb\r\nc ", 100), "a [1m b\nc");
        assert_eq!(clean("äöü", 2), "äö…");
        for (text, is_kept) in [
            ("https://example.org/a#b", true),
            ("javascript:alert(1)", false),
            ("https://example.org/a b", false),
            ("https://example.org/`", false),
        ] {
            assert_eq!(address(text).is_some(), is_kept, "{text}");
        }
    }
}
