//! What belongs to an organisation is not there for another: each way to read and
//! to write is tried with the other's scope.

use assay_auth::{
    Identifier, KeyId, OrganisationId, Permission, PermissionSet, Scope, TeamId, UserId,
};
use assay_source::ErrorKind;
use assay_store::{
    Error, FindingFilter, FindingId, ForgeInstallationId, ForgeName, ImportKept, InstallationState,
    KnowledgeDocumentId, LoginAttempt, NewApiKey, NewDelivery, NewFeedback, NewForgeInstallation,
    NewKnowledgeDocument, NewOutgoingWebhook, NewQuestion, NewUser, OutgoingAttempt,
    OutgoingWebhookId, OutsideImport, Page, PromptId, PromptSource, QuestionId, RemarkId,
    RemarkState, RepositoryId, ReviewFilter, ReviewId, ReviewOutcome, ReviewPrompt, ReviewState,
    SessionOwner, Store, SuggestionPlace, TaskFilter, TaskId, Tx, Verdict,
};
use assay_testkit::on_both_engines;
use assay_testkit::store::TestStore;

use crate::kit::{new_finding, new_repository, new_review, new_task, organisation, system};

/// One of each thing that an organisation has.
struct Filled {
    scope: Scope,
    organisation: OrganisationId,
    user: UserId,
    team: TeamId,
    key: KeyId,
    installation: ForgeInstallationId,
    repository: RepositoryId,
    delivery: assay_store::DeliveryId,
    review: ReviewId,
    finding: FindingId,
    remark: RemarkId,
    webhook: OutgoingWebhookId,
    document: KnowledgeDocumentId,
    question: QuestionId,
    prompt: PromptId,
    task: TaskId,
}

fn new_key(id: KeyId) -> NewApiKey {
    NewApiKey {
        id,
        user: None,
        name: "ci".to_owned(),
        secret_hash: vec![1; 32],
        permissions: PermissionSet::of(&[Permission::ReviewRead]),
        expires_ms: None,
    }
}

fn outcome() -> ReviewOutcome {
    ReviewOutcome {
        score: Some(88.5),
        grade: Some("B".to_owned()),
        gate: Some("passed".to_owned()),
        report: b"{\"findings\":[]}".repeat(50),
    }
}

fn new_feedback(remark: Option<RemarkId>, external_id: &str) -> NewFeedback {
    NewFeedback {
        remark,
        fingerprint: "f1".to_owned(),
        rule: "security/sql-injection".to_owned(),
        verdict: Verdict::Rejected,
        source: "reaction".to_owned(),
        external_id: external_id.to_owned(),
        actor: "octocat".to_owned(),
        note: None,
        identity: None,
        path: None,
    }
}

fn attempt_to_log_in() -> LoginAttempt {
    LoginAttempt {
        provider: "github".to_owned(),
        browser_hash: vec![1],
        return_path: "/".to_owned(),
        link_user: None,
    }
}

fn attempt() -> OutgoingAttempt {
    OutgoingAttempt {
        message: None,
        event: "review.done".to_owned(),
        number: 1,
        status: Some(200),
        problem: None,
        duration_ms: 12,
        created_ms: 0,
    }
}

fn found() -> OutsideImport {
    OutsideImport {
        name: "lint".to_owned(),
        format: "sarif".to_owned(),
        root: None,
        output: b"{}".to_vec(),
        hash: vec![1],
    }
}

