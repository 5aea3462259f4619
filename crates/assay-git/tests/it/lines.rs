//! Files whose bytes on disk are not those that git stores.

use assay_git::Input;
use assay_testkit::GitRepo;

use crate::support::{check_contents, check_summary, file, opened, working_tree};

/// Commits `stored` as it is, then puts `disk` in its place.
fn stored_and_on_disk(
    attributes: &str,
    config: &[(&str, &str)],
    stored: &[u8],
    disk: &[u8],
) -> GitRepo {
    let repo = GitRepo::new();
    repo.write("file.txt", stored)
        .write(".gitattributes", attributes);
    repo.git(["add", ".gitattributes"]);
    // Attributes must not change what is stored.
    let blob = repo.hash_object("blob", stored);
    repo.git([
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("100644,{blob},file.txt"),
    ]);
    repo.commit_staged("first");
    for (key, value) in config {
        repo.git(["config", key, value]);
    }
    repo.write("file.txt", disk);
    repo
}

#[test]
fn line_ends_count_as_in_git() {
    let (lf, crlf, mixed) = (&b"a\nb\n"[..], &b"a\r\nb\r\n"[..], &b"a\r\nb\n"[..]);
    let autocrlf = [("core.autocrlf", "true")];
    let input = [("core.autocrlf", "input")];
    for (attributes, config, stored, disk) in [
        ("", &[][..], lf, crlf),
        ("", &autocrlf[..], lf, crlf),
        ("", &autocrlf, lf, mixed),
        ("", &autocrlf, crlf, crlf),
        ("", &autocrlf, crlf, lf),
        ("", &input, lf, crlf),
        ("", &[("core.eol", "crlf")], lf, crlf),
        ("* text=auto", &[], lf, crlf),
        ("* text=auto", &[], crlf, crlf),
        ("* text", &[], lf, crlf),
        ("* text", &[], crlf, crlf),
        ("*.txt text eol=crlf", &[], lf, crlf),
        ("*.txt eol=crlf", &[], lf, crlf),
        ("*.txt text eol=lf", &[], lf, crlf),
        ("* -text", &autocrlf, lf, crlf),
        ("* binary", &autocrlf, lf, crlf),
        ("*.txt crlf=input", &[], lf, crlf),
        ("", &autocrlf, b"a\0\nb\n", b"a\0\r\nb\r\n"),
        (
            "*.txt ident",
            &[],
            b"$Id$\n",
            b"$Id: 0123456789012345678901234567890123456789 $\n",
        ),
        ("", &[], b"$Id$\n", b"$Id: 0123 $\n"),
        (
            "*.txt working-tree-encoding=UTF-16LE",
            &[],
            b"ab\n",
            b"a\0b\0\n\0",
        ),
    ] {
        let repo = stored_and_on_disk(attributes, config, stored, disk);
        let found = !opened(&repo, &working_tree()).change.files.is_empty();
        // `git status` goes by the size; what `git add` stores is the truth.
        repo.git(["add", "file.txt"]);
        let expected = !repo.git(["diff", "--cached", "--name-only"]).is_empty();
        assert_eq!(
            found, expected,
            "{attributes:?} {config:?} {stored:?} {disk:?}"
        );
    }
}

#[test]
fn one_changed_line_is_one_changed_line_whatever_the_line_ends() {
    let repo = stored_and_on_disk("* text=auto", &[], b"a\nb\nc\n", b"a\r\nB\r\nc\r\n");
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["M file.txt"]);
    check_contents(&change, "file.txt", Some("a\nb\nc\n"), Some("a\nB\nc\n"));
    // A scan shows the bytes on disk.
    let scan = opened(&repo, &Input::Scan { path: ".".into() });
    check_contents(&scan, "file.txt", None, Some("a\r\nB\r\nc\r\n"));
}

#[test]
fn contents_are_given_as_they_are() {
    let repo = GitRepo::new();
    let contents: [(&str, &[u8]); 7] = [
        ("bom.txt", b"\xef\xbb\xbfa\n"),
        ("crlf.txt", b"a\r\nb\r\n"),
        ("latin.txt", b"caf\xe9\n"),
        ("mixed.txt", b"a\r\nb\nc\r"),
        ("no-newline.txt", b"a"),
        ("utf16.txt", b"\xff\xfea\0\n\0"),
        (
            "conflict.txt",
            b"<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n",
        ),
    ];
    for (path, content) in contents {
        repo.write(path, content);
    }
    let check = |input: &Input| {
        let change = opened(&repo, input);
        assert_eq!(change.change.files.len(), contents.len());
        for (path, content) in contents {
            let head = file(&change, path).head.clone().unwrap();
            assert_eq!(
                change.tree.read(&head, 100).as_deref(),
                Ok(content),
                "{path}"
            );
        }
    };
    check(&working_tree());
    check(&Input::Scan { path: ".".into() });
    repo.commit("first");
    check(&Input::Commit("HEAD".to_owned()));
}

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\nsize 6\n";

