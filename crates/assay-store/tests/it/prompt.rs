//! Prompts of an organisation: versions that never change, one that holds, and what a
//! review used.

use assay_source::ErrorKind;
use assay_store::{ModelQualityRow, PromptSource, PromptState, ReviewPrompt};
use assay_testkit::on_both_engines;
use assay_testkit::store::TestStore;

use crate::kit::{new_review, organisation};

async fn a_version_never_changes_and_one_of_them_holds(test: TestStore) {
    let store = &test.store;
    let (_, scope) = organisation(store, "acme").await;
    let (_, other) = organisation(store, "globex").await;
    let mut tx = store.begin().await.unwrap();
    let nothing = tx.prompt_state(&scope).await.unwrap();
    assert_eq!(nothing, PromptState::default());
    let id = tx.prompt_insert(&scope, "judge", "").await.unwrap();
    let again = tx.prompt_insert(&scope, "judge", "").await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Conflict);
    // For other models, and in another organisation, it is another prompt.
    tx.prompt_insert(&scope, "judge", "gpt-*").await.unwrap();
    tx.prompt_insert(&other, "judge", "").await.unwrap();
    for (before, text) in [(0, "one"), (1, "two")] {
        let number = tx.prompt_version_insert(&scope, id, before, (text, "why"));
        assert_eq!(number.await.unwrap(), before + 1);
    }
    let late = tx.prompt_version_insert(&scope, id, 1, ("three", ""));
    assert_eq!(late.await.unwrap_err().kind(), ErrorKind::Conflict);
    let before = tx.prompt_state(&scope).await.unwrap();
    assert_eq!(tx.prompt_active(&scope).await.unwrap(), []);
    for number in [Some(2), None, Some(1)] {
        tx.prompt_activate(&scope, id, number).await.unwrap();
    }
    let missing = tx.prompt_activate(&scope, id, Some(3)).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let after = tx.prompt_state(&scope).await.unwrap();
    assert_eq!(after.prompts, 2);
    assert!(after.version > before.version, "{before:?} {after:?}");
    let active = tx.prompt_active(&scope).await.unwrap();
    let active: Vec<_> = active
        .iter()
        .map(|(of, version)| (*of, version.text.as_str()))
        .collect();
    assert_eq!(active, [(id, "one")]);
    let held = tx.prompt_activation_list(&scope, id, 9).await.unwrap();
    let held: Vec<_> = held.iter().map(|one| one.number).collect();
    assert_eq!(held, [Some(1), None, Some(2)]);
    let versions = tx.prompt_version_list(&scope, id, None, 9).await.unwrap();
    let versions: Vec<_> = versions
        .iter()
        .map(|one| (one.number, one.text.as_str(), one.note.as_str()))
        .collect();
    assert_eq!(versions, [(2, "two", "why"), (1, "one", "why")]);
    let below = tx.prompt_version_list(&scope, id, Some(2), 9).await;
    assert_eq!(below.unwrap().len(), 1);
    let row = tx.prompt_find(&scope, "judge", "").await.unwrap().unwrap();
    assert_eq!((row.id, row.active, row.versions), (id, Some(1), 2));
    assert_eq!(tx.prompt_list(&scope).await.unwrap().len(), 2);
    assert_eq!(tx.prompt_active(&other).await.unwrap(), []);
    tx.commit().await.unwrap();
}

async fn what_a_review_used_goes_with_it(test: TestStore) {
    let (_, scope) = organisation(&test.store, "acme").await;
    let (_, strange) = organisation(&test.store, "globex").await;
    let mut tx = test.store.begin().await.unwrap();
    let review = tx.review_insert(&scope, &new_review(None, "a")).await;
    let review = review.unwrap();
    let prompt = tx.prompt_insert(&scope, "judge", "").await.unwrap();
    let one = |name: &str, prompt| ReviewPrompt {
        name: name.to_owned(),
        origin: match prompt {
            None => PromptSource::Shipped,
            Some(_) => PromptSource::Kept,
        },
        prompt,
        number: 3,
        tag: format!("{name}@3"),
        text_hash: vec![1, 2],
        arm: None,
    };
    let used = [one("judge", Some(prompt)), one("review", None)];
    // A second attempt takes the place of the first.
    for of in [&used[..1], &used[..]] {
        tx.review_prompt_replace(&scope, review, of).await.unwrap();
    }
    assert_eq!(tx.review_prompt_list(&scope, review).await.unwrap(), used);
    let theirs = tx.review_prompt_list(&strange, review).await.unwrap();
    assert_eq!(theirs, []);
    for kept in [1, 2] {
        let counted = ModelQualityRow {
            asked: 2,
            kept,
            ..ModelQualityRow::default()
        };
        let put = tx.model_quality_put(&scope, review, &counted);
        put.await.unwrap();
    }
    tx.review_remove(&scope, review).await.unwrap();
    assert_eq!(tx.review_prompt_list(&scope, review).await.unwrap(), []);
    tx.commit().await.unwrap();
}

on_both_engines!(
    a_version_never_changes_and_one_of_them_holds,
    what_a_review_used_goes_with_it,
);
