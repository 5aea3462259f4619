//! Questions that may wait: sent together, answered within a day for about half the
//! price. A batch is sent, looked at until it has ended, and its results are read by the
//! names that the questions were given, in whatever order they come.
//!
//! Invariant: every question that was sent has one result: an answer, or why there is
//! none.

mod anthropic;
mod gemini;
mod openai;
mod pending;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::pending::{BatchLedger, BatchQueue, Batched, Collected, PendingBatch};

use crate::answer::Answer;
use crate::api::{Draft, Means, Target};
use crate::ask::Ask;
use crate::error::{Charge, LlmError};
use crate::frame::Event;
use crate::model::HearNothing;
use crate::money::Money;
use crate::provider::{ProviderKind, ProviderModel};

/// Questions of one batch.
pub const BATCH_QUESTIONS_MAX: usize = 10_000;
/// Bytes of one batch, below what every provider takes (Gemini: 20 MB in one request).
const BATCH_BYTES_MAX: usize = 19 << 20;
/// Bytes of all results.
const RESULTS_BYTES_MAX: usize = 512 << 20;
/// Bytes of an answer that is about a batch.
const LOOK_BYTES_MAX: usize = 1 << 20;
/// Characters of a name that a provider gives.
const NAME_CHARS_MAX: usize = 200;

/// A question with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchAsk {
    /// Up to 64 letters, digits, `_` and `-`, each once in a batch.
    pub name: String,
    /// The question.
    pub ask: Ask,
}

/// A question that was sent, without its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchSent {
    /// Its name.
    pub name: String,
    /// Tokens that it counts as when the provider does not say.
    pub input_tokens: u64,
    /// Tokens of the answer at most.
    pub output_tokens_max: u32,
}

impl BatchAsk {
    /// Returns what is remembered of it.
    pub fn sent(&self) -> BatchSent {
        BatchSent {
            name: self.name.clone(),
            input_tokens: self.ask.input_tokens_charged(),
            output_tokens_max: self.ask.output_tokens_max,
        }
    }
}

/// How far a batch is.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchLook {
    /// What it is doing or came to.
    pub state: BatchState,
    /// Questions that have a result.
    pub done: u64,
    /// All of them.
    pub of: u64,
    /// Where results are, in the words of the provider.
    outputs: Vec<Output>,
}

/// What a batch is doing or came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// It is not over.
    Running,
    /// It is over; each question has its own result.
    Ended,
    /// Nothing was done; why.
    Failed(String),
    /// Its time was over before all was done.
    Expired,
    /// Somebody stopped it.
    Cancelled,
}

impl BatchState {
    /// Returns whether nothing more will come.
    pub fn is_over(&self) -> bool {
        *self != Self::Running
    }

