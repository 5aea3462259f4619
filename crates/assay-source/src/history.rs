//! The past of a repository as data: who changed what and when, which files
//! change together, and whose line each line is.
//!
//! What reads a repository fills [`History`]; what judges a change is handed it.
//! Everything here is counting, and the same history gives the same answer.

use std::collections::HashMap;

use crate::path::RepoPath;

/// Pairs of files that are counted at most.
const PAIRS_MAX: usize = 4_000_000;

/// What is known of a repository's past, as seen from one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The id of the commit that the past leads to.
    pub head: String,
    /// Who wrote the commits, each person once.
    pub people: Vec<Person>,
    /// Every path that was touched; a renamed file goes by its last name.
    pub paths: Vec<RepoPath>,
    /// The commits, newest first.
    pub commits: Vec<PastCommit>,
    /// The files of the head with the owners of their lines, sorted by path.
    pub files: Vec<FileLines>,
    /// What the reader must know of the history itself, such as a shallow clone.
    pub notes: Vec<String>,
}

/// Reads the newest part of the past that leads to a change, when somebody asks.
pub trait RecentPast: Send + Sync {
    /// Returns what the newest commits touched, without owners of lines; none when
    /// there is no past.
    fn read(&self) -> Option<History>;
}

/// Somebody who wrote commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name, as the mailmap or the newest commit gives it.
    pub name: String,
    /// The address, in lower case; the identity.
    pub email: String,
}

impl Person {
    /// Returns whether the name or the address is that of a program.
    pub fn is_bot(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        name.ends_with("[bot]")
            || name.ends_with("-bot")
            || name == "dependabot"
            || self.email.contains("[bot]@")
    }
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommit {
    /// The id in hexadecimal.
    pub id: String,
    /// Who wrote it: a place in [`History::people`].
    pub author: u32,
    /// When, in seconds since 1970.
    pub seconds: i64,
    /// Whether it joins branches; what such a commit brings in counts where it
    /// was made.
    pub is_merge: bool,
    /// What it changed.
    pub touches: Vec<Touch>,
}

/// A file that a commit changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The file: a place in [`History::paths`].
    pub path: u32,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

/// A file of the head and where its lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLines {
    /// The file: a place in [`History::paths`].
    pub path: u32,
    /// The runs of lines in order, without gaps; none for a binary file.
    pub lines: Vec<OwnedLines>,
}

/// A run of lines that one commit wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnedLines {
    /// The first line, from 1.
    pub start: u32,
    /// How many.
    pub count: u32,
    /// The commit: a place in [`History::commits`]; none when the clone does not
    /// reach back so far.
    pub commit: Option<u32>,
}

/// A person's part in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Who: a place in [`History::people`].
    pub person: u32,
    /// How many commits to the file are theirs.
    pub commits: u32,
    /// How many lines of the head are theirs.
    pub lines: u32,
}

/// What the past says of one file of the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHistory {
    /// The file: a place in [`History::paths`].
    pub path: u32,
    /// Commits that changed it.
    pub commits: u32,
    /// Lines added by them.
    pub added: u64,
    /// Lines removed by them.
    pub removed: u64,
    /// The first and the last change, in seconds since 1970; none when no commit
    /// that is known changed it.
    pub changed: Option<(i64, i64)>,
    /// When the median line of the head was written.
    pub median_line_seconds: Option<i64>,
    /// Lines of the head.
    pub lines: u32,
    /// Who took part, those with the most lines first.
    pub shares: Vec<Share>,
}

/// Two files that change together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoChange {
    /// One file: a place in [`History::paths`].
    pub one: u32,
    /// The other.
    pub other: u32,
    /// Commits that changed both: the support.
    pub together: u32,
    /// Commits that changed the one.
    pub one_commits: u32,
    /// Commits that changed the other.
    pub other_commits: u32,
}

impl CoChange {
    /// Returns how often, of a hundred times that `path` changed, the other did too.
    pub fn confidence(&self, path: u32) -> u32 {
        let all = if path == self.one {
            self.one_commits
        } else {
            self.other_commits
        };
        self.together * 100 / all.max(1)
    }
}

/// What counts as changing together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoChangeLimits {
    /// The newest commits that are looked at.
    pub commits_max: usize,
    /// A commit with more files says nothing about any two of them.
    pub commit_files_max: usize,
    /// Two files must have changed together so often.
    pub together_min: u32,
    /// And so often of a hundred changes of one of them.
    pub confidence_min: u32,
}

