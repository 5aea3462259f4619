//! API keys: made once, shown once, kept as a hash.
//!
//! The text is `assay_` + identifier (22 digits in base 62) + `_` + secret (43
//! digits) + checksum (6 digits, the CRC-32 of the secret as GitHub and npm write
//! it), so that a scanner can tell a key from what only looks like one.

use std::fmt;

use assay_source::{Clock, Randomness, checksum_base_sixty_two};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::Zeroize;

use crate::error::AuthError;
use crate::identifier::{Identifier, KeyId, OrganisationId, UserId};
use crate::permission::PermissionSet;
use crate::principal::{Grant, Principal};
use crate::secret::{HASH_BYTES, hash, is_same};

const PREFIX: &str = "assay_";
const ID_DIGITS: usize = 22;
/// Gives 256 bits: 43 digits of 62 each.
const SECRET_DIGITS: usize = 43;
const CHECKSUM_DIGITS: usize = 6;
/// So long is the text of a key.
const TEXT_BYTES: usize = PREFIX.len() + ID_DIGITS + 1 + SECRET_DIGITS + CHECKSUM_DIGITS;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What is kept of a key: enough to know it again, nothing to make it from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; HASH_BYTES]);

impl KeyHash {
    fn of(text: &str) -> Self {
        Self(hash(&[b"assay api key", text.as_bytes()]))
    }

    /// Takes what a database kept.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns what a database keeps.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

/// A key that was just made; the only moment in which its text is there.
#[derive(Debug)]
pub struct IssuedKey {
    id: KeyId,
    text: SecretString,
    hash: KeyHash,
}

impl IssuedKey {
    /// Makes a key.
    pub fn new(clock: &dyn Clock, randomness: &dyn Randomness) -> Self {
        let id = KeyId::new(clock, randomness);
        let mut text = String::with_capacity(TEXT_BYTES);
        text.push_str(PREFIX);
        push_id(id, &mut text);
        text.push('_');
        let secret = text.len();
        push_random_digits(randomness, &mut text);
        let checksum = checksum_base_sixty_two(&text.as_bytes()[secret..]);
        text.push_str(&checksum);
        let hash = KeyHash::of(&text);
        Self {
            id,
            text: text.into(),
            hash,
        }
    }

    /// Returns the public part.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Returns the text to show once.
    pub fn text(&self) -> &SecretString {
        &self.text
    }

    /// Returns what to keep.
    pub fn hash(&self) -> KeyHash {
        self.hash
    }
}

/// A key that somebody sent: of the right form, not yet checked.
#[derive(Debug)]
pub struct PresentedKey {
    id: KeyId,
    text: SecretString,
}

impl PresentedKey {
    /// Reads the text of a key. A wrong checksum is refused here, before anything
    /// is looked up.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let body = text.strip_prefix(PREFIX).ok_or(AuthError::KeyMalformed)?;
        let (id, secret) = body.split_once('_').ok_or(AuthError::KeyMalformed)?;
        let is_digits = |text: &str, count| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if !is_digits(id, ID_DIGITS) || !is_digits(secret, SECRET_DIGITS + CHECKSUM_DIGITS) {
            return Err(AuthError::KeyMalformed);
        }
        let (secret, checksum) = secret.split_at(SECRET_DIGITS);
        if checksum_base_sixty_two(secret.as_bytes()) != checksum {
            return Err(AuthError::KeyMalformed);
        }
        Ok(Self {
            id: parse_id(id).ok_or(AuthError::KeyMalformed)?,
            text: text.into(),
        })
    }

    /// Returns the public part, by which the kept key is found.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Returns whether the text could be a key of ours, for those who tell keys
    /// from other tokens.
    pub fn is_one(text: &str) -> bool {
        text.starts_with(PREFIX)
    }
}

