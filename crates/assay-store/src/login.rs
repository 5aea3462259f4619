//! Log-ins: who vouches for whom, who was sent there and is not back yet, and the
//! sessions of those who are.

use assay_auth::{KeyId, Scope, SessionId, UserId};

use crate::access::{User, user};
use crate::transaction::{Page, system_only};
use crate::value::{Row, args};
use crate::{Error, Tx};

/// So many names may a person be known by elsewhere.
const IDENTITIES_MAX: i64 = 16;

/// Who is logged in: a person, or whoever has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOwner {
    /// A person, who did not use a key.
    User(UserId),
    /// Whoever has the key.
    Key(KeyId),
}

/// A login that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// Who logged in.
    pub owner: SessionOwner,
    /// By what: `key`, or who vouched for them.
    pub means: String,
    /// When they did.
    pub created_ms: i64,
    /// When they were last seen.
    pub seen_ms: i64,
    /// From when on it is worth nothing.
    pub expires_ms: i64,
}

/// Somebody who was sent to whoever vouches for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginAttempt {
    /// Who is to vouch.
    pub provider: String,
    /// What the browser that was sent shows is compared with.
    pub browser_hash: Vec<u8>,
    /// Where they want to go.
    pub return_path: String,
    /// Whom they are to be known as; none is whoever they are.
    pub link_user: Option<UserId>,
}

const SESSION: &str = "session";
const IDENTITY: &str = "identity";
const ATTEMPT: &str = "log-in";

fn session(row: &Row) -> Result<Session, Error> {
    let owner = match (row.id_or_none("key_id")?, row.id_or_none("user_id")?) {
        (Some(key), _) => SessionOwner::Key(key),
        (None, Some(user)) => SessionOwner::User(user),
        (None, None) => return Err(Error::corrupt(SESSION, "it is nobody's")),
    };
    Ok(Session {
        id: row.id("id")?,
        owner,
        means: row.get("means")?,
        created_ms: row.get("created_ms")?,
        seen_ms: row.get("seen_ms")?,
        expires_ms: row.get("expires_ms")?,
    })
}

fn attempt(row: &Row) -> Result<LoginAttempt, Error> {
    Ok(LoginAttempt {
        provider: row.get("provider")?,
        browser_hash: row.get("browser_hash")?,
        return_path: row.get("return_path")?,
        link_user: row.id_or_none("link_user_id")?,
    })
}

impl SessionOwner {
    fn parts(self) -> (Option<UserId>, Option<KeyId>) {
        match self {
            Self::User(user) => (Some(user), None),
            Self::Key(key) => (None, Some(key)),
        }
    }
}

impl Tx {
    /// Returns the person whom somebody else vouches for.
    pub async fn user_find_by_identity(
        &mut self,
        scope: &Scope,
        provider: &str,
        subject: &str,
    ) -> Result<Option<User>, Error> {
        system_only(scope)?;
        let sql = "SELECT * FROM user_account WHERE id = (SELECT user_id FROM user_identity \
                   WHERE provider = $1 AND subject = $2)";
        self.find(sql, args![provider, subject], user).await
    }

    /// Says that somebody vouches for a person. Whom they vouch for already is nobody
    /// else.
    pub async fn user_link(
        &mut self,
        scope: &Scope,
        id: UserId,
        provider: &str,
        subject: &str,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let sql = "SELECT count(*) AS count FROM user_identity WHERE user_id = $1";
        if self.count(sql, args![id]).await? >= IDENTITIES_MAX {
            let why = format!("nobody is known by more than {IDENTITIES_MAX} names elsewhere");
            return Err(Error::Invalid(why));
        }
        let sql = "INSERT INTO user_identity (provider, subject, user_id, created_ms) \
                   VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let args = args![provider, subject, id, self.now_ms()];
        self.insert_new(IDENTITY, sql, args).await
    }

    /// Keeps a person's address, encrypted.
    pub async fn user_set_email(
        &mut self,
        scope: &Scope,
        id: UserId,
        email_sealed: &[u8],
    ) -> Result<(), Error> {
        system_only(scope)?;
        let sql = "UPDATE user_account SET email_sealed = $2, updated_ms = $3 WHERE id = $1";
        let args = args![id, email_sealed, self.now_ms()];
        self.touch("user", sql, args).await
    }

    /// Lists people whose address is kept, encrypted, and holds them until the
    /// transaction ends.
    pub async fn user_sealed_list(
        &mut self,
        scope: &Scope,
        after: Option<UserId>,
        rows_max: u32,
    ) -> Result<Vec<(UserId, Vec<u8>)>, Error> {
        system_only(scope)?;
        let sql = self.pick(
            "SELECT id, email_sealed FROM user_account WHERE email_sealed IS NOT NULL \
             AND ($1 IS NULL OR id > $1) ORDER BY id LIMIT $2",
            "SELECT id, email_sealed FROM user_account WHERE email_sealed IS NOT NULL \
             AND ($1 IS NULL OR id > $1) ORDER BY id LIMIT $2 FOR UPDATE",
        );
        let limit = Page::<UserId>::first(rows_max).limit();
        self.list(sql, args![after, limit], |row| {
            Ok((row.id("id")?, row.get("email_sealed")?))
        })
        .await
    }

