//! Who could review a change: those who worked on its files lately, and in their folders.
//!
//! Lines alone name who wrote most of a file, who may be gone for years. A commit counts
//! half as much for each half year that it is old; one to another file of the same folders
//! counts a tenth.

use std::collections::{HashMap, HashSet};

use assay_source::{FileHistory, History, RepoPath};

/// Reviewers that are suggested.
const REVIEWERS_MAX: usize = 3;
/// In this time a commit loses half of its weight.
const HALF_LIFE_SECONDS: f64 = 180.0 * 24.0 * 60.0 * 60.0;
/// What a commit to another file of a folder weighs.
const FOLDER_WEIGHT: f64 = 0.1;
/// The newest commits to the folders that are counted.
const FOLDER_COMMITS_MAX: usize = 200;
/// Of all weight a reviewer has so much at least.
const SHARE_MIN: f64 = 0.02;

/// Somebody who knows the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Lines of the changed files that are theirs, of a hundred.
    pub percent: u32,
    /// Their commits to the changed files; none for who works beside them.
    pub commits: u32,
}

/// Returns who could review a change to these files, the best first; never one of its
/// authors, and no program. `changed` is the past of the files that were there.
pub(crate) fn reviewers(
    history: &History,
    changed: &[&FileHistory],
    paths: &[&RepoPath],
    authors: &[String],
) -> Vec<Reviewer> {
    let is_asked = |person: u32| {
        let person = &history.people[person as usize];
        let wrote_it = |author: &String| author.eq_ignore_ascii_case(&person.email);
        !person.is_bot() && !authors.iter().any(wrote_it)
    };
    let mut weights: HashMap<u32, f64> = HashMap::new();
    for (person, weight) in worked(history, changed, paths) {
        if is_asked(person) {
            *weights.entry(person).or_default() += weight;
        }
    }
    let all: f64 = weights.values().sum();
    let mut known: Vec<(u32, f64)> = weights.into_iter().collect();
    known.retain(|(_, weight)| *weight >= all * SHARE_MIN);
    known.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let lines: u64 = changed.iter().map(|file| u64::from(file.lines)).sum();
    let reviewer = |(person, _): (u32, f64)| {
        let shares = changed.iter().flat_map(|file| &file.shares);
        let own = shares.filter(|share| share.person == person);
        let (own, commits) = own.fold((0, 0), |sum, share| {
            (sum.0 + u64::from(share.lines), sum.1 + share.commits)
        });
        let person = &history.people[person as usize];
        Reviewer {
            name: person.name.clone(),
            email: person.email.clone(),
            percent: (own * 100 / lines.max(1)) as u32,
            commits,
        }
    };
    known
        .into_iter()
        .take(REVIEWERS_MAX)
        .map(reviewer)
        .collect()
}

/// Returns the weight of each commit to the changed files and to their folders.
fn worked(history: &History, changed: &[&FileHistory], paths: &[&RepoPath]) -> Vec<(u32, f64)> {
    let files: HashSet<u32> = changed.iter().map(|file| file.path).collect();
    let folders: HashSet<&[u8]> = paths.iter().map(|path| folder(path)).collect();
    let is_beside: Vec<bool> = history
        .paths
        .iter()
        .map(|path| folders.contains(folder(path)))
        .collect();
    // The past has its own now: the same history says the same on any day.
    let now = history.commits.iter().map(|commit| commit.seconds).max();
    let mut beside = FOLDER_COMMITS_MAX;
    let mut found = Vec::new();
    for commit in &history.commits {
        let age = (now.unwrap_or(commit.seconds) - commit.seconds) as f64;
        let weight = 0.5f64.powf(age / HALF_LIFE_SECONDS);
        let touches = || commit.touches.iter().map(|touch| touch.path);
        let own = touches().filter(|path| files.contains(path)).count();
        if own > 0 {
            found.push((commit.author, weight * own as f64));
        }
        if beside > 0 && touches().any(|path| is_beside[path as usize]) {
            beside -= 1;
            found.push((commit.author, weight * FOLDER_WEIGHT));
        }
    }
    found
}

fn folder(path: &RepoPath) -> &[u8] {
    let bytes = path.as_bytes();
    let end = bytes.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use assay_source::{History, PastCommit, Person, RepoPath, Touch, file_histories};

    use super::reviewers;

    /// Commits as who, days ago, and what; the names of who could review `a/x`.
    fn check(commits: &[(u32, i64, &[u32])], author: &str, expected: &[&str]) {
        let paths = ["a/x", "a/y", "b/z"].map(RepoPath::from);
        let commit = |&(author, days, paths): &(u32, i64, &[u32])| PastCommit {
            id: String::new(),
            author,
            seconds: -days * 24 * 60 * 60,
            is_merge: false,
            touches: paths
                .iter()
                .map(|&path| Touch {
                    path,
                    added: 1,
                    removed: 0,
                })
                .collect(),
        };
        let history = History {
            people: ["ann", "ben", "cat", "dependabot"]
                .map(|name| Person {
                    name: name.to_owned(),
                    email: format!("{name}@example.com"),
                })
                .to_vec(),
            commits: commits.iter().map(commit).collect(),
            files: (0..3)
                .map(|path| assay_source::FileLines {
                    path,
                    lines: Vec::new(),
                })
                .collect(),
            paths: paths.to_vec(),
            ..History::default()
        };
        let files = file_histories(&history);
        let authors = [format!("{author}@example.com")];
        let found = reviewers(&history, &[&files[0]], &[&paths[0]], &authors);
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn who_worked_on_it_lately_goes_first() {
        let old: &[(u32, i64, &[u32])] = &[(0, 0, &[0]), (1, 800, &[0]), (1, 810, &[0])];
        check(old, "cat", &["ann", "ben"]);
        // Two commits of last year weigh more than one of today.
        let some: &[(u32, i64, &[u32])] = &[(0, 0, &[0]), (1, 60, &[0]), (1, 70, &[0])];
        check(some, "cat", &["ben", "ann"]);
        check(some, "ben", &["ann"]);
    }

    #[test]
    fn who_works_beside_it_is_better_than_nobody() {
        check(&[(0, 0, &[1]), (1, 0, &[2]), (3, 0, &[0])], "cat", &["ann"]);
        check(&[(0, 0, &[1]), (2, 30, &[0])], "ben", &["cat", "ann"]);
    }
}
