//! Why an output cannot be read: the format, the place, and how to mend it.

use super::ImportFormat;

/// Why an output cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {format} as it should be: {}{message}; {mend}", place_text(*place))]
pub struct ImportError {
    format: ImportFormat,
    place: Option<(usize, Option<usize>)>,
    message: String,
    mend: &'static str,
}

impl ImportError {
    pub(super) fn new(
        format: ImportFormat,
        place: Option<(usize, Option<usize>)>,
        message: String,
        mend: &'static str,
    ) -> Self {
        Self {
            format,
            place,
            message,
            mend,
        }
    }

    /// Returns the format that was expected.
    pub fn format(&self) -> ImportFormat {
        self.format
    }

    /// Returns the line, from 1, when it is known.
    pub fn line(&self) -> Option<usize> {
        self.place.map(|(line, _)| line)
    }
}

fn place_text(place: Option<(usize, Option<usize>)>) -> String {
    match place {
        None => String::new(),
        Some((line, None)) => format!("line {line}: "),
        Some((line, Some(column))) => format!("line {line}, column {column}: "),
    }
}
