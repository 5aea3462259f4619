//! What a change introduced, and what was there before.

use assay_finding::{Severity, State};

use crate::memory::{MemoryChange, shown};

const EMPTY_CATCH: &str = "\
def load(path):
    try:
        return open(path)
    except Exception:
        pass


def other():
    return 1
";

fn check(change: MemoryChange, introduced: &[&str], existing: &[&str]) {
    let report = change.review();
    assert_eq!(shown(&report, State::Introduced), introduced);
    assert_eq!(shown(&report, State::Existing), existing);
}

#[test]
fn what_is_in_the_base_is_existing() {
    let head = EMPTY_CATCH.replace("return 1", "return 2");
    let change = MemoryChange::default().file("a.py", Some(EMPTY_CATCH), Some(&head));
    check(change, &[], &["4 error-handling/empty-catch"]);
}

#[test]
fn what_is_new_is_introduced() {
    let change = MemoryChange::default().file("a.py", Some("x = 1\n"), Some(EMPTY_CATCH));
    check(change, &["4 error-handling/empty-catch"], &[]);
}

#[test]
fn shifted_lines_stay_existing() {
    let head = format!("import os\n\nprint(os)\n\n\n{EMPTY_CATCH}");
    let change = MemoryChange::default().file("a.py", Some(EMPTY_CATCH), Some(&head));
    check(change, &[], &["9 error-handling/empty-catch"]);
}

#[test]
fn a_moved_function_stays_existing() {
    let (first, second) = EMPTY_CATCH.split_at(EMPTY_CATCH.find("def other").unwrap());
    let head = format!("{second}\n\n{first}");
    let change = MemoryChange::default().file("a.py", Some(EMPTY_CATCH), Some(&head));
    check(change, &[], &["8 error-handling/empty-catch"]);
}

#[test]
fn a_function_moved_to_another_file_stays_existing() {
    let (first, second) = EMPTY_CATCH.split_at(EMPTY_CATCH.find("def other").unwrap());
    let change = MemoryChange::default()
        .file("a.py", Some(EMPTY_CATCH), Some(second))
        .file("b.py", None, Some(first));
    check(change, &[], &["4 error-handling/empty-catch"]);
}

#[test]
fn a_renamed_file_stays_existing() {
    let head = EMPTY_CATCH.replace("return 1", "return 2");
    let change = MemoryChange::default().renamed("a.py", "b.py", Some(EMPTY_CATCH), Some(&head));
    check(change, &[], &["4 error-handling/empty-catch"]);
}

#[test]
fn reformatted_code_stays_existing() {
    let base = "function f(a) {\n  try { g(a) } catch (e) {}\n}\n";
    let head = "function f(a) {\n    try {\n        g(a)\n    } catch (e) {\n    }\n}\n";
    let change = MemoryChange::default().file("a.js", Some(base), Some(head));
    check(change, &[], &["4 error-handling/empty-catch"]);
}

#[test]
fn another_version_has_the_same_problem_and_not_a_new_one() {
    let job = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n";
    let base = format!("{job}      - uses: vendor/deploy@v2\n");
    let cases = [
        ("      - uses: vendor/deploy@v3.0.1\n", true),
        ("      - uses: vendor/other@v2\n", false),
        // A branch is worse than a tag.
        ("      - uses: vendor/deploy@main\n", false),
    ];
    for (step, is_existing) in cases {
        let head = format!("{job}{step}");
        let path = ".github/workflows/a.yml";
        let change = MemoryChange::default().file(path, Some(&base), Some(&head));
        let found = ["7 workflow/unpinned-action"];
        match is_existing {
            true => check(change, &[], &found),
            false => check(change, &found, &[]),
        }
    }
}

#[test]
fn a_second_copy_is_introduced() {
    let copy = EMPTY_CATCH
        .split("\n\n\n")
        .next()
        .unwrap()
        .replace("load", "load_again");
    let head = format!("{EMPTY_CATCH}\n\n{copy}\n");
    let change = MemoryChange::default().file("a.py", Some(EMPTY_CATCH), Some(&head));
    check(
        change,
        &["15 error-handling/empty-catch"],
        &["4 error-handling/empty-catch"],
    );
}

#[test]
fn a_deleted_finding_is_gone() {
    let change = MemoryChange::default().file("a.py", Some(EMPTY_CATCH), Some("x = 1\n"));
    check(change, &[], &[]);
}

/// A function with so many branches.
fn branches(name: &str, count: usize) -> String {
    let mut text = format!("def {name}(a):\n");
    for number in 0..count {
        text.push_str(&format!("    if a == {number}:\n        use({number})\n"));
    }
    text
}

#[test]
fn a_metric_is_introduced_when_it_crosses_a_threshold() {
    for (base, head, expected) in [
        (5, 9, None),
        (5, 12, Some((State::Introduced, Severity::Medium))),
        (12, 15, Some((State::Existing, Severity::Medium))),
        (12, 11, Some((State::Existing, Severity::Medium))),
        (12, 25, Some((State::Introduced, Severity::Critical))),
        (19, 20, Some((State::Introduced, Severity::Medium))),
        (19, 22, Some((State::Introduced, Severity::Medium))),
        (19, 24, Some((State::Introduced, Severity::Critical))),
        (25, 24, Some((State::Existing, Severity::Critical))),
    ] {
        let change = MemoryChange::default().file(
            "a.py",
            Some(&branches("f", base)),
            Some(&branches("f", head)),
        );
        let report = change.review();
        let found = report
            .findings
            .iter()
            .find(|finding| finding.rule.as_str() == "complexity/cyclomatic")
            .map(|finding| (finding.state, finding.severity));
        assert_eq!(found, expected, "{base} to {head}");
    }
}

