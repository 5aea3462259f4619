//! How findings are silenced, always with a record of by what and why.
//!
//! A comment silences findings with a directive:
//!
//! ```text
//! assay:ignore RULE[, RULE...] [until YYYY-MM-DD] [-- reason]
//! assay:ignore-next-line ...
//! assay:ignore-file ...
//! ```
//!
//! RULE is a rule's id, `pack/*` or `*`. The directive is the first thing on a
//! line of the comment. `assay:ignore` beside code is about that line; where
//! the comment stands alone it is about the next line of code, as
//! `assay:ignore-next-line` always is. The last day of `until` still counts.
//! The reason may follow an em dash instead of `--`, which XML does not allow
//! inside comments.

use std::collections::HashMap;
use std::ops::Range;

use assay_source::RepoPath;
use jiff::civil::Date;

use crate::finding::{Finding, named_enum};
use crate::rule::RuleId;

/// By what a finding is silenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// What silences it.
    pub by: SuppressedBy,
    /// The reason given.
    pub reason: Option<String>,
    /// The last day on which it is silenced.
    pub until: Option<Date>,
}

named_enum! {
    /// What silences a finding.
    SuppressedBy {
        /// A comment in the code.
        Comment = "comment",
        /// The configuration.
        Configuration = "configuration",
        /// The baseline file.
        Baseline = "baseline",
        /// The least confidence that is reported.
        Confidence = "confidence",
        /// Somebody who judged it, in an earlier review.
        Feedback = "feedback",
    }
}

/// Which rules a suppression is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulePattern {
    /// Every rule: `*`.
    All,
    /// The rules of a pack: `pack/*`; holds the pack's name.
    Pack(String),
    /// One rule.
    Rule(RuleId),
}

impl RulePattern {
    /// Reads a rule's id, `pack/*` or `*`; nothing for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let is_word = |text: &str| {
            let is_part =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
            !text.is_empty() && text.chars().all(is_part)
        };
        match text.split_once('/') {
            None => (text == "*").then_some(Self::All),
            Some((pack, "*")) => is_word(pack).then(|| Self::Pack(pack.to_owned())),
            Some((pack, name)) => {
                let is_id = is_word(pack) && name.split('/').all(is_word);
                is_id.then(|| Self::Rule(RuleId::new(text)))
            }
        }
    }

    /// Returns whether the pattern is about the rule.
    pub fn matches(&self, rule: &RuleId) -> bool {
        match self {
            Self::All => true,
            Self::Pack(pack) => rule.pack() == pack,
            Self::Rule(id) => id == rule,
        }
    }
}

impl std::fmt::Display for RulePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Pack(pack) => write!(f, "{pack}/*"),
            Self::Rule(id) => write!(f, "{id}"),
        }
    }
}

/// How far a directive reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectiveScope {
    /// `assay:ignore`: the comment's own line of code, else the next one.
    Line,
    /// `assay:ignore-next-line`: the next line of code.
    NextLine,
    /// `assay:ignore-file`: the whole file.
    File,
}

/// What a comment asks to be silenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// How far it reaches.
    pub scope: DirectiveScope,
    /// The rules it is about, at least one.
    pub rules: Vec<RulePattern>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Why.
    pub reason: Option<String>,
    /// The bytes of the directive in the comment.
    pub range: Range<usize>,
}

/// A directive that cannot be understood; it silences nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct DirectiveError {
    /// What is wrong.
    pub kind: DirectiveErrorKind,
    /// The bytes of the directive in the comment.
    pub range: Range<usize>,
}

/// What is wrong with a directive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectiveErrorKind {
    /// A word after `assay:` that is no directive.
    #[error(
        "`assay:{0}` is unknown; there are assay:ignore, assay:ignore-next-line and assay:ignore-file"
    )]
    UnknownDirective(String),
    /// No rule is named.
    #[error("no rule is named; `*` stands for all of them")]
    MissingRule,
    /// A word where a rule is expected.
    #[error("`{0}` is not a rule's id, `pack/*` or `*`")]
    BadRule(String),
    /// `until` without a day that exists.
    #[error("`until` needs a day such as 2027-01-31, not `{0}`")]
    BadDate(String),
    /// Text after the rules that is neither `until` nor a reason.
    #[error("unexpected `{0}`; a reason comes after `--`")]
    UnexpectedText(String),
    /// `--` with nothing after it.
    #[error("there is no reason after `--`")]
    MissingReason,
    /// More rules than a directive may name.
    #[error("more than {RULES_MAX} rules; `pack/*` stands for a whole pack")]
    TooManyRules,
}

