//! The tables of the page: metrics, the ledger, what is silenced.

use std::fmt::Write as _;

use super::{Escaped, chart};
use crate::finding::Finding;
use crate::ledger::{Coverage, FileEntry};
use crate::render::digest::{analyzers, coverage_detail, status_str};
use crate::render::text::{count, number};
use crate::report::{FileMetrics, MetricDelta, Report};

/// The most functions that the table of metrics lists.
const FUNCTIONS_MAX: usize = 200;
/// The most rows of every other table.
const ROWS_MAX: usize = 2_000;

/// Appends the metrics of the change and of the functions that it touches.
pub(super) fn push_metrics(out: &mut String, report: &Report) {
    let metrics = &report.metrics;
    if metrics.change.is_empty() && metrics.files.is_empty() {
        return;
    }
    out.push_str("<section aria-labelledby=\"metrics\">\n<h2 id=\"metrics\">Metrics</h2>\n");
    if !metrics.change.is_empty() {
        let head = ["Metric", "", "Base", "Head", "Delta"];
        push_head(out, "All files of the change together", &head, 2);
        for delta in &metrics.change {
            push_metric(out, None, delta);
        }
        out.push_str("</tbody></table></div>\n");
    }
    let changed: Vec<_> = metrics.files.iter().flat_map(changed_functions).collect();
    if !changed.is_empty() {
        let shown = changed.len().min(FUNCTIONS_MAX);
        let _ = writeln!(
            out,
            "<details class=\"fold\"{}><summary>{} of functions changed</summary>",
            if changed.len() <= 20 {
                " open=\"open\""
            } else {
                ""
            },
            count(changed.len(), "metric"),
        );
        let head = ["Function", "Metric", "", "Base", "Head", "Delta"];
        push_head(out, "Functions that the change touches", &head, 3);
        for (name, delta) in &changed[..shown] {
            push_metric(out, Some(name), delta);
        }
        out.push_str("</tbody></table></div>\n");
        if changed.len() > shown {
            let rest = changed.len() - shown;
            let _ = writeln!(
                out,
                "<p class=\"soft\">{rest} more are in the JSON report.</p>"
            );
        }
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

fn changed_functions(file: &FileMetrics) -> Vec<(String, MetricDelta)> {
    let mut changed = Vec::new();
    for function in &file.functions {
        for delta in function.metrics.iter() {
            let show = |value: Option<f64>| value.map(number);
            if show(delta.base) != show(delta.head) {
                let name = format!("{} ({}:{})", function.name, file.path, function.line);
                changed.push((name, delta));
            }
        }
    }
    changed
}

fn push_head(out: &mut String, caption: &str, titles: &[&str], first_number: usize) {
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><table><caption>{caption}</caption><thead><tr>"
    );
    for (index, title) in titles.iter().enumerate() {
        let class = if index >= first_number {
            " class=\"num\""
        } else {
            ""
        };
        if title.is_empty() {
            out.push_str("<td></td>");
        } else {
            let _ = write!(out, "<th scope=\"col\"{class}>{title}</th>");
        }
    }
    out.push_str("</tr></thead><tbody>\n");
}

fn push_metric(out: &mut String, name: Option<&str>, delta: &MetricDelta) {
    let show = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    let difference = match (delta.base, delta.head) {
        (Some(base), Some(head)) => head - base,
        _ => 0.0,
    };
    let (class, fill) = match (lower_is_better(delta.metric), number(difference).as_str()) {
        (_, "0" | "?") | (None, _) => ("soft", "fill-accent"),
        (Some(lower), _) if (difference < 0.0) == lower => ("better", "fill-good"),
        (Some(_), _) => ("worse", "fill-bad"),
    };
    let sign = match number(difference).as_str() {
        "0" => "=".to_owned(),
        text => text
            .strip_prefix('-')
            .map_or_else(|| format!("+{text}"), |text| format!("−{text}")),
    };
    let sign = match (delta.base, delta.head) {
        (None, _) => "new".to_owned(),
        (_, None) => "gone".to_owned(),
        _ => sign,
    };
    let metric = Escaped(delta.metric);
    let _ = match name {
        Some(name) => write!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{metric}</td>",
            Escaped(name)
        ),
        None => write!(out, "<tr><th scope=\"row\">{metric}</th>"),
    };
    let _ = writeln!(
        out,
        "<td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td>\
         <td class=\"num {class}\">{sign}</td></tr>",
        chart::delta(delta.base, delta.head, fill),
        show(delta.base),
        show(delta.head),
    );
}

