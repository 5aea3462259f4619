//! # Case that runs into the next one
//!
//! A case of a switch does something and has no `break`, so the next case runs too.
//!
//! ## Why it matters
//!
//! Leaving out the `break` is the most common slip in a switch, and the code looks right.
//!
//! ## Not reported
//!
//! - Empty cases, which share the next one's code on purpose, and the last case.
//! - A comment at the end that says so (`fall through`, `no break`), and `[[fallthrough]]`.
//! - Cases that end with a call that never comes back (`exit`, `abort`, `fail`, ...).
//!
//! ## References
//!
//! - [CWE-484](https://cwe.mitre.org/data/definitions/484.html): omitted break statement in switch
//!
//! ## Examples
//!
//! ```javascript bad
//! switch (kind) {
//!   case 1: // <- here
//!     one();
//!   case 2:
//!     two();
//! }
//! ```
//!
//! ```javascript good
//! switch (kind) {
//!   case 0:
//!   case 1:
//!     one();
//!     break;
//!   case 2:
//!     two();
//!     // falls through
//!   case 3: {
//!     if (late) return 1;
//!     else throw new Error();
//!   }
//!   default:
//!     three();
//! }
//! ```
//!
//! ```c bad
//! void open(int kind) {
//!     switch (kind) {
//!     case 1: // <- here
//!         one();
//!     case 2:
//!         two();
//!         break;
//!     }
//! }
//! ```
//!
//! ```c good
//! void open(int kind) {
//!     switch (kind) {
//!     case 1:
//!         one();
//!         /* FALLTHROUGH */
//!     case 2:
//!         two();
//!         break;
//!     case 3:
//!         exit(1);
//!     default:
//!         three();
//!     }
//! }
//! ```
//!
//! ```java bad
//! class Door {
//!     void open(int kind) {
//!         switch (kind) {
//!             case 1: // <- here
//!                 one();
//!             case 2:
//!                 two();
//!                 break;
//!         }
//!     }
//! }
//! ```
//!
//! ```java good
//! class Door {
//!     void open(int kind) {
//!         switch (kind) {
//!             case 1:
//!                 one();
//!                 break;
//!             case 2:
//!                 throw new IllegalStateException();
//!             default:
//!                 two();
//!         }
//!     }
//! }
//! ```
//!
//! ```php bad
//! <?php
//! switch ($kind) {
//!     case 1: // <- here
//!         one();
//!     case 2:
//!         two();
//!         break;
//! }
//! ```
//!
//! ```php good
//! <?php
//! switch ($kind) {
//!     case 1:
//!         one();
//!         break;
//!     case 2:
//!         two();
//! }
//! ```

use assay_finding::{Category, Confidence, Severity};
use assay_syntax::{Field, NodeRef, Role, RoleSet};

use crate::context::Context;
use crate::query::{branches, first_line, jump, statements};
use crate::rule::{Check, RuleSpec, Trigger};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[484],
    confidence: Confidence::Medium,
    languages: &["c", "cpp", "java", "javascript", "php", "tsx", "typescript"],
    ..RuleSpec::new(
        Category::Correctness,
        Severity::Medium,
        Check::Node {
            on: Trigger::kinds(ARMS),
            check,
        },
    )
};

/// The arms of the switches that run on; the newer kinds of arms do not.
const ARMS: &[&str] = &[
    "switch_case",
    "switch_default",
    "case_statement",
    "default_statement",
    "switch_block_statement_group",
];

fn check<'t>(node: NodeRef<'t>, context: &mut Context<'_, 't>) {
    let Some(next) = next_case(node) else { return };
    let Some(last) = own_statements(node).last() else {
        return;
    };
    if leaves(last, 0) || says_so(node, next) {
        return;
    }
    context
        .report(node, "this case runs into the next one")
        .at(first_line(node));
}

fn next_case(node: NodeRef<'_>) -> Option<NodeRef<'_>> {
    std::iter::successors(node.next_sibling(), |next| next.next_sibling())
        .find(|next| next.is_named() && !next.has(Role::Comment))
        .filter(|next| ARMS.contains(&next.kind()))
}

fn own_statements<'t>(case: NodeRef<'t>) -> impl Iterator<Item = NodeRef<'t>> {
    let colon = case.children().find(|child| child.kind() == ":");
    let start = colon.map_or(0, |colon| colon.span().end);
    statements(case).filter(move |child| {
        child.span().start >= start
            && child.kind() != "switch_label"
            && !matches!(child.field(), Field::Value | Field::Pattern)
    })
}

/// Blocks nest at most so deep before the answer is "it leaves".
const DEPTH_MAX: u32 = 32;

/// Returns whether control never gets past the statement, as far as one can
/// see; in doubt it does not.
fn leaves(statement: NodeRef<'_>, depth: u32) -> bool {
    const COMES_BACK_NEVER: &[&str] = &[
        "exit",
        "abort",
        "die",
        "fail",
        "panic",
        "unreachable",
        "fatal",
        "throw",
        "error",
        "usage",
        "quit",
        "assert",
        "raise",
        "never",
        "bail",
        "return",
        "goto",
        "terminate",
    ];
    if depth > DEPTH_MAX || jump(statement).is_some() || statement.is_error() {
        return true;
    }
    if statement.has(Role::If) {
        let branches = branches(statement);
        return branches.last().is_some_and(|last| last.condition.is_none())
            && branches
                .iter()
                .all(|branch| branch.body.is_none_or(|body| leaves(body, depth + 1)));
    }
    if statement.has(Role::Block) || statement.has(Role::Label) {
        return statements(statement)
            .last()
            .is_some_and(|last| leaves(last, depth + 1));
    }
    const UNCLEAR: RoleSet = RoleSet::of(&[
        Role::Loop,
        Role::Switch,
        Role::Try,
        Role::Preprocessor,
        Role::Annotation,
    ]);
    if statement.has_any(UNCLEAR)
        || statement.kind().contains("attributed")
        || statement.kind().contains("synchronized")
    {
        return statement.subtree().any(|part| jump(part).is_some())
            || statement.kind().contains("attributed");
    }
    // A call in capitals is a macro that may hold the jump.
    statement.kind().contains("expression")
        && statement
            .subtree()
            .filter(|part| part.has(Role::Call))
            .any(|call| {
                let name = call.named_children().next().map_or("", NodeRef::text);
                let lower = name.to_lowercase();
                COMES_BACK_NEVER.iter().any(|word| lower.contains(word))
                    || name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            })
}

/// Returns whether a comment before the next case says that this is meant.
fn says_so(case: NodeRef<'_>, next: NodeRef<'_>) -> bool {
    let text = case.tree().text();
    let from = own_statements(case)
        .last()
        .map_or(case.span().start, |last| last.span().start);
    let between = text.slice(assay_source::Span::new(from, next.span().start.max(from)));
    let line = text.line(next.line());
    let lower = format!("{between}{line}").to_lowercase();
    [
        "fall",
        "no break",
        "nobreak",
        "no-break",
        "continue to",
        "continues",
        "drop through",
        "pass through",
        "intended",
        "intentional",
        "deliberate",
    ]
    .iter()
    .any(|word| lower.contains(word))
}
