//! Signatures of webhooks: that what came in is from the forge, and that what
//! goes out is from us.

use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use secrecy::{ExposeSecret, SecretString};

use crate::error::AuthError;
use crate::secret::{HASH_BYTES, from_hex, is_same_text, to_hex};

/// So many parts of an outgoing signature are looked at.
const SIGNATURE_PARTS_MAX: usize = 16;

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
    any_secret(secrets, |secret| is_tag(secret, &[body], &tag))
}

/// Signs as GitHub does, for those who check that a webhook arrives.
pub fn sign_github(secret: &SecretString, body: &[u8]) -> String {
    let tag = tag(secret.expose_secret(), &[body]);
    format!("sha256={}", to_hex(tag.as_ref()))
}

/// Checks `X-Gitlab-Token` of GitLab, which is the secret itself.
pub fn check_gitlab(header: Option<&str>, secrets: &[SecretString]) -> Result<(), AuthError> {
    let token = header.ok_or(AuthError::SignatureMissing)?;
    any_secret(secrets, |secret| is_same_text(secret, token))
}

/// Signs a webhook of ours: `t=SECONDS,v1=HEX`, one `v1` for each secret, the
/// HMAC-SHA-256 of the seconds, a full stop and the body.
pub fn sign_outgoing(secrets: &[SecretString], now_ms: i64, body: &[u8]) -> String {
    let seconds = now_ms.div_euclid(1000).to_string();
    let mut header = format!("t={seconds}");
    for secret in usable(secrets) {
        let tag = tag(secret, &[seconds.as_bytes(), b".", body]);
        header.push_str(",v1=");
        header.push_str(&to_hex(tag.as_ref()));
    }
    header
}

/// Checks a signature as [`sign_outgoing`] makes it; those who receive our
/// webhooks do the same. One that is older or newer than the tolerance is a
/// replay.
pub fn check_outgoing(
    header: Option<&str>,
    secret: &SecretString,
    body: &[u8],
    now_ms: i64,
    tolerance_ms: i64,
) -> Result<(), AuthError> {
    let header = header.ok_or(AuthError::SignatureMissing)?;
    let parts: Vec<_> = header.split(',').take(SIGNATURE_PARTS_MAX).collect();
    let [first, tags @ ..] = parts.as_slice() else {
        return Err(AuthError::SignatureMalformed);
    };
    let seconds = first
        .strip_prefix("t=")
        .ok_or(AuthError::SignatureMalformed)?;
    let at_seconds: i64 = seconds.parse().map_err(|_| AuthError::SignatureMalformed)?;
    let known = tags.iter().filter_map(|part| part.strip_prefix("v1="));
    let mut is_right = false;
    for digits in known {
        let given: [u8; HASH_BYTES] = from_hex(digits).ok_or(AuthError::SignatureMalformed)?;
        let message: [&[u8]; 3] = [seconds.as_bytes(), b".", body];
        is_right |= is_tag(secret.expose_secret(), &message, &given);
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

fn tag(secret: &str, parts: &[&[u8]]) -> ring::hmac::Tag {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    sign(&key, &parts.concat())
}

fn is_tag(secret: &str, parts: &[&[u8]], given: &[u8]) -> bool {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    match parts {
        [body] => verify(&key, body, given).is_ok(),
        parts => verify(&key, &parts.concat(), given).is_ok(),
    }
}
