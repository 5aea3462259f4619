//! What went wrong, as coarse as those who answer need it: HTTP status, exit
//! code and whether to try again each follow from it in one table.

use std::fmt;

/// The kind of an error; every error enum of the platform answers one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// What was asked for makes no sense; asking again will not help.
    Invalid,
    /// There is no such thing, or whoever asks may not know of it.
    NotFound,
    /// Whoever asks may not do that.
    Denied,
    /// It contradicts what is there.
    Conflict,
    /// A limit is reached; later it may work.
    Busy,
    /// Something outside does not answer; later it may work.
    Unavailable,
    /// A mistake of ours.
    Internal,
}

impl ErrorKind {
    /// All kinds, for tables over them.
    pub const ALL: [Self; 7] = [
        Self::Invalid,
        Self::NotFound,
        Self::Denied,
        Self::Conflict,
        Self::Busy,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Returns the kind's name in logs, metrics and formats.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not-found",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// Returns whether the same may work when it is tried again later.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
