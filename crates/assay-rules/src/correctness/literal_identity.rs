//! # Identity of a literal
//!
//! `is` with a literal asks for the same object, which depends on what the interpreter shares.
//!
//! ## Why it matters
//!
//! `x is "done"` may be true today and false with another version, a longer string, or a value
//! that was read from a file. Since Python 3.8 the interpreter warns about it.
//!
//! ## Not reported
//!
//! - `None`, `True`, `False`, `...`: there is one of each.
//!
//! ## References
//!
//! - Python reference, 6.10.3: identity comparisons
//!
//! ## Examples
//!
//! ```python bad
//! if state is "done":  # <- here
//!     stop()
//! if state is not 3:  # <- here
//!     stop()
//! ```
//!
//! ```python fixed
//! if state == "done":
//!     stop()
//! if state != 3:
//!     stop()
//! ```
//!
//! ```python good
//! if state is None or state is not True or state is other:
//!     stop()
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::{Context, replace};
use crate::query::{bare, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[595],
    fix: true,
    languages: &["python"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Comparison]),
            check,
        },
    )
};

const VALUES: RoleSet = RoleSet::of(&[Role::Number, Role::String]);

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(token) = node.child(Field::Operator) else {
        return;
    };
    let equals = match token.text().split_whitespace().collect::<Vec<_>>()[..] {
        ["is"] => "==",
        ["is", "not"] => "!=",
        _ => return,
    };
    let Some((left, right)) = sides(node) else {
        return;
    };
    let is_value = |side: NodeRef<'_>| {
        let side = bare(side);
        let is_negative = side.kind() == "unary_operator"
            && side
                .named_children()
                .last()
                .is_some_and(|number| number.has(Role::Number));
        side.has_any(VALUES) || is_negative
    };
    if is_value(left) || is_value(right) {
        context
            .report(
                node,
                format!("`{}` compares objects and not values", token.text()),
            )
            .safe_fix(
                format!("Compare with `{equals}`"),
                vec![replace(token.span(), equals)],
            );
    }
}
