//! # Comparison with not-a-number
//!
//! A value is compared with `NaN`, which is unequal to everything and also to itself.
//!
//! ## Why it matters
//!
//! `x == NaN` is always false and `x != NaN` always true, whatever `x` is.
//!
//! ## Not reported
//!
//! - The functions that ask for it: `Number.isNaN`, `math.isnan`, `f64::is_nan`.
//!
//! ## References
//!
//! - IEEE 754-2019, section 5.11
//!
//! ## Examples
//!
//! ```javascript bad
//! if (price === NaN) reset(); // <- here
//! ```
//!
//! ```javascript fixed
//! if (Number.isNaN(price)) reset();
//! ```
//!
//! ```javascript good
//! if (Number.isNaN(price)) reset();
//! ```
//!
//! ```python bad
//! if price == float("nan") or price != math.nan:  # <- here
//!     reset()
//! ```
//!
//! ```python good
//! if math.isnan(price):
//!     reset()
//! ```
//!
//! ```java bad
//! class Shop {
//!     boolean wrong(double price) { return price == Double.NaN; } // <- here
//! }
//! ```
//!
//! ```java good
//! class Shop {
//!     boolean wrong(double price) { return Double.isNaN(price); }
//! }
//! ```
//!
//! ```go bad
//! package shop
//!
//! func wrong(price float64) bool {
//!     return price == math.NaN() // <- here
//! }
//! ```
//!
//! ```go fixed
//! package shop
//!
//! func wrong(price float64) bool {
//!     return math.IsNaN(price)
//! }
//! ```
//!
//! ```go good
//! package shop
//!
//! func wrong(price float64) bool {
//!     return math.IsNaN(price)
//! }
//! ```
//!
//! ```rust bad
//! fn wrong(price: f64) -> bool {
//!     price == f64::NAN // <- here
//! }
//! ```
//!
//! ```rust good
//! fn wrong(price: f64) -> bool {
//!     price.is_nan()
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::{Context, replace};
use crate::query::{bare, operator, pieces, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[570],
    fix: true,
    languages: &[
        "go",
        "java",
        "javascript",
        "python",
        "rust",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Comparison]),
            check,
        },
    )
};

const NANS: &[&str] = &[
    "NaN",
    "Number.NaN",
    "float(\"nan\")",
    "float(\"NaN\")",
    "math.nan",
    "np.nan",
    "numpy.nan",
    "Double.NaN",
    "Float.NaN",
    "math.NaN()",
    "f64::NAN",
    "f32::NAN",
    "std::f64::NAN",
    "std::f32::NAN",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some((left, right)) = sides(node) else {
        return;
    };
    let (left, right) = (bare(left), bare(right));
    let (nan, other) = if is_nan(right) {
        (right, left)
    } else if is_nan(left) {
        (left, right)
    } else {
        return;
    };
    let operator = operator(node);
    if matches!(operator, "is" | "is not" | "in" | "not in") {
        return;
    }
    let call = match context.language() {
        "javascript" | "typescript" | "tsx" => format!("Number.isNaN({})", other.text()),
        "go" => format!("math.IsNaN({})", other.text()),
        "java" if nan.text() == "Double.NaN" => format!("Double.isNaN({})", other.text()),
        _ => String::new(),
    };
    let instead = match operator {
        "==" | "===" => call,
        "!=" | "!==" if !call.is_empty() => format!("!{call}"),
        _ => String::new(),
    };
    let draft = context.report(
        node,
        format!("`{}` is unequal to everything, also to itself", nan.text()),
    );
    if !instead.is_empty() {
        draft.safe_fix("Ask for not-a-number", vec![replace(node.span(), instead)]);
    }
}

/// Returns whether the expression is not-a-number, however it is laid out.
fn is_nan(node: NodeRef<'_>) -> bool {
    /// The longest name of it has so many pieces.
    const PIECES_MAX: usize = 8;
    let text: String = pieces(node)
        .filter(|piece| *piece != ",")
        .take(PIECES_MAX)
        .collect();
    NANS.contains(&text.replace('\'', "\"").as_str())
}
