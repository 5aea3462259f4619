//! # Public name that is gone
//!
//! A change removes, renames or hides something that users of a published package may use.
//!
//! ## Why it matters
//!
//! Code that is not here stops to compile or to run with the next release. Keep the old name for a release
//! with a warning, or say that the release breaks: with a new major version, or in the changelog.
//!
//! What is public is each language's own idea: no leading underscore and `__all__` in Python, exports in
//! JavaScript and TypeScript, `public` in Java, C# and Swift, a capital in Go, `pub` up to the root in Rust, what is not hidden in
//! Kotlin, PHP and Ruby, headers in C and C++.
//!
//! ## Not reported
//!
//! - Code that no package offers: applications, packages marked private, tests, examples, documentation, inner
//!   modules. [docs/breaking-changes.md](../../../../docs/breaking-changes.md) says how that is decided.
//! - Names that the same change moves to another file, unless findings of low confidence are asked for.
//! - A change that raises the major version (for 0.x the minor), or adds the name to a changelog.
//!
//! ## References
//!
//! - Semantic Versioning 2.0.0, <https://semver.org/>

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(
    Category::Maintainability,
    Severity::Medium,
    Check::Elsewhere,
);
