//! The steps of a review, from the change to the report.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use assay_finding::{
    Confidence, Coverage, DirectiveOutcome, FileEntry, Finding, Identity, Ledger, MetricsReport,
    Overview, PlacedDirective, Problem, Report, RuleId, RuleMeta, SkipReason, State, Suppressed,
    SuppressedBy, apply_directives, number_fingerprints,
};
use assay_rules::{ConfiguredSuppression, Engine, suppress_configured};
use assay_source::{Change, FileTree};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::advice;
use crate::breaking;
use crate::clones;
use crate::copied;
use crate::coverage::NewCode;
use crate::dependencies;
use crate::difference;
use crate::early;
use crate::engines::Engines;
use crate::file::{Examined, examine, line_counts, panic_message, stopped, unread};
use crate::flow;
use crate::fold;
use crate::forgot;
use crate::gate::{self, counted};
use crate::introduce;
use crate::left;
use crate::metrics::Totals;
use crate::outside;
use crate::past;
use crate::score::score;
use crate::settings::Settings;
use crate::summary;

/// What is reviewed.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The change.
    pub change: &'a Change,
    /// The contents of its versions, and the tree that its head belongs to.
    pub tree: &'a dyn FileTree,
    /// Whether a whole tree is read as a change from nothing.
    pub is_scan: bool,
}

