//! The report for people at a terminal: the worst findings in full with their
//! code, the rest as a list, and a summary that fits one screen.
//!
//! Findings stand in the order of the report, worst first, and not by file: what
//! must be done first is read first.

mod frame;
mod style;
mod summary;

use std::io;

use self::frame::{put_fixed_lines, put_frames};
use self::style::{Canvas, Piece, Role, width};
use self::summary::{put_clean_line, put_summary, severity_label};
use super::digest::{FixedLines, fixed_lines, is_clean, measure_text, shown_anew, tools_text};
use super::text::count;
use super::{Part, RenderOptions, Verbosity};
use crate::finding::{Confidence, Finding, State};
use crate::fix::FixSafety;
use crate::report::Report;

/// The most lines before and after of a fix that is shown.
const FIXED_LINES_MAX: usize = 8;

pub(super) fn write(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut canvas = Canvas::new(options);
    let mut shown = shown_anew(report, options);
    if let Part::Rest(pack) = options.part {
        shown.retain(|finding| finding.rule.pack() == pack);
    }
    match options.verbosity {
        Verbosity::Quiet if options.part == Part::Findings => {
            for finding in &shown {
                put_one_line(&mut canvas, finding);
            }
        }
        Verbosity::Quiet => put_quiet(&mut canvas, report, &shown),
        _ if options.part == Part::Findings => put_findings(&mut canvas, &shown),
        Verbosity::Normal if shown.is_empty() && is_clean(report) => {
            put_clean_line(&mut canvas, report);
        }
        Verbosity::Normal | Verbosity::Verbose => {
            put_findings(&mut canvas, &shown);
            put_summary(&mut canvas, report);
        }
    }
    out.write_all(canvas.out.as_bytes())
}

/// Writes the first findings in full and lists the others.
fn put_findings(canvas: &mut Canvas<'_>, shown: &[&Finding]) {
    let (full, listed) = shown.split_at(shown.len().min(canvas.options.findings_max));
    for finding in full {
        put_finding(canvas, finding);
    }
    put_list(canvas, listed);
}

/// Writes one line a finding, and the verdict unless everything is well.
fn put_quiet(canvas: &mut Canvas<'_>, report: &Report, shown: &[&Finding]) {
    for finding in shown {
        put_one_line(canvas, finding);
    }
    for problem in &report.problems {
        let path = problem.path.as_ref().map(|path| format!(" in {path}"));
        let path = path.unwrap_or_default();
        let text = format!("{}{path}: {}", problem.what, problem.message);
        let text = format!("problem: {}", canvas.clean(&text));
        canvas.put(Role::Warn, &text);
        canvas.end_line();
    }
    if !report.ledger.is_complete() {
        let digest = super::digest::CoverageDigest::new(&report.ledger);
        let skips = digest.skip_texts().join("; ");
        let text = format!(
            "incomplete: {}; {}",
            digest.headline(),
            canvas.clean(&skips)
        );
        canvas.put(Role::Warn, &text);
        canvas.end_line();
    }
    for condition in report.gate.conditions.iter().filter(|c| !c.passed) {
        let text = format!("{}: {}", condition.demand, condition.actual);
        let text = format!("gate failed: {}", canvas.clean(&text));
        canvas.put(Role::Bad, &text);
        canvas.end_line();
    }
}

/// Writes `path:line:column: severity: message [rule]`.
fn put_one_line(canvas: &mut Canvas<'_>, finding: &Finding) {
    let start = finding.location.start;
    let place = format!(":{}:{}", start.line, start.column);
    canvas.put_place(&finding.location.path, &place);
    canvas.out.push_str(": ");
    canvas.put(Role::Severity(finding.severity), finding.severity.as_str());
    let existing = match finding.state {
        State::Introduced => "",
        State::Existing => " (existing)",
    };
    let text = format!("{existing}: {} ", canvas.clean(&finding.message));
    canvas.put(Role::Plain, &text);
    let rule = format!("[{}]", canvas.clean(finding.rule.as_str()));
    canvas.put(Role::Faint, &rule);
    canvas.end_line();
}

