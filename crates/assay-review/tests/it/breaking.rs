//! What a change breaks for users of a package, and when that is not said.

use assay_finding::State;

use crate::memory::{MemoryChange, shown};

const LIBRARY: &str = "[project]\nname = \"a\"\nversion = \"1.4.0\"\n";
const BASE: &str =
    "def load(path, mode=1):\n    return open(path, mode)\n\n\ndef dump(data):\n    return data\n";
const HEAD: &str = "def load(path, size, mode=1):\n    return open(path, mode, size)\n";

fn check(change: MemoryChange, expected: &[&str]) {
    let report = change.review();
    let found = shown(&report, State::Introduced);
    let api: Vec<&String> = found.iter().filter(|line| line.contains(" api/")).collect();
    assert_eq!(api, expected);
}

fn change(manifest: &str) -> MemoryChange {
    MemoryChange::default()
        .file("pkg/io.py", Some(BASE), Some(HEAD))
        .file("pyproject.toml", Some(manifest), Some(manifest))
}

#[test]
fn what_a_library_takes_away_is_found() {
    let both = ["1 api/removed-symbol", "1 api/changed-signature"];
    check(change(LIBRARY), &both);
}

#[test]
fn an_application_offers_nothing() {
    check(change("[tool.black]\nline-length = 100\n"), &[]);
    check(
        change("[project]\nname = \"a\"\nclassifiers = [\"Private :: Do Not Upload\"]\n"),
        &[],
    );
}

#[test]
fn a_major_version_says_that_it_breaks() {
    let raised = LIBRARY.replace("1.4.0", "2.0.0");
    let major = MemoryChange::default()
        .file("pkg/io.py", Some(BASE), Some(HEAD))
        .file("pyproject.toml", Some(LIBRARY), Some(&raised));
    check(major, &[]);
    let raised = LIBRARY.replace("1.4.0", "1.5.0");
    let minor = MemoryChange::default()
        .file("pkg/io.py", Some(BASE), Some(HEAD))
        .file("pyproject.toml", Some(LIBRARY), Some(&raised));
    check(minor, &["1 api/removed-symbol", "1 api/changed-signature"]);
}

#[test]
fn a_changelog_that_names_it_silences_it() {
    let told = change(LIBRARY).file(
        "CHANGES.rst",
        Some("Changes\n"),
        Some("Changes\n- remove `dump`\n"),
    );
    check(told, &["1 api/changed-signature"]);
}

#[test]
fn what_moves_to_another_file_is_not_certain_to_be_gone() {
    let moved = MemoryChange::default()
        .file(
            "pkg/io.py",
            Some(BASE),
            Some("def load(path, mode=1):\n    return open(path, mode)\n"),
        )
        .file(
            "pkg/out.py",
            None,
            Some("def dump(data):\n    return data\n"),
        )
        .file("pyproject.toml", Some(LIBRARY), Some(LIBRARY));
    let report = moved.review();
    let counting: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.counts())
        .collect();
    assert!(
        counting
            .iter()
            .all(|finding| !finding.rule.as_str().starts_with("api/")),
        "{counting:?}"
    );
}

#[test]
fn a_member_that_a_class_inherits_is_still_there() {
    let base = "class Store(Base):\n    def load(self):\n        return 1\n\n    def dump(self):\n        return 2\n";
    let head = "class Store(Base):\n    def load(self):\n        return 1\n";
    for (around, expected) in [
        (
            "class Base:\n    def dump(self):\n        return 3\n",
            &[][..],
        ),
        (
            "class Base:\n    def other(self):\n        return 3\n",
            &["1 api/removed-symbol"],
        ),
    ] {
        let inherits = MemoryChange::default()
            .file("pkg/store.py", Some(base), Some(head))
            .file("pkg/base.py", Some(around), Some(around))
            .file("pyproject.toml", Some(LIBRARY), Some(LIBRARY));
        let report = inherits.review();
        let counting: Vec<String> = report
            .findings
            .iter()
            .filter(|finding| finding.counts() && finding.rule.as_str().starts_with("api/"))
            .map(|finding| format!("{} {}", finding.location.start.line, finding.rule.as_str()))
            .collect();
        assert_eq!(counting.len(), expected.len(), "{around}: {counting:?}");
    }
}

#[test]
fn a_copied_library_is_not_offered() {
    let copied = MemoryChange::default()
        .file("pkg/packages/io.py", Some(BASE), Some(HEAD))
        .file("pkg/packages/__init__.py", Some(""), Some(""))
        .file("pyproject.toml", Some(LIBRARY), Some(LIBRARY));
    check(copied, &[]);
}

