//! Repositories and findings over the API: looked at, set, read whole, and judged.

use assay_auth::Permission;
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    a_repository_is_looked_at_and_set,
    a_repository_is_read_whole_by_name_or_address,
    findings_are_filtered,
    findings_of_other_tools_are_sent_in,
    what_is_rejected_stays_rejected,
);

async fn call(server: &TestServer, request: Request, status: u16) -> Value {
    let answer = request.bearer(&server.admin).send(server.address).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.json()
}

async fn get(server: &TestServer, path: &str) -> Value {
    call(server, Request::get(path), 200).await
}

async fn a_repository_is_looked_at_and_set(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (id, _) = server.repository_with_finding("acme", "shop").await;
    let list = get(&server, "/api/v1/repositories").await;
    assert_eq!(list["items"][0]["id"], id.to_string());
    let path = format!("/api/v1/repositories/{id}");
    let one = get(&server, &path).await;
    assert_eq!(
        (&one["owner"], &one["enabled"]),
        (&json!("acme"), &json!(true))
    );
    let set = Request::new("PUT", &format!("{path}/settings")).json(&json!({"enabled": false}));
    assert_eq!(call(&server, set, 200).await["enabled"], false);
    assert_eq!(get(&server, &path).await["enabled"], false);
    for (metric, value) in [("", 88.5), ("?metric=score", 88.5), ("?metric=lines", 12.0)] {
        let points = get(&server, &format!("{path}/metrics{metric}")).await;
        assert_eq!(points["items"][0]["value"], value, "{metric}");
        assert_eq!(points["items"].as_array().unwrap().len(), 1);
    }
    let none = get(&server, &format!("{path}/metrics?metric=nothing")).await;
    assert_eq!(none["items"], json!([]));
    server.stop().await;
}

async fn a_repository_is_read_whole_by_name_or_address(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (id, _) = server.repository_with_finding("acme", "shop").await;
    let post = |body: Value, key: &str| {
        let request = Request::new("POST", "/api/v1/analyze/repository").json(&body);
        request.header("idempotency-key", key)
    };
    let url = json!({"url": "https://github.com/Acme/shop.git"});
    let first = call(&server, post(url.clone(), "one"), 202).await;
    assert_eq!(first, call(&server, post(url, "one"), 202).await);
    let other = json!({"repository": id.to_string(), "revision": "topic"});
    call(&server, post(other.clone(), "one"), 409).await;
    let second = call(&server, post(other, "two"), 202).await;
    let review = get(&server, second["url"].as_str().unwrap()).await;
    assert_eq!(review["review"]["head"], "topic");
    assert_eq!(review["review"]["repository"], id.to_string());
    let tasks = get(&server, "/api/v1/tasks?kind=review_tree").await;
    assert_eq!(tasks["items"].as_array().unwrap().len(), 2);
    for (body, status) in [
        (json!({}), 400),
        (
            json!({"url": "https://github.com/acme/shop", "repository": id.to_string()}),
            400,
        ),
        (
            json!({"url": "http://169.254.169.254/latest/meta-data"}),
            400,
        ),
        (json!({"url": "file:///etc/passwd"}), 400),
        (json!({"url": "https://elsewhere.example/acme/shop"}), 404),
        (json!({"url": "https://github.com/acme/other"}), 404),
        (json!({"repository": "x"}), 400),
        (
            json!({"repository": id.to_string(), "revision": "--upload-pack=x"}),
            400,
        ),
    ] {
        let request = Request::new("POST", "/api/v1/analyze/repository").json(&body);
        call(&server, request, status).await;
    }
    server.stop().await;
}

