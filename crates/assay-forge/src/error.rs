//! What can go wrong between us and a forge, and what follows from it: whether
//! to try again, when, and whether the forge may have done it all the same.

use assay_source::ErrorKind;

/// An error of a forge or on the way to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgeError {
    /// A setting or an argument makes no sense.
    #[error("{0}")]
    Setting(String),
    /// The certificates of the system or of the settings cannot be used.
    #[error("no TLS connection can be set up")]
    Tls(#[source] rustls::Error),
    /// The connection could not be made or broke.
    #[error("the connection to the forge failed")]
    Connection {
        /// Whether the request may have reached the forge.
        maybe_done: bool,
        /// What the HTTP client says, without the address.
        #[source]
        source: reqwest::Error,
    },
    /// No complete answer came in time.
    #[error("the forge gave no complete answer within {after_ms} ms")]
    Timeout {
        /// The limit.
        after_ms: u64,
    },
    /// The forge is in trouble.
    #[error("the forge answered {status}")]
    Server {
        /// The HTTP status, 500 or more.
        status: u16,
    },
    /// The forge refused the request.
    #[error("the forge refused: {status} {message}")]
    Refused {
        /// The HTTP status, 400 to 499.
        status: u16,
        /// What it says.
        message: String,
        /// Its list of errors, each as one text.
        errors: Vec<String>,
    },
    /// A GraphQL request failed, which the forge says under status 200.
    #[error("the forge refused the query: {message}")]
    Query {
        /// Such as `FORBIDDEN`; empty when it does not say.
        kind: String,
        /// What it says.
        message: String,
    },
    /// A limit of the forge is reached and the wait is longer than we may wait.
    #[error("the forge's rate limit is reached; it may work in {wait_ms} ms")]
    RateLimited {
        /// How long to wait.
        wait_ms: u64,
    },
    /// Requests fail so often that none is sent for a while.
    #[error("the forge failed too often; it is asked again in {wait_ms} ms")]
    BreakerOpen {
        /// How long until it is tried.
        wait_ms: u64,
    },
    /// Too many requests are under way from here.
    #[error("too many requests to the forge are under way")]
    Crowded,
    /// An answer is larger than we read.
    #[error("the forge's answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// A redirect or a page leads to another server, or in circles.
    #[error("the forge redirects to `{to}`, which is not followed")]
    RedirectRefused {
        /// Scheme and host, without path.
        to: String,
    },
    /// An answer has another shape than is documented.
    #[error("the forge's answer cannot be read: {0}")]
    Unreadable(String),
    /// The key of the app cannot sign.
    #[error("the app's key cannot sign: {0}")]
    Signing(String),
    /// A webhook has another shape than is documented.
    #[error("the payload cannot be read: {0}")]
    Payload(String),
    /// A webhook is larger than any that forges send.
    #[error("the payload is larger than {bytes_max} bytes")]
    PayloadTooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// The steps that one operation may take are used up.
    #[error("{what} took more than {steps_max} steps")]
    TooManySteps {
        /// The operation.
        what: &'static str,
        /// The limit.
        steps_max: usize,
    },
}

impl ForgeError {
    /// Returns the kind, from which status, exit code and retrying follow.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting(_)
            | Self::Tls(_)
            | Self::Signing(_)
            | Self::Payload(_)
            | Self::PayloadTooLarge { .. } => ErrorKind::Invalid,
            Self::Connection { .. }
            | Self::Timeout { .. }
            | Self::Server { .. }
            | Self::BreakerOpen { .. }
            | Self::TooManySteps { .. } => ErrorKind::Unavailable,
            Self::RateLimited { .. } | Self::Crowded => ErrorKind::Busy,
            Self::Refused { status, .. } => match status {
                401 | 403 => ErrorKind::Denied,
                404 | 410 => ErrorKind::NotFound,
                409 => ErrorKind::Conflict,
                429 => ErrorKind::Busy,
                _ => ErrorKind::Invalid,
            },
            Self::Query { kind, .. } => match kind.as_str() {
                "FORBIDDEN" | "INSUFFICIENT_SCOPES" => ErrorKind::Denied,
                "NOT_FOUND" => ErrorKind::NotFound,
                "RATE_LIMITED" => ErrorKind::Busy,
                _ => ErrorKind::Invalid,
            },
            Self::TooLarge { .. } | Self::RedirectRefused { .. } | Self::Unreadable(_) => {
                ErrorKind::Invalid
            }
        }
    }

    /// Returns whether the forge may have done what was asked although it did
    /// not say so: look before asking again.
    pub fn maybe_done(&self) -> bool {
        match self {
            Self::Connection { maybe_done, .. } => *maybe_done,
            Self::Timeout { .. } | Self::Server { .. } | Self::TooLarge { .. } => true,
            // An answer that is no answer may come from something in between.
            Self::Unreadable(_) => true,
            _ => false,
        }
    }

    /// Returns after how many milliseconds it may work, where that is known.
    pub fn wait_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { wait_ms } | Self::BreakerOpen { wait_ms } => Some(*wait_ms),
            _ => None,
        }
    }

    /// Returns the HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::Server { status } => Some(*status),
            _ => None,
        }
    }

    /// Returns whether the forge's words hold the phrase, in any case.
    pub(crate) fn says(&self, phrase: &str) -> bool {
        let holds = |text: &str| text.to_ascii_lowercase().contains(phrase);
        match self {
            Self::Refused {
                message, errors, ..
            } => holds(message) || errors.iter().any(|error| holds(error)),
            Self::Query { message, .. } => holds(message),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ForgeError;

    #[test]
    fn what_may_have_been_done_is_looked_at_first() {
        for (error, maybe_done, kind) in [
            (ForgeError::Server { status: 502 }, true, "unavailable"),
            (ForgeError::Timeout { after_ms: 1 }, true, "unavailable"),
            (ForgeError::RateLimited { wait_ms: 5 }, false, "busy"),
            (ForgeError::BreakerOpen { wait_ms: 5 }, false, "unavailable"),
            (ForgeError::Crowded, false, "busy"),
            (ForgeError::Unreadable(String::new()), true, "invalid"),
        ] {
            assert_eq!(error.maybe_done(), maybe_done, "{error}");
            assert_eq!(error.kind().name(), kind, "{error}");
        }
    }
}
