//! Posting a review on GitHub, and what its rules do to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::{BOT, NUMBER, PATCH, REPO, Stage, fingerprint, pull, remark, run, sha};
use assay_forge::{
    Anchors, GitHub, Place, PostOutcome, PostRequest, PostRules, Posting, Remark, Said, Side,
    Suggestion, Unexamined, Verdict,
};

pub(crate) fn request<'a>(
    remarks: &'a [Remark],
    anchors: &'a Anchors,
    parts: &'a Parts,
) -> PostRequest<'a> {
    PostRequest {
        pull: &parts.pull,
        commit: &parts.commit,
        remarks,
        summary: parts.summary,
        verdict: parts.verdict,
        anchors,
        unexamined: Unexamined::Nothing,
        said: Said::default(),
        rules: PostRules::default(),
    }
}

pub(crate) struct Parts {
    pub(crate) pull: assay_forge::PullId,
    pub(crate) commit: assay_forge::CommitSha,
    pub(crate) summary: &'static str,
    pub(crate) verdict: Verdict,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            pull: pull(),
            commit: sha(1),
            summary: "",
            verdict: Verdict::Comment,
        }
    }
}

fn post_with(github: &GitHub, remarks: &[Remark], parts: &Parts) -> Posting {
    run(async {
        let anchors = github.pull_anchors(&parts.pull).await.expect("anchors");
        let outcome = github.post_review(&request(remarks, &anchors, parts)).await;
        match outcome.expect("it is posted") {
            PostOutcome::Posted(posting) => posting,
            moved => panic!("{moved:?}"),
        }
    })
}

fn post(github: &GitHub, remarks: &[Remark]) -> Posting {
    post_with(github, remarks, &Parts::default())
}

/// Shows what stands there: line, number of the remark, and whether it is
/// resolved.
fn standing(stage: &Stage) -> Vec<String> {
    let comments = stage.fake.comments(REPO, NUMBER);
    comments
        .iter()
        .map(|comment| {
            let words = comment.body.split(['.', '\n']).next().unwrap_or_default();
            let resolved = if comment.is_resolved { " resolved" } else { "" };
            format!("{}:{} {words}{resolved}", comment.path, comment.line)
        })
        .collect()
}

#[test]
fn a_review_is_posted_once_and_follows_the_change() {
    let stage = Stage::new();
    let bot = stage.bot();
    let remarks = [remark(1, 5), remark(2, 7), remark(3, 400)];
    for round in 0..3 {
        let posting = post(&bot, &remarks);
        assert_eq!(posting.created, if round == 0 { 2 } else { 0 });
        assert_eq!(posting.in_summary, [fingerprint(3)]);
        assert_eq!(posting.inline.len(), 2);
        assert_eq!(posting.problems, [""; 0]);
        assert_eq!(standing(&stage), ["src/a.rs:5 Body 1", "src/a.rs:7 Body 2"]);
    }
    assert_eq!(stage.fake.reviews(REPO, NUMBER).len(), 1);
    let conversation = stage.fake.issue_comments(REPO, NUMBER);
    assert_eq!(conversation.len(), 1);
    assert!(conversation[0].2.contains("- `src/a.rs:400` Headline 3"));

    // The next push fixes the first and brings a fourth.
    stage.fake.push(
        REPO,
        NUMBER,
        sha(2).as_str(),
        vec![("src/a.rs".into(), Some(PATCH.into()))],
    );
    let parts = Parts {
        commit: sha(2),
        ..Parts::default()
    };
    let posting = post_with(&bot, &[remark(2, 7), remark(4, 6)], &parts);
    assert_eq!(
        (posting.created, posting.resolved.as_slice()),
        (1, &[fingerprint(1)][..])
    );
    let expected = [
        "src/a.rs:5 Body 1 resolved",
        "src/a.rs:7 Body 2",
        "src/a.rs:6 Body 4",
    ];
    assert_eq!(standing(&stage), expected);

    // The first comes back: its own thread is opened again.
    let posting = post_with(&bot, &[remark(1, 5), remark(2, 7), remark(4, 6)], &parts);
    assert_eq!(
        (posting.created, posting.reopened.as_slice()),
        (0, &[fingerprint(1)][..])
    );

    // Somebody does not want to hear the second: it is not said again.
    let second = stage.fake.comments(REPO, NUMBER)[1].id;
    stage.fake.resolve(REPO, NUMBER, second, "author");
    let posting = post_with(&bot, &[remark(1, 5), remark(2, 7), remark(4, 6)], &parts);
    assert_eq!(
        (posting.created, posting.dismissed.as_slice()),
        (0, &[fingerprint(2)][..])
    );
    assert_eq!(standing(&stage)[1], "src/a.rs:7 Body 2 resolved");
    assert_eq!(stage.fake.violations(), [""; 0]);
}