async fn fill(store: &Store, name: &str) -> Filled {
    let (id, scope) = organisation(store, name).await;
    let mut tx = store.begin().await.unwrap();
    let user = NewUser {
        login: format!("user-of-{name}"),
        ..NewUser::default()
    };
    let user = tx.user_insert(&system(), &user).await.unwrap();
    tx.member_put(&scope, user, "developer").await.unwrap();
    let team = tx.team_insert(&scope, "backend").await.unwrap();
    tx.team_member_add(&scope, team, user).await.unwrap();
    let role = PermissionSet::of(&[Permission::TaskRead]);
    tx.role_put(&scope, "watcher", role).await.unwrap();
    let key = KeyId::new(store.clock(), store.randomness());
    tx.key_insert(&scope, &new_key(key)).await.unwrap();
    let installation = NewForgeInstallation {
        forge: ForgeName::GitHub,
        host: "github.com".to_owned(),
        external_id: format!("installation-of-{name}"),
        account: name.to_owned(),
    };
    let installation = tx
        .forge_installation_put(&scope, &installation)
        .await
        .unwrap();
    let mut repository = new_repository(&format!("repository-of-{name}"));
    repository.installation = Some(installation);
    let repository = tx.repository_put(&scope, &repository).await.unwrap();
    let delivery = NewDelivery {
        organisation: Some(id),
        forge: ForgeName::GitHub,
        host: "github.com".to_owned(),
        external_id: format!("delivery-of-{name}"),
        event: "pull_request".to_owned(),
        body: b"{}".to_vec(),
    };
    let accepted = tx.delivery_accept(&system(), &delivery).await.unwrap();
    let assay_store::Accepted::New(delivery) = accepted else {
        panic!("{accepted:?}");
    };
    let review = new_review(Some(repository), "head");
    let review = tx.review_insert(&scope, &review).await.unwrap();
    tx.finding_replace(&scope, review, &[new_finding("f1")])
        .await
        .unwrap();
    let numbers = [("lines".to_owned(), 12.0)];
    tx.metric_replace(&scope, review, &numbers).await.unwrap();
    tx.review_finish(&scope, review, &outcome()).await.unwrap();
    let found = found();
    let kept = tx.outside_import_put(&scope, repository, "head", &found);
    assert_eq!(kept.await.unwrap(), ImportKept::New);
    let again = tx.outside_import_put(&scope, repository, "head", &found);
    assert_eq!(again.await.unwrap(), ImportKept::Known);
    let remark = tx
        .remark_want(&scope, repository, 7, "f1")
        .await
        .unwrap()
        .id;
    tx.remark_update(
        &scope,
        remark,
        RemarkState::Posted,
        Some("c1"),
        Some("t1"),
        None,
    )
    .await
    .unwrap();
    tx.feedback_put(&scope, &new_feedback(Some(remark), "1"))
        .await
        .unwrap();
    let webhook = NewOutgoingWebhook {
        url: "https://example.com/hook".to_owned(),
        events: vec!["review.done".to_owned()],
        secret_sealed: vec![7; 40],
    };
    let named = OutgoingWebhookId::new(store.clock(), store.randomness());
    tx.outgoing_webhook_insert(&scope, named, &webhook)
        .await
        .unwrap();
    let webhook = named;
    tx.outgoing_attempt_insert(&scope, webhook, &attempt())
        .await
        .unwrap();
    tx.setting_put(&scope, "gate", "{\"min\":1}", 0)
        .await
        .unwrap();
    let details = serde_json::json!({ "name": "ci" });
    tx.audit_append(&scope, "key.create", "key:1", &details)
        .await
        .unwrap();
    let document = NewKnowledgeDocument {
        name: format!("document-of-{name}"),
        text: "# Style".to_owned(),
    };
    let document = tx.knowledge_document_put(&scope, &document).await.unwrap();
    let prompt = tx.prompt_insert(&scope, "judge", "").await.unwrap();
    tx.prompt_version_insert(&scope, prompt, 0, (&format!("prompt-of-{name}"), "n"))
        .await
        .unwrap();
    tx.prompt_activate(&scope, prompt, Some(1)).await.unwrap();
    let used = ReviewPrompt {
        name: "judge".to_owned(),
        origin: PromptSource::Kept,
        prompt: Some(prompt),
        number: 1,
        tag: format!("judge-of-{name}"),
        text_hash: vec![1],
        arm: None,
    };
    tx.review_prompt_replace(&scope, review, &[used])
        .await
        .unwrap();
    let question = NewQuestion {
        repository,
        user: None,
        revision: "main".to_owned(),
        text: format!("question-of-{name}"),
    };
    let question = tx.question_insert(&scope, &question).await.unwrap();
    let place = SuggestionPlace {
        repository,
        pull_request: 7,
        fingerprint: "f1",
    };
    let wanted = tx.suggestion_want(
        &scope,
        place,
        FindingId::from_identifier(remark.identifier()),
    );
    wanted.await.unwrap();
    let task = new_task("review", assay_store::Priority::Normal);
    let task = tx.task_enqueue(&scope, &task).await.unwrap().task();
    tx.commit().await.unwrap();
    let mut tx = store.read().await.unwrap();
    let filter = FindingFilter::default();
    let findings = tx
        .finding_list(&scope, &filter, Page::first(10))
        .await
        .unwrap();
    Filled {
        finding: findings[0].id,
        scope,
        organisation: id,
        user,
        team,
        key,
        installation,
        repository,
        delivery,
        review,
        remark,
        webhook,
        document,
        question,
        prompt,
        task,
    }
}

