//! Reads `assay.toml`: errors point at the place and suggest the right word.

use std::fmt;

use assay_source::nearest_word;

use super::file::ConfigFile;

/// The largest configuration that is read.
pub(crate) const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// The longest message of an error.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// What is wrong in a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// The file as the user knows it.
    pub(crate) file: String,
    /// The line and column, when the place is known.
    pub(crate) at: Option<(usize, usize)>,
    /// What is wrong and how to mend it.
    pub(crate) message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        // What is quoted from the file may be of any length.
        match self.message.char_indices().nth(MESSAGE_CHARS_MAX) {
            Some((end, _)) => write!(f, ": {}...", &self.message[..end]),
            None => write!(f, ": {}", self.message),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Parses a configuration.
pub(crate) fn parse(file: &str, text: &str) -> Result<ConfigFile, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError {
        file: file.to_owned(),
        at: error.span().map(|span| line_and_column(text, span.start)),
        message: with_suggestion(error.message()),
    })
}

/// Finds where a quoted word stands in the configuration, for errors that are
/// only found when the words get their meaning.
pub(crate) fn place_of(text: &str, word: &str) -> Option<(usize, usize)> {
    let quoted = format!("\"{word}\"");
    let at = text.find(&quoted).or_else(|| text.find(word))?;
    Some(line_and_column(text, at))
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}

/// What the parser calls a type, and what people do.
const TYPES: &[(&str, &str)] = &[
    ("expected f64", "expected a number"),
    ("expected u64", "expected a whole number"),
    ("expected usize", "expected a whole number"),
    ("expected a sequence", "expected a list"),
    ("expected a boolean", "expected true or false"),
];

/// The parser says "unknown field `x`, expected one of `a`, `b`": the nearest
/// of the expected words is what was meant.
fn with_suggestion(message: &str) -> String {
    let mut message = message.trim_end().replace("unknown field", "unknown key");
    if message.starts_with("invalid type") {
        for (word, plain) in TYPES {
            if let Some(rest) = message.strip_suffix(word) {
                message = format!("{rest}{plain}");
            }
        }
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next() else {
        return message;
    };
    if !message.starts_with("unknown") {
        return message;
    }
    let expected: Vec<&str> = quoted.collect();
    match nearest_word(wrong, expected.iter().copied()) {
        Some(right) => format!("{message}; did you mean `{right}`?"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn errors_point_at_the_place_and_suggest() {
        for (text, at, part) in [
            (
                "[gate]\nseverty = \"high\"\n",
                (2, 1),
                "did you mean `severity`?",
            ),
            ("[gates]\n", (1, 2), "did you mean `gate`?"),
            (
                "[gate]\nseverity = \"hgih\"\n",
                (2, 12),
                "did you mean `high`?",
            ),
            ("[gate\n", (1, 6), ""),
            ("[rules]\n\"smell/*\" = 3\n", (2, 13), ""),
            ("[limits]\nfile-bytes = -1\n", (2, 14), ""),
        ] {
            let error = parse("assay.toml", text).unwrap_err();
            assert_eq!(error.at, Some(at), "{error}");
            assert!(error.message.contains(part), "{error}");
        }
    }
}
