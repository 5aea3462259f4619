//! A finding keeps its identity when lines shift, code moves, files are renamed
//! and formatters run: for every bad example of every rule.

use assay_finding::{Finding, Identity};
use assay_rules::{Engine, Example, ExampleKind, Rule, rules};
use assay_syntax::{Field, Language, Role, language_by_name};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::proptest;

use crate::sample::{Sample, engine_of};

/// What is done to a file between two reviews.
#[derive(Clone, Debug)]
enum Alteration {
    /// Empty lines and a comment come before it.
    Shift(usize),
    /// Another function comes before it and another after it.
    Neighbours,
    /// The file gets another name in another folder.
    Rename,
    /// The indentation is made of other units.
    Indent(&'static str),
    /// Each list of arguments and parameters gets a line for each item.
    Wrap,
    /// The lines end with carriage return and line feed.
    Crlf,
}

/// Rules whose verdict is about lines, or about the file's place.
const ABOUT_LINES: &[&str] = &[
    "complexity/long-function",
    "complexity/large-class",
    "complexity/large-file",
    "dead-code/commented-out-code",
    "testing/skipped-test",
];

/// What a file may hold besides, in the languages whose files may begin with it.
fn neighbour(language: &Language, name: &str) -> Option<String> {
    Some(match language.id().as_str() {
        "python" => format!("def {name}(a):\n    return a + 1\n\n\n"),
        "javascript" | "typescript" => format!("function {name}(a) {{\n  return a + 1;\n}}\n\n"),
        "rust" => format!("fn {name}(a: u32) -> u32 {{\n    a + 1\n}}\n\n"),
        "c" | "cpp" => format!("int {name}(int a) {{\n    return a + 1;\n}}\n\n"),
        "ruby" => format!("def {name}(a)\n  a + 1\nend\n\n"),
        _ => return None,
    })
}

fn alter(
    alteration: &Alteration,
    language: &'static Language,
    path: &str,
    text: &str,
) -> Option<(String, String)> {
    let same = path.to_owned();
    let marker = language.line_comments().first()?;
    Some(match alteration {
        Alteration::Shift(lines) if language.id().as_str() != "php" => (
            same,
            format!(
                "{marker} What this file is for.\n{}{text}",
                "\n".repeat(*lines)
            ),
        ),
        // A second time would define the same functions again.
        Alteration::Neighbours if !text.contains("before(") => {
            let before = neighbour(language, "before")?;
            (
                same,
                format!("{before}{text}\n\n{}", neighbour(language, "after")?),
            )
        }
        // By their names configuration files are known for what they are.
        // A path that an example gives is what its rule goes by.
        Alteration::Rename if is_configuration(language) || !path.starts_with("src/shop.") => {
            (format!("lib/{path}"), text.to_owned())
        }
        Alteration::Rename => {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            (
                format!("lib/{folder}/other_{name}").replace("//", "/"),
                text.to_owned(),
            )
        }
        // YAML has no tabs, and what stands after `- ` is a level of its own.
        Alteration::Indent(_) if language.id().as_str() == "yaml" => return None,
        Alteration::Indent(unit) => (same, indented(text, unit)),
        Alteration::Wrap => (same, wrapped(path, language, text)?),
        Alteration::Crlf => (same, text.replace('\n', "\r\n")),
        Alteration::Shift(_) | Alteration::Neighbours => return None,
    })
}

fn is_configuration(language: &Language) -> bool {
    matches!(
        language.id().as_str(),
        "yaml" | "json" | "hcl" | "dockerfile"
    )
}

/// Gives each level of indentation another unit.
fn indented(text: &str, unit: &str) -> String {
    let width = text
        .lines()
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .filter(|width| *width > 0)
        .min()
        .unwrap_or(4);
    text.lines()
        .map(|line| {
            let code = line.trim_start_matches(' ');
            let levels = (line.len() - code.len()) / width;
            format!("{}{code}\n", unit.repeat(levels))
        })
        .collect()
}

/// Puts each argument and parameter on a line of its own, with a comma after
/// the last one where the language has that.
fn wrapped(path: &str, language: &'static Language, text: &str) -> Option<String> {
    let sample = Sample::new(path, Some(language), text);
    let tree = sample.parsed.as_ref()?.trees.first()?;
    let is_python = language.id().as_str() == "python";
    let mut out = String::new();
    let mut at = 0;
    for list in tree.nodes().filter(|node| node.has(Role::Arguments)) {
        let span = list.span().range();
        let is_list = list.text().starts_with('(') && list.text().ends_with(')');
        if span.start < at
            || !is_list
            || list.named_children().next().is_none()
            || list.line() != list.last_line()
        {
            continue;
        }
        let is_plain = list
            .named_children()
            .all(|item| item.field() == Field::None || !is_python);
        let has_comprehension = list
            .subtree()
            .any(|part| part.has(Role::Comprehension) || part.has(Role::Comment));
        if !is_plain || has_comprehension {
            continue;
        }
        out.push_str(&text[at..span.start]);
        let items: Vec<&str> = list.named_children().map(|item| item.text()).collect();
        let last = if is_python { "," } else { "" };
        out.push_str(&format!(
            "(\n        {}{last}\n    )",
            items.join(",\n        ")
        ));
        at = span.end;
    }
    out.push_str(&text[at..]);
    Some(out)
}

fn identities(findings: &[Finding]) -> Vec<Identity> {
    let mut identities: Vec<Identity> = findings.iter().map(|finding| finding.identity).collect();
    identities.sort();
    identities
}

/// Known again by the identity, or by the alias where the name is the identity.
fn is_known_again(before: &[Finding], after: &[Finding]) -> bool {
    let aliases = |findings: &[Finding]| {
        let mut aliases: Vec<_> = findings.iter().map(|finding| finding.alias).collect();
        aliases.sort();
        aliases
    };
    identities(before) == identities(after)
        || aliases(before) == aliases(after) && before.iter().all(|finding| finding.alias.is_some())
}

fn bad_examples() -> impl Iterator<Item = (&'static Rule, &'static Example, &'static Language)> {
    rules()
        .iter()
        // Packages are judged in another crate, with a database.
        .filter(|rule| !matches!(rule.pack(), "review" | "duplication" | "dependency"))
        .filter(|rule| !ABOUT_LINES.contains(&rule.id()))
        .flat_map(|rule| {
            let examples = rule.document().examples.iter();
            examples.map(move |example| (rule, example))
        })
        .filter(|(_, example)| example.kind == ExampleKind::Bad)
        .filter_map(|(rule, example)| Some((rule, example, language_by_name(&example.language)?)))
}

fn engine(rule: &Rule, example: &Example) -> Engine {
    let options = example
        .settings
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value.parse().ok()?)))
        .filter(|(key, _)| rule.options().iter().any(|option| option.name == key))
        .collect();
    engine_of(rule, options)
}

