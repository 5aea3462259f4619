//! Sessions of browsers: begun with a key, kept in a cookie, closed to pages of others.

use assay_auth::Permission;
use assay_testkit::http::{Answer, Request};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::json;

on_both_engines!(
    a_session_begins_with_a_key_and_ends_with_it,
    pages_of_others_change_nothing,
    sessions_end_when_unused_and_at_last,
    sessions_are_listed_and_ended_by_whose_they_are,
    guessing_is_slow_and_is_written_down,
);

const HOUR_MS: i64 = 3_600_000;

/// What a browser has after signing in.
struct Browser {
    cookie: String,
    csrf: String,
    id: String,
}

fn sign_in(key: &str) -> Request {
    Request::new("POST", "/api/v1/auth/session").json(&json!({ "key": key }))
}

fn browser(answer: &Answer) -> Browser {
    assert_eq!(answer.status, 201, "{}", answer.text());
    let set = answer.header("set-cookie").unwrap();
    let body = answer.json();
    Browser {
        cookie: set.split(';').next().unwrap().to_owned(),
        csrf: body["csrf_token"].as_str().unwrap().to_owned(),
        id: body["id"].as_str().unwrap().to_owned(),
    }
}

impl Browser {
    async fn new(server: &TestServer, key: &str) -> Self {
        browser(&sign_in(key).send(server.address).await)
    }

    async fn get(&self, server: &TestServer, path: &str) -> Answer {
        let request = Request::get(path).header("cookie", &self.cookie);
        request.send(server.address).await
    }

    /// Returns a request as a page of the server sends it.
    fn page(&self, method: &str, path: &str) -> Request {
        let request = Request::new(method, path).header("cookie", &self.cookie);
        let request = request.header("origin", "http://test");
        request.header("x-csrf-token", &self.csrf)
    }
}

async fn a_session_begins_with_a_key_and_ends_with_it(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, options, _| {
        options.public_url = Some("https://assay.test".to_owned());
    })
    .await;
    let key = server.key(&[Permission::ReviewRead]).await;
    let answer = sign_in(&key).send(server.address).await;
    let set = answer.header("set-cookie").unwrap().to_owned();
    assert!(set.starts_with("__Host-assay-session="), "{set}");
    for part in [
        "HttpOnly",
        "Secure",
        "SameSite=Lax",
        "Path=/",
        "Max-Age=604800",
    ] {
        assert!(set.contains(part), "{set}");
    }
    let browser = browser(&answer);
    assert!(
        !answer
            .text()
            .contains(browser.cookie.split_once('=').unwrap().1)
    );
    assert_eq!(browser.get(&server, "/api/v1/reviews").await.status, 200);
    assert_eq!(browser.get(&server, "/api/v1/tasks").await.status, 404);
    let page = browser.get(&server, "/api/v1/auth/session").await.json();
    assert_eq!(
        (&page["id"], &page["csrf_token"]),
        (&json!(browser.id), &json!(browser.csrf))
    );
    // A key that is shown counts for more than a cookie; a token begins no session.
    let both = Request::get("/api/v1/tasks").header("cookie", &browser.cookie);
    let both = both.bearer(&server.admin).send(server.address).await;
    assert_eq!(both.status, 200);
    let token = Request::new("POST", "/api/v1/auth/token").json(&json!({}));
    let token = token.bearer(&key).send(server.address).await.json();
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(sign_in(token).send(server.address).await.status, 401);
    let id = browser.get(&server, "/api/v1/user/profile").await.json();
    let id = id["actor"]
        .as_str()
        .unwrap()
        .strip_prefix("key:")
        .unwrap()
        .to_owned();
    let revoke = Request::new("DELETE", &format!("/api/v1/keys/{id}"));
    let revoke = revoke.bearer(&server.admin).send(server.address).await;
    assert_eq!(revoke.status, 204);
    assert_eq!(browser.get(&server, "/api/v1/reviews").await.status, 401);
    assert_eq!(sign_in(&key).send(server.address).await.status, 401);
    server.stop().await;
}

