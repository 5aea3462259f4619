use assay_git::{Error, Input, Limits, Opened, Options, open};
use assay_source::{ContentId, ErrorKind};
use assay_testkit::GitRepo;

use crate::support::{
    chain, check_contents, check_error, check_notes, check_summary, file, listed, opened, options,
    range, read, summary,
};

fn patch(bytes: impl AsRef<[u8]>) -> Input {
    Input::Patch {
        bytes: bytes.as_ref().to_vec(),
    }
}

/// A repository whose second commit does everything that a patch can say.
fn eventful() -> (GitRepo, String, String) {
    let repo = GitRepo::new();
    let long: String = (0..40).map(|line| format!("line {line}\n")).collect();
    repo.write("edit.txt", &long)
        .write("gone.txt", "one\ntwo\n")
        .write("moved.txt", long.replace("line", "row"))
        .write("mode.sh", "#!/bin/sh\n")
        .write("no-newline.txt", "a\nb")
        .write("crlf.txt", "a\r\nb\r\nc\r\n")
        .write("empty.txt", "")
        .write("latin.txt", b"caf\xe9\n")
        .write("name with space.txt", "1\n")
        .write(
            "bin.dat",
            [b"\0\x01\x02".repeat(50), long.clone().into_bytes()].concat(),
        )
        .write("kept.txt", "kept\n")
        .symlink("link", "edit.txt")
        .symlink("retyped", "edit.txt");
    let base = repo.commit("base");
    let edited = long
        .replace("line 3\n", "line three\n")
        .replace("line 30\n", "");
    repo.write("edit.txt", &edited)
        .remove("gone.txt")
        .remove("moved.txt")
        .write(
            "sub/moved.txt",
            long.replace("line", "row")
                .replace("row 7\n", "row seven\n"),
        )
        .set_executable("mode.sh", true)
        .write("no-newline.txt", "a\nb\nc")
        .write("crlf.txt", "a\r\nB\r\nc\r\n")
        .write("latin.txt", b"caf\xe9 cr\xe8me\n")
        .write("name with space.txt", "2\n")
        .write("quo\"ted\n\u{e4}.txt", "q\n")
        .write("new-empty.txt", "")
        .write(
            "bin.dat",
            [b"\0\x01\x03".repeat(50), long.into_bytes()].concat(),
        )
        .write("new.bin", b"\0\xff\0\xfe")
        .write("added.txt", "added\n")
        .remove("link")
        .symlink("link", "mode.sh")
        .remove("retyped")
        .write("retyped", "now a file\n");
    let head = repo.commit("head");
    (repo, base, head)
}

const EVENTS: [&str; 15] = [
    "A added.txt",
    "M bin.dat",
    "M crlf.txt",
    "M edit.txt",
    "D gone.txt",
    "M latin.txt",
    "M link link",
    "M mode.sh [ -> x]",
    "M name with space.txt",
    "A new-empty.txt",
    "A new.bin",
    "M no-newline.txt",
    "A \"quo\\\"ted\\nä.txt\"",
    "T retyped [link ->]",
    "R96 moved.txt -> sub/moved.txt",
];

fn diff(repo: &GitRepo, base: &str, head: &str, more: &[&str]) -> Vec<u8> {
    let mut words = vec!["diff", "--binary", "-M"];
    words.extend(more);
    words.extend([base, head]);
    repo.git_bytes(words)
}

/// Checks that both sides of all files are those that git has.
fn check_same_contents(change: &Opened, expected: &Opened) {
    assert_eq!(summary(change), summary(expected));
    for (found, wanted) in change.change.files.iter().zip(&expected.change.files) {
        let path = found.path();
        assert_eq!(
            read(change, &found.base),
            read(expected, &wanted.base),
            "base of {path}"
        );
        assert_eq!(
            read(change, &found.head),
            read(expected, &wanted.head),
            "head of {path}"
        );
        assert_eq!(found.patch, None, "{path}");
    }
}

