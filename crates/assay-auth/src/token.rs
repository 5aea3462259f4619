//! Tokens that the platform gives out: JSON web tokens for the API, short of life,
//! for one issuer and one audience, signed by the newest of a set of keys and
//! verified by each that is not retired.

use assay_source::{Clock, Randomness};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::AuthError;
use crate::identifier::{Identifier, KeyId, OrganisationId, UserId};
use crate::permission::PermissionSet;
use crate::signing_key::{SignedToken, SigningKey};

/// So many keys may a set have.
const KEYS_MAX: usize = 16;
/// So much may the clocks of two machines differ.
const LEEWAY_S: i64 = 30;
/// No token is good for longer.
const LIFE_S_MAX: i64 = 30 * 24 * 3600;

/// A key of a set, and when it may do what.
#[derive(Debug)]
pub struct RotatedKey {
    /// The key.
    pub key: SigningKey,
    /// From when on it signs; before, it verifies only, so that others can learn it.
    pub signs_from_ms: i64,
    /// From when on it does not even verify.
    pub retired_ms: Option<i64>,
}

/// Whom a token is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A person.
    User(UserId),
    /// An API key for which the token was given out.
    Key(KeyId),
}

impl Subject {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("user", id) => UserId::parse(id).ok().map(Self::User),
            ("key", id) => KeyId::parse(id).ok().map(Self::Key),
            _ => None,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(user) => write!(f, "user:{user}"),
            Self::Key(key) => write!(f, "key:{key}"),
        }
    }
}

/// What a token says, once it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// Names this token.
    pub id: Identifier,
    /// Whom it is about.
    pub subject: Subject,
    /// Where it is good for something.
    pub organisation: OrganisationId,
    /// What it allows at most; the subject may have lost it since.
    pub permissions: PermissionSet,
    /// When it was made, in seconds since 1970.
    pub issued_s: i64,
    /// When it stops being good.
    pub expires_s: i64,
}

/// The claims on the wire. A member that stands twice is an error; those that are
/// not here say nothing to us.
#[derive(Deserialize)]
struct WireClaims {
    iss: String,
    aud: String,
    sub: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    org: String,
    scope: String,
}

/// The set of keys, and for whom it signs.
#[derive(Debug)]
pub struct TokenKeys {
    issuer: String,
    audience: String,
    life_s: i64,
    keys: Vec<RotatedKey>,
}

impl TokenKeys {
    /// So long is a token good unless something else is said: 24 hours.
    pub const LIFE_S: i64 = 24 * 3600;

    /// Takes the keys; their names differ.
    pub fn new(
        issuer: String,
        audience: String,
        life_s: i64,
        keys: Vec<RotatedKey>,
    ) -> Result<Self, AuthError> {
        let names = || keys.iter().map(|rotated| rotated.key.name());
        let is_double = names()
            .enumerate()
            .any(|(at, name)| names().take(at).any(|one| one == name));
        let is_fit = !is_double
            && (1..=KEYS_MAX).contains(&keys.len())
            && (1..=LIFE_S_MAX).contains(&life_s)
            && !issuer.is_empty()
            && !audience.is_empty();
        if !is_fit {
            return Err(AuthError::KeySetUnfit);
        }
        Ok(Self {
            issuer,
            audience,
            life_s,
            keys,
        })
    }

    /// Returns for how long a token is good, in seconds.
    pub fn life_s(&self) -> i64 {
        self.life_s
    }

    /// Returns the key that signs now: of those that may, the newest.
    pub fn signer(&self, now_ms: i64) -> Option<&SigningKey> {
        let may_sign = |one: &&RotatedKey| {
            one.key.can_sign() && one.signs_from_ms <= now_ms && !is_retired(one, now_ms)
        };
        let newest = self
            .keys
            .iter()
            .filter(may_sign)
            .max_by_key(|one| one.signs_from_ms);
        newest.map(|one| &one.key)
    }

    /// Gives out a token, signed by the newest key that signs by now.
    pub fn issue(
        &self,
        subject: Subject,
        organisation: OrganisationId,
        permissions: PermissionSet,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Result<(SecretString, TokenClaims), AuthError> {
        let now_ms = clock.now_ms();
        let key = self.signer(now_ms).ok_or(AuthError::KeyCannotSign)?;
        let issued_s = now_ms.div_euclid(1000);
        let claims = TokenClaims {
            id: Identifier::new(clock, randomness),
            subject,
            organisation,
            permissions,
            issued_s,
            expires_s: issued_s.saturating_add(self.life_s),
        };
        let wire = json!({
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject.to_string(),
            "exp": claims.expires_s,
            "nbf": issued_s,
            "iat": issued_s,
            "jti": claims.id.to_string(),
            "org": organisation.to_string(),
            "scope": permissions.names().join(" "),
        });
        Ok((key.sign(&wire)?, claims))
    }

    /// Returns what a token says, if one of the keys signed it and it is good now,
    /// here and for us. A token that names no key, or none of ours, is refused.
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<TokenClaims, AuthError> {
        let signed = SignedToken::parse(token)?;
        let name = signed.key_name().ok_or(AuthError::TokenKeyUnknown)?;
        let key = (self.keys.iter())
            .find(|one| one.key.name().as_str() == name && !is_retired(one, now_ms))
            .ok_or(AuthError::TokenKeyUnknown)?;
        let payload = signed.verify(&key.key)?;
        let wire: WireClaims =
            serde_json::from_slice(payload).map_err(|_| AuthError::TokenClaimsUnfit)?;
        self.check(&wire, now_ms.div_euclid(1000))?;
        let unfit = |_| AuthError::TokenClaimsUnfit;
        Ok(TokenClaims {
            id: Identifier::parse(&wire.jti).map_err(unfit)?,
            subject: Subject::parse(&wire.sub).ok_or(AuthError::TokenClaimsUnfit)?,
            organisation: OrganisationId::parse(&wire.org).map_err(unfit)?,
            permissions: PermissionSet::parse(wire.scope.split_terminator(' ')).map_err(unfit)?,
            issued_s: wire.iat,
            expires_s: wire.exp,
        })
    }

    fn check(&self, wire: &WireClaims, now_s: i64) -> Result<(), AuthError> {
        if wire.iss != self.issuer {
            return Err(AuthError::TokenIssuerWrong);
        }
        if wire.aud != self.audience {
            return Err(AuthError::TokenAudienceWrong);
        }
        let soon_s = now_s.saturating_add(LEEWAY_S);
        if wire.nbf > soon_s || wire.iat > soon_s {
            return Err(AuthError::TokenNotYet);
        }
        if wire.exp <= now_s.saturating_sub(LEEWAY_S) {
            return Err(AuthError::TokenExpired);
        }
        // A key that leaked for a moment makes no token for ever.
        if wire.exp.saturating_sub(wire.iat) > LIFE_S_MAX {
            return Err(AuthError::TokenClaimsUnfit);
        }
        Ok(())
    }

    /// Returns the public halves of the keys that are not retired (RFC 7517), for
    /// those who verify our tokens elsewhere.
    pub fn public_keys(&self, now_ms: i64) -> Value {
        let current = self.keys.iter().filter(|one| !is_retired(one, now_ms));
        let keys: Vec<_> = current.filter_map(|one| one.key.to_public_jwk()).collect();
        json!({ "keys": keys })
    }
}

fn is_retired(rotated: &RotatedKey, now_ms: i64) -> bool {
    rotated.retired_ms.is_some_and(|retired| retired <= now_ms)
}