/// Writes the findings that are not shown in full.
fn put_list(canvas: &mut Canvas<'_>, listed: &[&Finding]) {
    if listed.is_empty() {
        return;
    }
    let text = format!(
        "{} more, one line each (--max-findings {} shows them in full):",
        count(listed.len(), "finding"),
        listed.len() + canvas.options.findings_max
    );
    canvas.put(Role::Strong, &text);
    canvas.end_line();
    for finding in listed {
        put_one_line(canvas, finding);
    }
    canvas.end_line();
}

fn put_finding(canvas: &mut Canvas<'_>, finding: &Finding) {
    let severity = Role::Severity(finding.severity);
    let label = format!(
        "{} {} ",
        canvas.glyphs.dot,
        severity_label(finding.severity)
    );
    canvas.put(severity, &label);
    let message = canvas.clean(&finding.message).into_owned();
    canvas.put_wrapped(&[(Role::Strong, message)], width(&label), width(&label));
    put_place_line(canvas, finding);
    if !finding.frame.lines.is_empty() || !finding.related.is_empty() {
        canvas.end_line();
        put_frames(canvas, finding);
    }
    let tools = tools_text(finding);
    if finding.measure.is_some() || finding.fix.is_some() || tools.is_some() {
        canvas.end_line();
    }
    if let Some(measure) = &finding.measure {
        let text = canvas.clean(&measure_text(measure)).into_owned();
        put_detail(canvas, "measure", text);
    }
    if let Some(tools) = tools {
        let text = canvas.clean(&tools).into_owned();
        put_detail(canvas, "also", text);
    }
    if let Some(fix) = &finding.fix {
        let safety = match fix.safety {
            FixSafety::Safe => "",
            FixSafety::Unsafe => " (may change behaviour: look first)",
        };
        let text = format!("{}{safety}", canvas.clean(&fix.title));
        put_detail(canvas, "fix", text);
        let fixed = fixed_lines(finding);
        let is_short =
            |fixed: &FixedLines| fixed.before.len() + fixed.after.len() <= FIXED_LINES_MAX;
        if let Some(fixed) = fixed.filter(is_short) {
            put_fixed_lines(canvas, &fixed);
        }
    }
    canvas.end_line();
}

fn put_detail(canvas: &mut Canvas<'_>, label: &str, text: String) {
    let label = format!("  {label:<7}  ");
    canvas.put(Role::Faint, &label);
    canvas.put_wrapped(&[(Role::Plain, text)], label.len(), label.len());
}

/// Writes where the finding is and by which rule.
fn put_place_line(canvas: &mut Canvas<'_>, finding: &Finding) {
    let (start, end) = (finding.location.start, finding.location.end);
    let place = format!(":{}:{}", start.line, start.column);
    canvas.out.push_str("  ");
    canvas.put_place(&finding.location.path, &place);
    let path = canvas
        .clean(&finding.location.path.to_display())
        .into_owned();
    let at = 2 + width(&path) + place.len();
    let mut parts = vec![canvas.clean(finding.rule.as_str()).into_owned()];
    if end.line > start.line.saturating_add(1) {
        parts.push(format!(
            "lines {}{}{}",
            start.line, canvas.glyphs.dash, end.line
        ));
    }
    if let Some(symbol) = &finding.symbol {
        parts.push(format!("in {}", canvas.clean(symbol)));
    }
    if finding.confidence != Confidence::High {
        parts.push(format!("{} confidence", finding.confidence));
    }
    if finding.state == State::Existing {
        parts.push("existing".to_owned());
    }
    let separator = canvas.glyphs.separator;
    let pieces: Vec<Piece> = parts
        .into_iter()
        .map(|part| (Role::Faint, format!("{separator}{part}")))
        .collect();
    canvas.put_wrapped(&pieces, at, 4);
}
