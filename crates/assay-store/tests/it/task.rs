//! Tasks: accepted with what causes them, leased, fenced, tried again, ended.

use assay_source::ErrorKind;
use assay_store::{
    Claim, Enqueued, Failure, Heartbeat, NewTask, Page, Priority, Retry, Spread, Store, TaskFilter,
    TaskState, Unique,
};
use assay_testkit::on_both_engines;
use assay_testkit::store::TestStore;

use crate::kit::{new_task, organisation, system};

const LEASE_MS: i64 = 30_000;

async fn enqueue(store: &Store, new: &NewTask) -> Enqueued {
    let mut tx = store.begin().await.unwrap();
    let enqueued = tx.task_enqueue(&system(), new).await.unwrap();
    tx.commit().await.unwrap();
    enqueued
}

async fn claim_some(store: &Store, worker: &str, claims_max: u32) -> Vec<Claim> {
    let mut tx = store.begin().await.unwrap();
    let claims = tx
        .task_claim(&system(), worker, &["any"], LEASE_MS, claims_max)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    claims
}

async fn claim(store: &Store, worker: &str) -> Option<Claim> {
    claim_some(store, worker, 1).await.pop()
}

async fn state(store: &Store, enqueued: Enqueued) -> TaskState {
    let mut tx = store.read().await.unwrap();
    tx.task_get(&system(), enqueued.task()).await.unwrap().state
}

async fn reap(store: &Store) -> (u64, u64, u64) {
    let mut tx = store.begin().await.unwrap();
    let reaped = tx.task_reap(&system()).await.unwrap();
    tx.commit().await.unwrap();
    (reaped.again, reaped.dead.len() as u64, reaped.over)
}

async fn fail(store: &Store, claim: &Claim, retry: Retry) -> Failure {
    let mut tx = store.begin().await.unwrap();
    let failure = tx
        .task_fail(&system(), claim.lease, "it broke", retry)
        .await;
    tx.commit().await.unwrap();
    failure.unwrap()
}

async fn complete(store: &Store, claim: &Claim) -> Result<(), ErrorKind> {
    let mut tx = store.begin().await.unwrap();
    let done = tx.task_complete(&system(), claim.lease, Some("{}")).await;
    match done {
        Ok(()) => tx.commit().await.map_err(|error| error.kind()),
        Err(error) => Err(error.kind()),
    }
}

async fn a_task_is_there_with_its_cause_or_not_at_all(test: TestStore) {
    let (_, scope) = organisation(&test.store, "acme").await;
    let mut tx = test.store.begin().await.unwrap();
    let review = crate::kit::new_review(None, "head");
    let undone = tx.review_insert(&scope, &review).await.unwrap();
    tx.task_enqueue(&scope, &new_task("review", Priority::Normal))
        .await
        .unwrap();
    drop(tx);
    assert_eq!(claim(&test.store, "w").await, None);
    let mut tx = test.store.begin().await.unwrap();
    let missing = tx.review_get(&scope, undone).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    tx.review_insert(&scope, &review).await.unwrap();
    let task = tx
        .task_enqueue(&scope, &new_task("review", Priority::Normal))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let claim = claim(&test.store, "w").await.unwrap();
    assert_eq!(claim.lease.task, task.task());
    assert_eq!(claim.organisation, scope.organisation());
    assert_eq!((claim.attempt, claim.attempts_max), (1, 5));
    assert_eq!(complete(&test.store, &claim).await, Ok(()));
    assert_eq!(
        complete(&test.store, &claim).await,
        Err(ErrorKind::Conflict)
    );
    assert_eq!(state(&test.store, task).await, TaskState::Done);
}

