//! What can go wrong with the store, and of which kind it is.

use assay_source::ErrorKind;
use thiserror::Error as ThisError;

/// The store did not do what it was asked for.
#[derive(Debug, ThisError)]
pub enum Error {
    /// There is no such thing, or it is another organisation's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It contradicts what is there.
    #[error("there is already such a {0}")]
    Exists(&'static str),
    /// A row refers to something that is not there, or contradicts another.
    #[error("the database refuses the row")]
    Refused(#[source] sqlx::Error),
    /// Somebody else changed it since it was read.
    #[error("the {0} was changed meanwhile")]
    Changed(&'static str),
    /// Others depend on it.
    #[error("the {0} is still in use")]
    Used(&'static str),
    /// The worker's lease on the task is over; its work is another's now.
    #[error("the lease on the task is lost")]
    LeaseLost,
    /// What was given makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The call needs the scope of one organisation.
    #[error("this needs the scope of one organisation")]
    ScopeTooWide,
    /// The call is for the platform's own work only.
    #[error("there is no such thing")]
    ScopeTooNarrow,
    /// A limit is reached.
    #[error("the database is busy")]
    Busy(#[source] Option<sqlx::Error>),
    /// The database does not answer.
    #[error("the database does not answer")]
    Unavailable(#[source] Option<sqlx::Error>),
    /// What is kept cannot be read.
    #[error("the kept {what} cannot be read: {why}")]
    Corrupt {
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The database's migrations are not those of this program.
    #[error("migration {number}: {why}")]
    Migration {
        /// Which one.
        number: i64,
        /// What is wrong with it.
        why: String,
    },
    /// The disk refuses.
    #[error("cannot {verb} {path}")]
    Disk {
        /// What was tried.
        verb: &'static str,
        /// On what.
        path: String,
        /// Why not.
        #[source]
        why: std::io::Error,
    },
    /// A mistake of ours.
    #[error("the database refuses a statement")]
    Database(#[source] sqlx::Error),
}

impl Error {
    /// Returns the kind, from which status, exit code and retries follow.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) | Self::ScopeTooNarrow => ErrorKind::NotFound,
            Self::Exists(_)
            | Self::Refused(_)
            | Self::Changed(_)
            | Self::Used(_)
            | Self::LeaseLost => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Busy(_) => ErrorKind::Busy,
            Self::Unavailable(_) | Self::Disk { .. } => ErrorKind::Unavailable,
            Self::ScopeTooWide
            | Self::Corrupt { .. }
            | Self::Migration { .. }
            | Self::Database(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn corrupt(what: &'static str, why: impl std::fmt::Display) -> Self {
        let why = why.to_string();
        Self::Corrupt { what, why }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy(Some(error)),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(Some(error)),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default().into_owned();
                if database.is_unique_violation()
                    || database.is_foreign_key_violation()
                    || database.is_check_violation()
                {
                    Self::Refused(error)
                } else if is_busy(&code) {
                    Self::Busy(Some(error))
                } else if is_unavailable(&code) {
                    Self::Unavailable(Some(error))
                } else {
                    Self::Database(error)
                }
            }
            _ => Self::Database(error),
        }
    }
}

/// SQLite's numbers (busy, locked and their kinds) and PostgreSQL's letters
/// (serialisation, deadlock, lock not available, too many connections).
fn is_busy(code: &str) -> bool {
    matches!(
        code,
        "5" | "6" | "261" | "262" | "517" | "773" | "40001" | "40P01" | "55P03" | "53300"
    )
}

/// SQLite: the disk is full, fails, or the file cannot be opened; PostgreSQL:
/// connections break, resources end, an operator intervenes.
fn is_unavailable(code: &str) -> bool {
    matches!(code, "10" | "13" | "14" | "778" | "1034" | "1290")
        || code.len() == 5 && ["08", "53", "57", "58"].iter().any(|c| code.starts_with(c))
}

#[cfg(test)]
mod tests {
    use super::{is_busy, is_unavailable};

    #[test]
    fn codes_of_both_engines_are_told_apart() {
        for (code, busy, unavailable) in [
            ("5", true, false),
            ("40P01", true, false),
            ("53300", true, true),
            ("57P01", false, true),
            ("08006", false, true),
            ("13", false, true),
            ("42601", false, false),
            ("1", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                (is_busy(code), is_unavailable(code)),
                (busy, unavailable),
                "{code}"
            );
        }
    }
}
