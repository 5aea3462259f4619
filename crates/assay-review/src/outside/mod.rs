//! What other tools found, brought into the review: anchored in the head, told new from
//! existing, and said once together with what Assay says.
//!
//! A tool's finding is introduced when one of its first lines was added or altered by
//! the change, unless the tool itself says whether it is new. Assay knows nothing of
//! what the tool would have said of the base.

mod same;

use std::collections::{BTreeMap, HashMap};

use assay_finding::import::{ColumnUnit, Imported, OutsideFinding, OutsidePlace, OutsideState};
use assay_finding::{
    Attribution, Category, Coverage, Finding, Fingerprint, Frame, IdentityHasher, Location,
    Problem, RuleId, RuleMeta, SkipReason, State,
};
use assay_rules::{rule_by_id, rules};
use assay_source::{LineMapping, Position, RepoPath, SourceText, Span};

use self::same::{Said, is_same};
use crate::file::Examined;
use crate::frame;
use crate::gate::counted;
use crate::pipeline::Subject;
use crate::place::Places;
use crate::redact;
use crate::settings::Settings;

/// A tool's finding of more lines is new when one of its first ones is: a whole
/// function is not.
const FIRST_LINES: u32 = 10;
/// Findings of other tools in one review; the worst stay.
const FINDINGS_MAX: usize = 20_000;
/// Words that a rule's name has at most.
const NAME_BYTES_MAX: usize = 100;

/// Brings what other tools found, when it is asked for; it may have to wait for them.
pub trait OutsideFindings: Send + Sync {
    /// Returns what each of them came to.
    fn bring(&self) -> Vec<OutsideRun>;
}

/// What one tool, or one file of a tool's findings, came to.
#[derive(Clone, Debug)]
pub struct OutsideRun {
    /// What it is called, for people.
    pub source: String,
    /// What it found, or why that is not known.
    pub result: Result<Imported, String>,
}

/// What came of all of them.
#[derive(Default)]
pub(crate) struct Brought {
    /// The rules of the findings.
    pub(crate) rules: Vec<RuleMeta>,
    /// What was left out.
    pub(crate) notes: Vec<String>,
    /// What went wrong.
    pub(crate) problems: Vec<Problem>,
}

/// Adds to the findings what other tools found. What Assay says too is not added, but
/// attributed.
pub(crate) fn bring(
    subject: Subject<'_>,
    examined: &[Examined],
    settings: &Settings,
    findings: &mut Vec<Finding>,
) -> Brought {
    let mut brought = Brought::default();
    let Some(outside) = &settings.outside else {
        return brought;
    };
    let mut by_path: BTreeMap<RepoPath, Vec<OutsideFinding>> = BTreeMap::new();
    let mut taken = 0;
    for run in outside.bring() {
        for one in brought.open(run) {
            taken += 1;
            if taken <= FINDINGS_MAX {
                by_path.entry(one.path.clone()).or_default().push(one);
            }
        }
    }
    let mut left = Left {
        over: taken.saturating_sub(FINDINGS_MAX),
        ..Left::default()
    };
    let reader = Reader {
        subject,
        settings,
        places: Places::new(subject, examined),
    };
    let mut own: HashMap<RepoPath, Vec<usize>> = HashMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let path = finding.location.path.clone();
        own.entry(path).or_default().push(index);
    }
    let mut metas: BTreeMap<RuleId, RuleMeta> = BTreeMap::new();
    for (path, mut outside) in by_path {
        // The worst is the one that stays of several that say the same.
        outside.sort_by(|one, other| order(one).cmp(&order(other)));
        let anchored = reader.anchored(&path, &outside, &mut left);
        let near = own.entry(path).or_default();
        for (finding, one) in anchored {
            match near
                .iter()
                .find(|&&at| says_it(&findings[at], &metas, &finding, one))
            {
                Some(&at) => attribute(&mut findings[at], finding),
                None => {
                    metas
                        .entry(finding.rule.clone())
                        .or_insert_with(|| rule_meta(&finding, one));
                    near.push(findings.len());
                    findings.push(finding);
                }
            }
        }
    }
    brought.rules = metas.into_values().collect();
    brought.notes.extend(left.notes());
    brought
}

