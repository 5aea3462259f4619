//! Sessions: what a browser has once somebody signed in, and how they end.

use assay_auth::{
    Actor, AuthError, Denied, Permission, Principal, Scope, SessionHash, SessionId, SessionLimits,
    SessionToken, UserId,
};
use assay_store::{Session, SessionOwner, Tx};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::{Caller, grants_of, permissions_of_role, principal_of_kept_key};
use crate::error::Error;
use crate::paging::Paging;

/// How often it is written down that a session is used.
const SEEN_EVERY_MS: i64 = 60_000;
/// What a session that began with a key says of how it began.
const BY_KEY: &str = "key";

/// A session, as whoever has it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Its identifier.
    pub id: SessionId,
    /// How it began: `key`, or who vouched.
    pub means: String,
    /// When it began.
    pub created_ms: i64,
    /// When it was last used, to the minute.
    pub seen_ms: i64,
    /// When it ends at the latest.
    pub expires_ms: i64,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// A session that began.
#[derive(Debug)]
pub struct BegunSession {
    /// What the browser keeps.
    pub token: SessionToken,
    /// Which one it is.
    pub id: SessionId,
    /// When it ends at the latest.
    pub expires_ms: i64,
}

impl App {
    /// Begins a session for whoever has a key. It ends with the key.
    pub async fn session_begin(&self, key: &str) -> Result<BegunSession, Error> {
        let caller = match self.authenticate_key(key).await {
            Ok(caller) => caller,
            Err(error) => {
                self.note_failed_login(BY_KEY, &error).await;
                return Err(error);
            }
        };
        let owner = owner_of(&caller)?;
        let mut tx = self.store().begin().await?;
        let begun = self.session_start(&mut tx, owner, BY_KEY).await?;
        let grants = caller.principal().grants().iter();
        let home = grants.map(|grant| grant.organisation).next();
        let home = home.ok_or(Denied::NotFound)?;
        // The key's rights do not matter here: to sign in is no right of its own.
        let scope = Scope::system("log-in").within(home)?;
        let details = json!({"means": BY_KEY, "by": caller.principal().actor().to_string()});
        let target = format!("session:{}", begun.id);
        audit(&mut tx, &scope, "session.begin", target, details).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// Keeps a session of somebody who was checked.
    pub(crate) async fn session_start(
        &self,
        tx: &mut Tx,
        owner: SessionOwner,
        means: &str,
    ) -> Result<BegunSession, Error> {
        let token = SessionToken::new(self.randomness());
        let limits = SessionLimits::default();
        let expires_ms = self.now_ms().saturating_add(limits.total_ms);
        let system = Scope::system("log-in");
        let hash = token.hash();
        let id = tx
            .session_insert(&system, owner, means, hash.as_bytes(), expires_ms)
            .await?;
        Ok(BegunSession {
            token,
            id,
            expires_ms,
        })
    }

    /// Checks what a browser shows.
    pub async fn authenticate_session(
        &self,
        token: &SessionToken,
        organisation: Option<assay_auth::OrganisationId>,
    ) -> Result<Caller, Error> {
        let now_ms = self.now_ms();
        let mut tx = self.store().read().await?;
        let session = find(&mut tx, &token.hash()).await?;
        SessionLimits::default().check(session.created_ms, session.seen_ms, now_ms)?;
        let principal = match session.owner {
            SessionOwner::Key(key) => principal_of_kept_key(&mut tx, key, now_ms).await?,
            SessionOwner::User(user) => Principal::user(user, grants_of(&mut tx, user).await?),
        };
        drop(tx);
        if now_ms.saturating_sub(session.seen_ms) >= SEEN_EVERY_MS
            && let Err(error) = self.note_seen(&session).await
        {
            // A session is good also while that cannot be written down.
            tracing::warn!(error = ?error, "the use of a session was not noted");
        }
        Ok(Caller::new(principal, organisation).in_session(session.id))
    }

    async fn note_seen(&self, session: &Session) -> Result<(), Error> {
        let mut tx = self.store().begin().await?;
        let system = Scope::system("authentication");
        tx.session_seen(&system, session.id, session.expires_ms)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lists the caller's sessions, the newest first.
    pub async fn session_list(
        &self,
        caller: &Caller,
        paging: Paging,
    ) -> Result<Vec<SessionView>, Error> {
        self.home(caller)?;
        let owner = owner_of(caller)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(SessionId::from_identifier);
        let system = Scope::system("sessions");
        let sessions = tx.session_list(&system, owner, page).await?;
        let view = |session: Session| SessionView {
            is_current: caller.session() == Some(session.id),
            id: session.id,
            means: session.means,
            created_ms: session.created_ms,
            seen_ms: session.seen_ms,
            expires_ms: session.expires_ms,
        };
        Ok(sessions.into_iter().map(view).collect())
    }

    /// Ends a session of the caller's.
    pub async fn session_end(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        let (organisation, _) = self.home(caller)?;
        let owner = owner_of(caller)?;
        let system = Scope::system("sessions");
        let mut tx = self.store().begin().await?;
        tx.session_remove(&system, owner, id).await?;
        let details = json!({"by": caller.principal().actor().to_string()});
        let scope = system.within(organisation)?;
        let target = format!("session:{id}");
        audit(&mut tx, &scope, "session.end", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends the session that asks. Who has none any more has what they wanted.
    pub async fn session_sign_out(&self, token: &SessionToken) -> Result<(), Error> {
        let system = Scope::system("sessions");
        let mut tx = self.store().begin().await?;
        let found = tx.session_find(&system, token.hash().as_bytes()).await?;
        if let Some(session) = found {
            tx.session_remove(&system, session.owner, session.id)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ends all sessions of somebody of the organisation, with the permission to look
    /// after its people; of somebody who may do more than the caller, none. Returns how
    /// many ended.
    pub async fn session_end_of_user(&self, caller: &Caller, user: UserId) -> Result<u64, Error> {
        let scope = caller.authorise(Permission::UserManage)?;
        let mut tx = self.store().begin().await?;
        let member = tx.member_get(&scope, user).await?;
        scope.may_grant(permissions_of_role(&mut tx, &scope, &member.role).await?)?;
        let owner = SessionOwner::User(user);
        let system = Scope::system("sessions");
        let ended = tx.session_remove_all(&system, owner).await?;
        let target = format!("user:{user}");
        let details = json!({"sessions": ended});
        audit(&mut tx, &scope, "user.sessions.end", target, details).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Writes down, in the platform's chain, that somebody could not log in; not more
    /// often than somebody reads, so that nobody fills the log from outside.
    pub(crate) async fn note_failed_login(&self, means: &str, why: &Error) {
        if !why.is_unauthenticated() || !self.may_note_failure() {
            return;
        }
        let noted = async {
            let mut tx = self.store().begin().await?;
            let scope = Scope::system("log-in");
            let details = json!({"means": means, "why": why.public_message()});
            audit(&mut tx, &scope, "login.fail", "login".to_owned(), details).await?;
            tx.commit().await?;
            Ok::<_, Error>(())
        };
        if let Err(error) = noted.await {
            tracing::warn!(error = ?error, "a failed log-in was not noted");
        }
    }
}

async fn find(tx: &mut Tx, hash: &SessionHash) -> Result<Session, Error> {
    let system = Scope::system("authentication");
    let found = tx.session_find(&system, hash.as_bytes()).await?;
    Ok(found.ok_or(AuthError::SessionExpired)?)
}

/// Returns whose sessions the caller's are.
fn owner_of(caller: &Caller) -> Result<SessionOwner, Error> {
    match caller.principal().actor() {
        Actor::User(user) => Ok(SessionOwner::User(*user)),
        Actor::Key(key, _) => Ok(SessionOwner::Key(*key)),
        Actor::Nobody | Actor::Service(_) | Actor::System(_) => Err(Denied::Unauthenticated.into()),
    }
}
