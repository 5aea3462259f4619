//! Bodies that are made to burst the server: of a gigabyte, of a hundred thousand files,
//! packed, or as deep as they are long. Each is refused with a clear problem, before it
//! is held.

use assay_testkit::http::{Answer, Request};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_engines!(
    a_gigabyte_is_refused_before_it_came,
    a_hundred_thousand_files_are_refused,
);

const GIGABYTE: u64 = 1 << 30;
const ROUTES: [&str; 3] = [
    "/webhooks/github",
    "/api/v1/review/analyze",
    "/api/v1/security/scan/secrets",
];

/// Sends the head of a request, and pieces for as long as somebody takes them; returns
/// the answer and how many bytes were sent.
async fn pour(server: &TestServer, path: &str, length: &str, piece: &[u8]) -> (Answer, u64) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\nconnection: close\r\n{length}\r\n\r\n",
        server.admin
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut sent = 0;
    let (mut from, mut to) = stream.into_split();
    let pouring = async {
        while sent < GIGABYTE && to.write_all(piece).await.is_ok() {
            sent += piece.len() as u64;
        }
        // Whoever was refused may still be read from.
        std::future::pending::<()>().await;
    };
    let mut bytes = Vec::new();
    let reading = async {
        let mut part = [0; 4_096];
        while !bytes.ends_with(b"}") {
            match from.read(&mut part).await {
                Ok(0) | Err(_) => break,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
            }
        }
    };
    tokio::select! {
        () = pouring => {}
        () = reading => {}
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let answer = Answer {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    (answer, sent)
}

fn check(answer: &Answer, status: u16, word: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let problem: Value = answer.json();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(word), "{detail}");
}

async fn a_gigabyte_is_refused_before_it_came(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    for path in ROUTES {
        let length = format!("content-length: {GIGABYTE}");
        let (answer, sent) = pour(&server, path, &length, &[b' '; 65_536]).await;
        check(&answer, 413, "larger than this takes");
        assert!(sent < 64 << 20, "{path}: {sent} bytes were taken");
        // In pieces, without saying how much it is.
        let mut piece = b"10000\r\n".to_vec();
        piece.extend_from_slice(&[b' '; 0x10000]);
        piece.extend_from_slice(b"\r\n");
        let (answer, sent) = pour(&server, path, "transfer-encoding: chunked", &piece).await;
        check(&answer, 413, "larger than this takes");
        assert!(sent < 64 << 20, "{path}: {sent} bytes were taken");
    }
    assert_eq!(
        Request::get("/health/live")
            .send(server.address)
            .await
            .status,
        200
    );
    server.stop().await;
}

async fn a_hundred_thousand_files_are_refused(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let analyze = |body: Vec<u8>| {
        Request::post("/api/v1/review/analyze", body)
            .header("content-type", "application/json")
            .bearer(&server.admin)
    };
    let files: Vec<Value> = (0..100_000)
        .map(|number| json!({"path": format!("f{number}"), "head": ""}))
        .collect();
    let body = json!({ "files": files }).to_string();
    let answer = analyze(body.into_bytes()).send(server.address).await;
    check(&answer, 400, "1 to 1000 files");
    // A few large ones.
    let text = "x".repeat(1_500_000);
    let files: Vec<Value> = (0..4)
        .map(|number| json!({"path": format!("f{number}"), "head": text}))
        .collect();
    let body = json!({ "files": files }).to_string();
    let answer = analyze(body.into_bytes()).send(server.address).await;
    check(&answer, 400, "bytes of text; at most");
    // Deep, and packed: nothing is unpacked that a caller sends.
    let deep = format!("{{\"files\": {}", "[".repeat(1_000_000));
    let answer = analyze(deep.into_bytes()).send(server.address).await;
    check(&answer, 400, "the body");
    let packed = analyze(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0]).header("content-encoding", "gzip");
    let answer = packed.send(server.address).await;
    check(&answer, 400, "the body");
    assert_eq!(server.tasks().await.len(), 0, "nothing of it is kept");
    server.stop().await;
}
