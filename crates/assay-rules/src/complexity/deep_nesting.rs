//! # Deeply nested code
//!
//! Control structures lie in each other deeper than a reader can follow.
//!
//! ## Why it matters
//!
//! At the innermost line all the conditions around it have to be kept in mind at once. Early returns,
//! `continue`, and functions for the inner parts make the same code flat.
//!
//! ## Not reported
//!
//! - Nesting inside a function that is reported itself.
//!
//! ## Options
//!
//! - `warn` (default 4): a greater value is reported.
//! - `critical` (default 6): a greater value is reported as high.
//!
//! ## References
//!
//! - `docs/metrics.md`: what counts as nesting
//!
//! ## Examples
//!
//! ```python bad warn=2
//! def find(grid, wanted):  # <- here
//!     for row in grid:
//!         for cell in row:
//!             if cell == wanted:
//!                 return cell
//! ```
//!
//! ```python good warn=2
//! def find(row, wanted):
//!     for cell in row:
//!         if cell == wanted:
//!             return cell
//! ```
//!
//! ```javascript bad warn=2
//! function find(grid, wanted) { // <- here
//!   for (const row of grid) {
//!     for (const cell of row) {
//!       if (cell === wanted) return cell;
//!     }
//!   }
//! }
//! ```
//!
//! ```javascript good warn=2
//! function find(row, wanted) {
//!   for (const cell of row) {
//!     if (cell === wanted) return cell;
//!   }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{FunctionMetrics, NodeRef};

use crate::context::Context;
use crate::rule::{Check, NumberOption, RuleSpec};
use crate::threshold::{Limit, report_function};

pub(crate) const RULE: RuleSpec = RuleSpec {
    options: &[
        NumberOption {
            name: "warn",
            summary: "A greater value is reported.",
            default: 4,
            min: 1,
            max: 10_000,
        },
        NumberOption {
            name: "critical",
            summary: "A greater value is reported as high.",
            default: 6,
            min: 1,
            max: 10_000,
        },
    ],
    ..RuleSpec::new(
        Category::Complexity,
        Severity::Medium,
        Check::Function(check),
    )
};

const LIMIT: Limit = Limit {
    metric: "nesting",
    phrase: "nests control structures",
    unit: " deep",
    warn: Severity::Medium,
    critical: Severity::High,
};

fn check<'t>(node: NodeRef<'t>, function: &'t FunctionMetrics, context: &mut Context<'_, 't>) {
    report_function(context, &LIMIT, node, function, |function| {
        function.metrics.nesting
    });
}
