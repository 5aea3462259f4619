//! Behind a proxy that ends TLS: who calls is who the proxy names, and what a caller
//! writes into the same headers itself counts for nothing.

use assay_auth::{Networks, RateLimit, sign_github};
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::{TestServer, WEBHOOK_SECRET};
use assay_testkit::store::TestStore;
use serde_json::json;

on_both_engines!(
    the_address_is_the_one_that_the_proxy_names,
    without_a_proxy_of_ours_nobody_names_an_address,
    cookies_are_for_the_public_address,
);

const RATE: RateLimit = RateLimit {
    calls: 2,
    period_ms: 3_600_000,
    burst: 2,
};

fn webhook(id: &str, forwarded: &[&str]) -> Request {
    let body = b"{}";
    let mut request = Request::post("/webhooks/github", &body[..])
        .header("content-type", "application/json")
        .header("x-github-event", "pull_request")
        .header("x-github-delivery", id)
        .header(
            "x-hub-signature-256",
            &sign_github(&WEBHOOK_SECRET.into(), body),
        );
    for value in forwarded {
        request = request.header("x-forwarded-for", value);
    }
    request
}

async fn the_address_is_the_one_that_the_proxy_names(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |options, server, limits| {
        options.webhook_rate = RATE;
        server.proxies = Networks::parse(["127.0.0.0/8", "10.9.0.0/16"]).unwrap();
        limits.proxies = server.proxies.clone();
    })
    .await;
    let mut number = 0;
    let mut send = |forwarded: &[&str]| {
        number += 1;
        webhook(&format!("d-{number}"), forwarded).send_to(server.address)
    };
    for _ in 0..2 {
        assert_eq!(send(&["203.0.113.7"]).await.status, 202);
    }
    for spent in [
        &["203.0.113.7"][..],
        // What the caller wrote stands before what the proxy added, in one line or two.
        &["198.51.100.1, 203.0.113.7"],
        &["198.51.100.1", "203.0.113.7"],
        &["nonsense, 203.0.113.7"],
        // Two of our proxies in a row.
        &["203.0.113.7, 10.9.1.1"],
    ] {
        let answer = send(spent).await;
        assert_eq!(answer.status, 429, "{spent:?}: {}", answer.text());
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(send(&["203.0.113.8"]).await.status, 202, "it is another's");
    // What is for inside is for inside, although the proxy is inside.
    for (forwarded, status) in [("203.0.113.7", 404), ("10.1.2.3", 200)] {
        for path in ["/metrics", "/health/deep"] {
            let answer = Request::get(path).header("x-forwarded-for", forwarded);
            let answer = answer.send(server.address).await;
            assert_eq!(answer.status, status, "{path} {forwarded}");
        }
    }
    server.stop().await;
}

async fn without_a_proxy_of_ours_nobody_names_an_address(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |options, server, _| {
        options.webhook_rate = RATE;
        server.inside = Networks::parse(["10.0.0.0/8"]).unwrap();
    })
    .await;
    for (number, status) in [(1, 202), (2, 202), (3, 429), (4, 429)] {
        let (id, forwarded) = (format!("d-{number}"), format!("203.0.113.{number}"));
        let answer = webhook(&id, &[&forwarded]).send(server.address).await;
        assert_eq!(answer.status, status, "{number}");
    }
    let inside = Request::get("/metrics").header("x-forwarded-for", "10.1.2.3");
    assert_eq!(inside.send(server.address).await.status, 404);
    server.stop().await;
}

async fn cookies_are_for_the_public_address(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, server, limits| {
        server.proxies = Networks::parse(["127.0.0.0/8"]).unwrap();
        server.public_url = Some("https://assay.example".to_owned());
        limits.proxies = server.proxies.clone();
    })
    .await;
    // The proxy speaks plain HTTP with us, and says what it will.
    for scheme in ["http", "https"] {
        let begin = Request::new("POST", "/api/v1/auth/session")
            .json(&json!({"key": server.admin}))
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-forwarded-proto", scheme)
            .header("x-forwarded-host", "evil.example")
            .header("origin", "https://assay.example");
        let answer = begin.send(server.address).await;
        assert!(answer.status < 300, "{scheme}: {}", answer.text());
        let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
        assert!(cookie.contains("Secure"), "{scheme}: {cookie}");
        assert!(!cookie.contains("evil.example"), "{scheme}: {cookie}");
    }
    server.stop().await;
}
