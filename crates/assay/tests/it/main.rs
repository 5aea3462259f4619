//! The command as a user runs it, on repositories made for the test.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "the tests run the command and read what it wrote"
)]

mod advisories;
mod cache;
mod command;
mod config;
mod fix;
mod graph;
mod history;
mod hostile;
mod inputs;
mod mutation;
mod outputs;
mod project_model;
mod project_rule;
mod run;
mod secrets;
mod summary;
