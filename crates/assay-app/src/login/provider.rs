//! One provider that vouches for people: what it is asked, and what of its answers is
//! believed. A provider of OpenID Connect says itself where it is (discovery) and how
//! it signs (its keys, which it changes); GitHub has fixed addresses.

use std::sync::Arc;

use assay_auth::{AuthError, ExpectedIdentity, Identity, IdentityKeys, LoginSecret};
use assay_forge::{IdentityClient, Secret, address_with, form};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::admission::Admission;
use crate::error::Error;

/// For so long what a provider says of itself is believed without asking again.
const KEPT_MS: i64 = 3_600_000;
/// A token of an unknown key has the keys asked for again, not more often than this.
const KEYS_AGAIN_MS: i64 = 60_000;
/// So many organisations of somebody are looked at.
const ORGANISATIONS_MAX: usize = 100;
const CODE_BYTES_MAX: usize = 2_048;

/// How a provider vouches.
#[derive(Clone, Debug)]
pub enum ProviderKind {
    /// GitHub, or one's own GitHub Enterprise.
    GitHub {
        /// Where people are sent, such as `https://github.com`.
        web: String,
        /// Where we ask, such as `https://api.github.com`.
        api: String,
    },
    /// An issuer of OpenID Connect, Microsoft among them.
    OpenId {
        /// Its address, exactly as it says itself.
        issuer: String,
    },
}

/// Somebody who can vouch for people.
#[derive(Clone)]
pub struct LoginProvider {
    name: String,
    kind: ProviderKind,
    client_id: String,
    client_secret: SecretString,
    callback: String,
    admission: Admission,
    client: IdentityClient,
    kept: Arc<Mutex<Kept>>,
}

/// What a provider said of itself.
#[derive(Default)]
struct Kept {
    facts: Option<(Facts, i64)>,
    keys: Option<(Arc<IdentityKeys>, i64)>,
}

/// Where the parts of a provider are.
#[derive(Clone)]
struct Facts {
    authorize: String,
    token: String,
    keys: String,
    is_basic: bool,
    says_issuer: bool,
}

/// Whom a provider vouches for.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) subject: String,
    pub(super) login: Option<String>,
    pub(super) display_name: Option<String>,
    /// Their address, checked by the provider.
    pub(super) email: Option<String>,
    /// The organisations there that they are in.
    pub(super) organisations: Vec<String>,
}

impl LoginProvider {
    /// Puts a provider together. `public_url` is where people reach this server; the
    /// provider has to know `PUBLIC_URL/auth/callback/NAME`.
    pub fn new(
        name: &str,
        kind: ProviderKind,
        (client_id, client_secret): (String, SecretString),
        public_url: &str,
        admission: Admission,
        client: IdentityClient,
    ) -> Self {
        let public_url = public_url.trim_end_matches('/');
        Self {
            name: name.to_owned(),
            kind,
            client_id,
            client_secret,
            callback: format!("{public_url}/auth/callback/{name}"),
            admission,
            client,
            kept: Arc::default(),
        }
    }

    /// Returns its name, in addresses.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Returns under what its people are kept: what they are called elsewhere says
    /// nothing.
    pub(super) fn issuer(&self) -> &str {
        match &self.kind {
            ProviderKind::GitHub { web, .. } => web,
            ProviderKind::OpenId { issuer } => issuer,
        }
    }

    /// Checks that this provider sent a browser back, where it says who it is: another's
    /// code is not shown to this one (RFC 9207).
    pub(super) async fn check_issuer(&self, said: Option<&str>, now_ms: i64) -> Result<(), Error> {
        let is_same = match (&self.kind, said) {
            (ProviderKind::GitHub { .. }, _) => true,
            (ProviderKind::OpenId { issuer }, Some(said)) => issuer == said,
            (ProviderKind::OpenId { .. }, None) => !self.facts(now_ms).await?.says_issuer,
        };
        match is_same {
            true => Ok(()),
            false => Err(AuthError::LoginStrange.into()),
        }
    }

