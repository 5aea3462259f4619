//! # Type in a schema that is another one
//!
//! A field, parameter or method has a type that old clients cannot read or send.
//!
//! ## Why it matters
//!
//! Both sides parse by the schema that they were built with. Add a field with the new type beside the old one.
//!
//! ```text
//!  message Book {
//! -  int32 pages = 3;
//! +  string pages = 3;   # Book.pages is `string` and was `int32`
//!  }
//! ```
//!
//! In Protocol Buffers types that share their form on the wire (`int32` and `int64`, `string` and `bytes`) are of low
//! severity; moving fields into a `oneof` counts, as does `repeated`. In GraphQL a member of a union or an
//! implementation may stand in the place of the union or interface that was answered before.
//!
//! ## Not reported
//!
//! - A type that becomes wider where it is sent or narrower where it is read.
//! - Names that are written with more or less of their package.
//!
//! ## References
//!
//! - Protocol Buffers: Updating a Message Type, <https://protobuf.dev/programming-guides/proto3/#updating>
//! - GraphQL, October 2021, section 3.6.3 valid implementations, <https://spec.graphql.org/October2021/#IsValidImplementationFieldType()>

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(
    Category::Maintainability,
    Severity::Medium,
    Check::Elsewhere,
);
