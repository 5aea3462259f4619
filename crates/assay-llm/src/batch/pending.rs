//! Questions between two runs: what is asked waits until a batch is sent, what was sent
//! is remembered until the batch is over, and what came is put where the same question
//! finds its answer. No process has to live meanwhile.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assay_source::{BlobCache, BlobKey};
use serde::{Deserialize, Serialize};

use super::{BATCH_QUESTIONS_MAX, BatchAsk, BatchResult, BatchSent, BatchState};
use crate::answer::{Answer, Outcome};
use crate::ask::Ask;
use crate::budget::{Budget, BudgetScope, CallSpend, SpendBook, Window};
use crate::cached::answer_key;
use crate::error::{Charge, LlmError};
use crate::model::{Boxed, Call, Model, ModelId};
use crate::money::Money;
use crate::provider::ProviderModel;
use crate::transcript::AnswerWire;

/// The task of what batches cost, as it is written down.
const TASK: &str = "batch";

/// A batch that is not known to be over, as it is kept. It holds no code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingBatch {
    /// Whom it was sent to, `provider/name`.
    pub model: String,
    /// What the provider calls it.
    pub id: String,
    /// The questions.
    pub sent: Vec<BatchSent>,
    /// What was set aside for it, in billionths of a dollar.
    pub taken_nanos: u64,
    /// Of which sums.
    pub windows: Vec<String>,
    /// When it was sent.
    pub submitted_ms: i64,
}

/// Where batches are remembered.
pub trait BatchLedger: Send + Sync {
    /// Returns all of them, the oldest first.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    fn list(&self) -> Result<Vec<PendingBatch>, String>;

    /// Remembers one.
    ///
    /// # Errors
    ///
    /// Why it cannot be kept.
    fn put(&self, batch: &PendingBatch) -> Result<(), String>;

    /// Forgets one.
    fn remove(&self, batch: &PendingBatch);
}

/// What became of a batch when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// What the provider calls it.
    pub id: String,
    /// What it is doing, or came to; the error when nobody knows.
    pub state: Result<BatchState, String>,
    /// Questions that have a result.
    pub done: u64,
    /// All of them.
    pub of: u64,
    /// Answers that were put by.
    pub answers: usize,
    /// What it cost, once it is over.
    pub cost: Money,
}

#[derive(Default)]
struct State {
    /// Names of questions that are in a batch.
    waiting: HashSet<String>,
    /// Questions of which a batch said why they have no answer.
    failed: HashMap<String, String>,
    /// Questions that were asked now.
    queued: BTreeMap<ModelId, Vec<BatchAsk>>,
}

/// The questions of one run.
pub struct BatchQueue {
    cache: Arc<dyn BlobCache + Send + Sync>,
    state: Mutex<State>,
}