/// A repository with a file that git-lfs keeps: the pointer of `hello\n`.
fn with_lfs() -> GitRepo {
    let repo = GitRepo::new();
    repo.write(
        ".gitattributes",
        "*.bin filter=lfs diff=lfs merge=lfs -text\n",
    )
    .write("a.bin", POINTER);
    repo.commit("first");
    for (key, value) in [
        ("clean", "git-lfs clean -- %f"),
        ("smudge", "git-lfs smudge -- %f"),
        ("process", "git-lfs filter-process"),
    ] {
        repo.git(["config", &format!("filter.lfs.{key}"), value]);
    }
    repo
}

#[test]
fn large_files_that_are_checked_out_are_unchanged() {
    let repo = with_lfs();
    check_summary(&opened(&repo, &working_tree()), &[]);
    repo.write("a.bin", "hello\n");
    let change = opened(&repo, &working_tree());
    check_summary(&change, &[]);
    assert_eq!(change.change.notes, Vec::<String>::new());
}

#[test]
fn a_changed_large_file_is_a_changed_pointer() {
    let repo = with_lfs();
    repo.write("a.bin", "hello world\n")
        .write("new.bin", "hello!\n")
        .write("empty.bin", "");
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["M a.bin", "A empty.bin", "A new.bin"]);
    let head = "version https://git-lfs.github.com/spec/v1\n\
        oid sha256:a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447\nsize 12\n";
    check_contents(&change, "a.bin", Some(POINTER), Some(head));
    let pointer = "version https://git-lfs.github.com/spec/v1\n\
        oid sha256:c8a31cb076b21999bd2cdcfa5f446a7a6644de88037087112fa18bd90cc13984\nsize 7\n";
    check_contents(&change, "new.bin", None, Some(pointer));
    check_contents(&change, "empty.bin", None, Some(""));
    assert!(file(&change, "a.bin").attributes.lfs);
    assert!(file(&change, "new.bin").attributes.lfs);
    repo.remove("a.bin").write("b.bin", "hello\n");
    check_summary(
        &opened(&repo, &working_tree()),
        &["R100 a.bin -> b.bin", "A empty.bin", "A new.bin"],
    );
}

#[test]
fn attributes_are_those_of_the_base() {
    let repo = GitRepo::new();
    repo.write(
        ".gitattributes",
        "*.gen linguist-generated\nvendor/** linguist-vendored\n*.png binary\n*.raw -diff\n",
    );
    for path in ["a.gen", "vendor/x/b.c", "c.png", "d.raw", "e.txt"] {
        repo.write(path, "1\n");
    }
    repo.commit("first");
    repo.write(
        ".gitattributes",
        "*.txt linguist-generated\n*.gen -linguist-generated\n",
    );
    for path in [
        "a.gen",
        "vendor/x/b.c",
        "c.png",
        "d.raw",
        "e.txt",
        "vendor/new/n.gen",
    ] {
        repo.write(path, format!("2 {path}\n"));
    }
    let check = |input: &Input| {
        let change = opened(&repo, input);
        let found = |path: &str| {
            let attributes = file(&change, path).attributes;
            (attributes.generated, attributes.vendored, attributes.binary)
        };
        assert_eq!(found("a.gen"), (Some(true), None, false));
        assert_eq!(found("vendor/x/b.c"), (None, Some(true), false));
        assert_eq!(found("vendor/new/n.gen"), (Some(true), Some(true), false));
        assert_eq!(found("c.png"), (None, None, true));
        assert_eq!(found("d.raw"), (None, None, true));
        assert_eq!(found("e.txt"), (None, None, false));
    };
    check(&working_tree());
    repo.git(["add", "--all"]);
    check(&Input::Staged);
    repo.commit_staged("second");
    check(&Input::Commit("HEAD".to_owned()));
    let scan = opened(&repo, &Input::Scan { path: ".".into() });
    assert_eq!(file(&scan, "e.txt").attributes.generated, Some(true));
}
