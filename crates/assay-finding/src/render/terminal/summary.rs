//! The summary after the findings: one screen that says where the change
//! stands and what was not looked at.

use crate::finding::{Finding, Severity};
use crate::ledger::Coverage;
use crate::render::Verbosity;
use crate::render::digest::{
    CoverageDigest, about_texts, also_text, analyzers, coverage_detail, delta_text, existing,
    grade, is_clean, package_lines, severity_counts, since_text,
};
use crate::render::text::{count, number};
use crate::report::Report;

use super::style::{Canvas, Piece, Role, width};

/// The column at which the summary's texts start.
const LABEL: usize = 11;
/// The most places that a summary line names.
const NAMED_MAX: usize = 4;
/// The most recommendations.
const RECOMMENDATIONS_MAX: usize = 5;
/// The most problems that are written out, unless verbose.
const PROBLEMS_MAX: usize = 6;

/// Writes the one line for a change that nothing is wrong with.
pub(super) fn put_clean_line(canvas: &mut Canvas<'_>, report: &Report) {
    let mut pieces = vec![(Role::Good, format!("{} ", canvas.glyphs.good))];
    let overview = &report.overview;
    let coverage = CoverageDigest::new(&report.ledger);
    if coverage.files == 0 && !overview.is_scan {
        let (base, head) = overview.short_names();
        let (base, head) = (canvas.clean(base), canvas.clean(head));
        let text = format!("Nothing to review: {base} and {head} do not differ");
        pieces.push((Role::Strong, text));
    } else {
        pieces.push((Role::Strong, "No findings".to_owned()));
        let mut parts = vec![coverage.headline()];
        parts.extend(coverage.skip_texts());
        parts.push(format!(
            "score {} {}",
            number(report.score.value),
            grade(&report.score)
        ));
        parts.extend(also_text(report));
        parts.extend(since_text(report));
        for part in parts {
            let text = format!("{}{}", canvas.glyphs.separator, canvas.clean(&part));
            pieces.push((Role::Faint, text));
        }
    }
    canvas.put_wrapped(&pieces, 0, 2);
    for line in package_lines(report, canvas.glyphs.arrow) {
        let text = format!("packages {}", canvas.clean(&line));
        canvas.put_wrapped(&[(Role::Plain, text)], 2, 4);
    }
    put_notes(canvas, report);
}

/// Writes the summary.
pub(super) fn put_summary(canvas: &mut Canvas<'_>, report: &Report) {
    let rule = canvas.glyphs.rule.repeat(canvas.width);
    canvas.put(Role::Faint, &rule);
    canvas.end_line();
    put_headline(canvas, report);
    if let Some((parts, numbers)) = about_texts(report) {
        let text = format!("{parts}{}{numbers}", canvas.glyphs.separator);
        put_row(canvas, "About", vec![(Role::Plain, text)]);
    }
    if let Some(text) = since_text(report) {
        put_row(canvas, "Since last", vec![(Role::Plain, text)]);
    }
    put_score(canvas, report);
    put_gate(canvas, report);
    put_coverage(canvas, report);
    if let Some(text) = also_text(report) {
        let hint = if existing(report).next().is_some() && !canvas.options.show_existing {
            "; --all shows the existing ones"
        } else {
            ""
        };
        put_row(canvas, "Also", vec![(Role::Faint, format!("{text}{hint}"))]);
    }
    put_metrics(canvas, report);
    for (index, line) in package_lines(report, canvas.glyphs.arrow)
        .iter()
        .enumerate()
    {
        let label = if index == 0 { "Packages" } else { "" };
        let text = canvas.clean(line).into_owned();
        put_row(canvas, label, vec![(Role::Plain, text)]);
    }
    for (index, text) in report
        .recommendations
        .iter()
        .take(RECOMMENDATIONS_MAX)
        .enumerate()
    {
        let label = if index == 0 { "Next" } else { "" };
        let text = canvas.clean(text).into_owned();
        put_row(canvas, label, vec![(Role::Plain, text)]);
    }
    put_problems(canvas, report);
    put_notes(canvas, report);
    if canvas.options.verbosity == Verbosity::Verbose {
        put_suppressed(canvas, report);
        put_ledger(canvas, report);
    }
}

fn put_row(canvas: &mut Canvas<'_>, label: &str, pieces: Vec<Piece>) {
    canvas.put(Role::Strong, &format!("{label:<LABEL$}"));
    canvas.put_wrapped(&pieces, LABEL, LABEL);
}

