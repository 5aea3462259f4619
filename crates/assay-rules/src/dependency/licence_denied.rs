//! # Licence that is not accepted
//!
//! A package has a licence that the project's policy does not accept.
//!
//! ## Why it matters
//!
//! A licence is a contract. What it asks for (the source of the whole program, a notice, no commercial
//! use) is owed from the first delivery, and cheapest to learn of before the package is in use.
//!
//! The policy is in `assay.toml`, in `[dependencies.licences]`: with `allow` nothing else is accepted, what is
//! in `deny` never is. Of licences joined by `OR` one must be accepted, of those joined by `AND` all. An
//! entry is an SPDX identifier; `GPL-2.0` means its `-only` and its `-or-later` form, `GPL-*` the family.
//!
//! ## Not reported
//!
//! - Anything, as long as there is no policy.
//! - Packages whose file does not say which licence they have: lockfiles of npm and composer and lists such
//!   as CycloneDX do.
//!
//! ## References
//!
//! - SPDX licence expressions, <https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/>
//!
//! ## Examples
//!
//! With `allow = ["MIT", "Apache-2.0"]`:
//!
//! ```json bad
//! {
//!   "lockfileVersion": 3,
//!   "packages": {
//!     "node_modules/left": {
//!       "version": "1.0.0",  // <- here
//!       "license": "MIT AND GPL-3.0-only"
//!     }
//!   }
//! }
//! ```
//!
//! ```json good
//! {
//!   "lockfileVersion": 3,
//!   "packages": {
//!     "node_modules/left": {
//!       "version": "1.0.0",
//!       "license": "MIT OR GPL-3.0-only"
//!     }
//!   }
//! }
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    tags: &["licence"],
    ..RuleSpec::new(Category::Dependency, Severity::High, Check::Elsewhere)
};