/// The findings of the packs that are about what others rely on.
fn check_outer(change: MemoryChange, expected: &[&str]) {
    let report = change.review();
    let found = shown(&report, State::Introduced);
    let packs = [" api/", " schema/", " migration/"];
    let outer: Vec<&String> = found
        .iter()
        .filter(|line| packs.iter().any(|pack| line.contains(pack)))
        .collect();
    assert_eq!(outer, expected);
}

#[test]
fn what_a_schema_takes_back_is_found_at_its_line() {
    let base = "type Query {\n  book: Book!\n}\ntype Book {\n  id: ID!\n  title: String!\n}\n";
    let head = "type Query {\n  book: Book!\n}\ntype Book {\n  id: ID!\n}\n";
    let removed = MemoryChange::default().file("schema.graphql", Some(base), Some(head));
    check_outer(removed, &["6 schema/removed-member"]);
    // A type that another file has now has moved.
    let moved = MemoryChange::default()
        .file(
            "schema.graphql",
            Some(base),
            Some("type Query {\n  book: Book!\n}\n"),
        )
        .file(
            "book.graphql",
            Some("scalar A\n"),
            Some("scalar A\ntype Book {\n  id: ID!\n}\n"),
        );
    check_outer(moved, &[]);
}

#[test]
fn routes_and_flags_that_no_file_has_now_are_found() {
    let base = "from flask import Flask\napp = Flask(__name__)\n\n\n@app.get('/books/<id>')\ndef book(id):\n    return id\n";
    let renamed = base.replace("<id>", "<key>");
    let gone = base.replace("/books/<id>", "/titles/<id>");
    let route = |head: &str| MemoryChange::default().file("shop.py", Some(base), Some(head));
    check_outer(route(&renamed), &[]);
    check_outer(route(&gone), &["5 api/removed-route"]);
    let moved = route(&gone).file("other.py", None, Some(base));
    check_outer(moved, &[]);
    let flag = |name: &str| {
        format!("import argparse\np = argparse.ArgumentParser()\np.add_argument('{name}')\n")
    };
    let change = MemoryChange::default().file(
        "cli.py",
        Some(&flag("--no-verify")),
        Some(&flag("--skip-checks")),
    );
    check_outer(change, &["3 api/removed-flag"]);
}

#[test]
fn a_new_migration_is_judged() {
    let change = MemoryChange::default().file(
        "db/migrations/004.sql",
        None,
        Some("CREATE TABLE a (b INT);\nALTER TABLE c DROP COLUMN d;\n"),
    );
    check_outer(change, &["2 migration/removed-column"]);
}

#[test]
fn a_migration_that_is_copied_as_it_is_says_nothing_new() {
    let text = "CREATE TABLE a (b INT);\nALTER TABLE c DROP COLUMN d;\n";
    let copied = |old: &str| {
        MemoryChange::default()
            .file("db/migrations/004.sql", None, Some(text))
            .file("old/migrations/004.sql", Some(old), Some(old))
    };
    check_outer(copied(text), &[]);
    check_outer(copied("SELECT 1;\n"), &["2 migration/removed-column"]);
}

#[test]
fn a_part_of_a_schema_is_judged_by_the_document_that_refers_to_it() {
    let root = "openapi: 3.0.0\npaths:\n  /users:\n    $ref: 'paths/user.yaml'\n";
    let part = "get:\n  responses:\n    '200': {description: ok}\npost:\n  responses:\n    '204': {description: ok}\n";
    let head = "get:\n  responses:\n    '200': {description: ok}\n";
    let change = |path: &str| {
        MemoryChange::default()
            .file("api/openapi.yaml", Some(root), Some(root))
            .file(path, Some(part), Some(head))
    };
    check_outer(change("api/paths/user.yaml"), &["3 schema/removed-member"]);
    check_outer(change("api/other/user.yaml"), &[]);
}

#[test]
fn a_class_that_extends_many_is_looked_at_once() {
    // Each class extends the two before it: by every way there were a million.
    let classes: String = (2..40)
        .map(|at| format!("class C{at}(C{}, C{}):\n    pass\n", at - 1, at - 2))
        .collect();
    let base = format!(
        "class C0:\n    pass\nclass C1:\n    pass\n{classes}class D(C39):\n    def m(self): pass\n    def n(self): pass\n"
    );
    let head = base.replace("    def m(self): pass\n", "");
    let change = MemoryChange::default()
        .file("pkg/io.py", Some(&base), Some(&head))
        .file("pyproject.toml", Some(LIBRARY), Some(LIBRARY));
    check(change, &["82 api/removed-symbol"]);
}
