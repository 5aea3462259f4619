//! Signed webhooks at a fixed rate, each timed from when it was due to the last byte of
//! its answer, which comes when it is on disk.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_auth::{RateLimit, sign_github};
use assay_testkit::MachineClock;
use assay_testkit::server::{TestServer, WEBHOOK_SECRET};
use assay_testkit::store::open;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;

use crate::Settings;
use crate::client::{CLIENT, Connection, processor_time};

/// As GitHub's are in the middle.
const BODY_BYTES: usize = 12_000;
/// So many are sent before those that count.
const WARM_UP: u32 = 500;

/// Measures it over a database.
pub(crate) fn measure(runtime: &Runtime, name: &str, url: &str, settings: &Settings) {
    let server = runtime.block_on(async {
        let store = open(url, Arc::new(MachineClock)).await;
        store.migrate().await.expect("the tables can be made");
        let start = TestServer::start_with(store, |options, _, _| {
            // All of them come from one address here.
            options.webhook_rate = RateLimit {
                calls: 100_000_000,
                period_ms: 60_000,
                burst: 1_000_000,
            };
        });
        tokio::spawn(start).await.expect("the server starts")
    });
    let (rate, count) = (
        settings.rate,
        settings.rate * settings.accept.as_secs() as u32,
    );
    let address = server.address;
    let sending = std::thread::Builder::new().name(CLIENT.to_owned());
    let sending = sending.spawn(move || {
        let client = Builder::new_current_thread().enable_all().build();
        let client = client.expect("a runtime can be made");
        client.block_on(async {
            send(address, "warm", rate, WARM_UP).await;
            send(address, "counted", rate, count).await
        })
    });
    let sent = sending.expect("a thread starts").join();
    let (times, busy) = sent.expect("the client does not panic");
    print(name, rate, times, busy);
    runtime.block_on(server.stop());
}

/// Returns a body like those of GitHub: many addresses that begin alike, and numbers that
/// do not.
fn body() -> String {
    let mut body = "{\"action\":\"synchronize\",\"number\":7,\"links\":[".to_owned();
    let (mut seed, mut comma) = (0x9e37_79b9_7f4a_7c15_u64, "");
    while body.len() < BODY_BYTES {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let link = format!(
            "{comma}{{\"id\":{},\"sha\":\"{seed:016x}\",\"url\":\"https://api.github.com/repos/acme/shop/commits/{:016x}\"}}",
            seed >> 32,
            seed.rotate_left(21),
        );
        body.push_str(&link);
        comma = ",";
    }
    body.push_str("]}");
    body
}

/// Returns the bytes of a signed webhook up to its number, and after it.
fn request() -> (Vec<u8>, Vec<u8>) {
    let body = body();
    let signature = sign_github(&WEBHOOK_SECRET.into(), body.as_bytes());
    let head = "POST /webhooks/github HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
                x-github-event: pull_request\r\nx-github-delivery: ";
    let tail = format!(
        "\r\nx-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    (head.into(), tail.into_bytes())
}

/// Sends webhooks when they are due, whether those before are answered or not; returns
/// how long each took from then on, and which part of the time the client's thread ran.
async fn send(
    address: SocketAddr,
    name: &'static str,
    rate: u32,
    count: u32,
) -> (Vec<Option<Duration>>, f64) {
    let (head, tail) = request();
    let (head, tail) = (Arc::new(head), Arc::new(tail));
    // Those that are free; a further one is opened when all are taken.
    let idle: Arc<Mutex<Vec<Connection>>> = Arc::default();
    let every = Duration::from_secs(1) / rate;
    let ran = processor_time(CLIENT);
    let start = Instant::now();
    let mut sent = Vec::new();
    for number in 0..count {
        let due = start + every * number;
        tokio::time::sleep_until(due.into()).await;
        let (head, tail, idle) = (Arc::clone(&head), Arc::clone(&tail), Arc::clone(&idle));
        sent.push(tokio::spawn(async move {
            let number = format!("{name}-{number}");
            let request = [head.as_slice(), number.as_bytes(), tail.as_slice()].concat();
            let open = async || Connection::open(address).await.expect("the server listens");
            let free = idle.lock().await.pop();
            let was_used = free.is_some();
            let mut connection = match free {
                Some(connection) => connection,
                None => open().await,
            };
            let mut answer = connection.ask(&request).await.map(<[u8]>::to_vec);
            if answer.is_err() && was_used {
                // The server ends connections that nobody used for some time; whoever sends
                // webhooks opens another one then. The delivery's number is the same.
                connection = open().await;
                answer = connection.ask(&request).await.map(<[u8]>::to_vec);
            }
            // A server that turns somebody away ends the connection too.
            let answer = answer.ok()?;
            let is_accepted = answer.starts_with(b"HTTP/1.1 202 ");
            let took = due.elapsed();
            if is_accepted {
                idle.lock().await.push(connection);
            }
            is_accepted.then_some(took)
        }));
    }
    let mut times = Vec::new();
    for one in sent {
        times.push(one.await.expect("no webhook panics"));
    }
    let busy = processor_time(CLIENT).saturating_sub(ran);
    (times, busy.as_secs_f64() / start.elapsed().as_secs_f64())
}

fn print(name: &str, rate: u32, all: Vec<Option<Duration>>, busy: f64) {
    let count = all.len();
    let mut times: Vec<Duration> = all.into_iter().flatten().collect();
    let refused = count - times.len();
    assert!(!times.is_empty(), "none was accepted");
    times.sort();
    let at = |part: f64| {
        let index = (times.len() as f64 * part) as usize;
        times[index.min(times.len() - 1)].as_secs_f64() * 1e3
    };
    println!(
        "webhooks, {name}, {rate}/s, {} accepted, {refused} refused: p50 {:.2} ms  p95 {:.2} ms  p99 {:.2} ms  max {:.2} ms, \
         client busy {:.0} %",
        times.len(),
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0),
        100.0 * busy,
    );
}
