//! The report as one HTML file that needs nothing else: styles and charts are
//! inside, there is no script, and the page forbids itself to load anything.
//!
//! The markup is also well-formed XML, which the tests use to show that no text
//! of a report can break out of its element.

mod chart;
mod finding;
mod prose;
mod table;

use std::fmt::Write as _;
use std::io;

use self::prose::inline;
use super::RenderOptions;
use super::digest::{
    CoverageDigest, about_texts, also_text, failures, package_lines, severity_counts, shown_anew,
    since_text,
};
use super::text::{count, is_hidden, number, one_line};
use crate::report::Report;

/// The most findings that are shown in full.
const FULL_MAX: usize = 500;
/// The most findings that are listed after them.
const LISTED_MAX: usize = 5_000;
/// The most items of the other lists.
const ITEMS_MAX: usize = 200;

const STYLE: &str = include_str!("html/style.css");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub(super) fn write(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = String::new();
    push_top(&mut page, report);
    page.push_str("<main class=\"wrap\" id=\"main\">\n");
    push_cards(&mut page, report);
    push_notices(&mut page, report);
    push_findings(&mut page, report, options);
    table::push_metrics(&mut page, report);
    table::push_ledger(&mut page, report);
    table::push_suppressed(&mut page, report);
    let version = Escaped(&report.version);
    let _ = write!(
        page,
        "</main>\n<footer class=\"wrap\">Assay {version}</footer>\n</body>\n</html>\n"
    );
    out.write_all(page.as_bytes())
}

/// Text in an element or an attribute; hidden characters are shown.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\n' | '\t' => std::fmt::Write::write_char(f, c),
            c if is_hidden(c) => write!(f, "&lt;U+{:04X}&gt;", u32::from(c)),
            c => write_escaped(f, c),
        })
    }
}

/// Code in an element: hidden characters stand out, tabs are kept.
struct Code<'a>(&'a str);

impl std::fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\t' => std::fmt::Write::write_char(f, c),
            c if is_hidden(c) => write!(f, "<span class=\"odd\">U+{:04X}</span>", u32::from(c)),
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
        '\'' => f.write_str("&#39;"),
        c => std::fmt::Write::write_char(f, c),
    }
}

fn push_top(page: &mut String, report: &Report) {
    let overview = &report.overview;
    let title = format!("Assay: {}", overview.short_names().1);
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n\
         <header class=\"top\"><div class=\"wrap\">\n<div class=\"brand\">ASSAY</div>\n",
        Escaped(&one_line(&title)),
    );
    let (chip, verdict) = match (report.gate.conditions.is_empty(), report.gate.passed()) {
        (true, _) => ("", ""),
        (_, true) => ("good", "Gate passed"),
        (_, false) => ("bad", "Gate failed"),
    };
    let counts: Vec<_> = severity_counts(report)
        .into_iter()
        .map(|(severity, n)| format!("{n} {severity}"))
        .collect();
    let heading = if counts.is_empty() {
        "No findings".to_owned()
    } else {
        counts.join(", ")
    };
    let _ = write!(page, "<h1>{heading}");
    if !chip.is_empty() {
        let _ = write!(page, "<span class=\"chip {chip}\">{verdict}</span>");
    }
    if !failures(report).is_empty() {
        page.push_str("<span class=\"chip warn\">Incomplete</span>");
    }
    page.push_str("</h1>\n<div class=\"facts\">");
    if overview.is_scan {
        let _ = write!(
            page,
            "<span><code>{}</code></span>",
            Escaped(&overview.head)
        );
    } else {
        let (base, head) = overview.short_names();
        let (base, head) = (Escaped(base), Escaped(head));
        let _ = write!(
            page,
            "<span><code>{base}</code> → <code>{head}</code></span>"
        );
    }
    let _ = write!(
        page,
        "<span>{}</span><span><span class=\"plus\">+{}</span> <span class=\"minus\">−{}</span> lines</span>",
        count(overview.files, "file"),
        overview.lines_added,
        overview.lines_removed,
    );
    if let Some(also) = also_text(report) {
        let _ = write!(page, "<span>not counted: {also}</span>");
    }
    if let Some((parts, numbers)) = about_texts(report) {
        let (parts, numbers) = (Escaped(&parts), Escaped(&numbers));
        let _ = write!(page, "<span>{parts}</span><span>{numbers}</span>");
    }
    if let Some(since) = since_text(report) {
        let since = Escaped(&since);
        let _ = write!(page, "<span>since the last review: {since}</span>");
    }
    page.push_str("</div>\n</div></header>\n");
}

fn push_cards(page: &mut String, report: &Report) {
    let _ = write!(
        page,
        "<div class=\"cards\">\n<section class=\"card score\" aria-label=\"Score\"><h3>Quality score</h3>\n{}",
        chart::gauge(&report.score)
    );
    page.push_str("<ul class=\"plain parts\">\n");
    for part in report.score.parts.iter().take(ITEMS_MAX) {
        let (name, points) = (Escaped(&part.name), number(part.points));
        let _ = writeln!(page, "<li><span>{name}</span><span>−{points}</span></li>");
    }
    page.push_str("</ul></section>\n");
    let _ = write!(
        page,
        "<section class=\"card\" aria-label=\"Findings by severity, and coverage\">\
         <h3>Findings by severity</h3>\n{}",
        chart::severities(report)
    );
    push_coverage(page, report);
    page.push_str("</section>\n<section class=\"card\" aria-label=\"Gate and first steps\">");
    push_gate(page, report);
    push_next(page, report);
    page.push_str("</section>\n</div>\n");
}

