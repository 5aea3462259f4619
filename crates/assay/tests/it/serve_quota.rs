//! Reviews that webhooks ask for count against the organisation's quota. When it is used
//! up the check says so and is not green; when there is quota again the review is done.

use serde_json::json;

use crate::serve::{HEAD, Platform, REPOSITORY, is_status};
use crate::serve_command::WRITER;

const DAY_MS: i64 = 24 * 60 * 60_000;

/// Says how many reviews a day there are.
fn quota(platform: &Platform, day: u64) {
    let key = platform.server.key.as_deref().unwrap();
    let value = json!({"value": {"organisation": {"reviews": {"day": day}}}});
    let (status, answer) = platform
        .server
        .send("PUT", "/api/v1/settings/quota", key, &value);
    assert_eq!(status, 204, "{answer}");
}

/// Pushes a commit for which there is no quota, and waits until that is said.
fn push_over_quota(platform: &Platform, said: impl Fn(&str) -> bool) -> String {
    let text = format!("# Another.\n{HEAD}");
    platform.push(&text);
    assert_eq!(platform.deliver("synchronize", "d-over"), 202);
    let head = platform.repo.rev("topic");
    platform
        .server
        .wait(|| said(&head), || format!("{:?}", platform.reviews()));
    assert_eq!(platform.reviews(), ["queued", "done"]);
    // It waits for the end of the day, and takes no attempt meanwhile.
    let key = platform.server.key.as_deref().unwrap();
    let tasks = platform
        .server
        .get("/api/v1/tasks?kind=review_pull&state=waiting", key);
    let task = &tasks["items"][0];
    assert_eq!(task["ready_ms"].as_i64().unwrap() % DAY_MS, 0, "{tasks:#}");
    assert_eq!(task["attempts"], 0);
    head
}

#[test]
fn over_the_quota_a_status_waits_and_the_review_follows() {
    let platform = Platform::reviewed(false);
    quota(&platform, 1);
    let statuses = || platform.forge.statuses(REPOSITORY);
    // The first one was before there was a quota, and counts as well.
    let head = push_over_quota(&platform, |head| is_status(&statuses(), head, "pending"));
    let said = statuses();
    let said = said.iter().find(|one| one.contains(&head));
    let said = said.expect("there is a status").join(" ");
    assert!(said.contains("waits for quota until"), "{said}");
    assert!(!is_status(&statuses(), &head, "success"));
    platform.says(WRITER, "/assay review");
    let answers = platform.answers();
    assert!(
        answers[0].contains("when the organisation has quota again"),
        "{answers:?}"
    );
    assert_eq!(platform.reviews()[0], "queued");
    quota(&platform, 100);
    platform.says(WRITER, "/assay review");
    platform.wait_for_reviews(2);
    assert!(is_status(&statuses(), &head, "failure"), "{:?}", statuses());
    assert_eq!(platform.remarks().len(), 1);
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn over_the_quota_a_check_run_is_neutral() {
    let platform = Platform::reviewed(true);
    quota(&platform, 1);
    let run = |head: &str| {
        let runs = platform.forge.check_runs(REPOSITORY);
        // Of several of one name the newest is shown.
        runs.into_iter().rfind(|run| run.commit == head)
    };
    let conclusion = |head: &str| run(head).and_then(|run| run.conclusion);
    let head = push_over_quota(&platform, |head| {
        conclusion(head).as_deref() == Some("neutral")
    });
    quota(&platform, 100);
    platform.says(WRITER, "/assay review");
    platform.wait_for_reviews(2);
    assert_eq!(
        conclusion(&head).as_deref(),
        Some("failure"),
        "{:?}",
        run(&head)
    );
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

/// Returns what the last status of a commit says.
fn last_status(platform: &Platform, commit: &str) -> Option<String> {
    let mut statuses = platform.forge.statuses(REPOSITORY).into_iter();
    let last = statuses.rfind(|status| status[0] == commit);
    last.map(|status| status[2].clone())
}

#[test]
fn a_status_that_waits_has_an_end_when_a_push_takes_its_place() {
    let platform = Platform::reviewed(false);
    quota(&platform, 1);
    let waiting = push_over_quota(&platform, |head| {
        last_status(&platform, head).as_deref() == Some("pending")
    });
    quota(&platform, 100);
    platform.push(&format!("# A third.\n{HEAD}"));
    assert_eq!(platform.deliver("synchronize", "d-third"), 202);
    platform.wait_for_reviews(2);
    let third = platform.repo.rev("topic");
    for (commit, state) in [(&waiting, "error"), (&third, "failure")] {
        assert_eq!(last_status(&platform, commit).as_deref(), Some(state));
    }
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn a_status_is_not_green_while_its_commit_is_reviewed_again() {
    let platform = Platform::reviewed(false);
    crate::serve::push_mended(&platform);
    let head = platform.repo.rev("topic");
    platform.says(WRITER, "/assay review");
    platform.wait_for_reviews(3);
    let statuses = platform.forge.statuses(REPOSITORY).into_iter();
    let of_head = statuses.filter(|status| status[0] == head);
    let states: Vec<String> = of_head.map(|status| status[2].clone()).collect();
    assert_eq!(states, ["success", "pending", "success"]);
    // When the review cannot be done the green one holds no more.
    let host = platform.repo.root().parent().unwrap().join("host");
    std::fs::rename(&host, host.with_extension("gone")).unwrap();
    let mirrors = platform.repo.root().parent().unwrap().join("data/mirrors");
    std::fs::remove_dir_all(&mirrors).unwrap();
    let comment = platform.forge.say(REPOSITORY, 1, WRITER, "/assay review");
    let payload = platform.forge.issue_comment_payload(REPOSITORY, 1, comment);
    assert_eq!(platform.send("issue_comment", "c-gone", &payload), 202);
    platform.server.wait(
        || last_status(&platform, &head).as_deref() != Some("success"),
        || format!("{:?}", platform.forge.statuses(REPOSITORY)),
    );
}
