//! SARIF 2.1.0 (OASIS), in the subset that code-scanning services read.
//!
//! Each rule carries its texts and each result its fingerprint, its path of
//! evidence, its fix and its suppressions; what was not read or failed becomes
//! a notification of the invocation, so that an incomplete review shows.

use std::collections::BTreeMap;
use std::io;

use assay_source::{Position, RepoPath};
use serde_json::{Map, Value, json};

use super::RenderOptions;
use super::digest::{CoverageDigest, edit_place, grade};
use super::indented;
use super::text::{count, finite, one_line};
use crate::finding::{Attribution, Category, Confidence, Finding, Location, Severity, State};
use crate::ledger::Coverage;
use crate::report::Report;
use crate::rule::RuleMeta;
use crate::suppression::SuppressedBy;

/// The most results of one run: GitHub refuses files with more.
const RESULTS_MAX: usize = 25_000;
/// The results that GitHub keeps of one run, the worst first.
const GITHUB_RESULTS_KEPT: usize = 5_000;
/// The most related places of one result: GitHub reads no more.
const RELATED_MAX: usize = 100;
/// The most tags of one rule: GitHub refuses more.
const TAGS_MAX: usize = 20;
/// The most notifications of one run.
const NOTIFICATIONS_MAX: usize = 1_000;

const SCHEMA_URI: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const ROOT: &str = "%SRCROOT%";

pub(super) fn write(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    indented::write(&log(report, options), out)?;
    out.write_all(b"\n")
}

fn log(report: &Report, options: &RenderOptions) -> Value {
    let shown: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.state == State::Introduced || options.show_existing)
        .collect();
    let rules = rule_table(report, &shown);
    let results: Vec<_> = shown
        .iter()
        .take(RESULTS_MAX)
        .map(|finding| result(report, finding, &rules))
        .collect();
    json!({
        "$schema": SCHEMA_URI,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Assay",
                "version": report.version,
                "rules": rules.values().map(|(_, rule)| rule.clone()).collect::<Vec<_>>(),
                "notifications": notification_kinds(),
            }},
            "invocations": [{
                "executionSuccessful": report.problems.is_empty() && report.ledger.is_complete(),
                "toolExecutionNotifications": notifications(report, shown.len()),
            }],
            "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": properties(report),
        }],
    })
}

/// What the format has no place for: the score, the gate, the coverage.
fn properties(report: &Report) -> Value {
    let digest = CoverageDigest::new(&report.ledger);
    json!({
        "score": finite(report.score.value),
        "grade": grade(&report.score).to_string(),
        "gatePassed": report.gate.passed(),
        "coverage": {
            "complete": digest.is_complete,
            "files": digest.files,
            "hunks": digest.hunks,
            "hunksAnalysed": digest.analysed,
            "hunksPartial": digest.partial,
        },
    })
}

/// The rules in order, each with its index; a finding whose rule has no texts
/// gets an entry all the same, since a result without a rule is refused.
fn rule_table<'a>(report: &'a Report, shown: &[&'a Finding]) -> BTreeMap<&'a str, (usize, Value)> {
    let mut table: BTreeMap<&str, (usize, Value)> = BTreeMap::new();
    for finding in shown {
        let id = finding.rule.as_str();
        if !table.contains_key(id) {
            let rule = match report.rule_of(finding) {
                Some(meta) => rule(meta),
                None => unknown_rule(finding),
            };
            table.insert(id, (0, rule));
        }
    }
    for (index, entry) in table.values_mut().enumerate() {
        entry.0 = index;
    }
    table
}

fn rule(meta: &RuleMeta) -> Value {
    let mut tags = vec![meta.category.as_str().to_owned()];
    tags.extend(
        meta.cwe
            .iter()
            .map(|number| format!("external/cwe/cwe-{number:03}")),
    );
    tags.extend(
        meta.tags
            .iter()
            .filter(|tag| *tag != meta.category.as_str())
            .cloned(),
    );
    tags.truncate(TAGS_MAX);
    let mut properties = json!({
        "tags": tags,
        "precision": precision(meta.confidence),
        "problem.severity": problem_severity(meta.severity),
    });
    if matches!(meta.category, Category::Security | Category::Dependency) {
        properties["security-severity"] = security_severity(meta.severity).into();
    }
    json!({
        "id": meta.id.as_str(),
        "name": name(meta.id.as_str()),
        "shortDescription": {"text": meta.title},
        "fullDescription": {"text": meta.summary},
        "help": {"text": meta.description, "markdown": meta.description},
        "defaultConfiguration": {"level": level(meta.severity)},
        "properties": properties,
    })
}

fn unknown_rule(finding: &Finding) -> Value {
    let id = finding.rule.as_str();
    json!({
        "id": id,
        "name": name(id),
        "shortDescription": {"text": id},
        "fullDescription": {"text": id},
        "help": {"text": id, "markdown": id},
        "defaultConfiguration": {"level": level(finding.severity)},
        "properties": {
            "tags": [finding.category.as_str()],
            "precision": precision(finding.confidence),
            "problem.severity": problem_severity(finding.severity),
        },
    })
}

/// Returns `LongFunction` for `complexity/long-function`.
fn name(id: &str) -> String {
    let last = id.rsplit('/').next().unwrap_or(id);
    last.split('-')
        .flat_map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars)
        })
        .collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}