impl Default for CoChangeLimits {
    fn default() -> Self {
        Self {
            commits_max: 10_000,
            commit_files_max: 20,
            together_min: 5,
            confidence_min: 60,
        }
    }
}

/// Returns the files of the head that usually change together, the surest first.
pub fn co_changes(history: &History, limits: &CoChangeLimits) -> Vec<CoChange> {
    let mut alive = vec![false; history.paths.len()];
    for file in &history.files {
        alive[file.path as usize] = true;
    }
    let mut alone = vec![0u32; history.paths.len()];
    let mut pairs: HashMap<(u32, u32), u32> = HashMap::new();
    for commit in history.commits.iter().take(limits.commits_max) {
        if commit.touches.len() > limits.commit_files_max {
            continue;
        }
        let mut paths: Vec<u32> = commit.touches.iter().map(|touch| touch.path).collect();
        paths.retain(|&path| alive[path as usize]);
        paths.sort_unstable();
        paths.dedup();
        for (at, &one) in paths.iter().enumerate() {
            alone[one as usize] += 1;
            for &other in &paths[at + 1..] {
                if pairs.len() < PAIRS_MAX || pairs.contains_key(&(one, other)) {
                    *pairs.entry((one, other)).or_default() += 1;
                }
            }
        }
    }
    let mut found: Vec<CoChange> = pairs
        .into_iter()
        .filter(|&(_, together)| together >= limits.together_min)
        .map(|((one, other), together)| CoChange {
            one,
            other,
            together,
            one_commits: alone[one as usize],
            other_commits: alone[other as usize],
        })
        .filter(|pair| {
            let best = pair.confidence(pair.one).max(pair.confidence(pair.other));
            best >= limits.confidence_min
        })
        .collect();
    found.sort_by(|one, other| {
        // The product of both ways: files that are one thing come first.
        let rank = |pair: &CoChange| {
            let both = u64::from(pair.together) * u64::from(pair.together) * 1_000_000;
            both / (u64::from(pair.one_commits) * u64::from(pair.other_commits)).max(1)
        };
        let by_rank = rank(other).cmp(&rank(one));
        by_rank
            .then_with(|| other.together.cmp(&one.together))
            .then_with(|| (one.one, one.other).cmp(&(other.one, other.other)))
    });
    found
}

/// Returns what the past says of each file of the head, in their order.
pub fn file_histories(history: &History) -> Vec<FileHistory> {
    let mut places = vec![None; history.paths.len()];
    for (at, file) in history.files.iter().enumerate() {
        places[file.path as usize] = Some(at);
    }
    let mut found: Vec<FileHistory> = history.files.iter().map(lines_of).collect();
    let mut commits: Vec<HashMap<u32, u32>> = vec![HashMap::new(); found.len()];
    for commit in &history.commits {
        for touch in &commit.touches {
            let Some(at) = places[touch.path as usize] else {
                continue;
            };
            let file = &mut found[at];
            file.commits += 1;
            file.added += u64::from(touch.added);
            file.removed += u64::from(touch.removed);
            let (first, last) = file.changed.unwrap_or((commit.seconds, commit.seconds));
            file.changed = Some((first.min(commit.seconds), last.max(commit.seconds)));
            *commits[at].entry(commit.author).or_default() += 1;
        }
    }
    for ((file, owned), commits) in found.iter_mut().zip(&history.files).zip(commits) {
        file.shares = shares(history, owned, commits);
        file.median_line_seconds = median_line(history, owned);
    }
    found
}

fn lines_of(file: &FileLines) -> FileHistory {
    FileHistory {
        path: file.path,
        commits: 0,
        added: 0,
        removed: 0,
        changed: None,
        median_line_seconds: None,
        lines: file.lines.iter().map(|run| run.count).sum(),
        shares: Vec::new(),
    }
}