async fn findings_are_filtered(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (repository, finding) = server.repository_with_finding("acme", "shop").await;
    let (other, _) = server.repository_with_finding("acme", "till").await;
    for (filter, count) in [
        (String::new(), 2),
        (format!("?repository={repository}"), 1),
        (format!("?repository={other}&severity=low"), 0),
        (
            "?rule=security/sql-injection&severity=high&category=security".to_owned(),
            2,
        ),
        ("?origin=introduced&path=shop.py".to_owned(), 2),
        ("?origin=existing".to_owned(), 0),
        (
            "?fingerprint=0123456789abcdef0123456789abcdef".to_owned(),
            2,
        ),
    ] {
        let list = get(&server, &format!("/api/v1/findings{filter}")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{filter}");
    }
    for unfit in [
        "?origin=x",
        "?repository=x",
        "?review=1",
        "?more=1",
        "?path=%00",
    ] {
        let request = Request::get(&format!("/api/v1/findings{unfit}"));
        call(&server, request, 400).await;
    }
    let one = get(&server, &format!("/api/v1/findings/{finding}")).await;
    assert_eq!(one["finding"]["rule"], "security/sql-injection");
    assert_eq!(one["feedback"], json!([]));
    server.stop().await;
}

async fn findings_of_other_tools_are_sent_in(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    server.repository_with_finding("acme", "shop").await;
    let reviews = get(&server, "/api/v1/reviews").await;
    let review = reviews["items"][0]["id"].as_str().unwrap().to_owned();
    let send = |review: &str, query: &str, output: &str| {
        let path = format!("/api/v1/review/{review}/findings/import?{query}");
        Request::post(&path, output)
    };
    let output = r#"[{"filePath": "/ci/shop.js", "messages": [{"ruleId": "no-eval", "severity": 2, "message": "m", "line": 1}]}]"#;
    let query = "format=eslint&root=/ci";
    let first = call(&server, send(&review, query, output), 202).await;
    assert_eq!(first["findings"], 1);
    let next = first["review"].as_str().unwrap();
    let view = get(&server, first["url"].as_str().unwrap()).await;
    assert_eq!(view["review"]["state"], "queued");
    assert_eq!(view["review"]["head"], "b", "the same commit");
    // The same again, of either review of the commit, changes nothing.
    call(&server, send(&review, query, output), 200).await;
    call(&server, send(next, query, output), 200).await;
    let tasks = get(&server, "/api/v1/tasks?kind=review_pull").await;
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1);
    // Another output of the tool takes the place of the first.
    call(&server, send(next, query, "[]"), 202).await;
    let log = get(&server, "/api/v1/audit").await.to_string();
    assert!(log.contains("review.import"), "{log}");
    let change = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    let analyze = Request::new("POST", "/api/v1/review/analyze").json(&change);
    let of_texts = call(&server, analyze, 202).await;
    let of_texts = of_texts["review"].as_str().unwrap();
    for (review, query, output, part) in [
        (next, "format=eslint", "{}", "not eslint as it should be"),
        (next, "format=lint", "[]", "there are sarif"),
        (next, "format=eslint&name=../x", "[]", "`name`"),
        (next, "format=eslint&more=1", "[]", "more"),
        (next, "", "[]", "format"),
        (of_texts, "format=eslint", "[]", "reviews of pull requests"),
    ] {
        let problem = call(&server, send(review, query, output), 400).await;
        assert!(problem.to_string().contains(part), "{part}: {problem}");
    }
    for number in 0..20 {
        let answer = send(next, &format!("format=eslint&name=tool-{number}"), "[]");
        let status = if number < 19 { 202 } else { 400 };
        call(&server, answer, status).await;
    }
    server.stop().await;
}

async fn what_is_rejected_stays_rejected(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (repository, finding) = server.repository_with_finding("acme", "shop").await;
    let (other, _) = server.repository_with_finding("acme", "till").await;
    let path = format!("/api/v1/findings/{finding}/feedback");
    let put = |body: &Value| Request::new("PUT", &path).json(body);
    for unfit in [
        json!({"verdict": "rejected"}),
        json!({"verdict": "rejected", "note": " "}),
        json!({"verdict": "no"}),
        json!({"verdict": "fixed", "note": "x".repeat(5_000)}),
    ] {
        call(&server, put(&unfit), 400).await;
    }
    assert_eq!(server.rejected(repository).await, []);
    let kept = call(
        &server,
        put(&json!({"verdict": "rejected", "note": "ours"})),
        200,
    )
    .await;
    assert_eq!(
        (&kept["verdict"], &kept["note"]),
        (&json!("rejected"), &json!("ours"))
    );
    let fingerprint = kept["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(
        server.rejected(repository).await,
        [(fingerprint, Some("ours".to_owned()))]
    );
    assert_eq!(
        server.rejected(other).await,
        [],
        "of another repository it says nothing"
    );
    let seen = get(&server, &format!("/api/v1/findings/{finding}")).await;
    assert_eq!(seen["feedback"][0]["verdict"], "rejected");
    // Who thinks again is believed.
    call(&server, put(&json!({"verdict": "accepted"})), 200).await;
    assert_eq!(server.rejected(repository).await, []);
    let list = get(&server, "/api/v1/feedback?rule=security/sql-injection").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let weak = server.key(&[Permission::ReviewRead]).await;
    let request = put(&json!({"verdict": "accepted"})).bearer(&weak);
    assert_eq!(request.send(server.address).await.status, 404);
    server.stop().await;
}
