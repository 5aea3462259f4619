//! # Package with a known vulnerability
//!
//! A package file pins a version that an advisory says can be attacked.
//!
//! ## Why it matters
//!
//! Attackers read advisories too, and attack what is known before they look for what is not. The
//! finding names the advisory with its other identifiers, how bad it is, the fixed versions,
//! and by which way a package comes in that nobody here asked for. Upgrade to one of the versions
//! named; for a package that comes in over another, upgrade that one or pin the package itself.
//!
//! The severity is computed from the advisory's CVSS vector, the newest version of CVSS first; where
//! it has none it is that of the same advisory in another database. Where nobody has said how bad it
//! is, the message says `severity unknown` and the finding counts as medium.
//!
//! ## Not reported
//!
//! - What the change did not bring: a package that was there in the same affected version before.
//! - Advisories that were taken back. Those that somebody doubts have less confidence, and say so.
//! - Packages without an exact version: the ledger says how many.
//! - A manifest beside a lockfile, which says more exactly what is used.
//!
//! ## References
//!
//! - The OSV schema, <https://ossf.github.io/osv-schema/>
//! - The CVSS specifications, <https://www.first.org/cvss/>
//!
//! ## Examples
//!
//! ```toml bad
//! [[package]]
//! name = "smallvec"
//! version = "1.6.0"  # <- here
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```
//!
//! ```toml good
//! [[package]]
//! name = "smallvec"
//! version = "1.6.1"
//! source = "registry+https://github.com/rust-lang/crates.io-index"
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[1395],
    tags: &["owasp-a06"],
    ..RuleSpec::new(Category::Dependency, Severity::Medium, Check::Elsewhere)
};
