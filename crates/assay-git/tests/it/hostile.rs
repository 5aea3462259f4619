//! Repositories that want to be obeyed: programs in the configuration, links
//! out of the tree, damaged and oversized objects.

use std::path::Path;

use assay_git::{Input, Limits, Options, open};
use assay_source::{ContentId, ErrorKind, FileKind, FileVersion, ReadError};
use assay_testkit::GitRepo;

use crate::support::{
    BYTES_MAX, chain, check_notes, check_summary, file, listed, open_at, opened, options, range,
    read, summary, try_open, working_tree,
};

/// Every input that can be opened in a repository with two commits.
fn inputs() -> Vec<Input> {
    vec![
        working_tree(),
        Input::WorkingTree {
            base: Some("HEAD~1".to_owned()),
        },
        Input::Staged,
        range("HEAD~1", "HEAD"),
        Input::Range {
            base: "HEAD~1".to_owned(),
            head: "HEAD".to_owned(),
            merge_base: true,
        },
        Input::Commit("HEAD".to_owned()),
        Input::Scan { path: ".".into() },
        Input::Patch {
            bytes: b"--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-3\n+4\n".to_vec(),
        },
    ]
}

#[test]
fn nothing_that_the_configuration_names_is_executed() {
    let repo = GitRepo::new();
    repo.write("a.txt", "1\n")
        .write("b.bin", b"\0\x01")
        .write("c.dat", "c\n");
    repo.write(
        ".gitattributes",
        "* filter=evil diff=evil merge=evil\n*.dat filter=evil-process\n*.bin filter=lfs\n",
    );
    repo.commit("first");
    repo.write("a.txt", "2\n");
    repo.commit("second");
    let marker = repo.outside().join("executed");
    let program = repo.outside().join("program");
    let script = format!("#!/bin/sh\necho \"$0 $@\" >> '{}'\ncat\n", marker.display());
    std::fs::write(&program, script).expect("it is ours");
    repo.set_executable(&program, true);
    let program = program.to_str().expect("temporary paths are text");
    let included = repo.outside().join("included");
    std::fs::write(
        &included,
        format!("[core]\n\tfsmonitor = {program}\n[filter \"evil\"]\n\tclean = {program}\n"),
    )
    .expect("it is ours");
    for key in [
        "core.fsmonitor",
        "core.hooksPath",
        "core.sshCommand",
        "core.editor",
        "core.pager",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil-process.process",
        "filter.lfs.clean",
        "filter.lfs.smudge",
        "filter.lfs.process",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "merge.evil.driver",
        "credential.helper",
        "gpg.program",
        "alias.diff",
        "alias.status",
        "uploadpack.packObjectsHook",
        "interactive.diffFilter",
        "sequence.editor",
        "trailer.evil.command",
        "remote.origin.uploadpack",
        "remote.origin.vcs",
    ] {
        repo.git(["config", key, program]);
    }
    repo.git(["config", "extensions.partialClone", "origin"]);
    repo.git(["config", "core.repositoryFormatVersion", "1"]);
    repo.git(["config", "remote.origin.promisor", "true"]);
    repo.git(["config", "remote.origin.url", &format!("ext::{program}")]);
    repo.git(["config", "core.fsmonitorHookVersion", "2"]);
    repo.git(["config", "filter.evil.required", "true"]);
    repo.git(["config", "include.path", included.to_str().expect("text")]);
    for hook in [
        "post-index-change",
        "fsmonitor-watchman",
        "post-checkout",
        "pre-commit",
        "reference-transaction",
    ] {
        let hooks = repo.root().join(".git/hooks");
        std::fs::create_dir_all(&hooks).expect("it is ours");
        std::fs::copy(program, hooks.join(hook)).expect("it is ours");
    }
    repo.write("a.txt", "3\n")
        .write("b.bin", b"\0\x02")
        .write("c.dat", "d\n")
        .write("new.txt", "new\n");

    for input in inputs() {
        let change = opened(&repo, &input);
        let _ = listed(&change);
        for file in &change.change.files {
            let _ = (read(&change, &file.base), read(&change, &file.head));
        }
    }
    // What is missing on purpose is not fetched either.
    let object = repo.rev("HEAD:a.txt");
    repo.remove(format!(".git/objects/{}/{}", &object[..2], &object[2..]));
    let change = opened(&repo, &range("HEAD~1", "HEAD"));
    let head = file(&change, "a.txt").head.clone().expect("it has a head");
    assert_eq!(change.tree.read(&head, BYTES_MAX), Err(ReadError::Absent));
    assert!(
        !marker.exists(),
        "{}",
        std::fs::read_to_string(&marker).unwrap_or_default()
    );
}

