//! # NotImplemented raised
//!
//! `NotImplemented` is a value for comparisons and no exception, so raising it is a type error.
//!
//! ## Why it matters
//!
//! The caller gets `TypeError: exceptions must derive from BaseException` and looks for something
//! else than a method that is missing.
//!
//! ## Not reported
//!
//! - Returning `NotImplemented`, which is what it is for.
//!
//! ## References
//!
//! - Python library reference: `NotImplemented`, `NotImplementedError`
//!
//! ## Examples
//!
//! ```python bad
//! def price(self):
//!     raise NotImplemented  # <- here
//!
//! def weight(self):
//!     raise NotImplemented("no weight")  # <- here
//! ```
//!
//! ```python fixed
//! def price(self):
//!     raise NotImplementedError
//!
//! def weight(self):
//!     raise NotImplementedError("no weight")
//! ```
//!
//! ```python good
//! def __eq__(self, other):
//!     return NotImplemented
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role};

use crate::context::{Context, replace};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &["python"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Throw]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(raised) = node.named_children().next() else {
        return;
    };
    let name = raised.child(Field::Function).unwrap_or(raised);
    if name.text() == "NotImplemented" {
        context
            .report(
                node,
                "`NotImplemented` is no exception; `NotImplementedError` is",
            )
            .safe_fix(
                "Raise `NotImplementedError`",
                vec![replace(name.span(), "NotImplementedError")],
            );
    }
}
