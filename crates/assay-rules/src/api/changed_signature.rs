//! # Public function that is called in another way
//!
//! A public function of a published package demands more than before, takes less, or gives back something else.
//!
//! ## Why it matters
//!
//! Callers that are not here pass what they passed yesterday. A new parameter with a default, or a second
//! function, leaves them alone. Compared are the parameters (removed, new and required, in another order, no longer optional),
//! types and results where types must hold, defaults, exceptions that Java declares, and an exception of Python that took the place of
//! another one, when who caught the one does not catch the other. Another default is of low severity. In Rust a type that others built or matched by its parts and no longer
//! can (`#[non_exhaustive]`, a private field) counts as well.
//!
//! ## Not reported
//!
//! - What `api/removed-symbol` does not report either: code that no package offers, a new major version, a changelog
//!   that names the function.
//! - New parameters with a default, new overloads, hints of types in Python and TypeScript.
//!
//! ## References
//!
//! - Semantic Versioning 2.0.0, <https://semver.org/>
//! - The Java Language Specification, chapter 13: Binary Compatibility

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
