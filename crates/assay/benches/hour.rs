//! How many reviews an hour one machine does: `assay serve` as it is, with SQLite on disk,
//! is asked over its API for reviews of changes of +240 -60 lines, each another text, and
//! the time runs from the first request until the last review is done.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    reason = "a measurement prints what it measured, starts a server and takes its settings from outside"
)]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const LINES_BEFORE: usize = 300;
const LINES_REMOVED: usize = 60;
const LINES_ADDED: usize = 240;

fn number(name: &str, usual: usize) -> usize {
    let text = std::env::var(name).ok();
    text.map_or(usual, |text| text.parse().expect("a number"))
}

/// Returns functions of some lines, other ones for each seed.
fn code(seed: usize, lines: usize, out: &mut String) {
    for line in (0..lines).step_by(6) {
        let name = format!("{seed}_{line}");
        let _ = write!(
            out,
            "def work_{name}(items, limit):\n    total = {seed}\n    for item in items:\n        \
             if item.price_{line} > limit:\n            total += item.price_{line} * {line}\n    \
             return total\n"
        );
    }
}

/// Returns the text of a file before and after a change.
fn change(seed: usize) -> (String, String) {
    let (mut kept, mut removed, mut added) = (String::new(), String::new(), String::new());
    code(0, LINES_BEFORE - LINES_REMOVED, &mut kept);
    code(seed + 1_000_000, LINES_REMOVED, &mut removed);
    code(seed + 2_000_000, LINES_ADDED, &mut added);
    (format!("{kept}{removed}"), format!("{added}{kept}"))
}

struct Server {
    child: Child,
    url: String,
    key: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(data: &std::path::Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_assay"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn();
        let mut server = Self {
            child: child.expect("the server starts"),
            url: String::new(),
            key: String::new(),
        };
        let said = server.child.stdout.take().expect("piped");
        for line in BufReader::new(said).lines() {
            let line = line.expect("text");
            if line.trim().starts_with("assay_") {
                server.key = line.trim().to_owned();
            }
            if let Some(url) = line.strip_prefix("assay listens at ") {
                server.url = url.trim_end_matches('/').to_owned();
                return server;
            }
        }
        panic!("it did not say where it is");
    }

    fn get(&self, path: &str) -> Value {
        let answer = ureq::get(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .call();
        let mut body = answer.expect("the server answers").into_body();
        serde_json::from_str(&body.read_to_string().expect("text")).expect("JSON")
    }

    fn ask(&self, seed: usize) {
        let (base, head) = change(seed);
        let wish = json!({"files": [{"path": "shop/work.py", "base": base, "head": head}]});
        ureq::post(format!("{}/api/v1/review/analyze", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .send(wish.to_string().as_bytes())
            .expect("it is accepted");
    }

    /// Returns how many reviews are not over, and how many failed.
    fn left(&self) -> (bool, bool) {
        let any = |state: &str| {
            let list = self.get(&format!("/api/v1/reviews?state={state}&limit=1"));
            list["items"]
                .as_array()
                .is_some_and(|items| !items.is_empty())
        };
        (any("queued") || any("running"), any("failed"))
    }

    /// Returns the processor time of the server and of the processes that it started, and
    /// its own memory at the most, in megabytes.
    fn taken(&self) -> (f64, u64) {
        let id = self.child.id();
        let mut ticks = ticks(&id.to_string());
        let tasks = std::fs::read_dir(format!("/proc/{id}/task"));
        for task in tasks.into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(task.path().join("children"));
            for child in children.unwrap_or_default().split_whitespace() {
                ticks += self::ticks(child);
            }
        }
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let digits = line.and_then(|line| line.split_whitespace().nth(1));
        let kilobytes: u64 = digits.and_then(|text| text.parse().ok()).unwrap_or(0);
        (ticks as f64 / 100.0, kilobytes / 1024)
    }
}

/// Returns the processor time of a process and of its children that ended, in hundredths
/// of a second.
fn ticks(id: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let times = after.split(' ').skip(11).take(4);
    times.filter_map(|text| text.parse::<u64>().ok()).sum()
}

fn main() {
    // A test run of the benches only shows that this builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let count = number("ASSAY_BENCH_REVIEWS", 1_500);
    let folder = std::env::var_os("ASSAY_BENCH_DIR").unwrap_or_else(|| "target".into());
    let folder = tempfile::tempdir_in(folder).expect("a folder can be made");
    let server = Server::start(&folder.path().join("data"));
    // What is read at the first review is read before.
    server.ask(usize::MAX / 4);
    while server.left().0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let (before, _) = server.taken();
    let begun = Instant::now();
    for seed in 0..count {
        server.ask(seed);
    }
    let asked = begun.elapsed().as_secs_f64();
    while server.left().0 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = begun.elapsed().as_secs_f64();
    let (after, megabytes) = server.taken();
    println!(
        "{count} reviews of +{LINES_ADDED} -{LINES_REMOVED} lines: {took:.1} s ({asked:.1} s until all were asked for) = \
         {:.0} an hour; {:.1} ms of processor time each, {megabytes} MB at most; failed: {}",
        count as f64 * 3_600.0 / took,
        (after - before) * 1e3 / count as f64,
        server.left().1,
    );
}
