//! Says what a change is about, how to read it, and how risky it is: from the
//! finished report and the past, without a model.
//!
//! The formulas are in `docs/summary.md`; a number without its reasons is not given.

use std::collections::{BTreeMap, HashMap, HashSet};

use assay_finding::{
    About, AboutPart, Coverage, FileEntry, FileMetrics, Report, Severity, SkipReason,
};
use assay_source::{
    ChangeStatus, CoChange, CoChangeLimits, FileHistory, History, RepoPath, co_changes,
    file_histories,
};

use crate::file::line_counts;
use crate::reviewer::{Reviewer, reviewers};

/// Functions that are named for a file.
const FUNCTIONS_MAX: usize = 6;
/// Files that are named as what to test, or as forgotten.
const FOCUS_MAX: usize = 8;
/// Together so often, and in so many of a hundred changes, files belong together.
const PARTNER_TOGETHER_MIN: u32 = 8;
const PARTNER_CONFIDENCE_MIN: u32 = 75;

/// What a part of a change is about, in the order in which it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// What others rely on.
    Api,
    /// What the program does.
    Logic,
    /// Settings, pipelines, schemas.
    Configuration,
    /// Tests.
    Test,
    /// Words for people.
    Documentation,
    /// Packages that the project depends on.
    Dependency,
    /// What a program wrote, or others did.
    Generated,
    /// Anything else.
    Other,
}

impl PartKind {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Logic => "logic",
            Self::Configuration => "configuration",
            Self::Test => "tests",
            Self::Documentation => "documentation",
            Self::Dependency => "dependencies",
            Self::Generated => "generated",
            Self::Other => "other",
        }
    }
}

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

/// A part of the risk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskReason {
    /// Points of the hundred.
    pub points: u32,
    /// Why.
    pub text: String,
}

/// A file that usually changes with a changed one, and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The file that changed.
    pub changed: RepoPath,
    /// The file that did not.
    pub missing: RepoPath,
    /// Commits that changed both.
    pub together: u32,
    /// Commits that changed the first.
    pub commits: u32,
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

fn kind_of(entry: &FileEntry, report: &Report, is_measured: bool) -> PartKind {
    if let Coverage::Skipped(
        SkipReason::Generated(_) | SkipReason::Vendored(_) | SkipReason::Minified,
    ) = entry.coverage
    {
        let is_lock = is_dependency_file(&entry.path);
        return if is_lock {
            PartKind::Dependency
        } else {
            PartKind::Generated
        };
    }
    let name = entry.path.to_display().to_ascii_lowercase();
    let file = name.rsplit('/').next().unwrap_or(&name);
    let ends = |list: &[&str]| list.iter().any(|end| file.ends_with(end));
    if is_dependency_file(&entry.path) {
        PartKind::Dependency
    } else if is_test(&name, file) {
        PartKind::Test
    } else if ends(&[".md", ".rst", ".txt", ".adoc"])
        || name.starts_with("docs/")
        || file.starts_with("license")
        || file.starts_with("change")
    {
        PartKind::Documentation
    } else if ends(&[
        ".yml",
        ".yaml",
        ".toml",
        ".json",
        ".ini",
        ".cfg",
        ".conf",
        ".properties",
        ".tf",
        ".xml",
        ".env",
    ]) || file.starts_with("dockerfile")
        || file.starts_with('.')
        || file == "makefile"
    {
        PartKind::Configuration
    } else if report
        .introduced()
        .any(|one| takes_away(one) && one.location.path == entry.path)
    {
        PartKind::Api
    } else if is_measured || entry.language.is_some() {
        PartKind::Logic
    } else {
        PartKind::Other
    }
}