impl BatchQueue {
    /// Makes one; answers are put into the cache.
    pub fn new(cache: Arc<dyn BlobCache + Send + Sync>) -> Self {
        Self {
            cache,
            state: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at all batches that are remembered, and takes what they came to: answers
    /// into the cache, and the money that was not spent back.
    ///
    /// # Errors
    ///
    /// When it is not known what was sent.
    pub async fn collect(
        &self,
        find: &(dyn Fn(&ModelId) -> Option<ProviderModel> + Sync),
        ledger: &dyn BatchLedger,
        (book, budget): (&dyn SpendBook, &Budget),
    ) -> Result<Vec<Collected>, String> {
        let mut all = Vec::new();
        for batch in ledger.list()? {
            let names = batch.sent.iter().map(|one| one.name.clone());
            self.held().waiting.extend(names);
            let model = ModelId::parse(&batch.model).and_then(|id| find(&id));
            let collected = match model {
                Some(model) => self.collect_one(&model, &batch, (book, budget)).await,
                None => Err(format!("`{}` is not configured", batch.model)),
            };
            all.push(match collected {
                Ok(collected) => {
                    if collected.state.as_ref().is_ok_and(BatchState::is_over) {
                        ledger.remove(&batch);
                    }
                    collected
                }
                Err(why) => Collected {
                    id: batch.id.clone(),
                    state: Err(why),
                    done: 0,
                    of: batch.sent.len() as u64,
                    answers: 0,
                    cost: Money::ZERO,
                },
            });
        }
        Ok(all)
    }

    async fn collect_one(
        &self,
        model: &ProviderModel,
        batch: &PendingBatch,
        (book, budget): (&dyn SpendBook, &Budget),
    ) -> Result<Collected, String> {
        let failed = |error: LlmError| error.to_string();
        let look = model.batch_look(&batch.id).await.map_err(failed)?;
        let mut collected = Collected {
            id: batch.id.clone(),
            state: Ok(look.state.clone()),
            done: look.done,
            of: batch.sent.len() as u64,
            answers: 0,
            cost: Money::ZERO,
        };
        if !look.state.is_over() {
            return Ok(collected);
        }
        let results = model.batch_results(&look, &batch.sent).await;
        for (name, result) in results.map_err(failed)? {
            let (cost, answer) = match result {
                BatchResult::Answer(answer) => (answer.cost, Ok(answer)),
                BatchResult::None { why, cost } => (cost, Err(why)),
            };
            collected.cost = collected.cost.plus(cost.unwrap_or_default());
            budget.note(&CallSpend {
                model: model.id().clone(),
                task: TASK,
                usage: answer.as_ref().ok().and_then(|answer| answer.usage),
                cost,
                is_answered: answer.is_ok(),
                duration_ms: 0,
            });
            self.take(name, answer, &mut collected);
        }
        let window = |name: &String| Window {
            name: name.clone(),
            of: String::new(),
            scope: BudgetScope::Day,
            limit: Money::MAX,
        };
        let windows: Vec<Window> = batch.windows.iter().map(window).collect();
        let taken = Money::from_nanos(batch.taken_nanos);
        book.settle(&windows, taken, collected.cost);
        Ok(collected)
    }

    fn take(&self, name: String, answer: Result<Answer, String>, collected: &mut Collected) {
        let mut held = self.held();
        held.waiting.remove(&name);
        let why = match answer {
            Ok(answer) => match &answer.outcome {
                Outcome::Complete(_) => {
                    let bytes = serde_json::to_vec(&AnswerWire::of(&answer));
                    if let (Some(key), Ok(bytes)) = (key_of(&name), bytes) {
                        self.cache.put(&key, bytes);
                        collected.answers += 1;
                        return;
                    }
                    "the answer cannot be kept".to_owned()
                }
                Outcome::Incomplete { shortfall, .. } => shortfall.to_string(),
            },
            Err(why) => why,
        };
        held.failed.insert(name, why);
    }

    /// Sends what was asked, a batch for each model, each with money set aside for all of
    /// it.
    pub async fn submit(
        &self,
        find: &(dyn Fn(&ModelId) -> Option<ProviderModel> + Sync),
        ledger: &dyn BatchLedger,
        (budget, now_ms): (&Arc<Budget>, i64),
    ) -> Vec<Result<PendingBatch, String>> {
        let queued = std::mem::take(&mut self.held().queued);
        let mut all = Vec::new();
        for (id, asks) in queued {
            let Some(model) = find(&id) else {
                all.push(Err(format!("`{id}` is not configured")));
                continue;
            };
            let sent = submit_one(&model, &asks, ledger, (budget, now_ms)).await;
            all.push(sent.map_err(|why| format!("{id}: {why}")));
        }
        all
    }
}

async fn submit_one(
    model: &ProviderModel,
    asks: &[BatchAsk],
    ledger: &dyn BatchLedger,
    (budget, now_ms): (&Arc<Budget>, i64),
) -> Result<PendingBatch, String> {
    let reserved = budget.reserve_when_free(model.batch_most(asks)).await;
    let reserved = reserved.map_err(|refusal| LlmError::Budget(refusal).to_string())?;
    let id = match model.batch_submit(asks).await {
        Ok(id) => id,
        Err(error) => {
            // Where it is not known whether it arrived, the money stays set aside.
            if error.charge() == Charge::Nothing {
                reserved.settle(Money::ZERO);
            }
            return Err(error.to_string());
        }
    };
    let (taken, windows) = reserved.detach();
    let batch = PendingBatch {
        model: model.id().to_string(),
        id,
        sent: asks.iter().map(BatchAsk::sent).collect(),
        taken_nanos: taken.nanos(),
        windows,
        submitted_ms: now_ms,
    };
    if let Err(why) = ledger.put(&batch) {
        // What nobody remembers nobody collects.
        let stopped = match model.batch_cancel(&batch.id).await {
            Ok(()) => "it was cancelled".to_owned(),
            Err(error) => format!("and it could not be cancelled: {error}"),
        };
        return Err(format!(
            "the batch {} cannot be remembered ({why}); {stopped}",
            batch.id
        ));
    }
    Ok(batch)
}

/// A model whose questions wait for a batch.
pub struct Batched {
    inner: ProviderModel,
    queue: Arc<BatchQueue>,
}

impl Batched {
    /// Lets questions to a model wait.
    pub fn new(inner: ProviderModel, queue: Arc<BatchQueue>) -> Self {
        Self { inner, queue }
    }

    fn wait(&self, ask: &Ask) -> LlmError {
        if let Err(error) = self.inner.fits(ask) {
            return error;
        }
        if !self.inner.takes_batches() {
            let kind = self.inner.provider().settings.kind.name();
            return LlmError::Setting(format!("`{kind}` takes no batches"));
        }
        let name = name_of(&answer_key(self.inner.id(), ask));
        let mut held = self.queue.held();
        if let Some(why) = held.failed.get(&name) {
            return LlmError::Setting(format!("in a batch: {why}"));
        }
        if held.waiting.contains(&name) {
            return LlmError::Waiting;
        }
        let queued = held.queued.entry(self.inner.id().clone()).or_default();
        let is_new = !queued.iter().any(|one| one.name == name);
        if is_new && queued.len() < BATCH_QUESTIONS_MAX {
            let ask = ask.clone();
            queued.push(BatchAsk { name, ask });
        }
        LlmError::Waiting
    }
}

impl Model for Batched {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn ask<'a>(&'a self, ask: &'a Ask, _: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        Box::pin(std::future::ready(Err(self.wait(ask))))
    }
}

/// Returns a key as the name of a question.
fn name_of(key: &BlobKey) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the key that a name is of.
fn key_of(name: &str) -> Option<BlobKey> {
    let mut key = BlobKey::default();
    if name.len() != 2 * key.len() || !name.is_ascii() {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&name[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::{key_of, name_of};

    #[test]
    fn a_name_leads_back_to_its_key() {
        let key = std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap());
        let name = name_of(&key);
        assert_eq!((name.len(), key_of(&name)), (64, Some(key)));
        for wrong in ["", "zz", "ä", &"z".repeat(64)] {
            assert_eq!(key_of(wrong), None, "{wrong}");
        }
    }
}
