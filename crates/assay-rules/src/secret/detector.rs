//! The detectors, made at build time of the data files in `secrets/`.

use assay_finding::{Category, Confidence, Severity};

use super::check::Check;
use crate::rule::{self, RuleSpec};

/// What a detector's data file says about finding the secret.
pub(crate) struct Detector {
    /// The id of its rule.
    pub(crate) id: &'static str,
    /// What the secret is called in a message.
    pub(crate) title: &'static str,
    /// The words that it is looked for by.
    pub(crate) keywords: &'static [&'static str],
    /// How the value is written, as a regular expression over ASCII.
    pub(crate) pattern: &'static str,
    /// Where the value stands, seen from the keyword.
    pub(crate) place: Place,
    /// The least entropy of the value, in bits per character.
    pub(crate) entropy: f32,
    /// What else must hold.
    pub(crate) check: Check,
    /// How many characters of a value everybody may see: its fixed prefix.
    pub(crate) shown: usize,
}

/// Where a value stands, seen from its keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The value begins with the keyword.
    Start,
    /// The keyword is somewhere in the value.
    Inside,
    /// The keyword is in the name that the value is given.
    Named,
    /// A part of this module looks for it.
    Own,
}

include!(concat!(env!("OUT_DIR"), "/secrets.rs"));

/// Makes what the registry of rules says about a detector.
const fn spec(severity: Severity, on: bool) -> RuleSpec {
    RuleSpec {
        confidence: Confidence::High,
        on,
        cwe: &[798],
        tags: &["secret"],
        ..RuleSpec::new(Category::Security, severity, rule::Check::Elsewhere)
    }
}
