//! The wire forms of providers: an [`Ask`] put into each one's words, and each one's
//! stream put together into an answer.
//!
//! Each form is a module with two functions: `wire` makes the request, and `read`
//! takes one event into a [`Draft`]. A server that ignores the wish for a stream
//! sends one JSON value, which is read by `read` as well.

mod anthropic;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_responses;

pub(crate) use self::anthropic::FIRST_VERSION as ANTHROPIC_FIRST_VERSION;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::answer::{Content, Outcome, Shortfall, Usage};
use crate::ask::{Ask, ToolCall};
use crate::error::{LlmError, shorten};
use crate::facts::ModelFacts;
use crate::frame::{Event, Framing};
use crate::model::Hear;

/// Bytes of one answer: text, reasons and arguments together.
pub(crate) const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Tool calls of one answer.
const CALLS_MAX: usize = 128;
/// Tokens of an answer that are not seen, such as its end.
const ENDING_TOKENS_MAX: u64 = 64;

/// A wire form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    OpenAiChat,
    OpenAiResponses,
    Anthropic,
    Gemini,
    Ollama,
}

/// By what means an answer is kept to a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// The provider's own.
    Native,
    /// The schema is told to the model; what comes is checked.
    Told,
}

/// To whom a question goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) model: &'a str,
    pub(crate) facts: &'a ModelFacts,
    /// The version of the programming interface.
    pub(crate) version: &'a str,
    pub(crate) means: Means,
}

/// A request without address and key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wire {
    /// Behind the base, with its query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
}

impl Api {
    pub(crate) fn wire(self, ask: &Ask, target: Target<'_>) -> Wire {
        match self {
            Self::OpenAiChat => openai_chat::wire(ask, target),
            Self::OpenAiResponses => openai_responses::wire(ask, target),
            Self::Anthropic => anthropic::wire(ask, target),
            Self::Gemini => gemini::wire(ask, target),
            Self::Ollama => ollama::wire(ask, target),
        }
    }

    pub(crate) fn framing(self) -> Framing {
        match self {
            Self::Ollama => Framing::Lines,
            _ => Framing::Events,
        }
    }

    /// Returns whether a stream says itself that it is over, so that one that only
    /// stops was cut. The others end with the reason why the model stopped.
    pub(crate) fn ends_itself(self) -> bool {
        matches!(self, Self::OpenAiResponses | Self::Anthropic | Self::Ollama)
    }

    /// Takes one event into the draft.
    pub(crate) fn read(self, event: &Event, draft: &mut Draft<'_>) -> Result<(), LlmError> {
        if self == Self::OpenAiChat && event.data.trim() == "[DONE]" {
            draft.is_done = true;
            return Ok(());
        }
        if event.data.trim().is_empty() {
            return Ok(());
        }
        let value: Value = serde_json::from_str(&event.data)
            .map_err(|_| LlmError::Unreadable("an event is no JSON".into()))?;
        // A sign of life is no beginning of an answer.
        draft.has_begun |= text(&value, "type") != Some("ping");
        match self {
            Self::OpenAiChat => openai_chat::read(&value, draft),
            Self::OpenAiResponses => openai_responses::read(&value, draft),
            Self::Anthropic => anthropic::read(&value, draft),
            Self::Gemini => gemini::read(&value, draft),
            Self::Ollama => ollama::read(&value, draft),
        }
    }
}

/// Returns what the model is told about its task, with the schema when the provider
/// is not told it.
fn system_text(ask: &Ask, means: Means) -> String {
    let mut text = ask.system.clone();
    if let (Some(schema), Means::Told) = (&ask.schema, means) {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(
            "Answer with one JSON value that this JSON schema accepts, and with nothing else:\n",
        );
        text.push_str(&schema.schema.to_string());
    }
    text
}

/// Returns the schema when the provider is told it.
fn native_schema<'a>(ask: &'a Ask, target: &Target<'_>) -> Option<&'a crate::ask::AnswerSchema> {
    ask.schema
        .as_ref()
        .filter(|_| target.means == Means::Native)
}

/// Returns the tokens of the answer that are asked for.
fn output_tokens(ask: &Ask, target: &Target<'_>) -> u64 {
    u64::from(ask.output_tokens_max).clamp(1, target.facts.output_tokens_max.max(1))
}

/// How a model ended, by its provider's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It said all that it had to say.
    Finished,
    /// It wants to look something up.
    Tools,
    /// Anything else.
    Short(Shortfall),
}

/// A call whose arguments are still coming.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallDraft {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Pieces of JSON.
    pub(crate) pieces: String,
    /// The arguments, where they come as a value.
    pub(crate) value: Option<Value>,
    pub(crate) echo: Option<String>,
}

