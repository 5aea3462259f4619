//! Who may call what: every endpoint of the document is called by nobody, by an
//! administrator of another organisation, and by a key that may do something else.

use std::collections::BTreeSet;

use assay_auth::Permission;
use assay_testkit::http::Request;
use assay_testkit::on_both_engines;
use assay_testkit::server::{TestServer, field_keys};
use assay_testkit::store::TestStore;
use serde_json::{Value, json};

on_both_engines!(every_endpoint_is_closed_to_those_it_is_not_for);

/// A template.
const JUDGE: &str = "+++\nname = \"judge\"\nversion = 1\n+++\nJudge.\n=== user\n{{ remarks }}\n";

const REVIEWER: &str = "+++\nname = \"reviewer\"\nversion = 1\n+++\nTalk.\n=== user\n{{ files }}{{ talk }}{{ points }}\n";
const REVIEW: &str = "+++\nname = \"review\"\nversion = 1\n+++\nReview.\n=== user\n{{ files }}\n";

/// What a key that may do something else is answered.
#[derive(Clone, Copy)]
enum Weak {
    /// It sees the thing and may not do that.
    Forbidden,
    /// It does not learn that the thing is there.
    Unseen,
    /// This needs no more than to be in the organisation.
    Allowed,
}

struct Case {
    method: &'static str,
    path: &'static str,
    /// What to send.
    body: Option<Value>,
    /// What the weak key may do.
    has: Permission,
    weak: Weak,
    /// What an administrator is answered.
    admin: u16,
}

fn case(
    (method, path): (&'static str, &'static str),
    body: Option<Value>,
    (has, weak): (Permission, Weak),
    admin: u16,
) -> Case {
    Case {
        method,
        path,
        body,
        has,
        weak,
        admin,
    }
}

