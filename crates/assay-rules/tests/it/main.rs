//! The crate's behaviour from outside: every example of every rule, settings,
//! identities, suppression.

mod engine;
mod examples;
mod identity;
mod reference;
mod sample;
mod suppress;
