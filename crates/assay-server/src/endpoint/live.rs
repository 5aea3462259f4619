//! Live sessions over WebSocket: several people, and agents, at one review. Each side's
//! messages are JSON objects with a `type`; they are described in `openapi/assay-live.json`
//! (AsyncAPI), which a test holds to what is sent here.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use assay_app::{
    Caller, Error, EventCursor, Happened, LIVE_MESSAGE_BYTES_MAX, LiveCursor, LiveFrame,
    LiveHappened, LiveMessageView, LivePersonView, LiveSession, LiveWish,
};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

use crate::context::{Context, Stopping};
use crate::endpoint::review::{WireFinding, WireReview};
use crate::extract::{Authenticated, Id, Parameters, Payload};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// A message of a client is of at most so many bytes: the longest text, written as JSON.
const FRAME_BYTES_MAX: usize = 4 * LIVE_MESSAGE_BYTES_MAX;
/// A connection keeps so much room for what it reads; there may be thousands of them.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// Who takes nothing for so long is given up.
const SLOW_MS: u64 = 20_000;
/// After so many heartbeats without a word the other side is gone.
const SILENT_BEATS_MAX: u32 = 3;
/// A client that is turned away comes again after so long.
const RETRY_MS: u64 = 1_000;
/// The close code of a server that goes away (RFC 6455, section 7.4.1).
const GOING_AWAY: u16 = 1001;
/// The close code of a client that is not understood.
const UNFIT: u16 = 1008;

/// Something that was said about a review.
#[derive(Serialize, ToSchema)]
#[schema(as = LiveMessage)]
pub(crate) struct WireMessage {
    /// Its place among what was said about the review, from 1 and without a gap.
    number: i64,
    /// What the sender calls it.
    id: String,
    /// `person` or `agent`.
    #[schema(example = "person")]
    kind: &'static str,
    /// Who, as the audit log has it.
    author: String,
    /// Who, as people read it.
    author_name: String,
    /// About which finding, by its identity over reviews.
    fingerprint: Option<String>,
    /// What is said, as Markdown.
    text: String,
    /// When, in milliseconds since 1970.
    created_ms: i64,
}

impl From<&LiveMessageView> for WireMessage {
    fn from(view: &LiveMessageView) -> Self {
        Self {
            number: view.number,
            id: view.id.to_string(),
            kind: view.kind,
            author: view.author.clone(),
            author_name: view.author_name.clone(),
            fingerprint: view.fingerprint.clone(),
            text: view.text.clone(),
            created_ms: view.created_ms,
        }
    }
}

/// Where the talk about a review goes on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AfterQuery {
    /// How many messages at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The number of the last message that was seen.
    #[param(minimum = 0, default = 0)]
    cursor: Option<i64>,
}

/// Lists what was said about a review, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/review/{id}/messages", operation_id = "live_message_list", tag = "live",
    params(("id" = String, Path, description = "The review."), AfterQuery),
    responses((status = 200, body = Listed<WireMessage>, description = "A page."), Refusals)
)]
pub(crate) async fn messages(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Parameters(query): Parameters<AfterQuery>,
) -> Result<Json<Listed<WireMessage>>, Problem> {
    let id = id.read(Identifier::parse)?;
    let page = PageQuery {
        limit: query.limit,
        cursor: None,
    };
    let after = query.cursor.unwrap_or(0);
    if after < 0 {
        return Err(Problem::invalid("`cursor` is none that this gave"));
    }
    let rows = context
        .app
        .live_messages(&caller, id, after, page.paging()?)
        .await?;
    let page = page.answer(
        rows,
        |row| row.number.to_string(),
        |row| WireMessage::from(&row),
    )?;
    Ok(Json(page))
}

/// What somebody wants to say.
#[derive(Deserialize, ToSchema)]
#[schema(as = LiveMessageWish)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireWish {
    /// What the sender calls it, a UUID: sent again it is the same message.
    #[schema(format = "uuid")]
    id: String,
    /// What is said, as Markdown.
    #[schema(min_length = 1, max_length = 16384)]
    text: String,
    /// About which finding, by its identity over reviews.
    fingerprint: Option<String>,
}

impl WireWish {
    fn read(self) -> Result<LiveWish, Error> {
        Ok(LiveWish {
            id: Identifier::parse(&self.id)?,
            text: self.text,
            fingerprint: self.fingerprint,
        })
    }
}

/// Says something about a review; whoever is in its session is told.
#[utoipa::path(
    post, path = "/api/v1/review/{id}/messages", operation_id = "live_message_create", tag = "live",
    params(("id" = String, Path, description = "The review.")),
    request_body = WireWish,
    responses((status = 200, body = WireMessage, description = "The message, as it was kept."), Refusals)
)]
pub(crate) async fn say(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Payload(wish): Payload<WireWish>,
) -> Result<Json<WireMessage>, Problem> {
    let id = id.read(Identifier::parse)?;
    let said = wish.read()?;
    let kept = context.app.live_say(&caller, id, said).await?;
    Ok(Json(WireMessage::from(&kept)))
}

