//! # Collection changed while it is iterated
//!
//! A loop adds to or removes from the very collection that it goes over.
//!
//! ## Why it matters
//!
//! Python skips elements of a list and raises an error for dictionaries and sets; Java throws
//! `ConcurrentModificationException`. Go over a copy, or collect what is to change.
//!
//! ## Not reported
//!
//! - Loops over a copy (`list(items)`, `items[:]`, `new ArrayList<>(items)`).
//! - Changes right before a `break` or `return`, which end the loop.
//! - Python lists that only grow: the loop then serves them as a queue.
//!
//! ## References
//!
//! - Python tutorial, section 4.2: modifying a collection while iterating over it
//!
//! ## Examples
//!
//! ```python bad
//! for order in orders:
//!     if order.old:
//!         orders.remove(order)  # <- here
//! for key in prices:
//!     del prices[key]  # <- here
//! ```
//!
//! ```python good
//! for order in list(orders):
//!     if order.old:
//!         orders.remove(order)
//! for order in orders:
//!     if order.old:
//!         orders.remove(order)
//!         break
//!     order.parts.append(1)
//! ```
//!
//! ```java bad
//! class Shop {
//!     void clean(List<Order> orders) {
//!         for (Order order : orders) {
//!             if (order.old()) {
//!                 orders.remove(order); // <- here
//!             }
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     void clean(List<Order> orders) {
//!         for (Order order : new ArrayList<>(orders)) {
//!             orders.remove(order);
//!         }
//!         for (Order order : orders) {
//!             if (order.old()) {
//!                 orders.remove(order);
//!                 return;
//!             }
//!         }
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{body, is_pure, jump, same_code};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[662],
    languages: &["java", "python"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::ForLoop]),
            check,
        },
    )
};

/// What takes elements away. A Python list that grows while it is iterated is a
/// queue, which works.
const PYTHON: &[&str] = &["remove", "insert", "pop", "clear", "discard", "popitem"];

const JAVA: &[&str] = &["remove", "add", "clear", "addAll", "removeAll", "removeIf"];

/// Longer loops are looked at so far.
const NODES_MAX: usize = 20_000;

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let iterated = match context.language() {
        "java" if node.kind() == "enhanced_for_statement" => node.child(Field::Value),
        "python" => node.child(Field::Right),
        _ => None,
    };
    let (Some(iterated), Some(body)) = (iterated, body(node)) else {
        return;
    };
    const NAMES: RoleSet = RoleSet::of(&[Role::Identifier, Role::Member]);
    if !iterated.has_any(NAMES) || !is_pure(iterated) {
        return;
    }
    for part in body.subtree().take(NODES_MAX) {
        let changed = changed_object(part, context.language());
        let is_same = changed.is_some_and(|object| same_code(object, iterated));
        if is_same && !ends_loop(part, body) && !is_assigned(body, iterated) {
            context
                .report(
                    part,
                    format!(
                        "`{}` changes while the loop in line {} goes over it",
                        iterated.text(),
                        node.line()
                    ),
                )
                .related(iterated.span(), "the collection that is iterated");
            return;
        }
    }
}

/// The collection that a call or statement adds to or removes from.
fn changed_object<'t>(part: NodeRef<'t>, language: &str) -> Option<NodeRef<'t>> {
    if part.kind() == "delete_statement" {
        let target = part.named_children().next()?;
        return target
            .has(Role::Index)
            .then(|| target.child(Field::Value))?;
    }
    if !part.has(Role::Call) {
        return None;
    }
    let (object, method, changing) = match language {
        "java" => (part.child(Field::Object)?, part.child(Field::Name)?, JAVA),
        _ => {
            let function = part.child(Field::Function)?;
            let method = function.child(Field::Property)?;
            (function.child(Field::Object)?, method, PYTHON)
        }
    };
    changing.contains(&method.text()).then_some(object)
}

/// Returns whether the loop ends after the change: a jump follows in the same
/// block or in one around it.
fn ends_loop(part: NodeRef<'_>, body: NodeRef<'_>) -> bool {
    let mut at = part;
    while at != body {
        let follows = std::iter::successors(at.next_sibling(), |next| next.next_sibling())
            .any(|next| jump(next).is_some_and(|jump| !jump.has(Role::Continue)));
        if follows || jump(at).is_some() {
            return true;
        }
        match at.parent() {
            Some(parent) => at = parent,
            None => break,
        }
    }
    false
}

/// A name that the loop gives another collection is not the iterated one.
fn is_assigned(body: NodeRef<'_>, name: NodeRef<'_>) -> bool {
    body.subtree()
        .filter(|part| part.has(Role::Assignment))
        .filter_map(|part| part.child(Field::Left))
        .any(|left| same_code(left, name))
}
