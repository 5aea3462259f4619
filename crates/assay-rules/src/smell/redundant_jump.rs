//! # Jump to where the code goes anyway
//!
//! A `return` without a value ends a function that ends there, or a `continue` a loop's last line.
//!
//! ## Why it matters
//!
//! The reader looks for the case that it is for, and there is none.
//!
//! ## Not reported
//!
//! - Jumps that are the only statement of their block.
//!
//! ## Examples
//!
//! ```python bad
//! def ship(order):
//!     send(order)
//!     return  # <- here
//! ```
//!
//! ```python fixed
//! def ship(order):
//!     send(order)
//! ```
//!
//! ```python good
//! def ship(order):
//!     if order.paid:
//!         return
//!     return None
//! ```
//!
//! ```javascript bad
//! function ship(orders) {
//!   for (const order of orders) {
//!     send(order);
//!     continue; // <- here
//!   }
//! }
//! ```
//!
//! ```javascript fixed
//! function ship(orders) {
//!   for (const order of orders) {
//!     send(order);
//!   }
//! }
//! ```
//!
//! ```javascript good
//! function ship(orders) {
//!   for (const order of orders) {
//!     if (order.paid) continue;
//!     send(order);
//!   }
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     void ship(Order o) {
//!         send(o);
//!         return; // <- here
//!     }
//! }
//! ```
//!
//! ```java fixed
//! class Shop {
//!     void ship(Order o) {
//!         send(o);
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     int ship(Order o) {
//!         send(o);
//!         return 1;
//!     }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func ship(o Order) {
//!     send(o)
//!     return // <- here
//! }
//! ```
//!
//! ```go fixed
//! package shop
//!
//! func ship(o Order) {
//!     send(o)
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func ship(o Order) (err error) {
//!     err = send(o)
//!     return
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::{Context, replace};
use crate::query::{statements, whole_lines};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &["go", "java", "javascript", "python", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Info,
        Check::Node {
            on: Trigger::roles(&[Role::Return, Role::Continue]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if node.named_children().next().is_some() || !node.is_named() {
        return;
    }
    let Some(mut block) = node.parent() else {
        return;
    };
    if statements(block).last() != Some(node) || statements(block).count() < 2 {
        return;
    }
    if block.kind() == "statement_list" {
        match block.parent() {
            Some(parent) => block = parent,
            None => return,
        }
    }
    let Some(owner) = block.parent() else { return };
    let ends = if node.has(Role::Continue) {
        owner.has(Role::Loop)
    } else {
        owner.has(Role::Function) && !owner.has(Role::Constructor) && !names_results(owner)
    };
    if !ends || !block.has(Role::Block) {
        return;
    }
    let word = if node.has(Role::Continue) {
        "continue"
    } else {
        "return"
    };
    context
        .report(
            node,
            format!("this `{word}` goes where the code goes anyway"),
        )
        .safe_fix(
            format!("Remove the `{word}`"),
            vec![replace(whole_lines(node), "")],
        );
}

/// A bare `return` of a Go function with named results returns them.
fn names_results(function: NodeRef<'_>) -> bool {
    function.child(Field::ReturnType).is_some() && function.tree().language().id().as_str() == "go"
}
