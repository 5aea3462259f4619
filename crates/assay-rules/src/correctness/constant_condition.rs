//! # Condition that is always the same
//!
//! A condition is decided by a literal value, so one of its branches never runs.
//!
//! ## Why it matters
//!
//! `if x == "a" or "b"` is always true: the second operand is a string and not a comparison. Others
//! are left over from trying something out (`if (false && ...)`).
//!
//! ## Not reported
//!
//! - Endless loops (`while (true)`).
//! - Constants with a name, preprocessor conditions.
//!
//! ## References
//!
//! - [CWE-570](https://cwe.mitre.org/data/definitions/570.html): expression is always false
//! - [CWE-571](https://cwe.mitre.org/data/definitions/571.html): expression is always true
//!
//! ## Examples
//!
//! ```python bad
//! if kind == "a" or "b":  # <- here
//!     open()
//! if False and ready():  # <- here
//!     close()
//! ```
//!
//! ```python good
//! name = given or "nobody"
//! if kind == "a" or kind == "b":
//!     open(given or "x")
//! while True:
//!     work()
//! ```
//!
//! ```javascript bad
//! if (debug || true) { // <- here
//!   open();
//! }
//! if (false) { // <- here
//!   close();
//! }
//! const size = kind === 1 || 2 ? 3 : 4; // <- here
//! ```
//!
//! ```javascript good
//! const name = given || "nobody";
//! if (debug) {
//!   open();
//! }
//! for (;;) { while (true) { work(); } }
//! ```
//!
//! ```java bad
//! class Door {
//!     void open() {
//!         if (locked || true) { // <- here
//!             ring();
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Door {
//!     void open() {
//!         if (locked || DEBUG) {
//!             ring();
//!         }
//!     }
//! }
//! ```
//!
//! ```go bad
//! package door
//!
//! func open(locked bool) {
//!     if locked && false { // <- here
//!         ring()
//!     }
//! }
//! ```
//!
//! ```go good
//! package door
//!
//! func open(locked bool) {
//!     if locked && debug {
//!         ring()
//!     }
//! }
//! ```
//!
//! ```rust bad
//! fn open(locked: bool) {
//!     if locked || true { // <- here
//!         ring();
//!     }
//! }
//! ```
//!
//! ```rust good
//! fn open(locked: bool) {
//!     if locked || DEBUG || cfg!(test) {
//!         ring();
//!     }
//! }
//! ```
//!
//! ```c bad
//! void open(int locked) {
//!     if (locked && 0) { // <- here
//!         ring();
//!     }
//! }
//! ```
//!
//! ```c good
//! void open(int locked) {
//!     do {
//!         ring();
//!     } while (0);
//! }
//! ```
//!
//! ```c-sharp bad
//! class Door {
//!     void Open(bool locked) {
//!         if (false) { // <- here
//!             Ring();
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Door {
//!     void Open(bool locked) {
//!         while (true) {
//!             Ring();
//!         }
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! if ($kind == 1 || 2) { // <- here
//!     open();
//! }
//! ```
//!
//! ```php good
//! <?php
//! if ($kind == 1 || $kind == 2) {
//!     open();
//! }
//! ```
//!
//! ```ruby bad
//! if kind == 1 || 2 # <- here
//!   open
//! end
//! ```
//!
//! ```ruby good
//! name = given || "nobody"
//! if kind == 1 || kind == 2
//!   open
//! end
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{bare, condition, operator, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[570, 571],
    languages: &[
        "c",
        "c-sharp",
        "cpp",
        "go",
        "java",
        "javascript",
        "php",
        "python",
        "ruby",
        "rust",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Medium,
        Check::Node {
            on: Trigger::roles(&[Role::If, Role::ElseIf, Role::Ternary]),
            check,
        },
    )
};

const LITERALS: RoleSet = RoleSet::of(&[Role::Number, Role::String, Role::Boolean, Role::Null]);

/// A condition is taken apart so far.
const PARTS_MAX: usize = 64;

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let condition = if node.has(Role::Ternary) && context.language() == "python" {
        node.named_children().nth(1)
    } else {
        condition(node)
    };
    let Some(condition) = condition.map(bare) else {
        return;
    };
    if is_literal(condition) {
        let message = format!("the condition is always `{}`", condition.text());
        context.report(condition, message);
        return;
    }
    let mut parts = vec![condition];
    let mut steps = 0;
    while let Some(part) = parts.pop() {
        steps += 1;
        if !part.has(Role::Logical) || steps > PARTS_MAX {
            continue;
        }
        let Some((left, right)) = sides(part) else {
            continue;
        };
        let (left, right) = (bare(left), bare(right));
        if let Some(literal) = [left, right].into_iter().find(|side| is_literal(*side)) {
            let message = format!(
                "`{}` is an operand of `{}` by itself: it decides the condition or does nothing",
                literal.text(),
                operator(part)
            );
            context.report(literal, message);
            return;
        }
        parts.extend([left, right]);
    }
}

fn is_literal(node: NodeRef<'_>) -> bool {
    node.has_any(LITERALS) && !node.has(Role::Interpolation) && node.kind() != "template_string"
}
