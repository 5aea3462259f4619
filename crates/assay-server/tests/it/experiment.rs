//! Experiments with prompts, over the API: started with arms that stay what they are, one at
//! a time, stopped, and their winner activated.

use assay_auth::Permission;
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    an_experiment_is_started_stopped_and_its_winner_taken,
    what_makes_no_experiment_is_refused,
);

const EXPERIMENTS: &str = "/api/v1/experiments";
const PROMPTS: &str = "/api/v1/prompts";

async fn call(server: &TestServer, key: &str, request: Request, status: u16) -> Value {
    let answer = request.bearer(key).send(server.address).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    match status {
        204 => Value::Null,
        _ => answer.json(),
    }
}

fn judge(words: &str) -> String {
    format!("+++\nname = \"judge\"\nversion = 1\n+++\n{words}\n=== user\n{{{{ remarks }}}}\n")
}

fn save(words: &str, is_activated: bool) -> Request {
    let wish = json!({"text": judge(words), "activate": is_activated});
    Request::new("POST", PROMPTS).json(&wish)
}

fn wish(prompt: &str, versions: &[i64]) -> Value {
    let arms: Vec<Value> = versions.iter().map(|one| json!({"version": one})).collect();
    json!({"prompt": prompt, "title": "Is shorter better?", "arms": arms})
}

fn start(wish: &Value) -> Request {
    Request::new("POST", EXPERIMENTS).json(wish)
}

async fn an_experiment_is_started_stopped_and_its_winner_taken(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let ours = server.admin.as_str();
    call(&server, ours, save("One.", true), 201).await;
    call(&server, ours, save("Two.", false), 201).await;
    // What came with the program is kept as a version, so that an update changes nothing.
    let begun = call(&server, ours, start(&wish("judge", &[0, 2])), 201).await;
    assert_eq!(
        begun["arms"][0],
        json!({"version": 3, "weight": 1}),
        "{begun}"
    );
    assert_eq!(
        (&begun["state"], &begun["planned"]),
        (&json!("running"), &json!(170))
    );
    let id = begun["id"].as_str().unwrap();
    let path = format!("{EXPERIMENTS}/{id}");
    // There is one at a time with a prompt, and its arms hold until it is over.
    let again = call(&server, ours, start(&wish("judge", &[1, 2])), 409).await;
    assert!(
        again["detail"].as_str().unwrap().contains("stop it first"),
        "{again}"
    );
    let choice = Request::new("PUT", &format!("{PROMPTS}/judge/active"));
    call(&server, ours, choice.json(&json!({"version": 2})), 409).await;
    let back = Request::new("POST", &format!("{PROMPTS}/judge/rollback"));
    call(&server, ours, back, 409).await;
    call(&server, ours, save("Three.", true), 409).await;
    call(&server, ours, save("Three.", false), 201).await;
    let seen = Request::get(&path).bearer(ours).send(server.address).await;
    let tag = seen.header("etag").unwrap().to_owned();
    let detail = seen.json();
    assert_eq!(detail["arms"].as_array().unwrap().len(), 2, "{detail}");
    assert_eq!(
        detail["comparisons"][0]["verdict"], "too_little",
        "{detail}"
    );
    let sentence = detail["comparisons"][0]["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("Too little data: A has 0 and B has 0 of the 170"),
        "{sentence}"
    );
    let stop = || Request::new("POST", &format!("{path}/stop"));
    call(&server, ours, stop().header("if-match", "\"7-0\""), 412).await;
    call(&server, ours, stop().header("if-match", &tag), 204).await;
    // Who stops it twice is told nothing new.
    call(&server, ours, stop(), 204).await;
    let promote =
        |arm: i64| Request::new("POST", &format!("{path}/promote")).json(&json!({"arm": arm}));
    call(&server, ours, promote(2), 400).await;
    call(&server, ours, promote(1), 204).await;
    let prompt = Request::get(&format!("{PROMPTS}/judge"));
    let prompt = call(&server, ours, prompt, 200).await;
    assert_eq!(prompt["prompt"]["active"], 2, "{prompt}");
    let detail = call(&server, ours, Request::get(&path), 200).await;
    let experiment = &detail["experiment"];
    assert_eq!(
        (&experiment["state"], &experiment["promoted"]),
        (&json!("stopped"), &json!(1))
    );
    // With one that runs, taking a winner ends it.
    let begun = call(&server, ours, start(&wish("judge", &[1, 2])), 201).await;
    let path = format!("{EXPERIMENTS}/{}", begun["id"].as_str().unwrap());
    let promote = Request::new("POST", &format!("{path}/promote")).json(&json!({"arm": 0}));
    call(&server, ours, promote, 204).await;
    let listed = call(&server, ours, Request::get(EXPERIMENTS), 200).await;
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| one["state"] == "stopped"));
    let theirs = Request::get(EXPERIMENTS);
    let theirs = call(&server, &server.other_admin, theirs, 200).await;
    assert_eq!(theirs["items"], json!([]));
    call(&server, &server.other_admin, Request::get(&path), 404).await;
    let log = call(&server, ours, Request::get("/api/v1/audit?limit=200"), 200).await;
    let log = log.to_string();
    for (action, count) in [("start", 2), ("stop", 2), ("promote", 2)] {
        let action = format!("\"experiment.{action}\"");
        assert_eq!(log.matches(&action).count(), count, "{action}: {log}");
    }
    server.stop().await;
}

async fn what_makes_no_experiment_is_refused(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let ours = server.admin.as_str();
    call(&server, ours, save("One.", false), 201).await;
    let with = |name: &str, value: Value| {
        let mut wish = wish("judge", &[0, 1]);
        wish[name] = value;
        wish
    };
    let arm = |version: i64, weight: i64| json!({"version": version, "weight": weight});
    for (wish, status) in [
        (wish("judge", &[1]), 400),
        (wish("judge", &[1, 1]), 400),
        (wish("judge", &[0, 1, 2, 3, 4, 5]), 400),
        (wish("judge", &[1, 9]), 404),
        (wish("coder", &[0, 1]), 400),
        (wish("nothing", &[0, 1]), 404),
        (with("models", json!(["o3"])), 404),
        (with("title", json!(" ")), 400),
        (with("title", json!("x".repeat(201))), 400),
        (with("smallest", json!(0)), 400),
        (with("smallest", json!(51)), 400),
        (with("arms", json!([arm(0, 0), arm(1, 1)])), 400),
        (with("arms", json!([arm(0, 1), arm(1, 101)])), 400),
    ] {
        call(&server, ours, start(&wish), status).await;
    }
    let reader = server.key(&[Permission::PromptRead]).await;
    call(&server, &reader, start(&wish("judge", &[0, 1])), 403).await;
    call(&server, &reader, Request::get(EXPERIMENTS), 200).await;
    // What was refused left nothing behind.
    let versions = Request::get(&format!("{PROMPTS}/judge/versions"));
    let versions = call(&server, ours, versions, 200).await;
    assert_eq!(versions["items"].as_array().unwrap().len(), 1, "{versions}");
    server.stop().await;
}
