//! The end of a server that is asked to stop: what is being answered is answered, what
//! was begun is finished or given back, nothing is lost and nothing done twice. And one
//! trace, in the log, from the request to the work.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::serve::{Platform, REPOSITORY, Server, WAIT_MAX, is_status};

impl Server {
    /// Asks the server to stop, as whoever runs the machine does; returns whether it
    /// ended well.
    fn terminate(&mut self) -> bool {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).expect("the process is ours");
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the process is ours") {
                return status.success();
            }
            assert!(begun.elapsed() < WAIT_MAX, "it does not end");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[test]
fn a_server_that_is_asked_to_stop_finishes_or_gives_back_what_it_began() {
    let mut platform = Platform::start(None);
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    // Somewhere in the middle of the work, and of an answer.
    let address = platform
        .server
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let mut open = TcpStream::connect(&address).unwrap();
    let key = platform.server.key.clone().unwrap();
    let body = r#"{"files": [{"path": "a.py", "head": "x = 1\n"}]}"#;
    let head = format!(
        "POST /api/v1/review/analyze HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    open.write_all(head.as_bytes()).unwrap();
    // The server says so once it has begun with the request.
    let mut line = String::new();
    let mut lines = BufReader::new(open.try_clone().unwrap());
    lines.read_line(&mut line).unwrap();
    assert!(line.contains("100"), "{line}");
    let pid = Pid::from_child(&platform.server.child);
    kill_process(pid, Signal::TERM).unwrap();
    let begun = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(begun.elapsed() < WAIT_MAX, "it listens on");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    open.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    lines.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("HTTP/1.1 202"), "{answer}");
    let status = platform.server.child.wait().unwrap();
    assert!(status.success(), "{status}");

    // The next one finds all of it and does what is left, once.
    let data = platform.repo.root().parent().unwrap().join("data");
    let next = Server::start(&data, &platform.variables);
    platform.server = next;
    platform.server.key = Some(key);
    let first = platform.repo.rev("topic");
    platform.wait("the review", |comments, statuses| {
        comments.len() == 1 && is_status(statuses, &first, "failure")
    });
    platform.server.wait(
        || platform.reviews() == ["done", "done"],
        || format!("{:?}", platform.reviews()),
    );
    assert_eq!(platform.forge.comments(REPOSITORY, 1).len(), 1);
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
    assert!(
        platform.server.terminate(),
        "it ends well with nothing to do"
    );
}

#[test]
fn the_log_has_one_trace_from_the_request_to_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = folder.path().join("server.toml");
    std::fs::write(&config, "[log]\nformat = \"json\"\nlevel = \"debug\"\n").unwrap();
    let log = folder.path().join("log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_assay"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .arg("--server-config")
        .arg(&config)
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut url, mut key) = (None, None);
    while url.is_none() {
        let line = lines.next().expect("the server says where it is").unwrap();
        url = line.strip_prefix("assay listens at ").map(str::to_owned);
        if line.trim().starts_with("assay_") {
            key = Some(line.trim().to_owned());
        }
    }
    let server = Server {
        child,
        url: url.unwrap(),
        key,
    };
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let change = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    let asked = ureq::post(format!("{}/api/v1/review/analyze", server.url))
        .header(
            "authorization",
            format!("Bearer {}", server.key.as_deref().unwrap()),
        )
        .header("content-type", "application/json")
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .send(change.to_string().as_bytes());
    assert_eq!(asked.unwrap().status(), 202);
    let said = |message: &str| {
        let text = std::fs::read_to_string(&log).unwrap();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut lines = lines.filter(|line| line.to_string().contains(trace));
        lines.find(|line| line.to_string().contains(message))
    };
    for message in ["a request was answered", "a task ended"] {
        server.wait(
            || said(message).is_some(),
            || std::fs::read_to_string(&log).unwrap(),
        );
    }
    let task = said("a task ended").unwrap().to_string();
    assert!(
        task.contains("review_change") && task.contains("done"),
        "{task}"
    );
    let key = server.key.clone().unwrap();
    let secret = key.rsplit('_').next().unwrap();
    assert!(!std::fs::read_to_string(&log).unwrap().contains(secret));
}
