//! # Negated comparison
//!
//! A comparison is negated as a whole, although there is an operator that says the opposite.
//!
//! ## Why it matters
//!
//! `not a in b` and `!(a == b)` have to be turned around in the reader's head, and the first is
//! often taken for `(not a) in b`.
//!
//! ## Not reported
//!
//! - `<`, `<=`, `>` and `>=`, whose opposites differ for values that cannot be ordered.
//! - Python's `==` and `!=`, which classes may define apart.
//!
//! ## References
//!
//! - PEP 8: use `is not` operator rather than `not ... is`
//!
//! ## Examples
//!
//! ```python bad
//! if not order.kind in kinds:  # <- here
//!     skip(order)
//! if not order is None:  # <- here
//!     ship(order)
//! ```
//!
//! ```python fixed
//! if order.kind not in kinds:
//!     skip(order)
//! if order is not None:
//!     ship(order)
//! ```
//!
//! ```python good
//! if order.kind not in kinds and not order.total < 100:
//!     skip(order)
//! ```
//!
//! ```javascript bad
//! if (!(order.kind === kind)) skip(order); // <- here
//! ```
//!
//! ```javascript fixed
//! if (order.kind !== kind) skip(order);
//! ```
//!
//! ```javascript good
//! if (order.kind !== kind && !(order.total < 100)) skip(order);
//! ```
//!
//! ```java bad
//! class Shop {
//!     boolean other() { return !(kind == known); } // <- here
//! }
//! ```
//!
//! ```java fixed
//! class Shop {
//!     boolean other() { return kind != known; }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     boolean other() { return kind != known; }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func other(kind, known int) bool {
//!     return !(kind == known) // <- here
//! }
//! ```
//!
//! ```go fixed
//! package shop
//!
//! func other(kind, known int) bool {
//!     return kind != known
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func other(kind, known int) bool {
//!     return kind != known
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_source::Span;
use assay_syntax::{Field, NodeRef, Role};

use crate::context::{Context, replace};
use crate::query::{bare, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &["go", "java", "javascript", "python", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Unary]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let is_negation = node
        .children()
        .next()
        .is_some_and(|token| matches!(token.text(), "!" | "not"));
    let Some(operand) = node.named_children().last() else {
        return;
    };
    let inner = bare(operand);
    // `!a in b` is a comparison of a negation and not the other way round.
    if !is_negation || !inner.has(Role::Comparison) {
        return;
    }
    let (Some(token), Some((left, right))) = (inner.child(Field::Operator), sides(inner)) else {
        return;
    };
    let opposite = match token.text() {
        // Python's classes may define the two apart.
        "==" | "!=" if context.language() == "python" => return,
        "==" => "!=",
        "!=" => "==",
        "===" => "!==",
        "!==" => "===",
        "in" if context.language() == "python" => "not in",
        "is" => "is not",
        _ => return,
    };
    let text = context.text();
    let instead = format!(
        "{}{opposite}{}",
        text.slice(Span::new(left.span().start, token.span().start)),
        text.slice(Span::new(token.span().end, right.span().end)),
    );
    // The comparison keeps its brackets where the negation bound more tightly.
    let needs_brackets = node.parent().is_some_and(|parent| {
        parent.has(Role::Binary) && !parent.has(Role::Logical)
            || parent.has(Role::Comparison)
            || parent.has(Role::Unary)
            || parent.has(Role::Member)
    });
    let instead = if needs_brackets {
        format!("({instead})")
    } else {
        instead
    };
    context
        .report(node, format!("`{opposite}` says this without a negation"))
        .safe_fix(
            format!("Use `{opposite}`"),
            vec![replace(node.span(), instead)],
        );
}
