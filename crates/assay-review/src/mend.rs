//! Applies the fixes of findings to a file, and proves that they mend it.
//!
//! A fix is kept when the mended text parses as well as before, the finding is
//! gone, and no other rule finds what it did not. Fixes that overlap wait for the
//! next round; a fix that fails its proof is left out, with the reason.

use std::collections::HashSet;
use std::sync::Arc;

use assay_finding::{Edit, Finding, Fix, FixSafety, Identity, RuleId};
use assay_rules::FileInput;
use assay_source::{LineEnding, RepoPath, SourceText, unified_diff};
use assay_syntax::{Language, ParsedFile, detect, parse};

use crate::engines::Engines;
use crate::metrics::measure_file;
use crate::redact::mask_file;
use crate::settings::Settings;

/// Fixes whose finding another fix moved or covers get so many more turns.
const ROUNDS_MAX: usize = 10;

/// A file with what is to be mended in it.
#[derive(Clone, Copy, Debug)]
pub struct MendInput<'a> {
    /// The path, which the language and the settings depend on.
    pub path: &'a RepoPath,
    /// The text that the findings are about.
    pub text: &'a Arc<SourceText>,
    /// The findings; those without a fix are passed over.
    pub findings: &'a [&'a Finding],
    /// Whether fixes that may change behaviour are applied too.
    pub allow_unsafe: bool,
}

/// What came of mending a file.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The mended text; the given one when nothing was applied.
    pub text: Arc<SourceText>,
    /// What was applied.
    pub applied: Vec<MendedFinding>,
    /// What was not, and why.
    pub left: Vec<LeftFinding>,
    /// The difference as a unified diff, with secrets masked; empty when
    /// nothing was applied.
    pub diff: String,
}

/// A finding that was mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendedFinding {
    /// The rule.
    pub rule: RuleId,
    /// The line before anything was mended.
    pub line: u32,
    /// What the fix did.
    pub title: String,
}

/// A finding whose fix was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftFinding {
    /// The rule.
    pub rule: RuleId,
    /// The line before anything was mended.
    pub line: u32,
    /// Why not.
    pub reason: LeftReason,
}

/// Why a fix was not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftReason {
    /// It may change behaviour, and that was not allowed.
    Unsafe,
    /// The text would not parse as well as before.
    BreaksSyntax,
    /// The finding would still be there.
    LeavesFinding,
    /// Another rule would find something that it did not.
    BringsFinding,
    /// Another fix took its place.
    Overtaken,
}

impl LeftReason {
    /// Returns the reason as part of a sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsafe => "the fix may change behaviour",
            Self::BreaksSyntax => "the fix would break the syntax",
            Self::LeavesFinding => "the finding would still be there",
            Self::BringsFinding => "the fix would bring another finding",
            Self::Overtaken => "another fix took its place",
        }
    }
}

/// Mends a file.
pub fn mend(input: MendInput<'_>, settings: &Settings) -> Mended {
    let engines = Engines::new(settings, false);
    let mut work = Work {
        path: input.path,
        settings,
        engines: &engines,
        language: language_of(input.path, input.text, settings),
        allow_unsafe: input.allow_unsafe,
        wanted: Vec::new(),
        applied: Vec::new(),
        left: Vec::new(),
    };
    for finding in input.findings {
        let Some(fix) = &finding.fix else { continue };
        let line = finding.location.start.line;
        if fix.safety == FixSafety::Unsafe && !input.allow_unsafe {
            work.leave(finding.rule.clone(), line, LeftReason::Unsafe);
        } else {
            work.wanted.push(Wanted {
                rule: finding.rule.clone(),
                identity: finding.identity,
                line,
                start: finding.location.span.start,
            });
        }
    }
    let text = work.run(Arc::clone(input.text));
    work.applied.sort_by_key(|applied| applied.line);
    work.left.sort_by_key(|left| left.line);
    let diff = if work.applied.is_empty() {
        String::new()
    } else {
        shown_difference(input.path, input.text, &text, settings)
    };
    Mended {
        text,
        applied: work.applied,
        left: work.left,
        diff,
    }
}

/// A finding that is to be mended, where it is by now.
#[derive(Clone, Debug)]
struct Wanted {
    rule: RuleId,
    identity: Identity,
    line: u32,
    start: u32,
}

/// What is known of a text.
struct Analysis {
    text: Arc<SourceText>,
    findings: Vec<Finding>,
    errors: usize,
}

impl Analysis {
    fn identities(&self) -> HashSet<(&str, Identity)> {
        let identities = self.findings.iter();
        identities
            .map(|finding| (finding.rule.as_str(), finding.identity))
            .collect()
    }
}

