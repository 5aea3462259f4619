//! Packages of a change: what is known against them, what changed, and what
//! nobody could say.

use std::sync::Arc;

use assay_deps::{AdvisoryIndex, IndexBuilder, IndexSource, read_osv};
use assay_finding::{Coverage, Finding, Report, SkipReason, State};
use assay_review::{AdvisorySource, NoProgress, Settings, Subject, review};
use assay_rules::{ExampleKind, rules};

use crate::memory::{MemoryChange, settings};

/// Vulnerable below 2.0, but for the third, of which 1.5 is, and the last ones.
const ADVISORIES: &[(&str, &str, &str)] = &[
    ("GHSA-one", "crates.io", "bad"),
    ("GHSA-two", "npm", "bad"),
    ("GHSA-three", "crates.io", "many"),
    ("GHSA-four", "crates.io", "many"),
    ("RUSTSEC-2021-0003", "crates.io", "smallvec"),
    ("MAL-1", "crates.io", "rustdecimal"),
    ("RUSTSEC-2021-0145", "crates.io", "atty"),
    ("RUSTSEC-2021-0139", "crates.io", "ansi_term"),
];

fn index() -> AdvisoryIndex {
    let mut builder = IndexBuilder::new();
    for (id, ecosystem, name) in ADVISORIES {
        let fixed = if *name == "smallvec" {
            "1.6.1"
        } else {
            "2.0.0"
        };
        let informational = match *name {
            "atty" => r#""unsound""#,
            "ansi_term" => r#""unmaintained""#,
            _ => "null",
        };
        let text = format!(
            r#"{{"id": "{id}", "aliases": ["CVE-{id}"], "summary": "It is bad.", "modified": "2026-01-01T00:00:00Z",
                "severity": [{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
                "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}},
                    "database_specific": {{"informational": {informational}}},
                    "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "{fixed}"}}]}}]}}]}}"#
        );
        builder.add(read_osv(text.as_bytes()).unwrap());
    }
    builder.mark_whole("crates.io");
    builder.mark_whole("npm");
    let source = IndexSource {
        checked: "2025-12-30T00:00:00Z".to_owned(),
        ..IndexSource::default()
    };
    AdvisoryIndex::open(Box::new(
        builder.finish("2025-12-30T00:00:00Z", vec![source]),
    ))
    .unwrap()
}

fn with_index() -> Settings {
    let mut settings = settings();
    settings.advisories = AdvisorySource::Index(Arc::new(index()));
    settings
}

/// A `Cargo.lock` in which `root` asks for `middle`, which asks for all others.
fn lock(packages: &[(&str, &str)]) -> String {
    let mut text = "version = 4\n\n[[package]]\nname = \"root\"\nversion = \"0.1.0\"\ndependencies = [\n \"middle\",\n]\n".to_owned();
    let source = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    text.push_str("\n[[package]]\nname = \"middle\"\nversion = \"1.0.0\"\n");
    text.push_str(source);
    text.push_str("dependencies = [\n");
    for (name, version) in packages {
        text.push_str(&format!(" \"{name} {version}\",\n"));
    }
    text.push_str("]\n");
    for (name, version) in packages {
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}"
        ));
    }
    text
}

/// Lines of `state rule message`.
fn lines(report: &Report) -> Vec<String> {
    let line =
        |finding: &Finding| format!("{} {} {}", finding.state, finding.severity, finding.message);
    report.findings.iter().map(line).collect()
}

fn reviewed(base: Option<&str>, head: Option<&str>) -> Report {
    MemoryChange::default()
        .file("Cargo.lock", base, head)
        .review_with(&with_index())
}

const BAD: &str = "critical `bad` 1.0.0 has a known vulnerability: It is bad (GHSA-one, CVE-GHSA-one); critical, CVSS 3.1 9.8; fixed in 2.0.0; comes in over middle > bad";

#[test]
fn the_advisories_of_one_package_are_one_finding() {
    let text = lock(&[("bad", "1.0.0"), ("many", "1.0.0")]);
    let report = reviewed(None, Some(&text));
    let many = |finding: &&Finding| finding.message.starts_with("`many`");
    let many: Vec<&Finding> = report.findings.iter().filter(many).collect();
    let [finding] = many[..] else {
        panic!("{:?}", lines(&report));
    };
    let start = "`many` 1.0.0 has 2 known vulnerabilities, the worst: It is bad (GHSA-";
    assert!(finding.message.starts_with(start), "{}", finding.message);
    let also = &finding.related[finding.related.len() - 1].message;
    assert!(also.starts_with("also: It is bad (GHSA-"), "{also}");
    assert!(lines(&report).iter().any(|line| line.ends_with(BAD)));
}

