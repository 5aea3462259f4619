//! # Cause lost when throwing again
//!
//! A handler throws a new exception and leaves out the one that it caught.
//!
//! ## Why it matters
//!
//! The stack trace ends at the handler, and where the failure really began is gone.
//!
//! ## Not reported
//!
//! - Handlers that use the caught exception in any other way than for its message, or report it
//!   before.
//! - Exceptions that say by themselves what happened, such as a failed conversion of a number, and
//!   particular ones whose message is not taken over either; test files.
//!
//! ## References
//!
//! - [CWE-755](https://cwe.mitre.org/data/definitions/755.html): improper handling of exceptional conditions
//! - CA2200: rethrow to preserve stack details
//!
//! ## Examples
//!
//! ```java bad
//! class Shop {
//!     void buy(Order order) {
//!         try {
//!             save(order);
//!         } catch (IOException e) {
//!             throw new ShopException("not saved: " + e.getMessage()); // <- here
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     void buy(Order order) {
//!         try {
//!             save(order);
//!         } catch (IOException e) {
//!             throw new ShopException("not saved", e);
//!         } catch (NumberFormatException e) {
//!             throw new ShopException("no number");
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp bad
//! class Shop {
//!     void Buy(Order order) {
//!         try {
//!             Save(order);
//!         } catch (IOException e) {
//!             Undo(order);
//!             throw e; // <- here
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp fixed
//! class Shop {
//!     void Buy(Order order) {
//!         try {
//!             Save(order);
//!         } catch (IOException e) {
//!             Undo(order);
//!             throw;
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Shop {
//!     void Buy(Order order) {
//!         try {
//!             Save(order);
//!         } catch (IOException e) {
//!             throw new ShopException("not saved", e);
//!         }
//!     }
//! }
//! ```
//!
//! ```kotlin bad
//! fun buy(order: Order) {
//!     try {
//!         save(order)
//!     } catch (e: IOException) {
//!         throw ShopException("not saved: ${e.message}") // <- here
//!     }
//! }
//! ```
//!
//! ```kotlin good
//! fun buy(order: Order) {
//!     try {
//!         save(order)
//!     } catch (e: IOException) {
//!         throw ShopException("not saved", e)
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! try {
//!     save($order);
//! } catch (IOException $e) {
//!     throw new ShopException('not saved: ' . $e->getMessage()); // <- here
//! }
//! ```
//!
//! ```php good
//! <?php
//! try {
//!     save($order);
//! } catch (IOException $e) {
//!     throw new ShopException('not saved', 0, $e);
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::{Context, replace};
use crate::query::{bare, body, is_silenced_elsewhere, is_test_path, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[755],
    confidence: Confidence::Medium,
    fix: true,
    languages: &["c-sharp", "java", "kotlin", "php"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Catch]),
            check,
        },
    )
};

/// Exceptions whose type and message are the whole story.
const PLAIN: &[&str] = &[
    "NumberFormatException",
    "FormatException",
    "ParseException",
    "DateTimeParseException",
    "ClassCastException",
    "NoSuchElementException",
    "IndexOutOfBoundsException",
    "ArrayIndexOutOfBoundsException",
    "StringIndexOutOfBoundsException",
    "CloneNotSupportedException",
    "KeyNotFoundException",
    "URISyntaxException",
    "UnsupportedEncodingException",
    "OverflowException",
    "JsonException",
    "InterruptedException",
    "EOFException",
    "TimeoutException",
];

/// Exceptions that say little by themselves.
const BROAD: &[&str] = &[
    "Exception",
    "Throwable",
    "RuntimeException",
    "IOException",
    "SQLException",
    "Error",
    "ErrorException",
    "SystemException",
    "ReflectiveOperationException",
    "GeneralSecurityException",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(body) = body(node) else { return };
    let before = || {
        node.children()
            .take_while(move |child| *child != body)
            .flat_map(NodeRef::subtree)
    };
    let Some(variable) = variable(node, body, context.language()) else {
        return;
    };
    if before().any(|part| PLAIN.contains(&part.text())) {
        return;
    }
    let Some(last) = statements(body).last() else {
        return;
    };
    let Some(throw) = std::iter::once(last)
        .chain(last.named_children())
        .find(|part| part.has(Role::Throw))
    else {
        return;
    };
    let Some(thrown) = throw.named_children().next().map(bare) else {
        return;
    };
    let variable = variable.trim_start_matches('$');
    if thrown.text().trim_start_matches('$') == variable {
        if context.language() == "c-sharp" {
            let span = thrown.span();
            let start = throw.span().start + "throw".len() as u32;
            context
                .report(
                    throw,
                    format!(
                        "`throw {variable}` starts the stack trace anew; `throw` alone keeps it"
                    ),
                )
                .safe_fix(
                    "Throw without naming the exception",
                    vec![replace(assay_source::Span::new(start, span.end), "")],
                );
        }
        return;
    }
    const MAKES: RoleSet = RoleSet::of(&[Role::Call]);
    if !thrown.has_any(MAKES) || uses_exception(body, throw, variable) {
        return;
    }
    // A particular exception that was answered with another one may be all that
    // there is to say; a broad one, or one whose message was wanted, is not.
    let quotes = throw
        .subtree()
        .any(|part| part.is_leaf() && part.text() == variable);
    let is_broad = before().any(|part| part.is_leaf() && BROAD.contains(&part.text()));
    if !quotes && !is_broad || is_test_path(context.path()) || is_silenced_elsewhere(throw) {
        return;
    }
    context.report(
        throw,
        format!("the new exception leaves out its cause `{variable}`"),
    );
}

/// The name of the caught exception.
fn variable<'t>(handler: NodeRef<'t>, body: NodeRef<'t>, language: &str) -> Option<&'t str> {
    let mut parts = handler
        .children()
        .take_while(move |child| *child != body)
        .flat_map(NodeRef::subtree);
    // `(IOException e)` has the name last, `(e: IOException)` first.
    let name = match language {
        "kotlin" => parts.find(|part| part.has(Role::Identifier) && part.is_named()),
        _ => parts.find(|part| part.field() == Field::Name && part.has(Role::Identifier)),
    };
    name.map(NodeRef::text)
}

/// Returns whether the exception itself goes anywhere, and not only its message.
fn uses_exception(body: NodeRef<'_>, throw: NodeRef<'_>, variable: &str) -> bool {
    body.subtree()
        .filter(|part| part.is_leaf() && part.text().trim_start_matches('$') == variable)
        .any(|part| {
            let holder = match part.parent() {
                // PHP's `$` and name are two nodes.
                Some(parent) if parent.text().trim_start_matches('$') == variable => parent,
                _ => part,
            };
            // Anything done with it before the throw counts as a report.
            if !throw.encloses(holder) {
                return true;
            }
            let Some(parent) = holder.parent() else {
                return true;
            };
            // `e.getMessage()`, `e.message`, `$e->getMessage()`.
            let is_object =
                holder.field() == Field::Object || parent.named_children().next() == Some(holder);
            let member = parent
                .named_children()
                .filter(|child| *child != holder)
                .flat_map(NodeRef::subtree)
                .find(|part| part.is_leaf())
                .map_or("", NodeRef::text);
            !(is_object && MESSAGES.contains(&member))
        })
}

/// What gives only the text of an exception.
const MESSAGES: &[&str] = &[
    "message",
    "Message",
    "getMessage",
    "getLocalizedMessage",
    "localizedMessage",
    "toString",
    "ToString",
];
