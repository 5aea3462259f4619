//! Reviewdog's diagnostic format (rdjson), with fixes as suggestions.
//!
//! Files that were not read although they should have been become warnings on
//! the file; the rest of the ledger has no place in the format.

use std::io;

use assay_source::{Position, RepoPath};
use serde_json::{Value, json};

use super::RenderOptions;
use super::digest::{edit_place, failures, measure_text, plain_path, shown};
use super::indented;
use super::text::one_line;
use crate::finding::{Finding, Frame, Location, Severity};
use crate::report::Report;

/// The most related places of one diagnostic.
const RELATED_MAX: usize = 100;

pub(super) fn write(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut diagnostics: Vec<Value> = shown(report, options).into_iter().map(diagnostic).collect();
    let failures = failures(report);
    diagnostics.extend(failures.iter().map(|(path, text)| failure(*path, text)));
    let result = json!({
        "source": {"name": "assay"},
        "severity": if report.gate.passed() { "WARNING" } else { "ERROR" },
        "diagnostics": diagnostics,
    });
    indented::write(&result, out)?;
    out.write_all(b"\n")
}

fn diagnostic(finding: &Finding) -> Value {
    let severity = match finding.severity {
        Severity::Critical | Severity::High => "ERROR",
        Severity::Medium => "WARNING",
        Severity::Low | Severity::Info => "INFO",
    };
    let mut text = one_line(&finding.message).into_owned();
    if let Some(measure) = &finding.measure {
        text.push_str(&format!(" ({})", one_line(&measure_text(measure))));
    }
    let mut diagnostic = json!({
        "message": text,
        "location": location(&finding.location, &finding.frame),
        "severity": severity,
        "code": {"value": finding.rule.as_str()},
    });
    if let Some(suggestions) = suggestions(finding) {
        diagnostic["suggestions"] = suggestions;
    }
    if !finding.related.is_empty() {
        let related = finding.related.iter().take(RELATED_MAX);
        diagnostic["relatedLocations"] = related
            .map(|related| {
                let is_here = related.frame.lines.is_empty()
                    && related.location.path == finding.location.path;
                let frame = if is_here {
                    &finding.frame
                } else {
                    &related.frame
                };
                json!({
                    "message": one_line(&related.message),
                    "location": location(&related.location, frame),
                })
            })
            .collect();
    }
    diagnostic
}

fn failure(path: Option<&RepoPath>, text: &str) -> Value {
    json!({
        "message": one_line(text),
        "location": {"path": path.map_or_else(String::new, plain_path)},
        "severity": "WARNING",
        "code": {"value": "review/incomplete"},
    })
}

fn location(location: &Location, frame: &Frame) -> Value {
    json!({
        "path": plain_path(&location.path),
        "range": {
            "start": position(location.start, frame),
            "end": position(location.end.max(location.start), frame),
        },
    })
}

/// Returns a position with the column in bytes, as the format counts; without
/// a column when the line's text is not there to count in.
fn position(position: Position, frame: &Frame) -> Value {
    let line = position.line.max(1);
    let chars = position.column.max(1) as usize - 1;
    let bytes = if chars == 0 {
        Some(0)
    } else {
        let line = frame.lines.iter().find(|held| held.number == line);
        line.and_then(|line| {
            let mut starts = line.text.char_indices().map(|(at, _)| at);
            starts
                .nth(chars)
                .or_else(|| (line.text.chars().count() == chars).then_some(line.text.len()))
        })
    };
    match bytes {
        Some(bytes) => json!({"line": line, "column": bytes + 1}),
        None => json!({"line": line}),
    }
}

/// The fix as suggestions, when every edit has its place with columns.
fn suggestions(finding: &Finding) -> Option<Value> {
    let fix = finding.fix.as_ref()?;
    let suggestion = |edit: &crate::fix::Edit| {
        let (start, end) = edit_place(&finding.frame, edit.span)?;
        let (start, end) = (
            position(start, &finding.frame),
            position(end, &finding.frame),
        );
        let has_columns = start.get("column").is_some() && end.get("column").is_some();
        let range = json!({"start": start, "end": end});
        has_columns.then(|| json!({"range": range, "text": edit.text}))
    };
    fix.edits.iter().map(suggestion).collect()
}
