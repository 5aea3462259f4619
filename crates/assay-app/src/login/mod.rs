//! Log-ins that somebody else vouches for: GitHub (OAuth 2), Microsoft and any issuer
//! of OpenID Connect.
//!
//! Start at [`App::login_begin`], which sends a browser there, and
//! [`App::login_finish`], which takes it back. In between the database keeps one row
//! of hashes, and the browser a secret; a row is good once.

mod admission;
mod provider;

use assay_auth::{AuthError, Denied, LoginSecret, Permission, Scope, UserId, own_path};
use assay_store::{LoginAttempt, SessionOwner};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

pub use self::admission::Admission;
pub(crate) use self::admission::email_place;
pub use self::provider::{LoginProvider, ProviderKind};
use crate::app::{App, audit};
use crate::caller::{Caller, grants_of, permissions_of_role};
use crate::error::Error;
use crate::session::BegunSession;

/// So long may somebody take to log in at the provider.
const ATTEMPT_MS: i64 = 10 * 60_000;
/// So long is an invitation good.
const INVITATION_MS: i64 = 7 * 24 * 3_600_000;
/// What an invitation says of its provider: none has this name.
const INVITATION: &str = "invitation";
/// Where people go when they named no place.
const HOME: &str = "/docs";

/// A log-in that was begun: where to send the browser, and what it keeps meanwhile.
#[derive(Debug)]
pub struct BegunLogin {
    /// The address of the provider.
    pub address: String,
    /// What the browser keeps until it is back.
    pub secret: LoginSecret,
    /// For how long, in seconds.
    pub life_s: i64,
}

/// What a browser brings back.
#[derive(Clone, Copy, Debug)]
pub struct ReturnedLogin<'a> {
    /// From which provider, by the address that it came to.
    pub provider: &'a str,
    /// The state that it was sent with.
    pub state: &'a str,
    /// The code, where the provider vouches.
    pub code: Option<&'a str>,
    /// Who says so, where the provider does (RFC 9207).
    pub issuer: Option<&'a str>,
    /// What the browser kept.
    pub secret: Option<&'a str>,
}

/// A log-in that ended well.
#[derive(Debug)]
pub struct FinishedLogin {
    /// The session that begins.
    pub session: BegunSession,
    /// Where to send the browser, on this server.
    pub path: String,
}

impl App {
    /// Lists who may vouch for people, by their names.
    pub fn login_providers(&self) -> Vec<&str> {
        let providers = self.options().login_providers.iter();
        providers.map(LoginProvider::name).collect()
    }

    fn login_provider(&self, name: &str) -> Result<&LoginProvider, Error> {
        let mut providers = self.options().login_providers.iter();
        let found = providers.find(|provider| provider.name() == name);
        Ok(found.ok_or(Denied::NotFound)?)
    }

    /// Begins a log-in of somebody who wants to go to a path of this server. With an
    /// invitation they are to be known as whom it names.
    pub async fn login_begin(
        &self,
        provider: &str,
        path: Option<&str>,
        invitation: Option<&str>,
    ) -> Result<BegunLogin, Error> {
        let provider = self.login_provider(provider)?;
        let link_user = match invitation {
            None => None,
            Some(text) => Some(self.invited(text).await?),
        };
        self.login_send(provider, path, link_user).await
    }

    /// Begins a log-in by which the person who calls is known from then on as well.
    pub async fn login_link(&self, caller: &Caller, provider: &str) -> Result<BegunLogin, Error> {
        self.home(caller)?;
        let provider = self.login_provider(provider)?;
        let user = caller.principal().actor().user();
        let user = user.ok_or_else(|| Error::invalid("caller", "only a person is vouched for"))?;
        self.login_send(provider, None, Some(user)).await
    }

    async fn login_send(
        &self,
        provider: &LoginProvider,
        path: Option<&str>,
        link_user: Option<UserId>,
    ) -> Result<BegunLogin, Error> {
        let path = match path {
            None => HOME,
            Some(path) => {
                let own = own_path(path);
                own.ok_or_else(|| Error::invalid("return", "a path of this server"))?
            }
        };
        let state = LoginSecret::new(self.randomness());
        let secret = LoginSecret::new(self.randomness());
        let address = provider.address(&state, &secret, self.now_ms()).await?;
        let attempt = LoginAttempt {
            provider: provider.name().to_owned(),
            browser_hash: secret.hash().to_vec(),
            return_path: path.to_owned(),
            link_user,
        };
        let system = Scope::system("log-in");
        let mut tx = self.store().begin().await?;
        let until_ms = self.now_ms().saturating_add(ATTEMPT_MS);
        tx.login_attempt_insert(&system, &state.hash(), &attempt, until_ms)
            .await?;
        tx.commit().await?;
        Ok(BegunLogin {
            address,
            secret,
            life_s: ATTEMPT_MS / 1_000,
        })
    }