fn check(alterations: &[Alteration]) {
    for (rule, example, language) in bad_examples() {
        let extension = language.extensions().first().copied().unwrap_or("txt");
        let given = example.settings.iter().find(|(key, _)| key == "path");
        let path = given.map_or_else(|| format!("src/shop.{extension}"), |(_, path)| path.clone());
        let text = example.unmarked().0;
        let mut altered = (path.clone(), text.clone());
        for alteration in alterations {
            let Some(next) = alter(alteration, language, &altered.0, &altered.1) else {
                continue;
            };
            altered = next;
        }
        let before = Sample::new(&path, Some(language), &text);
        let after = Sample::new(&altered.0, Some(language), &altered.1);
        if after.error_count() > before.error_count() {
            panic!(
                "{}: {alterations:?} breaks the example:\n{}",
                rule.id(),
                altered.1
            );
        }
        let engine = engine(rule, example);
        let (before, after) = (before.findings(&engine), after.findings(&engine));
        assert!(!before.is_empty(), "{}:\n{text}", rule.id());
        assert!(
            is_known_again(&before, &after),
            "{} ({}) is not known again after {alterations:?}:\n{}\n{before:#?}\n{after:#?}",
            rule.id(),
            language.id(),
            altered.1,
        );
    }
}

#[test]
fn each_alteration_alone_keeps_identities() {
    for alteration in [
        Alteration::Shift(3),
        Alteration::Neighbours,
        Alteration::Rename,
        Alteration::Indent("  "),
        Alteration::Indent("\t"),
        Alteration::Wrap,
        Alteration::Crlf,
    ] {
        check(&[alteration]);
    }
}

fn alteration() -> impl Strategy<Value = Alteration> {
    prop_oneof![
        (0_usize..40).prop_map(Alteration::Shift),
        Just(Alteration::Neighbours),
        Just(Alteration::Rename),
        any::<bool>().prop_map(|tabs| Alteration::Indent(if tabs { "\t" } else { "      " })),
        Just(Alteration::Wrap),
    ]
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 12, failure_persistence: None, ..Default::default() })]

    #[test]
    fn alterations_together_keep_identities(alterations in proptest::collection::vec(alteration(), 1..5)) {
        check(&alterations);
    }
}

/// Two functions, of which the second is reported by a metric.
const FUNCTIONS: &str = "def first(a):\n    return a\n\n\ndef second(a):\n    if a:\n        return 1\n    if a.b:\n        return 2\n    return 3\n";

#[test]
fn a_metric_finding_is_the_functions_and_not_the_values() {
    let rule = assay_rules::rule_by_id("complexity/cyclomatic").expect("the rule exists");
    let engine = engine_of(rule, vec![("warn".into(), 1)]);
    let language = language_by_name("python");
    let find = |text: &str| Sample::new("a.py", language, text).findings(&engine);
    let before = find(FUNCTIONS);
    let [one] = &before[..] else {
        panic!("{before:?}")
    };
    assert_eq!(one.symbol.as_deref(), Some("second"));
    // Worse by one, the same finding.
    let worse = find(&FUNCTIONS.replace(
        "    return 3",
        "    if a.c:\n        return 4\n    return 3",
    ));
    assert_eq!(worse[0].identity, one.identity);
    assert_ne!(worse[0].measure, one.measure);
    // Renamed: another identity, the same alias.
    let renamed = find(&FUNCTIONS.replace("second", "third"));
    assert_ne!(renamed[0].identity, one.identity);
    assert_eq!(renamed[0].alias, one.alias);
}

#[test]
fn different_code_has_different_identities() {
    let rule = assay_rules::rule_by_id("correctness/self-comparison").expect("the rule exists");
    let engine = engine_of(rule, Vec::new());
    let language = language_by_name("python");
    let text = "def f(a, b):\n    return a.x == a.x\n\n\ndef g(a, b):\n    return a.x == a.x or b.x == b.x\n";
    let findings = Sample::new("a.py", language, text).findings(&engine);
    let mut identities = identities(&findings);
    identities.dedup();
    assert_eq!(identities.len(), 3, "{findings:#?}");
}