#[test]
fn filters_that_are_not_run_are_told_of() {
    let repo = GitRepo::new();
    repo.write("a.txt", "1\n").write("b.txt", "1\n").write(
        ".gitattributes",
        "a.txt filter=secret\nb.txt filter=unknown\n",
    );
    repo.commit("first");
    repo.git(["config", "filter.secret.clean", "false"]);
    repo.write("a.txt", "2\n").write("b.txt", "2\n");
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["M a.txt", "M b.txt"]);
    check_notes(
        &change,
        &[
            "filter programs are never run (here secret), so these files are compared as they are on disk: a.txt",
        ],
    );
}

#[test]
fn the_configuration_cannot_point_elsewhere() {
    let repo = GitRepo::new();
    let elsewhere = GitRepo::new_folder();
    elsewhere
        .write("secret.txt", "secret\n")
        .write("ignore", "*.txt\n");
    repo.write("a.txt", "1\n");
    repo.commit("first");
    repo.write("b.txt", "1\n");
    let path = |name: &str| elsewhere.root().join(name).display().to_string();
    repo.git(["config", "core.worktree", &path("")]);
    repo.git(["config", "core.excludesFile", &path("ignore")]);
    repo.git(["config", "core.attributesFile", "/dev/zero"]);
    let change = opened(&repo, &working_tree());
    check_summary(&change, &["A b.txt"]);
    assert_eq!(change.root.as_deref(), Some(repo.root()));
}

#[test]
fn links_are_not_followed_out_of_the_tree() {
    let repo = GitRepo::new();
    repo.write("sub/a.txt", "1\n")
        .write("sub/b.txt", "1\n")
        .write("top.txt", "1\n");
    repo.commit("first");
    let outside = repo.outside().join("outside");
    std::fs::create_dir(&outside).expect("it is ours");
    std::fs::write(outside.join("a.txt"), "secret\n").expect("it is ours");
    std::fs::write(outside.join("new.txt"), "secret\n").expect("it is ours");
    repo.remove("sub")
        .symlink("sub", &outside)
        .remove("top.txt")
        .symlink("top.txt", outside.join("a.txt"));

    let change = opened(&repo, &working_tree());
    check_summary(
        &change,
        &[
            "A sub link",
            "D sub/a.txt",
            "D sub/b.txt",
            "T top.txt [ -> link]",
        ],
    );
    let target = |path: &str| read(&change, &file(&change, path).head).expect("it is there");
    assert_eq!(target("sub"), outside.display().to_string().as_bytes());
    assert!(target("top.txt").ends_with(b"outside/a.txt"));
    let version = |path: &str, kind| FileVersion {
        path: path.into(),
        kind,
        content: ContentId::Disk,
    };
    for (path, kind) in [
        ("sub/a.txt", FileKind::File),
        ("sub/new.txt", FileKind::File),
        ("sub/a.txt", FileKind::Symlink),
        ("top.txt", FileKind::File),
        ("../outside/a.txt", FileKind::File),
        ("sub/../../outside/a.txt", FileKind::File),
        (".git/config", FileKind::File),
        (".GIT/config", FileKind::File),
        ("/etc/passwd", FileKind::File),
        ("", FileKind::File),
        ("a\0b", FileKind::File),
    ] {
        let found = change.tree.read(&version(path, kind), BYTES_MAX);
        assert_eq!(found, Err(ReadError::OutsideTree), "{path}");
    }
    let absent = change
        .tree
        .read(&version("nothing/at/all", FileKind::File), BYTES_MAX);
    assert_eq!(absent, Err(ReadError::Absent));
    let scanned = opened(&repo, &Input::Scan { path: ".".into() });
    check_summary(&scanned, &["A sub link", "A top.txt link"]);
}