fn precision(confidence: Confidence) -> &'static str {
    confidence.as_str()
}

/// Returns a number in the middle of the range that GitHub shows as the same
/// severity.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
        Severity::Info => "0.5",
    }
}

fn result(report: &Report, finding: &Finding, rules: &BTreeMap<&str, (usize, Value)>) -> Value {
    let id = finding.rule.as_str();
    let mut result = json!({
        "ruleId": id,
        "ruleIndex": rules.get(id).map_or(0, |(index, _)| *index),
        "level": level(finding.severity),
        "message": {"text": message(&finding.message)},
        "locations": [primary_location(finding)],
        "partialFingerprints": {"assay/v1": finding.fingerprint.to_string()},
        "suppressions": suppressions(finding),
    });
    if !report.overview.is_scan {
        result["baselineState"] = match finding.state {
            State::Introduced => "new".into(),
            State::Existing => "unchanged".into(),
        };
    }
    if !finding.related.is_empty() {
        result["relatedLocations"] = related_locations(finding);
    }
    if finding.category == Category::Security && !finding.related.is_empty() {
        result["codeFlows"] = code_flows(finding);
    }
    if let Some(fixes) = fixes(finding) {
        result["fixes"] = fixes;
    }
    let mut properties = Map::new();
    properties.insert("severity".to_owned(), finding.severity.as_str().into());
    properties.insert("confidence".to_owned(), finding.confidence.as_str().into());
    if !finding.tools.is_empty() {
        let name = |one: &Attribution| json!({"tool": one.tool, "rule": one.rule});
        properties.insert("tools".to_owned(), finding.tools.iter().map(name).collect());
    }
    if let Some(measure) = &finding.measure {
        properties.insert("metric".to_owned(), measure.metric.as_str().into());
        properties.insert("value".to_owned(), finite(measure.value).into());
        properties.insert("threshold".to_owned(), finite(measure.threshold).into());
        properties.insert("base".to_owned(), measure.base.and_then(finite).into());
    }
    result["properties"] = properties.into();
    result
}

/// Returns a plain-text message: `[text](target)` in one would become a link,
/// so the bracket is escaped as the format says.
fn message(text: &str) -> String {
    let text = one_line(text);
    if text.contains("](") {
        text.replace('[', "\\[")
    } else {
        text.into_owned()
    }
}

fn artifact(path: &RepoPath) -> Value {
    json!({"uri": path.to_uri(), "uriBaseId": ROOT})
}

