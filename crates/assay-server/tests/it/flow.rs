//! What people do with the API, from the first key on.

use assay_auth::Permission;
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    a_key_begins_and_ends,
    a_token_is_worth_what_its_key_is,
    a_change_is_reviewed_once,
    lists_come_in_pages,
    secrets_are_found_and_not_shown,
    what_was_done_is_in_the_log,
    answers_that_did_not_change_are_not_sent_again,
    health_and_metrics_are_told_inside,
);

async fn call(server: &TestServer, request: Request, status: u16) -> Value {
    let answer = request.send(server.address).await;
    assert_eq!(answer.status, status, "{request:?}: {}", answer.text());
    match answer.body.is_empty() {
        true => Value::Null,
        false => answer.json(),
    }
}

fn post(path: &str, body: &Value) -> Request {
    Request::new("POST", path).json(body)
}

async fn a_key_begins_and_ends(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    // Who shows nothing is told so, whatever else they say.
    let nobody = Request::get("/api/v1/user/profile").header("assay-organisation", "x");
    call(&server, nobody.clone(), 401).await;
    call(&server, nobody.bearer(&server.admin), 404).await;
    let wish = json!({"name": "ci", "owner": "organisation", "permissions": ["review:read", "key:read"], "expires_ms": server.app.now_ms() + 1_000});
    let made = call(
        &server,
        post("/api/v1/keys", &wish).bearer(&server.admin),
        201,
    )
    .await;
    let text = made["text"].as_str().unwrap();
    let id = made["key"]["id"].as_str().unwrap();
    let list = call(
        &server,
        Request::get("/api/v1/keys").header("x-api-key", text),
        200,
    )
    .await;
    assert!(list.to_string().contains(id) && !list.to_string().contains(&text[29..]));
    // Nobody gives away more than they have, and nobody is a person by a key.
    let maker = server
        .key(&[Permission::KeyManage, Permission::KeyRead])
        .await;
    let wish = json!({"name": "more", "owner": "organisation", "permissions": ["audit:read"]});
    call(&server, post("/api/v1/keys", &wish).bearer(&maker), 403).await;
    let wish = json!({"name": "own", "owner": "caller", "permissions": ["key:read"]});
    call(
        &server,
        post("/api/v1/keys", &wish).bearer(&server.admin),
        400,
    )
    .await;
    test.clock.advance(1_000);
    call(&server, Request::get("/api/v1/keys").bearer(text), 401).await;
    let revoke = Request::new("DELETE", &format!("/api/v1/keys/{id}"));
    call(&server, revoke.bearer(&server.admin), 204).await;
    let list = call(
        &server,
        Request::get("/api/v1/keys").bearer(&server.admin),
        200,
    )
    .await;
    let found = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == id);
    assert!(found.unwrap()["revoked_ms"].is_i64());
    assert!(
        server.app.first_key().await.unwrap().is_none(),
        "there is a key already"
    );
    server.stop().await;
}

async fn a_token_is_worth_what_its_key_is(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let key = server
        .key(&[Permission::ReviewRead, Permission::ScanRun])
        .await;
    let wish = json!({"permissions": ["review:read"]});
    let token = call(&server, post("/api/v1/auth/token", &wish).bearer(&key), 200).await;
    assert_eq!(
        (&token["expires_in"], &token["scope"]),
        (&json!(86_400), &json!("review:read"))
    );
    let token = token["access_token"].as_str().unwrap().to_owned();
    let reviews = || Request::get("/api/v1/reviews").bearer(&token);
    call(&server, reviews(), 200).await;
    let scan = post("/api/v1/security/scan/secrets", &json!({"text": "x"}));
    call(&server, scan.bearer(&token), 404).await;
    // A token buys no token that may do more.
    let more = json!({"permissions": ["scan:run"]});
    call(
        &server,
        post("/api/v1/auth/token", &more).bearer(&token),
        400,
    )
    .await;
    let profile = call(
        &server,
        Request::get("/api/v1/user/profile").bearer(&token),
        200,
    )
    .await;
    assert_eq!(profile["permissions"], json!(["review:read"]));
    let actor = profile["actor"].as_str().unwrap();
    let id = actor.strip_prefix("key:").unwrap();
    let revoke = Request::new("DELETE", &format!("/api/v1/keys/{id}"));
    call(&server, revoke.bearer(&server.admin), 204).await;
    call(&server, reviews(), 401).await;
    server.stop().await;
}

