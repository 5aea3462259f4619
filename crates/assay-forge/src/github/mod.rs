//! The client of GitHub: typed calls for what a review needs, as an app or with
//! tokens.

mod check;
mod discussion;
mod identity;
mod model;
mod post;
mod pull;
mod repository;
mod talk;
mod thread;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::{Listed, Pages, read, shorten, write};
use crate::error::ForgeError;
use crate::secret::Secret;
use crate::transport::{
    Answer, Caller, Does, Endpoint, EtagCache, Policies, Quota, Request, Transport, server_time_ms,
};
use crate::world::World;

use self::identity::{App, Minted, TOKEN_MARGIN_MS, TokenPool, app_jwt};

pub use self::check::{CheckAction, CheckAnnotation, CheckOutput, CheckRunWanted, CheckStatus};
pub use self::identity::{AppSigner, Identity, InstallationId};
pub use self::model::{
    Account, AppIdentity, Branch, CheckRun, CommitSummary, Comparison, FileContent,
    InstallationInfo, IssueComment, Permission, PullBranch, PullFile, PullRequest, Reaction,
    ReactionCounts, RepositoryFacts, Review, ReviewComment, ReviewThread, Verdict,
};
pub use self::repository::{NewFile, NewPull};

const VERSION: &str = "2022-11-28";
const JSON: &str = "application/vnd.github+json";
/// Errors of an answer that are kept.
const ERRORS_MAX: usize = 20;

struct Shared {
    transport: Transport,
    app: Option<App>,
    pool: TokenPool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    App,
    Installation(InstallationId),
    Tokens,
    Nobody,
}

/// A client of one GitHub, asking as somebody. Clones share the connections,
/// the tokens and what is known of the limits.
#[derive(Clone)]
pub struct GitHub {
    shared: Arc<Shared>,
    actor: Actor,
    is_urgent: bool,
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let base = self.shared.transport.base();
        write!(f, "GitHub({base}, {:?})", self.actor)
    }
}

impl GitHub {
    /// Makes a client.
    pub fn new(
        endpoint: &Endpoint,
        identity: Identity,
        policies: Policies,
        world: World,
        etags: Arc<dyn EtagCache>,
    ) -> Result<Self, ForgeError> {
        let headers = [("x-github-api-version", VERSION)];
        let transport = Transport::new(endpoint, &headers, policies, world, etags)?;
        let (app, tokens, actor) = match identity {
            Identity::App { issuer, signer } => {
                (Some(App::new(issuer, signer)), Vec::new(), Actor::App)
            }
            Identity::Tokens(tokens) if tokens.is_empty() => {
                return Err(ForgeError::Setting("there is no token".into()));
            }
            Identity::Tokens(tokens) => (None, tokens, Actor::Tokens),
            Identity::Anonymous => (None, Vec::new(), Actor::Nobody),
        };
        let shared = Shared {
            transport,
            app,
            pool: TokenPool::new(tokens),
        };
        Ok(Self {
            shared: Arc::new(shared),
            actor,
            is_urgent: true,
        })
    }

    /// Returns the client that asks for an installation of the app. With tokens
    /// it is the client itself.
    pub fn installation(&self, installation: InstallationId) -> Self {
        let mut this = self.clone();
        if self.shared.app.is_some() {
            this.actor = Actor::Installation(installation);
        }
        this
    }

    /// Returns the client for work that is not urgent: it waits while less than
    /// a tenth of the quota is left.
    pub fn background(&self) -> Self {
        let mut this = self.clone();
        this.is_urgent = false;
        this
    }

    /// Returns whether the client acts as an app, which alone writes check runs.
    pub fn is_app(&self) -> bool {
        self.shared.app.is_some()
    }

    /// Returns the token that the next request uses, for a checkout.
    pub async fn token(&self) -> Result<Secret, ForgeError> {
        match self.actor {
            Actor::Installation(installation) => Ok(self.minted(installation).await?.token),
            Actor::Tokens => Ok(self.pooled()?.0.clone()),
            Actor::App => Err(ForgeError::Setting(
                "an app has no token without an installation".into(),
            )),
            Actor::Nobody => Err(ForgeError::Setting("there is no token".into())),
        }
    }

    /// Returns what is known of the quota of the caller of the next request.
    pub async fn quota(&self) -> Result<Quota, ForgeError> {
        let caller = self.caller().await?;
        Ok(self.shared.transport.quota(&caller.key))
    }

    /// Returns what is known of the quotas of all who asked, by names that say
    /// nothing of their tokens.
    pub fn quotas(&self) -> Vec<(String, Quota)> {
        self.shared.transport.quotas()
    }

    /// Returns whether the forge failed so often that it is left alone now.
    pub fn is_left_alone(&self) -> bool {
        self.shared.transport.is_left_alone()
    }

