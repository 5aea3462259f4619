//! What the crate promises, seen from outside.

mod fixture;
mod golden;
