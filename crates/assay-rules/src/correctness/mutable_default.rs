//! # Default value that calls share
//!
//! A parameter's default is a list, dictionary or set, and all calls share that one object.
//!
//! ## Why it matters
//!
//! The default is made once, when the function is defined. What one call adds to it, the next
//! call finds in it.
//!
//! ## Not reported
//!
//! - Defaults that the function never changes and never hands on: it only reads, iterates or
//!   tests them.
//! - Parameters that are called a cache or memo, or start with `_`: sharing is meant.
//!
//! ## References
//!
//! - Python FAQ: why are default values shared between objects?
//!
//! ## Examples
//!
//! ```python bad
//! def add(item, items=[]):  # <- here
//!     items.append(item)
//!     return items
//! ```
//!
//! ```python good
//! def add(item, items=None, options={}):
//!     if items is None:
//!         items = []
//!     items.append(item)
//!     for name in options:
//!         print(name, options[name])
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::bare;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    languages: &["python"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Medium,
        Check::Node {
            on: Trigger::kinds(&["default_parameter", "typed_default_parameter"]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let (Some(name), Some(value)) = (node.child(Field::Name), node.child(Field::Value)) else {
        return;
    };
    let value = bare(value);
    // The usual names of a store that calls are meant to share.
    let lower = name.text().to_lowercase();
    if lower.starts_with('_') || lower.contains("cache") || lower.contains("memo") {
        return;
    }
    let is_shared = matches!(
        value.kind(),
        "list"
            | "dictionary"
            | "set"
            | "list_comprehension"
            | "dictionary_comprehension"
            | "set_comprehension"
    ) || value.has(Role::Call)
        && value.child(Field::Function).is_some_and(|function| {
            matches!(
                function.text(),
                "list" | "dict" | "set" | "defaultdict" | "deque" | "OrderedDict"
            )
        });
    let Some(function) = node.ancestor_with(Role::Function) else {
        return;
    };
    let Some(body) = function.child(Field::Body) else {
        return;
    };
    if is_shared
        && body
            .subtree()
            .any(|part| part.text() == name.text() && changes(part))
    {
        context.report(
            node,
            format!(
                "all calls share the one default value of `{}`, and it is changed or handed on",
                name.text()
            ),
        );
    }
}

/// Returns whether a use of the name changes the object or lets it out.
fn changes(name: NodeRef<'_>) -> bool {
    const LETS_OUT: RoleSet = RoleSet::of(&[Role::Return, Role::Yield]);
    const METHODS: &[&str] = &[
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "clear",
        "sort",
        "reverse",
        "update",
        "setdefault",
        "popitem",
        "add",
        "discard",
        "appendleft",
        "extendleft",
    ];
    if !name.has(Role::Identifier) {
        return false;
    }
    let Some(parent) = name.parent() else {
        return false;
    };
    if parent.has_any(LETS_OUT) {
        return true;
    }
    if parent.has(Role::Member) && name.field() == Field::Object {
        let is_called = parent.parent().is_some_and(|call| {
            call.has(Role::Call) && call.child(Field::Function) == Some(parent)
        });
        return is_called
            && parent
                .child(Field::Property)
                .is_some_and(|method| METHODS.contains(&method.text()));
    }
    let is_target = |node: NodeRef<'_>| {
        node.parent()
            .is_some_and(|around| around.has(Role::Assignment) && node.field() == Field::Left)
    };
    // `items[0] = x`, `items += [x]`, `self.items = items`.
    parent.has(Role::Index) && name.field() == Field::Value && is_target(parent)
        || parent.kind() == "augmented_assignment" && name.field() == Field::Left
        || parent.kind() == "assignment"
            && name.field() == Field::Right
            && parent
                .child(Field::Left)
                .is_some_and(|left| left.has(Role::Member))
}
