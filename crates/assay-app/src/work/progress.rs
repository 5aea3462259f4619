//! Says how far a review is and what it found while its process works, for those who
//! look on.

use std::time::Duration;

use assay_auth::Scope;
use assay_store::{Lease, ReviewEventKind, ReviewId};
use serde_json::json;

use super::Worker;
use crate::heard::{Heard, Hearing};

/// How far a review is, is written down so often at most.
const EVERY_MS: u64 = 500;
/// So many findings are told together.
const TOGETHER_MAX: usize = 20;

impl Worker {
    /// Does `work` and keeps meanwhile what it says of how far it is and what it found.
    pub(super) async fn telling<T>(
        &self,
        scope: &Scope,
        lease: Lease,
        review: ReviewId,
        work: impl AsyncFnOnce(&Hearing) -> T,
    ) -> T {
        let hearing = Hearing::default();
        let telling = async {
            loop {
                hearing.changed().await;
                let heard = hearing.take();
                // It is only for those who look on: the review does not depend on it.
                if let Err(error) = self.keep_heard(scope, lease, review, &heard).await {
                    tracing::debug!(%error, "how far a review is was not written down");
                    hearing.put_back(heard);
                }
                tokio::time::sleep(Duration::from_millis(EVERY_MS)).await;
            }
        };
        tokio::select! {
            done = work(&hearing) => done,
            () = telling => unreachable!("it is told until the work is done"),
        }
    }

    async fn keep_heard(
        &self,
        scope: &Scope,
        lease: Lease,
        review: ReviewId,
        heard: &Heard,
    ) -> Result<(), assay_store::Error> {
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, lease).await?;
        if let Some(step) = &heard.step {
            let detail = json!({"step": step.step, "done": step.done, "of": step.of});
            let progress = ReviewEventKind::Progress;
            tx.review_tell(scope, review, progress, &detail.to_string())
                .await?;
        }
        for detail in batches(heard) {
            tx.review_tell(scope, review, ReviewEventKind::Found, &detail)
                .await?;
        }
        tx.commit().await
    }
}

/// Returns what was found and what of it is gone as it is told: some at a time.
fn batches(heard: &Heard) -> Vec<String> {
    let mut batches: Vec<_> = heard.found.chunks(TOGETHER_MAX).collect();
    if batches.is_empty() && !heard.gone.is_empty() {
        batches.push(&[]);
    }
    let mut gone = heard.gone.clone();
    let batches = batches.into_iter();
    let batches =
        batches.map(|found| json!({"findings": found, "gone": std::mem::take(&mut gone)}));
    batches.map(|batch| batch.to_string()).collect()
}