fn is_dependency_file(path: &RepoPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    let exact = [
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "cargo.toml",
        "cargo.lock",
        "go.mod",
        "go.sum",
        "pyproject.toml",
        "poetry.lock",
        "uv.lock",
        "pipfile",
        "pipfile.lock",
        "setup.cfg",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "gemfile",
        "gemfile.lock",
        "composer.json",
        "composer.lock",
        "mix.exs",
        "mix.lock",
        "package.swift",
        "pubspec.yaml",
        "pubspec.lock",
    ];
    exact.contains(&name.as_str())
        || name.starts_with("requirements") && name.ends_with(".txt")
        || name.ends_with(".csproj")
        || name.ends_with(".gemspec")
}

fn is_test(path: &str, file: &str) -> bool {
    let folder = path.split('/').any(|part| {
        matches!(
            part,
            "test" | "tests" | "__tests__" | "spec" | "specs" | "testdata" | "e2e"
        )
    });
    let stem = file.split('.').next().unwrap_or(file);
    folder
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_spec")
        || stem.ends_with("test") && stem.len() > 4
        || file.contains(".test.")
        || file.contains(".spec.")
}

/// What is tested by a file, by its name: `test_app.py` is about `app`.
fn stem_of(path: &RepoPath) -> String {
    let name = String::from_utf8_lossy(path.file_name()).to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or(&name).to_owned();
    let stem = stem.strip_prefix("test_").unwrap_or(&stem).to_owned();
    let ends = ["_test", "_spec", "tests", "test", "spec"];
    let cut = ends
        .iter()
        .find_map(|end| stem.strip_suffix(end))
        .filter(|rest| !rest.is_empty());
    cut.map_or(stem.clone(), |rest| {
        rest.trim_end_matches(['_', '-']).to_owned()
    })
}

/// API and logic first, what is used before what uses it, each followed by its
/// tests; then the rest by kind.
fn order(files: &mut Vec<SummaryFile>, uses: &[(RepoPath, RepoPath)]) {
    files.sort_by(|one, other| {
        let size = |file: &SummaryFile| std::cmp::Reverse(file.added + file.removed);
        (one.kind, size(one), &one.path).cmp(&(other.kind, size(other), &other.path))
    });
    let (tests, others): (Vec<_>, Vec<_>) = files
        .drain(..)
        .partition(|file| file.kind == PartKind::Test);
    let (code, others): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|file| file.kind <= PartKind::Logic);
    let others = used_first(code, uses).into_iter().chain(others);
    let mut waiting: Vec<Option<SummaryFile>> = tests.into_iter().map(Some).collect();
    let mut rest = Vec::new();
    for file in others {
        if file.kind > PartKind::Logic {
            rest.push(file);
            continue;
        }
        let stem = stem_of(&file.path);
        files.push(file);
        for test in &mut waiting {
            if test
                .as_ref()
                .is_some_and(|test| stem_of(&test.path) == stem)
            {
                files.extend(test.take());
            }
        }
    }
    files.extend(waiting.into_iter().flatten());
    files.extend(rest);
}

/// Puts each file after those that it uses; in a circle the order stays.
fn used_first(files: Vec<SummaryFile>, uses: &[(RepoPath, RepoPath)]) -> Vec<SummaryFile> {
    let places: HashMap<RepoPath, usize> = files
        .iter()
        .enumerate()
        .map(|(at, file)| (file.path.clone(), at))
        .collect();
    let mut used: Vec<Vec<usize>> = vec![Vec::new(); files.len()];
    for (user, named) in uses {
        if let (Some(&user), Some(&named)) = (places.get(user), places.get(named)) {
            used[user].push(named);
        }
    }
    for named in &mut used {
        named.sort_unstable();
        named.dedup();
    }
    let mut order = Vec::with_capacity(files.len());
    let mut is_met = vec![false; files.len()];
    for start in 0..files.len() {
        // A file is put after all that it uses; what is met again is on its way.
        let mut path = vec![(start, 0)];
        if std::mem::replace(&mut is_met[start], true) {
            continue;
        }
        while let Some((at, next)) = path.last_mut() {
            match used[*at].get(*next) {
                Some(&named) => {
                    *next += 1;
                    if !std::mem::replace(&mut is_met[named], true) {
                        path.push((named, 0));
                    }
                }
                None => {
                    order.push(*at);
                    path.pop();
                }
            }
        }
    }
    let mut files: Vec<Option<SummaryFile>> = files.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| files[at].take())
        .collect()
}

