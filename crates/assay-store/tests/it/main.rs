//! The store on both engines: what is kept is found again, by those whose it is.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "what fails in a helper fails the test; workers are processes of their own"
)]

mod kit;

mod aggregate;
mod backup;
mod cache;
mod discussion;
mod experiment;
mod kill;
mod knowledge;
mod mark;
mod migration;
mod partition;
mod prompt;
mod question;
mod rate;
mod simulation;
mod task;
mod tenant;
