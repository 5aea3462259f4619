//! Addresses that want to be told what happens, and how often that was tried.

use assay_auth::{OrganisationId, Scope};

use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::{Error, OutgoingAttemptId, OutgoingWebhookId, Tx};

/// An address that wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingWebhook {
    /// Which one.
    pub id: OutgoingWebhookId,
    /// Whose.
    pub organisation: OrganisationId,
    /// What it is.
    pub set: NewOutgoingWebhook,
    /// Whether it is told.
    pub is_enabled: bool,
    /// When it was added.
    pub created_ms: i64,
}

/// An address that is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOutgoingWebhook {
    /// Where.
    pub url: String,
    /// Of what, by name.
    pub events: Vec<String>,
    /// What it is signed with, encrypted.
    pub secret_sealed: Vec<u8>,
}

/// One try to tell an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingAttempt {
    /// Of what, by name.
    pub event: String,
    /// Which try it was, from 1.
    pub number: i64,
    /// What it answered, if it did.
    pub status: Option<i64>,
    /// Why it did not.
    pub problem: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

const WEBHOOK: &str = "webhook";

fn webhook(row: &Row) -> Result<OutgoingWebhook, Error> {
    let events: String = row.get("events")?;
    Ok(OutgoingWebhook {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        set: NewOutgoingWebhook {
            url: row.get("url")?,
            events: events.split_whitespace().map(str::to_owned).collect(),
            secret_sealed: row.get("secret_sealed")?,
        },
        is_enabled: row.get("is_enabled")?,
        created_ms: row.get("created_ms")?,
    })
}

fn attempt(row: &Row) -> Result<OutgoingAttempt, Error> {
    Ok(OutgoingAttempt {
        event: row.get("event")?,
        number: row.get("number")?,
        status: row.get("status")?,
        problem: row.get("problem")?,
        duration_ms: row.get("duration_ms")?,
    })
}

impl Tx {
    /// Adds an address in the scope's organisation.
    pub async fn outgoing_webhook_insert(
        &mut self,
        scope: &Scope,
        new: &NewOutgoingWebhook,
    ) -> Result<OutgoingWebhookId, Error> {
        let organisation = organisation_of(scope)?;
        let id = OutgoingWebhookId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO outgoing_webhook (id, organisation_id, url, events, secret_sealed, \
                   is_enabled, created_ms, updated_ms) VALUES ($1, $2, $3, $4, $5, TRUE, $6, $6)";
        let args = args![
            id,
            organisation,
            &new.url,
            new.events.join(" "),
            new.secret_sealed.clone(),
            self.now_ms(),
        ];
        self.execute(sql, args).await?;
        Ok(id)
    }

    /// Returns an address.
    pub async fn outgoing_webhook_get(
        &mut self,
        scope: &Scope,
        id: OutgoingWebhookId,
    ) -> Result<OutgoingWebhook, Error> {
        let sql = "SELECT * FROM outgoing_webhook WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let found = self
            .find(sql, args![id, scope.organisation()], webhook)
            .await?;
        found.ok_or(Error::NotFound(WEBHOOK))
    }

    /// Lists the addresses of the scope's organisation.
    pub async fn outgoing_webhook_list(
        &mut self,
        scope: &Scope,
        page: Page<OutgoingWebhookId>,
    ) -> Result<Vec<OutgoingWebhook>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM outgoing_webhook WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
        let args = args![organisation, page.after, page.limit()];
        self.list(sql, args, webhook).await
    }

    /// Says whether an address is told.
    pub async fn outgoing_webhook_set_enabled(
        &mut self,
        scope: &Scope,
        id: OutgoingWebhookId,
        is_enabled: bool,
    ) -> Result<(), Error> {
        let sql = "UPDATE outgoing_webhook SET is_enabled = $3, updated_ms = $4 WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![id, scope.organisation(), is_enabled, self.now_ms()];
        self.touch(WEBHOOK, sql, args).await
    }

    /// Takes an address away, with what was tried.
    pub async fn outgoing_webhook_remove(
        &mut self,
        scope: &Scope,
        id: OutgoingWebhookId,
    ) -> Result<(), Error> {
        let sql = "DELETE FROM outgoing_webhook WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        self.touch(WEBHOOK, sql, args![id, scope.organisation()])
            .await
    }

    /// Keeps that an address of the scope's organisation was tried.
    pub async fn outgoing_attempt_insert(
        &mut self,
        scope: &Scope,
        webhook: OutgoingWebhookId,
        new: &OutgoingAttempt,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let id = OutgoingAttemptId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO outgoing_webhook_attempt (id, organisation_id, \
                   outgoing_webhook_id, event, number, status, problem, duration_ms, created_ms) \
                   SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE EXISTS (SELECT 1 \
                   FROM outgoing_webhook WHERE id = $3 AND organisation_id = $2)";
        let args = args![
            id,
            organisation,
            webhook,
            &new.event,
            new.number,
            new.status,
            new.problem.clone(),
            new.duration_ms,
            self.now_ms(),
        ];
        self.touch(WEBHOOK, sql, args).await
    }

    /// Lists the newest tries of an address.
    pub async fn outgoing_attempt_list(
        &mut self,
        scope: &Scope,
        webhook: OutgoingWebhookId,
        rows_max: u32,
    ) -> Result<Vec<OutgoingAttempt>, Error> {
        let sql = "SELECT * FROM outgoing_webhook_attempt WHERE outgoing_webhook_id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) \
                   ORDER BY id DESC LIMIT $3";
        let limit = Page::<OutgoingAttemptId>::first(rows_max).limit();
        let args = args![webhook, scope.organisation(), limit];
        self.list(sql, args, attempt).await
    }
}