impl Brought {
    /// Takes the findings out of a run, and keeps what else it says.
    fn open(&mut self, run: OutsideRun) -> Vec<OutsideFinding> {
        let mut problem = |message: String| {
            self.problems.push(Problem {
                what: "other tools".to_owned(),
                path: None,
                message,
            });
        };
        let source = run.source;
        match run.result {
            Err(why) => {
                problem(format!("{source}: {why}"));
                Vec::new()
            }
            Ok(imported) => {
                for message in imported.problems {
                    problem(format!("{source}: {message}"));
                }
                let notes = imported.notes.into_iter();
                self.notes
                    .extend(notes.map(|note| format!("{source}: {note}")));
                imported.findings
            }
        }
    }
}

type Order<'a> = (
    u32,
    std::cmp::Reverse<assay_finding::Severity>,
    &'a str,
    &'a Option<String>,
    &'a str,
    u32,
);

/// By line, then the worst first; total, but for what is wholly the same.
fn order(one: &OutsideFinding) -> Order<'_> {
    let place = one.place;
    (
        place.map_or(0, |place| place.line),
        std::cmp::Reverse(one.severity),
        &one.tool,
        &one.rule,
        &one.message,
        place.and_then(|place| place.column).unwrap_or_default(),
    )
}

/// What was left out, and how often.
#[derive(Default)]
struct Left {
    over: usize,
    unread: usize,
    missing: usize,
    gone: usize,
}

impl Left {
    fn notes(&self) -> Vec<String> {
        let told = [
            (self.over, "over the limit of one review"),
            (self.unread, "in files that are not read"),
            (self.missing, "in files that are not in the tree"),
            (
                self.gone,
                "at lines that are not in the file: the tool saw another version",
            ),
        ];
        let told = told.into_iter().filter(|(count, _)| *count > 0);
        told.map(|(count, why)| {
            format!(
                "{} of other tools left out, {why}",
                counted(count, "finding")
            )
        })
        .collect()
    }
}

struct Reader<'a> {
    subject: Subject<'a>,
    settings: &'a Settings,
    places: Places<'a>,
}

impl Reader<'_> {
    /// Makes findings of what is said of one file.
    fn anchored<'o>(
        &self,
        path: &RepoPath,
        outside: &'o [OutsideFinding],
        left: &mut Left,
    ) -> Vec<(Finding, &'o OutsideFinding)> {
        let examined = self.places.examined(path);
        if self.is_unread(path, examined) {
            left.unread += outside.len();
            return Vec::new();
        }
        let Some(text) = self.places.text(path) else {
            left.missing += outside.len();
            return Vec::new();
        };
        let secrets = examined.and_then(|file| file.secrets.as_deref());
        let masked = redact::mask_file(path, &text, secrets, &self.settings.secret_rules);
        let unchanged = LineMapping::default();
        let mapping = examined.map_or(&unchanged, |file| &file.versions.mapping);
        let is_new = self.subject.is_scan || self.is_added(path);
        let mut findings = Vec::new();
        for one in outside {
            let Some(location) = location(path, &text, one.place) else {
                left.gone += 1;
                continue;
            };
            let state = match one.state {
                Some(OutsideState::New) => State::Introduced,
                Some(OutsideState::Unchanged) => State::Existing,
                None if is_new => State::Introduced,
                None => state_of(&location, one.place.is_some(), mapping),
            };
            let mut finding = finding(one, location, &text, state);
            redact::finding(&mut finding, &masked);
            if one.place.is_some() {
                finding.frame = frame::of(&finding.location, &masked.text, mapping);
            }
            findings.push((finding, one));
        }
        findings
    }

    /// Returns whether nobody wants to hear of the file.
    fn is_unread(&self, path: &RepoPath, examined: Option<&Examined>) -> bool {
        let excluded = &self.settings.exclude;
        let is_excluded = |name: &str| excluded.iter().any(|(_, glob)| glob.is_match(name));
        let is_skipped = examined.is_some_and(|file| {
            matches!(
                file.entry.coverage,
                Coverage::Skipped(
                    SkipReason::Excluded(_)
                        | SkipReason::Vendored(_)
                        | SkipReason::Generated(_)
                        | SkipReason::Minified
                )
            )
        });
        is_skipped || path.as_str().is_some_and(is_excluded)
    }

    fn is_added(&self, path: &RepoPath) -> bool {
        let files = &self.subject.change.files;
        files.iter().any(|file| {
            file.base.is_none() && file.head.as_ref().is_some_and(|head| head.path == *path)
        })
    }
}

