//! # Unused variable
//!
//! A function gives a variable a value that nothing reads.
//!
//! ## Why it matters
//!
//! The value was computed for a purpose: either a line that uses it is missing, or a line is left
//! over. Often a different variable was used by mistake.
//!
//! ## Not reported
//!
//! - Names that start with `_`, and variables of loops, handlers, `with` and unpacking.
//! - Functions that look names up when they run (`locals()`, `eval`, `exec`, `with`).
//! - Declarations whose value is made for its effect, such as a guard object (Java's resources).
//! - Languages whose compilers report it.
//!
//! ## References
//!
//! - [CWE-563](https://cwe.mitre.org/data/definitions/563.html): assignment to variable without use
//!
//! ## Examples
//!
//! ```python bad
//! def price(order):
//!     tax = order.net * 0.2  # <- here
//!     return order.net
//! ```
//!
//! ```python good
//! total = 0
//!
//! def price(order):
//!     global total
//!     total = order.net
//!     first, rest = order.parts
//!     for _ in range(3):
//!         order.net += 1
//!     with open(order.file) as f:
//!         return first
//! ```
//!
//! ```javascript bad
//! function price(order) {
//!   const tax = order.net * 0.2; // <- here
//!   return order.net;
//! }
//! ```
//!
//! ```javascript good
//! const shared = 1;
//! function price(order) {
//!   const tax = order.net * 0.2;
//!   const { net, ...rest } = order;
//!   return () => tax + rest.size;
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     int price(Order order) {
//!         int tax = order.net() * 2; // <- here
//!         return order.net();
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     int price(Order order) {
//!         int tax = order.net() * 2;
//!         try (Lock lock = order.lock()) {
//!             return order.net() + tax;
//!         }
//!     }
//! }
//! ```

use std::collections::HashMap;

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{bare, operator};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[563],
    languages: &["java", "javascript", "python", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Function]),
            check,
        },
    )
};

/// Functions with more nodes than this are not looked at again for each of the
/// functions inside them.
const NODES_MAX: usize = 60_000;

/// What is known about one name in a function.
struct Use<'t> {
    declared: Option<NodeRef<'t>>,
    writes: u32,
    mentions: u32,
}

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    // Inner functions see the variables of outer ones, so the outermost function
    // is looked at once with all that is in it.
    if node.ancestor_with(Role::Function).is_some() || node.subtree_len() > NODES_MAX {
        return;
    }
    let is_python = context.language() == "python";
    let mut names: HashMap<&'t str, Use<'t>> = HashMap::new();
    for part in node.subtree() {
        if part.is_error() || looks_names_up(part) {
            return;
        }
        if !part.is_leaf() || !part.is_named() {
            continue;
        }
        let is_name = part.has(Role::Identifier) || part.kind().contains("identifier");
        if !is_name {
            continue;
        }
        let entry = names.entry(part.text()).or_insert(Use {
            declared: None,
            writes: 0,
            mentions: 0,
        });
        entry.mentions += 1;
        let written = if is_python {
            python_write(part, node)
        } else {
            declaration(part)
        };
        if let Some(is_first) = written {
            entry.writes += 1;
            if is_first && entry.declared.is_none() {
                entry.declared = Some(part);
            }
        }
    }
    let mut unused: Vec<(NodeRef<'t>, &str)> = names
        .into_iter()
        .filter(|(name, what)| what.mentions == what.writes && !name.starts_with('_'))
        .filter_map(|(name, what)| Some((what.declared?, name)))
        .collect();
    unused.sort_by_key(|(part, _)| part.span().start);
    for (part, name) in unused {
        context.report(part, format!("`{name}` gets a value that nothing reads"));
    }
}

/// Returns whether code can reach variables without naming them.
fn looks_names_up(part: NodeRef<'_>) -> bool {
    part.has(Role::Call)
        && part
            .named_children()
            .next()
            .is_some_and(|called| matches!(called.text(), "locals" | "vars" | "eval" | "exec"))
        || matches!(part.kind(), "exec_statement")
        || part.kind() == "with_statement" && part.tree().language().id().as_str() != "python"
}

/// Returns whether the name is the whole left side of a plain assignment in the
/// function itself; only that is a first write.
fn python_write(part: NodeRef<'_>, function: NodeRef<'_>) -> Option<bool> {
    const SCOPES: RoleSet = RoleSet::of(&[Role::Function, Role::Class]);
    let parent = part.parent()?;
    if parent.kind() != "assignment" || part.field() != Field::Left {
        return None;
    }
    let in_function = part
        .ancestors()
        .find(|around| around.has_any(SCOPES))
        .is_some_and(|around| around.has(Role::Function) && function.encloses(around));
    // An annotation without a value declares for readers.
    in_function.then_some(parent.child(Field::Right).is_some())
}

/// Returns whether the name is declared here, alone and with a value.
fn declaration(part: NodeRef<'_>) -> Option<bool> {
    let parent = part.parent()?;
    if parent.has(Role::Assignment) && operator(parent) == "=" && part.field() == Field::Left {
        // Written again, and read if the assignment is a value itself.
        let is_statement = parent
            .parent()
            .is_some_and(|around| around.kind() == "expression_statement");
        return is_statement.then_some(false);
    }
    if parent.kind() != "variable_declarator" || part.field() != Field::Name {
        return None;
    }
    let statement = parent.parent()?;
    let is_local = matches!(
        statement.kind(),
        "lexical_declaration" | "variable_declaration" | "local_variable_declaration"
    ) && statement
        .parent()
        .is_some_and(|around| around.has(Role::Block));
    let value = parent.child(Field::Value).map(bare);
    let is_plain = value
        .is_some_and(|value| !value.has_any(const { RoleSet::of(&[Role::Function, Role::Class]) }));
    Some(is_local && is_plain)
}
