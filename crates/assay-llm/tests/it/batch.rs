//! Batches against stateful fakes of their providers: sent, looked at, collected by name
//! in any order; what is lost, doubled, refused, expired, cancelled or forgotten.
#![expect(clippy::unwrap_used, reason = "what helps the tests fails as they do")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use assay_llm::{
    Ask, BATCH_QUESTIONS_MAX, BatchAsk, BatchLedger, BatchQueue, BatchResult, BatchState, Batched,
    Budget, BudgetLimit, BudgetLimits, Cached, Call, Chain, LlmError, MemoryBook, Model,
    ModelFacts, ModelId, Money, PendingBatch, Price, Provider, ProviderKind, ProviderModel,
};
use assay_source::{BlobCache, BlobKey};
use assay_testkit::SettableClock;
use assay_testkit::llm::{BatchEnding, BatchPlan, Dialect, FakeBatch};

use crate::support::{answer, kind, run, said, settings, world};

const DIALECTS: [Dialect; 3] = [Dialect::OpenAiChat, Dialect::Anthropic, Dialect::Gemini];
/// A thousand billionths of a dollar a token in, four thousand out; half in a batch.
const PRICE: Price = Price {
    input: 1_000_000,
    output: 4_000_000,
    cache_read: 1_000_000,
    cache_write: 1_000_000,
    batch_percent: 50,
};
/// 100 tokens in and 10 out, as the fakes count, at half the price.
const ONE: Money = Money::from_nanos(70_000);

fn model(fake: &FakeBatch, dialect: Dialect) -> ProviderModel {
    let facts = ModelFacts {
        price: Some(PRICE),
        ..ModelFacts::default()
    };
    let own = settings(kind(dialect), &fake.url());
    Provider::new(own, world()).unwrap().model("m", facts)
}

fn asks() -> Vec<BatchAsk> {
    let ask = |at: usize| BatchAsk {
        name: format!("question-{at}"),
        ask: Ask::new("You are a test.", format!("Say {at}.")),
    };
    (0..3).map(ask).collect()
}

/// What was said and what it cost, or why not.
type Said = Result<(String, Money), String>;
/// What was answered to each question, and what was sent in its end.
type Ran = (
    Vec<Result<String, String>>,
    Vec<Result<PendingBatch, String>>,
);

/// Sends three questions and returns their results when the batch is over.
fn outcome(dialect: Dialect, plan: BatchPlan) -> (BatchState, Vec<Said>) {
    let fake = FakeBatch::start(dialect, plan);
    let model = model(&fake, dialect);
    let asks = asks();
    let sent: Vec<_> = asks.iter().map(BatchAsk::sent).collect();
    run(async {
        let id = model.batch_submit(&asks).await.unwrap();
        let mut look = model.batch_look(&id).await.unwrap();
        assert_eq!(look.state, BatchState::Running, "{dialect:?}");
        while !look.state.is_over() {
            look = model.batch_look(&id).await.unwrap();
        }
        let results = model.batch_results(&look, &sent).await.unwrap();
        assert_eq!(results.len(), 3, "{dialect:?}");
        let result = |one: BatchResult| match one {
            BatchResult::Answer(answer) => {
                Ok((said(&answer).to_owned(), answer.cost.unwrap_or_default()))
            }
            BatchResult::None { why, cost } => Err(format!("{why} ({})", cost.unwrap_or_default())),
        };
        (look.state, results.into_values().map(result).collect())
    })
}

fn echo(body: &str) -> Result<String, String> {
    let at = (0..3).find(|at| body.contains(&format!("Say {at}.")));
    Ok(format!("said {}", at.unwrap_or(9)))
}

#[test]
fn results_are_known_by_name_whatever_their_order() {
    for dialect in DIALECTS {
        let plan = BatchPlan {
            say: echo,
            ..BatchPlan::default()
        };
        let (state, found) = outcome(dialect, plan);
        let expected = [0, 1, 2].map(|at| Ok((format!("said {at}"), ONE)));
        assert_eq!(
            (state, found),
            (BatchState::Ended, expected.into()),
            "{dialect:?}"
        );
    }
}

#[test]
fn a_part_that_fails_is_a_part_that_fails() {
    for dialect in DIALECTS {
        let plan = BatchPlan {
            say: |body| match body.contains("Say 1.") {
                true => Err("this one is refused".to_owned()),
                false => echo(body),
            },
            ..BatchPlan::default()
        };
        let (_, found) = outcome(dialect, plan);
        assert_eq!(found[0], Ok(("said 0".to_owned(), ONE)), "{dialect:?}");
        assert_eq!(found[2], Ok(("said 2".to_owned(), ONE)), "{dialect:?}");
        let why = found[1].as_ref().unwrap_err();
        assert!(
            why.contains("this one is refused") && why.contains("($0.00)"),
            "{dialect:?}: {why}"
        );
    }
}

