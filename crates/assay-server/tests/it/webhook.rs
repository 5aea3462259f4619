//! Webhooks over HTTP: kept once, whatever is sent how often.

use assay_auth::{Networks, RateLimit, sign_github};
use assay_testkit::http::{Answer, Request};
use assay_testkit::on_both_engines;
use assay_testkit::server::{TestServer, WEBHOOK_SECRET};
use assay_testkit::store::TestStore;

on_both_engines!(
    a_delivery_is_kept_before_it_is_acknowledged,
    a_delivery_brings_work_once_until_it_fails,
    forms_and_gitlab_are_taken_as_well,
    forgeries_leave_nothing_behind,
    those_who_send_too_much_wait,
    what_webhooks_brought_is_for_those_who_look_after_the_platform,
);

fn signature(body: &[u8]) -> String {
    sign_github(&WEBHOOK_SECRET.into(), body)
}

fn delivery(id: &str, body: &[u8]) -> Request {
    Request::post("/webhooks/github", body)
        .header("content-type", "application/json")
        .header("x-github-event", "pull_request")
        .header("x-github-delivery", id)
        .header("x-hub-signature-256", &signature(body))
}

fn state(answer: &Answer) -> (u16, String) {
    (
        answer.status,
        answer.json()["state"].as_str().unwrap().to_owned(),
    )
}

async fn a_delivery_is_kept_before_it_is_acknowledged(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let body = br#"{"action":"opened","number":7}"#;
    let answer = delivery("d-1", body).send(server.address).await;
    assert_eq!(state(&answer), (202, "queued".to_owned()));
    let tasks = server.tasks().await;
    assert_eq!(tasks.len(), 1);
    assert_eq!(answer.json()["task"], tasks[0].id.to_string());
    let kept = server.delivery_of(&tasks[0]).await;
    assert_eq!(
        (kept.body.as_slice(), kept.event.as_str()),
        (&body[..], "pull_request")
    );
    server.stop().await;
}

async fn a_delivery_brings_work_once_until_it_fails(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let send = || delivery("d-1", b"{}").send_to(server.address);
    assert_eq!(state(&send().await), (202, "queued".to_owned()));
    for _ in 0..3 {
        assert_eq!(state(&send().await), (200, "known".to_owned()));
    }
    test.clock.advance(1);
    let all: Vec<_> = (0..8)
        .map(|_| tokio::spawn(delivery("d-2", b"{}").send_to(server.address)))
        .collect();
    let mut queued = 0;
    for answer in all {
        queued += u32::from(answer.await.unwrap().status == 202);
    }
    assert_eq!(queued, 1, "eight at once are one");
    let all = server.tasks().await;
    assert_eq!(all.len(), 2);
    server.fail_delivery_of(&all[1]).await;
    assert_eq!(state(&send().await), (202, "queued".to_owned()));
    assert_eq!(server.tasks().await.len(), 3);
    server.stop().await;
}

async fn forms_and_gitlab_are_taken_as_well(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let form = b"payload=%7B%22a%22%3A+1%7D";
    let request = Request::post("/webhooks/github", &form[..])
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-github-event", "push")
        .header("x-github-delivery", "form")
        .header("x-hub-signature-256", &signature(form));
    assert_eq!(request.send(server.address).await.status, 202);
    let gitlab = |token: &str| {
        Request::post("/webhooks/gitlab", &b"{}"[..])
            .header("x-gitlab-event", "Merge Request Hook")
            .header("idempotency-key", "one")
            .header("x-gitlab-token", token)
    };
    assert_eq!(
        gitlab(WEBHOOK_SECRET).send(server.address).await.status,
        202
    );
    assert_eq!(
        gitlab(WEBHOOK_SECRET).send(server.address).await.status,
        200
    );
    assert_eq!(gitlab("wrong").send(server.address).await.status, 401);
    for event in ["ping", "star", "made_up"] {
        let body = b"{}";
        let request = Request::post("/webhooks/github", &body[..])
            .header("x-github-event", event)
            .header("x-github-delivery", "x")
            .header("x-hub-signature-256", &signature(body));
        let answer = request.send(server.address).await;
        assert_eq!(state(&answer), (200, "ignored".to_owned()), "{event}");
    }
    assert_eq!(server.tasks().await.len(), 2);
    server.stop().await;
}