/// Writes a row whose text hangs after a mark.
fn put_marked_row(canvas: &mut Canvas<'_>, label: &str, mark: &str, role: Role, text: String) {
    canvas.put(Role::Strong, &format!("{label:<LABEL$}"));
    let mark = format!("{mark} ");
    canvas.put(role, &mark);
    let indent = LABEL + width(&mark);
    canvas.put_wrapped(&[(Role::Plain, text)], indent, indent);
}

fn put_headline(canvas: &mut Canvas<'_>, report: &Report) {
    let mut pieces: Vec<Piece> = Vec::new();
    for (severity, n) in severity_counts(report) {
        if !pieces.is_empty() {
            pieces.push((Role::Faint, canvas.glyphs.separator.to_owned()));
        }
        pieces.push((Role::Severity(severity), format!("{n} {severity}")));
    }
    if pieces.is_empty() {
        pieces.push((Role::Good, "no findings".to_owned()));
    }
    let overview = &report.overview;
    let (base, head) = overview.short_names();
    let (base, head) = (canvas.clean(base), canvas.clean(head));
    let what = if overview.is_scan {
        format!("{head}, {}", count(overview.files, "file"))
    } else {
        format!(
            "{base} {arrow} {head}, {}, +{} {minus}{}",
            count(overview.files, "file"),
            overview.lines_added,
            overview.lines_removed,
            arrow = canvas.glyphs.arrow,
            minus = canvas.glyphs.minus,
        )
    };
    put_row(canvas, "Findings", pieces);
    put_row(canvas, "Change", vec![(Role::Faint, what)]);
}

fn put_score(canvas: &mut Canvas<'_>, report: &Report) {
    let score = &report.score;
    let role = match grade(score) {
        'A' | 'B' => Role::Good,
        'C' | 'D' => Role::Warn,
        _ => Role::Bad,
    };
    let mut pieces = vec![(role, format!("{} {}", number(score.value), grade(score)))];
    for (index, part) in score.parts.iter().enumerate() {
        let before = if index == 0 { "   " } else { ", " };
        let text = format!(
            "{before}{} {}{}",
            canvas.clean(&part.name),
            canvas.glyphs.minus,
            number(part.points)
        );
        pieces.push((Role::Faint, text));
    }
    put_row(canvas, "Score", pieces);
}

fn put_gate(canvas: &mut Canvas<'_>, report: &Report) {
    if report.gate.conditions.is_empty() {
        return;
    }
    if report.gate.passed() {
        let n = count(report.gate.conditions.len(), "condition");
        put_row(
            canvas,
            "Gate",
            vec![
                (Role::Good, "passed".to_owned()),
                (Role::Faint, format!("   {n}")),
            ],
        );
        return;
    }
    put_row(canvas, "Gate", vec![(Role::Bad, "failed".to_owned())]);
    for condition in report.gate.conditions.iter().filter(|c| !c.passed) {
        let text = format!("{}: {}", condition.demand, condition.actual);
        let text = canvas.clean(&text).into_owned();
        put_marked_row(canvas, "", canvas.glyphs.bad, Role::Bad, text);
    }
}

fn put_coverage(canvas: &mut Canvas<'_>, report: &Report) {
    let digest = CoverageDigest::new(&report.ledger);
    let role = if digest.is_complete {
        Role::Plain
    } else {
        Role::Warn
    };
    put_row(canvas, "Coverage", vec![(role, digest.headline())]);
    for (group, text) in digest.skips.iter().zip(digest.skip_texts()) {
        let text = canvas.clean(&text).into_owned();
        if group.is_failure {
            put_marked_row(canvas, "", canvas.glyphs.warn, Role::Warn, text);
        } else {
            put_row(canvas, "", vec![(Role::Faint, text)]);
        }
    }
    let partial: Vec<_> = report
        .ledger
        .files
        .iter()
        .filter(|file| matches!(file.coverage, Coverage::Partial(..)))
        .collect();
    for file in partial.iter().take(NAMED_MAX) {
        let why = coverage_detail(&file.coverage).unwrap_or_default();
        let text = format!("{} in part: {why}", file.path);
        let text = canvas.clean(&text).into_owned();
        put_row(canvas, "", vec![(Role::Faint, text)]);
    }
    if partial.len() > NAMED_MAX {
        let rest = count(partial.len() - NAMED_MAX, "further file");
        put_row(canvas, "", vec![(Role::Faint, format!("{rest} in part"))]);
    }
}

