//! Log-ins that somebody else vouches for (OAuth 2, OpenID Connect): what binds an
//! attempt to the browser that began it, and what is believed of an identity token.
//!
//! A browser keeps one secret for the time of a log-in; nonce and PKCE verifier
//! follow from it, so that only that browser can end what it began, and no database
//! has what an attempt needs.

use assay_source::Randomness;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroize;

use crate::error::AuthError;
use crate::secret::{HASH_BYTES, from_base64, hash, is_same_text, to_base64};
use crate::signing_key::{SignedToken, SigningKey};

const SECRET_BYTES: usize = 32;
/// So many keys of a provider are looked at.
const KEYS_MAX: usize = 64;
const KEY_ID_BYTES_MAX: usize = 256;
const SUBJECT_BYTES_MAX: usize = 255;
/// So much may the clocks of two machines differ.
const LEEWAY_S: i64 = 60;
/// An identity token that is older was not made for this log-in.
const AGE_S_MAX: i64 = 15 * 60;

/// A random text that a log-in is known by: the state of an attempt, the secret of a
/// browser, an invitation.
#[derive(Debug)]
pub struct LoginSecret(SecretString);

impl LoginSecret {
    /// Makes one.
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        randomness.fill(&mut bytes);
        let text = to_base64(&bytes);
        bytes.zeroize();
        Self(text.into())
    }

    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        match from_base64(text) {
            Some(bytes) if bytes.len() == SECRET_BYTES => Ok(Self(text.into())),
            _ => Err(AuthError::LoginMalformed),
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &SecretString {
        &self.0
    }

    /// Returns what to keep of it.
    pub fn hash(&self) -> [u8; HASH_BYTES] {
        self.derive(b"assay login")
    }

    /// Returns what the identity token of this browser's attempt has to say.
    pub fn nonce(&self) -> String {
        to_base64(&self.derive(b"assay login nonce"))
    }

    /// Returns what is shown with the code, so that a stolen code is worth nothing
    /// (PKCE, RFC 7636).
    pub fn verifier(&self) -> SecretString {
        to_base64(&self.derive(b"assay login verifier")).into()
    }

    /// Returns what the verifier is compared with: its SHA-256.
    pub fn challenge(&self) -> String {
        let verifier = self.verifier();
        let hash = digest(&SHA256, verifier.expose_secret().as_bytes());
        to_base64(hash.as_ref())
    }

    /// Checks in constant time that this is the one whose hash was kept.
    pub fn check(&self, kept: &[u8]) -> Result<(), AuthError> {
        match crate::secret::is_same(&self.hash(), kept) {
            true => Ok(()),
            false => Err(AuthError::LoginStrange),
        }
    }

    fn derive(&self, purpose: &[u8]) -> [u8; HASH_BYTES] {
        hash(&[purpose, self.0.expose_secret().as_bytes()])
    }
}

/// The keys by which a provider signs identity tokens.
#[derive(Debug, Default)]
pub struct IdentityKeys {
    keys: Vec<(Option<String>, SigningKey)>,
}

impl IdentityKeys {
    /// Takes a set of JSON web keys. Those that are not for signatures of RS256 or ES256
    /// are not looked at, also not a shared secret.
    pub fn parse(set: &Value) -> Self {
        let listed = set.get("keys").and_then(Value::as_array);
        let mut keys = Vec::new();
        for jwk in listed.into_iter().flatten().take(KEYS_MAX) {
            let id = jwk.get("kid").and_then(Value::as_str);
            if id.is_some_and(|id| id.len() > KEY_ID_BYTES_MAX) {
                continue;
            }
            // What a provider calls its keys need not be a name as ours are.
            let mut named = jwk.clone();
            named["kid"] = "provider".into();
            if let Ok(key) = SigningKey::public_jwk(&named) {
                keys.push((id.map(str::to_owned), key));
            }
        }
        Self { keys }
    }

    /// Returns whether there is no key that can be used.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Finds the key that a token names; one that names none is signed by the only key.
    fn find(&self, id: Option<&str>) -> Result<&SigningKey, AuthError> {
        let found = match (id, self.keys.as_slice()) {
            (None, [(_, only)]) => Some(only),
            (None, _) => None,
            (Some(id), keys) => {
                let mut named = keys.iter().filter(|(own, _)| own.as_deref() == Some(id));
                named.next().map(|(_, key)| key)
            }
        };
        found.ok_or(AuthError::TokenKeyUnknown)
    }
}

/// What an identity token has to be.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedIdentity<'a> {
    /// Who has to have made it.
    pub issuer: &'a str,
    /// For whom: what we are called there.
    pub client_id: &'a str,
    /// For which attempt.
    pub nonce: &'a str,
    /// When it is, in milliseconds since 1970.
    pub now_ms: i64,
}

/// Whom a provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Their identifier there, which never changes hands.
    pub subject: String,
    /// Their name there, which may.
    pub login: Option<String>,
    /// Their name for people.
    pub display_name: Option<String>,
    /// Their address, if the provider checked that it is theirs.
    pub email: Option<String>,
}

