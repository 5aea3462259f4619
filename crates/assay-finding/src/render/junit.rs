//! JUnit XML, as build servers read it: one suite a file of the change.
//!
//! A finding is a failed case and a file without findings a passed one; a file
//! that was not read is skipped, or an error when it should have been read. The
//! gate's conditions and what went wrong in the review are suites of their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use assay_source::RepoPath;

use super::RenderOptions;
use super::digest::{
    CoverageDigest, analyzers, coverage_detail, grade, measure_text, shown, status_str,
};
use super::text::{is_hidden, number, one_line};
use crate::finding::Finding;
use crate::ledger::{Coverage, FileEntry};
use crate::report::Report;

/// One case of a suite.
struct Case {
    name: String,
    /// The element inside: `failure`, `error`, `skipped`, its message, its type
    /// and its text. None for a passed case.
    outcome: Option<(&'static str, String, String, String)>,
    out: String,
}

impl Case {
    fn passed(name: String, out: String) -> Self {
        Self {
            name,
            outcome: None,
            out,
        }
    }
}

/// One suite.
struct Suite {
    name: String,
    properties: Vec<(&'static str, String)>,
    cases: Vec<Case>,
}

impl Suite {
    fn count(&self, element: &str) -> usize {
        let is = |case: &&Case| matches!(&case.outcome, Some((name, ..)) if *name == element);
        self.cases.iter().filter(is).count()
    }
}

pub(super) fn write(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let suites = suites(report, options);
    let total = |element: &str| {
        suites
            .iter()
            .map(|suite| suite.count(element))
            .sum::<usize>()
    };
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"assay\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"0\">",
        suites.iter().map(|suite| suite.cases.len()).sum::<usize>(),
        total("failure"),
        total("error"),
    );
    for suite in &suites {
        push_suite(&mut xml, suite);
    }
    xml.push_str("</testsuites>\n");
    out.write_all(xml.as_bytes())
}

fn suites(report: &Report, options: &RenderOptions) -> Vec<Suite> {
    let mut by_path: BTreeMap<&RepoPath, Vec<&Finding>> = BTreeMap::new();
    for finding in shown(report, options) {
        by_path
            .entry(&finding.location.path)
            .or_default()
            .push(finding);
    }
    let mut suites = vec![review_suite(report)];
    for file in &report.ledger.files {
        let findings = by_path.remove(&file.path).unwrap_or_default();
        suites.push(file_suite(file, &findings));
    }
    // Findings in files that the change does not touch, such as the other copy
    // of a clone.
    for (path, findings) in by_path {
        suites.push(Suite {
            name: path.to_display(),
            properties: Vec::new(),
            cases: findings.into_iter().map(finding_case).collect(),
        });
    }
    suites
}

fn review_suite(report: &Report) -> Suite {
    let digest = CoverageDigest::new(&report.ledger);
    let mut cases = Vec::new();
    for condition in &report.gate.conditions {
        let name = format!("gate: {}", condition.demand);
        let outcome = (!condition.passed).then(|| {
            let message = format!("found {}", condition.actual);
            ("failure", message.clone(), "gate".to_owned(), message)
        });
        let out = String::new();
        cases.push(Case { name, outcome, out });
    }
    for problem in &report.problems {
        let path = problem.path.as_ref().map(|path| format!("{path}: "));
        let text = format!("{}{}", path.unwrap_or_default(), problem.message);
        cases.push(Case {
            name: format!("problem: {}", problem.what),
            outcome: Some(("error", text.clone(), "problem".to_owned(), text)),
            out: String::new(),
        });
    }
    let mut summary = vec![digest.headline()];
    summary.extend(digest.skip_texts());
    summary.extend(report.overview.notes.iter().cloned());
    cases.push(Case::passed("coverage".to_owned(), summary.join("\n")));
    Suite {
        name: "assay: review".to_owned(),
        properties: vec![
            ("assay.version", report.version.clone()),
            ("assay.base", report.overview.base.clone()),
            ("assay.head", report.overview.head.clone()),
            ("assay.score", number(report.score.value)),
            ("assay.grade", grade(&report.score).to_string()),
            ("assay.coverage", digest.headline()),
            ("assay.complete", digest.is_complete.to_string()),
        ],
        cases,
    }
}

fn file_suite(file: &FileEntry, findings: &[&Finding]) -> Suite {
    let mut properties = vec![
        ("assay.status", status_str(file.status).to_owned()),
        ("assay.coverage", file.coverage.as_str().to_owned()),
        ("assay.hunks", file.hunks.len().to_string()),
    ];
    if let Some(language) = file.language {
        properties.push(("assay.language", language.to_owned()));
    }
    let by = analyzers(&file.coverage);
    if !by.is_empty() {
        properties.push(("assay.analyzers", by.join(", ")));
    }
    if let Coverage::Partial(_, why) = &file.coverage {
        properties.push(("assay.partial", why.clone()));
    }
    for note in &file.notes {
        properties.push(("assay.note", note.clone()));
    }
    let mut cases: Vec<_> = findings
        .iter()
        .map(|finding| finding_case(finding))
        .collect();
    let mut coverages = vec![&file.coverage];
    coverages.extend(file.hunks.iter().map(|hunk| &hunk.coverage));
    let mut said: Vec<&Coverage> = Vec::new();
    for coverage in coverages {
        let Coverage::Skipped(reason) = coverage else {
            continue;
        };
        if said.contains(&coverage) {
            continue;
        }
        said.push(coverage);
        let element = if reason.is_failure() {
            "error"
        } else {
            "skipped"
        };
        let text = coverage_detail(coverage).unwrap_or_default();
        cases.push(Case {
            name: format!("not analysed: {}", reason.as_str()),
            outcome: Some((element, text.clone(), reason.as_str().to_owned(), text)),
            out: String::new(),
        });
    }
    if cases.is_empty() {
        cases.push(Case::passed("no findings".to_owned(), String::new()));
    }
    Suite {
        name: file.path.to_display(),
        properties,
        cases,
    }
}

fn finding_case(finding: &Finding) -> Case {
    let start = finding.location.start;
    let place = format!("{}:{}:{}", finding.location.path, start.line, start.column);
    // Build servers follow a case by its name, so it has no line number.
    let fingerprint: String = finding.fingerprint.to_string().chars().take(12).collect();
    let symbol = finding
        .symbol
        .as_ref()
        .map(|symbol| format!(" in {symbol}"));
    let name = format!(
        "{}{} ({fingerprint})",
        finding.rule,
        symbol.unwrap_or_default()
    );
    let mut text = format!("{place}: {} {}\n", finding.severity, finding.rule);
    let _ = writeln!(text, "{}", one_line(&finding.message));
    if let Some(measure) = &finding.measure {
        let _ = writeln!(text, "{}", measure_text(measure));
    }
    for line in &finding.frame.lines {
        let mark = if line.changed { '+' } else { ' ' };
        let _ = writeln!(text, "{mark}{:>6} | {}", line.number, line.text);
    }
    for (index, related) in finding.related.iter().enumerate() {
        let at = &related.location;
        let number = index + 1;
        let _ = writeln!(
            text,
            "{number}. {}:{}:{}: {}",
            at.path,
            at.start.line,
            at.start.column,
            one_line(&related.message)
        );
    }
    if let Some(fix) = &finding.fix {
        let _ = writeln!(text, "fix: {}", one_line(&fix.title));
    }
    Case {
        name,
        outcome: Some((
            "failure",
            one_line(&finding.message).into_owned(),
            finding.severity.to_string(),
            text,
        )),
        out: String::new(),
    }
}

fn push_suite(xml: &mut String, suite: &Suite) {
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\">",
        Escaped(&suite.name),
        suite.cases.len(),
        suite.count("failure"),
        suite.count("error"),
        suite.count("skipped"),
    );
    if !suite.properties.is_empty() {
        xml.push_str("    <properties>\n");
        for (name, value) in &suite.properties {
            let value = Escaped(value);
            let _ = writeln!(xml, "      <property name=\"{name}\" value=\"{value}\"/>");
        }
        xml.push_str("    </properties>\n");
    }
    for case in &suite.cases {
        let (name, class) = (Escaped(&case.name), Escaped(&suite.name));
        let _ = write!(
            xml,
            "    <testcase name=\"{name}\" classname=\"{class}\" time=\"0\""
        );
        if case.outcome.is_none() && case.out.is_empty() {
            xml.push_str("/>\n");
            continue;
        }
        xml.push_str(">\n");
        if let Some((element, message, kind, text)) = &case.outcome {
            let (message, kind, text) = (Escaped(message), Escaped(kind), Content(text));
            let _ = writeln!(
                xml,
                "      <{element} message=\"{message}\" type=\"{kind}\">{text}</{element}>"
            );
        }
        if !case.out.is_empty() {
            let _ = writeln!(xml, "      <system-out>{}</system-out>", Content(&case.out));
        }
        xml.push_str("    </testcase>\n");
    }
    xml.push_str("  </testsuite>\n");
}

/// Text for XML 1.0: markup is escaped, and characters that XML cannot hold at
/// all, not even escaped, are shown as `<U+0000>`.
struct Escaped<'a>(&'a str);

/// Text between tags: as [`Escaped`], with line ends and tabs as they are.
struct Content<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            // In an attribute a line end or a tab would become a space.
            '\n' => f.write_str("&#10;"),
            '\t' => f.write_str("&#9;"),
            c => write_escaped(f, c),
        })
    }
}

impl std::fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\n' | '\t' => f.write_char(c),
            c => write_escaped(f, c),
        })
    }
}

fn write_escaped(f: &mut std::fmt::Formatter<'_>, c: char) -> std::fmt::Result {
    match c {
        '&' => f.write_str("&amp;"),
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '"' => f.write_str("&quot;"),
        '\'' => f.write_str("&apos;"),
        c if is_hidden(c) => write!(f, "&lt;U+{:04X}&gt;", u32::from(c)),
        c => f.write_char(c),
    }
}
