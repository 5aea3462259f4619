//! The crate's behaviour from outside: every example of every rule, settings,
//! identities, suppression.

mod examples;
