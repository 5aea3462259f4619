//! Answers connections. A connection that sends nothing, or sends or takes slowly, or
//! is one too many, is ended; what is being answered when the server stops is answered.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use assay_auth::Networks;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::budget::{Budget, RETRY_S};
use crate::context::{Peer, Stopping};
use crate::patient::Patient;

/// What a server takes at most.
#[derive(Clone, Debug)]
pub struct ServeLimits {
    /// So many connections are open at once; others wait to be taken.
    pub connections_max: usize,
    /// So many of them of one address; further ones are told to come again.
    pub address_connections_max: usize,
    /// Those whose connections are other people's: for them the router counts requests
    /// of the address that they name.
    pub proxies: Networks,
    /// So long may the headers of a request take.
    pub headers_ms: u64,
    /// So many bytes may they have.
    pub headers_bytes_max: usize,
    /// So long may a caller take nothing of what is sent.
    pub write_ms: u64,
    /// So long is waited at the end for what is being answered.
    pub drain_ms: u64,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            address_connections_max: 512,
            proxies: Networks::default(),
            headers_ms: 10_000,
            headers_bytes_max: 32 * 1024,
            write_ms: 30_000,
            drain_ms: 20_000,
        }
    }
}

/// After a failed attempt to take a connection, so long is waited.
const ACCEPT_PAUSE_MS: u64 = 50;
const TURNED_AWAY: &str = r#"{"type":"urn:assay:problem:busy","title":"Service Unavailable","status":503,"detail":"your address has as many connections as it may"}"#;
/// Somebody who is turned away gets so long to hear it.
const TURNED_AWAY_MS: u64 = 500;
/// So many pieces of what they send are read.
const TURNED_AWAY_READS_MAX: usize = 16;

/// Answers connections until `stop`, and then those that are open to their end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServeLimits,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(limits.connections_max.max(1)));
    let addresses = Budget::new(usize::MAX, limits.address_connections_max.max(1));
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of file descriptors, or a caller that went away: others go on.
            tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            continue;
        };
        // What is asked and answered is short; waiting for more of it only delays.
        let _ = stream.set_nodelay(true);
        let mut share = addresses.share(peer.ip());
        if !limits.proxies.contains(peer.ip()) && share.take(1).is_err() {
            connections.spawn(async move {
                turn_away(stream).await;
                drop(permit);
            });
            continue;
        }
        let router = router.clone();
        let stopped = stopped.clone();
        let limits = limits.clone();
        let patience = Duration::from_millis(limits.write_ms);
        connections.spawn(async move {
            answer(
                TokioIo::new(Patient::new(stream, patience)),
                Peer(peer.ip()),
                router,
                limits,
                stopped,
            )
            .await;
            drop((permit, share));
        });
    }
    drop(listener);
    // Nobody who listens is gone before they were told.
    let _ = stopping.send(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    let limit = Duration::from_millis(limits.drain_ms);
    if tokio::time::timeout(limit, drained).await.is_err() {
        tracing::warn!("connections were cut: they did not end in time");
    }
    Ok(())
}

/// Tells somebody who has too many connections to come again, and reads a little of
/// what they send: a connection that is closed over unread bytes loses the answer.
async fn turn_away(mut stream: TcpStream) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
         retry-after: {RETRY_S}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{TURNED_AWAY}",
        TURNED_AWAY.len()
    );
    let telling = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = [0; 4_096];
        for _ in 0..TURNED_AWAY_READS_MAX {
            if stream.read(&mut rest).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    // Whoever does not listen has not to be told.
    let _ = tokio::time::timeout(Duration::from_millis(TURNED_AWAY_MS), telling).await;
}

async fn answer(
    stream: TokioIo<Patient>,
    peer: Peer,
    router: Router,
    limits: ServeLimits,
    mut stopped: watch::Receiver<bool>,
) {
    let stopping = Stopping(stopped.clone());
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(stopping.clone());
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.headers_ms))
        .max_buf_size(limits.headers_bytes_max.max(8 * 1024))
        .serve_connection(stream, service)
        .with_upgrades();
    let told = async move { stopped.wait_for(|stopped| *stopped).await.is_ok() };
    tokio::pin!(connection);
    tokio::select! {
        // Why a connection ended is the caller's affair.
        _ = connection.as_mut() => {}
        _ = told => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
