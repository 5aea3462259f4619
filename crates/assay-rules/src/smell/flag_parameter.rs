//! # Boolean parameter that chooses
//!
//! A public function has a boolean parameter whose value decides which of two things it does.
//!
//! ## Why it matters
//!
//! `print(report, true)` says nothing at the place of the call. Two functions, or a parameter with
//! two named values, do.
//!
//! ## Not reported
//!
//! - Anything, unless the rule is switched on.
//! - Setters, constructors and functions of one parameter; parameters that callers name.
//!
//! ## References
//!
//! - M. Fowler: FlagArgument
//!
//! ## Examples
//!
//! ```python bad
//! def show(report, short: bool):  # <- here
//!     if short:
//!         print(report.title)
//!     else:
//!         print(report)
//! ```
//!
//! ```python good
//! def show(report, *, short: bool = False):
//!     if short:
//!         print(report.title)
//!     else:
//!         print(report)
//! ```
//!
//! ```java bad
//! class Printer {
//!     void show(Report report, boolean brief) { // <- here
//!         if (brief) {
//!             title(report);
//!         } else {
//!             all(report);
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Printer {
//!     void keep(Report report, boolean brief) {
//!         this.brief = brief;
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{bare, body, branches, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    on: false,
    languages: &["java", "python"],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Info,
        Check::Node {
            on: Trigger::roles(&[Role::Function]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if node.has(Role::Lambda) || node.has(Role::Constructor) {
        return;
    }
    let Some(body) = body(node) else { return };
    let mut inside = statements(body);
    let (Some(only), None) = (inside.next(), inside.next()) else {
        return;
    };
    if !only.has(Role::If) {
        return;
    }
    let branches = branches(only);
    let condition = branches
        .first()
        .and_then(|branch| branch.condition)
        .map(bare);
    let (2, Some(condition)) = (branches.len(), condition) else {
        return;
    };
    let parameters = node.parameters();
    let flag = parameters.iter().find(|parameter| {
        let has = |words: &[&str]| {
            let mut leaves = parameter.subtree().filter(|part| part.is_leaf());
            leaves.any(|part| words.contains(&part.text()))
        };
        matches!(parameter.kind(), "typed_parameter" | "formal_parameter")
            && has(&["bool", "boolean"])
            && has(&[condition.text()])
    });
    if let Some(flag) = flag
        && parameters.len() > 1
    {
        context.report(
            *flag,
            format!(
                "`{}` chooses between two things that could be two functions",
                condition.text()
            ),
        );
    }
}