    /// Returns why a question of it has no result.
    fn why(&self) -> &str {
        match self {
            Self::Running => "the batch is not over",
            Self::Ended => "the batch has no result for the question",
            Self::Failed(why) => why,
            Self::Expired => "the time of the batch was over",
            Self::Cancelled => "the batch was cancelled",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Output {
    /// A path behind the base, with a result a line.
    Lines(String),
    /// Results that came already.
    Here(Vec<Value>),
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq)]
pub enum BatchResult {
    /// An answer, whole or not.
    Answer(Answer),
    /// None; why, and what it costs all the same.
    None {
        /// Why.
        why: String,
        /// What it may cost.
        cost: Option<Money>,
    },
}

/// One result as it was found: its name and the provider's own answer, or why there is
/// none.
struct Found {
    name: String,
    said: Result<Value, String>,
}

impl ProviderModel {
    /// Returns whether its provider takes batches.
    pub fn takes_batches(&self) -> bool {
        matches!(
            self.provider().settings.kind,
            ProviderKind::OpenAi
                | ProviderKind::OpenAiResponses
                | ProviderKind::Compatible
                | ProviderKind::Anthropic
                | ProviderKind::Gemini
        )
    }

    /// Returns what questions cost together at most when they wait.
    pub fn batch_most(&self, asks: &[BatchAsk]) -> Option<Money> {
        let price = self.facts().price?.in_batch();
        let one = |one: &BatchAsk| {
            let output = u64::from(one.ask.output_tokens_max).min(self.facts().output_tokens_max);
            price.most(one.ask.input_tokens_max(), output)
        };
        Some(asks.iter().map(one).fold(Money::ZERO, Money::plus))
    }

    /// Sends questions together; returns the name that the provider gave the batch.
    ///
    /// # Errors
    ///
    /// What the provider says, and a batch that is none or too large; then nothing is
    /// under way.
    pub async fn batch_submit(&self, asks: &[BatchAsk]) -> Result<String, LlmError> {
        check(asks)?;
        if !self.takes_batches() {
            let name = self.provider().settings.kind.name();
            return Err(setting(format!("`{name}` takes no batches")));
        }
        let bodies: Vec<(&str, Value)> = asks
            .iter()
            .map(|one| (one.name.as_str(), self.batch_body(&one.ask)))
            .collect();
        let bytes: usize = bodies
            .iter()
            .map(|(_, body)| body.to_string().len() + 256)
            .sum();
        if bytes > BATCH_BYTES_MAX {
            return Err(setting(format!(
                "the batch has {bytes} bytes, more than {BATCH_BYTES_MAX}"
            )));
        }
        let id = match self.provider().settings.kind {
            ProviderKind::Anthropic => anthropic::submit(self.provider(), bodies).await?,
            ProviderKind::Gemini => gemini::submit(self.provider(), self.name(), bodies).await?,
            _ => openai::submit(self.provider(), &self.batch_path(), bodies).await?,
        };
        match is_name(&id) {
            true => Ok(id),
            false => Err(LlmError::Unreadable("the batch has no name".into())),
        }
    }

    /// Looks how far a batch is.
    ///
    /// # Errors
    ///
    /// What the provider says.
    pub async fn batch_look(&self, id: &str) -> Result<BatchLook, LlmError> {
        checked(id)?;
        match self.provider().settings.kind {
            ProviderKind::Anthropic => anthropic::look(self.provider(), id).await,
            ProviderKind::Gemini => gemini::look(self.provider(), id).await,
            _ => openai::look(self.provider(), id).await,
        }
    }

    /// Stops a batch. What is done stays done and costs what it costs.
    ///
    /// # Errors
    ///
    /// What the provider says.
    pub async fn batch_cancel(&self, id: &str) -> Result<(), LlmError> {
        checked(id)?;
        match self.provider().settings.kind {
            ProviderKind::Anthropic => anthropic::cancel(self.provider(), id).await,
            ProviderKind::Gemini => gemini::cancel(self.provider(), id).await,
            _ => openai::cancel(self.provider(), id).await,
        }
    }

    /// Reads the results of a batch that is over: one for each question.
    ///
    /// # Errors
    ///
    /// When the results cannot be fetched; asked again they may be.
    pub async fn batch_results(
        &self,
        look: &BatchLook,
        sent: &[BatchSent],
    ) -> Result<BTreeMap<String, BatchResult>, LlmError> {
        let mut found: HashMap<String, Vec<Result<Value, String>>> = HashMap::new();
        let mut note = |one: Found| found.entry(one.name).or_default().push(one.said);
        let kind = self.provider().settings.kind;
        let read = |value: &Value| match kind {
            ProviderKind::Anthropic => anthropic::found(value),
            ProviderKind::Gemini => gemini::found(value),
            _ => openai::found(value),
        };
        for output in &look.outputs {
            match output {
                Output::Here(values) => values.iter().filter_map(read).for_each(&mut note),
                Output::Lines(path) => {
                    let request = self.provider().begin(reqwest::Method::GET, path)?;
                    let bytes = self.provider().exchange(request, RESULTS_BYTES_MAX).await?;
                    // A line that is none says nothing about any question.
                    bytes
                        .split(|byte| *byte == b'\n')
                        .filter_map(|line| read(&serde_json::from_slice(line).ok()?))
                        .for_each(&mut note);
                }
            }
        }
        let result = |one: &BatchSent| {
            let said = found.remove(&one.name).unwrap_or_default();
            (one.name.clone(), self.batch_result(one, said, &look.state))
        };
        Ok(sent.iter().map(result).collect())
    }

    /// Makes a result of what was said under a question's name.
    fn batch_result(
        &self,
        one: &BatchSent,
        mut said: Vec<Result<Value, String>>,
        state: &BatchState,
    ) -> BatchResult {
        let nothing = |why: &str, charge: Charge| BatchResult::None {
            why: why.to_owned(),
            cost: self.batch_uncounted(one, charge),
        };
        let first = said.pop();
        if said.iter().any(|other| Some(other) != first.as_ref()) {
            // Nobody knows which of them is the answer; they were paid.
            return nothing(
                "the batch has several results for the question",
                Charge::Most,
            );
        }
        match first {
            Some(Ok(value)) => match self.batch_answer(one, &value) {
                Ok(answer) => BatchResult::Answer(answer),
                Err(error) => nothing(&error.to_string(), Charge::Most),
            },
            Some(Err(why)) => nothing(&why, Charge::Nothing),
            // What ended without a word about a question may have been paid.
            None if *state == BatchState::Ended => nothing(state.why(), Charge::Most),
            None => nothing(state.why(), Charge::Nothing),
        }
    }

    fn batch_uncounted(&self, one: &BatchSent, charge: Charge) -> Option<Money> {
        match charge {
            Charge::Nothing => Some(Money::ZERO),
            _ => {
                let longest = u64::from(one.output_tokens_max).min(self.facts().output_tokens_max);
                let price = self.facts().price?.in_batch();
                Some(price.most(one.input_tokens, longest))
            }
        }
    }

    /// Reads an answer that came as one value.
    fn batch_answer(&self, one: &BatchSent, value: &Value) -> Result<Answer, LlmError> {
        let mut draft = Draft::new(&HearNothing);
        let event = Event {
            name: String::new(),
            data: value.to_string(),
        };
        self.provider()
            .settings
            .kind
            .api()
            .read(&event, &mut draft)?;
        let (outcome, usage) = draft.finish()?;
        let price = self.facts().price.map(crate::facts::Price::in_batch);
        let cost = match usage {
            Some(usage) => price.map(|price| price.cost(usage)),
            None => self.batch_uncounted(one, Charge::Most),
        };
        Ok(Answer {
            model: crate::model::Model::id(self).clone(),
            outcome,
            usage,
            cost,
            attempts: 1,
        })
    }

    fn name(&self) -> &str {
        &crate::model::Model::id(self).name
    }

    fn batch_target(&self) -> Target<'_> {
        Target {
            model: self.name(),
            facts: self.facts(),
            version: self.provider().version(),
            means: match self.facts().has_schema {
                true => Means::Native,
                false => Means::Told,
            },
        }
    }

    /// Returns the path that a question would go to.
    fn batch_path(&self) -> String {
        let api = self.provider().settings.kind.api();
        let ask = Ask::new("", "");
        format!("/v1{}", api.wire(&ask, self.batch_target()).path)
    }

    /// Returns a question as it would be sent by itself, but for the stream.
    fn batch_body(&self, ask: &Ask) -> Value {
        let api = self.provider().settings.kind.api();
        let mut body = api.wire(ask, self.batch_target()).body;
        if let Some(body) = body.as_object_mut() {
            body.remove("stream");
            body.remove("stream_options");
        }
        body
    }
}

fn setting(what: String) -> LlmError {
    LlmError::Setting(what)
}

fn check(asks: &[BatchAsk]) -> Result<(), LlmError> {
    if asks.is_empty() || asks.len() > BATCH_QUESTIONS_MAX {
        return Err(setting(format!(
            "a batch has 1 to {BATCH_QUESTIONS_MAX} questions and not {}",
            asks.len()
        )));
    }
    let mut names: Vec<&str> = asks.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    let is_name = |name: &&str| {
        let is_char = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        (1..=64).contains(&name.len()) && name.chars().all(is_char)
    };
    let is_twice = names.windows(2).any(|two| two[0] == two[1]);
    if is_twice || !names.iter().all(is_name) {
        return Err(setting(
            "the names of a batch are not to be told apart".into(),
        ));
    }
    Ok(())
}

/// Returns whether a provider's name of something can be part of a path and leads nowhere
/// else.
fn is_name(id: &str) -> bool {
    let is_char = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    (1..=NAME_CHARS_MAX).contains(&id.len())
        && id.chars().all(is_char)
        && !id.contains("..")
        && !id.starts_with('/')
}

fn checked(id: &str) -> Result<(), LlmError> {
    match is_name(id) {
        true => Ok(()),
        false => Err(setting(format!(
            "`{}` is no batch",
            crate::error::shorten(id)
        ))),
    }
}

/// Reads an answer that is about a batch.
fn value_of(bytes: &[u8]) -> Result<Value, LlmError> {
    serde_json::from_slice(bytes)
        .map_err(|_| LlmError::Unreadable("what is said of the batch is no JSON".into()))
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn count(value: &Value, pointer: &str) -> u64 {
    // Google writes numbers of 64 bits as text.
    let value = value.pointer(pointer);
    let number = value.and_then(Value::as_u64);
    let written = || value.and_then(Value::as_str)?.parse().ok();
    number.or_else(written).unwrap_or(0)
}

/// Returns what a provider says is wrong.
fn why(value: &Value) -> String {
    let error = value.get("error").unwrap_or(value);
    let message = [text(error, "/message"), text(error, "/error/message")];
    let message = message.into_iter().find(|one| !one.is_empty());
    crate::error::shorten(message.unwrap_or("the provider does not say why"))
}
