//! # Program that runs at installation
//!
//! A change brings a package that runs a program of its own when it is installed, or adds such a script to the
//! project.
//!
//! ## Why it matters
//!
//! An installation script runs with the rights of whoever installs, on developers' machines and in the
//! pipeline, before anybody has called the package. It is how most attacks over packages work. Read
//! what it does; install with `--ignore-scripts` where nothing needs it.
//!
//! ## Not reported
//!
//! - Scripts that were there before, also when the package has another version now.
//! - Whole trees: `assay scan` says nothing about them.
//!
//! ## References
//!
//! - npm, scripts, <https://docs.npmjs.com/cli/using-npm/scripts>
//! - CWE-829: Inclusion of functionality from untrusted control sphere
//!
//! ## Examples
//!
//! ```json bad
//! {
//!   "scripts": {
//!     "postinstall": "node setup.js",  // <- here
//!     "test": "node test.js"
//!   }
//! }
//! ```
//!
//! ```json good
//! {
//!   "scripts": {
//!     "setup": "node setup.js",
//!     "test": "node test.js"
//!   }
//! }
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[829],
    tags: &["owasp-a08"],
    ..RuleSpec::new(Category::Dependency, Severity::Medium, Check::Elsewhere)
};
