//! What every format sums up in the same words: counts, coverage, the fix.

use std::collections::HashSet;

use assay_source::{ChangeStatus, Position, RepoPath, Span};

use super::RenderOptions;
use super::text::{count, is_hidden, number};
use crate::finding::{
    Attribution, Finding, Frame, FrameLine, Location, Measure, Related, Severity, State,
};
use crate::ledger::{Coverage, Ledger, SkipReason};
use crate::report::{AboutPart, MetricDelta, PackageDifference, PackageStep, Report, Score};
use crate::suppression::SuppressedBy;

/// The severities from worst to least.
pub(super) const WORST_FIRST: [Severity; 5] = [
    Severity::Critical,
    Severity::High,
    Severity::Medium,
    Severity::Low,
    Severity::Info,
];

/// Returns the findings that a format for people shows: those that count, then
/// the existing ones when they are asked for. Suppressed ones are only counted.
pub(super) fn shown<'a>(report: &'a Report, options: &RenderOptions) -> Vec<&'a Finding> {
    let mut shown: Vec<_> = report.introduced().collect();
    if options.show_existing {
        shown.extend(existing(report));
    }
    shown
}

/// Returns the findings that a format for people shows in full: those that
/// [`shown`] has and the last review of the change did not say.
pub(super) fn shown_anew<'a>(report: &'a Report, options: &RenderOptions) -> Vec<&'a Finding> {
    let mut shown = shown(report, options);
    shown.retain(|finding| !report.was_said(finding));
    shown
}

/// Says how the report stands to the last one of the same change.
pub(super) fn since_text(report: &Report) -> Option<String> {
    let since = report.since.as_ref()?;
    let new = report.introduced().count() - since.still.len();
    let still = match since.still.len() {
        1 => "1 said before is still there".to_owned(),
        n => format!("{n} said before are still there"),
    };
    let gone = match since.gone {
        1 => "1 is gone".to_owned(),
        n => format!("{n} are gone"),
    };
    Some(format!("{}, {still}, {gone}", count(new, "new finding")))
}

/// Says what the change is about: its parts, and the rest in numbers.
pub(super) fn about_texts(report: &Report) -> Option<(String, String)> {
    let about = report
        .about
        .as_ref()
        .filter(|about| !about.parts.is_empty())?;
    let part = |part: &AboutPart| format!("{} {}", part.kind, part.files);
    let parts: Vec<String> = about.parts.iter().map(part).collect();
    let numbers = format!(
        "risk {} of 100 ({}), effort {} of 5",
        about.risk, about.risk_word, about.effort
    );
    Some((parts.join(", "), numbers))
}

/// Returns the findings that the base has as well and nothing silences.
pub(super) fn existing(report: &Report) -> impl Iterator<Item = &Finding> {
    report
        .findings
        .iter()
        .filter(|finding| finding.state == State::Existing && finding.suppressed.is_none())
}

