use assay_git::Input;
use assay_source::ErrorKind;
use assay_testkit::GitRepo;

use crate::support::{
    check_contents, check_error, check_notes, check_summary, listed, opened, range, try_open,
};

fn three_dots(base: &str, head: &str) -> Input {
    Input::Range {
        base: base.to_owned(),
        head: head.to_owned(),
        merge_base: true,
    }
}

fn commit(spec: &str) -> Input {
    Input::Commit(spec.to_owned())
}

#[test]
fn a_range_shows_what_was_added_changed_and_deleted() {
    let repo = GitRepo::new();
    repo.write("a/keep.txt", "same\n")
        .write("a/old.txt", "old\n")
        .write("b.txt", "1\n2\n3\n");
    let first = repo.commit("first");
    repo.write("b.txt", "1\ntwo\n3\n")
        .write("a/b/new.txt", "new\n")
        .remove("a/old.txt");
    repo.commit("second");

    let change = opened(&repo, &range(&first, "HEAD"));
    check_summary(&change, &["A a/b/new.txt", "D a/old.txt", "M b.txt"]);
    check_contents(&change, "b.txt", Some("1\n2\n3\n"), Some("1\ntwo\n3\n"));
    check_contents(&change, "a/b/new.txt", None, Some("new\n"));
    check_contents(&change, "a/old.txt", Some("old\n"), None);
    check_notes(&change, &[]);
    assert_eq!(listed(&change), ["a/b/new.txt", "a/keep.txt", "b.txt"]);
    assert_eq!(change.change.base, first);
    assert_eq!(change.change.head, repo.rev("HEAD"));
    let base = change
        .read_base(&"b.txt".into(), 100)
        .expect("it can be read");
    assert_eq!(base.as_deref(), Some(&b"1\n2\n3\n"[..]));
    assert_eq!(
        change
            .read_base(&"a/b/new.txt".into(), 100)
            .expect("it is not there"),
        None
    );
}

#[test]
fn three_dots_compare_with_the_merge_base() {
    let repo = GitRepo::new();
    repo.write("a", "1\n");
    let base = repo.commit("base");
    repo.git(["checkout", "--quiet", "-b", "work"]);
    repo.write("b", "1\n");
    repo.commit("on work");
    repo.git(["checkout", "--quiet", "main"]);
    repo.write("c", "another\n");
    repo.commit("on main");
    check_summary(&opened(&repo, &range("main", "work")), &["A b", "D c"]);
    let change = opened(&repo, &three_dots("main", "work"));
    check_summary(&change, &["A b"]);
    assert_eq!(change.change.base, base);
}

#[test]
fn a_commit_is_compared_with_its_first_parent() {
    let repo = GitRepo::new();
    repo.write("a", "1\n");
    let first = repo.commit("first");
    repo.git(["checkout", "--quiet", "-b", "work"]);
    repo.write("b", "1\n");
    repo.commit("on work");
    repo.git(["checkout", "--quiet", "main"]);
    repo.write("c", "1\n");
    let parent = repo.commit("on main");
    repo.git(["merge", "--quiet", "--no-edit", "work"]);

    let root = opened(&repo, &commit(&first));
    check_summary(&root, &["A a"]);
    assert_eq!(root.change.base, "empty tree");
    let merge = opened(&repo, &commit("HEAD"));
    check_summary(&merge, &["A b"]);
    assert_eq!(merge.change.base, parent);
    check_notes(&merge, &["is a merge of 2 commits"]);
}

#[test]
fn wrong_revisions_are_explained() {
    let repo = GitRepo::new();
    check_error(&repo, &commit("HEAD"), &["`HEAD`", "no commit yet"]);
    repo.write("src/lib.rs", "");
    repo.commit("first");
    repo.git(["branch", "feature/login"]);
    for (spec, expected) in [
        (
            "mian",
            &["`mian` is not a revision", "did you mean `main`?"][..],
        ),
        ("mian~2", &["did you mean `main~2`?"]),
        ("feature/logn", &["did you mean `feature/login`?"]),
        ("HEAD~5", &["`HEAD` exists, but not what follows it"]),
        ("feature/login~5", &["what follows it"]),
        ("src/lib.rs", &["it is a path", "assay scan"]),
        (
            "nothing-like-it",
            &["there is no branch, tag or commit of that name"],
        ),
        ("HEAD:src/lib.rs", &["it names a file"]),
        ("", &["it is empty"]),
    ] {
        check_error(&repo, &commit(spec), expected);
    }
    let error = try_open(&repo, &range("HEAD", "mian"))
        .err()
        .expect("no such revision");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "`mian` is not a revision of this repository: there is no branch, tag or commit of that name; \
         did you mean `main`?"
    );
    check_error(
        &GitRepo::new_folder(),
        &commit("HEAD"),
        &["no git repository at", "assay scan"],
    );
}
