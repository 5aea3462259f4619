//! Addresses that want to be told what happens, and how often that was tried.

use assay_auth::{OrganisationId, Scope};

use crate::transaction::{Page, organisation_of, system_only};
use crate::value::{Row, args};
use crate::{Error, OutgoingAttemptId, OutgoingMessageId, OutgoingWebhookId, Tx};

/// An address that wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingWebhook {
    /// Which one.
    pub id: OutgoingWebhookId,
    /// Whose.
    pub organisation: OrganisationId,
    /// What it is.
    pub set: NewOutgoingWebhook,
    /// What it was signed with before, encrypted, and until when it still is.
    pub secret_before: Option<(Vec<u8>, i64)>,
    /// Whether it is told.
    pub is_enabled: bool,
    /// Since when it does not answer as it should.
    pub failing_since_ms: Option<i64>,
    /// What it did instead, when it was last tried.
    pub problem: Option<String>,
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
    /// The message: the same for each try to tell the same.
    pub message: Option<OutgoingMessageId>,
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
    /// When it ended; what is kept anew ends now.
    pub created_ms: i64,
}

const WEBHOOK: &str = "webhook";
/// So many addresses of an organisation are told.
pub const WEBHOOKS_MAX: u32 = 50;

fn webhook(row: &Row) -> Result<OutgoingWebhook, Error> {
    let events: String = row.get("events")?;
    let before: Option<Vec<u8>> = row.get("secret_before_sealed")?;
    let before_until_ms: Option<i64> = row.get("secret_before_until_ms")?;
    Ok(OutgoingWebhook {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        set: NewOutgoingWebhook {
            url: row.get("url")?,
            events: events.split_whitespace().map(str::to_owned).collect(),
            secret_sealed: row.get("secret_sealed")?,
        },
        secret_before: before.zip(before_until_ms),
        is_enabled: row.get("is_enabled")?,
        failing_since_ms: row.get("failing_since_ms")?,
        problem: row.get("problem")?,
        created_ms: row.get("created_ms")?,
    })
}

fn attempt(row: &Row) -> Result<OutgoingAttempt, Error> {
    Ok(OutgoingAttempt {
        message: row.id_or_none("message_id")?,
        event: row.get("event")?,
        number: row.get("number")?,
        status: row.get("status")?,
        problem: row.get("problem")?,
        duration_ms: row.get("duration_ms")?,
        created_ms: row.get("created_ms")?,
    })
}

impl Tx {
    /// Adds an address in the scope's organisation. It has its name already, since its
    /// secret is encrypted for it.
    pub async fn outgoing_webhook_insert(
        &mut self,
        scope: &Scope,
        id: OutgoingWebhookId,
        new: &NewOutgoingWebhook,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
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
        Ok(())
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

    /// Lists the addresses of the scope's organisation that want to be told of an event.
    pub async fn outgoing_webhook_list_for(
        &mut self,
        scope: &Scope,
        event: &str,
    ) -> Result<Vec<OutgoingWebhook>, Error> {
        let page = Page::<OutgoingWebhookId>::first(WEBHOOKS_MAX);
        let all = self.outgoing_webhook_list(scope, page).await?;
        let wants = |one: &OutgoingWebhook| one.set.events.iter().any(|name| name == event);
        Ok(all
            .into_iter()
            .filter(|one| one.is_enabled && wants(one))
            .collect())
    }

    /// Gives an address another secret; what it had is good until a time as well.
    pub async fn outgoing_webhook_set_secret(
        &mut self,
        scope: &Scope,
        id: OutgoingWebhookId,
        sealed: &[u8],
        before_until_ms: i64,
    ) -> Result<(), Error> {
        let sql = "UPDATE outgoing_webhook SET secret_before_sealed = secret_sealed, \
                   secret_before_until_ms = $4, secret_sealed = $3, updated_ms = $5 WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![
            id,
            scope.organisation(),
            sealed.to_vec(),
            before_until_ms,
            self.now_ms()
        ];
        self.touch(WEBHOOK, sql, args).await
    }

    /// Keeps how an address did when it was last tried: with a problem it fails since
    /// then or longer, without one it does not.
    pub async fn outgoing_webhook_tried(
        &mut self,
        scope: &Scope,
        id: OutgoingWebhookId,
        problem: Option<&str>,
    ) -> Result<(), Error> {
        let sql = "UPDATE outgoing_webhook SET problem = $3, failing_since_ms = CASE \
                   WHEN $3 IS NULL THEN NULL ELSE coalesce(failing_since_ms, $4) END \
                   WHERE id = $1 AND organisation_id = coalesce($2, organisation_id)";
        let sql = self.pick(
            sql,
            "UPDATE outgoing_webhook SET problem = $3::TEXT, failing_since_ms = CASE \
             WHEN $3::TEXT IS NULL THEN NULL ELSE coalesce(failing_since_ms, $4) END \
             WHERE id = $1 AND organisation_id = coalesce($2, organisation_id)",
        );
        let problem = problem.map(str::to_owned);
        let args = args![id, scope.organisation(), problem, self.now_ms()];
        self.touch(WEBHOOK, sql, args).await
    }

    /// Lists addresses of all organisations in the order of their names, for who writes
    /// their secrets anew.
    pub async fn outgoing_webhook_sealed_list(
        &mut self,
        scope: &Scope,
        after: Option<OutgoingWebhookId>,
        rows_max: u32,
    ) -> Result<Vec<OutgoingWebhook>, Error> {
        system_only(scope)?;
        let sql = "SELECT * FROM outgoing_webhook WHERE $1 IS NULL OR id > $1 \
                   ORDER BY id LIMIT $2";
        let limit = Page::<OutgoingWebhookId>::first(rows_max).limit();
        self.list(sql, args![after, limit], webhook).await
    }

    /// Writes the secrets of an address anew, encrypted by another key.
    pub async fn outgoing_webhook_reseal(
        &mut self,
        scope: &Scope,
        id: OutgoingWebhookId,
        sealed: &[u8],
        before: Option<&[u8]>,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let sql = "UPDATE outgoing_webhook SET secret_sealed = $2, secret_before_sealed = $3 \
                   WHERE id = $1";
        let args = args![id, sealed.to_vec(), before.map(<[u8]>::to_vec)];
        self.touch(WEBHOOK, sql, args).await
    }

    /// Says whether an address is told. One that is told again fails since no time.
    pub async fn outgoing_webhook_set_enabled(
        &mut self,
        scope: &Scope,
        id: OutgoingWebhookId,
        is_enabled: bool,
    ) -> Result<(), Error> {
        let sql = "UPDATE outgoing_webhook SET is_enabled = $3, updated_ms = $4, \
                   failing_since_ms = CASE WHEN $3 THEN NULL ELSE failing_since_ms END WHERE id = $1 \
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
                   outgoing_webhook_id, event, number, status, problem, duration_ms, created_ms, \
                   message_id) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE EXISTS (SELECT 1 \
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
            new.message,
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