fn push_coverage(page: &mut String, report: &Report) {
    let digest = CoverageDigest::new(&report.ledger);
    let _ = write!(
        page,
        "<h3 class=\"apart\">Coverage</h3>\n{}<p class=\"small\">{}</p>\n\
         <ul class=\"plain small soft\">\n",
        chart::coverage(&digest),
        Escaped(&digest.headline()),
    );
    for skip in digest.skip_texts().iter().take(ITEMS_MAX) {
        let _ = writeln!(page, "<li>{}</li>", Escaped(skip));
    }
    page.push_str("</ul>\n");
}

fn push_gate(page: &mut String, report: &Report) {
    page.push_str("<h3>Gate</h3>\n");
    if report.gate.conditions.is_empty() {
        page.push_str("<p class=\"soft\">No condition is set.</p>\n");
        return;
    }
    page.push_str("<ul class=\"plain\">\n");
    for condition in report.gate.conditions.iter().take(ITEMS_MAX) {
        let (class, word) = if condition.passed {
            ("ok", "holds")
        } else {
            ("no", "fails")
        };
        let (demand, actual) = (inline(&condition.demand), Escaped(&condition.actual));
        let _ = writeln!(
            page,
            "<li class=\"{class}\">{demand} <span class=\"soft\">({word}: {actual})</span></li>"
        );
    }
    page.push_str("</ul>\n");
}

fn push_next(page: &mut String, report: &Report) {
    if report.recommendations.is_empty() {
        return;
    }
    page.push_str("<h3 class=\"apart\">Do first</h3>\n<ol class=\"next\">\n");
    for item in report.recommendations.iter().take(ITEMS_MAX) {
        let _ = writeln!(page, "<li>{}</li>", inline(&one_line(item)));
    }
    push_rest(page, report.recommendations.len());
    page.push_str("</ol>\n");
}

fn push_notices(page: &mut String, report: &Report) {
    let gaps = failures(report);
    if !gaps.is_empty() {
        page.push_str(
            "<section class=\"notice\" aria-labelledby=\"gaps\"><h2 id=\"gaps\">This review is incomplete</h2>\n<ul>\n",
        );
        for (path, what) in gaps.iter().take(ITEMS_MAX) {
            let what = inline(&one_line(what));
            let _ = match path {
                Some(path) => {
                    writeln!(
                        page,
                        "<li><code>{}</code> {what}</li>",
                        Escaped(&path.to_display())
                    )
                }
                None => writeln!(page, "<li>{what}</li>"),
            };
        }
        push_rest(page, gaps.len());
        page.push_str("</ul></section>\n");
    }
    let packages = package_lines(report, "→");
    if !packages.is_empty() {
        page.push_str("<ul class=\"plain notes\">\n");
        for line in &packages {
            let _ = writeln!(
                page,
                "<li><strong>Packages</strong> {}</li>",
                inline(&one_line(line))
            );
        }
        page.push_str("</ul>\n");
    }
    let notes = &report.overview.notes;
    if !notes.is_empty() {
        page.push_str("<ul class=\"plain notes\">\n");
        for note in notes.iter().take(ITEMS_MAX) {
            let _ = writeln!(
                page,
                "<li><strong>Note</strong> {}</li>",
                inline(&one_line(note))
            );
        }
        push_rest(page, notes.len());
        page.push_str("</ul>\n");
    }
}

fn push_rest(page: &mut String, total: usize) {
    if total > ITEMS_MAX {
        let rest = total - ITEMS_MAX;
        let _ = writeln!(page, "<li>{rest} more are in the JSON report</li>");
    }
}

fn push_findings(page: &mut String, report: &Report, options: &RenderOptions) {
    let findings = shown_anew(report, options);
    page.push_str("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n");
    if findings.is_empty() {
        page.push_str("<p class=\"none\">Nothing to report in this change.</p>\n</section>\n");
        return;
    }
    let counts: Vec<_> = super::digest::WORST_FIRST
        .into_iter()
        .map(|severity| {
            let n = findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count();
            (severity, n)
        })
        .filter(|(_, n)| *n > 0)
        .collect();
    for (severity, n) in &counts {
        let _ = writeln!(
            page,
            "<input class=\"filter\" type=\"checkbox\" id=\"show-{severity}\" checked=\"checked\" \
             aria-label=\"Show {n} {severity}\"/>"
        );
    }
    page.push_str("<div class=\"pills\">");
    for (severity, n) in &counts {
        let _ = write!(
            page,
            "<label class=\"sev-{severity}\" for=\"show-{severity}\">{n} {severity}</label>"
        );
    }
    page.push_str("</div>\n<div class=\"list\">\n");
    let (full, rest) = findings.split_at(findings.len().min(FULL_MAX));
    for finding in full {
        finding::push(page, report, finding);
    }
    if !rest.is_empty() {
        page.push_str("<ul class=\"plain rest\">\n");
        for finding in rest.iter().take(LISTED_MAX) {
            finding::push_item(page, finding);
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</div>\n");
    if rest.len() > LISTED_MAX {
        let left = count(rest.len() - LISTED_MAX, "further finding");
        let _ = writeln!(page, "<p class=\"soft\">{left} are in the JSON report.</p>");
    }
    page.push_str("</section>\n");
}