/// The most rules that one directive names.
pub const RULES_MAX: usize = 32;
/// The most directives that are read in one comment.
pub const DIRECTIVES_MAX: usize = 16;
/// The longest reason that is kept, in characters.
pub const REASON_CHARS_MAX: usize = 400;
/// The longest part of a bad directive that its error repeats.
const QUOTE_CHARS_MAX: usize = 60;

const PREFIX: &str = "assay:";
const REASON_MARKS: [&str; 2] = ["--", "\u{2014}"];
/// What ends a comment in some language and may stand on the directive's line.
const COMMENT_ENDS: [&str; 10] = [
    "*/", "-->", "--%>", "%>", "*)", "-}", "=#", "]]", "\"\"\"", "'''",
];

/// Reads the directives of a comment, given with or without its marks; a
/// comment of several lines may hold one on each line.
///
/// Most comments hold none: the answer is an empty vector without allocation.
pub fn parse_directives(comment: &str) -> Vec<Result<Directive, DirectiveError>> {
    let mut found = Vec::new();
    if !comment.contains(PREFIX) {
        return found;
    }
    let mut offset = 0;
    for line in comment.split_inclusive('\n') {
        let start = line
            .find(|c: char| c.is_alphanumeric())
            .unwrap_or(line.len());
        // A back-tick before it means that somebody writes about directives.
        if line[start..].starts_with(PREFIX) && !line[..start].contains('`') {
            let text = without_comment_end(&line[start..]);
            let range = offset + start..offset + start + text.len();
            found.push(
                parse_directive(text, range.clone()).map_err(|kind| DirectiveError { kind, range }),
            );
            if found.len() == DIRECTIVES_MAX {
                break;
            }
        }
        offset += line.len();
    }
    found
}

fn without_comment_end(text: &str) -> &str {
    let text = text.trim_end();
    COMMENT_ENDS
        .iter()
        .find_map(|end| text.strip_suffix(end))
        .unwrap_or(text)
        .trim_end()
}

fn parse_directive(text: &str, range: Range<usize>) -> Result<Directive, DirectiveErrorKind> {
    let rest = &text[PREFIX.len()..];
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let scope = match word {
        "ignore" => DirectiveScope::Line,
        "ignore-next-line" => DirectiveScope::NextLine,
        "ignore-file" => DirectiveScope::File,
        _ => return Err(DirectiveErrorKind::UnknownDirective(quoted(word))),
    };
    let (what, reason) = split_reason(rest)?;
    let (rules, until) = split_until(what)?;
    Ok(Directive {
        scope,
        rules: parse_rules(rules)?,
        until,
        reason,
        range,
    })
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTE_CHARS_MAX).collect()
}

fn split_reason(text: &str) -> Result<(&str, Option<String>), DirectiveErrorKind> {
    let mark = |mark: &&str| text.find(*mark).map(|at| (at, mark.len()));
    let Some((at, len)) = REASON_MARKS.iter().filter_map(mark).min() else {
        return Ok((text, None));
    };
    let reason = text[at + len..].trim();
    if reason.is_empty() {
        return Err(DirectiveErrorKind::MissingReason);
    }
    let reason = reason.chars().take(REASON_CHARS_MAX).collect();
    Ok((&text[..at], Some(reason)))
}

fn split_until(text: &str) -> Result<(&str, Option<Date>), DirectiveErrorKind> {
    let is_word = |&(at, word): &(usize, &str)| {
        let next = text[at + word.len()..].chars().next();
        text[..at].ends_with(char::is_whitespace) && next.is_none_or(char::is_whitespace)
    };
    let Some((at, _)) = text.match_indices("until").find(is_word) else {
        return Ok((text, None));
    };
    let mut after = text[at + "until".len()..].split_whitespace();
    let day = after.next().unwrap_or("");
    let date = (day.len() == "2027-01-31".len())
        .then(|| day.parse::<Date>().ok())
        .flatten()
        .ok_or_else(|| DirectiveErrorKind::BadDate(quoted(day)))?;
    match after.next() {
        None => Ok((&text[..at], Some(date))),
        Some(word) => Err(DirectiveErrorKind::UnexpectedText(quoted(word))),
    }
}