async fn forgeries_leave_nothing_behind(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let body = b"{}";
    let with = |name: &str, value: &str| {
        let request = Request::post("/webhooks/github", &body[..]);
        let all = [
            ("x-github-event", "push".to_owned()),
            ("x-github-delivery", "f".to_owned()),
            ("x-hub-signature-256", signature(body)),
        ];
        let all = all.into_iter().map(|(known, usual)| {
            (
                known,
                if known == name {
                    value.to_owned()
                } else {
                    usual
                },
            )
        });
        all.fold(request, |request, (name, value)| match value.is_empty() {
            true => request,
            false => request.header(name, &value),
        })
    };
    let large = vec![b'x'; (25 << 20) + 1];
    let right = signature(body);
    for (name, request, status) in [
        ("no signature", with("x-hub-signature-256", ""), 401),
        (
            "the signature of something else",
            with("x-hub-signature-256", &signature(b"[]")),
            401,
        ),
        (
            "half a signature",
            with("x-hub-signature-256", &right[..40]),
            401,
        ),
        (
            "the older hash",
            with("x-hub-signature-256", &right.replace("256", "1")),
            401,
        ),
        (
            "two signatures",
            with("", "").header("x-hub-signature-256", &signature(b"[]")),
            400,
        ),
        ("no event", with("x-github-event", ""), 400),
        ("no number", with("x-github-delivery", ""), 400),
        (
            "a long number",
            with("x-github-delivery", &"x".repeat(129)),
            400,
        ),
        ("no JSON", delivery("f", b"nothing"), 400),
        ("a list", delivery("f", b"[]"), 400),
        ("26 MB", delivery("f", &large), 413),
        (
            "the other forge",
            Request::post("/webhooks/gitlab", &body[..]),
            401,
        ),
        ("another method", Request::get("/webhooks/github"), 405),
    ] {
        let answer = request.send(server.address).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
    }
    assert!(server.tasks().await.is_empty());
    server.stop().await;
}

async fn those_who_send_too_much_wait(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |app, _, _| {
        app.webhook_rate = RateLimit {
            calls: 3,
            period_ms: 60_000,
            burst: 3,
        };
        app.webhook_networks = Networks::parse(["127.0.0.0/8"]).unwrap();
    })
    .await;
    for number in 0..3 {
        let answer = delivery(&number.to_string(), b"{}")
            .send(server.address)
            .await;
        assert_eq!(answer.status, 202);
    }
    let answer = delivery("3", b"{}").send(server.address).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("20"))
    );
    test.clock.advance(20_000);
    assert_eq!(delivery("3", b"{}").send(server.address).await.status, 202);
    server.stop().await;
}

async fn what_webhooks_brought_is_for_those_who_look_after_the_platform(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let sent = delivery("d-1", b"{}").send(server.address).await;
    assert_eq!(state(&sent), (202, "queued".to_owned()));
    let id = server.tasks().await[0].id.to_string();
    let send = async |method: &str, path: &str, key: &str, status: u16| {
        let request = Request::new(method, path).bearer(key);
        let answer = request.send(server.address).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        answer
    };
    let (own, strange) = (server.admin.as_str(), server.other_admin.as_str());
    // It is no organisation's.
    for key in [own, strange] {
        let listed = send("GET", "/api/v1/tasks", key, 200).await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 0, "{listed}");
    }
    let platform = "/api/v1/tasks?platform=true&kind=handle_delivery";
    let listed = send("GET", platform, own, 200).await.json();
    assert_eq!(listed["items"][0]["id"], id.as_str(), "{listed}");
    let one = format!("/api/v1/tasks/{id}");
    let (cancel, retry) = (format!("{one}/cancel"), format!("{one}/retry"));
    for (method, path) in [
        ("GET", platform),
        ("GET", &one),
        ("POST", &cancel),
        ("POST", &retry),
    ] {
        send(method, path, strange, 404).await;
    }
    assert_eq!(send("GET", &one, own, 200).await.json()["id"], id.as_str());
    let stopped = send("POST", &cancel, own, 200).await.json();
    assert_eq!(stopped["state"], "cancelled");
    assert_eq!(
        send("POST", &retry, own, 200).await.json()["state"],
        "waiting"
    );
    let log = send("GET", "/api/v1/audit?limit=100", own, 200)
        .await
        .json();
    let actions = log["items"].as_array().unwrap().iter();
    let actions: Vec<_> = actions.map(|entry| entry["action"].clone()).collect();
    assert!(
        actions.contains(&"task.cancel".into()) && actions.contains(&"task.retry".into()),
        "{actions:?}"
    );
    server.stop().await;
}
