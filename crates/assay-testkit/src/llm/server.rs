//! A fake provider: a server on loopback with a script and a memory.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::stream;
use serde_json::Value;

use super::loopback::Loopback;
use super::rule::objection;
use super::speech::{Counted, Speech, events, whole};
use super::{Dialect, Shape, Turn};

/// Bytes of a request.
const REQUEST_BYTES_MAX: usize = 16 << 20;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query.
    pub query: String,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub body: Value,
    /// Its number, from 0.
    pub number: usize,
}

impl Received {
    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

type Script = Box<dyn Fn(&Received) -> Turn + Send + Sync>;

struct Memory {
    dialect: Dialect,
    shape: Shape,
    script: Script,
    received: Mutex<Vec<Received>>,
    refused: Mutex<Vec<String>>,
    /// Beginnings of questions that the provider's cache holds.
    cached: Mutex<HashSet<String>>,
}

/// A provider that is reached at an address of loopback until it is dropped.
pub struct FakeModel {
    server: Loopback,
    memory: Arc<Memory>,
}

fn held<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeModel {
    /// Starts one that takes its turns in order, and the last one again and again.
    pub fn start(dialect: Dialect, turns: Vec<Turn>) -> Self {
        Self::start_shaped(dialect, Shape::default(), turns)
    }

    /// Starts one whose streams have a shape.
    pub fn start_shaped(dialect: Dialect, shape: Shape, turns: Vec<Turn>) -> Self {
        let taken = Mutex::new(0);
        Self::start_scripted(dialect, shape, move |_| {
            let mut at = held(&taken);
            let turn = turns[(*at).min(turns.len() - 1)].clone();
            *at += 1;
            turn
        })
    }

    /// Starts one that decides by what it is asked.
    pub fn start_scripted(
        dialect: Dialect,
        shape: Shape,
        script: impl Fn(&Received) -> Turn + Send + Sync + 'static,
    ) -> Self {
        let memory = Arc::new(Memory {
            dialect,
            shape,
            script: Box::new(script),
            received: Mutex::default(),
            refused: Mutex::default(),
            cached: Mutex::default(),
        });
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&memory));
        Self {
            server: Loopback::start(app),
            memory,
        }
    }

    /// Returns the address, without a slash at its end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns what came, those requests that were refused as well.
    pub fn received(&self) -> Vec<Received> {
        held(&self.memory.received).clone()
    }

    /// Returns why requests were refused.
    pub fn refused(&self) -> Vec<String> {
        held(&self.memory.refused).clone()
    }
}

async fn answer(State(memory): State<Arc<Memory>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, REQUEST_BYTES_MAX)
        .await
        .unwrap_or_default();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let mut received = Received {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        number: 0,
    };
    {
        let mut all = held(&memory.received);
        received.number = all.len();
        all.push(received.clone());
    }
    if let Some((status, body)) = objection(memory.dialect, &received) {
        held(&memory.refused).push(body.to_string());
        return plain(status, "application/json", body.to_string());
    }
    let turn = (memory.script)(&received);
    respond(&memory, &received, turn).await
}

fn plain(status: u16, kind: &str, body: String) -> Response {
    let response = Response::builder()
        .status(status)
        .header("content-type", kind);
    response.body(Body::from(body)).expect("a response")
}

async fn respond(memory: &Memory, received: &Received, turn: Turn) -> Response {
    let dialect = memory.dialect;
    let speech = |text: String| Speech {
        counted: count(memory, received, &text),
        text,
        refusal: None,
        call: None,
        reason: None,
    };
    let mut bytes = Vec::new();
    let mut end = End::Proper;
    match turn {
        Turn::Silent => std::future::pending().await,
        Turn::Status {
            status,
            headers,
            body,
        } => {
            let mut response = plain(status, "application/json", body);
            for (name, value) in headers {
                let name = axum::http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
                response
                    .headers_mut()
                    .insert(name, value.parse().expect("a value"));
            }
            return response;
        }
        Turn::Whole(text) => {
            let value = whole(dialect, &speech(text));
            return plain(200, "application/json", value.to_string());
        }
        Turn::Say(text) => bytes = joined(memory, events(dialect, &speech(text))),
        Turn::Call { name, arguments } => {
            let mut speech = speech(String::new());
            speech.call = Some((name, arguments));
            bytes = joined(memory, events(dialect, &speech));
        }
        Turn::Stop { partial, reason } => {
            let mut speech = speech(partial);
            speech.reason = Some(reason);
            bytes = joined(memory, events(dialect, &speech));
        }
        Turn::Refuse(refusal) => {
            let mut speech = speech(String::new());
            speech.refusal = Some(refusal);
            bytes = joined(memory, events(dialect, &speech));
        }
        Turn::Cut(text) => {
            bytes = joined(memory, events(dialect, &speech(text)));
            bytes.truncate(bytes.len() / 2);
            end = End::Broken;
        }
        Turn::EndEarly(text) | Turn::Stall(text) if text.is_empty() => end = End::Never,
        Turn::EndEarly(text) => bytes = joined(memory, half(events(dialect, &speech(text)))),
        Turn::Stall(text) => {
            bytes = joined(memory, half(events(dialect, &speech(text))));
            end = End::Never;
        }
        Turn::ErrorInStream(value) => {
            let mut all = half(events(dialect, &speech("begun and".into())));
            all.push(match dialect {
                Dialect::Ollama => format!("{value}\n"),
                Dialect::Anthropic | Dialect::OpenAiResponses => {
                    format!("event: error\ndata: {value}\n\n")
                }
                _ => format!("data: {value}\n\n"),
            });
            bytes = joined(memory, all);
        }
        Turn::Raw(raw) => bytes = raw,
    }
    let kind = match dialect {
        Dialect::Ollama => "application/x-ndjson",
        _ => "text/event-stream; charset=utf-8",
    };
    let body = stream_of(bytes, memory.shape.piece_bytes, end);
    let response = Response::builder().status(200).header("content-type", kind);
    response.body(body).expect("a response")
}

