//! The commands beside review and scan.

use crate::run::{EMPTY_CATCH, assay, introduced, json, repo};

#[test]
fn every_command_has_help() {
    let repo = repo();
    for command in [
        "review",
        "scan",
        "explain",
        "rules",
        "languages",
        "config",
        "init",
        "baseline",
        "sbom",
        "completions",
        "man",
        "history",
        "summary",
        "usage",
    ] {
        let run = assay(&repo, &[command, "--help"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains("Usage: assay"), "{}", run.out);
    }
}

#[test]
fn lists_are_also_json() {
    let repo = repo();
    for (command, least) in [("rules", 40), ("languages", 28)] {
        let run = assay(&repo, &[command, "--json"]);
        let rows: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let count = rows.as_array().unwrap().len();
        assert!(count >= least, "{command}: {count}");
        assert!(assay(&repo, &[command]).out.lines().count() > least);
    }
}

#[test]
fn every_rule_is_explained() {
    let repo = repo();
    let run = assay(&repo, &["rules", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    for row in rows.as_array().unwrap().iter().step_by(7) {
        let id = row["id"].as_str().unwrap();
        let run = assay(&repo, &["explain", id]);
        assert_eq!(run.code, 0);
        assert!(
            run.out.contains(id) && run.out.contains("Why it matters"),
            "{}",
            run.out
        );
    }
}

#[test]
fn complexity_is_explained_line_by_line() {
    let repo = repo();
    repo.write(
        "a.py",
        "def f(a):\n    if a:\n        for b in a:\n            print(b)\n",
    );
    let run = assay(&repo, &["explain", "--at", "a.py:3"]);
    assert_eq!(run.code, 0, "{run:?}");
    for part in ["f at a.py:1", "cyclomatic 3", "cognitive 3", "line 3"] {
        assert!(run.out.contains(part), "no {part:?} in {}", run.out);
    }
}

#[test]
fn a_baseline_accepts_what_is_there() {
    let repo = repo();
    repo.write("b.py", EMPTY_CATCH);
    let run = assay(&repo, &["baseline"]);
    assert_eq!(
        (run.code, run.out.starts_with("1 finding accepted")),
        (0, true),
        "{run:?}"
    );
    repo.git(["add", "-A"]);
    repo.commit("baseline");
    assert_eq!(introduced(&json(&repo, &["scan"])), [""; 0]);
    // Moved down and copied: the copy is not accepted.
    let copy = EMPTY_CATCH.replace("load", "store");
    repo.write(
        "b.py",
        format!("import os\n\n{EMPTY_CATCH}\n\n{copy}\nprint(os)\n"),
    );
    assert_eq!(
        introduced(&json(&repo, &["scan"])),
        ["b.py:13 error-handling/empty-catch"]
    );
    repo.write("b.py", "y = 1\n");
    assert_eq!(assay(&repo, &["baseline", "--prune"]).code, 0);
    let left = std::fs::read_to_string(repo.root().join("assay-baseline.json")).unwrap();
    assert!(!left.contains("empty-catch"), "{left}");
}

#[test]
fn completions_and_the_manual_are_printed() {
    let repo = repo();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = assay(&repo, &["completions", shell]);
        assert!(run.code == 0 && run.out.contains("assay"), "{shell}");
    }
    let run = assay(&repo, &["man"]);
    assert!(
        run.out.contains(".TH") && run.out.contains("assay review"),
        "{}",
        run.out
    );
}

#[test]
fn packages_of_a_tree_are_listed() {
    let repo = repo();
    repo.write(
        "sub/package.json",
        r#"{"dependencies": {"a": "1.0.0", "b": "*"}}"#,
    );
    repo.write(
        "node_modules/c/package.json",
        r#"{"dependencies": {"d": "1.0.0"}}"#,
    );
    repo.write(
        "Cargo.lock",
        "[[package]]\nname = 'e'\nversion = '2.0.0'\nsource = 'git+https://example.org/e#1'\n[",
    );
    let run = assay(&repo, &["sbom"]);
    assert_eq!(run.code, 0, "{run:?}");
    let bill: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let purls: Vec<&str> = bill["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["purl"].as_str().unwrap())
        .collect();
    assert_eq!(
        purls,
        [
            "pkg:cargo/e@2.0.0?vcs_url=git%2Bhttps:%2F%2Fexample.org%2Fe%401",
            "pkg:npm/a@1.0.0",
            "pkg:npm/b",
        ]
    );
    assert!(
        run.err.contains("Cargo.lock: the file is damaged"),
        "{}",
        run.err
    );
    assert!(
        run.err
            .contains("2 package files with 3 entries, 1 of them without"),
        "{}",
        run.err
    );
    assert_eq!(
        run.out,
        assay(&repo, &["sbom", "--format", "cyclonedx-json", "-q"]).out
    );
}
