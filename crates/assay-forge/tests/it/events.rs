//! Webhooks in the documented shape, and everything that is not.

use std::sync::LazyLock;

use assay_forge::{
    Delivery, Event, ForgeError, InstallationAction, PullAction, TextAction, parse_github,
    parse_gitlab,
};
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::{Value, json};

const HEAD: &str = "1111111111111111111111111111111111111111";
const BASE: &str = "2222222222222222222222222222222222222222";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn account(login: &str) -> Value {
    let kind = if login.ends_with("[bot]") {
        "Bot"
    } else {
        "User"
    };
    json!({ "id": 9, "login": login, "type": kind, "site_admin": false })
}

fn repository() -> Value {
    json!({
        "id": 100, "full_name": "acme/shop", "name": "shop", "private": true,
        "default_branch": "main", "owner": account("acme"),
    })
}

fn pull_request() -> Value {
    json!({
        "number": 7, "title": "Add a cart", "draft": false, "merged": false, "body": null,
        "mergeable": null, "user": account("author"),
        "head": { "ref": "cart", "sha": HEAD, "repo": repository() },
        "base": { "ref": "main", "sha": BASE, "repo": repository() },
    })
}

/// Returns a payload with what every one has.
fn payload(action: &str, more: Value) -> Value {
    let mut payload = json!({
        "action": action,
        "repository": repository(),
        "sender": account("author"),
        "installation": { "id": 42, "node_id": "x" },
    });
    let fields = payload.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    payload
}

fn github(name: &'static str, body: &[u8]) -> Result<Delivery, ForgeError> {
    let header = |key: &str| match key {
        "x-github-event" => Some(name),
        "x-github-delivery" => Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        "content-type" => Some("application/json"),
        _ => None,
    };
    parse_github(header, body)
}

fn gitlab(name: &'static str, body: &[u8]) -> Result<Delivery, ForgeError> {
    let header = |key: &str| match key {
        "x-gitlab-event" => Some(name),
        "x-gitlab-event-uuid" => Some("uuid"),
        "idempotency-key" => Some("key"),
        _ => None,
    };
    parse_gitlab(header, body)
}

/// Shows an event in a few words.
fn show(event: &Event) -> String {
    match event {
        Event::Ping => "ping".into(),
        Event::PullRequest(pull) => {
            let action = match &pull.action {
                PullAction::Synchronize { before } => {
                    format!(
                        "synchronize from {}",
                        before.as_ref().map_or("?", |b| b.short())
                    )
                }
                PullAction::Edited { base_changed } => format!("edited base {base_changed}"),
                PullAction::Labeled { label } => format!("labeled {label:?}"),
                PullAction::Closed { merged } => format!("closed merged {merged}"),
                other => format!("{other:?}").to_lowercase(),
            };
            let repo = pull.head_repo.as_ref().map_or("?", |repo| repo.as_str());
            let head = format!("{repo}:{}@{}", pull.head_branch, pull.head.short());
            format!(
                "pull {} {action}: {head} -> {}",
                pull.number, pull.base_branch
            )
        }
        Event::Review(review) => format!("review of {} {}", review.pull, review.state),
        Event::ReviewComment(comment) | Event::IssueComment(comment) => {
            let kind = if comment.is_pull { "pull" } else { "issue" };
            let place = comment.place.as_ref();
            let place = place.map_or(String::new(), |(path, line)| format!(" at {path}:{line:?}"));
            let action = match comment.action {
                TextAction::Created => "created",
                TextAction::Edited => "edited",
                TextAction::Deleted => "deleted",
            };
            format!(
                "{action} on {kind} {}: {}{place}",
                comment.number, comment.body
            )
        }
        Event::ReviewThread(thread) => {
            format!(
                "thread {:?} resolved {}",
                thread.comments, thread.is_resolved
            )
        }
        Event::CheckSuite(suite) => {
            format!(
                "suite {} again {} {:?}",
                suite.head.short(),
                suite.is_again,
                suite.pulls
            )
        }
        Event::CheckRun(run) => {
            format!(
                "check {} {:?} {:?} {:?}",
                run.check_run, run.external_id, run.button, run.pulls
            )
        }
        Event::Push(push) => {
            let commit = |c: &Option<assay_forge::CommitSha>| {
                c.as_ref()
                    .map_or("none".to_owned(), |c| c.short().to_owned())
            };
            let (before, after) = (commit(&push.before), commit(&push.after));
            format!("push {:?} {before}..{after}", push.branch())
        }
        Event::Installation(event) => {
            let action = match event.action {
                InstallationAction::Repositories => "repositories",
                InstallationAction::Created => "created",
                InstallationAction::Deleted => "deleted",
                InstallationAction::Suspended => "suspended",
                InstallationAction::Unsuspended => "unsuspended",
                InstallationAction::NewPermissions => "permissions",
            };
            format!(
                "{action} {} +{:?} -{:?}",
                event.installation.0, event.added, event.removed
            )
        }
        Event::Repository(event) => format!("{:?} is {}", event.from, event.to),
        Event::MergeGroup(group) => format!("group {} {}", group.is_wanted, group.head_branch),
        Event::Pipeline(pipeline) => {
            format!(
                "pipeline {} {} {:?}",
                pipeline.pipeline, pipeline.status, pipeline.pull
            )
        }
        Event::Ignored => "ignored".into(),
    }
}