fn code_lines(files: &[SummaryFile]) -> u64 {
    let code = files
        .iter()
        .filter(|file| matches!(file.kind, PartKind::Api | PartKind::Logic));
    code.map(|file| file.added + file.removed).sum()
}

/// The cognitive complexity that the change adds to functions.
fn complexity_added(report: &Report) -> f64 {
    let functions = report.metrics.files.iter().flat_map(|file| &file.functions);
    let deltas = functions
        .flat_map(|function| function.metrics.iter())
        .filter(|metric| metric.metric == "cognitive");
    deltas
        .map(|metric| (metric.head.unwrap_or(0.0) - metric.base.unwrap_or(0.0)).max(0.0))
        .sum()
}

/// Words in paths behind which a mistake costs most.
const SENSITIVE: &[&str] = &[
    "auth",
    "login",
    "session",
    "password",
    "passwd",
    "token",
    "crypto",
    "secret",
    "permission",
    "acl",
    "payment",
    "billing",
    "migration",
    "migrations",
    "workflows",
    "security",
    "oauth",
    "jwt",
    "csrf",
    "sanitize",
    "certificate",
    "tls",
];

fn sensitive(files: &[SummaryFile]) -> Option<&SummaryFile> {
    files.iter().find(|file| {
        let name = file.path.to_display().to_ascii_lowercase();
        let mut parts = name.split(|c: char| !c.is_alphanumeric());
        !matches!(file.kind, PartKind::Documentation | PartKind::Test)
            && parts.any(|part| SENSITIVE.contains(&part))
    })
}

fn reasons(
    report: &Report,
    files: &[SummaryFile],
    past: &Past<'_>,
    code: u64,
    complexity: f64,
) -> Vec<RiskReason> {
    let mut reasons = Vec::new();
    let mut add = |points: f64, text: String| {
        if points >= 1.0 {
            reasons.push(RiskReason {
                points: points as u32,
                text,
            });
        }
    };
    let size = (code as f64 + 1.0).ln() / 1001f64.ln() * 25.0;
    add(size.min(25.0), format!("{code} lines of code"));
    add(
        (complexity / 2.0).min(15.0),
        format!("functions become more complex by {complexity}"),
    );
    let logic = files
        .iter()
        .filter(|file| matches!(file.kind, PartKind::Api | PartKind::Logic));
    let spread = logic.clone().count();
    add(
        (spread.saturating_sub(2) as f64).min(8.0),
        format!("{spread} files of code"),
    );
    let tests = files.iter().any(|file| file.kind == PartKind::Test);
    if !tests && code >= 10 {
        add(10.0, "no test changed".to_owned());
    }
    if let Some(file) = sensitive(files) {
        add(10.0, format!("{} is where a mistake costs most", file.path));
    }
    let hot = past.hot(report);
    if let Some((path, commits)) = hot.first() {
        add(
            (hot.len() as f64 * 4.0).min(12.0),
            format!("{path} is among the files that change most ({commits} changes)"),
        );
    }
    if let Some((path, people)) = past.scattered(report) {
        add(
            6.0,
            format!("{path} has no main owner: {people} people wrote it"),
        );
    }
    let count = |severity| report.introduced_count(severity) as f64;
    let worst = count(Severity::Critical) * 15.0
        + count(Severity::High) * 8.0
        + count(Severity::Medium) * 3.0
        + count(Severity::Low);
    add(worst.min(24.0), "findings of the review".to_owned());
    reasons
}

