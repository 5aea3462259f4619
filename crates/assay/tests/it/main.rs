//! The command as a user runs it, on repositories made for the test.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "the tests run the command and read what it wrote"
)]

mod advisories;
mod ask;
mod attack;
mod audit;
mod cache;
mod chaos;
mod command;
mod config;
mod discuss;
mod fix;
mod graph;
mod history;
mod hostile;
mod inputs;
mod model;
mod model_batch;
mod model_similar;
mod mutation;
mod outputs;
mod project_model;
mod project_rule;
mod prompt;
mod pull;
mod run;
mod secrets;
mod serve;
mod serve_admin;
mod serve_ask;
mod serve_command;
mod serve_discuss;
mod serve_disk;
mod serve_end;
mod serve_feedback;
mod serve_fix;
mod serve_gitlab;
mod serve_import;
mod serve_model;
mod serve_prompt;
mod serve_quota;
mod serve_reject;
mod serve_shared;
mod serve_suggest;
mod serve_telemetry;
mod summary;
mod tools;
