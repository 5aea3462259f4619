//! An answer that is given again is the answer that asking anew would bring: for the
//! same caller, of the same rights, of what is committed.

use assay_auth::Permission;
use assay_testkit::http::{Answer, Request};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::{TestStore, open};
use serde_json::json;

on_both_engines!(
    what_is_committed_is_seen_at_once_whoever_commits_it,
    rights_that_are_taken_away_are_gone_at_once,
    each_caller_gets_their_own_answer,
    a_page_of_another_origin_may_read_what_was_read_without_it,
    calls_that_are_counted_are_counted_each,
);

async fn asked_review(server: &TestServer) -> String {
    let change = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    let request = Request::new("POST", "/api/v1/review/analyze").json(&change);
    let asked = request.bearer(&server.admin).send(server.address).await;
    asked.json()["review"].as_str().unwrap().to_owned()
}

async fn get(server: &TestServer, review: &str, key: &str) -> Answer {
    let request = Request::get(&format!("/api/v1/review/{review}"));
    request.bearer(key).send(server.address).await
}

async fn what_is_committed_is_seen_at_once_whoever_commits_it(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = asked_review(&server).await;
    let state = async |expected: &str| {
        // Asked twice: the second may be an answer that is given again.
        for _ in 0..2 {
            let answer = get(&server, &review, &server.admin).await;
            assert_eq!(answer.json()["review"]["state"], expected);
        }
    };
    state("queued").await;
    // By this process.
    let claim = server.claim_review().await;
    server.work_on(&test.store, &review).await;
    state("running").await;
    server.finish_review(&claim).await.unwrap();
    state("done").await;
    // By another.
    let other = open(&test.url, test.clock.clone()).await;
    let second = asked_review(&server).await;
    for (expected, ends) in [("queued", true), ("failed", false)] {
        for _ in 0..2 {
            let answer = get(&server, &second, &server.admin).await;
            assert_eq!(answer.json()["review"]["state"], expected);
        }
        if ends {
            server.give_up_on(&other, &second, "late").await;
        }
    }
    other.close().await;
    let tagged = get(&server, &review, &server.admin).await;
    let tag = tagged.header("etag").expect("a tag").to_owned();
    for _ in 0..2 {
        let request = Request::get(&format!("/api/v1/review/{review}"))
            .bearer(&server.admin)
            .header("if-none-match", &tag);
        let answer = request.send(server.address).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0));
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    server.stop().await;
}

async fn a_page_of_another_origin_may_read_what_was_read_without_it(test: TestStore) {
    let origin = "https://board.example";
    let server = TestServer::start_with(test.store.clone(), |_, options, _| {
        options.cors_origins = vec![origin.to_owned()];
    })
    .await;
    let review = asked_review(&server).await;
    for sent in [None, Some(origin), None, Some(origin)] {
        let mut request = Request::get(&format!("/api/v1/review/{review}")).bearer(&server.admin);
        if let Some(origin) = sent {
            request = request.header("origin", origin);
        }
        let answer = request.send(server.address).await;
        assert_eq!(answer.header("access-control-allow-origin"), sent);
    }
    server.stop().await;
}

async fn rights_that_are_taken_away_are_gone_at_once(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = asked_review(&server).await;
    let wish = json!({
        "name": "reads", "owner": "organisation", "permissions": ["review:read"],
    });
    let made = Request::new("POST", "/api/v1/keys")
        .json(&wish)
        .bearer(&server.admin);
    let made = made.send(server.address).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let key = made["text"].as_str().expect("a key").to_owned();
    let id = made["key"]["id"].as_str().expect("an identifier");
    let token = Request::new("POST", "/api/v1/auth/token")
        .json(&json!({}))
        .bearer(&key);
    let token = token.send(server.address).await.json()["access_token"].clone();
    let token = token.as_str().unwrap();
    for credential in [&key, token] {
        for _ in 0..2 {
            assert_eq!(get(&server, &review, credential).await.status, 200);
        }
    }
    let revoke = Request::new("DELETE", &format!("/api/v1/keys/{id}")).bearer(&server.admin);
    assert!(revoke.send(server.address).await.status < 300);
    for credential in [&key, token] {
        assert_eq!(get(&server, &review, credential).await.status, 401);
    }
    // A token ends by the clock, with nothing committed.
    let token = Request::new("POST", "/api/v1/auth/token").json(&json!({}));
    let token = token
        .bearer(&server.admin)
        .send(server.address)
        .await
        .json();
    let token = token["access_token"].as_str().unwrap().to_owned();
    assert_eq!(get(&server, &review, &token).await.status, 200);
    test.clock.advance(25 * 60 * 60_000);
    assert_eq!(get(&server, &review, &token).await.status, 401);
    server.stop().await;
}

async fn each_caller_gets_their_own_answer(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = asked_review(&server).await;
    let weak = server.key(&[Permission::TaskRead]).await;
    for _ in 0..2 {
        assert_eq!(get(&server, &review, &server.admin).await.status, 200);
        assert_eq!(get(&server, &review, &server.other_admin).await.status, 404);
        assert_eq!(get(&server, &review, &weak).await.status, 404);
        let nobody = Request::get(&format!("/api/v1/review/{review}"));
        assert_eq!(nobody.send(server.address).await.status, 401);
        let twice = Request::get(&format!("/api/v1/review/{review}"));
        let twice = twice.bearer(&server.admin).bearer(&server.other_admin);
        assert_eq!(twice.send(server.address).await.status, 400);
        let elsewhere = Request::get(&format!("/api/v1/review/{review}"))
            .bearer(&server.admin)
            .header("assay-organisation", &server.other_organisation.to_string());
        assert_eq!(elsewhere.send(server.address).await.status, 404);
    }
    server.stop().await;
}

async fn calls_that_are_counted_are_counted_each(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = asked_review(&server).await;
    let value = json!({"value": {"organisation": {"calls": {"day": 5}}}});
    let set = Request::new("PUT", "/api/v1/settings/quota").json(&value);
    assert_eq!(
        set.bearer(&server.admin).send(server.address).await.status,
        204
    );
    let mut answers = Vec::new();
    for _ in 0..8 {
        answers.push(get(&server, &review, &server.admin).await.status);
    }
    assert_eq!(
        answers.iter().filter(|status| **status == 429).count(),
        3,
        "{answers:?}"
    );
    server.stop().await;
}
