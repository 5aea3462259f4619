//! The conversation of a merge request and its discussions, as places to say
//! something once.

use crate::answer::Listed;
use crate::error::ForgeError;
use crate::name::PullId;
use crate::post::{Comment, Talk, answer_once};
use crate::world::World;

use super::GitLab;
use super::model::{GitLabUser, Note};

/// The conversation of a merge request, or one discussion of it.
pub(super) struct Conversation<'a> {
    pub(super) gitlab: &'a GitLab,
    pub(super) pull: &'a PullId,
    pub(super) me: &'a GitLabUser,
    pub(super) discussion: Option<&'a str>,
}

impl GitLab {
    /// Answers somebody, once for each key: in a discussion, or in the
    /// conversation. Returns the number of the note; none when there are too many
    /// to know whether it was answered.
    pub async fn answer(
        &self,
        pull: &PullId,
        discussion: Option<&str>,
        key: &str,
        text: &str,
    ) -> Result<Option<u64>, ForgeError> {
        let me = self.whoami().await?;
        let talk = Conversation {
            gitlab: self,
            pull,
            me: &me,
            discussion,
        };
        answer_once(&talk, key, text).await
    }
}

impl Talk for Conversation<'_> {
    /// Lists the notes of the whole merge request: a key is answered once in it.
    async fn comments(&self) -> Result<Listed<Comment>, ForgeError> {
        let listed = self.gitlab.notes(self.pull).await?;
        let comment = |note: Note| Comment {
            id: note.id,
            is_ours: note.author.id == self.me.id,
            body: note.body,
        };
        Ok(Listed {
            items: listed.items.into_iter().map(comment).collect(),
            is_complete: listed.is_complete,
        })
    }

    async fn say(&self, body: &str) -> Result<u64, ForgeError> {
        let made = match self.discussion {
            Some(discussion) => {
                let reply = self.gitlab.discussion_reply(self.pull, discussion, body);
                reply.await?
            }
            None => self.gitlab.note_create(self.pull, body).await?,
        };
        Ok(made.id)
    }

    async fn rephrase(&self, comment: u64, body: &str) -> Result<u64, ForgeError> {
        let changed = self.gitlab.note_update(self.pull, comment, body).await?;
        Ok(changed.id)
    }

    fn world(&self) -> &World {
        self.gitlab.world()
    }
}
