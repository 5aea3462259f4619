//! How the server carries load, beside a bare one: requests a second of health and of
//! review-status reads as parts of what axum alone does with the same bytes, the same
//! runtime and the same client; and how long a signed webhook takes until it is on disk
//! and answered, at a fixed rate, from when each was due.
//!
//! Servers have one thread and the client another, so that the client is not what is
//! measured; how busy each was is printed. Figures of both servers are taken in turns:
//! what else the machine does falls on both.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints what it measured and takes its settings from outside"
)]

#[path = "load/accept.rs"]
mod accept;
#[path = "load/bare.rs"]
mod bare;
#[path = "load/client.rs"]
mod client;
#[path = "load/read.rs"]
mod read;

use std::path::Path;
use std::time::Duration;

use assay_testkit::services::PrivatePostgres;
use tokio::runtime::{Builder, Runtime};

/// What may be set from outside.
struct Settings {
    /// So many turns has each server.
    rounds: u32,
    /// So long is a turn.
    round: Duration,
    /// So long are webhooks sent.
    accept: Duration,
    /// So many webhooks a second.
    rate: u32,
}

fn number(name: &str, usual: u32) -> u32 {
    let text = std::env::var(name).ok();
    text.map_or(usual, |text| text.parse().expect("a number"))
}

fn runtime(threads: usize, name: &str) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name(name)
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

fn on_sqlite(folder: &Path, settings: &Settings) {
    let url = |name: &str| format!("sqlite:{}", folder.join(name).display());
    let one = runtime(1, client::SERVER);
    read::measure(&one, &url("read.db"), settings);
    one.shutdown_timeout(Duration::from_secs(1));
    let all = runtime(2, client::SERVER);
    accept::measure(&all, "SQLite", &url("accept.db"), settings);
    all.shutdown_timeout(Duration::from_secs(1));
}

fn on_postgres(settings: &Settings) {
    // One of its own, as it is durable: `TMPDIR` says on which disk.
    let server = PrivatePostgres::start();
    let all = runtime(2, client::SERVER);
    let url = format!("{}/postgres", server.url());
    accept::measure(&all, "PostgreSQL", &url, settings);
    all.shutdown_timeout(Duration::from_secs(1));
}

fn main() {
    // A test run of the benches only shows that this builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let settings = Settings {
        rounds: number("ASSAY_BENCH_ROUNDS", 7).max(1),
        round: Duration::from_millis(number("ASSAY_BENCH_ROUND_MS", 2_000).into()),
        accept: Duration::from_secs(number("ASSAY_BENCH_SECONDS", 20).into()),
        rate: number("ASSAY_BENCH_RATE", 500).max(1),
    };
    let only = std::env::var("ASSAY_BENCH_ONLY").unwrap_or_default();
    let folder = std::env::var_os("ASSAY_BENCH_DIR").unwrap_or_else(|| "target".into());
    let folder = tempfile::tempdir_in(folder).expect("a folder can be made");
    if only != "postgres" {
        on_sqlite(folder.path(), &settings);
    }
    if only != "sqlite" {
        on_postgres(&settings);
    }
}
