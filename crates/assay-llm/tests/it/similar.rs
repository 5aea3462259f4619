//! Answers to similar questions: found by nearness, under the same task, prompt, model
//! and vectors, for a time, and of no other owner.
#![expect(clippy::unwrap_used, reason = "what helps the tests fails as they do")]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::sync::{Arc, Mutex};

use assay_llm::{
    ApiVectors, Budget, BudgetLimits, Kept, Like, MemoryBook, Model, ModelId, Money, Price,
    Provider, ProviderKind, Recorder, Relay, RelayMemory, Replay, Similar, SimilarCounts,
    SimilarLimits, SimilarWorld, TextVectors,
};
use assay_source::{BlobCache, BlobKey};
use assay_testkit::SettableClock;
use assay_testkit::llm::{Dialect, FakeModel, FakeVectors, Turn};

use crate::support::{model, run, settings, world};

/// A cache in memory; one for each owner.
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

fn budget() -> Arc<Budget> {
    let book = Arc::new(MemoryBook::default());
    let clock = Arc::new(SettableClock::default());
    Arc::new(Budget::new(BudgetLimits::default(), book, clock))
}

fn vectors(fake: &FakeVectors, kind: ProviderKind, name: &str) -> ApiVectors {
    let provider = Provider::new(settings(kind, &fake.url()), world()).unwrap();
    let price = Price {
        input: 20_000,
        output: 20_000,
        ..Price::default()
    };
    let id = ModelId::new(kind.name(), name);
    ApiVectors::new(&provider, &id, Some(price), budget()).unwrap()
}

struct Bench {
    vectors: FakeVectors,
    model: FakeModel,
    shelf: Arc<Shelf>,
    clock: Arc<SettableClock>,
    counts: Arc<SimilarCounts>,
}

impl Bench {
    fn new() -> Self {
        Self {
            vectors: FakeVectors::start(),
            model: FakeModel::start(Dialect::OpenAiChat, vec![Turn::say("yes")]),
            shelf: Arc::default(),
            clock: Arc::default(),
            counts: Arc::default(),
        }
    }

    fn similar(&self, limits: SimilarLimits, name: &str) -> Similar<Arc<dyn Model>> {
        let world = SimilarWorld {
            cache: Arc::<Shelf>::clone(&self.shelf) as Arc<dyn BlobCache + Send + Sync>,
            vectors: Arc::new(vectors(&self.vectors, ProviderKind::OpenAi, name)),
            clock: Arc::<SettableClock>::clone(&self.clock) as Arc<dyn assay_source::Clock>,
            counts: Arc::clone(&self.counts),
        };
        let inner: Arc<dyn Model> = Arc::new(model(&self.model, Dialect::OpenAiChat));
        Similar::new(inner, world, limits, "review 1 of 2026-02-01")
    }
}

const TEXT: &str = "Where is the token of a session validated, and who calls the code that does it when a request comes in from outside?";

fn like(text: &str) -> Like {
    Like {
        task: "ask",
        prompt: "told".to_owned(),
        text: text.to_owned(),
    }
}

fn recall(model: &dyn Model, like: &Like) -> Option<Kept> {
    run(model.recall(like))
}

fn keep(model: &dyn Model, like: &Like, payload: &str) {
    run(model.keep(like, payload.to_owned(), 5_000));
}

#[test]
fn what_is_near_is_found_and_what_is_far_is_not() {
    let bench = Bench::new();
    let similar = bench.similar(SimilarLimits::default(), "v");
    assert_eq!(recall(&similar, &like(TEXT)), None, "nothing is kept");
    assert_eq!(bench.vectors.asked(), 0, "then no vector is paid");
    keep(&similar, &like(TEXT), "there");
    let expected = Kept {
        of: "review 1 of 2026-02-01".to_owned(),
        nearness: 1_000,
        payload: "there".to_owned(),
        saved_nanos: 5_000,
    };
    assert_eq!(recall(&similar, &like(TEXT)), Some(expected));
    // One word of 23 is another.
    let loose = SimilarLimits {
        cosine_min: 0.9,
        ..SimilarLimits::default()
    };
    let loose = bench.similar(loose, "v");
    let near = recall(&loose, &like(&TEXT.replace("Where", "where"))).unwrap();
    assert!((900..1_000).contains(&near.nearness), "{near:?}");
    let far = "Which configuration decides how long a cached answer is kept?";
    assert_eq!(recall(&similar, &like(far)), None);
    assert_eq!(bench.counts.read(), (2, 2, 10_000));
    let strict = SimilarLimits {
        cosine_min: 0.999,
        ..SimilarLimits::default()
    };
    let strict = bench.similar(strict, "v");
    assert_eq!(
        recall(&strict, &like(&TEXT.replace("Where", "where"))),
        None
    );
}

#[test]
fn another_task_prompt_model_owner_or_vector_is_another_question() {
    let bench = Bench::new();
    let similar = bench.similar(SimilarLimits::default(), "v");
    keep(&similar, &like(TEXT), "there");
    let task = Like {
        task: "review",
        ..like(TEXT)
    };
    assert_eq!(recall(&similar, &task), None);
    let prompt = Like {
        prompt: "told otherwise".to_owned(),
        ..like(TEXT)
    };
    assert_eq!(recall(&similar, &prompt), None);
    let vectors = bench.similar(SimilarLimits::default(), "other");
    assert_eq!(recall(&vectors, &like(TEXT)), None);
    let owner = Bench {
        shelf: Arc::default(),
        ..Bench::new()
    };
    let owner = owner.similar(SimilarLimits::default(), "v");
    assert_eq!(recall(&owner, &like(TEXT)), None);
    assert!(recall(&similar, &like(TEXT)).is_some());
}