#[test]
fn nothing_to_say_is_silence() {
    let stage = Stage::new();
    let posting = post(&stage.bot(), &[]);
    assert_eq!(posting, Posting::default());
    assert!(stage.fake.reviews(REPO, NUMBER).is_empty());
    assert!(stage.fake.issue_comments(REPO, NUMBER).is_empty());
}

#[test]
fn places_are_narrowed_to_what_can_be_commented() {
    let stage = Stage::new();
    let mut over = remark(1, 8);
    over.place.as_mut().unwrap().last_line = 90;
    let mut old = remark(2, 6);
    old.place.as_mut().unwrap().side = Side::Old;
    old.suggestion = Some(Suggestion {
        old: "gone".into(),
        new: "not on deleted lines".into(),
    });
    let mut nowhere = remark(3, 5);
    nowhere.place = None;
    let mut range = remark(4, 5);
    range.place.as_mut().unwrap().last_line = 6;
    range.suggestion = Some(Suggestion {
        old: "five\nsix".into(),
        new: "a ``` b".into(),
    });
    let mut binary = remark(5, 1);
    binary.place = Some(Place {
        path: "logo.png".into(),
        ..range.place.clone().unwrap()
    });
    let posting = post(&stage.bot(), &[over, old, nowhere, range, binary]);
    assert_eq!(posting.problems, [""; 0]);
    assert_eq!(posting.in_summary, [fingerprint(3), fingerprint(5)]);
    let comments = stage.fake.comments(REPO, NUMBER);
    let places: Vec<_> = comments.iter().map(|c| (c.line, c.side.as_str())).collect();
    assert_eq!(places, [(10, "RIGHT"), (6, "LEFT"), (6, "RIGHT")]);
    assert!(comments[2].body.contains("````suggestion\na ``` b\n````"));
    assert_eq!(stage.fake.violations(), [""; 0]);
}

#[test]
fn a_comment_that_the_forge_refuses_does_not_take_the_others_along() {
    let stage = Stage::new();
    let bot = stage.bot();
    // These anchors are of another change: lines 200 and 300 are refused.
    let mut anchors = Anchors::default();
    anchors.add_patch(
        "src/a.rs",
        &format!("@@ -1,0 +1,400 @@\n{}", "+x\n".repeat(400)),
    );
    let lines = [1, 2, 200, 3, 4, 5, 300, 6, 7, 8];
    let remarks: Vec<_> = (1..)
        .zip(lines)
        .map(|(number, line)| remark(number, line))
        .collect();
    let parts = Parts::default();
    let outcome = run(bot.post_review(&request(&remarks, &anchors, &parts)));
    let PostOutcome::Posted(posting) = outcome.unwrap() else {
        panic!("the head did not move");
    };
    assert_eq!(posting.created, 8);
    assert_eq!(posting.in_summary, [fingerprint(3), fingerprint(7)]);
    assert_eq!(posting.problems.len(), 2);
    let mut lines: Vec<_> = stage
        .fake
        .comments(REPO, NUMBER)
        .iter()
        .map(|c| c.line)
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(stage.fake.violations(), [""; 0]);
}

#[test]
fn many_remarks_go_in_batches_and_the_rest_is_in_the_summary() {
    let stage = Stage::new();
    let patch = format!("@@ -0,0 +1,300 @@\n{}", "+x\n".repeat(300));
    stage.fake.push(
        REPO,
        NUMBER,
        sha(1).as_str(),
        vec![("src/a.rs".into(), Some(patch))],
    );
    let remarks: Vec<_> = (1..=120)
        .map(|number| remark(number, number as u32))
        .collect();
    let posting = post(&stage.bot(), &remarks);
    assert_eq!((posting.created, posting.in_summary.len()), (50, 70));
    let sizes = stage.fake.exchanges();
    let reviews = sizes
        .iter()
        .filter(|e| e.method == "POST" && e.path.ends_with("/reviews"));
    let times: Vec<_> = reviews.map(|exchange| exchange.at_ms).collect();
    assert_eq!(times.len(), 2);
    assert!(times[1] - times[0] >= 1_000);
    assert_eq!(stage.fake.violations(), [""; 0]);
}

#[test]
fn a_pending_review_of_ours_is_cleared_and_of_a_person_left_alone() {
    let stage = Stage::new();
    stage.fake.pending_review(REPO, NUMBER, BOT, "");
    assert_eq!(post(&stage.bot(), &[remark(1, 5)]).created, 1);
    assert_eq!(stage.fake.reviews(REPO, NUMBER).len(), 1);

    let stage = Stage::new();
    let draft = stage
        .fake
        .pending_review(REPO, NUMBER, "reviewer", "my thoughts");
    let posting = post(&stage.tokens(&["ghp_reviewer"]), &[remark(1, 5)]);
    assert_eq!(
        (posting.created, posting.in_summary.as_slice()),
        (0, &[fingerprint(1)][..])
    );
    let reviews = stage.fake.reviews(REPO, NUMBER);
    assert_eq!((reviews.len(), reviews[0].id), (1, draft));
    assert_eq!(posting.problems.len(), 1);
}

