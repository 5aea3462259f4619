//! The whole report as JSON, in a versioned schema that is published as
//! `schemas/report.v1.json`.
//!
//! The structs in `wire` are the wire form and nothing else: a change of an
//! inner type must not change what readers of the format get. Within version 1
//! members are only added; anything else makes a version 2.

mod wire;

use std::io;

use assay_source::{Position, RepoPath, Span};
use schemars::generate::SchemaSettings;

use self::wire::{
    JsonAbout, JsonAboutPart, JsonCondition, JsonCounts, JsonCoverage, JsonDiffLine, JsonDiffPart,
    JsonEdit, JsonFile, JsonFileMetrics, JsonFinding, JsonFix, JsonFrameLine, JsonFunctionMetrics,
    JsonGate, JsonHunk, JsonLedger, JsonLines, JsonLocation, JsonMeasure, JsonMetric, JsonMetrics,
    JsonOverview, JsonPackage, JsonPosition, JsonProblem, JsonRelated, JsonReport, JsonRule,
    JsonScore, JsonScorePart, JsonSinceLast, JsonSpan, JsonSummary, JsonSuppressed, JsonTool,
};
use super::digest::{analyzers, coverage_detail, edit_place, existing, status_str};
use super::indented;
use super::text::finite;
use crate::diff::DiffPart;
use crate::finding::{Attribution, Finding, Frame, Location, Measure, Related, Severity};
use crate::fix::{Fix, FixSafety};
use crate::ledger::{Coverage, FileEntry, HunkEntry};
use crate::report::{
    About, FileMetrics, MetricDelta, MetricsReport, PackageDifference, Problem, Report,
};
use crate::rule::RuleMeta;
use crate::suppression::Suppressed;

/// The name and version of the schema, the first member of every report.
pub const SCHEMA_NAME: &str = "assay.report/1";

/// Returns the JSON Schema (draft 2020-12) of the format.
pub fn schema() -> serde_json::Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<JsonReport<'static>>();
    schema.insert("title".to_owned(), "Assay report, version 1".into());
    schema.to_value()
}

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    indented::write(&json_report(report), out)?;
    out.write_all(b"\n")
}

fn json_report(report: &Report) -> JsonReport<'_> {
    let overview = &report.overview;
    JsonReport {
        schema: SCHEMA_NAME,
        version: &report.version,
        overview: JsonOverview {
            base: &overview.base,
            head: &overview.head,
            is_scan: overview.is_scan,
            files: overview.files,
            lines_added: overview.lines_added,
            lines_removed: overview.lines_removed,
            notes: &overview.notes,
        },
        about: report.about.as_ref().map(about),
        since_last: report.since.as_ref().map(|since| JsonSinceLast {
            new: report.introduced().count() - since.still.len(),
            still: since.still.len(),
            gone: since.gone,
        }),
        summary: summary(report),
        score: score(report),
        gate: gate(report),
        findings: report
            .findings
            .iter()
            .map(|finding| json_finding(report, finding))
            .collect(),
        rules: report.rules.iter().map(json_rule).collect(),
        ledger: JsonLedger {
            complete: report.ledger.is_complete(),
            hunks: report.ledger.hunk_count(),
            files: report.ledger.files.iter().map(file).collect(),
        },
        metrics: metrics(&report.metrics),
        packages: report.packages.iter().map(package).collect(),
        recommendations: &report.recommendations,
        problems: report.problems.iter().map(problem).collect(),
    }
}

fn about(about: &About) -> JsonAbout<'_> {
    JsonAbout {
        parts: about
            .parts
            .iter()
            .map(|part| JsonAboutPart {
                kind: part.kind,
                files: part.files,
                lines_added: part.lines_added,
                lines_removed: part.lines_removed,
            })
            .collect(),
        risk: about.risk,
        risk_level: about.risk_word,
        reasons: &about.reasons,
        effort: about.effort,
    }
}

