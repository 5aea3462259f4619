//! What becomes of work whose workers die.

use std::time::Duration;

use assay_app::{
    HandleDelivery, Job as _, KeptExaminers, KeptLimits, Mirrors, PostReview, ProcessLimits,
    ReviewProcess, ReviewPull, Tools, Worker, WorkerOptions,
};
use assay_auth::Scope;
use assay_git::FetchLimits;
use assay_store::{
    Accepted, DeliveryState, ForgeName, NewDelivery, NewReview, NewTask, ReviewState, TaskState,
};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use tokio::sync::watch;

on_both_engines!(
    a_delivery_whose_workers_all_died_has_failed,
    of_two_that_post_to_one_pull_request_one_steps_aside,
    a_review_in_whose_place_is_a_newer_one_is_not_begun,
    what_killed_reviews_left_on_the_disk_is_deleted,
    a_review_that_waits_for_quota_begins_when_the_window_is_over,
);

const LEASE_MS: i64 = 30_000;

/// A worker that has nothing to review with: it only looks after the others.
fn worker(server: &TestServer, test: &TestStore) -> Worker {
    let folder = test.folder.path();
    let process = ReviewProcess {
        program: folder.join("program"),
        cache_folder: folder.join("cache"),
        work_folder: folder.join("work"),
        limits: ProcessLimits::default(),
    };
    let mirrors = Mirrors {
        folder: folder.join("mirrors"),
        limits: FetchLimits::default(),
    };
    let tools = Tools {
        examiners: KeptExaminers::new(process.clone(), KeptLimits::default()),
        process,
        mirrors,
        github: None,
        gitlab: None,
        models: None,
    };
    Worker::new(
        server.app.clone(),
        tools,
        WorkerOptions::new("lives".to_owned()),
    )
}

