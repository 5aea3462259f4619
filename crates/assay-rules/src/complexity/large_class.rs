//! # Large class
//!
//! A class has more lines of code than one purpose needs.
//!
//! ## Why it matters
//!
//! A class that does several things changes for several reasons, and its fields are shared by
//! methods that have nothing to do with each other.
//!
//! ## Not reported
//!
//! - Blank lines and comments do not count; classes in test files.
//!
//! ## Options
//!
//! - `warn` (default 700): a greater number of lines of code is reported.
//! - `critical` (default 1500): a greater number is reported as medium.
//!
//! ## References
//!
//! - M. Fowler: Refactoring, 2nd edition, chapter 3
//!
//! ## Examples
//!
//! ```python bad warn=3
//! class Order:  # <- here
//!     def net(self):
//!         return 1
//!
//!     def tax(self):
//!         return 2
//! ```
//!
//! ```python good warn=3
//! class Order:
//!     """An order."""
//!
//!     def net(self):
//!         return 1
//! ```
//!
//! ```java bad warn=3
//! class Order { // <- here
//!     int net;
//!     int tax;
//!     int all;
//! }
//! ```
//!
//! ```java good warn=3
//! class Order {
//!     int net;
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{ClassMetrics, NodeRef};

use crate::context::Context;
use crate::query::is_test_path;
use crate::rule::{Check, NumberOption, RuleSpec};
use crate::threshold::{Limit, called, report_above};

pub(crate) const RULE: RuleSpec = RuleSpec {
    options: &[
        NumberOption {
            name: "warn",
            summary: "A greater number of lines of code is reported.",
            default: 700,
            min: 1,
            max: 100_000,
        },
        NumberOption {
            name: "critical",
            summary: "A greater number of lines of code is reported as medium.",
            default: 1_500,
            min: 1,
            max: 100_000,
        },
    ],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::Class(check),
    )
};

const LIMIT: Limit = Limit {
    metric: "lines",
    phrase: "has",
    unit: " lines of code",
    warn: Severity::Low,
    critical: Severity::Medium,
};

fn check<'t>(node: NodeRef<'t>, class: &'t ClassMetrics, context: &mut Context<'_, 't>) {
    if is_test_path(context.path()) {
        return;
    }
    let name = called(class.name.as_deref(), "this class");
    let lines = class.metrics.lines.source;
    if let Some(draft) = report_above(context, &LIMIT, node, &name, lines) {
        draft.about_symbol(&class.qualified_name);
    }
}
