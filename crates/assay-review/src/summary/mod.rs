//! Says what a change is about, how to read it, and how risky it is: from the
//! finished report and the past, without a model.
//!
//! The formulas are in `docs/summary.md`; a number without its reasons is not given.

mod advice;
mod kind;
mod order;
mod past;
mod risk;

use std::collections::{BTreeMap, HashMap};

use assay_finding::{About, AboutPart, FileEntry, FileMetrics, Report};
use assay_source::{ChangeStatus, History, RepoPath};

use crate::file::line_counts;
use crate::reviewer::Reviewer;

use advice::{focus, labels};
use kind::kind_of;
use order::order;
use past::Past;
use risk::{code_lines, complexity_added, effort, reasons};

pub use kind::PartKind;
pub use past::Partner;
pub use risk::RiskReason;

/// Functions that are named for a file.
const FUNCTIONS_MAX: usize = 6;

/// One file of the walk-through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryFile {
    /// The file.
    pub path: RepoPath,
    /// What it is.
    pub kind: PartKind,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// What happened in it, one phrase each.
    pub notes: Vec<String>,
}

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Files and lines (added, removed) by kind.
    pub kinds: BTreeMap<PartKind, (usize, u64, u64)>,
    /// The files in the order in which to read them.
    pub files: Vec<SummaryFile>,
    /// 0 to 100.
    pub risk: u32,
    /// Where the risk comes from, most first.
    pub reasons: Vec<RiskReason>,
    /// 1 (a glance) to 5 (split it).
    pub effort: u32,
    /// Labels for the change.
    pub labels: Vec<&'static str>,
    /// Who could review it; never who wrote it.
    pub reviewers: Vec<Reviewer>,
    /// What to test.
    pub focus: Vec<String>,
    /// What the change may have forgotten.
    pub partners: Vec<Partner>,
}

impl Summary {
    /// Returns the word for the risk.
    pub fn risk_word(&self) -> &'static str {
        match self.risk {
            0..=24 => "low",
            25..=49 => "medium",
            50..=74 => "high",
            _ => "very high",
        }
    }
}

/// Summarises a review; `authors` are the addresses of who wrote the change, and
/// `uses` are files that use what is in another, the user first.
pub fn summarise(
    report: &Report,
    history: Option<&History>,
    authors: &[String],
    uses: &[(RepoPath, RepoPath)],
) -> Summary {
    let metrics: HashMap<&RepoPath, &FileMetrics> = report
        .metrics
        .files
        .iter()
        .map(|file| (&file.path, file))
        .collect();
    let mut files: Vec<SummaryFile> = report
        .ledger
        .files
        .iter()
        .map(|entry| summary_file(entry, report, metrics.get(&entry.path).copied()))
        .collect();
    order(&mut files, uses);
    let mut kinds: BTreeMap<PartKind, (usize, u64, u64)> = BTreeMap::new();
    for file in &files {
        let kind = kinds.entry(file.kind).or_default();
        *kind = (kind.0 + 1, kind.1 + file.added, kind.2 + file.removed);
    }
    let past = Past::of(history, report);
    let code = code_lines(&files);
    let complexity = complexity_added(report);
    let mut reasons = reasons(report, &files, &past, code, complexity);
    reasons.sort_by(|one, other| {
        other
            .points
            .cmp(&one.points)
            .then_with(|| one.text.cmp(&other.text))
    });
    Summary {
        risk: reasons
            .iter()
            .map(|reason| reason.points)
            .sum::<u32>()
            .min(100),
        effort: effort(&files, complexity),
        labels: labels(report, &kinds, code),
        reviewers: past.reviewers(report, authors),
        focus: focus(&files, report),
        partners: past.partners(report),
        reasons,
        kinds,
        files,
    }
}

/// Says in short what a change is about, by the review alone.
pub(crate) fn about(report: &Report) -> About {
    let summary = summarise(report, None, &[], &[]);
    let part =
        |(kind, &(files, lines_added, lines_removed)): (&PartKind, &(usize, u64, u64))| AboutPart {
            kind: kind.as_str(),
            files,
            lines_added,
            lines_removed,
        };
    About {
        risk: summary.risk,
        risk_word: summary.risk_word(),
        effort: summary.effort,
        parts: summary.kinds.iter().map(part).collect(),
        reasons: summary.reasons.into_iter().map(|one| one.text).collect(),
    }
}

fn summary_file(entry: &FileEntry, report: &Report, metrics: Option<&FileMetrics>) -> SummaryFile {
    let (added, removed) = line_counts(entry);
    let mut notes = Vec::new();
    match entry.status {
        ChangeStatus::Added => notes.push("new".to_owned()),
        ChangeStatus::Deleted => notes.push("deleted".to_owned()),
        ChangeStatus::Renamed { .. } => {
            let from = entry
                .base_path
                .as_ref()
                .map(RepoPath::to_display)
                .unwrap_or_default();
            notes.push(format!("moved from {from}"));
        }
        _ => {}
    }
    notes.extend(metrics.map(function_notes).unwrap_or_default());
    let findings = report
        .introduced()
        .filter(|one| one.location.path == entry.path)
        .count();
    if findings > 0 {
        notes.push(format!(
            "{findings} finding{}",
            if findings == 1 { "" } else { "s" }
        ));
    }
    SummaryFile {
        path: entry.path.clone(),
        kind: kind_of(entry, report, metrics.is_some()),
        added,
        removed,
        notes,
    }
}

fn function_notes(metrics: &FileMetrics) -> Vec<String> {
    let mut by_word: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for function in &metrics.functions {
        let has = |side: fn(&assay_finding::MetricDelta) -> Option<f64>| {
            function
                .metrics
                .iter()
                .any(|metric| side(&metric).is_some())
        };
        let word = match (has(|metric| metric.base), has(|metric| metric.head)) {
            (false, _) => "adds",
            (true, false) => "removes",
            (true, true) => "changes",
        };
        by_word.entry(word).or_default().push(&function.name);
    }
    let phrase = |(word, mut names): (&str, Vec<&str>)| {
        names.dedup();
        let shown: Vec<String> = names
            .iter()
            .take(FUNCTIONS_MAX)
            .map(|name| format!("`{name}`"))
            .collect();
        let more = names.len().saturating_sub(FUNCTIONS_MAX);
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("{word} {}{rest}", shown.join(", "))
    };
    by_word.into_iter().map(phrase).collect()
}
