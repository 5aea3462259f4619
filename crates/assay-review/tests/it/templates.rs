//! Values that a handler passes to a template: one finding with its path, where
//! there are two, and doubt where the program's own text is passed.

use assay_finding::{Confidence, State};

use crate::memory::MemoryChange;

const TEMPLATE: &str = "<h1>Hello</h1>\n<p>{{ name|safe }}</p>\n";

fn handler(value: &str) -> String {
    format!(
        "from flask import Flask, render_template, request\n\napp = Flask(__name__)\n\n\n\
         @app.route(\"/\")\ndef hello():\n    name = {value}\n    \
         print(request.path)\n    return render_template(\"hello.html\", name=name)\n"
    )
}

/// Checks what is said of the handler and its template, where the second says
/// whether the change has the template too.
fn check(value: &str, with_template: bool, expected: &[(&str, u32, &str, Confidence)]) {
    let before = (!with_template).then_some(TEMPLATE);
    let change = MemoryChange::default()
        .file("app.py", None, Some(&handler(value)))
        .file("templates/hello.html", before, Some(TEMPLATE));
    let report = change.review();
    let security = report.findings.iter().filter(|finding| {
        let rule = finding.rule.as_str();
        rule.ends_with("cross-site-scripting") || rule.ends_with("template-output")
    });
    let found: Vec<_> = security
        .filter(|finding| finding.state == State::Introduced)
        .map(|finding| {
            (
                finding.location.path.as_str().unwrap_or(""),
                finding.location.start.line,
                finding.rule.as_str(),
                finding.confidence,
            )
        })
        .collect();
    assert_eq!(found, expected, "{value}");
}

#[test]
fn a_path_into_a_template_is_said_once() {
    let high = Confidence::High;
    let rule = "injection/cross-site-scripting";
    let value = "request.args[\"name\"]";
    check(value, true, &[("templates/hello.html", 2, rule, high)]);
    // Of a template that did not change it is said where the path leaves the change.
    check(value, false, &[("app.py", 10, rule, high)]);
}

#[test]
fn what_the_program_wrote_itself_is_doubted() {
    let rule = "security/unescaped-template-output";
    let place = ("templates/hello.html", 2, rule);
    let with = |confidence| [(place.0, place.1, place.2, confidence)];
    check("\"Ada\"", true, &with(Confidence::Low));
    check("load()", true, &with(Confidence::Medium));
}