async fn a_delivery_whose_workers_all_died_has_failed(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let system = Scope::system("test");
    let new = NewDelivery {
        organisation: None,
        forge: ForgeName::GitHub,
        host: "github.com".to_owned(),
        external_id: "one".to_owned(),
        event: "push".to_owned(),
        body: b"{}".to_vec(),
    };
    let mut tx = test.store.begin().await.unwrap();
    let Accepted::New(delivery) = tx.delivery_accept(&system, &new).await.unwrap() else {
        panic!("it is new");
    };
    let job = HandleDelivery {
        delivery: delivery.to_string(),
    };
    let task = NewTask {
        attempts_max: 1,
        ..job.task().unwrap()
    };
    tx.task_enqueue(&system, &task).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = test.store.begin().await.unwrap();
    let claims = tx
        .task_claim(&system, "dies", &["any"], LEASE_MS, 1)
        .await
        .unwrap();
    assert_eq!(claims.len(), 1);
    tx.commit().await.unwrap();

    test.clock.advance(LEASE_MS + 1);
    let (stop, stopped) = watch::channel(false);
    let worker = worker(&server, &test);
    let running = tokio::spawn(async move { worker.run(stopped).await });
    let failed = async {
        loop {
            let mut tx = test.store.read().await.unwrap();
            let kept = tx.delivery_get(&system, delivery).await.unwrap();
            if kept.state == DeliveryState::Failed {
                return kept.problem.unwrap();
            }
            drop(tx);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let problem = tokio::time::timeout(Duration::from_secs(60), failed).await;
    let problem = problem.expect("it is looked after");
    assert!(problem.contains("not heard of"), "{problem}");
    stop.send(true).unwrap();
    running.await.unwrap();
    server.stop().await;
}

/// Returns a task that posts to a pull request.
fn post(number: u64) -> NewTask {
    let payload = serde_json::json!({
        "review": "r", "repository": "p", "number": number, "head": "h",
        "end": "passed", "title": "", "summary": "", "remarks": [],
    });
    NewTask {
        payload_version: PostReview::VERSION,
        ..NewTask::new(PostReview::KIND, payload.to_string())
    }
}

async fn of_two_that_post_to_one_pull_request_one_steps_aside(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let system = Scope::system("test");
    let organisation = server.organisation;
    let scope = system.within(organisation).unwrap();
    let mut tx = test.store.begin().await.unwrap();
    tx.task_enqueue(&scope, &post(1)).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = test.store.begin().await.unwrap();
    let claims = tx.task_claim(&system, "posts", &["any"], LEASE_MS, 1).await;
    assert_eq!(claims.unwrap().len(), 1);
    let same = tx.task_enqueue(&scope, &post(1)).await.unwrap().task();
    let other = tx.task_enqueue(&scope, &post(2)).await.unwrap().task();
    tx.commit().await.unwrap();

    let (stop, stopped) = watch::channel(false);
    let worker = worker(&server, &test);
    let running = tokio::spawn(async move { worker.run(stopped).await });
    let tried = async {
        loop {
            let mut tx = test.store.read().await.unwrap();
            let other = tx.task_get(&system, other).await.unwrap();
            let same = tx.task_get(&system, same).await.unwrap();
            drop(tx);
            // It tries, and fails for want of a forge.
            if other.problem.is_some() && same.state == TaskState::Waiting && same.ready_ms > 0 {
                return same;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let same = tokio::time::timeout(Duration::from_secs(60), tried).await;
    let same = same.expect("both are looked at");
    assert_eq!((same.attempts, same.problem), (0, None));
    stop.send(true).unwrap();
    running.await.unwrap();
    server.stop().await;
}

async fn a_review_in_whose_place_is_a_newer_one_is_not_begun(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let system = Scope::system("test");
    let scope = system.within(server.organisation).unwrap();
    let new = NewReview {
        repository: None,
        pull_request: Some(1),
        origin: "webhook".to_owned(),
        base_revision: "a".to_owned(),
        head_revision: "b".to_owned(),
    };
    let mut tx = test.store.begin().await.unwrap();
    let review = tx.review_insert(&scope, &new).await.unwrap();
    let replaced = ReviewState::Superseded;
    tx.review_abandon(&scope, review, replaced, "there was a push")
        .await
        .unwrap();
    let job = ReviewPull {
        review: review.to_string(),
        repository: "r".to_owned(),
        number: 1,
        head: "b".to_owned(),
        awaits_quota: false,
    };
    let task = tx.task_enqueue(&scope, &job.task().unwrap()).await;
    let task = task.unwrap().task();
    tx.commit().await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let worker = worker(&server, &test);
    let running = tokio::spawn(async move { worker.run(stopped).await });
    let ended = async {
        loop {
            let mut tx = test.store.read().await.unwrap();
            let task = tx.task_get(&system, task).await.unwrap();
            if task.attempts > 0 && task.state != TaskState::Leased {
                return task;
            }
            drop(tx);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), ended).await;
    let ended = ended.expect("it is looked at");
    assert_eq!((ended.state, ended.problem), (TaskState::Done, None));
    stop.send(true).unwrap();
    running.await.unwrap();
    server.stop().await;
}

async fn a_review_that_waits_for_quota_begins_when_the_window_is_over(test: TestStore) {
    const DAY_MS: i64 = 24 * 60 * 60_000;
    let server = TestServer::start(test.store.clone()).await;
    let system = Scope::system("test");
    let scope = system.within(server.organisation).unwrap();
    let (repository, _) = server.repository_with_finding("acme", "shop").await;
    let quotas = r#"{"organisation": {"reviews": {"day": 1}}}"#;
    let new = |head: &str| NewReview {
        repository: Some(repository),
        pull_request: Some(1),
        origin: "webhook".to_owned(),
        base_revision: "a".to_owned(),
        head_revision: head.to_owned(),
    };
    let mut tx = test.store.begin().await.unwrap();
    tx.setting_put(&scope, "quota", quotas, 0).await.unwrap();
    let mut tasks = Vec::new();
    // Both were asked for when the day's review was used up already.
    for number in 1..=2 {
        let review = tx
            .review_insert(&scope, &new(&number.to_string()))
            .await
            .unwrap();
        let job = ReviewPull {
            review: review.to_string(),
            repository: repository.to_string(),
            number,
            head: number.to_string(),
            awaits_quota: true,
        };
        let task = tx.task_enqueue(&scope, &job.task().unwrap()).await.unwrap();
        tasks.push((review, task.task()));
    }
    tx.commit().await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let worker = worker(&server, &test);
    let running = tokio::spawn(async move { worker.run(stopped).await });
    let mut begun = Vec::new();
    for day in 1..=2 {
        // One begins and fails for want of a forge; the other waits on and has lost no
        // attempt by it.
        let settled = async {
            loop {
                let mut tx = test.store.read().await.unwrap();
                let (mut tried, mut put_off) = (Vec::new(), Vec::new());
                for (review, task) in &tasks {
                    let task = tx.task_get(&system, *task).await.unwrap();
                    let review = tx.review_get(&scope, *review).await.unwrap();
                    match review.started_ms {
                        Some(_) if task.problem.is_some() => tried.push(review.id),
                        None if task.ready_ms > test.store.now_ms() => put_off.push(task),
                        _ => {}
                    }
                }
                drop(tx);
                if tried.len() == day && tried.len() + put_off.len() == 2 {
                    return (tried, put_off);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let settled = tokio::time::timeout(Duration::from_secs(60), settled).await;
        let (tried, put_off) = settled.expect("one review a day");
        begun.push(tried.len());
        for task in put_off {
            assert_eq!((task.attempts, task.problem), (0, None));
            assert_eq!(
                task.ready_ms % DAY_MS,
                0,
                "it is ready when the day is over"
            );
        }
        test.clock.advance(DAY_MS);
    }
    assert_eq!(begun, [1, 2]);
    stop.send(true).unwrap();
    running.await.unwrap();
    server.stop().await;
}

async fn what_killed_reviews_left_on_the_disk_is_deleted(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let work = test.folder.path().join("work");
    let folders = ["review-old", "review-new", "other-old"].map(|name| work.join(name));
    for folder in &folders {
        std::fs::create_dir_all(folder.join("cache")).unwrap();
    }
    for old in [&folders[0], &folders[2]] {
        let folder = std::fs::File::open(old).unwrap();
        folder.set_modified(std::time::UNIX_EPOCH).unwrap();
    }
    let (stop, stopped) = watch::channel(false);
    let worker = worker(&server, &test);
    let running = tokio::spawn(async move { worker.run(stopped).await });
    let deleted = async {
        while folders[0].exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let deleted = tokio::time::timeout(Duration::from_secs(60), deleted).await;
    deleted.expect("it is deleted");
    assert!(folders[1].exists() && folders[2].exists());
    stop.send(true).unwrap();
    running.await.unwrap();
    server.stop().await;
}
