//! What the crate promises, seen from outside.
#![expect(clippy::disallowed_methods, reason = "fixtures are files of the crate")]

mod detect;
mod embedded;
mod fixture;
mod golden;
mod metric;
mod mutation;
mod robust;