#[test]
fn what_is_kept_goes_by_age_number_and_size() {
    let bench = Bench::new();
    let limits = SimilarLimits {
        entries_max: 2,
        ttl_ms: 1_000,
        ..SimilarLimits::default()
    };
    let similar = bench.similar(limits, "v");
    let texts = ["alpha beta gamma", "delta epsilon zeta", "eta theta iota"];
    for text in texts {
        keep(&similar, &like(text), text);
    }
    let found = |text: &str| recall(&similar, &like(text)).is_some();
    assert_eq!(texts.map(found), [false, true, true], "the oldest went");
    // The same question again takes its own place and no other's.
    keep(&similar, &like(texts[2]), "again");
    assert_eq!(recall(&similar, &like(texts[2])).unwrap().payload, "again");
    assert!(found(texts[1]));
    keep(
        &similar,
        &like("large"),
        &"x".repeat(assay_llm::KEPT_BYTES_MAX + 1),
    );
    assert!(!found("large"));
    bench.clock.advance(1_001);
    assert_eq!(texts.map(found), [false, false, false]);
}

#[test]
fn without_vectors_nothing_is_found_and_nothing_fails() {
    let bench = Bench::new();
    let similar = bench.similar(SimilarLimits::default(), "v");
    keep(&similar, &like(TEXT), "there");
    bench.vectors.set_down(true);
    assert_eq!(recall(&similar, &like(TEXT)), None);
    keep(&similar, &like("more"), "more");
}

#[test]
fn what_was_remembered_is_replayed() {
    let bench = Bench::new();
    let similar = bench.similar(SimilarLimits::default(), "v");
    keep(&similar, &like(TEXT), "there");
    let recorder = Recorder::new(similar);
    let kept = recall(&recorder, &like(TEXT));
    assert!(kept.is_some());
    assert_eq!(recall(&recorder, &like("something else")), None);
    let replay = Replay::parse(&recorder.transcript()).unwrap();
    assert_eq!(recall(&replay, &like(TEXT)), kept);
    assert_eq!(recall(&replay, &like("something else")), None);
}

#[test]
fn every_kind_of_provider_makes_the_same_vectors() {
    let fake = FakeVectors::start();
    let long = "a word and another one ".repeat(1_000);
    for text in [TEXT, long.as_str()] {
        let found: Vec<Vec<f32>> = [
            ProviderKind::OpenAi,
            ProviderKind::Compatible,
            ProviderKind::Azure,
            ProviderKind::Gemini,
            ProviderKind::Ollama,
        ]
        .map(|kind| run(vectors(&fake, kind, "m").vector(text)).unwrap())
        .into();
        let length: f32 = found[0].iter().map(|one| one * one).sum();
        assert!((length - 1.0).abs() < 1e-3, "{length}");
        assert!(found.iter().all(|one| *one == found[0]));
    }
    let provider = settings(ProviderKind::Anthropic, &fake.url());
    let provider = Provider::new(provider, world()).unwrap();
    let id = ModelId::new("anthropic", "m");
    assert!(ApiVectors::new(&provider, &id, None, budget()).is_err());
}

#[test]
fn vectors_are_paid_by_what_was_counted() {
    let fake = FakeVectors::start();
    let provider = Provider::new(settings(ProviderKind::OpenAi, &fake.url()), world()).unwrap();
    let price = Price {
        input: 1_000_000,
        output: 1_000_000,
        ..Price::default()
    };
    let budget = budget();
    let id = ModelId::new("openai", "m");
    let vectors = ApiVectors::new(&provider, &id, Some(price), Arc::clone(&budget)).unwrap();
    run(vectors.vector(&"x".repeat(400))).unwrap();
    assert_eq!(budget.spent(), Money::from_nanos(100_000), "100 tokens");
    fake.set_down(true);
    run(vectors.vector("y")).unwrap_err();
    assert_eq!(
        budget.spent(),
        Money::from_nanos(100_000),
        "503 costs nothing"
    );
}

#[test]
fn what_is_remembered_passes_between_processes() {
    let (child_in, mut parent_out) = std::io::pipe().unwrap();
    let (parent_in, child_out) = std::io::pipe().unwrap();
    let bench = Bench::new();
    let similar = bench.similar(SimilarLimits::default(), "v");
    let parent = std::thread::spawn(move || {
        for line in BufReader::new(parent_in).lines() {
            let memory = RelayMemory::parse(line.unwrap().as_bytes()).expect("a wish");
            let answer = run(memory.answer(&similar));
            parent_out.write_all(answer.as_bytes()).unwrap();
        }
    });
    let id = ModelId::new("a", "b");
    let relay = Relay::new(id, child_out, BufReader::new(child_in));
    keep(&relay, &like(TEXT), "there");
    let kept = recall(&relay, &like(TEXT)).unwrap();
    assert_eq!((kept.payload.as_str(), kept.saved_nanos), ("there", 5_000));
    assert_eq!(recall(&relay, &like("something else")), None);
    drop(relay);
    parent.join().unwrap();
    for wrong in [
        "{}",
        "{\"model_memory\":1,\"task\":\"merge\",\"prompt\":\"p\",\"text\":\"t\"}",
        "{\"model_memory\":1,\"task\":\"ask\",\"prompt\":\"p\"}",
    ] {
        assert_eq!(RelayMemory::parse(wrong.as_bytes()), None, "{wrong}");
    }
    let large = "x".repeat(assay_llm::KEPT_BYTES_MAX + 1);
    let large = format!(
        "{{\"model_memory\":1,\"task\":\"ask\",\"prompt\":\"p\",\"text\":\"t\",\"payload\":\"{large}\"}}"
    );
    assert_eq!(RelayMemory::parse(large.as_bytes()), None);
}
