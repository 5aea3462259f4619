use assay_git::Input;
use assay_testkit::GitRepo;

use crate::support::{
    check_contents, check_notes, check_summary, file, is_disk, listed, opened, options, read,
    working_tree,
};

#[test]
fn everything_since_the_default_branch_is_shown() {
    let repo = GitRepo::new();
    repo.write("a", "1\n")
        .write("b", "1\n")
        .write("c", "1\n")
        .write(".gitignore", "*.log\n");
    let base = repo.commit("first");
    repo.git(["checkout", "--quiet", "-b", "work"]);
    repo.write("a", "committed\n");
    repo.commit("second");
    repo.write("b", "staged\n");
    repo.git(["add", "b"]);
    repo.remove("c")
        .write("new/d", "untracked\n")
        .write("x.log", "ignored\n");

    let change = opened(&repo, &working_tree());
    check_summary(&change, &["M a", "M b", "D c", "A new/d"]);
    check_contents(&change, "a", Some("1\n"), Some("committed\n"));
    check_contents(&change, "b", Some("1\n"), Some("staged\n"));
    check_contents(&change, "new/d", None, Some("untracked\n"));
    assert!(is_disk(&file(&change, "new/d").head));
    assert_eq!(listed(&change), [".gitignore", "a", "b", "new/d"]);
    assert_eq!(change.change.base, base);
    check_notes(&change, &[]);
}

#[test]
fn an_empty_repository_is_compared_with_nothing() {
    let repo = GitRepo::new();
    check_summary(&opened(&repo, &working_tree()), &[]);
    repo.write("a", "1\n").write("b", "1\n");
    repo.git(["add", "a"]);
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["A a", "A b"]);
    check_notes(&change, &["no commit yet"]);
}

/// A repository with one commit and a copy of it as `origin`.
fn cloned() -> (GitRepo, GitRepo) {
    let origin = GitRepo::new();
    origin.write("a", "1\n").write("b", "1\n2\n3\n");
    origin.commit("first");
    let clone = origin.clone_with(&[]);
    (origin, clone)
}

#[test]
fn on_the_default_branch_unpushed_commits_count() {
    let (origin, clone) = cloned();
    check_summary(&opened(&clone, &working_tree()), &[]);
    clone.write("a", "unpushed\n");
    clone.commit("unpushed");
    clone.write("b", "1\ntwo\n3\n");
    let change = opened(&clone, &working_tree());
    check_summary(&change, &["M a", "M b"]);
    assert_eq!(change.change.base, origin.rev("HEAD"));
    assert!(
        change.title.contains("where HEAD and origin/main part"),
        "{}",
        change.title
    );
}

#[test]
fn another_branch_is_compared_with_the_default_branch_of_the_remote() {
    let (origin, clone) = cloned();
    let base = origin.rev("HEAD");
    clone.git(["checkout", "--quiet", "-b", "work"]);
    clone.write("a", "work\n");
    clone.commit("work");
    // The remote has moved on since.
    origin.write("c", "1\n");
    origin.commit("second");
    clone.git(["fetch", "--quiet"]);
    let change = opened(&clone, &working_tree());
    check_summary(&change, &["M a"]);
    assert_eq!(change.change.base, base);
    // A base that is named goes before.
    let head = Input::WorkingTree {
        base: Some("HEAD".to_owned()),
    };
    check_summary(&opened(&clone, &head), &[]);
    let tree = Input::WorkingTree {
        base: Some(format!("{base}^{{tree}}")),
    };
    check_summary(&opened(&clone, &tree), &["M a"]);
}

#[test]
fn the_default_branch_has_many_names() {
    for (branch, configured, expected) in [
        ("main", None, true),
        ("master", None, true),
        ("trunk", None, true),
        ("develop", None, true),
        ("stable", Some("stable"), true),
        ("stable", None, false),
    ] {
        let repo = GitRepo::new();
        repo.git(["checkout", "--quiet", "-b", branch]);
        repo.write("a", "1\n");
        repo.commit("first");
        repo.git(["checkout", "--quiet", "-b", "work"]);
        repo.write("a", "2\n");
        repo.commit("work");
        if let Some(configured) = configured {
            repo.git(["config", "init.defaultBranch", configured]);
        }
        let change = opened(&repo, &working_tree());
        check_summary(&change, if expected { &["M a"] } else { &[] });
        check_notes(
            &change,
            if expected {
                &[]
            } else {
                &["no default branch was found"]
            },
        );
    }
}

