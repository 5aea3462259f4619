//! Bare repositories that follow those on a forge: fetched before a review, kept
//! for the next.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use assay_forge::Secret;
use assay_git::{FetchLimits, FetchReference, FetchRequest};
use assay_store::RepositoryId;

use super::trouble::Trouble;

/// Where mirrors are, and how much they take.
#[derive(Clone, Debug)]
pub struct Mirrors {
    /// The folder; each repository has one below it.
    pub folder: PathBuf,
    /// The most that one fetch reads.
    pub limits: FetchLimits,
}

/// What is fetched.
pub(super) struct Wanted {
    pub(super) url: String,
    /// A header that authorises.
    pub(super) header: Option<Secret>,
    /// References by their full names over there.
    pub(super) references: Vec<String>,
}

/// What was fetched.
pub(super) struct Mirror {
    pub(super) folder: PathBuf,
    /// The commits of the references, in their order.
    pub(super) commits: Vec<String>,
}

/// Stops a fetch that nobody waits for any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Returns the file in a mirror whose time says when it was last used.
pub(super) fn mark(mirror: &std::path::Path) -> PathBuf {
    mirror.join("assay-used")
}

impl Mirrors {
    /// Brings the references here. Dropping the future stops the fetch.
    pub(super) async fn fetch(
        &self,
        repository: RepositoryId,
        wanted: Wanted,
    ) -> Result<Mirror, Trouble> {
        let folder = self.folder.join(format!("{repository}.git"));
        let limits = self.limits.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let _guard = StopOnDrop(Arc::clone(&stop));
        let into = folder.clone();
        let fetched = tokio::task::spawn_blocking(move || {
            let local = |name: &String| format!("refs/forge/{}", name.trim_start_matches("refs/"));
            let references = wanted.references.iter();
            let references: Vec<_> = references
                .map(|name| FetchReference {
                    remote: name.clone(),
                    local: local(name),
                })
                .collect();
            let request = FetchRequest {
                url: &wanted.url,
                header: wanted.header.as_ref().map(Secret::expose),
                references: &references,
                limits,
            };
            assay_git::fetch(&into, &request, &stop)
        });
        let fetched = fetched
            .await
            .map_err(|why| Trouble::broken(format!("a fetch: {why}")))??;
        // Without the mark the mirror counts as used when it last changed.
        let _ = tokio::fs::write(mark(&folder), b"").await;
        Ok(Mirror {
            folder,
            commits: fetched.commits,
        })
    }
}