async fn a_change_is_reviewed_once(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let code = "import os\n\ndef run(name):\n    os.system('ls ' + input())\n";
    let change = json!({"base": "main", "head": "fix", "files": [{"path": "a.py", "head": code}]});
    let send = |change: &Value| {
        let request = post("/api/v1/review/analyze", change).bearer(&server.admin);
        request.header("idempotency-key", "one")
    };
    let first = call(&server, send(&change), 202).await;
    let second = call(&server, send(&change), 202).await;
    assert_eq!(first, second);
    let other = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    call(&server, send(&other), 409).await;
    let url = first["url"].as_str().unwrap().to_owned();
    let get = || Request::get(&url).bearer(&server.admin);
    assert_eq!(call(&server, get(), 200).await["review"]["state"], "queued");
    let claim = server.claim_review().await;
    server.finish_review(&claim).await.unwrap();
    assert!(
        server.finish_review(&claim).await.is_err(),
        "the lease is over"
    );
    let done = call(&server, get(), 200).await;
    assert_eq!(done["review"]["state"], "done");
    let findings = done["findings"]["items"].as_array().unwrap();
    assert!(
        findings
            .iter()
            .any(|one| one["path"] == "a.py" && one["line_start"] == 4)
    );
    assert_eq!(done["review"]["findings"], findings.len());
    let report = Request::get(&format!("{url}/report")).bearer(&server.admin);
    assert_eq!(call(&server, report, 200).await["schema"], "assay.report/1");
    let tasks = Request::get("/api/v1/tasks?state=done&kind=review_change").bearer(&server.admin);
    assert_eq!(
        call(&server, tasks, 200).await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for unfit in [
        json!({"files": []}),
        json!({"files": [{"path": "../a", "head": ""}]}),
        json!({"files": [{"path": "/a", "head": ""}]}),
        json!({"files": [{"path": "a"}]}),
        json!({"files": [{"path": "a", "head": ""}, {"path": "a", "head": ""}]}),
        json!({"files": [{"path": "a", "head": "x".repeat(5 << 20)}]}),
        json!({"files": [{"path": "a", "head": ""}], "repository": "x"}),
        json!({"files": [{"path": "a", "head": ""}], "more": 1}),
    ] {
        call(
            &server,
            post("/api/v1/review/analyze", &unfit).bearer(&server.admin),
            400,
        )
        .await;
    }
    server.stop().await;
}

async fn lists_come_in_pages(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    for _ in 0..5 {
        server.key(&[Permission::ReviewRead]).await;
        test.clock.advance(1);
    }
    for path in ["/api/v1/keys", "/api/v1/audit"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{path}?limit=2{cursor}");
            let page = call(&server, Request::get(&path).bearer(&server.admin), 200).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            seen.extend(
                items
                    .iter()
                    .map(|one| one["id"].to_string() + &one["number"].to_string()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let total = seen.len();
        seen.dedup();
        assert_eq!((seen.len(), total), (6, 6), "{path}");
    }
    for unfit in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "offset=1",
        "limit=2&limit=3",
    ] {
        for path in ["keys", "tasks", "reviews", "users", "audit"] {
            let path = format!("/api/v1/{path}?{unfit}");
            call(&server, Request::get(&path).bearer(&server.admin), 400).await;
        }
    }
    server.stop().await;
}

async fn secrets_are_found_and_not_shown(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let text = format!("# settings\nKEY = \"{}\"\n", server.other_admin);
    let scan = json!({"path": "settings.py", "text": text});
    let request = post("/api/v1/security/scan/secrets", &scan).bearer(&server.admin);
    let found = call(&server, request, 200).await;
    assert_eq!(found["secrets"][0]["rule"], "secret/assay-key");
    assert_eq!(found["secrets"][0]["line"], 2);
    assert!(!found.to_string().contains(&server.other_admin[40..]));
    let clean = json!({"text": "x = 1\n"});
    let request = post("/api/v1/security/scan/secrets", &clean).bearer(&server.admin);
    assert_eq!(call(&server, request, 200).await, json!({"secrets": []}));
    server.stop().await;
}

async fn what_was_done_is_in_the_log(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let role = json!({"permissions": ["review:read"]});
    let put = Request::new("PUT", "/api/v1/roles/reader").json(&role);
    call(&server, put.bearer(&server.admin), 204).await;
    let user = json!({"login": "ada", "display_name": "Ada", "role": "reader"});
    call(
        &server,
        post("/api/v1/users", &user).bearer(&server.admin),
        201,
    )
    .await;
    call(
        &server,
        post("/api/v1/users", &user).bearer(&server.admin),
        409,
    )
    .await;
    let log = call(
        &server,
        Request::get("/api/v1/audit").bearer(&server.admin),
        200,
    )
    .await;
    let actions: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["action"])
        .collect();
    assert_eq!(actions, ["key.create", "role.put", "user.create"]);
    let check = Request::get("/api/v1/audit/check").bearer(&server.admin);
    let check = call(&server, check, 200).await;
    assert_eq!(
        (&check["intact"], &check["entries"]),
        (&json!(true), &json!(3))
    );
    let other = Request::get("/api/v1/audit").bearer(&server.other_admin);
    assert_eq!(call(&server, other, 200).await["items"], json!([]));
    server.stop().await;
}

async fn answers_that_did_not_change_are_not_sent_again(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let get = || Request::get("/api/v1/organisation").bearer(&server.admin);
    let first = get().send(server.address).await;
    let tag = first.header("etag").unwrap().to_owned();
    let again = get()
        .header("if-none-match", &tag)
        .send(server.address)
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    let name = json!({"display_name": "Another"});
    let rename = Request::new("PUT", "/api/v1/organisation").json(&name);
    call(&server, rename.bearer(&server.admin), 204).await;
    let changed = get()
        .header("if-none-match", &tag)
        .send(server.address)
        .await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    server.stop().await;
}

async fn health_and_metrics_are_told_inside(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    assert_eq!(
        call(&server, Request::get("/health/live"), 200).await["version"],
        "test"
    );
    assert_eq!(
        call(&server, Request::get("/health/ready"), 200).await["state"],
        "ok"
    );
    let deep = call(&server, Request::get("/health/deep"), 200).await;
    let names: Vec<_> = deep["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["database", "queue"]);
    call(&server, Request::get("/api/nothing"), 404).await;
    let metrics = Request::get("/metrics").send(server.address).await;
    let text = metrics.text();
    for line in [
        "assay_build_info{version=\"test\"} 1",
        "assay_database_up 1",
        "assay_http_requests_total{method=\"GET\",route=\"/health/live\",status=\"200\"} 1",
        "assay_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
        "assay_errors_total{kind=\"not-found\"} 1",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    server.stop().await;
    let outside = |options: &mut assay_server::ServerOptions| {
        options.inside = assay_auth::Networks::default();
    };
    let app = assay_app::AppOptions::new("test", assay_testkit::server::token_keys());
    let app = assay_app::App::new(test.store.clone(), app);
    assert!(app.first_key().await.unwrap().is_none());
    let mut options = assay_server::ServerOptions::default();
    outside(&mut options);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = assay_server::router(app, options);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let limits = assay_server::ServeLimits::default();
    let running = tokio::spawn(assay_server::serve(listener, router, limits, async {
        let _ = stopped.await;
    }));
    for path in ["/metrics", "/health/deep"] {
        assert_eq!(Request::get(path).send(address).await.status, 404, "{path}");
    }
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
