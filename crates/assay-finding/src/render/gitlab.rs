//! GitLab code quality: an array of issues that merge requests show.
//!
//! The format has no place for the ledger, the score or the gate. What failed
//! still becomes an issue of its own, so that an incomplete review is not an
//! empty report.

use std::io;

use assay_source::RepoPath;
use serde_json::{Value, json};

use super::RenderOptions;
use super::digest::{failures, plain_path, shown};
use super::indented;
use super::text::one_line;
use crate::finding::{Finding, Severity};
use crate::fingerprint::IdentityHasher;
use crate::report::Report;

/// The check name of what failed in the review itself.
const INCOMPLETE: &str = "review/incomplete";

pub(super) fn write(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut issues: Vec<Value> = shown(report, options).into_iter().map(issue).collect();
    let failures = failures(report);
    issues.extend(failures.iter().map(|(path, text)| failure(*path, text)));
    indented::write(&issues, out)?;
    out.write_all(b"\n")
}

fn issue(finding: &Finding) -> Value {
    let severity = match finding.severity {
        Severity::Info => "info",
        Severity::Low => "minor",
        Severity::Medium => "major",
        Severity::High => "critical",
        Severity::Critical => "blocker",
    };
    let (begin, end) = (
        finding.location.start.line.max(1),
        finding.location.end.line,
    );
    json!({
        "description": one_line(&finding.message),
        "check_name": finding.rule.as_str(),
        "fingerprint": finding.fingerprint.to_string(),
        "severity": severity,
        "location": {
            "path": plain_path(&finding.location.path),
            "lines": {"begin": begin, "end": end.max(begin)},
        },
    })
}

fn failure(path: Option<&RepoPath>, text: &str) -> Value {
    let path = path.map_or_else(|| ".".to_owned(), plain_path);
    let fingerprint = IdentityHasher::new(INCOMPLETE)
        .part(&path)
        .part(text)
        .finish();
    json!({
        "description": one_line(text),
        "check_name": INCOMPLETE,
        "fingerprint": fingerprint.to_string(),
        "severity": "major",
        "location": {"path": path, "lines": {"begin": 1, "end": 1}},
    })
}
