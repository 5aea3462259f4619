//! Who calls is looked up where it is changed: a copy of the database that lags behind
//! would let in whoever was shut out.

use std::sync::Arc;

use assay_app::{App, AppOptions};
use assay_store::{Store, StoreOptions, database_create, database_drop};
use assay_testkit::http::Request;
use assay_testkit::server::{TestServer, token_keys};
use assay_testkit::services::Services;
use assay_testkit::store::{TestStore, is_postgres};
use assay_testkit::{SeededRandomness, on_both_engines};
use secrecy::ExposeSecret as _;
use serde_json::json;

on_both_engines!(
    who_calls_is_never_looked_up_in_a_replica,
    whoever_was_told_of_something_finds_it_however_far_a_replica_lags,
);

async fn whoever_was_told_of_something_finds_it_however_far_a_replica_lags(test: TestStore) {
    if !is_postgres(&test.store) {
        return;
    }
    // One that lags for ever: it has the tables, and nothing of what is written.
    let services = Services::of_workspace().postgres_url;
    let name = format!("assay_lag_{}", std::process::id());
    database_drop(&services, &name).await.unwrap();
    database_create(&services, &name, None).await.unwrap();
    let late_url = format!("{services}{name}");
    let late = assay_testkit::store::open(&late_url, Arc::clone(&test.clock) as _).await;
    late.migrate().await.unwrap();
    late.close().await;
    let mut options = StoreOptions::new(&test.url);
    options.replica_url = Some(late_url);
    let clock = Arc::clone(&test.clock) as _;
    let opened = Store::open(&options, clock, Arc::new(SeededRandomness::new(12))).await;
    let store = opened.unwrap();
    let server = TestServer::start(store.clone()).await;
    let ask = |request: Request| request.bearer(&server.admin).send_to(server.address);
    let change = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    let asked = ask(Request::new("POST", "/api/v1/review/analyze").json(&change)).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let asked = asked.json();
    let (review, task) = (
        asked["review"].as_str().unwrap(),
        asked["task"].as_str().unwrap(),
    );
    for path in [
        format!("/api/v1/review/{review}"),
        format!("/api/v1/tasks/{task}"),
        "/api/v1/user/profile".to_owned(),
    ] {
        let answer = ask(Request::get(&path)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    let claim = server.claim_review().await;
    server.finish_review(&claim).await.unwrap();
    let done = ask(Request::get(&format!("/api/v1/review/{review}")))
        .await
        .json();
    assert_eq!(done["review"]["state"], "done");
    assert_eq!(
        ask(Request::get(&format!("/api/v1/review/{review}/report")))
            .await
            .status,
        200
    );
    // Lists may lag, and say nothing wrong.
    let list = ask(Request::get("/api/v1/reviews")).await;
    assert_eq!((list.status, &list.json()["items"]), (200, &json!([])));
    server.stop().await;
    store.close().await;
    database_drop(&services, &name).await.unwrap();
}

async fn who_calls_is_never_looked_up_in_a_replica(test: TestStore) {
    let mut options = StoreOptions::new(&test.url);
    if is_postgres(&test.store) {
        // Nothing listens there: whatever reads it fails.
        options.replica_url = Some("postgres://127.0.0.1:1/none".to_owned());
    }
    let clock = Arc::clone(&test.clock) as _;
    let opened = Store::open(&options, clock, Arc::new(SeededRandomness::new(11))).await;
    let store = opened.unwrap();
    let app = App::new(store.clone(), AppOptions::new("test", token_keys()));
    let first = app.first_key().await.unwrap().unwrap();
    let key = first.text.expose_secret();
    let caller = app.authenticate(key, None).await.unwrap();
    let token = app.token_issue(&caller, None).await.unwrap();
    let token = token.text.expose_secret();
    assert!(app.authenticate(token, None).await.is_ok());
    let session = app.session_begin(key).await.unwrap();
    let of_session = app.authenticate_session(&session.token, None).await;
    assert!(of_session.is_ok());
    app.count_call(&caller).await.unwrap();
    store.close().await;
}
