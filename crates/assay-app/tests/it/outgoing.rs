//! Outgoing webhooks: what a receiver over real HTTP is told, whatever is killed meanwhile.

use std::sync::Arc;
use std::time::Duration;

use assay_app::{
    App, KeptExaminers, KeptLimits, Mirrors, ProcessLimits, ReviewProcess, Tools, Worker,
    WorkerOptions,
};
use assay_auth::{OutgoingHeaders, check_outgoing};
use assay_forge::OutgoingClient;
use assay_git::FetchLimits;
use assay_store::{Priority, TaskState};
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::receiver::{Receiver, Told};
use assay_testkit::server::{TestServer, field_keys};
use assay_testkit::store::TestStore;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

on_both_engines!(
    a_finished_review_is_told_and_signed,
    what_is_told_survives_whoever_tells_it,
    an_address_that_fails_is_tried_again_and_then_no_more,
    addresses_of_our_own_network_are_not_told,
    rejections_and_quotas_are_told,
);

const LEASE_MS: i64 = 30_000;

/// Checks that a message is signed with a secret.
fn check(told: &Told, secret: &str, now_ms: i64) {
    let headers = OutgoingHeaders {
        id: told.header("webhook-id"),
        timestamp: told.header("webhook-timestamp"),
        signature: told.header("webhook-signature"),
    };
    check_outgoing(headers, &secret.into(), &told.body, now_ms, 300_000).unwrap();
}

/// Waits until so much was told.
async fn wait(receiver: &Receiver, count: usize) -> Vec<Told> {
    until("it is told", async || {
        let told = receiver.told();
        (told.len() >= count).then_some(told)
    })
    .await
}

/// Waits until something is so.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looked = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let looked = tokio::time::timeout(Duration::from_secs(120), looked).await;
    looked.unwrap_or_else(|_| panic!("{what}"))
}

/// Goes on to when the next message may be tried again. The clock stands still while a
/// worker has one, so that no lease ends that should not.
async fn skip_wait(server: &TestServer, test: &TestStore) {
    let tasks = server.tasks().await;
    let mut tasks = tasks.iter().filter(|task| task.kind == "tell_outgoing");
    let waiting = tasks.find(|task| task.state == TaskState::Waiting);
    if let Some(task) = waiting
        && task.ready_ms > server.app.now_ms()
    {
        test.clock.set(task.ready_ms);
    }
}

async fn server(test: &TestStore, is_local_allowed: bool) -> TestServer {
    TestServer::start_with(test.store.clone(), |options, _, _| {
        options.field_keys = Some(field_keys());
        options.outgoing = OutgoingClient::new(Arc::new(move |address| {
            is_local_allowed && address.is_loopback()
        }));
    })
    .await
}

/// A worker that has nothing to review with, and a way to end it.
struct Running {
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

impl Running {
    fn start(app: &App, test: &TestStore, name: &str) -> Self {
        let folder = test.folder.path();
        let process = ReviewProcess {
            program: folder.join("program"),
            cache_folder: folder.join("cache"),
            work_folder: folder.join("work"),
            limits: ProcessLimits::default(),
        };
        let tools = Tools {
            examiners: KeptExaminers::new(process.clone(), KeptLimits::default()),
            process,
            mirrors: Mirrors {
                folder: folder.join("mirrors"),
                limits: FetchLimits::default(),
            },
            github: None,
            gitlab: None,
            models: None,
        };
        let options = WorkerOptions {
            lease_ms: LEASE_MS,
            look_ms: 50,
            capabilities: vec!["any".to_owned()],
            ..WorkerOptions::new(name.to_owned())
        };
        let worker = Worker::new(app.clone(), tools, options);
        let (stop, stopped) = watch::channel(false);
        let work = tokio::spawn(async move { worker.run(stopped).await });
        Self { stop, work }
    }

    async fn end(self) {
        self.stop.send(true).unwrap();
        self.work.await.unwrap();
    }