    /// Ends a log-in: takes the code to the provider, and begins a session for whom it
    /// vouches for, if they may come in.
    pub async fn login_finish(&self, back: ReturnedLogin<'_>) -> Result<FinishedLogin, Error> {
        match self.login_check(back).await {
            Ok(finished) => Ok(finished),
            Err(error) => {
                self.note_failed_login(back.provider, &error).await;
                Err(error)
            }
        }
    }

    async fn login_check(&self, back: ReturnedLogin<'_>) -> Result<FinishedLogin, Error> {
        let provider = self.login_provider(back.provider)?;
        let attempt = self.login_take(back.state).await?;
        let secret = LoginSecret::parse(back.secret.ok_or(AuthError::LoginStrange)?)?;
        secret.check(&attempt.browser_hash)?;
        if attempt.provider != provider.name() {
            return Err(AuthError::LoginStrange.into());
        }
        provider.check_issuer(back.issuer, self.now_ms()).await?;
        let code = back.code.ok_or(AuthError::LoginRefused)?;
        let person = provider.identify(code, &secret, self.now_ms()).await?;
        let system = Scope::system("log-in");
        let mut tx = self.store().begin().await?;
        let user = self
            .admit(&mut tx, provider, &person, attempt.link_user)
            .await?;
        let grants = grants_of(&mut tx, user).await?;
        let home = grants.first().ok_or(AuthError::LoginRefused)?.organisation;
        let owner = SessionOwner::User(user);
        let session = self.session_start(&mut tx, owner, provider.name()).await?;
        let details = json!({"means": provider.name(), "by": format!("user:{user}")});
        let target = format!("session:{}", session.id);
        let scope = system.within(home)?;
        audit(&mut tx, &scope, "session.begin", target, details).await?;
        tx.commit().await?;
        Ok(FinishedLogin {
            session,
            path: attempt.return_path,
        })
    }

    /// Takes an attempt, in a transaction of its own: what was shown once is worth
    /// nothing again, whatever comes of it.
    async fn login_take(&self, state: &str) -> Result<LoginAttempt, Error> {
        let state = LoginSecret::parse(state)?;
        let system = Scope::system("log-in");
        let mut tx = self.store().begin().await?;
        let found = tx.login_attempt_take(&system, &state.hash()).await?;
        tx.commit().await?;
        let attempt = found.filter(|attempt| attempt.provider != INVITATION);
        Ok(attempt.ok_or(AuthError::LoginStrange)?)
    }

    /// Makes an invitation for somebody of the organisation: whoever has it and logs in
    /// is that person from then on. It is shown once, and good for a week.
    pub async fn user_invite(&self, caller: &Caller, user: UserId) -> Result<SecretString, Error> {
        let scope = caller.authorise(Permission::UserManage)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let member = tx.member_get(&scope, user).await?;
        scope.may_grant(permissions_of_role(&mut tx, &scope, &member.role).await?)?;
        let system = Scope::system("invitation");
        // Who is in other organisations as well is nobody's alone to give away.
        let is_elsewhere = tx.member_list_of_user(&system, user).await?.len() > 1;
        let is_known = !tx.user_identity_list(&system, user).await?.is_empty();
        if is_elsewhere || is_known {
            let why = "they are known already, or are in other organisations as well";
            return Err(Error::invalid("id", why));
        }
        let secret = LoginSecret::new(self.randomness());
        let attempt = LoginAttempt {
            provider: INVITATION.to_owned(),
            browser_hash: Vec::new(),
            return_path: HOME.to_owned(),
            link_user: Some(user),
        };
        tx.login_attempt_forget(&system, user).await?;
        let until_ms = self.now_ms().saturating_add(INVITATION_MS);
        tx.login_attempt_insert(&system, &secret.hash(), &attempt, until_ms)
            .await?;
        let target = format!("user:{user}");
        audit(&mut tx, &scope, "user.invite", target, json!({})).await?;
        tx.commit().await?;
        Ok(secret.text().expose_secret().into())
    }

    /// Returns whom an invitation is for.
    async fn invited(&self, text: &str) -> Result<UserId, Error> {
        let secret = LoginSecret::parse(text)?;
        let system = Scope::system("invitation");
        let mut tx = self.store().read().await?;
        let found = tx.login_attempt_find(&system, &secret.hash()).await?;
        let found = found.filter(|attempt| attempt.provider == INVITATION);
        let user = found.and_then(|attempt| attempt.link_user);
        Ok(user.ok_or(AuthError::LoginStrange)?)
    }
}
