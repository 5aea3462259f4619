//! # Same code in every branch
//!
//! All branches of a conditional do the same, so the condition decides nothing.
//!
//! ## Why it matters
//!
//! One of the branches was copied and not changed, or the condition is left over.
//!
//! ## Not reported
//!
//! - Conditionals without `else`, empty branches, and chains in which only some branches agree.
//!
//! ## References
//!
//! - [CWE-1164](https://cwe.mitre.org/data/definitions/1164.html): irrelevant code
//!
//! ## Examples
//!
//! ```python bad
//! if order.is_express:  # <- here
//!     ship(order, days=2)
//! else:
//!     ship(order, days=2)  # the same
//! ```
//!
//! ```python good
//! if order.is_express:
//!     ship(order, days=1)
//! elif order.is_late:
//!     ship(order, days=2)
//! else:
//!     ship(order, days=2)
//! ```
//!
//! ```javascript bad
//! const days = order.express ? order.days : order.days; // <- here
//! if (order.express) { // <- here
//!   ship(order);
//! } else if (order.late) {
//!   ship(order);
//! } else {
//!   ship(order);
//! }
//! ```
//!
//! ```javascript good
//! const days = order.express ? 1 : 2;
//! if (order.express) {
//!   ship(order);
//! } else if (order.late) {
//!   ship(order);
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     void ship(Order o) {
//!         if (o.express()) { // <- here
//!             send(o, 2);
//!         } else {
//!             send(o, 2);
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     void ship(Order o) {
//!         if (o.express()) {
//!             send(o, 1);
//!         } else {
//!             send(o, 2);
//!         }
//!     }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func ship(o Order) {
//!     if o.express { // <- here
//!         send(o, 2)
//!     } else {
//!         send(o, 2)
//!     }
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func ship(o Order) {
//!     if o.express {
//!         send(o, 1)
//!     } else {
//!         send(o, 2)
//!     }
//! }
//! ```
//!
//! ```rust bad
//! fn ship(o: &Order) {
//!     if o.express { // <- here
//!         send(o, 2);
//!     } else {
//!         send(o, 2);
//!     }
//! }
//! ```
//!
//! ```rust good
//! fn ship(o: &Order) {
//!     if o.express {
//!         send(o, 1);
//!     } else {
//!         send(o, 2);
//!     }
//! }
//! ```
//!
//! ```c bad
//! void ship(struct order *o) {
//!     if (o->express) { // <- here
//!         send(o, 2);
//!     } else {
//!         send(o, 2);
//!     }
//! }
//! ```
//!
//! ```c good
//! void ship(struct order *o) {
//!     if (o->express)
//!         send(o, 1);
//!     else
//!         send(o, 2);
//! }
//! ```
//!
//! ```c-sharp bad
//! class Shop {
//!     void Ship(Order o) {
//!         if (o.Express) { // <- here
//!             Send(o, 2);
//!         } else {
//!             Send(o, 2);
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Shop {
//!     void Ship(Order o) {
//!         if (o.Express) {
//!             Send(o, 1);
//!         } else {
//!             Send(o, 2);
//!         }
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! if ($order->express) { // <- here
//!     send($order, 2);
//! } else {
//!     send($order, 2);
//! }
//! ```
//!
//! ```php good
//! <?php
//! if ($order->express) {
//!     send($order, 1);
//! } elseif ($order->late) {
//!     send($order, 2);
//! } else {
//!     send($order, 2);
//! }
//! ```
//!
//! ```ruby bad
//! if order.express # <- here
//!   ship(order)
//! elsif order.late
//!   ship(order)
//! else
//!   ship(order)
//! end
//! ```
//!
//! ```ruby good
//! if order.express
//!   ship(order)
//! elsif order.late
//!   ship(order)
//! else
//!   drop(order)
//! end
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::Context;
use crate::query::{bare, branches, first_line, is_chain_head, same_code, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[1164],
    languages: &[
        "c",
        "c-sharp",
        "cpp",
        "go",
        "java",
        "javascript",
        "php",
        "python",
        "ruby",
        "rust",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::If, Role::Ternary]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if node.has(Role::Ternary) {
        check_ternary(node, context);
        return;
    }
    if !is_chain_head(node) {
        return;
    }
    let branches = branches(node);
    let has_else = branches.last().is_some_and(|last| last.condition.is_none());
    let Some(first) = branches.first().and_then(|branch| branch.body) else {
        return;
    };
    let is_empty = first.has(Role::Block) && statements(first).next().is_none();
    if branches.len() < 2 || !has_else || is_empty {
        return;
    }
    let all_same = branches[1..]
        .iter()
        .all(|branch| branch.body.is_some_and(|body| same_code(first, body)));
    if all_same {
        let message = format!(
            "all {} branches do the same: the condition decides nothing",
            branches.len()
        );
        context.report(node, message).at(first_line(node));
    }
}

fn check_ternary<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let parts: Vec<_> = node.named_children().collect();
    let fields = (
        node.child(Field::Consequence),
        node.child(Field::Alternative),
    );
    let (yes, no) = match (fields, &parts[..]) {
        ((Some(yes), Some(no)), _) => (yes, no),
        // Python: value, condition, value.
        (_, [yes, _, no]) if context.language() == "python" => (*yes, *no),
        (_, [_, yes, no]) => (*yes, *no),
        _ => return,
    };
    if same_code(bare(yes), bare(no)) {
        context.report(
            node,
            "both results are the same: the condition decides nothing",
        );
    }
}
