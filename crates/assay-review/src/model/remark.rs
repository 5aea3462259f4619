//! A model's remark made a finding, or dropped: it must quote code at its place, on or
//! beside a changed line, and say what nobody has said and the code does not refute.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay_finding::{
    Category, Confidence, Finding, Fingerprint, IdentityHasher, Location, RuleId, Severity, State,
};
use assay_rules::{MaskedText, lines_with_code};
use assay_source::{BlobKeyHasher, Hunk, LineMapping, SourceText, Span};
use assay_syntax::{detect, parse};

use super::ModelRemark;
use super::context::{ModelPlan, ModelQuestion, Shown, declared, function_at};
use super::prompt::PromptSet;
use super::reading::masked;
use super::refute::is_refuted;
use crate::frame;
use crate::pipeline::Subject;
use crate::settings::Settings;

/// How far from its line a quote may stand: models miscount.
const MISCOUNT_MAX: u32 = 5;
/// A line so near to a change may be spoken of; forges take no other.
const BESIDE_LINES: u32 = 3;
/// Lines beside a remark outside of functions that have to be the same for it to be said
/// again.
const AROUND_LINES: u32 = 10;
/// Characters of a quote, blanks left out; less is on every line.
const QUOTE_CHARS_MIN: usize = 4;
/// Characters of a message.
const MESSAGE_CHARS: std::ops::RangeInclusive<usize> = 10..=600;
/// So much of the words of two messages is the same when they say the same.
const SAME_WORDS: f64 = 0.4;
/// Lines of a finding that is about a place and not about a whole function.
const PLACE_LINES_MAX: u32 = 5;

/// Why a remark was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drop {
    NoSuchFile,
    NoSuchCode,
    NotChanged,
    Known,
    Refuted,
    Malformed,
    NoCode,
    OffTask,
    NotConfirmed,
    TooMany,
}

impl Drop {
    pub(super) const ALL: [Self; 10] = [
        Self::NoSuchFile,
        Self::NoSuchCode,
        Self::NotChanged,
        Self::Known,
        Self::Refuted,
        Self::Malformed,
        Self::NoCode,
        Self::OffTask,
        Self::NotConfirmed,
        Self::TooMany,
    ];

    /// Returns whether the remark said something that is not so.
    pub(super) fn is_wrong(self) -> bool {
        matches!(self, Self::NoSuchCode | Self::Refuted | Self::NotConfirmed)
    }

    /// Returns whether the remark was about something else.
    pub(super) fn is_beside(self) -> bool {
        matches!(
            self,
            Self::NoSuchFile
                | Self::NotChanged
                | Self::Known
                | Self::Malformed
                | Self::NoCode
                | Self::OffTask
        )
    }

    pub(super) fn why(self) -> &'static str {
        match self {
            Self::NoSuchFile => "on a file that was not shown",
            Self::NoSuchCode => "quoting code that is not there",
            Self::NotChanged => "away from what changed",
            Self::Known => "said already",
            Self::Refuted => "claiming what the code refutes",
            Self::Malformed => "saying nothing",
            Self::NoCode => "on lines without code",
            Self::OffTask => "about what was not asked",
            Self::NotConfirmed => "not confirmed when judged by itself",
            Self::TooMany => "over the limit of remarks",
        }
    }
}

/// Makes a finding of a remark.
pub(super) fn anchored<'f>(
    (subject, settings): (Subject<'_>, &Settings),
    plan: &ModelPlan,
    question: &ModelQuestion,
    remark: &ModelRemark,
    known: impl Iterator<Item = &'f Finding>,
) -> Result<Finding, Drop> {
    if !question.concerns.contains(&remark.concern) {
        return Err(Drop::OffTask);
    }
    let shown = question
        .files
        .iter()
        .find(|file| file.label == remark.path.trim());
    let shown = shown.ok_or(Drop::NoSuchFile)?;
    let change = &subject.change.files[shown.index];
    let head = change.head.as_ref().ok_or(Drop::NoSuchFile)?;
    let masked_head = masked(subject, settings, head).map_err(|_| Drop::NoSuchFile)?;
    let text = &masked_head.text;
    let line = find_line(text, shown, remark).ok_or(Drop::NoSuchCode)?;
    let mapping = match &change.base {
        Some(base) => {
            let base = masked(subject, settings, base).map_err(|_| Drop::NotChanged)?;
            LineMapping::new(assay_source::diff_lines(&base.text, text))
        }
        None => LineMapping::new(assay_source::diff_lines(&SourceText::from_text(""), text)),
    };
    if !mapping.hunks().iter().any(|hunk| is_beside(hunk, line)) {
        return Err(Drop::NotChanged);
    }
    let message = clean(&remark.message, &masked_head);
    if !MESSAGE_CHARS.contains(&message.chars().count())
        || !is_remark(&message, text, plan.prompts())
    {
        return Err(Drop::Malformed);
    }
    if !holds_code((settings, plan), (&head.path, text), line) {
        return Err(Drop::NoCode);
    }
    let location = location_of(head.path.clone(), text, line);
    let mut known = known.filter(|one| one.location.path == head.path);
    let category = remark.concern.category();
    if known.any(|one| says_the_same(one, line, category, &message)) {
        return Err(Drop::Known);
    }
    if is_refuted((subject, settings), plan, (head, line), remark) {
        return Err(Drop::Refuted);
    }
    let symbols = declared(settings, &head.path, text);
    let symbol = function_at(&symbols, text, line).map(|(symbol, _)| symbol.qualified_name.clone());
    let rule = remark.concern.rule();
    let mut identity = IdentityHasher::new(rule);
    identity.part(symbol.as_deref().unwrap_or_default());
    identity.part(&squeezed(text.line(line)));
    Ok(Finding {
        rule: RuleId::new(rule),
        severity: remark.severity.min(Severity::High),
        confidence: remark.confidence.min(Confidence::Medium),
        category,
        message,
        frame: frame::of(&location, text, &mapping),
        location,
        related: Vec::new(),
        measure: None,
        symbol,
        identity: identity.finish(),
        alias: None,
        tools: Vec::new(),
        fingerprint: Fingerprint::default(),
        state: State::Introduced,
        suppressed: None,
        fix: None,
    })
}

