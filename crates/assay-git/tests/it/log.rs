//! Histories read from repositories, against what git itself says.

use std::collections::BTreeMap;
use std::path::Path;

use assay_git::{HistoryOptions, HistoryRead, read_history, read_recent};
use assay_source::{History, file_histories};
use assay_testkit::GitRepo;

use crate::support::options;

fn read(repo: &GitRepo, cache: Option<&Path>) -> HistoryRead {
    read_history(repo.root(), "HEAD", &request(cache)).expect("the history can be read")
}

fn request(cache: Option<&Path>) -> HistoryOptions {
    HistoryOptions {
        cache: cache.map(Path::to_owned),
        first_parent: false,
        options: options(),
    }
}

/// Returns the names that each commit touched, newest first.
fn names(history: &History) -> Vec<Vec<String>> {
    let path = |touch: &assay_source::Touch| history.paths[touch.path as usize].to_display();
    let commits = history.commits.iter();
    commits
        .map(|commit| commit.touches.iter().map(path).collect())
        .collect()
}

/// Returns the commit of each line, by path.
fn owners(history: &History) -> BTreeMap<String, Vec<String>> {
    let name =
        |commit: Option<u32>| commit.map_or("-", |at| history.commits[at as usize].id.as_str());
    let lines = |file: &assay_source::FileLines| {
        let runs = file.lines.iter();
        runs.flat_map(|run| vec![name(run.commit).to_owned(); run.count as usize])
            .collect()
    };
    let path = |path: u32| history.paths[path as usize].to_display();
    history
        .files
        .iter()
        .map(|file| (path(file.path), lines(file)))
        .collect()
}

fn blamed(repo: &GitRepo, path: &str) -> Vec<String> {
    let out = repo.git(["blame", "--root", "-l", "-s", "HEAD", "--", path]);
    out.lines().map(|line| line[..40].to_owned()).collect()
}

/// Every line of every file has the owner that `git blame` names.
fn check_owners(repo: &GitRepo, history: &History) {
    for (path, lines) in owners(history) {
        assert_eq!(lines, blamed(repo, &path), "{path}");
    }
}

/// A repository with a branch, a conflict, a rename, a copy and a deletion.
fn sample() -> GitRepo {
    let repo = GitRepo::new();
    let long = |from: u32, to: u32| {
        (from..to)
            .map(|line| format!("line {line}\n"))
            .collect::<String>()
    };
    repo.write("a.txt", long(0, 40))
        .write("gone.txt", "x\n")
        .commit("first");
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.write("a.txt", long(0, 10) + "side\n" + &long(10, 40))
        .write("b.txt", long(5, 9))
        .commit("side");
    repo.git(["checkout", "--quiet", "main"]);
    repo.write("a.txt", long(0, 30) + "main\n" + &long(30, 40))
        .remove("gone.txt")
        .commit("main");
    repo.git(["merge", "--quiet", "--no-ff", "-m", "joined", "side"]);
    repo.git(["mv", "a.txt", "moved.txt"]);
    repo.write("copy.txt", long(0, 12)).commit("moved");
    repo.write(
        "moved.txt",
        "top\n\n".to_owned() + &long(3, 10) + "}\n\n" + &long(10, 44),
    )
    .commit("edited");
    repo.write("image.png", b"\x89PNG\0\0")
        .write("no-end.txt", "one\ntwo")
        .commit("more");
    repo
}

#[test]
fn lines_have_the_owners_that_git_names() {
    let repo = sample();
    let read = read(&repo, None);
    assert_eq!((read.read, read.cached), (7, 0));
    let mut history = read.history;
    history
        .files
        .retain(|file| history.paths[file.path as usize].to_display() != "image.png");
    check_owners(&repo, &history);
}

#[test]
fn churn_follows_a_renamed_file() {
    let repo = sample();
    let history = read(&repo, None).history;
    let files = file_histories(&history);
    let moved = files
        .iter()
        .find(|file| history.paths[file.path as usize].to_display() == "moved.txt")
        .expect("it is in the head");
    // First, side, main, moved, edited; the merge adds nothing of its own.
    assert_eq!((moved.commits, moved.added), (5, 40 + 1 + 1 + 8));
}

