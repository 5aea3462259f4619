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
//! - Names that start with `_`, `unused`, `ignore` or `dummy`, and variables of loops, handlers,
//!   `with` and unpacking.
//! - Results of calls in tests, and samples in documentation.
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
use crate::query::{bare, is_silenced_elsewhere, is_test_path, operator};
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
    declared: NodeRef<'t>,
    writes: u32,
    mentions: u32,
}

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    // Inner functions see the variables of outer ones, so the outermost function
    // is looked at once with all that is in it.
    if node.subtree_len() > NODES_MAX || node.ancestor_with(Role::Function).is_some() {
        return;
    }
    let is_python = context.language() == "python";
    let write = |name: NodeRef<'t>| {
        if is_python {
            python_write(name, node)
        } else {
            declaration(name)
        }
    };
    let mut names: HashMap<&'t str, Use<'t>> = HashMap::new();
    let mut lengths = 0_u64;
    for name in node.subtree().filter_map(written) {
        if write(name) == Some(true) && is_plain_name(name.text()) {
            lengths |= length_bit(name.text());
            names.entry(name.text()).or_insert(Use {
                declared: name,
                writes: 0,
                mentions: 0,
            });
        }
    }
    if names.is_empty() {
        return;
    }
    for part in node.subtree() {
        if part.is_error() || looks_names_up(part) {
            return;
        }
        // Most names are of another length, and need not be looked up.
        if !part.is_leaf() || !part.is_named() || lengths & length_bit(part.text()) == 0 {
            continue;
        }
        if let Some(what) = names.get_mut(part.text()) {
            what.mentions += 1;
            what.writes += u32::from(write(part).is_some());
        }
    }
    let mut unused: Vec<NodeRef<'t>> = names
        .into_values()
        .filter(|what| what.mentions == what.writes)
        .map(|what| what.declared)
        .collect();
    unused.sort_by_key(|name| name.span().start);
    for name in unused {
        if !is_for_show(name, context) {
            context.report(
                name,
                format!("`{}` gets a value that nothing reads", name.text()),
            );
        }
    }
}

/// Returns the name that an assignment or declaration gives a value.
fn written(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    if node.has(Role::Assignment) {
        node.child(Field::Left)
    } else if node.kind() == "variable_declarator" {
        node.child(Field::Name)
    } else {
        None
    }
    .filter(|name| name.is_leaf())
}

fn length_bit(name: &str) -> u64 {
    1 << name.len().min(63)
}

/// Names that do not say "never read".
fn is_plain_name(name: &str) -> bool {
    !name.starts_with('_')
        && !["unused", "ignore", "dummy"]
            .iter()
            .any(|word| name.starts_with(word))
}

/// In tests and samples a variable often only shows what a call gives.
fn is_for_show(name: NodeRef<'_>, context: &Context<'_, '_>) -> bool {
    let path = context.path().to_display();
    let is_sample = path
        .split('/')
        .any(|part| matches!(part, "docs" | "doc" | "examples" | "samples" | "benchmarks"));
    let has_call = name
        .parent()
        .is_some_and(|parent| parent.subtree().any(|part| part.has(Role::Call)));
    is_sample || is_silenced_elsewhere(name) || has_call && is_test_path(context.path())
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