    pub(crate) fn world(&self) -> &World {
        self.shared.transport.world()
    }

    fn pooled(&self) -> Result<(&Secret, &str), ForgeError> {
        let transport = &self.shared.transport;
        let now_ms = transport.world().now_ms();
        let chosen = self.shared.pool.choose(now_ms, |key| transport.quota(key));
        chosen.ok_or_else(|| ForgeError::Setting("there is no token".into()))
    }

    async fn caller(&self) -> Result<Caller, ForgeError> {
        match self.actor {
            Actor::App => self.app_caller(),
            Actor::Installation(installation) => {
                let minted = self.minted(installation).await?;
                let key = format!("installation-{}", installation.0);
                Caller::bearer(key, minted.token.expose())
            }
            Actor::Tokens => {
                let (secret, key) = self.pooled()?;
                Caller::bearer(key.to_owned(), secret.expose())
            }
            Actor::Nobody => Ok(Caller::nobody()),
        }
    }

    fn app(&self) -> Result<&App, ForgeError> {
        let app = self.shared.app.as_ref();
        app.ok_or_else(|| ForgeError::Setting("this needs a GitHub App".into()))
    }

    fn app_caller(&self) -> Result<Caller, ForgeError> {
        let app = self.app()?;
        let skew_ms = app.skew_ms.load(Ordering::Relaxed);
        let now_ms = self.world().now_ms().saturating_add(skew_ms);
        let token = app_jwt(&app.issuer, app.signer.as_ref(), now_ms)?;
        Caller::bearer("app".into(), &token)
    }

    async fn minted(&self, installation: InstallationId) -> Result<Minted, ForgeError> {
        let slot = self.app()?.slot(installation);
        let mut held = slot.lock().await;
        let now_ms = self.world().now_ms();
        if let Some(minted) = held.as_ref()
            && now_ms < minted.expires_ms - TOKEN_MARGIN_MS
        {
            return Ok(minted.clone());
        }
        let minted = self.mint(installation).await?;
        *held = Some(minted.clone());
        Ok(minted)
    }

    async fn mint(&self, installation: InstallationId) -> Result<Minted, ForgeError> {
        #[derive(serde::Deserialize)]
        struct Wire {
            token: String,
            expires_at: String,
        }
        let mut app = self.clone();
        app.actor = Actor::App;
        let path = format!("/app/installations/{}/access_tokens", installation.0);
        // A token that is made twice is only one that is not used.
        let answer = Box::pin(app.call(Method::POST, path, None, Does::Sets)).await?;
        let wire: Wire = read(&answer)?;
        let expires: Timestamp = wire
            .expires_at
            .parse()
            .map_err(|_| ForgeError::Unreadable("the token's end is no time".into()))?;
        // The end is told in the forge's time; what counts is how long it lives.
        let now_ms = self.world().now_ms();
        let server_ms = server_time_ms(&answer.headers).unwrap_or(now_ms);
        let lives_ms = expires.as_millisecond().saturating_sub(server_ms);
        Ok(Minted {
            token: Secret::new(wire.token),
            expires_ms: now_ms.saturating_add(lives_ms),
        })
    }

    /// Forgets what was refused as no identity, so that the next caller has
    /// another one. Returns whether that is worth a try.
    async fn forget(&self, caller: &Caller, answer: &Answer) -> Result<bool, ForgeError> {
        let now_ms = self.world().now_ms();
        match self.actor {
            Actor::App => {
                // Our clock may be wrong by more than the minute we allow for.
                let server_ms = server_time_ms(&answer.headers).unwrap_or(now_ms);
                let skew_ms = server_ms.saturating_sub(now_ms);
                let before_ms = self.app()?.skew_ms.swap(skew_ms, Ordering::Relaxed);
                Ok(skew_ms.abs_diff(before_ms) > 5_000)
            }
            Actor::Installation(installation) => {
                *self.app()?.slot(installation).lock().await = None;
                Ok(true)
            }
            Actor::Tokens => {
                self.shared.pool.refuse(&caller.key, now_ms);
                Ok(self.shared.pool.len() > 1)
            }
            Actor::Nobody => Ok(false),
        }
    }

