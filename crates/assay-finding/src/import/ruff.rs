//! `ruff check --output-format json`.

use serde::Deserialize;

use super::collect::{Collector, Lines, Raw, RawPath};
use super::json;
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::{Category, Severity};

const MEND: &str = "run ruff with `--output-format json`";

#[derive(Deserialize)]
struct Diagnostic {
    code: Option<String>,
    #[serde(default)]
    message: String,
    filename: String,
    location: Option<Position>,
    end_location: Option<Position>,
    url: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Position {
    #[serde(deserialize_with = "json::count")]
    row: Option<u32>,
    #[serde(deserialize_with = "json::count")]
    column: Option<u32>,
}

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let all: Vec<Diagnostic> = json::document(ImportFormat::Ruff, text, MEND)?;
    for one in &all {
        let tool = out.tool_or("ruff");
        let mut raw = Raw::new(tool, &one.message, RawPath::File(&one.filename));
        let code = one.code.as_deref().filter(|code| *code != "invalid-syntax");
        raw.rule = Some(code.unwrap_or("invalid-syntax"));
        raw.url = one.url.as_deref();
        (raw.severity, raw.category) = match code {
            None => (Severity::High, Some(Category::Correctness)),
            Some(code) => judged(code),
        };
        let start = one.location.unwrap_or_default();
        let end = one.end_location.unwrap_or_default();
        let lines = Lines {
            line: start.row,
            column: start.column,
            end_line: end.row,
            end_column: end.column,
        };
        raw.place = lines.place(ColumnUnit::Char);
        out.add(raw);
    }
    Ok(())
}

/// Ruff gives no severity: its code's letters say what kind of rule it is.
fn judged(code: &str) -> (Severity, Option<Category>) {
    let letters = code.trim_end_matches(|part: char| part.is_ascii_digit());
    let (severity, category) = match letters {
        "S" => (Severity::Medium, Category::Security),
        "F" | "B" | "PLE" | "ASYNC" | "BLE" | "DTZ" => (Severity::Medium, Category::Correctness),
        _ if code.starts_with("E9") => (Severity::High, Category::Correctness),
        "PERF" => (Severity::Low, Category::Performance),
        "C" | "PLR" => (Severity::Low, Category::Complexity),
        "PT" => (Severity::Low, Category::Test),
        "D" | "DOC" => (Severity::Info, Category::Documentation),
        _ => (Severity::Low, Category::Maintainability),
    };
    (severity, Some(category))
}