fn cases() -> Vec<Case> {
    let else_ = (Permission::MetricRead, Weak::Unseen);
    let sees = |permission| (permission, Weak::Forbidden);
    let change = json!({"files": [{"path": "a.py", "head": "x = 1\n"}]});
    let key = json!({"name": "k", "owner": "organisation", "permissions": ["review:read"]});
    let user = json!({"login": "ada", "display_name": "Ada", "role": "developer"});
    vec![
        case(
            ("post", "/api/v1/auth/token"),
            Some(json!({})),
            (Permission::MetricRead, Weak::Allowed),
            200,
        ),
        case(
            ("get", "/api/v1/user/profile"),
            None,
            (Permission::MetricRead, Weak::Allowed),
            200,
        ),
        case(
            ("get", "/api/v1/auth/session"),
            None,
            (Permission::MetricRead, Weak::Allowed),
            404,
        ),
        case(
            ("delete", "/api/v1/auth/session"),
            None,
            (Permission::MetricRead, Weak::Allowed),
            204,
        ),
        case(
            ("get", "/api/v1/sessions"),
            None,
            (Permission::MetricRead, Weak::Allowed),
            200,
        ),
        case(("delete", "/api/v1/sessions/{session}"), None, else_, 204),
        case(
            ("post", "/api/v1/auth/link/{provider}"),
            None,
            (Permission::MetricRead, Weak::Allowed),
            404,
        ),
        case(
            ("post", "/api/v1/users/{user}/invitation"),
            None,
            sees(Permission::UserRead),
            201,
        ),
        case(
            ("delete", "/api/v1/users/{user}/sessions"),
            None,
            sees(Permission::UserRead),
            200,
        ),
        case(("get", "/api/v1/keys"), None, else_, 200),
        case(
            ("post", "/api/v1/keys"),
            Some(key),
            sees(Permission::KeyRead),
            201,
        ),
        case(("get", "/api/v1/reviews"), None, else_, 200),
        case(("get", "/api/v1/review/{review}"), None, else_, 200),
        case(("get", "/api/v1/review/{review}/report"), None, else_, 404),
        case(("get", "/api/v1/review/{review}/events"), None, else_, 200),
        case(
            ("get", "/api/v1/review/{review}/model"),
            None,
            (Permission::ReviewRead, Weak::Unseen),
            200,
        ),
        case(
            ("get", "/api/v1/review/{review}/transcript"),
            None,
            else_,
            404,
        ),
        case(
            (
                "post",
                "/api/v1/review/{review}/findings/import?format=sarif",
            ),
            None,
            sees(Permission::ReviewRead),
            400,
        ),
        case(
            ("get", "/api/v1/review/{review}/messages"),
            None,
            else_,
            200,
        ),
        case(
            ("post", "/api/v1/review/{review}/messages"),
            Some(json!({"id": "019b76da-a800-7000-8000-000000000000", "text": "why?"})),
            sees(Permission::ReviewRead),
            200,
        ),
        case(("get", "/api/v1/review/{review}/live"), None, else_, 426),
        case(
            ("post", "/api/v1/review/analyze"),
            Some(change),
            sees(Permission::ReviewRead),
            202,
        ),
        case(
            ("post", "/api/v1/security/scan/secrets"),
            Some(json!({"text": "x"})),
            else_,
            200,
        ),
        case(("get", "/api/v1/repositories"), None, else_, 200),
        case(
            ("get", "/api/v1/repositories/{repository}"),
            None,
            else_,
            200,
        ),
        case(
            ("put", "/api/v1/repositories/{repository}/settings"),
            Some(json!({"enabled": true})),
            sees(Permission::RepositoryRead),
            200,
        ),
        case(
            ("get", "/api/v1/repositories/{repository}/metrics"),
            None,
            (Permission::RepositoryRead, Weak::Unseen),
            200,
        ),
        case(
            ("get", "/api/v1/repositories/{repository}/packages"),
            None,
            (Permission::RepositoryRead, Weak::Unseen),
            200,
        ),
        case(
            ("post", "/api/v1/analyze/repository"),
            Some(json!({"url": "https://github.com/acme/shop"})),
            sees(Permission::ReviewRead),
            202,
        ),
        case(("get", "/api/v1/findings"), None, else_, 200),
        case(("get", "/api/v1/findings/{finding}"), None, else_, 200),
        case(
            ("put", "/api/v1/findings/{finding}/feedback"),
            Some(json!({"verdict": "accepted"})),
            else_,
            200,
        ),
        case(
            ("post", "/api/v1/findings/{finding}/suggestion"),
            None,
            else_,
            // It has no fix.
            400,
        ),
        case(
            ("get", "/api/v1/findings/{finding}/suggestion"),
            None,
            else_,
            404,
        ),
        case(("get", "/api/v1/feedback"), None, else_, 200),
        case(("get", "/api/v1/rules"), None, else_, 200),
        case(("get", "/api/v1/rules/{pack}/{name}"), None, else_, 404),
        case(("get", "/api/v1/suppressions"), None, else_, 200),
        case(("get", "/api/v1/tasks"), None, else_, 200),
        case(("get", "/api/v1/tasks/{task}"), None, else_, 200),
        case(
            ("post", "/api/v1/tasks/{task}/cancel"),
            None,
            sees(Permission::TaskRead),
            200,
        ),
        case(
            ("post", "/api/v1/tasks/{task}/retry"),
            None,
            sees(Permission::TaskRead),
            200,
        ),
        case(("get", "/api/v1/audit"), None, else_, 200),
        case(("get", "/api/v1/audit/check"), None, else_, 200),
        case(("get", "/api/v1/audit/export"), None, else_, 200),
        case(("get", "/api/v1/audit/report"), None, else_, 200),
        case(("get", "/api/v1/organisation"), None, else_, 200),
        case(
            ("put", "/api/v1/organisation"),
            Some(json!({"display_name": "New"})),
            sees(Permission::OrganisationRead),
            204,
        ),
        case(
            ("put", "/api/v1/roles/{name}"),
            Some(json!({"permissions": ["review:read"]})),
            sees(Permission::RoleRead),
            204,
        ),
        case(
            ("get", "/api/v1/organisations"),
            None,
            (Permission::MetricRead, Weak::Allowed),
            200,
        ),
        case(
            ("post", "/api/v1/organisations"),
            Some(json!({"name": "acme", "display_name": "Acme"})),
            sees(Permission::OrganisationRead),
            201,
        ),
        case(
            ("delete", "/api/v1/organisations/{organisation}"),
            None,
            sees(Permission::OrganisationRead),
            204,
        ),
        case(("get", "/api/v1/roles"), None, else_, 200),
        case(("get", "/api/v1/roles/{name}"), None, else_, 200),
        case(
            ("delete", "/api/v1/roles/{name}"),
            None,
            sees(Permission::RoleRead),
            204,
        ),
        case(("get", "/api/v1/model/usage"), None, else_, 200),
        case(("get", "/api/v1/settings"), None, else_, 200),
        case(
            ("put", "/api/v1/settings/{name}"),
            Some(json!({"value": {"organisation": {"reviews": {"day": 1_000}}}})),
            sees(Permission::SettingRead),
            // The name is a role's.
            400,
        ),
        case(("get", "/api/v1/settings/{name}"), None, else_, 404),
        case(
            ("delete", "/api/v1/settings/{name}"),
            None,
            sees(Permission::SettingRead),
            400,
        ),
        case(
            ("post", "/api/v1/review/{review}/discussions"),
            Some(json!({})),
            sees(Permission::ReviewRead),
            // The review is of no pull request.
            400,
        ),
        case(
            ("get", "/api/v1/review/{review}/discussions"),
            None,
            else_,
            200,
        ),
        case(
            ("get", "/api/v1/discussions/{discussion}"),
            None,
            else_,
            200,
        ),
        case(
            ("get", "/api/v1/discussions/{discussion}/transcript"),
            None,
            else_,
            404,
        ),
        case(
            ("post", "/api/v1/ask"),
            Some(json!({"url": "https://github.com/acme/shop", "question": "where?"})),
            sees(Permission::ReviewRead),
            202,
        ),
        case(
            ("get", "/api/v1/ask?repository={repository}"),
            None,
            else_,
            200,
        ),
        case(("get", "/api/v1/ask/{question}"), None, else_, 200),
        case(
            ("delete", "/api/v1/ask/{question}"),
            None,
            sees(Permission::ReviewRead),
            204,
        ),
        case(
            ("get", "/api/v1/knowledge/search?query=sql"),
            None,
            else_,
            200,
        ),
        case(("get", "/api/v1/knowledge/documents"), None, else_, 200),
        case(
            ("put", "/api/v1/knowledge/documents"),
            Some(json!({"name": "naming.md", "text": "# Names\nNouns."})),
            sees(Permission::KnowledgeRead),
            200,
        ),
        case(
            ("get", "/api/v1/knowledge/documents/{document}"),
            None,
            else_,
            200,
        ),
        case(
            ("delete", "/api/v1/knowledge/documents/{document}"),
            None,
            sees(Permission::KnowledgeRead),
            204,
        ),
        case(("get", "/api/v1/prompts"), None, else_, 200),
        case(
            ("post", "/api/v1/prompts"),
            Some(json!({"text": REVIEWER, "note": "shorter", "activate": true})),
            sees(Permission::PromptRead),
            201,
        ),
        case(
            ("post", "/api/v1/prompts/check"),
            Some(json!({"text": JUDGE})),
            else_,
            200,
        ),
        case(("get", "/api/v1/prompts/reviewer"), None, else_, 200),
        case(
            ("get", "/api/v1/prompts/reviewer/versions"),
            None,
            else_,
            200,
        ),
        case(
            ("get", "/api/v1/prompts/reviewer/versions/1"),
            None,
            else_,
            200,
        ),
        case(
            ("get", "/api/v1/prompts/reviewer/diff?from=0&to=1"),
            None,
            else_,
            200,
        ),
        case(
            ("put", "/api/v1/prompts/reviewer/active"),
            Some(json!({"version": 1})),
            sees(Permission::PromptRead),
            204,
        ),
        case(
            ("post", "/api/v1/prompts/reviewer/rollback"),
            None,
            sees(Permission::PromptRead),
            200,
        ),
        case(("get", "/api/v1/review/{review}/prompts"), None, else_, 200),
        case(("get", "/api/v1/experiments"), None, else_, 200),
        case(
            ("post", "/api/v1/experiments"),
            Some(
                json!({"prompt": "review", "title": "t", "arms": [{"version": 0}, {"version": 1}]}),
            ),
            sees(Permission::PromptRead),
            201,
        ),
        case(
            ("get", "/api/v1/experiments/{experiment}"),
            None,
            else_,
            200,
        ),
        case(
            ("post", "/api/v1/experiments/{experiment}/stop"),
            None,
            sees(Permission::PromptRead),
            204,
        ),
        case(
            ("post", "/api/v1/experiments/{experiment}/promote"),
            Some(json!({"arm": 1})),
            sees(Permission::PromptRead),
            204,
        ),
        case(("get", "/api/v1/teams"), None, else_, 200),
        case(
            ("post", "/api/v1/teams"),
            Some(json!({"name": "frontend"})),
            sees(Permission::TeamRead),
            201,
        ),
        case(("get", "/api/v1/teams/{team}"), None, else_, 200),
        case(
            ("put", "/api/v1/teams/{team}"),
            Some(json!({"name": "core"})),
            sees(Permission::TeamRead),
            204,
        ),
        case(
            ("put", "/api/v1/teams/{team}/members/{user}"),
            None,
            sees(Permission::TeamRead),
            204,
        ),
        case(("get", "/api/v1/teams/{team}/members"), None, else_, 200),
        case(("get", "/api/v1/teams/{team}/activity"), None, else_, 200),
        case(
            ("delete", "/api/v1/teams/{team}/members/{user}"),
            None,
            sees(Permission::TeamRead),
            204,
        ),
        case(
            ("delete", "/api/v1/teams/{team}"),
            None,
            sees(Permission::TeamRead),
            204,
        ),
        case(("get", "/api/v1/users"), None, else_, 200),
        case(("get", "/api/v1/users/{user}"), None, else_, 200),
        case(
            ("put", "/api/v1/users/{user}"),
            Some(json!({"display_name": "Grace H."})),
            sees(Permission::UserRead),
            204,
        ),
        case(
            ("post", "/api/v1/users"),
            Some(user),
            sees(Permission::UserRead),
            201,
        ),
        case(
            ("put", "/api/v1/users/{user}/role"),
            Some(json!({"role": "admin"})),
            sees(Permission::UserRead),
            204,
        ),
        case(
            ("delete", "/api/v1/users/{user}"),
            None,
            sees(Permission::UserRead),
            204,
        ),
        case(("get", "/api/v1/webhooks"), None, else_, 200),
        case(
            ("post", "/api/v1/webhooks"),
            Some(json!({"url": "https://example.org/hook"})),
            sees(Permission::WebhookRead),
            201,
        ),
        case(("get", "/api/v1/webhooks/{webhook}"), None, else_, 200),
        case(
            ("put", "/api/v1/webhooks/{webhook}"),
            Some(json!({"enabled": false})),
            sees(Permission::WebhookRead),
            204,
        ),
        case(
            ("post", "/api/v1/webhooks/{webhook}/secret"),
            None,
            sees(Permission::WebhookRead),
            200,
        ),
        case(
            ("post", "/api/v1/webhooks/{webhook}/test"),
            None,
            sees(Permission::WebhookRead),
            202,
        ),
        case(
            ("get", "/api/v1/webhooks/{webhook}/attempts"),
            None,
            else_,
            200,
        ),
        case(
            ("delete", "/api/v1/webhooks/{webhook}"),
            None,
            sees(Permission::WebhookRead),
            204,
        ),
        case(
            ("delete", "/api/v1/keys/{key}"),
            None,
            sees(Permission::KeyRead),
            204,
        ),
        case(
            ("delete", "/api/v1/review/{review}"),
            None,
            sees(Permission::ReviewRead),
            204,
        ),
    ]
}

