//! # Package that is unsound
//!
//! A package file pins a version that lets safe code break memory.
//!
//! ## Why it matters
//!
//! Nobody is known to attack it, and code that uses it with care may be right. But the compiler no
//! longer proves that it is. Upgrade to one of the versions named, or look at how it is used.
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
//! name = "atty"
//! version = "0.2.14"  # <- here
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```
//!
//! ```toml good
//! [[package]]
//! name = "is-terminal"
//! version = "0.4.13"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[1395],
    ..RuleSpec::new(Category::Dependency, Severity::Low, Check::Elsewhere)
};
