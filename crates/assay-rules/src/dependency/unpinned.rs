//! # Requirement that allows any version
//!
//! A manifest takes any version of a package, and no lockfile says which one is used.
//!
//! ## Why it matters
//!
//! What is installed changes from one day to the next without a change to review: a new version can break
//! the project or attack it, and nobody can build an old state again. Name a range (`^1.4`) and commit the
//! lockfile.
//!
//! ## Not reported
//!
//! - Manifests with a lockfile beside or above them.
//! - Names without any range, where that is the usual way to ask (requirements files, Gemfiles).
//! - Images, actions and `package.json`, which other rules speak about (`settings/any-package-version`).
//!
//! ## References
//!
//! - CWE-1357: Reliance on insufficiently trustworthy component
//!
//! ## Examples
//!
//! ```toml bad
//! [dependencies]
//! left = "*"  # <- here
//! ```
//!
//! ```toml good
//! [dependencies]
//! left = "1.4"
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[1357],
    ..RuleSpec::new(Category::Dependency, Severity::Low, Check::Elsewhere)
};