/// Returns the operations of the document that are not for everybody.
fn closed_operations() -> BTreeSet<String> {
    let document = serde_json::to_value(assay_server::openapi()).unwrap();
    let mut closed = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let is_open = operation["security"] == json!([{}]);
            if !is_open {
                closed.insert(format!("{method} {path}"));
            }
        }
    }
    closed
}

/// Returns the path of the document that a case is about.
fn documented(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let path = path.replace("prompts/reviewer", "prompts/{prompt}");
    let path = path.replace("versions/1", "versions/{number}");
    // A second identifier of a path has its own name.
    let path = path.replace("members/{user}", "members/{member}");
    let names = [
        "review",
        "task",
        "user",
        "key",
        "team",
        "organisation",
        "session",
        "repository",
        "finding",
        "webhook",
        "document",
        "question",
        "discussion",
        "experiment",
    ];
    let path = names.iter().fold(path, |path, name| {
        path.replace(&format!("{{{name}}}"), "{id}")
    });
    path.replace("{member}", "{user}")
}

/// Makes one of each thing that the paths name.
async fn things(server: &TestServer) -> Vec<(&'static str, String)> {
    let admin = |request: Request| request.bearer(&server.admin);
    let change = json!({"files": [{"path": "b.py", "head": "y = 2\n"}]});
    let analyze = Request::new("POST", "/api/v1/review/analyze").json(&change);
    let analyzed = admin(analyze).send(server.address).await.json();
    let user = json!({"login": "grace", "display_name": "Grace", "role": "developer"});
    let user = Request::new("POST", "/api/v1/users").json(&user);
    let user = admin(user).send(server.address).await.json();
    let key = json!({"name": "one", "owner": "organisation", "permissions": ["review:read"]});
    let key = Request::new("POST", "/api/v1/keys").json(&key);
    let key = admin(key).send(server.address).await.json();
    let team = Request::new("POST", "/api/v1/teams").json(&json!({"name": "backend"}));
    let team = admin(team).send(server.address).await.json();
    let organisation = json!({"name": "globex", "display_name": "Globex"});
    let organisation = Request::new("POST", "/api/v1/organisations").json(&organisation);
    let organisation = admin(organisation).send(server.address).await.json();
    let session = Request::new("POST", "/api/v1/auth/session");
    let session = session.json(&json!({"key": server.admin}));
    let session = session.send(server.address).await.json();
    let webhook = json!({"url": "https://example.org/other", "events": ["review.failed"]});
    let webhook = Request::new("POST", "/api/v1/webhooks").json(&webhook);
    let webhook = admin(webhook).send(server.address).await.json();
    let document = json!({"name": "style.md", "text": "# Style\nShort."});
    let document = Request::new("PUT", "/api/v1/knowledge/documents").json(&document);
    let document = admin(document).send(server.address).await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (repository, finding) = server.repository_with_finding("acme", "shop").await;
    let question = json!({"repository": repository.to_string(), "question": "why?"});
    let question = Request::new("POST", "/api/v1/ask").json(&question);
    let question = admin(question).send(server.address).await.json();
    for text in [JUDGE.to_owned(), REVIEW.to_owned()] {
        let prompt = json!({"text": text});
        let prompt = Request::new("POST", "/api/v1/prompts").json(&prompt);
        admin(prompt).send(server.address).await;
    }
    let arms = json!([{"version": 0}, {"version": 1}]);
    let experiment = json!({"prompt": "judge", "title": "t", "arms": arms});
    let experiment = Request::new("POST", "/api/v1/experiments").json(&experiment);
    let experiment = admin(experiment).send(server.address).await.json();
    vec![
        ("session", text(&session["id"])),
        ("team", text(&team["id"])),
        ("webhook", text(&webhook["id"])),
        ("document", text(&document["id"])),
        ("question", text(&question["question"])),
        ("discussion", server.discussion().await.to_string()),
        ("experiment", text(&experiment["id"])),
        ("organisation", text(&organisation["id"])),
        ("repository", repository.to_string()),
        ("finding", finding.to_string()),
        ("review", text(&analyzed["review"])),
        ("task", text(&analyzed["task"])),
        ("user", text(&user["id"])),
        ("key", text(&key["key"]["id"])),
        ("name", "release-captain".to_owned()),
        ("provider", "nobody".to_owned()),
        ("pack", "security".to_owned()),
    ]
}