/// All payloads of GitHub with what they mean.
fn github_cases() -> Cases {
    let pull = |action, more: Value| {
        let mut all = json!({ "number": 7, "pull_request": pull_request() });
        all.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        payload(action, all)
    };
    let comment = |body: &str| json!({ "id": 55, "body": body, "user": account("mia") });
    let mut orphan = pull_request();
    orphan["head"]["repo"] = Value::Null;
    let mut on_line = comment("why?");
    on_line["path"] = "src/a.rs".into();
    on_line["line"] = 3.into();
    let push = |before: &str, after: &str, deleted: bool| {
        let mut push = payload(
            "",
            json!({
                "ref": "refs/heads/cart", "before": before, "after": after,
                "deleted": deleted, "created": false, "forced": false, "commits": [],
            }),
        );
        push.as_object_mut()
            .expect("an object")
            .shift_remove("action");
        push
    };
    let run = json!({
        "id": 5, "name": "Assay", "external_id": "review-1", "head_sha": HEAD,
        "status": "completed", "pull_requests": [{ "number": 7, "id": 1 }],
    });
    let installed = json!({
        "installation": { "id": 42, "account": account("acme") },
        "repositories": [{ "id": 1, "full_name": "acme/shop" }, { "id": 2, "full_name": "no name" }],
    });
    let changed = json!({
        "installation": { "id": 42 },
        "repositories_added": [{ "full_name": "acme/new" }],
        "repositories_removed": [{ "full_name": "acme/old" }],
    });
    let group = json!({ "merge_group": { "head_sha": HEAD, "base_sha": BASE, "head_ref": "refs/heads/q" } });
    let here = "acme/shop:cart@1111111 -> main";
    let line = |action: &str| -> &'static str { format!("pull 7 {action}: {here}").leak() };
    vec![
        ("ping", json!({ "zen": "x", "hook_id": 1 }), "ping"),
        ("pull_request", pull("opened", json!({})), line("opened")),
        (
            "pull_request",
            pull("synchronize", json!({ "before": BASE, "after": HEAD })),
            line("synchronize from 2222222"),
        ),
        (
            "pull_request",
            pull("synchronize", json!({ "before": ZERO })),
            line("synchronize from ?"),
        ),
        (
            "pull_request",
            pull("reopened", json!({})),
            line("reopened"),
        ),
        (
            "pull_request",
            pull("ready_for_review", json!({})),
            line("readyforreview"),
        ),
        (
            "pull_request",
            pull("converted_to_draft", json!({})),
            line("convertedtodraft"),
        ),
        (
            "pull_request",
            pull("edited", json!({ "changes": { "title": { "from": "x" } } })),
            line("edited base false"),
        ),
        (
            "pull_request",
            pull(
                "edited",
                json!({ "changes": { "base": { "ref": { "from": "x" } } } }),
            ),
            line("edited base true"),
        ),
        (
            "pull_request",
            pull("labeled", json!({ "label": { "name": "assay" } })),
            line("labeled Some(\"assay\")"),
        ),
        (
            "pull_request",
            pull("closed", json!({})),
            line("closed merged false"),
        ),
        (
            "pull_request",
            payload("opened", json!({ "pull_request": orphan })),
            "pull 7 opened: ?:cart@1111111 -> main",
        ),
        ("pull_request", pull("assigned", json!({})), "ignored"),
        ("pull_request", json!({ "action": "brand_new" }), "ignored"),
        (
            "pull_request_review",
            pull(
                "submitted",
                json!({ "review": { "id": 3, "state": "APPROVED", "body": null } }),
            ),
            "review of 7 approved",
        ),
        (
            "pull_request_review",
            pull(
                "dismissed",
                json!({ "review": { "id": 3, "state": "dismissed" } }),
            ),
            "review of 7 dismissed",
        ),
        (
            "pull_request_review_comment",
            pull("created", json!({ "comment": on_line })),
            "created on pull 7: why? at src/a.rs:Some(3)",
        ),
        (
            "pull_request_review_thread",
            pull(
                "resolved",
                json!({ "thread": { "comments": [{ "id": 8 }, { "id": 9 }] } }),
            ),
            "thread [8, 9] resolved true",
        ),
        (
            "pull_request_review_thread",
            pull("unresolved", json!({ "thread": {} })),
            "thread [] resolved false",
        ),
        (
            "issue_comment",
            payload(
                "created",
                json!({ "issue": { "number": 7, "pull_request": { "url": "x" } }, "comment": comment("/assay help") }),
            ),
            "created on pull 7: /assay help",
        ),
        (
            "issue_comment",
            payload(
                "edited",
                json!({ "issue": { "number": 8 }, "comment": comment("x") }),
            ),
            "edited on issue 8: x",
        ),
        ("issue_comment", payload("pinned", json!({})), "ignored"),
        (
            "check_suite",
            payload(
                "requested",
                json!({ "check_suite": { "id": 1, "head_sha": HEAD, "pull_requests": [] } }),
            ),
            "suite 1111111 again false []",
        ),
        (
            "check_suite",
            payload(
                "rerequested",
                json!({ "check_suite": { "head_sha": HEAD, "pull_requests": [{ "number": 7 }] } }),
            ),
            "suite 1111111 again true [7]",
        ),
        ("check_suite", payload("completed", json!({})), "ignored"),
        (
            "check_run",
            payload("rerequested", json!({ "check_run": run })),
            "check 5 Some(\"review-1\") None [7]",
        ),
        (
            "check_run",
            payload(
                "requested_action",
                json!({ "check_run": run, "requested_action": { "identifier": "fix" } }),
            ),
            "check 5 Some(\"review-1\") Some(\"fix\") [7]",
        ),
        (
            "check_run",
            payload("created", json!({ "check_run": run })),
            "ignored",
        ),
        (
            "push",
            push(BASE, HEAD, false),
            "push Some(\"cart\") 2222222..1111111",
        ),
        (
            "push",
            push(ZERO, HEAD, false),
            "push Some(\"cart\") none..1111111",
        ),
        (
            "push",
            push(BASE, ZERO, true),
            "push Some(\"cart\") 2222222..none",
        ),
        (
            "installation",
            payload("created", installed.clone()),
            "created 42 +[acme/shop] -[]",
        ),
        (
            "installation",
            payload("deleted", installed.clone()),
            "deleted 42 +[] -[acme/shop]",
        ),
        (
            "installation",
            payload("suspend", installed.clone()),
            "suspended 42 +[acme/shop] -[]",
        ),
        (
            "installation",
            payload("unsuspend", installed.clone()),
            "unsuspended 42 +[acme/shop] -[]",
        ),
        (
            "installation",
            payload("new_permissions_accepted", installed),
            "permissions 42 +[acme/shop] -[]",
        ),
        (
            "installation_repositories",
            payload("added", changed),
            "repositories 42 +[acme/new] -[acme/old]",
        ),
        (
            "repository",
            payload(
                "renamed",
                json!({ "changes": { "repository": { "name": { "from": "store" } } } }),
            ),
            "Some(acme/store) is acme/shop",
        ),
        (
            "repository",
            payload(
                "transferred",
                json!({ "changes": { "owner": { "from": { "organization": account("old") } } } }),
            ),
            "Some(old/shop) is acme/shop",
        ),
        ("repository", payload("archived", json!({})), "ignored"),
        (
            "merge_group",
            payload("checks_requested", group.clone()),
            "group true refs/heads/q",
        ),
        (
            "merge_group",
            payload("destroyed", group),
            "group false refs/heads/q",
        ),
        ("star", payload("created", json!({})), "ignored"),
        ("brand_new_event", json!({}), "ignored"),
    ]
}