fn effort(files: &[SummaryFile], complexity: f64) -> u32 {
    let weight = |file: &SummaryFile| {
        let lines = (file.added + file.removed) as f64;
        match file.kind {
            PartKind::Api | PartKind::Logic => lines,
            PartKind::Test | PartKind::Configuration => lines * 0.4,
            PartKind::Documentation | PartKind::Other => lines * 0.15,
            PartKind::Dependency => lines.min(20.0) * 0.5,
            PartKind::Generated => 0.0,
        }
    };
    let work: f64 = files.iter().map(weight).sum::<f64>() + complexity * 3.0;
    match work as u64 {
        0..=25 => 1,
        26..=100 => 2,
        101..=350 => 3,
        351..=1000 => 4,
        _ => 5,
    }
}

/// Whether a finding says that others lose something.
fn takes_away(finding: &assay_finding::Finding) -> bool {
    let rule = finding.rule.as_str();
    rule.starts_with("api/") || rule.starts_with("schema/")
}

fn labels(
    report: &Report,
    kinds: &BTreeMap<PartKind, (usize, u64, u64)>,
    code: u64,
) -> Vec<&'static str> {
    let mut labels = Vec::new();
    let only = kinds.len() == 1;
    let has = |kind| kinds.contains_key(&kind);
    if report.introduced().any(takes_away) {
        labels.push("breaking change");
    }
    if report
        .introduced()
        .any(|one| one.category == assay_finding::Category::Security)
    {
        labels.push("security");
    }
    if has(PartKind::Dependency) {
        labels.push("dependencies");
    }
    if has(PartKind::Documentation) && (only || code == 0) {
        labels.push("documentation");
    }
    if has(PartKind::Test) && code == 0 {
        labels.push("tests");
    }
    if has(PartKind::Configuration) && code == 0 {
        labels.push("configuration");
    }
    labels.push(match code {
        0..=10 => "size: XS",
        11..=50 => "size: S",
        51..=250 => "size: M",
        251..=1000 => "size: L",
        _ => "size: XL",
    });
    labels
}

/// What became most complex, and what changed without a test of its name.
fn focus(files: &[SummaryFile], report: &Report) -> Vec<String> {
    let tested: HashSet<String> = files
        .iter()
        .filter(|file| file.kind == PartKind::Test)
        .map(|file| stem_of(&file.path))
        .collect();
    let mut focus: Vec<(f64, String)> = Vec::new();
    for file in &report.metrics.files {
        for function in &file.functions {
            let delta = function
                .metrics
                .iter()
                .find(|metric| metric.metric == "cognitive");
            let (Some(delta), true) = (delta, !is_test_path(&file.path)) else {
                continue;
            };
            let more = delta.head.unwrap_or(0.0) - delta.base.unwrap_or(0.0);
            if more >= 3.0 {
                let has_test = if tested.contains(&stem_of(&file.path)) {
                    ""
                } else {
                    ", no test of its name changed"
                };
                focus.push((
                    more,
                    format!(
                        "`{}` in {} is more complex by {more}{has_test}",
                        function.name, file.path
                    ),
                ));
            }
        }
    }
    focus.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    focus
        .into_iter()
        .take(FOCUS_MAX)
        .map(|(_, text)| text)
        .collect()
}

fn is_test_path(path: &RepoPath) -> bool {
    let name = path.to_display().to_ascii_lowercase();
    is_test(&name, name.rsplit('/').next().unwrap_or(&name))
}

/// The past of the changed files.
struct Past<'a> {
    history: Option<&'a History>,
    files: Vec<FileHistory>,
    /// The changed files among them.
    changed: Vec<usize>,
}

impl<'a> Past<'a> {
    fn of(history: Option<&'a History>, report: &Report) -> Self {
        let files = history.map(file_histories).unwrap_or_default();
        let wanted: HashSet<&RepoPath> = report
            .ledger
            .files
            .iter()
            .map(|entry| entry.base_path.as_ref().unwrap_or(&entry.path))
            .collect();
        let is_changed = |file: &FileHistory| {
            history.is_some_and(|history| wanted.contains(&history.paths[file.path as usize]))
        };
        let changed = (0..files.len())
            .filter(|&at| is_changed(&files[at]))
            .collect();
        Self {
            history,
            files,
            changed,
        }
    }

