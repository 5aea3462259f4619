//! # Schema that promises less
//!
//! An answer may now hold what it never held: nothing, another type, or a property that is missing.
//!
//! ## Why it matters
//!
//! Clients read what was promised without looking. A field that becomes `null` or is left out stops those that
//! trusted the schema.
//!
//! ```text
//!  type Book {
//! -  title: String!
//! +  title: String       # may now be nothing
//!  }
//! ```
//!
//! ## Not reported
//!
//! - The same change in what is sent, and answers that promise more than before.
//! - New values of an enumeration in an answer, unless findings of low confidence are asked for.
//!
//! ## References
//!
//! - OpenAPI Specification 3.1.1, <https://spec.openapis.org/oas/v3.1.1>
//! - GraphQL, October 2021, section 3.12 Non-Null, <https://spec.graphql.org/October2021/#sec-Non-Null>

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(
    Category::Maintainability,
    Severity::Medium,
    Check::Elsewhere,
);
