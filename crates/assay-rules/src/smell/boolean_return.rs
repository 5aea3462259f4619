//! # Condition returned in a roundabout way
//!
//! An `if` returns `true` and its `else` returns `false`, where the condition is the answer.
//!
//! ## Why it matters
//!
//! Four lines say what one says, and a slip in one of the literals turns the answer around.
//!
//! ## Not reported
//!
//! - `if` with `else if`, branches with a comment, and Python or JavaScript conditions that may be
//!   something else than a boolean.
//!
//! ## Examples
//!
//! ```java bad
//! class Order {
//!     boolean isLarge() {
//!         if (total > 100) { // <- here
//!             return true;
//!         } else {
//!             return false;
//!         }
//!     }
//! }
//! ```
//!
//! ```java fixed
//! class Order {
//!     boolean isLarge() {
//!         return total > 100;
//!     }
//! }
//! ```
//!
//! ```java good
//! class Order {
//!     boolean isLarge() {
//!         if (total > 100) {
//!             return true;
//!         } else if (gift) {
//!             return false;
//!         }
//!         return open;
//!     }
//! }
//! ```
//!
//! ```python bad
//! def is_large(order):
//!     if order.total > 100:  # <- here
//!         return True
//!     else:
//!         return False
//! ```
//!
//! ```python fixed
//! def is_large(order):
//!     return order.total > 100
//! ```
//!
//! ```python good
//! def is_large(order):
//!     if order.match:
//!         return True
//!     else:
//!         return False
//! ```
//!
//! ```javascript bad
//! function isLarge(order) {
//!   if (order.total <= 100) return false; // <- here
//!   else return true;
//! }
//! ```
//!
//! ```javascript fixed
//! function isLarge(order) {
//!   return !(order.total <= 100);
//! }
//! ```
//!
//! ```javascript good
//! function isLarge(order) {
//!   if (order.match) return true;
//!   else return false;
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func large(o Order) bool {
//!     if o.total > 100 { // <- here
//!         return true
//!     } else {
//!         return false
//!     }
//! }
//! ```
//!
//! ```go fixed
//! package shop
//!
//! func large(o Order) bool {
//!     return o.total > 100
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func large(o Order) bool {
//!     return o.total > 100
//! }
//! ```
//!
//! ```c-sharp bad
//! class Order {
//!     bool IsLarge() {
//!         if (total > 100) { // <- here
//!             return true;
//!         } else {
//!             return false;
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp fixed
//! class Order {
//!     bool IsLarge() {
//!         return total > 100;
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Order {
//!     bool IsLarge() {
//!         return total > 100;
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::{Context, replace};
use crate::query::{bare, branches, first_line, has_comment, is_chain_head, jump, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &[
        "c-sharp",
        "go",
        "java",
        "javascript",
        "python",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
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
    let [yes, no] = branches(node)[..] else {
        return;
    };
    let (Some(condition), None) = (yes.condition.map(bare), no.condition) else {
        return;
    };
    let (Some(yes), Some(no)) = (returned(yes.body), returned(no.body)) else {
        return;
    };
    let has_types = matches!(context.language(), "java" | "go" | "c-sharp");
    if yes == no || has_comment(node) || !has_types && !condition.has(Role::Comparison) {
        return;
    }
    const SIMPLE: RoleSet = RoleSet::of(&[Role::Identifier, Role::Member, Role::Call, Role::Index]);
    let text = condition.text();
    let answer = match (yes, context.language()) {
        (true, _) => text.to_owned(),
        (false, "python") => format!("not ({text})"),
        (false, _) if condition.has_any(SIMPLE) => format!("!{text}"),
        (false, _) => format!("!({text})"),
    };
    let end = if matches!(context.language(), "python" | "go") {
        ""
    } else {
        ";"
    };
    context
        .report(
            node,
            "the condition itself is the answer that the two branches return",
        )
        .at(first_line(node))
        .safe_fix(
            "Return the condition",
            vec![replace(node.span(), format!("return {answer}{end}"))],
        );
}

/// The literal that a branch returns, when it does nothing else.
fn returned(body: Option<NodeRef<'_>>) -> Option<bool> {
    let mut body = body?;
    for _ in 0..3 {
        if jump(body).is_some() {
            break;
        }
        let mut inside = statements(body);
        match (inside.next(), inside.next()) {
            (Some(only), None) => body = only,
            _ => return None,
        }
    }
    let returned = jump(body).filter(|jump| jump.has(Role::Return))?;
    let mut values = returned.named_children();
    let mut value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    if value.kind() == "expression_list" {
        let mut list = value.named_children();
        value = list.next()?;
        if list.next().is_some() {
            return None;
        }
    }
    match value.text() {
        "true" | "True" if value.has(Role::Boolean) => Some(true),
        "false" | "False" if value.has(Role::Boolean) => Some(false),
        _ => None,
    }
}
