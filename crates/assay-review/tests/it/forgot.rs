//! What a change forgot: lists that lack a new name, tests that did not change.

use std::sync::Arc;

use assay_finding::{Confidence, State};
use assay_source::{History, PastCommit, RecentPast, RepoPath, Touch};

use crate::memory::{MemoryChange, settings};

fn check(change: &MemoryChange, confidence: Confidence, expected: &[&str]) {
    check_after(None, change, confidence, expected);
}

fn check_after(
    past: Option<Arc<dyn RecentPast>>,
    change: &MemoryChange,
    confidence: Confidence,
    expected: &[&str],
) {
    let mut settings = settings();
    settings.confidence_min = confidence;
    settings.past = past;
    let report = change.review_with(&settings);
    let found: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.state == State::Introduced && finding.counts())
        .filter(|finding| finding.rule.as_str().starts_with("change/"))
        .map(|finding| {
            format!(
                "{} {}: {}",
                finding.location.start.line, finding.rule, finding.message
            )
        })
        .collect();
    assert_eq!(found, expected);
}

const OPTIONS: &str = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--size')\np.add_argument('--name')\np.add_argument('--fast')\n";

fn options(readme: &str, line: &str) -> MemoryChange {
    MemoryChange::default()
        .file("cli.py", Some(OPTIONS), Some(&format!("{OPTIONS}{line}\n")))
        .file("README.md", Some(readme), Some(readme))
}

#[test]
fn an_option_that_the_list_of_the_others_lacks() {
    let readme = "# A\n\n- `--size`\n- `--name`\n- `--fast`\n";
    let new = "p.add_argument('--deep')";
    let says = "6 change/undocumented-option: The option `--deep` is new and not in README.md, which lists 3 of the 3 others";
    check(&options(readme, new), Confidence::Medium, &[says]);
    check(
        &options(&format!("{readme}- `--deep`\n"), new),
        Confidence::Medium,
        &[],
    );
    check(
        &options("# A\n\n- `--size`\n", new),
        Confidence::Medium,
        &[],
    );
    let hidden = "p.add_argument('--deep', help=argparse.SUPPRESS)";
    check(&options(readme, hidden), Confidence::Medium, &[]);
}

#[test]
fn a_variable_that_the_example_of_the_others_lacks() {
    let base = "const a = process.env.APP_URL;\nconst b = process.env.APP_KEY;\nconst c = process.env.APP_SIZE;\n";
    let head = format!("{base}const d = process.env.APP_DEEP;\nconst e = process.env.PATH;\n");
    let change = |example: &str| {
        MemoryChange::default()
            .file("src/config.js", Some(base), Some(&head))
            .file(".env.example", Some(example), Some(example))
    };
    let says = "4 change/undeclared-environment-variable: The environment variable `APP_DEEP` is new and not in .env.example, which lists 3 of the 3 others";
    check(
        &change("APP_URL=\nAPP_KEY=\nAPP_SIZE=\n"),
        Confidence::Medium,
        &[says],
    );
    check(
        &change("APP_URL=\nAPP_KEY=\nAPP_SIZE=\n# APP_DEEP=1\n"),
        Confidence::Medium,
        &[],
    );
    check(&change("OTHER=\n"), Confidence::Medium, &[]);
}

#[test]
fn a_function_whose_test_did_not_change_is_a_hint() {
    let (base, head) = (
        "def load(a):\n    return a\n",
        "def load(a):\n    return a + 1\n",
    );
    let test = "def test_load():\n    assert load(1)\n";
    let change = || {
        MemoryChange::default()
            .file("pkg/io.py", Some(base), Some(head))
            .file("tests/test_io.py", Some(test), Some(test))
    };
    check(&change(), Confidence::Medium, &[]);
    let says = "2 change/untested-change: `load` changed and no test did; tests/test_io.py has their tests";
    check(&change(), Confidence::Low, &[says]);
    let both = change().file(
        "tests/test_a.py",
        Some(test),
        Some("def test_load():\n    assert load(2)\n"),
    );
    check(&both, Confidence::Low, &[]);
}

/// Commits that touched these files, one a day, after many that touched others.
struct Past(Vec<&'static [&'static str]>);

impl RecentPast for Past {
    fn read(&self) -> Option<History> {
        let mut paths: Vec<&str> = self.0.iter().flat_map(|one| one.iter().copied()).collect();
        paths.sort_unstable();
        paths.dedup();
        let number = |path: &&str| paths.binary_search(path).expect("it is one of them") as u32;
        let touch = |path| Touch {
            path,
            added: 1,
            removed: 1,
        };
        let others = (0..100).map(|_| Vec::new());
        let touches = self
            .0
            .iter()
            .map(|one| one.iter().map(number).map(touch).collect());
        let commit = |(at, touches): (usize, Vec<Touch>)| PastCommit {
            id: at.to_string(),
            author: 0,
            seconds: 90_000 * (1_000 - at as i64),
            is_merge: false,
            touches,
        };
        Some(History {
            paths: paths.iter().map(|path| RepoPath::from(*path)).collect(),
            commits: touches.chain(others).enumerate().map(commit).collect(),
            ..History::default()
        })
    }
}

#[test]
fn a_usual_companion_that_still_has_what_is_replaced() {
    let both: &[&str] = &["a/Dockerfile", "b/Dockerfile"];
    let image = |version: &str, user: &str| {
        format!("FROM alpine\nFROM golang:{version}-alpine AS builder\nUSER {user}\n")
    };
    let (old, new) = (image("1.24.2", "app"), image("1.25.0", "app"));
    let bumped = |other: &str, other_new: &str| {
        MemoryChange::default()
            .file("a/Dockerfile", Some(&old), Some(&new))
            .file("b/Dockerfile", Some(other), Some(other_new))
    };
    let seven = || -> Option<Arc<dyn RecentPast>> { Some(Arc::new(Past(vec![both; 7]))) };
    let says = "2 change/forgotten-companion: b/Dockerfile:2 still has what is replaced here; it changed in 7 of the last 7 commits of a/Dockerfile";
    check_after(seven(), &bumped(&old, &old), Confidence::Medium, &[says]);
    // It changed too, or does not have it.
    check_after(seven(), &bumped(&old, &new), Confidence::Medium, &[]);
    check_after(seven(), &bumped(&new, &new), Confidence::Medium, &[]);
    // Too little past, or none.
    let few: Arc<dyn RecentPast> = Arc::new(Past(vec![both; 5]));
    check_after(Some(few), &bumped(&old, &old), Confidence::Medium, &[]);
    check(&bumped(&old, &old), Confidence::Medium, &[]);
}
