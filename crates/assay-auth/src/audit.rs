//! The chain of the audit log: each entry's hash covers the one before it, so that
//! no entry can be changed, removed or put in without all later hashes changing.
//!
//! What a chain cannot show is that its end was cut off; who keeps the last hash
//! elsewhere sees that as well.

use std::fmt;

use serde_json::Value;

use crate::error::AuthError;
use crate::identifier::OrganisationId;
use crate::secret::{HASH_BYTES, from_hex, hash, to_hex};

/// So deep may the details of an entry be nested.
const DEPTH_MAX: usize = 32;

/// The hash of an entry and of all before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditHash([u8; HASH_BYTES]);

impl AuditHash {
    /// What stands before the first entry.
    pub const START: Self = Self([0; HASH_BYTES]);

    /// Takes what a database kept.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns what a database keeps.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        from_hex(text)
            .map(Self)
            .ok_or(AuthError::AuditHashMalformed)
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEvent {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Where, if it was in one organisation.
    pub organisation: Option<OrganisationId>,
    /// Who did it.
    pub actor: String,
    /// What was done, such as `key.create`.
    pub action: String,
    /// To what, such as `key:0198...`.
    pub target: String,
    /// More about it; never a secret.
    pub details: Value,
}

impl AuditEvent {
    /// Returns the one text of the event: JSON without blanks, keys in the order
    /// of their bytes.
    pub fn canonical(&self) -> Result<String, AuthError> {
        let organisation = self.organisation.map(|id| Value::from(id.to_string()));
        let mut event = serde_json::Map::new();
        event.insert("action".into(), self.action.clone().into());
        event.insert("actor".into(), self.actor.clone().into());
        event.insert("at_ms".into(), self.at_ms.into());
        event.insert("details".into(), self.details.clone());
        event.insert("organisation".into(), organisation.unwrap_or(Value::Null));
        event.insert("target".into(), self.target.clone().into());
        let mut out = String::new();
        write_canonical(&Value::Object(event), DEPTH_MAX, &mut out)?;
        Ok(out)
    }

    /// Returns the hash of the entry that this event becomes.
    pub fn hash(&self, number: u64, previous: AuditHash) -> Result<AuditHash, AuthError> {
        let canonical = self.canonical()?;
        let parts: [&[u8]; 4] = [
            b"assay audit entry",
            &previous.0,
            &number.to_be_bytes(),
            canonical.as_bytes(),
        ];
        Ok(AuditHash(hash(&parts)))
    }
}

/// Walks over a chain from its first entry and stops at the first that does not
/// follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditWalk {
    number: u64,
    hash: AuditHash,
}

impl Default for AuditWalk {
    fn default() -> Self {
        Self {
            number: 0,
            hash: AuditHash::START,
        }
    }
}

impl AuditWalk {
    /// Goes on after an entry that was checked before.
    pub fn after(number: u64, hash: AuditHash) -> Self {
        Self { number, hash }
    }

    /// Checks the next entry: its number is the next one, and its hash is right.
    pub fn step(
        &mut self,
        number: u64,
        event: &AuditEvent,
        hash: AuditHash,
    ) -> Result<(), AuthError> {
        let expected = self.number.checked_add(1);
        if expected != Some(number) || event.hash(number, self.hash) != Ok(hash) {
            return Err(AuthError::AuditChainBroken { number });
        }
        *self = Self { number, hash };
        Ok(())
    }

    /// Returns the number of the last entry; zero when there is none.
    pub fn number(self) -> u64 {
        self.number
    }

    /// Returns the hash of the last entry.
    pub fn hash(self) -> AuditHash {
        self.hash
    }
}

fn write_canonical(value: &Value, depth: usize, out: &mut String) -> Result<(), AuthError> {
    let depth = depth.checked_sub(1).ok_or(AuthError::AuditDetailsUnfit)?;
    match value {
        // A fraction is not the same text everywhere.
        Value::Number(number) if number.is_f64() => return Err(AuthError::AuditDetailsUnfit),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_canonical(item, depth, out)?;
            }
            out.push(']');
        }
        Value::Object(object) => {
            let mut keys: Vec<_> = object.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (at, (key, item)) in keys.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(item, depth, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}
