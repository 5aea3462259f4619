//! # Package that nobody maintains
//!
//! A package file pins a package of which an advisory says that nobody mends it any more, or
//! something else that its users should know.
//!
//! ## Why it matters
//!
//! The next vulnerability in it will not be mended. While there is time, move to another package;
//! the advisory mostly names some.
//!
//! ## Not reported
//!
//! - What the change did not bring.
//!
//! ## References
//!
//! - RustSec, informational advisories, <https://rustsec.org/>
//!
//! ## Examples
//!
//! ```toml bad
//! [[package]]
//! name = "ansi_term"
//! version = "0.12.1"  # <- here
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```
//!
//! ```toml good
//! [[package]]
//! name = "anstyle"
//! version = "1.0.10"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[1104],
    tags: &["owasp-a06"],
    ..RuleSpec::new(Category::Dependency, Severity::Low, Check::Elsewhere)
};