#[test]
fn only_new_commits_are_read_again() {
    let repo = sample();
    let cache = repo.outside().join("cache");
    let first = read(&repo, Some(&cache));
    repo.write("moved.txt", "all new\n").commit("rewritten");
    let second = read(&repo, Some(&cache));
    assert_eq!((second.read, second.cached), (1, 7));
    assert_eq!(second.history, read(&repo, None).history);
    // After a rebase the old facts are still there, and do not count.
    repo.git(["reset", "--quiet", "--hard", "HEAD~2"]);
    repo.write("other.txt", "1\n").commit("another way");
    let third = read(&repo, Some(&cache));
    assert_eq!((third.read, third.cached), (1, 6));
    assert_eq!(third.history, read(&repo, None).history);
    assert_eq!(first.cached, 0);
}

#[test]
fn a_damaged_cache_is_read_anew() {
    let repo = sample();
    let cache = repo.outside().join("cache");
    let whole = read(&repo, Some(&cache)).history;
    let mut files = Vec::new();
    for folder in std::fs::read_dir(cache.join("history"))
        .expect("the cache")
        .flatten()
    {
        files.extend(
            std::fs::read_dir(folder.path())
                .expect("a folder")
                .flatten(),
        );
    }
    assert_eq!(files.len(), 1);
    let mut bytes = std::fs::read(files[0].path()).expect("the facts");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(files[0].path(), bytes).expect("written");
    let again = read(&repo, Some(&cache));
    assert_eq!((again.read, again.cached), (7, 0));
    assert_eq!(again.history, whole);
}

#[test]
fn many_small_files_of_the_cache_become_one() {
    let repo = sample();
    let cache = repo.outside().join("cache");
    for at in 0..15 {
        repo.write("n.txt", format!("{at}\n")).commit("next");
        let found = read(&repo, Some(&cache));
        assert_eq!(found.read, if at == 0 { 8 } else { 1 });
    }
    let folder = std::fs::read_dir(cache.join("history"))
        .expect("the cache")
        .flatten()
        .next();
    let files = std::fs::read_dir(folder.expect("one").path())
        .expect("a folder")
        .count();
    assert!(files <= 4, "{files}");
}

#[test]
fn a_shallow_clone_says_so() {
    let repo = sample();
    let clone = repo.clone_with(&["--depth=2"]);
    let history = read(&clone, None).history;
    assert_eq!(history.commits.len(), 1);
    assert!(history.notes[0].contains("shallow"), "{:?}", history.notes);
    let lines = owners(&history);
    assert_eq!(lines["no-end.txt"], vec![clone.rev("HEAD"); 2]);
    // Who wrote what is older is not known, rather than wrong.
    assert!(lines["moved.txt"].iter().all(|owner| owner == "-"));
}

#[test]
fn people_go_by_the_mailmap() {
    let repo = GitRepo::new();
    repo.write("a", "1\n").commit("one");
    repo.write(
        ".mailmap",
        "Right Name <right@example.com> <author@example.com>\n",
    )
    .commit("two");
    let history = read(&repo, None).history;
    assert_eq!(history.people.len(), 1);
    let person = &history.people[0];
    assert_eq!(
        (person.name.as_str(), person.email.as_str()),
        ("Right Name", "right@example.com")
    );
}

#[test]
fn the_newest_commits_name_the_files_that_they_touched() {
    let repo = sample();
    let cache = repo.outside().join("cache");
    let recent = |cache: Option<&Path>| {
        read_recent(repo.root(), "HEAD", &request(cache)).expect("the past can be read")
    };
    let first = recent(Some(&cache));
    assert_eq!((first.read, first.cached), (7, 0));
    assert_eq!(names(&first.history), names(&read(&repo, None).history));
    // The names have a folder of their own, and are read again only when they are new.
    assert_eq!(read(&repo, Some(&cache)).cached, 0);
    repo.write("b.txt", "all new\n").commit("rewritten");
    let second = recent(Some(&cache));
    assert_eq!((second.read, second.cached), (1, 7));
    assert_eq!(second.history, recent(None).history);
    assert_eq!(names(&second.history)[0], ["b.txt"]);
    // What is kept of another branch makes no difference.
    repo.git(["checkout", "--quiet", "-b", "aside", "HEAD~1"]);
    repo.write("side.txt", "1\n").commit("aside");
    assert_eq!(recent(Some(&cache)).read, 1);
    repo.git(["checkout", "--quiet", "-"]);
    let third = recent(Some(&cache));
    assert_eq!((third.read, third.history), (0, second.history));
}
