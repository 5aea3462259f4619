//! Identity of findings across line shifts, moves, renames and reformatting.
//!
//! An identity is a hash of what the finding is about and never of where it
//! stands: rule, enclosing symbol, and the code's tokens without white space
//! and comments. Equal identities in one report are told apart by a number.

use std::collections::HashMap;
use std::fmt;

use crate::finding::Finding;

/// What makes a finding the same when it is found again: a 128-bit hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Identity([u8; 16]);

/// An identity with its number among the equal ones of a report; unique within
/// the report. The first of equal findings has the number 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint([u8; 16]);

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn parse_hex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

macro_rules! hex_form {
    ($($name:ident)+) => {$(
        impl $name {
            /// Reads the form of 32 hexadecimal digits.
            pub fn from_hex(text: &str) -> Option<Self> {
                parse_hex(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex(&self.0, f)
            }
        }
    )+};
}

hex_form! { Identity Fingerprint }

/// Collects what an identity is made of. Each part is ended, so that `ab`,`c`
/// and `a`,`bc` differ.
#[derive(Clone, Default)]
pub struct IdentityHasher(blake3::Hasher);

impl IdentityHasher {
    /// Starts an identity of a rule.
    pub fn new(rule: &str) -> Self {
        let mut this = Self::default();
        this.part(rule);
        this
    }

    /// Adds a part.
    pub fn part(&mut self, text: &str) -> &mut Self {
        self.0.update(text.as_bytes());
        self.0.update(&[0xff]);
        self
    }

    /// Returns the identity.
    pub fn finish(&self) -> Identity {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        Identity(bytes)
    }
}

/// Gives each finding its fingerprint. The findings must be in report order:
/// equal identities are numbered in it.
pub fn number_fingerprints(findings: &mut [Finding]) {
    let mut seen: HashMap<Identity, u32> = HashMap::new();
    for finding in findings {
        let number = seen.entry(finding.identity).or_default();
        finding.fingerprint = if *number == 0 {
            Fingerprint(finding.identity.0)
        } else {
            let mut hasher = IdentityHasher::new("occurrence");
            hasher.0.update(&finding.identity.0);
            hasher.part(&number.to_string());
            Fingerprint(hasher.finish().0)
        };
        *number += 1;
    }
}
