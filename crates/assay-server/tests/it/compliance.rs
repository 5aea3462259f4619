//! What somebody who checks the platform gets: the log as lines, a report, and the
//! first entry that is not right.

use assay_auth::Permission;
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    the_log_is_exported_as_lines_that_can_be_checked,
    the_report_says_who_may_do_what,
);

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn the_log_is_exported_as_lines_that_can_be_checked(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    for name in ["one", "two", "three"] {
        let team = Request::new("POST", "/api/v1/teams").json(&json!({ "name": name }));
        team.bearer(&server.admin).send(server.address).await;
    }
    let export = async |after: i64| {
        let request = Request::get(&format!("/api/v1/audit/export?after={after}"));
        let answer = request.bearer(&server.admin).send(server.address).await;
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        lines(&answer.text())
    };
    let all = export(0).await;
    assert_eq!(all.len(), 4);
    // Whoever has the lines checks the chain without the server.
    let mut walk = assay_auth::AuditWalk::default();
    for line in &all {
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        let event = assay_auth::AuditEvent {
            at_ms: line["at_ms"].as_i64().unwrap(),
            organisation: Some(server.organisation),
            actor: text("actor"),
            action: text("action"),
            target: text("target"),
            details: line["details"].clone(),
        };
        let hash = assay_auth::AuditHash::parse(&text("hash")).unwrap();
        walk.step(line["number"].as_u64().unwrap(), &event, hash)
            .unwrap();
    }
    assert_eq!(export(3).await, all[3..]);
    assert!(export(4).await.is_empty());
    for path in ["audit/export?after=-1", "audit?cursor=-1", "audit?cursor=x"] {
        let request = Request::get(&format!("/api/v1/{path}")).bearer(&server.admin);
        let answer = request.send(server.address).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    let checks = server.app.audit_check_all().await.unwrap();
    let names: Vec<_> = checks.iter().map(|one| &one.organisation).collect();
    assert_eq!(names.len(), 3, "the platform and two organisations");
    assert!(checks.iter().all(|one| one.check.broken_at.is_none()));
    server.stop().await;
}

async fn the_report_says_who_may_do_what(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let user = json!({"login": "ada", "display_name": "Ada", "role": "team-lead"});
    let user = Request::new("POST", "/api/v1/users").json(&user);
    user.bearer(&server.admin).send(server.address).await;
    let wrong = json!({"key": "assay_wrong"});
    let wrong = Request::new("POST", "/api/v1/auth/session").json(&wrong);
    assert_eq!(wrong.send(server.address).await.status, 401);
    test.clock.advance(100 * 24 * 3_600_000);
    let checker = [
        Permission::AuditRead,
        Permission::UserRead,
        Permission::KeyRead,
    ];
    let checker = server.key(&checker).await;
    let report = Request::get("/api/v1/audit/report").bearer(&checker);
    let report = report.send(server.address).await.json()["report"].take();
    assert_eq!(report["people"][0]["login"], "ada");
    assert_eq!(report["people"][0]["role"], "team-lead");
    let keys = report["keys"].as_array().unwrap();
    let first = keys
        .iter()
        .find(|key| key["name"] == "first administrator")
        .unwrap();
    assert_eq!(
        (&first["age_days"], &first["is_unused"]),
        (&json!(100), &json!(true))
    );
    assert_eq!(report["audit"]["organisation"]["intact"], true);
    assert_eq!(report["retention_days"]["tasks"], 60);
    // What is older than the report looks back is not counted.
    assert_eq!(report["failed_logins"]["count"], 0);
    assert_eq!(
        report["actions"]["organisation"]["user.create"],
        Value::Null
    );
    let text = report.to_string();
    assert!(!text.contains("secret_hash") && !text.contains(&checker[29..]));
    let only_audit = server.key(&[Permission::AuditRead]).await;
    let refused = Request::get("/api/v1/audit/report").bearer(&only_audit);
    assert_eq!(refused.send(server.address).await.status, 404);
    server.stop().await;
}
