//! # Memory freed twice
//!
//! A pointer is freed although it was freed on a way that leads there.
//!
//! ## Why it matters
//!
//! The second time breaks the lists of the allocator: later allocations overlap, and who chooses what is in them
//! runs code. Free in one place, and set the pointer to `NULL`.
//!
//! ## Not reported
//!
//! Pointers that are set in between, and those of which a condition in between may tell.
//!
//! ## References
//!
//! - SEI CERT C, MEM30-C
//!
//! ## Examples
//!
//! ```c bad
//! void drop(struct item *item, int fail) {
//!     free(item->name);
//!     if (fail) {
//!         free(item->name); /* <- here */
//!     }
//!     free(item);
//! }
//!
//! int read_all(int fail) {
//!     char *all = malloc(10);
//!     if (fail) {
//!         free(all);
//!         goto out;
//!     }
//!     use(all);
//! out:
//!     free(all); /* <- here */
//!     return 0;
//! }
//! ```
//!
//! ```c good
//! void drop(struct item *item, int fail) {
//!     if (fail) {
//!         free(item->name);
//!         free(item);
//!         return;
//!     }
//!     free(item->name);
//!     item->name = 0;
//!     free(item->name);
//!     free(item);
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
    cwe: &[415],
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
        if !touched.is_freed_again {
            continue;
        }
        let name = touched.node.text();
        let freed = touched.freed.span();
        context
            .report(touched.node, format!("`{name}` was freed before"))
            .related(freed, "it is freed here");
    }
}