/// Returns `2 high, 1 low` for the findings that count; empty for none.
pub(super) fn severity_counts(report: &Report) -> Vec<(Severity, usize)> {
    WORST_FIRST
        .into_iter()
        .map(|severity| (severity, report.introduced_count(severity)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Returns how many findings each means silences, those that occur only.
pub(super) fn suppressed_counts(report: &Report) -> Vec<(SuppressedBy, usize)> {
    [
        SuppressedBy::Comment,
        SuppressedBy::Configuration,
        SuppressedBy::Baseline,
        SuppressedBy::Confidence,
        SuppressedBy::Feedback,
    ]
    .into_iter()
    .map(|by| {
        let silenced = |finding: &&Finding| finding.suppressed.as_ref().is_some_and(|s| s.by == by);
        (by, report.findings.iter().filter(silenced).count())
    })
    .filter(|(_, count)| *count > 0)
    .collect()
}

/// Files and hunks that were left out for the same kind of reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SkipGroup {
    /// The word for the reason.
    pub(super) reason: &'static str,
    /// How many files.
    pub(super) files: usize,
    /// How many hunks.
    pub(super) hunks: usize,
    /// Whether the review is not whole because of it.
    pub(super) is_failure: bool,
    /// The first place in words, for when it is the only one.
    pub(super) first: String,
}

/// The ledger in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CoverageDigest {
    pub(super) files: usize,
    pub(super) hunks: usize,
    pub(super) analysed: usize,
    pub(super) partial: usize,
    /// Files with hunks of which each was read.
    pub(super) files_analysed: usize,
    pub(super) skips: Vec<SkipGroup>,
    pub(super) is_complete: bool,
}

impl CoverageDigest {
    pub(super) fn new(ledger: &Ledger) -> Self {
        let mut this = Self {
            files: ledger.files.len(),
            hunks: ledger.hunk_count(),
            is_complete: ledger.is_complete(),
            ..Self::default()
        };
        for file in &ledger.files {
            let mut reasons: Vec<(&SkipReason, usize)> = Vec::new();
            if let Coverage::Skipped(reason) = &file.coverage {
                reasons.push((reason, 0));
            } else {
                this.files_analysed += 1;
            }
            for hunk in &file.hunks {
                match &hunk.coverage {
                    Coverage::Analysed(_) => this.analysed += 1,
                    Coverage::Partial(..) => this.partial += 1,
                    Coverage::Skipped(reason) => {
                        match reasons
                            .iter_mut()
                            .find(|(r, _)| r.as_str() == reason.as_str())
                        {
                            Some((_, hunks)) => *hunks += 1,
                            None => reasons.push((reason, 1)),
                        }
                    }
                }
            }
            for (reason, hunks) in reasons {
                this.add_skip(&file.path, reason, hunks);
            }
        }
        this
    }

    fn add_skip(&mut self, path: &RepoPath, reason: &SkipReason, hunks: usize) {
        let word = reason.as_str();
        if let Some(group) = self.skips.iter_mut().find(|group| group.reason == word) {
            group.files += 1;
            group.hunks += hunks;
            group.is_failure |= reason.is_failure();
        } else {
            self.skips.push(SkipGroup {
                reason: word,
                files: 1,
                hunks,
                is_failure: reason.is_failure(),
                first: format!("{path}: {reason}"),
            });
        }
    }

    /// Returns `12 of 14 hunks in 5 files analysed`.
    pub(super) fn headline(&self) -> String {
        if self.files == 0 {
            return "no file differs".to_owned();
        }
        let mut text = if self.hunks == 0 {
            format!("no changed line in {}", count(self.files, "file"))
        } else {
            format!(
                "{} of {} in {} analysed",
                self.analysed,
                count(self.hunks, "hunk"),
                count(self.files, "file")
            )
        };
        if self.partial > 0 {
            text.push_str(&format!(", {} in part", self.partial));
        }
        text
    }

    /// Returns `2 binary files`, `3 symbolic links`, ... for what was not read.
    pub(super) fn skip_texts(&self) -> Vec<String> {
        self.skips
            .iter()
            .map(|group| {
                if group.files == 1 {
                    return group.first.clone();
                }
                let (files, what) = (group.files, group.reason);
                match what {
                    "symlink" => format!("{files} symbolic links"),
                    "submodule" => format!("{files} submodules"),
                    "lfs-pointer" => format!("{files} Git LFS pointers"),
                    "too-large" => format!("{files} files too large"),
                    "too-many-files" => format!("{files} files over the limit of files"),
                    "unreadable" => format!("{files} files could not be read"),
                    "failed" => format!("{files} files where the analysis failed"),
                    "budget" => format!("{files} files over a limit of work"),
                    "no-content-change" => format!("{files} files without a changed line"),
                    adjective => format!("{files} {adjective} files"),
                }
            })
            .collect()
    }
}

/// Returns whether there is nothing at all that a reader must act on or know.
pub(super) fn is_clean(report: &Report) -> bool {
    report.introduced().next().is_none()
        && report.gate.passed()
        && report.problems.is_empty()
        && report.ledger.is_complete()
}

/// Returns the grade; a question mark for what is no letter.
pub(super) fn grade(score: &Score) -> char {
    if score.grade.is_ascii_alphabetic() {
        score.grade
    } else {
        '?'
    }
}

/// Returns what makes the review incomplete: the problems, and the files that
/// should have been read and were not, each once.
pub(super) fn failures(report: &Report) -> Vec<(Option<&RepoPath>, String)> {
    let problems = report.problems.iter().map(|problem| {
        let text = format!("{}: {}", problem.what, problem.message);
        (problem.path.as_ref(), text)
    });
    let unread = report.ledger.files.iter().filter_map(|file| {
        let hunks = file.hunks.iter().map(|hunk| &hunk.coverage);
        let mut coverages = std::iter::once(&file.coverage).chain(hunks);
        coverages.find_map(|coverage| match coverage {
            Coverage::Skipped(reason) if reason.is_failure() => {
                Some((Some(&file.path), format!("not analysed: {reason}")))
            }
            _ => None,
        })
    });
    let mut seen = HashSet::new();
    let mut failures: Vec<_> = problems.chain(unread).collect();
    failures.retain(|failure| seen.insert(failure.clone()));
    failures
}

/// Returns the path as other tools compare it: as git has it, in the display
/// form when that holds what must not be shown.
pub(super) fn plain_path(path: &RepoPath) -> String {
    match path.as_str() {
        Some(text) if !text.chars().any(is_hidden) => text.to_owned(),
        _ => path.to_display(),
    }
}

/// Returns `said by eslint (no-eval), tsc (TS2304)`; none when no other tool said it.
pub(super) fn tools_text(finding: &Finding) -> Option<String> {
    let name = |one: &Attribution| match &one.rule {
        Some(rule) => format!("{} ({rule})", one.tool),
        None => one.tool.clone(),
    };
    let names: Vec<String> = finding.tools.iter().map(name).collect();
    (!names.is_empty()).then(|| format!("said by {}", names.join(", ")))
}

/// Returns `cyclomatic 27, limit 20, was 14`.
pub(super) fn measure_text(measure: &Measure) -> String {
    let mut text = format!(
        "{} {}, limit {}",
        measure.metric,
        number(measure.value),
        number(measure.threshold)
    );
    if let Some(base) = measure.base {
        text.push_str(&format!(", was {}", number(base)));
    }
    text
}

/// Returns the word for what a change did to a file.
pub(super) fn status_str(status: ChangeStatus) -> &'static str {
    match status {
        ChangeStatus::Added => "added",
        ChangeStatus::Deleted => "deleted",
        ChangeStatus::Modified => "modified",
        ChangeStatus::Renamed { .. } => "renamed",
        ChangeStatus::Copied { .. } => "copied",
        ChangeStatus::TypeChanged => "type-changed",
        ChangeStatus::Unmerged => "unmerged",
    }
}