#[test]
fn a_patch_applies_to_the_tree_beside_it() {
    let (repo, base, head) = eventful();
    let expected = opened(&repo, &range(&base, &head));
    check_summary(&expected, &EVENTS);
    for more in [
        &[][..],
        &["--full-index"],
        &["-U0"],
        &["-U10"],
        &["--no-prefix"],
        &["--src-prefix=old/", "--dst-prefix=new/"],
    ] {
        let bytes = diff(&repo, &base, &head, more);
        repo.git(["checkout", "--quiet", &base]);
        let forward = opened(&repo, &patch(&bytes));
        check_same_contents(&forward, &expected);
        check_notes(&forward, &[]);
        assert_eq!(
            forward.title, "patch, applied to the files here",
            "{more:?}"
        );
        let paths = listed(&expected);
        assert_eq!(listed(&forward), paths);

        repo.git(["checkout", "--quiet", &head]);
        let applied = opened(&repo, &patch(&bytes));
        check_same_contents(&applied, &expected);
        check_notes(&applied, &[]);
        assert_eq!(
            applied.title, "patch that the files here have already",
            "{more:?}"
        );
        assert_eq!(listed(&applied), paths);
    }
}

#[test]
fn a_patch_applies_to_a_folder_outside_git() {
    let (repo, base, head) = eventful();
    let bytes = diff(&repo, &base, &head, &[]);
    let expected = opened(&repo, &range(&base, &head));
    let folder = GitRepo::new_folder();
    repo.git(["checkout", "--quiet", &base]);
    folder.copy_from(repo.root());
    folder.remove(".git");
    check_same_contents(&opened(&folder, &patch(&bytes)), &expected);
}

#[test]
fn without_the_tree_the_hunks_are_left() {
    let (repo, base, head) = eventful();
    let folder = GitRepo::new_folder();
    let change = opened(&folder, &patch(diff(&repo, &base, &head, &[])));
    assert_eq!(change.root.as_deref(), None);
    assert_eq!(change.title, "patch without its tree");
    check_summary(&change, &EVENTS);
    check_contents(&change, "added.txt", None, Some("added\n"));
    check_contents(&change, "gone.txt", Some("one\ntwo\n"), None);
    check_contents(&change, "new-empty.txt", None, Some(""));
    check_contents(&change, "retyped", Some("edit.txt"), Some("now a file\n"));
    let edited = file(&change, "edit.txt");
    for version in [&edited.base, &edited.head] {
        assert_eq!(
            version.as_ref().map(|version| &version.content),
            Some(&ContentId::Absent)
        );
    }
    let hunks = edited.patch.as_ref().expect("it has hunks");
    assert_eq!(hunks.len(), 2);
    let run = hunks[0].runs[0];
    assert_eq!(
        (
            run.base.start,
            run.base.count,
            run.head.start,
            run.head.count
        ),
        (4, 1, 4, 1)
    );
    assert!(hunks[0].base_text.starts_with(b"line 0\nline 1\n"));
    let run = hunks[1].runs[0];
    assert_eq!(
        (
            run.base.start,
            run.base.count,
            run.head.start,
            run.head.count
        ),
        (31, 1, 31, 0)
    );
    let no_newline = file(&change, "no-newline.txt")
        .patch
        .as_ref()
        .expect("it has hunks");
    assert_eq!(no_newline[0].base_text, b"a\nb");
    assert_eq!(no_newline[0].head_text, b"a\nb\nc");
    assert_eq!(
        listed(&change),
        [
            "added.txt",
            "bin.dat",
            "new-empty.txt",
            "new.bin",
            "\"quo\\\"ted\\nä.txt\"",
            "retyped"
        ]
    );
    assert_eq!(
        change
            .read_base(&"edit.txt".into(), 100)
            .expect("there is none"),
        None
    );
}

