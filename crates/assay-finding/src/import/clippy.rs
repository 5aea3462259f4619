//! What cargo prints with `--message-format=json`: clippy's lints and the compiler's own.

use serde::Deserialize;

use super::collect::{Collector, Lines, Raw, RawPath};
use super::json;
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::{Category, Severity};

const MEND: &str = "run cargo with `--message-format=json` and give its standard output alone";
/// A place in a macro is followed so far to where the macro was called.
const EXPANSIONS_MAX: usize = 64;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    reason: String,
    message: Option<Message>,
    success: Option<bool>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    message: String,
    code: Option<Code>,
    #[serde(default)]
    level: String,
    #[serde(default)]
    spans: Vec<Place>,
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    file_name: String,
    #[serde(default, deserialize_with = "json::count")]
    line_start: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    line_end: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    column_start: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    column_end: Option<u32>,
    #[serde(default)]
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Place,
}

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let mut is_error = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(line)
            .map_err(|error| json::refused(ImportFormat::Clippy, &error, index, MEND))?;
        match (line.reason.as_str(), &line.message) {
            ("compiler-message", Some(message)) => {
                is_error |= message.level.starts_with("error");
                add(message, out);
            }
            ("build-finished", _) if line.success == Some(false) && !is_error => {
                out.problem("cargo could not build what it was to look at");
            }
            _ => {}
        }
    }
    Ok(())
}

fn add(message: &Message, out: &mut Collector<'_>) {
    let level = message.level.as_str();
    // `aborting due to 2 previous errors` and `3 warnings emitted` have no place.
    let is_finding = level.starts_with("error") || level == "warning";
    let place = message.spans.iter().find(|place| place.is_primary);
    let place = match (is_finding, place) {
        (true, Some(place)) => outermost(place),
        _ => return,
    };
    let code = message.code.as_ref().map(|code| code.code.as_str());
    let (tool, rule) = match code.and_then(|code| code.split_once("::")) {
        Some((tool, rule)) => (tool, Some(rule)),
        None => ("rustc", code),
    };
    let mut raw = Raw::new(tool, &message.message, RawPath::File(&place.file_name));
    raw.rule = rule.filter(|rule| !rule.is_empty());
    let is_error = level.starts_with("error");
    raw.severity = if is_error {
        Severity::High
    } else {
        Severity::Low
    };
    raw.category = (is_error || tool == "rustc").then_some(Category::Correctness);
    let lines = Lines {
        line: place.line_start,
        column: place.column_start,
        end_line: place.line_end,
        end_column: place.column_end,
    };
    raw.place = lines.place(ColumnUnit::Char);
    out.add(raw);
}

/// Returns where a macro was called, for a place inside of it: that is in the
/// repository, and its text may not be.
fn outermost(place: &Place) -> &Place {
    let mut place = place;
    for _ in 0..EXPANSIONS_MAX {
        match &place.expansion {
            Some(expansion) => place = &expansion.span,
            None => break,
        }
    }
    place
}
