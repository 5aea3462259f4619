//! `golangci-lint run` with its output as JSON (`--output.json.path stdout`, or
//! `--out-format json` before version 2).

use serde::Deserialize;

use super::collect::{Collector, Lines, Raw, RawPath, weaknesses};
use super::json;
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::{Category, Severity};

const MEND: &str =
    "run golangci-lint with `--output.json.path stdout` (before version 2: `--out-format json`)";
/// Characters of a code before the message, such as `SA4006`.
const CODE_CHARS_MAX: usize = 12;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    /// Null when there are none.
    #[serde(default)]
    issues: Option<Vec<Issue>>,
    report: Option<Report>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Issue {
    #[serde(default)]
    from_linter: String,
    #[serde(default)]
    text: String,
    severity: Option<String>,
    pos: Pos,
    line_range: Option<LineRange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pos {
    #[serde(default)]
    filename: String,
    #[serde(default, deserialize_with = "json::count")]
    line: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    column: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LineRange {
    #[serde(default, deserialize_with = "json::count")]
    to: Option<u32>,
}

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    // With texts for people beside it, the document is the first line that is one.
    let text = match text.trim_start().starts_with('{') {
        true => text,
        false => {
            let line = text.lines().find(|line| line.trim_start().starts_with('{'));
            line.unwrap_or(text)
        }
    };
    let mut documents: Vec<Document> = json::documents(ImportFormat::Golangci, first(text), MEND)?;
    let Some(document) = documents.pop() else {
        let message = "there is no document".to_owned();
        return Err(ImportError::new(
            ImportFormat::Golangci,
            None,
            message,
            MEND,
        ));
    };
    if let Some(error) = document.report.and_then(|report| report.error) {
        out.problem(&format!("golangci-lint: {error}"));
    }
    for issue in document.issues.iter().flatten() {
        add(issue, out);
    }
    Ok(())
}

/// Returns the document without the summary that version 2 prints behind it.
fn first(text: &str) -> &str {
    let trimmed = text.trim_end();
    match trimmed.split_once('\n') {
        Some((line, rest)) if line.ends_with('}') && !rest.trim_start().starts_with('{') => line,
        _ => trimmed,
    }
}

fn add(issue: &Issue, out: &mut Collector<'_>) {
    let (code, message) = code_and_message(&issue.text);
    let rule = match code {
        Some(code) => format!("{}-{code}", issue.from_linter),
        None => issue.from_linter.clone(),
    };
    let path = RawPath::File(&issue.pos.filename);
    let tool = out.tool_or("golangci-lint");
    let mut raw = Raw::new(tool, message, path);
    raw.rule = Some(&rule)
        .filter(|rule| !rule.is_empty())
        .map(String::as_str);
    raw.cwe = weaknesses(&issue.text);
    let linter = issue.from_linter.as_str();
    raw.category = category(linter);
    raw.severity = match (linter, issue.severity.as_deref()) {
        ("typecheck", _) => Severity::High,
        (_, Some("critical" | "blocker")) => Severity::High,
        (_, Some("info" | "information" | "hint")) => Severity::Info,
        (_, Some("warning" | "low" | "minor")) => Severity::Low,
        _ => Severity::Medium,
    };
    let end = issue.line_range.as_ref().and_then(|range| range.to);
    let lines = Lines {
        line: issue.pos.line,
        column: issue.pos.column,
        end_line: end,
        end_column: None,
    };
    raw.place = lines.place(ColumnUnit::Byte);
    out.add(raw);
}

/// Parts `SA4006: this value is never used` in two.
fn code_and_message(text: &str) -> (Option<&str>, &str) {
    let Some((code, message)) = text.split_once(": ") else {
        return (None, text);
    };
    let is_code = code.len() <= CODE_CHARS_MAX
        && code.starts_with(|part: char| part.is_ascii_uppercase())
        && code.ends_with(|part: char| part.is_ascii_digit())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match is_code {
        true => (Some(code), message),
        false => (None, text),
    }
}

fn category(linter: &str) -> Option<Category> {
    Some(match linter {
        "gosec" => Category::Security,
        "gocyclo" | "cyclop" | "gocognit" | "funlen" | "nestif" | "maintidx" => {
            Category::Complexity
        }
        "dupl" => Category::Duplication,
        "prealloc" | "perfsprint" => Category::Performance,
        "testifylint" | "paralleltest" | "thelper" | "tparallel" => Category::Test,
        "godot" | "godoclint" => Category::Documentation,
        "typecheck" | "govet" | "errcheck" | "staticcheck" | "bodyclose" | "ineffassign"
        | "nilerr" | "rowserrcheck" | "sqlclosecheck" => Category::Correctness,
        _ => return None,
    })
}
