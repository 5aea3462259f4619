//! Findings that are told before a review is done.

use std::sync::Mutex;

use assay_finding::{Finding, State};
use assay_review::{Progress, Subject, review};

use crate::memory::{MemoryChange, settings};

/// Keeps what it hears.
#[derive(Default)]
struct Ear {
    found: Mutex<Vec<Finding>>,
    settled: Mutex<Vec<Finding>>,
}

impl Progress for Ear {
    fn begin(&self, _: &'static str, _: usize) {
        assert!(self.settled.lock().unwrap().is_empty(), "it was over");
    }
    fn advance(&self) {}
    fn wants_findings(&self) -> bool {
        true
    }
    fn found(&self, findings: &[Finding]) {
        self.found.lock().unwrap().extend_from_slice(findings);
    }
    fn settled(&self, findings: &[Finding]) {
        self.settled.lock().unwrap().extend_from_slice(findings);
    }
}

fn rules(findings: &[Finding]) -> Vec<String> {
    let rules = findings.iter().filter(|finding| finding.counts());
    let mut rules: Vec<_> = rules.map(|finding| finding.rule.to_string()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

const CATCH: &str =
    "def load(path):\n    try:\n        return open(path)\n    except Exception:\n        pass\n";
const RUN: &str = "import os\nfrom flask import request\n\n\ndef run():\n    os.system(\"ls \" + request.args[\"name\"])\n";

/// Returns what was told on the way and what counts in the end, by rules.
fn told(change: &MemoryChange) -> (Vec<String>, Vec<String>) {
    let ear = Ear::default();
    let subject = Subject {
        change: &change.change,
        tree: change,
        is_scan: false,
    };
    let report = review(subject, &settings(), &ear);
    let settled = ear.settled.into_inner().unwrap();
    assert_eq!(settled, report.findings);
    let found = ear.found.into_inner().unwrap();
    assert!(found.iter().all(Finding::counts));
    (rules(&found), rules(&settled))
}

#[test]
fn what_counts_is_told_on_the_way() {
    let new = MemoryChange::default()
        .file("a.py", Some("x = 1\n"), Some(CATCH))
        .file("run.py", None, Some(RUN));
    let (found, settled) = told(&new);
    assert!(
        settled
            .iter()
            .any(|rule| rule == "error-handling/empty-catch")
    );
    assert!(settled.len() > 1, "{settled:?}");
    // What another step says better is taken away in the end, and nothing comes unheard of.
    assert!(
        settled.iter().all(|rule| found.contains(rule)),
        "{found:?} {settled:?}"
    );
}

#[test]
fn what_was_there_is_not_told() {
    let changed = format!("{CATCH}\n\ndef other():\n    return 1\n");
    let moved = MemoryChange::default().file("a.py", Some(CATCH), Some(&changed));
    assert_eq!(told(&moved), (Vec::new(), Vec::new()));
    let silenced = CATCH.replace(
        "Exception:",
        "Exception:  # assay:ignore error-handling/empty-catch -- it may be gone",
    );
    let silenced = MemoryChange::default().file("a.py", None, Some(&silenced));
    let (found, _) = told(&silenced);
    assert!(
        !found
            .iter()
            .any(|rule| rule == "error-handling/empty-catch")
    );
}

#[test]
fn a_secret_is_masked_before_it_is_told() {
    let token = format!("ghp_{}", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6");
    let text = format!("TOKEN = \"{token}\"\nprint(TOKEN)\n");
    let change = MemoryChange::default().file("a.py", None, Some(&text));
    let ear = Ear::default();
    let subject = Subject {
        change: &change.change,
        tree: &change,
        is_scan: false,
    };
    review(subject, &settings(), &ear);
    let found = ear.found.into_inner().unwrap();
    assert!(
        found
            .iter()
            .any(|one| one.rule.as_str().starts_with("secret/"))
    );
    for finding in &found {
        assert_eq!(finding.state, State::Introduced);
        assert!(!format!("{finding:?}").contains(&token));
    }
}
