//! The server over real HTTP on a port of its own, with two organisations and the
//! keys that tests of access need.

use std::net::SocketAddr;
use std::sync::Arc;

use assay_app::{
    App, AppOptions, Caller, ExamineRequest, Examined, Examiner, ForgeIntake, HandleDelivery,
    Job as _, KeyOwner, KeyWish, ReviewChange, examine, record, report_json,
};
use assay_auth::{
    FIELD_KEY_BYTES, FieldKeys, Grant, IssuedKey, KeyName, OrganisationId, Permission,
    PermissionSet, Principal, RotatedKey, Scope, SigningKey, TokenKeys,
};
use assay_server::{ServeLimits, ServerOptions, router, serve};
use assay_store::{
    Claim, Delivery, DeliveryId, DiscussionId, FindingId, FindingOrigin, ForgeName, ModelUsage,
    NewApiKey, NewDiscussion, NewFinding, NewRepository, NewReview, Page, RepositoryId,
    ReviewEventKind, ReviewId, ReviewOutcome, ReviewState, Store, Task, TaskFilter,
};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What webhooks of the test are signed with.
pub const WEBHOOK_SECRET: &str = "the secret of the tests";

/// A server that runs until it is stopped.
pub struct TestServer {
    /// Where it is.
    pub address: SocketAddr,
    /// The platform behind it.
    pub app: App,
    /// The organisation of the tests.
    pub organisation: OrganisationId,
    /// Another organisation.
    pub other_organisation: OrganisationId,
    /// A key that may do everything in the organisation.
    pub admin: String,
    /// A key that may do everything in the other one.
    pub other_admin: String,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<std::io::Result<()>>,
}

/// Examines texts in this process: tests have no program to start.
struct Here;

impl Examiner for Here {
    fn examine<'a>(&'a self, _: &'a str, request: &'a ExamineRequest) -> Examined<'a> {
        let today = "2026-01-01".parse().expect("a day");
        let report = report_json(&examine(request, "test", today)).expect("a report");
        Box::pin(async move { Ok(report) })
    }
}

/// Returns keys for tokens that mean nothing anywhere else.
///
/// # Panics
/// Never: the secret is long enough.
pub fn token_keys() -> TokenKeys {
    let secret: SecretSlice<u8> = vec![7; 32].into();
    let name = KeyName::parse("test").expect("a name");
    let key = SigningKey::shared(name, &secret).expect("a long secret");
    let rotated = RotatedKey {
        key,
        signs_from_ms: 0,
        retired_ms: None,
    };
    let life_s = TokenKeys::LIFE_S;
    TokenKeys::new("assay".into(), "assay-api".into(), life_s, vec![rotated]).expect("a set")
}

/// Returns a key for fields that means nothing anywhere else.
///
/// # Panics
/// Never: the key is long enough.
pub fn field_keys() -> FieldKeys {
    let secret: SecretSlice<u8> = vec![9; FIELD_KEY_BYTES].into();
    let name = KeyName::parse("test").expect("a name");
    FieldKeys::new([(name, secret)]).expect("a key")
}

fn platform(
    store: Store,
    change: impl FnOnce(&mut AppOptions, &mut ServerOptions, &mut ServeLimits),
) -> (App, ServerOptions, ServeLimits) {
    let mut options = AppOptions::new("test", token_keys());
    let intake = |host: &str| ForgeIntake {
        host: host.to_owned(),
        secrets: vec![WEBHOOK_SECRET.into()],
    };
    options.github = Some(intake("github.com"));
    options.gitlab = Some(intake("gitlab.com"));
    options.examiner = Some(Arc::new(Here));
    let mut server_options = ServerOptions::default();
    let mut limits = ServeLimits::default();
    change(&mut options, &mut server_options, &mut limits);
    (App::new(store, options), server_options, limits)
}

type Launched = (
    SocketAddr,
    oneshot::Sender<()>,
    JoinHandle<std::io::Result<()>>,
);

async fn launch(app: &App, options: ServerOptions, limits: ServeLimits) -> Launched {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    let routes = router(app.clone(), options);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(serve(listener, routes, limits, async move {
        let _ = stopped.await;
    }));
    (address, stop, running)
}

impl TestServer {
    /// Starts a server over a store.
    pub async fn start(store: Store) -> Self {
        Self::start_with(store, |_, _, _| {}).await
    }