#[cfg(unix)]
#[test]
fn special_files_are_never_opened() {
    let repo = GitRepo::new();
    repo.write("a.txt", "1\n");
    repo.commit("first");
    repo.make_pipe("pipe")
        .make_pipe("sub/.gitignore")
        .make_pipe(".gitattributes");
    let _socket = std::os::unix::net::UnixListener::bind(repo.root().join("socket"))
        .expect("the path is short");
    for input in [working_tree(), Input::Scan { path: ".".into() }] {
        let change = opened(&repo, &input);
        let note = "not read, because they are no files (pipes, sockets, devices): .gitattributes, pipe, socket, sub/.gitignore";
        check_notes(&change, &[note]);
        let version = FileVersion {
            path: "pipe".into(),
            kind: FileKind::File,
            content: ContentId::Disk,
        };
        let found = change.tree.read(&version, BYTES_MAX);
        assert_eq!(
            found,
            Err(ReadError::Failed("not a regular file".to_owned()))
        );
    }
    // In the place of a tracked file it is as if the file were gone.
    repo.remove("a.txt").make_pipe("a.txt");
    check_summary(&opened(&repo, &working_tree()), &["D a.txt"]);
}

#[test]
fn contents_over_the_limit_are_refused() {
    let repo = GitRepo::new();
    repo.write("a.txt", "12345\n").symlink("link", "a.txt");
    repo.commit("first");
    repo.write("b.txt", "12345\n");
    for input in [
        Input::Commit("HEAD".to_owned()),
        working_tree(),
        Input::Scan { path: ".".into() },
    ] {
        let change = opened(&repo, &input);
        for file in &change.change.files {
            let head = file.head.as_ref().expect("all are added");
            let bytes = if head.kind == FileKind::Symlink { 5 } else { 6 };
            assert!(change.tree.read(head, bytes).is_ok(), "{file:?}");
            let found = change.tree.read(head, bytes - 1);
            assert_eq!(
                found,
                Err(ReadError::TooLarge {
                    bytes,
                    bytes_max: bytes - 1
                }),
                "{file:?}"
            );
        }
    }
}

#[test]
fn limits_on_changes_are_held() {
    let repo = GitRepo::new();
    repo.write("a/b/c/d.txt", "1\n")
        .write("a/e.txt", "1\n")
        .write("f.txt", "1\n");
    repo.commit("first");
    repo.write("new.txt", "1\n").write("new2.txt", "2\n");
    let none = Limits::default();
    for (limits, input, expected) in [
        (
            Limits {
                changed_files_max: 2,
                ..none.clone()
            },
            Input::Commit("HEAD".to_owned()),
            "3 is more than the limit of 2 (`changed_files_max`)",
        ),
        (
            Limits {
                changed_files_max: 1,
                ..none.clone()
            },
            working_tree(),
            "2 is more than the limit of 1 (`changed_files_max`)",
        ),
        (
            Limits {
                tree_entries_max: 2,
                ..none.clone()
            },
            Input::Commit("HEAD".to_owned()),
            "(`tree_entries_max`)",
        ),
        (
            Limits {
                tree_entries_max: 3,
                ..none.clone()
            },
            working_tree(),
            "(`tree_entries_max`)",
        ),
        (
            Limits {
                depth_max: 2,
                ..none.clone()
            },
            Input::Commit("HEAD".to_owned()),
            "(`depth_max`)",
        ),
        (
            Limits {
                depth_max: 2,
                ..none.clone()
            },
            working_tree(),
            "(`depth_max`)",
        ),
        (
            Limits {
                path_bytes_max: 10,
                ..none.clone()
            },
            Input::Commit("HEAD".to_owned()),
            "(`path_bytes_max`)",
        ),
        (
            Limits {
                path_bytes_max: 7,
                ..none.clone()
            },
            working_tree(),
            "(`path_bytes_max`)",
        ),
        (
            Limits {
                scan_files_max: 4,
                ..none
            },
            Input::Scan { path: ".".into() },
            "5 is more than the limit of 4 (`scan_files_max`)",
        ),
    ] {
        let options = Options {
            limits,
            ..options()
        };
        let error = open(repo.root(), &input, &options)
            .err()
            .unwrap_or_else(|| panic!("{expected}"));
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(chain(&error).contains(expected), "{error}");
    }
}

