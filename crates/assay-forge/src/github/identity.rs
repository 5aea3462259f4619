//! Who we are on GitHub: an app that signs for itself and is given tokens for an
//! hour, or tokens that somebody made, used in turn by what is left of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::ForgeError;
use crate::secret::Secret;
use crate::transport::Quota;

/// The forge's clock may be behind ours by so much.
const ISSUED_BEFORE_S: i64 = 60;
/// GitHub refuses more than ten minutes.
const LIFETIME_S: i64 = 9 * 60;
/// A token is not used in its last minutes: a long request must not outlive it.
pub(super) const TOKEN_MARGIN_MS: i64 = 5 * 60_000;
/// A token that was refused is tried again after this time.
const REFUSED_MS: i64 = 10 * 60_000;
/// Tokens of installations that are kept.
const INSTALLATIONS_MAX: usize = 10_000;

/// An installation of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstallationId(pub u64);

/// Signs with the private key of the app, which never comes here.
pub trait AppSigner: Send + Sync {
    /// Signs by RSASSA-PKCS1-v1_5 with SHA-256 (`RS256`).
    fn sign_rs256(&self, message: &[u8]) -> Result<Vec<u8>, String>;
}

/// Who the client is.
#[derive(Clone)]
pub enum Identity {
    /// A GitHub App.
    App {
        /// The app's id or client id.
        issuer: String,
        /// Its key.
        signer: Arc<dyn AppSigner>,
    },
    /// Tokens of users, used in turn.
    Tokens(Vec<Secret>),
    /// Nobody, who may read what is public.
    Anonymous,
}

/// Signs that the app asks. `now_ms` is the forge's time as well as we know it.
pub(super) fn app_jwt(
    issuer: &str,
    signer: &dyn AppSigner,
    now_ms: i64,
) -> Result<String, ForgeError> {
    let now_s = now_ms / 1_000;
    let claims = serde_json::json!({
        "iat": now_s - ISSUED_BEFORE_S,
        "exp": now_s + LIFETIME_S,
        "iss": issuer,
    });
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","typ":"JWT"}"#);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let message = format!("{header}.{claims}");
    let signature = signer
        .sign_rs256(message.as_bytes())
        .map_err(ForgeError::Signing)?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// A token of an installation.
#[derive(Clone, Debug)]
pub(super) struct Minted {
    pub(super) token: Secret,
    /// By our clock.
    pub(super) expires_ms: i64,
}

/// The place of an installation's token: whoever mints holds it.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<Minted>>>;

/// The app with the tokens that it was given.
pub(super) struct App {
    pub(super) issuer: String,
    pub(super) signer: Arc<dyn AppSigner>,
    /// The forge's clock minus ours, once it mattered.
    pub(super) skew_ms: AtomicI64,
    slots: Mutex<HashMap<InstallationId, Slot>>,
}

impl App {
    pub(super) fn new(issuer: String, signer: Arc<dyn AppSigner>) -> Self {
        Self {
            issuer,
            signer,
            skew_ms: AtomicI64::new(0),
            slots: Mutex::default(),
        }
    }

    pub(super) fn slot(&self, installation: InstallationId) -> Slot {
        let mut slots = self.slots.lock().expect("nothing panics while it is held");
        if slots.len() >= INSTALLATIONS_MAX && !slots.contains_key(&installation) {
            slots.clear();
        }
        Arc::clone(slots.entry(installation).or_default())
    }
}

struct PooledToken {
    secret: Secret,
    key: String,
    refused_until_ms: AtomicI64,
}

/// Tokens that are used in turn: the one with most left of its quota first.
pub(super) struct TokenPool {
    tokens: Vec<PooledToken>,
    turn: AtomicUsize,
}

impl TokenPool {
    pub(super) fn new(tokens: Vec<Secret>) -> Self {
        let tokens = tokens.into_iter().map(|secret| PooledToken {
            key: secret.key(),
            secret,
            refused_until_ms: AtomicI64::new(i64::MIN),
        });
        Self {
            tokens: tokens.collect(),
            turn: AtomicUsize::new(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns the token to use now. Among equals they take turns.
    pub(super) fn choose(
        &self,
        now_ms: i64,
        quota: impl Fn(&str) -> Quota,
    ) -> Option<(&Secret, &str)> {
        let count = self.tokens.len();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let left = |token: &&PooledToken| {
            let is_refused = token.refused_until_ms.load(Ordering::Relaxed) > now_ms;
            // Tenths: a few requests more or less are no reason to stay.
            let tenths = quota(&token.key).left_per_mille(now_ms).div_ceil(100);
            (!is_refused, tenths)
        };
        let in_turn = (0..count).map(|step| &self.tokens[(turn + step) % count]);
        // `max_by_key` takes the last of equals, so the row is turned round.
        let best = in_turn.rev().max_by_key(left)?;
        Some((&best.secret, &best.key))
    }

    pub(super) fn refuse(&self, key: &str, now_ms: i64) {
        for token in self.tokens.iter().filter(|token| token.key == key) {
            let until_ms = now_ms + REFUSED_MS;
            token.refused_until_ms.store(until_ms, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AppSigner, Quota, Secret, TokenPool, app_jwt};

    struct Echo;

    impl AppSigner for Echo {
        fn sign_rs256(&self, message: &[u8]) -> Result<Vec<u8>, String> {
            Ok(message.len().to_be_bytes().to_vec())
        }
    }

    #[test]
    fn the_app_signs_three_parts_without_padding() {
        let token = app_jwt("Iv1.abc", &Echo, 1_700_000_000_000).unwrap();
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert!(!token.contains('='));
        use base64::Engine as _;
        let claims = super::URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
        let expected = r#"{"iat":1699999940,"exp":1700000540,"iss":"Iv1.abc"}"#;
        assert_eq!(String::from_utf8(claims).unwrap(), expected);
    }

    #[test]
    fn tokens_take_turns_and_the_fullest_goes_first() {
        let pool = TokenPool::new(["a", "b", "c"].map(Secret::new).into());
        let choose = |left: [u64; 3], now_ms| {
            let keys: Vec<_> = ["a", "b", "c"].map(|t| Secret::new(t).key()).into();
            let quota = |key: &str| Quota {
                limit: Some(1_000),
                remaining: keys.iter().position(|k| k == key).map(|at| left[at]),
                resets_at_ms: Some(i64::MAX),
                closed_until_ms: 0,
            };
            let (secret, _) = pool.choose(now_ms, quota).unwrap();
            secret.expose().to_owned()
        };
        let chosen: Vec<_> = (0..4).map(|_| choose([900, 880, 890], 0)).collect();
        assert_eq!(chosen, ["a", "b", "c", "a"]);
        assert_eq!(choose([100, 90, 700], 0), "c");
        pool.refuse(&Secret::new("c").key(), 0);
        assert_eq!(choose([200, 90, 700], 0), "a");
        assert_eq!(choose([200, 90, 700], 600_000), "c");
    }
}
