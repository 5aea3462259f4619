//! Commands in comments and the buttons of checks, from the webhook to the answer.

use assay_source::Clock as _;
use assay_store::{TaskCounts, TaskState};
use assay_testkit::MachineClock;
use serde_json::json;

use crate::serve::{BOT, HEAD, Platform, REPOSITORY, is_status};

/// Who opened the pull request, and who may push.
const AUTHOR: &str = "dev";
pub(crate) const WRITER: &str = "maintainer";
/// What is ready only then is not waited for.
const LATE_MS: i64 = 5 * 60_000;
/// What can be mended without a doubt.
pub(crate) const LITERAL: &str = "\n\ndef is_empty(total):\n    return total is 0\n";

impl Platform {
    /// Waits until there is the first review.
    pub(crate) fn reviewed(is_app: bool) -> Self {
        let platform = Self::start_as(Vec::new(), None, is_app);
        platform.forge.permission(REPOSITORY, WRITER, "write");
        assert_eq!(platform.deliver("opened", "d-0"), 202);
        platform.wait_for_reviews(1);
        platform
    }

    pub(crate) fn wait_for_reviews(&self, count: usize) {
        let are_done = || {
            let reviews = self.reviews();
            let done = reviews.iter().filter(|state| *state == "done").count();
            done == count && self.idle()
        };
        self.server.wait(are_done, || {
            format!("{count} reviews: {:?}", self.reviews())
        });
    }

    /// Returns whether nothing is left to do but what waits for hours, such as for a
    /// quota.
    pub(crate) fn idle(&self) -> bool {
        let counts = self.ask(async |tx, system| tx.task_counts(system).await.unwrap());
        let late_ms = MachineClock.now_ms() + LATE_MS;
        let is_left = |count: &TaskCounts| match count.state {
            TaskState::Waiting => count.oldest_ready_ms < late_ms,
            state => state == TaskState::Leased,
        };
        let mut left = counts.iter().filter(|count| is_left(count));
        left.all(|count| count.kind.starts_with("sync_"))
    }

    /// Writes a comment in the conversation, and waits until it was dealt with.
    pub(crate) fn says(&self, login: &str, body: &str) {
        let comment = self.forge.say(REPOSITORY, 1, login, body);
        let payload = self.forge.issue_comment_payload(REPOSITORY, 1, comment);
        self.delivered("issue_comment", comment, &payload);
    }

    /// Answers a remark.
    pub(crate) fn replies(&self, login: &str, body: &str) {
        let remark = self.remarks()[0];
        let comment = self.forge.reply(REPOSITORY, 1, remark, login, body);
        let payload = self.forge.review_comment_payload(REPOSITORY, 1, comment);
        self.delivered("pull_request_review_comment", comment, &payload);
    }

    fn delivered(&self, event: &str, number: u64, payload: &[u8]) {
        assert_eq!(self.send(event, &format!("c-{number}"), payload), 202);
        self.server
            .wait(|| self.idle(), || format!("{event} {number}"));
    }

    /// Returns what was answered in the conversation.
    pub(crate) fn answers(&self) -> Vec<String> {
        let said = self.forge.issue_comments(REPOSITORY, 1);
        let ours = said.into_iter().filter(|(_, login, _)| login == BOT);
        let answers = ours.filter(|(_, _, body)| body.contains("answer="));
        answers.map(|(_, _, body)| body).collect()
    }

    /// Returns what was answered below remarks.
    fn replied(&self) -> Vec<String> {
        let comments = self.forge.comments(REPOSITORY, 1).into_iter();
        let answers = comments.filter(|comment| comment.body.contains("answer="));
        answers.map(|comment| comment.body).collect()
    }
}

