//! What handlers take out of a request: who calls, bodies, queries, identifiers.
//! What does not fit is a problem document, and never a panic or a bare text.

use std::time::Duration;

use assay_app::{Caller, Expected};
use assay_auth::OrganisationId;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::budget::{self, BodyError, RETRY_S};
use crate::context::Context;
use crate::layer::version_of;
use crate::problem::Problem;

const ORGANISATION: &str = "assay-organisation";
const KEY: &str = "x-api-key";
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
        let named = header(&parts.headers, ORGANISATION)?;
        let organisation = named.and_then(|text| OrganisationId::parse(text).ok());
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
        // Only whoever is somebody learns that what they name is nothing.
        match named.is_some() && organisation.is_none() {
            true => Err(Problem::not_found()),
            false => Ok(Self(caller)),
        }
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
        let address = context.address_of(&parts.extensions, &parts.headers);
        let Some(address) = address else {
            let detail = "the server does not know who calls";
            return Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                detail,
            ));
        };
        Ok(Self(address))
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
        // A list would be taken for the members in their order.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(Problem::invalid("the body: it is a JSON object"));
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(why) => Err(Problem::invalid(format!("the body: {why}"))),
        }
    }
}

/// So many bytes may a body of a route have.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A route that says nothing of bodies takes small ones.
const BODY_BYTES_USUAL: usize = 64 * 1024;

/// The bytes of a body, up to the route's limit and within what is held at once.
pub(crate) struct Body(pub(crate) Bytes);

impl FromRequest<Context> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let Address(address) = Address::from_request_parts(&mut parts, context).await?;
        let limit = parts.extensions.get::<BodyLimit>();
        let bytes_max = limit.map_or(BODY_BYTES_USUAL, |limit| limit.0);
        let reading = budget::read(body, bytes_max, context.bodies.share(address));
        let time_max = Duration::from_millis(context.options.body_ms);
        match tokio::time::timeout(time_max, reading).await {
            Ok(Ok(bytes)) => Ok(Self(bytes)),
            Ok(Err(error)) => Err(body_problem(error, bytes_max)),
            Err(_) => {
                let seconds = time_max.as_secs();
                let detail = format!("the body did not arrive within {seconds} seconds");
                Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail))
            }
        }
    }
}

fn body_problem(error: BodyError, bytes_max: usize) -> Problem {
    match error {
        BodyError::TooLarge => {
            let detail = format!("the body is larger than this takes, {bytes_max} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
        }
        BodyError::TooMuch => {
            let detail =
                "more bodies arrive than the server holds at once, of all or of your address";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(RETRY_S)
        }
        BodyError::Broken => Problem::invalid("the body could not be read"),
    }
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
