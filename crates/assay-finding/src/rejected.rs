//! Findings that people rejected in earlier reviews. They stay rejected for the same
//! code, wherever it moved: what counts is the fingerprint, and where another of equal
//! findings has got its number since, the identity.
//!
//! ```json
//! {"findings": [{"fingerprint": "00..ff", "rule": "a/b", "identity": "00..ff", "path": "a.py", "reason": "the input is ours"}]}
//! ```
//!
//! All but the fingerprint may be left out.

use std::collections::HashMap;

use assay_source::RepoPath;
use serde::Deserialize;

use crate::baseline::from_uri;
use crate::finding::Finding;
use crate::fingerprint::{Fingerprint, Identity};
use crate::rule::RuleId;
use crate::suppression::{Suppressed, SuppressedBy};

/// The largest list that is read.
pub const REJECTED_BYTES_MAX: usize = 16 << 20;

/// Rejected findings, with the reasons given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected(Vec<One>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct One {
    fingerprint: Fingerprint,
    /// The rule and what makes a finding of it the same, wherever it stands.
    identity: Option<(RuleId, Identity)>,
    path: Option<RepoPath>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    findings: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    fingerprint: String,
    rule: Option<String>,
    identity: Option<String>,
    path: Option<String>,
    reason: Option<String>,
}

impl Line {
    fn read(self) -> Result<One, RejectedError> {
        let not = |what: &str| RejectedError(format!("{what} is 32 digits"));
        let fingerprint = Fingerprint::from_hex(&self.fingerprint);
        let identity = self.identity.as_deref().map(Identity::from_hex);
        let identity = match identity {
            Some(None) => return Err(not("an identity")),
            Some(Some(identity)) => self.rule.map(|rule| (RuleId::new(&rule), identity)),
            None => None,
        };
        Ok(One {
            fingerprint: fingerprint.ok_or_else(|| not("a fingerprint"))?,
            identity,
            path: self.path.as_deref().and_then(from_uri),
            reason: self.reason,
        })
    }
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
        let lines = file.findings.into_iter();
        Ok(Self(lines.map(Line::read).collect::<Result<_, _>>()?))
    }

    /// Silences what was rejected; returns whether there was any. Each that was rejected
    /// silences one finding at most: a copy of it elsewhere is another one.
    pub fn apply(&self, findings: &mut [Finding]) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let mut left = Vec::new();
        let mut is_any = false;
        let mut by_fingerprint: HashMap<Fingerprint, usize> = HashMap::new();
        for (index, finding) in findings.iter().enumerate() {
            by_fingerprint.entry(finding.fingerprint).or_insert(index);
        }
        for one in &self.0 {
            match by_fingerprint.get(&one.fingerprint) {
                Some(&index) => is_any |= one.silence(&mut findings[index]),
                None => left.push(one),
            }
        }
        let mut by_identity: HashMap<Identity, Vec<usize>> = HashMap::new();
        for (index, finding) in findings.iter().enumerate() {
            for identity in [Some(finding.identity), finding.alias]
                .into_iter()
                .flatten()
            {
                by_identity.entry(identity).or_default().push(index);
            }
        }
        for one in left {
            let Some((rule, identity)) = &one.identity else {
                continue;
            };
            let same = by_identity.get(identity).into_iter().flatten().copied();
            let same = same.filter(|&index| {
                findings[index].rule == *rule && findings[index].suppressed.is_none()
            });
            // The one in the same file is meant, if there is one.
            let is_there =
                |index: &usize| Some(&findings[*index].location.path) == one.path.as_ref();
            let same: Vec<usize> = same.collect();
            let index = same.iter().find(|index| is_there(index)).or(same.first());
            if let Some(&index) = index {
                is_any |= one.silence(&mut findings[index]);
            }
        }
        is_any
    }
}

impl One {
    /// Silences a finding, unless something else did.
    fn silence(&self, finding: &mut Finding) -> bool {
        if finding.suppressed.is_some() {
            return false;
        }
        finding.suppressed = Some(Suppressed {
            by: SuppressedBy::Feedback,
            reason: self.reason.clone(),
            until: None,
        });
        true
    }
}
