//! Rules as reports know them: an identity and the texts about it.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::finding::{Category, Confidence, Severity};

/// Identifies a rule: `pack/name`, lower case, words joined by `-`, such as
/// `complexity/long-function`. An id never changes its meaning.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// Makes an id of its text.
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the slash.
    pub fn pack(&self) -> &str {
        self.0.split_once('/').map_or("", |(pack, _)| pack)
    }
}

impl Borrow<str> for RuleId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What reports and `assay explain` say about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMeta {
    /// The identity.
    pub id: RuleId,
    /// A few words that name the bad thing, without a full stop.
    pub title: String,
    /// One sentence on what the rule finds.
    pub summary: String,
    /// Why it matters and what to do, as Markdown, with examples.
    pub description: String,
    /// How bad a finding is unless it says otherwise itself.
    pub severity: Severity,
    /// How sure a finding is unless it says otherwise itself.
    pub confidence: Confidence,
    /// What the rule is about.
    pub category: Category,
    /// Common Weakness Enumeration numbers.
    pub cwe: Vec<u32>,
    /// Further words to select the rule by, such as `owasp-a03`.
    pub tags: Vec<String>,
}
