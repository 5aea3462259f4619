//! # High cyclomatic complexity
//!
//! More paths go through a function than anybody can keep in mind or test.
//!
//! ## Why it matters
//!
//! McCabe's number is the number of independent paths through the code, and so the number of test
//! cases that it takes to walk each of them. Above 10 McCabe advised to split a function; functions
//! above 20 have far more faults per line than others.
//!
//! ## Not reported
//!
//! - A function whose number comes from a function inside it, which is reported itself.
//!
//! ## Options
//!
//! - `warn` (default 10): a greater value is reported.
//! - `critical` (default 20): a greater value is reported as critical.
//!
//! ## References
//!
//! - T. J. McCabe: A Complexity Measure. IEEE Transactions on Software Engineering SE-2, 4 (1976)
//! - NIST Special Publication 500-235: structured testing
//! - `docs/metrics.md`: what counts in which language
//!
//! ## Examples
//!
//! ```python bad warn=3
//! def price(order):  # <- here
//!     if order.empty:
//!         return 0
//!     for line in order.lines:
//!         if line.free and line.old:
//!             continue
//!         while line.open:
//!             line.close()
//!     return order.total
//! ```
//!
//! ```python good warn=3
//! def price(order):
//!     return order.total if order.total > 0 else 0
//! ```
//!
//! ```javascript bad warn=3
//! function price(order) { // <- here
//!   if (order.empty) return 0;
//!   for (const line of order.lines) {
//!     if (line.free && line.old) continue;
//!     while (line.open) line.close();
//!   }
//!   return order.total;
//! }
//! ```
//!
//! ```javascript good warn=3
//! function price(order) {
//!   return order.total > 0 ? order.total : 0;
//! }
//! ```
//!
//! ```rust bad warn=3
//! fn price(order: &Order) -> u32 { // <- here
//!     if order.empty {
//!         return 0;
//!     }
//!     for line in &order.lines {
//!         if line.free && line.old {
//!             continue;
//!         }
//!         while line.open {
//!             line.close();
//!         }
//!     }
//!     order.total
//! }
//! ```
//!
//! ```rust good warn=3
//! fn price(order: &Order) -> u32 {
//!     order.lines.iter().map(|line| line.price).sum()
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
            default: 10,
            min: 1,
            max: 10_000,
        },
        NumberOption {
            name: "critical",
            summary: "A greater value is reported as critical.",
            default: 20,
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
    metric: "cyclomatic",
    phrase: "has cyclomatic complexity",
    unit: "",
    warn: Severity::Medium,
    critical: Severity::Critical,
};

fn check<'t>(node: NodeRef<'t>, function: &'t FunctionMetrics, context: &mut Context<'_, 't>) {
    report_function(context, &LIMIT, node, function, |function| {
        function.metrics.cyclomatic
    });
}
