//! Identifiers of what the platform keeps: UUIDs of version 7, so that they grow
//! with time, and one type for each kind, so that none is taken for another.

use std::fmt;

use assay_source::{Clock, Randomness};
use uuid::{Builder, Uuid};

use crate::error::AuthError;

/// So long is the text of an identifier.
const TEXT_BYTES: usize = 36;

/// An identifier of any kind; [`identifier!`](crate::identifier) makes the kinds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(Uuid);

impl Identifier {
    /// Makes a new one of the time and 74 random bits.
    pub fn new(clock: &dyn Clock, randomness: &dyn Randomness) -> Self {
        let mut random = [0; 10];
        randomness.fill(&mut random);
        let now_ms = u64::try_from(clock.now_ms()).unwrap_or(0);
        Self(Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid())
    }

    /// Reads the one text that an identifier has: 36 characters in lower case.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        if text.len() != TEXT_BYTES || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(AuthError::IdentifierMalformed);
        }
        match Uuid::try_parse(text) {
            Ok(uuid) => Ok(Self(uuid)),
            Err(_) => Err(AuthError::IdentifierMalformed),
        }
    }

    /// Takes what a database kept.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Returns what a database keeps.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// Returns the milliseconds since 1970 at which it was made, for those of
    /// version 7.
    pub fn made_ms(self) -> Option<i64> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        let ms = seconds
            .checked_mul(1000)?
            .checked_add(u64::from(nanos) / 1_000_000)?;
        i64::try_from(ms).ok()
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Declares a kind of [`Identifier`] as a type of its own.
#[macro_export]
macro_rules! identifier {
    ($(#[$attribute:meta])* $visibility:vis $name:ident) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility struct $name($crate::Identifier);

        impl $name {
            /// Makes a new one of the time and 74 random bits.
            $visibility fn new(
                clock: &dyn ::assay_source::Clock,
                randomness: &dyn ::assay_source::Randomness,
            ) -> Self {
                Self($crate::Identifier::new(clock, randomness))
            }

            /// Reads the one text that an identifier has.
            $visibility fn parse(text: &str) -> Result<Self, $crate::AuthError> {
                $crate::Identifier::parse(text).map(Self)
            }

            /// Says that an identifier is one of this kind.
            $visibility const fn from_identifier(identifier: $crate::Identifier) -> Self {
                Self(identifier)
            }

            /// Returns the identifier without its kind.
            $visibility const fn identifier(self) -> $crate::Identifier {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

identifier! {
    /// Names an organisation: the tenant that everything belongs to.
    pub OrganisationId
}
identifier! {
    /// Names a person.
    pub UserId
}
identifier! {
    /// Names a team of an organisation.
    pub TeamId
}
identifier! {
    /// Names a role that an organisation made itself.
    pub RoleId
}
identifier! {
    /// Names an API key; it is the public part of the key's text.
    pub KeyId
}
identifier! {
    /// Names a session of a person who logged in.
    pub SessionId
}

#[cfg(test)]
mod tests {
    use assay_testkit::{SeededRandomness, SettableClock};

    use super::{Identifier, KeyId, UserId};

    #[test]
    fn identifiers_grow_with_time_and_know_it() {
        let clock = SettableClock::new(1_767_225_600_000);
        let randomness = SeededRandomness::new(7);
        let first = UserId::new(&clock, &randomness);
        clock.advance(1);
        let second = UserId::new(&clock, &randomness);
        assert!(first < second);
        assert_eq!(second.identifier().made_ms(), Some(1_767_225_600_001));
        assert_eq!(second.identifier().uuid().get_version_num(), 7);
        clock.set(-5);
        let before_time = UserId::new(&clock, &randomness);
        assert_eq!(before_time.identifier().made_ms(), Some(0));
    }

    #[test]
    fn an_identifier_has_one_text() {
        let id = KeyId::new(&SettableClock::default(), &SeededRandomness::new(1));
        let text = id.to_string();
        assert_eq!(KeyId::parse(&text), Ok(id));
        assert_eq!(format!("{id:?}"), format!("KeyId({text})"));
        for other in [
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{{{text}}}"),
            format!("urn:uuid:{text}"),
            format!(" {text}"),
            text[..35].to_owned(),
            String::new(),
            "é".repeat(18),
        ] {
            assert!(Identifier::parse(&other).is_err(), "{other}");
        }
    }
}
