//! What an organisation knows, over the API: its documents are kept, found beside what is
//! shipped and what was accepted, bounded, and nobody else's.

use assay_auth::Permission;
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    documents_are_found_as_soon_as_they_are_there,
    what_was_accepted_is_known,
    documents_that_make_no_sense_are_refused,
);

const DOCUMENTS: &str = "/api/v1/knowledge/documents";

async fn call(server: &TestServer, key: &str, request: Request, status: u16) -> Value {
    let answer = request.bearer(key).send(server.address).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    match status {
        204 => Value::Null,
        _ => answer.json(),
    }
}

async fn search(server: &TestServer, key: &str, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/knowledge/search?limit=5&query={query}");
    let found = call(server, key, Request::get(&path), 200).await;
    found["items"].as_array().unwrap().clone()
}

fn put(name: &str, text: &str) -> Request {
    Request::new("PUT", DOCUMENTS).json(&json!({"name": name, "text": text}))
}

fn has(found: &[Value], source: &str, word: &str) -> bool {
    found.iter().any(|hit| {
        let text = hit["text"].as_str().unwrap();
        hit["source"] == source && text.contains(word)
    })
}

async fn documents_are_found_as_soon_as_they_are_there(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (ours, theirs) = (server.admin.as_str(), server.other_admin.as_str());
    let query = "who%20signs%20zeppelin%20releases";
    assert!(!has(
        &search(&server, ours, query).await,
        "document",
        "zeppelin"
    ));
    let first =
        "# Releases\n\n## Zeppelin\n\nReleases of zeppelin are signed by the harbour team.\n";
    let kept = call(&server, ours, put("releases.md", first), 200).await;
    let id = kept["id"].as_str().unwrap();
    assert!(has(
        &search(&server, ours, query).await,
        "document",
        "harbour"
    ));
    assert!(!has(
        &search(&server, theirs, query).await,
        "document",
        "harbour"
    ));
    // The same name is the same document, and its old text is found no more.
    let second = first.replace("harbour", "lighthouse");
    let again = call(&server, ours, put("releases.md", &second), 200).await;
    assert_eq!(again["id"], kept["id"]);
    let found = search(&server, ours, query).await;
    assert!(has(&found, "document", "lighthouse") && !has(&found, "document", "harbour"));
    let list = call(&server, ours, Request::get(DOCUMENTS), 200).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["bytes"], second.len());
    let path = format!("{DOCUMENTS}/{id}");
    let one = call(&server, ours, Request::get(&path), 200).await;
    assert_eq!(one["text"], second);
    call(&server, theirs, Request::get(&path), 404).await;
    call(&server, theirs, Request::new("DELETE", &path), 404).await;
    call(&server, ours, Request::new("DELETE", &path), 204).await;
    assert!(!has(
        &search(&server, ours, query).await,
        "document",
        "lighthouse"
    ));
    // What is shipped is there for everybody.
    let shipped = search(&server, theirs, "sql%20injection").await;
    assert!(!shipped.is_empty());
    server.stop().await;
}

async fn what_was_accepted_is_known(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let (_, finding) = server.repository_with_finding("acme", "shop").await;
    let path = format!("/api/v1/findings/{finding}/feedback");
    let judge = |verdict: &str, note: &str| {
        Request::new("PUT", &path).json(&json!({"verdict": verdict, "note": note}))
    };
    let query = "quarterly%20marmalade%20report";
    let note = "the quarterly marmalade report fell over this";
    call(&server, &server.admin, judge("accepted", note), 200).await;
    assert!(has(
        &search(&server, &server.admin, query).await,
        "review",
        "marmalade"
    ));
    call(&server, &server.admin, judge("rejected", note), 200).await;
    assert!(!has(
        &search(&server, &server.admin, query).await,
        "review",
        "marmalade"
    ));
    server.stop().await;
}

async fn documents_that_make_no_sense_are_refused(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let key = server.admin.as_str();
    let large = "x".repeat((1 << 20) + 1);
    for (name, text) in [
        ("", "# A"),
        ("a\nb.md", "# A"),
        (&"n".repeat(201), "# A"),
        ("a.md", ""),
        ("a.md", " \n"),
        ("a.md", "a\0b"),
        ("a.md", &large),
    ] {
        call(&server, key, put(name, text), 400).await;
    }
    for query in [
        "",
        "query=",
        "query=x&limit=0",
        "query=x&limit=51",
        "query=x&y=1",
    ] {
        let path = format!("/api/v1/knowledge/search?{query}");
        call(&server, key, Request::get(&path), 400).await;
    }
    let reader = server.key(&[Permission::KnowledgeRead]).await;
    call(&server, &reader, put("a.md", "# A"), 403).await;
    assert!(search(&server, &reader, "a").await.len() <= 5);
    server.stop().await;
}
