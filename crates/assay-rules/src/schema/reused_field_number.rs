//! # Number of a field that means something else
//!
//! A message or enumeration of Protocol Buffers gives a number to another field, or a field another number.
//!
//! ## Why it matters
//!
//! Only numbers are written. What an old program wrote as one field is read as the other, without any error: wrong
//! data in storage and in queues, and sometimes private data where nobody expects it.
//!
//! ```text
//!  message Book {
//! -  string isbn = 4;
//! +  string price = 4;   # the number 4 meant something else
//!  }
//! ```
//!
//! ## Not reported
//!
//! - A field that keeps its number and type and has another name: that is `schema/removed-member`, of low severity.
//!
//! ## References
//!
//! - Protocol Buffers: Consequences of Reusing Field Numbers, <https://protobuf.dev/programming-guides/proto3/#consequences>

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec =
    RuleSpec::new(Category::Maintainability, Severity::High, Check::Elsewhere);