fn parse_rules(text: &str) -> Result<Vec<RulePattern>, DirectiveErrorKind> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DirectiveErrorKind::MissingRule);
    }
    let mut rules = Vec::new();
    for item in text.split(',') {
        let mut words = item.split_whitespace();
        let word = words.next().unwrap_or("");
        let pattern = RulePattern::parse(word);
        rules.push(pattern.ok_or_else(|| DirectiveErrorKind::BadRule(quoted(word)))?);
        if let Some(word) = words.next() {
            return Err(DirectiveErrorKind::UnexpectedText(quoted(word)));
        }
        if rules.len() > RULES_MAX {
            return Err(DirectiveErrorKind::TooManyRules);
        }
    }
    Ok(rules)
}

/// The lines that a directive silences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectiveTarget {
    /// Findings that start on the line.
    Line(u32),
    /// Every finding of the file.
    File,
}

/// The most lines that are searched for the code below a comment.
const LINES_BELOW_MAX: u32 = 100;

impl Directive {
    /// Returns what the directive silences, for a comment on the given lines;
    /// nothing when no code follows it. `is_code` says whether a line (from 1,
    /// up to `line_count`) holds anything but white space and comments.
    pub fn target(
        &self,
        first_line: u32,
        last_line: u32,
        line_count: u32,
        is_code: impl Fn(u32) -> bool,
    ) -> Option<DirectiveTarget> {
        let below = || {
            let last = line_count.min(last_line.saturating_add(LINES_BELOW_MAX));
            let line = (last_line.saturating_add(1)..=last).find(|&line| is_code(line));
            line.map(DirectiveTarget::Line)
        };
        match self.scope {
            DirectiveScope::File => Some(DirectiveTarget::File),
            DirectiveScope::NextLine => below(),
            DirectiveScope::Line if is_code(first_line) => Some(DirectiveTarget::Line(first_line)),
            DirectiveScope::Line if is_code(last_line) => Some(DirectiveTarget::Line(last_line)),
            DirectiveScope::Line => below(),
        }
    }
}

/// A directive at its place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedDirective {
    /// The file.
    pub path: RepoPath,
    /// What it silences there.
    pub target: DirectiveTarget,
    /// What it says.
    pub directive: Directive,
}

/// What became of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectiveOutcome {
    /// It silenced this many findings.
    Used(usize),
    /// Nothing is there to be silenced.
    Unused,
    /// Its last day is over; it would have silenced this many findings.
    Expired(usize),
}

