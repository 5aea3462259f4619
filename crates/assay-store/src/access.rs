//! Organisations and people, and what they show to say who they are.

use assay_auth::{KeyId, OrganisationId, PermissionSet, Scope, UserId};

use crate::transaction::{Page, organisation_of, system_only};
use crate::value::{Row, args};
use crate::{Error, Tx};

/// A tenant: what everything belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Which one.
    pub id: OrganisationId,
    /// Its name in addresses, which no other has.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// When it was made.
    pub created_ms: i64,
    /// How often it was changed: what a change refers to.
    pub version: i64,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Which one.
    pub id: UserId,
    /// Their name, which no other has.
    pub login: String,
    /// Their name for people.
    pub display_name: String,
    /// Their address, encrypted.
    pub email_sealed: Option<Vec<u8>>,
    /// When they were added.
    pub created_ms: i64,
    /// When they were shut out.
    pub disabled_ms: Option<i64>,
}

/// A person who is to be added.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// Their name, which no other has.
    pub login: String,
    /// Their name for people.
    pub display_name: String,
    /// Their address, encrypted.
    pub email_sealed: Option<Vec<u8>>,
    /// Who vouches for them, and by what name they are known there.
    pub identity: Option<(String, String)>,
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Which one; it is the public part of its text.
    pub id: KeyId,
    /// Where it is valid.
    pub organisation: OrganisationId,
    /// Whose it is.
    pub user: Option<UserId>,
    /// What its owner calls it.
    pub name: String,
    /// What the secret is compared with.
    pub secret_hash: Vec<u8>,
    /// What it allows.
    pub permissions: PermissionSet,
    /// When it was made.
    pub created_ms: i64,
    /// From when on it is worth nothing.
    pub expires_ms: Option<i64>,
    /// When it was last shown, to the minute.
    pub last_used_ms: Option<i64>,
    /// When it was revoked.
    pub revoked_ms: Option<i64>,
}

/// An API key that is to be kept.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Which one; it is the public part of its text.
    pub id: KeyId,
    /// Whose it is.
    pub user: Option<UserId>,
    /// What its owner calls it.
    pub name: String,
    /// What the secret is compared with.
    pub secret_hash: Vec<u8>,
    /// What it allows.
    pub permissions: PermissionSet,
    /// From when on it is worth nothing.
    pub expires_ms: Option<i64>,
}

const ORGANISATION: &str = "organisation";
const USER: &str = "user";
const KEY: &str = "key";

fn organisation(row: &Row) -> Result<Organisation, Error> {
    Ok(Organisation {
        id: row.id("id")?,
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        created_ms: row.get("created_ms")?,
        version: row.get("version")?,
    })
}

pub(crate) fn user(row: &Row) -> Result<User, Error> {
    Ok(User {
        id: row.id("id")?,
        login: row.get("login")?,
        display_name: row.get("display_name")?,
        email_sealed: row.get("email_sealed")?,
        created_ms: row.get("created_ms")?,
        disabled_ms: row.get("disabled_ms")?,
    })
}

fn api_key(row: &Row) -> Result<ApiKey, Error> {
    Ok(ApiKey {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        user: row.id_or_none("user_id")?,
        name: row.get("name")?,
        secret_hash: row.get("secret_hash")?,
        permissions: permissions_read(&row.get::<String>("permissions")?)?,
        created_ms: row.get("created_ms")?,
        expires_ms: row.get("expires_ms")?,
        last_used_ms: row.get("last_used_ms")?,
        revoked_ms: row.get("revoked_ms")?,
    })
}

/// Writes permissions as their names with spaces between them.
pub(crate) fn permissions_write(permissions: PermissionSet) -> String {
    permissions.names().join(" ")
}

/// Reads permissions. A name that is not known makes the whole unreadable: it
/// may be one that was taken back.
pub(crate) fn permissions_read(text: &str) -> Result<PermissionSet, Error> {
    PermissionSet::parse(text.split_whitespace()).map_err(|why| Error::corrupt("permissions", why))
}

impl Tx {
    /// Adds an organisation.
    pub async fn organisation_insert(
        &mut self,
        scope: &Scope,
        name: &str,
        display_name: &str,
    ) -> Result<OrganisationId, Error> {
        system_only(scope)?;
        let id = OrganisationId::new(self.store.clock(), self.store.randomness());
        let now_ms = self.now_ms();
        let sql = "INSERT INTO organisation (id, name, display_name, created_ms, updated_ms) \
                   VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING";
        let args = args![id, name, display_name, now_ms];
        self.insert_new(ORGANISATION, sql, args).await?;
        Ok(id)
    }

