//! What `tsc` prints, plain (`a.ts(1,2): error TS1: ...`) or pretty
//! (`a.ts:1:2 - error TS1: ...`, with colours and code).

use super::collect::{Collector, Lines, Raw, RawPath};
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::{Category, Severity};

const MEND: &str = "give what `tsc --pretty false` prints on standard output";
const LEVELS: [(&str, Severity); 4] = [
    ("error", Severity::High),
    ("warning", Severity::Medium),
    ("suggestion", Severity::Info),
    ("message", Severity::Info),
];

/// A diagnostic as its first line gives it.
struct Said<'t> {
    /// The file, its line and column.
    at: Option<(&'t str, u32, u32)>,
    severity: Severity,
    code: &'t str,
    message: String,
}

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let text = without_colours(text);
    let mut current: Option<Said<'_>> = None;
    let (mut is_any, mut is_summary) = (false, false);
    let mut first_other = None;
    for (index, line) in text.lines().enumerate() {
        if let Some(said) = diagnostic(line) {
            close(current.replace(said), out);
            is_any = true;
        } else if line.trim().is_empty() {
            // In the pretty form code follows, which is not part of the message.
            close(current.take(), out);
        } else if let (Some(said), true) = (&mut current, line.starts_with("  ")) {
            said.message.push('\n');
            said.message.push_str(line.trim());
        } else {
            is_summary |= is_about_the_run(line);
            first_other = first_other.or(Some(index + 1));
        }
    }
    close(current, out);
    match first_other {
        Some(line) if !is_any && !is_summary => {
            let message = "no line is a diagnostic of tsc".to_owned();
            let place = Some((line, None));
            Err(ImportError::new(ImportFormat::Tsc, place, message, MEND))
        }
        _ => Ok(()),
    }
}

fn close(said: Option<Said<'_>>, out: &mut Collector<'_>) {
    let Some(said) = said else { return };
    let Some((path, line, column)) = said.at else {
        // `error TS18003: No inputs were found`: nothing was checked.
        if said.severity >= Severity::High {
            out.problem(&format!("tsc: {}: {}", said.code, said.message));
        }
        return;
    };
    let tool = out.tool_or("tsc");
    let mut raw = Raw::new(tool, &said.message, RawPath::File(path));
    raw.rule = Some(said.code);
    raw.severity = said.severity;
    raw.category = Some(Category::Correctness);
    let lines = Lines {
        line: Some(line),
        column: Some(column),
        ..Lines::default()
    };
    raw.place = lines.place(ColumnUnit::Utf16);
    out.add(raw);
}

fn is_about_the_run(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("Found ") || line.contains("compilation") || line.starts_with("Files:")
}

fn diagnostic(line: &str) -> Option<Said<'_>> {
    for (level, severity) in LEVELS {
        let mark = format!("{level} TS");
        let mut from = 0;
        while let Some(found) = line[from..].find(&mark) {
            let at = from + found;
            from = at + mark.len();
            if let Some(said) = at_mark(line, at, level.len(), severity) {
                return Some(said);
            }
        }
    }
    None
}

/// Reads a line that has the mark of a diagnostic at a byte.
fn at_mark(line: &str, at: usize, level: usize, severity: Severity) -> Option<Said<'_>> {
    let rest = &line[at + level + 1..];
    let (code, message) = rest.split_once(": ")?;
    let digits = code.strip_prefix("TS")?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let before = &line[..at];
    let at = match before.is_empty() {
        true => None,
        false => Some(plain(before).or_else(|| pretty(before))?),
    };
    Some(Said {
        at,
        severity,
        code,
        message: message.trim().to_owned(),
    })
}

/// Reads `src/a.ts(12,5): `.
fn plain(before: &str) -> Option<(&str, u32, u32)> {
    let inner = before.strip_suffix("): ")?;
    let (path, place) = inner.rsplit_once('(')?;
    let (line, column) = place.split_once(',')?;
    numbered(path, line, column)
}

/// Reads `src/a.ts:12:5 - `.
fn pretty(before: &str) -> Option<(&str, u32, u32)> {
    let inner = before.strip_suffix(" - ")?;
    let (rest, column) = inner.rsplit_once(':')?;
    let (path, line) = rest.rsplit_once(':')?;
    numbered(path, line, column)
}

fn numbered<'t>(path: &'t str, line: &str, column: &str) -> Option<(&'t str, u32, u32)> {
    let number = |text: &str| {
        let number: u32 = text.parse().ok()?;
        (1..=super::IMPORT_LINE_MAX)
            .contains(&number)
            .then_some(number)
    };
    Some((path, number(line)?, number(column)?))
}

/// Takes out what sets colours: `ESC [ ... letter`.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        rest = rest[at + 2..].trim_start_matches(|part: char| part.is_ascii_digit() || part == ';');
        let mut letters = rest.chars();
        if letters
            .next()
            .is_some_and(|part| part.is_ascii_alphabetic())
        {
            rest = letters.as_str();
        }
    }
    out.push_str(rest);
    out
}