/// An answer while it comes.
pub(crate) struct Draft<'a> {
    hear: &'a dyn Hear,
    pub(crate) text: String,
    pub(crate) refusal: Option<String>,
    pub(crate) calls: BTreeMap<u64, CallDraft>,
    pub(crate) stop: Option<Stop>,
    pub(crate) usage: Option<Usage>,
    /// Whether the provider said that nothing more comes.
    pub(crate) is_done: bool,
    /// Whether something of the answer itself came.
    pub(crate) has_begun: bool,
    /// Tokens of the question that the provider takes, where it cuts in silence.
    pub(crate) input_tokens_max: Option<u64>,
    bytes: usize,
}

/// What came of an answer, as far as it matters to its price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// What the provider has counted so far.
    pub(crate) usage: Option<Usage>,
    /// Tokens of what came, at most.
    pub(crate) output_tokens_max: u64,
    /// Whether the model said that it was done.
    pub(crate) is_ended: bool,
}

impl<'a> Draft<'a> {
    /// Returns what came until now.
    pub(crate) fn received(&self) -> Received {
        Received {
            usage: self.usage,
            // A token has a byte or more, and a call and an end a few of their own.
            output_tokens_max: self.bytes as u64 + ENDING_TOKENS_MAX,
            is_ended: self.stop.is_some(),
        }
    }

    pub(crate) fn new(hear: &'a dyn Hear) -> Self {
        Self {
            hear,
            text: String::new(),
            refusal: None,
            calls: BTreeMap::new(),
            stop: None,
            usage: None,
            is_done: false,
            has_begun: false,
            input_tokens_max: None,
            bytes: 0,
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), LlmError> {
        self.has_begun = true;
        self.bytes += bytes;
        if self.bytes > ANSWER_BYTES_MAX {
            return Err(LlmError::TooLarge {
                bytes_max: ANSWER_BYTES_MAX,
            });
        }
        Ok(())
    }

    /// Adds a piece of the text.
    fn say(&mut self, piece: &str) -> Result<(), LlmError> {
        if piece.is_empty() {
            return Ok(());
        }
        self.count(piece.len())?;
        self.text.push_str(piece);
        self.hear.text(piece);
        Ok(())
    }

    /// Adds a piece of a refusal.
    fn refuse(&mut self, piece: &str) -> Result<(), LlmError> {
        self.count(piece.len())?;
        self.refusal.get_or_insert_default().push_str(piece);
        Ok(())
    }

    /// Returns the call with the number, made when it is new.
    fn call(&mut self, index: u64) -> Result<&mut CallDraft, LlmError> {
        self.count(64)?;
        if self.calls.len() >= CALLS_MAX && !self.calls.contains_key(&index) {
            return Err(LlmError::Unreadable(format!(
                "more than {CALLS_MAX} tool calls"
            )));
        }
        Ok(self.calls.entry(index).or_default())
    }

    /// Adds a piece of a call's arguments.
    fn argue(&mut self, index: u64, piece: &str) -> Result<(), LlmError> {
        self.count(piece.len())?;
        self.call(index)?.pieces.push_str(piece);
        Ok(())
    }

    fn stop(&mut self, stop: Stop) {
        // The first word counts: what follows a refusal does not undo it.
        self.stop.get_or_insert(stop);
    }

    /// Returns what came of it, once the stream has ended properly.
    pub(crate) fn finish(self) -> Result<(Outcome, Option<Usage>), LlmError> {
        // Counters that say nothing are not known: nothing costs nothing.
        let usage = self.usage.filter(|usage| usage.total() > 0);
        let incomplete =
            |shortfall, partial| Ok((Outcome::Incomplete { shortfall, partial }, usage));
        let Some(stop) = self.stop else {
            return Err(LlmError::Cut { source: None });
        };
        if let Some(refusal) = self.refusal {
            return incomplete(Shortfall::Refused(shorten(&refusal)), self.text);
        }
        if let Stop::Short(shortfall) = stop {
            return incomplete(shortfall, self.text);
        }
        if let (Some(usage), Some(tokens_max)) = (usage, self.input_tokens_max)
            && usage.input_tokens >= tokens_max
        {
            return incomplete(Shortfall::InputCut, self.text);
        }
        let calls: Vec<ToolCall> = self
            .calls
            .into_values()
            .map(CallDraft::finish)
            .collect::<Result<_, _>>()?;
        if self.text.trim().is_empty() && calls.is_empty() {
            return incomplete(Shortfall::Empty, self.text);
        }
        let content = Content {
            text: self.text,
            calls,
        };
        Ok((Outcome::Complete(content), usage))
    }
}

impl CallDraft {
    fn finish(self) -> Result<ToolCall, LlmError> {
        let arguments = match self.value {
            Some(value) => value,
            None if self.pieces.trim().is_empty() => Value::Object(serde_json::Map::new()),
            None => serde_json::from_str(&self.pieces)
                .map_err(|_| LlmError::Unreadable("arguments of a tool are no JSON".into()))?,
        };
        Ok(ToolCall {
            id: self.id,
            name: self.name,
            arguments,
            echo: self.echo,
        })
    }
}

/// Returns a number at a path; 0 when there is none.
fn count(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// Returns the text of a key.
fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}
