//! Health, and the state of a review read with a token, beside a bare server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use assay_auth::sign_github;
use assay_server::{ServeLimits, ServerOptions, router, serve};
use assay_testkit::MachineClock;
use assay_testkit::http::Request;
use assay_testkit::server::{TestServer, WEBHOOK_SECRET};
use assay_testkit::store::open;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::client::{CLIENT, Connection, Turn, ask_for};
use crate::{Settings, bare};

/// So many connections ask at once.
const CONNECTIONS: usize = 32;

/// Between two webhooks that are sent meanwhile.
const WEBHOOK_EVERY: Duration = Duration::from_millis(50);

/// Sends a webhook that is kept.
async fn webhook(address: SocketAddr, number: u64) {
    let body = "{\"action\":\"synchronize\",\"number\":7}";
    let signature = sign_github(&WEBHOOK_SECRET.into(), body.as_bytes());
    let sent = Request::post("/webhooks/github", body)
        .header("content-type", "application/json")
        .header("x-github-event", "pull_request")
        .header("x-github-delivery", &format!("meanwhile-{number}"))
        .header("x-hub-signature-256", &signature)
        .send(address)
        .await;
    assert_eq!(sent.status, 202, "{}", sent.text());
}

/// Measures both on a server over a database.
pub(crate) fn measure(runtime: &Runtime, url: &str, settings: &Settings) {
    let (server, review, token) = runtime.block_on(start(url));
    let health = "GET /health/live HTTP/1.1\r\nhost: bench\r\n\r\n".to_owned();
    let status = format!(
        "GET /api/v1/review/{review} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    compare(
        runtime,
        "GET /health/live",
        server.address,
        health,
        settings,
    );
    let name = "GET /api/v1/review/{id}, while nothing is committed";
    compare(runtime, name, server.address, status.clone(), settings);
    // Work comes in meanwhile, which commits and changes no review.
    let address = server.address;
    let sending = runtime.spawn(async move {
        for number in 0_u64.. {
            webhook(address, number).await;
            tokio::time::sleep(WEBHOOK_EVERY).await;
        }
    });
    let name = "GET /api/v1/review/{id}, while some 20 webhooks a second are kept";
    compare(runtime, name, server.address, status.clone(), settings);
    sending.abort();
    // The same platform, asked each time.
    let (asked, stop) = runtime.block_on(async {
        let options = ServerOptions {
            keeps_answers: false,
            ..ServerOptions::default()
        };
        let routes = router(server.app.clone(), options);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve(
            listener,
            routes,
            ServeLimits::default(),
            async move {
                let _ = stopped.await;
            },
        ));
        (address, stop)
    });
    let name = "GET /api/v1/review/{id}, the database asked each time";
    compare(runtime, name, asked, status, settings);
    let _ = stop.send(());
    runtime.block_on(server.stop());
}

/// Starts a server with a finished review; returns its number and a token to read it with.
async fn start(url: &str) -> (TestServer, String, String) {
    let store = open(url, Arc::new(MachineClock)).await;
    store.migrate().await.expect("the tables can be made");
    let server = tokio::spawn(TestServer::start(store)).await;
    let server = server.expect("the server starts");
    let (_, _) = server.repository_with_finding("acme", "shop").await;
    let list = Request::get("/api/v1/reviews").bearer(&server.admin);
    let list = list.send(server.address).await.json();
    let review = list["items"][0]["id"]
        .as_str()
        .expect("a review")
        .to_owned();
    let issue = Request::post("/api/v1/auth/token", "").bearer(&server.admin);
    let issued = issue
        .json(&serde_json::json!({}))
        .send(server.address)
        .await;
    let issued = issued.json();
    let token = issued["access_token"].as_str();
    let token = token.expect("a token").to_owned();
    (server, review, token)
}

fn compare(runtime: &Runtime, name: &str, ours: SocketAddr, request: String, settings: &Settings) {
    let request: &'static [u8] = Vec::leak(request.into_bytes());
    let asking = std::thread::Builder::new().name(CLIENT.to_owned());
    let handle = runtime.handle().clone();
    let (rounds, round) = (settings.rounds, settings.round);
    let asking = asking.spawn(move || {
        let client = Builder::new_current_thread().enable_all().build();
        let client = client.expect("a runtime can be made");
        client.block_on(async move {
            let mut first = Connection::open(ours).await.expect("the server listens");
            let answer = first.ask(request).await.expect("an answer").to_vec();
            let (sent, started) = tokio::sync::oneshot::channel();
            handle.spawn(async move {
                let _ = sent.send(bare::start(&answer).await);
            });
            let beside = started.await.expect("the bare server starts");
            let mut turns = Vec::new();
            for _ in 0..rounds {
                let bare = ask_for(beside, request, CONNECTIONS, round).await;
                let own = ask_for(ours, request, CONNECTIONS, round).await;
                turns.push((bare, own));
            }
            turns
        })
    });
    let turns = asking.expect("a thread starts").join();
    print(name, &turns.expect("the client does not panic"));
}

fn print(name: &str, turns: &[(Turn, Turn)]) {
    let middle = |of: fn(&(Turn, Turn)) -> f64| {
        let mut all: Vec<f64> = turns.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    println!("{name}, medians of {} turns each:", turns.len());
    println!(
        "  bare  {:8.0}/s  {:6.1} us of processor an answer, client busy {:3.0} %",
        middle(|(bare, _)| bare.a_second),
        middle(|(bare, _)| bare.server_us),
        100.0 * middle(|(bare, _)| bare.client_busy),
    );
    println!(
        "  assay {:8.0}/s  {:6.1} us of processor an answer, client busy {:3.0} %",
        middle(|(_, own)| own.a_second),
        middle(|(_, own)| own.server_us),
        100.0 * middle(|(_, own)| own.client_busy),
    );
    println!(
        "  ratio {:6.1} % of the requests a second, {:6.1} % by processor time",
        100.0 * middle(|(bare, own)| own.a_second / bare.a_second),
        100.0 * middle(|(bare, own)| bare.server_us / own.server_us),
    );
}