fn summary(report: &Report) -> JsonSummary {
    let suppressed = |finding: &&Finding| finding.suppressed.is_some();
    JsonSummary {
        introduced: JsonCounts {
            critical: report.introduced_count(Severity::Critical),
            high: report.introduced_count(Severity::High),
            medium: report.introduced_count(Severity::Medium),
            low: report.introduced_count(Severity::Low),
            info: report.introduced_count(Severity::Info),
        },
        existing: existing(report).count(),
        suppressed: report.findings.iter().filter(suppressed).count(),
        complete: report.ledger.is_complete(),
    }
}

fn score(report: &Report) -> JsonScore<'_> {
    JsonScore {
        value: finite(report.score.value),
        grade: report.score.grade,
        parts: report
            .score
            .parts
            .iter()
            .map(|part| JsonScorePart {
                name: &part.name,
                points: finite(part.points),
                findings: part.findings,
            })
            .collect(),
    }
}

fn package(one: &PackageDifference) -> JsonPackage<'_> {
    JsonPackage {
        path: one.path.to_display(),
        ecosystem: one.ecosystem,
        name: &one.name,
        step: one.step.as_str(),
        before: &one.before,
        after: &one.after,
        direct: one.direct,
    }
}

fn gate(report: &Report) -> JsonGate<'_> {
    JsonGate {
        passed: report.gate.passed(),
        conditions: report
            .gate
            .conditions
            .iter()
            .map(|condition| JsonCondition {
                demand: &condition.demand,
                actual: &condition.actual,
                passed: condition.passed,
            })
            .collect(),
    }
}

fn json_finding<'r>(report: &Report, finding: &'r Finding) -> JsonFinding<'r> {
    let asked = report.since.is_some() && finding.counts();
    let said = if report.was_said(finding) {
        "still"
    } else {
        "new"
    };
    JsonFinding {
        fingerprint: finding.fingerprint.to_string(),
        identity: finding.identity.to_string(),
        rule: finding.rule.as_str(),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        category: finding.category.as_str(),
        state: finding.state.as_str(),
        said: asked.then_some(said),
        message: &finding.message,
        symbol: finding.symbol.as_deref(),
        location: location(&finding.location),
        related: finding.related.iter().map(related).collect(),
        tools: finding.tools.iter().map(tool).collect(),
        measure: finding.measure.as_ref().map(measure),
        suppressed: finding.suppressed.as_ref().map(suppressed),
        fix: finding
            .fix
            .as_ref()
            .map(|fix| json_fix(fix, &finding.frame)),
        frame: frame(&finding.frame),
    }
}

fn tool(one: &Attribution) -> JsonTool<'_> {
    JsonTool {
        tool: &one.tool,
        rule: one.rule.as_deref(),
        url: one.url.as_deref(),
    }
}

fn location(location: &Location) -> JsonLocation {
    JsonLocation {
        path: location.path.to_display(),
        uri: location.path.to_uri(),
        start: position(location.start),
        end: position(location.end),
        span: span(location.span),
    }
}

fn position(position: Position) -> JsonPosition {
    JsonPosition {
        line: position.line.max(1),
        column: position.column.max(1),
    }
}

fn span(span: Span) -> JsonSpan {
    JsonSpan {
        start: span.start,
        end: span.end,
    }
}

fn related(related: &Related) -> JsonRelated<'_> {
    JsonRelated {
        location: location(&related.location),
        message: &related.message,
        frame: frame(&related.frame),
    }
}

fn measure(measure: &Measure) -> JsonMeasure<'_> {
    JsonMeasure {
        metric: &measure.metric,
        value: finite(measure.value),
        threshold: finite(measure.threshold),
        base: measure.base.and_then(finite),
    }
}

fn suppressed(suppressed: &Suppressed) -> JsonSuppressed<'_> {
    JsonSuppressed {
        by: suppressed.by.as_str(),
        reason: suppressed.reason.as_deref(),
        until: suppressed.until.map(|date| date.to_string()),
    }
}

