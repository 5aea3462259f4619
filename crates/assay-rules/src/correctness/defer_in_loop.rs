//! # Defer in a loop
//!
//! A `defer` in a loop runs when the function ends and not when the turn of the loop does.
//!
//! ## Why it matters
//!
//! Files stay open and locks held until all turns are over; with enough of them the process runs
//! out of handles. Put the body of the loop in a function of its own.
//!
//! ## Not reported
//!
//! - Loops inside a function that is itself inside the loop, loops that the `defer` leaves with the
//!   next statement, and endless loops that serve.
//!
//! ## References
//!
//! - [CWE-772](https://cwe.mitre.org/data/definitions/772.html): missing release of resource after effective lifetime
//!
//! ## Examples
//!
//! ```go bad
//! package shop
//!
//! func read(names []string) {
//!     for _, name := range names {
//!         file := open(name)
//!         defer file.Close() // <- here
//!         load(file)
//!     }
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func read(names []string) {
//!     for _, name := range names {
//!         func() {
//!             file := open(name)
//!             defer file.Close()
//!             load(file)
//!         }()
//!     }
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{is_test_path, jump};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[772],
    confidence: Confidence::Medium,
    languages: &["go"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Medium,
        Check::Node {
            on: Trigger::kinds(&["defer_statement"]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    const AROUND: RoleSet = RoleSet::of(&[Role::Loop, Role::Function]);
    if is_test_path(context.path()) {
        return;
    }
    let around = node.ancestors().find(|around| around.has_any(AROUND));
    let Some(repeated) = around.filter(|around| around.has(Role::Loop)) else {
        return;
    };
    let is_left = node
        .ancestors()
        .take_while(|part| *part != repeated)
        .chain(std::iter::once(node))
        .any(|part| {
            std::iter::successors(part.next_sibling(), |next| next.next_sibling()).any(|next| {
                jump(next).is_some_and(|jump| jump.has(Role::Return) || jump.has(Role::Break))
            })
        });
    if !is_left {
        let line = repeated.line();
        context.report(
            node,
            format!(
                "this runs when the function ends, once for each turn of the loop in line {line}"
            ),
        );
    }
}