#[test]
fn a_vulnerable_package_is_introduced_when_the_change_brings_it() {
    let good = lock(&[("good", "1.0.0")]);
    let bad = lock(&[("bad", "1.0.0"), ("good", "1.0.0")]);
    let later = lock(&[("bad", "1.1.0"), ("good", "1.0.0")]);
    let fixed = lock(&[("bad", "2.0.0"), ("good", "1.0.0")]);
    let of =
        |state: &str, version: &str| vec![format!("{state} {}", BAD.replace("1.0.0", version))];
    for (base, head, expected) in [
        (Some(&good), Some(&bad), of("introduced", "1.0.0")),
        (None, Some(&bad), of("introduced", "1.0.0")),
        (Some(&fixed), Some(&bad), of("introduced", "1.0.0")),
        // It was there before, and still is.
        (Some(&bad), Some(&later), of("existing", "1.1.0")),
        (Some(&bad), Some(&fixed), vec![]),
        (Some(&bad), None, vec![]),
    ] {
        let report = reviewed(base.map(String::as_str), head.map(String::as_str));
        assert_eq!(lines(&report), expected);
        assert!(report.problems.is_empty() && report.overview.notes.is_empty());
    }
}

#[test]
fn the_finding_stands_at_the_package_and_shows_the_way_to_it() {
    let report = reviewed(None, Some(&lock(&[("bad", "1.0.0")])));
    let finding = &report.findings[0];
    let line = |number: u32| {
        let lines = &finding.frame.lines;
        let found = lines.iter().find(|line| line.number == number);
        found.map(|line| line.text.as_str())
    };
    assert_eq!(
        line(finding.location.start.line),
        Some("version = \"1.0.0\"")
    );
    let way: Vec<&str> = finding
        .related
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(way, ["the project asks for `middle` 1.0.0"]);
    assert_eq!(report.rules[0].id.as_str(), "dependency/vulnerable-package");
}

#[test]
fn a_lockfile_that_moved_brings_nothing() {
    let text = lock(&[("bad", "1.0.0")]);
    let report = MemoryChange::default()
        .file("a/Cargo.lock", Some(&text), None)
        .file("b/Cargo.lock", None, Some(&text))
        .review_with(&with_index());
    assert_eq!(report.findings[0].state, State::Existing);
    // A second one with the same package does.
    let report = MemoryChange::default()
        .file("a/Cargo.lock", Some(&text), Some(&format!("{text}\n")))
        .file("b/Cargo.lock", None, Some(&text))
        .review_with(&with_index());
    let states: Vec<_> = report
        .findings
        .iter()
        .map(|finding| finding.state)
        .collect();
    assert_eq!(states, [State::Introduced, State::Existing]);
}

#[test]
fn the_examples_of_the_rules_are_found_where_they_say() {
    let pack = rules()
        .iter()
        .filter(|rule| rule.id().starts_with("dependency/"));
    let mut examples = 0;
    for rule in pack {
        for example in &rule.document().examples {
            let (text, marked) = example.unmarked();
            let path = match rule.id() {
                "dependency/licence-denied" => "package-lock.json",
                "dependency/lookalike-name" | "dependency/install-script-added" => "package.json",
                "dependency/unpinned" => "Cargo.toml",
                _ => "Cargo.lock",
            };
            let mut settings = with_index();
            settings.licences.allow = vec!["MIT".to_owned(), "Apache-2.0".to_owned()];
            let report = MemoryChange::default()
                .file(path, None, Some(&text))
                .review_with(&settings);
            let found: Vec<u32> = report
                .findings
                .iter()
                .inspect(|finding| assert_eq!(finding.rule.as_str(), rule.id()))
                .map(|finding| finding.location.start.line)
                .collect();
            assert_eq!(
                found,
                marked,
                "{} {:?}: {:?}",
                rule.id(),
                example.kind,
                lines(&report)
            );
            assert_eq!(marked.is_empty(), example.kind != ExampleKind::Bad);
            examples += 1;
        }
    }
    assert!(examples >= 16);
}

