//! Whatever breaks and whenever it stops: nothing is posted twice and nothing is
//! lost. A failing case is repeated by its seed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use assay_forge::{
    CheckAnnotation, CheckOutput, CheckRunWanted, CheckStatus, Conclusion, ForgeError, GitHub,
    PostOutcome, Remark, Verdict,
};
use assay_testkit::SeededRandomness;
use assay_testkit::forge::Fault;

use crate::posting::{Parts, request};
use crate::support::{BOT, NUMBER, REPO, Stage, fingerprint, remark, repo, run, sha};

const SEEDS: u64 = 40;
const RUNS_MAX: u64 = 40;

fn random_fault(chance: &SeededRandomness) -> Fault {
    match chance.below(8) {
        0 => Fault::CutBefore,
        1 => Fault::CutAfter,
        2 => Fault::CutWithin,
        3 => Fault::ErrorBefore(500),
        4 => Fault::ErrorBefore(503),
        5 => Fault::ErrorAfter(502),
        6 => Fault::Limited(None),
        _ => Fault::Limited(Some("3".into())),
    }
}

/// Breaks requests at random; after a random number of them in a run everything
/// breaks, as when the process is killed.
fn break_at_random(stage: &Stage, seed: u64, runs: &Arc<AtomicU64>) {
    let chance = SeededRandomness::new(seed);
    let runs = Arc::clone(runs);
    let (mut run, mut left) = (u64::MAX, 0);
    stage.fake.plan(move |_| {
        let now = runs.load(Ordering::SeqCst);
        if now != run {
            (run, left) = (now, chance.below(25));
        }
        if now >= RUNS_MAX - 1 {
            return None;
        }
        if left == 0 {
            return Some(if chance.below(2) == 0 {
                Fault::CutBefore
            } else {
                Fault::CutAfter
            });
        }
        left -= 1;
        (chance.below(4) == 0).then(|| random_fault(&chance))
    });
}

async fn post_until_done(stage: &Stage, remarks: &[Remark], parts: &Parts, runs: &AtomicU64) {
    loop {
        // A process that was killed begins with nothing in memory.
        let bot = stage.bot();
        let result = post(&bot, remarks, parts).await;
        let count = runs.fetch_add(1, Ordering::SeqCst);
        match result {
            Ok(outcome) => {
                assert!(matches!(outcome, PostOutcome::Posted(_)), "{outcome:?}");
                return;
            }
            Err(error) => {
                assert!(count < RUNS_MAX, "{error}");
                stage.clock.advance(120_000);
            }
        }
    }
}

async fn post(bot: &GitHub, remarks: &[Remark], parts: &Parts) -> Result<PostOutcome, ForgeError> {
    let anchors = bot.pull_anchors(&parts.pull).await?;
    bot.post_review(&request(remarks, &anchors, parts)).await
}

fn check_seed(seed: u64) {
    let stage = Stage::new();
    let runs = Arc::new(AtomicU64::new(0));
    break_at_random(&stage, seed, &runs);
    let patch = format!("@@ -0,0 +1,90 @@\n{}", "+x\n".repeat(90));
    let files = || vec![("src/a.rs".to_owned(), Some(patch.clone()))];
    stage.fake.push(REPO, NUMBER, sha(1).as_str(), files());
    let mut remarks: Vec<_> = (1..=45)
        .map(|number| remark(number, number as u32 * 2))
        .collect();
    remarks.push(remark(99, 5_000));
    let mut parts = Parts {
        verdict: Verdict::RequestChanges,
        summary: "Summary.",
        ..Parts::default()
    };
    run(post_until_done(&stage, &remarks, &parts, &runs));
    check_standing(&stage, seed, &[(1..=45).collect()], &[]);
    let reviews = stage.fake.reviews(REPO, NUMBER);
    let verdicts = reviews
        .iter()
        .filter(|review| review.state == "CHANGES_REQUESTED");
    assert_eq!(verdicts.count(), 1, "seed {seed}");

    // The next push mends the first twenty and brings five more.
    stage.fake.push(REPO, NUMBER, sha(2).as_str(), files());
    runs.store(0, Ordering::SeqCst);
    parts.commit = sha(2);
    parts.verdict = Verdict::Comment;
    let mut remarks = remarks.split_off(20);
    remarks.extend((51..=55).map(|number| remark(number, number as u32)));
    run(post_until_done(&stage, &remarks, &parts, &runs));
    let there = [(1..=45).collect::<Vec<_>>(), (51..=55).collect()];
    check_standing(&stage, seed, &there, &(1..=20).collect::<Vec<_>>());
    assert!(
        stage
            .fake
            .violations()
            .iter()
            .all(|v| v.starts_with("content too fast"))
    );
}

fn check_standing(stage: &Stage, seed: u64, there: &[Vec<usize>], resolved: &[usize]) {
    let mut expected: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for number in there.iter().flatten() {
        let is_resolved = resolved.contains(number);
        expected.insert(fingerprint(*number).to_string(), (1, is_resolved));
    }
    let mut found: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for comment in stage.fake.comments(REPO, NUMBER) {
        let (_, mark) = comment.body.rsplit_once("fingerprint=").expect("a marker");
        let entry = found.entry(mark[..32].to_owned()).or_default();
        *entry = (entry.0 + 1, comment.is_resolved);
    }
    assert_eq!(found, expected, "seed {seed}");
    let conversation = stage.fake.issue_comments(REPO, NUMBER);
    assert_eq!(conversation.len(), 1, "seed {seed}");
    assert_eq!(conversation[0].1, BOT);
    assert!(conversation[0].2.contains("Headline 99"), "seed {seed}");
    assert!(conversation[0].2.starts_with("Summary."), "seed {seed}");
}

#[test]
fn nothing_is_posted_twice_and_nothing_is_lost() {
    for seed in 0..SEEDS {
        check_seed(seed);
    }
}

fn annotation(number: usize) -> CheckAnnotation {
    CheckAnnotation {
        path: "src/a.rs".into(),
        first_line: 1,
        last_line: 2,
        columns: Some((1, 2)),
        level: "warning",
        title: "t".repeat(300),
        message: format!("{number}"),
    }
}

#[test]
fn annotations_are_sent_once_in_batches_whatever_breaks() {
    let wanted = CheckRunWanted {
        name: "Assay".into(),
        external_id: "review-1".into(),
        details_url: None,
        status: CheckStatus::Completed(Conclusion::Failure),
        output: CheckOutput {
            title: "120 findings".into(),
            summary: "s".repeat(70_000),
            text: String::new(),
        },
        annotations: (0..120).map(annotation).collect(),
        actions: Vec::new(),
    };
    let expected: Vec<_> = (0..120).map(|number| number.to_string()).collect();
    for seed in 0..25 {
        let stage = Stage::new();
        let runs = Arc::new(AtomicU64::new(0));
        break_at_random(&stage, seed, &runs);
        loop {
            let bot = stage.bot();
            let put = run(async { bot.check_run_put(&repo(), &sha(1), &wanted).await });
            if put.is_ok() {
                break;
            }
            assert!(
                runs.fetch_add(1, Ordering::SeqCst) < RUNS_MAX,
                "seed {seed} {put:?}"
            );
            stage.clock.advance(120_000);
        }
        let check_runs = stage.fake.check_runs(REPO);
        assert_eq!(check_runs.len(), 1, "seed {seed}");
        assert_eq!(check_runs[0].messages, expected, "seed {seed}");
        assert_eq!(
            check_runs[0].conclusion.as_deref(),
            Some("failure"),
            "seed {seed}"
        );
    }
}
