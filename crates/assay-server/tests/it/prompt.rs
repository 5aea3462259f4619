//! What models are told, over the API: checked before it is kept, in versions that stay,
//! activated and rolled back with an entry in the audit log, and nobody else's.

use assay_auth::Permission;
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    versions_stay_and_one_of_them_holds,
    what_is_no_template_is_not_kept,
    a_change_is_for_the_version_that_it_names,
);

const PROMPTS: &str = "/api/v1/prompts";

async fn call(server: &TestServer, key: &str, request: Request, status: u16) -> Value {
    let answer = request.bearer(key).send(server.address).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    match status {
        204 => Value::Null,
        _ => answer.json(),
    }
}

fn judge(words: &str, models: &str) -> String {
    format!(
        "+++\nname = \"judge\"\nversion = 9\nmodels = [{models}]\n+++\n{words}\n=== user\n{{{{ remarks }}}}\n"
    )
}

fn save(text: &str, is_activated: bool) -> Request {
    let wish = json!({"text": text, "note": "clearer", "activate": is_activated});
    Request::new("POST", PROMPTS).json(&wish)
}

async fn get(server: &TestServer, path: &str) -> Value {
    let path = format!("{PROMPTS}{path}");
    call(server, &server.admin, Request::get(&path), 200).await
}

async fn activate(server: &TestServer, version: i64, status: u16) {
    let path = format!("{PROMPTS}/judge/active");
    let request = Request::new("PUT", &path).json(&json!({"version": version}));
    call(server, &server.admin, request, status).await;
}

async fn versions_stay_and_one_of_them_holds(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let ours = server.admin.as_str();
    let listed = get(&server, "").await;
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().collect();
    assert!(
        names.iter().all(|one| one["origin"] == "shipped"),
        "{listed}"
    );
    for (words, version, is_active) in [("One.", 1, true), ("Two.", 2, false), ("Two.", 2, false)] {
        let saved = call(&server, ours, save(&judge(words, ""), is_active), 201).await;
        assert_eq!(saved["version"], version, "{saved}");
        assert_eq!(saved["active"], is_active, "{saved}");
    }
    let detail = get(&server, "/judge").await;
    assert_eq!(detail["prompt"]["tag"], "judge@1 of the organisation");
    assert_eq!(detail["prompt"]["versions"], 2);
    // The number in the head is the version's, whatever was sent.
    assert!(detail["text"].as_str().unwrap().contains("version = 1\n"));
    activate(&server, 2, 204).await;
    activate(&server, 3, 404).await;
    let roll_back = || Request::new("POST", &format!("{PROMPTS}/judge/rollback"));
    assert_eq!(call(&server, ours, roll_back(), 200).await["version"], 1);
    activate(&server, 0, 204).await;
    let detail = get(&server, "/judge").await;
    assert_eq!(detail["prompt"]["origin"], "shipped", "{detail}");
    assert_eq!(call(&server, ours, roll_back(), 200).await["version"], 1);
    let detail = get(&server, "/judge").await;
    let held: Vec<_> = detail["activations"].as_array().unwrap().iter().collect();
    let held: Vec<_> = held.iter().map(|one| one["version"].as_i64()).collect();
    assert_eq!(held, [1, 0, 1, 2, 1].map(Some));
    let versions = get(&server, "/judge/versions").await;
    assert_eq!(versions["items"].as_array().unwrap().len(), 2);
    assert_eq!(versions["items"][1]["active"], true, "{versions}");
    let first = get(&server, "/judge/versions/1").await;
    assert_eq!(first["note"], "clearer");
    let shipped = get(&server, "/judge/versions/0").await;
    assert_eq!(shipped["author"], Value::Null);
    let diff = get(&server, "/judge/diff?from=1&to=2").await;
    let diff = diff["diff"].as_str().unwrap();
    assert!(diff.contains("\n-One.\n+Two.\n"), "{diff}");
    assert!(!diff.contains("-version"), "{diff}");
    // For some models it is another prompt, with versions of its own.
    call(&server, ours, save(&judge("Short.", "\"o3*\""), true), 201).await;
    let detail = get(&server, "/judge?models=o3*").await;
    let tag = &detail["prompt"]["tag"];
    assert_eq!(*tag, "judge@1 of the organisation for o3*", "{detail}");
    // Another organisation has none of it.
    let theirs = call(&server, &server.other_admin, Request::get(PROMPTS), 200).await;
    assert!(!theirs.to_string().contains("of the organisation"));
    let path = format!("{PROMPTS}/judge/versions/1");
    call(&server, &server.other_admin, Request::get(&path), 404).await;
    let log = call(&server, ours, Request::get("/api/v1/audit?limit=200"), 200).await;
    let log = log.to_string();
    assert_eq!(log.matches("prompt.save").count(), 3, "{log}");
    assert_eq!(log.matches("prompt.activate").count(), 6, "{log}");
    server.stop().await;
}

