//! Signatures of webhooks: that what came in is from the forge, and that what
//! goes out is from us.

use assay_source::Randomness;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize as _;

use crate::error::AuthError;
use crate::secret::{HASH_BYTES, from_hex, is_same_text, to_hex};

/// So many parts of an outgoing signature are looked at.
const SIGNATURE_PARTS_MAX: usize = 16;
/// How the secret of an outgoing webhook begins.
const OUTGOING_PREFIX: &str = "whsec_";

/// Checks `X-Hub-Signature-256` of GitHub over the bytes that came in. Each secret
/// is tried, so that one can be replaced without losing a delivery.
pub fn check_github(
    header: Option<&str>,
    secrets: &[SecretString],
    body: &[u8],
) -> Result<(), AuthError> {
    let header = header.ok_or(AuthError::SignatureMissing)?;
    let digits = header
        .strip_prefix("sha256=")
        .ok_or(AuthError::SignatureMalformed)?;
    let tag: [u8; HASH_BYTES] = from_hex(digits).ok_or(AuthError::SignatureMalformed)?;
    any_secret(secrets, |secret| is_tag(secret, body, &tag))
}

/// Signs as GitHub does, for those who check that a webhook arrives.
pub fn sign_github(secret: &SecretString, body: &[u8]) -> String {
    let key = Key::new(HMAC_SHA256, secret.expose_secret().as_bytes());
    let tag = sign(&key, body);
    format!("sha256={}", to_hex(tag.as_ref()))
}

/// Checks `X-Gitlab-Token` of GitLab, which is the secret itself.
pub fn check_gitlab(header: Option<&str>, secrets: &[SecretString]) -> Result<(), AuthError> {
    let token = header.ok_or(AuthError::SignatureMissing)?;
    any_secret(secrets, |secret| is_same_text(secret, token))
}

/// Makes a secret that outgoing webhooks are signed with: `whsec_` and 32 bytes in
/// base64, as Standard Webhooks has them.
pub fn make_outgoing_secret(randomness: &dyn Randomness) -> SecretString {
    let mut bytes = [0; HASH_BYTES];
    randomness.fill(&mut bytes);
    let secret = SecretString::from(format!("{OUTGOING_PREFIX}{}", STANDARD.encode(bytes)));
    bytes.zeroize();
    secret
}

/// Signs a webhook of ours as Standard Webhooks says: `v1,BASE64`, one for each secret,
/// the HMAC-SHA-256 of the identifier, the seconds and the body, with full stops between.
pub fn sign_outgoing(secrets: &[SecretString], id: &str, now_ms: i64, body: &[u8]) -> String {
    let seconds = now_ms.div_euclid(1000).to_string();
    let tags = usable(secrets).map(|secret| {
        let parts = [id.as_bytes(), b".", seconds.as_bytes(), b".", body];
        let tag = sign(&outgoing_key(secret), &parts.concat());
        format!("v1,{}", STANDARD.encode(tag))
    });
    tags.collect::<Vec<_>>().join(" ")
}

/// What stands in the headers of a webhook of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutgoingHeaders<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
}

/// Checks a signature as [`sign_outgoing`] makes it; those who receive our
/// webhooks do the same. One that is older or newer than the tolerance is a
/// replay.
pub fn check_outgoing(
    headers: OutgoingHeaders<'_>,
    secret: &SecretString,
    body: &[u8],
    now_ms: i64,
    tolerance_ms: i64,
) -> Result<(), AuthError> {
    let (Some(id), Some(seconds), Some(signature)) =
        (headers.id, headers.timestamp, headers.signature)
    else {
        return Err(AuthError::SignatureMissing);
    };
    let at_seconds: i64 = seconds.parse().map_err(|_| AuthError::SignatureMalformed)?;
    let message = [id.as_bytes(), b".", seconds.as_bytes(), b".", body].concat();
    let key = outgoing_key(secret.expose_secret());
    let mut is_right = false;
    for part in signature.split(' ').take(SIGNATURE_PARTS_MAX) {
        let Some(text) = part.strip_prefix("v1,") else {
            continue;
        };
        let given = STANDARD.decode(text);
        let given = given.map_err(|_| AuthError::SignatureMalformed)?;
        is_right |= verify(&key, &message, &given).is_ok();
    }
    if !is_right || secret.expose_secret().is_empty() {
        return Err(AuthError::SignatureWrong);
    }
    let age_ms = now_ms.saturating_sub(at_seconds.saturating_mul(1000));
    if age_ms.saturating_abs() > tolerance_ms {
        return Err(AuthError::SignatureStale);
    }
    Ok(())
}

/// Returns the key that a secret stands for; one in another form is the key itself.
fn outgoing_key(secret: &str) -> Key {
    let encoded = secret.strip_prefix(OUTGOING_PREFIX);
    let bytes = encoded.and_then(|text| STANDARD.decode(text).ok());
    Key::new(HMAC_SHA256, bytes.as_deref().unwrap_or(secret.as_bytes()))
}

/// Tries every secret, also after one fitted; an empty one is none.
fn any_secret(
    secrets: &[SecretString],
    mut fits: impl FnMut(&str) -> bool,
) -> Result<(), AuthError> {
    let mut is_right = false;
    for secret in usable(secrets) {
        is_right |= fits(secret);
    }
    if is_right {
        Ok(())
    } else {
        Err(AuthError::SignatureWrong)
    }
}

fn usable(secrets: &[SecretString]) -> impl Iterator<Item = &str> {
    let texts = secrets.iter().map(ExposeSecret::expose_secret);
    texts.filter(|secret| !secret.is_empty())
}

fn is_tag(secret: &str, body: &[u8], given: &[u8]) -> bool {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    verify(&key, body, given).is_ok()
}
