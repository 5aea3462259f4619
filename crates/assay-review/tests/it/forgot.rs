//! What a change forgot: lists that lack a new name, tests that did not change.

use assay_finding::{Confidence, State};

use crate::memory::{MemoryChange, settings};

fn check(change: &MemoryChange, confidence: Confidence, expected: &[&str]) {
    let mut settings = settings();
    settings.confidence_min = confidence;
    let report = change.review_with(&settings);
    let found: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.state == State::Introduced && finding.counts())
        .filter(|finding| finding.rule.as_str().starts_with("change/"))
        .map(|finding| {
            format!(
                "{} {}: {}",
                finding.location.start.line, finding.rule, finding.message
            )
        })
        .collect();
    assert_eq!(found, expected);
}

const OPTIONS: &str = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--size')\np.add_argument('--name')\np.add_argument('--fast')\n";

fn options(readme: &str, line: &str) -> MemoryChange {
    MemoryChange::default()
        .file("cli.py", Some(OPTIONS), Some(&format!("{OPTIONS}{line}\n")))
        .file("README.md", Some(readme), Some(readme))
}

#[test]
fn an_option_that_the_list_of_the_others_lacks() {
    let readme = "# A\n\n- `--size`\n- `--name`\n- `--fast`\n";
    let new = "p.add_argument('--deep')";
    let says = "6 change/undocumented-option: The option `--deep` is new and not in README.md, which lists 3 of the 3 others";
    check(&options(readme, new), Confidence::Medium, &[says]);
    check(
        &options(&format!("{readme}- `--deep`\n"), new),
        Confidence::Medium,
        &[],
    );
    check(
        &options("# A\n\n- `--size`\n", new),
        Confidence::Medium,
        &[],
    );
    let hidden = "p.add_argument('--deep', help=argparse.SUPPRESS)";
    check(&options(readme, hidden), Confidence::Medium, &[]);
}

#[test]
fn a_variable_that_the_example_of_the_others_lacks() {
    let base = "const a = process.env.APP_URL;\nconst b = process.env.APP_KEY;\nconst c = process.env.APP_SIZE;\n";
    let head = format!("{base}const d = process.env.APP_DEEP;\nconst e = process.env.PATH;\n");
    let change = |example: &str| {
        MemoryChange::default()
            .file("src/config.js", Some(base), Some(&head))
            .file(".env.example", Some(example), Some(example))
    };
    let says = "4 change/undeclared-environment-variable: The environment variable `APP_DEEP` is new and not in .env.example, which lists 3 of the 3 others";
    check(
        &change("APP_URL=\nAPP_KEY=\nAPP_SIZE=\n"),
        Confidence::Medium,
        &[says],
    );
    check(
        &change("APP_URL=\nAPP_KEY=\nAPP_SIZE=\n# APP_DEEP=1\n"),
        Confidence::Medium,
        &[],
    );
    check(&change("OTHER=\n"), Confidence::Medium, &[]);
}

#[test]
fn a_function_whose_test_did_not_change_is_a_hint() {
    let (base, head) = (
        "def load(a):\n    return a\n",
        "def load(a):\n    return a + 1\n",
    );
    let test = "def test_load():\n    assert load(1)\n";
    let change = || {
        MemoryChange::default()
            .file("pkg/io.py", Some(base), Some(head))
            .file("tests/test_io.py", Some(test), Some(test))
    };
    check(&change(), Confidence::Medium, &[]);
    let says = "2 change/untested-change: `load` changed and no test did; tests/test_io.py has their tests";
    check(&change(), Confidence::Low, &[says]);
    let both = change().file(
        "tests/test_a.py",
        Some(test),
        Some("def test_load():\n    assert load(2)\n"),
    );
    check(&both, Confidence::Low, &[]);
}
