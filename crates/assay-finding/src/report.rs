//! The report: a whole review, ready to be rendered.

use std::collections::BTreeSet;

use assay_source::RepoPath;

use crate::finding::{Finding, Severity};
use crate::fingerprint::Fingerprint;
use crate::ledger::Ledger;
use crate::rule::RuleMeta;

/// A whole review.
#[derive(Clone, Debug)]
pub struct Report {
    /// The version of Assay that made it.
    pub version: String,
    /// What was reviewed.
    pub overview: Overview,
    /// What the change is about; none for a scan.
    pub about: Option<About>,
    /// What the last review of the same change said; none when nobody asked.
    pub since: Option<SinceLast>,
    /// The findings, worst first, then by path and line: introduced and
    /// existing, also the suppressed ones.
    pub findings: Vec<Finding>,
    /// The rules that have findings, sorted by id.
    pub rules: Vec<RuleMeta>,
    /// What happened to every hunk.
    pub ledger: Ledger,
    /// The metrics of the change.
    pub metrics: MetricsReport,
    /// What the change does to the packages that the project depends on.
    pub packages: Vec<PackageDifference>,
    /// The quality score.
    pub score: Score,
    /// Whether the review passes.
    pub gate: Gate,
    /// What to do first, one sentence each.
    pub recommendations: Vec<String>,
    /// What went wrong in the review itself.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Returns the findings that count: introduced and not suppressed.
    pub fn introduced(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.counts())
    }

    /// Returns whether the last review of the same change said the finding.
    pub fn was_said(&self, finding: &Finding) -> bool {
        let since = self.since.as_ref();
        since.is_some_and(|since| since.still.contains(&finding.fingerprint))
    }

    /// Returns how many findings that count have the severity.
    pub fn introduced_count(&self, severity: Severity) -> usize {
        self.introduced()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// Returns the texts about a finding's rule.
    pub fn rule_of(&self, finding: &Finding) -> Option<&RuleMeta> {
        self.rules
            .binary_search_by(|rule| rule.id.cmp(&finding.rule))
            .ok()
            .map(|index| &self.rules[index])
    }
}

/// What a change is about, in a few words and numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// What its files are, the most important first.
    pub parts: Vec<AboutPart>,
    /// From 0 to 100, by the change alone.
    pub risk: u32,
    /// The word for the risk.
    pub risk_word: &'static str,
    /// Where the risk comes from, most first.
    pub reasons: Vec<String>,
    /// The effort of reading it: 1 (a glance) to 5 (split it).
    pub effort: u32,
}

/// The files of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AboutPart {
    /// The kind.
    pub kind: &'static str,
    /// How many there are.
    pub files: usize,
    /// Lines added.
    pub lines_added: u64,
    /// Lines removed.
    pub lines_removed: u64,
}

/// How a review stands to the last one of the same change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinceLast {
    /// The findings that were said and are still there.
    pub still: BTreeSet<Fingerprint>,
    /// How many were said and are gone.
    pub gone: usize,
}

/// What was reviewed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// What the base is called.
    pub base: String,
    /// What the head is called.
    pub head: String,
    /// Whether a whole tree was read and not a change.
    pub is_scan: bool,
    /// The number of files that differ.
    pub files: usize,
    /// The number of added lines.
    pub lines_added: u64,
    /// The number of removed lines.
    pub lines_removed: u64,
    /// What the reader must know about how the change was found.
    pub notes: Vec<String>,
}

impl Overview {
    /// Returns the names of base and head as people want to read them: of a
    /// commit's full id the first ten digits.
    pub fn short_names(&self) -> (&str, &str) {
        (short_name(&self.base), short_name(&self.head))
    }
}

fn short_name(name: &str) -> &str {
    const SHOWN: usize = 10;
    let is_full_id =
        matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_full_id { &name[..SHOWN] } else { name }
}

/// Something that went wrong in the review itself; never silent (guarantee G2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What failed: an analyzer, a step.
    pub what: String,
    /// The file, when there is one.
    pub path: Option<RepoPath>,
    /// What happened, and what to do.
    pub message: String,
}

/// A metric in the base and in the head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricDelta {
    /// The metric's name, such as `cyclomatic`.
    pub metric: &'static str,
    /// The value in the base; none when the thing is new.
    pub base: Option<f64>,
    /// The value in the head; none when the thing is gone.
    pub head: Option<f64>,
}

