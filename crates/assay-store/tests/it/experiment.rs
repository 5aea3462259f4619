//! Experiments: one with a prompt at a time, and what came of each arm.

use assay_auth::Scope;
use assay_source::ErrorKind;
use assay_store::{
    ExperimentArm, ExperimentId, ExperimentState, ModelQualityRow, ModelUsage, NewExperiment,
    NewFeedback, NewFinding, Page, PromptId, PromptSource, RepositoryId, ReviewId, ReviewPrompt,
    Tx, Verdict,
};
use assay_testkit::on_both_engines;
use assay_testkit::store::TestStore;

use crate::kit::{new_finding, new_repository, new_review, organisation};

fn arms() -> [ExperimentArm; 2] {
    [0, 1].map(|arm| ExperimentArm {
        arm,
        number: arm + 1,
        weight: 1,
    })
}

async fn prompt(tx: &mut Tx, scope: &Scope) -> PromptId {
    let id = tx.prompt_insert(scope, "judge", "").await.unwrap();
    for (versions, text) in [(0, "one"), (1, "two")] {
        tx.prompt_version_insert(scope, id, versions, (text, ""))
            .await
            .unwrap();
    }
    id
}

fn new(prompt: PromptId) -> NewExperiment {
    NewExperiment {
        prompt,
        title: "Is shorter better?".to_owned(),
        smallest: 15,
        planned: 170,
    }
}