    /// Ends it as a power cut does.
    async fn kill(self) {
        self.work.abort();
        let _ = self.work.await;
    }
}

async fn call(server: &TestServer, request: Request, status: u16) -> Value {
    let answer = request.bearer(&server.admin).send(server.address).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    match status {
        204 => Value::Null,
        _ => answer.json(),
    }
}

async fn add(server: &TestServer, url: &str, events: &[&str]) -> (String, String) {
    let wish = json!({"url": url, "events": events});
    let made = call(
        server,
        Request::new("POST", "/api/v1/webhooks").json(&wish),
        201,
    )
    .await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

async fn review(server: &TestServer) -> String {
    let change = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    let request = Request::new("POST", "/api/v1/review/analyze").json(&change);
    let review = call(server, request, 202).await;
    let claim = server.claim_review().await;
    server.finish_review(&claim).await.unwrap();
    review["review"].as_str().unwrap().to_owned()
}

async fn a_finished_review_is_told_and_signed(test: TestStore) {
    let receiver = Receiver::start().await;
    let server = server(&test, true).await;
    let (id, secret) = add(&server, &receiver.url(), &[]).await;
    let (deaf, _) = add(&server, &receiver.url(), &["quota.reached"]).await;
    let review = review(&server).await;
    let running = Running::start(&server.app, &test, "one");
    let told = wait(&receiver, 1).await;
    let message = told[0].json();
    assert_eq!(message["type"], "review.finished");
    assert_eq!(message["version"], 1);
    assert_eq!(message["organisation"], server.organisation.to_string());
    assert_eq!(message["data"]["review"], review);
    assert_eq!(message["data"]["state"], "done");
    assert_eq!(told[0].header("webhook-id"), message["id"].as_str());
    let now_ms = server.app.now_ms();
    check(&told[0], &secret, now_ms);

    // The secret from before is good for a day, and no longer.
    let rotated = Request::new("POST", &format!("/api/v1/webhooks/{id}/secret"));
    let rotated = call(&server, rotated, 200).await["secret"].clone();
    let test_it = || Request::new("POST", &format!("/api/v1/webhooks/{id}/test"));
    call(&server, test_it(), 202).await;
    let told = wait(&receiver, 2).await;
    assert_eq!(told[1].json()["type"], "webhook.test");
    check(&told[1], &secret, now_ms);
    check(&told[1], rotated.as_str().unwrap(), now_ms);
    test.clock.advance(25 * 60 * 60_000);
    call(&server, test_it(), 202).await;
    let told = wait(&receiver, 3).await;
    assert_eq!(
        told[2]
            .header("webhook-signature")
            .unwrap()
            .split(' ')
            .count(),
        1
    );
    check(&told[2], rotated.as_str().unwrap(), server.app.now_ms());

    let attempts = format!("/api/v1/webhooks/{id}/attempts");
    until("the attempts are kept", async || {
        let kept = call(&server, Request::get(&attempts), 200).await;
        let kept = kept["items"].as_array().unwrap().clone();
        (kept.len() == 3).then(|| assert!(kept.iter().all(|one| one["status"] == 204)))
    })
    .await;
    let none = call(
        &server,
        Request::get(&format!("/api/v1/webhooks/{deaf}/attempts")),
        200,
    )
    .await;
    assert_eq!(none["items"], json!([]));
    let shown = call(&server, Request::get("/api/v1/webhooks"), 200)
        .await
        .to_string();
    assert!(!shown.contains("whsec_"), "{shown}");
    running.end().await;
    server.stop().await;
}

async fn what_is_told_survives_whoever_tells_it(test: TestStore) {
    let receiver = Receiver::start().await;
    let server = server(&test, true).await;
    let (_, secret) = add(&server, &receiver.url(), &["review.finished"]).await;
    receiver.hold();
    review(&server).await;
    // The first is killed while the receiver has the message and has not answered.
    let first = Running::start(&server.app, &test, "first");
    wait(&receiver, 1).await;
    first.kill().await;
    receiver.release();
    test.clock.advance(LEASE_MS + 1);
    let second = Running::start(&server.app, &test, "second");
    let told = until("it is told again", async || {
        skip_wait(&server, &test).await;
        let told = receiver.told();
        (told.len() >= 2).then_some(told)
    })
    .await;
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    assert_eq!(told[0].body, told[1].body, "the same bytes");
    check(&told[1], &secret, server.app.now_ms());
    until("the task is done", async || {
        let tasks = server.tasks().await;
        let task = tasks
            .into_iter()
            .find(|task| task.kind == "tell_outgoing")
            .unwrap();
        (task.state == TaskState::Done).then_some(())
    })
    .await;
    assert_eq!(receiver.told().len(), 2);
    second.end().await;
    server.stop().await;
}

async fn an_address_that_fails_is_tried_again_and_then_no_more(test: TestStore) {
    let receiver = Receiver::start().await;
    let server = server(&test, true).await;
    let (id, _) = add(&server, &receiver.url(), &["review.finished"]).await;
    let path = format!("/api/v1/webhooks/{id}");
    receiver.answer(500);
    review(&server).await;
    let running = Running::start(&server.app, &test, "one");
    wait(&receiver, 1).await;
    let failing = until("it is seen to fail", async || {
        let shown = call(&server, Request::get(&path), 200).await;
        shown["failing_since_ms"].is_i64().then_some(shown)
    })
    .await;
    assert_eq!(failing["problem"], "it answered 500");
    // The next attempt comes after a wait, and mends it.
    receiver.answer(200);
    until("it is tried again", async || {
        skip_wait(&server, &test).await;
        (receiver.told().len() >= 2).then_some(())
    })
    .await;
    until("it is seen to work", async || {
        let shown = call(&server, Request::get(&path), 200).await;
        shown["failing_since_ms"].is_null().then_some(())
    })
    .await;
    let told = receiver.told();
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));