/// Writes a tree object byte by byte, as no program would.
fn write_tree(repo: &GitRepo, entries: &[(&str, &str, &str)]) -> String {
    let mut content = Vec::new();
    for (mode, name, id) in entries {
        content.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        for at in (0..id.len()).step_by(2) {
            content.push(u8::from_str_radix(&id[at..at + 2], 16).expect("hexadecimal"));
        }
    }
    repo.hash_object("tree", &content)
}

#[test]
fn trees_that_no_program_writes_are_refused() {
    let repo = GitRepo::new();
    repo.write("a.txt", "1\n");
    repo.commit("first");
    let blob = repo.rev("HEAD:a.txt");
    for name in ["..", ".", "a/b", ""] {
        let tree = write_tree(&repo, &[("100644", name, &blob)]);
        let error = try_open(&repo, &range("HEAD", &tree))
            .err()
            .unwrap_or_else(|| panic!("{name}"));
        assert!(
            chain(&error).contains("no file can have that name"),
            "{name}: {}",
            chain(&error)
        );
    }
    // Ten folders of ten folders of ...: a few objects, ten billion files.
    let mut tree = write_tree(&repo, &[("100644", "x", &blob)]);
    for _ in 0..10 {
        let names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let entries = names.map(|name| ("40000", name, tree.as_str()));
        tree = write_tree(&repo, &entries);
    }
    let error = try_open(&repo, &range("HEAD", &tree))
        .err()
        .expect("over the limit");
    assert!(
        chain(&error).contains("(`changed_files_max`)"),
        "{}",
        chain(&error)
    );
    // A tree that holds names of the repository's own folder is only text.
    let tree = write_tree(&repo, &[("100644", ".git", &blob)]);
    check_summary(
        &opened(&repo, &range("HEAD", &tree)),
        &["R100 a.txt -> .git"],
    );
}

#[test]
fn damaged_repositories_are_errors() {
    let make = || {
        let repo = GitRepo::new();
        for number in 0..20 {
            repo.write(
                format!("folder{number}/file.txt"),
                format!("{number}\n").repeat(100),
            );
        }
        repo.commit("first");
        repo.write("folder1/file.txt", "changed\n");
        repo.commit("second");
        repo.git(["repack", "-adq"]);
        repo
    };
    let damage = |path: &str, content: &[u8]| {
        let repo = make();
        std::fs::write(repo.root().join(".git").join(path), content).expect("it is ours");
        repo
    };
    for (path, content, input, expected) in [
        ("HEAD", &b"nonsense\n"[..], working_tree(), "HEAD"),
        ("HEAD", b"ref: refs/heads/\n", working_tree(), "HEAD"),
        ("index", b"DIRC", working_tree(), "the index"),
        (
            "index",
            b"nonsense that is long enough to be an index",
            Input::Staged,
            "the index",
        ),
        (
            "refs/heads/main",
            b"0123\n",
            range("HEAD~1", "HEAD"),
            "HEAD",
        ),
        ("config", b"[core\n", working_tree(), "cannot be opened"),
        (
            "config",
            b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = md5\n",
            working_tree(),
            "cannot be opened",
        ),
        (
            "config",
            b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n",
            working_tree(),
            "its references are kept as `reftable`",
        ),
    ] {
        let repo = damage(path, content);
        match try_open(&repo, &input) {
            Ok(opened) => panic!("{path}: {:?}", summary(&opened)),
            Err(error) => assert!(
                chain(&error).contains(expected),
                "{path}: {}",
                chain(&error)
            ),
        }
    }
}

