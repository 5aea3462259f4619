//! What is said on a pull request, as JSON: a summary, and a remark for each
//! finding with its place, its Markdown and what would replace the lines. A bot
//! posts it as it is; the schema is published as `schemas/remarks.v1.json`.
//!
//! Only findings that count become remarks, and paths are those that the forge
//! knows: a finding in a file whose path is no text is in the summary alone.

use std::io;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::digest::{failures, fixed_lines, grade, is_clean, measure_text, severity_counts};
use super::indented;
use super::markdown;
use super::text::{cut, number, one_line};
use crate::finding::{Category, Confidence, Finding, Severity};
use crate::report::Report;

/// The name and version of the schema, the first member of every file.
pub const SCHEMA_NAME: &str = "assay.remarks/1";

/// The longest message in characters.
const MESSAGE_CHARS_MAX: usize = 500;

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().copied().map(name).collect()
}

/// What is said on a pull request. Members may be added within the version.
#[derive(Serialize, JsonSchema)]
struct JsonRemarks<'a> {
    /// The name and version of this schema.
    #[schemars(extend("const" = SCHEMA_NAME))]
    schema: &'static str,
    /// The version of Assay that made it.
    version: &'a str,
    /// Whether every condition of the gate holds.
    passed: bool,
    /// Whether everything that should have been read was read.
    complete: bool,
    /// Whether there is nothing to say at all.
    clean: bool,
    /// The quality score from 0 to 100.
    score: Option<f64>,
    /// One line that says how it ended.
    title: String,
    /// The review without its remarks, as Markdown.
    summary: String,
    /// One for each finding that counts, worst first.
    remarks: Vec<JsonRemark>,
}

/// What is said about one finding.
#[derive(Serialize, JsonSchema)]
struct JsonRemark {
    /// Unique within the report, stable across runs, moves and rebases.
    fingerprint: String,
    /// Equal for findings that are the same but for where they stand.
    identity: String,
    /// The rule's id.
    rule: String,
    /// The rule in a few words.
    title: String,
    /// How bad it is.
    #[schemars(extend("enum" = names(Severity::ALL, Severity::as_str)))]
    severity: &'static str,
    /// How sure it is.
    #[schemars(extend("enum" = names(Confidence::ALL, Confidence::as_str)))]
    confidence: &'static str,
    /// What it is about.
    #[schemars(extend("enum" = names(Category::ALL, Category::as_str)))]
    category: &'static str,
    /// The path as git has it; absent when that is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The place for people.
    place: String,
    /// The first line, from 1, in the head.
    #[schemars(range(min = 1))]
    start_line: u32,
    /// The last line.
    #[schemars(range(min = 1))]
    end_line: u32,
    /// What is wrong, in one line of plain text.
    message: String,
    /// What is wrong and what proves it, as Markdown.
    body: String,
    /// What would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<JsonSuggestion>,
}

/// Lines that would replace others.
#[derive(Serialize, JsonSchema)]
struct JsonSuggestion {
    /// The first line that is replaced, from 1.
    #[schemars(range(min = 1))]
    start_line: u32,
    /// The last line that is replaced.
    #[schemars(range(min = 1))]
    end_line: u32,
    /// The lines as they are, for whoever wants to be sure.
    before: Vec<String>,
    /// The lines as they would be; none when they go.
    after: Vec<String>,
}

/// Returns the JSON Schema (draft 2020-12) of the format.
pub fn schema() -> serde_json::Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<JsonRemarks<'static>>();
    schema.insert("title".to_owned(), "Assay remarks, version 1".into());
    schema.to_value()
}

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let remarks = JsonRemarks {
        schema: SCHEMA_NAME,
        version: &report.version,
        passed: report.gate.passed(),
        complete: failures(report).is_empty() && report.ledger.is_complete(),
        clean: is_clean(report),
        score: Some(report.score.value).filter(|value| value.is_finite()),
        title: title(report),
        summary: markdown::summary(report),
        remarks: report.introduced().map(|one| remark(report, one)).collect(),
    };
    indented::write(&remarks, out)?;
    out.write_all(b"\n")
}

/// Returns `gate failed: 2 high, 1 low; score 71 (C)`.
fn title(report: &Report) -> String {
    let verdict = match (failures(report).is_empty(), report.gate.passed()) {
        (false, _) => "review incomplete",
        (true, false) => "gate failed",
        (true, true) => "gate passed",
    };
    let counts = severity_counts(report).into_iter();
    let counts: Vec<_> = counts
        .map(|(severity, n)| format!("{n} {severity}"))
        .collect();
    let counts = match counts.is_empty() {
        true => "no findings".to_owned(),
        false => counts.join(", "),
    };
    let (score, grade) = (number(report.score.value), grade(&report.score));
    format!("{verdict}: {counts}; score {score} ({grade})")
}

fn remark(report: &Report, finding: &Finding) -> JsonRemark {
    let (start, end) = (finding.location.start, finding.location.end);
    // A span that ends at the start of a line does not reach into it.
    let is_line_end = end.column == 1 && end.line > start.line;
    let rule = report.rules.iter().find(|rule| rule.id == finding.rule);
    let mut message = one_line(&finding.message).into_owned();
    if let Some(measure) = &finding.measure {
        message.push_str(&format!(" ({})", one_line(&measure_text(measure))));
    }
    JsonRemark {
        fingerprint: finding.fingerprint.to_string(),
        identity: finding.identity.to_string(),
        rule: finding.rule.as_str().to_owned(),
        title: rule.map_or_else(String::new, |rule| rule.title.clone()),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        category: finding.category.as_str(),
        path: finding.location.path.as_str().map(str::to_owned),
        place: format!("{}:{}", finding.location.path.to_display(), start.line),
        start_line: start.line.max(1),
        end_line: (end.line - u32::from(is_line_end)).max(start.line).max(1),
        message: cut(&message, MESSAGE_CHARS_MAX).into_owned(),
        body: markdown::remark(finding),
        suggestion: suggestion(finding),
    }
}

/// Returns the lines that would replace others; none for a place that is no line.
fn suggestion(finding: &Finding) -> Option<JsonSuggestion> {
    let fixed = fixed_lines(finding).filter(|fixed| fixed.first > 0)?;
    let more = (fixed.before.len() as u32).saturating_sub(1);
    Some(JsonSuggestion {
        start_line: fixed.first,
        end_line: fixed.first.saturating_add(more),
        before: fixed.before,
        after: fixed.after,
    })
}
