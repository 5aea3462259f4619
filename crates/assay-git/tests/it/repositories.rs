//! Repositories of all kinds: bare, shallow, linked, with other hashes.

use assay_git::Input;
use assay_source::{ContentId, FileKind, ReadError};
use assay_testkit::GitRepo;

use crate::support::{
    BYTES_MAX, check_contents, check_error, check_notes, check_summary, file, listed, open_at,
    opened, range, summary, working_tree,
};

fn commit(spec: &str) -> Input {
    Input::Commit(spec.to_owned())
}

fn three_dots(base: &str, head: &str) -> Input {
    Input::Range {
        base: base.to_owned(),
        head: head.to_owned(),
        merge_base: true,
    }
}

/// Three commits that each change one line.
fn history(repo: &GitRepo) -> [String; 3] {
    [1, 2, 3].map(|number| {
        repo.write("a.txt", format!("{number}\n"))
            .write(format!("{number}.txt"), format!("file {number}\n"));
        repo.commit(&format!("commit {number}"))
    })
}

#[test]
fn sha256_repositories_work_alike() {
    let repo = GitRepo::new_sha256();
    let [first, _, third] = history(&repo);
    assert_eq!(first.len(), 64);
    let change = opened(&repo, &range(&first, &third));
    check_summary(&change, &["A 2.txt", "A 3.txt", "M a.txt"]);
    check_contents(&change, "a.txt", Some("1\n"), Some("3\n"));
    check_summary(&opened(&repo, &commit(&first)), &["A 1.txt", "A a.txt"]);
    repo.write("a.txt", "4\n").write("new.txt", "n\n");
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["M a.txt", "A new.txt"]);
    check_contents(&change, "a.txt", Some("3\n"), Some("4\n"));
    repo.git(["add", "a.txt"]);
    repo.git(["repack", "-adq"]);
    check_summary(&opened(&repo, &Input::Staged), &["M a.txt"]);
    let bytes = repo.git_bytes(["diff", "--binary", "--full-index", &first, &third]);
    check_summary(
        &opened(&GitRepo::new_folder(), &Input::Patch { bytes }),
        &["A 2.txt", "A 3.txt", "M a.txt"],
    );
}

#[test]
fn bare_repositories_have_ranges_but_no_working_tree() {
    let origin = GitRepo::new();
    history(&origin);
    let bare = origin.clone_with(&["--bare"]);
    check_summary(
        &opened(&bare, &range("HEAD~1", "HEAD")),
        &["A 3.txt", "M a.txt"],
    );
    let change = opened(&bare, &commit("HEAD"));
    check_summary(&change, &["A 3.txt", "M a.txt"]);
    assert_eq!(change.root, None);
    assert_eq!(listed(&change).len(), 4);
    check_error(
        &bare,
        &working_tree(),
        &["is a bare repository and has no working tree", "BASE..HEAD"],
    );
    // A patch of its history needs no working tree.
    let bytes = origin.git_bytes(["diff", "HEAD~1", "HEAD"]);
    let change = opened(&bare, &Input::Patch { bytes });
    check_contents(&change, "a.txt", Some("2\n"), Some("3\n"));
}

#[test]
fn linked_worktrees_are_working_trees() {
    let repo = GitRepo::new();
    history(&repo);
    let linked = repo.outside().join("linked");
    repo.git([
        "worktree",
        "add",
        "--quiet",
        "-b",
        "work",
        linked.to_str().unwrap(),
    ]);
    std::fs::write(linked.join("a.txt"), "linked\n").unwrap();
    std::fs::create_dir(linked.join("sub")).unwrap();
    std::fs::write(linked.join("sub/new.txt"), "new\n").unwrap();
    for folder in [linked.clone(), linked.join("sub")] {
        let change = open_at(&folder, &working_tree());
        check_summary(&change, &["M a.txt", "A sub/new.txt"]);
        assert_eq!(change.root.as_deref(), Some(linked.as_path()));
    }
    check_summary(&opened(&repo, &working_tree()), &[]);
    check_summary(
        &open_at(&linked, &Input::Scan { path: "sub".into() }),
        &["A sub/new.txt"],
    );
    // Also where the repository itself is bare.
    let bare = repo.clone_with(&["--bare"]);
    let linked = bare.outside().join("linked");
    bare.git([
        "worktree",
        "add",
        "--quiet",
        linked.to_str().unwrap(),
        "main",
    ]);
    std::fs::write(linked.join("a.txt"), "linked\n").unwrap();
    check_summary(&open_at(&linked, &working_tree()), &["M a.txt"]);
}

