//! How long it takes until another model answers when the first one does not: a provider
//! that hangs, stalls, refuses connections, says 500 or 529, wants a long wait, cuts its
//! answer or sends garbage. Timed from the question to the first piece of the answer that
//! counts.
//!
//! `ASSAY_BENCH_QUESTIONS` says how many questions of each kind (100), and
//! `ASSAY_BENCH_AT_A_TIME` how many are under way at a time (10).
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints what it measured and takes its settings from outside"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use assay_llm::{
    Ask, Call, Chain, Hear, Model, ModelFacts, Outcome, Provider, ProviderKind, ProviderSettings,
    World,
};
use assay_testkit::llm::{Dialect, FakeModel, Shape, Turn};
use assay_testkit::{MachineClock, SeededRandomness};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What is promised.
const PROMISED: Duration = Duration::from_secs(2);

/// Hears when the first piece comes that is not taken back.
#[derive(Default)]
struct First(Mutex<Option<Instant>>);

impl Hear for First {
    fn text(&self, _: &str) {
        self.0
            .lock()
            .expect("no panic")
            .get_or_insert_with(Instant::now);
    }

    fn restart(&self) {
        self.0.lock().expect("no panic").take();
    }
}

fn number(name: &str, usual: usize) -> usize {
    let set = std::env::var(name).ok();
    set.and_then(|value| value.parse().ok()).unwrap_or(usual)
}

fn provider(base: String) -> Arc<Provider> {
    let mut settings = ProviderSettings::new("fake", ProviderKind::Compatible);
    settings.base = Some(base);
    // Its own failures are what is measured: it is never left alone.
    let world = World {
        clock: Arc::new(MachineClock),
        randomness: Arc::new(SeededRandomness::new(7)),
    };
    Provider::new(settings, world).expect("settings that make sense")
}

/// Returns how long each question took, the shortest first.
async fn measure(first: &str, questions: usize, at_a_time: usize) -> Vec<Duration> {
    let second = FakeModel::start(Dialect::OpenAiChat, vec![Turn::say("from the second")]);
    let places = Arc::new(Semaphore::new(at_a_time));
    let answering = provider(second.url());
    let mut under_way = JoinSet::new();
    for _ in 0..questions {
        let places = Arc::clone(&places);
        // A provider of its own each time: after some failures a breaker would pass it over
        // at once, which is quicker than what is measured.
        let failing = provider(first.to_owned());
        let answering = Arc::clone(&answering);
        under_way.spawn(async move {
            let _place = places.acquire_owned().await;
            let models: Vec<Arc<dyn Model>> = vec![
                Arc::new(failing.model("model-1", ModelFacts::default())),
                Arc::new(answering.model("model-2", ModelFacts::default())),
            ];
            let chain = Chain::new(models).expect("there are two");
            let heard = First::default();
            let call = Call {
                hear: &heard,
                ..Call::default()
            };
            let began = Instant::now();
            let answer = chain.ask(&Ask::new("You are a test.", "Say."), call).await;
            let answer = answer.expect("the second answers");
            assert!(matches!(answer.outcome, Outcome::Complete(_)));
            let first = *heard.0.lock().expect("no panic");
            first.expect("something was said") - began
        });
    }
    let mut all = Vec::new();
    while let Some(took) = under_way.join_next().await {
        all.push(took.expect("no panic"));
    }
    all.sort_unstable();
    all
}

fn main() {
    let questions = number("ASSAY_BENCH_QUESTIONS", 100).max(1);
    let at_a_time = number("ASSAY_BENCH_AT_A_TIME", 10).max(1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let kinds: [(&str, Turn); 9] = [
        ("says nothing", Turn::Silent),
        ("begins and says nothing", Turn::Stall(String::new())),
        ("500", Turn::status(500, "")),
        ("529", Turn::status(529, "")),
        ("429, wait 30 s", Turn::limited(429, "retry-after", "30")),
        ("401", Turn::status(401, "")),
        ("cuts the connection", Turn::Cut("some text".into())),
        ("garbage", Turn::Raw(b"data: garbage\n\n".to_vec())),
        ("refuses", Turn::Refuse("no".into())),
    ];
    println!(
        "{questions} questions each, {at_a_time} at a time; milliseconds until the second model is heard"
    );
    println!(
        "{:26} {:>7} {:>7} {:>7} {:>7}",
        "the first model", "p50", "p95", "p99", "max"
    );
    let mut all = Vec::new();
    let mut show = |name: &str, took: Vec<Duration>| {
        row(name, &took);
        all.extend(took);
    };
    for (name, turn) in kinds {
        let fake =
            FakeModel::start_scripted(Dialect::OpenAiChat, Shape::default(), move |_| turn.clone());
        let took = runtime.block_on(measure(&fake.url(), questions, at_a_time));
        show(name, took);
    }
    // Nobody listens on the first port.
    let gone = "http://127.0.0.1:1/v1".to_owned();
    show(
        "is not there",
        runtime.block_on(measure(&gone, questions, at_a_time)),
    );
    all.sort_unstable();
    row("all", &all);
    let p99 = percentile(&all, 99);
    println!(
        "p99 {} of {PROMISED:?}",
        if p99 < PROMISED {
            "is within the promise"
        } else {
            "IS BEYOND the promise"
        }
    );
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn row(name: &str, sorted: &[Duration]) {
    let ms = |percent: usize| percentile(sorted, percent).as_secs_f64() * 1_000.0;
    let max = sorted
        .last()
        .map_or(0.0, |last| last.as_secs_f64() * 1_000.0);
    println!(
        "{name:26} {:>7.0} {:>7.0} {:>7.0} {max:>7.0}",
        ms(50),
        ms(95),
        ms(99)
    );
}
