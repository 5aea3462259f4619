//! # Comparison that converts its operands
//!
//! `==` and `!=` convert operands of different types before they compare.
//!
//! ## Why it matters
//!
//! `"" == 0`, `null == undefined` and `[1] == 1` are all true. With `===` two values are equal
//! when they are the same.
//!
//! ## Not reported
//!
//! - Comparison with `null` or `undefined`, which asks for both at once.
//! - `typeof x == "..."` and comparisons of two literals of one type.
//!
//! ## References
//!
//! - ECMA-262, section 7.2.14: IsLooselyEqual
//!
//! ## Examples
//!
//! ```javascript bad
//! if (count == input.value) { // <- here
//!   done();
//! }
//! ```
//!
//! ```javascript fixed
//! if (count === input.value) {
//!   done();
//! }
//! ```
//!
//! ```javascript good
//! if (count === 0 || value == null || typeof value == "string") {
//!   done();
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::{Context, replace};
use crate::query::{bare, operator, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &["javascript", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Comparison]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let strict = match operator(node) {
        "==" => "===",
        "!=" => "!==",
        _ => return,
    };
    let Some((left, right)) = sides(node) else {
        return;
    };
    let (left, right) = (bare(left), bare(right));
    let is_exempt = |side: NodeRef<'_>| {
        side.has(Role::Null)
            || side.kind() == "undefined"
            || side.has(Role::Unary) && side.text().starts_with("typeof")
    };
    if is_exempt(left) || is_exempt(right) || left.kind() == right.kind() && left.has(Role::String)
    {
        return;
    }
    let Some(token) = node.child(Field::Operator) else {
        return;
    };
    let message = format!(
        "`{}` converts its operands; `{strict}` does not",
        token.text()
    );
    context.report(node, message).unsafe_fix(
        format!("Compare with `{strict}`"),
        vec![replace(token.span(), strict)],
    );
}