#[test]
fn shallow_clones_say_what_is_missing() {
    let origin = GitRepo::new();
    let [_, second, third] = history(&origin);
    origin.git(["checkout", "--quiet", "-b", "work", &second]);
    origin.write("work.txt", "w\n");
    let work = origin.commit("work");
    let clone = origin.clone_with(&["--depth=1", "--no-single-branch"]);
    let change = opened(&clone, &commit(&third));
    check_summary(&change, &["A 1.txt", "A 2.txt", "A 3.txt", "A a.txt"]);
    check_notes(
        &change,
        &["the clone is shallow and does not hold the parent"],
    );
    let change = opened(&clone, &three_dots(&third, &work));
    check_notes(&change, &["does not hold the merge base of"]);
    check_summary(&change, &["D 3.txt", "M a.txt", "A work.txt"]);
    check_error(
        &clone,
        &commit("HEAD~1"),
        &["`HEAD~1` is not a revision", "the clone is shallow"],
    );
    clone.write("a.txt", "disk\n");
    let change = opened(&clone, &working_tree());
    assert!(change.change.notes.is_empty(), "{:?}", change.change.notes);
    check_summary(&change, &["M a.txt"]);
    // Deep enough, nothing is missing.
    let clone = origin.clone_with(&["--depth=2", "--no-single-branch"]);
    check_summary(&opened(&clone, &commit(&third)), &["A 3.txt", "M a.txt"]);
    let change = opened(&clone, &three_dots(&third, &work));
    check_notes(&change, &[]);
    check_summary(&change, &["A work.txt"]);
}

#[test]
fn contents_that_a_partial_clone_left_out_are_absent() {
    let origin = GitRepo::new();
    let [first, second, _] = history(&origin);
    origin.git(["config", "uploadpack.allowFilter", "true"]);
    let clone = origin.clone_with(&["--filter=blob:none", "--no-checkout"]);
    let change = opened(&clone, &range(&first, &second));
    check_summary(&change, &["A 2.txt", "M a.txt"]);
    let base = file(&change, "a.txt").base.clone().unwrap();
    assert_eq!(change.tree.read(&base, BYTES_MAX), Err(ReadError::Absent));
}

#[test]
fn submodules_are_commits() {
    let inner = GitRepo::new();
    let [first, second, _] = history(&inner);
    let repo = GitRepo::new();
    repo.write("a", "1\n");
    let url = format!("file://{}", inner.root().display());
    repo.git(["submodule", "--quiet", "add", &url, "lib/inner"]);
    let submodule = repo.root().join("lib/inner");
    let checkout = |commit: &str| {
        let done = repo
            .command()
            .current_dir(&submodule)
            .args(["checkout", "--quiet", commit])
            .status();
        assert!(done.unwrap().success());
    };
    checkout(&first);
    let base = repo.commit("first");
    check_summary(&opened(&repo, &working_tree()), &[]);
    std::fs::write(submodule.join("untracked"), "not ours\n").unwrap();
    check_summary(&opened(&repo, &working_tree()), &[]);
    checkout(&second);
    let check = |input: &Input, expected: &str| {
        let change = opened(&repo, input);
        check_summary(&change, &[expected]);
        let changed = file(&change, "lib/inner");
        let content = |version: &Option<assay_source::FileVersion>| {
            version.clone().map(|version| version.content)
        };
        assert_eq!(
            content(&changed.base),
            Some(ContentId::Object(first.as_str().into()))
        );
        assert_eq!(
            content(&changed.head),
            Some(ContentId::Object(second.as_str().into()))
        );
        let head = changed.head.as_ref().unwrap();
        assert_eq!(change.tree.read(head, BYTES_MAX), Err(ReadError::Absent));
        assert_eq!(listed(&change), [".gitmodules", "a"]);
    };
    check(&working_tree(), "M lib/inner submodule");
    repo.git(["add", "lib/inner"]);
    check(&Input::Staged, "M lib/inner submodule");
    repo.commit_staged("second");
    check(&range(&base, "HEAD"), "M lib/inner submodule");
    let scan = opened(&repo, &Input::Scan { path: ".".into() });
    check_summary(&scan, &["A .gitmodules", "A a", "A lib/inner submodule"]);
    assert_eq!(
        file(&scan, "lib/inner").head.as_ref().map(|head| head.kind),
        Some(FileKind::Submodule)
    );
    assert_eq!(listed(&scan), [".gitmodules", "a"]);
    // Inside it, the submodule is a repository of its own.
    check_summary(
        &open_at(&submodule, &commit("HEAD")),
        &["A 2.txt", "M a.txt"],
    );
    let inside = open_at(&submodule, &working_tree());
    assert_eq!(inside.root.as_deref(), Some(submodule.as_path()));
    // Gone, or replaced by files.
    repo.remove("lib/inner");
    check_summary(&opened(&repo, &working_tree()), &["D lib/inner submodule"]);
    repo.write("lib/inner/x", "1\n");
    check_summary(&opened(&repo, &working_tree()), &[]);
}