/// Returns the analyzers of a coverage, if any read it.
pub(super) fn analyzers(coverage: &Coverage) -> &[&'static str] {
    match coverage {
        Coverage::Analysed(analyzers) | Coverage::Partial(analyzers, _) => analyzers,
        Coverage::Skipped(_) => &[],
    }
}

/// Returns why something was not read, or not wholly.
pub(super) fn coverage_detail(coverage: &Coverage) -> Option<String> {
    match coverage {
        Coverage::Analysed(_) => None,
        Coverage::Partial(_, why) => Some(why.clone()),
        Coverage::Skipped(reason) => Some(reason.to_string()),
    }
}

/// Returns where an edit starts and ends as lines and columns, read from the
/// frame; nothing when the frame does not hold those lines.
pub(super) fn edit_place(frame: &Frame, span: Span) -> Option<(Position, Position)> {
    let start = position_in(frame, span.start)?;
    let end = position_in(frame, span.end)?;
    (start <= end).then_some((start, end))
}

/// The bytes that a line end takes at most.
const LINE_END_BYTES_MAX: u32 = 2;

fn position_in(frame: &Frame, offset: u32) -> Option<Position> {
    let mut before = None;
    for line in &frame.lines {
        if (line.span.start..=line.span.end).contains(&offset) {
            let at = (offset - line.span.start) as usize;
            let column = line.text.get(..at)?.chars().count();
            return Some(Position {
                line: line.number,
                column: u32::try_from(column).ok()?.saturating_add(1),
            });
        }
        if line.span.end < offset {
            before = Some(line);
        }
    }
    // An edit that takes a line with its line end stops at the next line, which
    // the frame need not hold.
    let before = before?;
    let next = before.number.checked_add(1)?;
    let is_near = offset - before.span.end <= LINE_END_BYTES_MAX;
    let is_held = frame.lines.iter().any(|line| line.number == next);
    (is_near && !is_held).then_some(Position {
        line: next,
        column: 1,
    })
}

