//! What happens to every request: a number, a time limit, counting, headers that
//! keep browsers careful, and tags by which an answer that did not change is not
//! sent again.

use std::any::Any;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;

use assay_app::{Happening, Span, SpanKind, TraceContext, family, within};
use assay_auth::Identifier;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tokio::time::timeout;
use tower::{Layer, Service};

use crate::budget::{Counted, Share, TooMuch};
use crate::context::Context;
use crate::kept::{self, Look};
use crate::problem::{FailedAs, Problem};

const TRACEPARENT: &str = "traceparent";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A caller's own number is taken over if it is short and plain.
const REQUEST_ID_BYTES_MAX: usize = 64;
/// So many headers are put to an answer.
const HARDENING: usize = 6;
/// Larger answers are not held to be tagged.
const TAGGED_BYTES_MAX: usize = 1024 * 1024;
/// The pages of the documentation bring their own scripts.
const PAGES: [&str; 2] = ["/docs", "/redoc"];

/// Numbers, limits and counts each request, and lets no handler that falls over take anything else
/// with it. It is outermost, so it is a service of its own: a function as a layer is kept in a box,
/// which is made anew for each request.
#[derive(Clone)]
pub(crate) struct Watch(pub(crate) Context);

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched {
            context: self.0.clone(),
            inner,
        }
    }
}

/// What [`Watch`] makes of a service.
#[derive(Clone)]
pub(crate) struct Watched<S> {
    context: Context,
    inner: S,
}

impl<S> Service<Request> for Watched<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse + Send,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let mut begun = Begun::of(&self.context, &request);
        if begun.is_too_much {
            let refused = Problem::from(TooMuch).into_response();
            return Box::pin(ready(Ok(begun.end(&self.context, refused))));
        }
        let asked = match kept::look(&self.context, &request) {
            Look::Again(response) => {
                return Box::pin(ready(Ok(begun.end(&self.context, response))));
            }
            Look::Ask(asked) => asked,
        };
        let context = self.context.clone();
        // What it says is known by its numbers (`Happening`): a span of the log is written for
        // each request, which most requests say nothing within.
        let happening = Happening {
            context: begun.trace,
            request: begun.id.to_str().ok().map(Arc::from),
        };
        let answering = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let limit = Duration::from_millis(context.options.request_ms);
        let answering = within(happening, async move {
            let response = match timeout(limit, answering).await {
                Ok(Ok(Ok(response))) => kept::keep(&context, asked, response.into_response()).await,
                Ok(Ok(Err(never))) => match never {},
                Ok(Err(panic)) => fallen(panic.as_ref()),
                Err(_) => {
                    let detail = "the answer took too long";
                    let status = StatusCode::SERVICE_UNAVAILABLE;
                    Problem::new(status, "timeout", detail).into_response()
                }
            };
            let status = response.status().as_u16();
            tracing::debug!(status, "a request was answered");
            Ok(begun.end(&context, response))
        });
        Box::pin(answering)
    }
}

/// A request that is being answered.
struct Begun {
    at_ms: i64,
    id: HeaderValue,
    method: &'static str,
    path: Option<MatchedPath>,
    is_page: bool,
    trace: TraceContext,
    parent: Option<TraceContext>,
    share: Option<Share>,
    is_too_much: bool,
}

impl Begun {
    fn of(context: &Context, request: &Request) -> Self {
        let headers = request.headers();
        let randomness = context.app.randomness();
        let parent = headers.get(TRACEPARENT);
        let parent = parent.and_then(|header| TraceContext::parse(header.to_str().ok()?));
        let proxied = context.proxied_of(request.extensions(), headers);
        let mut share = proxied.map(|address| context.requests.share(address));
        let is_too_much = share.as_mut().is_some_and(|share| share.take(1).is_err());
        let path = request.uri().path();
        Self {
            at_ms: context.app.now_ms(),
            id: request_id(context, request),
            method: method_label(request.method()),
            path: request.extensions().get().cloned(),
            is_page: PAGES.iter().any(|page| path.starts_with(page)),
            trace: match parent {
                Some(parent) => parent.child(randomness),
                None => TraceContext::new(randomness),
            },
            parent,
            share,
            is_too_much,
        }
    }

    /// Counts and tells how a request was answered, and completes the answer.
    fn end(&mut self, context: &Context, mut response: Response) -> Response {
        let route = self.path.as_ref().map_or("unmatched", MatchedPath::as_str);
        let status = response.status();
        let metrics = context.app.metrics();
        metrics.count(family::REQUESTS, &[self.method, route, status.as_str()]);
        let ended_ms = context.app.now_ms();
        let took_ms = (ended_ms - self.at_ms).max(0) as f64;
        metrics.observe_ms(family::REQUEST_DURATION, &[self.method, route], took_ms);
        if let Some(FailedAs(kind)) = response.extensions().get() {
            metrics.count(family::ERRORS, &[kind]);
        }
        if context.app.is_heard() {
            context.app.tell(&Span {
                context: self.trace,
                parent: self.parent,
                name: format!("{} {route}", self.method),
                kind: SpanKind::Server,
                began_ms: self.at_ms,
                ended_ms,
                attributes: vec![
                    ("http.request.method", self.method.to_owned()),
                    ("http.route", route.to_owned()),
                    ("http.response.status_code", status.as_str().to_owned()),
                ],
                is_failed: status.is_server_error(),
            });
        }
        harden(&mut response, self.is_page);
        response.headers_mut().insert(REQUEST_ID, self.id.clone());
        match self.share.take() {
            // It is the address's until it is sent, as a stream is for a long time.
            Some(share) => response.map(|body| Counted::body(body, share)),
            None => response,
        }
    }
}

/// Answers for a handler that fell over.
fn fallen(panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("of no text"), "a request fell over");
    let detail = "something went wrong here; the log knows more";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
}

/// Returns the caller's number of the request, or a new one.
fn request_id(context: &Context, request: &Request) -> HeaderValue {
    let given = request.headers().get(REQUEST_ID);
    let is_fit = |value: &&HeaderValue| {
        let text = value.as_bytes();
        !text.is_empty()
            && text.len() <= REQUEST_ID_BYTES_MAX
            && text
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    match given.filter(is_fit) {
        Some(given) => given.clone(),
        None => {
            let id = Identifier::new(context.app.clock(), context.app.randomness());
            HeaderValue::try_from(id.to_string()).expect("digits and dashes are a value")
        }
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
    headers.reserve(HARDENING);
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