#[test]
fn a_detached_head_is_compared_with_the_default_branch() {
    let (_origin, clone) = cloned();
    clone.write("a", "2\n");
    clone.commit("second");
    clone.git(["checkout", "--quiet", "--detach"]);
    clone.git(["branch", "--quiet", "--force", "main", "origin/main"]);
    clone.write("b", "2\n");
    check_summary(&opened(&clone, &working_tree()), &["M a", "M b"]);
}

#[test]
fn modes_types_and_links_are_told_apart() {
    let repo = GitRepo::new();
    repo.write("mode", "1\n")
        .write("file", "1\n")
        .write("folder/x", "x\n")
        .write("gone", "1\n");
    repo.symlink("link", "mode")
        .symlink("moved", "mode")
        .write("was-file", "1\n");
    repo.commit("first");
    repo.set_executable("mode", true)
        .remove("file")
        .symlink("file", "mode");
    repo.remove("folder")
        .write("folder", "now a file\n")
        .remove("gone");
    repo.remove("link")
        .write("link", "now a file\n")
        .remove("moved")
        .symlink("moved", "link");
    repo.remove("was-file").write("was-file/inside", "deep\n");
    let expected = [
        "T file [ -> link]",
        "A folder",
        "D folder/x",
        "D gone",
        "T link [link ->]",
        "M mode [ -> x]",
        "M moved link",
        "D was-file",
        "A was-file/inside",
    ];
    let change = opened(&repo, &working_tree());
    check_summary(&change, &expected);
    check_contents(&change, "moved", Some("mode"), Some("link"));
    check_contents(&change, "file", Some("1\n"), Some("mode"));
    check_contents(&change, "mode", Some("1\n"), Some("1\n"));
    repo.git(["add", "--all"]);
    check_summary(&opened(&repo, &working_tree()), &expected);
    let staged = opened(&repo, &Input::Staged);
    check_summary(&staged, &expected);
    check_contents(&staged, "moved", Some("mode"), Some("link"));
    assert_eq!(
        listed(&staged),
        ["file", "folder", "link", "mode", "moved", "was-file/inside"]
    );
}

#[test]
fn staged_changes_are_those_of_the_index() {
    let repo = GitRepo::new();
    repo.write("a", "1\n").write("b", "1\n").write("c", "1\n");
    repo.commit("first");
    repo.write("a", "staged\n");
    repo.git(["add", "a"]);
    repo.write("a", "on disk\n")
        .write("b", "on disk\n")
        .write("new", "on disk\n");
    repo.git(["rm", "--quiet", "--cached", "c"]);
    let change = opened(&repo, &Input::Staged);
    check_summary(&change, &["M a", "D c"]);
    check_contents(&change, "a", Some("1\n"), Some("staged\n"));
    assert_eq!(listed(&change), ["a", "b"]);
    assert_eq!(change.change.head, "index");
    // The file that is no longer tracked is as it was.
    check_summary(&opened(&repo, &working_tree()), &["M a", "M b", "A new"]);
    repo.write("c", "2\n");
    check_summary(
        &opened(&repo, &working_tree()),
        &["M a", "M b", "M c", "A new"],
    );
}

#[test]
fn the_index_that_a_hook_names_counts() {
    let repo = GitRepo::new();
    repo.write("a", "1\n");
    repo.commit("first");
    repo.write("a", "2\n").write("b", "another\n");
    let index = repo.root().join(".git/other-index");
    let added = repo
        .command()
        .env("GIT_INDEX_FILE", &index)
        .args(["add", "b"])
        .status();
    assert!(added.expect("git is installed").success());
    check_summary(&opened(&repo, &Input::Staged), &[]);
    let with = assay_git::Options {
        index_file: Some(index),
        ..options()
    };
    let change = assay_git::open(repo.root(), &Input::Staged, &with).unwrap();
    check_summary(&change, &["D a", "A b"]);
}