fn put_metrics(canvas: &mut Canvas<'_>, report: &Report) {
    let changed: Vec<_> = report
        .metrics
        .change
        .iter()
        .filter_map(|delta| delta_text(delta, canvas.glyphs.arrow))
        .collect();
    if changed.is_empty() || canvas.options.verbosity != Verbosity::Verbose {
        return;
    }
    let text = changed.join(canvas.glyphs.separator);
    put_row(canvas, "Metrics", vec![(Role::Plain, text)]);
    for file in &report.metrics.files {
        for function in &file.functions {
            let deltas: Vec<_> = function
                .metrics
                .iter()
                .filter_map(|delta| delta_text(&delta, canvas.glyphs.arrow))
                .collect();
            if deltas.is_empty() {
                continue;
            }
            let name = format!("{}:{} {}", file.path, function.line, function.name);
            let name = canvas.clean(&name).into_owned();
            let text = format!("  {}", deltas.join(canvas.glyphs.separator));
            put_row(canvas, "", vec![(Role::Path, name), (Role::Faint, text)]);
        }
    }
}

fn put_problems(canvas: &mut Canvas<'_>, report: &Report) {
    let problems_max = match canvas.options.verbosity {
        Verbosity::Verbose => usize::MAX,
        Verbosity::Normal | Verbosity::Quiet => PROBLEMS_MAX,
    };
    for (index, problem) in report.problems.iter().take(problems_max).enumerate() {
        let label = if index == 0 { "Problems" } else { "" };
        let path = problem.path.as_ref().map(|path| format!(" in {path}"));
        let text = format!(
            "{}{}: {}",
            problem.what,
            path.unwrap_or_default(),
            problem.message
        );
        let text = canvas.clean(&text).into_owned();
        put_marked_row(canvas, label, canvas.glyphs.warn, Role::Warn, text);
    }
    if report.problems.len() > problems_max {
        let rest = count(report.problems.len() - problems_max, "further problem");
        put_row(
            canvas,
            "",
            vec![(Role::Warn, format!("{rest}: --verbose shows all"))],
        );
    }
}

/// Writes the notes on how the change was found.
pub(super) fn put_notes(canvas: &mut Canvas<'_>, report: &Report) {
    let clean = is_clean(report);
    for note in &report.overview.notes {
        let text = canvas.clean(note).into_owned();
        if clean {
            canvas.put_wrapped(&[(Role::Warn, format!("note: {text}"))], 0, 2);
        } else {
            put_row(canvas, "Note", vec![(Role::Warn, text)]);
        }
    }
}

fn put_suppressed(canvas: &mut Canvas<'_>, report: &Report) {
    let silenced = report.findings.iter().filter_map(|finding: &Finding| {
        finding
            .suppressed
            .as_ref()
            .map(|suppressed| (finding, suppressed))
    });
    for (index, (finding, suppressed)) in silenced.enumerate() {
        let until = suppressed.until.map(|date| format!(" until {date}"));
        let text = format!(
            "  {} by {}{}: {}",
            finding.rule,
            suppressed.by.as_str(),
            until.unwrap_or_default(),
            suppressed.reason.as_deref().unwrap_or("no reason given")
        );
        let text = canvas.clean(&text).into_owned();
        let place = format!("{}:{}", finding.location.path, finding.location.start.line);
        let place = canvas.clean(&place).into_owned();
        let label = if index == 0 { "Suppressed" } else { "" };
        put_row(
            canvas,
            label,
            vec![(Role::Path, place), (Role::Faint, text)],
        );
    }
}

fn put_ledger(canvas: &mut Canvas<'_>, report: &Report) {
    for (index, file) in report.ledger.files.iter().enumerate() {
        let label = if index == 0 { "Ledger" } else { "" };
        let mut text = format!("  {}", count(file.hunks.len(), "hunk"));
        if let Some(language) = file.language {
            text.push_str(&format!(", {language}"));
        }
        text.push_str(&format!(", {}", file.coverage.as_str()));
        let by = analyzers(&file.coverage);
        if !by.is_empty() {
            text.push_str(&format!(" by {}", by.join(", ")));
        }
        if let Some(detail) = coverage_detail(&file.coverage) {
            text.push_str(&format!(": {detail}"));
        }
        for note in &file.notes {
            text.push_str(&format!("; {note}"));
        }
        let path = canvas.clean(&file.path.to_display()).into_owned();
        let text = canvas.clean(&text).into_owned();
        put_row(canvas, label, vec![(Role::Path, path), (Role::Faint, text)]);
    }
}

/// Returns the word for a finding's severity, padded so that messages align.
pub(super) fn severity_label(severity: Severity) -> String {
    format!("{severity:<8}")
}