    // What fails for days is told no more, and that is written down.
    receiver.answer(503);
    review(&server).await;
    wait(&receiver, 3).await;
    // The clock moves when the failure is kept and no worker has the message.
    until("it is seen to fail again", async || {
        let shown = call(&server, Request::get(&path), 200).await;
        let tasks = server.tasks().await;
        let mut tasks = tasks.iter().filter(|task| task.kind == "tell_outgoing");
        let is_waiting = tasks.any(|task| task.state == TaskState::Waiting);
        (shown["failing_since_ms"].is_i64() && is_waiting).then_some(())
    })
    .await;
    test.clock.advance(6 * 24 * 60 * 60_000);
    let shown = until("it is told no more", async || {
        skip_wait(&server, &test).await;
        let shown = call(&server, Request::get(&path), 200).await;
        (shown["enabled"] == false).then_some(shown)
    })
    .await;
    assert_eq!(shown["problem"], "it answered 503");
    let log = call(&server, Request::get("/api/v1/audit"), 200)
        .await
        .to_string();
    assert!(log.contains("outgoing_webhook.disable"), "{log}");
    let count = receiver.told().len();
    review(&server).await;
    let waiting = server.tasks().await;
    let is_open =
        |task: &assay_store::Task| task.kind == "tell_outgoing" && task.state == TaskState::Waiting;
    assert!(!waiting.iter().any(is_open), "nobody is told of the next");
    assert_eq!(receiver.told().len(), count);

    // One that is gone says so at once.
    let enabled = Request::new("PUT", &path).json(&json!({"enabled": true}));
    call(&server, enabled, 204).await;
    receiver.answer(410);
    review(&server).await;
    until("it is gone", async || {
        let shown = call(&server, Request::get(&path), 200).await;
        (shown["enabled"] == false).then_some(())
    })
    .await;
    running.end().await;
    server.stop().await;
}

async fn addresses_of_our_own_network_are_not_told(test: TestStore) {
    let receiver = Receiver::start().await;
    let server = server(&test, false).await;
    for url in [
        receiver.url(),
        "https://127.0.0.1/".to_owned(),
        "https://[::1]/".to_owned(),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "http://8.8.8.8/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https://user:word@example.org/".to_owned(),
    ] {
        let request = Request::new("POST", "/api/v1/webhooks").json(&json!({"url": url}));
        let problem = call(&server, request, 400).await;
        assert!(problem.to_string().contains("url"), "{problem}");
    }
    let unknown = json!({"url": "https://example.org/", "events": ["review.begun"]});
    call(
        &server,
        Request::new("POST", "/api/v1/webhooks").json(&unknown),
        400,
    )
    .await;
    // A name is looked at when it is told: it may mean something else by then.
    let (id, _) = add(
        &server,
        &format!("https://localhost:{}/hook", receiver.address().port()),
        &[],
    )
    .await;
    call(
        &server,
        Request::new("POST", &format!("/api/v1/webhooks/{id}/test")),
        202,
    )
    .await;
    let running = Running::start(&server.app, &test, "one");
    let problem = until("it is tried", async || {
        let shown = call(
            &server,
            Request::get(&format!("/api/v1/webhooks/{id}")),
            200,
        )
        .await;
        shown["problem"].as_str().map(str::to_owned)
    })
    .await;
    assert!(problem.contains("is not told anything"), "{problem}");
    assert_eq!(receiver.told().len(), 0);
    running.end().await;
    server.stop().await;
}

async fn rejections_and_quotas_are_told(test: TestStore) {
    let receiver = Receiver::start().await;
    let server = server(&test, true).await;
    let (_, secret) = add(
        &server,
        &receiver.url(),
        &["finding.rejected", "quota.reached"],
    )
    .await;
    let (repository, finding) = server.repository_with_finding("acme", "shop").await;
    let rejected = json!({"verdict": "rejected", "note": "the input is ours"});
    let path = format!("/api/v1/findings/{finding}/feedback");
    call(&server, Request::new("PUT", &path).json(&rejected), 200).await;
    let quota = json!({"value": {"organisation": {"reviews": {"day": 1}}}});
    call(
        &server,
        Request::new("PUT", "/api/v1/settings/quota").json(&quota),
        204,
    )
    .await;
    let change = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    let analyze = || Request::new("POST", "/api/v1/review/analyze").json(&change);
    call(&server, analyze(), 202).await;
    call(&server, analyze(), 429).await;
    let running = Running::start(&server.app, &test, "one");
    let told = wait(&receiver, 2).await;
    let mut by_type: Vec<(String, Value)> = told
        .iter()
        .map(|one| {
            check(one, &secret, server.app.now_ms());
            let json = one.json();
            (
                json["type"].as_str().unwrap().to_owned(),
                json["data"].clone(),
            )
        })
        .collect();
    by_type.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(by_type[0].0, "finding.rejected");
    assert_eq!(by_type[0].1["repository"], repository.to_string());
    assert_eq!(by_type[0].1["note"], "the input is ours");
    assert_eq!(by_type[1].0, "quota.reached");
    assert_eq!(by_type[1].1["kind"], "reviews");
    assert_eq!(by_type[1].1["limit"], 1);
    running.end().await;
    let queued = server.tasks().await;
    let told = queued.iter().filter(|task| task.kind == "tell_outgoing");
    assert_eq!(told.count(), 2, "a quota is reached once");
    assert!(
        queued
            .iter()
            .all(|task| task.kind != "tell_outgoing" || task.priority == Priority::Low)
    );
    server.stop().await;
}
