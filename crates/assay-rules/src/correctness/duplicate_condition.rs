//! # Same condition twice in a chain
//!
//! An `else if` asks what an earlier branch of the chain has already asked, so it never runs.
//!
//! ## Why it matters
//!
//! A copied branch was not finished: one case is handled twice and another one not at all.
//!
//! ## Not reported
//!
//! - Conditions that call or change something, which may come out differently the second time.
//!
//! ## References
//!
//! - [CWE-561](https://cwe.mitre.org/data/definitions/561.html): dead code
//!
//! ## Examples
//!
//! ```python bad
//! if kind == "a":
//!     one()
//! elif kind == "b":
//!     two()
//! elif kind == "a":  # <- here
//!     three()
//! ```
//!
//! ```python good
//! if kind == "a":
//!     one()
//! elif read() == "b":
//!     two()
//! elif read() == "b":
//!     three()
//! ```
//!
//! ```javascript bad
//! if (kind === "a") {
//!   one();
//! } else if (kind === "a") { // <- here
//!   two();
//! }
//! ```
//!
//! ```javascript good
//! if (kind === "a") {
//!   one();
//! } else if (kind === "b") {
//!   two();
//! }
//! ```
//!
//! ```java bad
//! class Box {
//!     void open(int kind) {
//!         if (kind == 1) {
//!             one();
//!         } else if (kind == 2) {
//!             two();
//!         } else if (kind == 1) { // <- here
//!             three();
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Box {
//!     void open(int kind) {
//!         if (kind == 1) {
//!             one();
//!         } else if (kind == 2) {
//!             two();
//!         }
//!     }
//! }
//! ```
//!
//! ```go bad
//! package box
//!
//! func open(kind int) {
//!     if kind == 1 {
//!         one()
//!     } else if kind == 1 { // <- here
//!         two()
//!     }
//! }
//! ```
//!
//! ```go good
//! package box
//!
//! func open(kind int) {
//!     if err := one(); err != nil {
//!         two()
//!     } else if err := three(); err != nil {
//!         four()
//!     }
//! }
//! ```
//!
//! ```rust bad
//! fn open(kind: u8) {
//!     if kind == 1 {
//!         one();
//!     } else if kind == 1 { // <- here
//!         two();
//!     }
//! }
//! ```
//!
//! ```rust good
//! fn open(kind: u8) {
//!     if kind == 1 {
//!         one();
//!     } else if kind == 2 {
//!         two();
//!     }
//! }
//! ```
//!
//! ```c bad
//! void open(int kind) {
//!     if (kind == 1)
//!         one();
//!     else if (kind == 1) // <- here
//!         two();
//! }
//! ```
//!
//! ```c good
//! void open(int kind) {
//!     if (kind == 1)
//!         one();
//!     else if (kind == 2)
//!         two();
//! }
//! ```
//!
//! ```c-sharp bad
//! class Box {
//!     void Open(int kind) {
//!         if (kind == 1) {
//!             One();
//!         } else if (kind == 1) { // <- here
//!             Two();
//!         }
//!     }
//! }
//! ```
//!
//! ```c-sharp good
//! class Box {
//!     void Open(int kind) {
//!         if (kind == 1) {
//!             One();
//!         } else if (kind == 2) {
//!             Two();
//!         }
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! if ($kind == 1) {
//!     one();
//! } elseif ($kind == 1) { // <- here
//!     two();
//! }
//! ```
//!
//! ```php good
//! <?php
//! if ($kind == 1) {
//!     one();
//! } elseif ($kind == 2) {
//!     two();
//! }
//! ```
//!
//! ```ruby bad
//! if @kind == 1
//!   one
//! elsif @kind == 2
//!   two
//! elsif @kind == 1 # <- here
//!   three
//! end
//! ```
//!
//! ```ruby good
//! if @kind == 1
//!   one
//! elsif @kind == 2
//!   two
//! end
//! ```
//!
//! ```bash bad
//! if [ "$kind" = a ]; then
//!   one
//! elif [ "$kind" = a ]; then # <- here
//!   two
//! fi
//! ```
//!
//! ```bash good
//! if [ "$kind" = a ]; then
//!   one
//! elif [ "$kind" = b ]; then
//!   two
//! fi
//! ```

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role};

use crate::context::Context;
use crate::query::{bare, branches, is_chain_head, is_pure, same_code};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[561],
    languages: &[
        "bash",
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
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::If]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    if !is_chain_head(node) {
        return;
    }
    let conditions: Vec<NodeRef<'t>> = branches(node)
        .into_iter()
        .filter_map(|branch| branch.condition)
        .map(bare)
        .collect();
    for (index, condition) in conditions.iter().enumerate() {
        // A condition that declares (`if let`, `if err := ...`) asks anew.
        let declares = condition
            .parent()
            .is_some_and(|parent| parent.child(assay_syntax::Field::Initializer).is_some());
        let earlier = conditions[..index]
            .iter()
            .find(|earlier| same_code(**earlier, *condition));
        if let Some(earlier) = earlier
            && !declares
            && is_pure(*condition)
        {
            let line = earlier.line();
            context
                .report(
                    *condition,
                    format!("this branch never runs: line {line} asks the same"),
                )
                .related(earlier.span(), "the same condition");
        }
    }
}
