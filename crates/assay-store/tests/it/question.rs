//! Questions about repositories: kept, answered once, and gone when their time is over.

use assay_source::ErrorKind;
use assay_store::{NewQuestion, Page, QuestionState, RepositoryId, Retention};
use assay_testkit::on_both_engines;
use assay_testkit::store::TestStore;

use crate::kit::{new_repository, organisation, system};

fn asked(repository: RepositoryId, text: &str) -> NewQuestion {
    NewQuestion {
        repository,
        user: None,
        revision: "main".to_owned(),
        text: text.to_owned(),
    }
}

async fn a_question_is_answered_or_given_up(test: TestStore) {
    let (_, scope) = organisation(&test.store, "acme").await;
    let mut tx = test.store.begin().await.unwrap();
    let repository = tx.repository_put(&scope, &new_repository("1")).await;
    let repository = repository.unwrap();
    let mut made = Vec::new();
    for text in ["where?", "why?", "who?"] {
        test.clock.advance(1);
        let id = tx.question_insert(&scope, &asked(repository, text)).await;
        made.push(id.unwrap());
    }
    let [answered, given_up, waiting] = made[..] else {
        panic!("three were asked");
    };
    tx.question_start(&scope, answered).await.unwrap();
    let running = tx.question_get(&scope, answered).await.unwrap();
    assert_eq!(running.state, QuestionState::Running);
    let answer = ("0123", "{\"passages\":[]}");
    tx.question_finish(&scope, answered, answer).await.unwrap();
    // What is answered stays so, and is not begun again.
    tx.question_abandon(&scope, answered, "late").await.unwrap();
    let again = tx.question_start(&scope, answered).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    let done = tx.question_get(&scope, answered).await.unwrap();
    assert_eq!(
        (done.state, done.head.as_deref(), done.answer.as_deref()),
        (QuestionState::Done, Some("0123"), Some("{\"passages\":[]}"))
    );
    assert!(done.problem.is_none() && done.finished_ms.is_some());
    tx.question_abandon(&scope, given_up, "no such revision")
        .await
        .unwrap();
    let failed = tx.question_get(&scope, given_up).await.unwrap();
    assert_eq!(failed.state, QuestionState::Failed);
    assert_eq!(failed.problem.as_deref(), Some("no such revision"));
    let huge = "x".repeat((4 << 20) + 1);
    let refused = tx.question_finish(&scope, waiting, ("0", &huge)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid);
    let page = Page::first(2);
    let listed = tx.question_list(&scope, repository, page).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|one| one.id).collect();
    assert_eq!(ids, [waiting, given_up]);
    tx.commit().await.unwrap();
    // What waits is kept however old it is.
    test.clock.advance(Retention::default().reviews_ms);
    let mut tx = test.store.begin().await.unwrap();
    let removed = tx.retention_run(&system(), &Retention::default()).await;
    assert_eq!(removed.unwrap(), 2);
    assert!(tx.question_get(&scope, waiting).await.is_ok());
    tx.question_remove(&scope, waiting).await.unwrap();
    let gone = tx.question_finish(&scope, waiting, answer).await;
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    tx.commit().await.unwrap();
}

on_both_engines!(a_question_is_answered_or_given_up,);
