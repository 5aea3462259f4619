//! # Empty exception handler
//!
//! An exception handler without a statement hides every failure of the code that it guards.
//!
//! ## Why it matters
//!
//! The program goes on as if nothing had happened, and when it breaks later the cause is gone.
//! Handle the error, report it, or let it go up. If ignoring it is right, say why in a comment
//! inside the handler: then the rule is silent.
//!
//! ## Not reported
//!
//! - Handlers with a comment in them.
//! - Python handlers for `StopIteration`, `KeyboardInterrupt` and the like that end a loop or a
//!   program on purpose, and `except ImportError`.
//! - Test files.
//!
//! ## References
//!
//! - [CWE-390](https://cwe.mitre.org/data/definitions/390.html): detection of error condition without action
//! - [CWE-1069](https://cwe.mitre.org/data/definitions/1069.html): empty exception block
//!
//! ## Examples
//!
//! ```python bad
//! try:
//!     save(order)
//! except OSError:  # <- here
//!     pass
//! ```
//!
//! ```python good
//! try:
//!     os.remove(path)
//! except FileNotFoundError:
//!     pass  # somebody else removed it first
//! ```
//!
//! ```javascript bad
//! try {
//!   save(order);
//! } catch (error) { // <- here
//! }
//! ```
//!
//! ```javascript good
//! try {
//!   save(order);
//! } catch (error) {
//!   report(error);
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{body, first_line, has_comment, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[390, 1069],
    languages: &["javascript", "python"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Medium,
        Check::Node {
            on: Trigger::roles(&[Role::Catch]),
            check,
        },
    )
};

/// Exceptions that are ends and not failures.
const ENDS: &[&str] = &[
    "StopIteration",
    "StopAsyncIteration",
    "KeyboardInterrupt",
    "GeneratorExit",
    "CancelledError",
    "ImportError",
    "ModuleNotFoundError",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(body) = body(node) else { return };
    if statements(body).any(|statement| statement.kind() != "pass_statement") || has_comment(node) {
        return;
    }
    let mut names = node
        .children()
        .take_while(|child| *child != body)
        .flat_map(NodeRef::subtree)
        .filter(|part| part.has(Role::Identifier));
    if names.any(|name| ENDS.contains(&name.text())) {
        return;
    }
    context
        .report(node, "this handler does nothing: the failure is lost")
        .at(first_line(node));
}