fn state_of(location: &Location, has_place: bool, mapping: &LineMapping) -> State {
    let first = location.start.line;
    let last = location.end.line.clamp(first, first + FIRST_LINES - 1);
    match has_place && mapping.touches(first, last) {
        true => State::Introduced,
        false => State::Existing,
    }
}

/// Returns where a place is in the text; none when it is not.
fn location(path: &RepoPath, text: &SourceText, place: Option<OutsidePlace>) -> Option<Location> {
    let Some(place) = place else {
        let start = Position { line: 1, column: 1 };
        return Some(Location {
            path: path.clone(),
            span: Span::new(0, 0),
            start,
            end: start,
        });
    };
    let count = text.lines().line_count();
    // Some tools put what is missing at the end of a file on the line after it.
    let line = match place.line == count + 1 && count > 0 {
        true => count,
        false => place.line,
    };
    if line == 0 || line > count {
        return None;
    }
    let end_line = place.end_line.clamp(line, count);
    let start = match place.column {
        Some(column) => offset(text, line, column, place.unit),
        None => line_start(text, line),
    };
    let end = match place.end_column {
        Some(column) if place.end_line == end_line => offset(text, end_line, column, place.unit),
        _ => line_end(text, end_line),
    };
    let span = Span::new(start, end.max(start));
    Some(Location {
        path: path.clone(),
        span,
        start: text.position(span.start),
        end: text.position(span.end),
    })
}

fn line_start(text: &SourceText, line: u32) -> u32 {
    let written = text.line(line);
    text.lines().line_span(line).start + (written.len() - written.trim_start().len()) as u32
}

fn line_end(text: &SourceText, line: u32) -> u32 {
    text.lines().line_span(line).start + text.line(line).trim_end().len() as u32
}

/// Returns the byte of a column of a line; its end for a column behind it.
fn offset(text: &SourceText, line: u32, column: u32, unit: ColumnUnit) -> u32 {
    let written = text.line(line);
    let before = column.saturating_sub(1) as usize;
    let at = match unit {
        ColumnUnit::Byte => written.floor_char_boundary(before),
        ColumnUnit::Char => written
            .char_indices()
            .nth(before)
            .map_or(written.len(), |(at, _)| at),
        ColumnUnit::Utf16 => {
            let mut units = 0;
            let mut parts = written.char_indices();
            let found = parts.find(|(_, part)| {
                let is_there = units >= before;
                units += part.len_utf16();
                is_there
            });
            found.map_or(written.len(), |(at, _)| at)
        }
    };
    text.lines().line_span(line).start + at as u32
}

