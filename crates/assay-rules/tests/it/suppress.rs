//! Suppression by comments and by the configuration.

use assay_finding::{DirectiveOutcome, Finding, SuppressedBy};
use assay_rules::{ConfiguredSuppression, Engine, RuleSettings, suppress_configured};
use assay_syntax::language_by_name;
use globset::Glob;
use jiff::civil::{Date, date};

use crate::sample::Sample;

const TODAY: Date = date(2026, 6, 15);

fn suppressed(path: &str, language: &str, text: &str) -> Vec<Finding> {
    let engine = Engine::new(&RuleSettings::default()).expect("the defaults are right");
    let sample = Sample::new(path, language_by_name(language), text);
    let mut findings = sample.findings(&engine);
    engine.suppress(&sample.input(), &mut findings, TODAY);
    findings
}

/// Shows each finding as `line rule` with `-` when it is silenced.
fn check(language: &str, text: &str, expected: &[&str]) {
    let mut shown: Vec<String> = suppressed("src/shop", language, text)
        .into_iter()
        .map(|finding| {
            let mark = if finding.suppressed.is_some() {
                "-"
            } else {
                ""
            };
            let name = finding
                .rule
                .as_str()
                .split_once('/')
                .expect("a pack")
                .1
                .to_owned();
            format!("{mark}{} {name}", finding.location.start.line)
        })
        .collect();
    shown.sort();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn comments_silence_the_line_that_they_are_about() {
    let rule = "correctness/self-comparison";
    check("python", "x = a.b <= a.b\n", &["1 self-comparison"]);
    check(
        "python",
        &format!("x = a.b <= a.b  # assay:ignore {rule} -- why\n"),
        &["-1 self-comparison"],
    );
    check(
        "python",
        &format!("# assay:ignore-next-line {rule} -- why\nx = a.b <= a.b\n"),
        &["-2 self-comparison"],
    );
    check(
        "python",
        &format!(
            "# assay:ignore-file correctness/* -- why\n\n\nx = a.b <= a.b\ny = a.c <= a.c\n{}",
            ""
        ),
        &["-4 self-comparison", "-5 self-comparison"],
    );
    check(
        "javascript",
        &format!("const x = a.b <= a.b; // assay:ignore {rule} -- why\nconst y = a.c <= a.c;\n"),
        &["-1 self-comparison", "2 self-comparison"],
    );
    check(
        "c",
        "/* assay:ignore correctness/identical-operands -- why */\nint x = a.b | a.b;\n",
        &["-2 identical-operands"],
    );
}

#[test]
fn comments_are_found_out() {
    let rule = "correctness/self-comparison";
    check(
        "python",
        &format!("x = a.b <= a.b  # assay:ignore {rule}\n"),
        &["-1 self-comparison", "1 suppression-without-reason"],
    );
    check(
        "python",
        &format!("x = 1  # assay:ignore {rule} -- why\n"),
        &["1 unused-suppression"],
    );
    check(
        "python",
        &format!("x = a.b <= a.b  # assay:ignore {rule} until 2026-06-14 -- why\n"),
        &["1 expired-suppression", "1 self-comparison"],
    );
    check(
        "python",
        &format!("x = a.b <= a.b  # assay:ignore {rule} until 2026-06-15 -- why\n"),
        &["-1 self-comparison"],
    );
    check(
        "python",
        "x = a.b <= a.b  # assay:ignore correctness/self-comparision -- why\n",
        &["1 self-comparison", "1 unused-suppression"],
    );
    // Nothing is near this name, but the pack is one of ours.
    check(
        "python",
        "x = 1  # assay:ignore correctness/zebra -- why\n",
        &["1 unused-suppression"],
    );
    check(
        "python",
        "x = 1  # assay:ignore elsewhere/zebra -- why\n",
        &[],
    );
    check(
        "python",
        "x = 1  # assay:ignore\n",
        &["1 unused-suppression"],
    );
    // Others' rules, rules that are off, and clones may be there all the same.
    for other in [
        "other-tool/no-danger",
        "smell/magic-number",
        "duplication/cloned-block",
        "*",
    ] {
        check(
            "python",
            &format!("x = 1  # assay:ignore {other} -- why\n"),
            &[],
        );
    }
}

#[test]
fn the_typo_in_a_rule_is_named() {
    let text = "x = 1  # assay:ignore correctness/self-comparision -- why\n";
    let findings = suppressed("src/shop.py", "python", text);
    assert_eq!(
        findings[0].message,
        "there is no rule `correctness/self-comparision`; did you mean `correctness/self-comparison`?"
    );
}

#[test]
fn the_configuration_silences_by_rule_and_path() {
    let glob = |text: &str| Glob::new(text).expect("a glob").compile_matcher();
    let statement = |rule: &str, path: &str, until| ConfiguredSuppression {
        rule: glob(rule),
        paths: if path.is_empty() {
            vec![]
        } else {
            vec![glob(path)]
        },
        reason: "why".into(),
        until,
    };
    let cases = [
        (
            statement("correctness/*", "", None),
            DirectiveOutcome::Used(1),
        ),
        (statement("*", "src/**", None), DirectiveOutcome::Used(1)),
        (statement("*", "lib/**", None), DirectiveOutcome::Unused),
        (statement("smell/*", "", None), DirectiveOutcome::Unused),
        (statement("*", "", Some(TODAY)), DirectiveOutcome::Used(1)),
        (
            statement("*", "", Some(date(2026, 6, 14))),
            DirectiveOutcome::Expired(1),
        ),
    ];
    for (statement, expected) in cases {
        let mut findings = suppressed("src/shop.py", "python", "x = a.b <= a.b\n");
        let outcomes = suppress_configured(&mut findings, std::slice::from_ref(&statement), TODAY);
        assert_eq!(outcomes, [expected], "{statement:?}");
        let record = findings[0].suppressed.as_ref();
        assert_eq!(
            record.is_some(),
            matches!(expected, DirectiveOutcome::Used(_))
        );
        if let Some(record) = record {
            assert_eq!(record.by, SuppressedBy::Configuration);
            assert_eq!(record.reason.as_deref(), Some("why"));
        }
    }
}
