//! # Complicated condition
//!
//! One condition joins so many others that its meaning has to be worked out.
//!
//! ## Why it matters
//!
//! Nobody tests all combinations, and the next change adds one more. Parts with a name say what
//! they mean.
//!
//! ## Not reported
//!
//! - A flat list of one operator that compares the same thing with several values.
//!
//! ## Options
//!
//! - `warn` (default 6): more logical operators in one expression are reported.
//! - `critical` (default 12): more are reported as medium.
//!
//! ## Examples
//!
//! ```python bad warn=2
//! if a and b or c and d:  # <- here
//!     pass
//! ```
//!
//! ```python good warn=2
//! if kind == 1 or kind == 2 or kind == 3 or kind == 4:
//!     pass
//! ```
//!
//! ```javascript bad warn=2
//! const open = a && b || c && d; // <- here
//! ```
//!
//! ```javascript good warn=2
//! const open = (a && b) || list.some((x) => x.a && x.b);
//! ```

use std::ops::ControlFlow;

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{bare, operator, same_code, sides};
use crate::rule::{Check, NumberOption, RuleSpec, Trigger};
use crate::threshold::{Limit, report_above};

pub(crate) const RULE: RuleSpec = RuleSpec {
    options: &[
        NumberOption {
            name: "warn",
            summary: "More logical operators in one expression are reported.",
            default: 6,
            min: 1,
            max: 1_000,
        },
        NumberOption {
            name: "critical",
            summary: "More logical operators are reported as medium.",
            default: 12,
            min: 1,
            max: 1_000,
        },
    ],
    ..RuleSpec::new(
        Category::Complexity,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Logical]),
            check,
        },
    )
};

const LIMIT: Limit = Limit {
    metric: "logical-operators",
    phrase: "joins conditions with",
    unit: " logical operators",
    warn: Severity::Low,
    critical: Severity::Medium,
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if is_inner(node) {
        return;
    }
    let mut count = 0;
    let mut operands = Vec::new();
    let mut has_mixed = false;
    let own = operator(node);
    node.visit(|part| {
        if part.has(Role::Function) {
            return ControlFlow::Break(());
        }
        if part.has(Role::Logical) {
            count += 1;
            has_mixed |= operator(part) != own;
            if let Some((left, right)) = sides(part) {
                operands.extend([bare(left), bare(right)]);
            }
        }
        ControlFlow::Continue(())
    });
    if count <= context.number("warn") || !has_mixed && asks_one_thing(&operands) {
        return;
    }
    if let Some(draft) = report_above(context, &LIMIT, node, "this expression", count) {
        draft.at(node.span());
    }
}

fn is_inner(node: NodeRef<'_>) -> bool {
    node.ancestors()
        .find(|around| bare(*around) != bare(node))
        .is_some_and(|around| around.has(Role::Logical) || around.has(Role::Unary))
}

/// Returns whether all operands compare the same thing.
fn asks_one_thing(operands: &[NodeRef<'_>]) -> bool {
    let mut subjects = operands
        .iter()
        .filter(|operand| !operand.has(Role::Logical))
        .map(|operand| {
            if operand.has(Role::Comparison) {
                sides(*operand).map(|(left, _)| left)
            } else {
                None
            }
        });
    let Some(Some(first)) = subjects.next() else {
        return false;
    };
    subjects.all(|subject| subject.is_some_and(|subject| same_code(first, subject)))
}
