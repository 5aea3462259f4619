//! Who looks after whom: people, roles, teams and organisations over HTTP.

use assay_auth::{BuiltInRole, Permission};
use assay_testkit::http::{Answer, Request};
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(
    people_come_change_and_go,
    a_change_names_what_it_was_made_for,
    the_last_administrator_stays,
    two_administrators_do_not_remove_each_other,
    nobody_rises_above_themselves,
    teams_are_made_once_and_hold_members_only,
    organisations_are_made_and_ended_by_the_platform,
);

async fn send(server: &TestServer, request: Request, key: &str, status: u16) -> Answer {
    let answer = request.clone().bearer(key).send(server.address).await;
    assert_eq!(answer.status, status, "{request:?}: {}", answer.text());
    answer
}

fn request(method: &str, path: &str, body: &Value) -> Request {
    Request::new(method, path).json(body)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Adds a person and returns where they are.
async fn person(server: &TestServer, login: &str, role: &str) -> String {
    let wish = json!({"login": login, "display_name": login, "role": role});
    let wish = request("POST", "/api/v1/users", &wish);
    let made = send(server, wish, &server.admin, 201).await.json();
    format!("/api/v1/users/{}", text(&made["id"]))
}

async fn people_come_change_and_go(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let wish = json!({"login": "ada", "display_name": "Ada", "role": "developer"});
    let create = || request("POST", "/api/v1/users", &wish);
    let once = create().header("idempotency-key", "ada-1");
    let made = send(&server, once.clone(), &server.admin, 201).await.json();
    let again = send(&server, once, &server.admin, 201).await.json();
    assert_eq!(made, again);
    send(&server, create(), &server.admin, 409).await;
    let other = json!({"login": "bob", "display_name": "Bob", "role": "developer"});
    let other = request("POST", "/api/v1/users", &other).header("idempotency-key", "ada-1");
    send(&server, other, &server.admin, 409).await;
    let ada = format!("/api/v1/users/{}", text(&made["id"]));
    // Members have names: a list of values is none.
    let list = request("PUT", &ada, &json!(["Ada L.", "team-lead"]));
    send(&server, list, &server.admin, 400).await;
    let change = json!({"display_name": "Ada L.", "role": "team-lead"});
    send(&server, request("PUT", &ada, &change), &server.admin, 204).await;
    let read = send(&server, Request::get(&ada), &server.admin, 200)
        .await
        .json();
    assert_eq!(
        (&read["display_name"], &read["role"]),
        (&json!("Ada L."), &json!("team-lead"))
    );
    for (change, status) in [
        (json!({"role": "emperor"}), 400),
        (json!({"role": "No Role"}), 400),
        (json!({"display_name": "x".repeat(201)}), 400),
        (json!({"login": "eve"}), 400),
    ] {
        send(
            &server,
            request("PUT", &ada, &change),
            &server.admin,
            status,
        )
        .await;
    }
    send(&server, Request::new("DELETE", &ada), &server.admin, 204).await;
    send(&server, Request::get(&ada), &server.admin, 404).await;
    send(&server, Request::new("DELETE", &ada), &server.admin, 404).await;
    let log = Request::get("/api/v1/audit");
    let log = send(&server, log, &server.admin, 200).await.json();
    let actions = log["items"].as_array().unwrap().iter();
    let actions: Vec<_> = actions.map(|entry| text(&entry["action"])).collect();
    assert_eq!(
        actions,
        [
            "key.create",
            "user.create",
            "user.rename",
            "user.role",
            "user.remove"
        ]
    );
    server.stop().await;
}

async fn a_change_names_what_it_was_made_for(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let ada = person(&server, "ada", "developer").await;
    let role = "/api/v1/roles/release-captain".to_owned();
    let allows = json!({"permissions": ["review:read"]});
    send(&server, request("PUT", &role, &allows), &server.admin, 204).await;
    let team = request("POST", "/api/v1/teams", &json!({"name": "backend"}));
    let team = send(&server, team, &server.admin, 201).await.json();
    let team = format!("/api/v1/teams/{}", text(&team["id"]));
    let long = "x".repeat(201);
    for (path, change, wrong) in [
        (
            "/api/v1/organisation".to_owned(),
            json!({"display_name": "New"}),
            json!({"display_name": long}),
        ),
        (
            role,
            json!({"permissions": ["review:read", "task:read"]}),
            json!({"permissions": ["review:write"]}),
        ),
        (
            ada,
            json!({"role": "team-lead"}),
            json!({"display_name": long}),
        ),
        (team, json!({"name": "core"}), json!({"name": ""})),
    ] {
        // What makes no sense is told before what it was made for is looked at.
        let wrong = request("PUT", &path, &wrong).header("if-match", "\"999-abc\"");
        send(&server, wrong, &server.admin, 400).await;
        let read = send(&server, Request::get(&path), &server.admin, 200).await;
        let tag = read.header("etag").unwrap().to_owned();
        let put = |tag: &str| request("PUT", &path, &change).header("if-match", tag);
        let weak = format!("W/{tag}");
        for other in ["\"999-abc\"", "\"abc\"", "", "nonsense", &weak] {
            let refused = send(&server, put(other), &server.admin, 412).await.json();
            assert_eq!(refused["type"], "urn:assay:problem:stale", "{path} {other}");
        }
        let either = format!("\"999-abc\", {tag}");
        send(&server, put(&either), &server.admin, 204).await;
        send(&server, put(&tag), &server.admin, 412).await;
        let unchanged = Request::get(&path).header("if-none-match", &tag);
        let changed = send(&server, unchanged, &server.admin, 200).await;
        let tag = changed.header("etag").unwrap().to_owned();
        let unchanged = Request::get(&path).header("if-none-match", &tag);
        send(&server, unchanged, &server.admin, 304).await;
        if path != "/api/v1/organisation" {
            let remove = |tag: &str| Request::new("DELETE", &path).header("if-match", tag);
            send(&server, remove("\"1-x\""), &server.admin, 412).await;
            send(&server, remove(&tag), &server.admin, 204).await;
        } else {
            send(&server, put("*"), &server.admin, 204).await;
        }
    }
    server.stop().await;
}

async fn the_last_administrator_stays(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let keys = Request::get("/api/v1/keys");
    let keys = send(&server, keys, &server.admin, 200).await.json();
    let first = format!("/api/v1/keys/{}", text(&keys["items"][0]["id"]));
    let revoke = || Request::new("DELETE", &first);
    let refused = send(&server, revoke(), &server.admin, 409).await;
    assert!(refused.text().contains("look after"), "{}", refused.text());
    let ada = person(&server, "ada", "admin").await;
    // With a person who is an administrator the key may go; what it was for goes on
    // with another key, which ends some day and so looks after nothing.
    let all: Vec<_> = Permission::ALL.iter().map(|one| one.name()).collect();
    let wish = json!({"name": "a year", "owner": "organisation", "permissions": all,
        "expires_ms": server.app.now_ms() + 365 * 24 * 3_600_000_i64});
    let made = request("POST", "/api/v1/keys", &wish);
    let key = text(&send(&server, made, &server.admin, 201).await.json()["text"]);
    send(&server, revoke(), &key, 204).await;
    let demote = request("PUT", &ada, &json!({"role": "developer"}));
    send(&server, demote.clone(), &key, 409).await;
    send(&server, Request::new("DELETE", &ada), &key, 409).await;
    // A role of the organisation's own may be enough; then that is what stays.
    let keeper = "/api/v1/roles/keeper";
    let looks_after = [
        "organisation:manage",
        "user:manage",
        "role:manage",
        "key:manage",
    ];
    let allows = json!({"permissions": looks_after});
    send(&server, request("PUT", keeper, &allows), &key, 204).await;
    let bob = person_by(&server, &key, "bob", "keeper").await;
    send(&server, demote, &key, 204).await;
    let allows = json!({"permissions": ["review:read"]});
    send(&server, request("PUT", keeper, &allows), &key, 409).await;
    send(&server, Request::new("DELETE", &bob), &key, 409).await;
    let read = send(&server, Request::get(keeper), &key, 200).await.json();
    assert_eq!(read["permissions"].as_array().unwrap().len(), 4);
    server.stop().await;
}

async fn person_by(server: &TestServer, key: &str, login: &str, role: &str) -> String {
    let wish = json!({"login": login, "display_name": login, "role": role});
    let made = send(server, request("POST", "/api/v1/users", &wish), key, 201).await;
    format!("/api/v1/users/{}", text(&made.json()["id"]))
}

async fn two_administrators_do_not_remove_each_other(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let ada = person(&server, "ada", "admin").await;
    let bob = person(&server, "bob", "admin").await;
    let all: Vec<_> = Permission::ALL.iter().map(|one| one.name()).collect();
    let wish = json!({"name": "a year", "owner": "organisation", "permissions": all,
        "expires_ms": server.app.now_ms() + 1_000_000});
    let made = request("POST", "/api/v1/keys", &wish);
    // Identifiers of one moment have no order.
    test.clock.advance(1);
    let key = text(&send(&server, made, &server.admin, 201).await.json()["text"]);
    let keys = send(&server, Request::get("/api/v1/keys"), &key, 200)
        .await
        .json();
    let first = keys["items"].as_array().unwrap().last().unwrap();
    let first = format!("/api/v1/keys/{}", text(&first["id"]));
    send(&server, Request::new("DELETE", &first), &key, 204).await;
    let remove = |path: &str| Request::new("DELETE", path).bearer(&key);
    let (of_ada, of_bob) = (remove(&ada), remove(&bob));
    let (one, other) = tokio::join!(of_ada.send(server.address), of_bob.send(server.address));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    server.stop().await;
}

async fn nobody_rises_above_themselves(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let grace = person(&server, "grace", "admin").await;
    let own = "/api/v1/roles/strong";
    let allows = json!({"permissions": ["audit:read"]});
    send(&server, request("PUT", own, &allows), &server.admin, 204).await;
    let mut weak = vec![
        Permission::UserManage,
        Permission::UserRead,
        Permission::RoleManage,
        Permission::RoleRead,
    ];
    let developer = BuiltInRole::Developer.permissions();
    weak.extend(
        developer
            .iter()
            .filter(|one| !weak.contains(one))
            .collect::<Vec<_>>(),
    );
    let weak = server.key(&weak).await;
    let added = json!({"login": "eve", "display_name": "Eve", "role": "developer"});
    send(
        &server,
        request("POST", "/api/v1/users", &added),
        &weak,
        201,
    )
    .await;
    let more = json!({"login": "mallory", "display_name": "M", "role": "admin"});
    send(&server, request("POST", "/api/v1/users", &more), &weak, 403).await;
    for (method, path, body) in [
        ("PUT", grace.as_str(), json!({"role": "developer"})),
        ("PUT", &grace, json!({"display_name": "G"})),
        ("DELETE", &grace, Value::Null),
        ("PUT", own, json!({"permissions": ["review:read"]})),
        ("DELETE", own, Value::Null),
        (
            "PUT",
            "/api/v1/roles/new",
            json!({"permissions": ["audit:read"]}),
        ),
    ] {
        send(&server, request(method, path, &body), &weak, 403).await;
    }
    for name in ["admin", "developer", "team-lead"] {
        let path = format!("/api/v1/roles/{name}");
        let body = json!({"permissions": ["review:read"]});
        send(&server, request("PUT", &path, &body), &server.admin, 400).await;
        send(&server, Request::new("DELETE", &path), &server.admin, 400).await;
    }
    server.stop().await;
}

async fn teams_are_made_once_and_hold_members_only(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let create = request("POST", "/api/v1/teams", &json!({"name": "backend"}));
    let once = create.clone().header("idempotency-key", "t-1");
    let made = send(&server, once.clone(), &server.admin, 201).await.json();
    assert_eq!(send(&server, once, &server.admin, 201).await.json(), made);
    send(&server, create, &server.admin, 409).await;
    let team = format!("/api/v1/teams/{}", text(&made["id"]));
    let ada = person(&server, "ada", "developer").await;
    let ada_id = ada.rsplit('/').next().unwrap();
    let member = format!("{team}/members/{ada_id}");
    for _ in 0..2 {
        send(&server, Request::new("PUT", &member), &server.admin, 204).await;
    }
    let members = Request::get(&format!("{team}/members"));
    let listed = send(&server, members.clone(), &server.admin, 200)
        .await
        .json();
    assert_eq!(listed["users"], json!([ada_id]));
    let nobody = format!("{team}/members/019b76da-a800-7000-8000-000000000000");
    send(&server, Request::new("PUT", &nobody), &server.admin, 404).await;
    send(&server, Request::new("DELETE", &ada), &server.admin, 204).await;
    let listed = send(&server, members, &server.admin, 200).await.json();
    assert_eq!(listed["users"], json!([]), "who is out is out of its teams");
    send(&server, Request::new("DELETE", &member), &server.admin, 404).await;
    server.stop().await;
}

async fn organisations_are_made_and_ended_by_the_platform(test: TestStore) {
    let server = TestServer::start(test.store.clone()).await;
    let wish = json!({"name": "acme", "display_name": "Acme"});
    let create = request("POST", "/api/v1/organisations", &wish);
    send(&server, create.clone(), &server.other_admin, 404).await;
    let made = send(&server, create.clone(), &server.admin, 201)
        .await
        .json();
    send(&server, create, &server.admin, 409).await;
    let key = text(&made["key"]);
    let seen = Request::get("/api/v1/organisation");
    let seen = send(&server, seen, &key, 200).await.json();
    assert_eq!((&seen["id"], &seen["name"]), (&made["id"], &json!("acme")));
    let names = async |key: &str| {
        let list = Request::get("/api/v1/organisations");
        let list = send(&server, list, key, 200).await.json();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|one| text(&one["name"])).collect::<Vec<_>>()
    };
    let mut all = names(&server.admin).await;
    all.sort();
    assert_eq!(all, ["acme", "default", "other"]);
    assert_eq!(names(&key).await, ["acme"]);
    let path = format!("/api/v1/organisations/{}", text(&made["id"]));
    send(&server, Request::new("DELETE", &path), &key, 404).await;
    send(&server, Request::new("DELETE", &path), &server.admin, 204).await;
    send(&server, Request::get("/api/v1/organisation"), &key, 401).await;
    send(&server, Request::new("DELETE", &path), &server.admin, 404).await;
    let own = format!("/api/v1/organisations/{}", server.organisation);
    send(&server, Request::new("DELETE", &own), &server.admin, 400).await;
    server.stop().await;
}
