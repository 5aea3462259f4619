//! # Jump out of a finally block
//!
//! A `return`, `break` or `continue` in a finally block throws away the exception on its way.
//!
//! ## Why it matters
//!
//! The jump replaces whatever was going on: an exception vanishes without a trace, and the value
//! of a `return` in the guarded code is lost.
//!
//! ## Not reported
//!
//! - Jumps that stay inside: in a loop or function that is itself in the finally block.
//!
//! ## References
//!
//! - [CWE-584](https://cwe.mitre.org/data/definitions/584.html): return inside finally block
//! - PEP 765: disallow return/break/continue that exit a finally block
//!
//! ## Examples
//!
//! ```python bad
//! def close(file):
//!     try:
//!         file.flush()
//!     finally:
//!         return True  # <- here
//! ```
//!
//! ```python good
//! def close(file):
//!     try:
//!         file.flush()
//!     finally:
//!         for part in file.parts:
//!             if part.open:
//!                 break
//!     return True
//! ```
//!
//! ```javascript bad
//! function close(file) {
//!   try {
//!     file.flush();
//!   } finally {
//!     return true; // <- here
//!   }
//! }
//! ```
//!
//! ```javascript good
//! function close(file) {
//!   try {
//!     file.flush();
//!   } finally {
//!     file.parts.forEach((part) => { return part.close(); });
//!   }
//! }
//! ```
//!
//! ```java bad
//! class Box {
//!     boolean close() {
//!         try {
//!             flush();
//!         } finally {
//!             return true; // <- here
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Box {
//!     boolean close() {
//!         try {
//!             flush();
//!         } finally {
//!             done = true;
//!         }
//!         return true;
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! function close($file) {
//!     try {
//!         flush($file);
//!     } finally {
//!         return true; // <- here
//!     }
//! }
//! ```
//!
//! ```php good
//! <?php
//! function close($file) {
//!     try {
//!         flush($file);
//!     } finally {
//!         $done = true;
//!     }
//!     return true;
//! }
//! ```
//!
//! ```ruby bad
//! def close(file)
//!   file.flush
//! ensure
//!   return true # <- here
//! end
//! ```
//!
//! ```ruby good
//! def close(file)
//!   file.flush
//! ensure
//!   @done = true
//! end
//! ```
//!
//! ```kotlin bad
//! fun close(file: File): Boolean {
//!     try {
//!         file.flush()
//!     } finally {
//!         return true // <- here
//!     }
//! }
//! ```
//!
//! ```kotlin good
//! fun close(file: File): Boolean {
//!     try {
//!         file.flush()
//!     } finally {
//!         done = true
//!     }
//!     return true
//! }
//! ```

use std::ops::ControlFlow;

use assay_finding::{Category, Severity};
use assay_syntax::{NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[584],
    languages: &[
        "java",
        "javascript",
        "kotlin",
        "php",
        "python",
        "ruby",
        "tsx",
        "typescript",
    ],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::High,
        Check::Node {
            on: Trigger::roles(&[Role::Finally]),
            check,
        },
    )
};

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    const LOOPS: RoleSet = RoleSet::of(&[Role::Loop, Role::Switch]);
    const LOOP_JUMPS: RoleSet = RoleSet::of(&[Role::Break, Role::Continue]);
    let mut jumps = Vec::new();
    node.visit(|part| {
        if part.has_any(const { RoleSet::of(&[Role::Function, Role::Class]) }) {
            return ControlFlow::Break(());
        }
        if part.has(Role::Return) && part.is_named() {
            jumps.push(part);
        }
        if part.has_any(LOOP_JUMPS) && part.is_named() {
            let is_inside = part
                .ancestors()
                .take_while(|around| *around != node)
                .any(|around| around.has_any(LOOPS));
            if !is_inside {
                jumps.push(part);
            }
        }
        ControlFlow::Continue(())
    });
    for jump in jumps {
        let word = jump
            .text()
            .split_whitespace()
            .next()
            .unwrap_or("this")
            .trim_end_matches(';');
        context.report(
            jump,
            format!("`{word}` in a finally block throws away an exception on its way"),
        );
    }
}