/// Returns a hash of the code around a finding: of its function, or of the lines beside
/// it where there is none. Blanks do not count.
pub(super) fn around((subject, settings): (Subject<'_>, &Settings), finding: &Finding) -> String {
    let (path, line) = (&finding.location.path, finding.location.start.line);
    let mut files = subject
        .change
        .files
        .iter()
        .filter_map(|file| file.head.as_ref());
    let head = files.find(|head| head.path == *path);
    let Some(Ok(masked)) = head.map(|head| masked(subject, settings, head)) else {
        return String::new();
    };
    let text = &masked.text;
    let symbols = declared(settings, path, text);
    let beside = line.saturating_sub(AROUND_LINES).max(1)
        ..=line
            .saturating_add(AROUND_LINES)
            .min(text.lines().line_count());
    let range = function_at(&symbols, text, line).map_or(beside, |(_, range)| range);
    let mut hasher = BlobKeyHasher::new("around 1");
    for at in range {
        hasher.add(squeezed(text.line(at)).as_bytes());
    }
    let key = hasher.finish();
    key[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_beside(hunk: &Hunk, line: u32) -> bool {
    let first = hunk.head.start.saturating_sub(BESIDE_LINES);
    (first..hunk.head.end().saturating_add(BESIDE_LINES)).contains(&line)
}

/// Takes out of a text what is no code: blanks.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Returns the shown line nearest to the remark's that holds what it quotes.
fn find_line(text: &SourceText, shown: &Shown, remark: &ModelRemark) -> Option<u32> {
    let quoted: Vec<String> = remark
        .quote
        .lines()
        .map(|line| squeezed(without_number(line)))
        .filter(|line| !line.is_empty())
        .collect();
    let first = quoted
        .first()
        .filter(|line| line.chars().count() >= QUOTE_CHARS_MIN)?;
    let holds = |line: u32| {
        let rest = quoted.iter().skip(1).zip(line.saturating_add(1)..);
        shown.lines.contains(&line) && squeezed(text.line(line)).contains(first) && { rest }
            .all(|(part, line)| squeezed(text.line(line)).contains(part))
    };
    let near = (0..=MISCOUNT_MAX)
        .flat_map(|away| [remark.line.checked_add(away), remark.line.checked_sub(away)]);
    near.flatten().find(|&line| holds(line))
}

/// Returns a line without the mark and the number that it was shown with.
fn without_number(line: &str) -> &str {
    let Some((before, code)) = line.split_once("| ") else {
        return line;
    };
    let is_mark = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ');
    match before.chars().all(is_mark) && before.len() <= 8 {
        true => code,
        false => line,
    }
}

fn location_of(path: assay_source::RepoPath, text: &SourceText, line: u32) -> Location {
    let start = text.lines().line_span(line).start;
    let written = text.line(line);
    let indent = (written.len() - written.trim_start().len()) as u32;
    let span = Span::new(
        start + indent,
        start + written.trim_end().len().max(indent as usize) as u32,
    );
    Location {
        path,
        span,
        start: text.position(span.start),
        end: text.position(span.end),
    }
}

/// Makes a message one line of plain text without secrets.
pub(super) fn clean(message: &str, masked: &MaskedText) -> String {
    let line: String = message
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    masked.redact(&mut line);
    line
}

/// What a remark never has a use for: what a page makes a picture or a link, and what
/// this program or a forge takes for a command.
const MARKS: &[&str] = &[
    "](",
    "```",
    "<!--",
    "<img",
    "<script",
    "<iframe",
    "<a ",
    "assay:",
    "/assay",
    "data:text",
    "javascript:",
    "mailto:",
    "www.",
];
/// Names that call many people.
const CALLS: &[&str] = &["everyone", "here", "channel", "all"];
/// Words of who approves instead of reviewing.
const APPROVAL: &[&str] = &[
    "lgtm",
    "looks good",
    "look good",
    "approved",
    "i approve",
    "can be merged",
    "safe to merge",
    "ready to merge",
    "great work",
    "good work",
    "excellent",
    "well done",
    "nice work",
    "no issues",
    "no problems found",
    "nothing to report",
];
/// So much of what the model is told in a row is no remark.
const ECHO_CHARS: usize = 40;

/// Returns whether a text calls somebody by name: what the code has itself, as Java has
/// `@Override`, is no name.
fn calls(message: &str, code: &SourceText) -> bool {
    let mut words = message.split(|c: char| c.is_whitespace() || "`'\"(),;".contains(c));
    words.any(|word| {
        let word = word.trim_end_matches(['.', ':', '!', '?']);
        let Some(name) = word.strip_prefix('@').filter(|name| !name.is_empty()) else {
            return false;
        };
        CALLS.contains(&name.to_lowercase().as_str()) || !code.as_str().contains(word)
    })
}

/// Returns whether a text has the address of something.
fn links(message: &str) -> bool {
    let mut ends = message
        .match_indices("://")
        .map(|(at, mark)| &message[at + mark.len()..]);
    ends.any(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
}

/// Returns whether a text is a remark on code: it holds nothing that acts where it is
/// shown, approves of nothing, and does not repeat what the model is told.
pub(super) fn is_remark(message: &str, code: &SourceText, prompts: &PromptSet) -> bool {
    let lower = message.to_lowercase();
    let acts = calls(message, code)
        || links(message)
        || lower.starts_with('/')
        || MARKS.iter().any(|mark| lower.contains(mark));
    let approves = APPROVAL.iter().any(|words| lower.contains(words));
    if acts || approves {
        return false;
    }
    let chars: Vec<char> = message.chars().collect();
    let mut windows = chars.windows(ECHO_CHARS).step_by(ECHO_CHARS / 4);
    !windows.any(|window| {
        let part: String = window.iter().collect();
        prompts.all().iter().any(|prompt| prompt.says(&part))
    })
}

/// Returns whether a line holds code: a comment does nothing wrong. What is there to
/// mislead who reads it is another matter.
fn holds_code(
    (settings, plan): (&Settings, &ModelPlan),
    (path, text): (&assay_source::RepoPath, &Arc<SourceText>),
    line: u32,
) -> bool {
    if plan
        .options
        .concerns
        .contains(&super::Concern::Maintainability)
    {
        return true;
    }
    let language = settings
        .language_for(path)
        .or_else(|| detect(path, text.as_str()));
    language.is_none_or(|language| {
        let parsed = parse(text, language, &settings.limits.parse);
        lines_with_code(path, text, &parsed).contains(&line)
    })
}

/// Returns whether a finding is about the same place and thing.
fn says_the_same(known: &Finding, line: u32, category: Category, message: &str) -> bool {
    let (first, last) = (known.location.start.line, known.location.end.line);
    if !(first..=last).contains(&line) || last - first >= PLACE_LINES_MAX {
        return false;
    }
    known.category == category || alike(&known.message, message)
}

fn alike(one: &str, other: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words
            .filter(|word| word.len() > 2)
            .map(str::to_lowercase)
            .collect()
    };
    let (one, other) = (words(one), words(other));
    let same = one.intersection(&other).count() as f64;
    let all = one.union(&other).count() as f64;
    all > 0.0 && same / all >= SAME_WORDS
}

#[cfg(test)]
mod tests {
    use assay_source::SourceText;

    use super::{alike, calls, links, squeezed, without_number};

    #[test]
    fn a_quote_is_read_with_and_without_its_number() {
        for (line, expected) in [
            ("    let a = 1;", "leta=1;"),
            ("+   12 | let a = 1;", "leta=1;"),
            ("   12 | a || b", "a||b"),
            ("a | b", "a|b"),
            ("-      | old", "old"),
            ("", ""),
        ] {
            assert_eq!(squeezed(without_number(line)), expected, "{line}");
        }
    }

    #[test]
    fn what_acts_where_it_is_shown_is_known() {
        let code = SourceText::from_text("@Override\nvoid a() {}\n");
        for (message, is_call) in [
            (
                "`@Override` stands on a method that overrides nothing",
                false,
            ),
            ("@octocat has to see this", true),
            ("tell @everyone!", true),
            ("a@b is no call", false),
        ] {
            assert_eq!(calls(message, &code), is_call, "{message}");
        }
        for (message, is_link) in [
            ("http:// is used where https:// is needed", false),
            ("see https://collect.example/?q=1", true),
        ] {
            assert_eq!(links(message), is_link, "{message}");
        }
    }

    #[test]
    fn messages_are_compared_by_their_words() {
        assert!(alike(
            "the file is never closed",
            "The file handle is never closed."
        ));
        assert!(!alike(
            "the file is never closed",
            "an index out of bounds panics"
        ));
        assert!(!alike("", ""));
    }
}
