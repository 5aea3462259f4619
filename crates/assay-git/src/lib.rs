//! Repositories and folders on disk: from what the user named to a change with
//! its contents.
//!
//! Start at [`open`]: an [`Input`] and [`Options`] in, [`Opened`] out. [`fetch`]
//! brings a repository here first.
//!
//! Invariant: nothing of a repository is ever executed (hooks, filters,
//! monitors, aliases), the git program is never run, no symbolic link is
//! followed out of a tree, and everything read has a named limit in [`Limits`].
//! Must not know: syntax, findings, rules, who asked.
#![expect(
    clippy::disallowed_methods,
    reason = "repositories and folders are read from disk"
)]

mod assemble;
mod attribute;
mod clean;
mod disk;
mod error;
mod fetch;
mod history;
mod input;
mod log;
mod model;
mod open;
mod patch;
mod rename;
mod repo;
mod revision;
mod scan;
mod similarity;
mod store;
mod tree;
mod uncommitted;
mod walk;
mod worktree;

pub use error::Error;
pub use fetch::{FetchLimits, FetchReference, FetchRequest, Fetched, fetch};
pub use input::{Input, Limits, Options};
pub use log::{HistoryOptions, HistoryRead, branch_name, read_history, read_recent, user_email};
pub use open::{Opened, open};
