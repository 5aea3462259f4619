//! Says how far a review is while its process works, for those who look on.

use std::time::Duration;

use assay_auth::Scope;
use assay_store::{Lease, ReviewId};
use tokio::sync::watch;

use super::Worker;
use crate::review_process::StepHeard;

/// How far a review is, is written down so often at most.
const EVERY_MS: u64 = 500;

impl Worker {
    /// Does `work` and keeps meanwhile what it says of how far it is.
    pub(super) async fn telling<T>(
        &self,
        scope: &Scope,
        lease: Lease,
        review: ReviewId,
        work: impl AsyncFnOnce(&watch::Sender<StepHeard>) -> T,
    ) -> T {
        let (heard, mut hears) = watch::channel(StepHeard::default());
        let telling = async {
            while hears.changed().await.is_ok() {
                let step = hears.borrow_and_update().clone();
                // It is only for those who look on: the review does not depend on it.
                if let Err(error) = self.keep_step(scope, lease, review, &step).await {
                    tracing::debug!(%error, "how far a review is was not written down");
                }
                tokio::time::sleep(Duration::from_millis(EVERY_MS)).await;
            }
            std::future::pending::<T>().await
        };
        tokio::select! {
            done = work(&heard) => done,
            never = telling => never,
        }
    }

    async fn keep_step(
        &self,
        scope: &Scope,
        lease: Lease,
        review: ReviewId,
        step: &StepHeard,
    ) -> Result<(), assay_store::Error> {
        let detail = serde_json::json!({"step": step.step, "done": step.done, "of": step.of});
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, lease).await?;
        tx.review_progress(scope, review, &detail.to_string())
            .await?;
        tx.commit().await
    }
}