#[test]
fn what_is_missing_or_contradictory_is_no_answer_and_may_have_cost() {
    for dialect in DIALECTS {
        let lost = BatchPlan {
            say: echo,
            loses_last: true,
            ..BatchPlan::default()
        };
        let (_, found) = outcome(dialect, lost);
        let why = found[2].as_ref().unwrap_err();
        assert!(
            why.contains("no result") && !why.contains("($0.00)"),
            "{dialect:?}: {why}"
        );
        assert!(found[0].is_ok() && found[1].is_ok(), "{dialect:?}");
        let twice = BatchPlan {
            say: echo,
            doubles_first: true,
            ..BatchPlan::default()
        };
        let (_, found) = outcome(dialect, twice.clone());
        assert!(
            found.iter().all(Result::is_ok),
            "{dialect:?}: the same twice is the same"
        );
        let contrary = BatchPlan {
            contradicts: true,
            ..twice
        };
        let (_, found) = outcome(dialect, contrary);
        let why = found[0].as_ref().unwrap_err();
        assert!(why.contains("several results"), "{dialect:?}: {why}");
    }
}

#[test]
fn a_batch_that_fails_or_expires_says_so_for_each_question() {
    for dialect in DIALECTS {
        let expired = BatchPlan {
            say: echo,
            ending: BatchEnding::Expired,
            ..BatchPlan::default()
        };
        let (state, found) = outcome(dialect, expired);
        assert_eq!(state, BatchState::Expired, "{dialect:?}");
        assert_eq!(found[0], Ok(("said 0".to_owned(), ONE)), "{dialect:?}");
        for one in &found[1..] {
            let why = one.as_ref().unwrap_err();
            assert!(why.contains("($0.00)"), "{dialect:?}: {why}");
        }
        if dialect == Dialect::Anthropic {
            continue; // Its batches do not fail as a whole after they were taken.
        }
        let failed = BatchPlan {
            ending: BatchEnding::Failed,
            ..BatchPlan::default()
        };
        let (state, found) = outcome(dialect, failed);
        assert!(
            matches!(&state, BatchState::Failed(why) if why.contains("line 1 is none")),
            "{dialect:?}: {state:?}"
        );
        assert!(
            found
                .iter()
                .all(|one| one.as_ref().is_err_and(|why| why.contains("line 1")))
        );
    }
}

#[test]
fn what_is_no_batch_is_not_sent() {
    let fake = FakeBatch::start(Dialect::OpenAiChat, BatchPlan::default());
    let model_one = model(&fake, Dialect::OpenAiChat);
    let named = |name: &str| BatchAsk {
        name: name.to_owned(),
        ask: Ask::new("", "x"),
    };
    let large = BatchAsk {
        name: "large".to_owned(),
        ask: Ask::new("", "x".repeat(20 << 20)),
    };
    let many = (0..=BATCH_QUESTIONS_MAX)
        .map(|at| named(&at.to_string()))
        .collect();
    for wrong in [
        Vec::new(),
        vec![named("a"), named("a")],
        vec![named("with space")],
        vec![named(&"x".repeat(65))],
        vec![large],
        many,
    ] {
        let error = run(model_one.batch_submit(&wrong)).unwrap_err();
        assert!(matches!(error, LlmError::Setting(_)), "{error:?}");
    }
    for id in ["", "../files", "a b", "/x", "a?b"] {
        run(model_one.batch_look(id)).unwrap_err();
        run(model_one.batch_cancel(id)).unwrap_err();
    }
    assert_eq!(fake.log(), Vec::<String>::new(), "nothing was sent");
    let own = settings(ProviderKind::Ollama, &fake.url());
    let ollama = Provider::new(own, world()).unwrap();
    let ollama = ollama.model("m", ModelFacts::default());
    run(ollama.batch_submit(&asks())).unwrap_err();
}

/// Batches in memory, which may be full.
#[derive(Default)]
struct Ledger {
    batches: Mutex<Vec<PendingBatch>>,
    is_full: bool,
}

impl BatchLedger for Ledger {
    fn list(&self) -> Result<Vec<PendingBatch>, String> {
        Ok(self.batches.lock().unwrap().clone())
    }

    fn put(&self, batch: &PendingBatch) -> Result<(), String> {
        if self.is_full {
            return Err("the disk is full".to_owned());
        }
        self.batches.lock().unwrap().push(batch.clone());
        Ok(())
    }

