//! Refusals, as problem documents (RFC 9457). The status follows from the kind of
//! the error in one table; nothing of what is inside reaches an answer.

use assay_app::Error;
use assay_source::ErrorKind;
use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    retry_s: Option<i64>,
    /// What is not for the caller.
    inside: Option<Error>,
}

/// A problem document.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct WireProblem {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:assay:problem:not-found")]
    kind: String,
    /// The kind, in words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong this time.
    detail: String,
}

/// The status of each kind.
fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Denied => StatusCode::FORBIDDEN,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Busy => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Problem {
    /// Returns a refusal that the server itself decides on.
    pub(crate) fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            detail: detail.into(),
            retry_s: None,
            inside: None,
        }
    }

    /// Returns that a part of the request makes no sense.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorKind::Invalid.name(), detail)
    }

    /// Says when the caller may try again.
    #[must_use]
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_s: i64::try_from(seconds).ok(),
            ..self
        }
    }

    /// Returns that there is no such thing.
    pub(crate) fn not_found() -> Self {
        let detail = "there is no such thing";
        Self::new(StatusCode::NOT_FOUND, ErrorKind::NotFound.name(), detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        let retry_ms = match &error {
            Error::Busy { retry_ms } | Error::QuotaExhausted { retry_ms, .. } => Some(*retry_ms),
            _ if kind.may_pass() => Some(1_000),
            _ => None,
        };
        let (status, name) = match &error {
            _ if error.is_unauthenticated() => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Error::QuotaExhausted { .. } => (StatusCode::TOO_MANY_REQUESTS, "quota-exhausted"),
            Error::Stale => (StatusCode::PRECONDITION_FAILED, "stale"),
            _ => (status(kind), kind.name()),
        };
        Self {
            status,
            kind: name,
            detail: error.public_message(),
            retry_s: retry_ms.map(|ms| (ms.saturating_add(999) / 1_000).max(1)),
            inside: Some(error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if self.status.is_server_error()
            && let Some(error) = &self.inside
        {
            tracing::error!(error = ?error, "a request failed");
        }
        let title = self.status.canonical_reason().unwrap_or("Problem");
        let body = WireProblem {
            kind: format!("urn:assay:problem:{}", self.kind),
            title,
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"assay\""),
            );
        }
        if let Some(retry_s) = self.retry_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(retry_s));
        }
        let kind = FailedAs(self.kind);
        response.extensions_mut().insert(kind);
        response
    }
}

/// The kind of a refusal, for those who count.
#[derive(Clone, Copy)]
pub(crate) struct FailedAs(pub(crate) &'static str);

/// How any endpoint may refuse.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it is there for the documentation")]
pub(crate) enum Refusals {
    /// The request makes no sense.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(WireProblem),
    /// Nobody knows who asks.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(WireProblem),
    /// The caller may see this, but not do it.
    #[response(status = 403, content_type = "application/problem+json")]
    Denied(WireProblem),
    /// There is no such thing, or the caller may not know of it.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(WireProblem),
    /// The body did not arrive in time.
    #[response(status = 408, content_type = "application/problem+json")]
    Late(WireProblem),
    /// It contradicts what is there.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(WireProblem),
    /// The thing is not any more what `If-Match` says.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(WireProblem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(WireProblem),
    /// The body is of another type.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(WireProblem),
    /// A limit is reached; `Retry-After` says when to try again.
    #[response(status = 429, content_type = "application/problem+json")]
    Busy(WireProblem),
    /// Something that this needs does not answer, or took too long.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(WireProblem),
}
