//! # Route that is gone
//!
//! A change removes an HTTP route, or gives it another method or path.
//!
//! ## Why it matters
//!
//! Clients, links and bookmarks call it: they get an error from the moment of the release. Keep the old route beside the new one, or
//! redirect.
//!
//! ```text
//! -app.get('/books/:id', show);
//! +app.get('/titles/:id', show);   // the route `GET /books/:id` is gone
//! ```
//!
//! Routes are those of the code graph: Express, Fastify, Koa, NestJS, Flask, FastAPI, Django, Spring, JAX-RS, gin, echo, chi,
//! net/http, Rails, Laravel, ASP.NET, axum and actix.
//!
//! ## Not reported
//!
//! - Routes that another changed file has now, other names of the variables in a path, a route of any method in its place.
//! - What is put before the path where the router is mounted, and routes whose path is put together.
//! - A change that raises the major version, or adds the name to a changelog; tests.
//!
//! ## References
//!
//! - RFC 9110, HTTP Semantics, section 15.5.5

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
