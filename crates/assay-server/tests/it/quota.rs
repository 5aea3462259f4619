//! Quotas: nobody gets more than there is, however many ask at once, and everybody
//! sees what is left.

use assay_auth::Permission;
use assay_testkit::http::{Answer, Request};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    many_at_once_get_what_there_is,
    calls_are_counted_and_the_profile_says_so,
    settings_are_read_before_they_are_kept,
);

const DAY_MS: i64 = 24 * 3_600_000;

async fn set(server: &TestServer, value: &Value, status: u16) -> Answer {
    let request = Request::new("PUT", "/api/v1/settings/quota");
    let request = request
        .json(&json!({ "value": value }))
        .bearer(&server.admin);
    let answer = request.send(server.address).await;
    assert_eq!(answer.status, status, "{value}: {}", answer.text());
    answer
}

async fn quota(server: &TestServer, key: &str, kind: &str, of: &str) -> Value {
    let profile = Request::get("/api/v1/user/profile").bearer(key);
    let profile = profile.send(server.address).await.json();
    let quotas = profile["quotas"].as_array().unwrap().iter();
    let mut found = quotas.filter(|one| one["kind"] == kind && one["of"] == of);
    found.next().unwrap().clone()
}

async fn many_at_once_get_what_there_is(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let quotas = json!({
        "organisation": {"reviews": {"day": 10, "month": 15}},
        "user": {"reviews": {"day": 7}},
    });
    set(&server, &quotas, 204).await;
    let keys = [
        server.key(&[Permission::ReviewRun]).await,
        server.key(&[Permission::ReviewRun]).await,
    ];
    let change = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    let ask = |key: &str| {
        let request = Request::new("POST", "/api/v1/review/analyze").json(&change);
        let (request, address) = (request.bearer(key), server.address);
        tokio::spawn(async move { request.send(address).await })
    };
    let mut asked = Vec::new();
    for number in 0..64 {
        asked.push((number % 2, ask(&keys[number % 2])));
    }
    let mut done = [0, 0];
    for (key, answer) in asked {
        let answer = answer.await.unwrap();
        match answer.status {
            202 => done[key] += 1,
            429 => {
                let problem = answer.json();
                assert_eq!(problem["type"], "urn:assay:problem:quota-exhausted");
                let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!(wait > 0 && wait <= 31 * DAY_MS / 1_000, "{wait}");
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert_eq!(done[0] + done[1], 10, "{done:?}");
    assert!(done[0] <= 7 && done[1] <= 7, "{done:?}");
    assert_eq!(
        server.tasks().await.len(),
        10,
        "what was refused left nothing"
    );
    let used = quota(&server, &keys[0], "reviews", "organisation").await;
    assert_eq!(
        (&used["day"]["used"], &used["day"]["max"]),
        (&json!(10), &json!(10))
    );
    test.clock.advance(DAY_MS);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(ask(&keys[0]).await.unwrap().status);
    }
    assert_eq!(
        statuses,
        [202, 202, 202, 202, 202, 429],
        "the month is used up"
    );
    // What is sent again is done once and counted once.
    set(&server, &json!({"user": {"reviews": {"day": 1}}}), 204).await;
    let key = server.key(&[Permission::ReviewRun]).await;
    for _ in 0..3 {
        let request = Request::new("POST", "/api/v1/review/analyze").json(&change);
        let request = request.header("idempotency-key", "one").bearer(&key);
        assert_eq!(request.send(server.address).await.status, 202);
    }
    server.stop().await;
}

async fn calls_are_counted_and_the_profile_says_so(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let key = server.key(&[Permission::ReviewRead]).await;
    set(&server, &json!({"user": {"calls": {"day": 3}}}), 204).await;
    let list = || Request::get("/api/v1/reviews").bearer(&key);
    for status in [200, 200, 200, 429, 429] {
        assert_eq!(list().send(server.address).await.status, status);
    }
    let used = quota(&server, &key, "calls", "user").await;
    assert_eq!(
        (&used["day"]["used"], &used["day"]["max"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(used["month"]["max"], Value::Null);
    let tomorrow = used["day"]["resets_ms"].as_i64().unwrap();
    assert!(tomorrow > server.app.now_ms() && tomorrow <= server.app.now_ms() + DAY_MS);
    // Another key has its own, and a token counts as its key.
    let other = server.key(&[Permission::ReviewRead]).await;
    let issue = Request::new("POST", "/api/v1/auth/token").json(&json!({}));
    let token = issue.bearer(&other).send(server.address).await.json();
    let token = token["access_token"].as_str().unwrap();
    for status in [200, 200, 429] {
        let request = Request::get("/api/v1/reviews").bearer(token);
        assert_eq!(request.send(server.address).await.status, status);
    }
    test.clock.set(tomorrow);
    assert_eq!(list().send(server.address).await.status, 200);
    server.stop().await;
}

async fn settings_are_read_before_they_are_kept(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    for wrong in [
        json!({"organisation": {"reviews": {"day": -1}}}),
        json!({"organisation": {"reviews": {"week": 1}}}),
        json!({"everybody": {}}),
        json!([]),
        json!("10"),
        Value::Null,
    ] {
        set(&server, &wrong, 400).await;
    }
    set(&server, &json!({"user": {"calls": {"day": 1000}}}), 204).await;
    let path = "/api/v1/settings/quota";
    let read = Request::get(path)
        .bearer(&server.admin)
        .send(server.address)
        .await;
    assert_eq!(read.json()["value"]["user"]["calls"]["day"], 1000);
    let tag = read.header("etag").unwrap();
    set(&server, &json!({}), 204).await;
    let stale = Request::new("DELETE", path).header("if-match", tag);
    assert_eq!(
        stale
            .bearer(&server.admin)
            .send(server.address)
            .await
            .status,
        412
    );
    let remove = || Request::new("DELETE", path).bearer(&server.admin);
    assert_eq!(remove().send(server.address).await.status, 204);
    assert_eq!(remove().send(server.address).await.status, 404);
    let setter = server
        .key(&[Permission::SettingManage, Permission::SettingRead])
        .await;
    let request = Request::new("PUT", path)
        .json(&json!({"value": {}}))
        .bearer(&setter);
    let status = request.send(server.address).await.status;
    assert!(matches!(status, 403 | 404), "a quota takes more: {status}");
    server.stop().await;
}
