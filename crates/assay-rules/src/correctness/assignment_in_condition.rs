//! # Assignment in a condition
//!
//! A condition assigns with `=` where a comparison with `==` was probably meant.
//!
//! ## Why it matters
//!
//! The condition is then the assigned value, and the variable has lost its own.
//!
//! ## Not reported
//!
//! - Assignments in a second pair of brackets, the usual way to say that it is meant.
//! - Assignments in the condition of a loop, which read the next value.
//! - Assignments of anything but a literal or a variable, which keep a value that was worked out.
//!
//! ## References
//!
//! - [CWE-481](https://cwe.mitre.org/data/definitions/481.html): assigning instead of comparing
//!
//! ## Examples
//!
//! ```javascript bad
//! if (user.role = "admin") { // <- here
//!   allow();
//! }
//! ```
//!
//! ```javascript fixed
//! if (user.role === "admin") {
//!   allow();
//! }
//! ```
//!
//! ```javascript good
//! if ((match = pattern.exec(text))) {
//!   use(match);
//! }
//! while (node = node.next) visit(node);
//! ```
//!
//! ```c bad
//! int open(int state) {
//!     if (state = 1) // <- here
//!         return 0;
//!     return 1;
//! }
//! ```
//!
//! ```c good
//! int open(FILE *f) {
//!     int c;
//!     while ((c = getc(f)) != 10) {
//!         if ((c = next(c)))
//!             return c;
//!     }
//!     return 1;
//! }
//! ```
//!
//! ```java bad
//! class Door {
//!     void open(boolean locked) {
//!         if (locked = true) { // <- here
//!             ring();
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Door {
//!     void open(boolean locked) {
//!         if (locked == true || (line = read()) != null) {
//!             ring();
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp bad
//! class Door {
//!     void Open(bool locked) {
//!         if (locked = true) { // <- here
//!             Ring();
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Door {
//!     void Open(bool locked) {
//!         if (locked == true) {
//!             Ring();
//!         }
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! if ($role = 'admin') { // <- here
//!     allow();
//! }
//! ```
//!
//! ```php good
//! <?php
//! if ($user = find($id)) {
//!     allow($user);
//! }
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::{Context, replace};
use crate::query::{condition, operator, sides};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[481],
    fix: true,
    languages: &[
        "c",
        "c-sharp",
        "cpp",
        "java",
        "javascript",
        "php",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::If]),
            check,
        },
    )
};

const LITERALS: RoleSet = RoleSet::of(&[Role::Number, Role::String, Role::Boolean, Role::Null]);

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(outer) = condition(node) else { return };
    // One pair of brackets belongs to the `if`; a second one says "meant".
    let inner = if outer.has(Role::Assignment) {
        outer
    } else {
        match outer.named_children().next() {
            Some(only) if outer.named_children().count() == 1 => only,
            _ => return,
        }
    };
    if !inner.has(Role::Assignment) || operator(inner) != "=" {
        return;
    }
    let Some((left, right)) = sides(inner) else {
        return;
    };
    // A value that is worked out on the way is kept on purpose.
    let is_kept =
        !right.has_any(LITERALS) && (context.language() == "php" || !right.has(Role::Identifier));
    if is_kept {
        return;
    }
    let equals = match context.language() {
        "javascript" | "typescript" | "tsx" => "===",
        _ => "==",
    };
    let token = inner
        .child(Field::Operator)
        .or_else(|| inner.children().find(|child| child.kind() == "="));
    let message = format!(
        "`{}` is assigned in the condition; `{equals}` compares",
        left.text()
    );
    let draft = context.report(inner, message);
    // Comparing with a literal boolean would be the next finding.
    let edit = match (right.has(Role::Boolean), token) {
        (true, _) if right.text() == "true" => replace(inner.span(), left.text()),
        (true, _) => replace(inner.span(), format!("!{}", left.text())),
        (false, Some(token)) => replace(token.span(), equals),
        (false, None) => return,
    };
    draft.unsafe_fix("Compare instead of assigning", vec![edit]);
}
