//! Findings over all reviews, and what people think of them. What is rejected stays
//! rejected: later reviews of the repository silence it for the same code.

use assay_auth::{Identifier, Permission, Scope};
use assay_store::{
    Feedback, FeedbackId, Finding, FindingFilter, FindingId, FindingOrigin, NewFeedback,
    RepositoryId, ReviewId, Tx, Verdict,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::outgoing_event::{OutgoingEvent, RejectedFinding, announce};
use crate::paging::Paging;
use crate::remarks::Remark;
use crate::review::FindingView;

/// What feedback over the API is called.
const SOURCE: &str = "api";
const NOTE_BYTES_MAX: usize = 4_000;
const WORD_BYTES_MAX: usize = 4_096;

/// Which findings a list is of.
#[derive(Clone, Debug, Default)]
pub struct FindingQuery {
    /// Of one review.
    pub review: Option<Identifier>,
    /// Of reviews of one repository.
    pub repository: Option<Identifier>,
    /// Of one rule.
    pub rule: Option<String>,
    /// Of one severity.
    pub severity: Option<String>,
    /// Of one category.
    pub category: Option<String>,
    /// `introduced` or `existing`.
    pub origin: Option<String>,
    /// In one file.
    pub path: Option<String>,
    /// Of one identity.
    pub fingerprint: Option<String>,
}

/// A finding with all that is known of it.
#[derive(Clone, Debug)]
pub struct FindingDetail {
    /// The finding.
    pub finding: FindingView,
    /// The review that found it.
    pub review: Identifier,
    /// The whole finding, as the report has it.
    pub detail: Value,
    /// What people thought of it, the newest first.
    pub feedback: Vec<FeedbackView>,
}

/// What somebody thought of a finding.
#[derive(Clone, Debug)]
pub struct FeedbackView {
    /// Its identifier.
    pub id: Identifier,
    /// Of which finding, by its identity.
    pub fingerprint: String,
    /// Of which rule.
    pub rule: String,
    /// What they thought.
    pub verdict: &'static str,
    /// Where it was seen: the API, a reaction, a thread, the code.
    pub source: String,
    /// Who.
    pub actor: String,
    /// In their words.
    pub note: Option<String>,
    /// When.
    pub created_ms: i64,
}

impl From<Feedback> for FeedbackView {
    fn from(row: Feedback) -> Self {
        Self {
            id: row.id.identifier(),
            fingerprint: row.given.fingerprint,
            rule: row.given.rule,
            verdict: row.given.verdict.name(),
            source: row.given.source,
            actor: row.given.actor,
            note: row.given.note,
            created_ms: row.created_ms,
        }
    }
}

/// What somebody says of a finding.
#[derive(Clone, Debug)]
pub struct FeedbackWish {
    /// `accepted`, `rejected`, `fixed` or `ignored`.
    pub verdict: String,
    /// Why; a rejection needs it.
    pub note: Option<String>,
}

/// What makes a finding the same when it is found again, as its report says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Same {
    pub(crate) identity: Option<String>,
    pub(crate) location: Option<SamePlace>,
}

/// Where a finding is, as its report says.
#[derive(Debug, Deserialize)]
pub(crate) struct SamePlace {
    pub(crate) uri: String,
}

impl Same {
    /// Reads it from a finding as it is kept; of what has none of it the fingerprint
    /// counts.
    pub(crate) fn of(detail: &str) -> Self {
        serde_json::from_str(detail).unwrap_or_default()
    }
}

/// What is said of a finding on its pull request, where it has a suggestion.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Proposed {
    pub(crate) remark: Option<Remark>,
}

impl Proposed {
    /// Reads it from a finding as it is kept.
    pub(crate) fn of(detail: &str) -> Self {
        serde_json::from_str(detail).unwrap_or_default()
    }
}

