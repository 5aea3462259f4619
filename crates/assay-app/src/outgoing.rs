//! Outgoing webhooks: addresses of other programs that an organisation wants told of what
//! happens, with the secret that each message is signed with. A secret is shown once.

use assay_auth::{Identifier, OrganisationId, Permission, Scope, make_outgoing_secret};
use assay_store::{
    NewOutgoingWebhook, OutgoingAttempt, OutgoingWebhook, OutgoingWebhookId, Tx, WEBHOOKS_MAX,
};
use secrecy::SecretString;
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::outgoing_event::{EVENT_NAMES, OutgoingEvent, enqueue};
use crate::paging::Paging;

/// Attempts that are shown.
const ATTEMPTS_MAX: u32 = 50;
/// After another secret was made, what it was before is good so long.
const SECRET_BEFORE_MS: i64 = 24 * 60 * 60_000;

/// An address that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingView {
    /// Its identifier.
    pub id: Identifier,
    /// Where.
    pub url: String,
    /// Of what, by name.
    pub events: Vec<String>,
    /// Whether it is told.
    pub is_enabled: bool,
    /// Since when it does not take what it is told.
    pub failing_since_ms: Option<i64>,
    /// What it did instead, the last time.
    pub problem: Option<String>,
    /// Until when messages are signed with the secret from before as well.
    pub secret_before_until_ms: Option<i64>,
    /// When it was added.
    pub created_ms: i64,
}

impl From<OutgoingWebhook> for OutgoingView {
    fn from(row: OutgoingWebhook) -> Self {
        Self {
            id: row.id.identifier(),
            url: row.set.url,
            events: row.set.events,
            is_enabled: row.is_enabled,
            failing_since_ms: row.failing_since_ms,
            problem: row.problem,
            secret_before_until_ms: row.secret_before.map(|(_, until_ms)| until_ms),
            created_ms: row.created_ms,
        }
    }
}

/// An address that is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingWish {
    /// Where.
    pub url: String,
    /// Of what, by name; of everything when none is named.
    pub events: Vec<String>,
}

/// An address with its secret, which is shown this once.
#[derive(Debug)]
pub struct OutgoingSecret {
    /// The address.
    pub id: Identifier,
    /// What its messages are signed with.
    pub secret: SecretString,
}

/// An attempt to tell an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingAttemptView {
    /// The message: the same for each attempt at it.
    pub message: Option<Identifier>,
    /// What happened, by name.
    pub event: String,
    /// Which attempt it was, from 1.
    pub number: i64,
    /// What it answered, if it did.
    pub status: Option<i64>,
    /// Why that is not good.
    pub problem: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
    /// When it ended.
    pub created_ms: i64,
}

impl From<OutgoingAttempt> for OutgoingAttemptView {
    fn from(row: OutgoingAttempt) -> Self {
        Self {
            message: row.message.map(|id| id.identifier()),
            event: row.event,
            number: row.number,
            status: row.status,
            problem: row.problem,
            duration_ms: row.duration_ms,
            created_ms: row.created_ms,
        }
    }
}

/// Returns for which place a secret is encrypted.
pub(crate) fn secret_place(id: OutgoingWebhookId) -> String {
    format!("outgoing_webhook.secret:{id}")
}

impl App {
    /// Lists the addresses, the newest first.
    pub async fn outgoing_list(
        &self,
        caller: &Caller,
        paging: Paging,
    ) -> Result<Vec<OutgoingView>, Error> {
        let scope = caller.authorise(Permission::WebhookRead)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(OutgoingWebhookId::from_identifier);
        let rows = tx.outgoing_webhook_list(&scope, page).await?;
        Ok(rows.into_iter().map(OutgoingView::from).collect())
    }

