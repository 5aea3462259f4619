//! The server beside which the other is measured: axum, one route, and the bytes of an
//! answer that the other gave, with the same headers.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::routing::get;
use tokio::net::TcpListener;

/// Starts it on a port of its own; it ends with its runtime.
pub(crate) async fn start(answer: &[u8]) -> SocketAddr {
    let (headers, body) = parts(answer);
    let route = get(move || {
        let answer = (headers.clone(), body.clone());
        async move { answer }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    let router = Router::new().route("/{*path}", route);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Takes an answer apart. What the library adds by itself is left out.
fn parts(answer: &[u8]) -> (HeaderMap, Bytes) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("an answer has headers");
    let mut headers = HeaderMap::new();
    let head = std::str::from_utf8(&answer[..end]).expect("headers are text");
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ").expect("a header");
        if !["content-length", "date"].contains(&name) {
            let name: HeaderName = name.parse().expect("a name");
            headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        }
    }
    (headers, Bytes::copy_from_slice(&answer[end + 4..]))
}
