//! Directives and baselines over findings.

use assay_finding::{
    Baseline, BaselineError, DirectiveOutcome, DirectiveTarget, Finding, PlacedDirective,
    SuppressedBy, apply_directives, parse_directives,
};
use assay_source::RepoPath;
use jiff::civil::date;

use crate::sample::sample_report;

fn placed(path: &str, text: &str, target: DirectiveTarget) -> PlacedDirective {
    PlacedDirective {
        path: RepoPath::from(path),
        target,
        directive: parse_directives(text).remove(0).expect("it is well formed"),
    }
}

/// The sample's findings with nothing silenced.
fn findings() -> Vec<Finding> {
    let mut findings = sample_report().findings;
    findings
        .iter_mut()
        .for_each(|finding| finding.suppressed = None);
    findings
}

#[test]
fn directives_silence_what_they_name_and_tell_what_became_of_them() {
    let mut findings = findings();
    let users = "app/users.py";
    let line = DirectiveTarget::Line;
    let directives = [
        placed(
            users,
            "assay:ignore security/* until 2026-06-30 -- soon",
            line(9),
        ),
        placed(users, "assay:ignore maintainability/empty-catch", line(13)),
        placed(
            users,
            "assay:ignore maintainability/empty-catch until 2026-06-29",
            line(14),
        ),
        placed(
            "web/billing.ts",
            "assay:ignore-file *",
            DirectiveTarget::File,
        ),
    ];
    let outcomes = apply_directives(&mut findings, &directives, date(2026, 6, 30));
    let expected = [
        DirectiveOutcome::Used(1),
        DirectiveOutcome::Unused,
        DirectiveOutcome::Expired(1),
        DirectiveOutcome::Used(2),
    ];
    assert_eq!(outcomes, expected);
    let silenced: Vec<_> = findings
        .iter()
        .filter(|finding| finding.suppressed.is_some())
        .map(|finding| finding.rule.as_str())
        .collect();
    let rules = [
        "security/sql-injection",
        "complexity/cyclomatic",
        "correctness/loose-equality",
    ];
    assert_eq!(silenced, rules);
}

#[test]
fn a_baseline_is_a_multiset_that_follows_moves() {
    let mut accepted = findings();
    accepted.truncate(3);
    let twice = accepted[0].clone();
    accepted.push(twice);
    let baseline = Baseline::of(&accepted);
    assert_eq!(baseline.finding_count(), 4);
    assert_eq!(
        Baseline::from_json(baseline.to_json().as_bytes()),
        Ok(baseline.clone())
    );

    // Three of the first one, one of which moved; the second one renamed; the
    // third one gone.
    let mut now = vec![
        accepted[0].clone(),
        accepted[0].clone(),
        accepted[0].clone(),
        accepted[1].clone(),
    ];
    now[0].location.path = RepoPath::from("moved.py");
    now[3].alias = Some(now[3].identity);
    now[3].identity = accepted[3].identity;
    let left = baseline.apply(&mut now);
    let by: Vec<_> = now
        .iter()
        .map(|finding| finding.suppressed.as_ref().map(|s| s.by))
        .collect();
    let held = Some(SuppressedBy::Baseline);
    assert_eq!(by, [None, held, held, held]);
    let left: Vec<_> = left
        .iter()
        .map(|entry| (entry.rule.as_str(), entry.count))
        .collect();
    assert_eq!(left, [("correctness/loose-equality", 1)]);
}

#[test]
fn a_baseline_file_is_sorted_with_one_line_a_finding() {
    let mut findings = findings();
    findings[0].location.path = RepoPath::from_bytes(b"caf\xe9 \"x\".py");
    findings.swap(1, 2);
    let text = Baseline::of(&findings).to_json();
    crate::golden::check_golden("tests/golden/baseline.json", &text);
    assert_eq!(
        Baseline::default().to_json(),
        "{\n  \"schema\": \"assay.baseline/1\",\n  \"findings\": []\n}\n"
    );
}

#[test]
fn bad_baselines_are_refused_with_the_reason() {
    for (text, expected) in [
        (
            "",
            "not a baseline: EOF while parsing a value at line 1 column 0",
        ),
        (
            "{}",
            "not a baseline: missing field `schema` at line 1 column 2",
        ),
        (
            r#"{"schema": "assay.report/1"}"#,
            "not a baseline: `schema` is not `assay.baseline/1`",
        ),
        (
            r#"{"schema": "assay.baseline/2", "entries": []}"#,
            "the baseline has the form `assay.baseline/2` and this version of Assay reads \
             `assay.baseline/1`; write it again with `assay baseline` or use the version that wrote it",
        ),
        (
            r#"{"schema": "assay.baseline/1", "findings": [{"path": "a", "rule": "a/b", "identity": "12"}]}"#,
            "not a baseline: `12` is not an identity",
        ),
        (
            r#"{"schema": "assay.baseline/1", "findings": [{"path": "%zz", "rule": "a/b", "identity": "00000000000000000000000000000000"}]}"#,
            "not a baseline: `%zz` is not a path",
        ),
        (
            r#"{"schema": "assay.baseline/1", "findings": [], "more": 1}"#,
            "not a baseline: unknown field `more`, expected `schema` or `findings` at line 1 column 53",
        ),
    ] {
        let error: BaselineError = Baseline::from_json(text.as_bytes()).expect_err("it is bad");
        assert_eq!(error.to_string(), expected, "{text}");
    }
}
