//! Checkstyle's XML. Many linters write it; the source of an error is its rule, and the
//! part before the last dot, where there is one, only says who looked.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::collect::{Collector, Lines, Raw, RawPath, weaknesses};
use super::json::as_count;
use super::{ColumnUnit, ImportError, ImportFormat};
use crate::finding::Severity;

const MEND: &str = "give the XML that the tool writes for checkstyle, with <checkstyle> around it";
/// Elements in one another.
const DEPTH_MAX: usize = 64;

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let mut reader = Reader::from_str(text);
    let mut file = String::new();
    let (mut is_known, mut depth) = (false, 0_usize);
    let broken = |at: u64, message: String| {
        let before = &text.as_bytes()[..(at as usize).min(text.len())];
        let line = super::memchr_lines(before) + 1;
        ImportError::new(ImportFormat::Checkstyle, Some((line, None)), message, MEND)
    };
    loop {
        let event = reader
            .read_event()
            .map_err(|error| broken(reader.error_position(), error.to_string()))?;
        let element = match &event {
            Event::Start(element) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    let message = format!("more than {DEPTH_MAX} elements in one another");
                    return Err(broken(reader.buffer_position(), message));
                }
                element
            }
            Event::Empty(element) => element,
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            Event::Eof if is_known && depth == 0 => return Ok(()),
            Event::Eof => {
                let message = match is_known {
                    true => "it ends before its elements do",
                    false => "there is no element <checkstyle>",
                };
                return Err(broken(reader.buffer_position(), message.to_owned()));
            }
            _ => continue,
        };
        match element.name().as_ref() {
            b"checkstyle" => is_known = true,
            b"file" => file = attribute(element, "name").unwrap_or_default(),
            b"error" if is_known => add(element, &file, out),
            b"exception" if is_known => {
                out.problem(&format!("checkstyle could not read {file}"));
            }
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.unescape_value().ok()?.into_owned())
}

fn add(element: &BytesStart<'_>, file: &str, out: &mut Collector<'_>) {
    let text = |name: &str| attribute(element, name);
    let number = |name: &str| {
        let number: u64 = text(name)?.trim().parse().ok()?;
        as_count(&number.into())
    };
    let (message, source) = (text("message").unwrap_or_default(), text("source"));
    let (tool, rule) = tool_and_rule(source.as_deref());
    let tool = tool.unwrap_or_else(|| out.tool_or("checkstyle"));
    let mut raw = Raw::new(tool, &message, RawPath::File(file));
    raw.rule = rule;
    raw.cwe = rule.map(weaknesses).unwrap_or_default();
    raw.severity = match text("severity").as_deref() {
        Some("ignore") => return,
        Some("info") => Severity::Info,
        Some("warning") => Severity::Low,
        _ => Severity::Medium,
    };
    let lines = Lines {
        line: number("line"),
        column: number("column"),
        ..Lines::default()
    };
    raw.place = lines.place(ColumnUnit::Char);
    out.add(raw);
}

/// Returns who looked, when the source says it, and the rule: `eslint.rules.no-eval`
/// and `com.puppycrawl.tools.checkstyle.checks.MagicNumberCheck` are written so.
fn tool_and_rule(source: Option<&str>) -> (Option<&str>, Option<&str>) {
    let Some(source) = source.map(str::trim).filter(|source| !source.is_empty()) else {
        return (None, None);
    };
    if let Some(rule) = source.strip_prefix("eslint.rules.") {
        return (Some("eslint"), Some(rule));
    }
    if source.starts_with("com.puppycrawl.") {
        let rule = source.rsplit('.').next().unwrap_or(source);
        return (None, Some(rule.strip_suffix("Check").unwrap_or(rule)));
    }
    match source.split_once('.') {
        Some((tool @ ("ShellCheck" | "PHP_CodeSniffer" | "detekt" | "phpcs"), rule)) => {
            (Some(tool), Some(rule))
        }
        _ => (None, Some(source)),
    }
}
