//! The advisory database on disk: where it is, how it is opened, and how it is
//! brought up to date. What is in it is `assay-deps`'s business.

mod archive;
mod database;
mod update;

pub(crate) use database::{database_path, open, source};
pub(crate) use update::{Outcome, Request, update};