fn shares(history: &History, owned: &FileLines, commits: HashMap<u32, u32>) -> Vec<Share> {
    let mut lines: HashMap<u32, u32> = HashMap::new();
    for run in &owned.lines {
        if let Some(commit) = run.commit {
            *lines
                .entry(history.commits[commit as usize].author)
                .or_default() += run.count;
        }
    }
    let mut people: Vec<u32> = commits.keys().chain(lines.keys()).copied().collect();
    people.sort_unstable();
    people.dedup();
    let mut shares: Vec<Share> = people
        .into_iter()
        .map(|person| Share {
            person,
            commits: commits.get(&person).copied().unwrap_or(0),
            lines: lines.get(&person).copied().unwrap_or(0),
        })
        .collect();
    shares.sort_by_key(|share| {
        (
            std::cmp::Reverse(share.lines),
            std::cmp::Reverse(share.commits),
            share.person,
        )
    });
    shares
}

fn median_line(history: &History, owned: &FileLines) -> Option<i64> {
    let mut runs: Vec<(i64, u32)> = owned
        .lines
        .iter()
        .filter_map(|run| Some((history.commits[run.commit? as usize].seconds, run.count)))
        .collect();
    runs.sort_unstable();
    let all: u64 = runs.iter().map(|(_, count)| u64::from(*count)).sum();
    let mut seen = 0;
    for (seconds, count) in runs {
        seen += u64::from(count);
        if seen * 2 >= all {
            return Some(seconds);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{
        CoChangeLimits, FileLines, History, OwnedLines, PastCommit, Person, Touch, co_changes,
        file_histories,
    };
    use crate::path::RepoPath;

    fn history(commits: &[(u32, &[u32])]) -> History {
        let count = 1 + commits
            .iter()
            .flat_map(|one| one.1)
            .max()
            .copied()
            .unwrap_or(0);
        History {
            head: String::new(),
            people: ["a", "b"]
                .map(|name| Person {
                    name: name.to_owned(),
                    email: format!("{name}@example.com"),
                })
                .to_vec(),
            paths: (0..count)
                .map(|at| RepoPath::from_bytes(format!("f{at}")))
                .collect(),
            commits: commits
                .iter()
                .enumerate()
                .map(|(at, (author, paths))| PastCommit {
                    id: at.to_string(),
                    author: *author,
                    seconds: 1000 - at as i64,
                    is_merge: false,
                    touches: paths
                        .iter()
                        .map(|&path| Touch {
                            path,
                            added: 2,
                            removed: 1,
                        })
                        .collect(),
                })
                .collect(),
            files: (0..count)
                .map(|path| FileLines {
                    path,
                    lines: vec![
                        OwnedLines {
                            start: 1,
                            count: 3,
                            commit: Some(0),
                        },
                        OwnedLines {
                            start: 4,
                            count: 2,
                            commit: None,
                        },
                    ],
                })
                .collect(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn files_that_change_together_are_found_with_support_and_confidence() {
        let all: &[u32] = &[0, 1];
        let mut commits = vec![(0, all); 6];
        commits.extend([(1, &[0u32][..]), (1, &[0u32, 2][..])]);
        let history = history(&commits);
        let found = co_changes(&history, &CoChangeLimits::default());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].one, found[0].other, found[0].together), (0, 1, 6));
        assert_eq!((found[0].confidence(0), found[0].confidence(1)), (75, 100));
        // One commit less is below the support.
        let fewer = co_changes(
            &history,
            &CoChangeLimits {
                together_min: 7,
                ..CoChangeLimits::default()
            },
        );
        assert_eq!(fewer, []);
    }

    #[test]
    fn a_large_commit_says_nothing_of_any_two_files() {
        let many: Vec<u32> = (0..21).collect();
        let commits: Vec<(u32, &[u32])> = vec![(0, many.as_slice()); 9];
        assert_eq!(
            co_changes(&history(&commits), &CoChangeLimits::default()),
            []
        );
    }

    #[test]
    fn churn_shares_and_age_are_counted() {
        let files = file_histories(&history(&[(0, &[0]), (1, &[0]), (1, &[0])]));
        let file = &files[0];
        assert_eq!(
            (file.commits, file.added, file.removed, file.lines),
            (3, 6, 3, 5)
        );
        assert_eq!(file.changed, Some((998, 1000)));
        assert_eq!(file.median_line_seconds, Some(1000));
        let shares: Vec<_> = file
            .shares
            .iter()
            .map(|one| (one.person, one.commits, one.lines))
            .collect();
        assert_eq!(shares, [(0, 1, 3), (1, 2, 0)]);
    }
}