fn place(of: &Filled) -> SuggestionPlace<'static> {
    SuggestionPlace {
        repository: of.repository,
        pull_request: 7,
        fingerprint: "f1",
    }
}

/// Runs each call as `what => expression` and says which are not refused.
macro_rules! refused {
    ($($what:literal => $call:expr,)+) => {{
        let mut let_through = Vec::new();
        $(
            let answer: Result<_, Error> = $call.await;
            let is_refused = answer.as_ref().is_err_and(|error| {
                matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict)
            });
            if !is_refused {
                let_through.push(($what, answer.map(|_| ()).map_err(|error| error.to_string())));
            }
        )+
        let_through
    }};
}

/// What a stranger may find: everything that there is of an organisation, as text.
async fn seen(tx: &mut Tx, scope: &Scope, of: &Filled) -> String {
    let mut text = String::new();
    let mut add = |part: String| {
        text.push_str(&part);
        text.push('\n');
    };
    add(format!(
        "{:?}",
        tx.organisation_get(scope, of.organisation).await.ok()
    ));
    add(format!("{:?}", tx.user_get(scope, of.user).await.ok()));
    add(format!(
        "{:?}",
        tx.member_list_of_user(scope, of.user).await.ok()
    ));
    add(format!(
        "{:?}",
        tx.team_member_list(scope, of.team).await.ok()
    ));
    add(format!("{:?}", tx.key_get(scope, of.key).await.ok()));
    add(format!(
        "{:?}",
        tx.forge_installation_get(scope, of.installation).await.ok()
    ));
    add(format!(
        "{:?}",
        tx.repository_get(scope, of.repository).await.ok()
    ));
    add(format!(
        "{:?}",
        tx.delivery_get(scope, of.delivery).await.ok()
    ));
    add(format!("{:?}", tx.review_get(scope, of.review).await.ok()));
    add(format!(
        "{:?}",
        tx.review_report(scope, of.review).await.ok()
    ));
    add(format!(
        "{:?}",
        tx.finding_get(scope, of.finding).await.ok()
    ));
    add(format!("{:?}", tx.metric_list(scope, of.review).await.ok()));
    add(format!("{:?}", tx.remark_get(scope, of.remark).await.ok()));
    add(format!(
        "{:?}",
        tx.remark_list(scope, of.repository, 7).await.ok()
    ));
    add(format!(
        "{:?}",
        tx.outgoing_webhook_get(scope, of.webhook).await.ok()
    ));
    add(format!(
        "{:?}",
        tx.outgoing_attempt_list(scope, of.webhook, 9).await.ok()
    ));
    add(format!(
        "{:?}",
        tx.outside_import_list(scope, of.repository, "head")
            .await
            .ok()
    ));
    add(format!("{:?}", tx.task_get(scope, of.task).await.ok()));
    add(format!(
        "{:?}",
        tx.knowledge_document_get(scope, of.document).await.ok()
    ));
    add(format!(
        "{:?}",
        tx.question_get(scope, of.question).await.ok()
    ));
    add(format!("{:?}", tx.prompt_get(scope, of.prompt).await.ok()));
    let version = tx.prompt_version_get(scope, of.prompt, 1);
    add(format!("{:?}", version.await.ok()));
    let versions = tx.prompt_version_list(scope, of.prompt, None, 9);
    add(format!("{:?}", versions.await.ok()));
    let held = tx.prompt_activation_list(scope, of.prompt, 9);
    add(format!("{:?}", held.await.ok()));
    let used = tx.review_prompt_list(scope, of.review);
    add(format!("{:?}", used.await.ok()));
    add(format!(
        "{:?}",
        tx.suggestion_find(scope, place(of)).await.ok().flatten()
    ));
    let questions = tx.question_list(scope, of.repository, Page::first(500));
    add(format!("{:?}", questions.await.ok()));
    text
}