#[test]
fn a_series_of_mails_is_one_change() {
    let repo = GitRepo::new();
    repo.write("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n")
        .write("b.txt", "b\n");
    let base = repo.commit("base");
    repo.write("a.txt", "one\n2\n3\n4\n5\n6\n7\n8\n")
        .write("c.txt", "c\n");
    repo.commit("first\n\nFrom here on: a hunk in the message\n@@ looks like one");
    repo.write("a.txt", "one\n2\n3\n4\n5\n6\n7\neight\n");
    repo.commit("second");
    repo.git(["mv", "c.txt", "d.txt"]);
    let head = repo.commit("third");
    let mails = repo.git_bytes(["format-patch", "--stdout", &base]);
    let expected = opened(&repo, &range(&base, &head));
    check_summary(&expected, &["M a.txt", "A d.txt"]);

    check_same_contents(&opened(&repo, &patch(&mails)), &expected);
    repo.git(["checkout", "--quiet", &base]);
    check_same_contents(&opened(&repo, &patch(&mails)), &expected);

    let apart = opened(&GitRepo::new_folder(), &patch(&mails));
    check_summary(&apart, &["M a.txt", "A d.txt"]);
    check_contents(&apart, "d.txt", None, Some("c\n"));
    check_notes(&apart, &[]);
    let patch = file(&apart, "a.txt").patch.as_ref();
    let patch = patch.expect("the lines of the patch are all there is");
    assert_eq!(patch.len(), 1);
    assert_eq!(patch[0].base_text, b"1\n2\n3\n4\n5\n6\n7\n8\n");
    assert_eq!(patch[0].head_text, b"one\n2\n3\n4\n5\n6\n7\neight\n");
}

#[test]
fn patches_of_a_series_that_do_not_fit_are_apart_and_say_so() {
    let mail = |number: u32, removed: &str, added: &str| {
        format!(
            "From {number:040} Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: [PATCH {number}/2] b\n\n---\n\
             diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-{removed}\n+{added}\n-- \n2.0\n\n"
        )
    };
    let mails = mail(1, "a", "b") + &mail(2, "c", "d");
    let change = opened(&GitRepo::new_folder(), &patch(mails.as_bytes()));
    check_summary(&change, &["M a.txt", "M a.txt"]);
    check_notes(
        &change,
        &["several patches of the series change these files and do not fit onto each other"],
    );
}

#[test]
fn a_patch_of_another_branch_is_found_among_the_objects() {
    let repo = GitRepo::new();
    repo.write("a.txt", "1\n2\n3\n").write("b.txt", "b\n");
    let base = repo.commit("base");
    repo.write("a.txt", "1\ntwo\n3\n");
    let head = repo.commit("head");
    let bytes = diff(&repo, &base, &head, &[]);
    repo.write("a.txt", "all\nis\nother\n");
    repo.commit("moved on");
    let change = opened(&repo, &patch(&bytes));
    check_same_contents(&change, &opened(&repo, &range(&base, &head)));
    check_notes(&change, &[]);
}

#[test]
fn a_patch_that_does_not_fit_says_so() {
    let repo = GitRepo::new();
    repo.write("a.txt", "1\n2\n3\n")
        .write("b.txt", "b\n")
        .write("c.txt", "new\n");
    let change = opened(
        &repo,
        &patch(
            "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-x\n+y\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-b\n+B\n\
                --- a/c.txt\n+++ b/c.txt\n@@ -1 +1 @@\n-old\n+new\n",
        ),
    );
    check_summary(&change, &["M a.txt", "M b.txt", "M c.txt"]);
    check_notes(
        &change,
        &[
            "does not apply to the files here, so only its own lines are reviewed: a.txt",
            "already applied to the files here: c.txt",
        ],
    );
    assert!(file(&change, "a.txt").patch.is_some());
    check_contents(&change, "b.txt", Some("b\n"), Some("B\n"));
    check_contents(&change, "c.txt", Some("old\n"), Some("new\n"));
}

