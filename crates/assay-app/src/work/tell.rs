//! Telling an address what happened: at least once, and the same bytes each time. An
//! address that takes nothing for days is told no more.

use assay_auth::{Scope, sign_outgoing};
use assay_forge::OutgoingError;
use assay_source::ErrorKind;
use assay_store::{Claim, OutgoingAttempt, OutgoingMessageId, OutgoingWebhook, OutgoingWebhookId};

use super::Worker;
use super::trouble::{Later, Trouble};
use crate::job::Job as _;
use crate::outgoing::{disable, organisation_of};
use crate::outgoing_event::TellOutgoing;

/// An address that took nothing for so long is told no more.
const FAILING_MS_MAX: i64 = 5 * 24 * 60 * 60_000;
/// An address may put us off so long.
const RETRY_MS_MAX: i64 = 60 * 60_000;
/// By this an address says that it wants to hear no more.
const GONE: u16 = 410;

impl Worker {
    pub(super) async fn tell_outgoing(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = TellOutgoing::read(&claim.payload, claim.payload_version)?;
        let organisation = organisation_of(claim.organisation)?;
        let scope = self.0.scope.within(organisation)?;
        let id = OutgoingWebhookId::parse(&job.webhook)?;
        let is_test = job.event == "webhook.test";
        let webhook = {
            let mut tx = self.0.app.store().read().await?;
            tx.outgoing_webhook_get(&scope, id).await
        };
        let webhook = match webhook {
            Ok(webhook) if webhook.is_enabled || is_test => webhook,
            Ok(_) | Err(assay_store::Error::NotFound(_)) => {
                return self.nobody_wants(claim).await;
            }
            Err(error) => return Err(error.into()),
        };
        let began_ms = self.0.app.now_ms();
        let sent = self.send_outgoing(&webhook, &job, began_ms).await?;
        self.keep_outgoing(claim, &scope, &webhook, &job, sent, began_ms)
            .await
    }

    async fn nobody_wants(&self, claim: &Claim) -> Result<(), Trouble> {
        let mut tx = self.0.app.store().begin().await?;
        let why = Some("nobody wants to be told any more");
        tx.task_complete(&self.0.scope, claim.lease, why).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Sends the message. No transaction is open meanwhile.
    async fn send_outgoing(
        &self,
        webhook: &OutgoingWebhook,
        job: &TellOutgoing,
        now_ms: i64,
    ) -> Result<Result<u16, OutgoingError>, Trouble> {
        let secrets = self.0.app.outgoing_secrets(webhook)?;
        let body = job.body.as_bytes();
        let signature = sign_outgoing(&secrets, &job.message, now_ms, body);
        let headers = [
            ("webhook-id", job.message.clone()),
            ("webhook-timestamp", now_ms.div_euclid(1000).to_string()),
            ("webhook-signature", signature),
        ];
        let client = &self.0.app.options().outgoing;
        Ok(client.send(&webhook.set.url, &headers, body.to_vec()).await)
    }

    /// Keeps how it went; what was not taken fails, and is tried again later.
    async fn keep_outgoing(
        &self,
        claim: &Claim,
        scope: &Scope,
        webhook: &OutgoingWebhook,
        job: &TellOutgoing,
        sent: Result<u16, OutgoingError>,
        began_ms: i64,
    ) -> Result<(), Trouble> {
        let now_ms = self.0.app.now_ms();
        let problem = sent.as_ref().err().map(ToString::to_string);
        let status = match &sent {
            Ok(status) => Some(*status),
            Err(error) => error.status(),
        };
        let attempt = OutgoingAttempt {
            message: OutgoingMessageId::parse(&job.message).ok(),
            event: job.event.clone(),
            number: claim.attempt,
            status: status.map(i64::from),
            problem: problem.clone(),
            duration_ms: (now_ms - began_ms).max(0),
            created_ms: now_ms,
        };
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, claim.lease).await?;
        tx.outgoing_attempt_insert(scope, webhook.id, &attempt)
            .await?;
        tx.outgoing_webhook_tried(scope, webhook.id, problem.as_deref())
            .await?;
        let failing_ms = now_ms - webhook.failing_since_ms.unwrap_or(now_ms);
        let is_over = status == Some(GONE) || failing_ms >= FAILING_MS_MAX;
        let Err(error) = sent else {
            tx.task_complete(&self.0.scope, claim.lease, None).await?;
            tx.commit().await?;
            return Ok(());
        };
        if is_over && webhook.is_enabled {
            let why = match status {
                Some(GONE) => "it wants to hear no more",
                _ => "it took nothing for days",
            };
            disable(&mut tx, scope, webhook.id, why).await?;
        }
        tx.commit().await?;
        Err(trouble(&error, is_over))
    }
}

/// Returns when another attempt may do better.
fn trouble(error: &OutgoingError, is_over: bool) -> Trouble {
    let retry = match error {
        _ if is_over => Later::Never,
        OutgoingError::Address(_) => Later::Never,
        OutgoingError::Status {
            retry_ms: Some(retry_ms),
            ..
        } => Later::AfterMs((*retry_ms).clamp(1, RETRY_MS_MAX)),
        _ => Later::Backoff,
    };
    Trouble {
        retry,
        ..Trouble::new(ErrorKind::Unavailable, error.to_string())
    }
}
