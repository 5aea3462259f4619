//! Live sessions: what is said reaches everybody once and in order, through whichever
//! process, and who comes again misses nothing.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use assay_auth::Permission;
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::{TestStore, is_postgres, open};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

on_both_engines!(
    what_is_said_reaches_everybody_once,
    who_comes_again_misses_nothing,
    who_is_there_is_known,
    what_happens_to_the_review_is_told,
    what_is_found_is_told_at_once_and_once,
    other_processes_are_heard,
    who_reads_late_gets_everything_in_order,
    what_cannot_be_done_is_said,
    the_session_is_closed_to_those_it_is_not_for,
    as_many_join_as_may,
    the_server_says_goodbye,
);

/// A message that does not come in that time never will.
const WAIT: Duration = Duration::from_secs(60);

/// Somebody in a session.
struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// Opens a connection, or returns the status of the refusal.
    async fn open(
        address: SocketAddr,
        review: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let url = format!("ws://{address}/api/v1/review/{review}/live");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    /// Joins as the administrator, after what was seen.
    async fn join(server: &TestServer, review: &str, after: Value) -> Self {
        let bearer = format!("Bearer {}", server.admin);
        let opened = Self::open(server.address, review, &[("authorization", &bearer)]).await;
        let mut client = opened.unwrap();
        let mut join = json!({"type": "join_session"});
        join.as_object_mut()
            .unwrap()
            .extend(after.as_object().cloned().unwrap_or_default());
        client.send(&join).await;
        let joined = client.next().await;
        assert_eq!(joined["type"], "session_joined", "{joined}");
        client
    }

    async fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    async fn say(&mut self, number: u32, text: &str) {
        let message = json!({"type": "send_message", "id": id(number), "text": text});
        self.send(&message).await;
    }

    /// Returns the next message, which is as it is published.
    async fn next(&mut self) -> Value {
        // What keeps the connection open is not waited for.
        let limit = tokio::time::Instant::now() + WAIT;
        loop {
            let message = tokio::time::timeout_at(limit, self.0.next()).await;
            let message = message.expect("a message in time").expect("a message");
            let Message::Text(text) = message.unwrap() else {
                continue;
            };
            let value: Value = serde_json::from_str(&text).unwrap();
            check_published(&value);
            return value;
        }
    }

    /// Returns the next message of a kind.
    async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// Returns the texts of messages up to one that is the last.
    async fn heard(&mut self, last: &str) -> Vec<(i64, String)> {
        let mut heard = Vec::new();
        loop {
            let message = self.next_of("message").await["message"].clone();
            let text = message["text"].as_str().unwrap().to_owned();
            let is_last = text == last;
            heard.push((message["number"].as_i64().unwrap(), text));
            if is_last {
                return heard;
            }
        }
    }
}

/// Fails when a message of the server is not as `openapi/assay-live.json` has it.
fn check_published(message: &Value) {
    let document: Value =
        serde_json::from_str(include_str!("../../../../openapi/assay-live.json")).unwrap();
    let kind = message["type"].as_str().unwrap();
    let schema = &document["components"]["messages"][kind]["payload"];
    let validator = jsonschema::validator_for(schema).unwrap();
    if let Err(why) = validator.validate(message) {
        panic!("{why}: {message}");
    }
}

fn id(number: u32) -> String {
    format!("019b76da-a800-7000-8000-{number:012}")
}

/// Asks for a review; returns its identifier.
async fn ask(server: &TestServer) -> String {
    let code = "import os\n\ndef run(name):\n    os.system('ls ' + input())\n";
    let change = json!({"files": [{"path": "a.py", "head": code}]});
    let request = Request::new("POST", "/api/v1/review/analyze").json(&change);
    let answer = request.bearer(&server.admin).send(server.address).await;
    answer.json()["review"].as_str().unwrap().to_owned()
}

