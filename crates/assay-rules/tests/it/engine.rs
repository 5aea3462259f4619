//! The engine as a whole: settings, limits, bad input, and that all of it is
//! deterministic.

use assay_finding::Severity;
use assay_rules::{Engine, RuleSettings, RuleStatement, SettingsError, rule_by_id, rules};
use assay_syntax::{language_by_name, languages};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::proptest;

use crate::sample::{Sample, engine_of};

fn statement(pattern: &str) -> RuleStatement {
    RuleStatement {
        pattern: pattern.into(),
        ..RuleStatement::default()
    }
}

fn engine(statements: Vec<RuleStatement>) -> Engine {
    Engine::new(&RuleSettings { statements }).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// One function with cyclomatic complexity 4 that also compares with itself.
const PYTHON: &str = "def f(a):\n    if a.x <= a.x:\n        return 1\n    if a.y:\n        return 2\n    if a.z:\n        return 3\n    return 4\n";

fn found(engine: &Engine) -> Vec<(String, Severity)> {
    Sample::new("a.py", language_by_name("python"), PYTHON)
        .findings(engine)
        .into_iter()
        .map(|finding| (finding.rule.to_string(), finding.severity))
        .collect()
}

#[test]
fn statements_switch_rules_and_set_severities_and_numbers() {
    let with = |alter: fn(&mut RuleStatement), pattern: &str| {
        let mut one = statement(pattern);
        alter(&mut one);
        one
    };
    let off = |pattern| with(|one| one.enabled = Some(false), pattern);
    let on = |pattern| with(|one| one.enabled = Some(true), pattern);
    let low = |pattern| with(|one| one.severity = Some(Severity::Low), pattern);
    let warn = |pattern| with(|one| one.options = vec![("warn".into(), 3)], pattern);
    let comparison = "correctness/self-comparison";
    let cyclomatic = "complexity/cyclomatic";
    type Expected = Vec<(&'static str, Severity)>;
    let cases: Vec<(Vec<RuleStatement>, Expected)> = vec![
        (vec![], vec![(comparison, Severity::High)]),
        (vec![off("*")], vec![]),
        (vec![off("correctness/*")], vec![]),
        (vec![low(comparison)], vec![(comparison, Severity::Low)]),
        // A whole id wins over a pattern, wherever it stands.
        (
            vec![on(comparison), off("*")],
            vec![(comparison, Severity::High)],
        ),
        (vec![off("correctness/*"), on("*")], vec![]),
        (
            vec![off("*"), warn(cyclomatic), on(cyclomatic)],
            vec![(cyclomatic, Severity::Medium)],
        ),
        (
            vec![
                off("*"),
                on(cyclomatic),
                warn("complexity/*"),
                low("complexity/*"),
            ],
            vec![(cyclomatic, Severity::Low)],
        ),
        // What is said for a language wins.
        (
            vec![
                RuleStatement {
                    language: Some("python".into()),
                    ..off(comparison)
                },
                on(comparison),
            ],
            vec![],
        ),
        (
            vec![RuleStatement {
                language: Some("go".into()),
                ..off(comparison)
            }],
            vec![(comparison, Severity::High)],
        ),
    ];
    for (statements, expected) in cases {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(rule, severity)| (rule.to_owned(), severity))
            .collect();
        let shown = format!("{statements:?}");
        assert_eq!(found(&engine(statements)), expected, "{shown}");
    }
}

#[test]
fn wrong_statements_are_errors_with_the_right_word() {
    let cases: Vec<(RuleStatement, &str)> = vec![
        (
            statement("correctness/self-comparision"),
            "there is no rule `correctness/self-comparision`; did you mean `correctness/self-comparison`?",
        ),
        (statement("nonsense/*"), "there is no rule `nonsense/*`"),
        (
            RuleStatement {
                language: Some("pyhton".into()),
                ..statement("*")
            },
            "there is no language `pyhton`; did you mean `python`?",
        ),
        (
            RuleStatement {
                options: vec![("wran".into(), 3)],
                ..statement("complexity/cyclomatic")
            },
            "`complexity/cyclomatic` has no option `wran`; did you mean `warn`?",
        ),
        (
            RuleStatement {
                options: vec![("warn".into(), 0)],
                ..statement("complexity/cyclomatic")
            },
            "`warn` of `complexity/cyclomatic` is 0; it must be from 1 to 10000",
        ),
    ];
    let statements = cases
        .iter()
        .map(|(statement, _)| statement.clone())
        .collect();
    let errors = match Engine::new(&RuleSettings { statements }) {
        Ok(_) => panic!("wrong statements are accepted"),
        Err(errors) => errors,
    };
    let shown: Vec<String> = errors.iter().map(SettingsError::to_string).collect();
    let expected: Vec<&str> = cases.iter().map(|(_, message)| *message).collect();
    assert_eq!(shown, expected);
    let places: Vec<usize> = errors.iter().map(SettingsError::statement).collect();
    assert_eq!(places, [0, 1, 2, 3, 4]);
}

#[test]
fn findings_of_one_rule_in_one_file_have_a_limit_that_is_noted() {
    let rule = rule_by_id("correctness/self-comparison").expect("the rule exists");
    let engine = engine_of(rule, Vec::new());
    let run = |count: usize| {
        let text: String = (0..count)
            .map(|n| format!("x{n} = a.b{n} <= a.b{n}\n"))
            .collect();
        Sample::new("a.py", language_by_name("python"), &text).outcome(&engine)
    };
    let outcome = run(50);
    assert_eq!((outcome.findings.len(), outcome.notes.len()), (50, 0));
    let outcome = run(51);
    assert_eq!(outcome.findings.len(), 50);
    assert_eq!(
        outcome.notes,
        ["correctness/self-comparison: 51 findings, of which the first 50 are kept"]
    );
}

#[test]
fn a_text_without_a_language_is_read_by_the_rules_for_any_text() {
    let engine = engine(vec![]);
    let text = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\n";
    let findings = Sample::new("notes", None, text).findings(&engine);
    let [one] = &findings[..] else {
        panic!("{findings:?}")
    };
    assert_eq!(one.rule.as_str(), "review/conflict-marker");
    assert_eq!(one.location.start.line, 2);
}

#[test]
fn the_same_file_gives_the_same_outcome_each_time() {
    let engine = engine(vec![RuleStatement {
        enabled: Some(true),
        ..statement("*")
    }]);
    for rule in rules() {
        for example in &rule.document().examples {
            let language = language_by_name(&example.language);
            let sample = Sample::new("src/a", language, &example.text);
            let first = sample.outcome(&engine);
            assert_eq!(first.problems, [], "{}", example.text);
            assert_eq!(first, sample.outcome(&engine));
        }
    }
}

/// Pieces of which texts are made that no grammar understands wholly.
fn fragment() -> impl Strategy<Value = String> {
    let words = [
        "if",
        "else",
        "elif",
        "for",
        "while",
        "try",
        "catch",
        "except",
        "finally",
        "switch",
        "case",
        "match",
        "def",
        "fn",
        "func",
        "class",
        "return",
        "break",
        "throw",
        "import",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ":",
        ";",
        ",",
        "=",
        "==",
        "&&",
        "||",
        "!",
        "?",
        "a",
        "b.c",
        "1",
        "\"s\"",
        "'",
        "/*",
        "*/",
        "//",
        "#",
        "\n",
        "    ",
        "\t",
        "=>",
        "->",
        "<<<<<<< ",
        "=======",
        ">>>>>>> ",
        "assay:ignore",
        "\u{202e}",
        "é",
        "\r\n",
        "<?php",
        "<script>",
    ];
    prop_oneof![
        9 => (0..words.len()).prop_map(move |at| words[at].to_owned()),
        1 => any::<char>().prop_map(String::from),
        1 => Just(" ".to_owned()),
    ]
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 150, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_makes_a_rule_fail(
        parts in proptest::collection::vec(fragment(), 0..80),
        language in 0..languages().len(),
    ) {
        let engine = engine(vec![RuleStatement { enabled: Some(true), ..statement("*") }]);
        let text = parts.join(" ");
        let sample = Sample::new("tests/test_a", Some(&languages()[language]), &text);
        let outcome = sample.outcome(&engine);
        assert_eq!(outcome.problems, [], "{text}");
        for finding in &outcome.findings {
            let span = finding.location.span;
            assert!(sample.text.get(span).is_some(), "{} {span:?}", finding.rule);
            if let Some(fix) = &finding.fix {
                assert!(fix.apply(&text).is_some(), "{} {fix:?}", finding.rule);
            }
        }
    }
}

#[test]
fn deep_and_long_texts_are_read_to_their_end() {
    let engine = engine(vec![RuleStatement {
        enabled: Some(true),
        ..statement("*")
    }]);
    let deep = |open: &str, close: &str, inner: &str| {
        format!("{}{inner}{}", open.repeat(500), close.repeat(500))
    };
    for (language, text) in [
        ("javascript", deep("if (a) { ", " }", "b();")),
        ("javascript", deep("(a && ", ")", "b")),
        (
            "javascript",
            format!("x = {};", "a && ".repeat(5_000) + "b"),
        ),
        ("javascript", deep("x ? y : (", ")", "z")),
        ("python", deep("(not ", ")", "a")),
        (
            "java",
            format!(
                "class A {{ int f() {{ {} }} }}",
                deep("if (a) {} else ", "", "b();")
            ),
        ),
        ("c", format!("int x = {};", deep("(", ")", "1"))),
        ("json", deep("[", "]", "1")),
        ("python", "# x = 1\n".repeat(20_000)),
        ("python", "import a\n".repeat(5_000)),
    ] {
        let sample = Sample::new("src/a", language_by_name(language), &text);
        let outcome = sample.outcome(&engine);
        assert_eq!(outcome.problems, [], "{language}: {}", &text[..60]);
    }
}