#[test]
fn a_metric_finding_knows_the_value_before() {
    let change =
        MemoryChange::default().file("a.py", Some(&branches("f", 12)), Some(&branches("f", 25)));
    let report = change.review();
    let measure = report.findings[0].measure.clone().unwrap();
    assert_eq!((measure.base, measure.value), (Some(13.0), 26.0));
}

#[test]
fn a_renamed_function_keeps_its_metric_finding() {
    let change = MemoryChange::default().file(
        "a.py",
        Some(&branches("before", 12)),
        Some(&branches("after", 12)),
    );
    assert_eq!(shown(&change.review(), State::Introduced), [""; 0]);
}

#[test]
fn metrics_of_one_function_are_one_finding() {
    let change = MemoryChange::default().file("a.py", None, Some(&branches("f", 60)));
    let report = change.review();
    let complexity = report
        .introduced()
        .filter(|finding| finding.rule.pack() == "complexity");
    assert_eq!(complexity.count(), 1);
    assert!(
        report.findings[0].message.contains("(also "),
        "{}",
        report.findings[0].message
    );
}

#[test]
fn copied_code_is_introduced_and_moved_code_is_not() {
    let base = "\
def first(order, rate):
    total = 0
    for line in order.lines:
        if line.is_void or line.amount <= 0:
            continue
        price = line.price * line.amount
        if line.discount:
            price -= price * line.discount / 100
        total += round(price * rate, 2)
    if total > order.limit:
        raise ValueError(order.number)
    order.total = total
    order.save(update=[\"total\"])
    return total
";
    let copy = base.replace("first", "second");
    let both = format!("{base}\n\n{copy}");
    let copied = MemoryChange::default().file("a.py", Some(base), Some(&both));
    assert!(
        shown(&copied.review(), State::Introduced)
            .iter()
            .any(|line| line.ends_with("duplication/cloned-block"))
    );
    let moved = MemoryChange::default()
        .file("a.py", Some(base), Some("x = 1\n"))
        .file("b.py", None, Some(base));
    // The copy was there before; one of the two places is another one now.
    let moved_copy = MemoryChange::default()
        .file("a.py", Some(base), None)
        .file("b.py", Some("x = 1\n"), Some(&format!("x = 1\n{base}")))
        .file("c.py", Some(&copy), Some(&copy));
    for change in [moved, moved_copy] {
        let clones = shown(&change.review(), State::Introduced);
        assert!(
            !clones.iter().any(|line| line.ends_with("cloned-block")),
            "{clones:?}"
        );
    }
}

/// A helper that runs what it is given, and a handler that calls it.
const RUNS: &str = "\
const { execSync } = require('child_process');
function run(text) {
  return execSync(text);
}
exports.list = (req, res) => res.json(run(req.query.a));
";

#[test]
fn another_way_into_a_known_sink_is_introduced_where_it_begins() {
    let head = format!("{RUNS}exports.show = (req, res) => res.json(run(req.body.b));\n");
    let change = MemoryChange::default().file("a.js", Some(RUNS), Some(&head));
    check(
        change,
        &["6 injection/command-injection"],
        &["3 injection/command-injection"],
    );
}

#[test]
fn other_code_in_a_handler_leaves_its_way_existing() {
    let head = RUNS.replace("res.json(run", "console.log(1) || res.json(run");
    let change = MemoryChange::default().file("a.js", Some(RUNS), Some(&head));
    check(change, &[], &["5 injection/command-injection"]);
}

#[test]
fn ways_that_end_at_the_same_place_are_shown_once() {
    let head = format!("{RUNS}exports.show = (req, res) => res.json(run(req.body.b));\n");
    let change = MemoryChange::default().file("a.js", None, Some(&head));
    check(change, &["3 injection/command-injection"], &[]);
}

#[test]
fn a_path_goes_through_the_package_that_is_imported() {
    let runs = "package run\n\nimport \"os/exec\"\n\nfunc Now(text string) error {\n\treturn exec.Command(\"sh\", \"-c\", text).Run()\n}\n";
    let web = "package web\n\nimport (\n\t\"net/http\"\n\n\t\"example.org/shop/lib/run\"\n)\n\nfunc Show(w http.ResponseWriter, r *http.Request) {\n\trun.Now(r.FormValue(\"a\"))\n}\n";
    for (folder, is_found) in [("lib/run", true), ("run", false)] {
        let module = Some("module example.org/shop\n");
        let change = MemoryChange::default()
            .file("go.mod", module, module)
            .file(&format!("{folder}/run.go"), Some(runs), Some(runs))
            .file("web/web.go", None, Some(web));
        let found = shown(&change.review(), State::Introduced);
        let is_injection = |line: &String| line.ends_with("injection/command-injection");
        assert_eq!(found.iter().any(is_injection), is_found, "{found:?}");
    }
}
