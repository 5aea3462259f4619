//! What a server tells others of what it does: collectors of traces, Sentry, StatsD,
//! Prometheus; and that no secret and no code is in it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::serve::{Platform, is_status};

/// Takes whatever is posted: the path and the body of each request.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(String, String)>>>);

impl Collector {
    fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let this = Self::default();
        let heard = this.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let heard = heard.clone();
                std::thread::spawn(move || heard.hear(connection));
            }
        });
        (this, address)
    }

    fn hear(&self, connection: TcpStream) -> Option<()> {
        let mut answer = connection.try_clone().ok()?;
        let mut reader = BufReader::new(connection);
        loop {
            let mut line = String::new();
            reader
                .read_line(&mut line)
                .ok()
                .filter(|count| *count > 0)?;
            let path = line.split(' ').nth(1)?.to_owned();
            let mut bytes = 0;
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).ok()?;
                let header = header.trim().to_lowercase();
                if header.is_empty() {
                    break;
                }
                if let Some(value) = header.strip_prefix("content-length:") {
                    bytes = value.trim().parse().ok()?;
                }
            }
            let mut body = vec![0; bytes];
            reader.read_exact(&mut body).ok()?;
            let body = String::from_utf8(body).ok()?;
            self.0.lock().unwrap().push((path, body));
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            answer.write_all(head).ok()?;
        }
    }

    fn heard(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().clone()
    }
}

fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Returns the name, the trace, the number and the parent of each span.
fn spans(collector: &Collector) -> Vec<[String; 4]> {
    let mut found = Vec::new();
    for (path, body) in collector.heard() {
        assert_eq!(path, "/v1/traces");
        let document: Value = serde_json::from_str(&body).expect("JSON");
        let spans = &document["resourceSpans"][0]["scopeSpans"][0]["spans"];
        for span in spans.as_array().expect("spans") {
            let text = |field: &str| span[field].as_str().expect("text").to_owned();
            found.push(["name", "traceId", "spanId", "parentSpanId"].map(text));
        }
    }
    found
}

#[test]
fn one_trace_leads_from_the_webhook_to_what_is_posted_and_has_no_secret_in_it() {
    let (traces, traces_at) = Collector::start();
    let (faults, faults_at) = Collector::start();
    let numbers = UdpSocket::bind("127.0.0.1:0").unwrap();
    numbers
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{traces_at}")),
        ("ASSAY_SENTRY_DSN", format!("http://public@{faults_at}/42")),
        ("ASSAY_STATSD", numbers.local_addr().unwrap().to_string()),
    ];
    let planted = ["pl4nted", "c0nfiguration"].concat();
    let config = format!("[rules]\n{planted} = 3\n");
    let platform = Platform::start_as(variables, Some(&config), false);
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    let head = platform.repo.rev("topic");
    // The configuration makes no sense, so there is no review, which is a fault.
    platform.wait("the end", |_, statuses| is_status(statuses, &head, "error"));
    wait_for("the spans", || {
        let found = spans(&traces);
        found.iter().any(|[name, ..]| name == "task post_review")
    });
    let found = spans(&traces);
    let mut parent = String::new();
    let mut trace = None;
    for name in [
        "POST /webhooks/github",
        "task handle_delivery",
        "task review_pull",
        "task post_review",
    ] {
        let span = found.iter().find(|[found, ..]| found == name);
        let [_, its_trace, number, its_parent] = span.expect(name);
        assert_eq!(*its_parent, parent, "{name}");
        assert_eq!(its_trace, trace.get_or_insert_with(|| its_trace.clone()));
        parent.clone_from(number);
    }
    wait_for("the fault", || !faults.heard().is_empty());
    let (path, body) = faults.heard().remove(0);
    assert_eq!(path, "/api/42/envelope/");
    assert!(
        body.contains("the task review_pull failed for good"),
        "{body}"
    );
    assert!(body.contains(&trace.unwrap()), "{body}");
    let mut said = String::new();
    let mut datagram = [0; 2_000];
    while !said.contains("assay_tasks_ended_total:1|c|#kind:post_review,outcome:done") {
        let length = numbers.recv(&mut datagram).expect("numbers");
        said.push_str(std::str::from_utf8(&datagram[..length]).unwrap());
        said.push('\n');
    }
    // Not the secrets that the server was given, the configuration, or the code.
    let mut all = vec![said];
    all.extend(traces.heard().into_iter().map(|(_, body)| body));
    all.extend(faults.heard().into_iter().map(|(_, body)| body));
    let given = platform
        .variables
        .iter()
        .filter(|(name, _)| name.ends_with("_TOKEN") || name.ends_with("_SECRET"));
    let secrets: Vec<_> = given.map(|(_, value)| value.clone()).collect();
    assert_eq!(secrets.len(), 2);
    for text in &all {
        for secret in secrets
            .iter()
            .map(String::as_str)
            .chain([planted.as_str(), "sqlite3"])
        {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn the_numbers_are_as_prometheus_wants_them() {
    let platform = Platform::start_over(Vec::new());
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    let head = platform.repo.rev("topic");
    platform.wait("the review", |_, statuses| {
        is_status(statuses, &head, "failure")
    });
    // Tasks are counted when they are committed, a moment before what they post is
    // there or after.
    let done = "assay_tasks_ended_total{kind=\"review_pull\",outcome=\"done\"} 1";
    wait_for(done, || platform.server.text("/metrics").contains(done));
    let text = platform.server.text("/metrics");
    for name in [
        "assay_reviews_total{",
        "assay_review_duration_seconds_count{",
        "assay_task_duration_seconds_bucket{",
        "assay_http_requests_total{",
        "github_rate_limit_remaining{",
        "assay_disk_free_bytes ",
        "assay_memory_bytes ",
        "assay_service_up{service=\"github\"} 1",
        "assay_cache_requests_total{",
        "assay_database_up 1",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(name)),
            "{name}: {text}"
        );
    }
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    // The names and forms are checked above and in the unit tests; where there is
    // Prometheus' own tool, it agrees.
    if let Ok(mut promtool) = promtool {
        promtool
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = promtool.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
    let health = platform
        .server
        .get("/health/deep", platform.server.key.as_deref().unwrap());
    let components = health["components"].as_array().unwrap().iter();
    let names: Vec<_> = components
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["database", "queue", "disk", "memory", "github"]);
}
