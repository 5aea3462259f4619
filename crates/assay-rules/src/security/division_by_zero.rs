//! # Division by zero
//!
//! A number divides although it is zero on a way that leads there, or although it comes from outside and nobody looked at it.
//!
//! ## Why it matters
//!
//! The program dies there, and whoever sends the number decides when. Compare with zero first.
//!
//! ## Not reported
//!
//! Numbers that a condition in between is about, and functions with `#if` in them.
//!
//! ## References
//!
//! - SEI CERT C, INT33-C
//!
//! ## Examples
//!
//! ```c bad
//! int share(int total, char **arguments) {
//!     int parts = atoi(arguments[1]);
//!     return total / parts; /* <- here */
//! }
//!
//! int mean(int total) {
//!     int count = 0;
//!     return total % count; /* <- here */
//! }
//! ```
//!
//! ```c good
//! int share(int total, char **arguments) {
//!     int parts = atoi(arguments[1]);
//!     if (parts <= 0) {
//!         return 0;
//!     }
//!     return total / parts;
//! }
//! ```
//!
//! ```cpp bad
//! int share(int total) {
//!     int parts;
//!     scanf("%d", &parts);
//!     return total / parts; // <- here
//! }
//! ```
//!
//! ```cpp good
//! int share(int total) {
//!     int parts;
//!     scanf("%d", &parts);
//!     return parts ? total / parts : 0;
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
    cwe: &[369],
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
            Fault::DividedByZero => format!("`{name}` may be zero here"),
            Fault::DividedUnchecked => format!("`{name}` comes from outside and may be zero"),
            _ => return None,
        };
        Some((message, "it is set here"))
    });
}
