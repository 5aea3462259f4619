//! Fixes of findings as suggestions on their pull requests, for who wants one there.

use assay_auth::{Identifier, Permission, Scope};
use assay_store::{
    Finding, FindingId, Review, ReviewState, Suggestion, SuggestionPlace, SuggestionState, Tx,
};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::finding::Proposed;
use crate::work::PlaceSuggestion;

/// A suggestion on a pull request, as far as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestionView {
    /// `wanted`, `placed` or `refused`.
    pub state: &'static str,
    /// What the forge calls the comment.
    pub comment: Option<String>,
    /// Why it is not there.
    pub problem: Option<String>,
    /// When it last changed.
    pub updated_ms: i64,
}

impl From<Suggestion> for SuggestionView {
    fn from(row: Suggestion) -> Self {
        Self {
            state: row.state.name(),
            comment: row.comment_id,
            problem: row.problem,
            updated_ms: row.updated_ms,
        }
    }
}

impl App {
    /// Accepts the wish that the fix of a finding stands on its pull request as a
    /// suggestion. One that stands there already is found and left as it is.
    pub async fn finding_suggest(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<SuggestionView, Error> {
        let scope = caller.authorise(Permission::FindingJudge)?;
        let mut tx = self.store().begin().await?;
        let (finding, review) = found(&mut tx, &scope, id).await?;
        let place = place(&finding, &review)?;
        if review.state != ReviewState::Done {
            return Err(Error::invalid("review", "it is not done"));
        }
        let remark = Proposed::of(&finding.found.detail).remark;
        if remark.is_none_or(|remark| remark.suggestion.is_none()) {
            let why = "there is no fix of whole lines in one place that a suggestion could be";
            return Err(Error::invalid("finding", why));
        }
        self.check_backlog(&mut tx).await?;
        let wanted = tx.suggestion_find(&scope, place).await?;
        let is_open = wanted.is_some_and(|one| one.state == SuggestionState::Wanted);
        let kept = tx.suggestion_want(&scope, place, finding.id).await?;
        let job = PlaceSuggestion {
            repository: place.repository.to_string(),
            number: u64::try_from(place.pull_request)
                .map_err(|_| Error::Internal("a negative number".to_owned()))?,
            head: review.head_revision.clone(),
            finding: finding.id.to_string(),
            fingerprint: place.fingerprint.to_owned(),
        };
        tx.task_enqueue(&scope, &job.unique_task()?).await?;
        if !is_open {
            let details = json!({"fingerprint": place.fingerprint});
            let target = format!("finding:{id}");
            audit(&mut tx, &scope, "finding.suggest", target, details).await?;
        }
        tx.commit().await?;
        Ok(kept.into())
    }

    /// Returns how far the suggestion of a finding is.
    pub async fn finding_suggestion(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<SuggestionView, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let (finding, review) = found(&mut tx, &scope, id).await?;
        let kept = match place(&finding, &review) {
            Ok(place) => tx.suggestion_find(&scope, place).await?,
            Err(_) => None,
        };
        Ok(kept
            .ok_or(assay_store::Error::NotFound("suggestion"))?
            .into())
    }
}

async fn found(tx: &mut Tx, scope: &Scope, id: Identifier) -> Result<(Finding, Review), Error> {
    let finding = tx
        .finding_get(scope, FindingId::from_identifier(id))
        .await?;
    let review = tx.review_get(scope, finding.review).await?;
    Ok((finding, review))
}

fn place<'a>(finding: &'a Finding, review: &Review) -> Result<SuggestionPlace<'a>, Error> {
    match (review.repository, review.pull_request) {
        (Some(repository), Some(pull_request)) => Ok(SuggestionPlace {
            repository,
            pull_request,
            fingerprint: &finding.found.fingerprint,
        }),
        _ => {
            let why = "suggestions stand on pull requests, and the review is of none";
            Err(Error::invalid("review", why))
        }
    }
}