fn half(mut all: Vec<String>) -> Vec<String> {
    all.truncate(all.len() / 2);
    all
}

/// How a stream ends.
#[derive(Clone, Copy)]
enum End {
    Proper,
    Broken,
    Never,
}

fn stream_of(bytes: Vec<u8>, piece_bytes: usize, end: End) -> Body {
    let pieces: Vec<Bytes> = bytes
        .chunks(piece_bytes)
        .map(Bytes::copy_from_slice)
        .collect();
    let state = (pieces.into_iter(), end);
    Body::from_stream(stream::unfold(state, async |(mut pieces, end)| {
        // Lets what was sent go out before the next piece.
        tokio::task::yield_now().await;
        match (pieces.next(), end) {
            (Some(piece), _) => Some((Ok(piece), (pieces, end))),
            (None, End::Proper) => None,
            (None, End::Broken) => Some((Err(std::io::Error::other("cut")), (pieces, End::Proper))),
            (None, End::Never) => std::future::pending().await,
        }
    }))
}

/// Puts events together in the shape that the test wants.
fn joined(memory: &Memory, all: Vec<String>) -> Vec<u8> {
    let is_events = memory.dialect != Dialect::Ollama;
    let mut text = String::new();
    if memory.shape.has_noise && is_events {
        text.push_str(": welcome\n\n: OPENROUTER PROCESSING\n\n");
    }
    for event in all {
        text.push_str(&event);
        if memory.shape.has_noise {
            text.push_str(if is_events {
                ": still here\n\nid: 4\nretry: 10\n\n"
            } else {
                "\n"
            });
        }
    }
    text.replace('\n', memory.shape.line_end).into_bytes()
}

/// Counts tokens: four bytes each. A beginning that the provider keeps is cheaper the
/// second time; Ollama never sees more than its room.
fn count(memory: &Memory, received: &Received, text: &str) -> Counted {
    let body = &received.body;
    let tokens = |value: &Value| (value.to_string().len() as u64).div_ceil(4);
    let mut counted = Counted {
        output: (text.len() as u64).div_ceil(4).max(1),
        ..Counted::default()
    };
    let (start, rest) = match memory.dialect {
        Dialect::OpenAiChat => (&body["messages"][0], &body["messages"]),
        Dialect::OpenAiResponses => (&body["instructions"], &body["input"]),
        Dialect::Anthropic => (&body["system"], &body["messages"]),
        Dialect::Gemini => (&body["systemInstruction"], &body["contents"]),
        Dialect::Ollama => (&Value::Null, &body["messages"]),
    };
    counted.input = tokens(rest);
    let is_kept = match memory.dialect {
        Dialect::Anthropic => start[0].get("cache_control").is_some(),
        Dialect::Ollama => false,
        _ => tokens(start) >= 1_024,
    };
    if is_kept {
        let is_new = held(&memory.cached).insert(start.to_string());
        match (is_new, memory.dialect) {
            (true, Dialect::Anthropic) => counted.written = tokens(start),
            (true, _) => counted.input += tokens(start),
            (false, _) => counted.cached = tokens(start),
        }
        if memory.dialect == Dialect::OpenAiChat {
            counted.input = counted.input.saturating_sub(counted.cached);
        }
    }
    if memory.dialect == Dialect::Ollama
        && let Some(room) = body["options"]["num_ctx"].as_u64()
    {
        counted.input = counted.input.min(room);
    }
    counted
}
