//! # Unused suppression
//!
//! A comment silences a rule that has nothing to say there.
//!
//! ## Why it matters
//!
//! The code was mended and the comment stayed, or the rule's name is wrong and nothing is
//! silenced. Either way it will silence the next finding without anybody having looked at it.
//!
//! ## Not reported
//!
//! - Suppressions of rules that are switched off or that other tools bring.
//!
//! ## Examples
//!
//! ```python bad
//! # assay:ignore complexity/cyclomatic -- the parser's table  # <- here
//! def price(order):
//!     return order.net
//! ```

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(Category::Review, Severity::Low, Check::Elsewhere);
