//! Why an operation was not done.

use assay_auth::{AuthError, Denied};
use assay_source::ErrorKind;
use thiserror::Error as ThisError;

use crate::review_process::ProcessError;

/// An operation was not done.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The caller may not do that.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// What the caller showed is not good.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] assay_store::Error),
    /// A part of the request makes no sense.
    #[error("`{field}`: {why}")]
    Invalid {
        /// Which part.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The caller is in several organisations and named none.
    #[error("you are in several organisations; name one in the header `Assay-Organisation`")]
    OrganisationUnnamed,
    /// The idempotency key was sent with another request.
    #[error("the idempotency key was sent with another request")]
    KeyReused,
    /// The thing is not any more what the caller thinks that it is.
    #[error("this was changed meanwhile; read it again")]
    Stale,
    /// The change would leave nobody who looks after the organisation.
    #[error("this would leave nobody who can look after the organisation")]
    LastAdministrator,
    /// What is to be changed is what an experiment runs with.
    #[error("an experiment runs with this prompt; stop it first")]
    ExperimentRuns,
    /// The same request is being done.
    #[error("the same request is being done")]
    UnderWay,
    /// Too much is asked for; later it may work.
    #[error("there is too much to do; try again later")]
    Busy {
        /// When to try again.
        retry_ms: i64,
    },
    /// The quota of the organisation or the caller is used up.
    #[error("the quota of {kind} is used up")]
    QuotaExhausted {
        /// Of what.
        kind: &'static str,
        /// When there is more again.
        retry_ms: i64,
    },
    /// Whoever is to vouch for people does not answer.
    #[error("whoever vouches for people here does not answer: {0}")]
    ProviderAway(String),
    /// A text was not examined.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// This server is not set up for that.
    #[error("this server is not set up to {0}")]
    NotSetUp(&'static str),
    /// Something of ours fell over.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Returns the kind, from which status, exit code and retries follow.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Auth(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Invalid { .. } | Self::OrganisationUnnamed => ErrorKind::Invalid,
            Self::KeyReused
            | Self::UnderWay
            | Self::Stale
            | Self::LastAdministrator
            | Self::ExperimentRuns => ErrorKind::Conflict,
            Self::Busy { .. } | Self::QuotaExhausted { .. } => ErrorKind::Busy,
            Self::Process(ProcessError::Refused { .. }) => ErrorKind::Invalid,
            Self::Process(_) | Self::NotSetUp(_) | Self::ProviderAway(_) => ErrorKind::Unavailable,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// Returns whether the caller has to show first who they are.
    pub fn is_unauthenticated(&self) -> bool {
        match self {
            Self::Denied(denied) => *denied == Denied::Unauthenticated,
            Self::Auth(error) => error.kind() == ErrorKind::Denied,
            _ => false,
        }
    }

    /// Returns what the caller is told: nothing of what is inside.
    pub fn public_message(&self) -> String {
        match self.kind() {
            ErrorKind::Internal => "something went wrong here; the log knows more".to_owned(),
            ErrorKind::Unavailable => "something that this needs does not answer".to_owned(),
            ErrorKind::NotFound => "there is no such thing".to_owned(),
            ErrorKind::Invalid | ErrorKind::Denied | ErrorKind::Conflict | ErrorKind::Busy => {
                self.to_string()
            }
        }
    }

    pub(crate) fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Invalid { field, why }
    }
}
