//! What strangers may make the server hold: bytes of bodies and connections, of all of
//! them and of each address, also of addresses behind a proxy. Whoever is over gets 503
//! and when to come again; everybody else is answered.

use std::net::SocketAddr;

use assay_auth::{Networks, sign_github};
use assay_testkit::http::{Answer, Request, read};
use assay_testkit::on_both_engines;
use assay_testkit::server::{TestServer, WEBHOOK_SECRET};
use assay_testkit::store::TestStore;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

on_both_engines!(
    bodies_are_held_up_to_a_budget,
    a_body_that_does_not_come_is_not_waited_for,
    an_address_has_some_connections,
    an_address_behind_a_proxy_has_some_requests,
);

/// So often something is tried that comes to be as soon as the server has read or
/// noticed what was sent before.
const TRIES: usize = 20_000;

/// Returns a webhook of some size from an address behind a proxy.
fn webhook(from: &str, id: &str, bytes: usize) -> Request {
    let body = format!("{{\"filler\":\"{}\"}}", "x".repeat(bytes));
    let signature = sign_github(&WEBHOOK_SECRET.into(), body.as_bytes());
    Request::post("/webhooks/github", body)
        .header("content-type", "application/json")
        .header("x-github-event", "pull_request")
        .header("x-github-delivery", id)
        .header("x-hub-signature-256", &signature)
        .header("x-forwarded-for", from)
}

/// Sends a request again and again until it is answered so.
async fn until(address: SocketAddr, status: u16, request: impl Fn(usize) -> Request) -> Answer {
    for number in 0..TRIES {
        let answer = request(number).send(address).await;
        if answer.status == status {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("it is never answered with {status}");
}

/// Sends a part of a body and keeps the connection.
async fn slow_body(address: SocketAddr, from: &str, sent: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /webhooks/github HTTP/1.1\r\nhost: t\r\nx-forwarded-for: {from}\r\n\
         connection: close\r\ncontent-length: 1000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; sent]).await.unwrap();
    stream
}

/// Waits until the server holds so many bytes.
async fn held(address: SocketAddr, bytes: f64) {
    for _ in 0..TRIES {
        let metrics = Request::get("/metrics").send(address).await.text();
        let mut lines = metrics.lines();
        let line = lines.find_map(|line| line.strip_prefix("assay_http_bodies_bytes "));
        if line.is_some_and(|held| held.parse::<f64>().unwrap() >= bytes) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never holds {bytes} bytes");
}

fn check_busy(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("application/problem+json"));
    assert_eq!(answer.json()["type"], "urn:assay:problem:busy");
    assert!(answer.header("retry-after").is_some());
}

async fn bodies_are_held_up_to_a_budget(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, options, _| {
        options.proxies = Networks::parse(["127.0.0.0/8"]).unwrap();
        options.bodies_bytes_max = 100_000;
        options.address_bodies_bytes_max = 60_000;
        options.body_ms = 600_000;
        options.request_ms = 600_000;
    })
    .await;
    let (one, other, third) = ("192.0.2.1", "192.0.2.2", "192.0.2.3");
    let slow = slow_body(server.address, one, 50_000).await;
    held(server.address, 50_000.0).await;
    let full = |number| webhook(one, &format!("a-{number}"), 40_000);
    check_busy(&until(server.address, 503, full).await);
    let fits = webhook(other, "b", 40_000).send(server.address).await;
    assert_eq!(fits.status, 202, "it is another's: {}", fits.text());
    let second = slow_body(server.address, other, 45_000).await;
    held(server.address, 95_000.0).await;
    let full = |number| webhook(third, &format!("c-{number}"), 10_000);
    check_busy(&until(server.address, 503, full).await);
    let small = Request::get("/health/live").send(server.address).await;
    assert_eq!(small.status, 200, "what has no body is answered");
    drop((slow, second));
    for (from, id) in [(one, "d"), (other, "e"), (third, "f")] {
        let again = |number| webhook(from, &format!("{id}-{number}"), 40_000);
        until(server.address, 202, again).await;
    }
    let announced = format!(
        "POST /webhooks/github HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        26 * 1024 * 1024
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(announced.as_bytes()).await.unwrap();
    let answer = read(&mut stream)
        .await
        .expect("it is answered before it came");
    assert_eq!(answer.status, 413, "{}", answer.text());
    server.stop().await;
}

async fn a_body_that_does_not_come_is_not_waited_for(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, options, _| {
        options.body_ms = 200;
        options.request_ms = 600_000;
    })
    .await;
    // All of them at once, each with a part of a body that never ends.
    let mut attackers = Vec::new();
    for _ in 0..50 {
        attackers.push(slow_body(server.address, "192.0.2.1", 5_000).await);
    }
    let answer = webhook("192.0.2.1", "a", 10_000).send(server.address).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    for mut attacker in attackers {
        let answer = read(&mut attacker).await.expect("it is told");
        assert_eq!(answer.status, 408, "{}", answer.text());
        assert_eq!(answer.json()["type"], "urn:assay:problem:timeout");
    }
    server.stop().await;
}

async fn an_address_has_some_connections(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, _, limits| {
        limits.address_connections_max = 3;
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..3 {
        idle.push(TcpStream::connect(server.address).await.unwrap());
    }
    let live = |_| Request::get("/health/live");
    check_busy(&until(server.address, 503, live).await);
    idle.pop();
    assert_eq!(until(server.address, 200, live).await.status, 200);
    server.stop().await;
}

async fn an_address_behind_a_proxy_has_some_requests(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, options, limits| {
        let proxies = Networks::parse(["127.0.0.0/8"]).unwrap();
        options.proxies = proxies.clone();
        options.address_requests_max = 1;
        options.body_ms = 600_000;
        options.request_ms = 600_000;
        limits.proxies = proxies;
        // The proxy itself is nobody's address.
        limits.address_connections_max = 1;
    })
    .await;
    let slow = slow_body(server.address, "192.0.2.1", 10).await;
    let live =
        |from: &'static str| move |_| Request::get("/health/live").header("x-forwarded-for", from);
    check_busy(&until(server.address, 503, live("192.0.2.1")).await);
    // What a caller writes itself into the header comes before what the proxy adds.
    let forged = live("192.0.2.2, 192.0.2.1")(0).send(server.address).await;
    check_busy(&forged);
    let other = live("192.0.2.1, 192.0.2.2")(0).send(server.address).await;
    assert_eq!(other.status, 200);
    drop(slow);
    until(server.address, 200, live("192.0.2.1")).await;
    server.stop().await;
}