/// Lists all that a scope sees without naming anything.
async fn lists(tx: &mut Tx, scope: &Scope) -> Vec<usize> {
    vec![
        tx.organisation_list(scope, Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.member_list(scope, Page::first(500)).await.unwrap().len(),
        tx.team_list(scope, Page::first(500)).await.unwrap().len(),
        tx.role_list(scope).await.unwrap().len(),
        tx.key_list(scope, None, Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.forge_installation_list(scope, Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.repository_list(scope, Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.delivery_list(scope, None, Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.review_list(scope, ReviewFilter::default(), Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.finding_list(scope, &FindingFilter::default(), Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.feedback_list(scope, None, Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.outgoing_webhook_list(scope, Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.setting_list(scope).await.unwrap().len(),
        tx.knowledge_document_list(scope, Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.knowledge_document_texts(scope, 500).await.unwrap().len(),
        tx.audit_list(scope, 0, 500).await.unwrap().len(),
        tx.task_list(scope, &TaskFilter::default(), Page::first(500))
            .await
            .unwrap()
            .len(),
        tx.task_counts(scope).await.unwrap().len(),
    ]
}

async fn a_stranger_finds_nothing_and_changes_nothing(test: TestStore) {
    let store = &test.store;
    let ours = fill(store, "acme").await;
    let theirs = fill(store, "globex").await;
    let mut tx = store.begin().await.unwrap();
    let before = seen(&mut tx, &ours.scope, &ours).await;
    let is_seen = |line: &str| line.starts_with("Some(") && line != "Some([])";
    assert!(before.lines().all(is_seen), "{before}");
    let strange = &theirs.scope;
    let nothing = seen(&mut tx, strange, &ours).await;
    for line in nothing.lines() {
        assert!(matches!(line, "None" | "Some([])"), "{line}");
    }
    assert_eq!(lists(&mut tx, strange).await, vec![1; 18]);
    assert_eq!(lists(&mut tx, &ours.scope).await, vec![1; 18]);
    let comment = tx
        .remark_find_by_comment(strange, ours.repository, "c1")
        .await;
    assert_eq!(comment.unwrap(), None);
    let last = tx.review_last(strange, ours.repository, 7).await.unwrap();
    assert_eq!(last, None);
    let user = tx.user_find(strange, "user-of-acme").await.unwrap_err();
    assert_eq!(user.kind(), ErrorKind::NotFound);
    let named = tx.organisation_find(strange, "acme").await.unwrap_err();
    assert_eq!(named.kind(), ErrorKind::NotFound);
    tx.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    let let_through = refused! {
        "organisation_update" => tx.organisation_update(strange, ours.organisation, "x"),
        "member_remove" => tx.member_remove(strange, ours.user),
        "member_get" => tx.member_get(strange, ours.user),
        "user_rename" => tx.user_rename(strange, ours.user, "x"),
        "team_get" => tx.team_get(strange, ours.team),
        "team_rename" => tx.team_rename(strange, ours.team, "x"),
        "team_remove" => tx.team_remove(strange, ours.team),
        "team_member_add" => tx.team_member_add(strange, ours.team, theirs.user),
        "team_member_add, their user" => tx.team_member_add(strange, theirs.team, ours.user),
        "team_member_remove" => tx.team_member_remove(strange, ours.team, ours.user),
        "key_insert" => tx.key_insert(strange, &new_key(ours.key)),
        "key_revoke" => tx.key_revoke(strange, ours.key),
        "forge_installation_set_state" =>
            tx.forge_installation_set_state(strange, ours.installation, InstallationState::Deleted),
        "forge_installation_put" => tx.forge_installation_put(strange, &NewForgeInstallation {
            forge: ForgeName::GitHub,
            host: "github.com".to_owned(),
            external_id: "installation-of-acme".to_owned(),
            account: "stolen".to_owned(),
        }),
        "repository_put" => tx.repository_put(strange, &new_repository("repository-of-acme")),
        "repository_set_enabled" => tx.repository_set_enabled(strange, ours.repository, false),
        "delivery_finish" => tx.delivery_finish(strange, ours.delivery, None),
        "review_set_task" => tx.review_set_task(strange, ours.review, theirs.task),
        "review_start" => tx.review_start(strange, ours.review),
        "review_finish" => tx.review_finish(strange, ours.review, &outcome()),
        "review_abandon" => tx.review_abandon(strange, ours.review, ReviewState::Failed, "x"),
        "review_remove" => tx.review_remove(strange, ours.review),
        "finding_replace" => tx.finding_replace(strange, ours.review, &[]),
        "metric_replace" => tx.metric_replace(strange, ours.review, &[]),
        "remark_want" => tx.remark_want(strange, ours.repository, 7, "f2"),
        "remark_update" =>
            tx.remark_update(strange, ours.remark, RemarkState::Refused, None, None, None),
        "outgoing_webhook_set_enabled" =>
            tx.outgoing_webhook_set_enabled(strange, ours.webhook, false),
        "outgoing_webhook_set_secret" =>
            tx.outgoing_webhook_set_secret(strange, ours.webhook, b"x", 0),
        "outgoing_webhook_tried" => tx.outgoing_webhook_tried(strange, ours.webhook, None),
        "outgoing_webhook_reseal" => tx.outgoing_webhook_reseal(strange, ours.webhook, b"x", None),
        "outgoing_webhook_sealed_list" => tx.outgoing_webhook_sealed_list(strange, None, 9),
        "outgoing_webhook_remove" => tx.outgoing_webhook_remove(strange, ours.webhook),
        "outside_import_put" =>
            tx.outside_import_put(strange, ours.repository, "head", &found()),
        "outgoing_attempt_insert" => tx.outgoing_attempt_insert(strange, ours.webhook, &attempt()),
        "suggestion_want" => tx.suggestion_want(strange, place(&ours), ours.finding),
        "suggestion_place" => tx.suggestion_place(strange, place(&ours), "1"),
        "suggestion_refuse" => tx.suggestion_refuse(strange, place(&ours), "x"),
        "question_start" => tx.question_start(strange, ours.question),
        "question_finish" => tx.question_finish(strange, ours.question, ("x", "{}")),
        "prompt_version_insert" => tx.prompt_version_insert(strange, ours.prompt, 1, ("x", "")),
        "prompt_activate" => tx.prompt_activate(strange, ours.prompt, None),
        "question_remove" => tx.question_remove(strange, ours.question),
        "knowledge_document_remove" => tx.knowledge_document_remove(strange, ours.document),
        "task_cancel" => tx.task_cancel(strange, ours.task),
        "task_retry" => tx.task_retry(strange, ours.task),
    };
    assert_eq!(let_through, []);
    // What is not an error is still not done to others.
    tx.key_used(strange, ours.key).await.unwrap();
    let listed = tx.outside_import_list(strange, ours.repository, "head");
    assert_eq!(listed.await.unwrap(), []);
    let superseded = tx
        .review_supersede(strange, ours.repository, 7, ours.review)
        .await;
    assert_eq!(superseded.unwrap(), 0);
    tx.commit().await.unwrap();
    let mut tx = store.read().await.unwrap();
    assert_eq!(seen(&mut tx, &ours.scope, &ours).await, before);
}

async fn rows_of_two_organisations_cannot_be_tied_together(test: TestStore) {
    let store = &test.store;
    let ours = fill(store, "acme").await;
    let theirs = fill(store, "globex").await;
    let strange = &theirs.scope;
    for step in 0..3 {
        let mut tx = store.begin().await.unwrap();
        let error = match step {
            0 => {
                let review = new_review(Some(ours.repository), "head");
                tx.review_insert(strange, &review).await.err()
            }
            1 => {
                let mut repository = new_repository("another");
                repository.installation = Some(ours.installation);
                tx.repository_put(strange, &repository).await.err()
            }
            _ => {
                let feedback = new_feedback(Some(ours.remark), "2");
                tx.feedback_put(strange, &feedback).await.err()
            }
        };
        assert_eq!(error.unwrap().kind(), ErrorKind::Conflict, "step {step}");
    }
}

async fn the_platforms_own_calls_are_not_an_organisations(test: TestStore) {
    let store = &test.store;
    let ours = fill(store, "acme").await;
    let scope = &ours.scope;
    let claims = {
        let mut tx = store.begin().await.unwrap();
        let claims = tx
            .task_claim(&system(), "w", &["any"], 1_000, 1)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        claims
    };
    let lease = claims[0].lease;
    let delivery = NewDelivery {
        organisation: None,
        forge: ForgeName::GitLab,
        host: "gitlab.com".to_owned(),
        external_id: "1".to_owned(),
        event: "push".to_owned(),
        body: Vec::new(),
    };
    let owner = SessionOwner::User(ours.user);
    let session = assay_auth::SessionId::from_identifier(Identifier::from_uuid(
        ours.user.identifier().uuid(),
    ));
    let mut tx = store.begin().await.unwrap();
    let let_through = refused! {
        "organisation_insert" => tx.organisation_insert(scope, "new", "new"),
        "user_insert" => tx.user_insert(scope, &NewUser::default()),
        "user_set_disabled" => tx.user_set_disabled(scope, ours.user, true),
        "user_find_by_identity" => tx.user_find_by_identity(scope, "github", "1"),
        "user_count" => tx.user_count(scope),
        "user_link" => tx.user_link(scope, ours.user, "github", "1"),
        "user_set_email" => tx.user_set_email(scope, ours.user, &[1]),
        "user_sealed_list" => tx.user_sealed_list(scope, None, 1),
        "user_identity_list" => tx.user_identity_list(scope, ours.user),
        "organisation_remove" => tx.organisation_remove(scope, ours.organisation),
        "login_attempt_insert" => tx.login_attempt_insert(scope, &[1], &attempt_to_log_in(), 1),
        "login_attempt_find" => tx.login_attempt_find(scope, &[1]),
        "login_attempt_forget" => tx.login_attempt_forget(scope, ours.user),
        "login_attempt_take" => tx.login_attempt_take(scope, &[1]),
        "session_insert" => tx.session_insert(scope, owner, "key", &[1], 1),
        "session_list" => tx.session_list(scope, owner, Page::first(1)),
        "session_find" => tx.session_find(scope, &[1]),
        "session_seen" => tx.session_seen(scope, session, 1),
        "session_remove" => tx.session_remove(scope, owner, session),
        "session_remove_all" => tx.session_remove_all(scope, owner),
        "forge_installation_find" =>
            tx.forge_installation_find(scope, ForgeName::GitHub, "github.com", "1"),
        "repository_find" => tx.repository_find(scope, ForgeName::GitHub, "github.com", "1"),
        "delivery_accept" => tx.delivery_accept(scope, &delivery),
        "delivery_take" => tx.delivery_take(scope, &delivery, |_| {
            Ok::<_, assay_store::Error>(assay_store::NewTask::new("x", String::new()))
        }),
        "delivery_assign" => tx.delivery_assign(scope, ours.delivery, ours.organisation),
        "task_claim" => tx.task_claim(scope, "w", &["any"], 1, 1),
        "task_heartbeat" => tx.task_heartbeat(scope, lease, 1, None),
        "task_hold" => tx.task_hold(scope, lease),
        "task_complete" => tx.task_complete(scope, lease, None),
        "task_fail" => tx.task_fail(scope, lease, "x", assay_store::Retry::Never),
        "task_release" => tx.task_release(scope, lease, 0),
        "task_reap" => tx.task_reap(scope),
        "task_backlog" => tx.task_backlog(scope, 1),
        "task_next_ready" => tx.task_next_ready(scope),
        "schedule_put" => tx.schedule_put(scope, "x", 1),
        "schedule_run" => tx.schedule_run(scope, |_| None),
    };
    assert_eq!(let_through, []);
}

on_both_engines!(
    a_stranger_finds_nothing_and_changes_nothing,
    rows_of_two_organisations_cannot_be_tied_together,
    the_platforms_own_calls_are_not_an_organisations,
);