/// Returns whether less of a metric is better; nothing for those, such as the
/// number of lines, that are neither.
fn lower_is_better(metric: &str) -> Option<bool> {
    if metric.starts_with("maintainability") {
        return Some(false);
    }
    let names = [
        "cyclomatic",
        "cognitive",
        "nesting",
        "parameters",
        "exits",
        "halstead",
    ];
    names
        .iter()
        .any(|name| metric.starts_with(name))
        .then_some(true)
}

/// Appends what happened to each file of the change.
pub(super) fn push_ledger(out: &mut String, report: &Report) {
    let files = &report.ledger.files;
    out.push_str("<section aria-labelledby=\"ledger\">\n<h2 id=\"ledger\">Coverage ledger</h2>\n");
    let open = if files.len() <= 30 {
        " open=\"open\""
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<details{open}><summary class=\"soft\">{}, {}</summary>",
        count(files.len(), "file"),
        count(report.ledger.hunk_count(), "hunk"),
    );
    let head = ["File", "Change", "Language", "Hunks", "Coverage"];
    push_head(
        out,
        "What happened to every file and hunk of the change",
        &head,
        usize::MAX,
    );
    for file in files.iter().take(ROWS_MAX) {
        push_file(out, file);
    }
    out.push_str("</tbody></table></div></details>\n");
    if files.len() > ROWS_MAX {
        let rest = count(files.len() - ROWS_MAX, "further file");
        let _ = writeln!(out, "<p class=\"soft\">{rest} are in the JSON report.</p>");
    }
    out.push_str("</section>\n");
}

fn push_file(out: &mut String, file: &FileEntry) {
    let mut path = Escaped(&file.path.to_display()).to_string();
    if let Some(base) = &file.base_path {
        let _ = write!(
            path,
            "<br/><span class=\"soft\">was {}</span>",
            Escaped(&base.to_display())
        );
    }
    let state = match &file.coverage {
        Coverage::Skipped(reason) if reason.is_failure() => "failed",
        coverage => coverage.as_str(),
    };
    let mut how = format!(
        "<span class=\"state-{state}\">{}</span>",
        file.coverage.as_str()
    );
    let by = analyzers(&file.coverage);
    if !by.is_empty() {
        let _ = write!(how, " by {}", Escaped(&by.join(", ")));
    }
    if let Some(detail) = coverage_detail(&file.coverage) {
        let _ = write!(how, ": {}", Escaped(&detail));
    }
    for hunk in file
        .hunks
        .iter()
        .filter(|hunk| hunk.coverage != file.coverage)
    {
        let _ = write!(
            how,
            "<br/>lines {}+{}: {}",
            hunk.head.start,
            hunk.head.count,
            hunk.coverage.as_str()
        );
        if let Some(detail) = coverage_detail(&hunk.coverage) {
            let _ = write!(how, ", {}", Escaped(&detail));
        }
    }
    for note in &file.notes {
        let _ = write!(how, "<br/><span class=\"soft\">{}</span>", Escaped(note));
    }
    let _ = writeln!(
        out,
        "<tr><th scope=\"row\" class=\"mono\">{path}</th><td>{}</td><td>{}</td><td>{}</td>\
         <td>{how}</td></tr>",
        status_str(file.status),
        Escaped(file.language.unwrap_or("–")),
        file.hunks.len(),
    );
}

/// Appends what is silenced, by what and why.
pub(super) fn push_suppressed(out: &mut String, report: &Report) {
    let is_silenced = |finding: &&Finding| finding.suppressed.is_some();
    let silenced: Vec<_> = report.findings.iter().filter(is_silenced).collect();
    if silenced.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"silenced\">\n<h2 id=\"silenced\">Suppressed</h2>\n\
         <details><summary class=\"soft\">{}</summary>",
        count(silenced.len(), "finding")
    );
    let head = ["Finding", "Place", "By", "Reason"];
    push_head(out, "Findings that do not count", &head, usize::MAX);
    for finding in silenced.iter().take(ROWS_MAX) {
        let Some(suppressed) = &finding.suppressed else {
            continue;
        };
        let until = suppressed.until.map(|date| format!(" (until {date})"));
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}<br/><span class=\"soft\">{}</span></th>\
             <td class=\"mono\">{}:{}</td><td>{}</td><td>{}{}</td></tr>",
            Escaped(&finding.message),
            Escaped(finding.rule.as_str()),
            Escaped(&finding.location.path.to_display()),
            finding.location.start.line,
            suppressed.by,
            Escaped(suppressed.reason.as_deref().unwrap_or("–")),
            until.unwrap_or_default(),
        );
    }
    out.push_str("</tbody></table></div></details>\n");
    if silenced.len() > ROWS_MAX {
        let rest = count(silenced.len() - ROWS_MAX, "further one");
        let _ = writeln!(out, "<p class=\"soft\">{rest} are in the JSON report.</p>");
    }
    out.push_str("</section>\n");
}
