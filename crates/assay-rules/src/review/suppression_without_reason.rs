//! # Suppression without a reason
//!
//! A comment silences a rule and does not say why.
//!
//! ## Why it matters
//!
//! Whoever comes next cannot tell a considered exception from an annoyed author. Put the reason
//! after two dashes: `assay:ignore RULE -- reason`.
//!
//! ## Examples
//!
//! ```python bad
//! def price(order):
//!     try:
//!         save(order)
//!     except Exception:  # assay:ignore error-handling/empty-catch <- here
//!         pass
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(Category::Review, Severity::Low, Check::Elsewhere);
