//! `assay serve` over what several machines share: PostgreSQL with a replica, Redis
//! and NATS; and while one after the other is killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use assay_testkit::forge::Exchange;
use assay_testkit::services::{PrivateNats, PrivatePostgres, PrivateRedis};
use serde_json::Value;

use crate::serve::{Platform, REPOSITORY, Variables, check_two_pushes, is_status, push_mended};

/// Services of one test.
struct Shared {
    postgres: PrivatePostgres,
    redis: PrivateRedis,
    nats: PrivateNats,
}

impl Shared {
    fn start() -> Self {
        Self {
            postgres: PrivatePostgres::start(),
            redis: PrivateRedis::start(),
            nats: PrivateNats::start(),
        }
    }

    fn variables(&self) -> Variables {
        let database = format!("{}postgres", self.postgres.url());
        vec![
            ("ASSAY_DATABASE_URL", database.clone()),
            // A server is a replica of itself that does not lag.
            ("ASSAY_DATABASE_REPLICA_URL", database),
            ("ASSAY_CACHE_URL", self.redis.url()),
            ("ASSAY_QUEUE_URL", self.nats.url()),
        ]
    }
}

/// A process of `assay worker`; killed when it is dropped.
struct WorkerNode(Child);

impl Drop for WorkerNode {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl WorkerNode {
    /// Starts one with a folder of its own, as on another machine.
    fn start(platform: &Platform, name: &str, config: &str) -> Self {
        let folder = platform.repo.root().parent().unwrap().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("assay-server.toml");
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_assay"))
            .args(["worker", "--data"])
            .arg(folder.join("data"))
            .arg("--server-config")
            .arg(&file)
            .envs(platform.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the worker starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let line = lines.next().expect("it says that it works").unwrap();
        assert_eq!(line, "assay takes tasks: any, review");
        Self(child)
    }
}

/// Returns the states of the parts of the platform.
fn health(platform: &Platform) -> Vec<(String, String)> {
    let key = platform.server.key.as_deref().expect("the first key");
    let health = platform.server.get("/health/deep", key);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let components = health["components"].as_array().unwrap().iter();
    components
        .map(|one| (text(&one["name"]), text(&one["state"])))
        .collect()
}

fn state_of(platform: &Platform, name: &str) -> String {
    let found = health(platform).into_iter().find(|(part, _)| part == name);
    found.map(|(_, state)| state).unwrap_or_default()
}

fn wait_for_state(platform: &Platform, name: &str, state: &str) {
    platform.wait(name, |_, _| state_of(platform, name) == state);
}

#[test]
fn the_same_happens_over_shared_services() {
    let shared = Shared::start();
    let platform = Platform::start_over(shared.variables());
    check_two_pushes(&platform);
    for name in ["database", "queue", "cache", "broker", "replica"] {
        wait_for_state(&platform, name, "ok");
    }
    // What a webhook described is not asked again when its review begins; only posting
    // looks where the head is.
    let path = format!("/repos/{REPOSITORY}/pulls/1");
    let is_of_pull = |one: &Exchange| {
        let mut accepted = one.headers.iter().filter(|(name, _)| name == "accept");
        one.method == "GET" && one.path == path && accepted.all(|(_, kind)| !kind.contains("diff"))
    };
    let exchanges = platform.forge.exchanges();
    let asked = exchanges.iter().filter(|one| is_of_pull(one)).count();
    assert!(asked < 4, "it was asked {asked} times");
}

#[test]
fn a_killed_cache_makes_it_slower_and_never_wrong() {
    let mut shared = Shared::start();
    let platform = Platform::start_over(shared.variables());
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    let first = platform.repo.rev("topic");
    platform.wait("the review", |_, statuses| {
        is_status(statuses, &first, "failure")
    });
    shared.redis.kill();
    wait_for_state(&platform, "cache", "degraded");
    push_mended(&platform);
    let key = platform.server.key.as_deref().unwrap();
    let reviews = platform.server.get("/api/v1/reviews", key);
    for review in reviews["items"].as_array().unwrap() {
        let id = review["id"].as_str().unwrap();
        let report = format!("/api/v1/review/{id}/report");
        let (one, two) = (
            platform.server.get(&report, key),
            platform.server.get(&report, key),
        );
        assert_eq!(one["schema"], "assay.report/1");
        assert_eq!(one, two);
    }
    shared.redis.restart();
    wait_for_state(&platform, "cache", "ok");
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn workers_elsewhere_hear_of_work_and_look_for_it_when_the_broker_is_gone() {
    let mut shared = Shared::start();
    let mut variables = shared.variables();
    variables.push(("ASSAY_ROLE", "api".to_owned()));
    let platform = Platform::start_over(variables);
    wait_for_state(&platform, "broker", "ok");
    // This one looks so seldom that only a word wakes it.
    let seldom = WorkerNode::start(&platform, "seldom", "[worker]\nlook_ms = 600000\n");
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    let first = platform.repo.rev("topic");
    platform.wait("the review", |comments, statuses| {
        !comments.is_empty() && is_status(statuses, &first, "failure")
    });
    drop(seldom);
    shared.nats.kill();
    wait_for_state(&platform, "broker", "degraded");
    let _usual = WorkerNode::start(&platform, "usual", "");
    push_mended(&platform);
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}
