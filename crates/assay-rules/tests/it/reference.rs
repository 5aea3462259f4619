//! `docs/rules.md` is made of the registry; this test says when it is stale, and
//! writes it with `UPDATE_GOLDEN=1`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use assay_rules::{Rule, rules};
use assay_syntax::{language_by_name, languages};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md")
}

/// What a pack is about; a new pack needs a line here.
const PACKS: &[(&str, &str)] = &[
    (
        "api",
        "What a change takes away from those who use the code from elsewhere.",
    ),
    ("change", "What a change left behind and what it forgot."),
    (
        "cloudformation",
        "Stacks of AWS that are open, unencrypted or too powerful.",
    ),
    (
        "complexity",
        "Functions, classes and files that are too large or too tangled to follow.",
    ),
    (
        "correctness",
        "Code that certainly or very likely does not do what was meant.",
    ),
    (
        "dead-code",
        "Code that can go, because nothing reaches or uses it.",
    ),
    (
        "dependency",
        "Packages that a project depends on, and what is known against them.",
    ),
    ("duplication", "Code that is there twice."),
    (
        "docker",
        "Images and composed services that give away more than they have to.",
    ),
    ("error-handling", "Failures that get lost on their way."),
    (
        "injection",
        "What a stranger sends reaches a place where it does harm; the path is shown.",
    ),
    (
        "kubernetes",
        "Workloads and rights in a cluster that a break-in can build on.",
    ),
    (
        "migration",
        "Migrations that break or block a database while it is in use.",
    ),
    (
        "performance",
        "Code that takes more time or memory than it has to.",
    ),
    ("review", "What must not be left in a change."),
    (
        "schema",
        "What a change takes back of a schema that others speak by.",
    ),
    (
        "secret",
        "Keys, tokens and passwords in the text. These are made of the data in `crates/assay-rules/secrets`.",
    ),
    (
        "security",
        "Interfaces used, configured or left on in ways that attackers can use.",
    ),
    (
        "settings",
        "Settings of frameworks and packages that leave a door open.",
    ),
    ("smell", "Code that works and is hard to read or to change."),
    (
        "terraform",
        "Cloud resources that are open, unencrypted or unobserved.",
    ),
    ("testing", "Tests that do not test what they seem to."),
    (
        "workflow",
        "Build pipelines that strangers can take over or learn secrets from.",
    ),
];

fn reference() -> String {
    let mut out = String::from(
        "# Rules\n\n\
         Made from the rules in `crates/assay-rules/src` and `crates/assay-rules/rules`; do not edit. `assay explain RULE` prints one of them\n\
         with its examples, `assay rules` lists those that run here.\n\n\
         A rule is set by its id in `assay.toml`; the numbers in the column *Options* are the defaults. Rules marked *off* run\n\
         only when they are switched on. Rules marked *fix* can mend what they find.\n",
    );
    let on = rules()
        .iter()
        .filter(|rule| rule.is_on_by_default())
        .count();
    let fixes = rules().iter().filter(|rule| rule.has_fix()).count();
    writeln!(
        out,
        "\n{} rules in {} packs, {on} of them on by default, {fixes} with a fix.",
        rules().len(),
        PACKS.len()
    )
    .expect("a string takes all");
    for (pack, about) in PACKS {
        writeln!(out, "\n## {pack}\n\n{about}\n").expect("a string takes all");
        out.push_str(
            "| Rule | Finds | Severity | Reads | Options |\n| --- | --- | --- | --- | --- |\n",
        );
        for rule in rules().iter().filter(|rule| rule.pack() == *pack) {
            out.push_str(&row(rule));
        }
    }
    out
}

fn row(rule: &Rule) -> String {
    let marks = [(!rule.is_on_by_default(), "off"), (rule.has_fix(), "fix")];
    let marks: String = marks
        .iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, mark)| format!(" *{mark}*"))
        .collect();
    let names: Vec<&str> = rule
        .languages()
        .iter()
        .filter_map(|id| language_by_name(id))
        .map(|language| language.name())
        .collect();
    let documents = rule.documents();
    let names = match names.len() {
        _ if !documents.is_empty() => documents.join(", "),
        0 => "all".to_owned(),
        _ => names.join(", "),
    };
    let options: Vec<String> = rule
        .options()
        .iter()
        .map(|option| format!("`{}` {}", option.name, option.default))
        .collect();
    format!(
        "| `{}`{marks} | {} | {} | {names} | {} |\n",
        rule.id(),
        rule.document().summary,
        rule.severity(),
        options.join(", ")
    )
}

#[test]
fn the_reference_is_fresh() {
    let fresh = reference();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path(), &fresh).expect("docs/ can be written");
    }
    let kept = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(
        kept == fresh,
        "docs/rules.md is stale; run this test with UPDATE_GOLDEN=1"
    );
}

#[test]
fn every_rule_is_of_a_known_pack_and_has_an_id_of_its_own() {
    let mut ids: Vec<&str> = rules().iter().map(Rule::id).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), rules().len());
    for rule in rules() {
        assert!(
            PACKS.iter().any(|(pack, _)| *pack == rule.pack()),
            "{}",
            rule.id()
        );
        assert!(
            rule.id()
                .chars()
                .all(|c| c.is_ascii_lowercase() || "-/".contains(c)),
            "{}",
            rule.id()
        );
    }
    assert!(!languages().is_empty());
}

/// Each file in a pack's folders is a rule in the registry and the other way
/// round; the registry is made of the folders, so this is about the folders.
#[test]
fn every_file_of_a_pack_is_a_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (pack, _) in PACKS {
        let folders = match *pack {
            // The detectors of secrets are data; the folder in `src` reads them.
            "secret" => vec![root.join("secrets")],
            _ => vec![
                root.join("src").join(pack.replace('-', "_")),
                root.join("rules").join(pack),
            ],
        };
        let mut names: Vec<String> = Vec::new();
        for entry in folders
            .iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok())
            .flatten()
        {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_stem().and_then(|stem| stem.to_str());
            names.push(name.expect("UTF-8").replace('_', "-"));
        }
        names.retain(|name| name != "mod");
        assert!(!names.is_empty(), "{pack} has no folder");
        for name in names {
            let id = format!("{pack}/{name}");
            assert!(rules().iter().any(|rule| rule.id() == id), "{id}");
        }
    }
}
