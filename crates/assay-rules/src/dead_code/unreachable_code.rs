//! # Unreachable code
//!
//! A statement follows one that always leaves the block, so it never runs.
//!
//! ## Why it matters
//!
//! Either the code is left over, or the jump before it came there by mistake.
//!
//! ## Not reported
//!
//! - Declarations of functions and classes, labels, and a `break` after a `return` in a switch.
//! - A `yield` that only makes a function a generator.
//! - Languages whose compilers refuse it.
//!
//! ## References
//!
//! - [CWE-561](https://cwe.mitre.org/data/definitions/561.html): dead code
//!
//! ## Examples
//!
//! ```python bad
//! def price(order):
//!     return order.net
//!     log(order)  # <- here
//! ```
//!
//! ```python good
//! def nothing():
//!     return
//!     yield
//!
//! def price(order):
//!     if order.free:
//!         return 0
//!     return order.net
//! ```
//!
//! ```javascript bad
//! function price(order) {
//!   throw new Error("not yet");
//!   return order.net; // <- here
//! }
//! ```
//!
//! ```javascript good
//! function price(order) {
//!   return net();
//!   function net() {
//!     return order.net;
//!   }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func price(o Order) int {
//!     return o.net
//!     log(o) // <- here
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func price(o Order) int {
//!     for {
//!         if o.free {
//!             goto done
//!         }
//!         break
//!     }
//! done:
//!     return o.net
//! }
//! ```
//!
//! ```rust bad
//! fn price(o: &Order) -> u32 {
//!     return o.net;
//!     log(o); // <- here
//! }
//! ```
//!
//! ```rust good
//! fn price(o: &Order) -> Option<u32> {
//!     let net = o.net()?;
//!     if net == 0 {
//!         return None;
//!     }
//!     Some(net)
//! }
//! ```
//!
//! ```c bad
//! int price(struct order *o) {
//!     return o->net;
//!     log_order(o); // <- here
//! }
//! ```
//!
//! ```c good
//! int price(struct order *o) {
//!     switch (o->kind) {
//!     case 1:
//!         return 1;
//!         break;
//!     default:
//!         goto out;
//!     }
//! out:
//!     return o->net;
//! }
//! ```
//!
//! ```c-sharp bad
//! class Shop {
//!     int Price(Order o) {
//!         return o.Net;
//!         Log(o); // <- here
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Shop {
//!     int Price(Order o) {
//!         return Net();
//!         int Net() { return o.Net; }
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! function price($order) {
//!     return $order->net;
//!     log_order($order); // <- here
//! }
//! ```
//!
//! ```php good
//! <?php
//! function price($order) {
//!     if ($order->free) {
//!         return 0;
//!     }
//!     return $order->net;
//! }
//! ```
//!
//! ```ruby bad
//! def price(order)
//!   return order.net
//!   log(order) # <- here
//! end
//! ```
//!
//! ```ruby good
//! def price(order)
//!   return 0 if order.free
//!   order.net
//! end
//! ```
//!
//! ```kotlin bad
//! fun price(order: Order): Int {
//!     return order.net
//!     log(order) // <- here
//! }
//! ```
//!
//! ```kotlin good
//! fun price(order: Order): Int {
//!     if (order.free) return 0
//!     return order.net
//! }
//! ```
//!
//! ```swift bad
//! func price(order: Order) throws -> Int {
//!     throw Missing.price
//!     log(order) // <- here
//! }
//! ```
//!
//! ```swift good
//! func price(order: Order) -> Int {
//!     guard order.isOpen else { return 0 }
//!     return order.net
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{first_line, jump};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[561],
    languages: &[
        "c",
        "c-sharp",
        "cpp",
        "go",
        "javascript",
        "kotlin",
        "php",
        "python",
        "ruby",
        "rust",
        "swift",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::Node {
            on: Trigger::roles(&[Role::Return, Role::Throw, Role::Break, Role::Continue]),
            check,
        },
    )
};

const DECLARATIONS: RoleSet = RoleSet::of(&[
    Role::Function,
    Role::Class,
    Role::Signature,
    Role::Label,
    Role::Preprocessor,
    Role::Import,
    Role::Break,
]);

const LISTS: RoleSet = RoleSet::of(&[Role::Block, Role::Case, Role::DefaultCase]);

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(parent) = node.parent() else { return };
    let statement = match jump(parent) {
        Some(inner) if inner == node && parent.kind() == "expression_statement" => parent,
        _ => node,
    };
    let Some(list) = statement.parent() else {
        return;
    };
    let is_list = list.has_any(LISTS)
        || matches!(
            list.kind(),
            "statement_list" | "statements" | "body_statement"
        );
    if !is_list || jump(statement).is_none() || !statement.is_named() {
        return;
    }
    let mut after = std::iter::successors(statement.next_sibling(), |next| next.next_sibling())
        .filter(|next| next.is_named() && !next.has(Role::Comment));
    let Some(next) = after.find(|next| {
        !matches!(next.kind(), "empty_statement" | "empty" | "heredoc_body") && next.text() != ";"
    }) else {
        return;
    };
    // Ruby's handlers and Python's clauses stand in the same list.
    const CLAUSES: RoleSet = RoleSet::of(&[
        Role::Catch,
        Role::Finally,
        Role::Else,
        Role::ElseIf,
        Role::Case,
        Role::DefaultCase,
    ]);
    // Rust's attributes choose between statements before any of them runs.
    let is_chosen = next.has(Role::Annotation)
        || statement
            .previous_sibling()
            .is_some_and(|before| before.has(Role::Annotation));
    let is_other = is_chosen
        || next.has_any(DECLARATIONS)
        || next.has_any(CLAUSES)
        || jump(next).is_some_and(|jump| jump.has(Role::Break))
        || next.kind().contains("declaration") && !next.has(Role::Variable)
        || next.kind().contains("function")
        || next.kind().contains("label")
        || next.kind().starts_with("preproc")
        || next.is_error()
        || next.subtree().take(8).any(|part| part.has(Role::Yield));
    if is_other || statement.kind() == "if_modifier" {
        return;
    }
    let word = node
        .text()
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or("");
    let line = node.line();
    context
        .report(
            next,
            format!("nothing gets past the `{word}` in line {line}: this never runs"),
        )
        .at(first_line(next));
}