/// Joins the live session of a review, over a WebSocket.
///
/// The messages of both sides are described in AsyncAPI, at `/api/asyncapi.json`. The
/// first of the client is `join_session`; who was there before says which message and
/// which event they saw last, and gets what came since, nothing twice. Pages of other
/// origins may not join.
#[utoipa::path(
    get, path = "/api/v1/review/{id}/live", operation_id = "live_join", tag = "live",
    params(("id" = String, Path, description = "The review.")),
    responses(
        (status = 101, description = "The connection is a WebSocket now."),
        (status = 426, body = crate::problem::WireProblem, content_type = "application/problem+json",
         description = "The request does not ask for a WebSocket."),
        Refusals
    )
)]
pub(crate) async fn join(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    stopping: Option<Extension<Stopping>>,
    headers: HeaderMap,
    id: Id,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let id = id.read(Identifier::parse)?;
    // A page of another origin can open a WebSocket, and its cookies come along.
    context.options.check_origin(&headers)?;
    context.app.live_may_join(&caller, id).await?;
    let Ok(upgrade) = upgrade else {
        let detail = "this is reached over a WebSocket (RFC 6455)";
        return Err(Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "upgrade",
            detail,
        ));
    };
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(8 * FRAME_BYTES_MAX)
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX);
    let stopping = stopping.map(|Extension(stopping)| stopping);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let conversation = Conversation {
            context,
            caller,
            review: id,
            session: None,
        };
        conversation.run(socket, stopping).await;
    }))
}

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    JoinSession {
        #[serde(default)]
        after_event: Option<String>,
        #[serde(default)]
        after_message: i64,
    },
    SendMessage {
        id: String,
        text: String,
        #[serde(default)]
        fingerprint: Option<String>,
    },
    MoveCursor {
        #[serde(default)]
        fingerprint: Option<String>,
    },
    StartAnalysis {},
    LeaveSession {},
    Ping {},
}

/// One client and its place in the session.
struct Conversation {
    context: Context,
    caller: Caller,
    review: Identifier,
    session: Option<LiveSession>,
}

