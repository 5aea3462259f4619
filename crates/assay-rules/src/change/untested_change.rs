//! # Change without a test
//!
//! A change alters functions of files that have tests, and touches no test.
//!
//! ## Why it matters
//!
//! Tests that did not change either already cover the new behaviour, or do not know of it. Only a person can tell, so this is a
//! hint of low confidence: it is shown with `--all` or when the rule is named.
//!
//! The test of a file is found by its name: `test_a.py`, `a_test.go`, `a.spec.ts`, `ATest.java`, `a_spec.rb` and the like.
//!
//! ## Not reported
//!
//! - Changes that touch any test, and files without a test of their own.
//! - Languages whose tests are in the same file.

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Low,
    ..RuleSpec::new(Category::Test, Severity::Info, Check::Elsewhere)
};