fn project() -> Value {
    json!({
        "id": 15, "name": "shop", "path_with_namespace": "acme/web/shop",
        "default_branch": "main", "visibility_level": 0,
    })
}

fn hook(more: Value) -> Value {
    let mut hook = json!({
        "project": project(),
        "user": { "id": 1, "name": "Mia", "username": "mia" },
    });
    hook.as_object_mut()
        .expect("an object")
        .extend(more.as_object().expect("an object").clone());
    hook
}

/// All payloads of GitLab with what they mean.
fn gitlab_cases() -> Cases {
    let merge = |action: &str, oldrev: Option<&str>, changes: Value| {
        let mut merge = json!({
            "iid": 4, "title": "Add a cart", "draft": false, "action": action,
            "last_commit": { "id": HEAD }, "source_branch": "cart", "target_branch": "main",
            "source": project(), "target": project(), "author_id": 1, "state": "opened",
        });
        if let Some(oldrev) = oldrev {
            merge["oldrev"] = oldrev.into();
        }
        hook(
            json!({ "object_kind": "merge_request", "object_attributes": merge, "changes": changes }),
        )
    };
    let note = |more: Value| {
        let mut note = json!({ "id": 77, "note": "/assay help", "action": "create", "system": false, "discussion_id": "abc" });
        note.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        note
    };
    let mut orphan = merge("open", None, json!({}));
    orphan["object_attributes"]["source"] = Value::Null;
    let position = json!({ "position": { "new_path": "a.rs", "old_path": "a.rs", "new_line": 3, "old_line": null } });
    let draft = |current: bool| json!({ "draft": { "previous": !current, "current": current } });
    let here = "acme/web/shop:cart@1111111 -> main";
    let line = |action: &str| -> &'static str { format!("pull 4 {action}: {here}").leak() };
    let kind = "Merge Request Hook";
    let push = |before: &str, after: &str| {
        json!({
            "object_kind": "push", "ref": "refs/heads/cart", "before": before, "after": after,
            "user_id": 1, "user_username": "mia", "project": project(),
        })
    };
    let pipeline = json!({
        "object_attributes": { "id": 31, "ref": "main", "sha": HEAD, "status": "success" },
        "merge_request": { "iid": 4 },
    });
    vec![
        (kind, merge("open", None, json!({})), line("opened")),
        (
            kind,
            merge("update", Some(BASE), json!({})),
            line("synchronize from 2222222"),
        ),
        (
            kind,
            merge("update", None, draft(true)),
            line("convertedtodraft"),
        ),
        (
            kind,
            merge("update", None, draft(false)),
            line("readyforreview"),
        ),
        (
            kind,
            merge("update", None, json!({ "target_branch": {} })),
            line("edited base true"),
        ),
        (
            kind,
            merge("update", None, json!({ "title": {} })),
            line("edited base false"),
        ),
        (
            kind,
            merge("update", None, json!({ "labels": {} })),
            line("labeled None"),
        ),
        (
            kind,
            merge("update", None, json!({ "assignees": {} })),
            "ignored",
        ),
        (kind, merge("reopen", None, json!({})), line("reopened")),
        (
            kind,
            merge("close", None, json!({})),
            line("closed merged false"),
        ),
        (
            kind,
            merge("merge", None, json!({})),
            line("closed merged true"),
        ),
        (kind, merge("approved", None, json!({})), "ignored"),
        (kind, orphan, "pull 4 opened: ?:cart@1111111 -> main"),
        (
            "Note Hook",
            hook(json!({ "object_attributes": note(json!({})), "merge_request": { "iid": 4 } })),
            "created on pull 4: /assay help",
        ),
        (
            "Note Hook",
            hook(json!({ "object_attributes": note(position), "merge_request": { "iid": 4 } })),
            "created on pull 4: /assay help at a.rs:Some(3)",
        ),
        (
            "Note Hook",
            hook(
                json!({ "object_attributes": note(json!({ "system": true })), "merge_request": { "iid": 4 } }),
            ),
            "ignored",
        ),
        (
            "Note Hook",
            hook(json!({ "object_attributes": note(json!({})), "issue": { "iid": 9 } })),
            "created on issue 9: /assay help",
        ),
        (
            "Note Hook",
            hook(json!({ "object_attributes": note(json!({})), "commit": { "id": HEAD } })),
            "ignored",
        ),
        (
            "Push Hook",
            push(BASE, HEAD),
            "push Some(\"cart\") 2222222..1111111",
        ),
        (
            "Push Hook",
            push(BASE, ZERO),
            "push Some(\"cart\") 2222222..none",
        ),
        (
            "Pipeline Hook",
            hook(pipeline),
            "pipeline 31 success Some(4)",
        ),
        ("Wiki Page Hook", json!({}), "ignored"),
    ]
}

