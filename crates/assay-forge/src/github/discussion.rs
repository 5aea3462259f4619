//! Comments and reviews of pull requests, and reactions to them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Listed;
use crate::error::ForgeError;
use crate::name::{CommitSha, PullId, RepoName};
use crate::post::{Place, Side};
use crate::transport::Does;

use super::GitHub;
use super::model::{IssueComment, Reaction, Review, ReviewComment, Verdict};
use super::pull::pull_path;

/// Comments of one pull request that are read.
pub(super) const COMMENTS_MAX: usize = 5_000;
const REVIEWS_MAX: usize = 2_000;
const REACTIONS_MAX: usize = 500;

/// A comment to be made on a line.
pub(super) fn comment_wire(place: &Place, body: &str) -> Value {
    let side = |side: Side| match side {
        Side::Old => "LEFT",
        Side::New => "RIGHT",
    };
    let mut wire = json!({
        "path": place.path,
        "line": place.last_line,
        "side": side(place.side),
        "body": body,
    });
    // An equal start is refused: one line has none.
    if place.first_line < place.last_line {
        wire["start_line"] = place.first_line.into();
        wire["start_side"] = side(place.side).into();
    }
    wire
}

impl GitHub {
    /// Returns the comments on lines of a pull request.
    pub async fn review_comments(
        &self,
        pull: &PullId,
    ) -> Result<Listed<ReviewComment>, ForgeError> {
        let path = pull_path(pull, "/comments?per_page=100");
        self.list(path, COMMENTS_MAX).await
    }

    /// Makes a comment on a line. After an error that may have been done, list
    /// before trying again.
    pub async fn review_comment_create(
        &self,
        pull: &PullId,
        commit: &CommitSha,
        place: &Place,
        body: &str,
    ) -> Result<ReviewComment, ForgeError> {
        let mut wire = comment_wire(place, body);
        wire["commit_id"] = commit.as_str().into();
        let path = pull_path(pull, "/comments");
        self.send(Method::POST, path, &wire, Does::Makes).await
    }

    /// Answers a comment in its thread.
    pub async fn review_comment_reply(
        &self,
        pull: &PullId,
        comment: u64,
        body: &str,
    ) -> Result<ReviewComment, ForgeError> {
        let path = pull_path(pull, &format!("/comments/{comment}/replies"));
        let wire = json!({ "body": body });
        self.send(Method::POST, path, &wire, Does::Makes).await
    }

    /// Changes the text of a comment on a line.
    pub async fn review_comment_update(
        &self,
        repo: &RepoName,
        comment: u64,
        body: &str,
    ) -> Result<ReviewComment, ForgeError> {
        let path = format!("/repos/{repo}/pulls/comments/{comment}");
        let wire = json!({ "body": body });
        self.send(Method::PATCH, path, &wire, Does::Sets).await
    }

    /// Returns the reactions to a comment on a line; there is no webhook.
    pub async fn review_comment_reactions(
        &self,
        repo: &RepoName,
        comment: u64,
    ) -> Result<Listed<Reaction>, ForgeError> {
        let path = format!("/repos/{repo}/pulls/comments/{comment}/reactions?per_page=100");
        self.list(path, REACTIONS_MAX).await
    }

    /// Returns the reviews of a pull request; of pending ones only our own.
    pub async fn reviews(&self, pull: &PullId) -> Result<Listed<Review>, ForgeError> {
        let path = pull_path(pull, "/reviews?per_page=100");
        self.list(path, REVIEWS_MAX).await
    }

    /// Returns the comments of one review, also of a pending one.
    pub async fn review_own_comments(
        &self,
        pull: &PullId,
        review: u64,
    ) -> Result<Listed<ReviewComment>, ForgeError> {
        let path = pull_path(pull, &format!("/reviews/{review}/comments?per_page=100"));
        self.list(path, COMMENTS_MAX).await
    }

    /// Submits a review with all its comments, or none when one is refused.
    pub async fn review_create(
        &self,
        pull: &PullId,
        commit: &CommitSha,
        verdict: Verdict,
        body: &str,
        comments: &[(Place, String)],
    ) -> Result<Review, ForgeError> {
        let comments = comments
            .iter()
            .map(|(place, body)| comment_wire(place, body));
        let mut wire = json!({
            "commit_id": commit.as_str(),
            // A blank event would leave the review pending.
            "event": verdict.event(),
            "comments": comments.collect::<Vec<_>>(),
        });
        if !body.is_empty() {
            wire["body"] = body.into();
        }
        let path = pull_path(pull, "/reviews");
        self.send(Method::POST, path, &wire, Does::Makes).await
    }

    /// Submits a pending review.
    pub async fn review_submit(
        &self,
        pull: &PullId,
        review: u64,
        verdict: Verdict,
        body: &str,
    ) -> Result<Review, ForgeError> {
        let path = pull_path(pull, &format!("/reviews/{review}/events"));
        let wire = json!({ "event": verdict.event(), "body": body });
        self.send(Method::POST, path, &wire, Does::Makes).await
    }

    /// Deletes a pending review; one that is gone already is as well.
    pub async fn review_delete_pending(
        &self,
        pull: &PullId,
        review: u64,
    ) -> Result<(), ForgeError> {
        let path = pull_path(pull, &format!("/reviews/{review}"));
        match self.call(Method::DELETE, path, None, Does::Sets).await {
            Ok(_) | Err(ForgeError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes back an approval or a request for changes.
    pub async fn review_dismiss(
        &self,
        pull: &PullId,
        review: u64,
        why: &str,
    ) -> Result<Review, ForgeError> {
        let path = pull_path(pull, &format!("/reviews/{review}/dismissals"));
        let wire = json!({ "message": why, "event": "DISMISS" });
        self.send(Method::PUT, path, &wire, Does::Sets).await
    }

    /// Returns the comments of the conversation.
    pub async fn issue_comments(&self, pull: &PullId) -> Result<Listed<IssueComment>, ForgeError> {
        let path = issue_path(pull, "/comments?per_page=100");
        self.list(path, COMMENTS_MAX).await
    }

    /// Makes a comment in the conversation. After an error that may have been
    /// done, list before trying again.
    pub async fn issue_comment_create(
        &self,
        pull: &PullId,
        body: &str,
    ) -> Result<IssueComment, ForgeError> {
        let path = issue_path(pull, "/comments");
        let wire = json!({ "body": body });
        self.send(Method::POST, path, &wire, Does::Makes).await
    }

    /// Changes the text of a comment of the conversation.
    pub async fn issue_comment_update(
        &self,
        repo: &RepoName,
        comment: u64,
        body: &str,
    ) -> Result<IssueComment, ForgeError> {
        let path = format!("/repos/{repo}/issues/comments/{comment}");
        let wire = json!({ "body": body });
        self.send(Method::PATCH, path, &wire, Does::Sets).await
    }

    /// Reacts to a comment of the conversation, such as with `eyes` to a command
    /// that was seen. The same reaction twice is one.
    pub async fn issue_comment_react(
        &self,
        repo: &RepoName,
        comment: u64,
        content: &str,
    ) -> Result<Reaction, ForgeError> {
        let path = format!("/repos/{repo}/issues/comments/{comment}/reactions");
        let wire = json!({ "content": content });
        self.send(Method::POST, path, &wire, Does::Sets).await
    }
}

fn issue_path(pull: &PullId, rest: &str) -> String {
    format!("/repos/{}/issues/{}{rest}", pull.repo, pull.number)
}
