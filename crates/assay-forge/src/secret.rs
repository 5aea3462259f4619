//! Tokens as values that no log line shows.

use std::fmt;

/// A token or a password. Neither `Debug` nor `Display` shows it. It is opaque:
/// forges change the lengths and the characters of theirs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the secret, without white space around it.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// Returns the secret itself, for a header.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns a key that tells secrets apart and gives none away.
    pub(crate) fn key(&self) -> String {
        blake3::hash(self.0.as_bytes()).to_hex()[..16].to_owned()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::new(" a.b_c-d\n");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(secret.expose(), "a.b_c-d");
        assert_ne!(secret.key(), Secret::new("other").key());
    }
}
