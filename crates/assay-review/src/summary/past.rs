//! What the history says of the changed files.

use std::collections::HashSet;

use assay_finding::Report;
use assay_source::{
    ChangeStatus, CoChange, CoChangeLimits, FileHistory, History, RepoPath, co_changes,
    file_histories,
};

use crate::reviewer::{Reviewer, reviewers};

/// Files that are named as forgotten.
const PARTNERS_MAX: usize = 8;
/// Together so often, and in so many of a hundred changes, files belong together.
const PARTNER_TOGETHER_MIN: u32 = 8;
const PARTNER_CONFIDENCE_MIN: u32 = 75;

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

/// The past of the changed files.
pub(super) struct Past<'a> {
    history: Option<&'a History>,
    files: Vec<FileHistory>,
    /// The changed files among them.
    changed: Vec<usize>,
}

impl<'a> Past<'a> {
    pub(super) fn of(history: Option<&'a History>, report: &Report) -> Self {
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
    pub(super) fn hot(&self, report: &Report) -> Vec<(String, u32)> {
        let mut commits: Vec<u32> = self.files.iter().map(|file| file.commits).collect();
        commits.sort_unstable_by(|one, other| other.cmp(one));
        let Some(&least) = commits.get(commits.len() / 20) else {
            return Vec::new();
        };
        let measured = measured(report);
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
    pub(super) fn scattered(&self, report: &Report) -> Option<(String, usize)> {
        let measured = measured(report);
        self.changed.iter().find_map(|&at| {
            let file = &self.files[at];
            let people = file.shares.iter().filter(|share| share.lines > 0).count();
            let most = file.shares.first()?.lines;
            let name = self.name(file);
            (people >= 8 && most * 3 < file.lines && measured.contains(&name))
                .then_some((name, people))
        })
    }

    pub(super) fn reviewers(&self, report: &Report, authors: &[String]) -> Vec<Reviewer> {
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
    pub(super) fn partners(&self, report: &Report) -> Vec<Partner> {
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
            .take(PARTNERS_MAX)
            .collect()
    }
}

/// The paths of the files that were measured: those of code.
fn measured(report: &Report) -> HashSet<String> {
    let files = report.metrics.files.iter();
    files.map(|file| file.path.to_display()).collect()
}
