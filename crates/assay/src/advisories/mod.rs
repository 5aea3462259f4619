//! The advisory database on disk: where it is, how it is opened, and how it is
//! brought up to date. What is in it is `assay-deps`'s business.

mod archive;
mod database;
mod download;
mod mirror;
mod query;
mod update;

pub(crate) use database::{database_path, open, source};
pub(crate) use mirror::OSV_EXPORT;
pub(crate) use update::{Origin, Outcome, Request, update};
