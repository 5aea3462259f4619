//! Diagnostics of TypeScript as JSON: a list, or an object with a list of them, in the
//! words of the compiler's interface, of its server, or of the language server protocol.

use serde_json::{Map, Value};

use super::collect::{Collector, Lines, Raw, RawPath};
use super::json::{self, as_count};
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::{Category, Severity};

const MEND: &str = "give a list of diagnostics, each with `file`, `line`, `code`, `category` and `message`, \
                    or an object with such a list in `diagnostics`";
/// A message may hold further ones, each in the one before.
const CHAIN_MAX: usize = 20;

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let value: Value = json::document(ImportFormat::TypescriptCheck, text, MEND)?;
    read_value(&value, None, out, 0)
}

/// Reads a list, an object with a list, or a list of files that each have one.
fn read_value(
    value: &Value,
    file: Option<&str>,
    out: &mut Collector<'_>,
    deep: usize,
) -> Result<(), ImportError> {
    let refused = |message: String| {
        let format = ImportFormat::TypescriptCheck;
        Err(ImportError::new(format, None, message, MEND))
    };
    match value {
        Value::Array(all) => {
            for (index, one) in all.iter().enumerate() {
                match one {
                    Value::Object(one) if list_in(one).is_some() && deep == 0 => {
                        read_value(&Value::Object(one.clone()), None, out, 1)?;
                    }
                    Value::Object(one) => add(one, file, out),
                    _ => return refused(format!("entry {} is no object", index + 1)),
                }
            }
            Ok(())
        }
        Value::Object(object) => match list_in(object) {
            Some(list) => read_value(list, file_in(object), out, deep.max(1)),
            None => refused("there is no list of diagnostics".to_owned()),
        },
        _ => refused("it is neither a list nor an object".to_owned()),
    }
}

fn list_in(object: &Map<String, Value>) -> Option<&Value> {
    let keys = ["diagnostics", "errors", "items", "issues"];
    keys.iter()
        .find_map(|key| object.get(*key))
        .filter(|value| value.is_array())
}

fn text_in<'v>(object: &'v Map<String, Value>, keys: &[&str]) -> Option<&'v str> {
    keys.iter().find_map(|key| object.get(*key)?.as_str())
}

fn file_in(object: &Map<String, Value>) -> Option<&str> {
    let keys = ["file", "fileName", "filePath", "filename", "path", "uri"];
    let in_file = object.get("file").and_then(Value::as_object);
    text_in(object, &keys).or_else(|| text_in(in_file?, &["fileName", "path"]))
}

fn add(one: &Map<String, Value>, file: Option<&str>, out: &mut Collector<'_>) {
    let message = match one.get("messageText").or_else(|| one.get("message")) {
        Some(message) => flattened(message),
        None => one.get("text").map(flattened).unwrap_or_default(),
    };
    let code = match one.get("code") {
        Some(Value::Number(number)) => format!("TS{number}"),
        Some(Value::String(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("TS{text}")
        }
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let severity = severity(one);
    let Some(file) = file_in(one).or(file) else {
        if severity >= Severity::High {
            out.problem(&format!("TypeScript: {code}: {message}"));
        }
        return;
    };
    let tool = out.tool_or("tsc");
    let mut raw = Raw::new(tool, &message, RawPath::File(file));
    raw.rule = Some(code.as_str()).filter(|code| !code.is_empty());
    raw.severity = severity;
    raw.category = Some(Category::Correctness);
    raw.place = lines(one).place(ColumnUnit::Utf16);
    out.add(raw);
}

/// Returns the lines, from 1: a `range` counts from 0, all else from 1.
fn lines(one: &Map<String, Value>) -> Lines {
    if let Some(range) = one.get("range") {
        let at = |side: &str, key: &str| {
            let number = range.get(side)?.get(key)?.as_u64()?;
            as_count(&number.saturating_add(1).into())
        };
        return Lines {
            line: at("start", "line"),
            column: at("start", "character"),
            end_line: at("end", "line"),
            end_column: at("end", "character"),
        };
    }
    let at = |side: &str, keys: &[&str]| {
        let object = match side {
            "" => one,
            side => one.get(side)?.as_object()?,
        };
        keys.iter().find_map(|key| as_count(object.get(*key)?))
    };
    let columns = ["column", "character", "offset"];
    Lines {
        line: at("", &["line", "startLine"]).or_else(|| at("start", &["line"])),
        column: at("", &["column", "character", "startColumn"]).or_else(|| at("start", &columns)),
        end_line: at("", &["endLine"]).or_else(|| at("end", &["line"])),
        end_column: at("", &["endColumn"]).or_else(|| at("end", &columns)),
    }
}

fn severity(one: &Map<String, Value>) -> Severity {
    // The compiler counts 0 warning, 1 error, 2 suggestion, 3 message; the protocol of
    // editors has a severity: 1 error, 2 warning, 3 information, 4 hint.
    let category = one.get("category").or_else(|| one.get("level"));
    match (category, one.get("severity")) {
        (Some(Value::Number(number)), _) => match number.as_u64() {
            Some(0) => Severity::Medium,
            Some(2 | 3) => Severity::Info,
            _ => Severity::High,
        },
        (Some(Value::String(word)), _) | (None, Some(Value::String(word))) => {
            match word.to_ascii_lowercase().as_str() {
                "warning" | "warn" => Severity::Medium,
                "suggestion" | "message" | "info" | "information" | "hint" => Severity::Info,
                _ => Severity::High,
            }
        }
        (_, Some(Value::Number(number))) => match number.as_u64() {
            Some(2) => Severity::Medium,
            Some(3 | 4) => Severity::Info,
            _ => Severity::High,
        },
        _ => Severity::High,
    }
}

/// Joins a message and what it holds: `{messageText, next: [...]}`.
fn flattened(message: &Value) -> String {
    let mut out = String::new();
    let mut waiting = vec![message];
    let mut count = 0;
    while let Some(one) = waiting.pop() {
        count += 1;
        if count > CHAIN_MAX {
            break;
        }
        let text = one.as_str().or_else(|| one.get("messageText")?.as_str());
        if let Some(text) = text {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(text);
        }
        match one.get("next") {
            Some(Value::Array(next)) => waiting.extend(next.iter().rev()),
            Some(next @ Value::Object(_)) => waiting.push(next),
            _ => {}
        }
    }
    out
}
