//! What an organisation knows: documents by name, and what was accepted, each once.

use assay_source::ErrorKind;
use assay_store::{KnowledgeState, NewFeedback, NewKnowledgeDocument, Page, Verdict};
use assay_testkit::on_both_engines;
use assay_testkit::store::TestStore;

use crate::kit::{new_finding, new_repository, new_review, organisation};

fn document(name: &str, text: &str) -> NewKnowledgeDocument {
    NewKnowledgeDocument {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

async fn a_document_is_known_by_its_name(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let (_, other) = organisation(store, "globex").await;
    let mut tx = store.begin().await.unwrap();
    let first = document("style.md", "# Style");
    let id = tx.knowledge_document_put(&scope, &first).await.unwrap();
    let before = tx.knowledge_state(&scope).await.unwrap();
    assert_eq!((before.documents, before.bytes, before.accepted), (1, 7, 0));
    let again = document("style.md", "# Style, longer");
    assert_eq!(tx.knowledge_document_put(&scope, &again).await.unwrap(), id);
    let after = tx.knowledge_state(&scope).await.unwrap();
    assert_ne!(after.version, before.version);
    let kept = tx.knowledge_document_get(&scope, id).await.unwrap();
    assert_eq!(
        (kept.text.as_str(), kept.row.bytes),
        ("# Style, longer", 15)
    );
    let found = tx.knowledge_document_find(&scope, "style.md").await;
    assert_eq!(found.unwrap().map(|row| row.id), Some(id));
    assert_eq!(tx.knowledge_document_find(&scope, "x").await.unwrap(), None);
    // Another organisation may have a document of the same name.
    let theirs = tx.knowledge_document_put(&other, &first).await.unwrap();
    assert_ne!(theirs, id);
    // Identifiers go by the time at which they are made.
    test.clock.advance(1);
    tx.knowledge_document_put(&scope, &document("api.md", "x"))
        .await
        .unwrap();
    let rows = tx
        .knowledge_document_list(&scope, Page::first(10))
        .await
        .unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["api.md", "style.md"]);
    tx.knowledge_document_remove(&scope, id).await.unwrap();
    let gone = tx.knowledge_document_remove(&scope, id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    let texts = tx.knowledge_document_texts(&scope, 10).await.unwrap();
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0].text, "x");
    tx.commit().await.unwrap();
}

async fn what_was_accepted_is_known_once(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(
        tx.knowledge_state(&scope).await.unwrap(),
        KnowledgeState::default()
    );
    let repository = tx
        .repository_put(&scope, &new_repository("1"))
        .await
        .unwrap();
    for head in ["one", "two"] {
        let review = new_review(Some(repository), head);
        let review = tx.review_insert(&scope, &review).await.unwrap();
        let findings = [new_finding("f1"), new_finding("f2")];
        tx.finding_replace(&scope, review, &findings).await.unwrap();
    }
    for (external_id, fingerprint, verdict) in [
        ("1", "f1", Verdict::Accepted),
        ("2", "f1", Verdict::Accepted),
        ("3", "f2", Verdict::Rejected),
        ("4", "f3", Verdict::Accepted),
    ] {
        let given = NewFeedback {
            remark: None,
            fingerprint: fingerprint.to_owned(),
            rule: "security/sql-injection".to_owned(),
            verdict,
            source: "reaction".to_owned(),
            external_id: external_id.to_owned(),
            actor: "octocat".to_owned(),
            note: Some("well seen".to_owned()),
            identity: None,
            path: None,
        };
        tx.feedback_put(&scope, &given).await.unwrap();
    }
    let accepted = tx.knowledge_accepted(&scope, 10).await.unwrap();
    let known: Vec<_> = accepted
        .iter()
        .map(|one| {
            (
                one.fingerprint.as_str(),
                one.message.as_str(),
                one.note.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        known,
        [("f1", "a value reaches a query", Some("well seen"))]
    );
    assert_eq!(tx.knowledge_state(&scope).await.unwrap().accepted, 3);
    tx.commit().await.unwrap();
}

on_both_engines!(
    a_document_is_known_by_its_name,
    what_was_accepted_is_known_once,
);
