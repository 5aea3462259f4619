//! What comes round: old rows go, and mirrors of repositories that nobody reviews
//! any more. It takes no input and may run at any time, and more than once.

use std::io;
use std::time::UNIX_EPOCH;

use assay_store::{Claim, NewTask, Priority, Retention};
use serde::{Deserialize, Serialize};

use super::Worker;
use super::feedback::SyncFeedback;
use super::mirror::Mirrors;
use super::trouble::Trouble;
use crate::job::Job;

/// Transactions of one sweep; what is left is for the next.
const ROUNDS_MAX: usize = 10_000;

/// When what comes round does, and for how long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Rows.
    pub rows: Retention,
    /// How often rows are looked through.
    pub every_ms: i64,
    /// A mirror that no review used for so long is deleted.
    pub mirrors_ms: i64,
}

impl Default for Keeping {
    /// Looks each hour, keeps mirrors for 30 days.
    fn default() -> Self {
        Self {
            rows: Retention::default(),
            every_ms: 60 * 60_000,
            mirrors_ms: 30 * 24 * 60 * 60_000,
        }
    }
}

/// Removes rows that are older than they are to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {}

impl Job for Sweep {
    const KIND: &'static str = "sweep";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "any";
    const PRIORITY: Priority = Priority::Low;
    const ATTEMPTS_MAX: i64 = 3;
    const DEADLINE_MS: i64 = 30 * 60_000;
}

/// Returns what is queued when the time of something has come.
fn task(name: &str) -> Option<NewTask> {
    match name {
        Sweep::KIND => Sweep {}.task().ok(),
        SyncFeedback::KIND => SyncFeedback::default().task().ok(),
        _ => None,
    }
}

impl Worker {
    /// Says how often what comes round does.
    pub(super) async fn schedule_put(&self) -> Result<(), assay_store::Error> {
        let mut tx = self.0.app.store().begin().await?;
        let options = &self.0.options;
        let rounds = [
            (Sweep::KIND, options.keeping.every_ms),
            (SyncFeedback::KIND, options.feedback_ms),
        ];
        for (kind, every_ms) in rounds {
            tx.schedule_put(&self.0.scope, kind, every_ms).await?;
        }
        tx.commit().await
    }

    /// Queues what is due.
    pub(super) async fn schedule(&self) -> Result<(), assay_store::Error> {
        let mut tx = self.0.app.store().begin().await?;
        tx.schedule_run(&self.0.scope, task).await?;
        tx.commit().await
    }

    pub(super) async fn sweep(&self, claim: &Claim) -> Result<(), Trouble> {
        Sweep::read(&claim.payload, claim.payload_version)?;
        let rows = &self.0.options.keeping.rows;
        let mut removed = self.sweep_months(rows).await;
        for _ in 0..ROUNDS_MAX {
            let mut tx = self.0.app.store().begin().await?;
            tx.task_hold(&self.0.scope, claim.lease).await?;
            let some = tx.retention_run(&self.0.scope, rows).await?;
            tx.commit().await?;
            removed += some;
            if some == 0 {
                break;
            }
        }
        if removed > 0 {
            tracing::info!(rows = removed, "what was kept for long enough is removed");
        }
        let result = serde_json::json!({ "removed": removed }).to_string();
        let mut tx = self.0.app.store().begin().await?;
        tx.task_complete(&self.0.scope, claim.lease, Some(&result))
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Worker {
    /// Makes the months of history that come, and takes away those that are over.
    /// Both are done again by the next sweep: meanwhile rows go where there is place,
    /// and old ones go one by one.
    async fn sweep_months(&self, rows: &Retention) -> u64 {
        let store = self.0.app.store();
        match store.partition_make().await {
            Ok(0) => {}
            Ok(made) => tracing::info!(partitions = made, "months of history are made ahead"),
            Err(error) => tracing::warn!(error = ?error, "months of history were not made ahead"),
        }
        match store.partition_drop(rows).await {
            Ok(removed) => removed,
            Err(error) => {
                tracing::warn!(error = ?error, "months of history were not taken away whole");
                0
            }
        }
    }
}

impl Mirrors {
    /// Deletes mirrors that were used last before a time. One is put aside at once and
    /// then deleted, so that a fetch that begins meanwhile makes a new one.
    pub(super) async fn clear(&self, before_ms: i64) -> io::Result<u64> {
        let mut count = 0;
        let mut entries = match tokio::fs::read_dir(&self.folder).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        while let Some(entry) = entries.next_entry().await? {
            let path = entry.path();
            let kind = path.extension().and_then(|kind| kind.to_str());
            match kind {
                Some("unused") => tokio::fs::remove_dir_all(&path).await?,
                Some("git") if used_ms(&path).await? < before_ms => {
                    let unused = path.with_extension("unused");
                    tokio::fs::rename(&path, &unused).await?;
                    tokio::fs::remove_dir_all(&unused).await?;
                    count += 1;
                }
                _ => {}
            }
        }
        Ok(count)
    }
}

/// Returns when a mirror was last used: when its mark was written, or, without one,
/// when it was last changed.
async fn used_ms(mirror: &std::path::Path) -> io::Result<i64> {
    let metadata = match tokio::fs::metadata(super::mirror::mark(mirror)).await {
        Ok(metadata) => metadata,
        Err(_) => tokio::fs::metadata(mirror).await?,
    };
    let since = metadata.modified()?.duration_since(UNIX_EPOCH);
    let since = since.unwrap_or_default().as_millis();
    Ok(i64::try_from(since).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::work::mirror::{Mirrors, mark};

    async fn left(folder: &Path) -> Vec<String> {
        let mut entries = tokio::fs::read_dir(folder).await.unwrap();
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await.unwrap() {
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        names
    }

    #[tokio::test]
    async fn only_mirrors_that_nobody_used_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mirrors = Mirrors {
            folder: folder.path().to_owned(),
            limits: assay_git::FetchLimits::default(),
        };
        for name in ["a.git", "b.git", "c.unused", "other"] {
            tokio::fs::create_dir(folder.path().join(name))
                .await
                .unwrap();
        }
        tokio::fs::write(mark(&folder.path().join("b.git")), b"")
            .await
            .unwrap();
        assert_eq!(mirrors.clear(0).await.unwrap(), 0);
        assert_eq!(left(folder.path()).await, ["a.git", "b.git", "other"]);
        assert_eq!(mirrors.clear(i64::MAX).await.unwrap(), 2);
        assert_eq!(left(folder.path()).await, ["other"]);
    }
}
