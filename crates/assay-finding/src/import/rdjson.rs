//! Reviewdog's diagnostic format: one document, or a diagnostic a line.

use serde::Deserialize;

use super::collect::{Collector, Lines, Raw, RawPath, weaknesses};
use super::json;
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::Severity;

const MEND: &str = "the form is at https://github.com/reviewdog/reviewdog/tree/master/proto/rdf";
const MEND_LINES: &str = "each line is one diagnostic; for one document, use the format `rdjson`";

#[derive(Deserialize)]
struct Document {
    source: Option<Source>,
    severity: Option<Level>,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Source {
    name: Option<String>,
}

/// A level by its name, or by its number in the protocol.
#[derive(Deserialize)]
#[serde(untagged)]
enum Level {
    Name(String),
    Number(u64),
}

#[derive(Deserialize)]
struct Diagnostic {
    #[serde(default)]
    message: String,
    location: Location,
    severity: Option<Level>,
    source: Option<Source>,
    code: Option<Code>,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default)]
    path: String,
    range: Option<Range>,
}

#[derive(Deserialize)]
struct Range {
    start: Option<Position>,
    end: Option<Position>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Position {
    #[serde(deserialize_with = "json::count")]
    line: Option<u32>,
    #[serde(deserialize_with = "json::count")]
    column: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Code {
    #[serde(deserialize_with = "json::word")]
    value: Option<String>,
    url: Option<String>,
}

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let document: Document = json::document(ImportFormat::Rdjson, text, MEND)?;
    for diagnostic in &document.diagnostics {
        let source = diagnostic.source.as_ref().or(document.source.as_ref());
        let level = diagnostic.severity.as_ref().or(document.severity.as_ref());
        add(diagnostic, source, level, out);
    }
    Ok(())
}

pub(super) fn read_lines(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let diagnostic: Diagnostic = serde_json::from_str(line)
            .map_err(|error| json::refused(ImportFormat::Rdjsonl, &error, index, MEND_LINES))?;
        let (source, level) = (diagnostic.source.as_ref(), diagnostic.severity.as_ref());
        add(&diagnostic, source, level, out);
    }
    Ok(())
}

fn add(
    diagnostic: &Diagnostic,
    source: Option<&Source>,
    level: Option<&Level>,
    out: &mut Collector<'_>,
) {
    let name = source.and_then(|source| source.name.as_deref());
    let tool = name.filter(|name| !name.trim().is_empty());
    let tool = tool.unwrap_or_else(|| out.tool_or("rdjson"));
    let path = RawPath::File(&diagnostic.location.path);
    let mut raw = Raw::new(tool, &diagnostic.message, path);
    let code = diagnostic.code.as_ref();
    raw.rule = code.and_then(|code| code.value.as_deref());
    raw.url = code.and_then(|code| code.url.as_deref());
    raw.cwe = raw.rule.map(weaknesses).unwrap_or_default();
    raw.severity = match level {
        Some(Level::Name(name)) if name == "ERROR" => Severity::High,
        Some(Level::Name(name)) if name == "INFO" => Severity::Low,
        Some(Level::Number(1)) => Severity::High,
        Some(Level::Number(3)) => Severity::Low,
        _ => Severity::Medium,
    };
    let range = diagnostic.location.range.as_ref();
    let start = range.and_then(|range| range.start).unwrap_or_default();
    let end = range.and_then(|range| range.end).unwrap_or_default();
    let lines = Lines {
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    };
    raw.place = lines.place(ColumnUnit::Byte);
    out.add(raw);
}
