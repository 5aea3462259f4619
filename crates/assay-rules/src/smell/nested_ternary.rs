//! # Nested conditional expression
//!
//! A conditional expression stands inside another one, which most readers have to take apart.
//!
//! ## Why it matters
//!
//! Which branch belongs to which condition is a question of precedence that differs between
//! languages. An `if` statement, a table or a function with early returns says it plainly.
//!
//! ## Not reported
//!
//! - One conditional in the last branch of another: such a chain reads like `else if`.
//!
//! ## Examples
//!
//! ```python bad
//! size = ("big" if wide else "tall") if large else "small"  # <- here
//! ```
//!
//! ```python good
//! size = "big" if large else "small"
//! ```
//!
//! ```javascript bad
//! const size = large ? wide ? "big" : "tall" : "small"; // <- here
//! ```
//!
//! ```javascript good
//! const size = large ? "big" : "small";
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::Context;
use crate::query::bare;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    languages: &["javascript", "python"],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Ternary]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let last = node.named_children().last();
    let nested = node
        .named_children()
        .filter(|child| Some(*child) != last && child.field() != Field::Alternative)
        .any(|child| bare(child).has(Role::Ternary));
    if nested {
        context.report(node, "a conditional expression is nested in another one");
    }
}