async fn an_expired_lease_is_claimed_again_and_its_first_worker_writes_nothing(test: TestStore) {
    let store = &test.store;
    let task = enqueue(store, &new_task("review", Priority::Normal)).await;
    let first = claim(store, "first").await.unwrap();
    test.clock.advance(LEASE_MS - 1);
    assert_eq!(reap(store).await, (0, 0, 0));
    test.clock.advance(1);
    assert_eq!(reap(store).await, (1, 0, 0));
    assert_eq!(complete(store, &first).await, Err(ErrorKind::Conflict));
    test.clock.advance(10_000);
    let second = claim(store, "first").await.unwrap();
    assert_eq!((second.attempt, second.lease.number), (2, 2));
    // What a killed worker began counts, and whoever looks at the task sees why.
    let mut tx = store.read().await.unwrap();
    let seen = tx.task_get(&system(), task.task()).await.unwrap();
    drop(tx);
    assert_eq!((seen.attempts, seen.attempts_lost), (2, 1));
    assert!(seen.problem.unwrap().contains("it was killed"));
    for tries in 0..3 {
        let mut tx = store.begin().await.unwrap();
        let error = match tries {
            0 => tx
                .task_hold(&system(), first.lease)
                .await
                .map(|()| String::new()),
            1 => tx
                .task_heartbeat(&system(), first.lease, LEASE_MS, None)
                .await
                .map(|beat| format!("{beat:?}")),
            _ => tx
                .task_fail(&system(), first.lease, "late", Retry::Backoff)
                .await
                .map(|failure| format!("{failure:?}")),
        };
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert_eq!(complete(store, &first).await, Err(ErrorKind::Conflict));
    assert_eq!(complete(store, &second).await, Ok(()));
    assert_eq!(state(store, task).await, TaskState::Done);
}

async fn a_heartbeat_keeps_the_lease_and_says_how_far_it_is(test: TestStore) {
    let store = &test.store;
    let task = enqueue(store, &new_task("review", Priority::Normal)).await;
    let claim = claim(store, "w").await.unwrap();
    for step in ["1 of 3", "2 of 3", "3 of 3"] {
        test.clock.advance(LEASE_MS - 1);
        let mut tx = store.begin().await.unwrap();
        let beat = tx
            .task_heartbeat(&system(), claim.lease, LEASE_MS, Some(step))
            .await
            .unwrap();
        let now_ms = store.now_ms();
        assert_eq!(beat, Heartbeat::Until(now_ms + LEASE_MS));
        tx.commit().await.unwrap();
        assert_eq!(reap(store).await, (0, 0, 0));
    }
    let mut tx = store.begin().await.unwrap();
    let kept = tx.task_get(&system(), task.task()).await.unwrap();
    assert_eq!(kept.progress.as_deref(), Some("3 of 3"));
    assert_eq!(kept.worker.as_deref(), Some("w"));
    tx.task_cancel(&system(), task.task()).await.unwrap();
    let beat = tx
        .task_heartbeat(&system(), claim.lease, LEASE_MS, None)
        .await
        .unwrap();
    assert!(matches!(beat, Heartbeat::CancelWanted(_)));
    tx.commit().await.unwrap();
    assert_eq!(
        fail(store, &claim, Retry::Backoff).await,
        Failure::Cancelled
    );
    assert_eq!(state(store, task).await, TaskState::Cancelled);
}

async fn attempts_are_counted_also_when_the_worker_dies(test: TestStore) {
    let store = &test.store;
    let mut new = new_task("review", Priority::Normal);
    new.attempts_max = 3;
    let task = enqueue(store, &new).await;
    for attempt in 1..=3 {
        let claim = claim(store, "w").await.unwrap();
        assert_eq!(claim.attempt, attempt);
        test.clock.advance(LEASE_MS);
        let expected = if attempt < 3 { (1, 0, 0) } else { (0, 1, 0) };
        assert_eq!(reap(store).await, expected);
        test.clock.advance(10_000);
    }
    assert_eq!(claim(store, "w").await, None);
    assert_eq!(state(store, task).await, TaskState::Dead);
    let filter = TaskFilter {
        is_platform: false,
        state: Some(TaskState::Dead),
        kind: None,
    };
    let mut tx = store.begin().await.unwrap();
    let dead = tx
        .task_list(&system(), &filter, Page::first(10))
        .await
        .unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].problem.as_deref().unwrap().contains("not heard of"));
    tx.task_retry(&system(), task.task()).await.unwrap();
    tx.commit().await.unwrap();
    let again = claim(store, "w").await.unwrap();
    assert_eq!(again.attempt, 1);
    assert_eq!(fail(store, &again, Retry::Never).await, Failure::Dead);
}