#[test]
fn a_review_is_asked_for_in_a_comment_by_those_who_may() {
    let platform = Platform::reviewed(false);
    platform.says(AUTHOR, "please look again\n/assay review");
    platform.wait_for_reviews(2);
    assert_eq!(platform.answers().len(), 1, "{:?}", platform.answers());
    assert!(platform.answers()[0].contains("is being reviewed again"));
    // Remarks are not said again, and our own word is no command.
    assert_eq!(platform.remarks().len(), 1);
    platform.says(BOT, "/assay review");
    platform.says("helper[bot]", "/assay review");
    // Who may not is told so once, and so is what nobody knows.
    for _ in 0..2 {
        platform.says("stranger", "/assay review");
        platform.says(AUTHOR, "/assay dance");
    }
    platform.says("stranger", "I would write `/assay review`.");
    let answers = platform.answers();
    assert_eq!(answers.len(), 3, "{answers:#?}");
    assert!(
        answers[1].contains("stranger may not do that"),
        "{}",
        answers[1]
    );
    assert!(answers[2].contains("no command `dance`"), "{}", answers[2]);
    assert!(answers[2].contains("| `/assay explain"), "{}", answers[2]);
    platform.wait_for_reviews(2);
    platform.forge.close(REPOSITORY, 1);
    platform.says(AUTHOR, "/assay review");
    assert!(platform.answers()[3].contains("is closed"));
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn an_ignored_finding_stays_ignored_when_its_code_moves() {
    let platform = Platform::reviewed(false);
    // The author alone may not silence the gate.
    platform.replies(AUTHOR, "/assay ignore -- please");
    let first = platform.repo.rev("topic");
    assert!(is_status(
        &platform.forge.statuses(REPOSITORY),
        &first,
        "failure"
    ));
    platform.replies(WRITER, "/assay ignore -- only we call this");
    platform.wait("the gate passes", |_, statuses| {
        is_status(statuses, &first, "success")
    });
    let replied = platform.replied();
    assert_eq!(replied.len(), 2, "{replied:#?}");
    assert!(replied[1].contains("(only we call this)"), "{}", replied[1]);
    let remark = platform.remarks()[0];
    let is_resolved = || {
        let comments = platform.forge.comments(REPOSITORY, 1);
        comments
            .iter()
            .any(|comment| comment.id == remark && comment.is_resolved)
    };
    platform
        .server
        .wait(is_resolved, || "the thread is resolved".to_owned());

    // The branch is rebased: other commits, other lines.
    platform.repo.git(["checkout", "--quiet", "main"]);
    platform.repo.write("README.md", "A shop.\n");
    platform.repo.commit("readme");
    platform.repo.git(["checkout", "--quiet", "-B", "topic"]);
    platform
        .repo
        .write("shop.py", format!("# The shop.\n\n{HEAD}"));
    platform.repo.commit("search, again");
    platform.pushed();
    assert_eq!(platform.deliver("synchronize", "d-9"), 202);
    let second = platform.repo.rev("topic");
    platform.wait("the review after the rebase", |_, statuses| {
        is_status(statuses, &second, "success")
    });
    assert_eq!(platform.remarks(), [remark]);
    assert!(is_resolved());
}

#[test]
fn rules_are_explained_and_switched_off_on_a_pull_request() {
    let platform = Platform::reviewed(false);
    platform.replies("anybody", "/assay explain");
    platform.forge.permission(REPOSITORY, "anybody", "read");
    platform.replies("anybody", "/assay explain");
    let replied = platform.replied();
    assert_eq!(replied.len(), 2, "{replied:#?}");
    assert!(replied[0].contains("may not do that"), "{}", replied[0]);
    assert!(replied[1].contains("CWE-89"), "{}", replied[1]);
    assert!(replied[1].contains("shop.py:"), "{}", replied[1]);
    platform.says(
        AUTHOR,
        "/assay explain correctness/assert-on-tuple\n/assay explain nonsense",
    );
    let answers = platform.answers();
    assert!(
        answers[0].contains("correctness/assert-on-tuple"),
        "{answers:#?}"
    );
    assert!(
        answers[0].contains("no finding or rule `nonsense`"),
        "{answers:#?}"
    );
    let head = platform.repo.rev("topic");
    platform.says(WRITER, "/assay ignore injection/sql-injection");
    platform.wait("the gate passes", |_, statuses| {
        is_status(statuses, &head, "success")
    });
}

#[test]
fn fixes_are_answered_as_a_patch() {
    let platform = Platform::reviewed(false);
    platform.says(AUTHOR, "/assay fix");
    let answers = platform.answers();
    assert!(answers[0].contains("has a fix that holds"), "{answers:#?}");
    platform.push(&format!("{HEAD}{LITERAL}"));
    assert_eq!(platform.deliver("synchronize", "d-1"), 202);
    platform.wait_for_reviews(2);
    platform.says(AUTHOR, "/assay fix");
    let answers = platform.answers();
    let patch = &answers[1];
    assert!(patch.contains("```diff\n"), "{patch}");
    assert!(patch.contains("-    return total is 0"), "{patch}");
    assert!(patch.contains("+    return total == 0"), "{patch}");
}

#[test]
fn questions_are_answered_with_passages_of_the_head() {
    let platform = Platform::reviewed(false);
    platform.says(AUTHOR, "/assay ask where is the sum of the items?");
    let answers = platform.answers();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let head = platform.repo.rev("topic");
    for expected in [
        format!("Passages at {}", &head[..7]),
        format!("/{REPOSITORY}/blob/{head}/"),
        ") in `total`".to_owned(),
        "return sum(items)".to_owned(),
    ] {
        assert!(answers[0].contains(&expected), "{expected}: {}", answers[0]);
    }
    platform.says(AUTHOR, "/assay ask zzzz");
    assert!(
        platform.answers()[1].contains("Nothing at "),
        "{:?}",
        platform.answers()
    );
    platform.says(AUTHOR, "/assay ask");
    assert!(platform.answers()[2].contains("Write the question"));
}

#[test]
fn a_paused_pull_request_is_not_reviewed_until_it_is_resumed() {
    let platform = Platform::reviewed(false);
    platform.says(AUTHOR, "/assay pause");
    platform.push(&format!("{HEAD}\n"));
    let payload = platform
        .forge
        .pull_request_payload(REPOSITORY, 1, "synchronize");
    platform.delivered("pull_request", 1, &payload);
    platform.wait_for_reviews(1);
    platform.says(AUTHOR, "/assay resume");
    platform.wait_for_reviews(2);
    assert_eq!(platform.answers().len(), 2);
}

#[test]
fn the_buttons_of_a_check_ask_again() {
    let platform = Platform::reviewed(true);
    let run = platform.forge.check_runs(REPOSITORY).remove(0);
    let head = platform.repo.rev("topic");
    let check_run = |action: &str, pulls: serde_json::Value| {
        let mut payload = json!({
            "action": action,
            "check_run": {
                "id": run.whole["id"], "name": run.name, "head_sha": head,
                "external_id": run.whole["external_id"], "pull_requests": pulls,
            },
        });
        if action == "requested_action" {
            payload["requested_action"] = json!({ "identifier": "again" });
        }
        payload
    };
    let one = json!([{ "number": 1 }]);
    let suite = json!({
        "action": "rerequested",
        "check_suite": { "head_sha": head, "pull_requests": one.clone() },
    });
    for (count, event, members) in [
        (2, "check_run", check_run("rerequested", one.clone())),
        // Of a fork the forge names no pull request.
        (3, "check_run", check_run("rerequested", json!([]))),
        (4, "check_run", check_run("requested_action", one)),
        (5, "check_suite", suite),
    ] {
        let payload = platform.forge.payload(REPOSITORY, AUTHOR, members);
        // Many webhooks do not say for which installation they are.
        let mut payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        payload.as_object_mut().unwrap().remove("installation");
        let payload = payload.to_string().into_bytes();
        platform.delivered(event, count, &payload);
        platform.wait_for_reviews(usize::try_from(count).unwrap());
    }
    // A check of somebody else is none of ours.
    let mut other = check_run("rerequested", json!([{ "number": 1 }]));
    other["check_run"]["name"] = "Tests".into();
    let payload = platform.forge.payload(REPOSITORY, AUTHOR, other);
    platform.delivered("check_run", 6, &payload);
    platform.wait_for_reviews(5);
    assert_eq!(platform.remarks().len(), 1);
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}