/// The metrics of one function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionMetrics {
    /// The qualified name.
    pub name: Box<str>,
    /// The first line in the head, or in the base when the function is gone.
    pub line: u32,
    /// The values.
    pub metrics: MetricValues,
}

/// The values of several metrics, in little room: a scan has them for each
/// function of a repository.
#[derive(Clone, Debug)]
pub struct MetricValues {
    names: &'static [&'static str],
    /// One value for each name; not a number where there is none. Nothing where
    /// there are none at all.
    base: Option<Box<[f64]>>,
    head: Option<Box<[f64]>>,
}

impl MetricValues {
    /// Takes the values of the named metrics, each by its place among the names.
    pub fn new(
        names: &'static [&'static str],
        base: impl Fn(usize) -> Option<f64>,
        head: impl Fn(usize) -> Option<f64>,
    ) -> Self {
        let side = |value: &dyn Fn(usize) -> Option<f64>| {
            let values = (0..names.len()).map(|at| value(at).unwrap_or(f64::NAN));
            let values: Box<[f64]> = values.collect();
            values.iter().any(|value| !value.is_nan()).then_some(values)
        };
        Self {
            names,
            base: side(&base),
            head: side(&head),
        }
    }

    /// Returns the metrics that either side has.
    pub fn iter(&self) -> impl Iterator<Item = MetricDelta> {
        let side = |values: &Option<Box<[f64]>>, at: usize| {
            let value = values.as_ref()?[at];
            (!value.is_nan()).then_some(value)
        };
        let all = self.names.iter().enumerate();
        let all = all.map(move |(at, metric)| MetricDelta {
            metric,
            base: side(&self.base, at),
            head: side(&self.head, at),
        });
        all.filter(|delta| delta.base.is_some() || delta.head.is_some())
    }
}

impl PartialEq for MetricValues {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// The metrics of one file and of its functions that the change touches.
#[derive(Clone, Debug, PartialEq)]
pub struct FileMetrics {
    /// The file.
    pub path: RepoPath,
    /// The language.
    pub language: &'static str,
    /// The values of the file as a whole.
    pub metrics: Vec<MetricDelta>,
    /// The functions, in the order of the text.
    pub functions: Vec<FunctionMetrics>,
}

/// The metrics of a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsReport {
    /// The sums over the files of the change.
    pub change: Vec<MetricDelta>,
    /// One entry a file that has a language.
    pub files: Vec<FileMetrics>,
}

/// What a change does to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageStep {
    /// It was not there.
    Added,
    /// It is there in a later version.
    Upgraded,
    /// It is there in an earlier version.
    Downgraded,
    /// It is no longer there.
    Removed,
}

impl PackageStep {
    /// Returns the word that formats use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Upgraded => "upgraded",
            Self::Downgraded => "downgraded",
            Self::Removed => "removed",
        }
    }
}

/// A package that a change adds, removes or gives another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageDifference {
    /// The file that names it.
    pub path: RepoPath,
    /// The ecosystem, such as `npm`.
    pub ecosystem: &'static str,
    /// The name.
    pub name: String,
    /// What happened to it.
    pub step: PackageStep,
    /// The versions in the base that the head does not have, in order.
    pub before: Vec<String>,
    /// The versions in the head that the base does not have, in order.
    pub after: Vec<String>,
    /// Whether the project itself asks for it.
    pub direct: bool,
}

/// The quality score.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// From 0 to 100; 100 when nothing that counts was found.
    pub value: f64,
    /// A to F.
    pub grade: char,
    /// What was taken off, largest first.
    pub parts: Vec<ScorePart>,
}

/// One thing that lowered the score.
#[derive(Clone, Debug, PartialEq)]
pub struct ScorePart {
    /// The category or metric.
    pub name: String,
    /// The points taken off.
    pub points: f64,
    /// How many findings took them.
    pub findings: usize,
}

/// Whether the review passes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gate {
    /// The conditions, in the order of the configuration.
    pub conditions: Vec<Condition>,
}

impl Gate {
    /// Returns whether every condition holds.
    pub fn passed(&self) -> bool {
        self.conditions.iter().all(|condition| condition.passed)
    }
}

/// One condition of the gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is demanded, such as `no finding of severity high or worse`.
    pub demand: String,
    /// What was found, such as `2 findings`.
    pub actual: String,
    /// Whether it holds.
    pub passed: bool,
}
