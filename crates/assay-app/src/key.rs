//! API keys: made, listed, revoked.

use assay_auth::{Identifier, IssuedKey, KeyId, Permission, PermissionSet, Scope, UserId};
use assay_store::{ApiKey, NewApiKey};
use secrecy::SecretString;
use serde_json::json;

use crate::administrator::check_somebody_left;
use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::paging::Paging;

const NAME_CHARS_MAX: usize = 100;
/// A key that expires does so within five years.
const LIFE_MS_MAX: i64 = 5 * 366 * 24 * 3_600_000;

/// Whose a key is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    /// The caller's own: it never does more than they may.
    Caller,
    /// The organisation's, such as of a build server.
    Organisation,
}

/// A key that is wished for.
#[derive(Clone, Debug)]
pub struct KeyWish {
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub owner: KeyOwner,
    /// What it allows.
    pub permissions: PermissionSet,
    /// When it stops being good, if it does.
    pub expires_ms: Option<i64>,
}

/// A key as people see it: never its secret.
#[derive(Clone, Debug)]
pub struct KeyView {
    /// Its identifier.
    pub id: KeyId,
    /// Whose it is; the organisation's, where it is nobody's.
    pub owner: Option<UserId>,
    /// What it is called.
    pub name: String,
    /// What it allows.
    pub permissions: PermissionSet,
    /// When it was made.
    pub created_ms: i64,
    /// When it stops being good, if it does.
    pub expires_ms: Option<i64>,
    /// When it was last shown, to the minute.
    pub last_used_ms: Option<i64>,
    /// Since when it is revoked, if it is.
    pub revoked_ms: Option<i64>,
}

impl From<ApiKey> for KeyView {
    fn from(row: ApiKey) -> Self {
        Self {
            id: row.id,
            owner: row.user,
            name: row.name,
            permissions: row.permissions,
            created_ms: row.created_ms,
            expires_ms: row.expires_ms,
            last_used_ms: row.last_used_ms,
            revoked_ms: row.revoked_ms,
        }
    }
}

/// A key that was made; its text is nowhere else.
#[derive(Debug)]
pub struct CreatedKey {
    /// What is kept of it.
    pub key: KeyView,
    /// The text, to be shown once.
    pub text: SecretString,
}

impl App {
    /// Makes a key that allows no more than its maker may do.
    pub async fn key_create(&self, caller: &Caller, wish: KeyWish) -> Result<CreatedKey, Error> {
        let scope = match wish.owner {
            KeyOwner::Caller => caller.authorise(Permission::KeyOwn)?,
            KeyOwner::Organisation => caller.authorise(Permission::KeyManage)?,
        };
        scope.may_grant(wish.permissions)?;
        let owner = match wish.owner {
            KeyOwner::Organisation => None,
            KeyOwner::Caller => Some(person(&scope)?),
        };
        self.check_wish(&wish)?;
        let issued = IssuedKey::new(self.clock(), self.randomness());
        let new = NewApiKey {
            id: issued.id(),
            user: owner,
            name: wish.name,
            secret_hash: issued.hash().as_bytes().to_vec(),
            permissions: wish.permissions,
            expires_ms: wish.expires_ms,
        };
        let mut tx = self.store().begin().await?;
        tx.key_insert(&scope, &new).await?;
        let key = tx.key_get(&scope, new.id).await?;
        let details = json!({
            "name": key.name,
            "permissions": key.permissions.names(),
            "expires_ms": key.expires_ms,
        });
        audit(
            &mut tx,
            &scope,
            "key.create",
            format!("key:{}", key.id),
            details,
        )
        .await?;
        tx.commit().await?;
        Ok(CreatedKey {
            key: key.into(),
            text: issued.text().clone(),
        })
    }

    /// Lists the keys of the organisation, or, for those who may not see them all,
    /// the caller's own.
    pub async fn key_list(&self, caller: &Caller, paging: Paging) -> Result<Vec<KeyView>, Error> {
        let (scope, owner) = sight(caller)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(KeyId::from_identifier);
        let rows = tx.key_list(&scope, owner, page).await?;
        Ok(rows.into_iter().map(KeyView::from).collect())
    }

    /// Revokes a key: one's own, or with the permission any of the organisation.
    pub async fn key_revoke(&self, caller: &Caller, id: Identifier) -> Result<(), Error> {
        let id = KeyId::from_identifier(id);
        let scope = caller.authorise_any(&[Permission::KeyManage, Permission::KeyOwn])?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let key = tx.key_get(&scope, id).await?;
        if scope.require(Permission::KeyManage).is_err() && key.user != scope.actor().user() {
            return Err(assay_store::Error::NotFound("key").into());
        }
        tx.key_revoke(&scope, id).await?;
        if key.user.is_none() {
            check_somebody_left(&mut tx, &scope).await?;
        }
        audit(
            &mut tx,
            &scope,
            "key.revoke",
            format!("key:{id}"),
            json!({}),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    fn check_wish(&self, wish: &KeyWish) -> Result<(), Error> {
        let name = wish.name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            let why = format!("1 to {NAME_CHARS_MAX} characters");
            return Err(Error::invalid("name", why));
        }
        if wish.permissions.is_empty() {
            return Err(Error::invalid("permissions", "a key allows something"));
        }
        let now_ms = self.now_ms();
        let is_fit = |expires: i64| expires > now_ms && expires - now_ms <= LIFE_MS_MAX;
        if !wish.expires_ms.is_none_or(is_fit) {
            return Err(Error::invalid(
                "expires_ms",
                "later than now and within five years",
            ));
        }
        Ok(())
    }
}

/// Returns whose keys the caller sees.
fn sight(caller: &Caller) -> Result<(Scope, Option<UserId>), Error> {
    if let Ok(scope) = caller.authorise(Permission::KeyRead) {
        return Ok((scope, None));
    }
    let scope = caller.authorise(Permission::KeyOwn)?;
    let own = person(&scope)?;
    Ok((scope, Some(own)))
}

/// Returns the person who calls, also by a key of theirs.
fn person(scope: &Scope) -> Result<UserId, Error> {
    let user = scope.actor().user();
    user.ok_or_else(|| Error::invalid("owner", "only a person has keys of their own"))
}
