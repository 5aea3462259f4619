//! Reading JSON of other programs: errors with places, numbers that may be anything.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{IMPORT_LINE_MAX, ImportError, ImportFormat};

/// Characters of what a parser says.
const WHY_CHARS_MAX: usize = 200;

/// Reads one document.
pub(super) fn document<T: DeserializeOwned>(
    format: ImportFormat,
    text: &str,
    mend: &'static str,
) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|error| refused(format, &error, 0, mend))
}

/// Reads documents that follow one another, with anything blank between them.
pub(super) fn documents<T: DeserializeOwned>(
    format: ImportFormat,
    text: &str,
    mend: &'static str,
) -> Result<Vec<T>, ImportError> {
    serde_json::Deserializer::from_str(text)
        .into_iter::<T>()
        .map(|one| one.map_err(|error| refused(format, &error, 0, mend)))
        .collect()
}

/// Makes an error of what the parser says; `lines_before` are not in its text.
pub(super) fn refused(
    format: ImportFormat,
    error: &serde_json::Error,
    lines_before: usize,
    mend: &'static str,
) -> ImportError {
    let text = error.to_string();
    // The place is said once, and by us.
    let why = text.split(" at line ").next().unwrap_or(&text);
    let why: String = why.chars().take(WHY_CHARS_MAX).collect();
    let column = Some(error.column()).filter(|column| *column > 0);
    let place = (error.line() > 0).then(|| (lines_before + error.line(), column));
    ImportError::new(format, place, why, mend)
}

/// Reads a line or a column: none when it is missing, zero, or no such number.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Ok(as_count(&Value::deserialize(from)?))
}

/// Returns a line or a column of a value.
pub(super) fn as_count(value: &Value) -> Option<u32> {
    let number = value.as_u64()?;
    let number = u32::try_from(number).ok()?;
    (1..=IMPORT_LINE_MAX).contains(&number).then_some(number)
}

/// Reads a text, or a number as a text; none for anything else.
pub(super) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
