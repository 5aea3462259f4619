//! A database is copied while it is used, and comes back as it was.

use std::sync::Arc;

use assay_source::ErrorKind;
use assay_store::{
    Page, Priority, ReviewFilter, ReviewOutcome, Store, backup, database_create, database_drop,
    restore,
};
use assay_testkit::services::Services;
use assay_testkit::store::{TestStore, is_postgres, open};
use assay_testkit::{SettableClock, on_both_engines};

use crate::kit::{new_finding, new_repository, new_review, new_task, organisation, system};

async fn fill(store: &Store) {
    let (_, scope) = organisation(store, "acme").await;
    let mut tx = store.begin().await.unwrap();
    let repository = tx
        .repository_put(&scope, &new_repository("1"))
        .await
        .unwrap();
    let review = tx
        .review_insert(&scope, &new_review(Some(repository), "head"))
        .await
        .unwrap();
    let findings: Vec<_> = (0..300).map(|n| new_finding(&format!("f{n}"))).collect();
    tx.finding_replace(&scope, review, &findings).await.unwrap();
    let outcome = ReviewOutcome {
        score: Some(1.25),
        grade: None,
        gate: Some("failed".to_owned()),
        report: b"a report ".repeat(9_000),
    };
    tx.review_finish(&scope, review, &outcome).await.unwrap();
    tx.task_enqueue(&scope, &new_task("work", Priority::Low))
        .await
        .unwrap();
    tx.audit_append(&scope, "review.done", "review", &serde_json::json!({}))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Returns all that is looked at, as text.
async fn content(store: &Store) -> String {
    let mut tx = store.read().await.unwrap();
    let organisations = tx
        .organisation_list(&system(), Page::first(10))
        .await
        .unwrap();
    let scope = system().within(organisations[0].id).unwrap();
    let reviews = tx
        .review_list(&scope, ReviewFilter::default(), Page::first(500))
        .await
        .unwrap();
    let findings = tx
        .finding_list(&scope, &Default::default(), Page::first(500))
        .await
        .unwrap();
    let report = tx.review_report(&scope, reviews[0].id).await.unwrap();
    let tasks = tx
        .task_list(&scope, &Default::default(), Page::first(500))
        .await
        .unwrap();
    let audit = tx.audit_verify(&scope).await.unwrap();
    format!("{organisations:?}\n{reviews:?}\n{findings:?}\n{report:?}\n{tasks:?}\n{audit:?}")
}

async fn a_copy_comes_back_as_it_was(test: TestStore) {
    let store = &test.store;
    fill(store).await;
    let before = content(store).await;
    let copy = test.folder.path().join("copy");
    // A transaction that is open meanwhile is not in it.
    let writing = {
        let mut tx = store.begin().await.unwrap();
        tx.organisation_insert(&system(), "late", "Late")
            .await
            .unwrap();
        tx
    };
    backup(store, &copy).await.unwrap();
    writing.commit().await.unwrap();
    let twice = backup(store, &copy).await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Unavailable);

    let clock = Arc::new(SettableClock::default());
    if is_postgres(store) {
        let server = Services::of_workspace().postgres_url;
        let name = format!("assay_restored_{}", std::process::id());
        database_drop(&server, &name).await.unwrap();
        database_create(&server, &name, None).await.unwrap();
        let url = format!("{server}{name}");
        let restored = open(&url, clock).await;
        restored.migrate().await.unwrap();
        damaged(&copy, &url, Some(&restored)).await;
        restore(&url, Some(&restored), &copy).await.unwrap();
        assert_eq!(content(&restored).await, before);
        // Not over what is there.
        assert!(restore(&url, Some(&restored), &copy).await.is_err());
        restored.close().await;
        database_drop(&server, &name).await.unwrap();
    } else {
        let url = format!(
            "sqlite:{}",
            test.folder.path().join("restored.db").display()
        );
        damaged(&copy, &url, None).await;
        restore(&url, None, &copy).await.unwrap();
        let restored = open(&url, clock).await;
        assert!(restored.migrate().await.unwrap().is_empty());
        assert_eq!(content(&restored).await, before);
        restored.close().await;
        assert!(restore(&url, None, &copy).await.is_err());
    }
}

/// A copy that was cut off or changed is refused, and leaves nothing behind.
async fn damaged(copy: &std::path::Path, url: &str, into: Option<&Store>) {
    let whole = std::fs::read(copy).unwrap();
    let path = copy.with_extension("damaged");
    let mut changed = whole.clone();
    // A page of SQLite has 4,096 bytes, of which most may be unused: whole pages are changed.
    for byte in &mut changed[whole.len() / 2..whole.len() / 2 + 20_000.min(whole.len() / 4)] {
        *byte ^= 0x55;
    }
    for bytes in [&whole[..whole.len() / 2], &whole[..10], &changed] {
        std::fs::write(&path, bytes).unwrap();
        assert!(
            restore(url, into, &path).await.is_err(),
            "{} bytes",
            bytes.len()
        );
    }
}

on_both_engines!(a_copy_comes_back_as_it_was);
