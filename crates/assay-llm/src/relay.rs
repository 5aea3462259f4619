//! Questions that are handed to another process, and answers that come back: a line of
//! JSON each. The process that reads untrusted code asks so, and holds neither a key nor
//! a way to the network.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assay_source::ErrorKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::ask::{AnswerSchema, Ask, Message};
use crate::error::LlmError;
use crate::model::{Boxed, Call, Model, ModelId, Purpose};
use crate::router::Complexity;
use crate::similar::{KEPT_BYTES_MAX, Kept, Like};
use crate::transcript::{AnswerWire, ErrorWire};

/// Bytes of a line.
pub const RELAY_LINE_BYTES_MAX: usize = 8 << 20;
/// Messages of a question.
const MESSAGES_MAX: usize = 16;
/// Bytes of the name of a prompt.
const PROMPT_BYTES_MAX: usize = 4_096;
/// Tokens of an answer.
const OUTPUT_TOKENS_MAX: u32 = 32_768;
/// The tasks that questions are asked for.
const TASKS: [&str; 6] = ["review", "judge", "summary", "fix", "ask", "discuss"];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionLine {
    model_question: u64,
    task: String,
    complexity: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    ask: Value,
}

/// A wish to be told what was kept, or to keep something.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryLine {
    model_memory: u64,
    task: String,
    prompt: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(default)]
    cost_nanos: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerLine {
    model_answer: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<Kept>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskWire {
    system: String,
    messages: Vec<MessageWire>,
    schema: Option<SchemaWire>,
    tools: Vec<Value>,
    output_tokens_max: u32,
    temperature: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageWire {
    user: Option<String>,
    assistant: Option<String>,
    #[serde(default)]
    calls: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaWire {
    name: String,
    schema: Value,
}

impl AskWire {
    /// Takes what a process may ask that reads untrusted code: no tools.
    fn ask(self) -> Option<Ask> {
        if !self.tools.is_empty() || self.messages.len() > MESSAGES_MAX {
            return None;
        }
        let message = |one: MessageWire| match (one.user, one.assistant) {
            (Some(text), None) => Some(Message::User(text)),
            (None, Some(text)) if one.calls.is_empty() => Some(Message::Assistant {
                text,
                calls: Vec::new(),
            }),
            _ => None,
        };
        Some(Ask {
            system: self.system,
            messages: self
                .messages
                .into_iter()
                .map(message)
                .collect::<Option<_>>()?,
            schema: self.schema.map(|one| AnswerSchema {
                name: one.name,
                schema: one.schema,
            }),
            tools: Vec::new(),
            output_tokens_max: self.output_tokens_max.min(OUTPUT_TOKENS_MAX),
            temperature: self.temperature,
            prompt: None,
        })
    }
}

/// A question that came from another process.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayQuestion {
    /// By what its answer is known.
    pub number: u64,
    /// What is asked.
    pub ask: Ask,
    /// For what.
    pub purpose: Purpose,
}

impl RelayQuestion {
    /// Reads a line; none when it is no question.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let wire: QuestionLine = serde_json::from_slice(line).ok()?;
        let task = TASKS.into_iter().find(|task| *task == wire.task)?;
        let complexity = Complexity::ALL
            .into_iter()
            .find(|one| one.name() == wire.complexity)?;
        let ask: AskWire = serde_json::from_value(wire.ask).ok()?;
        Some(Self {
            number: wire.model_question,
            ask: Ask {
                prompt: wire.prompt.filter(|tag| tag.len() <= PROMPT_BYTES_MAX),
                ..ask.ask()?
            },
            purpose: Purpose { task, complexity },
        })
    }

    /// Returns a line that says that there is no answer.
    pub fn refuse(&self, why: &str) -> String {
        let error = LlmError::Recorded {
            kind: ErrorKind::Unavailable,
            message: why.to_owned(),
        };
        self.line(None, Some(ErrorWire::of(&error)))
    }

    fn line(&self, answer: Option<AnswerWire>, error: Option<ErrorWire>) -> String {
        let line = AnswerLine {
            model_answer: self.number,
            answer,
            error,
            kept: None,
        };
        serde_json::to_string(&line).expect("keys are text") + "\n"
    }

    /// Asks a model, and returns the answer as a line.
    pub async fn answer(&self, model: &dyn Model) -> String {
        let call = Call {
            purpose: self.purpose,
            ..Call::default()
        };
        let result = model.ask(&self.ask, call).await;
        let (answer, error) = (result.as_ref().ok(), result.as_ref().err());
        self.line(answer.map(AnswerWire::of), error.map(ErrorWire::of))
    }
}

/// Something that another process wants remembered or told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayMemory {
    number: u64,
    like: Like,
    payload: Option<String>,
    cost_nanos: u64,
}

impl RelayMemory {
    /// Reads a line; none when it is something else.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let wire: MemoryLine = serde_json::from_slice(line).ok()?;
        let task = TASKS.into_iter().find(|task| *task == wire.task)?;
        let payload = wire.payload;
        if payload
            .as_ref()
            .is_some_and(|one| one.len() > KEPT_BYTES_MAX)
        {
            return None;
        }
        Some(Self {
            number: wire.model_memory,
            like: Like {
                task,
                prompt: wire.prompt,
                text: wire.text,
            },
            payload,
            cost_nanos: wire.cost_nanos,
        })
    }

    /// Keeps it, or finds what was kept; returns a line that says so.
    pub async fn answer(self, model: &dyn Model) -> String {
        if let Some(payload) = self.payload {
            model.keep(&self.like, payload, self.cost_nanos).await;
            return format!("{{\"model_answer\":{}}}\n", self.number);
        }
        let line = AnswerLine {
            model_answer: self.number,
            answer: None,
            error: None,
            kept: model.recall(&self.like).await,
        };
        serde_json::to_string(&line).expect("keys are text") + "\n"
    }

    /// Returns a line that says that nothing was kept.
    pub fn refuse(&self) -> String {
        format!("{{\"model_answer\":{}}}\n", self.number)
    }
}