    fn remove(&self, batch: &PendingBatch) {
        self.batches
            .lock()
            .unwrap()
            .retain(|one| one.id != batch.id);
    }
}

#[derive(Default)]
struct Shelf(Mutex<HashMap<BlobKey, Vec<u8>>>);

impl BlobCache for Shelf {
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(key).cloned()
    }

    fn put(&self, key: &BlobKey, value: Vec<u8>) {
        self.0.lock().unwrap().insert(*key, value);
    }
}

/// What outlives a process: answers, batches, sums.
#[derive(Default)]
struct Kept {
    shelf: Arc<Shelf>,
    ledger: Ledger,
    book: Arc<MemoryBook>,
}

impl Kept {
    fn budget(&self, day: &str) -> Arc<Budget> {
        let limits = BudgetLimits {
            day: BudgetLimit {
                soft: None,
                hard: Money::from_dollars(day),
            },
            ..BudgetLimits::default()
        };
        let book = Arc::<MemoryBook>::clone(&self.book);
        Arc::new(Budget::new(
            limits,
            book,
            Arc::new(SettableClock::default()),
        ))
    }

    fn spent(&self) -> Money {
        let day = Money::from_dollars("1").unwrap();
        day.minus(self.budget("1").left().unwrap())
    }

    /// One run of a program: takes what came, asks, sends what has no answer.
    fn run(&self, fake: &FakeBatch, dialect: Dialect, day: &str, words: &[&str]) -> Ran {
        let cache = || Arc::<Shelf>::clone(&self.shelf) as Arc<dyn BlobCache + Send + Sync>;
        let queue = Arc::new(BatchQueue::new(cache()));
        let budget = self.budget(day);
        let find = |id: &ModelId| (id.name == "m").then(|| model(fake, dialect));
        run(queue.collect(&find, &self.ledger, (&*self.book, &budget))).unwrap();
        let batched = Batched::new(model(fake, dialect), Arc::clone(&queue));
        let asked = Cached::new(batched, cache());
        let found = words.iter().map(|word| {
            let result = answer(&asked, &Ask::new("You are a test.", *word));
            result
                .map(|one| said(&one).to_owned())
                .map_err(|error| error.to_string())
        });
        let found = found.collect();
        (found, run(queue.submit(&find, &self.ledger, (&budget, 7))))
    }
}

#[test]
fn what_waits_outlives_the_process_and_costs_half() {
    for dialect in DIALECTS {
        let kept = Kept::default();
        let plan = BatchPlan {
            say: echo,
            looks: 1,
            ..BatchPlan::default()
        };
        let fake = FakeBatch::start(dialect, plan);
        let words = ["Say 0.", "Say 1."];
        let (found, sent) = kept.run(&fake, dialect, "1", &words);
        assert!(
            found
                .iter()
                .all(|one| one.as_ref().is_err_and(|why| why.contains("waits")))
        );
        let batch = sent[0].as_ref().unwrap();
        assert_eq!(
            (sent.len(), batch.sent.len(), batch.submitted_ms),
            (1, 2, 7),
            "{dialect:?}"
        );
        let most = Money::from_nanos(batch.taken_nanos);
        assert_eq!(kept.spent(), most, "all of it is set aside");
        // Another process, while it is not over: nothing is sent again.
        let (found, sent) = kept.run(&fake, dialect, "1", &words);
        assert!(
            found.iter().all(Result::is_err) && sent.is_empty(),
            "{dialect:?}"
        );
        assert_eq!((fake.batches(), kept.spent()), (1, most));
        // A third: the answers are there, and what was not spent is back.
        let (found, sent) = kept.run(&fake, dialect, "1", &words);
        assert_eq!(
            found,
            [Ok("said 0".to_owned()), Ok("said 1".to_owned())],
            "{dialect:?}"
        );
        assert!(sent.is_empty() && kept.ledger.list().unwrap().is_empty());
        assert_eq!(kept.spent(), ONE.plus(ONE), "{dialect:?}");
        assert!(most > kept.spent());
        // What a batch keeps on disk holds no code.
        let text = serde_json::to_string(batch).unwrap();
        assert!(!text.contains("Say"), "{text}");
    }
}

