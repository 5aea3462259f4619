//! # Handler that catches everything
//!
//! An exception handler takes every exception there is, also those that must end the program.
//!
//! ## Why it matters
//!
//! A bare `except` catches `KeyboardInterrupt` and `SystemExit`, `rescue Exception` a signal: the
//! program cannot be stopped, and slips of the pen in the guarded code look like the expected
//! failure.
//!
//! ## Not reported
//!
//! - Handlers that throw again, end the program, or hand the exception on.
//! - `except Exception`: broad, and often right at an outer edge.
//!
//! ## References
//!
//! - [CWE-396](https://cwe.mitre.org/data/definitions/396.html): declaration of catch for generic exception
//!
//! ## Examples
//!
//! ```python bad
//! try:
//!     save(order)
//! except:  # <- here
//!     order.saved = False
//! ```
//!
//! ```python fixed
//! try:
//!     save(order)
//! except Exception:
//!     order.saved = False
//! ```
//!
//! ```python good
//! try:
//!     save(order)
//! except:
//!     undo(order)
//!     raise
//! ```
//!
//! ```ruby bad
//! begin
//!   save(order)
//! rescue Exception # <- here
//!   order.reset
//! end
//! ```
//!
//! ```ruby good
//! begin
//!   save(order)
//! rescue StandardError
//!   order.reset
//! end
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::{Context, replace};
use crate::query::{body, first_line, is_silenced_elsewhere, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[396],
    confidence: Confidence::Medium,
    fix: true,
    languages: &["python", "ruby"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Catch]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(body) = body(node) else { return };
    let is_empty = statements(body).all(|statement| statement.kind() == "pass_statement");
    // An empty handler is another rule's finding.
    if is_empty || lets_out(body) || is_silenced_elsewhere(node) {
        return;
    }
    let before_body = || node.children().take_while(move |child| *child != body);
    if context.language() == "python" {
        check_python(node, body, context);
        return;
    }
    let (root, instead) = ("Exception", "StandardError");
    let mut leaves: Vec<NodeRef<'t>> = before_body()
        .flat_map(NodeRef::subtree)
        .filter(|part| part.is_leaf() && part.is_named())
        .collect();
    let Some(at) = leaves.iter().position(|leaf| leaf.text() == root) else {
        return;
    };
    leaves.remove(at);
    // The other name is the variable: a handler that hands it on is fine.
    let variable = leaves.last().map(|leaf| leaf.text());
    if variable.is_some_and(|name| hands_on(body, name)) {
        return;
    }
    context
        .report(
            node,
            format!(
                "`{root}` is everything, also what must end the program; `{instead}` is enough"
            ),
        )
        .at(first_line(node));
}

fn check_python<'t>(node: NodeRef<'t>, body: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let mut caught = node.named_children().take_while(|child| *child != body);
    match caught.next() {
        None => {
            let keyword = node.children().next().map(|token| token.span());
            let draft = context.report(
                node,
                "a bare `except` also catches `KeyboardInterrupt` and `SystemExit`",
            );
            draft.at(first_line(node));
            if let Some(keyword) = keyword {
                draft.unsafe_fix(
                    "Catch `Exception`",
                    vec![replace(keyword, "except Exception")],
                );
            }
        }
        Some(caught) => {
            let is_root = caught
                .subtree()
                .any(|part| part.is_leaf() && part.text() == "BaseException");
            let name = caught
                .subtree()
                .filter(|part| part.has(Role::Identifier))
                .last()
                .map_or("", NodeRef::text);
            if is_root && !hands_on(body, name) {
                context
                    .report(
                        node,
                        "`BaseException` also catches `KeyboardInterrupt` and `SystemExit`",
                    )
                    .at(first_line(node));
            }
        }
    }
}

/// Returns whether the handler throws or ends the program.
fn lets_out(body: NodeRef<'_>) -> bool {
    const ENDS: &[&str] = &[
        "exit",
        "sys.exit",
        "os._exit",
        "abort",
        "System.exit",
        "Runtime.halt",
        "raise",
        "halt",
        "exitProcess",
        "exit!",
        "fail",
        "die",
    ];
    body.subtree().any(|part| {
        part.has(Role::Throw)
            || part.kind() == "raise"
            || part.has(Role::Identifier) && part.text() == "raise"
            || part.has(Role::Call)
                && part
                    .named_children()
                    .next()
                    .is_some_and(|function| ENDS.contains(&function.text()))
    })
}

/// Returns whether the exception is given to something: an argument, a field.
fn hands_on(body: NodeRef<'_>, name: &str) -> bool {
    const PLACES: RoleSet = RoleSet::of(&[
        Role::Arguments,
        Role::Assignment,
        Role::Return,
        Role::Collection,
        Role::Variable,
    ]);
    body.subtree()
        .filter(|part| part.is_leaf() && part.text() == name)
        .any(|part| {
            part.ancestors()
                .take(4)
                .any(|around| around.has_any(PLACES))
        })
}
