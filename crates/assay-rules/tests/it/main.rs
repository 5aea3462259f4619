//! The crate's behaviour from outside: every example of every rule, settings,
//! identities, suppression.

#![expect(
    clippy::disallowed_methods,
    reason = "the test of the generated reference reads and writes it"
)]

mod config;
mod engine;
mod examples;
mod flip;
mod flow;
mod identity;
mod pattern;
mod reference;
mod sample;
mod secret;
mod suppress;
