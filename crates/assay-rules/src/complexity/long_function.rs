//! # Long function
//!
//! A function has more lines of code than fit on a screen or in a head.
//!
//! ## Why it matters
//!
//! A long function does several things, and whoever changes one of them has to read all of them.
//! Parts with a purpose of their own deserve a name of their own.
//!
//! ## Not reported
//!
//! - Blank lines and comments do not count, nor do the lines of functions inside, which count for
//!   themselves.
//!
//! ## Options
//!
//! - `warn` (default 80): a greater value is reported.
//! - `critical` (default 150): a greater value is reported as medium.
//!
//! ## References
//!
//! - M. Fowler: Refactoring, 2nd edition, chapter 3
//!
//! ## Examples
//!
//! ```python bad warn=3
//! def price(order):  # <- here
//!     total = 0
//!     total += order.net
//!     total += order.tax
//!     return total
//! ```
//!
//! ```python good warn=3
//! def price(order):
//!     """Returns the price.
//!
//!     Comments and blank lines do not count.
//!     """
//!
//!     # Net and tax.
//!     return order.net + order.tax
//! ```
//!
//! ```javascript bad warn=4
//! const price = (order) => { // <- here
//!   let total = 0;
//!   total += order.net;
//!   total += order.tax;
//!   return total;
//! };
//! ```
//!
//! ```javascript good warn=6
//! describe("price", () => {
//!   it("adds", () => {
//!     check(order.net);
//!   });
//!   it("multiplies", () => {
//!     check(order.tax);
//!   });
//! });
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{FunctionMetrics, NodeRef};

use crate::context::Context;
use crate::rule::{Check, NumberOption, RuleSpec};
use crate::threshold::{Limit, called, inner, report_above};

pub(crate) const RULE: RuleSpec = RuleSpec {
    options: &[
        NumberOption {
            name: "warn",
            summary: "A greater value is reported.",
            default: 80,
            min: 1,
            max: 10_000,
        },
        NumberOption {
            name: "critical",
            summary: "A greater value is reported as medium.",
            default: 150,
            min: 1,
            max: 10_000,
        },
    ],
    ..RuleSpec::new(Category::Complexity, Severity::Low, Check::Function(check))
};

const LIMIT: Limit = Limit {
    metric: "lines",
    phrase: "has",
    unit: " lines of code",
    warn: Severity::Low,
    critical: Severity::Medium,
};

fn check<'t>(node: NodeRef<'t>, function: &'t FunctionMetrics, context: &mut Context<'_, 't>) {
    let value = own_lines(context, function);
    let name = called(function.name.as_deref(), "this function");
    if let Some(draft) = report_above(context, &LIMIT, node, &name, value) {
        draft.about_symbol(&function.qualified_name);
    }
}

/// The lines of code that are not those of a function inside.
fn own_lines(context: &Context<'_, '_>, function: &FunctionMetrics) -> u32 {
    let all = function.metrics.lines.source;
    if all <= context.number("warn") {
        return all;
    }
    let Some(metrics) = context.input.metrics else {
        return all;
    };
    let mut past = function.span.start;
    let mut others = 0;
    for other in inner(metrics, function) {
        if other.span.start >= past {
            // The first and last line are shared with the code around.
            others += other.metrics.lines.source.saturating_sub(2);
            past = other.span.end;
        }
    }
    all.saturating_sub(others)
}
