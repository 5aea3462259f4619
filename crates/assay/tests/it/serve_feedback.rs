//! What people do with remarks, and what is learned from it.

use assay_store::Page;
use serde_json::json;

use crate::serve::{HEAD, Platform, REPOSITORY, is_status};

const PERSON: &str = "reviewer";

impl Platform {
    /// Returns what is kept of what people think: verdict, source, who.
    fn feedback(&self) -> Vec<String> {
        self.ask(async |tx, system| {
            let organisations = tx.organisation_list(system, Page::first(1)).await.unwrap();
            let scope = system.within(organisations[0].id).unwrap();
            let listed = tx
                .feedback_list(&scope, None, Page::first(100))
                .await
                .unwrap();
            let shown = listed.into_iter().map(|feedback| {
                let given = feedback.given;
                assert_eq!(given.rule, "injection/sql-injection");
                format!("{} {} {}", given.verdict.name(), given.source, given.actor)
            });
            let mut shown: Vec<_> = shown.collect();
            shown.sort();
            shown
        })
    }

    fn wait_for_feedback(&self, expected: &[&str]) {
        let there = || format!("{expected:?}: {:?}", self.feedback());
        self.server.wait(|| self.feedback() == expected, there);
    }

    fn first_remark() -> (Self, u64) {
        let platform = Self::start(None);
        assert_eq!(platform.deliver("opened", "d-1"), 202);
        let head = platform.repo.rev("topic");
        platform.wait("the review", |_, statuses| {
            is_status(statuses, &head, "failure")
        });
        let remark = platform.remarks()[0];
        (platform, remark)
    }

    /// Pushes what leaves the finding where it is.
    fn push_more(&self, delivery: &str) {
        self.push(&format!("{HEAD}\n\nLIMIT = 10\n"));
        assert_eq!(self.deliver("synchronize", delivery), 202);
        let head = self.repo.rev("topic");
        self.wait("the next review", |_, statuses| {
            is_status(statuses, &head, "failure")
        });
    }

    fn thread_event(&self, remark: u64, action: &str, login: &str) {
        let members = json!({
            "action": action,
            "pull_request": { "number": 1 },
            "thread": { "comments": [{ "id": remark }] },
        });
        let payload = self.forge.payload(REPOSITORY, login, members);
        let number = format!("t-{action}-{login}");
        assert_eq!(
            self.send("pull_request_review_thread", &number, &payload),
            202
        );
    }
}

#[test]
fn a_remark_that_was_deleted_is_not_made_again() {
    let (platform, remark) = Platform::first_remark();
    platform.forge.delete_comment(REPOSITORY, 1, remark);
    platform.push_more("d-2");
    assert_eq!(platform.remarks(), [0; 0]);
    platform.wait_for_feedback(&["rejected deleted "]);
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}

#[test]
fn a_thread_that_a_person_resolved_stays_so() {
    let (platform, remark) = Platform::first_remark();
    platform.forge.resolve(REPOSITORY, 1, remark, PERSON);
    platform.thread_event(remark, "resolved", PERSON);
    platform.wait_for_feedback(&["ignored thread reviewer"]);
    platform.push_more("d-2");
    // The finding is still there, so they do not want to hear of it.
    platform.wait_for_feedback(&["rejected thread "]);
    assert_eq!(platform.remarks(), [remark]);
    assert!(platform.forge.comments(REPOSITORY, 1)[0].is_resolved);
}

#[test]
fn reactions_are_found_without_a_webhook() {
    let (platform, remark) = Platform::first_remark();
    platform.forge.react(REPOSITORY, 1, remark, PERSON, "-1");
    platform
        .forge
        .react(REPOSITORY, 1, remark, "helper[bot]", "+1");
    platform.forge.react(REPOSITORY, 1, remark, "dev", "eyes");
    platform.wait_for_feedback(&["rejected reaction reviewer"]);
}
