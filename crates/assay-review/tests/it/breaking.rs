//! What a change breaks for users of a package, and when that is not said.

use assay_finding::State;

use crate::memory::{MemoryChange, shown};

const LIBRARY: &str = "[project]\nname = \"a\"\nversion = \"1.4.0\"\n";
const BASE: &str =
    "def load(path, mode=1):\n    return open(path, mode)\n\n\ndef dump(data):\n    return data\n";
const HEAD: &str = "def load(path, size, mode=1):\n    return open(path, mode, size)\n";

fn check(change: MemoryChange, expected: &[&str]) {
    let report = change.review();
    let found = shown(&report, State::Introduced);
    let api: Vec<&String> = found.iter().filter(|line| line.contains(" api/")).collect();
    assert_eq!(api, expected);
}

fn change(manifest: &str) -> MemoryChange {
    MemoryChange::default()
        .file("pkg/io.py", Some(BASE), Some(HEAD))
        .file("pyproject.toml", Some(manifest), Some(manifest))
}

#[test]
fn what_a_library_takes_away_is_found() {
    let both = ["1 api/removed-symbol", "1 api/changed-signature"];
    check(change(LIBRARY), &both);
}

#[test]
fn an_application_offers_nothing() {
    check(change("[tool.black]\nline-length = 100\n"), &[]);
    check(
        change("[project]\nname = \"a\"\nclassifiers = [\"Private :: Do Not Upload\"]\n"),
        &[],
    );
}

#[test]
fn a_major_version_says_that_it_breaks() {
    let raised = LIBRARY.replace("1.4.0", "2.0.0");
    let major = MemoryChange::default()
        .file("pkg/io.py", Some(BASE), Some(HEAD))
        .file("pyproject.toml", Some(LIBRARY), Some(&raised));
    check(major, &[]);
    let raised = LIBRARY.replace("1.4.0", "1.5.0");
    let minor = MemoryChange::default()
        .file("pkg/io.py", Some(BASE), Some(HEAD))
        .file("pyproject.toml", Some(LIBRARY), Some(&raised));
    check(minor, &["1 api/removed-symbol", "1 api/changed-signature"]);
}

#[test]
fn a_changelog_that_names_it_silences_it() {
    let told = change(LIBRARY).file(
        "CHANGES.rst",
        Some("Changes\n"),
        Some("Changes\n- remove `dump`\n"),
    );
    check(told, &["1 api/changed-signature"]);
}

#[test]
fn what_moves_to_another_file_is_not_certain_to_be_gone() {
    let moved = MemoryChange::default()
        .file(
            "pkg/io.py",
            Some(BASE),
            Some("def load(path, mode=1):\n    return open(path, mode)\n"),
        )
        .file(
            "pkg/out.py",
            None,
            Some("def dump(data):\n    return data\n"),
        )
        .file("pyproject.toml", Some(LIBRARY), Some(LIBRARY));
    let report = moved.review();
    let counting: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.counts())
        .collect();
    assert!(
        counting
            .iter()
            .all(|finding| !finding.rule.as_str().starts_with("api/")),
        "{counting:?}"
    );
}
