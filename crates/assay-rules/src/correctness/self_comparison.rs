//! # Comparison with itself
//!
//! A value is compared with itself, so the result is always the same.
//!
//! ## Why it matters
//!
//! One of the two sides is nearly always a slip of the hand for another name.
//!
//! ## Not reported
//!
//! - Sides that call something: two calls can give two values.
//! - Literals, and test files, which compare objects with themselves on purpose.
//! - `x != x` and `x == x` on a plain name, the old way to ask for "not a number", where the
//!   language has floating-point numbers that differ from themselves.
//!
//! ## References
//!
//! - [CWE-571](https://cwe.mitre.org/data/definitions/571.html): expression is always true
//!
//! ## Examples
//!
//! ```python bad
//! if order.total <= order.total:  # <- here
//!     ship(order)
//! ```
//!
//! ```python good
//! if order.total <= order.limit or next(it) == next(it) or x != x:
//!     ship(order)
//! ```
//!
//! ```javascript bad
//! const same = a.width === a.width; // <- here
//! ```
//!
//! ```javascript good
//! const same = a.width === b.width, isNaN = v !== v;
//! ```
//!
//! ```rust bad
//! fn same(a: &Area) -> bool {
//!     a.width == a.width // <- here
//! }
//! ```
//!
//! ```rust good
//! fn same(a: &Area, b: &Area) -> bool {
//!     a.width == b.width && a.next() == a.next()
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{bare, is_pure, is_test_path, operator, same_code, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[571, 570],
    languages: &["javascript", "python", "rust"],
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
    let Some((left, right)) = sides(node) else {
        return;
    };
    let (left, right) = (bare(left), bare(right));
    let operator = operator(node);
    if matches!(operator, "==" | "!=" | "===" | "!==") && left.has(Role::Identifier) {
        return;
    }
    let is_literal = left.has_any(const { RoleSet::of(&[Role::String, Role::Number]) });
    if !is_literal && same_code(left, right) && is_pure(left) && !is_test_path(context.path()) {
        context.report(node, format!("`{}` is compared with itself", left.text()));
    }
}
