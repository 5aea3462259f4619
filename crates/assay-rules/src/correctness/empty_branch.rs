//! # Condition without consequence
//!
//! An `if` has an empty body, so what it asks has no effect.
//!
//! ## Why it matters
//!
//! The body was forgotten, or a stray semicolon cuts it off: `if (late); cancel();` always cancels.
//!
//! ## Not reported
//!
//! - Bodies with a comment, `pass` or `...`, and conditions that have an `else`.
//! - Languages in which an empty body cannot be written.
//!
//! ## References
//!
//! - [CWE-390](https://cwe.mitre.org/data/definitions/390.html): detection of error condition without action
//! - [CWE-483](https://cwe.mitre.org/data/definitions/483.html): incorrect block delimitation
//!
//! ## Examples
//!
//! ```javascript bad
//! if (order.late); // <- here
//! { cancel(order); }
//! if (order.paid) { // <- here
//! }
//! ```
//!
//! ```javascript good
//! if (order.paid) {
//!   // Nothing to do.
//! } else {
//!   remind(order);
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     void check(Order o) {
//!         if (o.late()); // <- here
//!         cancel(o);
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     void check(Order o) {
//!         if (o.late()) cancel(o);
//!     }
//! }
//! ```
//!
//! ```c bad
//! void check(struct order *o) {
//!     if (o->late); // <- here
//!         cancel(o);
//! }
//! ```
//!
//! ```c good
//! void check(struct order *o) {
//!     while (*o->next++);
//!     if (o->late)
//!         cancel(o);
//! }
//! ```
//!
//! ```c-sharp bad
//! class Shop {
//!     void Check(Order o) {
//!         if (o.Late) { // <- here
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Shop {
//!     void Check(Order o) {
//!         if (o.Late) { Cancel(o); }
//!     }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func check(o Order) {
//!     if o.late { // <- here
//!     }
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func check(o Order) {
//!     if o.late {
//!         // Nothing to do.
//!     }
//! }
//! ```
//!
//! ```rust bad
//! fn check(o: &Order) {
//!     if o.late { // <- here
//!     }
//! }
//! ```
//!
//! ```rust good
//! fn check(o: &Order) {
//!     if o.late {
//!         // Nothing to do.
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! if ($order->late) { // <- here
//! }
//! ```
//!
//! ```php good
//! <?php
//! if ($order->late) {
//!     cancel($order);
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{branches, first_line, has_comment, is_chain_head, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[390, 483],
    languages: &[
        "c",
        "c-sharp",
        "cpp",
        "go",
        "java",
        "javascript",
        "php",
        "rust",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Medium,
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
    let branches = branches(node);
    let [only] = branches[..] else { return };
    // Java's grammar has a mere token for the empty statement.
    let last = node.children().last();
    let Some(body) = only.body.or(last) else {
        return;
    };
    let is_semicolon = body.text() == ";";
    let is_block = body.has(Role::Block) && statements(body).next().is_none();
    // A macro or directive that is not expanded here looks like nothing.
    let has_more = body
        .children()
        .any(|child| child.is_error() || child.kind().starts_with("preproc"));
    if !(is_semicolon || is_block) || has_more || has_comment(body) {
        return;
    }
    let note_follows = node
        .next_sibling()
        .is_some_and(|next| next.has(Role::Comment) && next.line() == node.last_line());
    if is_block && note_follows {
        return;
    }
    let message = if is_semicolon {
        "the semicolon is the whole body of this `if`"
    } else {
        "this `if` has no body"
    };
    context.report(node, message).at(first_line(node));
}
