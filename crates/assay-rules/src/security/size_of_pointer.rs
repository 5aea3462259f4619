//! # Size of the pointer and not of what it points to
//!
//! A copy, a clearing or an allocation takes `sizeof` of the pointer itself.
//!
//! ## Why it matters
//!
//! The size of a pointer is 4 or 8, whatever it points to: too little is cleared or allocated, or too much is copied. Write
//! `sizeof(*p)`, or hand the size of the buffer on.
//!
//! ## Not reported
//!
//! Arrays of the function, whose size `sizeof` knows, and pointers to pointers.
//!
//! ## References
//!
//! - SEI CERT C, ARR01-C
//! - CWE-467
//!
//! ## Examples
//!
//! ```c bad
//! void clear(struct item *item, char *name) {
//!     memset(item, 0, sizeof(item)); /* <- here */
//!     snprintf(name, sizeof name, "x"); /* <- here */
//!     struct item *copy = malloc(sizeof(copy)); /* <- here */
//!     use(copy);
//! }
//! ```
//!
//! ```c good
//! void clear(struct item *item) {
//!     char name[16];
//!     memset(item, 0, sizeof(*item));
//!     snprintf(name, sizeof name, "x");
//!     struct item *copy = malloc(sizeof(*copy));
//!     struct item *all[8];
//!     memset(all, 0, sizeof(all));
//!     memset(&item, 0, sizeof(item));
//!     use(copy, name, all);
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{Field, NodeRef};

use crate::c_memory::{FUNCTION_NODES_MAX, Local, bare, call, locals, size_of};
use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::High,
    languages: &["c", "cpp"],
    cwe: &[467, 131],
    tags: &["owasp-a04-2021"],
    ..RuleSpec::new(
        Category::Security,
        Severity::Medium,
        Check::Node {
            on: Trigger::kinds(&["function_definition"]),
            check,
        },
    )
};

/// Functions with the places of their buffers and of the size.
const SIZED: &[(&str, &[usize], usize)] = &[
    ("memset", &[0], 2),
    ("memcpy", &[0, 1], 2),
    ("memmove", &[0, 1], 2),
    ("strncpy", &[0], 2),
    ("strlcpy", &[0], 2),
    ("strlcat", &[0], 2),
    ("snprintf", &[0], 1),
    ("vsnprintf", &[0], 1),
    ("fgets", &[0], 1),
    ("bzero", &[0], 1),
    ("explicit_bzero", &[0], 1),
    ("read", &[1], 2),
    ("recv", &[1], 2),
];

fn check<'t>(function: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if function.subtree_len() > FUNCTION_NODES_MAX || !function.text().contains("sizeof") {
        return;
    }
    let locals = locals(function);
    let pointer = |name: &str| {
        let mut pointers = locals.iter().filter(|local| is_single(local));
        pointers.any(|local| local.name == name)
    };
    for node in function.subtree() {
        let Some((name, arguments)) = call(node) else {
            continue;
        };
        let of_buffer = SIZED.iter().find(|known| known.0 == name);
        if let Some((_, buffers, size)) = of_buffer {
            let Some(of) = arguments.get(*size).copied().and_then(size_of) else {
                continue;
            };
            let is_it = |at: &usize| {
                arguments
                    .get(*at)
                    .is_some_and(|arg| bare(*arg).text() == of)
            };
            if pointer(of) && buffers.iter().any(is_it) {
                context.report(node, message(of));
            }
        } else if matches!(name, "malloc" | "alloca")
            && let [size] = arguments[..]
            && let Some(of) = size_of(size)
            && pointer(of)
            && target(node).is_some_and(|target| target == of)
        {
            context.report(node, message(of));
        }
    }
}

/// Returns whether a variable points to something that is no pointer; what
/// `void` is as large as nobody knows.
fn is_single(local: &Local<'_>) -> bool {
    local.is_pointer() && local.stars() == 1
}

/// Returns the name that is given the result of a call.
fn target(node: NodeRef<'_>) -> Option<&str> {
    let mut around = node.parent()?;
    while matches!(
        around.kind(),
        "cast_expression" | "parenthesized_expression"
    ) {
        around = around.parent()?;
    }
    let declared = match around.kind() {
        "init_declarator" => around.child(Field::Declarator)?,
        "assignment_expression" => around.child(Field::Left)?,
        _ => return None,
    };
    Some(declared.text().trim_start_matches(['*', ' ']))
}

fn message(name: &str) -> String {
    format!("this is the size of the pointer `{name}`, not of what it points to")
}
