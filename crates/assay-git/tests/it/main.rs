//! Behaviour of the crate on repositories made by the git program.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests write the files that the crate reads"
)]

mod support;

mod differential;
mod fetch;
mod hostile;
mod lines;
mod log;
mod patch;
mod range;
mod rename;
mod repositories;
mod scan;
mod working_tree;