/// The lines that a fix changes, before and after.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FixedLines {
    /// The number of the first line.
    pub(super) first: u32,
    /// The lines as they are.
    pub(super) before: Vec<String>,
    /// The lines as the fix leaves them.
    pub(super) after: Vec<String>,
}

/// Returns the lines that a finding's fix changes; nothing when there is no fix
/// or the frame does not hold all of the lines whole.
pub(super) fn fixed_lines(finding: &Finding) -> Option<FixedLines> {
    let fix = finding.fix.as_ref()?;
    let places: Option<Vec<_>> = fix
        .edits
        .iter()
        .map(|edit| edit_place(&finding.frame, edit.span))
        .collect();
    let places = places?;
    let first = places.iter().map(|(start, _)| start.line).min()?;
    let last = places
        .iter()
        .map(|(start, end)| {
            let is_line_end = end.column == 1 && end.line > start.line;
            end.line - u32::from(is_line_end)
        })
        .max()?;
    let mut before = String::new();
    let mut starts = Vec::new();
    for number in first..=last {
        let line = finding
            .frame
            .lines
            .iter()
            .find(|line| line.number == number)?;
        if line.text.len() != line.span.len() as usize {
            return None;
        }
        starts.push(before.len());
        before.push_str(&line.text);
        before.push('\n');
    }
    let offset = |position: Position| {
        let start = *starts
            .get((position.line - first) as usize)
            .unwrap_or(&before.len());
        let chars = before[start..].char_indices().map(|(at, _)| at);
        let column = position.column.max(1) as usize - 1;
        let at = chars.chain([before.len() - start]).nth(column)?;
        u32::try_from(start + at).ok()
    };
    let moved = |(edit, (start, end)): (&crate::fix::Edit, &(Position, Position))| {
        let (start, end) = (offset(*start)?, offset(*end)?);
        (start <= end).then(|| crate::fix::Edit {
            span: Span::new(start, end),
            text: edit.text.clone(),
        })
    };
    let edits: Option<Vec<_>> = fix.edits.iter().zip(&places).map(moved).collect();
    let after = crate::fix::Fix {
        edits: edits?,
        ..fix.clone()
    }
    .apply(&before)?;
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    Some(FixedLines {
        first,
        before: lines(&before),
        after: lines(&after),
    })
}

/// The most lines of a frame that are shown.
const FRAME_LINES_MAX: usize = 14;
/// The lines of a cut frame before the place.
const LINES_BEFORE: usize = 3;

/// Returns the lines around the place and those inside it, without the ones
/// that the frame keeps for the fix.
pub(super) fn main_lines(finding: &Finding) -> Vec<&FrameLine> {
    let lines = &finding.frame.lines;
    let (start, end) = (finding.location.start.line, finding.location.end.line);
    let Some(at) = lines.iter().position(|line| line.number >= start) else {
        return lines.iter().take(FRAME_LINES_MAX).collect();
    };
    let adjoin = |a: &FrameLine, b: &FrameLine| a.number.checked_add(1) == Some(b.number);
    let mut first = at;
    while first > 0 && adjoin(&lines[first - 1], &lines[first]) {
        first -= 1;
    }
    let mut last = at;
    while last + 1 < lines.len()
        && (adjoin(&lines[last], &lines[last + 1]) || lines[last + 1].number <= end)
    {
        last += 1;
    }
    let is_blank = |line: &FrameLine| line.text.trim().is_empty();
    while first < at && is_blank(&lines[first]) {
        first += 1;
    }
    while last > at && lines[last].number > end && is_blank(&lines[last]) {
        last -= 1;
    }
    if last - first >= FRAME_LINES_MAX {
        first = first.max(at.saturating_sub(LINES_BEFORE));
    }
    lines[first..=last].iter().take(FRAME_LINES_MAX).collect()
}