/// The claims on the wire. A member that stands twice is an error; those that are not
/// here say nothing to us.
#[derive(Deserialize)]
struct WireIdentity {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    sub: String,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: String,
    email: Option<String>,
    email_verified: Option<Flag>,
    name: Option<String>,
    preferred_username: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Some providers write it as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Text(String),
}

impl Identity {
    /// Returns whom an identity token is about, if the provider signed it for us, for
    /// this attempt, and now.
    pub fn verify(
        token: &str,
        keys: &IdentityKeys,
        expected: ExpectedIdentity<'_>,
    ) -> Result<Self, AuthError> {
        let signed = SignedToken::parse(token)?;
        let payload = signed.verify(keys.find(signed.key_name())?)?;
        let wire: WireIdentity =
            serde_json::from_slice(payload).map_err(|_| AuthError::TokenClaimsUnfit)?;
        wire.check(expected)?;
        let is_checked = match &wire.email_verified {
            Some(Flag::Bool(is_checked)) => *is_checked,
            Some(Flag::Text(text)) => text == "true",
            None => false,
        };
        Ok(Self {
            subject: wire.sub,
            login: wire.preferred_username,
            display_name: wire.name,
            email: wire.email.filter(|_| is_checked),
        })
    }
}

impl WireIdentity {
    fn check(&self, expected: ExpectedIdentity<'_>) -> Result<(), AuthError> {
        if self.iss != expected.issuer {
            return Err(AuthError::TokenIssuerWrong);
        }
        let is_for_us = match &self.aud {
            Audience::One(one) => one == expected.client_id,
            // For several it has to say that we asked for it.
            Audience::Several(all) => {
                let is_among = all.iter().any(|one| one == expected.client_id);
                is_among && (all.len() == 1 || self.azp.is_some())
            }
        };
        let is_asked_by_us = self
            .azp
            .as_deref()
            .is_none_or(|azp| azp == expected.client_id);
        if !is_for_us || !is_asked_by_us {
            return Err(AuthError::TokenAudienceWrong);
        }
        let now_s = expected.now_ms.div_euclid(1000);
        let soon_s = now_s.saturating_add(LEEWAY_S);
        if self.iat > soon_s || self.nbf.is_some_and(|nbf| nbf > soon_s) {
            return Err(AuthError::TokenNotYet);
        }
        let is_old = self.iat < now_s.saturating_sub(AGE_S_MAX + LEEWAY_S);
        if self.exp <= now_s.saturating_sub(LEEWAY_S) || is_old {
            return Err(AuthError::TokenExpired);
        }
        if !is_same_text(&self.nonce, expected.nonce) {
            return Err(AuthError::LoginStrange);
        }
        if self.sub.is_empty() || self.sub.len() > SUBJECT_BYTES_MAX {
            return Err(AuthError::TokenClaimsUnfit);
        }
        Ok(())
    }
}

/// Returns the path to go to after a log-in, if it is one of this server: an address
/// of another would send people from here to wherever somebody likes.
pub fn own_path(path: &str) -> Option<&str> {
    const PATH_BYTES_MAX: usize = 512;
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= PATH_BYTES_MAX
        && path.bytes().all(is_plain);
    is_own.then_some(path)
}

#[cfg(test)]
mod tests {
    use assay_testkit::SeededRandomness;
    use secrecy::ExposeSecret as _;

    use super::{LoginSecret, own_path};

    #[test]
    fn what_follows_from_a_secret_does_not_show_it() {
        let secret = LoginSecret::new(&SeededRandomness::new(1));
        let other = LoginSecret::new(&SeededRandomness::new(2));
        let text = secret.text().expose_secret();
        let read = LoginSecret::parse(text).unwrap();
        assert!(read.check(&secret.hash()).is_ok() && other.check(&secret.hash()).is_err());
        assert!(!format!("{secret:?}").contains(text));
        let verifier = secret.verifier();
        let parts = [
            text.to_owned(),
            secret.nonce(),
            verifier.expose_secret().to_owned(),
            secret.challenge(),
        ];
        for (at, part) in parts.iter().enumerate() {
            assert_eq!(part.len(), 43);
            assert!(parts.iter().skip(at + 1).all(|other| other != part));
        }
        for wrong in ["", "a", &text[1..], &format!("{text}=")] {
            assert!(LoginSecret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn people_are_sent_to_pages_of_this_server_only() {
        for (path, ok) in [
            ("/", true),
            ("/reviews?state=done#top", true),
            ("", false),
            ("reviews", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("\\\\evil.example", false),
            ("https://evil.example", false),
            ("/a\r\nset-cookie: x", false),
            ("/\tevil", false),
            ("/é", false),
            ("javascript:alert(1)", false),
            (&*format!("/{}", "a".repeat(511)), true),
            (&*format!("/{}", "a".repeat(512)), false),
        ] {
            assert_eq!(own_path(path).is_some(), ok, "{path}");
        }
    }
}
