//! # Function defined twice
//!
//! A function or method is defined again in the same scope, and the first definition is lost.
//!
//! ## Why it matters
//!
//! The later one silently wins. Two tests with one name are one test that never runs.
//!
//! ## Not reported
//!
//! - Python: definitions with a decorator (`@overload`, `@property.setter`, ...), in different
//!   branches of a condition, and names that are used in between.
//! - TypeScript: overloads.
//!
//! ## References
//!
//! - [CWE-561](https://cwe.mitre.org/data/definitions/561.html): dead code
//!
//! ## Examples
//!
//! ```python bad
//! class TestShop:
//!     def test_buy(self):
//!         assert buy()
//!
//!     def test_buy(self):  # <- here
//!         assert sell()
//! ```
//!
//! ```python good
//! class Shop:
//!     @property
//!     def total(self):
//!         return 1
//!
//!     @total.setter
//!     def total(self, value):
//!         pass
//!
//! if fast:
//!     def run():
//!         pass
//! else:
//!     def run():
//!         pass
//! ```
//!
//! ```javascript bad
//! class Shop {
//!   buy() {}
//!   sell() {}
//!   buy() {} // <- here
//! }
//! ```
//!
//! ```javascript good
//! class Shop {
//!   get total() { return 1; }
//!   set total(value) {}
//!   static buy() {}
//!   buy() {}
//! }
//! ```

use std::collections::HashMap;

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::first_line;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[561],
    languages: &["javascript", "python"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::kinds(&["module", "block", "class_body"]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let mut seen: HashMap<(&'t str, &'t str), NodeRef<'t>> = HashMap::new();
    for child in node.named_children() {
        if child.kind() == "decorated_definition" {
            // What decorates may register the first definition under its name.
            if let Some(name) = child.children().last().and_then(NodeRef::name) {
                seen.remove(&(name, ""));
            }
            continue;
        }
        if !child.has(Role::Function) {
            continue;
        }
        let Some(name) = child.name().filter(|name| *name != "_" && *name != "__") else {
            continue;
        };
        let first = match seen.insert((name, modifier(child)), child) {
            Some(first) if !is_used_between(node, first, child, name) => first,
            _ => continue,
        };
        let line = first.line();
        context
            .report(
                child,
                format!("`{name}` replaces the definition in line {line}"),
            )
            .related(first_line(first), "the definition that is lost")
            .at(first_line(child));
    }
}

/// Getters, setters and static methods have names of their own.
fn modifier<'t>(function: NodeRef<'t>) -> &'t str {
    function
        .children()
        .find(|child| matches!(child.kind(), "get" | "set" | "static"))
        .map_or("", NodeRef::text)
}

fn is_used_between(
    block: NodeRef<'_>,
    first: NodeRef<'_>,
    second: NodeRef<'_>,
    name: &str,
) -> bool {
    let (from, to) = (first.span().end, second.span().start);
    block
        .named_children()
        .filter(|child| child.span().start >= from && child.span().end <= to)
        .flat_map(NodeRef::subtree)
        .any(|part| part.has(Role::Identifier) && part.text() == name)
}
