//! `eslint --format json`: a list of files with their messages.

use serde::Deserialize;

use super::collect::{Collector, Left, Lines, Raw, RawPath};
use super::json;
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::{Category, Severity};

const MEND: &str = "run eslint with `--format json`";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    file_path: String,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    rule_id: Option<String>,
    #[serde(default)]
    severity: u8,
    #[serde(default)]
    message: String,
    #[serde(default, deserialize_with = "json::count")]
    line: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    column: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    end_line: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    end_column: Option<u32>,
    #[serde(default)]
    fatal: bool,
}

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let files: Vec<File> = json::document(ImportFormat::Eslint, text, MEND)?;
    for file in &files {
        for message in &file.messages {
            add(file, message, out);
        }
    }
    Ok(())
}

fn add(file: &File, message: &Message, out: &mut Collector<'_>) {
    // `File ignored because of a matching ignore pattern`: about the run, not the code.
    if message.rule_id.is_none() && !message.fatal && message.line.is_none() {
        return out.leave(Left::Settled, &file.file_path);
    }
    let path = RawPath::File(&file.file_path);
    let tool = out.tool_or("eslint");
    let mut raw = Raw::new(tool, &message.message, path);
    raw.rule = match message.fatal {
        true => Some("syntax-error"),
        false => message.rule_id.as_deref(),
    };
    raw.category = match message.fatal {
        true => Some(Category::Correctness),
        false => category(message.rule_id.as_deref().unwrap_or_default()),
    };
    raw.severity = match (message.fatal, message.severity) {
        (true, _) => Severity::High,
        (false, 2) => Severity::Medium,
        (false, 1) => Severity::Low,
        (false, _) => Severity::Info,
    };
    let lines = Lines {
        line: message.line,
        column: message.column,
        end_line: message.end_line,
        end_column: message.end_column,
    };
    raw.place = lines.place(ColumnUnit::Utf16);
    out.add(raw);
}

/// What a rule is about: by its plugin.
fn category(rule: &str) -> Option<Category> {
    let plugin = rule.rsplit_once('/').map_or("", |(plugin, _)| plugin);
    match plugin {
        "security" | "no-secrets" | "no-unsanitized" | "xss" => Some(Category::Security),
        "jest" | "vitest" | "testing-library" | "mocha" | "playwright" => Some(Category::Test),
        "jsdoc" | "tsdoc" => Some(Category::Documentation),
        _ => None,
    }
}
