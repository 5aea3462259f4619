//! The tests of the code graph: small repositories in, edges out.

#![expect(
    clippy::disallowed_methods,
    reason = "the fixtures of the languages are files"
)]

mod damaged;
mod entries;
mod project;
mod resolution;