fn json_fix<'a>(fix: &'a Fix, frame: &Frame) -> JsonFix<'a> {
    JsonFix {
        title: &fix.title,
        safety: match fix.safety {
            FixSafety::Safe => "safe",
            FixSafety::Unsafe => "unsafe",
        },
        edits: fix
            .edits
            .iter()
            .map(|edit| {
                let place = edit_place(frame, edit.span);
                JsonEdit {
                    span: span(edit.span),
                    start: place.map(|(start, _)| position(start)),
                    end: place.map(|(_, end)| position(end)),
                    text: &edit.text,
                }
            })
            .collect(),
    }
}

fn frame(frame: &Frame) -> Vec<JsonFrameLine<'_>> {
    frame
        .lines
        .iter()
        .map(|line| JsonFrameLine {
            number: line.number,
            text: &line.text,
            changed: line.changed,
        })
        .collect()
}

fn json_rule(rule: &RuleMeta) -> JsonRule<'_> {
    JsonRule {
        id: rule.id.as_str(),
        title: &rule.title,
        summary: &rule.summary,
        description: &rule.description,
        severity: rule.severity.as_str(),
        confidence: rule.confidence.as_str(),
        category: rule.category.as_str(),
        cwe: &rule.cwe,
        tags: &rule.tags,
    }
}

fn file(file: &FileEntry) -> JsonFile<'_> {
    JsonFile {
        path: file.path.to_display(),
        uri: file.path.to_uri(),
        base_uri: file.base_path.as_ref().map(RepoPath::to_uri),
        status: status_str(file.status),
        language: file.language,
        coverage: coverage(&file.coverage),
        hunks: file.hunks.iter().map(hunk).collect(),
        notes: &file.notes,
        diff: file.diff.parts.iter().map(diff_part).collect(),
        diff_cut: file.diff.is_cut,
    }
}

fn diff_part(part: &DiffPart) -> JsonDiffPart<'_> {
    JsonDiffPart {
        base: part.base_start,
        head: part.head_start,
        lines: part.lines.iter().map(JsonDiffLine).collect(),
    }
}

fn coverage(coverage: &Coverage) -> JsonCoverage<'_> {
    JsonCoverage {
        coverage: coverage.as_str(),
        analyzers: analyzers(coverage),
        reason: match coverage {
            Coverage::Skipped(reason) => Some(reason.as_str()),
            Coverage::Analysed(_) | Coverage::Partial(..) => None,
        },
        detail: coverage_detail(coverage),
    }
}

fn hunk(hunk: &HunkEntry) -> JsonHunk<'_> {
    let lines = |range: assay_source::LineRange| JsonLines {
        start: range.start,
        count: range.count,
    };
    JsonHunk {
        base: lines(hunk.base),
        head: lines(hunk.head),
        coverage: coverage(&hunk.coverage),
    }
}

fn metrics(metrics: &MetricsReport) -> JsonMetrics<'_> {
    JsonMetrics {
        change: metrics.change.iter().map(metric).collect(),
        files: metrics.files.iter().map(file_metrics).collect(),
    }
}

fn metric(delta: &MetricDelta) -> JsonMetric {
    JsonMetric {
        metric: delta.metric,
        base: delta.base.and_then(finite),
        head: delta.head.and_then(finite),
    }
}

fn file_metrics(file: &FileMetrics) -> JsonFileMetrics<'_> {
    JsonFileMetrics {
        path: file.path.to_display(),
        uri: file.path.to_uri(),
        language: file.language,
        metrics: file.metrics.iter().map(metric).collect(),
        functions: file
            .functions
            .iter()
            .map(|function| JsonFunctionMetrics {
                name: &function.name,
                line: function.line,
                metrics: &function.metrics,
            })
            .collect(),
    }
}

fn problem(problem: &Problem) -> JsonProblem<'_> {
    JsonProblem {
        what: &problem.what,
        path: problem.path.as_ref().map(RepoPath::to_display),
        uri: problem.path.as_ref().map(RepoPath::to_uri),
        message: &problem.message,
    }
}