async fn what_is_said_reaches_everybody_once(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let mut one = Client::join(&server, &review, json!({})).await;
    let mut two = Client::join(&server, &review, json!({})).await;
    one.say(1, "first").await;
    assert_eq!(one.next_of("message_kept").await["number"], 1);
    // The answer was lost on the way: it is said again.
    one.say(1, "first").await;
    assert_eq!(one.next_of("message_kept").await["number"], 1);
    // Somebody without a connection.
    let path = format!("/api/v1/review/{review}/messages");
    let wish = json!({"id": id(2), "text": "second", "fingerprint": "f"});
    let posted = Request::post(&path, "").json(&wish).bearer(&server.admin);
    assert_eq!(posted.send(server.address).await.json()["number"], 2);
    two.say(3, "third").await;
    let expected = [(1, "first"), (2, "second"), (3, "third")];
    let expected = expected.map(|(number, text)| (number, text.to_owned()));
    assert_eq!(two.heard("third").await, expected);
    let listed = Request::get(&format!("{path}?limit=2")).bearer(&server.admin);
    let listed = listed.send(server.address).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed["next_cursor"], "2");
    let rest = Request::get(&format!("{path}?cursor=2")).bearer(&server.admin);
    let rest = rest.send(server.address).await.json();
    assert_eq!(rest["items"][0]["text"], "third");
    assert_eq!(rest["next_cursor"], Value::Null);
    server.stop().await;
}

async fn who_comes_again_misses_nothing(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let claim = server.claim_review().await;
    server.work_on(&test.store, &review).await;
    server.finish_review(&claim).await.unwrap();
    let mut writer = Client::join(&server, &review, json!({})).await;
    for number in 1..=5 {
        writer.say(number, &format!("m{number}")).await;
    }
    for _ in 1..=5 {
        writer.next_of("message_kept").await;
    }
    let mut all = Vec::new();
    let mut reader = Client::join(&server, &review, json!({})).await;
    while all.len() < 12 {
        let message = reader.next().await;
        match message["type"].as_str().unwrap() {
            "review_event" | "message" => all.push(message),
            "presence" => break,
            other => panic!("{other}"),
        }
    }
    let events: Vec<_> = all.iter().filter(|one| one["event"].is_string()).collect();
    assert!(events.len() > 3 && all.len() == events.len() + 5, "{all:?}");
    // From each place on, what comes after it and nothing else.
    for (at, seen) in events.iter().enumerate() {
        let after = json!({"after_event": seen["cursor"], "after_message": 3});
        let mut again = Client::join(&server, &review, after).await;
        let mut rest = Vec::new();
        loop {
            let message = again.next().await;
            if message["type"] == "presence" {
                break;
            }
            rest.push(message);
        }
        let mut expected: Vec<Value> = events[at + 1..].iter().map(|one| (*one).clone()).collect();
        expected.extend(all[all.len() - 2..].iter().cloned());
        assert_eq!(rest, expected, "after {}", seen["cursor"]);
    }
    server.stop().await;
}

async fn who_is_there_is_known(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let mut one = Client::join(&server, &review, json!({})).await;
    let mut two = Client::join(&server, &review, json!({})).await;
    two.send(&json!({"type": "move_cursor", "fingerprint": "f1"}))
        .await;
    // The clock stands still: who came first cannot be told.
    let seen = |message: &Value| {
        let people = message["people"].as_array().unwrap().iter();
        let looks_at = |person: &Value| person["fingerprint"].as_str().map(str::to_owned);
        people.map(looks_at).collect::<BTreeSet<_>>()
    };
    let expected = BTreeSet::from([None, Some("f1".to_owned())]);
    loop {
        let now = seen(&one.next_of("presence").await);
        if now == expected {
            break;
        }
        assert!(now.len() <= 2, "{now:?}");
    }
    two.send(&json!({"type": "leave_session"})).await;
    while seen(&one.next_of("presence").await).len() > 1 {}
    server.stop().await;
}

