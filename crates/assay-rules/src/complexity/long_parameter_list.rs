//! # Long list of parameters
//!
//! A function takes more values than a caller can give in the right order.
//!
//! ## Why it matters
//!
//! Values of the same type next to each other get swapped and no compiler sees it. Parameters that
//! always come together are one thing that has no name yet.
//!
//! ## Not reported
//!
//! - Parameters with a default value do not count: callers leave them out or name them.
//! - Methods that override one of a base class or interface.
//!
//! ## Options
//!
//! - `warn` (default 7): a greater value is reported.
//! - `critical` (default 12): a greater value is reported as medium.
//!
//! ## References
//!
//! - M. Fowler: Refactoring, 2nd edition, chapter 3
//!
//! ## Examples
//!
//! ```python bad
//! def order(customer, article, count, price, address, date, note, gift):  # <- here
//!     pass
//! ```
//!
//! ```python good
//! def order(customer, article, *, count=1, price=None, address=None, date=None, note="", gift=False):
//!     pass
//! ```
//!
//! ```java bad
//! class Shop {
//!     void order(int a, int b, int c, int d, int e, int f, int g, int h) { // <- here
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     @Override
//!     void order(int a, int b, int c, int d, int e, int f, int g, int h) {
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, FunctionMetrics, NodeRef};

use crate::context::Context;
use crate::rule::{Check, NumberOption, RuleSpec};
use crate::threshold::{Limit, called, report_above};

pub(crate) const RULE: RuleSpec = RuleSpec {
    options: &[
        NumberOption {
            name: "warn",
            summary: "A greater value is reported.",
            default: 7,
            min: 1,
            max: 10_000,
        },
        NumberOption {
            name: "critical",
            summary: "A greater value is reported as medium.",
            default: 12,
            min: 1,
            max: 10_000,
        },
    ],
    ..RuleSpec::new(Category::Complexity, Severity::Low, Check::Function(check))
};

const LIMIT: Limit = Limit {
    metric: "parameters",
    phrase: "has",
    unit: " parameters",
    warn: Severity::Low,
    critical: Severity::Medium,
};

fn check<'t>(node: NodeRef<'t>, function: &'t FunctionMetrics, context: &mut Context<'_, 't>) {
    if function.metrics.parameters <= context.number("warn") || overrides(node) {
        return;
    }
    let value = node
        .parameters()
        .into_iter()
        .filter(|parameter| !has_default(*parameter))
        .count() as u32;
    let name = called(function.name.as_deref(), "this function");
    if let Some(draft) = report_above(context, &LIMIT, node, &name, value) {
        draft.about_symbol(&function.qualified_name);
    }
}

fn has_default(parameter: NodeRef<'_>) -> bool {
    parameter.child(Field::Value).is_some()
        || parameter.children().any(|child| child.kind() == "=")
        || matches!(
            parameter.kind(),
            "assignment_pattern" | "optional_parameter"
        )
        || parameter.parent().is_some_and(|around| {
            around.field() == Field::None
                && matches!(
                    around.kind(),
                    "default_parameter" | "typed_default_parameter"
                )
        })
}

/// Returns whether the method has to have the parameters of another one.
fn overrides(function: NodeRef<'_>) -> bool {
    let is_mark = |word: &str| {
        matches!(
            word,
            "@Override" | "override" | "@override" | "@typing.override"
        )
    };
    let before_name = function.name_node().map_or(0, |name| name.span().start);
    function
        .children()
        .take_while(|child| child.span().start < before_name)
        .any(|child| is_mark(child.text()) || child.children().any(|part| is_mark(part.text())))
}