#[test]
fn a_pending_review_that_appears_meanwhile_is_cleared() {
    let stage = Stage::new();
    let bot = stage.bot();
    let fake = Arc::downgrade(&stage.fake);
    let mut came = false;
    stage.fake.plan(move |exchange| {
        let is_post = exchange.method == "POST" && exchange.path.ends_with("/reviews");
        if is_post && !came {
            came = true;
            let fake = fake.upgrade().expect("the stage stands");
            fake.pending_review(REPO, NUMBER, BOT, "");
        }
        None
    });
    assert_eq!(post(&bot, &[remark(1, 5)]).created, 1);
}

#[test]
fn an_own_pull_request_is_only_commented() {
    let stage = Stage::new();
    stage.fake.user_token("author", "ghp_author");
    let author = stage.tokens(&["ghp_author"]);
    for (remarks, summary) in [(vec![remark(1, 5)], ""), (vec![], "All of it.")] {
        let parts = Parts {
            verdict: Verdict::RequestChanges,
            summary,
            ..Parts::default()
        };
        let posting = post_with(&author, &remarks, &parts);
        assert_eq!(posting.created, remarks.len());
    }
    let reviews = stage.fake.reviews(REPO, NUMBER);
    assert!(
        reviews.iter().all(|review| review.state == "COMMENTED"),
        "{reviews:?}"
    );
}

#[test]
fn the_last_word_is_the_one_that_is_wanted() {
    let stage = Stage::new();
    let bot = stage.bot();
    let mut states = Vec::new();
    for verdict in [
        Verdict::RequestChanges,
        Verdict::RequestChanges,
        Verdict::Comment,
        Verdict::Approve,
        Verdict::Approve,
    ] {
        let parts = Parts {
            verdict,
            ..Parts::default()
        };
        let remarks = if verdict == Verdict::RequestChanges {
            vec![remark(1, 5)]
        } else {
            vec![]
        };
        assert_eq!(post_with(&bot, &remarks, &parts).problems, [""; 0]);
        let reviews = stage.fake.reviews(REPO, NUMBER);
        let all: Vec<_> = reviews.into_iter().map(|review| review.state).collect();
        states.push(all.join(" "));
    }
    let expected = [
        "CHANGES_REQUESTED",
        "CHANGES_REQUESTED",
        "DISMISSED",
        "DISMISSED APPROVED",
        "DISMISSED APPROVED",
    ];
    assert_eq!(states, expected);
}

#[test]
fn a_newer_head_stops_it() {
    let stage = Stage::new();
    stage.fake.push(REPO, NUMBER, sha(2).as_str(), vec![]);
    let bot = stage.bot();
    let (anchors, parts) = (Anchors::default(), Parts::default());
    let outcome = run(bot.post_review(&request(&[remark(1, 5)], &anchors, &parts)));
    let head = sha(2).to_string();
    assert_eq!(outcome.unwrap(), PostOutcome::HeadMoved { head });
    assert!(stage.fake.reviews(REPO, NUMBER).is_empty());
}

#[test]
fn without_the_right_to_resolve_the_comment_says_that_it_is_fixed() {
    let stage = Stage::new();
    stage.fake.rules(|rules| rules.may_resolve = false);
    let bot = stage.bot();
    post(&bot, &[remark(1, 5)]);
    for _ in 0..2 {
        post(&bot, &[]);
        let comment = stage.fake.comments(REPO, NUMBER).remove(0);
        assert!(
            comment.body.starts_with("**Fixed in 0000000.**\n\nBody 1."),
            "{}",
            comment.body
        );
        assert!(!comment.is_resolved);
    }
    let patches = stage
        .fake
        .exchanges()
        .into_iter()
        .filter(|e| e.method == "PATCH");
    assert_eq!(patches.count(), 1);
    // It comes back: the comment is itself again.
    let posting = post(&bot, &[remark(1, 5)]);
    assert_eq!((posting.created, posting.updated), (0, 1));
    assert!(
        stage.fake.comments(REPO, NUMBER)[0]
            .body
            .starts_with("Body 1.")
    );
}

#[test]
fn a_marker_in_somebody_elses_comment_counts_for_nothing() {
    let stage = Stage::new();
    let bot = stage.bot();
    post(&bot, &[remark(1, 5)]);
    let body = stage.fake.comments(REPO, NUMBER)[0].body.clone();
    let forged = body.replace(&fingerprint(1).to_string(), &fingerprint(2).to_string());
    stage
        .fake
        .comment(REPO, NUMBER, "author", ("src/a.rs", 6), &forged);
    let posting = post(&bot, &[remark(1, 5), remark(2, 6)]);
    assert_eq!(posting.created, 1);
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for comment in stage.fake.comments(REPO, NUMBER) {
        *count.entry(comment.author).or_default() += 1;
    }
    assert_eq!(
        count,
        BTreeMap::from([("author".into(), 1), (BOT.into(), 2)])
    );
}
