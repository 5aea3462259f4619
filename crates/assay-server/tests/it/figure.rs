//! What dashboards show of rules, suppressions, packages, teams and models.

use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    rules_are_those_of_the_program_with_what_came_of_them,
    what_is_silenced_is_listed_with_its_reason,
    packages_are_those_of_the_newest_reviews,
    a_team_sees_how_its_reviews_went,
    what_models_said_in_a_review_is_shown,
);

async fn call(server: &TestServer, request: Request, status: u16) -> Value {
    let place = format!("{request:?}");
    let answer = request.bearer(&server.admin).send(server.address).await;
    assert_eq!(answer.status, status, "{place}: {}", answer.text());
    answer.json()
}

async fn get(server: &TestServer, path: &str) -> Value {
    call(server, Request::get(path), 200).await
}

/// Has a change reviewed; returns the review.
async fn reviewed(server: &TestServer, repository: Option<String>, files: Value) -> String {
    let change = json!({"repository": repository, "files": files});
    let analyze = Request::new("POST", "/api/v1/review/analyze").json(&change);
    let asked = call(server, analyze, 202).await;
    let claim = server.claim_review().await;
    server.finish_review(&claim).await.unwrap();
    asked["review"].as_str().unwrap().to_owned()
}

async fn rules_are_those_of_the_program_with_what_came_of_them(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let code = "def f():\n    try:\n        g()\n    except Exception:\n        pass\n";
    let review = reviewed(&server, None, json!([{"path": "a.py", "head": code}])).await;
    let rule = "error-handling/empty-catch";
    let path = format!("/api/v1/findings?review={review}&rule={rule}");
    let finding = get(&server, &path).await["items"][0]["finding"]["id"].clone();
    let path = format!("/api/v1/findings/{}/feedback", finding.as_str().unwrap());
    let judge = Request::new("PUT", &path).json(&json!({"verdict": "accepted"}));
    call(&server, judge, 200).await;
    let mut ids: Vec<String> = Vec::new();
    let mut path = "/api/v1/rules?limit=100".to_owned();
    loop {
        let page = get(&server, &path).await;
        let items = page["items"].as_array().unwrap();
        ids.extend(
            items
                .iter()
                .map(|rule| rule["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/rules?limit=100&cursor={cursor}");
    }
    assert!(ids.is_sorted() && ids.len() > 100, "{}", ids.len());
    let one = get(&server, &format!("/api/v1/rules/{rule}")).await;
    let figures = &one["rule"]["figures"];
    assert_eq!(
        (&figures["introduced"], &figures["accepted"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(figures["rejected"], 0);
    assert!(one["description"].as_str().unwrap().len() > 40, "{one}");
    let kinds: Vec<_> = one["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["kind"])
        .collect();
    assert!(
        kinds.contains(&&json!("bad")) && kinds.contains(&&json!("good")),
        "{kinds:?}"
    );
    let said = get(&server, "/api/v1/rules/complexity/cognitive").await;
    assert!(!said["options"].as_array().unwrap().is_empty(), "{said}");
    for id in &ids {
        get(&server, &format!("/api/v1/rules/{id}")).await;
    }
    call(&server, Request::get("/api/v1/rules/security/nothing"), 404).await;
    // What was found long ago says nothing of the rule as it is now.
    test.clock.advance(91 * 86_400_000);
    let one = get(&server, &format!("/api/v1/rules/{rule}")).await;
    assert_eq!(one["rule"]["figures"]["introduced"], 0);
    server.stop().await;
}

async fn what_is_silenced_is_listed_with_its_reason(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    // Its report is of no known form.
    let (repository, _) = server.repository_with_finding("acme", "shop").await;
    let code = "def f():\n    try:\n        g()\n    # assay:ignore error-handling/empty-catch -- it may fail\n    except Exception:\n        pass\n";
    let files = json!([{"path": "a.py", "head": code}]);
    let first = reviewed(&server, Some(repository.to_string()), files.clone()).await;
    // Of one moment neither is the newer one.
    test.clock.advance(1);
    let second = reviewed(&server, Some(repository.to_string()), files).await;
    let found = get(&server, "/api/v1/suppressions").await;
    assert_eq!(found["reviews"], 2, "{found}");
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{found}");
    assert_eq!(items[0]["reason"], "it may fail");
    assert_eq!(items[0]["rule"], "error-handling/empty-catch");
    assert_eq!(items[0]["review"], second);
    assert_ne!(items[0]["review"], first);
    let of = |id: &str| format!("/api/v1/suppressions?repository={id}");
    assert_eq!(
        get(&server, &of(&repository.to_string())).await["reviews"],
        2
    );
    assert_eq!(get(&server, &of(&first)).await["items"], json!([]));
    call(
        &server,
        Request::get("/api/v1/suppressions?repository=x"),
        400,
    )
    .await;
    server.stop().await;
}

async fn packages_are_those_of_the_newest_reviews(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (repository, _) = server.repository_with_finding("acme", "shop").await;
    let path = format!("/api/v1/repositories/{repository}/packages");
    assert_eq!(
        get(&server, &path).await,
        json!({"items": [], "whole": false})
    );
    let lock = |version: &str| {
        json!({"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {
            "": {"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "^1.0.0"}},
            "node_modules/left-pad": {"version": version}
        }})
        .to_string()
    };
    let file = |version| json!([{"path": "package-lock.json", "head": lock(version)}]);
    let of = Some(repository.to_string());
    reviewed(&server, of.clone(), file("1.0.0")).await;
    test.clock.advance(1);
    let newest = reviewed(&server, of, file("1.3.0")).await;
    let found = get(&server, &path).await;
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{found}");
    assert_eq!(items[0]["name"], "left-pad");
    assert_eq!(items[0]["versions"], json!(["1.3.0"]));
    assert_eq!(items[0]["review"], newest);
    server.stop().await;
}

async fn a_team_sees_how_its_reviews_went(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (repository, _) = server.repository_with_finding("acme", "shop").await;
    let user = json!({"login": "grace", "display_name": "Grace", "role": "developer"});
    let user = call(
        &server,
        Request::new("POST", "/api/v1/users").json(&user),
        201,
    )
    .await;
    let team = Request::new("POST", "/api/v1/teams").json(&json!({"name": "backend"}));
    let team = call(&server, team, 201).await;
    let (user, team) = (user["id"].as_str().unwrap(), team["id"].as_str().unwrap());
    let path = format!("/api/v1/teams/{team}/activity");
    let empty = get(&server, &path).await;
    assert_eq!(empty["weeks"].as_array().unwrap().len(), 12);
    assert_eq!((&empty["members"], &empty["open"]), (&json!(0), &json!(0)));
    let member = Request::new("PUT", &format!("/api/v1/teams/{team}/members/{user}"));
    let added = member.bearer(&server.admin).send(server.address).await;
    assert_eq!(added.status, 204);
    let review = get(&server, "/api/v1/reviews").await["items"][0]["id"].clone();
    // Forges do not tell upper case from lower.
    server.author(review.as_str().unwrap(), "Grace").await;
    let found = get(&server, &path).await;
    let last = found["weeks"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["reviews"], &last["pull_requests"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&found["members"], &found["active_pull_requests"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        found["repositories"],
        json!([{"repository": repository.to_string(), "reviews": 1}])
    );
    assert!(last["review_ms_median"].is_i64(), "{last}");
    call(&server, Request::get(&format!("{path}?weeks=53")), 400).await;
    call(&server, Request::get(&format!("{path}?weeks=0")), 400).await;
    server.stop().await;
}

async fn what_models_said_in_a_review_is_shown(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    server.repository_with_finding("acme", "shop").await;
    let id = get(&server, "/api/v1/reviews").await["items"][0]["id"].clone();
    let id = id.as_str().unwrap();
    let path = format!("/api/v1/review/{id}");
    assert_eq!(
        get(&server, &format!("{path}/model")).await["items"],
        json!([])
    );
    call(&server, Request::get(&format!("{path}/transcript")), 404).await;
    let lines = "{\"transcript\":1,\"model\":\"p/m\"}\n{\"key\":\"k\",\"ask\":{\"system\":\"s\"},\"answer\":{\"text\":\"fine\"}}\n";
    server.asked_model(id, 7_500, lines).await;
    let calls = get(&server, &format!("{path}/model")).await;
    assert_eq!(calls["items"][0]["cost_nanos"], 7_500);
    assert_eq!(calls["items"][0]["task"], "review");
    let said = get(&server, &format!("{path}/transcript")).await;
    assert_eq!(said["model"], "p/m");
    assert_eq!(
        said["entries"],
        json!([{"ask": {"system": "s"}, "answer": {"text": "fine"}}])
    );
    assert_eq!(said["cut"], false);
    server.stop().await;
}
