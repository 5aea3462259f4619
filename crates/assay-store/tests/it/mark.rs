//! Marks of an SQLite file: equal ones say that nothing was committed that kept answers
//! are made of, whoever commits.

use std::time::{Duration, Instant};

use assay_store::{Mark, Priority, Store};
use assay_testkit::store::{TestStore, open};

use crate::kit::{new_review, new_task, organisation, system};

const WAIT_MAX: Duration = Duration::from_secs(30);

/// There is none while a commit is being written.
fn mark(store: &Store) -> Mark {
    let begun = Instant::now();
    loop {
        if let Some(mark) = store.mark() {
            return mark;
        }
        assert!(begun.elapsed() < WAIT_MAX, "a file has marks");
        std::thread::yield_now();
    }
}

async fn quiet(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    let task = new_task("quiet", Priority::Normal);
    tx.task_enqueue(&system(), &task).await.unwrap();
    tx.commit().await.unwrap();
}

/// Commits until the writer has spoken of it, which it does when somebody took a mark.
async fn settled(store: &Store) -> Mark {
    let begun = Instant::now();
    loop {
        let before = mark(store);
        quiet(store).await;
        let until = Instant::now() + Duration::from_millis(200);
        while Instant::now() < until {
            if mark(store) == before {
                return before;
            }
            tokio::task::yield_now().await;
        }
        assert!(begun.elapsed() < WAIT_MAX, "quiet commits change marks");
    }
}

#[test]
fn quiet_commits_of_this_process_leave_a_mark_and_others_do_not() {
    assay_testkit::store::run(false, check);
}

async fn check(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let first = settled(store).await;
    let mut tx = store.begin().await.unwrap();
    let review = tx.review_insert(&scope, &new_review(None, "a")).await;
    review.unwrap();
    assert_eq!(mark(store), first, "what is not committed is not there");
    tx.commit().await.unwrap();
    assert_ne!(mark(store), first);
    let second = settled(store).await;
    assert_ne!(second, first);
    // What is undone is not there either.
    let mut tx = store.begin().await.unwrap();
    let review = tx.review_insert(&scope, &new_review(None, "b")).await;
    review.unwrap();
    drop(tx);
    assert_eq!(settled(store).await, second);
    // Of what another process commits nobody here knows whether it is quiet.
    let other = open(&test.url, test.clock.clone()).await;
    quiet(&other).await;
    assert_ne!(mark(store), second);
    assert_ne!(settled(store).await, second);
    other.close().await;
}
