//! Renamed and copied files.

use assay_git::{Input, Limits, Options, open};
use assay_testkit::GitRepo;

use crate::differential::{expected as said_by_git, found};
use crate::support::{
    check_contents, check_notes, check_summary, opened, options, range, summary, working_tree,
};

fn text(word: &str) -> String {
    (0..20).map(|line| format!("{word} {line:02}\n")).collect()
}

/// The change between the files before and those after.
fn check(before: &[(&str, &str)], after: &[(&str, &str)], expected: &[&str]) {
    let repo = GitRepo::new();
    for (path, content) in before {
        repo.write(path, content);
    }
    let base = repo.commit("before");
    for (path, _) in before {
        repo.remove(path);
    }
    for (path, content) in after {
        repo.write(path, content);
    }
    let change = opened(&repo, &working_tree());
    check_summary(&change, expected);
    let head = repo.commit("after");
    let change = opened(&repo, &range(&base, &head));
    assert_eq!(summary(&change), expected);
    assert_eq!(found(&change), said_by_git(&repo, &[&base, &head]));
}

#[test]
fn renames_are_paired_as_in_git() {
    let (one, two) = (text("one"), text("two"));
    let nearly = one.replace("one 03\n", "one three\n");
    let half: String = one
        .lines()
        .take(10)
        .chain(two.lines().take(10))
        .map(|line| format!("{line}\n"))
        .collect();
    let less: String = one
        .lines()
        .take(9)
        .chain(two.lines().take(11))
        .map(|line| format!("{line}\n"))
        .collect();
    check(&[("a", &one)], &[("b", &one)], &["R100 a -> b"]);
    check(&[("a", &one)], &[("b", &nearly)], &["R93 a -> b"]);
    check(&[("a", &one)], &[("b", &half)], &["R50 a -> b"]);
    check(&[("a", &one)], &[("b", &less)], &["D a", "A b"]);
    check(
        &[("a", &one)],
        &[("b", &one.replace('\n', "\r\n"))],
        &["R87 a -> b"],
    );
    // Of equal files, that with the same name.
    check(
        &[("x/a", &one), ("x/b", &one)],
        &[("y/b", &one), ("y/c", &one)],
        &["R100 x/b -> y/b", "R100 x/a -> y/c"],
    );
    // The same name goes before another that is more alike.
    check(
        &[("x/mod.rs", &nearly), ("x/other.rs", &one)],
        &[
            ("y/mod.rs", &nearly.replace("one 09\n", "nine\n")),
            ("y/new.rs", &nearly.replace("one 07\n", "seven\n")),
        ],
        &["R95 x/mod.rs -> y/mod.rs", "R88 x/other.rs -> y/new.rs"],
    );
    check(
        &[("a", &one), ("b", &two)],
        &[("a", &two), ("b", &one)],
        &["M a", "M b"],
    );
    check(&[("a", "")], &[("b", "")], &["R100 a -> b"]);
    check(&[("a", "\0\u{1}")], &[("b", "\0\u{1}")], &["R100 a -> b"]);
}

#[test]
fn copies_are_found_where_the_source_changed_too() {
    let one = text("one");
    let nearly = one.replace("one 03\n", "one three\n");
    check(
        &[("a", &one)],
        &[("a", &nearly), ("b", &one)],
        &["M a", "C100 a -> b"],
    );
    check(
        &[("a", &one)],
        &[("a", &nearly), ("b", &one.replace("one 09\n", "nine\n"))],
        &["M a", "C95 a -> b"],
    );
    // The source is as it was: git does not look for it either.
    check(&[("a", &one)], &[("a", &one), ("b", &one)], &["A b"]);
    // One is a rename, the other a copy.
    check(
        &[("a", &one)],
        &[("b", &nearly), ("c", &one)],
        &["C93 a -> b", "R100 a -> c"],
    );
}

#[test]
fn links_are_renamed_only_as_they_are() {
    let repo = GitRepo::new();
    repo.symlink("a", "somewhere")
        .symlink("c", "elsewhere/far/away")
        .write("target", "somewhere");
    repo.commit("first");
    repo.remove("a")
        .symlink("b", "somewhere")
        .remove("c")
        .symlink("d", "elsewhere/far/off")
        .remove("target");
    check_summary(
        &opened(&repo, &working_tree()),
        &["R100 a -> b link", "D c link", "A d link", "D target"],
    );
}

#[test]
fn both_sides_of_a_rename_can_be_read() {
    let repo = GitRepo::new();
    let (one, nearly) = (text("one"), text("one").replace("one 03\n", "one three\n"));
    repo.write("a", &one);
    repo.commit("first");
    repo.remove("a").write("folder/b", &nearly);
    check_contents(
        &opened(&repo, &working_tree()),
        "folder/b",
        Some(&one),
        Some(&nearly),
    );
}

#[test]
fn the_search_for_renames_has_limits() {
    let repo = GitRepo::new();
    for number in 0..10 {
        repo.write(format!("old/{number}"), text(&format!("{number}")));
    }
    repo.commit("first");
    repo.remove("old");
    for number in 0..10 {
        let content = text(&format!("{number}"));
        let content = if number == 0 {
            content
        } else {
            content + "more\n"
        };
        repo.write(format!("new/file{number}"), content);
    }
    let open = |limits| {
        let options = Options {
            limits,
            ..options()
        };
        open(repo.root(), &Input::WorkingTree { base: None }, &options).unwrap()
    };
    let renames = |change: &assay_git::Opened| {
        summary(change)
            .iter()
            .filter(|line| line.starts_with('R'))
            .count()
    };
    let all = open(Limits::default());
    assert_eq!(renames(&all), 10);
    check_notes(&all, &[]);
    let few = open(Limits {
        rename_pairs_max: 80,
        ..Limits::default()
    });
    assert_eq!(renames(&few), 1);
    check_notes(
        &few,
        &["9 old and 9 new files make more pairs than the limit of 80 (`rename_pairs_max`)"],
    );
    let small = open(Limits {
        rename_file_bytes_max: 10,
        ..Limits::default()
    });
    assert_eq!(renames(&small), 0);
}
