//! # Comparison without effect
//!
//! A statement compares two values and does nothing with the answer.
//!
//! ## Why it matters
//!
//! An assignment (`=`), an `assert` or a `return` was meant, and the line does nothing.
//!
//! ## Not reported
//!
//! - Comparisons that stand where their value is used: the last expression of a block in Rust,
//!   Ruby and Kotlin, arrow functions.
//! - Code that expects the comparison itself to fail (`with raises(...)`), and notebooks.
//!
//! ## References
//!
//! - [CWE-482](https://cwe.mitre.org/data/definitions/482.html): comparing instead of assigning
//!
//! ## Examples
//!
//! ```python bad
//! def reset(order):
//!     order.total == 0  # <- here
//! ```
//!
//! ```python good
//! def reset(order):
//!     order.total = 0
//!     with raises(TypeError):
//!         order < 3
//! ```
//!
//! ```javascript bad
//! function reset(order) {
//!   order.total === 0; // <- here
//! }
//! ```
//!
//! ```javascript good
//! function reset(order) {
//!   order.total = 0;
//!   return order.total === 0;
//! }
//! ```
//!
//! ```c bad
//! void reset(struct order *o) {
//!     o->total == 0; // <- here
//! }
//! ```
//!
//! ```c good
//! void reset(struct order *o) {
//!     o->total = 0;
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{is_pure, is_silenced_elsewhere, operator};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[482],
    languages: &["c", "javascript", "python", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Comparison]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(statement) = node
        .parent()
        .filter(|parent| parent.kind() == "expression_statement")
    else {
        return;
    };
    // `a >> b` in a pipeline language is a call; only plain comparisons count.
    let is_plain = matches!(
        operator(node),
        "==" | "!=" | "===" | "!==" | "<" | ">" | "<=" | ">="
    );
    let in_with = statement
        .ancestors()
        .take(6)
        .any(|around| matches!(around.kind(), "with_statement" | "try_statement"));
    let is_last = statement.parent().is_some_and(|parent| {
        parent.parent().is_none()
            && statement.next_sibling().is_none()
            && context.language() == "python"
    });
    if is_plain && !in_with && !is_last && is_pure(node) && !is_silenced_elsewhere(node) {
        context.report(
            node,
            format!("nothing uses the answer of this `{}`", operator(node)),
        );
    }
}
