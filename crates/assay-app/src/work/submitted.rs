//! The review of a change that came with a request.

use assay_auth::{OrganisationId, Scope};
use assay_store::{Claim, ReviewId, ReviewState, Tx};

use super::Worker;
use super::trouble::{Later, Trouble};
use crate::error::Error;
use crate::job::{Job as _, ReviewChange};
use crate::outgoing_event::announce_failed;
use crate::quota::QuotaKind;
use crate::record::record;

impl Worker {
    pub(super) async fn review_change(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = ReviewChange::read(&claim.payload, claim.payload_version)?;
        let (organisation, review) = review_of(claim, &job.review)?;
        if !start(self, claim, organisation, review, false).await? {
            return Ok(());
        }
        let scope = self.0.scope.within(organisation)?;
        let report = self
            .telling(&scope, claim.lease, review, async |heard| {
                self.review_texts(&scope, &job, heard).await
            })
            .await?;
        let recorded = record(&report)?;
        self.0
            .app
            .review_conclude(organisation, claim.lease, review, &recorded, None)
            .await?;
        Ok(())
    }
}

/// Returns whose the review is that a task does, and which.
pub(super) fn review_of(
    claim: &Claim,
    review: &str,
) -> Result<(OrganisationId, ReviewId), Trouble> {
    let organisation = claim.organisation;
    let organisation = organisation.ok_or_else(|| Trouble::broken("the review is nobody's"))?;
    Ok((organisation, ReviewId::parse(review)?))
}

/// Says that the work on a review began. Returns whether it is still wanted; when a
/// newer one took its place since the task was claimed, the task is over. A review that
/// waited for quota takes it now, in the transaction that begins it, or waits on.
pub(super) async fn start(
    worker: &Worker,
    claim: &Claim,
    organisation: OrganisationId,
    review: ReviewId,
    awaits_quota: bool,
) -> Result<bool, Trouble> {
    let scope = worker.0.scope.within(organisation)?;
    let app = &worker.0.app;
    let mut tx = app.store().begin().await?;
    if awaits_quota && tx.review_get(&scope, review).await?.started_ms.is_none() {
        match app.quota_take(&mut tx, &scope, QuotaKind::Reviews).await {
            Ok(()) => {}
            Err(Error::QuotaExhausted { retry_ms, .. }) => {
                return Err(Trouble {
                    retry: Later::Aside(retry_ms),
                    ..Trouble::broken("the organisation's quota is used up")
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    let started = tx.review_start(&scope, review).await;
    if matches!(started, Err(assay_store::Error::NotFound(_)))
        && tx.review_get(&scope, review).await?.state == ReviewState::Superseded
    {
        let why = Some("a newer review took its place");
        tx.task_complete(&worker.0.scope, claim.lease, why).await?;
        tx.commit().await?;
        return Ok(false);
    }
    started?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    trouble: &Trouble,
) -> Result<(), assay_store::Error> {
    if let Ok(job) = ReviewChange::read(&claim.payload, claim.payload_version)
        && let Ok(review) = ReviewId::parse(&job.review)
    {
        let failed = ReviewState::Failed;
        tx.review_abandon(scope, review, failed, &trouble.problem)
            .await?;
        announce_failed(tx, scope, review).await?;
    }
    Ok(())
}
