//! The command as a user runs it, on repositories made for the test.

mod command;
mod config;
mod hostile;
mod inputs;
mod outputs;
mod run;
