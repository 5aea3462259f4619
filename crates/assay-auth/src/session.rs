//! Sessions of people who logged in: an opaque token in a cookie, of which only a
//! hash is kept.

use std::fmt;

use assay_source::Randomness;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

use crate::error::AuthError;
use crate::secret::{HASH_BYTES, from_base64, hash, is_same_text, to_base64};

const TOKEN_BYTES: usize = 32;

/// The token that a browser keeps.
#[derive(Debug)]
pub struct SessionToken(SecretString);

/// What is kept of a token, and by which its session is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionHash([u8; HASH_BYTES]);

impl SessionToken {
    /// Makes a token.
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; TOKEN_BYTES];
        randomness.fill(&mut bytes);
        let text = to_base64(&bytes);
        bytes.zeroize();
        Self(text.into())
    }

    /// Reads what a browser sent.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        match from_base64(text) {
            Some(bytes) if bytes.len() == TOKEN_BYTES => Ok(Self(text.into())),
            _ => Err(AuthError::SessionMalformed),
        }
    }

    /// Returns the text for the cookie.
    pub fn text(&self) -> &SecretString {
        &self.0
    }

    /// Returns what to keep. The token has 256 random bits: whoever finds its hash
    /// has it, and time tells nothing.
    pub fn hash(&self) -> SessionHash {
        SessionHash(hash(&[b"assay session", self.0.expose_secret().as_bytes()]))
    }

    /// Returns the text that a form of this session carries, so that no other page
    /// can send it.
    pub fn form_token(&self) -> String {
        let secret = self.0.expose_secret().as_bytes();
        to_base64(&hash(&[b"assay form", secret]))
    }

    /// Checks the text that came with a form.
    pub fn check_form_token(&self, given: &str) -> Result<(), AuthError> {
        if is_same_text(&self.form_token(), given) {
            Ok(())
        } else {
            Err(AuthError::FormTokenWrong)
        }
    }
}

impl SessionHash {
    /// Takes what a database kept.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns what a database keeps.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

impl fmt::Debug for SessionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionHash")
    }
}

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// So long without use.
    pub idle_ms: i64,
    /// So long at all.
    pub total_ms: i64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle_ms: 24 * 3_600_000,
            total_ms: 7 * 24 * 3_600_000,
        }
    }
}

impl SessionLimits {
    /// Checks that a session made and last seen at these times is alive.
    pub fn check(self, made_ms: i64, seen_ms: i64, now_ms: i64) -> Result<(), AuthError> {
        let is_alive = now_ms.saturating_sub(made_ms) < self.total_ms
            && now_ms.saturating_sub(seen_ms) < self.idle_ms;
        if is_alive {
            Ok(())
        } else {
            Err(AuthError::SessionExpired)
        }
    }
}

#[cfg(test)]
mod tests {
    use assay_testkit::SeededRandomness;
    use secrecy::ExposeSecret;

    use super::{SessionLimits, SessionToken};
    use crate::error::AuthError;

    #[test]
    fn a_token_is_known_by_its_hash_and_does_not_print() {
        let token = SessionToken::new(&SeededRandomness::new(1));
        let other = SessionToken::new(&SeededRandomness::new(2));
        let text = token.text().expose_secret();
        let read = SessionToken::parse(text).unwrap();
        assert_eq!(read.hash(), token.hash());
        assert_ne!(other.hash(), token.hash());
        assert!(!format!("{token:?} {:?}", token.hash()).contains(text));
        assert_eq!(read.check_form_token(&token.form_token()), Ok(()));
        for wrong in [other.form_token(), text.to_owned(), String::new()] {
            assert_eq!(
                token.check_form_token(&wrong),
                Err(AuthError::FormTokenWrong)
            );
        }
        for wrong in ["", &text[1..], &format!("{text}="), "not base64!"] {
            assert!(SessionToken::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sessions_end_when_unused_and_at_last() {
        let limits = SessionLimits {
            idle_ms: 10,
            total_ms: 100,
        };
        for (made, seen, now, alive) in [
            (0, 0, 9, true),
            (0, 0, 10, false),
            (0, 95, 99, true),
            (0, 95, 100, false),
            (50, 50, 40, true),
            (i64::MIN, i64::MIN, i64::MAX, false),
        ] {
            assert_eq!(
                limits.check(made, seen, now).is_ok(),
                alive,
                "{made} {seen} {now}"
            );
        }
    }
}
