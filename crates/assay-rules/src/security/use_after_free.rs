//! # Use of memory that was freed
//!
//! A pointer is used although it was freed on a way that leads there.
//!
//! ## Why it matters
//!
//! The memory may belong to somebody else by then: what is read is theirs, what is written destroys it, and who
//! chooses what is allocated next runs code. Free last, and set the pointer to `NULL`.
//!
//! ## Not reported
//!
//! Comparisons of the pointer, what a function that is called may have changed, and pointers of which a condition in
//! between may tell.
//!
//! ## References
//!
//! - SEI CERT C, MEM30-C
//!
//! ## Examples
//!
//! ```c bad
//! void drop(struct item *head) {
//!     struct item *at;
//!     for (at = head; at; at = at->next) { /* <- here */
//!         free(at);
//!     }
//!     char *name = malloc(16);
//!     if (!name) {
//!         return;
//!     }
//!     free(name);
//!     puts(name); /* <- here */
//! }
//!
//! int count(struct item *item, int fail) {
//!     if (fail) {
//!         free(item);
//!     }
//!     return item->count; /* <- here */
//! }
//! ```
//!
//! ```c good
//! void drop(struct item *at, int fail) {
//!     while (at) {
//!         struct item *next = at->next;
//!         free(at);
//!         at = next;
//!     }
//!     char *name = malloc(16);
//!     if (fail) {
//!         free(name);
//!         return;
//!     }
//!     puts(name);
//!     free(name);
//!     name = malloc(4);
//!     puts(name);
//! }
//! ```
//!
//! ```cpp bad
//! int last(Item *item) {
//!     delete item;
//!     return item->count; // <- here
//! }
//! ```
//!
//! ```cpp good
//! int last(Item *item) {
//!     int count = item->count;
//!     delete item;
//!     return count;
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::NodeRef;

use crate::c_freed::touched;
use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    languages: &["c", "cpp"],
    cwe: &[416],
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
    for touched in touched(function, context) {
        if touched.is_freed_again {
            continue;
        }
        let name = touched.node.text();
        let freed = touched.freed.span();
        context
            .report(touched.node, format!("`{name}` is used after it was freed"))
            .related(freed, "it is freed here");
    }
}