    /// Starts a server whose options a test changes.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start_with(
        store: Store,
        change: impl FnOnce(&mut AppOptions, &mut ServerOptions, &mut ServeLimits),
    ) -> Self {
        let (app, server_options, limits) = platform(store, change);
        let first = app.first_key().await.expect("the store works");
        let first = first.expect("the store is new");
        let (other_organisation, other_admin) = other_organisation(&app).await;
        let (address, stop, running) = launch(&app, server_options, limits).await;
        Self {
            address,
            app,
            organisation: first.organisation,
            other_organisation,
            admin: first.text.expose_secret().to_owned(),
            other_admin,
            stop: Some(stop),
            running,
        }
    }

    /// Starts a further server over the same database, as another process would.
    pub async fn beside(&self, store: Store) -> Self {
        let (app, server_options, limits) = platform(store, |_, _, _| {});
        let (address, stop, running) = launch(&app, server_options, limits).await;
        Self {
            address,
            app,
            organisation: self.organisation,
            other_organisation: self.other_organisation,
            admin: self.admin.clone(),
            other_admin: self.other_admin.clone(),
            stop: Some(stop),
            running,
        }
    }

    /// Is a further server over a database that another process set up, until this one
    /// ends. Returns where it listens.
    pub async fn node(store: Store) -> SocketAddr {
        let (app, server_options, limits) = platform(store, |_, _, _| {});
        let (address, stop, _) = launch(&app, server_options, limits).await;
        // Nobody stops it.
        std::mem::forget(stop);
        address
    }

    /// Returns somebody who may do everything in the organisation.
    pub fn caller(&self) -> Caller {
        let grant = Grant {
            organisation: self.organisation,
            permissions: PermissionSet::ALL,
        };
        Caller::new(Principal::service("test", grant), None)
    }

    /// Makes a key of the organisation that may do these things.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn key(&self, permissions: &[Permission]) -> String {
        let wish = KeyWish {
            name: "test".to_owned(),
            owner: KeyOwner::Organisation,
            permissions: PermissionSet::of(permissions),
            expires_ms: None,
        };
        let created = self.app.key_create(&self.caller(), wish).await;
        created.expect("a key").text.expose_secret().to_owned()
    }

    /// Makes a talk of agents about a review, which nobody does.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn discussion(&self) -> DiscussionId {
        let system = Scope::system("test");
        let scope = system
            .within(self.organisation)
            .expect("all may be reached");
        let mut tx = self.app.store().begin().await.expect("the store works");
        let review = NewReview {
            repository: None,
            pull_request: None,
            origin: "api".to_owned(),
            base_revision: "base".to_owned(),
            head_revision: "head".to_owned(),
        };
        let review = tx.review_insert(&scope, &review).await;
        let new = NewDiscussion {
            review: review.expect("the store works"),
            user: None,
            agents: String::new(),
        };
        let id = tx.discussion_insert(&scope, &new).await;
        tx.commit().await.expect("the store works");
        id.expect("the store works")
    }

    /// Returns all tasks, the newest first.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn tasks(&self) -> Vec<Task> {
        let system = Scope::system("test");
        let mut tx = self.app.store().read().await.expect("the store works");
        let all = TaskFilter::default();
        let tasks = tx.task_list(&system, &all, Page::first(100)).await;
        tasks.expect("the store works")
    }

    /// Returns the delivery that a task is about.
    ///
    /// # Panics
    /// When it is about none.
    pub async fn delivery_of(&self, task: &Task) -> Delivery {
        let system = Scope::system("test");
        let mut tx = self.app.store().read().await.expect("the store works");
        let delivery = tx.delivery_get(&system, delivery_id(task)).await;
        delivery.expect("a kept delivery")
    }

    /// Says that the work on a task's delivery failed for good.
    ///
    /// # Panics
    /// When it is about none.
    pub async fn fail_delivery_of(&self, task: &Task) {
        let system = Scope::system("test");
        let mut tx = self.app.store().begin().await.expect("the store works");
        let id = delivery_id(task);
        let failed = tx.delivery_finish(&system, id, Some("the forge was away"));
        failed.await.expect("a kept delivery");
        tx.commit().await.expect("the store works");
    }

    /// Takes the one review that waits, as a worker does.
    ///
    /// # Panics
    /// When there is none, or more.
    pub async fn claim_review(&self) -> Claim {
        let system = Scope::system("test");
        let mut tx = self.app.store().begin().await.expect("the store works");
        let claims = tx.task_claim(&system, "test", &[ReviewChange::CAPABILITY], 60_000, 2);
        let mut claims = claims.await.expect("the store works");
        tx.commit().await.expect("the store works");
        assert_eq!(claims.len(), 1, "one review waits");
        claims.remove(0)
    }

    /// Does the review of a claim and keeps what came out.
    ///
    /// # Panics
    /// When the task is no review.
    pub async fn finish_review(&self, claim: &Claim) -> Result<(), assay_app::Error> {
        let job = ReviewChange::read(&claim.payload, claim.payload_version)?;
        let review = ReviewId::parse(&job.review)?;
        let today = "2026-01-01".parse().expect("a day");
        let report = examine(&job.request(), "test", today);
        let recorded = record(&report_json(&report)?)?;
        let organisation = claim.organisation.expect("a review is somebody's");
        self.app
            .review_conclude(organisation, claim.lease, review, &recorded, None)
            .await
    }

    fn scope(&self) -> Scope {
        let scope = Scope::system("test").within(self.organisation);
        scope.expect("the system is everywhere")
    }

    /// Begins a review and gets somewhere with it, as a worker does through its store.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn work_on(&self, store: &Store, review: &str) {
        let review = ReviewId::parse(review).expect("an identifier");
        let mut tx = store.begin().await.expect("the store works");
        let started = tx.review_start(&self.scope(), review).await;
        started.expect("a review that waits");
        tx.commit().await.expect("the store works");
        let mut tx = store.begin().await.expect("the store works");
        let step = r#"{"step":"Reading files","done":1,"of":1}"#;
        let kind = ReviewEventKind::Progress;
        let told = tx.review_tell(&self.scope(), review, kind, step).await;
        told.expect("a review that runs");
        tx.commit().await.expect("the store works");
    }

    /// Says what was found on the way of a review, as a worker does through its store.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn find_in(&self, store: &Store, review: &str, ids: &[&str], gone: &[&str]) {
        let review = ReviewId::parse(review).expect("an identifier");
        let found = ids.iter().map(|id| {
            json!({
                "id": id, "rule": "security/command-injection", "severity": "high",
                "confidence": "high", "category": "security", "path": "a.py", "line_start": 4,
                "line_end": 4, "message": "It runs what it is given.",
                "frame": [{"number": 4, "text": "    os.system(name)", "changed": true}],
            })
        });
        let detail = json!({"findings": found.collect::<Vec<_>>(), "gone": gone}).to_string();
        let scope = self.scope();
        let mut tx = store.begin().await.expect("the store works");
        let kind = ReviewEventKind::Found;
        let told = tx.review_tell(&scope, review, kind, &detail);
        told.await.expect("a review that runs");
        tx.commit().await.expect("the store works");
    }

    /// Gives a review up, as a worker does through its store.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn give_up_on(&self, store: &Store, review: &str, problem: &str) {
        let review = ReviewId::parse(review).expect("an identifier");
        let mut tx = store.begin().await.expect("the store works");
        let failed = ReviewState::Failed;
        let scope = self.scope();
        let given_up = tx.review_abandon(&scope, review, failed, problem).await;
        given_up.expect("a review");
        tx.commit().await.expect("the store works");
    }

    /// Says on whose change a review is, as a worker does.
    ///
    /// # Panics
    /// When there is no such review.
    pub async fn author(&self, review: &str, login: &str) {
        let review = ReviewId::parse(review).expect("an identifier");
        let mut tx = self.app.store().begin().await.expect("the store works");
        let said = tx.review_set_author(&self.scope(), review, login).await;
        said.expect("a review");
        tx.commit().await.expect("the store works");
    }

    /// Writes down a call of a model for a review, and what was said.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn asked_model(&self, review: &str, cost_nanos: i64, transcript: &str) {
        let review = ReviewId::parse(review).expect("an identifier");
        let usage = ModelUsage {
            review: Some(review),
            user: None,
            team: None,
            repository: None,
            user_login: None,
            provider: "p".to_owned(),
            model: "m".to_owned(),
            purpose: "review".to_owned(),
            prompt_tokens: 50,
            completion_tokens: 6,
            cost_micros: cost_nanos / 1_000,
            cost_nanos,
            is_answered: true,
            is_cached: false,
            duration_ms: 8,
        };
        let mut tx = self.app.store().begin().await.expect("the store works");
        let scope = self.scope();
        let kept = tx.model_usage_insert(&scope, &usage).await;
        kept.expect("the store works");
        let kept = tx.model_transcript_put(&scope, review, transcript.as_bytes());
        kept.await.expect("the store works");
        tx.commit().await.expect("the store works");
    }

    /// Returns what was rejected in a repository.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn rejected(&self, repository: RepositoryId) -> Vec<(String, Option<String>)> {
        let mut tx = self.app.store().read().await.expect("the store works");
        let rejected = tx.feedback_rejected(&self.scope(), repository).await;
        let rejected = rejected.expect("the store works").into_iter();
        rejected.map(|one| (one.fingerprint, one.note)).collect()
    }

    /// Makes a repository on `github.com` with a review of it that found one thing.
    ///
    /// # Panics
    /// When the store does not work.
    pub async fn repository_with_finding(
        &self,
        owner: &str,
        name: &str,
    ) -> (RepositoryId, FindingId) {
        let scope = self.scope();
        let mut tx = self.app.store().begin().await.expect("the store works");
        let new = NewRepository {
            installation: None,
            forge: ForgeName::GitHub,
            host: "github.com".to_owned(),
            external_id: format!("{owner}-{name}"),
            owner: owner.to_owned(),
            name: name.to_owned(),
            default_branch: "main".to_owned(),
            is_private: true,
        };
        let repository = tx.repository_put(&scope, &new).await.expect("a repository");
        let new = NewReview {
            repository: Some(repository),
            pull_request: Some(1),
            origin: "webhook".to_owned(),
            base_revision: "a".to_owned(),
            head_revision: "b".to_owned(),
        };
        let review = tx.review_insert(&scope, &new).await.expect("a review");
        let finding = NewFinding {
            fingerprint: "0123456789abcdef0123456789abcdef".to_owned(),
            rule: "security/sql-injection".to_owned(),
            severity: "high".to_owned(),
            confidence: "high".to_owned(),
            category: "security".to_owned(),
            origin: FindingOrigin::Introduced,
            path: b"shop.py".to_vec(),
            line_start: 3,
            line_end: 4,
            message: "a value reaches a query".to_owned(),
            detail: "{}".to_owned(),
        };
        let metrics = [("lines".to_owned(), 12.0)];
        let kept = tx.finding_replace(&scope, review, &[finding]).await;
        kept.expect("a finding");
        let kept = tx.metric_replace(&scope, review, &metrics).await;
        kept.expect("a number");
        let outcome = ReviewOutcome {
            score: Some(88.5),
            grade: Some("B".to_owned()),
            gate: Some("failed".to_owned()),
            report: b"{}".to_vec(),
        };
        let done = tx.review_finish(&scope, review, &outcome).await;
        done.expect("a review");
        let found = tx.finding_list_after(&scope, review, None, 1).await;
        tx.commit().await.expect("the store works");
        (repository, found.expect("the store works")[0].id)
    }

    /// Stops the server as a signal would, and returns when it has ended.
    ///
    /// # Panics
    /// When it fell over.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let ended = (&mut self.running)
            .await
            .expect("the server does not panic");
        ended.expect("the server ends well");
    }
}

/// Makes an organisation that has nothing to do with that of the tests.
async fn other_organisation(app: &App) -> (OrganisationId, String) {
    let system = Scope::system("test");
    let mut tx = app.store().begin().await.expect("the store works");
    let made = tx.organisation_insert(&system, "other", "Other").await;
    let organisation = made.expect("a new name");
    let scope = system
        .within(organisation)
        .expect("the system is everywhere");
    let issued = IssuedKey::new(app.clock(), app.randomness());
    let new = NewApiKey {
        id: issued.id(),
        user: None,
        name: "other administrator".to_owned(),
        secret_hash: issued.hash().as_bytes().to_vec(),
        permissions: PermissionSet::ALL,
        expires_ms: None,
    };
    tx.key_insert(&scope, &new).await.expect("a new key");
    tx.commit().await.expect("the store works");
    (organisation, issued.text().expose_secret().to_owned())
}

fn delivery_id(task: &Task) -> DeliveryId {
    let job = HandleDelivery::read(&task.payload, task.payload_version).expect("a delivery");
    DeliveryId::parse(&job.delivery).expect("an identifier")
}
