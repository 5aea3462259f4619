//! The newest part of the past that leads to a change, read from its repository when the
//! review asks for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_git::{HistoryOptions, Opened, Options, read_recent};
use assay_source::{History, RecentPast};

use crate::cache;

struct Repository {
    directory: PathBuf,
    base: String,
    request: HistoryOptions,
}

/// Returns the past of a change; none when no repository was opened.
pub(crate) fn of(
    directory: &Path,
    opened: &Opened,
    options: &Options,
    no_cache: bool,
) -> Option<Arc<dyn RecentPast>> {
    opened.root.as_ref()?;
    Some(Arc::new(Repository {
        directory: directory.to_owned(),
        base: opened.change.base.clone(),
        request: HistoryOptions {
            cache: cache::folder().filter(|_| !no_cache),
            first_parent: false,
            options: options.clone(),
        },
    }))
}

impl RecentPast for Repository {
    fn read(&self) -> Option<History> {
        let read = |revision: &str| {
            let read = read_recent(&self.directory, revision, &self.request).ok()?;
            Some(read.history)
        };
        // A base that is no commit (the index, the empty tree) has the past of HEAD.
        read(&self.base).or_else(|| read("HEAD"))
    }
}