/// Returns the characters (from 0, half open) of a location on a line, when the
/// line is to be marked: the first one, and the second when it is the last.
pub(super) fn marked_chars(location: &Location, line: u32) -> Option<(usize, usize)> {
    let (start, end) = (location.start, location.end);
    let column = |column: u32| column.saturating_sub(1) as usize;
    if line == start.line {
        let last = if end.line == line {
            column(end.column)
        } else {
            usize::MAX
        };
        Some((column(start.column), last))
    } else {
        let is_second = line == end.line && line == start.line.saturating_add(1);
        (is_second && end.column > 1).then(|| (0, column(end.column)))
    }
}

/// Returns the line of code at a related place, when it was kept.
pub(super) fn related_line<'a>(
    finding: &'a Finding,
    related: &'a Related,
) -> Option<&'a FrameLine> {
    let location = &related.location;
    let held = |frame: &'a Frame| {
        frame
            .lines
            .iter()
            .find(|line| line.number == location.start.line)
    };
    held(&related.frame).or_else(|| {
        let is_same_file = location.path == finding.location.path;
        is_same_file.then(|| held(&finding.frame)).flatten()
    })
}

/// Returns how a metric changed, such as `14 -> 27` with the arrow given;
/// nothing when it did not.
pub(super) fn delta_text(delta: &MetricDelta, arrow: &str) -> Option<String> {
    match (delta.base, delta.head) {
        (Some(base), Some(head)) if number(base) != number(head) => Some(format!(
            "{} {} {arrow} {}",
            delta.metric,
            number(base),
            number(head)
        )),
        (None, Some(head)) => Some(format!("{} {}", delta.metric, number(head))),
        _ => None,
    }
}

/// Returns `4 existing, 2 suppressed (1 comment, 1 baseline)`; nothing when
/// there are none.
pub(super) fn also_text(report: &Report) -> Option<String> {
    let mut parts = Vec::new();
    let existing = existing(report).count();
    if existing > 0 {
        parts.push(format!("{existing} existing"));
    }
    let by = suppressed_counts(report);
    if !by.is_empty() {
        let total: usize = by.iter().map(|(_, n)| n).sum();
        let by: Vec<_> = by.iter().map(|(by, n)| format!("{n} {by}")).collect();
        parts.push(format!("{total} suppressed ({})", by.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Packages of one step that a line names.
const PACKAGES_NAMED_MAX: usize = 6;

/// Returns what the change does to the packages, one line a step, such as
/// `2 upgraded: serde 1.0.1 -> 1.0.2, syn 2.0.0 -> 2.0.1` with the arrow given;
/// what the project itself asks for comes first.
pub(super) fn package_lines(report: &Report, arrow: &str) -> Vec<String> {
    const STEPS: [PackageStep; 4] = [
        PackageStep::Added,
        PackageStep::Upgraded,
        PackageStep::Downgraded,
        PackageStep::Removed,
    ];
    let line = |step: PackageStep| {
        let own = |one: &&PackageDifference| one.step == step;
        let mut of_step: Vec<&PackageDifference> = report.packages.iter().filter(own).collect();
        of_step.sort_by_key(|one| !one.direct);
        let text = |one: &PackageDifference| package_text(one, arrow);
        let mut texts: Vec<String> = of_step.iter().map(|one| text(one)).collect();
        // Several lockfiles often change in the same way.
        let mut seen = HashSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        let total = texts.len();
        let rest = total.saturating_sub(PACKAGES_NAMED_MAX);
        texts.truncate(PACKAGES_NAMED_MAX);
        let more = match rest {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        (total > 0).then(|| format!("{total} {}: {}{more}", step.as_str(), texts.join(", ")))
    };
    STEPS.into_iter().filter_map(line).collect()
}

fn package_text(one: &PackageDifference, arrow: &str) -> String {
    let name = &one.name;
    match (&one.before[..], &one.after[..]) {
        ([], []) => name.clone(),
        ([], versions) | (versions, []) => format!("{name} {}", versions.join(" + ")),
        (before, after) => {
            format!(
                "{name} {} {arrow} {}",
                before.join(" + "),
                after.join(" + ")
            )
        }
    }
}
