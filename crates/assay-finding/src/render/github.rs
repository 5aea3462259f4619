//! Workflow commands of GitHub Actions, which become annotations on lines.
//!
//! GitHub shows ten annotations of each kind a step. What does not fit, and
//! the coverage, is still said: in log lines that are no commands, and in one
//! annotation of each kind that is kept free for it.

use std::fmt::Write as _;
use std::io;

use super::RenderOptions;
use super::digest::{
    CoverageDigest, failures, grade, measure_text, plain_path, severity_counts, shown_anew,
};
use super::text::{number, one_line};
use crate::finding::{Finding, Severity};
use crate::report::Report;

/// The annotations of one kind that GitHub shows of a step.
const ANNOTATIONS_MAX: usize = 10;
/// The longest title in characters.
const TITLE_CHARS_MAX: usize = 255;
/// The longest message in bytes; GitHub takes 64 KB.
const MESSAGE_BYTES_MAX: usize = 4_096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low | Severity::Info => Self::Notice,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

pub(super) fn write(
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let findings = shown_anew(report, options);
    let mut text = String::new();
    let mut left = Vec::new();
    for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
        // One of each kind is kept for the gate, the problems and the coverage.
        let mut room = ANNOTATIONS_MAX - 1;
        for finding in findings
            .iter()
            .filter(|finding| Kind::of(finding.severity) == kind)
        {
            if room == 0 {
                left.push(*finding);
                continue;
            }
            room -= 1;
            push_finding(&mut text, kind, finding);
        }
    }
    push_verdict(&mut text, report, left.len());
    for finding in left {
        push_log_line(&mut text, finding);
    }
    out.write_all(text.as_bytes())
}

fn push_finding(text: &mut String, kind: Kind, finding: &Finding) {
    let (start, end) = (finding.location.start, finding.location.end);
    let mut place = format!("file={}", property(&plain_path(&finding.location.path)));
    let _ = write!(place, ",line={}", start.line.max(1));
    if end.line > start.line {
        let _ = write!(place, ",endLine={}", end.line);
    } else if end.column > start.column {
        // GitHub takes columns only for a place on one line.
        let _ = write!(
            place,
            ",col={},endColumn={}",
            start.column.max(1),
            end.column
        );
    }
    let title = format!("{} ({})", finding.rule, finding.severity);
    let mut message = one_line(&finding.message).into_owned();
    if let Some(measure) = &finding.measure {
        let _ = write!(message, "\n{}", one_line(&measure_text(measure)));
    }
    for (index, related) in finding.related.iter().enumerate() {
        let at = &related.location;
        let number = index + 1;
        let (path, what) = (at.path.to_display(), one_line(&related.message));
        let _ = write!(message, "\n{number}. {path}:{}: {what}", at.start.line);
    }
    if let Some(fix) = &finding.fix {
        let _ = write!(message, "\nFix: {}", one_line(&fix.title));
    }
    push_command(text, kind, &place, &title, &message);
}

fn push_command(text: &mut String, kind: Kind, place: &str, title: &str, message: &str) {
    let title: String = one_line(title).chars().take(TITLE_CHARS_MAX).collect();
    let message = cut(message);
    let comma = if place.is_empty() { "" } else { "," };
    let _ = writeln!(
        text,
        "::{} {place}{comma}title={}::{}",
        kind.as_str(),
        property(&title),
        data(&message)
    );
}

/// Writes the gate and the problems as an error, the gaps as a warning, and
/// the numbers as a notice.
fn push_verdict(text: &mut String, report: &Report, left: usize) {
    let failed: Vec<_> = report
        .gate
        .conditions
        .iter()
        .filter(|condition| !condition.passed)
        .map(|condition| {
            let text = format!("{}: {}", condition.demand, condition.actual);
            one_line(&text).into_owned()
        })
        .collect();
    if !failed.is_empty() {
        push_command(
            text,
            Kind::Error,
            "",
            "Assay: gate failed",
            &failed.join("\n"),
        );
    }
    let digest = CoverageDigest::new(&report.ledger);
    let gaps: Vec<_> = failures(report)
        .into_iter()
        .map(|(path, text)| match path {
            Some(path) => one_line(&format!("{path}: {text}")).into_owned(),
            None => one_line(&text).into_owned(),
        })
        .collect();
    if !gaps.is_empty() {
        push_command(
            text,
            Kind::Warning,
            "",
            "Assay: review incomplete",
            &gaps.join("\n"),
        );
    }
    let counts: Vec<_> = severity_counts(report)
        .into_iter()
        .map(|(severity, n)| format!("{n} {severity}"))
        .collect();
    let counts = if counts.is_empty() {
        "no findings".to_owned()
    } else {
        counts.join(", ")
    };
    let score = number(report.score.value);
    let mut message = format!(
        "{counts}; score {score} {}\n{}",
        grade(&report.score),
        digest.headline()
    );
    for skip in digest.skip_texts() {
        let _ = write!(message, "\n{skip}");
    }
    if left > 0 {
        let _ = write!(
            message,
            "\n{left} of the findings are only in the log: GitHub shows {ANNOTATIONS_MAX} \
             annotations of a kind"
        );
    }
    push_command(text, Kind::Notice, "", "Assay", &message);
}

/// Writes a finding as a line of the log that the runner does not read as a
/// command: it does not start with `::`, and `##[`, the older form that is
/// found anywhere in a line, is broken up.
fn push_log_line(text: &mut String, finding: &Finding) {
    let start = finding.location.start;
    let path = finding.location.path.to_display();
    let message = one_line(&finding.message);
    let line = format!(
        "also {path}:{}:{}: {}: {message} [{}]",
        start.line, start.column, finding.severity, finding.rule
    );
    text.push_str(&one_line(&line).replace("##[", "## ["));
    text.push('\n');
}

fn cut(message: &str) -> String {
    if message.len() <= MESSAGE_BYTES_MAX {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(MESSAGE_BYTES_MAX);
    format!("{} (cut)", &message[..end])
}

/// Escapes the text after `::`; line ends stay, other hidden characters are
/// shown.
fn data(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(one_line).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