#[test]
fn files_to_be_added_later_count_as_added() {
    let repo = GitRepo::new();
    repo.write("a", "1\n");
    repo.commit("first");
    repo.write("later", "content\n")
        .write("empty", "")
        .write("gone", "x\n");
    repo.git(["add", "--intent-to-add", "later", "empty", "gone"]);
    repo.remove("gone");
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["A empty", "A later"]);
    check_contents(&change, "later", None, Some("content\n"));
    check_contents(&change, "empty", None, Some(""));
    check_summary(&opened(&repo, &Input::Staged), &[]);
}

#[test]
fn files_that_git_is_told_not_to_look_at_are_not_looked_at() {
    let repo = GitRepo::new();
    repo.write("assumed", "1\n")
        .write("skipped", "1\n")
        .write("gone", "1\n");
    repo.commit("first");
    repo.git(["update-index", "--assume-unchanged", "assumed"]);
    repo.git(["update-index", "--skip-worktree", "skipped", "gone"]);
    repo.write("assumed", "2\n")
        .write("skipped", "2\n")
        .remove("gone");
    let change = opened(&repo, &working_tree());
    check_summary(&change, &[]);
    assert_eq!(listed(&change), ["assumed", "gone", "skipped"]);
}

#[test]
fn sparse_checkouts_miss_nothing() {
    for arguments in [
        &["--cone", "--no-sparse-index"][..],
        &["--cone", "--sparse-index"],
    ] {
        let repo = GitRepo::new();
        repo.write("top", "1\n")
            .write("in/a", "1\n")
            .write("out/b", "1\n")
            .write("out/deep/c", "1\n")
            .write("zed/d", "1\n");
        repo.commit("first");
        repo.git(["checkout", "--quiet", "-b", "work"]);
        repo.write("out/deep/c", "committed\n");
        repo.commit("second");
        let mut words = vec!["sparse-checkout", "set"];
        words.extend(arguments);
        words.push("in");
        repo.git(words);
        assert!(!repo.root().join("out").exists());
        repo.write("in/a", "2\n").write("in/new", "n\n");
        let change = opened(&repo, &working_tree());
        check_summary(&change, &["M in/a", "A in/new", "M out/deep/c"]);
        check_contents(&change, "out/deep/c", Some("1\n"), Some("committed\n"));
        check_summary(&opened(&repo, &Input::Staged), &[]);
        // A file that is there although it should not be is compared.
        repo.write("out/b", "2\n");
        if arguments.contains(&"--no-sparse-index") {
            check_summary(
                &opened(&repo, &working_tree()),
                &["M in/a", "A in/new", "M out/b", "M out/deep/c"],
            );
        }
    }
}

#[test]
fn conflicts_are_reviewed_as_they_are_on_disk() {
    let repo = GitRepo::new();
    repo.write("a", "1\n2\n3\n")
        .write("b", "1\n")
        .write("c", "1\n");
    repo.commit("base");
    repo.git(["checkout", "--quiet", "-b", "work"]);
    repo.write("a", "1\nwork\n3\n").remove("b");
    repo.commit("work");
    repo.git(["checkout", "--quiet", "main"]);
    repo.write("a", "1\nmain\n3\n")
        .write("b", "2\n")
        .write("c", "2\n");
    repo.commit("main");
    repo.git(["checkout", "--quiet", "work"]);
    assert!(!repo.try_git(["merge", "--quiet", "main"]).status.success());
    let change = opened(
        &repo,
        &Input::WorkingTree {
            base: Some("HEAD".to_owned()),
        },
    );
    check_summary(&change, &["U a", "U b", "M c"]);
    let head = "1\n<<<<<<< HEAD\nwork\n=======\nmain\n>>>>>>> main\n3\n";
    check_contents(&change, "a", Some("1\nwork\n3\n"), Some(head));
    check_contents(&change, "b", None, Some("2\n"));
    assert_eq!(listed(&change), ["a", "b", "c"]);
    check_summary(&opened(&repo, &Input::Staged), &["U a", "U b", "M c"]);
    repo.remove("a");
    check_summary(
        &opened(
            &repo,
            &Input::WorkingTree {
                base: Some("HEAD".to_owned()),
            },
        ),
        &["U a", "U b", "M c"],
    );
}