#[test]
fn objects_that_need_too_much_memory_are_refused() {
    let repo = GitRepo::new();
    // The second version is a short piece of the first, and packed as such.
    let text: String = (0..40_000).map(|line| format!("{line}\n")).collect();
    repo.write("a.txt", &text);
    repo.commit("first");
    repo.write("a.txt", &text[..text.len() / 8]);
    repo.commit("second");
    repo.git(["repack", "-adfq", "--depth=50", "--window=50"]);
    let chains = repo.git(["verify-pack", "--stat-only", "-v", &pack_of(&repo)]);
    assert!(chains.contains("chain length = 1"), "{chains}");
    let read_head = |object_bytes_max| {
        let limits = Limits {
            object_bytes_max,
            ..Limits::default()
        };
        let change = open(
            repo.root(),
            &range("HEAD~1", "HEAD"),
            &Options {
                limits,
                ..options()
            },
        )
        .unwrap();
        let file = file(&change, "a.txt");
        let read =
            |version: &Option<FileVersion>| change.tree.read(version.as_ref().unwrap(), BYTES_MAX);
        (read(&file.base), read(&file.head))
    };
    let (base, head) = read_head(1 << 20);
    assert_eq!(
        (base.unwrap().len(), head.unwrap().len()),
        (text.len(), text.len() / 8)
    );
    let (base, head) = read_head(100_000);
    assert!(matches!(base, Err(ReadError::Failed(_))), "{base:?}");
    assert!(matches!(head, Err(ReadError::Failed(_))), "{head:?}");
}

fn pack_of(repo: &GitRepo) -> String {
    let mut files = Vec::new();
    collect(&repo.root().join(".git/objects/pack"), &mut files);
    let pack = files
        .iter()
        .find(|path| path.extension().is_some_and(|end| end == "idx"));
    let pack = pack.expect("it was packed");
    pack.display().to_string()
}

#[test]
fn what_is_missing_is_told() {
    let repo = GitRepo::new();
    repo.write("sub/a.txt", "1\n");
    let first = repo.commit("first");
    repo.write("sub/a.txt", "2\n");
    repo.commit("second");
    let tree = repo.rev("HEAD:sub");
    repo.remove(format!(".git/objects/{}/{}", &tree[..2], &tree[2..]));
    let error = try_open(&repo, &range(&first, "HEAD")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error
            .to_string()
            .starts_with(&format!("tree {tree} is not in this clone")),
        "{error}"
    );
}

/// Flips bytes in, and cuts off, every file of the repository in turn.
#[test]
fn any_damage_is_an_error_or_a_change() {
    let repo = GitRepo::new();
    for number in 0..6 {
        repo.write(
            format!("folder{number}/file.txt"),
            format!("{number}\n").repeat(50),
        );
    }
    repo.commit("first");
    repo.write("folder1/file.txt", format!("{}more\n", "1\n".repeat(50)));
    repo.commit("second");
    repo.git(["repack", "-adq"]);
    repo.git(["commit-graph", "write", "--reachable"]);
    repo.write("folder2/file.txt", "loose\n")
        .write("new.txt", "n\n");
    repo.git(["add", "folder2"]);
    let mut files = Vec::new();
    collect(&repo.root().join(".git"), &mut files);
    assert!(files.len() > 10, "{files:?}");
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below.max(1) as u64).expect("it fits")
    };
    let mut failed = 0;
    for round in 0..40 {
        for path in &files {
            let whole = std::fs::read(path).expect("it is ours");
            let mut bad = whole.clone();
            if round % 4 == 0 {
                bad.truncate(next(bad.len()));
            } else if !bad.is_empty() {
                for _ in 0..=next(3) {
                    let at = next(bad.len());
                    bad[at] ^= 1 << next(8);
                }
            }
            // Objects and packs are read-only.
            std::fs::remove_file(path).expect("it is ours");
            std::fs::write(path, &bad).expect("it is ours");
            let all = inputs();
            match try_open(&repo, &all[next(all.len())]) {
                Err(_) => failed += 1,
                Ok(change) => {
                    let _ = change.tree.list().map(|files| {
                        files
                            .iter()
                            .map(|file| change.tree.read(file, BYTES_MAX))
                            .filter(Result::is_err)
                            .count()
                    });
                    for file in &change.change.files {
                        for version in [&file.base, &file.head].into_iter().flatten() {
                            let _ = change.tree.read(version, BYTES_MAX);
                        }
                    }
                }
            }
            std::fs::write(path, &whole).expect("it is ours");
        }
    }
    assert!(failed > 0, "no damage was noticed");
    let _ = open_at(repo.root(), &working_tree());
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .expect("it is ours")
        .map(|entry| entry.expect("it is ours").path())
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            collect(&entry, files);
        } else {
            files.push(entry);
        }
    }
}
