//! Findings that people rejected in earlier reviews. They stay rejected for the same
//! code, wherever it moved: what counts is the fingerprint.
//!
//! ```json
//! {"findings": [{"fingerprint": "00..ff", "reason": "the input is ours"}]}
//! ```

use std::collections::HashMap;

use serde::Deserialize;

use crate::finding::Finding;
use crate::fingerprint::Fingerprint;
use crate::suppression::{Suppressed, SuppressedBy};

/// The largest list that is read.
pub const REJECTED_BYTES_MAX: usize = 16 << 20;

/// Rejected findings, with the reasons given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected(HashMap<Fingerprint, Option<String>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    findings: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    fingerprint: String,
    reason: Option<String>,
}

/// Why a list cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("not a list of rejected findings: {0}")]
pub struct RejectedError(String);

impl Rejected {
    /// Reads a list.
    ///
    /// # Errors
    ///
    /// See [`RejectedError`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, RejectedError> {
        if bytes.len() > REJECTED_BYTES_MAX {
            let why = format!("it has more than {REJECTED_BYTES_MAX} bytes");
            return Err(RejectedError(why));
        }
        let file: File =
            serde_json::from_slice(bytes).map_err(|error| RejectedError(error.to_string()))?;
        let mut rejected = HashMap::new();
        for line in file.findings {
            let fingerprint = Fingerprint::from_hex(&line.fingerprint)
                .ok_or_else(|| RejectedError("a fingerprint is 32 digits".to_owned()))?;
            rejected.insert(fingerprint, line.reason);
        }
        Ok(Self(rejected))
    }

    /// Silences what was rejected; returns whether there was any.
    pub fn apply(&self, findings: &mut [Finding]) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let mut is_any = false;
        for finding in findings {
            if finding.suppressed.is_some() {
                continue;
            }
            if let Some(reason) = self.0.get(&finding.fingerprint) {
                finding.suppressed = Some(Suppressed {
                    by: SuppressedBy::Feedback,
                    reason: reason.clone(),
                    until: None,
                });
                is_any = true;
            }
        }
        is_any
    }
}
