//! # Address of a variable that is gone
//!
//! A function returns the address of one of its own variables.
//!
//! ## Why it matters
//!
//! The variable is gone when the function returns: whoever uses the address reads and overwrites what other
//! functions keep there. Allocate it, let the caller hand a buffer in, or make it static.
//!
//! ## Not reported
//!
//! Static variables, parameters that point elsewhere, references, and functions that return a value and no pointer.
//!
//! ## References
//!
//! - SEI CERT C, DCL30-C
//!
//! ## Examples
//!
//! ```c bad
//! char *name(void) {
//!     char line[64];
//!     fill(line, sizeof line);
//!     return line; /* <- here */
//! }
//!
//! int *number(int start) {
//!     return &start; /* <- here */
//! }
//! ```
//!
//! ```c good
//! char *name(char *into) {
//!     static char line[64];
//!     char *copy = into;
//!     if (copy != 0) {
//!         return copy;
//!     }
//!     return line;
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::c_memory::{FUNCTION_NODES_MAX, bare, locals};
use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::High,
    languages: &["c", "cpp"],
    cwe: &[562, 825],
    tags: &["owasp-a04-2021"],
    ..RuleSpec::new(
        Category::Security,
        Severity::High,
        Check::Node {
            on: Trigger::kinds(&["function_definition"]),
            check,
        },
    )
};

fn check<'t>(function: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let returns_pointer = function
        .child(Field::Declarator)
        .is_some_and(|declarator| declarator.kind() == "pointer_declarator");
    if !returns_pointer || function.subtree_len() > FUNCTION_NODES_MAX {
        return;
    }
    let returned = function
        .subtree()
        .filter(|node| node.has(Role::Return))
        .filter(|node| !is_in_lambda(*node, function));
    let mut own = None;
    for statement in returned {
        let Some(value) = statement.named_children().next().map(bare) else {
            continue;
        };
        let (name, is_address) = match value.kind() {
            "identifier" => (value.text(), false),
            "pointer_expression" if value.text().starts_with('&') => {
                match value.named_children().next().map(bare) {
                    Some(of) if of.kind() == "identifier" => (of.text(), true),
                    Some(of) if of.kind() == "subscript_expression" => {
                        match of.named_children().next() {
                            Some(array) if array.kind() == "identifier" => (array.text(), false),
                            _ => continue,
                        }
                    }
                    _ => continue,
                }
            }
            _ => continue,
        };
        let own = own.get_or_insert_with(|| locals(function));
        let is_gone = own.iter().any(|local| {
            local.name == name
                && !local.is_static
                && !local.is_reference()
                && (is_address || local.is_array())
        });
        if is_gone {
            context.report(value, format!("`{name}` is gone when the function returns"));
        }
    }
}

fn is_in_lambda(node: NodeRef<'_>, function: NodeRef<'_>) -> bool {
    node.ancestors()
        .take_while(|around| *around != function)
        .any(|around| around.has(Role::Function))
}
