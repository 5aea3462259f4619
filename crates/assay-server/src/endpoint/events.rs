//! What happens to a review, as server-sent events: one long answer, which ends with
//! the review, with the server, or after a time; who comes again goes on from
//! `Last-Event-ID`.

use std::pin::Pin;
use std::task::{Context as Waking, Poll};
use std::time::Duration;

use assay_app::{EventCursor, Happened, ReviewEvents, Seen};
use assay_auth::Identifier;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::context::{Context, Stopping};
use crate::endpoint::review::{WireFinding, WireReview};
use crate::extract::{Authenticated, Id, header};
use crate::problem::{Problem, Refusals};

/// So many pieces wait for a caller who reads slowly.
const WAITING_MAX: usize = 16;
/// Who takes none of them for so long is given up.
const SLOW_MS: u64 = 20_000;
/// A caller whose connection ended comes again after so long.
const RETRY_MS: u64 = 2_000;

/// Looks on at a review while it is done.
///
/// The events are `queued`, `started`, `progress` (`step`, `done`, `of`), `found`
/// (`findings` that are known so far, and what of those from before is `gone`), `finding`
/// (a finding of the review) and one of `finished`, `failed` and `superseded` (the
/// review), after which nothing comes. What was `found` counts until the review is done or
/// `started` again. Lines that begin with `:` keep the connection
/// open. Who sends the `Last-Event-ID` of the last event that they saw gets what came
/// after it, and 204 when nothing will.
#[utoipa::path(
    get, path = "/api/v1/review/{id}/events", operation_id = "review_events", tag = "reviews",
    params(
        ("id" = String, Path, description = "The review."),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen."),
    ),
    responses(
        (status = 200, content_type = "text/event-stream", body = String, description = "What happens, as it happens."),
        (status = 204, description = "The end was seen: there is no more."),
        Refusals
    )
)]
pub(crate) async fn events(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    stopping: Option<Extension<Stopping>>,
    headers: HeaderMap,
    id: Id,
) -> Result<Response, Problem> {
    let id = id.read(Identifier::parse)?;
    let from = header(&headers, "last-event-id")?.filter(|text| !text.is_empty());
    let from = from.map(EventCursor::parse).transpose()?;
    let from = from.unwrap_or_default();
    let Some(events) = context.app.review_events(&caller, id, from).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (pieces, waiting) = mpsc::channel(WAITING_MAX);
    let heartbeat = Duration::from_millis(context.options.heartbeat_ms.max(1));
    let life = Duration::from_millis(context.options.stream_ms);
    let told = tell(events, pieces, heartbeat);
    tokio::spawn(async move {
        let stopped = async {
            match stopping {
                Some(Extension(Stopping(mut stopped))) => {
                    let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = told => {}
            () = stopped => {}
            () = tokio::time::sleep(life) => {}
        }
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
        // A proxy that keeps pieces back would make them late.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::new(Pieces(waiting))).into_response())
}

/// Sends what happens until there is no more, or nobody who takes it.
async fn tell(mut events: ReviewEvents, pieces: mpsc::Sender<Bytes>, heartbeat: Duration) {
    let slow = Duration::from_millis(SLOW_MS);
    let first = Bytes::from(format!("retry: {RETRY_MS}\n\n"));
    if pieces.send(first).await.is_err() {
        return;
    }
    loop {
        let next = tokio::select! {
            // Nobody listens any more.
            () = pieces.closed() => return,
            next = tokio::time::timeout(heartbeat, events.next()) => next,
        };
        let piece = match next {
            Err(_) => Bytes::from_static(b": still here\n\n"),
            Ok(Ok(Some(seen))) => seen.iter().map(written).collect::<String>().into(),
            Ok(Ok(None)) => return,
            Ok(Err(error)) => {
                // The caller comes again, and is then told what is wrong.
                tracing::warn!(error = ?error, "the events of a review broke off");
                return;
            }
        };
        match tokio::time::timeout(slow, pieces.send(piece)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

/// Returns an event as the standard has it: fields in lines, and an empty line.
fn written(seen: &Seen) -> String {
    let (name, data) = match &seen.what {
        Happened::Step(name, detail) => (*name, detail.to_string()),
        Happened::Found(finding) => {
            let finding = WireFinding::from((**finding).clone());
            ("finding", json(&finding))
        }
        Happened::Ended(name, review) => (*name, json(&WireReview::from((**review).clone()))),
    };
    // JSON of one line has no line ends in it.
    format!("id: {}\nevent: {name}\ndata: {data}\n\n", seen.cursor)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

/// A body that comes in pieces.
struct Pieces(mpsc::Receiver<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        waking: &mut Waking<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let piece = self.0.poll_recv(waking);
        piece.map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
