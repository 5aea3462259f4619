//! # Number without a name
//!
//! A number in the middle of the code has a meaning that only its author knows.
//!
//! ## Why it matters
//!
//! The same number stands in other places, and nobody can tell which of them must change with it.
//!
//! ## Not reported
//!
//! - Anything, unless the rule is switched on.
//! - Numbers up to 10, powers of two and of ten, 60, 24, 365 and their like.
//! - Numbers in declarations of constants, defaults, annotations, data, enumerations and tests.
//!
//! ## Options
//!
//! - `max` (default 10): whole numbers up to this are not reported.
//!
//! ## Examples
//!
//! ```python bad
//! def late(order):
//!     return order.age > 86  # <- here
//! ```
//!
//! ```python good
//! AGE_MAX = 86
//!
//! def late(order, limit=86):
//!     return order.age > AGE_MAX or order.age * 60 > limit
//! ```
//!
//! ```javascript bad
//! function late(order) {
//!   return order.age > 86; // <- here
//! }
//! ```
//!
//! ```javascript good
//! const AGE_MAX = 86;
//! function late(order) {
//!   return order.age > AGE_MAX || order.list[0].age > 1000;
//! }
//! ```
//!
//! ```java bad
//! class Shop {
//!     boolean late(Order o) {
//!         return o.age() > 86; // <- here
//!     }
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     static final int AGE_MAX = 86;
//!     boolean late(Order o) {
//!         return o.age() > AGE_MAX;
//!     }
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::is_test_path;
use crate::rule::{Check, NumberOption, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    on: false,
    languages: &["java", "javascript", "python", "tsx", "typescript"],
    options: &[NumberOption {
        name: "max",
        summary: "Whole numbers up to this are not reported.",
        default: 10,
        min: 1,
        max: 1_000_000,
    }],
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Info,
        Check::Node {
            on: Trigger::roles(&[Role::Number]),
            check,
        },
    )
};

/// Numbers that everybody knows: time, circles, percent, masks.
const KNOWN: &[u64] = &[
    12, 24, 30, 31, 52, 59, 60, 90, 180, 255, 360, 365, 366, 1440, 3600, 86_400, 65_535,
];

/// Where a number is compared, added or given to something.
const USES: RoleSet = RoleSet::of(&[Role::Comparison, Role::Binary]);

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if is_test_path(context.path()) {
        return;
    }
    let text: String = node.text().chars().filter(|c| *c != '_').collect();
    let Ok(value) = text.trim_end_matches(['L', 'l', 'n']).parse::<u64>() else {
        return;
    };
    let round = value.is_power_of_two() || is_power_of_ten(value) || value.is_multiple_of(100);
    if value <= u64::from(context.number("max")) || round || KNOWN.contains(&value) {
        return;
    }
    let Some(parent) = node.parent().filter(|parent| parent.has_any(USES)) else {
        return;
    };
    const DECLARATIONS: RoleSet = RoleSet::of(&[
        Role::FieldDeclaration,
        Role::Annotation,
        Role::Parameters,
        Role::Collection,
        Role::Pair,
    ]);
    let in_function = parent.ancestor_with(Role::Function).is_some();
    let declared = parent
        .ancestors()
        .take(8)
        .any(|around| around.has_any(DECLARATIONS));
    if in_function && !declared {
        context.report(node, format!("what {value} means here needs a name"));
    }
}

fn is_power_of_ten(value: u64) -> bool {
    let mut value = value;
    while value > 1 && value.is_multiple_of(10) {
        value /= 10;
    }
    value == 1
}