async fn a_failed_attempt_waits_longer_each_time(test: TestStore) {
    let store = &test.store;
    let mut new = new_task("review", Priority::High);
    new.attempts_max = 4;
    enqueue(store, &new).await;
    for attempt in 1..=3 {
        let claimed = claim(store, "w").await.unwrap();
        let Failure::Again(ready_ms) = fail(store, &claimed, Retry::Backoff).await else {
            panic!("attempt {attempt} is not the last");
        };
        let wait_ms = ready_ms - store.now_ms();
        let whole = 2_000 << (attempt - 1);
        assert!(
            (whole / 2..=whole).contains(&wait_ms),
            "{attempt}: {wait_ms}"
        );
        test.clock.advance(wait_ms - 1);
        assert_eq!(claim(store, "w").await, None);
        test.clock.advance(1);
    }
    let claimed = claim(store, "w").await.unwrap();
    assert_eq!(fail(store, &claimed, Retry::Backoff).await, Failure::Dead);
    let task = enqueue(store, &new).await;
    let claimed = claim(store, "w").await.unwrap();
    let later_ms = store.now_ms() + 77_000;
    let failure = fail(store, &claimed, Retry::At(later_ms)).await;
    assert_eq!(failure, Failure::Again(later_ms));
    assert_eq!(state(store, task).await, TaskState::Waiting);
}

async fn what_matters_more_goes_first_and_nothing_waits_for_ever(test: TestStore) {
    let store = &test.store;
    for priority in [
        Priority::Low,
        Priority::Normal,
        Priority::High,
        Priority::Critical,
    ] {
        enqueue(store, &new_task(priority.name(), priority)).await;
        test.clock.advance(1);
    }
    let kinds = |claims: Vec<Claim>| -> Vec<String> {
        claims.into_iter().map(|claim| claim.kind).collect()
    };
    let order = kinds(claim_some(store, "w", 10).await);
    assert_eq!(order, ["critical", "high", "normal", "low"]);
    // One that matters least is overtaken for four hours, and no longer.
    enqueue(store, &new_task("old", Priority::Low)).await;
    let mut overtaken_ms = 0;
    loop {
        enqueue(store, &new_task("new", Priority::Critical)).await;
        if kinds(claim_some(store, "w", 1).await) == ["old"] {
            break;
        }
        test.clock.advance(60_000);
        overtaken_ms += 60_000;
        assert!(overtaken_ms <= 4 * 60 * 60_000 + 60_000);
    }
    assert!(overtaken_ms >= 4 * 60 * 60_000);
}

async fn one_key_has_one_waiting_task(test: TestStore) {
    let store = &test.store;
    let with = |unique| NewTask {
        unique: Some(("pull request 7".to_owned(), unique)),
        ..new_task("review", Priority::Normal)
    };
    let first = enqueue(store, &with(Unique::Newest)).await;
    let second = enqueue(store, &with(Unique::Newest)).await;
    assert_ne!(first.task(), second.task());
    assert_eq!(state(store, first).await, TaskState::Superseded);
    let third = enqueue(store, &with(Unique::Oldest)).await;
    assert_eq!(third, Enqueued::Waiting(second.task()));
    // One that runs is no obstacle; when it fails, the newer one is as good.
    let running = claim(store, "w").await.unwrap();
    let fourth = enqueue(store, &with(Unique::Newest)).await;
    assert_eq!(
        fail(store, &running, Retry::Backoff).await,
        Failure::Superseded
    );
    assert_eq!(state(store, second).await, TaskState::Superseded);
    let running = claim(store, "w").await.unwrap();
    assert_eq!(running.lease.task, fourth.task());
    let fifth = enqueue(store, &with(Unique::Newest)).await;
    test.clock.advance(LEASE_MS);
    assert_eq!(reap(store).await, (0, 0, 1));
    assert_eq!(state(store, fourth).await, TaskState::Superseded);
    assert_eq!(state(store, fifth).await, TaskState::Waiting);
    // Two that run at once: whatever fails first, the newer one goes on.
    let older = claim(store, "w").await.unwrap();
    let newest = enqueue(store, &with(Unique::Newest)).await;
    let newer = claim(store, "w").await.unwrap();
    assert_eq!(newer.lease.task, newest.task());
    assert_eq!(
        fail(store, &older, Retry::Backoff).await,
        Failure::Superseded
    );
    let Failure::Again(ready_ms) = fail(store, &newer, Retry::Backoff).await else {
        panic!("the newest one is not to be lost");
    };
    test.clock.set(ready_ms);
    assert_eq!(state(store, fifth).await, TaskState::Superseded);
    let fifth = newest;
    // An organisation's key is its own.
    let (_, scope) = organisation(store, "acme").await;
    let mut tx = store.begin().await.unwrap();
    let other = tx
        .task_enqueue(&scope, &with(Unique::Newest))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(state(store, fifth).await, TaskState::Waiting);
    assert_eq!(state(store, other).await, TaskState::Waiting);
}

