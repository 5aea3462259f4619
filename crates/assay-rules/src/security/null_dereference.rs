//! # Null pointer followed
//!
//! A pointer is followed although it is null on a way that leads there, or although nobody looked whether there was memory.
//!
//! ## Why it matters
//!
//! The program dies there; where the place behind the pointer is far from zero, something else is written. Look before
//! following, and leave where there is nothing.
//!
//! ## Not reported
//!
//! Pointers that a condition in between may tell to be there, those that a function which was called may have set, and
//! functions with `#if` in them.
//!
//! ## References
//!
//! - SEI CERT C, EXP34-C
//!
//! ## Examples
//!
//! ```c bad
//! int port(struct config *config, int size) {
//!     if (config == NULL) {
//!         puts("no configuration");
//!     }
//!     char *copy = malloc(size);
//!     copy[0] = config->port; /* <- here */
//!     return use(copy);
//! }
//!
//! int last(int flag) {
//!     int number = 3;
//!     struct item *item = NULL;
//!     if (flag) {
//!         item = find(number);
//!     }
//!     return item->number; /* <- here */
//! }
//! ```
//!
//! ```c good
//! int port(struct config *config, int size) {
//!     if (config == NULL) {
//!         puts("no configuration");
//!         return -1;
//!     }
//!     char *copy = malloc(size);
//!     if (!copy) {
//!         fatal("no memory");
//!     }
//!     copy[0] = config->port;
//!     return use(copy);
//! }
//!
//! int count(struct item *item) {
//!     DEBUGASSERT(item && item->count > 0);
//!     return item->count;
//! }
//!
//! int last(int flag) {
//!     struct item *item = NULL;
//!     if (flag) {
//!         item = find(3);
//!     }
//!     if (flag) {
//!         return item->number;
//!     }
//!     return item && item->number;
//! }
//! ```
//!
//! ```cpp bad
//! int size(const char *path) {
//!     FILE *file = fopen(path, "r");
//!     fseek(file, 0, SEEK_END); // <- here
//!     return finish(file);
//! }
//! ```
//!
//! ```cpp good
//! int size(const char *path) {
//!     FILE *file = fopen(path, "r");
//!     if (file == nullptr) {
//!         return 0;
//!     }
//!     fseek(file, 0, SEEK_END);
//!     return finish(file);
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::NodeRef;

use crate::c_states::{Fault, report};
use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    languages: &["c", "cpp"],
    cwe: &[476, 690],
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

fn check<'t>(function: NodeRef<'t>, context: &mut Context<'_, 't>) {
    report(function, context, |fault, name| {
        let message = match fault {
            Fault::NullFollowed => format!("`{name}` may be null here"),
            Fault::Unchecked => format!("`{name}` is null when there was nothing to be had"),
            _ => return None,
        };
        Some((message, "it is set here"))
    });
}
