//! What strangers try: each is refused with a problem document, or with the end of
//! the connection, and the server answers the next one.

use assay_testkit::http::{Request, exchange, read};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

on_both_engines!(
    what_is_malformed_is_a_problem_and_not_a_fall,
    browsers_are_told_to_be_careful_and_others_may_not_call,
    origins_that_are_named_may_call,
    those_who_are_slow_are_cut_off_and_those_who_are_busy_finish,
);

async fn what_is_malformed_is_a_problem_and_not_a_fall(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let admin = |request: Request| request.bearer(&server.admin);
    let token = |text: &str| Request::get("/api/v1/reviews").bearer(text);
    let none = "eyJhbGciOiJub25lIiwia2lkIjoidGVzdCJ9.e30.";
    let text = |body: &str| {
        admin(Request::post("/api/v1/keys", body)).header("content-type", "application/json")
    };
    let large = json!({"name": "x".repeat(70_000)});
    for (name, request, status) in [
        ("no such page", Request::get("/api/v1/nothing"), 404),
        (
            "no such method",
            admin(Request::new("PATCH", "/api/v1/keys")),
            405,
        ),
        (
            "a made-up method",
            admin(Request::new("BREW", "/api/v1/keys")),
            405,
        ),
        ("an unsigned token", token(none), 401),
        ("a long token", token(&"a".repeat(9_000)), 401),
        (
            "another scheme",
            Request::get("/api/v1/reviews").header("authorization", "Basic YTpi"),
            401,
        ),
        (
            "two keys",
            token(&server.admin).bearer(&server.other_admin),
            400,
        ),
        (
            "no identifier",
            admin(Request::get("/api/v1/review/1")),
            404,
        ),
        (
            "a path",
            admin(Request::get("/api/v1/review/..%2f..%2fetc")),
            404,
        ),
        (
            "bytes that are no text",
            admin(Request::get("/api/v1/review/%ff")),
            404,
        ),
        (
            "no organisation",
            token(&server.admin).header("assay-organisation", "x"),
            404,
        ),
        ("no JSON", text("{"), 400),
        ("another type", text("[]"), 400),
        ("a number of infinity", text(r#"{"expires_ms":1e999}"#), 400),
        ("deep JSON", text(&"[".repeat(10_000)), 400),
        ("no type", admin(Request::post("/api/v1/keys", "{}")), 415),
        (
            "another media type",
            admin(Request::post("/api/v1/keys", "a=b"))
                .header("content-type", "application/x-www-form-urlencoded"),
            415,
        ),
        (
            "too much",
            admin(Request::new("POST", "/api/v1/keys").json(&large)),
            413,
        ),
    ] {
        let answer = request.send(server.address).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        let kind = answer.header("content-type");
        assert_eq!(kind, Some("application/problem+json"), "{name}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{name}");
        assert!(answer.header("x-request-id").is_some(), "{name}");
    }
    server.stop().await;
}

async fn browsers_are_told_to_be_careful_and_others_may_not_call(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let preflight = |server: &TestServer| {
        Request::new("OPTIONS", "/api/v1/reviews")
            .header("origin", "https://board.example")
            .header("access-control-request-method", "GET")
            .send_to(server.address)
    };
    let answer = preflight(&server).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let live = Request::get("/health/live").header("x-request-id", "mine-1");
    let live = live.send(server.address).await;
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("x-request-id", "mine-1"),
    ] {
        assert_eq!(live.header(name), Some(value));
    }
    let forged = Request::get("/health/live").header("x-request-id", "a b\"c");
    assert_ne!(
        forged.send(server.address).await.header("x-request-id"),
        Some("a b\"c")
    );
    for (page, text) in [
        ("/docs/", "swagger"),
        ("/redoc", "Redoc.init"),
        ("/api/openapi.json", "3.1.0"),
    ] {
        let answer = Request::get(page).send(server.address).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(answer.text().contains(text), "{page}");
    }
    server.stop().await;
}

async fn origins_that_are_named_may_call(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, options, _| {
        options.cors_origins = vec!["https://board.example".to_owned()];
    })
    .await;
    for (origin, allowed) in [
        ("https://board.example", Some("https://board.example")),
        ("https://evil.example", None),
        ("null", None),
    ] {
        let request = Request::new("OPTIONS", "/api/v1/reviews")
            .header("origin", origin)
            .header("access-control-request-method", "GET");
        let answer = request.send(server.address).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    server.stop().await;
}

async fn those_who_are_slow_are_cut_off_and_those_who_are_busy_finish(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, options, limits| {
        options.request_ms = 300;
        limits.headers_ms = 200;
        limits.connections_max = 2;
    })
    .await;
    let mut headers = TcpStream::connect(server.address).await.unwrap();
    headers
        .write_all(b"GET /health/live HTTP/1.1\r\nhost: ")
        .await
        .unwrap();
    let ended = read(&mut headers).await;
    assert!(
        ended.is_none_or(|answer| answer.status == 408),
        "slow headers"
    );
    let mut body = TcpStream::connect(server.address).await.unwrap();
    let start = format!(
        "POST /api/v1/keys HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{{",
        server.admin
    );
    body.write_all(start.as_bytes()).await.unwrap();
    assert_eq!(read(&mut body).await.unwrap().status, 503, "a slow body");
    let long = format!(
        "GET /health/live HTTP/1.1\r\nhost: t\r\nx: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    let answer = exchange(server.address, long.as_bytes()).await;
    assert!(
        answer.is_none_or(|answer| answer.status == 431),
        "long headers"
    );
    let smuggled = b"POST /health/live HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n";
    let answer = exchange(server.address, smuggled).await;
    assert!(
        answer.is_none_or(|answer| answer.status >= 400),
        "two lengths"
    );
    let idle = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(
        Request::get("/health/live")
            .send(server.address)
            .await
            .status,
        200
    );
    drop(idle);
    server.stop().await;
}
