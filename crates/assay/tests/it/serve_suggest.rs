//! The fix of one finding, placed on its pull request because somebody wants it there.

use serde_json::{Value, json};

use crate::serve::{HEAD, Platform, REPOSITORY, Server};
use crate::serve_command::LITERAL;

impl Server {
    /// Returns the newest finding that has a suggestion.
    pub(crate) fn proposed(&self, key: &str) -> String {
        let found = self.get("/api/v1/findings", key);
        let ids = found["items"].as_array().unwrap().iter();
        let mut ids = ids.map(|one| one["finding"]["id"].as_str().unwrap().to_owned());
        let has_one = |id: &String| {
            let finding = self.get(&format!("/api/v1/findings/{id}"), key);
            finding["detail"]["remark"]["suggestion"].is_object()
        };
        ids.find(has_one).expect("a finding with a suggestion")
    }

    /// Wants a suggestion and waits until it is known what became of it.
    pub(crate) fn suggested(&self, id: &str, key: &str) -> Value {
        let path = format!("/api/v1/findings/{id}/suggestion");
        let (status, wanted) = self.send("POST", &path, key, &json!(null));
        assert_eq!(
            (status, &wanted["state"]),
            (202, &json!("wanted")),
            "{wanted}"
        );
        let state = || self.get(&path, key);
        self.wait(|| state()["state"] != "wanted", || state().to_string());
        state()
    }
}

fn suggestions(platform: &Platform) -> Vec<(u64, u64)> {
    let comments = platform.forge.comments(REPOSITORY, 1).into_iter();
    let ours = comments.filter(|comment| comment.body.contains("```suggestion\n"));
    ours.map(|comment| (comment.id, comment.line)).collect()
}

#[test]
fn a_fix_is_placed_once_where_it_is_wanted() {
    let platform = Platform::reviewed(false);
    platform.push(&format!("{HEAD}{LITERAL}"));
    assert_eq!(platform.deliver("synchronize", "d-1"), 202);
    platform.wait_for_reviews(2);
    let key = platform.server.key.clone().unwrap();
    let id = platform.server.proposed(&key);
    let [(comment, line)] = suggestions(&platform)[..] else {
        panic!("{:#?}", platform.forge.comments(REPOSITORY, 1));
    };
    let all = platform.remarks();
    let summaries = platform.forge.issue_comments(REPOSITORY, 1);
    // It stands there already.
    let placed = platform.server.suggested(&id, &key);
    assert_eq!(placed["comment"], comment.to_string(), "{placed}");
    assert_eq!(platform.remarks(), all);
    // Somebody deleted it; who wants it now gets it, once.
    platform.forge.delete_comment(REPOSITORY, 1, comment);
    assert_eq!(suggestions(&platform), []);
    let placed = platform.server.suggested(&id, &key);
    let again = suggestions(&platform);
    assert_eq!(again.len(), 1);
    assert_eq!(
        (placed["state"].as_str(), again[0].1),
        (Some("placed"), line)
    );
    assert_eq!(placed["comment"], again[0].0.to_string());
    platform.server.suggested(&id, &key);
    assert_eq!(suggestions(&platform), again);
    // Nothing else of the review was touched.
    assert_eq!(platform.remarks().len(), all.len());
    assert_eq!(platform.forge.issue_comments(REPOSITORY, 1), summaries);
    let comments = platform.forge.comments(REPOSITORY, 1);
    assert!(comments.iter().all(|comment| !comment.is_resolved));
    let audit = platform.server.get("/api/v1/audit", &key).to_string();
    assert!(audit.contains("finding.suggest"), "{audit}");
    // A finding without a fix has nothing to suggest.
    let other = platform
        .server
        .get("/api/v1/findings?rule=injection/sql-injection", &key);
    let other = other["items"][0]["finding"]["id"].as_str().unwrap();
    let path = format!("/api/v1/findings/{other}/suggestion");
    let (status, why) = platform.server.send("POST", &path, &key, &json!(null));
    assert_eq!(status, 400, "{why}");
    // After a push the lines are others.
    platform.push(&format!("# The shop.\n{HEAD}{LITERAL}"));
    let refused = platform.server.suggested(&id, &key);
    let problem = refused["problem"].as_str().unwrap();
    assert!(
        refused["state"] == "refused" && problem.contains("push"),
        "{refused}"
    );
    platform.forge.close(REPOSITORY, 1);
    let refused = platform.server.suggested(&id, &key);
    assert_eq!(refused["problem"], "the pull request is closed");
    assert_eq!(platform.forge.violations(), Vec::<String>::new());
}