/// Hears how far a review is. Called from several threads.
pub trait Progress: Sync {
    /// A step with so many parts begins.
    fn begin(&self, step: &'static str, parts: usize);
    /// One part of the step is done.
    fn advance(&self);
    /// Returns whether findings are told before the review is done.
    fn wants_findings(&self) -> bool {
        false
    }
    /// These findings are known; whether they count in the end is said then. One may be told
    /// several times.
    fn found(&self, _: &[Finding]) {}
    /// These are all findings of the review, those that do not count as well.
    fn settled(&self, _: &[Finding]) {}
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _: &'static str, _: usize) {}
    fn advance(&self) {}
}

/// Reviews a change.
pub fn review(subject: Subject<'_>, settings: &Settings, progress: &dyn Progress) -> Report {
    let change = subject.change;
    let engines = Engines::new(settings, !subject.is_scan);
    let files_max = settings.limits.files_max.min(change.files.len());
    let (read, left) = change.files.split_at(files_max);
    progress.begin("Reading files", read.len());
    let mut examined: Vec<Examined> = read
        .par_iter()
        .map(|file| {
            let examined = examine(subject.is_scan, file, subject.tree, &engines, settings);
            early::tell_of_file(progress, settings, &examined, subject.is_scan);
            progress.advance();
            examined
        })
        .collect();
    let files_max = settings.limits.files_max;
    examined.extend(
        left.iter()
            .map(|file| unread(file, SkipReason::TooManyFiles { files_max })),
    );
    let mut problems: Vec<Problem> = examined
        .iter_mut()
        .flat_map(|file| std::mem::take(&mut file.problems))
        .collect();

    let mut known: HashSet<Identity> = HashSet::new();
    if !change.past.is_empty() {
        let versions = examined.iter().map(|file| &file.versions);
        known.extend(
            versions
                .flat_map(|file| file.base.iter().chain(&file.head))
                .map(|finding| finding.identity),
        );
    }
    let files = &mut examined;
    step("dataflow", &mut problems, || {
        flow::find(subject, files, &engines, settings, progress);
    });
    let mut findings = introduced(&mut examined);
    copied::mark(subject, &mut findings);
    early::tell(progress, settings, &findings);
    let mut add = |found: Vec<Finding>| {
        early::tell(progress, settings, &found);
        findings.extend(found);
    };
    let files = &mut examined;
    add(step("past versions", &mut problems, || {
        past::find(subject, &engines, settings, &known)
    }));
    add(step("clones", &mut problems, || {
        clones::find(subject, files, &engines, settings, progress)
    }));
    add(step("breaking changes", &mut problems, || {
        breaking::find(subject, files, &engines, settings)
    }));
    add(step("left behind", &mut problems, || {
        left::find(subject, files, &engines, settings)
    }));
    add(step("forgotten", &mut problems, || {
        forgot::find(subject, files, &engines, settings)
    }));
    let packages = step("packages", &mut problems, || {
        dependencies::find(subject, files, &engines, settings, progress)
    });
    add(packages.findings);
    let brought = step("other tools", &mut problems, || {
        outside::bring(subject, &examined, settings, &mut findings)
    });
    problems.extend(brought.problems);
    problems.extend(
        examined
            .iter_mut()
            .flat_map(|file| std::mem::take(&mut file.problems)),
    );
    let silent_notes = silence(
        &mut findings,
        &examined,
        settings,
        subject.is_scan.then(|| engines.default_engine()),
    );
    hold_back(&mut findings, settings.confidence_min);
    rank(&mut findings);
    if let Some(baseline) = &settings.baseline {
        baseline.apply(&mut findings);
        rank(&mut findings);
    }
    if settings.fold {
        fold::fold(&mut findings);
    }
    number_fingerprints(&mut findings);
    if settings.rejected.apply(&mut findings) {
        rank(&mut findings);
    }
    progress.settled(&findings);
    let coverage = new_code_coverage(&examined, settings);
    let mut totals = Totals::default();
    let mut metrics = MetricsReport::default();
    let mut entries: Vec<FileEntry> = Vec::with_capacity(examined.len());
    for file in examined {
        let [base, head] = &file.measured;
        totals.add(base.as_ref(), head.as_ref());
        metrics.files.extend(file.metrics);
        entries.push(file.entry);
    }
    metrics.change = totals.deltas();
    difference::limit(entries.iter_mut().map(|entry| &mut entry.diff));
    let source_lines = subject.is_scan.then(|| totals.source_lines());
    let mut report = Report {
        version: settings.version.clone(),
        overview: overview(subject, &entries),
        about: None,
        since: None,
        rules: rule_texts(&findings, settings, &brought.rules),
        score: score(
            findings.iter().filter(|finding| finding.counts()),
            source_lines,
        ),
        findings,
        ledger: Ledger { files: entries },
        metrics,
        packages: packages.differences,
        gate: assay_finding::Gate::default(),
        recommendations: Vec::new(),
        problems,
    };
    report.overview.notes.extend(packages.notes);
    report.overview.notes.extend(brought.notes);
    report.overview.notes.extend(silent_notes);
    report.gate = gate::decide(&report, &settings.gate, coverage.map(NewCode::percent));
    report.recommendations = advice::recommendations(&report);
    report.about = (!subject.is_scan).then(|| summary::about(&report));
    report
}

/// Runs a step that looks at more than one file. Whatever is wrong with it, the
/// others run, the report says so, and the gate sees it.
fn step<T: Default>(what: &str, problems: &mut Vec<Problem>, run: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        problems.push(Problem {
            what: what.to_owned(),
            path: None,
            message: stopped(&panic_message(&*panic)),
        });
        T::default()
    })
}

/// Silences what is less sure than what is reported.
pub(crate) fn hold_back(findings: &mut [Finding], confidence_min: Confidence) {
    for finding in findings {
        if finding.suppressed.is_none() && finding.confidence < confidence_min {
            finding.suppressed = Some(Suppressed {
                by: SuppressedBy::Confidence,
                reason: Some(format!("its confidence is {}", finding.confidence)),
                until: None,
            });
        }
    }
}

