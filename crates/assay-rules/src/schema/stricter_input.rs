//! # Schema that demands more
//!
//! A request or document that was right yesterday is refused: something became required, narrower or unknown.
//!
//! ## Why it matters
//!
//! Whoever sends does not know of the new demand. A new field should be optional or have a default; a limit or a list of
//! values should only grow.
//!
//! ```text
//!  parameters:
//!    - name: tenant
//!      in: query
//! -    required: false
//! +    required: true    # demands the query parameter `tenant`, which was optional
//! ```
//!
//! Looked at are required parameters, bodies and properties, types, lists of values, limits and patterns of what is
//! sent (OpenAPI, JSON Schema), arguments and input fields (GraphQL), `required` (proto2) and fields without a default (Avro).
//! Limits and patterns are of low severity.
//!
//! ## Not reported
//!
//! - The same change in what is only received, properties that are `readOnly`, arguments with a default.
//! - A schema that uses `not`, `if` or a reference to a file that is not in the tree: what it lets through is not worked out.
//!
//! ## References
//!
//! - OpenAPI Specification 3.1.1, <https://spec.openapis.org/oas/v3.1.1>
//! - JSON Schema Validation 2020-12, <https://json-schema.org/draft/2020-12/json-schema-validation>
//! - GraphQL, October 2021, section 3.10 Input Objects, <https://spec.graphql.org/October2021/#sec-Input-Objects>

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(
    Category::Maintainability,
    Severity::Medium,
    Check::Elsewhere,
);
