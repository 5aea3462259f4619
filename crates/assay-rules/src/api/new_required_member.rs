//! # Interface that demands more
//!
//! A public interface, trait or protocol of a published package gains a member without a default.
//!
//! ## Why it matters
//!
//! Every implementation that is not here stops to compile. Give the member a default, or make a second
//! interface that extends the first.
//!
//! ## Not reported
//!
//! - Members with a default, interfaces that are new, and what `api/removed-symbol` does not report either.
//!
//! ## References
//!
//! - Semantic Versioning 2.0.0, <https://semver.org/>
//! - The Cargo Book: SemVer Compatibility

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::Elsewhere,
    )
};
