//! What can be reviewed.

use assay_testkit::GitRepo;

use crate::run::{EMPTY_CATCH, SAME_CONDITION, assay, assay_with, introduced, json, repo, run};

const FOUND: &str = "b.py:4 error-handling/empty-catch";

#[test]
fn the_working_tree_with_untracked_files() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH);
    assert_eq!(introduced(&json(&repo, &["review"])), [FOUND]);
}

#[test]
fn the_index() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH);
    assert_eq!(introduced(&json(&repo, &["review", "--staged"])), [""; 0]);
    repo.git(["add", "b.py"]);
    assert_eq!(introduced(&json(&repo, &["review", "--staged"])), [FOUND]);
}

#[test]
fn commits_and_ranges() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH).commit("second");
    for change in ["HEAD", "HEAD~1..HEAD", "HEAD~1...HEAD", "HEAD~1.."] {
        assert_eq!(
            introduced(&json(&repo, &["review", change])),
            [FOUND],
            "{change}"
        );
    }
    assert_eq!(introduced(&json(&repo, &["review", "HEAD~1"])), [""; 0]);
}

#[test]
fn a_patch_from_standard_input_with_and_without_the_tree() {
    let origin = repo();
    origin.write("b.py", EMPTY_CATCH).commit("second");
    let patch = origin.git_bytes(["diff", "HEAD~1", "HEAD"]);
    let elsewhere = GitRepo::new_folder();
    for (place, name) in [(&origin, "applied"), (&elsewhere, "without the tree")] {
        let run = assay_with(
            place,
            &["review", "--patch", "-", "--output", "json"],
            &patch,
        );
        assert_eq!(run.code, 0, "{name}: {run:?}");
        let report = serde_json::from_str(&run.out).unwrap();
        assert_eq!(introduced(&report), [FOUND], "{name}");
    }
}

#[test]
fn a_folder_outside_git() {
    let folder = GitRepo::new_folder();
    folder.write("b.py", EMPTY_CATCH);
    assert_eq!(introduced(&json(&folder, &["scan"])), [FOUND]);
    assert_eq!(introduced(&json(&folder, &["scan", "b.py"])), [FOUND]);
}

#[test]
fn a_folder_below_the_root() {
    let repo = repo();
    repo.write("lib/b.py", EMPTY_CATCH);
    let report = json(&repo, &["-C", "lib", "review"]);
    assert_eq!(
        introduced(&report),
        ["lib/b.py:4 error-handling/empty-catch"]
    );
}

#[test]
fn an_empty_repository() {
    let repo = GitRepo::new();
    assert_eq!(introduced(&json(&repo, &["review"])), [""; 0]);
    repo.write("b.py", EMPTY_CATCH);
    assert_eq!(introduced(&json(&repo, &["review"])), [FOUND]);
}

#[test]
fn wrong_inputs_say_what_to_do() {
    let repo = repo();
    let folder = GitRepo::new_folder();
    for (place, arguments, parts) in [
        (&repo, &["review", "nosuch"][..], &["nosuch"][..]),
        (&repo, &["review", "nosuch..HEAD"], &["nosuch"]),
        (
            &repo,
            &["review", "--patch", "missing.diff"],
            &["missing.diff"],
        ),
        (&repo, &["scan", "missing"], &["missing"]),
        (&folder, &["review"], &["git", "scan"]),
        (&repo, &["review", "HEAD", "--staged"], &["--staged"]),
        (&repo, &["reviw"], &["review"]),
        (
            &repo,
            &["review", "--output", "sarfi"],
            &["did you mean `sarif`?"],
        ),
        (
            &repo,
            &["review", "--output", "json="],
            &["the file is missing"],
        ),
        (
            &repo,
            &["review", "-o", "json", "-o", "sarif"],
            &["only one report"],
        ),
        (
            &repo,
            &["review", "--fail-on", "hihg"],
            &["did you mean `high`?"],
        ),
        (
            &repo,
            &["review", "--rule", "complexity/cognitve"],
            &["did you mean `complexity/cognitive`?"],
        ),
        (
            &repo,
            &["review", "--config", "missing.toml"],
            &["missing.toml"],
        ),
        (
            &repo,
            &["review", "--baseline", "missing.json"],
            &["missing.json"],
        ),
        (&repo, &["review", "--coverage", "a.py"], &["a.py", "lcov"]),
        (
            &repo,
            &["explain", "complexity/cognitve"],
            &["did you mean `complexity/cognitive`?"],
        ),
        (&repo, &["explain", "--at", "a.py"], &["FILE:LINE"]),
        (&repo, &["explain", "--at", "a.py:1"], &["no function"]),
    ] {
        let run = assay(place, arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
        for part in parts {
            assert!(
                run.err.contains(part),
                "{arguments:?}: no {part:?} in {}",
                run.err
            );
        }
        assert!(!run.err.contains("panicked"), "{}", run.err);
    }
}

#[test]
fn a_hook_reviews_the_index_that_git_gives_it() {
    let repo = repo();
    repo.write("b.py", SAME_CONDITION);
    // What `git commit b.py` does: an index beside the repository's own.
    let index = repo.outside().join("next-index");
    let index = index.to_str().unwrap();
    let mut add = repo.command();
    add.env("GIT_INDEX_FILE", index);
    assert!(add.args(["read-tree", "HEAD"]).status().unwrap().success());
    let mut add = repo.command();
    add.env("GIT_INDEX_FILE", index);
    assert!(add.args(["add", "b.py"]).status().unwrap().success());
    let staged = &["review", "--staged"];
    assert_eq!(run(&repo, staged, b"", &[]).code, 0);
    let environment = [("GIT_INDEX_FILE", index)];
    assert_eq!(run(&repo, staged, b"", &environment).code, 1);
}