    fn name(&self, file: &FileHistory) -> String {
        self.history.map_or_else(String::new, |history| {
            history.paths[file.path as usize].to_display()
        })
    }

    /// The changed files of code among the twentieth that changes most.
    fn hot(&self, report: &Report) -> Vec<(String, u32)> {
        let mut commits: Vec<u32> = self.files.iter().map(|file| file.commits).collect();
        commits.sort_unstable_by(|one, other| other.cmp(one));
        let Some(&least) = commits.get(commits.len() / 20) else {
            return Vec::new();
        };
        let measured: HashSet<String> = report
            .metrics
            .files
            .iter()
            .map(|file| file.path.to_display())
            .collect();
        let mut hot: Vec<(String, u32)> = self
            .changed
            .iter()
            .map(|&at| (self.name(&self.files[at]), self.files[at].commits))
            .filter(|(name, commits)| *commits >= least.max(10) && measured.contains(name))
            .collect();
        hot.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        hot
    }

    /// A changed file that nobody owns.
    fn scattered(&self, report: &Report) -> Option<(String, usize)> {
        let measured: HashSet<String> = report
            .metrics
            .files
            .iter()
            .map(|file| file.path.to_display())
            .collect();
        self.changed.iter().find_map(|&at| {
            let file = &self.files[at];
            let people = file.shares.iter().filter(|share| share.lines > 0).count();
            let most = file.shares.first()?.lines;
            let name = self.name(file);
            (people >= 8 && most * 3 < file.lines && measured.contains(&name))
                .then_some((name, people))
        })
    }

    fn reviewers(&self, report: &Report, authors: &[String]) -> Vec<Reviewer> {
        let Some(history) = self.history else {
            return Vec::new();
        };
        let changed: Vec<&FileHistory> = self.changed.iter().map(|&at| &self.files[at]).collect();
        let entries = report.ledger.files.iter();
        let paths: Vec<&RepoPath> = entries
            .map(|entry| entry.base_path.as_ref().unwrap_or(&entry.path))
            .collect();
        reviewers(history, &changed, &paths, authors)
    }

    /// Files that strongly belong to a changed one and did not change.
    fn partners(&self, report: &Report) -> Vec<Partner> {
        let Some(history) = self.history else {
            return Vec::new();
        };
        let modified: HashSet<&RepoPath> = report
            .ledger
            .files
            .iter()
            .filter(|entry| entry.status == ChangeStatus::Modified)
            .map(|entry| &entry.path)
            .collect();
        let touched: HashSet<&RepoPath> = report
            .ledger
            .files
            .iter()
            .flat_map(|entry| std::iter::once(&entry.path).chain(&entry.base_path))
            .collect();
        let limits = CoChangeLimits {
            together_min: PARTNER_TOGETHER_MIN,
            confidence_min: PARTNER_CONFIDENCE_MIN,
            ..CoChangeLimits::default()
        };
        let path = |at: u32| &history.paths[at as usize];
        let partner = |pair: &CoChange| {
            [
                (pair.one, pair.other, pair.one_commits),
                (pair.other, pair.one, pair.other_commits),
            ]
            .into_iter()
            .find(|&(changed, missing, _)| {
                modified.contains(path(changed))
                    && !touched.contains(path(missing))
                    && pair.confidence(changed) >= PARTNER_CONFIDENCE_MIN
            })
            .map(|(changed, missing, commits)| Partner {
                changed: path(changed).clone(),
                missing: path(missing).clone(),
                together: pair.together,
                commits,
            })
        };
        co_changes(history, &limits)
            .iter()
            .filter_map(partner)
            .take(FOCUS_MAX)
            .collect()
    }
}