impl App {
    /// Lists the organisation's findings, the newest first.
    pub async fn finding_list(
        &self,
        caller: &Caller,
        query: FindingQuery,
        paging: Paging,
    ) -> Result<Vec<(Identifier, FindingView)>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let words = [
            ("rule", &query.rule),
            ("severity", &query.severity),
            ("category", &query.category),
            ("path", &query.path),
            ("fingerprint", &query.fingerprint),
        ];
        for (field, word) in words {
            let is_fit = |word: &String| word.len() <= WORD_BYTES_MAX && !word.contains('\0');
            if !word.as_ref().is_none_or(is_fit) {
                return Err(Error::invalid(field, "too long, or with a NUL in it"));
            }
        }
        let origin = query.origin.as_deref().map(FindingOrigin::parse);
        let filter = FindingFilter {
            review: query.review.map(ReviewId::from_identifier),
            repository: query.repository.map(RepositoryId::from_identifier),
            rule: query.rule,
            severity: query.severity,
            category: query.category,
            origin: origin
                .transpose()
                .map_err(|_| Error::invalid("origin", "`introduced` or `existing`"))?,
            path: query.path.map(String::into_bytes),
            fingerprint: query.fingerprint,
        };
        let mut tx = self.store().read().await?;
        let page = paging.page(FindingId::from_identifier);
        let rows = tx.finding_list(&scope, &filter, page).await?;
        let view = |row: Finding| (row.review.identifier(), row.into());
        Ok(rows.into_iter().map(view).collect())
    }

    /// Returns a finding with its evidence and what people thought of it.
    pub async fn finding_get(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<FindingDetail, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let (row, repository) = found(&mut tx, &scope, id).await?;
        let fingerprint = &row.found.fingerprint;
        let feedback = match repository {
            Some(_) => {
                tx.feedback_of_finding(&scope, repository, fingerprint)
                    .await?
            }
            None => Vec::new(),
        };
        Ok(FindingDetail {
            review: row.review.identifier(),
            detail: serde_json::from_str(&row.found.detail).unwrap_or(Value::Null),
            feedback: feedback.into_iter().map(FeedbackView::from).collect(),
            finding: row.into(),
        })
    }

    /// Keeps what the caller thinks of a finding; said again it takes the place of
    /// what was said before.
    pub async fn finding_judge(
        &self,
        caller: &Caller,
        id: Identifier,
        wish: FeedbackWish,
    ) -> Result<FeedbackView, Error> {
        let scope = caller.authorise(Permission::FindingJudge)?;
        let verdict = Verdict::parse(&wish.verdict).map_err(|_| {
            Error::invalid("verdict", "`accepted`, `rejected`, `fixed` or `ignored`")
        })?;
        let note = wish.note.filter(|note| !note.trim().is_empty());
        if verdict == Verdict::Rejected && note.is_none() {
            return Err(Error::invalid("note", "who rejects a finding says why"));
        }
        let is_fit = |note: &String| note.len() <= NOTE_BYTES_MAX && !note.contains('\0');
        if !note.as_ref().is_none_or(is_fit) {
            let why = format!("at most {NOTE_BYTES_MAX} bytes, and no NUL");
            return Err(Error::invalid("note", why));
        }
        let mut tx = self.store().begin().await?;
        let (row, repository) = found(&mut tx, &scope, id).await?;
        let place = match repository {
            Some(repository) => format!("repository:{repository}"),
            None => format!("review:{}", row.review),
        };
        let fingerprint = row.found.fingerprint;
        let same = Same::of(&row.found.detail);
        let new = NewFeedback {
            remark: None,
            rule: row.found.rule,
            verdict,
            source: SOURCE.to_owned(),
            external_id: format!("{place}/{fingerprint}"),
            actor: caller.principal().actor().to_string(),
            note,
            fingerprint,
            identity: same.identity,
            path: same.location.map(|place| place.uri),
        };
        let feedback = tx.feedback_put(&scope, &new).await?;
        if let Some(repository) = repository {
            tx.feedback_set_repository(&scope, feedback, repository)
                .await?;
        }
        rejected(&mut tx, &scope, repository, &new).await?;
        let details = json!({"verdict": verdict.name(), "fingerprint": new.fingerprint});
        let target = format!("finding:{id}");
        audit(&mut tx, &scope, "finding.judge", target, details).await?;
        tx.commit().await?;
        Ok(FeedbackView::from(Feedback {
            id: feedback,
            given: new,
            created_ms: self.now_ms(),
        }))
    }

    /// Lists what people thought of the organisation's findings, the newest first.
    pub async fn feedback_list(
        &self,
        caller: &Caller,
        rule: Option<String>,
        paging: Paging,
    ) -> Result<Vec<FeedbackView>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(FeedbackId::from_identifier);
        let rows = tx.feedback_list(&scope, rule.as_deref(), page).await?;
        Ok(rows.into_iter().map(FeedbackView::from).collect())
    }
}

/// Returns a finding and the repository that its review is of.
async fn found(
    tx: &mut Tx,
    scope: &Scope,
    id: Identifier,
) -> Result<(Finding, Option<RepositoryId>), Error> {
    let row = tx
        .finding_get(scope, FindingId::from_identifier(id))
        .await?;
    let review = tx.review_get(scope, row.review).await?;
    Ok((row, review.repository))
}

/// Announces feedback that says that a finding is none.
pub(crate) async fn rejected(
    tx: &mut Tx,
    scope: &Scope,
    repository: Option<RepositoryId>,
    given: &NewFeedback,
) -> Result<(), assay_store::Error> {
    if given.verdict != Verdict::Rejected {
        return Ok(());
    }
    let event = OutgoingEvent::FindingRejected(RejectedFinding {
        repository,
        fingerprint: given.fingerprint.clone(),
        rule: given.rule.clone(),
        actor: given.actor.clone(),
        source: given.source.clone(),
        note: given.note.clone(),
    });
    announce(tx, scope, &event).await
}
