//! Behaviour of the crate on repositories made by the git program.

mod support;

mod patch;
mod range;
mod scan;
mod working_tree;
