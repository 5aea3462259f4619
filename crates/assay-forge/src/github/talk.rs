//! The conversation of a pull request and the threads on its lines, as places to
//! say something once.

use crate::answer::Listed;
use crate::error::ForgeError;
use crate::name::PullId;
use crate::post::{Comment, Talk, answer_once};
use crate::world::World;

use super::GitHub;
use super::model::{AppIdentity, ReviewComment};

/// The conversation of a pull request.
pub(super) struct Conversation<'a> {
    pub(super) github: &'a GitHub,
    pub(super) pull: &'a PullId,
    pub(super) me: &'a AppIdentity,
}

/// The thread that begins with a comment on a line.
struct Thread<'a> {
    github: &'a GitHub,
    pull: &'a PullId,
    me: &'a AppIdentity,
    first: u64,
}

impl GitHub {
    /// Answers somebody, once for each key: in the thread of the comment `first`,
    /// or in the conversation. Returns the number of the comment; none when the
    /// conversation is too long to know whether it was answered.
    pub async fn answer(
        &self,
        pull: &PullId,
        first: Option<u64>,
        key: &str,
        text: &str,
    ) -> Result<Option<u64>, ForgeError> {
        let (github, me) = (self, &self.whoami().await?);
        let Some(first) = first else {
            return answer_once(&Conversation { github, pull, me }, key, text).await;
        };
        let thread = Thread {
            github,
            pull,
            me,
            first,
        };
        answer_once(&thread, key, text).await
    }
}

impl Talk for Conversation<'_> {
    async fn comments(&self) -> Result<Listed<Comment>, ForgeError> {
        let listed = self.github.issue_comments(self.pull).await?;
        let items = listed.items.into_iter().map(|comment| Comment {
            id: comment.id,
            is_ours: self.me.is(comment.user.as_ref()),
            body: comment.body.unwrap_or_default(),
        });
        Ok(Listed {
            items: items.collect(),
            is_complete: listed.is_complete,
        })
    }

    async fn say(&self, body: &str) -> Result<u64, ForgeError> {
        let made = self.github.issue_comment_create(self.pull, body).await?;
        Ok(made.id)
    }

    async fn rephrase(&self, comment: u64, body: &str) -> Result<u64, ForgeError> {
        let repo = &self.pull.repo;
        let changed = self
            .github
            .issue_comment_update(repo, comment, body)
            .await?;
        Ok(changed.id)
    }

    fn world(&self) -> &World {
        self.github.world()
    }
}

impl Talk for Thread<'_> {
    async fn comments(&self) -> Result<Listed<Comment>, ForgeError> {
        let listed = self.github.review_comments(self.pull).await?;
        let is_here = |comment: &ReviewComment| comment.in_reply_to_id == Some(self.first);
        let items = listed.items.into_iter().filter(is_here);
        let items = items.map(|comment| Comment {
            id: comment.id,
            is_ours: self.me.is(comment.user.as_ref()),
            body: comment.body,
        });
        Ok(Listed {
            items: items.collect(),
            is_complete: listed.is_complete,
        })
    }

    async fn say(&self, body: &str) -> Result<u64, ForgeError> {
        let reply = self
            .github
            .review_comment_reply(self.pull, self.first, body);
        Ok(reply.await?.id)
    }

    async fn rephrase(&self, comment: u64, body: &str) -> Result<u64, ForgeError> {
        let repo = &self.pull.repo;
        let changed = self
            .github
            .review_comment_update(repo, comment, body)
            .await?;
        Ok(changed.id)
    }

    fn world(&self) -> &World {
        self.github.world()
    }
}
