//! Fields that are encrypted are written anew when there is a new key, so that the old
//! one can go.

use assay_auth::{FieldKeys, Identifier, Scope, UserId};
use assay_store::OutgoingWebhookId;
use serde_json::json;

use crate::app::{App, audit};
use crate::error::Error;
use crate::login::email_place;
use crate::outgoing::secret_place;

/// So many rows go in one transaction, so that none is held long.
const ROWS_MAX: u32 = 200;

/// What was written anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reencrypted {
    /// Fields that were looked at.
    pub fields: u64,
    /// Those that an older key had encrypted.
    pub written: u64,
    /// Those that no key opens: their key is gone, or they were changed.
    pub unreadable: u64,
}

impl App {
    /// Encrypts with the newest key whatever an older one encrypted. It may be stopped
    /// and begun again at any time.
    pub async fn fields_reencrypt(&self) -> Result<Reencrypted, Error> {
        let Some(keys) = &self.options().field_keys else {
            return Err(Error::invalid("encryption.keys", "there are none"));
        };
        let system = Scope::system("encryption");
        let mut total = Reencrypted::default();
        let mut after: Option<UserId> = None;
        loop {
            let mut tx = self.store().begin().await?;
            let rows = tx.user_sealed_list(&system, after, ROWS_MAX).await?;
            let Some((last, _)) = rows.last() else {
                break;
            };
            after = Some(*last);
            for (user, sealed) in rows {
                total.fields += 1;
                let place = email_place(user);
                let envelope = String::from_utf8(sealed).unwrap_or_default();
                let opened = keys.open(&envelope, &place);
                match (keys.is_outdated(&envelope), opened) {
                    (Ok(false), Ok(_)) => {}
                    (Ok(true), Ok(text)) => {
                        let fresh = keys.seal(&text, &place, self.randomness())?;
                        tx.user_set_email(&system, user, fresh.as_bytes()).await?;
                        total.written += 1;
                    }
                    _ => total.unreadable += 1,
                }
            }
            tx.commit().await?;
        }
        self.outgoing_reencrypt(keys, &system, &mut total).await?;
        let mut tx = self.store().begin().await?;
        let run = Identifier::new(self.clock(), self.randomness());
        let details = json!({"fields": total.fields, "written": total.written});
        let target = format!("encryption:{run}");
        audit(&mut tx, &system, "encryption.rotate", target, details).await?;
        tx.commit().await?;
        Ok(total)
    }

    /// Does so with the secrets of outgoing webhooks.
    async fn outgoing_reencrypt(
        &self,
        keys: &FieldKeys,
        system: &Scope,
        total: &mut Reencrypted,
    ) -> Result<(), Error> {
        let mut after: Option<OutgoingWebhookId> = None;
        loop {
            let mut tx = self.store().begin().await?;
            let rows = tx
                .outgoing_webhook_sealed_list(system, after, ROWS_MAX)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for row in rows {
                let place = secret_place(row.id);
                let mut anew = |sealed: &[u8]| self.reencrypted(keys, sealed, &place, total);
                let secret = anew(&row.set.secret_sealed)?;
                let before = match &row.secret_before {
                    Some((sealed, _)) => Some((sealed, anew(sealed)?)),
                    None => None,
                };
                let is_written = secret.is_some() || matches!(before, Some((_, Some(_))));
                if is_written {
                    let secret = secret.unwrap_or_else(|| row.set.secret_sealed.clone());
                    let before = before.map(|(old, new)| new.unwrap_or_else(|| old.clone()));
                    tx.outgoing_webhook_reseal(system, row.id, &secret, before.as_deref())
                        .await?;
                }
            }
            tx.commit().await?;
        }
    }

    /// Returns a field encrypted by the newest key; none when it is already, or no key
    /// opens it.
    fn reencrypted(
        &self,
        keys: &FieldKeys,
        sealed: &[u8],
        place: &str,
        total: &mut Reencrypted,
    ) -> Result<Option<Vec<u8>>, Error> {
        total.fields += 1;
        let envelope = String::from_utf8_lossy(sealed);
        match (keys.is_outdated(&envelope), keys.open(&envelope, place)) {
            (Ok(false), Ok(_)) => Ok(None),
            (Ok(true), Ok(text)) => {
                total.written += 1;
                let fresh = keys.seal(&text, place, self.randomness())?;
                Ok(Some(fresh.into_bytes()))
            }
            _ => {
                total.unreadable += 1;
                Ok(None)
            }
        }
    }
}
