//! # Interface that demands more
//!
//! A public interface, trait or protocol of a published package gains a member without a default, or a type of Rust a part that whoever
//! builds or matches it must name.
//!
//! ## Why it matters
//!
//! Every implementation that is not here stops to compile. Give the member a default, or make a second
//! interface that extends the first.
//!
//! ## Not reported
//!
//! - Members with a default, interfaces that are new, `#[non_exhaustive]` types and structures with private fields, and what `api/removed-symbol` does not report either.
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
