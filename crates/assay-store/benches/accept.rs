//! How fast a webhook is accepted: its delivery and its task in one transaction
//! that is on disk when it returns, at 500 a second and as many as go. Each call is
//! timed from when it was due, so that waiting in line counts.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints what it measured and takes its settings from outside"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_auth::Scope;
use assay_store::{
    Accepted, Error, ForgeName, NewDelivery, NewTask, Store, StoreOptions, database_create,
    database_drop,
};
use assay_testkit::services::Services;
use assay_testkit::{MachineClock, SeededRandomness};

const RATE: u32 = 500;
const SECONDS: u32 = 10;
/// As GitHub's are in the middle.
const BODY_BYTES: usize = 12_000;
const CALLERS: usize = 64;

async fn accept(store: &Store, number: u64) -> Result<(), Error> {
    let system = Scope::system("bench");
    let delivery = NewDelivery {
        organisation: None,
        forge: ForgeName::GitHub,
        host: "github.com".to_owned(),
        external_id: format!("delivery-{number}"),
        event: "pull_request".to_owned(),
        body: vec![b'x'; BODY_BYTES],
    };
    let mut tx = store.begin().await?;
    if let Accepted::New(id) = tx.delivery_accept(&system, &delivery).await? {
        let task = NewTask::new("handle_delivery", format!("{{\"delivery\":\"{id}\"}}"));
        tx.task_enqueue(&system, &task).await?;
    }
    tx.commit().await
}

fn print_row(what: &str, mut times: Vec<Duration>, took: Duration) {
    times.sort();
    let at = |part: f64| {
        let index = (times.len() as f64 * part) as usize;
        times[index.min(times.len() - 1)].as_secs_f64() * 1e3
    };
    println!(
        "{what:32} {:6} in {:5.1} s = {:6.0}/s  p50 {:6.2} ms  p95 {:6.2} ms  p99 {:6.2} ms  max {:6.2} ms",
        times.len(),
        took.as_secs_f64(),
        times.len() as f64 / took.as_secs_f64(),
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0),
    );
}

async fn at_a_rate(name: &str, store: &Store) {
    let start = Instant::now();
    let mut calls = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / u64::from(RATE)));
    for number in 0..u64::from(RATE * SECONDS) {
        ticks.tick().await;
        let due = start + Duration::from_micros(1_000_000 / u64::from(RATE)) * number as u32;
        let store = store.clone();
        calls.push(tokio::spawn(async move {
            accept(&store, number).await.expect("it is accepted");
            due.elapsed()
        }));
    }
    let mut times = Vec::new();
    for call in calls {
        times.push(call.await.expect("no call panics"));
    }
    print_row(&format!("{name}, {RATE}/s"), times, start.elapsed());
}

async fn as_many_as_go(name: &str, store: &Store) {
    let start = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while start.elapsed() < Duration::from_secs(5) {
                    let begun = Instant::now();
                    let number = 1_000_000 * (caller as u64 + 1) + times.len() as u64;
                    accept(&store, number).await.expect("it is accepted");
                    times.push(begun.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await.expect("no call panics"));
    }
    print_row(
        &format!("{name}, {CALLERS} callers"),
        times,
        start.elapsed(),
    );
}

async fn claim_all(name: &str, store: &Store) {
    let system = Scope::system("bench");
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < Duration::from_secs(5) {
        let begun = Instant::now();
        let mut tx = store.begin().await.expect("it begins");
        let claims = tx.task_claim(&system, "w", &["any"], 30_000, 10).await;
        tx.commit().await.expect("it commits");
        let mut tx = store.begin().await.expect("it begins");
        for claim in claims.expect("tasks are claimed") {
            tx.task_complete(&system, claim.lease, Some("{}"))
                .await
                .expect("it completes");
        }
        tx.commit().await.expect("it commits");
        times.push(begun.elapsed());
    }
    print_row(
        &format!("{name}, claim and complete 10"),
        times,
        start.elapsed(),
    );
}

async fn measure(name: &str, url: &str) {
    let randomness = Arc::new(SeededRandomness::new(1));
    let options = StoreOptions::new(url);
    let store = Store::open(&options, Arc::new(MachineClock), randomness).await;
    let store = store.expect("the database opens");
    store.migrate().await.expect("the tables can be made");
    at_a_rate(name, &store).await;
    as_many_as_go(name, &store).await;
    claim_all(name, &store).await;
    store.close().await;
}

fn main() {
    // A test run of the benches only shows that this builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let folder = std::env::var_os("ASSAY_BENCH_DIR").unwrap_or_else(|| "target".into());
    let folder = tempfile::tempdir_in(folder).expect("a folder can be made");
    let file = folder.path().join("bench.db");
    runtime.block_on(measure("SQLite", &format!("sqlite:{}", file.display())));
    let server = Services::of_workspace().postgres_url;
    let name = format!("assay_bench_{}", std::process::id());
    runtime.block_on(async {
        database_create(&server, &name, None)
            .await
            .expect("a database can be made");
        measure("PostgreSQL", &format!("{server}{name}")).await;
        database_drop(&server, &name)
            .await
            .expect("the database can be dropped");
    });
}