#[test]
fn times_that_git_cannot_trust_are_not_trusted() {
    let repo = GitRepo::new();
    for number in 0..10 {
        // The same size and, but for nanoseconds, the same time as the index.
        repo.write(format!("{number}"), "aaaa\n");
    }
    repo.git(["add", "--all"]);
    repo.commit_staged("first");
    for number in 0..10 {
        repo.write(format!("{number}"), "bbbb\n");
    }
    assert_eq!(opened(&repo, &working_tree()).change.files.len(), 10);
    // Touched, but not changed.
    for number in 0..10 {
        repo.write(format!("{number}"), "aaaa\n");
    }
    check_summary(&opened(&repo, &working_tree()), &[]);
}

#[test]
fn a_staged_change_that_was_taken_back_on_disk_is_none() {
    let repo = GitRepo::new();
    repo.write("a", "1\n").write("b", "1\n");
    repo.commit("first");
    repo.write("a", "2\n").remove("b");
    repo.git(["add", "--all"]);
    repo.write("a", "1\n").write("b", "1\n");
    check_summary(&opened(&repo, &working_tree()), &[]);
    check_summary(&opened(&repo, &Input::Staged), &["M a", "D b"]);
}

#[test]
fn names_are_kept_byte_by_byte() {
    use std::os::unix::ffi::OsStrExt;
    let repo = GitRepo::new();
    let names: [&[u8]; 7] = [
        b"with space",
        b"quo\"te",
        b"new\nline",
        b"tab\t",
        b"\xff\xfe",
        b"caf\xc3\xa9",
        b"back\\slash",
    ];
    for name in names {
        repo.write(std::ffi::OsStr::from_bytes(name), "1\n");
    }
    let change = opened(&repo, &working_tree());
    let mut found: Vec<_> = change
        .change
        .files
        .iter()
        .map(|file| file.path().as_bytes().to_vec())
        .collect();
    let mut expected = names.map(<[u8]>::to_vec);
    expected.sort();
    assert_eq!(found, expected);
    for file in &change.change.files {
        assert_eq!(read(&change, &file.head).as_deref(), Some(&b"1\n"[..]));
    }
    repo.commit("first");
    let change = opened(&repo, &Input::Commit("HEAD".to_owned()));
    found = change
        .change
        .files
        .iter()
        .map(|file| file.path().as_bytes().to_vec())
        .collect();
    assert_eq!(found, expected);
    check_summary(&opened(&repo, &working_tree()), &[]);
}

#[test]
fn ignore_rules_are_those_of_git() {
    let repo = GitRepo::new();
    repo.write(
        ".gitignore",
        "*.o\n!keep.o\n/only-top\nfolder/\n**/deep/*.tmp\n# no\n\\#yes\ntrail \nspaced\\ \n",
    );
    repo.write("sub/.gitignore", "!x.o\nlocal\n")
        .write(".git/info/exclude", "excluded\n");
    for path in [
        "a.o",
        "keep.o",
        "only-top",
        "sub/only-top",
        "folder/x",
        "sub/folder/y",
        "sub/x.o",
        "sub/z.o",
        "sub/local",
        "local",
        "excluded",
        "a/deep/b.tmp",
        "a/deep/c/b.tmp",
        "#yes",
        "trail",
        "spaced ",
        "sub/deeper/local",
        "plain",
        "tracked.o",
    ] {
        repo.write(path, "1\n");
    }
    repo.git(["add", "--force", "tracked.o", "folder/x"]);
    repo.commit_staged("first");
    repo.write("folder/x", "2\n")
        .write("tracked.o", "2\n")
        .write("folder/z", "new\n");
    let expected = repo.git(["status", "--porcelain", "-uall", "-z"]);
    let expected: std::collections::BTreeSet<String> = expected
        .split('\0')
        .filter(|line| !line.is_empty())
        .map(|line| line[3..].to_owned())
        .collect();
    let found: std::collections::BTreeSet<String> = opened(&repo, &working_tree())
        .change
        .files
        .iter()
        .map(|file| file.path().as_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, expected);
    assert!(
        found.contains("keep.o") && found.contains("folder/x") && !found.contains("folder/z"),
        "{found:?}"
    );
}

#[test]
fn nested_repositories_are_left_alone() {
    let repo = GitRepo::new();
    repo.write("a", "1\n");
    repo.commit("first");
    repo.write("nested/.git/HEAD", "ref: refs/heads/main\n")
        .write("nested/x", "1\n")
        .write("plain/x", "1\n");
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["A plain/x"]);
    check_notes(
        &change,
        &["not entered, because they are other repositories: nested"],
    );
}
