//! # Operation that demands a proof of who calls
//!
//! An operation of OpenAPI was open to everybody and now demands authentication.
//!
//! ## Why it matters
//!
//! It may be what security needs, and still every client without a key stops to work. Announce it, or
//! offer it under a new version.
//!
//! ```text
//!  /status:
//!    get:
//! +    security: [{ token: [] }]
//! ```
//!
//! ## Not reported
//!
//! - Operations that demanded something before, and those where a proof stays optional (`{}` among the ways).
//!
//! ## References
//!
//! - OpenAPI Specification 3.1.1, Security Requirement Object, <https://spec.openapis.org/oas/v3.1.1#security-requirement-object>

use assay_finding::{Category, Confidence, Severity};

use crate::rule::{Check, RuleSpec};

pub(crate) const RULE: RuleSpec = RuleSpec {
    confidence: Confidence::Medium,
    ..RuleSpec::new(
        Category::Maintainability,
        Severity::Medium,
        Check::Elsewhere,
    )
};
