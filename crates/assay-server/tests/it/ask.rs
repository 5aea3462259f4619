//! Questions over the API: accepted once, counted, listed, and refused when they make no
//! sense. How they are answered is tested with the whole program.

use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    a_question_is_accepted_once,
    questions_count_against_their_quota,
    questions_that_make_no_sense_are_refused,
);

async fn call(server: &TestServer, request: Request, status: u16) -> Value {
    let answer = request.bearer(&server.admin).send(server.address).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    match status {
        204 => Value::Null,
        _ => answer.json(),
    }
}

fn ask(body: &Value) -> Request {
    Request::new("POST", "/api/v1/ask").json(body)
}

async fn a_question_is_accepted_once(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (id, _) = server.repository_with_finding("acme", "shop").await;
    let body = json!({"url": "https://github.com/acme/shop", "question": " who pays? "});
    let send = |body: &Value| ask(body).header("idempotency-key", "one");
    let first = call(&server, send(&body), 202).await;
    assert_eq!(first, call(&server, send(&body), 202).await);
    let other = json!({"repository": id.to_string(), "question": "who ships?"});
    call(&server, send(&other), 409).await;
    let url = first["url"].as_str().unwrap();
    let question = call(&server, Request::get(url), 200).await;
    assert_eq!(question["question"], "who pays?");
    assert_eq!(question["state"], "queued");
    assert_eq!(question["revision"], "main");
    assert_eq!(question["repository"], id.to_string());
    assert_eq!(question["passages"], json!([]));
    let tasks = call(
        &server,
        Request::get("/api/v1/tasks?kind=answer_question"),
        200,
    );
    assert_eq!(tasks.await["items"].as_array().unwrap().len(), 1);
    let list = format!("/api/v1/ask?repository={id}");
    let listed = call(&server, Request::get(&list), 200).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    call(&server, Request::new("DELETE", url), 204).await;
    call(&server, Request::get(url), 404).await;
    server.stop().await;
}

async fn questions_count_against_their_quota(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    server.repository_with_finding("acme", "shop").await;
    let quota = json!({"value": {"organisation": {"questions": {"day": 2}}}});
    let quota = Request::new("PUT", "/api/v1/settings/quota").json(&quota);
    let set = quota.bearer(&server.admin).send(server.address).await;
    assert!(matches!(set.status, 200 | 204), "{}", set.text());
    let body = json!({"url": "https://github.com/acme/shop", "question": "who pays?"});
    // What is refused is not counted.
    let unfit = json!({"url": "https://github.com/acme/other", "question": "who pays?"});
    call(&server, ask(&unfit), 404).await;
    call(&server, ask(&body), 202).await;
    call(&server, ask(&body), 202).await;
    let refused = call(&server, ask(&body), 429).await;
    assert_eq!(refused["type"], "urn:assay:problem:quota-exhausted");
    server.stop().await;
}

async fn questions_that_make_no_sense_are_refused(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (id, _) = server.repository_with_finding("acme", "shop").await;
    let (url, id) = ("https://github.com/acme/shop", id.to_string());
    for (body, status) in [
        (json!({}), 400),
        (json!({"question": "why?"}), 400),
        (
            json!({"url": url, "repository": id, "question": "why?"}),
            400,
        ),
        (json!({"url": url, "question": " "}), 400),
        (json!({"url": url, "question": "a\u{0}b"}), 400),
        (json!({"url": url, "question": "x".repeat(8193)}), 400),
        (
            json!({"url": url, "question": "why?", "passages_max": 0}),
            400,
        ),
        (
            json!({"url": url, "question": "why?", "passages_max": 51}),
            400,
        ),
        (
            json!({"url": url, "question": "why?", "revision": "--upload-pack=x"}),
            400,
        ),
        (
            json!({"url": "file:///etc/passwd", "question": "why?"}),
            400,
        ),
        (
            json!({"url": "https://elsewhere.example/a/b", "question": "why?"}),
            404,
        ),
        (json!({"repository": "x", "question": "why?"}), 400),
    ] {
        call(&server, ask(&body), status).await;
    }
    for list in ["", "?repository=x", "?repository="] {
        let path = format!("/api/v1/ask{list}");
        call(&server, Request::get(&path), 400).await;
    }
    server.stop().await;
}
