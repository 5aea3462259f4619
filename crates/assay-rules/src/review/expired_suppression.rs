//! # Expired suppression
//!
//! The day until which a suppression was to hold has passed.
//!
//! ## Why it matters
//!
//! The date was a promise to come back. The finding counts again until somebody mends the code or
//! sets a new date.
//!
//! ## Examples
//!
//! ```python bad
//! def price(order):
//!     try:
//!         save(order)
//!     except Exception:  # assay:ignore error-handling/empty-catch until 2020-01-31 -- the move <- here
//!         pass
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec =
    RuleSpec::new(Category::Review, Severity::Medium, Check::Elsewhere);