type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<AnswerLine>>>>>;

/// A model that is asked by another process.
pub struct Relay<W> {
    id: ModelId,
    next: AtomicU64,
    out: Mutex<W>,
    /// None once nobody answers any more.
    waiting: Waiting,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W: Write + Send> Relay<W> {
    /// Makes one that writes questions to `out` and reads answers from `input`, in a
    /// thread that ends with it.
    pub fn new(id: ModelId, out: W, input: impl BufRead + Send + 'static) -> Self {
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let heard = Arc::clone(&waiting);
        std::thread::spawn(move || {
            hear(input, &heard);
            // Whoever waits is told so: what it waits on is dropped.
            held(&heard).take();
        });
        Self {
            id,
            next: AtomicU64::new(1),
            out: Mutex::new(out),
            waiting,
        }
    }

    async fn ask_there(&self, ask: &Ask, purpose: Purpose) -> Result<Answer, LlmError> {
        let gone = || LlmError::Recorded {
            kind: ErrorKind::Unavailable,
            message: "nobody answers the questions to models".to_owned(),
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let line = QuestionLine {
            model_question: number,
            task: purpose.task.to_owned(),
            complexity: purpose.complexity.name().to_owned(),
            prompt: ask.prompt.clone(),
            ask: ask.to_value(),
        };
        let line = self.exchange(number, &line).await.ok_or_else(gone)?;
        match (
            line.answer.as_ref().and_then(AnswerWire::answer),
            line.error,
        ) {
            (Some(answer), None) => Ok(answer),
            (None, Some(error)) => Err(error.error()),
            _ => Err(gone()),
        }
    }

    /// Writes a line and waits for its answer.
    async fn exchange(&self, number: u64, line: &impl Serialize) -> Option<AnswerLine> {
        let (sender, receiver) = oneshot::channel();
        held(&self.waiting).as_mut()?.insert(number, sender);
        self.write(line)?;
        receiver.await.ok()
    }

    fn write(&self, line: &impl Serialize) -> Option<()> {
        let line = serde_json::to_string(line).expect("keys are text") + "\n";
        let mut out = held(&self.out);
        let written = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        written.ok()
    }

    fn memory_line(&self, like: &Like) -> MemoryLine {
        MemoryLine {
            model_memory: self.next.fetch_add(1, Ordering::Relaxed),
            task: like.task.to_owned(),
            prompt: like.prompt.clone(),
            text: like.text.clone(),
            payload: None,
            cost_nanos: 0,
        }
    }
}

fn hear(mut input: impl BufRead, waiting: &Waiting) {
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = RELAY_LINE_BYTES_MAX as u64 + 1;
        let read = std::io::Read::take(&mut input, limit).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) || line.len() > RELAY_LINE_BYTES_MAX {
            return;
        }
        let Ok(answer) = serde_json::from_slice::<AnswerLine>(&line) else {
            return;
        };
        let sender = held(waiting)
            .as_mut()
            .and_then(|all| all.remove(&answer.model_answer));
        if let Some(sender) = sender {
            drop(sender.send(answer));
        }
    }
}

impl<W: Write + Send> Model for Relay<W> {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        Box::pin(self.ask_there(ask, call.purpose))
    }

    fn recall<'a>(&'a self, like: &'a Like) -> Boxed<'a, Option<Kept>> {
        let line = self.memory_line(like);
        Box::pin(async move { self.exchange(line.model_memory, &line).await?.kept })
    }

    fn keep<'a>(&'a self, like: &'a Like, payload: String, cost_nanos: u64) -> Boxed<'a, ()> {
        let line = MemoryLine {
            payload: Some(payload),
            cost_nanos,
            ..self.memory_line(like)
        };
        Box::pin(async move {
            // Who ends before it is kept would take it along.
            drop(self.exchange(line.model_memory, &line).await);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::RelayQuestion;

    #[test]
    fn what_is_no_question_is_not_asked() {
        let line = |task: &str, tools: &str| {
            format!(
                "{{\"model_question\":1,\"task\":\"{task}\",\"complexity\":\"low\",\"ask\":{{\"system\":\"s\",\"messages\":[{{\"user\":\"u\"}}],\"schema\":null,\"tools\":{tools},\"output_tokens_max\":4000000000,\"temperature\":null}}}}"
            )
        };
        let parse = |line: &str| RelayQuestion::parse(line.as_bytes());
        let question = parse(&line("review", "[]")).unwrap();
        assert_eq!(question.ask.output_tokens_max, super::OUTPUT_TOKENS_MAX);
        for wrong in [
            line("merge", "[]"),
            line("review", "[{\"name\":\"merge\"}]"),
            "{\"step\":\"Reading\",\"done\":1,\"of\":2}".to_owned(),
            "not JSON".to_owned(),
        ] {
            assert_eq!(parse(&wrong), None, "{wrong}");
        }
    }
}
