//! Rules about configuration hold what they promise on texts that are damaged,
//! cut off or not what they seem.

use assay_rules::{Engine, ExampleKind, RuleSettings, RuleStatement, rules};
use assay_syntax::language_by_name;

use crate::sample::Sample;

/// An engine in which every rule runs.
fn everything() -> Engine {
    let statements = vec![RuleStatement {
        pattern: "*".into(),
        enabled: Some(true),
        ..RuleStatement::default()
    }];
    Engine::new(&RuleSettings { statements }).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// The packs of which each rule is about configuration.
const PACKS: &[&str] = &[
    "cloudformation",
    "docker",
    "kubernetes",
    "settings",
    "terraform",
    "workflow",
];

#[test]
fn no_damaged_example_makes_a_rule_fail() {
    let engine = everything();
    for rule in rules().iter().filter(|rule| PACKS.contains(&rule.pack())) {
        for (index, example) in rule.document().examples.iter().enumerate() {
            if example.kind != ExampleKind::Bad {
                continue;
            }
            let language = language_by_name(&example.language);
            let path = example.settings.iter().find(|(key, _)| key == "path");
            let path = path.map_or("Dockerfile", |(_, path)| path.as_str());
            let text = example.unmarked().0;
            // A different place in each example, the same in each run.
            let at = text.floor_char_boundary((index + 1) * 37 % text.len().max(1));
            for damaged in [
                text[..at].to_owned(),
                text[at..].to_owned(),
                format!("{}{{[\"{}", &text[..at], &text[at..]),
                text.replace(':', "::"),
                text.replace('"', ""),
            ] {
                let sample = Sample::new(path, language, &damaged);
                let outcome = sample.outcome(&engine);
                assert_eq!(outcome.problems, [], "{}:\n{damaged}", rule.id());
                for finding in &outcome.findings {
                    let span = finding.location.span;
                    assert!(sample.text.get(span).is_some(), "{}", finding.rule);
                }
            }
        }
    }
}

#[test]
fn what_a_file_cannot_say_is_not_said_to_be_missing() {
    let engine = everything();
    let workflow = ".github/workflows/a.yml";
    for (path, language, text, rule, count) in [
        // The part that the grammar lost may hold the key.
        (
            workflow,
            "yaml",
            "on: push\nmissions: [\njobs:\n  a:\n    steps:\n      - run: x\n",
            "workflow/missing-permissions",
            0,
        ),
        (
            workflow,
            "yaml",
            "on: push\njobs:\n  a:\n    steps:\n      - run: x\n",
            "workflow/missing-permissions",
            1,
        ),
        // A template fills it in.
        (
            "a.yaml",
            "yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      resources: {{ .Values.x }}\n",
            "kubernetes/no-memory-limit",
            0,
        ),
        // What is named is judged where it is known.
        (
            "main.tf",
            "hcl",
            "resource \"aws_db_instance\" \"a\" {\n  storage_encrypted = var.encrypted\n}\n",
            "terraform/unencrypted-storage",
            0,
        ),
        // The same thing through an anchor.
        (
            "compose.yml",
            "yaml",
            "x-base: &base\n  privileged: true\nservices:\n  web:\n    <<: *base\n    image: a:1\n",
            "docker/privileged-service",
            1,
        ),
        // Tests run nothing of what they read.
        (
            "testdata/pod.yaml",
            "yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      image: b\n",
            "kubernetes/moving-image",
            0,
        ),
    ] {
        let sample = Sample::new(path, language_by_name(language), text);
        let outcome = sample.outcome(&engine);
        let found = outcome.findings.iter().filter(|f| f.rule.as_str() == rule);
        assert_eq!(found.count(), count, "{rule} in\n{text}");
    }
}
