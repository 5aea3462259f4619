//! # Many ways out
//!
//! A function can be left at many places.
//!
//! ## Why it matters
//!
//! Whoever adds something that must happen at the end (closing, counting, logging) has to find every
//! way out. Early returns that guard the start of a function are fine, so the rule is off by default.
//!
//! ## Not reported
//!
//! - Everything, unless the rule is switched on.
//!
//! ## Options
//!
//! - `warn` (default 8): a greater value is reported.
//! - `critical` (default 15): a greater value is reported as medium.
//!
//! ## References
//!
//! - `docs/metrics.md`: what counts as an exit
//!
//! ## Examples
//!
//! ```python bad warn=2
//! def sign(number):  # <- here
//!     if number > 0:
//!         return 1
//!     if number < 0:
//!         return -1
//!     return 0
//! ```
//!
//! ```python good warn=2
//! def sign(number):
//!     if number == 0:
//!         return 0
//!     return 1 if number > 0 else -1
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{FunctionMetrics, NodeRef};

use crate::context::Context;
use crate::rule::{Check, NumberOption, RuleSpec};
use crate::threshold::{Limit, report_function};

pub(crate) const RULE: RuleSpec = RuleSpec {
    on: false,
    options: &[
        NumberOption {
            name: "warn",
            summary: "A greater value is reported.",
            default: 8,
            min: 1,
            max: 10_000,
        },
        NumberOption {
            name: "critical",
            summary: "A greater value is reported as medium.",
            default: 15,
            min: 1,
            max: 10_000,
        },
    ],
    ..RuleSpec::new(Category::Complexity, Severity::Low, Check::Function(check))
};

const LIMIT: Limit = Limit {
    metric: "exits",
    phrase: "has",
    unit: " exits",
    warn: Severity::Low,
    critical: Severity::Medium,
};

fn check<'t>(node: NodeRef<'t>, function: &'t FunctionMetrics, context: &mut Context<'_, 't>) {
    report_function(context, &LIMIT, node, function, |function| {
        function.metrics.exits
    });
}