async fn pages_of_others_change_nothing(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let browser = Browser::new(&server, &server.admin).await;
    let other = Browser::new(&server, &server.admin).await;
    let body = json!({"name": "backend"});
    let bare = || {
        let request = Request::new("POST", "/api/v1/teams").json(&body);
        request.header("cookie", &browser.cookie)
    };
    let here = ("origin", "http://test");
    for (name, headers) in [
        ("nothing", vec![]),
        ("no token", vec![here]),
        ("an empty token", vec![here, ("x-csrf-token", "")]),
        (
            "another session's token",
            vec![here, ("x-csrf-token", &other.csrf)],
        ),
        (
            "another origin",
            vec![
                ("origin", "https://evil.example"),
                ("x-csrf-token", &browser.csrf),
            ],
        ),
        (
            "no origin",
            vec![("origin", "null"), ("x-csrf-token", &browser.csrf)],
        ),
        (
            "another site",
            vec![
                ("sec-fetch-site", "cross-site"),
                ("x-csrf-token", &browser.csrf),
            ],
        ),
    ] {
        let request = headers
            .iter()
            .fold(bare(), |request, (name, value)| request.header(name, value));
        let answer = request.send(server.address).await;
        assert_eq!(answer.status, 403, "{name}: {}", answer.text());
    }
    let ours = bare()
        .header(here.0, here.1)
        .header("x-csrf-token", &browser.csrf);
    assert_eq!(ours.send(server.address).await.status, 201);
    // A page of others does not sign its visitor in as somebody else.
    let strange = sign_in(&server.admin).header("origin", "https://evil.example");
    assert_eq!(strange.send(server.address).await.status, 403);
    // Two cookies of one name: one of them is somebody else's.
    let two = format!("{}; {}", browser.cookie, other.cookie);
    let two = Request::get("/api/v1/reviews").header("cookie", &two);
    assert_eq!(two.send(server.address).await.status, 401);
    server.stop().await;
}

async fn sessions_end_when_unused_and_at_last(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let used = Browser::new(&server, &server.admin).await;
    let unused = Browser::new(&server, &server.admin).await;
    for _ in 0..7 {
        test.clock.advance(23 * HOUR_MS);
        assert_eq!(used.get(&server, "/api/v1/reviews").await.status, 200);
    }
    assert_eq!(unused.get(&server, "/api/v1/reviews").await.status, 401);
    test.clock.advance(7 * HOUR_MS);
    assert_eq!(used.get(&server, "/api/v1/reviews").await.status, 401);
    server.stop().await;
}

async fn sessions_are_listed_and_ended_by_whose_they_are(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let first = Browser::new(&server, &server.admin).await;
    // Identifiers of one moment have no order.
    test.clock.advance(1);
    let second = Browser::new(&server, &server.admin).await;
    let strange = Browser::new(&server, &server.other_admin).await;
    let list = second.get(&server, "/api/v1/sessions").await.json();
    let items: Vec<_> = list["items"].as_array().unwrap().iter().collect();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["id"], second.id.as_str());
    assert_eq!(
        (&items[0]["is_current"], &items[1]["is_current"]),
        (&json!(true), &json!(false))
    );
    let end = format!("/api/v1/sessions/{}", first.id);
    let status = async |request: Request| request.send(server.address).await.status;
    assert_eq!(status(strange.page("DELETE", &end)).await, 404);
    assert_eq!(status(second.page("DELETE", &end)).await, 204);
    assert_eq!(first.get(&server, "/api/v1/reviews").await.status, 401);
    let out = second.page("DELETE", "/api/v1/auth/session");
    let out = out.send(server.address).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(second.get(&server, "/api/v1/reviews").await.status, 401);
    assert_eq!(strange.get(&server, "/api/v1/reviews").await.status, 200);
    server.stop().await;
}

async fn guessing_is_slow_and_is_written_down(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let wrong = "assay_0000000000000000000000_wrong";
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(sign_in(wrong).send(server.address).await.status);
    }
    assert_eq!(statuses[..15], [401; 15]);
    assert_eq!(statuses[15..], [429; 5]);
    let limited = sign_in(&server.admin).send(server.address).await;
    assert_eq!(limited.status, 429, "the address waits, whatever it shows");
    assert!(limited.header("retry-after").is_some());
    let system = assay_auth::Scope::system("test");
    let mut tx = server.app.store().read().await.unwrap();
    let entries = tx.audit_list(&system, 0, 100).await.unwrap();
    let failed = entries
        .iter()
        .filter(|one| one.event.action == "login.fail");
    assert_eq!(failed.count(), 15);
    drop(tx);
    server.stop().await;
}
