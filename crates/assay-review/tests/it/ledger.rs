//! Every file and hunk is accounted for, whatever happens to it.

use std::sync::Arc;

use assay_finding::{Coverage, FileEntry, SkipReason};
use assay_source::{
    Attributes, ChangeStatus, ContentId, FileChange, FileKind, FileVersion, Hunk, LineRange,
    PatchHunk,
};

use crate::memory::{MemoryChange, settings, version};

fn added(path: &str, kind: FileKind, bytes: &[u8]) -> FileChange {
    FileChange {
        status: ChangeStatus::Added,
        base: None,
        head: Some(version(path, kind, bytes)),
        attributes: Attributes::default(),
        patch: None,
    }
}

/// Shows what the ledger says: the word, the reason's word, the hunks.
fn entry(file: FileChange) -> (FileEntry, bool) {
    let report = MemoryChange::default().with(file).review();
    assert_eq!(report.ledger.files.len(), 1);
    let passed = report.gate.passed();
    (report.ledger.files.into_iter().next().unwrap(), passed)
}

fn check(file: FileChange, expected: &str, hunks: usize, passes: bool) {
    let path = file.path().to_display();
    let (entry, passed) = entry(file);
    let word = match &entry.coverage {
        Coverage::Skipped(reason) => reason.as_str(),
        other => other.as_str(),
    };
    assert_eq!(
        (word, entry.hunks.len(), passed),
        (expected, hunks, passes),
        "{path}: {entry:?}"
    );
}

#[test]
fn every_kind_of_file_is_accounted_for() {
    let file = |path: &str, text: &str| added(path, FileKind::File, text.as_bytes());
    check(file("a.py", "x = 1\n"), "analysed", 1, true);
    check(file("a.unknown", "hello\n"), "analysed", 1, true);
    check(file("a.py", "x = (\n"), "partial", 1, true);
    check(file("empty.py", ""), "no-content-change", 0, true);
    check(
        added("a.bin", FileKind::File, b"\0\x01\x02"),
        "binary",
        0,
        true,
    );
    check(
        added("link", FileKind::Symlink, b"target"),
        "symlink",
        0,
        true,
    );
    check(
        added("module", FileKind::Submodule, b""),
        "submodule",
        0,
        true,
    );
    check(file("vendor/a.py", "x = 1\n"), "vendored", 1, true);
    // Its lines are nobody's, its packages are judged.
    check(file("Cargo.lock", "version = 4\n"), "analysed", 1, true);
    check(file("flake.lock", "{}\n"), "generated", 1, true);
    check(file("a.py", "# @generated\nx = 1\n"), "generated", 1, true);
    check(file("a.js", &"var a=1;".repeat(2_000)), "minified", 1, true);
    check(
        file("a.py", &"x = 1\n".repeat(400_000)),
        "too-large",
        0,
        true,
    );
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    check(file("a.psd", pointer), "lfs-pointer", 1, true);
}

#[test]
fn encodings_are_read_and_noted() {
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("x = 1\n".bytes().flat_map(|byte| [byte, 0]))
        .collect();
    for (bytes, note) in [
        (utf16.as_slice(), "encoded as UTF-16 little endian"),
        (
            b"\xef\xbb\xbfx = 1\n",
            "encoded as UTF-8 with byte order mark",
        ),
        (b"# caf\xe9\nx = 1\n", "encoded as Latin-1"),
        (b"x = 1\r\ny = 2\n", "mixed line ends"),
        (b"x = 1", "no newline at the end of the file"),
    ] {
        let (entry, _) = entry(added("a.py", FileKind::File, bytes));
        assert_eq!(entry.coverage.as_str(), "analysed");
        assert!(
            entry.notes.iter().any(|found| found == note),
            "{:?}",
            entry.notes
        );
    }
}