    /// Returns an organisation.
    pub async fn organisation_get(
        &mut self,
        scope: &Scope,
        id: OrganisationId,
    ) -> Result<Organisation, Error> {
        let sql = "SELECT * FROM organisation WHERE id = $1 AND id = coalesce($2, id) \
                   AND deleted_ms IS NULL";
        let found = self
            .find(sql, args![id, scope.organisation()], organisation)
            .await?;
        found.ok_or(Error::NotFound(ORGANISATION))
    }

    /// Returns an organisation by its name in addresses.
    pub async fn organisation_find(
        &mut self,
        scope: &Scope,
        name: &str,
    ) -> Result<Organisation, Error> {
        let sql = "SELECT * FROM organisation WHERE name = $1 AND id = coalesce($2, id) \
                   AND deleted_ms IS NULL";
        let found = self
            .find(sql, args![name, scope.organisation()], organisation)
            .await?;
        found.ok_or(Error::NotFound(ORGANISATION))
    }

    /// Lists the organisations that are visible.
    pub async fn organisation_list(
        &mut self,
        scope: &Scope,
        page: Page<OrganisationId>,
    ) -> Result<Vec<Organisation>, Error> {
        let sql = "SELECT * FROM organisation WHERE id = coalesce($1, id) AND deleted_ms IS NULL \
                   AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
        let args = args![scope.organisation(), page.after, page.limit()];
        self.list(sql, args, organisation).await
    }

    /// Gives an organisation another name for people.
    pub async fn organisation_update(
        &mut self,
        scope: &Scope,
        id: OrganisationId,
        display_name: &str,
    ) -> Result<(), Error> {
        let sql = "UPDATE organisation SET display_name = $3, updated_ms = $4, \
                   version = version + 1 \
                   WHERE id = $1 AND id = coalesce($2, id) AND deleted_ms IS NULL";
        let args = args![id, scope.organisation(), display_name, self.now_ms()];
        self.touch(ORGANISATION, sql, args).await
    }

