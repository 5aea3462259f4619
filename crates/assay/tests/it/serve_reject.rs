//! A finding that was rejected over the API is not said again, whatever is pushed; and
//! the review of a whole repository knows of it too.

use serde_json::{Value, json};

use crate::serve::{HEAD, Platform, REPOSITORY, Server, WAIT_MAX, is_status};
use crate::serve_command::WRITER;

impl Server {
    /// Sends JSON and returns the status and the JSON of the answer.
    pub(crate) fn send(&self, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(body.to_string())
            .expect("a request");
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(WAIT_MAX))
            .build()
            .into();
        let answer = agent.run(request).expect("the server answers");
        let status = answer.status().as_u16();
        let mut text = answer.into_body();
        let text = text.read_to_string().expect("text");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

/// Returns what silences the finding about SQL in the newest review's report, if it is
/// there.
fn silenced(platform: &Platform, key: &str) -> Option<String> {
    let reviews = platform.server.get("/api/v1/reviews", key);
    let id = reviews["items"][0]["id"].as_str().unwrap().to_owned();
    let report = platform
        .server
        .get(&format!("/api/v1/review/{id}/report"), key);
    let findings = report["findings"].as_array().unwrap();
    let mut findings = findings.iter();
    let found = findings.find(|one| one["rule"] == "injection/sql-injection")?;
    Some(
        found["suppressed"]["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    )
}

#[test]
fn a_finding_rejected_over_the_api_is_not_said_again() {
    let platform = Platform::reviewed(false);
    let key = platform.server.key.clone().unwrap();
    let remarks = platform.remarks();
    assert_eq!(remarks.len(), 1);
    let found = platform
        .server
        .get("/api/v1/findings?rule=injection/sql-injection", &key);
    let id = found["items"][0]["finding"]["id"].as_str().unwrap();
    let wish = json!({"verdict": "rejected", "note": "only we call this"});
    let path = format!("/api/v1/findings/{id}/feedback");
    let (status, said) = platform.server.send("PUT", &path, &key, &wish);
    assert_eq!(status, 200, "{said}");

    // Another line is pushed above it.
    platform.push(&HEAD.replace("import sqlite3\n", "# The shop.\nimport sqlite3\n"));
    assert_eq!(platform.deliver("synchronize", "d-1"), 202);
    platform.wait_for_reviews(2);
    let second = platform.repo.rev("topic");
    let green = |commit: &str| is_status(&platform.forge.statuses(REPOSITORY), commit, "success");
    assert!(green(&second), "{:?}", platform.forge.statuses(REPOSITORY));
    assert_eq!(platform.remarks(), remarks);
    let reason = silenced(&platform, &key).expect("the report has it");
    assert!(
        reason.starts_with("only we call this (rejected over the API by "),
        "{reason}"
    );

    // The branch is rebased: other commits, other lines, and twice what was rejected.
    platform.repo.git(["checkout", "--quiet", "main"]);
    platform.repo.write("README.md", "A shop.\n");
    platform.repo.commit("readme");
    platform.repo.git(["checkout", "--quiet", "-B", "topic"]);
    platform
        .repo
        .write("shop.py", format!("# The shop.\n\n{HEAD}"));
    platform.repo.commit("search, again");
    platform.pushed();
    assert_eq!(platform.deliver("synchronize", "d-2"), 202);
    platform.wait_for_reviews(3);
    assert!(green(&platform.repo.rev("topic")));
    assert_eq!(platform.remarks(), remarks);

    // What a command rejects is the same thing, and the API takes it back.
    let wish = json!({"verdict": "accepted"});
    assert_eq!(platform.server.send("PUT", &path, &key, &wish).0, 200);
    platform.says(WRITER, "/assay review");
    platform.wait_for_reviews(4);
    assert_eq!(silenced(&platform, &key).as_deref(), Some(""));
    platform.replies(WRITER, "/assay ignore -- it is only a demonstration");
    platform.wait_for_reviews(5);
    let reason = silenced(&platform, &key).expect("the report has it");
    assert_eq!(
        reason,
        format!("it is only a demonstration (rejected by {WRITER} in a comment)")
    );
    let known = platform.server.get("/api/v1/feedback", &key);
    let sources: Vec<&str> = known["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["source"].as_str().unwrap())
        .collect();
    assert!(
        sources.contains(&"command") && sources.contains(&"api"),
        "{known:#}"
    );
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn a_whole_repository_is_reviewed_without_what_was_rejected() {
    let platform = Platform::reviewed(false);
    let key = platform.server.key.clone().unwrap();
    let known = platform.server.get("/api/v1/repositories", &key);
    let repository = known["items"][0]["id"].as_str().unwrap();
    let analyze = |revision: Option<&str>| {
        let wish = json!({"repository": repository, "revision": revision});
        let (status, asked) =
            platform
                .server
                .send("POST", "/api/v1/analyze/repository", &key, &wish);
        assert_eq!(status, 202, "{asked}");
        let id = asked["review"].as_str().unwrap().to_owned();
        let state = || {
            let view = platform.server.get(&format!("/api/v1/review/{id}"), &key);
            view["review"]["state"].as_str().unwrap().to_owned()
        };
        let is_over = || matches!(state().as_str(), "done" | "failed");
        platform
            .server
            .wait(is_over, || format!("{id} is {}", state()));
        let view = platform.server.get(&format!("/api/v1/review/{id}"), &key);
        assert_eq!(view["review"]["state"], "done", "{view:#}");
        view
    };
    // The default branch has nothing of it; the pull request's head has.
    let rules = |view: &Value| -> Vec<String> {
        let items = view["findings"]["items"].as_array().unwrap().iter();
        items
            .map(|one| one["rule"].as_str().unwrap().to_owned())
            .collect()
    };
    let sql = "injection/sql-injection".to_owned();
    let main = analyze(None);
    assert!(!rules(&main).contains(&sql), "{main:#}");
    let metrics = main["metrics"].as_array().unwrap();
    assert!(!metrics.is_empty(), "it is measured");
    let topic = analyze(Some("refs/pull/1/head"));
    assert!(rules(&topic).contains(&sql), "{topic:#}");
    // A revision that is not there is an end, and says so.
    let wish = json!({"repository": repository, "revision": "no-such-branch"});
    let (status, asked) = platform
        .server
        .send("POST", "/api/v1/analyze/repository", &key, &wish);
    assert_eq!(status, 202, "{asked}");
    let path = format!("/api/v1/review/{}", asked["review"].as_str().unwrap());
    let view = || platform.server.get(&path, &key);
    platform.server.wait(
        || view()["review"]["state"] == "failed",
        || format!("{:#}", view()),
    );
    // What is rejected is silent in the next one.
    platform.replies(WRITER, "/assay ignore -- ours");
    platform.wait_for_reviews(4);
    let again = analyze(Some("refs/pull/1/head"));
    let id = again["review"]["id"].as_str().unwrap();
    let report = platform
        .server
        .get(&format!("/api/v1/review/{id}/report"), &key);
    let findings = report["findings"].as_array().unwrap().iter();
    let mut found = findings.filter(|one| one["rule"] == sql.as_str());
    let reason = found.next().expect("the report has it")["suppressed"]["reason"].clone();
    assert_eq!(reason, format!("ours (rejected by {WRITER} in a comment)"));
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}
