//! How many can be in live sessions: so many connections that only listen and so many that
//! talk, on a server of two threads in a process of its own. No connection may fail, no
//! message may be lost or come twice; memory of a connection, and how long a message takes
//! to all who hear it, are printed. Then a node of two is killed while clients are in
//! sessions: all go on at the other one, without a gap or a repeat.
//!
//! The clients are in this process and take processor time of the same machine. Set from
//! outside: `ASSAY_LIVE_IDLE` (20000), `ASSAY_LIVE_CHAT` (2000), `ASSAY_LIVE_SECONDS` (30),
//! `ASSAY_LIVE_KILL` (1000), and `ASSAY_BENCH_ONLY` (`sqlite`, `postgres`).
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement prints what it measured, starts servers and takes its settings from outside"
)]

#[path = "live/client.rs"]
mod client;
#[path = "live/crowd.rs"]
mod crowd;
#[path = "live/kill.rs"]
mod kill;
#[path = "live/node.rs"]
mod node;

use std::time::{Duration, Instant};

use assay_testkit::services::PrivatePostgres;

/// What may be set from outside.
struct Settings {
    /// So many only listen.
    idle: usize,
    /// So many talk.
    chat: usize,
    /// So long they talk.
    talk: Duration,
    /// So many are in sessions when a node is killed.
    kill: usize,
}

fn number(name: &str, usual: usize) -> usize {
    let text = std::env::var(name).ok();
    text.map_or(usual, |text| text.parse().expect("a number"))
}

/// Returns what so many of a thousand are at most; sorts the values.
fn quantile(values: &mut [Duration], per_mille: usize) -> Duration {
    values.sort_unstable();
    let rank = (values.len() * per_mille).div_ceil(1_000);
    values
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn main() {
    // A test run of the benches only shows that this builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    if let Ok(url) = std::env::var(node::URL) {
        node::run(&url);
        return;
    }
    let settings = Settings {
        idle: number("ASSAY_LIVE_IDLE", 20_000),
        chat: number("ASSAY_LIVE_CHAT", 2_000),
        talk: Duration::from_secs(number("ASSAY_LIVE_SECONDS", 30) as u64),
        kill: number("ASSAY_LIVE_KILL", 1_000),
    };
    let wanted = (settings.idle + settings.chat + settings.kill + 1_000) as u64;
    let files = assay_testkit::limit::open_files(wanted);
    assert!(
        files >= wanted,
        "{files} files may be open, and {wanted} are needed: `ulimit -n {wanted}` before this"
    );
    let only = std::env::var("ASSAY_BENCH_ONLY").unwrap_or_default();
    let folder = std::env::var_os("ASSAY_BENCH_DIR").unwrap_or_else(|| "target".into());
    let folder = tempfile::tempdir_in(folder).expect("a folder can be made");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let begun = Instant::now();
    let mut faults = Vec::new();
    if only != "postgres" && settings.idle + settings.chat > 0 {
        let url = format!("sqlite:{}", folder.path().join("live.db").display());
        faults.extend(runtime.block_on(crowd::measure("SQLite", &url, &settings)));
    }
    if only != "sqlite" {
        // One of its own, as it is durable: `TMPDIR` says on which disk.
        let server = PrivatePostgres::start();
        let url = format!("{}/postgres", server.url());
        if settings.kill > 0 {
            faults.extend(runtime.block_on(kill::measure(&url, settings.kill)));
        }
    }
    runtime.shutdown_timeout(Duration::from_secs(1));
    println!("took {:.0} s", begun.elapsed().as_secs_f64());
    for fault in &faults {
        println!("NOT AS PROMISED: {fault}");
    }
    assert!(faults.is_empty(), "something is not as promised");
}