    /// Holds the scope's organisation until the transaction ends: others who want to
    /// change who may do what in it wait.
    pub async fn organisation_hold(&mut self, scope: &Scope) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE organisation SET updated_ms = updated_ms \
                   WHERE id = $1 AND deleted_ms IS NULL";
        self.touch(ORGANISATION, sql, args![organisation]).await
    }

    /// Ends an organisation: nobody is in it any more and its keys are worth nothing.
    /// Its name stays taken; what it has goes when it is over.
    pub async fn organisation_remove(
        &mut self,
        scope: &Scope,
        id: OrganisationId,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let now_ms = self.now_ms();
        let sql = "UPDATE organisation SET deleted_ms = $2, updated_ms = $2, \
                   version = version + 1 WHERE id = $1 AND deleted_ms IS NULL";
        self.touch(ORGANISATION, sql, args![id, now_ms]).await?;
        let sql = "UPDATE api_key SET revoked_ms = coalesce(revoked_ms, $2) \
                   WHERE organisation_id = $1";
        self.execute(sql, args![id, now_ms]).await?;
        let sql = "DELETE FROM membership WHERE organisation_id = $1";
        self.execute(sql, args![id]).await?;
        Ok(())
    }

    /// Adds a person, who is in no organisation yet.
    pub async fn user_insert(&mut self, scope: &Scope, new: &NewUser) -> Result<UserId, Error> {
        system_only(scope)?;
        let id = UserId::new(self.store.clock(), self.store.randomness());
        let (provider, subject) = new.identity.clone().unzip();
        let now_ms = self.now_ms();
        let sql = "INSERT INTO user_account (id, login, display_name, email_sealed, \
                   identity_provider, identity_subject, created_ms, updated_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING";
        let args = args![
            id,
            &new.login,
            &new.display_name,
            new.email_sealed.clone(),
            provider,
            subject,
            now_ms,
        ];
        self.insert_new(USER, sql, args).await?;
        if let Some((provider, subject)) = &new.identity {
            self.user_link(scope, id, provider, subject).await?;
        }
        Ok(id)
    }

    /// Gives a person another name for people.
    pub async fn user_rename(
        &mut self,
        scope: &Scope,
        id: UserId,
        display_name: &str,
    ) -> Result<(), Error> {
        let now_ms = self.now_ms();
        let sql = "UPDATE user_account SET display_name = $3, updated_ms = $4 WHERE id = $1 \
                   AND ($2 IS NULL OR EXISTS (SELECT 1 FROM membership \
                   WHERE user_id = $1 AND organisation_id = $2))";
        let args = args![id, scope.organisation(), display_name, now_ms];
        self.touch(USER, sql, args).await?;
        let sql = "UPDATE membership SET version = version + 1, updated_ms = $2 \
                   WHERE user_id = $1";
        self.execute(sql, args![id, now_ms]).await?;
        Ok(())
    }

    /// Returns a person; in an organisation only those who are in it.
    pub async fn user_get(&mut self, scope: &Scope, id: UserId) -> Result<User, Error> {
        let sql = "SELECT * FROM user_account WHERE id = $1 AND ($2 IS NULL OR EXISTS \
                   (SELECT 1 FROM membership WHERE user_id = $1 AND organisation_id = $2))";
        let found = self
            .find(sql, args![id, scope.organisation()], user)
            .await?;
        found.ok_or(Error::NotFound(USER))
    }

    /// Returns a person by their name; in an organisation only those who are in it.
    pub async fn user_find(&mut self, scope: &Scope, login: &str) -> Result<User, Error> {
        let sql = "SELECT * FROM user_account WHERE login = $1 AND ($2 IS NULL OR EXISTS \
                   (SELECT 1 FROM membership WHERE user_id = user_account.id \
                   AND organisation_id = $2))";
        let found = self
            .find(sql, args![login, scope.organisation()], user)
            .await?;
        found.ok_or(Error::NotFound(USER))
    }

    /// Shuts a person out, or lets them in again.
    pub async fn user_set_disabled(
        &mut self,
        scope: &Scope,
        id: UserId,
        is_disabled: bool,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let now_ms = self.now_ms();
        let sql = "UPDATE user_account SET disabled_ms = $2, updated_ms = $3 WHERE id = $1";
        let args = args![id, is_disabled.then_some(now_ms), now_ms];
        self.touch(USER, sql, args).await
    }

    /// Keeps an API key of the scope's organisation.
    pub async fn key_insert(&mut self, scope: &Scope, new: &NewApiKey) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "INSERT INTO api_key (id, organisation_id, user_id, name, secret_hash, \
                   permissions, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                   ON CONFLICT DO NOTHING";
        let args = args![
            new.id,
            organisation,
            new.user,
            &new.name,
            new.secret_hash.clone(),
            permissions_write(new.permissions),
            self.now_ms(),
            new.expires_ms,
        ];
        self.insert_new(KEY, sql, args).await
    }

    /// Returns an API key, also one that is over.
    pub async fn key_get(&mut self, scope: &Scope, id: KeyId) -> Result<ApiKey, Error> {
        let sql = "SELECT * FROM api_key WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let found = self
            .find(sql, args![id, scope.organisation()], api_key)
            .await?;
        found.ok_or(Error::NotFound(KEY))
    }

    /// Lists the API keys of the scope's organisation; with a person, theirs.
    pub async fn key_list(
        &mut self,
        scope: &Scope,
        user: Option<UserId>,
        page: Page<KeyId>,
    ) -> Result<Vec<ApiKey>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM api_key WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR user_id = $2) AND ($3 IS NULL OR id < $3) \
                   ORDER BY id DESC LIMIT $4";
        let args = args![organisation, user, page.after, page.limit()];
        self.list(sql, args, api_key).await
    }

    /// Returns whether there is any API key at all.
    pub async fn key_exists(&mut self, scope: &Scope) -> Result<bool, Error> {
        let sql = "SELECT count(*) AS count FROM (SELECT 1 FROM api_key \
                   WHERE organisation_id = coalesce($1, organisation_id) LIMIT 1) AS one";
        Ok(self.count(sql, args![scope.organisation()]).await? > 0)
    }

    /// Returns what the keys allow that are the scope's organisation's own and are
    /// good until they are revoked.
    pub async fn key_lasting(&mut self, scope: &Scope) -> Result<Vec<PermissionSet>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT DISTINCT permissions FROM api_key WHERE organisation_id = $1 \
                   AND user_id IS NULL AND revoked_ms IS NULL AND expires_ms IS NULL LIMIT 10000";
        self.list(sql, args![organisation], |row| {
            permissions_read(&row.get::<String>("permissions")?)
        })
        .await
    }

    /// Makes an API key worth nothing. Doing so again changes nothing.
    pub async fn key_revoke(&mut self, scope: &Scope, id: KeyId) -> Result<(), Error> {
        let sql = "UPDATE api_key SET revoked_ms = coalesce(revoked_ms, $3) WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![id, scope.organisation(), self.now_ms()];
        self.touch(KEY, sql, args).await
    }

    /// Notes that an API key was shown; at most once a minute, as each is a write.
    pub async fn key_used(&mut self, scope: &Scope, id: KeyId) -> Result<(), Error> {
        let now_ms = self.now_ms();
        let sql = "UPDATE api_key SET last_used_ms = $3 WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) \
                   AND coalesce(last_used_ms, 0) < $4";
        let args = args![id, scope.organisation(), now_ms, now_ms - 60_000];
        self.execute(sql, args).await?;
        Ok(())
    }
}
