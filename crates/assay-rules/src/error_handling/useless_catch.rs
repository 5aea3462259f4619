//! # Handler that only throws again
//!
//! An exception handler does nothing but throw the same exception again.
//!
//! ## Why it matters
//!
//! It is as if it were not there, except that it looks as if something were handled.
//!
//! ## Not reported
//!
//! - Handlers with a comment, and handlers before a broader one, which they let certain exceptions
//!   pass.
//!
//! ## Examples
//!
//! ```python bad
//! try:
//!     save(order)
//! except OSError:  # <- here
//!     raise
//! ```
//!
//! ```python good
//! try:
//!     save(order)
//! except KeyboardInterrupt:
//!     raise
//! except Exception:
//!     undo(order)
//! ```
//!
//! ```javascript bad
//! try {
//!   save(order);
//! } catch (error) { // <- here
//!   throw error;
//! }
//! ```
//!
//! ```javascript good
//! try {
//!   save(order);
//! } catch (error) {
//!   undo(order);
//!   throw error;
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     void buy(Order order) {
//!         try {
//!             save(order);
//!         } catch (IOException e) { // <- here
//!             throw e;
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
//!         } catch (RuntimeException e) {
//!             throw e;
//!         } catch (Exception e) {
//!             undo(order);
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
//!         } catch (IOException) { // <- here
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
//!         } catch (IOException) {
//!             Undo(order);
//!             throw;
//!         }
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{bare, body, first_line, has_comment, jump, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    languages: &[
        "c-sharp",
        "java",
        "javascript",
        "python",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Catch]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(body) = body(node) else { return };
    let mut inside = statements(body);
    let (Some(only), None) = (inside.next(), inside.next()) else {
        return;
    };
    let Some(throw) = jump(only).filter(|jump| jump.has(Role::Throw)) else {
        return;
    };
    let is_followed = std::iter::successors(node.next_sibling(), |next| next.next_sibling())
        .any(|next| next.has(Role::Catch));
    if is_followed || has_comment(node) {
        return;
    }
    let mut thrown = throw.named_children().map(bare);
    let is_same = match (thrown.next(), thrown.next()) {
        (None, None) => true,
        (Some(what), None) if what.has(Role::Identifier) => node
            .children()
            .take_while(|child| *child != body)
            .flat_map(NodeRef::subtree)
            .any(|part| part.has(Role::Identifier) && part.text() == what.text()),
        _ => false,
    };
    if is_same {
        context
            .report(node, "this handler only throws what it caught")
            .at(first_line(node));
    }
}