async fn every_endpoint_is_closed_to_those_it_is_not_for(test: TestStore) {
    let cases = cases();
    let covered: BTreeSet<_> = cases
        .iter()
        .map(|case| format!("{} {}", case.method, documented(case.path)))
        .collect();
    assert_eq!(
        covered,
        closed_operations(),
        "a case for each operation that is not open"
    );
    // What goes on until the review ends, is ended here at once.
    let server = TestServer::start_with(test.store.clone(), |app, options, _| {
        options.stream_ms = 50;
        app.field_keys = Some(field_keys());
    })
    .await;
    let things = things(&server).await;
    for case in cases {
        let path = things
            .iter()
            .fold(case.path.to_owned(), |path, (name, id)| {
                path.replace(&format!("{{{name}}}"), id)
            });
        let request = || {
            let request = Request::new(&case.method.to_uppercase(), &path);
            match &case.body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        let place = format!("{} {path}", case.method);
        let ours = server.organisation.to_string();
        let weak = server.key(&[case.has]).await;
        let weak_status = match case.weak {
            Weak::Forbidden => 403,
            Weak::Unseen => 404,
            Weak::Allowed => case.admin,
        };
        // In their own organisation strangers find their own lists, and none of our
        // things; in ours they find nothing.
        let stranger = request().bearer(&server.other_admin);
        let named = stranger.clone().header("assay-organisation", &ours);
        let is_thing = path != case.path
            && !case.path.ends_with("{name}")
            && !case.path.ends_with("{provider}");
        if is_thing {
            assert_eq!(
                stranger.send(server.address).await.status,
                404,
                "a stranger: {place}"
            );
        }
        for (who, request, status) in [
            ("nobody", request(), 401),
            (
                "a wrong key",
                request().bearer(&changed(&server.admin)),
                401,
            ),
            ("a stranger in our organisation", named, 404),
            ("somebody weak", request().bearer(&weak), weak_status),
            (
                "an administrator",
                request().bearer(&server.admin),
                case.admin,
            ),
        ] {
            let answer = request.send(server.address).await;
            assert_eq!(answer.status, status, "{who}: {place}: {}", answer.text());
            if status >= 400 {
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("application/problem+json"), "{who}: {place}");
            }
        }
    }
    server.stop().await;
}

/// Changes the last digit of a key's checksum.
fn changed(key: &str) -> String {
    let (rest, last) = key.split_at(key.len() - 1);
    let other = if last == "0" { "1" } else { "0" };
    format!("{rest}{other}")
}
