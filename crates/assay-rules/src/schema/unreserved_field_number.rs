//! # Number of a removed field that is free again
//!
//! A field or value of Protocol Buffers is removed and its number is not reserved.
//!
//! ## Why it matters
//!
//! Whoever adds the next field may take the number, and old data are read as something else. `reserved` makes the
//! compiler refuse that.
//!
//! ```text
//!  message Book {
//! +  reserved 4;
//! -  string isbn = 4;
//!  }
//! ```
//!
//! ## Not reported
//!
//! - Numbers that `reserved` or `extensions` name, packages that call themselves `v1alpha1` or `v1beta1`.
//!
//! ## References
//!
//! - Protocol Buffers: Deleting Fields, <https://protobuf.dev/programming-guides/proto3/#deleting>

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(
    Category::Maintainability,
    Severity::Medium,
    Check::Elsewhere,
);
