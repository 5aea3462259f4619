//! # Undeclared environment variable
//!
//! A change reads a new variable of the environment, and the example file or document that lists the others does not name
//! it.
//!
//! ## Why it matters
//!
//! Whoever installs the program copies the example: a variable that is not in it is missing there, and the program fails or takes a
//! default that nobody chose. Add it with an example value or a comment.
//!
//! The list is a `.env.example` (`.sample`, `.template`, `.dist`), a Compose file or a document: the one that names most
//! of the other variables that the same files read, at least three of them and three of five.
//!
//! ## Not reported
//!
//! - Variables of the system and of common tools, and those that any such file names.
//! - Programs whose variables no file lists, tests, and what is only set.

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(Category::Documentation, Severity::Low, Check::Elsewhere)
};
