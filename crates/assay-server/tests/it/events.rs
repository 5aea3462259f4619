//! Looking on at a review: what happens arrives as it happens, from whichever process
//! it comes, and who comes again goes on from where they were.

use assay_testkit::http::{Answer, Request};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::{TestStore, open};
use serde_json::{Value, json};

on_both_engines!(
    a_review_is_followed_to_its_end,
    another_process_is_heard,
    who_comes_again_goes_on_from_there,
    what_was_found_on_the_way_is_told_until_the_end,
    as_many_look_on_as_may,
    the_connection_is_kept_open,
    the_answer_ends_with_the_server,
);

/// An event as it was received.
#[derive(Debug)]
struct Event {
    id: String,
    name: String,
    data: Value,
}

/// Takes the sizes out of a body that came in chunks.
fn unchunked(answer: &Answer) -> String {
    let mut rest = &answer.body[..];
    let mut text = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let part = &rest[end + 2..];
        text.extend_from_slice(&part[..size]);
        rest = &part[size + 2..];
        if size == 0 {
            break;
        }
    }
    String::from_utf8(text).unwrap()
}

fn events(answer: &Answer) -> Vec<Event> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let text = unchunked(answer);
    let parts = text.split("\n\n").filter(|part| part.starts_with("id: "));
    let event = |part: &str| {
        let field = |name: &str| {
            let mut lines = part.lines();
            let found = lines.find_map(|line| line.strip_prefix(name));
            found.unwrap_or_else(|| panic!("{part}")).to_owned()
        };
        Event {
            id: field("id: "),
            name: field("event: "),
            data: serde_json::from_str(&field("data: ")).unwrap(),
        }
    };
    parts.map(event).collect()
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

/// Asks for a review; returns its identifier.
async fn ask(server: &TestServer) -> String {
    let code = "import os\n\ndef run(name):\n    os.system('ls ' + input())\n";
    let change = json!({"files": [{"path": "a.py", "head": code}]});
    let request = Request::new("POST", "/api/v1/review/analyze").json(&change);
    let answer = request.bearer(&server.admin).send(server.address).await;
    answer.json()["review"].as_str().unwrap().to_owned()
}

fn look(server: &TestServer, review: &str) -> Request {
    Request::get(&format!("/api/v1/review/{review}/events")).bearer(&server.admin)
}

async fn a_review_is_followed_to_its_end(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let address = server.address;
    let looking = tokio::spawn(look(&server, &review).send_to(address));
    let claim = server.claim_review().await;
    server.work_on(&test.store, &review).await;
    server.finish_review(&claim).await.unwrap();
    let seen = events(&looking.await.unwrap());
    let all = names(&seen);
    assert_eq!(all[..3], ["queued", "started", "progress"]);
    assert!(all.len() > 4 && all[3..all.len() - 1].iter().all(|name| *name == "finding"));
    assert_eq!(seen[2].data["of"], 1);
    let last = seen.last().unwrap();
    assert_eq!(
        (last.name.as_str(), &last.data["state"]),
        ("finished", &json!("done"))
    );
    assert_eq!(last.data["findings"], all.len() - 4);
    assert_eq!(seen[3].data["path"], "a.py");
    server.stop().await;
}

async fn another_process_is_heard(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let other = open(&test.url, test.clock.clone()).await;
    // As a server that does no tasks itself does.
    let listener = test.store.clone();
    let listening = tokio::spawn(async move { listener.task_listen().await });
    let looking = tokio::spawn(look(&server, &review).send_to(server.address));
    server.work_on(&other, &review).await;
    server.give_up_on(&other, &review, "it broke").await;
    let seen = events(&looking.await.unwrap());
    assert_eq!(names(&seen), ["queued", "started", "progress", "failed"]);
    assert_eq!(seen[3].data["problem"], "it broke");
    listening.abort();
    other.close().await;
    server.stop().await;
}

async fn who_comes_again_goes_on_from_there(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let claim = server.claim_review().await;
    server.work_on(&test.store, &review).await;
    server.finish_review(&claim).await.unwrap();
    let from = async |id: &str| {
        let request = look(&server, &review).header("last-event-id", id);
        request.send(server.address).await
    };
    let all = events(&look(&server, &review).send(server.address).await);
    for (at, event) in all.iter().enumerate() {
        let answer = from(&event.id).await;
        if at + 1 == all.len() {
            assert_eq!(answer.status, 204, "there is no more");
            continue;
        }
        let rest: Vec<_> = events(&answer).into_iter().map(|one| one.id).collect();
        let expected: Vec<_> = all[at + 1..].iter().map(|one| one.id.clone()).collect();
        assert_eq!(rest, expected, "from {}", event.id);
    }
    for unfit in ["x", "-1", "1.x"] {
        assert_eq!(from(unfit).await.status, 400, "{unfit}");
    }
    server.stop().await;
}

async fn what_was_found_on_the_way_is_told_until_the_end(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, options, _| {
        options.heartbeat_ms = 20;
        options.stream_ms = 1_000;
    })
    .await;
    let review = ask(&server).await;
    let claim = server.claim_review().await;
    server.work_on(&test.store, &review).await;
    server
        .find_in(&test.store, &review, &["aa-1", "bb-2"], &[])
        .await;
    server
        .find_in(&test.store, &review, &["cc-3"], &["bb-2"])
        .await;
    let from = async |id: Option<&str>| {
        let request = look(&server, &review);
        let request = match id {
            Some(id) => request.header("last-event-id", id),
            None => request,
        };
        events(&request.send(server.address).await)
    };
    let seen = from(None).await;
    assert_eq!(
        names(&seen),
        ["queued", "started", "progress", "found", "found"]
    );
    assert_eq!(seen[3].data["findings"][1]["id"], "bb-2");
    assert_eq!(seen[4].data["gone"], json!(["bb-2"]));
    // Who comes again gets what came after, once.
    assert_eq!(names(&from(Some(&seen[3].id)).await), ["found"]);
    assert!(from(Some(&seen[4].id)).await.is_empty());
    server.finish_review(&claim).await.unwrap();
    let rest = from(Some(&seen[3].id)).await;
    assert!(rest.len() > 1 && names(&rest).iter().all(|name| *name != "found"));
    assert_eq!(rest.last().unwrap().name, "finished");
    let all = from(None).await;
    assert_eq!(
        names(&all)[..4],
        ["queued", "started", "progress", "finding"]
    );
    server.stop().await;
}

async fn as_many_look_on_as_may(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |options, _, _| {
        options.streams.of_organisation_max = 1;
    })
    .await;
    let review = ask(&server).await;
    let first = look(&server, &review).begin(server.address).await;
    let answer = look(&server, &review).send(server.address).await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    drop(first);
    server.stop().await;
}

async fn the_connection_is_kept_open(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |_, options, _| {
        options.heartbeat_ms = 20;
        options.stream_ms = 1_000;
    })
    .await;
    let review = ask(&server).await;
    let answer = look(&server, &review).send(server.address).await;
    let text = unchunked(&answer);
    assert!(
        text.starts_with("retry: ") && text.contains(": still here"),
        "{text}"
    );
    server.stop().await;
}

async fn the_answer_ends_with_the_server(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let looking = tokio::spawn(look(&server, &review).send_to(server.address));
    let begun = std::time::Instant::now();
    server.work_on(&test.store, &review).await;
    server.stop().await;
    assert!(looking.await.is_ok());
    assert!(
        begun.elapsed().as_secs() < 15,
        "it does not wait for who looks on"
    );
}
