//! HTTP over what the platform does: routes, wire types, limits, documentation.
//!
//! Start at [`router`], which makes the routes over an [`assay_app::App`], and at
//! [`serve`], which answers connections until it is told to stop. A handler
//! extracts, calls one operation, and converts.
//!
//! Invariant: everything from outside has a limit (bytes, seconds, headers,
//! connections), every refusal is a problem document (RFC 9457), and every
//! endpoint is in the OpenAPI document.
//! Must not know: SQL, how anything is decided.

mod budget;
mod context;
mod cookie;
mod endpoint;
mod extract;
mod kept;
mod layer;
mod openapi;
mod page;
mod pages;
mod patient;
mod problem;
mod routes;
mod serve;

pub use context::ServerOptions;
pub use openapi::openapi;
pub use routes::router;
pub use serve::{ServeLimits, serve};
