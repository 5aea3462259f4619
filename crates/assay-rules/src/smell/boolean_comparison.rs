//! # Comparison with a boolean literal
//!
//! A condition is compared with `true` or `false` instead of being used as it is.
//!
//! ## Why it matters
//!
//! `ready == true` says the same as `ready` and takes longer to read; with `==` and `!=` mixed the
//! meaning is easily turned around.
//!
//! ## Not reported
//!
//! - Values that may be neither true nor false, as far as the language lets one tell: JavaScript's
//!   and PHP's `===`, nullable values of Kotlin, Swift and C#, and Python's `is True`.
//! - Test files, where the literal is the expected value.
//!
//! ## References
//!
//! - PEP 8: don't compare boolean values to True or False using `==`
//!
//! ## Examples
//!
//! ```python bad
//! if order.paid == True:  # <- here
//!     ship(order)
//! ```
//!
//! ```python fixed
//! if order.paid:
//!     ship(order)
//! ```
//!
//! ```python good
//! if order.paid is True or order.kind == "a":
//!     ship(order)
//! ```
//!
//! ```java bad
//! class Shop {
//!     void ship(Order o) {
//!         if (o.paid() == false) { // <- here
//!             wait(o);
//!         }
//!     }
//! }
//! ```
//!
//! ```java fixed
//! class Shop {
//!     void ship(Order o) {
//!         if (!o.paid()) {
//!             wait(o);
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     void ship(Order o) {
//!         if (!o.paid()) {
//!             wait(o);
//!         }
//!     }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func ship(o Order) {
//!     if o.paid == true { // <- here
//!         send(o)
//!     }
//! }
//! ```
//!
//! ```go fixed
//! package shop
//!
//! func ship(o Order) {
//!     if o.paid {
//!         send(o)
//!     }
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func ship(o Order) {
//!     if o.paid {
//!         send(o)
//!     }
//! }
//! ```
//!
//! ```rust bad
//! fn ship(o: &Order) {
//!     if o.paid != true { // <- here
//!         wait(o);
//!     }
//! }
//! ```
//!
//! ```rust fixed
//! fn ship(o: &Order) {
//!     if !o.paid {
//!         wait(o);
//!     }
//! }
//! ```
//!
//! ```rust good
//! fn ship(o: &Order) {
//!     if !o.paid {
//!         wait(o);
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::{Context, replace};
use crate::query::{bare, is_test_path, operator, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    fix: true,
    languages: &["go", "java", "python", "rust"],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Low,
        Check::Node {
            on: Trigger::roles(&[Role::Comparison]),
            check,
        },
    )
};

const CONDITIONS: RoleSet = RoleSet::of(&[
    Role::If,
    Role::ElseIf,
    Role::WhileLoop,
    Role::Ternary,
    Role::Logical,
    Role::Return,
]);

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let operator = operator(node);
    if !matches!(operator, "==" | "!=") || is_test_path(context.path()) {
        return;
    }
    let Some((left, right)) = sides(node) else {
        return;
    };
    let (literal, other) = match (bare(left), bare(right)) {
        (literal, _) if literal.has(Role::Boolean) => (literal, right),
        (_, literal) if literal.has(Role::Boolean) => (literal, left),
        _ => return,
    };
    let is_true = literal.text().eq_ignore_ascii_case("true");
    let wanted = is_true == (operator == "==");
    // Assertions and queries build a value of the comparison.
    let is_condition = node.field() == Field::Condition
        || node
            .ancestors()
            .take(4)
            .any(|around| around.has_any(CONDITIONS))
            && !node
                .parent()
                .is_some_and(|parent| parent.has(Role::Arguments));
    if !is_condition || bare(other).has(Role::Boolean) {
        return;
    }
    let not = if context.language() == "python" {
        "not "
    } else {
        "!"
    };
    let text = other.text();
    let simple = RoleSet::of(&[Role::Identifier, Role::Member, Role::Call, Role::Index]);
    let is_simple = other.has_any(simple) || text.starts_with('(');
    let instead = match (wanted, is_simple) {
        (true, _) => text.to_owned(),
        (false, true) => format!("{not}{text}"),
        (false, false) => format!("{not}({text})"),
    };
    let message = format!(
        "`{}` says the same as `{}`",
        one_line(node.text()),
        one_line(&instead)
    );
    let may_be_other = context.language() == "python";
    let draft = context.report(node, message);
    let edits = vec![replace(node.span(), instead)];
    match (is_simple, may_be_other) {
        (true, true) => draft.unsafe_fix(TITLE, edits),
        (true, false) => draft.safe_fix(TITLE, edits),
        (false, _) => draft,
    };
}

const TITLE: &str = "Use the condition as it is";

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
