//! # High cognitive complexity
//!
//! The flow of a function breaks and nests so much that it is hard to follow.
//!
//! ## Why it matters
//!
//! Cognitive complexity counts what a reader has to keep in mind: each break in the linear flow
//! costs one, and one more for each structure around it. Unlike cyclomatic complexity a flat switch
//! costs little and nested loops cost much. Early returns, extracted functions and tables lower it.
//!
//! ## Not reported
//!
//! - A function whose number comes from a function inside it, which is reported itself.
//!
//! ## Options
//!
//! - `warn` (default 15): a greater value is reported.
//! - `critical` (default 30): a greater value is reported as high.
//!
//! ## References
//!
//! - G. A. Campbell: Cognitive Complexity, a new way of measuring understandability. SonarSource, version 1.5
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
            default: 15,
            min: 1,
            max: 10_000,
        },
        NumberOption {
            name: "critical",
            summary: "A greater value is reported as high.",
            default: 30,
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
    metric: "cognitive",
    phrase: "has cognitive complexity",
    unit: "",
    warn: Severity::Medium,
    critical: Severity::High,
};

fn check<'t>(node: NodeRef<'t>, function: &'t FunctionMetrics, context: &mut Context<'_, 't>) {
    report_function(context, &LIMIT, node, function, |function| {
        function.metrics.cognitive
    });
}