/// Silences the findings that directives are about and returns what became of
/// each directive, in their order. A finding that is silenced already keeps its
/// record, and the directive counts as used.
pub fn apply_directives(
    findings: &mut [Finding],
    directives: &[PlacedDirective],
    today: Date,
) -> Vec<DirectiveOutcome> {
    let mut by_path: HashMap<&RepoPath, Vec<usize>> = HashMap::new();
    for (index, placed) in directives.iter().enumerate() {
        by_path.entry(&placed.path).or_default().push(index);
    }
    let mut counts = vec![0; directives.len()];
    for finding in findings {
        for &index in by_path
            .get(&finding.location.path)
            .map_or(&[][..], |list| list)
        {
            let PlacedDirective {
                target, directive, ..
            } = &directives[index];
            let is_there = match *target {
                DirectiveTarget::File => true,
                DirectiveTarget::Line(line) => finding.location.start.line == line,
            };
            if !is_there
                || !directive
                    .rules
                    .iter()
                    .any(|rule| rule.matches(&finding.rule))
            {
                continue;
            }
            counts[index] += 1;
            if finding.suppressed.is_none() && directive.until.is_none_or(|day| today <= day) {
                finding.suppressed = Some(Suppressed {
                    by: SuppressedBy::Comment,
                    reason: directive.reason.clone(),
                    until: directive.until,
                });
            }
        }
    }
    let outcome = |(placed, count): (&PlacedDirective, usize)| match (placed.directive.until, count)
    {
        (Some(day), count) if day < today => DirectiveOutcome::Expired(count),
        (_, 0) => DirectiveOutcome::Unused,
        (_, count) => DirectiveOutcome::Used(count),
    };
    directives.iter().zip(counts).map(outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::{Directive, DirectiveError, DirectiveScope, DirectiveTarget, parse_directives};

    /// Shows what a comment says on one line.
    fn shown(comment: &str) -> String {
        let one = |result: Result<Directive, DirectiveError>| match result {
            Ok(directive) => {
                let rules: Vec<_> = directive.rules.iter().map(ToString::to_string).collect();
                format!(
                    "{:?} {} {} {:?} {:?}",
                    directive.scope,
                    rules.join("+"),
                    directive
                        .until
                        .map_or("-".to_owned(), |day| day.to_string()),
                    directive.reason.unwrap_or_default(),
                    &comment[directive.range]
                )
            }
            Err(error) => format!("error: {error}"),
        };
        parse_directives(comment)
            .into_iter()
            .map(one)
            .collect::<Vec<_>>()
            .join(" | ")
    }

    #[test]
    fn directives_are_read_or_refused() {
        for (comment, expected) in [
            ("// nothing here", ""),
            ("// see assay:ignore in the manual", ""),
            ("// assay:ignore a/b", r#"Line a/b - "" "assay:ignore a/b""#),
            (
                "/* assay:ignore a/b -- why */",
                r#"Line a/b - "why" "assay:ignore a/b -- why""#,
            ),
            (
                "-- assay:ignore a/b -- why -- twice",
                r#"Line a/b - "why -- twice" "assay:ignore a/b -- why -- twice""#,
            ),
            (
                "<!-- assay:ignore-file * \u{2014} made -->",
                "File * - \"made\" \"assay:ignore-file * \u{2014} made\"",
            ),
            (
                "# assay:ignore-next-line a/b,c/* , d/e-f until 2027-01-31 -- x",
                r#"NextLine a/b+c/*+d/e-f 2027-01-31 "x" "assay:ignore-next-line a/b,c/* , d/e-f until 2027-01-31 -- x""#,
            ),
            (
                "/*\n * assay:ignore a/b\n * assay:ignore c/d\n */",
                r#"Line a/b - "" "assay:ignore a/b" | Line c/d - "" "assay:ignore c/d""#,
            ),
            (
                "\"\"\"assay:ignore-file a/b\"\"\"",
                r#"File a/b - "" "assay:ignore-file a/b""#,
            ),
            (
                "# assay:ignore",
                "error: no rule is named; `*` stands for all of them",
            ),
            (
                "# assay:ignore -- because",
                "error: no rule is named; `*` stands for all of them",
            ),
            (
                "# assay:ignore a/b --",
                "error: there is no reason after `--`",
            ),
            (
                "# assay:ignroe a/b",
                "error: `assay:ignroe` is unknown; there are assay:ignore, assay:ignore-next-line and assay:ignore-file",
            ),
            (
                "# assay:ignore long-function",
                "error: `long-function` is not a rule's id, `pack/*` or `*`",
            ),
            (
                "# assay:ignore a/b until tomorrow",
                "error: `until` needs a day such as 2027-01-31, not `tomorrow`",
            ),
            (
                "# assay:ignore a/b until 2027-02-30",
                "error: `until` needs a day such as 2027-01-31, not `2027-02-30`",
            ),
            (
                "# assay:ignore a/b until",
                "error: `until` needs a day such as 2027-01-31, not ``",
            ),
            (
                "# assay:ignore a/b because",
                "error: unexpected `because`; a reason comes after `--`",
            ),
            (
                "# assay:ignore a/b,",
                "error: `` is not a rule's id, `pack/*` or `*`",
            ),
            (
                "# assay:ignore A/B",
                "error: `A/B` is not a rule's id, `pack/*` or `*`",
            ),
        ] {
            assert_eq!(shown(comment), expected, "{comment:?}");
        }
    }

    #[test]
    fn directives_find_their_line() {
        let code = [false, true, false, false, true, true];
        let is_code = |line: u32| code[line as usize - 1];
        for (text, lines, expected) in [
            ("assay:ignore *", (2, 2), Some(DirectiveTarget::Line(2))),
            ("assay:ignore *", (3, 3), Some(DirectiveTarget::Line(5))),
            ("assay:ignore *", (4, 5), Some(DirectiveTarget::Line(5))),
            (
                "assay:ignore-next-line *",
                (2, 2),
                Some(DirectiveTarget::Line(5)),
            ),
            ("assay:ignore-next-line *", (6, 6), None),
            ("assay:ignore-file *", (1, 1), Some(DirectiveTarget::File)),
        ] {
            let directive = parse_directives(text).remove(0).expect("it is well formed");
            let target = directive.target(lines.0, lines.1, 6, is_code);
            assert_eq!(target, expected, "{text} at {lines:?}");
            assert_eq!(
                directive.scope == DirectiveScope::File,
                text.contains("file")
            );
        }
    }
}
