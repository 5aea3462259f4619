//! Packages that the change brings: what is known against them, what was added,
//! upgraded, downgraded and removed, and what nobody could say.
//!
//! Invariant: a package file of the change is in the ledger as read by this
//! analyzer, or with the reason why not; that something was not looked up is said
//! there and at the top of the report, never left out.

mod difference;
mod finding;
mod hint;
mod locked;

use std::collections::BTreeSet;
use std::sync::Arc;

use assay_deps::{
    AdvisoryIndex, Checked, Checker, FileRole, HintInput, PackageFile, TreeFiles, hints, is_copy,
    is_looked_up, recognise,
};
use assay_finding::{Coverage, Finding, HunkEntry, PackageDifference, Problem, SkipReason, State};
use assay_source::{
    FileChange, FileKind, FileVersion, LineMapping, RepoPath, SourceText, diff_lines,
};
use jiff::civil::Date;

use crate::engines::Engines;
use crate::file::Examined;
use crate::frame;
use crate::introduce::{self, Versions};
use crate::pipeline::{Progress, Subject};
use crate::redact;
use crate::settings::{AdvisorySource, Settings};

use locked::Lockfiles;

/// The analyzer as the ledger names it.
const PACKAGES: &str = "packages";
/// Lockfiles are longer than code.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// A database that is older says so in the report.
pub(crate) const AGE_DAYS_MAX: i64 = 7;
/// Package files of one review.
const FILES_MAX: usize = 20_000;

/// What came of it.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) differences: Vec<PackageDifference>,
    /// What the reader of the report must know.
    pub(crate) notes: Vec<String>,
}

/// One package file of the change.
struct Candidate<'c> {
    /// Its place in the change.
    at: usize,
    base: Option<&'c FileVersion>,
    head: Option<&'c FileVersion>,
}

/// Reads the package files of the change and looks their packages up.
pub(crate) fn find(
    subject: Subject<'_>,
    examined: &mut [Examined],
    engines: &Engines<'_>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Outcome {
    let candidates = candidates(&subject.change.files, examined);
    if candidates.is_empty() {
        return Outcome::default();
    }
    progress.begin("Reading packages", 1);
    let outcome = Run {
        subject,
        engines,
        settings,
    }
    .run(&candidates, examined);
    progress.advance();
    outcome
}

/// Generated and large files are read here as well: lockfiles are both.
fn candidates<'c>(files: &'c [FileChange], examined: &[Examined]) -> Vec<Candidate<'c>> {
    let wanted = |version: &Option<FileVersion>| {
        version.as_ref().is_some_and(|version| {
            matches!(version.kind, FileKind::File | FileKind::Executable)
                && recognise(&version.path).is_some()
                && !is_copy(&version.path)
        })
    };
    let mut found = Vec::new();
    for (at, (file, examined)) in files.iter().zip(examined).enumerate() {
        let left_out = matches!(
            examined.entry.coverage,
            Coverage::Skipped(
                SkipReason::Excluded(_)
                    | SkipReason::Vendored(_)
                    | SkipReason::LfsPointer
                    | SkipReason::Submodule
                    | SkipReason::Symlink
                    | SkipReason::TooManyFiles { .. }
            )
        );
        let (base, head) = (wanted(&file.base), wanted(&file.head));
        if !left_out && (base || head) && found.len() < FILES_MAX {
            found.push(Candidate {
                at,
                base: file.base.as_ref().filter(|_| base),
                head: file.head.as_ref().filter(|_| head),
            });
        }
    }
    found
}

struct Run<'a> {
    subject: Subject<'a>,
    engines: &'a Engines<'a>,
    settings: &'a Settings,
}

/// Both versions of one package file, with what was found.
struct Pair {
    base: Option<PackageFile>,
    head: Option<PackageFile>,
    versions: Versions,
    /// What could not be answered: the file was not read wholly.
    unanswered: Vec<String>,
    /// What else to know about it.
    notes: Vec<String>,
}

