//! Small charts as inline SVG, drawn here so that the page needs no script.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use super::Escaped;
use crate::finding::{Measure, Severity};
use crate::render::digest::{CoverageDigest, WORST_FIRST, grade};
use crate::render::text::number;
use crate::report::{Report, Score};

/// Returns a coordinate: a short number that is always one.
fn at(value: f64) -> String {
    if value.is_finite() {
        number(value)
    } else {
        "0".to_owned()
    }
}

/// Returns how much of the whole a part is, from 0 to 1.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 && part.is_finite() {
        (part / whole).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Draws the score as a ring.
pub(super) fn gauge(score: &Score) -> String {
    const RADIUS: f64 = 50.0;
    let class = match grade(score) {
        'A' | 'B' => "gauge",
        'C' | 'D' => "gauge fair",
        _ => "gauge poor",
    };
    let round = TAU * RADIUS;
    let (value, grade) = (number(score.value), grade(score));
    let ring = "cx=\"60\" cy=\"60\" r=\"50\" fill=\"none\" stroke-width=\"9\"";
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 120 120\" role=\"img\" \
         aria-label=\"Score {value} of 100, grade {grade}\">\
         <circle class=\"track\" {ring}/>\
         <circle class=\"value\" {ring} stroke-linecap=\"round\" stroke-dasharray=\"{} {}\" \
         transform=\"rotate(-90 60 60)\"/>\
         <text x=\"60\" y=\"66\" style=\"font-size:34px;font-weight:700\">{grade}</text>\
         <text class=\"dim\" x=\"60\" y=\"86\" style=\"font-size:14px\">{value} / 100</text></svg>\n",
        at(round * share(score.value, 100.0)),
        at(round),
    )
}

/// Draws the findings that count, one bar a severity.
pub(super) fn severities(report: &Report) -> String {
    const ROW: f64 = 27.0;
    let counts = WORST_FIRST.map(|severity| (severity, report.introduced_count(severity)));
    let most = counts.iter().map(|(_, n)| *n).max().unwrap_or(0) as f64;
    let spoken: Vec<_> = counts
        .iter()
        .map(|(severity, n)| format!("{n} {severity}"))
        .collect();
    let mut svg = format!(
        "<svg viewBox=\"0 0 330 {}\" role=\"img\" aria-label=\"Findings by severity: {}\">",
        at(ROW * counts.len() as f64),
        spoken.join(", ")
    );
    for (index, (severity, n)) in counts.iter().enumerate() {
        let y = ROW * index as f64;
        let width = if *n == 0 {
            0.0
        } else {
            (218.0 * share(*n as f64, most)).max(4.0)
        };
        let _ = write!(
            svg,
            "<text class=\"dim\" x=\"0\" y=\"{text}\">{severity}</text>\
             <rect class=\"track\" x=\"64\" y=\"{bar}\" width=\"218\" height=\"12\" rx=\"3\"/>\
             <rect class=\"fill-{severity}\" x=\"64\" y=\"{bar}\" width=\"{width}\" height=\"12\" rx=\"3\"/>\
             <text x=\"292\" y=\"{text}\">{n}</text>",
            text = at(y + 17.0),
            bar = at(y + 7.0),
            width = at(width),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws how many hunks were read, in part, and not.
pub(super) fn coverage(digest: &CoverageDigest) -> String {
    let whole = digest.hunks as f64;
    let (analysed, partial) = (digest.analysed as f64, digest.partial as f64);
    let (first, second) = (
        300.0 * share(analysed, whole),
        300.0 * share(partial, whole),
    );
    format!(
        "<svg viewBox=\"0 0 300 14\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"track\" width=\"300\" height=\"14\" rx=\"4\"/>\
         <rect class=\"fill-good\" width=\"{}\" height=\"14\" rx=\"4\"/>\
         <rect class=\"fill-warn\" x=\"{}\" width=\"{}\" height=\"14\" rx=\"2\"/></svg>\n",
        Escaped(&digest.headline()),
        at(first),
        at(first),
        at(second),
    )
}

/// Draws a measure against its limit: the bar, a line at the limit, and a faint
/// bar for the base.
pub(super) fn measure(measure: &Measure, severity: Severity) -> String {
    let base = measure.base.unwrap_or(0.0);
    let most = measure.value.max(measure.threshold).max(base) * 1.1;
    let x = |value: f64| at(220.0 * share(value, most));
    format!(
        "<svg viewBox=\"0 0 220 20\" aria-hidden=\"true\" focusable=\"false\">\
         <rect class=\"track\" y=\"3\" width=\"220\" height=\"14\" rx=\"3\"/>\
         <rect class=\"fill-{severity}\" y=\"3\" width=\"{value}\" height=\"14\" rx=\"3\"/>\
         <rect class=\"fill-base\" y=\"13\" width=\"{base}\" height=\"4\"/>\
         <line x1=\"{limit}\" x2=\"{limit}\" y1=\"0\" y2=\"20\" stroke=\"currentColor\" stroke-width=\"2\"/>\
         </svg>\n",
        value = x(measure.value),
        base = x(base),
        limit = x(measure.threshold),
    )
}

/// Draws a metric in the base over the same in the head.
pub(super) fn delta(base: Option<f64>, head: Option<f64>, class: &str) -> String {
    let (base, head) = (base.unwrap_or(0.0).max(0.0), head.unwrap_or(0.0).max(0.0));
    let x = |value: f64| at(130.0 * share(value, base.max(head)));
    format!(
        "<svg viewBox=\"0 0 130 16\" aria-hidden=\"true\" focusable=\"false\">\
         <rect class=\"fill-base\" y=\"1\" width=\"{}\" height=\"5\" rx=\"1.5\"/>\
         <rect class=\"{class}\" y=\"8\" width=\"{}\" height=\"7\" rx=\"1.5\"/></svg>",
        x(base),
        x(head),
    )
}
