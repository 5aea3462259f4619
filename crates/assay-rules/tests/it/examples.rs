//! Runs every example in the header of every rule: bad code is reported at the
//! marked lines, good code is not, fixes do what the example shows.

use assay_finding::Finding;
use assay_rules::{
    CLONE_RULE, ChangedText, CloneOptions, Engine, Example, ExampleKind, Rule, RuleSettings,
    RuleStatement, clone_findings, find_change_clones, rule_by_id, rules,
};
use assay_source::LineRange;
use assay_syntax::{Language, ParsedFile, Role, language_by_name};
use jiff::civil::date;

use crate::sample::{Sample, engine_of};

/// Languages whose grammar takes in the examples of another one.
const ALSO: &[(&str, &[&str])] = &[("javascript", &["typescript", "tsx"]), ("c", &["cpp"])];

/// The example as a file.
fn sample(example: &Example, language: Option<&'static Language>, text: &str) -> Sample {
    let extension = language
        .and_then(|language| language.extensions().first().copied())
        .unwrap_or("txt");
    let given = setting(example, "path").map(str::to_owned);
    let path = given.unwrap_or_else(|| format!("src/shop.{extension}"));
    Sample::new(&path, language, text)
}

/// All findings that count.
fn run(sample: &Sample, engine: &Engine) -> Vec<Finding> {
    let mut findings = sample.findings(engine);
    findings.extend(clones(sample, engine));
    engine.suppress(&sample.input(), &mut findings, date(2026, 1, 1));
    findings.retain(|finding| finding.suppressed.is_none());
    findings
}

/// Clones are found across files and not by the engine: here the file is
/// taken as newly written, all by itself.
fn clones(sample: &Sample, engine: &Engine) -> Vec<Finding> {
    let rule = rule_by_id(CLONE_RULE).expect("the rule is in the registry");
    let (true, Some(parsed)) = (engine.is_enabled(rule, None), &sample.parsed) else {
        return Vec::new();
    };
    let number = |option| {
        engine
            .number(rule, option)
            .expect("the rule has the option")
    };
    let options = CloneOptions {
        tokens_min: number("tokens"),
        lines_min: number("lines"),
        ..CloneOptions::default()
    };
    let added = [LineRange {
        start: 1,
        count: sample.text.lines().line_count(),
    }];
    let changed = ChangedText {
        path: &sample.path,
        language: parsed.trees[0].language(),
        text: &sample.text,
        added: &added,
        base: None,
    };
    clone_findings(&find_change_clones(&[changed], None, &options), &options)
}

fn setting<'e>(example: &'e Example, name: &str) -> Option<&'e str> {
    example
        .settings
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// Settings that are about the example and not about the rule.
const EXAMPLE_SETTINGS: &[&str] = &["path", "errors", "count", "rename"];

/// Only the example's rule runs; comments are judged when all rules do.
fn engine(rule: &Rule, example: &Example) -> Engine {
    let options = example
        .settings
        .iter()
        .filter(|(key, _)| !EXAMPLE_SETTINGS.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.parse().expect("a number")))
        .collect();
    if rule.pack() != "review" {
        return engine_of(rule, options);
    }
    let statements = vec![RuleStatement {
        pattern: rule.id().into(),
        enabled: Some(true),
        options,
        ..RuleStatement::default()
    }];
    Engine::new(&RuleSettings { statements }).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// Every language that an example is run in: its own and those that take it in.
fn languages_of(rule: &Rule, example: &Example) -> Vec<Option<&'static Language>> {
    let own = language_by_name(&example.language);
    let mut languages = match own {
        None if rule.languages().contains(&example.language.as_str()) => vec![],
        own => vec![own],
    };
    if let Some(own) = own {
        for (from, others) in ALSO {
            if *from == own.id().as_str() {
                languages.extend(
                    others
                        .iter()
                        .filter(|other| rule.languages().contains(other))
                        .map(|other| language_by_name(other))
                        .filter(Option::is_some),
                );
            }
        }
    }
    languages
}

fn label(rule: &Rule, example: &Example, language: Option<&Language>) -> String {
    let language = language.map_or("text", |language| language.id().as_str());
    format!(
        "{} ({:?} example in {language}):\n{}",
        rule.id(),
        example.kind,
        example.text
    )
}