#[test]
fn a_question_that_failed_says_why_and_is_sent_again_the_next_time() {
    let kept = Kept::default();
    let plan = BatchPlan {
        looks: 0,
        say: |_| Err("refused".to_owned()),
        ..BatchPlan::default()
    };
    let fake = FakeBatch::start(Dialect::Anthropic, plan);
    kept.run(&fake, Dialect::Anthropic, "1", &["Say 0."]);
    let (found, sent) = kept.run(&fake, Dialect::Anthropic, "1", &["Say 0."]);
    assert!(
        found[0]
            .as_ref()
            .is_err_and(|why| why.contains("in a batch: refused")),
        "{found:?}"
    );
    assert!(sent.is_empty() && kept.spent() == Money::ZERO);
    let (found, sent) = kept.run(&fake, Dialect::Anthropic, "1", &["Say 0."]);
    assert!(
        found[0].as_ref().is_err_and(|why| why.contains("waits")),
        "{found:?}"
    );
    assert_eq!((sent.len(), fake.batches()), (1, 2));
}

#[test]
fn a_refused_batch_leaves_its_money() {
    for dialect in DIALECTS {
        for (status, is_free) in [(429, true), (400, true), (529, true), (502, false)] {
            let kept = Kept::default();
            let plan = BatchPlan {
                refusal: Some(status),
                ..BatchPlan::default()
            };
            let fake = FakeBatch::start(dialect, plan);
            let (_, sent) = kept.run(&fake, dialect, "1", &["Say 0."]);
            let why = sent[0].as_ref().unwrap_err();
            assert!(why.contains(&status.to_string()), "{dialect:?}: {why}");
            assert!(kept.ledger.list().unwrap().is_empty());
            // Whether a 502 arrived nobody knows: its money stays set aside.
            assert_eq!(kept.spent() == Money::ZERO, is_free, "{dialect:?} {status}");
        }
    }
}

#[test]
fn a_batch_over_the_budget_is_not_sent() {
    let kept = Kept::default();
    let fake = FakeBatch::start(Dialect::OpenAiChat, BatchPlan::default());
    let (_, sent) = kept.run(
        &fake,
        Dialect::OpenAiChat,
        "0.000001",
        &["Say 0.", "Say 1."],
    );
    let why = sent[0].as_ref().unwrap_err();
    assert!(why.contains("budget of the day"), "{why}");
    assert_eq!((fake.batches(), kept.spent()), (0, Money::ZERO));
}

#[test]
fn a_batch_that_nobody_can_remember_is_cancelled() {
    let kept = Kept {
        ledger: Ledger {
            is_full: true,
            ..Ledger::default()
        },
        ..Kept::default()
    };
    for dialect in DIALECTS {
        let fake = FakeBatch::start(dialect, BatchPlan::default());
        let (_, sent) = kept.run(&fake, dialect, "1", &["Say 0."]);
        let why = sent[0].as_ref().unwrap_err();
        assert!(
            why.contains("the disk is full") && why.contains("it was cancelled"),
            "{why}"
        );
        let log = fake.log();
        assert!(
            log.last().is_some_and(|one| one.contains("cancel")),
            "{log:?}"
        );
    }
}

#[test]
fn cancelled_and_forgotten_batches_are_over_or_unknown() {
    for dialect in DIALECTS {
        let fake = FakeBatch::start(dialect, BatchPlan::default());
        let model = model(&fake, dialect);
        let asks = asks();
        let sent: Vec<_> = asks.iter().map(BatchAsk::sent).collect();
        let id = run(model.batch_submit(&asks)).unwrap();
        run(model.batch_cancel(&id)).unwrap();
        let look = run(model.batch_look(&id)).unwrap();
        assert_eq!(look.state, BatchState::Cancelled, "{dialect:?}");
        let results = run(model.batch_results(&look, &sent)).unwrap();
        for result in results.values() {
            let BatchResult::None { why, cost } = result else {
                panic!("{result:?}");
            };
            assert!(
                why.contains("cancelled") && *cost == Some(Money::ZERO),
                "{dialect:?}: {why}"
            );
        }
        fake.forget();
        let error = run(model.batch_look(&id)).unwrap_err();
        assert!(
            matches!(error, LlmError::Status { status: 404, .. }),
            "{dialect:?}: {error:?}"
        );
    }
}

#[test]
fn no_other_model_is_asked_while_a_question_waits() {
    let fake = FakeBatch::start(Dialect::OpenAiChat, BatchPlan::default());
    let shelf: Arc<dyn BlobCache + Send + Sync> = Arc::new(Shelf::default());
    let queue = Arc::new(BatchQueue::new(shelf));
    let batched = |_| {
        let model = model(&fake, Dialect::OpenAiChat);
        Arc::new(Batched::new(model, Arc::clone(&queue))) as Arc<dyn Model>
    };
    let chain = Chain::new((0..2).map(batched).collect()).unwrap();
    let error = run(chain.ask(&Ask::new("", "x"), Call::default())).unwrap_err();
    assert!(matches!(error, LlmError::Waiting), "{error:?}");
}