impl Run<'_> {
    fn run(&self, candidates: &[Candidate<'_>], examined: &mut [Examined]) -> Outcome {
        let mut outcome = Outcome::default();
        let (head_list, base_list) = self.lists();
        let heads = TreeFiles::new(self.subject.tree, &head_list);
        let bases = TreeFiles::new(self.subject.tree, &base_list);
        let mut pairs: Vec<Pair> = read(&heads, candidates.iter().map(|one| one.head))
            .into_iter()
            .zip(read(&bases, candidates.iter().map(|one| one.base)))
            .map(|(head, base)| Pair {
                base,
                head,
                versions: Versions::default(),
                unanswered: Vec::new(),
                notes: Vec::new(),
            })
            .collect();
        let locks = [&base_list, &head_list].map(|list| Lockfiles::new(list));
        if let Some(index) = self.database(&pairs, &mut outcome) {
            self.look_up(index, &locks, candidates, &mut pairs, examined);
        }
        self.add_hints(&locks, candidates, &mut pairs, examined);
        if !self.subject.is_scan {
            outcome.differences = difference::of(
                pairs
                    .iter()
                    .map(|pair| (pair.base.as_ref(), pair.head.as_ref())),
            );
        }
        for (candidate, pair) in candidates.iter().zip(pairs) {
            let file = &mut examined[candidate.at];
            if let Some(problem) = self.account(candidate, &pair, file) {
                file.entry.notes.push(problem);
            }
            outcome.findings.extend(pair.versions.head);
        }
        outcome
    }

    /// Returns the files of the head, and of the base as far as the change tells.
    fn lists(&self) -> (Vec<FileVersion>, Vec<FileVersion>) {
        let files = &self.subject.change.files;
        // A patch without its tree has the files of the change alone.
        let head = self
            .subject
            .tree
            .list()
            .unwrap_or_else(|_| files.iter().filter_map(|file| file.head.clone()).collect());
        if self.subject.is_scan {
            return (head, Vec::new());
        }
        let changed: BTreeSet<&RepoPath> = files
            .iter()
            .filter_map(|file| file.head.as_ref().map(|version| &version.path))
            .collect();
        let mut base: Vec<FileVersion> = head
            .iter()
            .filter(|version| !changed.contains(&version.path))
            .cloned()
            .collect();
        base.extend(files.iter().filter_map(|file| file.base.clone()));
        (head, base)
    }

    /// Returns the database, when there is one and something to ask it; says what
    /// the reader must know about it.
    fn database(&self, pairs: &[Pair], outcome: &mut Outcome) -> Option<&AdvisoryIndex> {
        if !pairs.iter().filter_map(|pair| pair.head.as_ref()).any(asks) {
            return None;
        }
        match &self.settings.advisories {
            AdvisorySource::Off => None,
            AdvisorySource::Missing => {
                outcome.notes.push(
                    "packages were not checked for known vulnerabilities: there is no advisory database (`assay advisories update` makes one)"
                        .to_owned(),
                );
                None
            }
            AdvisorySource::Broken(why) => {
                outcome.notes.push(format!(
                    "packages were not checked for known vulnerabilities: {why}"
                ));
                None
            }
            AdvisorySource::Index(index) => {
                outcome.notes.extend(age_note(index, self.settings.today));
                Some(index)
            }
        }
    }

    fn look_up(
        &self,
        index: &AdvisoryIndex,
        locks: &[Lockfiles; 2],
        candidates: &[Candidate<'_>],
        pairs: &mut [Pair],
        examined: &mut [Examined],
    ) {
        let checker = Checker::new(index);
        for (candidate, pair) in candidates.iter().zip(&mut *pairs) {
            let file = &mut examined[candidate.at];
            let [base_locks, head_locks] = locks;
            if let Some(base) = &pair.base
                && base_locks.beside(base).is_none()
                && let Ok(checked) = checker.check(&base.packages)
            {
                pair.versions.base = self.findings(base, candidate.base, &checked, file);
            }
            let Some(head) = &pair.head else {
                continue;
            };
            if let Some(lock) = head_locks.beside(head) {
                // What the lockfile says is more exact; its findings are enough.
                let note = format!("{lock} says which versions are used");
                pair.notes.push(note);
                continue;
            }
            match checker.check(&head.packages) {
                Ok(checked) => {
                    pair.unanswered.extend(gaps(head, &checked));
                    pair.versions.head = self.findings(head, candidate.head, &checked, file);
                }
                Err(error) => {
                    file.problems.push(Problem {
                        what: PACKAGES.to_owned(),
                        path: Some(head.path.clone()),
                        message: format!(
                            "the advisory database cannot be used: {error}; `assay advisories update --fresh` makes a new one"
                        ),
                    });
                    let what = "not checked for known vulnerabilities";
                    pair.unanswered.push(what.to_owned());
                }
            }
        }
        let mut versions: Vec<Versions> = pairs
            .iter_mut()
            .map(|pair| std::mem::take(&mut pair.versions))
            .collect();
        introduce::mark_by_identity(&mut versions);
        for (pair, versions) in pairs.iter_mut().zip(versions) {
            pair.versions = versions;
        }
    }

    /// Adds what is worth a look without any advisory.
    fn add_hints(
        &self,
        locks: &[Lockfiles; 2],
        candidates: &[Candidate<'_>],
        pairs: &mut [Pair],
        examined: &[Examined],
    ) {
        let mut versions: Vec<Versions> = pairs
            .iter()
            .zip(candidates)
            .map(|(pair, candidate)| {
                let examined = &examined[candidate.at];
                let is_there = pair.base.is_some();
                let of = |file: &Option<PackageFile>, version, base, locks: &Lockfiles| {
                    file.as_ref().map_or_else(Vec::new, |file| {
                        let is_manifest = file.kind.role == FileRole::Manifest;
                        let input = HintInput {
                            file,
                            policy: &self.settings.licences,
                            // A first lockfile brings the scripts of all that is in
                            // it; a first manifest has those that somebody wrote.
                            is_change: !self.subject.is_scan && (is_there || is_manifest),
                            base,
                            is_locked: locks.beside(file).is_some(),
                        };
                        self.hints(input, version, examined)
                    })
                };
                let [base_locks, head_locks] = locks;
                Versions {
                    base: of(&pair.base, candidate.base, None, base_locks),
                    head: of(&pair.head, candidate.head, pair.base.as_ref(), head_locks),
                    ..Versions::default()
                }
            })
            .collect();
        introduce::mark_by_identity(&mut versions);
        for (pair, versions) in pairs.iter_mut().zip(versions) {
            pair.versions.head.extend(versions.head);
        }
    }

    fn hints(
        &self,
        input: HintInput<'_>,
        version: Option<&FileVersion>,
        examined: &Examined,
    ) -> Vec<Finding> {
        let file = input.file;
        let hints = hints(input);
        let text = version
            .filter(|_| !hints.is_empty())
            .and_then(|version| self.text(version));
        let Some(text) = text else {
            return Vec::new();
        };
        let engine = self.engines.for_path(&file.path);
        let findings = hint::of(file, &text, &hints, &engine);
        self.shown(findings, file, &text, examined)
    }

    fn findings(
        &self,
        file: &PackageFile,
        version: Option<&FileVersion>,
        checked: &Checked,
        examined: &Examined,
    ) -> Vec<Finding> {
        let text = match (&checked.known[..], version) {
            ([], _) | (_, None) => return Vec::new(),
            (_, Some(version)) => self.text(version),
        };
        let Some(text) = text else {
            return Vec::new();
        };
        let engine = self.engines.for_path(&file.path);
        let findings = finding::of(file, &text, checked, &engine);
        self.shown(findings, file, &text, examined)
    }

    /// Cuts the frames of findings, without the secrets of the file.
    fn shown(
        &self,
        mut findings: Vec<Finding>,
        file: &PackageFile,
        text: &Arc<SourceText>,
        examined: &Examined,
    ) -> Vec<Finding> {
        if findings.is_empty() {
            return findings;
        }
        let masked = redact::mask_file(&file.path, text, None, &self.settings.secret_rules);
        for finding in &mut findings {
            finding.state = State::Introduced;
            redact::finding(finding, &masked);
            frame::fill(finding, &masked.text, &examined.versions.mapping);
        }
        findings
    }

    fn text(&self, version: &FileVersion) -> Option<Arc<SourceText>> {
        let bytes = self.subject.tree.read(version, FILE_BYTES_MAX).ok()?;
        SourceText::decode(bytes).ok().map(Arc::new)
    }

    /// Puts the file into the ledger as read; returns what else to say of it.
    fn account(
        &self,
        candidate: &Candidate<'_>,
        pair: &Pair,
        examined: &mut Examined,
    ) -> Option<String> {
        let problems = pair.head.as_ref().or(pair.base.as_ref());
        let problems = problems.map_or(&[][..], |file| &file.problems);
        if examined.entry.hunks.is_empty()
            && matches!(
                examined.entry.coverage,
                Coverage::Skipped(SkipReason::TooLarge { .. })
            )
        {
            self.add_hunks(candidate, examined);
        }
        let mut why: Vec<String> = problems
            .first()
            .map(|first| match problems.len() {
                1 => first.message.clone(),
                count => format!("{} (and {} more problems)", first.message, count - 1),
            })
            .into_iter()
            .collect();
        if let AdvisorySource::Missing | AdvisorySource::Broken(_) = self.settings.advisories
            && pair.head.as_ref().is_some_and(asks)
        {
            why.push("not checked for known vulnerabilities: no advisory database".to_owned());
        }
        why.extend(pair.unanswered.iter().cloned());
        let why = (!why.is_empty()).then(|| why.join("; "));
        let entry = &mut examined.entry;
        let read = |coverage: &Coverage| match coverage {
            Coverage::Analysed(by) => with_why(by, why.clone()),
            Coverage::Partial(by, other) => {
                let why = why
                    .as_ref()
                    .map_or_else(|| other.clone(), |why| format!("{other}; {why}"));
                with_why(by, Some(why))
            }
            Coverage::Skipped(
                SkipReason::Generated(_) | SkipReason::Minified | SkipReason::TooLarge { .. },
            ) => with_why(&[], why.clone()),
            Coverage::Skipped(_) => coverage.clone(),
        };
        entry.coverage = read(&entry.coverage);
        for hunk in &mut entry.hunks {
            hunk.coverage = read(&hunk.coverage);
        }
        (!pair.notes.is_empty()).then(|| format!("packages: {}", pair.notes.join("; ")))
    }

    /// Compares the lines of a file that was too large for everybody else.
    fn add_hunks(&self, candidate: &Candidate<'_>, examined: &mut Examined) {
        let side = |version: Option<&FileVersion>| {
            version
                .and_then(|version| self.text(version))
                .unwrap_or_else(|| Arc::new(SourceText::from_text("")))
        };
        let hunks = diff_lines(&side(candidate.base), &side(candidate.head));
        examined.entry.hunks = hunks
            .iter()
            .map(|hunk| HunkEntry {
                base: hunk.base,
                head: hunk.head,
                coverage: examined.entry.coverage.clone(),
            })
            .collect();
        examined.versions.mapping = LineMapping::new(hunks);
    }
}

/// Returns whether a file names packages that advisories can be about.
fn asks(file: &PackageFile) -> bool {
    file.packages.iter().any(is_looked_up)
}

fn with_why(by: &[&'static str], why: Option<String>) -> Coverage {
    let mut by = by.to_vec();
    by.push(PACKAGES);
    match why {
        Some(why) => Coverage::Partial(by, why),
        None => Coverage::Analysed(by),
    }
}

/// Reads versions in order; one that is not there is none.
fn read<'v>(
    files: &TreeFiles<'_>,
    versions: impl Iterator<Item = Option<&'v FileVersion>>,
) -> Vec<Option<PackageFile>> {
    let versions: Vec<Option<&FileVersion>> = versions.collect();
    let there: Vec<&FileVersion> = versions.iter().copied().flatten().collect();
    let mut read = files.read(&there).into_iter();
    versions
        .into_iter()
        .map(|version| version.and_then(|_| read.next()))
        .collect()
}

/// Says what nobody could say about the packages of a file.
fn gaps(file: &PackageFile, checked: &Checked) -> Vec<String> {
    let mut gaps = Vec::new();
    if !checked.unpinned.is_empty() {
        let and = match file.kind.role {
            FileRole::Manifest => ", and there is no lockfile",
            FileRole::Lockfile | FileRole::Sbom => "",
        };
        gaps.push(format!(
            "{} of {} packages have no exact version{and}: not checked for known vulnerabilities",
            checked.unpinned.len(),
            file.packages.len()
        ));
    }
    if !checked.unanswered.is_empty() {
        let mut ecosystems: Vec<&str> = checked
            .unanswered
            .iter()
            .filter_map(|&at| file.packages.get(at as usize))
            .map(|package| package.ecosystem.name())
            .collect();
        ecosystems.sort_unstable();
        ecosystems.dedup();
        gaps.push(format!(
            "{} packages were not checked for known vulnerabilities: the advisory database has no answer about them ({})",
            checked.unanswered.len(),
            ecosystems.join(", ")
        ));
    }
    gaps
}

/// Says that a database is old: by the source that was checked longest ago.
fn age_note(index: &AdvisoryIndex, today: Date) -> Option<String> {
    let about = index.about();
    let day = |text: &str| text.get(..10)?.parse::<Date>().ok();
    let oldest = about
        .sources
        .iter()
        .map(|source| day(&source.checked))
        .min()
        .unwrap_or_else(|| day(&about.created));
    let Some(oldest) = oldest else {
        return Some("nobody knows how old the advisory database is".to_owned());
    };
    let days = (today - oldest).get_days();
    (i64::from(days) > AGE_DAYS_MAX).then(|| {
        format!(
            "the advisory database is {days} days old (of {oldest}): what was published since is not known (`assay advisories update`)"
        )
    })
}
