//! Files that usually change when one file does, by the newest commits to it.
//!
//! The numbers are of that file alone: of its last commits, how many changed the other
//! as well. Pairs of a whole repository are counted by `co_changes`.

use std::collections::{BTreeMap, HashSet};

use crate::history::History;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// What is asked for before a file counts as a companion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompanionLimits {
    /// The newest commits to the file that are looked at.
    pub commits_max: usize,
    /// A commit with more files says nothing about any two of them.
    pub commit_files_max: usize,
    /// There must be so many commits to the file since the other is known.
    pub commits_min: usize,
    /// So many of a hundred of them changed the other.
    pub confidence_min: usize,
    /// Of the newest of them.
    pub newest: usize,
    /// So many changed the other.
    pub newest_min: usize,
    /// So many of a hundred commits to the other changed the file.
    pub back_min: usize,
    /// On so many days they changed together.
    pub days_min: usize,
    /// A file that more of a hundred commits change belongs to none.
    pub share_max: usize,
}

impl Default for CompanionLimits {
    fn default() -> Self {
        Self {
            commits_max: 20,
            commit_files_max: 20,
            commits_min: 6,
            confidence_min: 75,
            newest: 3,
            newest_min: 2,
            back_min: 40,
            days_min: 2,
            share_max: 10,
        }
    }
}

/// A file that usually changes when another does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Companion {
    /// The file: a place in [`History::paths`].
    pub path: u32,
    /// How many of the commits changed it as well.
    pub together: u32,
    /// The newest commits to the other file that were looked at.
    pub commits: u32,
}

/// The commits of a history by the files that they changed.
#[derive(Debug)]
pub struct Companions<'a> {
    history: &'a History,
    /// For each path its commits, newest first, without those of too many files.
    commits: Vec<Vec<u32>>,
    /// Commits of each path, all of them.
    counts: Vec<u32>,
    limits: CompanionLimits,
}

impl<'a> Companions<'a> {
    /// Sorts the commits of a history by their files.
    pub fn new(history: &'a History, limits: CompanionLimits) -> Self {
        let mut commits = vec![Vec::new(); history.paths.len()];
        let mut counts = vec![0u32; history.paths.len()];
        for (at, commit) in history.commits.iter().enumerate() {
            let is_small = commit.touches.len() <= limits.commit_files_max;
            for touch in &commit.touches {
                let path = touch.path as usize;
                counts[path] += 1;
                // A file may stand in a commit twice, under an old name as well.
                if is_small && commits[path].last() != Some(&(at as u32)) {
                    commits[path].push(at as u32);
                }
            }
        }
        Self {
            history,
            commits,
            counts,
            limits,
        }
    }

    /// Returns the files that usually change when this one does, the surest first.
    pub fn of(&self, path: u32) -> Vec<Companion> {
        let limits = &self.limits;
        let own = self.newest(path);
        if own.len() < limits.commits_min {
            return Vec::new();
        }
        let mut with: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &at in own {
            let touches = &self.history.commits[at as usize].touches;
            let others: HashSet<u32> = touches.iter().map(|touch| touch.path).collect();
            for other in others.into_iter().filter(|&other| other != path) {
                with.entry(other).or_default().push(at);
            }
        }
        let judge = |(other, together): (u32, Vec<u32>)| self.judge(path, own, other, &together);
        let mut found: Vec<Companion> = with.into_iter().filter_map(judge).collect();
        found.sort_by_key(|one| {
            let confidence = one.together * 100 / one.commits.max(1);
            (std::cmp::Reverse((confidence, one.together)), one.path)
        });
        found
    }

    /// The newest commits to a file that are looked at.
    fn newest(&self, path: u32) -> &[u32] {
        let all = &self.commits[path as usize];
        &all[..all.len().min(self.limits.commits_max)]
    }

