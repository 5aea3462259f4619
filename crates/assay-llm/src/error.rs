//! What can go wrong between us and a model, and what follows from it: ask again,
//! ask another, or give up.

use std::fmt;

use assay_source::ErrorKind;

use crate::budget::BudgetRefusal;
use crate::model::ModelId;

/// Characters of a provider's words that are kept.
pub(crate) const MESSAGE_CHARS_MAX: usize = 300;

/// An error of a model or on the way to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LlmError {
    /// A setting makes no sense.
    #[error("{0}")]
    Setting(String),
    /// The connection could not be made or broke before an answer began.
    #[error("the connection to the provider failed")]
    Connection {
        /// What the HTTP client says, without the address.
        #[source]
        source: reqwest::Error,
    },
    /// The answer broke off.
    #[error("the answer broke off before its end")]
    Cut {
        /// What the HTTP client says; nothing when the server ended it properly.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// Something took too long.
    #[error("{phase} took longer than {after_ms} ms")]
    Timeout {
        /// What.
        phase: Phase,
        /// The limit.
        after_ms: u64,
    },
    /// The provider answered with an error, under its status or in the stream.
    #[error("the provider answered {status}{}: {message}", Code(code))]
    Status {
        /// The HTTP status, or the one that the error in the stream stands for.
        status: u16,
        /// Its word for the error; empty when it has none.
        code: String,
        /// What it says.
        message: String,
        /// Whether asking again may help.
        may_retry: bool,
        /// Whether it came after the answer had begun.
        is_begun: bool,
        /// After what time, when it says so.
        wait_ms: Option<u64>,
    },
    /// What came is not what the protocol says.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
    /// More came than is read.
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// The question has more tokens than the model takes.
    #[error("about {tokens} tokens do not fit into the model's {tokens_max}")]
    ContextTooLarge {
        /// About how many it has.
        tokens: u64,
        /// How many fit.
        tokens_max: u64,
    },
    /// The provider fails so often that it is left alone for a while.
    #[error("the provider failed too often; it is asked again in {wait_ms} ms")]
    BreakerOpen {
        /// How long until it is tried.
        wait_ms: u64,
    },
    /// The money is not there.
    #[error("not asked: {0}")]
    Budget(BudgetRefusal),
    /// It is, or will be, in a batch that is not over.
    #[error("the question waits in a batch")]
    Waiting,
    /// A replayed transcript does not have the question.
    #[error("the transcript does not have this question")]
    NotRecorded,
    /// The error that a transcript has.
    #[error("{message}")]
    Recorded {
        /// Its kind.
        kind: ErrorKind,
        /// What it said.
        message: String,
    },
    /// No model of a chain answered.
    #[error("no model answered{}", Failures(.0))]
    NoneAnswered(Vec<Failed>),
}

/// One model of a chain and what was wrong with it.
#[derive(Debug)]
pub struct Failed {
    /// The model.
    pub model: ModelId,
    /// What was wrong.
    pub error: LlmError,
}

struct Failures<'a>(&'a [Failed]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, one) in self.0.iter().enumerate() {
            let joint = if at == 0 { ": " } else { "; " };
            write!(f, "{joint}{}: {}", one.model, one.error)?;
        }
        Ok(())
    }
}

struct Code<'a>(&'a str);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            code => write!(f, " {code}"),
        }
    }
}

/// What a try may cost that nobody counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charge {
    /// It was refused before a model began.
    Nothing,
    /// The question and as much of an answer as came.
    Heard,
    /// The question and the longest answer.
    Most,
}

/// A part of a call that has a limit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Until something of the answer is there.
    FirstToken,
    /// Between two pieces of it.
    Idle,
    /// All of it.
    Whole,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstToken => "the first piece of the answer",
            Self::Idle => "the next piece of the answer",
            Self::Whole => "the answer",
        })
    }
}

impl LlmError {
    /// Returns what kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting(_) | Self::ContextTooLarge { .. } => ErrorKind::Invalid,
            Self::Connection { .. }
            | Self::Cut { .. }
            | Self::Timeout { .. }
            | Self::BreakerOpen { .. }
            | Self::Waiting => ErrorKind::Unavailable,
            Self::Status {
                status, may_retry, ..
            } => match status {
                401 | 403 => ErrorKind::Denied,
                404 => ErrorKind::NotFound,
                429 if *may_retry => ErrorKind::Busy,
                408 | 409 | 500.. if *may_retry => ErrorKind::Unavailable,
                _ => ErrorKind::Invalid,
            },
            Self::Unreadable(_) | Self::TooLarge { .. } | Self::NotRecorded => ErrorKind::Invalid,
            Self::Budget(_) => ErrorKind::Denied,
            Self::Recorded { kind, .. } => *kind,
            Self::NoneAnswered(failures) => {
                let passing = failures.iter().find(|one| one.error.kind().may_pass());
                let telling = passing.or(failures.last());
                telling.map_or(ErrorKind::Invalid, |one| one.error.kind())
            }
        }
    }

    /// Returns whether the same question to the same model may work now.
    pub(crate) fn may_retry(&self) -> bool {
        match self {
            Self::Connection { .. } | Self::Cut { .. } => true,
            Self::Timeout { phase, .. } => *phase != Phase::Whole,
            Self::Status { may_retry, .. } => *may_retry,
            _ => false,
        }
    }

    /// Returns whether it speaks of the provider's health and not of the question.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Connection { .. } | Self::Cut { .. } | Self::Timeout { .. } => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// Returns what the provider may ask for although nothing came of it.
    pub(crate) fn charge(&self) -> Charge {
        match self {
            // Without a connection nothing was sent. One that broke afterwards says
            // nothing about what the server did with the question.
            Self::Connection { source } if source.is_connect() || source.is_builder() => {
                Charge::Nothing
            }
            // Somebody on the way gave up while the model may have gone on.
            Self::Connection { .. }
            | Self::Cut { .. }
            | Self::Timeout { .. }
            | Self::Unreadable(_)
            | Self::TooLarge { .. }
            | Self::Status {
                is_begun: false,
                status: 408 | 502 | 504 | 520..=527,
                ..
            } => Charge::Most,
            // The provider itself stopped.
            Self::Status { is_begun: true, .. } => Charge::Heard,
            _ => Charge::Nothing,
        }
    }

    /// Returns how long the provider wants to be left alone.
    pub(crate) fn wait_ms(&self) -> Option<u64> {
        match self {
            Self::Status { wait_ms, .. } => *wait_ms,
            _ => None,
        }
    }

    /// Returns whether the provider refused the request because of the named field.
    pub(crate) fn is_refusal_of(&self, fields: &[&str]) -> bool {
        match self {
            Self::Status {
                status: 400 | 404 | 422 | 501,
                message,
                ..
            } => fields.iter().any(|field| message.contains(field)),
            _ => false,
        }
    }
}

/// Shortens words of a provider to what is kept, on one line.
pub(crate) fn shorten(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MESSAGE_CHARS_MAX)
        .collect();
    line.trim().to_owned()
}