#[test]
fn every_payload_of_github_means_what_is_documented() {
    for (name, payload, expected) in github_cases() {
        let delivery = github(name, payload.to_string().as_bytes());
        let delivery = delivery.unwrap_or_else(|error| panic!("{name} {expected}: {error}"));
        assert_eq!(show(&delivery.event), expected, "{payload}");
        assert_eq!(delivery.name, name);
        assert!(delivery.id.is_some());
    }
}

#[test]
fn every_payload_of_gitlab_means_what_is_documented() {
    for (name, payload, expected) in gitlab_cases() {
        let delivery = gitlab(name, payload.to_string().as_bytes());
        let delivery = delivery.unwrap_or_else(|error| panic!("{name} {expected}: {error}"));
        assert_eq!(show(&delivery.event), expected, "{payload}");
        assert_eq!(delivery.id.as_deref(), Some("key"));
    }
}

#[test]
fn forms_are_read_as_what_is_in_them() {
    let text = github_cases()[1].1.to_string();
    let mut form = String::from("payload=");
    for byte in text.bytes() {
        form.push_str(&format!("%{byte:02x}"));
    }
    let header = |key: &str| match key {
        "x-github-event" => Some("pull_request"),
        "content-type" => Some("application/x-www-form-urlencoded"),
        _ => None,
    };
    let delivery = parse_github(header, form.as_bytes()).unwrap();
    assert!(matches!(delivery.event, Event::PullRequest(_)));
}

