//! Sessions of browsers: signing in with a key, signing out, and what is open.

use assay_app::{BegunSession, SessionView};
use assay_auth::{SessionId, UserId};
use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Address, Authenticated, Id, Parameters, Payload, Uncounted};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignIn)]
pub(crate) struct WireSignIn {
    /// An API key.
    #[schema(example = "assay_...")]
    key: String,
}

/// A session that began; the browser keeps it in a cookie.
#[derive(Serialize, ToSchema)]
#[schema(as = BegunSession)]
pub(crate) struct WireBegun {
    /// Its identifier.
    id: String,
    /// What is sent as `X-CSRF-Token` with whatever changes something.
    csrf_token: String,
    /// When it ends at the latest.
    expires_ms: i64,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct WireSession {
    /// Its identifier.
    id: String,
    /// How it began: `key`, or who vouched.
    #[schema(example = "key")]
    means: String,
    /// When it began.
    created_ms: i64,
    /// When it was last used, to the minute.
    seen_ms: i64,
    /// When it ends at the latest.
    expires_ms: i64,
    /// Whether it is the one that asks.
    is_current: bool,
}

impl From<SessionView> for WireSession {
    fn from(view: SessionView) -> Self {
        Self {
            id: view.id.to_string(),
            means: view.means,
            created_ms: view.created_ms,
            seen_ms: view.seen_ms,
            expires_ms: view.expires_ms,
            is_current: view.is_current,
        }
    }
}

/// The token of a session's pages.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionPage)]
pub(crate) struct WirePage {
    /// The session.
    id: String,
    /// What is sent as `X-CSRF-Token` with whatever changes something.
    csrf_token: String,
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
#[schema(as = EndedSessions)]
pub(crate) struct WireEnded {
    /// How many.
    ended: u64,
}

/// Signs in with a key: the answer sets a cookie.
///
/// The session lasts for 7 days, and for 24 hours without use; it ends with its key. A page that uses it sends
/// `X-CSRF-Token` with whatever changes something.
#[utoipa::path(
    post, path = "/api/v1/auth/session", operation_id = "session_begin", tag = "access",
    security(()), request_body = WireSignIn,
    responses((status = 201, body = WireBegun, description = "The session."), Refusals)
)]
pub(crate) async fn begin(
    State(context): State<Context>,
    Address(address): Address,
    headers: HeaderMap,
    Payload(wish): Payload<WireSignIn>,
) -> Result<impl IntoResponse, Problem> {
    context.options.check_origin(&headers)?;
    context.app.check_login_rate(address).await?;
    let begun = context.app.session_begin(&wish.key).await?;
    let cookie = cookie_of(&context, &begun)?;
    let body = WireBegun {
        id: begun.id.to_string(),
        csrf_token: begun.token.form_token(),
        expires_ms: begun.expires_ms,
    };
    Ok((StatusCode::CREATED, [(SET_COOKIE, cookie)], Json(body)))
}

/// Returns the cookie of a session that began.
pub(crate) fn cookie_of(
    context: &Context,
    begun: &BegunSession,
) -> Result<axum::http::HeaderValue, Problem> {
    let left_ms = begun.expires_ms.saturating_sub(context.app.now_ms());
    context
        .options
        .session_cookie(&begun.token, left_ms / 1_000)
}

/// Returns the session of the cookie, with the token for its pages.
#[utoipa::path(
    get, path = "/api/v1/auth/session", operation_id = "session_get", tag = "access",
    responses((status = 200, body = WirePage, description = "The session."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
) -> Result<Json<WirePage>, Problem> {
    context.app.check_inside(&caller)?;
    let token = context.options.session_token(&headers);
    match (caller.session(), token) {
        (Some(id), Some(token)) => Ok(Json(WirePage {
            id: id.to_string(),
            csrf_token: token.form_token(),
        })),
        _ => Err(Problem::not_found()),
    }
}

/// Signs out: the session of the cookie ends.
#[utoipa::path(
    delete, path = "/api/v1/auth/session", operation_id = "session_sign_out", tag = "access",
    responses((status = 204, description = "It is over."), Refusals)
)]
pub(crate) async fn sign_out(
    State(context): State<Context>,
    Uncounted(caller): Uncounted,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    context.app.check_inside(&caller)?;
    if let Some(token) = context.options.session_token(&headers) {
        context.app.session_sign_out(&token).await?;
    }
    let cookie = context.options.no_session_cookie()?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]))
}

/// Lists the caller's sessions, the newest first.
#[utoipa::path(
    get, path = "/api/v1/sessions", operation_id = "session_list", tag = "access",
    params(PageQuery),
    responses((status = 200, body = Listed<WireSession>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireSession>>, Problem> {
    let rows = context.app.session_list(&caller, query.paging()?).await?;
    let cursor = |row: &SessionView| row.id.to_string();
    Ok(Json(query.answer(rows, cursor, WireSession::from)?))
}

/// Ends a session of the caller's.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", operation_id = "session_end", tag = "access",
    params(("id" = String, Path, description = "The session.")),
    responses((status = 204, description = "It is over."), Refusals)
)]
pub(crate) async fn end(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<StatusCode, Problem> {
    let id = id.read(SessionId::parse)?;
    context.app.session_end(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of a person of the organisation.
///
/// Sessions that began with a key end when the key is revoked.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}/sessions", operation_id = "session_end_of_user",
    tag = "organisation",
    params(("id" = String, Path, description = "The person.")),
    responses((status = 200, body = WireEnded, description = "They are over."), Refusals)
)]
pub(crate) async fn end_of_user(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireEnded>, Problem> {
    let user = id.read(UserId::parse)?;
    let ended = context.app.session_end_of_user(&caller, user).await?;
    Ok(Json(WireEnded { ended }))
}