#[test]
fn several_merge_bases_are_told_of() {
    let repo = GitRepo::new();
    repo.write("a", "1\n");
    repo.commit("root");
    repo.git(["checkout", "--quiet", "-b", "work"]);
    repo.write("w", "1\n");
    let work = repo.commit("work");
    repo.git(["checkout", "--quiet", "main"]);
    repo.write("m", "1\n");
    let main = repo.commit("main");
    repo.git(["merge", "--quiet", "--no-edit", &work]);
    repo.git(["checkout", "--quiet", "work"]);
    repo.git(["merge", "--quiet", "--no-edit", &main]);
    repo.write("new", "1\n");
    repo.commit("more");
    let change = opened(&repo, &three_dots("main", "work"));
    check_notes(&change, &["have 2 merge bases"]);
    check_notes(&opened(&repo, &working_tree()), &["have 2 merge bases"]);
}

#[test]
fn unrelated_histories_are_compared_directly() {
    let repo = GitRepo::new();
    repo.write("a", "1\n");
    repo.commit("main");
    repo.git(["checkout", "--quiet", "--orphan", "other"]);
    repo.write("b", "2\n");
    repo.commit("other");
    let change = opened(&repo, &three_dots("main", "other"));
    check_notes(
        &change,
        &["have no common history, so they are compared directly"],
    );
    check_summary(&change, &["A b"]);
    check_notes(&opened(&repo, &working_tree()), &["have no common history"]);
}

#[test]
fn tags_and_trees_are_revisions() {
    let repo = GitRepo::new();
    let [first, second, _] = history(&repo);
    repo.git(["tag", "-a", "-m", "tag", "v1", &first]);
    repo.git(["tag", "-a", "-m", "tag of a tag", "v1-again", "v1"]);
    for base in [
        "v1",
        "v1-again",
        &first[..10],
        &format!("{first}^{{tree}}"),
        "HEAD~2",
        "HEAD^^",
        "main@{0}~2",
    ] {
        check_summary(
            &opened(&repo, &range(base, &second)),
            &["A 2.txt", "M a.txt"],
        );
    }
    check_error(
        &repo,
        &commit("HEAD^{tree}"),
        &["it names a tree, and a commit is needed"],
    );
    check_error(
        &repo,
        &three_dots("HEAD^{tree}", "HEAD"),
        &["it names a tree, and a merge base needs commits"],
    );
}

#[test]
fn a_folder_below_the_root_gives_the_whole_change() {
    let repo = GitRepo::new();
    repo.write("sub/deep/a", "1\n").write("b", "1\n");
    repo.commit("first");
    repo.write("sub/deep/a", "2\n").write("b", "2\n");
    let change = open_at(&repo.root().join("sub/deep"), &working_tree());
    check_summary(&change, &["M b", "M sub/deep/a"]);
    assert_eq!(change.root.as_deref(), Some(repo.root()));
    assert_eq!(
        summary(&open_at(&repo.root().join(".git"), &commit("HEAD"))).len(),
        2
    );
}
