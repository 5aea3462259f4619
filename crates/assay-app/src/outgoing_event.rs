//! What other programs are told of: a closed list of events, each with a payload of its
//! own whose version is in it. What is written here is public: a member never changes its
//! meaning within a version, and further ones may be added.
//!
//! ```json
//! {"type": "review.finished", "version": 1, "id": "0198...", "at": "2026-01-01T00:00:00Z",
//!  "organisation": "0198...", "data": {"review": "0198...", "...": "..."}}
//! ```

use assay_auth::{Identifier, OrganisationId, Scope};
use assay_store::{
    NewTask, OutgoingMessageId, OutgoingWebhook, OutgoingWebhookId, Priority, RepositoryId, Review,
    ReviewId, ReviewState, Tx,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::job::Job;
use crate::trace;

/// The version of the payloads.
const VERSION: u32 = 1;
/// Characters of a text of somebody.
const TEXT_CHARS_MAX: usize = 1_000;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OutgoingEvent {
    /// A review came to its end.
    ReviewFinished(Box<Review>),
    /// A review will not come to its end.
    ReviewFailed(Box<Review>),
    /// Somebody said that a finding is none.
    FindingRejected(RejectedFinding),
    /// As much was used as there is.
    QuotaReached(ReachedQuota),
    /// Somebody wants to know whether it arrives.
    Test(OutgoingWebhookId),
}

/// A finding that somebody rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RejectedFinding {
    pub(crate) repository: Option<RepositoryId>,
    pub(crate) fingerprint: String,
    pub(crate) rule: String,
    pub(crate) actor: String,
    pub(crate) source: String,
    pub(crate) note: Option<String>,
}

/// A quota of which nothing is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReachedQuota {
    pub(crate) kind: &'static str,
    /// `day` or `month`.
    pub(crate) period: &'static str,
    pub(crate) limit: u64,
    /// Whose, when not the organisation's.
    pub(crate) subject: Option<Identifier>,
    pub(crate) resets_ms: i64,
}

/// The events that an address may ask for, by name.
pub(crate) const EVENT_NAMES: [&str; 4] = [
    "review.finished",
    "review.failed",
    "finding.rejected",
    "quota.reached",
];

impl OutgoingEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::ReviewFinished(_) => EVENT_NAMES[0],
            Self::ReviewFailed(_) => EVENT_NAMES[1],
            Self::FindingRejected(_) => EVENT_NAMES[2],
            Self::QuotaReached(_) => EVENT_NAMES[3],
            Self::Test(_) => "webhook.test",
        }
    }

    fn data(&self) -> Value {
        match self {
            Self::ReviewFinished(review) | Self::ReviewFailed(review) => review_data(review),
            Self::FindingRejected(one) => json!({
                "repository": one.repository.map(|id| id.to_string()),
                "fingerprint": one.fingerprint,
                "rule": one.rule,
                "actor": one.actor,
                "source": one.source,
                "note": one.note.as_deref().map(cut),
            }),
            Self::QuotaReached(one) => json!({
                "kind": one.kind,
                "period": one.period,
                "limit": one.limit,
                "subject": one.subject.map(|id| id.to_string()),
                "resets_at": time(one.resets_ms),
            }),
            Self::Test(webhook) => json!({"webhook": webhook.to_string()}),
        }
    }

    /// Returns what is sent.
    fn body(&self, id: OutgoingMessageId, organisation: OrganisationId, now_ms: i64) -> String {
        json!({
            "type": self.name(),
            "version": VERSION,
            "id": id.to_string(),
            "at": time(now_ms),
            "organisation": organisation.to_string(),
            "data": self.data(),
        })
        .to_string()
    }
}

fn review_data(review: &Review) -> Value {
    json!({
        "review": review.id.to_string(),
        "repository": review.repository.map(|id| id.to_string()),
        "pull_request": review.pull_request,
        "origin": review.origin,
        "base": review.base_revision,
        "head": review.head_revision,
        "state": review.state.name(),
        "score": review.score,
        "grade": review.grade,
        "gate": review.gate,
        "findings": review.findings,
        "url": format!("/api/v1/review/{}", review.id),
    })
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn time(ms: i64) -> Option<String> {
    Timestamp::from_millisecond(ms)
        .ok()
        .map(|time| time.to_string())
}

/// Tells one address of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TellOutgoing {
    /// The address.
    pub webhook: String,
    /// The message, the same for each attempt.
    pub message: String,
    /// What happened, by name.
    pub event: String,
    /// What is sent: the same bytes with each attempt.
    pub body: String,
}

impl Job for TellOutgoing {
    const KIND: &'static str = "tell_outgoing";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "any";
    const PRIORITY: Priority = Priority::Low;
    /// With waits that double from 2 s to 15 min these are some two hours.
    const ATTEMPTS_MAX: i64 = 16;
    const DEADLINE_MS: i64 = 60_000;
}

/// Queues that those are told who want to be, in the transaction in which it happens.
pub(crate) async fn announce(
    tx: &mut Tx,
    scope: &Scope,
    event: &OutgoingEvent,
) -> Result<(), assay_store::Error> {
    for webhook in tx.outgoing_webhook_list_for(scope, event.name()).await? {
        enqueue(tx, scope, &webhook, event).await?;
    }
    Ok(())
}

/// Queues that those are told who want to be that a review will not come to its end.
/// `scope` may be of all organisations.
pub(crate) async fn announce_failed(
    tx: &mut Tx,
    scope: &Scope,
    review: ReviewId,
) -> Result<(), assay_store::Error> {
    let review = tx.review_get(scope, review).await?;
    let is_failed = review.state == ReviewState::Failed;
    let Ok(scope) = scope.within(review.organisation) else {
        return Ok(());
    };
    match is_failed {
        true => announce(tx, &scope, &OutgoingEvent::ReviewFailed(Box::new(review))).await,
        false => Ok(()),
    }
}

/// Queues that one address is told.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    scope: &Scope,
    webhook: &OutgoingWebhook,
    event: &OutgoingEvent,
) -> Result<OutgoingMessageId, assay_store::Error> {
    let store = tx.store().clone();
    let message = OutgoingMessageId::new(store.clock(), store.randomness());
    let body = event.body(message, webhook.organisation, store.now_ms());
    let payload = json!({
        "webhook": webhook.id.to_string(),
        "message": message.to_string(),
        "event": event.name(),
        "body": body,
    });
    let task = NewTask {
        capability: TellOutgoing::CAPABILITY.to_owned(),
        payload_version: TellOutgoing::VERSION,
        priority: TellOutgoing::PRIORITY,
        attempts_max: TellOutgoing::ATTEMPTS_MAX,
        deadline_ms: TellOutgoing::DEADLINE_MS,
        trace: trace::current().map(|context| context.to_string()),
        ..NewTask::new(TellOutgoing::KIND, payload.to_string())
    };
    tx.task_enqueue(scope, &task).await?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::{Job as _, TellOutgoing};

    #[test]
    fn payloads_of_version_one_are_still_read() {
        let job = TellOutgoing::read(
            r#"{"webhook":"w","message":"m","event":"review.failed","body":"{}"}"#,
            1,
        );
        assert_eq!(job.unwrap().event, "review.failed");
    }
}
