//! What a process that mends a change says of it besides the patch: what was mended, by
//! whom and after which checks, and what was not and why. It is written and read by the
//! same program, and read with limits, for the code under review may have had a say.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The form.
const SCHEMA: &str = "assay.fix-outcome/1";
/// Findings of one outcome.
const FINDINGS_MAX: usize = 100_000;

/// What came of mending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixOutcome {
    schema: String,
    /// Which models were asked, and at what cost.
    pub about: Option<String>,
    /// What was mended.
    pub mended: Vec<FixedLine>,
    /// What was not.
    pub left: Vec<UnfixedLine>,
}

/// A finding that was mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedLine {
    /// The file.
    pub path: String,
    /// The line.
    pub line: u32,
    /// The rule.
    pub rule: String,
    /// What the fix does.
    pub title: String,
    /// The model that wrote it; none when the rule has it.
    pub by: Option<String>,
    /// How many patches of models were tried.
    pub attempts: usize,
    /// What was checked, in words.
    pub checks: String,
}

/// Something that was not mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnfixedLine {
    /// The file, if it is about one.
    pub path: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// The rule.
    pub rule: Option<String>,
    /// Why not.
    pub why: String,
}

impl Default for FixOutcome {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            about: None,
            mended: Vec::new(),
            left: Vec::new(),
        }
    }
}

impl FixOutcome {
    /// Returns it as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("keys are text")
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        let wrong = |what: String| Error::invalid("outcome", what);
        let outcome: Self = serde_json::from_slice(json).map_err(|why| wrong(why.to_string()))?;
        if outcome.schema != SCHEMA {
            return Err(wrong(format!("`{}` is not `{SCHEMA}`", outcome.schema)));
        }
        let count = outcome.mended.len() + outcome.left.len();
        match count <= FINDINGS_MAX {
            true => Ok(outcome),
            false => Err(wrong(format!("{count} findings"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FixOutcome, UnfixedLine};

    #[test]
    fn what_is_written_is_read() {
        let mut outcome = FixOutcome::default();
        outcome.left.push(UnfixedLine {
            path: None,
            line: None,
            rule: None,
            why: "no model was asked".to_owned(),
        });
        assert_eq!(FixOutcome::read(&outcome.to_json()).unwrap(), outcome);
        assert!(FixOutcome::read(b"{}").is_err());
    }
}
