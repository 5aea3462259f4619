//! # Assertion that always holds
//!
//! An assertion is given a tuple in brackets, which is never empty and so always true.
//!
//! ## Why it matters
//!
//! `assert (x > 0, "message")` checks nothing: the brackets make one value of the two.
//!
//! ## Not reported
//!
//! - The empty tuple, which is always false.
//!
//! ## References
//!
//! - [CWE-571](https://cwe.mitre.org/data/definitions/571.html): expression is always true
//!
//! ## Examples
//!
//! ```python bad
//! assert (order.total > 0, "an order has a price")  # <- here
//! ```
//!
//! ```python fixed
//! assert order.total > 0, "an order has a price"
//! ```
//!
//! ```python good
//! assert order.total > 0, "an order has a price"
//! assert (order.total > 0)
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::NodeRef;

use crate::context::{Context, replace};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[571],
    fix: true,
    languages: &["python"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::kinds(&["assert_statement"]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let mut parts = node.named_children();
    let (Some(tuple), None) = (parts.next(), parts.next()) else {
        return;
    };
    let values: Vec<_> = tuple.named_children().collect();
    if tuple.kind() != "tuple" || values.is_empty() {
        return;
    }
    let draft = context.report(
        node,
        "a tuple is always true: this assertion checks nothing",
    );
    if let [condition, message] = values[..]
        && node.line() == node.last_line()
    {
        let instead = format!("{}, {}", condition.text(), message.text());
        draft.unsafe_fix(
            "Take the brackets away",
            vec![replace(tuple.span(), instead)],
        );
    }
}
