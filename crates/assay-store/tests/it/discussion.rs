//! Talks of agents about a review: kept, over once, and gone with the review.

use assay_source::ErrorKind;
use assay_store::{DiscussionState, NewDiscussion, Page};
use assay_testkit::on_both_engines;
use assay_testkit::store::TestStore;

use crate::kit::{new_review, organisation};

async fn a_talk_is_over_once_and_goes_with_its_review(test: TestStore) {
    let (_, scope) = organisation(&test.store, "acme").await;
    let (_, strange) = organisation(&test.store, "globex").await;
    let mut tx = test.store.begin().await.unwrap();
    let review = tx.review_insert(&scope, &new_review(None, "a")).await;
    let review = review.unwrap();
    let new = NewDiscussion {
        review,
        user: None,
        agents: "version: 1".to_owned(),
    };
    // A review of another organisation is none.
    assert!(
        tx.discussion_list(&strange, review, Page::first(9))
            .await
            .unwrap()
            .is_empty()
    );
    let id = tx.discussion_insert(&scope, &new).await.unwrap();
    assert!(tx.discussion_is_open(&scope, review).await.unwrap());
    tx.discussion_start(&scope, id).await.unwrap();
    let both = ("{\"ending\":\"consensus\"}", &b"{}\n"[..]);
    tx.discussion_finish(&scope, id, both).await.unwrap();
    assert!(!tx.discussion_is_open(&scope, review).await.unwrap());
    // What is done stays done.
    tx.discussion_abandon(&scope, id, "late").await.unwrap();
    let again = tx.discussion_start(&scope, id).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    let done = tx.discussion_get(&scope, id).await.unwrap();
    assert_eq!(
        (done.state, done.asked),
        (DiscussionState::Done, new.clone())
    );
    let transcript = tx.discussion_transcript(&scope, id).await.unwrap();
    assert_eq!(transcript.as_deref(), Some(&b"{}\n"[..]));
    for strangers in [
        tx.discussion_get(&strange, id).await.map(drop),
        tx.discussion_transcript(&strange, id).await.map(drop),
        tx.discussion_start(&strange, id).await,
        tx.discussion_finish(&strange, id, both).await,
    ] {
        assert_eq!(strangers.unwrap_err().kind(), ErrorKind::NotFound);
    }
    let other = tx.discussion_insert(&scope, &new).await.unwrap();
    tx.discussion_abandon(&scope, other, "a push")
        .await
        .unwrap();
    let failed = tx.discussion_get(&scope, other).await.unwrap();
    assert_eq!(failed.problem.as_deref(), Some("a push"));
    let listed = tx.discussion_list(&scope, review, Page::first(9)).await;
    assert_eq!(listed.unwrap().len(), 2);
    tx.review_remove(&scope, review).await.unwrap();
    let gone = tx.discussion_get(&scope, id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    tx.commit().await.unwrap();
}

on_both_engines!(a_talk_is_over_once_and_goes_with_its_review,);