struct Work<'a> {
    path: &'a RepoPath,
    settings: &'a Settings,
    engines: &'a Engines<'a>,
    language: Option<&'static Language>,
    allow_unsafe: bool,
    wanted: Vec<Wanted>,
    applied: Vec<MendedFinding>,
    left: Vec<LeftFinding>,
}

impl Work<'_> {
    fn leave(&mut self, rule: RuleId, line: u32, reason: LeftReason) {
        self.left.push(LeftFinding { rule, line, reason });
    }

    fn run(&mut self, text: Arc<SourceText>) -> Arc<SourceText> {
        let mut analysis = self.analyse(text);
        for _ in 0..ROUNDS_MAX {
            let batch = self.batch(&analysis);
            if batch.is_empty() {
                break;
            }
            analysis = match self.attempt(&analysis, &batch) {
                Ok(mended) => {
                    self.accept(&batch);
                    mended
                }
                Err(_) => self.one_by_one(analysis, &batch),
            };
        }
        for wanted in std::mem::take(&mut self.wanted) {
            self.leave(wanted.rule, wanted.line, LeftReason::Overtaken);
        }
        analysis.text
    }

    /// Returns the fixes of wanted findings that do not overlap, in order, each
    /// with the place of its finding in `wanted`.
    fn batch(&self, analysis: &Analysis) -> Vec<(usize, Fix)> {
        let mut batch: Vec<(usize, Fix)> = Vec::new();
        let mut end = None;
        for finding in &analysis.findings {
            let Some(fix) = finding.fix.as_ref().filter(|fix| {
                !fix.edits.is_empty() && (fix.safety == FixSafety::Safe || self.allow_unsafe)
            }) else {
                continue;
            };
            let is_wanted = |wanted: &Wanted| wanted.rule == finding.rule;
            let start = finding.location.span.start;
            let exact = self
                .wanted
                .iter()
                .position(|wanted| is_wanted(wanted) && wanted.start == start);
            let wanted = exact.or_else(|| {
                self.wanted
                    .iter()
                    .position(|wanted| is_wanted(wanted) && wanted.identity == finding.identity)
            });
            let Some(wanted) = wanted else { continue };
            let first = fix.edits[0].span.start;
            let last = fix.edits[fix.edits.len() - 1].span.end;
            let is_taken = batch.iter().any(|(taken, _)| *taken == wanted);
            if !is_taken && end.is_none_or(|end| first > end) {
                batch.push((wanted, fix.clone()));
                end = Some(last);
            }
        }
        batch
    }

    /// Applies fixes and proves the result.
    fn attempt(&self, before: &Analysis, batch: &[(usize, Fix)]) -> Result<Analysis, LeftReason> {
        let edits = batch
            .iter()
            .flat_map(|(_, fix)| &fix.edits)
            .map(|edit| Edit {
                span: edit.span,
                text: with_line_ends(&edit.text, before.text.line_ending()),
            })
            .collect();
        let fix = Fix {
            title: String::new(),
            safety: FixSafety::Safe,
            edits,
        };
        let text = fix
            .apply(before.text.as_str())
            .ok_or(LeftReason::Overtaken)?;
        let after = self.analyse(Arc::new(before.text.with_text(text)));
        if after.errors > before.errors {
            return Err(LeftReason::BreaksSyntax);
        }
        for (wanted, fix) in batch {
            let wanted = &self.wanted[*wanted];
            let start = moved(wanted.start, batch);
            // Where a fix put its text the finding's start is not known.
            let reach = fix.edits.iter().map(|edit| edit.text.len() as u32).sum();
            let is_there = after.findings.iter().any(|finding| {
                finding.rule == wanted.rule
                    && finding.identity == wanted.identity
                    && finding.location.span.start.abs_diff(start) <= reach
            });
            if is_there {
                return Err(LeftReason::LeavesFinding);
            }
        }
        let known = before.identities();
        let is_mended = |finding: &Finding| {
            batch
                .iter()
                .any(|(wanted, _)| self.wanted[*wanted].rule == finding.rule)
        };
        let brings = |finding: &Finding| {
            !is_mended(finding) && !known.contains(&(finding.rule.as_str(), finding.identity))
        };
        if after.findings.iter().any(brings) {
            return Err(LeftReason::BringsFinding);
        }
        Ok(after)
    }

    /// Finds out which fixes of a batch can be kept, from the last in the text
    /// to the first: what is before a fix does not move.
    fn one_by_one(&mut self, mut analysis: Analysis, batch: &[(usize, Fix)]) -> Analysis {
        let mut gone = Vec::new();
        for single in batch.iter().rev() {
            match self.attempt(&analysis, std::slice::from_ref(single)) {
                Ok(mended) => {
                    self.note_applied(single);
                    self.shift(std::slice::from_ref(single));
                    analysis = mended;
                }
                Err(reason) => {
                    let wanted = &self.wanted[single.0];
                    self.left.push(LeftFinding {
                        rule: wanted.rule.clone(),
                        line: wanted.line,
                        reason,
                    });
                }
            }
            gone.push(single.0);
        }
        self.forget(gone);
        analysis
    }

    fn accept(&mut self, batch: &[(usize, Fix)]) {
        for single in batch {
            self.note_applied(single);
        }
        self.shift(batch);
        self.forget(batch.iter().map(|(wanted, _)| *wanted).collect());
    }

    fn note_applied(&mut self, (wanted, fix): &(usize, Fix)) {
        let wanted = &self.wanted[*wanted];
        self.applied.push(MendedFinding {
            rule: wanted.rule.clone(),
            line: wanted.line,
            title: fix.title.clone(),
        });
    }

    fn forget(&mut self, mut gone: Vec<usize>) {
        gone.sort_unstable();
        for index in gone.into_iter().rev() {
            self.wanted.remove(index);
        }
    }

    /// Moves the wanted findings to where they are after the edits.
    fn shift(&mut self, batch: &[(usize, Fix)]) {
        for wanted in &mut self.wanted {
            wanted.start = moved(wanted.start, batch);
        }
    }

    fn analyse(&self, text: Arc<SourceText>) -> Analysis {
        let parsed = self
            .language
            .map(|language| parse(&text, language, &self.settings.limits.parse));
        let measured = parsed.as_ref().map(measure_file);
        let engine = self.engines.for_path(self.path);
        let input = FileInput {
            path: self.path,
            text: &text,
            parsed: parsed.as_ref(),
            metrics: measured.as_ref(),
        };
        let mut findings = engine.run(&input).findings;
        if let Some(project) = &self.settings.project {
            findings.extend(project.run(&input).0);
        }
        engine.suppress(&input, &mut findings, self.settings.today);
        findings.retain(|finding| finding.suppressed.is_none());
        findings.sort_by_key(|finding| {
            let first = finding.fix.as_ref().and_then(|fix| fix.edits.first());
            first.map_or(finding.location.span.start, |edit| edit.span.start)
        });
        Analysis {
            text,
            findings,
            errors: parsed.as_ref().map_or(0, error_bytes),
        }
    }
}