    /// Returns an address.
    pub async fn outgoing_get(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<OutgoingView, Error> {
        let scope = caller.authorise(Permission::WebhookRead)?;
        let mut tx = self.store().read().await?;
        let id = OutgoingWebhookId::from_identifier(id);
        Ok(tx.outgoing_webhook_get(&scope, id).await?.into())
    }

    /// Lists the last attempts to tell an address, the newest first.
    pub async fn outgoing_attempts(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<Vec<OutgoingAttemptView>, Error> {
        let scope = caller.authorise(Permission::WebhookRead)?;
        let mut tx = self.store().read().await?;
        let id = OutgoingWebhookId::from_identifier(id);
        tx.outgoing_webhook_get(&scope, id).await?;
        let rows = tx.outgoing_attempt_list(&scope, id, ATTEMPTS_MAX).await?;
        Ok(rows.into_iter().map(OutgoingAttemptView::from).collect())
    }

    /// Adds an address. Whoever has the answer alone knows its secret.
    pub async fn outgoing_create(
        &self,
        caller: &Caller,
        wish: OutgoingWish,
    ) -> Result<OutgoingSecret, Error> {
        let scope = caller.authorise(Permission::WebhookManage)?;
        let events = events(wish.events)?;
        let checked = self.options().outgoing.check(&wish.url);
        checked.map_err(|why| Error::invalid("url", why.to_string()))?;
        let id = OutgoingWebhookId::new(self.clock(), self.randomness());
        let (secret, secret_sealed) = self.outgoing_secret(id)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let page = assay_store::Page::<OutgoingWebhookId>::first(WEBHOOKS_MAX);
        let known = tx.outgoing_webhook_list(&scope, page).await?;
        if known.len() >= WEBHOOKS_MAX as usize {
            let why = format!("at most {WEBHOOKS_MAX} addresses of an organisation are told");
            return Err(Error::invalid("url", why));
        }
        let details = json!({"url": host_of(&wish.url), "events": events});
        let new = NewOutgoingWebhook {
            url: wish.url,
            events,
            secret_sealed,
        };
        tx.outgoing_webhook_insert(&scope, id, &new).await?;
        let target = format!("outgoing_webhook:{id}");
        audit(&mut tx, &scope, "outgoing_webhook.create", target, details).await?;
        tx.commit().await?;
        Ok(OutgoingSecret {
            id: id.identifier(),
            secret,
        })
    }

    /// Says whether an address is told.
    pub async fn outgoing_set_enabled(
        &self,
        caller: &Caller,
        id: Identifier,
        is_enabled: bool,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::WebhookManage)?;
        let id = OutgoingWebhookId::from_identifier(id);
        let mut tx = self.store().begin().await?;
        tx.outgoing_webhook_set_enabled(&scope, id, is_enabled)
            .await?;
        let action = match is_enabled {
            true => "outgoing_webhook.enable",
            false => "outgoing_webhook.disable",
        };
        let target = format!("outgoing_webhook:{id}");
        audit(&mut tx, &scope, action, target, json!({})).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes another secret; for a day messages are signed with both.
    pub async fn outgoing_rotate(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<OutgoingSecret, Error> {
        let scope = caller.authorise(Permission::WebhookManage)?;
        let webhook = OutgoingWebhookId::from_identifier(id);
        let (secret, sealed) = self.outgoing_secret(webhook)?;
        let until_ms = self.now_ms().saturating_add(SECRET_BEFORE_MS);
        let mut tx = self.store().begin().await?;
        tx.outgoing_webhook_set_secret(&scope, webhook, &sealed, until_ms)
            .await?;
        let target = format!("outgoing_webhook:{webhook}");
        audit(
            &mut tx,
            &scope,
            "outgoing_webhook.rotate",
            target,
            json!({}),
        )
        .await?;
        tx.commit().await?;
        Ok(OutgoingSecret { id, secret })
    }

    /// Sends an address a message of no meaning; returns its name.
    pub async fn outgoing_test(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<Identifier, Error> {
        let scope = caller.authorise(Permission::WebhookManage)?;
        let id = OutgoingWebhookId::from_identifier(id);
        let mut tx = self.store().begin().await?;
        self.check_backlog(&mut tx).await?;
        let webhook = tx.outgoing_webhook_get(&scope, id).await?;
        let message = enqueue(&mut tx, &scope, &webhook, &OutgoingEvent::Test(id)).await?;
        let target = format!("outgoing_webhook:{id}");
        audit(&mut tx, &scope, "outgoing_webhook.test", target, json!({})).await?;
        tx.commit().await?;
        Ok(message.identifier())
    }

    /// Takes an address away, with what was tried.
    pub async fn outgoing_remove(&self, caller: &Caller, id: Identifier) -> Result<(), Error> {
        let scope = caller.authorise(Permission::WebhookManage)?;
        let id = OutgoingWebhookId::from_identifier(id);
        let mut tx = self.store().begin().await?;
        let before = tx.outgoing_webhook_get(&scope, id).await?;
        tx.outgoing_webhook_remove(&scope, id).await?;
        let details = json!({"url": host_of(&before.set.url)});
        let target = format!("outgoing_webhook:{id}");
        audit(&mut tx, &scope, "outgoing_webhook.remove", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes a secret of an address, as it is shown and as it is kept.
    fn outgoing_secret(&self, id: OutgoingWebhookId) -> Result<(SecretString, Vec<u8>), Error> {
        let keys = self.options().field_keys.as_ref();
        let keys = keys.ok_or(Error::NotSetUp("keep secrets of outgoing webhooks"))?;
        let secret = make_outgoing_secret(self.randomness());
        let sealed = keys.seal(&secret, &secret_place(id), self.randomness())?;
        Ok((secret, sealed.into_bytes()))
    }

    /// Opens the secrets that a message to an address is signed with now.
    pub(crate) fn outgoing_secrets(
        &self,
        webhook: &OutgoingWebhook,
    ) -> Result<Vec<SecretString>, Error> {
        let keys = self.options().field_keys.as_ref();
        let keys = keys.ok_or(Error::NotSetUp("read secrets of outgoing webhooks"))?;
        let place = secret_place(webhook.id);
        let before = webhook.secret_before.as_ref();
        let before = before.filter(|(_, until_ms)| *until_ms > self.now_ms());
        let sealed = std::iter::once(&webhook.set.secret_sealed).chain(before.map(|(one, _)| one));
        sealed
            .map(|sealed| {
                let envelope = String::from_utf8_lossy(sealed);
                Ok(keys.open(&envelope, &place)?)
            })
            .collect()
    }
}

/// Stops telling an address that has not taken anything for long.
pub(crate) async fn disable(
    tx: &mut Tx,
    scope: &Scope,
    id: OutgoingWebhookId,
    why: &str,
) -> Result<(), Error> {
    tx.outgoing_webhook_set_enabled(scope, id, false).await?;
    let target = format!("outgoing_webhook:{id}");
    let details = json!({"why": why});
    audit(tx, scope, "outgoing_webhook.disable", target, details).await
}

/// Returns where an address is, for the audit log: what stands behind the server's name
/// may be a secret.
fn host_of(url: &str) -> String {
    let end = url.split_once("://").map(|(scheme, rest)| {
        let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        scheme.len() + 3 + host
    });
    url[..end.unwrap_or(0)].to_owned()
}

fn events(mut names: Vec<String>) -> Result<Vec<String>, Error> {
    if names.is_empty() {
        return Ok(EVENT_NAMES.map(str::to_owned).to_vec());
    }
    names.sort();
    names.dedup();
    match names
        .iter()
        .find(|name| !EVENT_NAMES.contains(&name.as_str()))
    {
        None => Ok(names),
        Some(_) => {
            let why = format!("there are {}", EVENT_NAMES.join(", "));
            Err(Error::invalid("events", why))
        }
    }
}

/// Whose a message is.
pub(crate) fn organisation_of(
    organisation: Option<OrganisationId>,
) -> Result<OrganisationId, Error> {
    organisation.ok_or_else(|| Error::Internal("a message of nobody".to_owned()))
}