async fn released_work_does_not_count_as_tried(test: TestStore) {
    let store = &test.store;
    enqueue(store, &new_task("review", Priority::Normal)).await;
    for _ in 0..7 {
        let claimed = claim(store, "w").await.unwrap();
        assert_eq!(claimed.attempt, 1);
        let mut tx = store.begin().await.unwrap();
        let released = tx.task_release(&system(), claimed.lease, 0).await.unwrap();
        assert_eq!(released, Failure::Again(store.now_ms()));
        tx.commit().await.unwrap();
    }
}

async fn workers_take_only_what_they_can_do_and_each_task_once(test: TestStore) {
    let store = &test.store;
    for number in 0..40 {
        let mut new = new_task("review", Priority::Normal);
        if number % 2 == 0 {
            new.capability = "gpu".to_owned();
        }
        enqueue(store, &new).await;
    }
    let workers: Vec<_> = (0..4)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let claims = claim_some(&store, &format!("w{number}"), 3).await;
                    if claims.is_empty() {
                        return taken;
                    }
                    taken.extend(claims.into_iter().map(|claim| claim.lease.task));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.unwrap());
    }
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 20);
    let mut tx = store.begin().await.unwrap();
    let rest = tx
        .task_claim(&system(), "gpu", &["any", "gpu"], LEASE_MS, 100)
        .await
        .unwrap();
    assert_eq!(rest.len(), 20);
    let none = tx
        .task_claim(&system(), "w", &[], LEASE_MS, 1)
        .await
        .unwrap();
    assert!(none.is_empty());
    let counts = tx.task_counts(&system()).await.unwrap();
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].state, counts[0].count), (TaskState::Leased, 40));
}

async fn work_that_comes_round_is_queued_once_a_round(test: TestStore) {
    let store = &test.store;
    let task = |name: &str| Some(NewTask::new(name, "{}".to_owned()));
    let mut tx = store.begin().await.unwrap();
    tx.schedule_put(&system(), "sweep", 60_000).await.unwrap();
    tx.commit().await.unwrap();
    for (advance_ms, due) in [(0, 1), (0, 0), (59_999, 0), (1, 1), (600_000, 1), (0, 0)] {
        test.clock.advance(advance_ms);
        let mut tx = store.begin().await.unwrap();
        let names = tx.schedule_run(&system(), task).await.unwrap();
        assert_eq!(names.len(), due, "after {advance_ms} ms");
        tx.commit().await.unwrap();
    }
    // A clock that was wrong and is set back does not stop it.
    test.clock.advance(-10_000_000);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.schedule_run(&system(), task).await.unwrap(), ["sweep"]);
    tx.commit().await.unwrap();
    // It waited all the time, and once.
    assert_eq!(claim_some(store, "w", 10).await.len(), 0);
    test.clock.advance(10_000_000);
    assert_eq!(claim_some(store, "w", 10).await.len(), 1);
}