    /// Sends a request and returns an answer of 200 to 299.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: String,
        body: Option<Vec<u8>>,
        does: Does,
    ) -> Result<Answer, ForgeError> {
        self.call_as(method, path, body, does, JSON).await
    }

    async fn call_as(
        &self,
        method: Method,
        path: String,
        body: Option<Vec<u8>>,
        does: Does,
        accept: &'static str,
    ) -> Result<Answer, ForgeError> {
        let mut request = Request {
            method,
            path,
            accept,
            body,
            does,
            is_urgent: self.is_urgent,
            wait_ms_max: None,
        };
        let mut tokens_left = self.shared.pool.len().saturating_sub(1);
        let mut identities_left = self.shared.pool.len().max(1);
        loop {
            let caller = self.caller().await?;
            // While there is another token, a limit is no reason to wait.
            request.wait_ms_max = (tokens_left > 0).then_some(2_000);
            let answer = match self.shared.transport.send(&request, &caller).await {
                Err(ForgeError::RateLimited { .. }) if tokens_left > 0 => {
                    tokens_left -= 1;
                    continue;
                }
                result => result?,
            };
            if answer.status == 401 && identities_left > 0 {
                identities_left -= 1;
                if self.forget(&caller, &answer).await? {
                    continue;
                }
            }
            return accept_or_refuse(answer);
        }
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: String) -> Result<T, ForgeError> {
        read(&self.call(Method::GET, path, None, Does::Reads).await?)
    }

    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        body: &impl Serialize,
        does: Does,
    ) -> Result<T, ForgeError> {
        let body = write(body)?;
        read(&self.call(method, path, Some(body), does).await?)
    }

    /// Reads a list page by page, as the forge links them.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: String,
        items_max: usize,
    ) -> Result<Listed<T>, ForgeError> {
        let mut pages = Pages::new(path, items_max);
        while let Some(path) = pages.next() {
            pages.add(&self.call(Method::GET, path, None, Does::Reads).await?)?;
        }
        Ok(pages.finish())
    }

    /// Sends a GraphQL query. Its errors come under status 200.
    pub(crate) async fn query<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: Value,
        does: Does,
    ) -> Result<T, ForgeError> {
        let body = write(&serde_json::json!({ "query": query, "variables": variables }))?;
        let path = graphql_address(self.shared.transport.base().as_str());
        let answer = self.call(Method::POST, path, Some(body), does).await?;
        let mut value: Value = read(&answer)?;
        if let Some(error) = value["errors"].as_array().and_then(|errors| errors.first()) {
            return Err(ForgeError::Query {
                kind: error["type"].as_str().unwrap_or_default().to_owned(),
                message: shorten(error["message"].as_str().unwrap_or_default()),
            });
        }
        serde_json::from_value(value["data"].take())
            .map_err(|error| ForgeError::Unreadable(error.to_string()))
    }
}

/// Returns where GraphQL is: beside the API of an Enterprise server, below that
/// of github.com.
fn graphql_address(base: &str) -> String {
    let base = base.trim_end_matches('/');
    match base.strip_suffix("/v3") {
        Some(rest) => format!("{rest}/graphql"),
        None => format!("{base}/graphql"),
    }
}

fn accept_or_refuse(answer: Answer) -> Result<Answer, ForgeError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    Err(ForgeError::Refused {
        status: answer.status,
        message: shorten(value["message"].as_str().unwrap_or_default()),
        errors: refusal_errors(&value["errors"]),
    })
}

/// Reads the errors of a refusal: texts for reviews, objects for comments, and
/// one text where there is only one.
fn refusal_errors(errors: &Value) -> Vec<String> {
    let one = |error: &Value| match error {
        Value::String(text) => shorten(text),
        Value::Object(fields) => {
            let said = fields.get("message").and_then(Value::as_str);
            let words = ["resource", "field", "code"].map(|name| fields.get(name));
            let words: Vec<_> = words
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            shorten(said.unwrap_or(&words.join(" ")))
        }
        other => shorten(&other.to_string()),
    };
    match errors {
        Value::Array(errors) => errors.iter().take(ERRORS_MAX).map(one).collect(),
        Value::Null => Vec::new(),
        other => vec![one(other)],
    }
}

#[cfg(test)]
mod tests {
    use super::{graphql_address, refusal_errors};

    #[test]
    fn both_shapes_of_errors_are_read() {
        for (errors, expected) in [
            ("null", vec![]),
            (r#""only one""#, vec!["only one"]),
            (
                r#"["Line could not be resolved", {"resource":"X","field":"line","code":"invalid"}]"#,
                vec!["Line could not be resolved", "X line invalid"],
            ),
            (
                r#"[{"code":"custom","message":"must be part of the diff"}, 7]"#,
                vec!["must be part of the diff", "7"],
            ),
        ] {
            assert_eq!(
                refusal_errors(&serde_json::from_str(errors).unwrap()),
                expected
            );
        }
    }

    #[test]
    fn graphql_is_beside_the_api_of_an_enterprise_server() {
        for (base, expected) in [
            ("https://api.github.com/", "https://api.github.com/graphql"),
            (
                "https://g.example.com/api/v3",
                "https://g.example.com/api/graphql",
            ),
        ] {
            assert_eq!(graphql_address(base), expected);
        }
    }
}
