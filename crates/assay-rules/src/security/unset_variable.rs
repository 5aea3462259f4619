//! # Variable that was never set
//!
//! A variable is read although nothing was put into it on a way that leads there.
//!
//! ## Why it matters
//!
//! It holds what was in that place before: another number at each run, a part of a secret, or a pointer to anywhere. Give
//! it a value where it is declared, or on all ways.
//!
//! ## Not reported
//!
//! What a condition in between may keep apart, what a loop may have set, a `switch` over all names of an enumeration, and
//! functions with `#if` in them.
//!
//! ## References
//!
//! - SEI CERT C, EXP33-C
//!
//! ## Examples
//!
//! ```c bad
//! int rate(int kind) {
//!     int rate;
//!     if (kind == 1) {
//!         rate = 10;
//!     } else if (kind == 2) {
//!         rate = 20;
//!     }
//!     return rate; /* <- here */
//! }
//! ```
//!
//! ```c good
//! int rate(int kind) {
//!     int rate;
//!     if (kind == 1) {
//!         rate = 10;
//!     } else {
//!         rate = 20;
//!     }
//!     int more;
//!     if (kind) {
//!         more = 3;
//!     }
//!     if (kind) {
//!         rate += more;
//!     }
//!     int given;
//!     (void) ask(&given);
//!     rate += given;
//!     return rate;
//! }
//! ```
//!
//! ```cpp bad
//! int sum(const std::vector<int> &numbers) {
//!     int sum;
//!     return sum + numbers.size(); // <- here
//! }
//! ```
//!
//! ```cpp good
//! int sum(const std::vector<int> &numbers) {
//!     int sum = 0;
//!     for (int number : numbers) {
//!         sum += number;
//!     }
//!     return sum;
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
    cwe: &[457],
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
        let is_unset = fault == Fault::NeverSet;
        is_unset.then(|| {
            (
                format!("`{name}` may hold nothing here"),
                "it is declared here",
            )
        })
    });
}