#[test]
fn plain_diffs_are_read() {
    let folder = GitRepo::new_folder();
    folder
        .write("src/x.c", "int a;\nint b;\n")
        .write("old.c", "gone\n");
    for (text, expected) in [
        (
            "--- src/x.c.orig\t2024-01-31 12:00:00.000000000 +0100\n+++ src/x.c\t2024-02-01 12:00:00.000000000 +0100\n\
          @@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;\n",
            "M src/x.c",
        ),
        (
            "diff -ur proj-1.0/src/x.c proj-1.1/src/x.c\n--- proj-1.0/src/x.c\n+++ proj-1.1/src/x.c\n\
          @@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;\n",
            "M src/x.c",
        ),
        (
            "--- /home/me/proj/src/x.c\n+++ /home/me/proj/src/x.c\n@@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;\n",
            "M src/x.c",
        ),
        ("--- /dev/null\n+++ b/n.c\n@@ -0,0 +1 @@\n+n\n", "A n.c"),
        (
            "--- a/n.c\t1970-01-01 00:00:00.000000000 +0000\n+++ b/n.c\t2024-02-01 12:00:00.0 +0100\n@@ -0,0 +1 @@\n+n\n",
            "A n.c",
        ),
        (
            "--- old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n",
            "D old.c",
        ),
        (
            "Index: src/x.c\n=======\n--- src/x.c\t(revision 1)\n+++ src/x.c\t(working copy)\n\
          @@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;\n",
            "M src/x.c",
        ),
        (
            "some words before\r\n--- not a header\n\n--- src/x.c\n+++ src/x.c\n@@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;\n",
            "M src/x.c",
        ),
    ] {
        let change = opened(&folder, &patch(text));
        check_summary(&change, &[expected]);
        check_notes(&change, &[]);
        for file in &change.change.files {
            assert_eq!(file.patch, None, "{text}");
        }
    }
    check_summary(&opened(&folder, &patch("")), &[]);
    check_summary(&opened(&folder, &patch("\n\n")), &[]);
}

#[test]
fn merges_against_several_parents_are_told_of() {
    let repo = GitRepo::new();
    repo.write("a.txt", "1\n2\n3\n");
    repo.commit("base");
    repo.git(["checkout", "--quiet", "-b", "work"]);
    repo.write("a.txt", "1\nwork\n3\n");
    repo.commit("work");
    repo.git(["checkout", "--quiet", "main"]);
    repo.write("a.txt", "1\nmain\n3\n");
    repo.commit("main");
    assert!(!repo.try_git(["merge", "--quiet", "work"]).status.success());
    repo.write("a.txt", "1\nboth\n3\n");
    repo.commit("merge");
    let bytes = repo.git_bytes(["show", "HEAD"]);
    assert!(String::from_utf8_lossy(&bytes).contains("@@@"));
    let change = opened(&repo, &patch(&bytes));
    check_summary(&change, &["M a.txt"]);
    check_notes(&change, &["compared with several parents"]);
}

#[test]
fn submodules_in_patches_are_their_commits() {
    let (old, new) = ("1".repeat(40), "2".repeat(40));
    let text = format!(
        "diff --git a/sub b/sub\nindex 1111111..2222222 160000\n--- a/sub\n+++ b/sub\n@@ -1 +1 @@\n\
         -Subproject commit {old}\n+Subproject commit {new}\n"
    );
    let change = opened(&GitRepo::new_folder(), &patch(text));
    check_summary(&change, &["M sub submodule"]);
    let content = |version: &Option<assay_source::FileVersion>| {
        version.clone().map(|version| version.content)
    };
    assert_eq!(
        content(&change.change.files[0].base),
        Some(ContentId::Object(old.as_str().into()))
    );
    assert_eq!(
        content(&change.change.files[0].head),
        Some(ContentId::Object(new.as_str().into()))
    );
}