/// A key as it is kept.
#[derive(Clone, Debug)]
pub struct KeptKey {
    /// The public part.
    pub id: KeyId,
    /// Where it is good for something.
    pub organisation: OrganisationId,
    /// Whom it belongs to, where it is a person's.
    pub owner: Option<UserId>,
    /// What was kept of its text.
    pub hash: KeyHash,
    /// What it allows.
    pub permissions: PermissionSet,
    /// When it stops being good, if it does.
    pub expires_ms: Option<i64>,
    /// Since when it is revoked, if it is.
    pub revoked_ms: Option<i64>,
}

impl KeptKey {
    /// Checks what was sent and returns who that is.
    ///
    /// `owner_permissions` is what the owner may do today, or all for a key that is
    /// nobody's: a key never does more than the person whom it belongs to.
    pub fn authenticate(
        &self,
        presented: &PresentedKey,
        owner_permissions: PermissionSet,
        now_ms: i64,
    ) -> Result<Principal, AuthError> {
        let hash = KeyHash::of(presented.text.expose_secret());
        let is_same = is_same(&hash.0, &self.hash.0);
        if !is_same || presented.id != self.id {
            return Err(AuthError::KeyWrong);
        }
        if self.revoked_ms.is_some() {
            return Err(AuthError::KeyRevoked);
        }
        if self.expires_ms.is_some_and(|expires| expires <= now_ms) {
            return Err(AuthError::KeyExpired);
        }
        let grant = Grant {
            organisation: self.organisation,
            permissions: self.permissions.intersection(owner_permissions),
        };
        Ok(Principal::key(self.id, self.owner, grant))
    }
}

fn push_id(id: KeyId, out: &mut String) {
    let mut rest = id.identifier().uuid().as_u128();
    let mut digits = [b'0'; ID_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    out.extend(digits.iter().map(|&digit| char::from(digit)));
}

fn parse_id(text: &str) -> Option<KeyId> {
    let mut id = 0_u128;
    for byte in text.bytes() {
        let digit = DIGITS.binary_search(&byte).ok()?;
        id = id.checked_mul(62)?.checked_add(digit as u128)?;
    }
    let identifier = Identifier::from_uuid(Uuid::from_u128(id));
    Some(KeyId::from_identifier(identifier))
}

/// Draws digits of equal likelihood: bytes above the last multiple of 62 are
/// thrown away.
fn push_random_digits(randomness: &dyn Randomness, out: &mut String) {
    let end = out.len() + SECRET_DIGITS;
    let mut bytes = [0; 64];
    while out.len() < end {
        randomness.fill(&mut bytes);
        let fair = bytes.iter().filter(|&&byte| byte < 62 * 4);
        let room = end - out.len();
        out.extend(
            fair.take(room)
                .map(|byte| char::from(DIGITS[usize::from(byte % 62)])),
        );
    }
    bytes.zeroize();
}

#[cfg(test)]
mod tests {
    use assay_testkit::{SeededRandomness, SettableClock};
    use secrecy::ExposeSecret;

    use super::{IssuedKey, PresentedKey, TEXT_BYTES};

    #[test]
    fn what_is_made_is_read_back_and_does_not_print() {
        let clock = SettableClock::default();
        let randomness = SeededRandomness::new(3);
        for _ in 0..200 {
            let key = IssuedKey::new(&clock, &randomness);
            let text = key.text().expose_secret();
            assert_eq!(text.len(), TEXT_BYTES);
            let presented = PresentedKey::parse(text).unwrap();
            assert_eq!(presented.id(), key.id());
            assert!(!format!("{key:?} {presented:?}").contains(&text[30..40]));
        }
    }

    #[test]
    fn digits_are_equally_likely() {
        let randomness = SeededRandomness::new(4);
        let mut counts = [0_u32; 128];
        for _ in 0..500 {
            let key = IssuedKey::new(&SettableClock::default(), &randomness);
            for byte in key.text().expose_secret()[29..72].bytes() {
                counts[usize::from(byte)] += 1;
            }
        }
        let seen: Vec<_> = counts.into_iter().filter(|&count| count > 0).collect();
        assert_eq!(seen.len(), 62);
        assert!(
            seen.iter().all(|count| (250..450).contains(count)),
            "{seen:?}"
        );
    }
}