#[test]
fn what_cannot_be_read_is_never_green() {
    let mut absent = added("a.py", FileKind::File, b"");
    absent.head.as_mut().unwrap().content = ContentId::Absent;
    check(absent, "unreadable", 0, false);
    check(
        added("panic.py", FileKind::File, b"x = 1\n"),
        "failed",
        0,
        false,
    );
}

#[test]
fn a_step_that_falls_over_is_a_problem_and_not_the_end() {
    let base = "def f(a):\n    return a\n";
    let report = MemoryChange::default()
        .file(
            "unlisted.py",
            Some(base),
            Some("def g(a=[]):\n    a.append(1)\n"),
        )
        .file("cli.py", None, Some("p.add_argument('--size')\n"))
        .review();
    assert!(!report.problems.is_empty());
    for problem in &report.problems {
        assert!(
            problem.message.contains("the list fell over"),
            "{problem:?}"
        );
    }
    assert!(!report.gate.passed());
    assert_eq!(
        report.findings[0].rule.as_str(),
        "correctness/mutable-default"
    );
}

#[test]
fn files_over_the_limit_are_named() {
    let mut settings = settings();
    settings.limits.files_max = 1;
    let change = MemoryChange::default()
        .file("a.py", None, Some("x = 1\n"))
        .file("b.py", None, Some("x = 1\n"));
    let report = change.review_with(&settings);
    let last = &report.ledger.files[1];
    assert_eq!(
        last.coverage,
        Coverage::Skipped(SkipReason::TooManyFiles { files_max: 1 })
    );
    assert!(!report.gate.passed());
}

#[test]
fn hunks_outside_what_was_not_understood_are_whole() {
    let base = "def f():\n    return 1\n\n\ndef g():\n    return 2\n";
    let head = "def f():\n    return 3\n\n\ndef g(:\n    return 2\n";
    let report = MemoryChange::default()
        .file("a.py", Some(base), Some(head))
        .review();
    let words: Vec<_> = report.ledger.files[0]
        .hunks
        .iter()
        .map(|hunk| hunk.coverage.as_str())
        .collect();
    assert_eq!(words, ["analysed", "partial"]);
}

#[test]
fn a_patch_without_its_tree_is_read_as_far_as_it_goes() {
    let range = |start, count| LineRange { start, count };
    let hunk = PatchHunk {
        runs: vec![Hunk {
            base: range(41, 0),
            head: range(41, 4),
        }],
        base_start: 40,
        base_text: b"import os\n".to_vec(),
        head_start: 40,
        head_text: b"import os\ntry:\n    f()\nexcept Exception:\n    pass\n".to_vec(),
    };
    let absent = |path: &str| FileVersion {
        path: path.into(),
        kind: FileKind::File,
        content: ContentId::Absent,
    };
    let file = FileChange {
        status: ChangeStatus::Modified,
        base: Some(absent("a.py")),
        head: Some(absent("a.py")),
        attributes: Attributes::default(),
        patch: Some(vec![hunk]),
    };
    let report = MemoryChange::default().with(file).review();
    assert_eq!(report.ledger.files[0].coverage.as_str(), "partial");
    let found: Vec<_> = report
        .introduced()
        .map(|finding| (finding.location.start.line, finding.rule.as_str()))
        .collect();
    assert_eq!(found, [(43, "error-handling/empty-catch")]);
}

#[test]
fn a_mode_change_is_noted() {
    let content = ContentId::Memory(Arc::from(&b"x = 1\n"[..]));
    let side = |kind| {
        Some(FileVersion {
            path: "a.py".into(),
            kind,
            content: content.clone(),
        })
    };
    let (entry, passed) = entry(FileChange {
        status: ChangeStatus::Modified,
        base: side(FileKind::File),
        head: side(FileKind::Executable),
        attributes: Attributes::default(),
        patch: None,
    });
    assert!(passed);
    assert_eq!(
        entry.coverage,
        Coverage::Skipped(SkipReason::NoContentChange)
    );
    assert_eq!(entry.notes, ["was a file and is now an executable file"]);
}
