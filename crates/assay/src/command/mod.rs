//! One file a command: what it reads, what it calls, what it prints.

pub(crate) mod advisories;
pub(crate) mod ask;
pub(crate) mod baseline;
pub(crate) mod batch;
pub(crate) mod cache;
pub(crate) mod config;
pub(crate) mod discuss;
pub(crate) mod examine;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod impact;
pub(crate) mod init;
pub(crate) mod knowledge;
pub(crate) mod list;
pub(crate) mod prompt;
pub(crate) mod pull;
pub(crate) mod review;
pub(crate) mod rule;
pub(crate) mod sbom;
pub(crate) mod scan;
pub(crate) mod shell;
pub(crate) mod summary;
pub(crate) mod usage;