#[test]
fn who_caused_it_is_told_apart() {
    let mut payload = github_cases()[1].1.clone();
    for (login, is_bot, is_us) in [
        ("mia", false, false),
        ("assay[bot]", true, true),
        ("Assay[bot]", true, true),
        ("other[bot]", true, false),
    ] {
        payload["sender"] = account(login);
        let delivery = github("pull_request", payload.to_string().as_bytes()).unwrap();
        assert_eq!(
            (delivery.is_from_bot(), delivery.is_from("assay[bot]")),
            (is_bot, is_us)
        );
    }
    payload
        .as_object_mut()
        .expect("an object")
        .shift_remove("installation");
    let delivery = github("pull_request", payload.to_string().as_bytes()).unwrap();
    assert_eq!(delivery.installation, None);
    let Event::PullRequest(pull) = &delivery.event else {
        panic!("{delivery:?}");
    };
    assert!(!pull.is_from_fork(&delivery.repository.unwrap().name));

    for (username, is_bot) in [
        ("project_15_bot_ab12", true),
        ("group_3_bot", true),
        ("project_bot", false),
        ("mia", false),
    ] {
        let user = json!({ "id": 1, "username": username });
        let mut hook = gitlab_cases()[0].1.clone();
        hook["user"] = user;
        let delivery = gitlab("Merge Request Hook", hook.to_string().as_bytes()).unwrap();
        assert_eq!(delivery.is_from_bot(), is_bot, "{username}");
    }
}

