//! What happens to every request: a number, a time limit, counting, headers that
//! keep browsers careful, and tags by which an answer that did not change is not
//! sent again.

use std::time::Duration;

use assay_app::{Span, SpanKind, TraceContext, family, within};
use assay_auth::Identifier;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use crate::budget::{Counted, TooMuch};
use crate::context::Context;
use crate::kept;
use crate::problem::{FailedAs, Problem};

const TRACEPARENT: &str = "traceparent";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A caller's own number is taken over if it is short and plain.
const REQUEST_ID_BYTES_MAX: usize = 64;
/// Larger answers are not held to be tagged.
const TAGGED_BYTES_MAX: usize = 1024 * 1024;
/// The pages of the documentation bring their own scripts.
const PAGES: [&str; 2] = ["/docs", "/redoc"];

/// Numbers, limits and counts a request.
pub(crate) async fn watch(
    State(context): State<Context>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let began_ms = context.app.now_ms();
    let id = request_id(&context, &request);
    let method = method_label(request.method());
    let is_page = PAGES
        .iter()
        .any(|page| request.uri().path().starts_with(page));
    let limit = Duration::from_millis(context.options.request_ms);
    let given = request.headers().get(TRACEPARENT);
    let parent = given.and_then(|header| TraceContext::parse(header.to_str().ok()?));
    let trace = match parent {
        Some(parent) => parent.child(context.app.randomness()),
        None => TraceContext::new(context.app.randomness()),
    };
    let said = tracing::info_span!("request", trace_id = trace.trace_id(), request_id = id);
    let proxied = context.proxied_of(request.extensions(), request.headers());
    let mut share = proxied.map(|address| context.requests.share(address));
    let is_too_much = share.as_mut().is_some_and(|share| share.take(1).is_err());
    let answering = async {
        let response = match is_too_much {
            true => Problem::from(TooMuch).into_response(),
            false => within(trace, kept::keep(&context, request, next)).await,
        };
        tracing::debug!(
            status = response.status().as_u16(),
            "a request was answered"
        );
        response
    };
    let answering = answering.instrument(said);
    let mut response = match tokio::time::timeout(limit, answering).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "the answer took too long";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", detail).into_response()
        }
    };
    let route = path.as_ref().map_or("unmatched", MatchedPath::as_str);
    let status = response.status();
    let metrics = context.app.metrics();
    metrics.count(family::REQUESTS, &[method, route, status.as_str()]);
    let took_ms = (context.app.now_ms() - began_ms).max(0) as f64;
    metrics.observe_ms(family::REQUEST_DURATION, &[method, route], took_ms);
    if let Some(FailedAs(kind)) = response.extensions().get() {
        metrics.count(family::ERRORS, &[kind]);
    }
    if context.app.is_heard() {
        context.app.tell(&Span {
            context: trace,
            parent,
            name: format!("{method} {route}"),
            kind: SpanKind::Server,
            began_ms,
            ended_ms: context.app.now_ms(),
            attributes: vec![
                ("http.request.method", method.to_owned()),
                ("http.route", route.to_owned()),
                ("http.response.status_code", status.as_str().to_owned()),
            ],
            is_failed: status.is_server_error(),
        });
    }
    harden(&mut response, is_page);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    match share {
        // It is the address's until it is sent, as a stream is for a long time.
        Some(share) => response.map(|body| Counted::body(body, share)),
        None => response,
    }
}

/// Returns the caller's number of the request, or a new one.
fn request_id(context: &Context, request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID);
    let is_fit = |text: &&str| {
        !text.is_empty()
            && text.len() <= REQUEST_ID_BYTES_MAX
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match given.and_then(|value| value.to_str().ok()).filter(is_fit) {
        Some(text) => text.to_owned(),
        None => Identifier::new(context.app.clock(), context.app.randomness()).to_string(),
    }
}

/// Methods that nobody knows count as one.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn harden(response: &mut Response, is_page: bool) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = if is_page {
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; worker-src blob:; frame-ancestors 'none'"
    } else {
        "default-src 'none'; frame-ancestors 'none'"
    };
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Says which version of a thing an answer shows; its tag begins with it.
#[derive(Clone, Copy)]
pub(crate) struct Versioned(pub(crate) i64);

/// Returns the version that a tag of ours names.
pub(crate) fn version_of(tag: &str) -> Option<i64> {
    let (version, _) = tag.strip_prefix('"')?.strip_suffix('"')?.split_once('-')?;
    version.parse().ok()
}

/// Tags answers of JSON, and answers with nothing what the caller has already.
pub(crate) async fn tag(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let is_small = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|bytes| bytes <= TAGGED_BYTES_MAX as u64);
    let kind = response.headers().get(CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_read || response.status() != StatusCode::OK || !is_json || !is_small {
        return response;
    }
    let version = response
        .extensions()
        .get()
        .map(|Versioned(version)| *version);
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, TAGGED_BYTES_MAX).await else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "no answer")
            .into_response();
    };
    let hash = blake3::hash(&bytes).to_hex();
    let tag = match version {
        Some(version) => format!("\"{version}-{}\"", &hash[..32]),
        None => format!("\"{}\"", &hash[..32]),
    };
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, value);
    }
    // A shared cache keeps nothing; the caller's own asks each time.
    parts
        .headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if known.is_some_and(|known| has_tag(&known, &tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(CONTENT_TYPE);
        parts.headers.remove(axum::http::header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

pub(crate) fn has_tag(known: &HeaderValue, tag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    let mut tags = known
        .split(',')
        .map(|one| one.trim().trim_start_matches("W/"));
    tags.any(|one| one == tag || one == "*")
}