async fn who_waits_hears_of_work_that_another_process_accepts(test: TestStore) {
    let other = assay_testkit::store::open(&test.url, test.clock.clone()).await;
    let mut waiter = test.store.task_waiter();
    let listener = {
        let store = test.store.clone();
        tokio::spawn(async move { store.task_listen().await })
    };
    if assay_testkit::store::is_postgres(&test.store) {
        // It says so once when it begins to listen.
        waiter.wait(10_000).await;
        enqueue(&other, &new_task("review", Priority::Normal)).await;
    } else {
        enqueue(&test.store, &new_task("review", Priority::Normal)).await;
    }
    let heard = tokio::time::timeout(std::time::Duration::from_secs(50), waiter.wait(60_000));
    heard.await.unwrap();
    assert!(claim(&test.store, "w").await.is_some());
    listener.abort();
    other.close().await;
}

async fn work_wakes_one_of_those_who_share_a_broker(test: TestStore) {
    let nats_url = assay_testkit::services::Services::of_workspace().nats_url;
    let other = assay_testkit::store::open(&test.url, test.clock.clone()).await;
    let spreading: Vec<_> = [&test.store, &other]
        .map(|store| {
            let (store, nats_url) = (store.clone(), nats_url.clone());
            tokio::spawn(async move { store.task_spread(&nats_url, Spread::TellAndHear).await })
        })
        .into();
    let heard = |mut waiter: assay_store::Waiter| async move {
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, waiter.wait(60_000))
            .await
            .unwrap();
        waiter
    };
    // Each says once that it listens now.
    let first = heard(test.store.task_waiter());
    let second = heard(other.task_waiter());
    let (_, mut second) = tokio::join!(first, second);
    // In turn: of some words at least one goes to the other.
    let mut rounds = 0;
    loop {
        enqueue(&test.store, &new_task("review", Priority::Normal)).await;
        let limit = std::time::Duration::from_millis(300);
        if tokio::time::timeout(limit, second.wait(60_000))
            .await
            .is_ok()
        {
            break;
        }
        rounds += 1;
        assert!(rounds < 60, "the other is never told");
    }
    for task in spreading {
        task.abort();
    }
    let wrong = test
        .store
        .task_spread("nats://[", Spread::Tell)
        .await
        .unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid);
    other.close().await;
}

async fn limits_are_named(test: TestStore) {
    let usual = || new_task("review", Priority::Normal);
    let bad = [
        NewTask {
            kind: String::new(),
            ..usual()
        },
        NewTask {
            kind: "x".repeat(513),
            ..usual()
        },
        NewTask {
            payload: "x".repeat((8 << 20) + 1),
            ..usual()
        },
        NewTask {
            attempts_max: 0,
            ..usual()
        },
        NewTask {
            attempts_max: 101,
            ..usual()
        },
        NewTask {
            deadline_ms: 0,
            ..usual()
        },
        NewTask {
            kind: "a\0b".to_owned(),
            ..usual()
        },
    ];
    for new in bad {
        let mut tx = test.store.begin().await.unwrap();
        let error = tx.task_enqueue(&system(), &new).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    enqueue(
        &test.store,
        &NewTask {
            kind: "x".repeat(512),
            ..usual()
        },
    )
    .await;
    let mut tx = test.store.begin().await.unwrap();
    assert!(tx.task_backlog(&system(), 1).await.unwrap());
    assert!(!tx.task_backlog(&system(), 2).await.unwrap());
}

on_both_engines!(
    a_task_is_there_with_its_cause_or_not_at_all,
    an_expired_lease_is_claimed_again_and_its_first_worker_writes_nothing,
    a_heartbeat_keeps_the_lease_and_says_how_far_it_is,
    attempts_are_counted_also_when_the_worker_dies,
    a_failed_attempt_waits_longer_each_time,
    what_matters_more_goes_first_and_nothing_waits_for_ever,
    one_key_has_one_waiting_task,
    released_work_does_not_count_as_tried,
    workers_take_only_what_they_can_do_and_each_task_once,
    work_that_comes_round_is_queued_once_a_round,
    who_waits_hears_of_work_that_another_process_accepts,
    work_wakes_one_of_those_who_share_a_broker,
    limits_are_named,
);
