//! Rules about configuration: the values of YAML, JSON, Terraform, Dockerfiles,
//! nginx and Java properties with their places, what a file is for, and conditions on paths to values.
//!
//! The rules themselves are data; this is what runs them. A file that no rule
//! wants costs a look at its name and a search for a few words.

mod check;
mod condition;
mod dockerfile;
mod embedded;
mod expression;
mod hcl;
pub(crate) mod json;
mod kind;
mod model;
mod nginx;
mod path;
mod predicate;
mod properties;
#[cfg(test)]
mod tests;
pub(crate) mod yaml;

pub(crate) use model::{Entry, Model, ScalarKind, Shape, ValueId};

pub(crate) use check::{ConfigCheck, ConfigFile, ConfigFix, ConfigMatch, check};
