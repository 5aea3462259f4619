//! What a review wants said on a pull request, read from the format `remarks`
//! of a process that reviewed untrusted code: every length is checked again.

use serde::{Deserialize, Serialize};

/// The name of the schema, which every file begins with.
const SCHEMA_NAME: &str = "assay.remarks/1";
/// Remarks of one review.
const REMARKS_MAX: usize = 20_000;
/// Bytes of the summary.
const SUMMARY_BYTES_MAX: usize = 65_000;
/// Bytes of one remark's Markdown.
const BODY_BYTES_MAX: usize = 60_000;

/// What a review says.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Remarks {
    schema: String,
    /// The version of Assay that reviewed.
    pub version: String,
    /// Whether every condition of the gate holds.
    pub passed: bool,
    /// Whether everything that should have been read was read.
    pub complete: bool,
    /// Whether there is nothing to say at all.
    pub clean: bool,
    /// The quality score from 0 to 100.
    pub score: Option<f64>,
    /// One line that says how it ended.
    pub title: String,
    /// The review without its remarks, as Markdown.
    pub summary: String,
    /// One for each finding that counts, worst first.
    pub remarks: Vec<Remark>,
}

/// What is said about one finding.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Remark {
    /// Unique within the review, stable across pushes.
    pub fingerprint: String,
    /// Equal for findings that are the same but for where they stand.
    pub identity: String,
    /// The rule's id.
    pub rule: String,
    /// The rule in a few words.
    pub title: String,
    /// How bad it is: `critical`, `high`, `medium`, `low` or `info`.
    pub severity: String,
    /// How sure it is: `high`, `medium` or `low`.
    pub confidence: String,
    /// What it is about.
    pub category: String,
    /// The path as git has it; none when that is no text.
    pub path: Option<String>,
    /// The place for people.
    pub place: String,
    /// The first line, from 1, in the head.
    pub start_line: u32,
    /// The last line.
    pub end_line: u32,
    /// What is wrong, in one line of plain text.
    pub message: String,
    /// What is wrong and what proves it, as Markdown.
    pub body: String,
    /// What would mend it.
    pub suggestion: Option<Suggestion>,
}

/// Lines that would replace others.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Suggestion {
    /// The first line that is replaced, from 1.
    pub start_line: u32,
    /// The last line that is replaced.
    pub end_line: u32,
    /// The lines as they are.
    pub before: Vec<String>,
    /// The lines as they would be.
    pub after: Vec<String>,
}

/// Why a text holds no remarks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemarksError {
    /// It is not what the format says.
    #[error("what the review says cannot be read")]
    Json(#[from] serde_json::Error),
    /// It is of another format or version.
    #[error("what the review says has the schema `{found}`, not `{SCHEMA_NAME}`")]
    Schema {
        /// What it says it is.
        found: String,
    },
    /// Something in it makes no sense.
    #[error("what the review says makes no sense: {what}")]
    Content {
        /// What it is.
        what: String,
    },
}

impl Remarks {
    /// Reads remarks.
    ///
    /// # Errors
    ///
    /// See [`RemarksError`].
    pub fn read(json: &[u8]) -> Result<Self, RemarksError> {
        let this: Self = serde_json::from_slice(json)?;
        if this.schema != SCHEMA_NAME {
            return Err(RemarksError::Schema { found: this.schema });
        }
        this.check()
            .map_err(|what| RemarksError::Content { what })?;
        Ok(this)
    }

    fn check(&self) -> Result<(), String> {
        if self.summary.len() > SUMMARY_BYTES_MAX {
            return Err(format!("a summary of {} bytes", self.summary.len()));
        }
        if self.remarks.len() > REMARKS_MAX {
            return Err(format!("{} remarks", self.remarks.len()));
        }
        for remark in &self.remarks {
            let at = &remark.place;
            let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-';
            if remark.fingerprint.is_empty() || !remark.fingerprint.chars().all(is_hex) {
                return Err(format!("no fingerprint at {at}"));
            }
            if remark.body.len() > BODY_BYTES_MAX {
                return Err(format!("a remark of {} bytes at {at}", remark.body.len()));
            }
            let suggestion = remark.suggestion.as_ref();
            let lines = suggestion.map(|it| (it.start_line, it.end_line));
            for (start, end) in [Some((remark.start_line, remark.end_line)), lines]
                .into_iter()
                .flatten()
            {
                if start == 0 || end < start {
                    return Err(format!("lines {start} to {end} at {at}"));
                }
            }
        }
        Ok(())
    }
}
