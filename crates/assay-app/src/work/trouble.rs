//! Why an attempt at a task failed, and whether another may do better.

use assay_forge::ForgeError;
use assay_source::ErrorKind;
use assay_store::Retry;

use crate::error::Error;
use crate::review_process::ProcessError;

/// An attempt failed.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// Why, with all its causes.
    pub(crate) problem: String,
    pub(crate) retry: Later,
    /// What people may read of it, who do not run the server.
    pub(crate) public: Option<String>,
    /// Whether it took too long.
    pub(crate) is_late: bool,
}

/// When another attempt may do better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Later {
    /// After a time that grows with each attempt.
    Backoff,
    /// After so many milliseconds, which somebody named.
    AfterMs(i64),
    /// Never.
    Never,
    /// After so many milliseconds; nothing was tried, and it does not count.
    Aside(i64),
    /// Another worker has the task: nothing is to be said about it.
    NotOurs,
}

impl Later {
    pub(crate) fn retry(self, now_ms: i64) -> Retry {
        match self {
            Self::Backoff | Self::NotOurs => Retry::Backoff,
            Self::AfterMs(ms) | Self::Aside(ms) => Retry::At(now_ms.saturating_add(ms)),
            Self::Never => Retry::Never,
        }
    }
}

impl Trouble {
    pub(crate) fn new(kind: ErrorKind, problem: impl Into<String>) -> Self {
        let retry = match kind {
            // What was refused stays refused.
            ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Denied => Later::Never,
            ErrorKind::Conflict
            | ErrorKind::Busy
            | ErrorKind::Unavailable
            | ErrorKind::Internal => Later::Backoff,
        };
        Self {
            problem: problem.into(),
            retry,
            public: None,
            is_late: false,
        }
    }

    /// Returns whether what was asked for is not there, or not for us.
    pub(crate) fn is_refused(&self) -> bool {
        self.retry == Later::Never
    }

    /// Returns that something of ours fell over.
    pub(crate) fn broken(problem: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, problem)
    }
}

/// Returns an error with all its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let mut trouble = Self::new(error.kind(), chain(&error));
        match error {
            Error::Busy { retry_ms } => trouble.retry = Later::AfterMs(retry_ms),
            Error::Store(assay_store::Error::LeaseLost) => trouble.retry = Later::NotOurs,
            _ => {}
        }
        trouble
    }
}

impl From<assay_store::Error> for Trouble {
    fn from(error: assay_store::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<assay_auth::AuthError> for Trouble {
    fn from(error: assay_auth::AuthError) -> Self {
        Error::from(error).into()
    }
}

impl From<assay_auth::Denied> for Trouble {
    fn from(error: assay_auth::Denied) -> Self {
        Error::from(error).into()
    }
}

impl From<ForgeError> for Trouble {
    fn from(error: ForgeError) -> Self {
        let mut trouble = Self::new(error.kind(), chain(&error));
        if let ForgeError::RateLimited { wait_ms } | ForgeError::BreakerOpen { wait_ms } = error {
            trouble.retry = Later::AfterMs(i64::try_from(wait_ms).unwrap_or(i64::MAX));
        }
        trouble
    }
}

impl From<assay_git::Error> for Trouble {
    fn from(error: assay_git::Error) -> Self {
        Self::new(error.kind(), chain(&error))
    }
}

impl From<ProcessError> for Trouble {
    fn from(error: ProcessError) -> Self {
        let trouble = Self::new(error.kind(), chain(&error));
        match error {
            ProcessError::Late { .. } => Self {
                is_late: true,
                public: Some(trouble.problem.clone()),
                ..trouble
            },
            // What the program says of the change and its configuration.
            ProcessError::Refused { message } => Self {
                public: Some(message),
                ..trouble
            },
            _ => trouble,
        }
    }
}