#[test]
fn bad_examples_are_reported_where_marked_and_good_ones_are_not() {
    let mut failures = Vec::new();
    // What is known against packages is asked in `assay-review`, whose tests run
    // the examples of these rules.
    let here = |rule: &&Rule| !rule.id().starts_with("dependency/");
    for rule in rules().iter().filter(here) {
        for example in &rule.document().examples {
            for language in languages_of(rule, example) {
                if let Err(why) = check(rule, example, language) {
                    failures.push(format!("{}{why}\n", label(rule, example, language)));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn check(
    rule: &Rule,
    example: &Example,
    language: Option<&'static Language>,
) -> Result<(), String> {
    let (text, marked) = example.unmarked();
    let before = sample(example, language, &text);
    if before.error_count() > 0 && setting(example, "errors").is_none() {
        return Err(format!(
            "does not parse: {:?}",
            before.parsed.map(|p| p.errors().collect::<Vec<_>>())
        ));
    }
    let engine = engine(rule, example);
    let lines = |findings: &[Finding]| -> Vec<u32> {
        let mut lines: Vec<u32> = findings.iter().map(|f| f.location.start.line).collect();
        lines.dedup();
        lines
    };
    let of_rule = |mut findings: Vec<Finding>| {
        findings.retain(|finding| finding.rule.as_str() == rule.id());
        findings
    };
    let findings = of_rule(run(&before, &engine));
    let found = lines(&findings);
    let expected = match example.kind {
        ExampleKind::Bad if marked.is_empty() => {
            let count = setting(example, "count").map_or(1, |n| n.parse().expect("a number"));
            if findings.len() != count {
                return Err(format!("{} findings, not {count}", findings.len()));
            }
            found.clone()
        }
        ExampleKind::Bad => marked,
        ExampleKind::Good | ExampleKind::Fixed => Vec::new(),
    };
    if found != expected {
        let messages: Vec<_> = findings.iter().map(|f| f.message.as_str()).collect();
        return Err(format!(
            "reported at {found:?}, expected {expected:?}: {messages:?}"
        ));
    }
    if setting(example, "rename") != Some("no")
        && let Some(renamed) = before.parsed.as_ref().and_then(|p| renamed(&text, p))
    {
        let other = sample(example, language, &renamed);
        let other_found = lines(&of_rule(run(&other, &engine)));
        if other_found != found {
            return Err(format!(
                "the verdict changes with the names ({found:?} to {other_found:?}):\n{renamed}"
            ));
        }
    }
    Ok(())
}

/// Gives the functions, parameters and variables that the text declares other
/// names.
fn renamed(text: &str, parsed: &ParsedFile) -> Option<String> {
    let tree = parsed.trees.first()?;
    let mut names: Vec<&str> = Vec::new();
    for node in tree.nodes() {
        let declares = node.has(Role::Variable) || node.has(Role::Parameter);
        if declares && let Some(name) = node.name_node().or(node.is_leaf().then_some(node)) {
            names.push(name.text());
        }
    }
    names.retain(|name| {
        name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with('_')
    });
    names.retain(|name| !["self", "this", "cls", "err", "e"].contains(name));
    let mut out = String::new();
    let mut at = 0;
    for leaf in tree.nodes().filter(|node| node.is_leaf()) {
        if leaf.has(Role::Identifier) && names.contains(&leaf.text()) {
            let span = leaf.span().range();
            out.push_str(&text[at..span.end]);
            out.push_str("Q7");
            at = span.end;
        }
    }
    (at > 0).then(|| out + &text[at..])
}

#[test]
fn fixes_apply_parse_remove_the_finding_and_converge() {
    for rule in rules() {
        let examples = &rule.document().examples;
        for (index, example) in examples.iter().enumerate() {
            if example.kind != ExampleKind::Bad {
                continue;
            }
            let expected = examples
                .get(index + 1)
                .filter(|next| next.kind == ExampleKind::Fixed)
                .map(|next| next.text.as_str());
            for language in languages_of(rule, example) {
                check_fixes(rule, example, language, expected);
            }
        }
    }
}

/// A fix may uncover another finding of its rule, but not without end.
const FIX_ROUNDS_MAX: usize = 8;

fn check_fixes(
    rule: &Rule,
    example: &Example,
    language: Option<&'static Language>,
    expected: Option<&str>,
) {
    let label = label(rule, example, language);
    let everything = Engine::new(&RuleSettings::default()).expect("the defaults are right");
    let engine = engine(rule, example);
    let mut text = example.unmarked().0;
    let mut fixed_any = false;
    for round in 0.. {
        assert!(round < FIX_ROUNDS_MAX, "fixes do not converge: {label}");
        let before = sample(example, language, &text);
        let of_rule = |mut findings: Vec<Finding>| {
            findings.retain(|finding| finding.rule.as_str() == rule.id());
            findings
        };
        let findings = of_rule(run(&before, &engine));
        let Some(fix) = findings.iter().find_map(|finding| finding.fix.as_ref()) else {
            break;
        };
        fixed_any = true;
        let patched = fix
            .apply(&text)
            .unwrap_or_else(|| panic!("a fix does not apply: {:?}: {label}", fix.edits));
        let after = sample(example, language, &patched);
        assert!(
            after.error_count() <= before.error_count(),
            "a fix breaks the syntax: {label}\n{patched}"
        );
        assert!(
            of_rule(run(&after, &engine)).len() < findings.len(),
            "a fix leaves its finding: {label}\n{patched}"
        );
        let known: Vec<_> = run(&before, &everything)
            .into_iter()
            .map(|f| f.rule)
            .collect();
        for finding in run(&after, &everything) {
            assert!(
                known.contains(&finding.rule),
                "a fix brings a finding of {}: {label}\n{patched}",
                finding.rule
            );
        }
        text = patched;
    }
    assert!(
        !fixed_any || rule.has_fix(),
        "{} does not say that it has a fix",
        rule.id()
    );
    if let Some(expected) = expected {
        assert_eq!(text, expected, "{label}");
    }
}

#[test]
fn every_rule_is_documented_and_shown_in_each_of_its_languages() {
    for rule in rules() {
        let id = rule.id();
        assert_eq!(rule.fault(), None, "{id}");
        let document = rule.document();
        assert!(!document.title.is_empty(), "{id} has no title");
        assert!(
            document.summary.ends_with('.') && document.summary.len() < 240,
            "{id} needs a summary of one sentence: {:?}",
            document.summary
        );
        for option in rule.options() {
            assert!(
                document.description.contains(&format!("`{}`", option.name)),
                "{id} does not describe its option {}",
                option.name
            );
            assert!((option.min..=option.max).contains(&option.default), "{id}");
        }
        let shows = |kind: ExampleKind, language: &str| {
            document.examples.iter().any(|example| {
                let own = language_by_name(&example.language)
                    .map_or("", |language| language.id().as_str());
                let takes_in = ALSO
                    .iter()
                    .any(|(from, others)| *from == own && others.contains(&language));
                example.kind == kind && (own == language || takes_in)
            })
        };
        // What the dataflow engine reports is shown in some language: what it
        // finds in each of them is in `fixtures/flow/`.
        let shown: &[&str] = match rule.pack() {
            "injection" => &rule.languages()[..0],
            _ => rule.languages(),
        };
        let is_shown = |kind| document.examples.iter().any(|found| found.kind == kind);
        assert!(
            rule.pack() != "injection" || is_shown(ExampleKind::Bad) && is_shown(ExampleKind::Good),
            "{id} has no example"
        );
        for language in shown {
            // The same values in another notation.
            let is_notation = *language == "json" && rule.languages().contains(&"yaml");
            if language_by_name(language).is_none() || is_notation {
                continue;
            }
            assert!(
                language_by_name(language).is_some_and(|known| known.id().as_str() == *language),
                "{id} names the unknown language {language}"
            );
            for kind in [ExampleKind::Bad, ExampleKind::Good] {
                assert!(
                    shows(kind, language),
                    "{id} has no {kind:?} example in {language}"
                );
            }
        }
        // What compares two versions, or reads the past, is shown by the tests of
        // `assay-review`.
        let compares = matches!(rule.pack(), "api" | "change" | "schema");
        assert!(
            compares || document.examples.iter().any(|e| e.kind == ExampleKind::Bad),
            "{id} has no bad example"
        );
        if rule.has_fix() {
            assert!(
                document
                    .examples
                    .iter()
                    .any(|e| e.kind == ExampleKind::Fixed),
                "{id} does not show its fix"
            );
        }
    }
}