/// Applies what silences findings besides the comments beside each: comments
/// to what was found by comparing files, and the configuration. Returns what
/// the reader must know of the configuration's suppressions: what is over, and,
/// given the engine of a scan, which sees all that there is, what silences nothing.
fn silence(
    findings: &mut [Finding],
    examined: &[Examined],
    settings: &Settings,
    engine: Option<&Engine>,
) -> Vec<String> {
    let directives: Vec<PlacedDirective> = examined
        .iter()
        .flat_map(|file| file.directives.iter().cloned())
        .collect();
    apply_directives(findings, &directives, settings.today);
    let outcomes = suppress_configured(findings, &settings.suppressions, settings.today);
    let is_needless = |one: &ConfiguredSuppression| {
        let mut paths = examined.iter().map(|file| &file.entry.path);
        engine.is_some_and(|engine| one.is_of_engine(engine))
            && paths.any(|path| one.holds_in(path))
    };
    let note = |(one, outcome): (&ConfiguredSuppression, DirectiveOutcome)| {
        let (rule, reason) = (one.rule.glob(), &one.reason);
        match (outcome, one.until) {
            (DirectiveOutcome::Expired(count @ 1..), Some(day)) => Some(format!(
                "a suppression of `{rule}` in the configuration held until {day} and no longer silences {} ({reason})",
                counted(count, "finding")
            )),
            (DirectiveOutcome::Unused, _) if is_needless(one) => Some(format!(
                "a suppression of `{rule}` in the configuration silences nothing here ({reason})"
            )),
            _ => None,
        }
    };
    settings
        .suppressions
        .iter()
        .zip(outcomes)
        .filter_map(note)
        .collect()
}

/// Tells introduced from existing.
fn introduced(examined: &mut [Examined]) -> Vec<Finding> {
    let mut versions: Vec<_> = examined
        .iter_mut()
        .map(|file| std::mem::take(&mut file.versions))
        .collect();
    introduce::mark(&mut versions);
    for (file, versions) in examined.iter_mut().zip(&mut versions) {
        file.versions.mapping = std::mem::take(&mut versions.mapping);
    }
    versions.into_iter().flat_map(|file| file.head).collect()
}

/// Worst first: what counts, then severity, confidence, then place. The order
/// is total, so it does not depend on the order of the work.
pub(crate) fn rank(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| {
            (
                !finding.counts(),
                finding.state == State::Existing,
                std::cmp::Reverse(finding.severity),
                std::cmp::Reverse(finding.confidence),
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.location.path.cmp(&b.location.path))
            .then_with(|| a.location.span.cmp(&b.location.span))
            .then_with(|| a.rule.cmp(&b.rule))
            .then_with(|| a.message.cmp(&b.message))
    });
}

fn rule_texts(findings: &[Finding], settings: &Settings, outside: &[RuleMeta]) -> Vec<RuleMeta> {
    let of_tool = |id: &RuleId| outside.iter().find(|meta| meta.id == *id).cloned();
    let mut ids: Vec<&RuleId> = findings.iter().map(|finding| &finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter()
        .filter_map(|id| {
            assay_rules::rule_by_id(id.as_str())
                .map(assay_rules::Rule::meta)
                .or_else(|| settings.project.as_ref()?.meta(id))
                .or_else(|| settings.secret_rules.meta(id))
                .or_else(|| of_tool(id))
        })
        .collect()
}

fn overview(subject: Subject<'_>, entries: &[FileEntry]) -> Overview {
    let change = subject.change;
    let (lines_added, lines_removed) = entries
        .iter()
        .map(line_counts)
        .fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
    Overview {
        base: change.base.clone(),
        head: change.head.clone(),
        is_scan: subject.is_scan,
        files: entries.len(),
        lines_added,
        lines_removed,
        notes: change.notes.clone(),
    }
}

fn new_code_coverage(examined: &[Examined], settings: &Settings) -> Option<NewCode> {
    let report = settings.coverage.as_ref()?;
    let mut sum = NewCode::default();
    for file in examined {
        let read = !matches!(file.entry.coverage, Coverage::Skipped(_));
        if let (true, Some(code)) = (
            read,
            report.new_code(&file.entry.path, &file.versions.mapping),
        ) {
            sum.coverable += code.coverable;
            sum.covered += code.covered;
        }
    }
    Some(sum)
}
