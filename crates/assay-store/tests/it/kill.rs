//! Workers in processes of their own are killed in the middle of their work, and so
//! is the database's server: all that was accepted is done, once.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_auth::{OrganisationId, Scope};
use assay_store::{
    Claim, Error, ModelUsage, Page, Priority, Store, TaskFilter, TaskState, database_create,
};
use assay_testkit::services::PrivatePostgres;
use assay_testkit::store::{TestStore, open};
use assay_testkit::{MachineClock, SeededRandomness, on_both_engines};

use crate::kit::{new_task, organisation, system};

/// Tells a process of this test that it is a worker, and of which database.
const CHILD: &str = "ASSAY_KILL_TEST_WORKER";
const LEASE_MS: i64 = 1_000;
const TASKS: usize = 120;
const WORKERS: usize = 3;
const KILLS: usize = 24;
/// All ends long before that, also on a slow machine.
const SECONDS_MAX: u64 = 240;

#[test]
fn worker_process() {
    let Ok(url) = std::env::var(CHILD) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = open(&url, Arc::new(MachineClock)).await;
        let random = SeededRandomness::new(u64::from(std::process::id()));
        loop {
            // The database may be down; whatever was claimed is claimed again.
            let _ = work_once(&store, &random).await;
        }
    });
}

async fn work_once(store: &Store, random: &SeededRandomness) -> Result<(), Error> {
    let pause = Duration::from_millis(10 + random.below(30));
    tokio::time::sleep(pause).await;
    let mut tx = store.begin().await?;
    tx.task_reap(&system()).await?;
    let name = format!("w{}", std::process::id());
    let claims = tx
        .task_claim(&system(), &name, &["any"], LEASE_MS, 2)
        .await?;
    tx.commit().await?;
    for claim in claims {
        tokio::time::sleep(pause).await;
        let mut tx = store.begin().await?;
        keep(&mut tx, &claim).await?;
        tx.task_complete(&system(), claim.lease, None).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Leaves a row for what was done, in the transaction that says that it is.
async fn keep(tx: &mut assay_store::Tx, claim: &Claim) -> Result<(), Error> {
    let organisation = claim.organisation.ok_or(Error::ScopeTooWide)?;
    let scope = system()
        .within(organisation)
        .map_err(|_| Error::ScopeTooWide)?;
    let usage = ModelUsage {
        review: None,
        user: None,
        team: None,
        repository: None,
        user_login: None,
        provider: "done".to_owned(),
        model: claim.lease.task.to_string(),
        purpose: "kill test".to_owned(),
        prompt_tokens: 1,
        completion_tokens: 0,
        cost_micros: 0,
        cost_nanos: 0,
        is_answered: true,
        is_cached: false,
        duration_ms: 0,
    };
    tx.model_usage_insert(&scope, &usage).await.map(|_| ())
}

fn spawn(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::worker_process", "--nocapture"])
        .env(CHILD, url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Workers that are ended also when the test fails.
struct Workers(Vec<Child>);

impl Workers {
    fn start(url: &str) -> Self {
        Self((0..WORKERS).map(|_| spawn(url)).collect())
    }

    fn replace(&mut self, at: usize, url: &str) {
        let worker = &mut self.0[at];
        worker.kill().unwrap();
        worker.wait().unwrap();
        *worker = spawn(url);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.0 {
            // It may have ended by itself.
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

async fn enqueue(store: &Store, scope: &Scope) -> Result<(), Error> {
    let mut new = new_task("work", Priority::Normal);
    new.attempts_max = 100;
    let mut tx = store.begin().await?;
    tx.task_enqueue(scope, &new).await?;
    tx.commit().await
}

async fn count_open(store: &Store) -> Result<i64, Error> {
    let mut tx = store.read().await?;
    let counts = tx.task_counts(&system()).await?;
    Ok(counts.iter().map(|count| count.count).sum())
}

/// Asserts that each task is done, and left one row.
async fn check(store: &Store, scope: &Scope, accepted: usize) {
    let mut tx = store.read().await.unwrap();
    let total = tx.model_usage_total(scope, 0, i64::MAX).await.unwrap();
    let done: BTreeMap<String, i64> = total
        .into_iter()
        .map(|total| (total.model, total.calls))
        .collect();
    let tasks = tx
        .task_list(scope, &TaskFilter::default(), Page::first(500))
        .await
        .unwrap();
    assert_eq!(tasks.len(), accepted);
    assert_eq!(done.len(), accepted);
    for task in tasks {
        assert_eq!(task.state, TaskState::Done);
        assert_eq!(done[&task.id.to_string()], 1, "{task:?}");
    }
}

async fn until_done(store: &Store, start: Instant) {
    loop {
        if matches!(count_open(store).await, Ok(0)) {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(SECONDS_MAX),
            "tasks are left over"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn killed_workers_lose_nothing_and_do_nothing_twice(test: TestStore) {
    let start = Instant::now();
    let store = open(&test.url, Arc::new(MachineClock)).await;
    let (_, scope): (OrganisationId, Scope) = organisation(&store, "acme").await;
    let random = SeededRandomness::new(5);
    let mut workers = Workers::start(&test.url);
    for number in 0..TASKS {
        enqueue(&store, &scope).await.unwrap();
        if number % (TASKS / KILLS) == 0 {
            tokio::time::sleep(Duration::from_millis(50 + random.below(100))).await;
            workers.replace(random.below(WORKERS as u64) as usize, &test.url);
        }
    }
    until_done(&store, start).await;
    drop(workers);
    check(&store, &scope, TASKS).await;
    store.close().await;
}

on_both_engines!(killed_workers_lose_nothing_and_do_nothing_twice);

#[test]
fn a_killed_server_keeps_what_was_accepted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let start = Instant::now();
        let mut server = PrivatePostgres::start();
        database_create(&server.url(), "assay", None).await.unwrap();
        let url = format!("{}assay", server.url());
        let store = open(&url, Arc::new(MachineClock)).await;
        store.migrate().await.unwrap();
        let (_, scope) = organisation(&store, "acme").await;
        let workers = Workers::start(&url);
        let mut accepted = 0;
        for number in 0..60 {
            if number % 20 == 10 {
                server.kill();
                let down = enqueue(&store, &scope).await.unwrap_err();
                assert!(down.kind().may_pass(), "{down}");
                server.restart();
            }
            while enqueue(&store, &scope).await.is_err() {
                assert!(start.elapsed() < Duration::from_secs(SECONDS_MAX));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            accepted += 1;
        }
        until_done(&store, start).await;
        drop(workers);
        check(&store, &scope, accepted).await;
        store.close().await;
    });
}