async fn what_is_no_template_is_not_kept(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let ours = server.admin.as_str();
    let wrong = judge("Look at {{ remark }}.", "");
    let refused = call(&server, ours, save(&wrong, true), 400).await;
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("line 6") && detail.contains("did you mean `remarks`?"));
    let check = |text: &str| {
        let path = format!("{PROMPTS}/check");
        Request::new("POST", &path).json(&json!({"text": text}))
    };
    let checked = call(&server, ours, check(&wrong), 200).await;
    let fault = &checked["faults"][0];
    assert_eq!(fault["line"], 6, "{checked}");
    assert_eq!(
        (&fault["variable"], &fault["nearest"]),
        (&json!("remark"), &json!("remarks"))
    );
    assert_eq!(checked["rendered"], Value::Null);
    let checked = call(&server, ours, check(&judge("Good.", "")), 200).await;
    assert_eq!(checked["faults"], json!([]), "{checked}");
    assert_eq!(checked["rendered"]["user"], "<remarks>");
    let long = judge(&"x".repeat(70_000), "");
    call(&server, ours, check(&long), 400).await;
    call(&server, ours, save(&long, true), 400).await;
    let note = json!({"text": judge("Good.", ""), "note": "x".repeat(501)});
    call(
        &server,
        ours,
        Request::new("POST", PROMPTS).json(&note),
        400,
    )
    .await;
    for path in [
        "/nothing",
        "/judge?models=o3",
        "/judge/versions/x",
        "/judge/versions/1",
    ] {
        let path = format!("{PROMPTS}{path}");
        call(&server, ours, Request::get(&path), 404).await;
    }
    let reader = server.key(&[Permission::PromptRead]).await;
    call(&server, &reader, check(&judge("Good.", "")), 200).await;
    call(&server, &reader, save(&judge("Good.", ""), true), 403).await;
    let detail = get(&server, "/judge").await;
    assert_eq!(detail["prompt"]["versions"], 0, "{detail}");
    server.stop().await;
}

async fn a_change_is_for_the_version_that_it_names(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let ours = server.admin.as_str();
    call(&server, ours, save(&judge("One.", ""), true), 201).await;
    let path = format!("{PROMPTS}/judge");
    let seen = Request::get(&path).bearer(ours).send(server.address).await;
    let tag = seen.header("etag").unwrap().to_owned();
    let named = |request: Request| request.header("if-match", &tag);
    call(&server, ours, named(save(&judge("Two.", ""), true)), 201).await;
    let late = named(save(&judge("Three.", ""), true));
    call(&server, ours, late, 412).await;
    let back = Request::new("POST", &format!("{path}/rollback"));
    call(&server, ours, named(back), 412).await;
    let choice = Request::new("PUT", &format!("{path}/active")).json(&json!({"version": 1}));
    call(&server, ours, named(choice), 412).await;
    let detail = get(&server, "/judge").await;
    assert_eq!(detail["prompt"]["active"], 2, "{detail}");
    server.stop().await;
}