    /// Lists who vouches for a person, and by what name they know them.
    pub async fn user_identity_list(
        &mut self,
        scope: &Scope,
        id: UserId,
    ) -> Result<Vec<(String, String)>, Error> {
        system_only(scope)?;
        let sql = "SELECT provider, subject FROM user_identity WHERE user_id = $1 \
                   ORDER BY provider, subject LIMIT 100";
        self.list(sql, args![id], |row| {
            Ok((row.get("provider")?, row.get("subject")?))
        })
        .await
    }

    /// Keeps that somebody was sent to whoever vouches for them.
    pub async fn login_attempt_insert(
        &mut self,
        scope: &Scope,
        state_hash: &[u8],
        new: &LoginAttempt,
        expires_ms: i64,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let sql = "INSERT INTO login_attempt (state_hash, provider, browser_hash, return_path, \
                   link_user_id, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT DO NOTHING";
        let args = args![
            state_hash,
            &new.provider,
            new.browser_hash.clone(),
            &new.return_path,
            new.link_user,
            self.now_ms(),
            expires_ms,
        ];
        self.insert_new(ATTEMPT, sql, args).await
    }

    /// Takes what was kept of somebody who is back; only once, and not too late.
    pub async fn login_attempt_take(
        &mut self,
        scope: &Scope,
        state_hash: &[u8],
    ) -> Result<Option<LoginAttempt>, Error> {
        system_only(scope)?;
        let now_ms = self.now_ms();
        let sql = "DELETE FROM login_attempt WHERE state_hash = $1 AND expires_ms > $2 \
                   RETURNING provider, browser_hash, return_path, link_user_id";
        self.find(sql, args![state_hash, now_ms], attempt).await
    }

    /// Returns what was kept of somebody who is expected, and keeps it.
    pub async fn login_attempt_find(
        &mut self,
        scope: &Scope,
        state_hash: &[u8],
    ) -> Result<Option<LoginAttempt>, Error> {
        system_only(scope)?;
        let sql = "SELECT * FROM login_attempt WHERE state_hash = $1 AND expires_ms > $2";
        self.find(sql, args![state_hash, self.now_ms()], attempt)
            .await
    }

    /// Forgets whom a person was expected from.
    pub async fn login_attempt_forget(
        &mut self,
        scope: &Scope,
        user: UserId,
    ) -> Result<u64, Error> {
        system_only(scope)?;
        let sql = "DELETE FROM login_attempt WHERE link_user_id = $1";
        self.execute(sql, args![user]).await
    }

    /// Keeps a login.
    pub async fn session_insert(
        &mut self,
        scope: &Scope,
        owner: SessionOwner,
        means: &str,
        token_hash: &[u8],
        expires_ms: i64,
    ) -> Result<SessionId, Error> {
        system_only(scope)?;
        let id = SessionId::new(self.store.clock(), self.store.randomness());
        let (user, key) = owner.parts();
        let sql = "INSERT INTO login (id, user_id, key_id, means, token_hash, created_ms, \
                   seen_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $6, $7) \
                   ON CONFLICT DO NOTHING";
        let args = args![id, user, key, means, token_hash, self.now_ms(), expires_ms];
        self.insert_new(SESSION, sql, args).await?;
        Ok(id)
    }

    /// Returns the login that a token's hash belongs to and that is not over.
    pub async fn session_find(
        &mut self,
        scope: &Scope,
        token_hash: &[u8],
    ) -> Result<Option<Session>, Error> {
        system_only(scope)?;
        let sql = "SELECT * FROM login WHERE token_hash = $1 AND expires_ms > $2";
        self.find(sql, args![token_hash, self.now_ms()], session)
            .await
    }

    /// Lists somebody's logins that are not over, the newest first.
    pub async fn session_list(
        &mut self,
        scope: &Scope,
        owner: SessionOwner,
        page: Page<SessionId>,
    ) -> Result<Vec<Session>, Error> {
        system_only(scope)?;
        let (user, key) = owner.parts();
        let sql = "SELECT * FROM login WHERE (user_id = $1 OR key_id = $2) AND expires_ms > $3 \
                   AND ($4 IS NULL OR id < $4) ORDER BY id DESC LIMIT $5";
        let args = args![user, key, self.now_ms(), page.after, page.limit()];
        self.list(sql, args, session).await
    }

    /// Notes that somebody was seen, and until when their login lasts.
    pub async fn session_seen(
        &mut self,
        scope: &Scope,
        id: SessionId,
        expires_ms: i64,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let sql = "UPDATE login SET seen_ms = $2, expires_ms = $3 WHERE id = $1";
        let args = args![id, self.now_ms(), expires_ms];
        self.touch(SESSION, sql, args).await
    }

    /// Ends a login of somebody; another's is not there.
    pub async fn session_remove(
        &mut self,
        scope: &Scope,
        owner: SessionOwner,
        id: SessionId,
    ) -> Result<(), Error> {
        system_only(scope)?;
        let (user, key) = owner.parts();
        let sql = "DELETE FROM login WHERE id = $1 AND (user_id = $2 OR key_id = $3)";
        self.touch(SESSION, sql, args![id, user, key]).await
    }

    /// Ends all logins of somebody; returns how many.
    pub async fn session_remove_all(
        &mut self,
        scope: &Scope,
        owner: SessionOwner,
    ) -> Result<u64, Error> {
        system_only(scope)?;
        let (user, key) = owner.parts();
        let sql = "DELETE FROM login WHERE user_id = $1 OR key_id = $2";
        self.execute(sql, args![user, key]).await
    }
}
