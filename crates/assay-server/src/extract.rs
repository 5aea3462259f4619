//! What handlers take out of a request: who calls, bodies, queries, identifiers.
//! What does not fit is a problem document, and never a panic or a bare text.

use assay_app::{Caller, Expected};
use assay_auth::OrganisationId;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::context::{Context, Peer};
use crate::layer::version_of;
use crate::problem::Problem;

const ORGANISATION: &str = "assay-organisation";
const KEY: &str = "x-api-key";
const FORWARDED: &str = "x-forwarded-for";
/// Further tags of `If-Match` are not looked at.
const TAGS_MAX: usize = 16;

/// Whoever calls, by a key, a token or a session. Somebody who shows nothing is told so
/// before anything else of the request is looked at. Each call is one of the caller's
/// quota.
pub(crate) struct Authenticated(pub(crate) Caller);

impl FromRequestParts<Context> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let Uncounted(caller) = Uncounted::from_request_parts(parts, context).await?;
        context.app.count_call(&caller).await?;
        Ok(Self(caller))
    }
}

/// Whoever calls, for what is answered also when no calls are left: how many there are,
/// and signing out.
pub(crate) struct Uncounted(pub(crate) Caller);

impl FromRequestParts<Context> for Uncounted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let organisation = match header(&parts.headers, ORGANISATION)? {
            None => None,
            Some(text) => Some(OrganisationId::parse(text).map_err(|_| Problem::not_found())?),
        };
        let caller = match credential(&parts.headers)? {
            Some(text) => context.app.authenticate(text, organisation).await?,
            None => match context.options.session_token(&parts.headers) {
                None => Caller::nobody().identified()?,
                Some(token) => {
                    let options = &context.options;
                    options.check_page(&parts.method, &parts.headers, &token)?;
                    context
                        .app
                        .authenticate_session(&token, organisation)
                        .await?
                }
            },
        };
        Ok(Self(caller))
    }
}

/// Returns what a caller shows: `Authorization: Bearer ...` or `X-API-Key: ...`.
fn credential(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(text) = header(headers, AUTHORIZATION.as_str())? else {
        return header(headers, KEY);
    };
    let bearer = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match bearer {
        Some((_, token)) => Ok(Some(token.trim())),
        None => {
            let detail = "the scheme of `Authorization` is `Bearer`";
            Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                detail,
            ))
        }
    }
}

/// Returns a header that stands once and is text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Problem::invalid(format!(
                "the header `{name}` is no plain text"
            ))),
        },
        (Some(_), Some(_)) => Err(Problem::invalid(format!(
            "the header `{name}` stands twice"
        ))),
    }
}

/// The address of whoever calls, behind the proxies that are ours.
pub(crate) struct Address(pub(crate) std::net::IpAddr);

impl FromRequestParts<Context> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>();
        let Some(Peer(peer)) = peer.copied() else {
            let detail = "the server does not know who calls";
            return Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                detail,
            ));
        };
        let hops = parts.headers.get_all(FORWARDED).iter();
        let hops: Vec<_> = hops.filter_map(|value| value.to_str().ok()).collect();
        let proxies = &context.options.proxies;
        Ok(Self(assay_auth::caller_address(
            peer,
            &hops.join(","),
            proxies,
        )))
    }
}

/// Whoever calls from inside, where metrics may be read; others find nothing.
pub(crate) struct Inside;

impl FromRequestParts<Context> for Inside {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let Address(address) = Address::from_request_parts(parts, context).await?;
        match context.options.inside.contains(address) {
            true => Ok(Self),
            false => Err(Problem::not_found()),
        }
    }
}

/// A body of JSON.
pub(crate) struct Payload<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Context> for Payload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        let kind = header(request.headers(), CONTENT_TYPE.as_str())?.unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let detail = "the body is of type `application/json`";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                detail,
            ));
        }
        let Body(bytes) = Body::from_request(request, context).await?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(why) => Err(Problem::invalid(format!("the body: {why}"))),
        }
    }
}

/// The bytes of a body, up to the route's limit.
pub(crate) struct Body(pub(crate) Bytes);

impl FromRequest<Context> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        match Bytes::from_request(request, context).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) => Err(body_problem(&rejection)),
        }
    }
}

fn body_problem(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = "the body is larger than this takes";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail);
    }
    Problem::invalid("the body could not be read")
}

/// The parameters after `?`.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Context> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let query: Result<Query<T>, QueryRejection> =
            Query::from_request_parts(parts, context).await;
        match query {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::invalid(rejection.body_text())),
        }
    }
}

/// What the caller thinks the thing is that they change: `If-Match`.
pub(crate) struct IfMatch(pub(crate) Expected);

impl FromRequestParts<Context> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Context) -> Result<Self, Problem> {
        let Some(text) = header(&parts.headers, IF_MATCH.as_str())? else {
            return Ok(Self(Expected::Any));
        };
        if text.trim() == "*" {
            return Ok(Self(Expected::Any));
        }
        // Weak tags and tags of other things match nothing.
        let versions = text.split(',').filter_map(|tag| version_of(tag.trim()));
        Ok(Self(Expected::OneOf(versions.take(TAGS_MAX).collect())))
    }
}

/// The caller's name for a request that they may send again: `Idempotency-Key`.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl FromRequestParts<Context> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Context) -> Result<Self, Problem> {
        let text = header(&parts.headers, "idempotency-key")?;
        Ok(Self(text.map(str::to_owned)))
    }
}

/// The two identifiers in the path. One that is none names nothing.
pub(crate) struct TwoIds(pub(crate) Id, pub(crate) Id);

impl FromRequestParts<Context> for TwoIds {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let path: Result<Path<(String, String)>, PathRejection> =
            Path::from_request_parts(parts, context).await;
        match path {
            Ok(Path((outer, inner))) => Ok(Self(Id(outer), Id(inner))),
            Err(_) => Err(Problem::not_found()),
        }
    }
}

/// The identifier in the path. One that is none names nothing.
pub(crate) struct Id(pub(crate) String);

impl Id {
    /// Reads it as an identifier of a kind.
    pub(crate) fn read<T>(
        &self,
        parse: fn(&str) -> Result<T, assay_auth::AuthError>,
    ) -> Result<T, Problem> {
        parse(&self.0).map_err(|_| Problem::not_found())
    }
}

impl FromRequestParts<Context> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let path: Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, context).await;
        match path {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Problem::not_found()),
        }
    }
}
