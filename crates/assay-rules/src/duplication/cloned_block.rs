//! # Copied block
//!
//! A block of code stands in the tree a second time, as it is or with other names and values.
//!
//! ## Why it matters
//!
//! A defect in one copy is in the other as well, and whoever mends one does not know of the other.
//! A review reports the copy that the change adds and names the place that it resembles.
//!
//! ## Not reported
//!
//! - Imports, comments, white space, data and markup; generated, vendored and minified files.
//! - Code that was moved: what is gone from its old place is no copy.
//! - Blocks below the limits, and blocks of which the change wrote only a small part.
//!
//! ## Options
//!
//! - `tokens` (default 60): the fewest tokens that agree.
//! - `lines` (default 6): the fewest lines of the longer copy.
//!
//! ## References
//!
//! - C. K. Roy and J. R. Cordy: A survey on software clone detection research, 2007 (types 1 to 3)
//! - S. Schleimer, D. Wilkerson and A. Aiken: Winnowing, SIGMOD 2003
//!
//! ## Examples
//!
//! ```python bad tokens=30 lines=4
//! def invoice_total(invoice):
//!     total = 0
//!     for line in invoice.lines:
//!         if line.amount > 0 and not line.is_void:
//!             total += line.amount * line.price - line.discount
//!     return round(total, 2)
//!
//!
//! def basket_total(basket):  # <- here
//!     result = 0
//!     for entry in basket.lines:
//!         if entry.amount > 0 and not entry.is_void:
//!             result += entry.amount * entry.price - entry.discount
//!     return round(result, 2)
//! ```
//!
//! ```python good tokens=30 lines=4
//! def total(document):
//!     result = 0
//!     for entry in document.lines:
//!         if entry.amount > 0 and not entry.is_void:
//!             result += entry.amount * entry.price - entry.discount
//!     return round(result, 2)
//!
//!
//! def report(invoice, basket):
//!     return total(invoice), total(basket)
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, NumberOption, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    options: &[
        NumberOption {
            name: "tokens",
            summary: "the fewest tokens that agree",
            default: 60,
            min: 20,
            max: 10_000,
        },
        NumberOption {
            name: "lines",
            summary: "the fewest lines of the longer copy",
            default: 6,
            min: 2,
            max: 1_000,
        },
    ],
    ..RuleSpec::new(Category::Duplication, Severity::Low, Check::Elsewhere)
};
