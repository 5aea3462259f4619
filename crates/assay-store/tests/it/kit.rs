//! Two organisations, and what a test needs to fill them.

use assay_auth::{OrganisationId, Scope};
use assay_store::{
    ForgeName, NewFinding, NewRepository, NewReview, NewTask, Priority, RepositoryId, Store,
};

pub(crate) fn system() -> Scope {
    Scope::system("test")
}

pub(crate) async fn organisation(store: &Store, name: &str) -> (OrganisationId, Scope) {
    let mut tx = store.begin().await.unwrap();
    let id = tx.organisation_insert(&system(), name, name).await.unwrap();
    tx.commit().await.unwrap();
    (id, system().within(id).unwrap())
}

pub(crate) fn new_repository(external_id: &str) -> NewRepository {
    NewRepository {
        installation: None,
        forge: ForgeName::GitHub,
        host: "github.com".to_owned(),
        external_id: external_id.to_owned(),
        owner: "acme".to_owned(),
        name: format!("shop-{external_id}"),
        default_branch: "main".to_owned(),
        is_private: true,
    }
}

pub(crate) fn new_review(repository: Option<RepositoryId>, head: &str) -> NewReview {
    NewReview {
        repository,
        pull_request: repository.map(|_| 7),
        origin: "webhook".to_owned(),
        base_revision: "base".to_owned(),
        head_revision: head.to_owned(),
    }
}

pub(crate) fn new_finding(fingerprint: &str) -> NewFinding {
    NewFinding {
        fingerprint: fingerprint.to_owned(),
        rule: "security/sql-injection".to_owned(),
        severity: "high".to_owned(),
        confidence: "high".to_owned(),
        category: "security".to_owned(),
        origin: assay_store::FindingOrigin::Introduced,
        path: b"src/caf\xe9.py".to_vec(),
        line_start: 3,
        line_end: 4,
        message: "a value reaches a query".to_owned(),
        detail: "{}".to_owned(),
    }
}

pub(crate) fn new_task(kind: &str, priority: Priority) -> NewTask {
    NewTask {
        priority,
        ..NewTask::new(kind, "{}".to_owned())
    }
}
