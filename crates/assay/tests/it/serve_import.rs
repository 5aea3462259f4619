//! What other tools found in a commit, sent by the build: it comes onto the pull request,
//! and what Assay says too is said once.

use serde_json::{Value, json};

use crate::serve::{Platform, REPOSITORY, is_status};

/// A finding of a tool at a line of `shop.py`.
fn finding(rule: &str, line: u32, message: &str) -> Value {
    json!({
        "ruleId": rule,
        "level": "error",
        "message": {"text": message},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": "file:///build/shop/shop.py"},
            "region": {"startLine": line},
        }}],
    })
}

fn sarif() -> Value {
    let rules = json!([{"id": "py.sql", "properties": {"tags": ["CWE-89"]}}, {"id": "py.odd"}]);
    json!({
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "Semgrep", "rules": rules}},
            "results": [
                finding("py.sql", 12, "SQL is built from input"),
                finding("py.odd", 11, "this name is odd"),
                finding("py.old", 1, "this import is old"),
            ],
        }],
    })
}

/// Sends what a tool found; returns the status and the answer.
fn send(platform: &Platform, review: &str, output: &str) -> (u16, Value) {
    let key = platform.server.key.as_deref().unwrap();
    let url = format!(
        "{}/api/v1/review/{review}/findings/import?format=sarif&name=semgrep&root=/build/shop",
        platform.server.url
    );
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let sent = agent
        .post(url)
        .header("authorization", format!("Bearer {key}"))
        .send(output.as_bytes())
        .expect("the server answers");
    let status = sent.status().as_u16();
    let text = sent.into_body().read_to_string().unwrap();
    (status, serde_json::from_str(&text).unwrap())
}

#[test]
fn what_a_tool_found_comes_onto_the_pull_request_once() {
    let platform = Platform::start(None);
    assert_eq!(platform.deliver("opened", "d-1"), 202);
    let head = platform.repo.rev("topic");
    platform.wait("the review", |_, statuses| {
        is_status(statuses, &head, "failure")
    });
    let key = platform.server.key.clone().unwrap();
    let get = |path: &str| platform.server.get(path, &key);
    let first = get("/api/v1/reviews")["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(platform.remarks().len(), 1);

    let (status, answer) = send(&platform, &first, &sarif().to_string());
    assert_eq!((status, &answer["findings"]), (202, &json!(3)), "{answer}");
    let second = answer["review"].as_str().unwrap();
    assert_ne!(second, first);
    let there = || format!("{:?}", platform.remarks());
    platform
        .server
        .wait(|| platform.remarks().len() == 2, there);
    let report = get(&format!("/api/v1/review/{second}/report"));
    let findings = report["findings"].as_array().unwrap();
    let of = |rule: &str| findings.iter().find(|one| one["rule"] == rule).unwrap();
    let said = json!([{"tool": "Semgrep", "rule": "py.sql"}]);
    assert_eq!(of("injection/sql-injection")["tools"], said);
    assert!(!findings.iter().any(|one| one["rule"] == "semgrep/py-sql"));
    assert_eq!(of("semgrep/py-odd")["state"], "introduced");
    assert_eq!(of("semgrep/py-old")["state"], "existing");
    let bodies = platform.forge.comments(REPOSITORY, 1);
    let bodies: Vec<_> = bodies.into_iter().map(|one| one.body).collect();
    assert!(
        bodies
            .iter()
            .any(|body| body.contains("said by Semgrep (py.odd)")),
        "{bodies:?}"
    );

    // The same again changes nothing; what cannot be read is refused and told why.
    let (status, answer) = send(&platform, second, &sarif().to_string());
    assert_eq!(
        (status, answer["review"].as_str()),
        (200, Some(second)),
        "{answer}"
    );
    let (status, answer) = send(&platform, second, "{");
    assert_eq!(status, 400);
    assert!(
        answer.to_string().contains("not sarif as it should be"),
        "{answer}"
    );
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}