    fn judge(&self, path: u32, own: &[u32], other: u32, together: &[u32]) -> Option<Companion> {
        let limits = &self.limits;
        // Before the other file was there nothing could change it.
        let oldest = *self.commits[other as usize].last()?;
        let own = &own[..own.partition_point(|&at| at <= oldest)];
        if own.len() < limits.commits_min
            || together.len() * 100 < own.len() * limits.confidence_min
        {
            return None;
        }
        let newest = own.iter().take(limits.newest);
        let still = newest.filter(|at| together.contains(at)).count();
        let back = self.newest(other);
        let both = back
            .iter()
            .filter(|at| self.commits[path as usize].binary_search(at).is_ok())
            .count();
        let days: HashSet<i64> = together
            .iter()
            .map(|&at| self.history.commits[at as usize].seconds / SECONDS_A_DAY)
            .collect();
        let is_everywhere = self.counts[other as usize] as usize * 100
            > self.history.commits.len() * limits.share_max;
        let holds = still >= limits.newest_min
            && both * 100 >= back.len() * limits.back_min
            && days.len() >= limits.days_min
            && !is_everywhere;
        holds.then_some(Companion {
            path: other,
            together: together.len() as u32,
            commits: own.len() as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{CompanionLimits, Companions, SECONDS_A_DAY};
    use crate::history::{History, PastCommit, Touch};
    use crate::path::RepoPath;

    /// A history of these commits, newest first, one a day, and of many others.
    fn check(commits: &[&[u32]], expected: &[(u32, u32, u32)]) {
        let others: Vec<Vec<u32>> = (0..200).map(|at| vec![10 + at]).collect();
        let all = commits.iter().map(|one| one.to_vec()).chain(others);
        let commit = |(at, paths): (usize, Vec<u32>)| PastCommit {
            id: at.to_string(),
            author: 0,
            seconds: (1000 - at as i64) * SECONDS_A_DAY,
            is_merge: false,
            touches: paths
                .into_iter()
                .map(|path| Touch {
                    path,
                    added: 1,
                    removed: 1,
                })
                .collect(),
        };
        let history = History {
            paths: (0..300)
                .map(|at| RepoPath::from_bytes(format!("f{at}")))
                .collect(),
            commits: all.enumerate().map(commit).collect(),
            ..History::default()
        };
        let found: Vec<_> = Companions::new(&history, CompanionLimits::default())
            .of(0)
            .iter()
            .map(|one| (one.path, one.together, one.commits))
            .collect();
        assert_eq!(found, expected);
    }

    const BOTH: &[u32] = &[0, 1];
    const ALONE: &[u32] = &[0];
    const OTHER: &[u32] = &[1];

    #[test]
    fn what_usually_changes_too_is_a_companion() {
        check(&[BOTH; 6], &[(1, 6, 6)]);
        check(&[BOTH, BOTH, ALONE, BOTH, BOTH, BOTH, BOTH], &[(1, 6, 7)]);
        check(&[BOTH; 5], &[]);
    }

    #[test]
    fn two_of_the_newest_three_must_hold() {
        check(
            &[ALONE, ALONE, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH],
            &[],
        );
        check(
            &[ALONE, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH, BOTH],
            &[(1, 7, 8)],
        );
    }

    #[test]
    fn commits_before_the_other_file_do_not_count() {
        let mut commits = vec![BOTH; 6];
        commits.extend([ALONE; 9]);
        check(&commits, &[(1, 6, 6)]);
        // It was there before, and did not change.
        commits.push(OTHER);
        check(&commits, &[]);
    }

    #[test]
    fn a_file_that_changes_with_everything_belongs_to_none() {
        let mut commits = vec![BOTH; 6];
        commits.extend([OTHER; 9]);
        check(&commits, &[(1, 6, 6)]);
        commits.extend([OTHER; 40]);
        check(&commits, &[]);
    }

    #[test]
    fn a_large_commit_says_nothing() {
        let large: Vec<u32> = (0..21).collect();
        check(&[large.as_slice(); 9], &[]);
        check(&[&large[..2]; 9], &[(1, 9, 9)]);
    }
}
