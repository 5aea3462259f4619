//! # Large file
//!
//! A source file has more lines of code than one subject needs.
//!
//! ## Why it matters
//!
//! Files that hold everything are changed by everybody: they conflict, and nobody knows all of them.
//!
//! ## Not reported
//!
//! - Blank lines and comments do not count; data and markup; test files.
//!
//! ## Options
//!
//! - `warn` (default 1500): a greater number of lines of code is reported.
//! - `critical` (default 3000): a greater number is reported as medium.
//!
//! ## References
//!
//! - M. Fowler: Refactoring, 2nd edition, chapter 3
//!
//! ## Examples
//!
//! ```python bad warn=2
//! one = 1  # <- here
//! two = 2
//! three = 3
//! ```
//!
//! ```python good warn=2
//! # One and two.
//! one = 1
//!
//! two = 2
//! ```

use assay_finding::{Category, Severity};
use assay_source::Span;

use crate::context::Context;
use crate::query::is_test_path;
use crate::rule::{Check, NumberOption, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    options: &[
        NumberOption {
            name: "warn",
            summary: "A greater number of lines of code is reported.",
            default: 1_500,
            min: 1,
            max: 1_000_000,
        },
        NumberOption {
            name: "critical",
            summary: "A greater number of lines of code is reported as medium.",
            default: 3_000,
            min: 1,
            max: 1_000_000,
        },
    ],
    ..RuleSpec::new(Category::Maintainability, Severity::Low, Check::File(check))
};

fn check(context: &mut Context<'_, '_>) {
    let (Some(metrics), Some(tree)) = (context.input.metrics, context.tree) else {
        return;
    };
    let lines = metrics.file.lines.source;
    let (warn, critical) = (context.number("warn"), context.number("critical"));
    if lines <= warn || tree.language().is_data_only() || is_test_path(context.path()) {
        return;
    }
    let (limit, severity) = if lines > critical {
        (critical, Severity::Medium)
    } else {
        (warn, Severity::Low)
    };
    let first = context.text().line(1).trim_end().len() as u32;
    context
        .report_span(
            Span::new(0, first),
            format!("this file has {lines} lines of code; the limit is {limit}"),
        )
        .measure("lines", lines, limit)
        .severity(severity)
        .about_file();
}
