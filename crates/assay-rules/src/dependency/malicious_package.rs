//! # Malicious package
//!
//! A package file pins a version that was published in order to attack whoever installs it.
//!
//! ## Why it matters
//!
//! Such a package has run its program by the time it is installed. Do not only remove it: treat
//! every machine that installed it as taken over, and replace the secrets that were on it.
//!
//! ## Not reported
//!
//! - Packages without an exact version: the ledger says how many.
//!
//! ## References
//!
//! - The list of malicious packages of the Open Source Security Foundation,
//!   <https://github.com/ossf/malicious-packages>
//!
//! ## Examples
//!
//! ```toml bad
//! [[package]]
//! name = "rustdecimal"
//! version = "1.23.1"  # <- here
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```
//!
//! ```toml good
//! [[package]]
//! name = "rust_decimal"
//! version = "1.36.0"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[506],
    tags: &["owasp-a08"],
    ..RuleSpec::new(Category::Dependency, Severity::Critical, Check::Elsewhere)
};