#[test]
fn malformed_patches_name_the_line() {
    let repo = GitRepo::new_folder();
    let header = "--- a/x\n+++ b/x\n";
    for (text, expected) in [
        (
            "words only\n".to_owned(),
            "line 1 of the patch: no patch was found",
        ),
        (
            format!("{header}@@ -1,2 +1,2 @@\n a\n"),
            "line 5 of the patch: the patch ends, but the hunk of line 3 promises 1 old and 1 new lines more",
        ),
        (
            format!("{header}@@ -1,2 +1,2 @@\n a\nb\n"),
            "line 5 of the patch: the line begins with neither",
        ),
        (
            format!("{header}@@ -1 +1,2 @@\n a\n-b\n"),
            "line 5 of the patch: there is another line than these",
        ),
        (
            format!("{header}@@ -x +1,2 @@\n"),
            "line 3 of the patch: a hunk begins",
        ),
        (
            format!("{header}@@ -5 +5 @@\n-a\n+b\n@@ -4 +4 @@\n-a\n+b\n"),
            "line 6 of the patch: the hunk begins before the one before it ends",
        ),
        (
            "@@ -1 +1 @@\n-a\n+b\n".to_owned(),
            "line 1 of the patch: a hunk without the lines",
        ),
        (
            "diff --git a/x b/x\nnew file mode 9\n".to_owned(),
            "line 2 of the patch: a mode is six octal digits",
        ),
        (
            "diff --git a/x b/x\nindex 1234567..89abcde 100644\nGIT binary patch\nhello\n"
                .to_owned(),
            "line 4 of the patch: binary data begins",
        ),
        (
            "diff --git a/x b/x\nindex 1234567..89abcde 100644\nGIT binary patch\nliteral 3\n?\n"
                .to_owned(),
            "line 5 of the patch: the line is not binary data",
        ),
        (
            "diff --git nothing\nold mode 100644\nnew mode 100755\n".to_owned(),
            "line 1 of the patch: the header does not say which file",
        ),
        (
            "*** a/x\n--- b/x\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n".to_owned(),
            "line 1 of the patch: this is a context diff",
        ),
    ] {
        check_error(&repo, &patch(&text), &[expected]);
    }
}

#[test]
fn patches_that_lead_out_of_the_tree_read_nothing() {
    let repo = GitRepo::new();
    std::fs::write(repo.outside().join("secret"), "secret\n").expect("it is ours");
    repo.write("a", "a\n").symlink("out", "..");
    for path in ["../secret", "out/secret", ".git/config", "a/../../secret"] {
        let text = format!(
            "diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-secret\n+x\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n"
        );
        let change = opened(&repo, &patch(text));
        let found = file(&change, path);
        assert_eq!(
            found.base.as_ref().map(|base| &base.content),
            Some(&ContentId::Absent),
            "{path}"
        );
    }
}

#[test]
fn configuration_comes_from_before_the_patch() {
    let repo = GitRepo::new();
    repo.write("assay.toml", "old\n")
        .write(".gitattributes", "*.gen linguist-generated\n")
        .write("x.gen", "1\n");
    let base = repo.commit("base");
    repo.write("assay.toml", "new\n")
        .write(".gitattributes", "")
        .write("other.toml", "new\n")
        .write("x.gen", "2\n");
    let head = repo.commit("head");
    let bytes = diff(&repo, &base, &head, &[]);
    for commit in [&base, &head] {
        repo.git(["checkout", "--quiet", commit]);
        let change = opened(&repo, &patch(&bytes));
        let config = change
            .read_base(&"assay.toml".into(), 100)
            .expect("it can be read");
        assert_eq!(config.as_deref(), Some(&b"old\n"[..]));
        assert_eq!(
            change
                .read_base(&"other.toml".into(), 100)
                .expect("it is not there"),
            None
        );
        assert_eq!(file(&change, "x.gen").attributes.generated, Some(true));
    }
}

#[test]
fn limits_on_patches_are_held() {
    let check = |limits: Limits, expected: &str| {
        let options = Options {
            limits,
            ..options()
        };
        let text = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n";
        let error: Error = open(GitRepo::new_folder().root(), &patch(text), &options)
            .err()
            .expect("over the limit");
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(chain(&error).contains(expected), "{error}");
    };
    check(
        Limits {
            patch_bytes_max: 67,
            ..Limits::default()
        },
        "68 is more than the limit of 67 (`patch_bytes_max`)",
    );
    check(
        Limits {
            changed_files_max: 1,
            ..Limits::default()
        },
        "2 is more than the limit of 1 (`changed_files_max`)",
    );
    check(
        Limits {
            path_bytes_max: 0,
            ..Limits::default()
        },
        "(`path_bytes_max`)",
    );
}
