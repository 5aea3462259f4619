//! Answers that are given again for as long as nothing was committed since: many look
//! how far one review is, over and over. An answer is kept for whoever showed the same
//! credential, for a second at most, so that time too takes rights away; and not at all
//! where that cannot be told without asking the database, where each call is counted, or
//! for a session.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use assay_app::Moment;
use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, ETAG, IF_NONE_MATCH, ORIGIN,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use foldhash::fast::RandomState;

use crate::context::Context;
use crate::layer::has_tag;
use crate::problem::Problem;

/// So long is an answer given again.
const KEPT_MS: i64 = 1_000;
/// Larger answers are not kept.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Longer requests are not looked for.
const ASKED_BYTES_MAX: usize = 16 * 1024;
/// What all of them take at most.
const BYTES_MAX: usize = 32 * 1024 * 1024;
/// What is asked for over and over is there.
const KEPT_PATH: &str = "/api/v1/review/";
/// Credentials are mostly shorter.
const CREDENTIALS_BYTES: usize = 1_200;
/// The headers that an answer depends on, each of which may stand once.
const CREDENTIALS: [&str; 3] = ["authorization", "x-api-key", "assay-organisation"];

/// A handler says with it that its answer depends on what is committed and on who asks,
/// and on nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keepable;

/// What was answered lately.
#[derive(Debug, Default)]
pub(crate) struct KeptAnswers(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    by_request: HashMap<Vec<u8>, Kept, RandomState>,
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Kept {
    moment: Moment,
    at_ms: i64,
    headers: HeaderMap,
    body: Bytes,
}

impl KeptAnswers {
    fn get(&self, asked: &[u8], moment: Moment, now_ms: i64) -> Option<Kept> {
        let answers = self.lock();
        let kept = answers.by_request.get(asked)?;
        let age_ms = now_ms.saturating_sub(kept.at_ms);
        (kept.moment == moment && (0..KEPT_MS).contains(&age_ms)).then(|| kept.clone())
    }

    fn put(&self, asked: Vec<u8>, kept: Kept) {
        let mut answers = self.lock();
        let bytes = asked.len() + kept.body.len();
        if answers.bytes + bytes > BYTES_MAX {
            // They live for a second: beginning anew costs little.
            *answers = Answers::default();
        }
        answers.bytes += bytes;
        if let Some(old) = answers.by_request.insert(asked, kept) {
            answers.bytes = answers.bytes.saturating_sub(old.body.len());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what is asked and by whom, if that is all that an answer can depend on.
fn asked(request: &Request) -> Option<Vec<u8>> {
    let headers = request.headers();
    let is_one = *request.method() == Method::GET && request.uri().path().starts_with(KEPT_PATH);
    // Pages of other origins are answered with a header more.
    if !is_one || headers.contains_key(COOKIE) || headers.contains_key(ORIGIN) {
        return None;
    }
    let path = request.uri().path_and_query()?.as_str();
    let mut asked = Vec::with_capacity(path.len() + CREDENTIALS_BYTES);
    asked.extend_from_slice(path.as_bytes());
    for name in CREDENTIALS {
        let mut values = headers.get_all(name).iter();
        // No header has such a byte in it.
        asked.push(b'\n');
        asked.extend_from_slice(values.next().map_or(b"", HeaderValue::as_bytes));
        if values.next().is_some() {
            return None;
        }
    }
    let is_somebody = headers.contains_key(AUTHORIZATION) || headers.contains_key(CREDENTIALS[1]);
    (is_somebody && asked.len() <= ASKED_BYTES_MAX).then_some(asked)
}

/// What is to be done about a request.
pub(crate) enum Look {
    /// Its answer is given again.
    Again(Response),
    /// It has to be answered; how its answer would be kept, if it may be.
    Ask(Option<Asked>),
}

/// What an answer is kept under.
pub(crate) struct Asked {
    request: Vec<u8>,
    moment: Moment,
    at_ms: i64,
}

/// Looks for the answer of a request.
pub(crate) fn look(context: &Context, request: &Request) -> Look {
    let asked = match context.options.keeps_answers {
        true => asked(request),
        false => None,
    };
    // What is read after it was taken is no older than it.
    let asked = asked.and_then(|asked| Some((context.app.moment()?, asked)));
    let Some((moment, asked)) = asked else {
        return Look::Ask(None);
    };
    let now_ms = context.app.now_ms();
    match context.kept.get(&asked, moment, now_ms) {
        Some(kept) => Look::Again(again(kept, request.headers().get(IF_NONE_MATCH))),
        None => Look::Ask(Some(Asked {
            request: asked,
            moment,
            at_ms: now_ms,
        })),
    }
}

/// Keeps an answer, if it may be.
pub(crate) async fn keep(context: &Context, asked: Option<Asked>, response: Response) -> Response {
    let Some(asked) = asked else {
        return response;
    };
    let is_small = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|bytes| bytes <= ANSWER_BYTES_MAX as u64);
    let is_whole = response.status() == StatusCode::OK && is_small;
    if !is_whole || response.extensions().get::<Keepable>().is_none() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, ANSWER_BYTES_MAX).await else {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        return Problem::new(status, "internal", "no answer").into_response();
    };
    let kept = Kept {
        moment: asked.moment,
        at_ms: asked.at_ms,
        headers: parts.headers.clone(),
        body: body.clone(),
    };
    context.kept.put(asked.request, kept);
    Response::from_parts(parts, Body::from(body))
}

fn again(kept: Kept, known: Option<&HeaderValue>) -> Response {
    let mut headers = kept.headers;
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    let is_known = tag.is_some_and(|tag| known.is_some_and(|known| has_tag(known, tag)));
    let mut response = Response::new(Body::empty());
    if is_known {
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_LENGTH);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::from(kept.body);
    }
    *response.headers_mut() = headers;
    response
}
