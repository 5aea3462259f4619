//! What was asked and answered, as lines of JSON: recorded while a review runs, and
//! replayed instead of a model, so that the review can be repeated byte for byte.
//!
//! Lines stand in the order of their questions' hashes and not of time, so that what
//! is asked at the same time gives the same file.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use assay_source::{BlobKeyHasher, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{Answer, Content, Outcome, Shortfall, Usage};
use crate::ask::{Ask, ToolCall};
use crate::error::LlmError;
use crate::model::{Boxed, Call, Model, ModelId};
use crate::money::Money;
use crate::similar::{Kept, Like};

/// The version of the form.
const VERSION: u32 = 1;
/// Bytes of a transcript that is read.
pub const TRANSCRIPT_BYTES_MAX: usize = 64 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    transcript: u32,
    model: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine {
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    ask: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorWire>,
}

/// What was remembered of a question that is nearly the same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptLine {
    like: String,
    kept: Kept,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorWire {
    kind: String,
    message: String,
}

impl ErrorWire {
    pub(crate) fn of(error: &LlmError) -> Self {
        Self {
            kind: error.kind().name().to_owned(),
            message: error.to_string(),
        }
    }

    pub(crate) fn error(self) -> LlmError {
        let kind = ErrorKind::ALL
            .into_iter()
            .find(|kind| kind.name() == self.kind);
        LlmError::Recorded {
            kind: kind.unwrap_or(ErrorKind::Internal),
            message: self.message,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerWire {
    model: String,
    /// `complete`, or the shortfall's word.
    outcome: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    why: String,
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    calls: Vec<CallWire>,
    usage: Option<[u64; 4]>,
    cost_nanos: Option<u64>,
    attempts: u32,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallWire {
    id: String,
    name: String,
    arguments: Value,
    echo: Option<String>,
}

impl AnswerWire {
    pub(crate) fn of(answer: &Answer) -> Self {
        let (outcome, why, text, calls) = match &answer.outcome {
            Outcome::Complete(content) => ("complete", "", &content.text, &content.calls[..]),
            Outcome::Incomplete { shortfall, partial } => {
                let (word, why) = words(shortfall);
                (word, why, partial, &[][..])
            }
        };
        let calls = calls.iter().map(|call| CallWire {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            echo: call.echo.clone(),
        });
        Self {
            model: answer.model.to_string(),
            outcome: outcome.to_owned(),
            why: why.to_owned(),
            text: text.clone(),
            calls: calls.collect(),
            usage: answer.usage.map(|usage| {
                [
                    usage.input_tokens,
                    usage.cache_read_tokens,
                    usage.cache_write_tokens,
                    usage.output_tokens,
                ]
            }),
            cost_nanos: answer.cost.map(Money::nanos),
            attempts: answer.attempts,
        }
    }

    pub(crate) fn answer(&self) -> Option<Answer> {
        let outcome = match self.outcome.as_str() {
            "complete" => {
                let calls = self.calls.iter().cloned().map(|call| ToolCall {
                    id: call.id,
                    name: call.name,
                    arguments: call.arguments,
                    echo: call.echo,
                });
                Outcome::Complete(Content {
                    text: self.text.clone(),
                    calls: calls.collect(),
                })
            }
            word => Outcome::Incomplete {
                shortfall: shortfall(word, &self.why)?,
                partial: self.text.clone(),
            },
        };
        Some(Answer {
            model: ModelId::parse(&self.model)?,
            outcome,
            usage: self.usage.map(|[input, read, write, output]| Usage {
                input_tokens: input,
                cache_read_tokens: read,
                cache_write_tokens: write,
                output_tokens: output,
            }),
            cost: self.cost_nanos.map(Money::from_nanos),
            attempts: self.attempts,
        })
    }
}

fn words(shortfall: &Shortfall) -> (&'static str, &str) {
    match shortfall {
        Shortfall::Length => ("length", ""),
        Shortfall::Filtered(why) => ("filtered", why),
        Shortfall::Refused(why) => ("refused", why),
        Shortfall::Paused => ("paused", ""),
        Shortfall::InputCut => ("input-cut", ""),
        Shortfall::Empty => ("empty", ""),
        Shortfall::Unknown(why) => ("unknown", why),
    }
}

fn shortfall(word: &str, why: &str) -> Option<Shortfall> {
    Some(match word {
        "length" => Shortfall::Length,
        "filtered" => Shortfall::Filtered(why.to_owned()),
        "refused" => Shortfall::Refused(why.to_owned()),
        "paused" => Shortfall::Paused,
        "input-cut" => Shortfall::InputCut,
        "empty" => Shortfall::Empty,
        "unknown" => Shortfall::Unknown(why.to_owned()),
        _ => return None,
    })
}

/// Returns the hash of a question.
fn key(ask: &Value) -> String {
    let key = BlobKeyHasher::new("ask 1")
        .part(ask.to_string().as_bytes())
        .finish();
    key[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the hash of what a question is compared by.
fn like_key(like: &Like) -> String {
    let key = BlobKeyHasher::new("like 1")
        .part(like.task.as_bytes())
        .part(like.prompt.as_bytes())
        .part(like.text.as_bytes())
        .finish();
    key[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A model whose calls are written down.
pub struct Recorder<M> {
    inner: M,
    entries: Mutex<BTreeMap<String, Vec<String>>>,
}

impl<M: Model> Recorder<M> {
    /// Writes down what another model is asked.
    pub fn new(inner: M) -> Self {
        Self {
            inner,
            entries: Mutex::default(),
        }
    }

    /// Returns the transcript.
    pub fn transcript(&self) -> String {
        let head = HeadLine {
            transcript: VERSION,
            model: self.inner.id().to_string(),
        };
        let mut text = line(&head);
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        text.extend(entries.values().flatten().map(String::as_str));
        text
    }
}

fn line(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("keys are text");
    text.push('\n');
    text
}

impl<M: Model> Model for Recorder<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        Box::pin(async move {
            let result = self.inner.ask(ask, call).await;
            let value = ask.to_value();
            let entry = EntryLine {
                key: key(&value),
                prompt: ask.prompt.clone(),
                ask: value,
                answer: result.as_ref().ok().map(AnswerWire::of),
                error: result.as_ref().err().map(ErrorWire::of),
            };
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries
                .entry(entry.key.clone())
                .or_default()
                .push(line(&entry));
            drop(entries);
            result
        })
    }

    fn recall<'a>(&'a self, like: &'a Like) -> Boxed<'a, Option<Kept>> {
        Box::pin(async move {
            let kept = self.inner.recall(like).await?;
            let entry = KeptLine {
                like: like_key(like),
                kept,
            };
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.insert(entry.like.clone(), vec![line(&entry)]);
            Some(entry.kept)
        })
    }

    fn keep<'a>(&'a self, like: &'a Like, payload: String, cost_nanos: u64) -> Boxed<'a, ()> {
        self.inner.keep(like, payload, cost_nanos)
    }
}

type Recorded = Result<Answer, (ErrorKind, String)>;

/// A model that says again what was recorded, and nothing else.
pub struct Replay {
    id: ModelId,
    entries: Mutex<HashMap<String, VecDeque<Recorded>>>,
    kept: HashMap<String, Kept>,
}

impl Replay {
    /// Reads a transcript.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, LlmError> {
        let wrong = |at: usize, what: &str| {
            LlmError::Setting(format!("line {} of the transcript {what}", at + 1))
        };
        if text.len() > TRANSCRIPT_BYTES_MAX {
            return Err(LlmError::TooLarge {
                bytes_max: TRANSCRIPT_BYTES_MAX,
            });
        }
        let mut lines = text.lines().enumerate();
        let head = lines
            .next()
            .and_then(|(_, line)| serde_json::from_str::<HeadLine>(line).ok());
        let head = head.ok_or_else(|| wrong(0, "does not begin one"))?;
        if head.transcript != VERSION {
            return Err(wrong(0, "is of another version"));
        }
        let id = ModelId::parse(&head.model).ok_or_else(|| wrong(0, "names no model"))?;
        let mut entries: HashMap<String, VecDeque<Recorded>> = HashMap::new();
        let mut kept = HashMap::new();
        for (at, line) in lines {
            if let Ok(entry) = serde_json::from_str::<KeptLine>(line) {
                kept.insert(entry.like, entry.kept);
                continue;
            }
            let entry: EntryLine =
                serde_json::from_str(line).map_err(|_| wrong(at, "is no entry"))?;
            let recorded = match (&entry.answer, &entry.error) {
                (Some(answer), None) => {
                    Ok(answer.answer().ok_or_else(|| wrong(at, "has no answer"))?)
                }
                (None, Some(error)) => {
                    let kind = ErrorKind::ALL
                        .into_iter()
                        .find(|kind| kind.name() == error.kind);
                    Err((kind.unwrap_or(ErrorKind::Internal), error.message.clone()))
                }
                _ => return Err(wrong(at, "has no answer")),
            };
            // The hash of what is written counts, not the one that is written beside it.
            entries
                .entry(key(&entry.ask))
                .or_default()
                .push_back(recorded);
        }
        Ok(Self {
            id,
            entries: Mutex::new(entries),
            kept,
        })
    }
}

impl Model for Replay {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        Box::pin(async move {
            let key = key(&ask.to_value());
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            let next = entries.get_mut(&key).and_then(VecDeque::pop_front);
            drop(entries);
            let answer = next
                .ok_or(LlmError::NotRecorded)?
                .map_err(|(kind, message)| LlmError::Recorded { kind, message })?;
            if let Outcome::Complete(content) = &answer.outcome {
                call.hear.text(&content.text);
            }
            Ok(answer)
        })
    }
    fn recall<'a>(&'a self, like: &'a Like) -> Boxed<'a, Option<Kept>> {
        let kept = self.kept.get(&like_key(like)).cloned();
        Box::pin(std::future::ready(kept))
    }
}
