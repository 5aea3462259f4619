//! Fakes of the providers of language models, over HTTP: each refuses what the real
//! one refuses, remembers what it was asked, and answers as the test wants.

mod batch;
mod loopback;
mod rule;
mod server;
mod speech;
mod vectors;

pub use batch::{BatchEnding, BatchPlan, FakeBatch};
pub use server::{FakeModel, Received};
pub use vectors::FakeVectors;

use serde_json::Value;

/// The wire form that a fake speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `OpenAI`'s chat completions, at `OpenAI`, Azure and everywhere else.
    OpenAiChat,
    /// `OpenAI`'s responses.
    OpenAiResponses,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Ollama's own.
    Ollama,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::Anthropic,
        Self::Gemini,
        Self::Ollama,
    ];
}

/// What a fake does with one request that it does not refuse.
#[derive(Clone, Debug)]
pub enum Turn {
    /// Says a text, to its end.
    Say(String),
    /// Wants to look something up.
    Call {
        /// The tool.
        name: String,
        /// The arguments.
        arguments: Value,
    },
    /// Says a part and stops with the provider's word for the reason.
    Stop {
        /// What it says.
        partial: String,
        /// Such as `length`, `MAX_TOKENS`, `pause_turn`.
        reason: String,
    },
    /// Refuses in the provider's way.
    Refuse(String),
    /// Answers with an error.
    Status {
        /// The status.
        status: u16,
        /// Headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// Says a text and breaks the connection in its middle.
    Cut(String),
    /// Says half of a text and ends the stream properly, without saying so.
    EndEarly(String),
    /// Begins with status 200, and then sends an error in the stream.
    ErrorInStream(Value),
    /// Answers nothing at all.
    Silent,
    /// Says half of a text, and then nothing more.
    Stall(String),
    /// Sends these bytes as its stream.
    Raw(Vec<u8>),
    /// Says a text as one value, although a stream was asked for.
    Whole(String),
}

impl Turn {
    /// Says a text.
    pub fn say(text: impl Into<String>) -> Self {
        Self::Say(text.into())
    }

    /// Says a JSON value.
    pub fn json(value: &Value) -> Self {
        Self::Say(value.to_string())
    }

    /// Answers with an error without headers.
    pub fn status(status: u16, body: impl Into<String>) -> Self {
        Self::Status {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Answers with an error and one header.
    pub fn limited(status: u16, name: &str, value: &str) -> Self {
        Self::Status {
            status,
            headers: vec![(name.to_owned(), value.to_owned())],
            body: r#"{"error":{"type":"busy","message":"slow down"}}"#.to_owned(),
        }
    }
}

/// How a stream is cut into what goes over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Bytes of a piece.
    pub piece_bytes: usize,
    /// The end of a line.
    pub line_end: &'static str,
    /// Whether comments and unknown events stand between the others.
    pub has_noise: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            piece_bytes: 1 << 16,
            line_end: "\n",
            has_noise: false,
        }
    }
}