async fn one_runs_with_a_prompt_at_a_time(test: TestStore) {
    let (_, scope) = organisation(&test.store, "acme").await;
    let (_, strange) = organisation(&test.store, "globex").await;
    let mut tx = test.store.begin().await.unwrap();
    let prompt = prompt(&mut tx, &scope).await;
    let before = tx.prompt_state(&scope).await.unwrap();
    let id = tx.experiment_insert(&scope, &new(prompt), &arms()).await;
    let id = id.unwrap();
    let theirs = tx.experiment_insert(&strange, &new(prompt), &arms()).await;
    assert_eq!(theirs.unwrap_err().kind(), ErrorKind::NotFound);
    let second = tx.experiment_insert(&scope, &new(prompt), &arms()).await;
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Conflict);
    let running = tx.experiment_arms_running(&scope).await.unwrap();
    let texts: Vec<_> = running
        .iter()
        .map(|one| one.version.text.as_str())
        .collect();
    assert_eq!(texts, ["one", "two"]);
    assert_eq!(tx.experiment_arms_running(&strange).await.unwrap(), []);
    assert_ne!(tx.prompt_state(&scope).await.unwrap(), before);
    for strangers in [
        tx.experiment_get(&strange, id).await.map(drop),
        tx.experiment_stop(&strange, id).await,
        tx.experiment_promoted(&strange, id, 0).await,
        tx.experiment_review_list(&strange, id).await.map(drop),
    ] {
        assert_eq!(strangers.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(tx.experiment_arm_list(&strange, id).await.unwrap(), []);
    let during = tx.prompt_state(&scope).await.unwrap();
    tx.experiment_stop(&scope, id).await.unwrap();
    assert_ne!(tx.prompt_state(&scope).await.unwrap(), during);
    let again = tx.experiment_stop(&scope, id).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    tx.experiment_promoted(&scope, id, 1).await.unwrap();
    let kept = tx.experiment_get(&scope, id).await.unwrap();
    assert_eq!(
        (kept.state, kept.promoted),
        (ExperimentState::Stopped, Some(1))
    );
    assert_eq!(tx.experiment_arm_list(&scope, id).await.unwrap(), arms());
    assert_eq!(tx.experiment_running(&scope, prompt).await.unwrap(), None);
    test.clock.advance(1);
    let next = tx.experiment_insert(&scope, &new(prompt), &arms()).await;
    let listed = tx.experiment_list(&scope, Page::first(9)).await.unwrap();
    let listed: Vec<ExperimentId> = listed.iter().map(|one| one.id).collect();
    assert_eq!(listed, [next.unwrap(), id]);
    assert!(
        tx.experiment_list(&strange, Page::first(9))
            .await
            .unwrap()
            .is_empty()
    );
    tx.commit().await.unwrap();
}

fn said(name: &str) -> NewFinding {
    NewFinding {
        rule: "model/correctness".to_owned(),
        ..new_finding(name)
    }
}

async fn reviewed(
    tx: &mut Tx,
    scope: &Scope,
    (repository, experiment, prompt): (RepositoryId, ExperimentId, PromptId),
    (head, arm): (&str, i64),
) -> ReviewId {
    let new = new_review(Some(repository), head);
    let review = tx.review_insert(scope, &new).await.unwrap();
    let used = ReviewPrompt {
        name: "judge".to_owned(),
        origin: PromptSource::Kept,
        prompt: Some(prompt),
        number: arm + 1,
        tag: "judge@1".to_owned(),
        text_hash: vec![1],
        arm: Some((experiment, arm)),
    };
    let replaced = tx.review_prompt_replace(scope, review, &[used]).await;
    replaced.unwrap();
    let counted = ModelQualityRow {
        asked: 1,
        whole: 1,
        remarks: 2,
        kept: 2,
        ..ModelQualityRow::default()
    };
    tx.model_quality_put(scope, review, &counted).await.unwrap();
    let usage = ModelUsage {
        review: Some(review),
        user: None,
        team: None,
        repository: Some(repository),
        user_login: None,
        provider: "a".to_owned(),
        model: "b".to_owned(),
        purpose: "review".to_owned(),
        prompt_tokens: 1,
        completion_tokens: 1,
        cost_micros: 0,
        cost_nanos: 70,
        is_answered: true,
        is_cached: false,
        duration_ms: 1,
    };
    for _ in 0..2 {
        tx.model_usage_insert(scope, &usage).await.unwrap();
    }
    let findings = [said("f1"), said("f2"), new_finding("f3")];
    let replaced = tx.finding_replace(scope, review, &findings).await;
    replaced.unwrap();
    review
}

async fn what_came_of_each_arm_is_told(test: TestStore) {
    let (_, scope) = organisation(&test.store, "acme").await;
    let mut tx = test.store.begin().await.unwrap();
    let prompt = prompt(&mut tx, &scope).await;
    let id = tx.experiment_insert(&scope, &new(prompt), &arms()).await;
    let id = id.unwrap();
    let mut repositories = Vec::new();
    for (name, arm) in [("1", 0), ("2", 1)] {
        let repository = tx.repository_put(&scope, &new_repository(name)).await;
        let repository = repository.unwrap();
        let of = (repository, id, prompt);
        reviewed(&mut tx, &scope, of, ("one", arm)).await;
        reviewed(&mut tx, &scope, of, ("two", arm)).await;
        repositories.push(repository);
    }
    // One that is of no experiment says nothing.
    let other = new_review(Some(repositories[0]), "x");
    tx.review_insert(&scope, &other).await.unwrap();
    for (source, verdict, repository) in [
        ("a", Verdict::Rejected, repositories[0]),
        ("b", Verdict::Accepted, repositories[0]),
        ("c", Verdict::Rejected, repositories[1]),
    ] {
        test.clock.advance(1);
        let given = NewFeedback {
            remark: None,
            fingerprint: "f1".to_owned(),
            rule: "model/correctness".to_owned(),
            verdict,
            source: source.to_owned(),
            external_id: source.to_owned(),
            actor: "octocat".to_owned(),
            note: None,
            identity: None,
            path: None,
        };
        let put = tx.feedback_put(&scope, &given).await.unwrap();
        let set = tx.feedback_set_repository(&scope, put, repository).await;
        set.unwrap();
    }
    let reviews = tx.experiment_review_list(&scope, id).await.unwrap();
    let told: Vec<_> = reviews
        .iter()
        .map(|one| (one.arm, one.cost_nanos, one.quality.map(|row| row.kept)))
        .collect();
    assert_eq!(told.len(), 4);
    assert!(told.contains(&(0, Some(140), Some(2))) && told.contains(&(1, Some(140), Some(2))));
    let remarks = tx.experiment_remark_list(&scope, id).await.unwrap();
    let judged: Vec<_> = remarks
        .iter()
        .filter_map(|one| Some((one.arm, one.fingerprint.as_str(), one.verdict?)))
        .collect();
    // Each judgement once, the oldest first, and only of the repository it is about.
    assert_eq!(
        judged,
        [
            (0, "f1", Verdict::Rejected),
            (0, "f1", Verdict::Accepted),
            (1, "f1", Verdict::Rejected),
        ]
    );
    let unjudged = remarks.iter().filter(|one| one.verdict.is_none());
    assert!(unjudged.clone().all(|one| one.fingerprint == "f2"));
    assert_eq!(unjudged.count(), 2);
    tx.commit().await.unwrap();
}

on_both_engines!(
    one_runs_with_a_prompt_at_a_time,
    what_came_of_each_arm_is_told,
);
