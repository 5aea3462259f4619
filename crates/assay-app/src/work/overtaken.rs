//! Reviews of a pull request that others take the place of. What was begun to be shown
//! on their commits gets an end, and none of them has the last word on a commit after a
//! newer review of it.

use assay_auth::Scope;
use assay_store::{Page, RepositoryId, Review, ReviewFilter, ReviewId, ReviewState, Tx};

use super::Worker;
use super::post::{End, PostReview};
use super::pull_request::{Reached, ReviewPull};
use super::remembered::{On, number_of};
use super::trouble::Trouble;
use crate::error::Error;
use crate::job::Job as _;

/// So many reviews of a pull request are looked through.
const REVIEWS_MAX: u32 = 50;
const NEWER: &str = "a newer review took its place";

async fn reviews(
    tx: &mut Tx,
    scope: &Scope,
    repository: RepositoryId,
    pull_request: i64,
) -> Result<Vec<Review>, assay_store::Error> {
    let filter = ReviewFilter {
        repository: Some(repository),
        pull_request: Some(pull_request),
        state: None,
    };
    tx.review_list(scope, filter, Page::first(REVIEWS_MAX))
        .await
}

/// Queues the end of what reviews show that a new one is about to supersede: a check that
/// runs, a status that waits.
pub(super) async fn overtake(
    tx: &mut Tx,
    scope: &Scope,
    repository: RepositoryId,
    pull_request: i64,
) -> Result<(), Error> {
    for review in reviews(tx, scope, repository, pull_request).await? {
        let is_over = !matches!(review.state, ReviewState::Queued | ReviewState::Running);
        let Some(task) = review.task.filter(|_| !is_over) else {
            continue;
        };
        let task = match tx.task_get(scope, task).await {
            Ok(task) if task.kind == ReviewPull::KIND => task,
            Ok(_) | Err(assay_store::Error::NotFound(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let job = ReviewPull::read(&task.payload, task.payload_version)?;
        if review.started_ms.is_some() || job.awaits_quota {
            let said = PostReview::of_overtaken(&job, NEWER).task()?;
            tx.task_enqueue(scope, &said).await?;
        }
    }
    Ok(())
}

impl Worker {
    /// Returns whether what is to be posted has no say any more: a newer review of the
    /// same commit is there, or the review that was thought to wait or to be overtaken
    /// came to an end.
    pub(super) async fn is_overtaken(
        &self,
        scope: &Scope,
        on: On,
        job: &PostReview,
    ) -> Result<bool, Trouble> {
        let review = ReviewId::parse(&job.review)?;
        let mut tx = self.0.app.store().read().await?;
        let known = reviews(&mut tx, scope, on.0, number_of(on)).await?;
        Ok(known.iter().any(|other| match other.id == review {
            true => {
                matches!(job.end, End::Overtaken | End::Waiting)
                    && matches!(other.state, ReviewState::Done | ReviewState::Failed)
            }
            false => {
                other.id > review
                    && other.head_revision == job.head
                    && other.state != ReviewState::Superseded
            }
        }))
    }

    /// Returns whether a review of the commit came to an end before this one.
    pub(super) async fn was_reviewed(
        &self,
        scope: &Scope,
        on: On,
        review: ReviewId,
        head: &str,
    ) -> Result<bool, Trouble> {
        let mut tx = self.0.app.store().read().await?;
        let known = reviews(&mut tx, scope, on.0, number_of(on)).await?;
        let is_end = |state| matches!(state, ReviewState::Done | ReviewState::Failed);
        Ok(known
            .iter()
            .any(|other| other.id < review && other.head_revision == head && is_end(other.state)))
    }
}

impl Reached<'_> {
    /// Ends the check of a review that is not to say anything, where it has one of its
    /// own: a status is the newer review's.
    pub(super) async fn give_way(&self, job: &PostReview) -> Result<(), Trouble> {
        if !self.client.has_check_runs() {
            return Ok(());
        }
        let way = PostReview {
            end: End::Overtaken,
            title: format!("not reviewed: {NEWER}"),
            summary: format!("{NEWER}."),
            remarks: Vec::new(),
            ..job.clone()
        };
        self.conclude(&way).await
    }
}
