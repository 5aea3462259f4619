//! Log-ins that somebody else vouches for: a browser is sent there and comes back.

use assay_app::{BegunLogin, ReturnedLogin};
use assay_auth::UserId;
use axum::Json;
use axum::extract::State;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::session::cookie_of;
use crate::context::Context;
use crate::extract::{Address, Authenticated, Id, Parameters};
use crate::problem::{Problem, Refusals};

/// What a browser keeps while it is away.
const COOKIE: &str = "assay-login";

/// Who may vouch for people.
#[derive(Serialize, ToSchema)]
#[schema(as = LoginProviders)]
pub(crate) struct WireProviders {
    /// Each of them.
    items: Vec<WireProvider>,
}

/// Somebody who may vouch for people.
#[derive(Serialize, ToSchema)]
#[schema(as = LoginProvider)]
pub(crate) struct WireProvider {
    /// Their name.
    #[schema(example = "github")]
    name: String,
    /// Where a browser goes to log in.
    #[schema(example = "/auth/login/github")]
    path: String,
}

/// How a log-in is begun.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BeginQuery {
    /// Where to go afterwards: a path of this server.
    #[serde(rename = "return")]
    #[param(rename = "return")]
    path: Option<String>,
    /// An invitation.
    invitation: Option<String>,
}

/// What a provider sends back. Further parameters say nothing to us.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BackQuery {
    /// The state that the browser was sent with.
    state: Option<String>,
    /// The code, when the provider vouches.
    code: Option<String>,
    /// Who the provider says it is.
    iss: Option<String>,
}

/// Where a person goes to be known by a provider.
#[derive(Serialize, ToSchema)]
#[schema(as = LoginAddress)]
pub(crate) struct WireAddress {
    /// The address of the provider.
    address: String,
}

/// An invitation, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct WireInvitation {
    /// For `/auth/login/{provider}?invitation=`.
    invitation: String,
    /// The paths to open, one for each provider.
    paths: Vec<String>,
}

/// Lists who may vouch for people.
#[utoipa::path(
    get, path = "/api/v1/auth/providers", operation_id = "login_providers", tag = "access",
    security(()),
    responses((status = 200, body = WireProviders, description = "All of them."))
)]
pub(crate) async fn providers(State(context): State<Context>) -> Json<WireProviders> {
    let names = context.app.login_providers();
    let items = names.into_iter().map(|name| WireProvider {
        name: name.to_owned(),
        path: format!("/auth/login/{name}"),
    });
    Json(WireProviders {
        items: items.collect(),
    })
}

/// Sends a browser to whoever vouches for the person.
#[utoipa::path(
    get, path = "/auth/login/{provider}", operation_id = "login_begin", tag = "access",
    security(()),
    params(("provider" = String, Path, description = "Who vouches."), BeginQuery),
    responses((status = 303, description = "To the provider."), Refusals)
)]
pub(crate) async fn begin(
    State(context): State<Context>,
    Address(address): Address,
    Id(provider): Id,
    Parameters(query): Parameters<BeginQuery>,
) -> Result<impl IntoResponse, Problem> {
    let app = &context.app;
    app.check_login_rate(address).await?;
    let invitation = query.invitation.as_deref();
    let begun = app
        .login_begin(&provider, query.path.as_deref(), invitation)
        .await?;
    let cookie = away_cookie(&context, &begun)?;
    Ok((
        StatusCode::SEE_OTHER,
        [(SET_COOKIE, cookie), (LOCATION, place(&begun.address)?)],
    ))
}

/// Takes a browser back from whoever vouches for the person, and begins a session.
#[utoipa::path(
    get, path = "/auth/callback/{provider}", operation_id = "login_finish", tag = "access",
    security(()),
    params(("provider" = String, Path, description = "Who vouches."), BackQuery),
    responses((status = 303, description = "To where the person wanted to go."), Refusals)
)]
pub(crate) async fn finish(
    State(context): State<Context>,
    Address(address): Address,
    Id(provider): Id,
    Parameters(query): Parameters<BackQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    context.app.check_login_rate(address).await?;
    let back = ReturnedLogin {
        provider: &provider,
        state: query.state.as_deref().unwrap_or_default(),
        code: query.code.as_deref(),
        issuer: query.iss.as_deref(),
        secret: context.options.cookie(&headers, COOKIE),
    };
    let finished = context.app.login_finish(back).await?;
    let headers: [(HeaderName, HeaderValue); 3] = [
        (SET_COOKIE, cookie_of(&context, &finished.session)?),
        (SET_COOKIE, context.options.set_cookie(COOKIE, "", 0)?),
        (LOCATION, place(&finished.path)?),
    ];
    Ok((StatusCode::SEE_OTHER, AppendHeaders(headers)))
}

/// Begins a log-in by which the person who calls is known from then on as well.
#[utoipa::path(
    post, path = "/api/v1/auth/link/{provider}", operation_id = "login_link", tag = "access",
    params(("provider" = String, Path, description = "Who is to vouch.")),
    responses((status = 200, body = WireAddress, description = "Where to go."), Refusals)
)]
pub(crate) async fn link(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(provider): Id,
) -> Result<impl IntoResponse, Problem> {
    let begun = context.app.login_link(&caller, &provider).await?;
    let cookie = away_cookie(&context, &begun)?;
    let address = begun.address;
    Ok(([(SET_COOKIE, cookie)], Json(WireAddress { address })))
}

/// Makes an invitation for a person of the organisation.
///
/// Whoever has it and logs in is that person from then on. It is good for a week and for one; a new one takes the
/// place of an older one.
#[utoipa::path(
    post, path = "/api/v1/users/{id}/invitation", operation_id = "user_invite",
    tag = "organisation",
    params(("id" = String, Path, description = "The person.")),
    responses((status = 201, body = WireInvitation, description = "The invitation."), Refusals)
)]
pub(crate) async fn invite(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<(StatusCode, Json<WireInvitation>), Problem> {
    let user = id.read(UserId::parse)?;
    let text = context.app.user_invite(&caller, user).await?;
    let invitation = text.expose_secret().to_owned();
    let path = |name: &str| format!("/auth/login/{name}?invitation={invitation}");
    let paths = context.app.login_providers().into_iter().map(path);
    let paths = paths.collect();
    let body = WireInvitation { invitation, paths };
    Ok((StatusCode::CREATED, Json(body)))
}

fn away_cookie(context: &Context, begun: &BegunLogin) -> Result<HeaderValue, Problem> {
    let secret = begun.secret.text().expose_secret();
    context.options.set_cookie(COOKIE, secret, begun.life_s)
}

fn place(address: &str) -> Result<HeaderValue, Problem> {
    let value = HeaderValue::from_str(address);
    value.map_err(|_| Problem::invalid("there is no such place"))
}
