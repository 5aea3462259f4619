//! Encryption of single fields of the database: AES-256-GCM under a named key, so
//! that keys can be replaced while what the old ones wrote is still read.
//!
//! The envelope is `v1.KEY.BASE64` of nonce, text and tag. The place of the field
//! is authenticated with it: an envelope that is moved to another row or column
//! does not open.

use assay_source::Randomness;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use zeroize::Zeroize;

use crate::error::AuthError;
use crate::secret::{from_base64, to_base64};
use crate::signing_key::KeyName;

const VERSION: &str = "v1";
/// So many keys may there be at a time.
const KEYS_MAX: usize = 16;
/// So long may a field be; what is longer belongs elsewhere.
const FIELD_BYTES_MAX: usize = 1024 * 1024;
/// So many bytes has a key.
pub const FIELD_KEY_BYTES: usize = 32;

/// The keys of the fields, the newest first.
pub struct FieldKeys {
    keys: Vec<(KeyName, LessSafeKey)>,
}

impl std::fmt::Debug for FieldKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.keys.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl FieldKeys {
    /// Takes the keys, the one that encrypts first.
    pub fn new(
        keys: impl IntoIterator<Item = (KeyName, SecretSlice<u8>)>,
    ) -> Result<Self, AuthError> {
        let mut taken: Vec<(KeyName, LessSafeKey)> = Vec::new();
        for (name, bytes) in keys {
            if taken.len() == KEYS_MAX || taken.iter().any(|(other, _)| *other == name) {
                return Err(AuthError::KeySetUnfit);
            }
            let key = UnboundKey::new(&AES_256_GCM, bytes.expose_secret())
                .map_err(|_| AuthError::KeyMaterialUnfit)?;
            taken.push((name, LessSafeKey::new(key)));
        }
        if taken.is_empty() {
            return Err(AuthError::KeySetUnfit);
        }
        Ok(Self { keys: taken })
    }

    /// Encrypts a field for its place, such as `installation.token:0198...`, with
    /// the newest key.
    pub fn seal(
        &self,
        text: &SecretString,
        place: &str,
        randomness: &dyn Randomness,
    ) -> Result<String, AuthError> {
        let text = text.expose_secret();
        if text.len() > FIELD_BYTES_MAX {
            return Err(AuthError::FieldTooLong);
        }
        let [(name, key), ..] = self.keys.as_slice() else {
            return Err(AuthError::KeySetUnfit);
        };
        // 96 random bits: below 2^32 fields a key, two are never the same.
        let mut nonce = [0; NONCE_LEN];
        randomness.fill(&mut nonce);
        let mut sealed = text.as_bytes().to_vec();
        let place = Aad::from(full_place(name, place));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place, &mut sealed)
            .map_err(|_| AuthError::FieldTooLong)?;
        let envelope = [&nonce[..], &sealed].concat();
        Ok(format!("{VERSION}.{name}.{}", to_base64(&envelope)))
    }

    /// Decrypts a field with whichever key it names.
    pub fn open(&self, envelope: &str, place: &str) -> Result<SecretString, AuthError> {
        let (name, mut bytes) = parse(envelope)?;
        let (name, key) = (self.keys.iter())
            .find(|(known, _)| known.as_str() == name)
            .ok_or(AuthError::FieldKeyUnknown)?;
        if bytes.len() < NONCE_LEN {
            return Err(AuthError::FieldMalformed);
        }
        let mut sealed = bytes.split_off(NONCE_LEN);
        let nonce =
            Nonce::try_assume_unique_for_key(&bytes).map_err(|_| AuthError::FieldMalformed)?;
        let place = Aad::from(full_place(name, place));
        let opened =
            (key.open_in_place(nonce, place, &mut sealed)).map_err(|_| AuthError::FieldWrong)?;
        let text = std::str::from_utf8(opened).map_err(|_| AuthError::FieldWrong)?;
        let secret = SecretString::from(text);
        sealed.zeroize();
        Ok(secret)
    }

    /// Returns whether a field was written with a key that is not the newest, and
    /// should be written again.
    pub fn is_outdated(&self, envelope: &str) -> Result<bool, AuthError> {
        let (name, _) = parse(envelope)?;
        Ok(self
            .keys
            .first()
            .is_none_or(|(newest, _)| newest.as_str() != name))
    }
}

fn parse(envelope: &str) -> Result<(&str, Vec<u8>), AuthError> {
    let body = envelope
        .strip_prefix(VERSION)
        .and_then(|rest| rest.strip_prefix('.'));
    let (name, text) =
        (body.and_then(|body| body.split_once('.'))).ok_or(AuthError::FieldMalformed)?;
    if text.len() > FIELD_BYTES_MAX * 2 {
        return Err(AuthError::FieldTooLong);
    }
    let bytes = from_base64(text).ok_or(AuthError::FieldMalformed)?;
    Ok((name, bytes))
}

fn full_place(name: &KeyName, place: &str) -> String {
    format!("{VERSION}.{name}.{place}")
}
