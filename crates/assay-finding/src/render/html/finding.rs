//! One finding on the page: what, where, the code, the evidence, the fix.

use std::fmt::Write as _;

use super::prose::{inline, prose};
use super::{Code, Escaped, chart};
use crate::finding::{Confidence, Finding, FrameLine, State};
use crate::fix::FixSafety;
use crate::render::digest::{
    fixed_lines, main_lines, marked_chars, measure_text, related_line, tools_text,
};
use crate::render::text::{count, one_line};
use crate::report::Report;

/// The most related places of a finding.
const RELATED_MAX: usize = 30;

/// Appends a finding in full.
pub(super) fn push(out: &mut String, report: &Report, finding: &Finding) {
    let severity = finding.severity;
    let existing = match finding.state {
        State::Introduced => "",
        State::Existing => "<span class=\"badge quiet\">existing</span>",
    };
    let _ = write!(
        out,
        "<article class=\"finding is-{severity}\" id=\"f-{}\">\n\
         <h3><span class=\"badge\">{severity}</span>{existing}{}</h3>\n",
        finding.fingerprint,
        inline(&one_line(&finding.message)),
    );
    push_meta(out, finding);
    push_lines(out, &main_lines(finding), |line| {
        marked_chars(&finding.location, line.number)
    });
    push_related(out, finding);
    if let Some(measure) = &finding.measure {
        let _ = writeln!(
            out,
            "<p class=\"extra measure\">{}<span>{}</span></p>",
            chart::measure(measure, severity).trim_end(),
            Escaped(&measure_text(measure))
        );
    }
    if let Some(tools) = tools_text(finding) {
        let _ = writeln!(out, "<p class=\"extra\">{}</p>", Escaped(&tools));
    }
    push_fix(out, finding);
    if let Some(rule) = report.rule_of(finding) {
        let cwe: Vec<_> = rule
            .cwe
            .iter()
            .map(|number| format!("CWE-{number}"))
            .collect();
        let cwe = if cwe.is_empty() {
            String::new()
        } else {
            format!(" ({})", cwe.join(", "))
        };
        let _ = writeln!(
            out,
            "<details class=\"why\"><summary>About <code>{}</code></summary>\n\
             <div class=\"prose\">\n<p><strong>{}</strong>{cwe}. {}</p>\n{}</div></details>",
            Escaped(rule.id.as_str()),
            Escaped(&rule.title),
            inline(&rule.summary),
            prose(&rule.description),
        );
    }
    out.push_str("</article>\n");
}

/// Appends a finding as an item of a list.
pub(super) fn push_item(out: &mut String, finding: &Finding) {
    let start = finding.location.start;
    let _ = writeln!(
        out,
        "<li class=\"is-{severity}\"><span class=\"badge\">{severity}</span>{} \
         <code>{}:{}:{}</code> <span class=\"soft\">{}</span></li>",
        inline(&one_line(&finding.message)),
        Escaped(&finding.location.path.to_display()),
        start.line,
        start.column,
        Escaped(finding.rule.as_str()),
        severity = finding.severity,
    );
}

fn push_meta(out: &mut String, finding: &Finding) {
    let (start, end) = (finding.location.start, finding.location.end);
    let _ = write!(
        out,
        "<p class=\"meta\"><span class=\"mono path\">{}:{}:{}</span><span>{}</span>",
        Escaped(&finding.location.path.to_display()),
        start.line,
        start.column,
        Escaped(finding.rule.as_str()),
    );
    if end.line > start.line.saturating_add(1) {
        let _ = write!(out, "<span>lines {}–{}</span>", start.line, end.line);
    }
    if let Some(symbol) = &finding.symbol {
        let _ = write!(
            out,
            "<span>in <span class=\"mono\">{}</span></span>",
            Escaped(symbol)
        );
    }
    if finding.confidence != Confidence::High {
        let _ = write!(out, "<span>{} confidence</span>", finding.confidence);
    }
    out.push_str("</p>\n");
}

/// Appends lines of code, with the characters that `marked` tells of marked.
fn push_lines(
    out: &mut String,
    lines: &[&FrameLine],
    marked: impl Fn(&FrameLine) -> Option<(usize, usize)>,
) {
    if lines.is_empty() {
        return;
    }
    out.push_str("<pre class=\"code\" tabindex=\"0\"><code>");
    let mut previous: Option<u32> = None;
    for line in lines {
        if previous.is_some_and(|previous| previous.saturating_add(1) < line.number) {
            out.push_str("<span class=\"row\"><span class=\"n\">⋮</span></span>");
        }
        previous = Some(line.number);
        let class = if line.changed { "row changed" } else { "row" };
        let _ = write!(
            out,
            "<span class=\"{class}\"><span class=\"n\">{}</span>",
            line.number
        );
        push_marked(out, &line.text, marked(line));
        out.push_str("</span>");
    }
    out.push_str("</code></pre>\n");
}

fn push_marked(out: &mut String, text: &str, marked: Option<(usize, usize)>) {
    let byte = |chars: usize| {
        text.char_indices()
            .nth(chars)
            .map_or(text.len(), |(at, _)| at)
    };
    let (start, end) = marked.map_or((0, 0), |(start, end)| (byte(start), byte(end)));
    let inner = text[start..end.max(start)].trim_end();
    let end = start + inner.len();
    let inner = inner.trim_start();
    if inner.is_empty() {
        let _ = write!(out, "<span class=\"t\">{}</span>", Code(text));
        return;
    }
    let (before, after) = (Code(&text[..end - inner.len()]), Code(&text[end..]));
    let inner = Code(inner);
    let _ = write!(
        out,
        "<span class=\"t\">{before}<mark>{inner}</mark>{after}</span>"
    );
}

fn push_related(out: &mut String, finding: &Finding) {
    if finding.related.is_empty() {
        return;
    }
    out.push_str("<ol class=\"steps\">\n");
    for related in finding.related.iter().take(RELATED_MAX) {
        let at = &related.location;
        let _ = write!(
            out,
            "<li><span class=\"mono\">{}:{}:{}</span> {}",
            Escaped(&at.path.to_display()),
            at.start.line,
            at.start.column,
            inline(&one_line(&related.message)),
        );
        if let Some(line) = related_line(finding, related) {
            push_lines(out, &[line], |line| marked_chars(at, line.number));
        }
        out.push_str("</li>\n");
    }
    if finding.related.len() > RELATED_MAX {
        let rest = count(finding.related.len() - RELATED_MAX, "further place");
        let _ = writeln!(out, "<li>{rest}</li>");
    }
    out.push_str("</ol>\n");
}

fn push_fix(out: &mut String, finding: &Finding) {
    let Some(fix) = &finding.fix else { return };
    let safety = match fix.safety {
        FixSafety::Safe => "",
        FixSafety::Unsafe => " <span class=\"soft\">(may change behaviour: look first)</span>",
    };
    let _ = write!(
        out,
        "<div class=\"extra\"><strong>Fix</strong>{}{safety}",
        inline(&one_line(&fix.title))
    );
    if let Some(fixed) = fixed_lines(finding) {
        out.push_str("<pre class=\"code\" tabindex=\"0\"><code>");
        let before = fixed.before.iter().map(|line| ("before", "−", line));
        let after = fixed.after.iter().map(|line| ("changed", "+", line));
        for (class, mark, line) in before.chain(after) {
            let _ = write!(
                out,
                "<span class=\"row {class}\"><span class=\"n\">{mark}</span>\
                 <span class=\"t\">{}</span></span>",
                Code(line)
            );
        }
        out.push_str("</code></pre>");
    }
    out.push_str("</div>\n");
}