#[test]
fn bad_input_is_a_clear_error() {
    let check = |name: &'static str, body: &str, expected: &str| {
        let error = github(name, body.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("push", "", "EOF while parsing");
    check("push", "[]", "expected struct");
    check("push", "{}", "missing field `ref`");
    check("push", "{\"action\": 1}", "invalid type: integer");
    let deep = "[".repeat(100);
    check("push", &format!("{{\"a\": {deep}"), "nested too deeply");
    let mut push = github_cases()
        .iter()
        .find(|case| case.0 == "push")
        .unwrap()
        .1
        .clone();
    push["after"] = "main; rm -rf".into();
    check("push", &push.to_string(), "a commit is no hash");
    push["after"] = HEAD.into();
    push["repository"]["full_name"] = "../../etc".into();
    check("push", &push.to_string(), "a repository's name is none");
    let error = parse_github(|_| None, b"{}").unwrap_err().to_string();
    assert!(error.contains("X-GitHub-Event"));
}

type Cases = Vec<(&'static str, Value, &'static str)>;
static OF_GITHUB: LazyLock<Cases> = LazyLock::new(github_cases);
static OF_GITLAB: LazyLock<Cases> = LazyLock::new(gitlab_cases);

/// Changes a payload somewhere inside.
fn mutate(value: &mut Value, at: &mut usize, with: &Value) {
    if *at == 0 {
        *value = with.clone();
        return;
    }
    *at -= 1;
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|v| mutate_once(v, at, with)),
        Value::Array(items) => items.iter_mut().for_each(|v| mutate_once(v, at, with)),
        _ => {}
    }
}

fn mutate_once(value: &mut Value, at: &mut usize, with: &Value) {
    if *at != usize::MAX {
        mutate(value, at, with);
        if *at == 0 {
            *at = usize::MAX;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_payloads_never_panic(
        case in any::<usize>(), at in 0usize..60, with in 0usize..8, cut in any::<u16>(), flip in any::<(u16, u8)>(),
    ) {
        let with = [
            Value::Null, json!(true), json!(-1), json!(1.5), json!("x"), json!([]), json!({}), json!([[{"id": null}]]),
        ][with].clone();
        let (githubs, gitlabs) = (&*OF_GITHUB, &*OF_GITLAB);
        let case = case % (githubs.len() + gitlabs.len());
        let (name, mut payload, is_github) = match githubs.get(case) {
            Some((name, payload, _)) => (*name, payload.clone(), true),
            None => {
                let (name, payload, _) = &gitlabs[case - githubs.len()];
                (*name, payload.clone(), false)
            }
        };
        let parse = |body: &[u8]| {
            let result = if is_github { github(name, body) } else { gitlab(name, body) };
            // An error is one that says it is the sender's.
            result.err().map(|error| error.kind())
        };
        let mut at = at;
        mutate(&mut payload, &mut at, &with);
        let mut bytes = payload.to_string().into_bytes();
        let found = parse(&bytes);
        assert!(found.is_none_or(|kind| kind == assay_source::ErrorKind::Invalid));
        let length = bytes.len();
        bytes[usize::from(flip.0) % length] ^= flip.1;
        parse(&bytes);
        bytes.truncate(usize::from(cut) % length);
        parse(&bytes);
    }

    #[test]
    fn commands_of_any_text_never_panic(body in "(/assay |[ \t>`~\n\u{e4}<!-]|fix|--){0,60}") {
        assay_forge::parse_commands(&body);
    }

    #[test]
    fn anchors_of_any_text_never_panic(diff in "(@@ -[0-9]{1,10}(,[0-9]{1,10})? \\+[0-9]{1,10} @@|[-+ ]|\n|--- a/x|\\+\\+\\+ b/x|\"\\\\3){0,40}") {
        assay_forge::Anchors::from_diff(diff.as_bytes());
    }
}
