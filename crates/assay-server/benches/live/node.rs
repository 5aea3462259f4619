//! A server in a process of its own: this program again, with the database in its
//! environment. It says where it listens as a line of JSON, and ends with its input.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use assay_app::{AnalyzeWish, ExaminedFile};
use assay_testkit::MachineClock;
use assay_testkit::server::TestServer;
use assay_testkit::store::open;
use serde_json::{Value, json};

/// Names the database.
pub(crate) const URL: &str = "ASSAY_LIVE_URL";
/// Says how many reviews are made; a further node of a database makes none.
const REVIEWS: &str = "ASSAY_LIVE_REVIEWS";

/// A server that runs.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    pub(crate) reviews: Vec<String>,
    process: Child,
    _input: ChildStdin,
}

impl Node {
    /// Starts a server and has reviews made, or one beside another that has.
    pub(crate) fn start(url: &str, reviews: usize, beside: Option<&Self>) -> Self {
        let program = std::env::current_exe().expect("this program is a file");
        let mut process = Command::new(program)
            .env(URL, url)
            .env(REVIEWS, beside.map_or(reviews, |_| 0).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let output = process.stdout.take().expect("it was asked for");
        let input = process.stdin.take().expect("it was asked for");
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        read.expect("the server says where it listens");
        let said: Value = serde_json::from_str(&line).expect("the server started");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let own = said["reviews"].as_array().expect("a list");
        Self {
            address: text(&said["address"]).parse().expect("an address"),
            key: beside.map_or_else(|| text(&said["key"]), |other| other.key.clone()),
            reviews: beside.map_or_else(
                || own.iter().map(text).collect(),
                |other| other.reviews.clone(),
            ),
            process,
            _input: input,
        }
    }

    /// Returns how much memory it has, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        kib.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1_024
    }

    /// Kills it as a machine that fails does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Is a server until the input ends.
pub(crate) fn run(url: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let reviews = std::env::var(REVIEWS).ok();
    let reviews: usize = reviews.and_then(|text| text.parse().ok()).unwrap_or(0);
    let said = runtime.block_on(async move {
        let store = open(url, Arc::new(MachineClock)).await;
        store.migrate().await.expect("the tables can be made");
        if reviews == 0 {
            let address = TestServer::node(store).await;
            return json!({"address": address.to_string(), "key": "", "reviews": []});
        }
        let server = TestServer::start(store).await;
        let mut made = Vec::new();
        for _ in 0..reviews {
            let wish = AnalyzeWish {
                repository: None,
                base: "main".to_owned(),
                head: "topic".to_owned(),
                files: vec![ExaminedFile {
                    path: "a.py".to_owned(),
                    base: None,
                    head: Some("x = 1\n".to_owned()),
                }],
                idempotency_key: None,
            };
            let asked = server.app.review_analyze(&server.caller(), wish).await;
            made.push(asked.expect("a review").review.to_string());
        }
        let said =
            json!({"address": server.address.to_string(), "key": server.admin, "reviews": made});
        // It runs until the process ends.
        std::mem::forget(server);
        said
    });
    println!("{said}");
    let mut rest = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut rest);
    runtime.shutdown_timeout(Duration::from_millis(100));
}
