//! # Name that looks like another package
//!
//! The project asks for a package whose name is one slip away from that of a popular one.
//!
//! ## Why it matters
//!
//! Attackers register the names that people mistype: one letter more, less or other, two letters changed over,
//! another separator. Whoever installs such a package runs a stranger's program. Look up which one is
//! meant; when the name is right, silence the finding with the reason.
//!
//! ## Not reported
//!
//! - Names that are known to be honest neighbours of a popular one, and names of fewer than five letters.
//! - Packages that come in over others, and those from a repository, a folder or a URL of the project's own.
//!
//! ## References
//!
//! - CWE-1357: Reliance on insufficiently trustworthy component
//! - CAPEC-695: Repo jacking and CAPEC-538: Open-source library manipulation
//!
//! ## Examples
//!
//! ```json bad
//! {
//!   "dependencies": {
//!     "crossenv": "^7.0.0"  // <- here
//!   }
//! }
//! ```
//!
//! ```json good
//! {
//!   "dependencies": {
//!     "cross-env": "^7.0.0"
//!   }
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    cwe: &[1357],
    tags: &["owasp-a08"],
    ..RuleSpec::new(Category::Dependency, Severity::Medium, Check::Elsewhere)
};