/// Returns where a place is after the edits before it.
fn moved(start: u32, batch: &[(usize, Fix)]) -> u32 {
    let moved: i64 = batch
        .iter()
        .flat_map(|(_, fix)| &fix.edits)
        .take_while(|edit| edit.span.end <= start)
        .map(|edit| edit.text.len() as i64 - i64::from(edit.span.len()))
        .sum();
    u32::try_from(i64::from(start) + moved).unwrap_or(0)
}

/// Returns how much of a text does not parse, more being worse.
fn error_bytes(parsed: &ParsedFile) -> usize {
    match parsed.trees.is_empty() {
        true => usize::MAX,
        false => parsed.errors().map(|span| 1 + span.len() as usize).sum(),
    }
}

/// Returns whether a mended text parses worse than the text before.
pub(crate) fn breaks_syntax(
    path: &RepoPath,
    before: &Arc<SourceText>,
    after: &Arc<SourceText>,
    settings: &Settings,
) -> bool {
    let errors = |text: &Arc<SourceText>| {
        let language = language_of(path, text, settings);
        let parsed = language.map(|language| parse(text, language, &settings.limits.parse));
        parsed.as_ref().map_or(0, error_bytes)
    };
    errors(after) > errors(before)
}

/// Returns what differs as a unified diff, with secrets masked.
pub(crate) fn shown_difference(
    path: &RepoPath,
    before: &Arc<SourceText>,
    after: &Arc<SourceText>,
    settings: &Settings,
) -> String {
    let masked = |text| mask_file(path, text, None, &settings.secret_rules).text;
    unified_diff(&path.to_display(), &masked(before), &masked(after))
}

fn language_of(
    path: &RepoPath,
    text: &SourceText,
    settings: &Settings,
) -> Option<&'static Language> {
    settings
        .language_for(path)
        .or_else(|| detect(path, text.as_str()))
}

/// Fixes are written with `\n`; a file keeps its own line ends.
pub(crate) fn with_line_ends(text: &str, ending: LineEnding) -> String {
    match ending {
        LineEnding::Crlf => text.replace("\r\n", "\n").replace('\n', "\r\n"),
        _ => text.to_owned(),
    }
}