#[test]
fn what_changed_is_listed() {
    let base = lock(&[
        ("a", "1.0.0"),
        ("b", "1.0.0"),
        ("c", "1.10.0"),
        ("same", "1.0.0"),
    ]);
    let head = lock(&[
        ("b", "1.1.0"),
        ("c", "1.9.0"),
        ("new", "0.1.0"),
        ("same", "1.0.0"),
    ]);
    let report = reviewed(Some(&base), Some(&head));
    let found: Vec<String> = report
        .packages
        .iter()
        .map(|one| {
            format!(
                "{} {} {} {}",
                one.step.as_str(),
                one.name,
                one.before.join("+"),
                one.after.join("+")
            )
        })
        .collect();
    let expected = [
        "removed a 1.0.0 ",
        "upgraded b 1.0.0 1.1.0",
        "downgraded c 1.10.0 1.9.0",
        "added new  0.1.0",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_manifest_beside_its_lockfile_is_not_looked_up() {
    let manifest = r#"{"name": "x", "dependencies": {"bad": "1.0.0"}}"#;
    let locked = r#"{"name": "x", "lockfileVersion": 3, "packages": {"": {"dependencies": {"bad": "1.0.0"}},
        "node_modules/bad": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/bad/-/bad-1.0.0.tgz"}}}"#;
    let alone = MemoryChange::default().file("package.json", None, Some(manifest));
    let report = alone.review_with(&with_index());
    let files = |report: &Report| -> Vec<String> {
        report
            .findings
            .iter()
            .map(|finding| finding.location.path.to_display())
            .collect()
    };
    assert_eq!(files(&report), ["package.json"]);
    for path in ["package-lock.json", "web/package-lock.json"] {
        let both = MemoryChange::default()
            .file("package-lock.json", None, Some(locked))
            .file(path.replace("-lock", "").as_str(), None, Some(manifest))
            .review_with(&with_index());
        assert_eq!(files(&both), ["package-lock.json"]);
    }
}

#[test]
fn what_nobody_could_say_is_said() {
    let text = lock(&[("bad", "1.0.0")]);
    let change = || MemoryChange::default().file("Cargo.lock", None, Some(&text));
    let coverage = |report: &Report| match &report.ledger.files[0].coverage {
        Coverage::Partial(by, why) => format!("partial {}: {why}", by.join(",")),
        other => other.as_str().to_owned(),
    };
    let mut settings = with_index();
    // Old.
    settings.today = jiff::civil::date(2026, 1, 6);
    assert!(change().review_with(&settings).overview.notes.is_empty());
    settings.today = jiff::civil::date(2026, 1, 7);
    let report = change().review_with(&settings);
    assert_eq!(
        report.overview.notes,
        [
            "the advisory database is 8 days old (of 2025-12-30): what was published since is not known (`assay advisories update`)"
        ]
    );
    assert_eq!(coverage(&report), "analysed");
    // Missing, broken, off.
    let missing = "partial packages: not checked for known vulnerabilities: no advisory database";
    for (source, note, expected) in [
        (
            AdvisorySource::Missing,
            Some("there is no advisory database"),
            missing,
        ),
        (
            AdvisorySource::Broken("it is damaged".to_owned()),
            Some("it is damaged"),
            missing,
        ),
        (AdvisorySource::Off, None, "analysed"),
    ] {
        settings.advisories = source;
        let report = change().review_with(&settings);
        assert!(report.findings.is_empty());
        assert_eq!(coverage(&report), expected);
        assert_eq!(report.overview.notes.len(), usize::from(note.is_some()));
        assert!(note.is_none_or(|note| report.overview.notes[0].contains(note)));
    }
    // An ecosystem that the database does not have, and packages without a version.
    for (path, text, expected) in [
        (
            "requirements.txt",
            "flask==1.0\n",
            "partial text rules,packages: 1 packages were not checked for known vulnerabilities: the advisory database has no answer about them (PyPI)",
        ),
        (
            "package.json",
            r#"{"dependencies": {"bad": "^1.0.0"}}"#,
            "1 of 1 packages have no exact version, and there is no lockfile: not checked for known vulnerabilities",
        ),
        (
            "Cargo.lock",
            "version = 4\n[[package]\n",
            "partial packages: ",
        ),
    ] {
        let report = MemoryChange::default()
            .file(path, None, Some(text))
            .review_with(&with_index());
        let found = coverage(&report);
        assert!(
            found.starts_with("partial ") && found.contains(expected),
            "{found}"
        );
        assert!(report.findings.is_empty());
    }
}

#[test]
fn a_damaged_database_is_a_problem_and_the_rest_is_reviewed() {
    let mut builder = IndexBuilder::new();
    builder.mark_asked("crates.io", "bad");
    let mut bytes = builder.finish("", Vec::new());
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let mut settings = settings();
    let index = AdvisoryIndex::open(Box::new(bytes)).unwrap();
    settings.advisories = AdvisorySource::Index(Arc::new(index));
    let report = MemoryChange::default()
        .file("Cargo.lock", None, Some(&lock(&[("bad", "1.0.0")])))
        .review_with(&settings);
    assert!(report.problems[0].message.contains("it is damaged"));
}

#[test]
fn rules_and_paths_are_configured_as_elsewhere() {
    let text = lock(&[("bad", "1.0.0")]);
    let mut settings = with_index();
    settings.rules.statements.push(assay_rules::RuleStatement {
        pattern: "dependency/vulnerable-package".into(),
        enabled: Some(false),
        ..assay_rules::RuleStatement::default()
    });
    let change = MemoryChange::default().file("Cargo.lock", None, Some(&text));
    assert!(change.review_with(&settings).findings.is_empty());
    // Copies of other people's packages are not what this project asks for.
    let copy = MemoryChange::default().file("vendor/x/Cargo.lock", None, Some(&text));
    let report = copy.review_with(&with_index());
    assert!(report.findings.is_empty());
    let coverage = &report.ledger.files[0].coverage;
    assert!(matches!(
        coverage,
        Coverage::Skipped(SkipReason::Vendored(_))
    ));
}

#[test]
fn a_scan_reports_everything_and_no_differences() {
    let change = MemoryChange::default().file("Cargo.lock", None, Some(&lock(&[("bad", "1.0.0")])));
    let subject = Subject {
        change: &change.change,
        tree: &change,
        is_scan: true,
    };
    let report = review(subject, &with_index(), &NoProgress);
    assert_eq!(lines(&report), [format!("introduced {BAD}")]);
    assert!(report.packages.is_empty());
}

/// Lines of `state rule line: message`.
fn hints(report: &Report) -> Vec<String> {
    let line = |finding: &Finding| {
        let place = finding.location.start.line;
        format!(
            "{} {} {place}: {}",
            finding.state,
            finding.rule.as_str(),
            finding.message
        )
    };
    report.findings.iter().map(line).collect()
}

#[test]
fn package_files_are_looked_at_without_any_advisory() {
    let base = "{\n\"scripts\": {\"install\": \"make\"},\n\"dependencies\": {\n\"a\": \"1\"\n}}\n";
    let head = "{\n\"scripts\": {\"install\": \"make\",\n\"postinstall\": \"node x.js\"},\n\"dependencies\": {\n\"expres\": \"^1\",\n\"a\": \"1\"\n}}\n";
    let change = || MemoryChange::default().file("package.json", Some(base), Some(head));
    let name = "introduced dependency/lookalike-name 5: `expres` looks like `express`, which many projects use: is it what is meant?";
    let script = "introduced dependency/install-script-added 3: the script `postinstall` runs at every installation";
    let install = "existing dependency/install-script-added 2: the script `install` runs at every installation";
    assert_eq!(hints(&change().review()), [script, name, install]);

    let any = |state: &str, line: u32, name: &str| {
        format!(
            "{state} dependency/unpinned {line}: any version of `{name}` will do (`*`) and no lockfile says which: what is installed can change from one day to the next"
        )
    };
    let base = "[dependencies]\na = '*'\n";
    let head = "[dependencies]\nb = '*'\n\na = '*'\n";
    let report = MemoryChange::default()
        .file("Cargo.toml", Some(base), Some(head))
        .review();
    assert_eq!(
        hints(&report),
        [any("introduced", 2, "b"), any("existing", 4, "a")]
    );

    // A lockfile says which versions are used, and whose licences they have.
    let lock = |licence: &str| {
        format!(
            "{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{\"dependencies\": {{\"b\": \"1\"}}}},\n\"node_modules/b\": {{\"version\": \"1.0.0\", \"license\": \"{licence}\", \"hasInstallScript\": true}}}}}}\n"
        )
    };
    let mut settings = settings();
    settings.licences.deny = vec!["GPL-*".to_owned()];
    let (old, new) = (lock("MIT"), lock("GPL-3.0-only"));
    let report = change()
        .file("package-lock.json", Some(&old), Some(&new))
        .review_with(&settings);
    let denied =
        "introduced dependency/licence-denied 2: the licence of `b`, GPL-3.0-only, is not accepted";
    assert_eq!(hints(&report), [denied, script, name, install]);
}
