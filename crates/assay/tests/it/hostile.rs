//! Input that was made to hurt: it is reviewed or refused, and never runs.

use assay_finding::render::Format;

use crate::run::{EMPTY_CATCH, SAME_CONDITION, assay, assay_with, introduced, json, repo};

#[test]
fn nothing_of_the_repository_is_executed() {
    let repo = repo();
    let marker = repo.outside().join("executed");
    let plant = format!("touch {}; cat", marker.display());
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "diff.external",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "diff.evil.command",
        "alias.review",
        "credential.helper",
        "core.hooksPath",
    ] {
        repo.git(["config", key, &plant]);
    }
    repo.write(".gitattributes", "* filter=evil diff=evil\n");
    for hook in [
        "post-checkout",
        "pre-commit",
        "post-index-change",
        "fsmonitor-watchman",
    ] {
        let path = format!(".git/hooks/{hook}");
        repo.write(&path, format!("#!/bin/sh\n{plant}\n"))
            .set_executable(&path, true);
    }
    repo.write("b.py", EMPTY_CATCH);
    for arguments in [
        &["review"][..],
        &["review", "--staged"],
        &["review", "HEAD"],
        &["scan"],
    ] {
        let run = assay(&repo, arguments);
        assert!(run.code < 2, "{run:?}");
        assert!(!marker.exists(), "{arguments:?} executed something");
    }
}

#[test]
fn names_of_files_cannot_speak_to_the_terminal() {
    let repo = repo();
    for name in [
        "\x1b[2Jcleared.py",
        "a\nb.py",
        "\u{202e}yp.py",
        "`$(touch x)`.py",
        "a|b<c>.py",
    ] {
        repo.write(name, SAME_CONDITION);
    }
    for format in Format::ALL {
        let run = assay(&repo, &["review", "--output", format.as_str()]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(!run.out.contains('\x1b'), "{format}");
        // Formats for programs keep the name as it is, escaped by their rules.
        let is_data = matches!(
            format,
            Format::Json
                | Format::Sarif
                | Format::GitlabCodeQuality
                | Format::Rdjson
                | Format::Remarks
                | Format::Junit
        );
        assert!(is_data || !run.out.contains('\u{202e}'), "{format}");
    }
}

#[test]
fn deep_wide_and_long_files_end() {
    let repo = repo();
    repo.write("deep.py", "(".repeat(100_000))
        .write("deep.js", "[".repeat(50_000) + &"]".repeat(50_000))
        .write("deep.json", "{\"a\":".repeat(20_000))
        .write("wide.py", format!("x = [{}]\n", "1, ".repeat(300_000)))
        .write("names.py", "a.".repeat(200_000))
        .write(
            "ifs.py",
            (0..400)
                .map(|n| format!("{}if a:\n", " ".repeat(n)))
                .collect::<String>(),
        )
        .write("zeros.py", [0u8; 100_000])
        .write("huge.py", "x = 1\n".repeat(1_000_000));
    let report = json(&repo, &["review"]);
    let files = report["ledger"]["files"].as_array().unwrap();
    assert_eq!(files.len(), 8, "{files:?}");
}

#[test]
fn hostile_configuration_is_refused_or_bounded() {
    for config in [
        "a = ".to_owned() + &"[".repeat(100_000),
        format!("[files]\nexclude = [\"{}\"]\n", "{a,".repeat(10_000)),
        format!("[files]\nexclude = [\"{}\"]\n", "*".repeat(50_000)),
        format!("[rules]\n\"{}\" = \"off\"\n", "x".repeat(200_000)),
        "x".repeat(2_000_000),
    ] {
        let repo = repo();
        repo.write("assay.toml", config).commit("configure");
        let run = assay(&repo, &["review"]);
        assert!(
            !run.err.contains("panicked") && run.err.len() < 10_000,
            "{}",
            run.err.len()
        );
    }
}

#[test]
fn hostile_patches_are_refused_or_bounded() {
    let repo = repo();
    for patch in [
        &b"@@ -1,4294967295 +1,4294967295 @@\n"[..],
        b"--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n",
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +4000000000 @@\n-a\n+b\n",
        b"\xff\xfe\x00",
        b"",
    ] {
        let run = assay_with(&repo, &["review", "--patch", "-"], patch);
        assert!(!run.err.contains("panicked"), "{}", run.err);
        assert!(!run.out.contains("root:"), "{}", run.out);
    }
}

#[test]
fn a_change_cannot_silence_itself_through_the_baseline() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH);
    assert_eq!(assay(&repo, &["baseline"]).code, 0);
    assert_eq!(
        introduced(&json(&repo, &["review"])),
        ["b.py:4 error-handling/empty-catch"]
    );
}
