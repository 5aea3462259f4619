//! # Condition inside a condition
//!
//! An `if` holds nothing but another `if`, and neither has an `else`.
//!
//! ## Why it matters
//!
//! One condition with "and" says the same with a level less.
//!
//! ## Not reported
//!
//! - Anything, unless the rule is switched on: two steps are often clearer than one.
//! - Conditions with a comment between them, and those that declare a variable.
//!
//! ## Examples
//!
//! ```python bad
//! if order.paid:  # <- here
//!     if order.packed:
//!         ship(order)
//! ```
//!
//! ```python good
//! if order.paid:
//!     if order.packed:
//!         ship(order)
//!     else:
//!         pack(order)
//! ```
//!
//! ```javascript bad
//! if (order.paid) { // <- here
//!   if (order.packed) {
//!     ship(order);
//!   }
//! }
//! ```
//!
//! ```javascript good
//! if (order.paid) {
//!   // Packing takes a day.
//!   if (order.packed) {
//!     ship(order);
//!   }
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     void ship(Order o) {
//!         if (o.paid()) { // <- here
//!             if (o.packed()) {
//!                 send(o);
//!             }
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     void ship(Order o) {
//!         if (o.paid() && o.packed()) {
//!             send(o);
//!         }
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{branches, first_line, is_chain_head, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    on: false,
    languages: &["java", "javascript", "python", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Info,
        Check::Node {
            on: Trigger::roles(&[Role::If]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if !is_chain_head(node) {
        return;
    }
    let [outer] = branches(node)[..] else { return };
    let Some(body) = outer.body else { return };
    let has_comment = body.children().any(|child| child.has(Role::Comment));
    let mut inside = statements(body);
    let (Some(only), None) = (inside.next(), inside.next()) else {
        return;
    };
    if only.has(Role::If) && !has_comment && branches(only).len() == 1 {
        context
            .report(node, "the two conditions can be one")
            .at(first_line(node));
    }
}