impl Conversation {
    async fn run(mut self, mut socket: WebSocket, stopping: Option<Stopping>) {
        let options = &self.context.options;
        let beat = Duration::from_millis(options.heartbeat_ms.max(1));
        let end = tokio::time::sleep(Duration::from_millis(options.stream_ms));
        tokio::pin!(end);
        let stopped = async move {
            match stopping {
                Some(Stopping(mut stopped)) => {
                    let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::pin!(stopped);
        let mut heard = Instant::now();
        let mut beats = tokio::time::interval_at(heard + beat, beat);
        loop {
            let flow = tokio::select! {
                message = socket.recv() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(message)) => self.hear(&mut socket, message).await,
                        _ => return,
                    }
                }
                told = next(&mut self.session) => Self::tell(&mut socket, told).await,
                _ = beats.tick() => match heard.elapsed() > beat * SILENT_BEATS_MAX {
                    true => ControlFlow::Break(None),
                    false => send(&mut socket, Message::Ping(Vec::new().into())).await,
                },
                // Who may be here is looked at again when they come again.
                () = &mut end => ControlFlow::Break(Some((GOING_AWAY, "come again"))),
                () = &mut stopped => ControlFlow::Break(Some((GOING_AWAY, "come again"))),
            };
            if let ControlFlow::Break(why) = flow {
                // The place is given up before the client hears of it.
                self.session = None;
                if let Some((code, reason)) = why {
                    let bye = json!({"type": "bye", "reason": reason, "retry_ms": RETRY_MS});
                    let _ = send(&mut socket, text(&bye)).await;
                    let reason = Utf8Bytes::from_static(reason);
                    let _ = send(
                        &mut socket,
                        Message::Close(Some(CloseFrame { code, reason })),
                    )
                    .await;
                }
                return;
            }
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, message: Message) -> Flow {
        let said = match message {
            Message::Text(said) => said,
            Message::Binary(_) => return ControlFlow::Break(Some((UNFIT, "send text"))),
            Message::Ping(_) | Message::Pong(_) => return ControlFlow::Continue(()),
            Message::Close(_) => return ControlFlow::Break(None),
        };
        let said: Said = match serde_json::from_str(&said) {
            Ok(said) => said,
            Err(why) => {
                let unfit = wire_error("invalid", &format!("the message: {why}"), None);
                return send(socket, text(&unfit)).await;
            }
        };
        let answer = match said {
            Said::LeaveSession {} => return ControlFlow::Break(None),
            Said::Ping {} => json!({"type": "pong"}),
            Said::JoinSession {
                after_event,
                after_message,
            } => match self.enter(after_event.as_deref(), after_message).await {
                Ok(answer) => answer,
                Err(error) => refusal(&error, None),
            },
            Said::SendMessage {
                id,
                text,
                fingerprint,
            } => {
                let wish = WireWish {
                    id: id.clone(),
                    text,
                    fingerprint,
                };
                match self.say(wish).await {
                    Ok(kept) => json!({"type": "message_kept", "id": id, "number": kept.number}),
                    Err(error) => refusal(&error, Some(&id)),
                }
            }
            Said::MoveCursor { fingerprint } => match self.session() {
                Ok(session) => match session.look_at(fingerprint).await {
                    Ok(()) => return ControlFlow::Continue(()),
                    Err(error) => refusal(&error, None),
                },
                Err(error) => refusal(&error, None),
            },
            Said::StartAnalysis {} => {
                let app = &self.context.app;
                match app.live_start_analysis(&self.caller, self.review).await {
                    Ok(started) => {
                        json!({"type": "analysis_started", "review": started.review.to_string()})
                    }
                    Err(error) => refusal(&error, None),
                }
            }
        };
        send(socket, text(&answer)).await
    }

    fn session(&mut self) -> Result<&mut LiveSession, Error> {
        let unfit = || Error::Invalid {
            field: "type",
            why: "the first message is `join_session`".to_owned(),
        };
        self.session.as_mut().ok_or_else(unfit)
    }

    async fn enter(&mut self, event: Option<&str>, message: i64) -> Result<Value, Error> {
        let event = event.map(EventCursor::parse).transpose()?;
        let from = LiveCursor {
            event: event.unwrap_or_default(),
            message,
        };
        // Who joins again begins again.
        self.session = None;
        let app = &self.context.app;
        let session = app.live_join(&self.caller, self.review, from).await?;
        let joined = json!({
            "type": "session_joined",
            "review": self.review.to_string(),
            "connection": session.connection().to_string(),
            "heartbeat_ms": self.context.options.heartbeat_ms,
        });
        self.session = Some(session);
        Ok(joined)
    }

    async fn say(&mut self, wish: WireWish) -> Result<LiveMessageView, Error> {
        let caller = self.caller.clone();
        let session = self.session()?;
        session.say(&caller, wish.read()?).await
    }

    async fn tell(socket: &mut WebSocket, told: Result<Vec<Arc<LiveFrame>>, Error>) -> Flow {
        let frames = match told {
            Ok(frames) => frames,
            Err(error) => {
                tracing::warn!(error = ?error, "a live session broke off");
                return ControlFlow::Break(Some((GOING_AWAY, "come again")));
            }
        };
        for frame in frames {
            let written = Arc::clone(frame.written(written));
            send(socket, Message::Text((&*written).into())).await?;
        }
        ControlFlow::Continue(())
    }
}

/// Whether the conversation goes on, and if not, what the client is told.
type Flow = ControlFlow<Option<(u16, &'static str)>>;

/// Waits for what happens in the session; for ever where nobody is in one.
async fn next(session: &mut Option<LiveSession>) -> Result<Vec<Arc<LiveFrame>>, Error> {
    match session {
        Some(session) => session.next().await,
        None => std::future::pending().await,
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Flow {
    let slow = Duration::from_millis(SLOW_MS);
    match tokio::time::timeout(slow, socket.send(message)).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(None),
    }
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

fn refusal(error: &Error, id: Option<&str>) -> Value {
    let mut refusal = wire_error(error.kind().name(), &error.public_message(), id);
    if let Error::Busy { retry_ms } = error {
        refusal["retry_ms"] = json!(retry_ms);
    }
    refusal
}

fn wire_error(kind: &str, detail: &str, id: Option<&str>) -> Value {
    let mut error = json!({"type": "error", "kind": kind, "detail": detail});
    if let Some(id) = id {
        error["id"] = json!(id);
    }
    error
}

/// Returns how something that happened is written.
fn written(what: &LiveHappened) -> String {
    let value = match what {
        LiveHappened::Said(message) => {
            let kind = match message.kind {
                "agent" => "agent_message",
                _ => "message",
            };
            json!({"type": kind, "message": WireMessage::from(&**message)})
        }
        LiveHappened::People(people) => {
            let people: Vec<_> = people.iter().map(person).collect();
            json!({"type": "presence", "people": people})
        }
        LiveHappened::Review(seen) => {
            let (name, data) = match &seen.what {
                Happened::Step(name, detail) => (*name, detail.clone()),
                Happened::Found(finding) => {
                    ("finding", json!(WireFinding::from((**finding).clone())))
                }
                Happened::Ended(name, review) => {
                    (*name, json!(WireReview::from((**review).clone())))
                }
            };
            let cursor = seen.cursor.to_string();
            json!({"type": "review_event", "cursor": cursor, "event": name, "data": data})
        }
        LiveHappened::Over => json!({"type": "review_over"}),
    };
    value.to_string()
}

fn person(person: &LivePersonView) -> Value {
    json!({
        "connection": person.connection.to_string(),
        "author": person.author,
        "author_name": person.author_name,
        "fingerprint": person.fingerprint,
        "joined_ms": person.joined_ms,
    })
}