    /// Returns where to send a browser.
    pub(super) async fn address(
        &self,
        state: &LoginSecret,
        secret: &LoginSecret,
        now_ms: i64,
    ) -> Result<String, Error> {
        let (authorize, scope) = match &self.kind {
            ProviderKind::GitHub { web, .. } => {
                let scope = match self.admission.organisations.is_empty() {
                    true => "read:user user:email",
                    false => "read:user user:email read:org",
                };
                (format!("{web}/login/oauth/authorize"), scope)
            }
            ProviderKind::OpenId { .. } => {
                let facts = self.facts(now_ms).await?;
                (facts.authorize, "openid profile email")
            }
        };
        let (challenge, nonce) = (secret.challenge(), secret.nonce());
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", self.callback.as_str()),
            ("scope", scope),
            ("state", state.text().expose_secret()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        if let ProviderKind::OpenId { .. } = self.kind {
            fields.push(("nonce", nonce.as_str()));
        }
        address_with(&authorize, &fields).map_err(away)
    }

    /// Takes a code to the provider and returns whom it vouches for.
    pub(super) async fn identify(
        &self,
        code: &str,
        secret: &LoginSecret,
        now_ms: i64,
    ) -> Result<Person, Error> {
        if code.is_empty() || code.len() > CODE_BYTES_MAX {
            return Err(AuthError::LoginStrange.into());
        }
        match &self.kind {
            ProviderKind::GitHub { web, api } => {
                let token = format!("{web}/login/oauth/access_token");
                let answer = self.exchange(&token, false, code, secret).await?;
                let token = answer.get("access_token").and_then(Value::as_str);
                let token = Secret::new(token.ok_or(AuthError::LoginRefused)?);
                self.of_github(api, &token).await
            }
            ProviderKind::OpenId { .. } => {
                let facts = self.facts(now_ms).await?;
                let is_basic = facts.is_basic;
                let answer = self.exchange(&facts.token, is_basic, code, secret).await?;
                let token = answer.get("id_token").and_then(Value::as_str);
                let token = token.ok_or(AuthError::LoginRefused)?;
                self.of_token(token, &facts, secret, now_ms).await
            }
        }
    }

    async fn exchange(
        &self,
        address: &str,
        is_basic: bool,
        code: &str,
        secret: &LoginSecret,
    ) -> Result<Value, Error> {
        let verifier = secret.verifier();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.callback.as_str()),
            ("code_verifier", verifier.expose_secret()),
        ];
        let shared = self.client_secret.expose_secret();
        let basic = is_basic.then(|| {
            // Each half is written as in a form, and both in base64 (RFC 6749, 2.3.1).
            let half = |text: &str| form(&[("", text)]).trim_start_matches('=').to_owned();
            let both = format!("{}:{}", half(&self.client_id), half(shared));
            Secret::new(STANDARD.encode(both))
        });
        if basic.is_none() {
            fields.push(("client_id", self.client_id.as_str()));
            fields.push(("client_secret", shared));
        }
        let sent = self.client.post_form(address, &fields, basic.as_ref());
        let (status, answer) = sent.await.map_err(away)?;
        match (status, answer.get("error").and_then(Value::as_str)) {
            (200, None) => Ok(answer),
            (
                _,
                Some("invalid_client" | "unauthorized_client" | "incorrect_client_credentials"),
            ) => {
                let why = format!("{} does not know us: check the client's secret", self.name);
                Err(Error::Internal(why))
            }
            // GitHub refuses under status 200.
            _ => Err(AuthError::LoginRefused.into()),
        }
    }

    async fn of_token(
        &self,
        token: &str,
        facts: &Facts,
        secret: &LoginSecret,
        now_ms: i64,
    ) -> Result<Person, Error> {
        let nonce = secret.nonce();
        let expected = ExpectedIdentity {
            issuer: self.issuer(),
            client_id: &self.client_id,
            nonce: &nonce,
            now_ms,
        };
        let keys = self.keys(facts, KEPT_MS, now_ms).await?;
        let identity = match Identity::verify(token, &keys, expected) {
            // The provider may have new keys.
            Err(AuthError::TokenKeyUnknown) => {
                let keys = self.keys(facts, KEYS_AGAIN_MS, now_ms).await?;
                Identity::verify(token, &keys, expected)
            }
            verified => verified,
        }?;
        Ok(Person {
            subject: identity.subject,
            login: identity.login,
            display_name: identity.display_name,
            email: identity.email,
            organisations: Vec::new(),
        })
    }

    async fn of_github(&self, api: &str, token: &Secret) -> Result<Person, Error> {
        let text = |value: &Value, key: &str| {
            let text = value.get(key).and_then(Value::as_str);
            text.map(str::to_owned)
        };
        let user = self.ask(&format!("{api}/user"), token).await?;
        let id = user.get("id").and_then(Value::as_i64).filter(|id| *id > 0);
        let subject = id.ok_or(AuthError::LoginRefused)?.to_string();
        let emails = self.ask(&format!("{api}/user/emails"), token).await?;
        let is = |email: &Value, key: &str| email.get(key).and_then(Value::as_bool) == Some(true);
        let mut emails = emails.as_array().into_iter().flatten();
        let email = emails.find(|email| is(email, "primary") && is(email, "verified"));
        let mut organisations = Vec::new();
        if !self.admission.organisations.is_empty() {
            let found = self.ask(&format!("{api}/user/orgs"), token).await?;
            let found = found.as_array().into_iter().flatten();
            let named = found.filter_map(|one| text(one, "login"));
            organisations.extend(named.take(ORGANISATIONS_MAX));
        }
        Ok(Person {
            subject,
            login: text(&user, "login"),
            display_name: text(&user, "name"),
            email: email.and_then(|email| text(email, "email")),
            organisations,
        })
    }

    async fn ask(&self, address: &str, token: &Secret) -> Result<Value, Error> {
        self.client.get(address, Some(token)).await.map_err(away)
    }

    /// Returns where the parts of the provider are, as it says itself.
    async fn facts(&self, now_ms: i64) -> Result<Facts, Error> {
        let mut kept = self.kept.lock().await;
        if let Some((facts, at_ms)) = &kept.facts
            && now_ms.saturating_sub(*at_ms) < KEPT_MS
        {
            return Ok(facts.clone());
        }
        let issuer = self.issuer();
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let said = self.client.get(&address, None).await.map_err(away)?;
        let facts = self.read_facts(&said)?;
        kept.facts = Some((facts.clone(), now_ms));
        Ok(facts)
    }

    fn read_facts(&self, said: &Value) -> Result<Facts, Error> {
        let wrong = |what: &str| {
            let why = format!("what {} says of itself: {what}", self.name);
            Error::Internal(why)
        };
        if said.get("issuer").and_then(Value::as_str) != Some(self.issuer()) {
            return Err(wrong("it is another issuer"));
        }
        let address = |key: &str| {
            let text = said.get(key).and_then(Value::as_str);
            let text = text.ok_or_else(|| wrong(key))?;
            self.client.check(text).map_err(|_| wrong(key))?;
            Ok::<_, Error>(text.to_owned())
        };
        let supports = |key: &str, value: &str| {
            let values = said.get(key).and_then(Value::as_array)?;
            Some(values.iter().any(|one| one == value))
        };
        let ways = "token_endpoint_auth_methods_supported";
        let says_issuer = "authorization_response_iss_parameter_supported";
        Ok(Facts {
            authorize: address("authorization_endpoint")?,
            token: address("token_endpoint")?,
            keys: address("jwks_uri")?,
            is_basic: supports(ways, "client_secret_basic").unwrap_or(true),
            says_issuer: said.get(says_issuer) == Some(&Value::Bool(true)),
        })
    }

    /// Returns the keys that the provider signs with, asked for again when they are older.
    async fn keys(
        &self,
        facts: &Facts,
        kept_ms: i64,
        now_ms: i64,
    ) -> Result<Arc<IdentityKeys>, Error> {
        let mut kept = self.kept.lock().await;
        if let Some((keys, at_ms)) = &kept.keys
            && now_ms.saturating_sub(*at_ms) < kept_ms
        {
            return Ok(Arc::clone(keys));
        }
        let set = self.client.get(&facts.keys, None).await.map_err(away)?;
        let keys = Arc::new(IdentityKeys::parse(&set));
        if keys.is_empty() {
            let why = format!("{} has no key of RS256 or ES256", self.name);
            return Err(Error::Internal(why));
        }
        kept.keys = Some((Arc::clone(&keys), now_ms));
        Ok(keys)
    }
}

fn away(why: assay_forge::ForgeError) -> Error {
    match why {
        assay_forge::ForgeError::Refused { .. } => AuthError::LoginRefused.into(),
        why => Error::ProviderAway(why.to_string()),
    }
}
