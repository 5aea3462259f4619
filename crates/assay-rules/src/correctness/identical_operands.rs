//! # Same operand twice
//!
//! Both sides of an operator are the same, or a chain of conditions asks the same thing twice.
//!
//! ## Why it matters
//!
//! `a && b && a` is what a copied line looks like before it was changed; `x - x` is always zero.
//!
//! ## Not reported
//!
//! - `+`, `*`, `**` and shifts: doubling and squaring are meant.
//! - Operands that call or change something, and literals.
//! - Python's operators other than `and` and `or`, which classes define as they like; test files.
//!
//! ## References
//!
//! - [CWE-682](https://cwe.mitre.org/data/definitions/682.html): incorrect calculation
//!
//! ## Examples
//!
//! ```python bad
//! if user.is_active and account.open and user.is_active:  # <- here
//!     allow()
//! ```
//!
//! ```python good
//! if user.is_active and account.is_active or x * x > y + y or next(a) and next(a):
//!     allow()
//! ```
//!
//! ```javascript bad
//! const empty = a.first || a.first; // <- here
//! ```
//!
//! ```javascript good
//! const empty = a.first || a.second || pop() || pop();
//! ```
//!
//! ```java bad
//! class Area {
//!     int width() { return right - right; } // <- here
//! }
//! ```
//!
//! ```java good
//! class Area {
//!     int width() { return right - left; }
//! }
//! ```
//!
//! ```go bad
//! package area
//!
//! func open(a, b *Door) bool {
//!     return a.open && b.open && a.open // <- here
//! }
//! ```
//!
//! ```go good
//! package area
//!
//! func open(a, b *Door) bool {
//!     return a.open && b.open
//! }
//! ```
//!
//! ```rust bad
//! fn width(a: &Area) -> u32 {
//!     a.right - a.right // <- here
//! }
//! ```
//!
//! ```rust good
//! fn width(a: &Area) -> u32 {
//!     a.right - a.left
//! }
//! ```
//!
//! ```c bad
//! int flags(int a, int b) {
//!     return a | a; // <- here
//! }
//! ```
//!
//! ```c good
//! int flags(int a, int b) {
//!     return a | b;
//! }
//! ```
//!
//! ```c-sharp bad
//! class Area {
//!     bool Open(Door a, Door b) => a.Open && a.Open; // <- here
//! }
//! ```
//!
//! ```c-sharp good
//! class Area {
//!     bool Open(Door a, Door b) => a.Open && b.Open;
//! }
//! ```
//!
//! ```php bad
//! <?php
//! $open = $a->open && $a->open; // <- here
//! ```
//!
//! ```php good
//! <?php
//! $open = $a->open && $b->open;
//! ```
//!
//! ```ruby bad
//! open = left_door && left_door # <- here
//! ```
//!
//! ```ruby good
//! open = @left_door && @right_door
//! ```
//!
//! ```kotlin bad
//! fun open(a: Door, b: Door): Boolean {
//!     return a.open && b.open && a.open // <- here
//! }
//! ```
//!
//! ```kotlin good
//! fun open(a: Door, b: Door): Boolean {
//!     return a.open && b.open
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{bare, is_pure, is_test_path, operator, same_code, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[682],
    languages: &[
        "c",
        "c-sharp",
        "cpp",
        "go",
        "java",
        "javascript",
        "kotlin",
        "php",
        "python",
        "ruby",
        "rust",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Binary, Role::Logical]),
            check,
        },
    )
};

/// Operators for which the same operand again is always or never the result.
const OPERATORS: &[&str] = &["&&", "||", "and", "or", "-", "/", "%", "&", "|", "^", "??"];

/// Operators for which every operand of a chain counts once.
const CHAINS: &[&str] = &["&&", "||", "and", "or", "|", "&"];

/// Longer chains are tables written as conditions.
const OPERANDS_MAX: usize = 48;

const LITERALS: RoleSet = RoleSet::of(&[Role::Number, Role::String, Role::Boolean, Role::Null]);

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let operator = operator(node);
    // Python's classes give arithmetic and set operators meanings of their own.
    let is_own = context.language() == "python" && !matches!(operator, "and" | "or");
    if !OPERATORS.contains(&operator)
        || is_own
        || is_inner(node, operator)
        || is_test_path(context.path())
    {
        return;
    }
    let mut operands = Vec::new();
    if CHAINS.contains(&operator) {
        flatten(node, operator, &mut operands);
    } else if let Some((left, right)) = sides(node) {
        operands.extend([bare(left), bare(right)]);
    }
    if operands.len() > OPERANDS_MAX {
        return;
    }
    for (index, operand) in operands.iter().enumerate() {
        if operand.has_any(LITERALS) || operand.is_leaf() && !operand.has(Role::Identifier) {
            continue;
        }
        let repeated = operands[..index]
            .iter()
            .any(|other| same_code(*other, *operand));
        if repeated && is_pure(*operand) {
            let text = operand
                .text()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            let message = format!("`{text}` stands on both sides of `{operator}`");
            context.report(node, message).at(node.span());
            return;
        }
    }
}

/// Returns whether the node is an operand of a chain of the same operator.
fn is_inner(node: NodeRef<'_>, own: &str) -> bool {
    node.ancestors()
        .find(|around| bare(*around) != bare(node))
        .is_some_and(|around| {
            around.has_any(OPERATIONS) && operator(around) == own && CHAINS.contains(&own)
        })
}

const OPERATIONS: RoleSet = RoleSet::of(&[Role::Binary, Role::Logical]);

fn flatten<'t>(node: NodeRef<'t>, own: &str, operands: &mut Vec<NodeRef<'t>>) {
    // Chains nest to the left, so the walk goes down that side in a loop.
    let mut right_sides = Vec::new();
    let mut at = node;
    while at.has_any(OPERATIONS) && operator(at) == own && right_sides.len() <= OPERANDS_MAX {
        let Some((left, right)) = sides(at) else {
            break;
        };
        right_sides.push(bare(right));
        at = bare(left);
    }
    operands.push(at);
    operands.extend(right_sides.into_iter().rev());
}