fn region(start: Position, end: Position) -> Value {
    // Lines and columns count from 1, and an end before the start is refused.
    let clamped = |position: Position| Position {
        line: position.line.max(1),
        column: position.column.max(1),
    };
    let (start, end) = (clamped(start), clamped(end));
    let (start, end) = (start.min(end), start.max(end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn physical(location: &Location) -> Value {
    json!({
        "artifactLocation": artifact(&location.path),
        "region": region(location.start, location.end),
    })
}

fn primary_location(finding: &Finding) -> Value {
    let mut location = json!({"physicalLocation": physical(&finding.location)});
    if let Some(symbol) = &finding.symbol {
        location["logicalLocations"] = json!([{"fullyQualifiedName": one_line(symbol)}]);
    }
    location
}

fn related_locations(finding: &Finding) -> Value {
    let location = |(index, related): (usize, &crate::finding::Related)| {
        json!({
            "id": index + 1,
            "physicalLocation": physical(&related.location),
            "message": {"text": message(&related.message)},
        })
    };
    finding
        .related
        .iter()
        .take(RELATED_MAX)
        .enumerate()
        .map(location)
        .collect()
}

/// The path of the evidence as one flow that ends at the finding.
fn code_flows(finding: &Finding) -> Value {
    let step = |location: &Location, text: &str| {
        json!({"location": {
            "physicalLocation": physical(location),
            "message": {"text": message(text)},
        }})
    };
    let related = finding.related.iter().take(RELATED_MAX);
    let mut steps: Vec<_> = related
        .map(|related| step(&related.location, &related.message))
        .collect();
    steps.push(step(&finding.location, &finding.message));
    json!([{"threadFlows": [{"locations": steps}]}])
}

/// The fix, when every edit has its place as lines and columns.
fn fixes(finding: &Finding) -> Option<Value> {
    let fix = finding.fix.as_ref()?;
    let replacement = |edit: &crate::fix::Edit| {
        let (start, end) = edit_place(&finding.frame, edit.span)?;
        Some(json!({
            "deletedRegion": region(start, end),
            "insertedContent": {"text": edit.text},
        }))
    };
    let replacements: Option<Vec<_>> = fix.edits.iter().map(replacement).collect();
    let replacements = replacements.filter(|list| !list.is_empty())?;
    Some(json!([{
        "description": {"text": message(&fix.title)},
        "artifactChanges": [{
            "artifactLocation": artifact(&finding.location.path),
            "replacements": replacements,
        }],
    }]))
}

/// Every result has the list, empty when nothing silences it: the format wants
/// it on all results or on none.
fn suppressions(finding: &Finding) -> Value {
    let Some(suppressed) = &finding.suppressed else {
        return json!([]);
    };
    let kind = match suppressed.by {
        SuppressedBy::Comment => "inSource",
        SuppressedBy::Configuration
        | SuppressedBy::Baseline
        | SuppressedBy::Confidence
        | SuppressedBy::Feedback => "external",
    };
    let mut suppression = json!({"kind": kind, "status": "accepted"});
    let mut justification = suppressed.reason.clone().unwrap_or_default();
    if suppressed.by == SuppressedBy::Baseline && justification.is_empty() {
        justification.push_str("accepted in the baseline");
    }
    if let Some(until) = suppressed.until {
        justification.push_str(&format!(" (until {until})"));
    }
    if !justification.is_empty() {
        suppression["justification"] = justification.trim_start().into();
    }
    json!([suppression])
}

const PROBLEM: &str = "review/problem";
const SKIPPED: &str = "coverage/skipped";
const PARTIAL: &str = "coverage/partial";
const CUT: &str = "output/cut";
const NOTE: &str = "review/note";

fn notification_kinds() -> Value {
    let kind = |id: &str, text: &str| {
        json!({
            "id": id,
            "shortDescription": {"text": text},
            "fullDescription": {"text": text},
            "help": {"text": text},
        })
    };
    json!([
        kind(PROBLEM, "Something went wrong in the review itself."),
        kind(SKIPPED, "A file or some of its hunks were not read."),
        kind(PARTIAL, "A file was not read wholly."),
        kind(CUT, "Not everything is in this file."),
        kind(NOTE, "How the change was found."),
    ])
}

fn notification(id: &str, level: &str, text: &str, path: Option<&RepoPath>) -> Value {
    let index = [PROBLEM, SKIPPED, PARTIAL, CUT, NOTE]
        .iter()
        .position(|kind| *kind == id);
    let mut notification = json!({
        "descriptor": {"id": id, "index": index},
        "level": level,
        "message": {"text": message(text)},
    });
    if let Some(path) = path {
        notification["locations"] =
            json!([{"physicalLocation": {"artifactLocation": artifact(path)}}]);
    }
    notification
}

fn notifications(report: &Report, shown: usize) -> Vec<Value> {
    let mut list = Vec::new();
    for problem in &report.problems {
        let text = format!("{}: {}", problem.what, problem.message);
        list.push(notification(PROBLEM, "error", &text, problem.path.as_ref()));
    }
    if shown > RESULTS_MAX {
        let text = format!(
            "{RESULTS_MAX} of {} are in this file.",
            count(shown, "finding")
        );
        list.push(notification(CUT, "warning", &text, None));
    }
    if shown > GITHUB_RESULTS_KEPT {
        let text = format!(
            "GitHub keeps the {GITHUB_RESULTS_KEPT} worst of {}.",
            count(shown, "finding")
        );
        list.push(notification(CUT, "note", &text, None));
    }
    for file in &report.ledger.files {
        let mut coverages = vec![&file.coverage];
        coverages.extend(file.hunks.iter().map(|hunk| &hunk.coverage));
        let mut said: Vec<&Coverage> = Vec::new();
        for coverage in coverages {
            let text = match coverage {
                Coverage::Analysed(_) => continue,
                _ if said.contains(&coverage) => continue,
                Coverage::Partial(_, why) => format!("Not read wholly: {why}"),
                Coverage::Skipped(reason) => format!("Not read: {reason}"),
            };
            let (id, level) = match coverage {
                Coverage::Skipped(reason) if reason.is_failure() => (SKIPPED, "error"),
                Coverage::Skipped(_) => (SKIPPED, "note"),
                _ => (PARTIAL, "warning"),
            };
            list.push(notification(id, level, &text, Some(&file.path)));
            said.push(coverage);
        }
    }
    for note in &report.overview.notes {
        list.push(notification(NOTE, "note", note, None));
    }
    if list.len() > NOTIFICATIONS_MAX {
        let rest = list.len() - NOTIFICATIONS_MAX;
        list.truncate(NOTIFICATIONS_MAX);
        let text = format!(
            "{} are left out of this file.",
            count(rest, "further notification")
        );
        list.push(notification(CUT, "warning", &text, None));
    }
    list
}
