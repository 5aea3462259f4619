//! # Part of a schema that is gone
//!
//! A change takes away a path, operation, parameter, field, type, method or value that others speak by.
//!
//! ## Why it matters
//!
//! Clients are not updated with the server. What they ask for by that name fails from the moment of the
//! release. Mark it as deprecated, serve it for as long as clients need, or offer the change under a new version.
//!
//! Read are OpenAPI 3 and Swagger 2, GraphQL schemas, Protocol Buffers and Avro. Renaming a field of
//! Protocol Buffers is of low severity: the wire knows numbers only, JSON and generated code know names.
//!
//! ```text
//!  type Book {
//!    id: ID!
//! -  title: String!      # Book.title is gone
//! +  name: String!
//!  }
//! ```
//!
//! ## Not reported
//!
//! - A type that is in another changed file now, and packages that call themselves `v1alpha1` or `v1beta1`.
//! - What was marked deprecated, unless findings of low confidence are asked for.
//! - A description whose own major version (`info.version`) rises, and schemas of tests, examples and other projects.
//!
//! ## References
//!
//! - OpenAPI Specification 3.1.1, <https://spec.openapis.org/oas/v3.1.1>
//! - GraphQL, October 2021, <https://spec.graphql.org/October2021/>
//! - Protocol Buffers: Updating a Message Type, <https://protobuf.dev/programming-guides/proto3/#updating>
//! - Apache Avro: Schema Resolution, <https://avro.apache.org/docs/1.12.0/specification/#schema-resolution>

use assay_finding::{Category, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec::new(
    Category::Maintainability,
    Severity::Medium,
    Check::Elsewhere,
);
