//! # Memory that nobody frees
//!
//! A function ends, or sets the pointer to something else, while memory or a file is held by that pointer alone.
//!
//! ## Why it matters
//!
//! A program that runs for long grows until it is killed, and files that stay open run out; whoever reaches the place
//! often enough stops it. Free on all ways, also on those that fail.
//!
//! ## Not reported
//!
//! What was handed to another function, stored or given back, what is held on some of the ways only, `main`, and functions
//! with `#if` in them.
//!
//! ## References
//!
//! - SEI CERT C, MEM31-C and FIO42-C
//!
//! ## Examples
//!
//! ```c bad
//! int parse(const char *text) {
//!     char *copy = strdup(text);
//!     if (!copy) {
//!         return -1;
//!     }
//!     if (copy[0] != '{') {
//!         return -1; /* <- here */
//!     }
//!     free(copy);
//!     return 0;
//! }
//!
//! void grow(struct list *list, size_t size) {
//!     list->items = realloc(list->items, size); /* <- here */
//! }
//! ```
//!
//! ```c good
//! int parse(const char *text) {
//!     int result = 0;
//!     char *copy = strdup(text);
//!     if (!copy) {
//!         return -1;
//!     }
//!     if (copy[0] != '{') {
//!         result = -1;
//!     }
//!     free(copy);
//!     return result;
//! }
//!
//! void widen(struct list *list, size_t size) {
//!     void *old = list->items;
//!     list->items = realloc(list->items, size);
//!     if (!list->items) {
//!         free(old);
//!     }
//! }
//!
//! struct item *item(void) {
//!     struct item *item = malloc(sizeof *item);
//!     if (item) {
//!         item->next = NULL;
//!     }
//!     return item;
//! }
//! ```
//!
//! ```cpp bad
//! int first(int number) {
//!     int *numbers = new int[16];
//!     numbers[0] = number;
//!     if (number < 0) {
//!         return -1; // <- here
//!     }
//!     int result = numbers[0];
//!     delete[] numbers;
//!     return result;
//! }
//! ```
//!
//! ```cpp good
//! int first(int number) {
//!     int *numbers = new int[16];
//!     numbers[0] = number;
//!     int result = numbers[0];
//!     delete[] numbers;
//!     return result;
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{Field, NodeRef};

use crate::c_memory::{bare, call};
use crate::c_states::{Fault, report};
use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    languages: &["c", "cpp"],
    cwe: &[401, 772, 775],
    tags: &["owasp-a04-2021"],
    ..RuleSpec::new(
        Category::Security,
        Severity::Low,
        Check::Node {
            on: Trigger::kinds(&["function_definition"]),
            check,
        },
    )
};

fn check<'t>(function: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if function.name() == Some("main") {
        return;
    }
    if function.text().contains("realloc") {
        for node in function.subtree() {
            if let Some(name) = grown_into_itself(node)
                && !is_kept(function, name)
            {
                let message = format!("where `realloc` fails what `{name}` held is lost");
                context.report(node, message);
            }
        }
    }
    report(function, context, |fault, name| {
        let is_lost = fault == Fault::Lost;
        is_lost.then(|| {
            (
                format!("what `{name}` holds is lost here"),
                "it is made here",
            )
        })
    });
}

/// Returns whether something else holds the same in the function: `old = p`.
fn is_kept(function: NodeRef<'_>, name: &str) -> bool {
    let fields = |kind: &str| match kind {
        "assignment_expression" => Some(Field::Right),
        "init_declarator" => Some(Field::Value),
        _ => None,
    };
    function.subtree().any(|node| {
        let value = fields(node.kind()).and_then(|field| node.child(field));
        value.is_some_and(|value| bare(value).text() == name)
    })
}

/// Returns what is written in `p = realloc(p, size)`.
fn grown_into_itself(node: NodeRef<'_>) -> Option<&str> {
    if node.kind() != "assignment_expression" {
        return None;
    }
    let (left, right) = (node.child(Field::Left)?, node.child(Field::Right)?);
    let ("realloc", arguments) = call(bare(right))? else {
        return None;
    };
    let of = bare(*arguments.first()?);
    (of.text() == left.text()).then_some(left.text())
}