fn finding(one: &OutsideFinding, location: Location, text: &SourceText, state: State) -> Finding {
    let rule = rule_id(one);
    let mut identity = IdentityHasher::new(rule.as_str());
    match one.place {
        Some(_) => identity.part(&squeezed(text.line(location.start.line))),
        None => identity.part(&location.path.to_display()),
    };
    // Without a rule, only the words tell one from another.
    if one.rule.is_none() {
        identity.part(&squeezed(&one.message));
    }
    Finding {
        severity: one.severity,
        confidence: one.confidence,
        category: category(one),
        message: first_line(&one.message),
        location,
        related: Vec::new(),
        measure: None,
        symbol: None,
        identity: identity.finish(),
        alias: None,
        tools: vec![attribution(one)],
        fingerprint: Fingerprint::default(),
        state,
        suppressed: None,
        fix: None,
        frame: Frame::default(),
        rule,
    }
}

fn attribution(one: &OutsideFinding) -> Attribution {
    Attribution {
        tool: one.tool.clone(),
        rule: one.rule.clone(),
        url: one.url.clone(),
    }
}

fn category(one: &OutsideFinding) -> Category {
    one.category.unwrap_or(match one.cwe.is_empty() {
        true => Category::Maintainability,
        false => Category::Security,
    })
}

/// Makes one paragraph of a message.
fn first_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Returns `eslint/no-eval`. A tool that is called like one of Assay's packs does not
/// speak in its name.
fn rule_id(one: &OutsideFinding) -> RuleId {
    let mut pack = slug(&one.tool);
    if pack.is_empty() {
        "tool".clone_into(&mut pack);
    }
    let is_own = rules().iter().any(|rule| rule.pack() == pack) || pack == crate::MODEL_PACK;
    if is_own {
        pack.insert_str(0, "tool-");
    }
    let mut name = one.rule.as_deref().map(slug).unwrap_or_default();
    if name.is_empty() {
        "finding".clone_into(&mut name);
    }
    RuleId::new(&format!("{pack}/{name}"))
}

/// Makes lower case words joined by `-`.
fn slug(text: &str) -> String {
    let mut out = String::new();
    for part in text.chars() {
        if part.is_ascii_alphanumeric() {
            out.push(part.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() >= NAME_BYTES_MAX {
            break;
        }
    }
    out.trim_end_matches('-').to_owned()
}

fn rule_meta(finding: &Finding, one: &OutsideFinding) -> RuleMeta {
    let name = one.rule.as_deref().unwrap_or("a finding");
    let about = one.url.as_ref();
    let about = about.map_or_else(String::new, |url| format!(" See <{url}>."));
    RuleMeta {
        id: finding.rule.clone(),
        title: one
            .title
            .clone()
            .unwrap_or_else(|| format!("{name} of {}", one.tool)),
        summary: format!("{} says this; Assay did not look for it itself.", one.tool),
        description: format!(
            "`{}` says this as `{}`. It is shown as the tool says it; what it means is in the tool's own documentation.{about}\n",
            one.tool.replace('`', "'"),
            name.replace('`', "'"),
        ),
        severity: finding.severity,
        confidence: finding.confidence,
        category: finding.category,
        cwe: one.cwe.clone(),
        tags: vec!["other-tool".to_owned()],
    }
}

/// Returns whether a finding that is known says what another does.
fn says_it(
    known: &Finding,
    metas: &BTreeMap<RuleId, RuleMeta>,
    finding: &Finding,
    one: &OutsideFinding,
) -> bool {
    let own = rule_by_id(known.rule.as_str()).map(|rule| rule.meta().cwe.clone());
    let cwe = own.or_else(|| Some(metas.get(&known.rule)?.cwe.clone()));
    let cwe = cwe.unwrap_or_default();
    let known = Said {
        rule: known.rule.as_str(),
        cwe: &cwe,
        location: &known.location,
        message: &known.message,
    };
    let other = Said {
        rule: finding.rule.as_str(),
        cwe: &one.cwe,
        location: &finding.location,
        message: &finding.message,
    };
    is_same(known, other)
}

/// Notes that a tool says it too. What two say independently is surer.
fn attribute(known: &mut Finding, finding: Finding) {
    known.confidence = known.confidence.max(finding.confidence);
    known.tools.extend(finding.tools);
    known.tools.sort_unstable();
    known.tools.dedup();
}