async fn what_happens_to_the_review_is_told(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let mut client = Client::join(&server, &review, json!({})).await;
    let queued = client.next_of("review_event").await;
    assert_eq!(queued["event"], "queued");
    client.next_of("presence").await;
    let claim = server.claim_review().await;
    server.work_on(&test.store, &review).await;
    server.finish_review(&claim).await.unwrap();
    let mut names = Vec::new();
    while names.last().is_none_or(|name| name != "finished") {
        let event = client.next_of("review_event").await;
        names.push(event["event"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[..2], ["started", "progress"]);
    assert!(names.len() > 3, "{names:?}");
    assert!(
        names[2..names.len() - 1]
            .iter()
            .all(|name| name == "finding")
    );
    server.stop().await;
}

async fn what_is_found_is_told_at_once_and_once(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    // The work is done in another process than the one that tells.
    let store = match is_postgres(&test.store) {
        true => open(&test.url, test.clock.clone()).await,
        false => test.store.clone(),
    };
    let listener = test.store.clone();
    let listening = tokio::spawn(async move { listener.task_listen().await });
    let mut client = Client::join(&server, &review, json!({})).await;
    client.next_of("presence").await;
    server.work_on(&store, &review).await;
    let mut cursors = Vec::new();
    let ids = |event: &Value| {
        let found = event["data"]["findings"].as_array().unwrap().iter();
        found
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let found = async |client: &mut Client| loop {
        let event = client.next_of("review_event").await;
        if event["event"] == "found" {
            return event;
        }
    };
    for (number, gone) in [
        ("aa-1", &[][..]),
        ("bb-2", &["aa-1"][..]),
        ("cc-3", &[][..]),
    ] {
        server.find_in(&store, &review, &[number], gone).await;
        let event = found(&mut client).await;
        assert_eq!(
            (ids(&event), &event["data"]["gone"]),
            (vec![number.to_owned()], &json!(gone))
        );
        cursors.push(event["cursor"].clone());
    }
    // A break in between: what came after, each once.
    let mut again = Client::join(&server, &review, json!({"after_event": cursors[0]})).await;
    assert_eq!(ids(&found(&mut again).await), ["bb-2"]);
    assert_eq!(ids(&found(&mut again).await), ["cc-3"]);
    listening.abort();
    if is_postgres(&test.store) {
        store.close().await;
    }
    server.stop().await;
}

async fn other_processes_are_heard(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    // One file is one process's; a server has many.
    let store = match is_postgres(&test.store) {
        true => open(&test.url, test.clock.clone()).await,
        false => test.store.clone(),
    };
    let other = server.beside(store.clone()).await;
    let listeners: Vec<_> = [test.store.clone(), store.clone()]
        .map(|store| tokio::spawn(async move { store.task_listen().await }))
        .into();
    let mut here = Client::join(&server, &review, json!({})).await;
    let mut there = Client::join(&other, &review, json!({})).await;
    there.say(1, "from there").await;
    assert_eq!(here.heard("from there").await.len(), 1);
    here.say(2, "from here").await;
    assert_eq!(there.heard("from here").await.len(), 2);
    for listener in listeners {
        listener.abort();
    }
    other.stop().await;
    if is_postgres(&test.store) {
        store.close().await;
    }
    // Those who were there are gone, and the others are told what is said.
    let mut back = Client::join(&server, &review, json!({"after_message": 1})).await;
    here.say(3, "still here").await;
    let heard = back.heard("still here").await;
    assert_eq!(heard.iter().map(|one| one.0).collect::<Vec<_>>(), [2, 3]);
    server.stop().await;
}

async fn who_reads_late_gets_everything_in_order(test: TestStore) {
    const MESSAGES: u32 = 700;
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let identifier = assay_auth::Identifier::parse(&review).unwrap();
    let caller = server.caller();
    let joined = server
        .app
        .live_join(&caller, identifier, assay_app::LiveCursor::default());
    let mut late = joined.await.unwrap();
    // Far more than waits for one who does not read.
    for number in 1..=MESSAGES {
        let wish = assay_app::LiveWish {
            id: assay_auth::Identifier::parse(&id(number)).unwrap(),
            text: format!("m{number}"),
            fingerprint: None,
        };
        server
            .app
            .live_say(&caller, identifier, wish)
            .await
            .unwrap();
    }
    let mut numbers = Vec::new();
    while numbers.len() < MESSAGES as usize {
        let frames = tokio::time::timeout(WAIT, late.next()).await;
        for frame in frames.expect("a message in time").unwrap() {
            if let assay_app::LiveHappened::Said(message) = &frame.what {
                numbers.push(message.number);
            }
        }
    }
    assert_eq!(numbers, (1..=i64::from(MESSAGES)).collect::<Vec<_>>());
    drop(late);
    server.stop().await;
}

async fn what_cannot_be_done_is_said(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let bearer = format!("Bearer {}", server.admin);
    let opened = Client::open(server.address, &review, &[("authorization", &bearer)]).await;
    let mut client = opened.unwrap();
    let long = "x".repeat(16 * 1024 + 1);
    let cases = [
        (
            json!({"type": "send_message", "id": id(1), "text": "x"}),
            "join_session",
        ),
        (json!({"type": "move_cursor"}), "join_session"),
        (
            json!({"type": "join_session", "after_event": "x"}),
            "Last-Event-ID",
        ),
        (
            json!({"type": "join_session", "after_message": -1}),
            "after_message",
        ),
        (json!({"type": "shout"}), "unknown variant `shout`"),
        (
            json!({"type": "ping", "loud": true}),
            "unknown field `loud`",
        ),
        (json!([]), "the message"),
    ];
    for (message, why) in cases {
        client.send(&message).await;
        let answer = client.next().await;
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(
            answer["type"] == "error" && detail.contains(why),
            "{message}: {answer}"
        );
    }
    client.send(&json!({"type": "join_session"})).await;
    client.next_of("session_joined").await;
    let said = [
        (json!({"id": id(1), "text": " "}), "text"),
        (json!({"id": id(1), "text": long}), "text"),
        (json!({"id": "one", "text": "x"}), "identifier"),
        (
            json!({"id": id(1), "text": "x", "fingerprint": ""}),
            "fingerprint",
        ),
    ];
    for (mut message, why) in said {
        message["type"] = json!("send_message");
        client.send(&message).await;
        let answer = client.next_of("error").await;
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{why}: {answer}");
        assert_eq!(answer["id"], message["id"]);
    }
    client.send(&json!({"type": "start_analysis"})).await;
    let answer = client.next_of("error").await;
    assert!(
        answer["detail"]
            .as_str()
            .unwrap()
            .contains("came with a request"),
        "{answer}"
    );
    client.send(&json!({"type": "ping"})).await;
    client.next_of("pong").await;
    // More than a message can be.
    let huge = json!({"type": "send_message", "id": id(1), "text": "x".repeat(100_000)});
    let _ = client.0.send(Message::Text(huge.to_string().into())).await;
    let ended = tokio::time::timeout(WAIT, async {
        while let Some(Ok(message)) = client.0.next().await {
            if message.is_close() {
                break;
            }
        }
    });
    ended.await.expect("the connection ends");
    server.stop().await;
}

async fn the_session_is_closed_to_those_it_is_not_for(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let reader = server.key(&[Permission::ReviewRead]).await;
    let weak = server.key(&[Permission::MetricRead]).await;
    let admin = server.admin.clone();
    let other = server.other_admin.clone();
    let away = "https://away.example";
    for (key, origin, expected) in [
        (None, None, 401),
        (Some(&other), None, 404),
        (Some(&weak), None, 404),
        (Some(&admin), Some(away), 403),
    ] {
        let bearer = key.map(|key| format!("Bearer {key}"));
        let mut headers = Vec::new();
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        headers.extend(origin.map(|origin| ("origin", origin)));
        let opened = Client::open(server.address, &review, &headers).await;
        assert_eq!(opened.err(), Some(expected), "{origin:?}");
    }
    // Who may only read hears, and says nothing.
    let bearer = format!("Bearer {reader}");
    let opened = Client::open(server.address, &review, &[("authorization", &bearer)]).await;
    let mut client = opened.unwrap();
    client.send(&json!({"type": "join_session"})).await;
    client.next_of("session_joined").await;
    client.say(1, "may I?").await;
    let answer = client.next_of("error").await;
    assert_eq!(
        (&answer["kind"], &answer["id"]),
        (&json!("denied"), &json!(id(1)))
    );
    client.send(&json!({"type": "start_analysis"})).await;
    assert_eq!(client.next_of("error").await["kind"], "denied");
    server.stop().await;
}

async fn as_many_join_as_may(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |options, _, _| {
        options.live.of_review_max = 1;
    })
    .await;
    let review = ask(&server).await;
    let mut first = Client::join(&server, &review, json!({})).await;
    let bearer = format!("Bearer {}", server.admin);
    let headers = [("authorization", bearer.as_str())];
    let mut second = Client::open(server.address, &review, &headers)
        .await
        .unwrap();
    second.send(&json!({"type": "join_session"})).await;
    let refused = second.next().await;
    assert_eq!(
        (&refused["type"], &refused["kind"]),
        (&json!("error"), &json!("busy"))
    );
    assert!(refused["retry_ms"].as_i64().unwrap() > 0);
    first.send(&json!({"type": "leave_session"})).await;
    while first.0.next().await.is_some_and(|message| message.is_ok()) {}
    // The place is free before the connection ends.
    second.send(&json!({"type": "join_session"})).await;
    assert_eq!(second.next().await["type"], "session_joined");
    server.stop().await;
}

async fn the_server_says_goodbye(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let review = ask(&server).await;
    let mut client = Client::join(&server, &review, json!({})).await;
    let told = tokio::spawn(async move {
        let bye = client.next_of("bye").await;
        while client.0.next().await.is_some_and(|message| message.is_ok()) {}
        bye
    });
    server.stop().await;
    let bye = told.await.unwrap();
    assert!(bye["retry_ms"].as_i64().unwrap() > 0, "{bye}");
}
