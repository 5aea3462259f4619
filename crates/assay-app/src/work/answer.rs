//! Answers to what people write on pull requests. An answer has a key and is given
//! once for it, however often this runs.

use assay_auth::Scope;
use assay_store::{Claim, NewTask, Priority, Tx, Unique};
use serde::{Deserialize, Serialize};

use super::Worker;
use super::trouble::Trouble;
use crate::job::Job;

/// Answers somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerComment {
    /// The repository.
    pub repository: String,
    /// The number of the pull request.
    pub number: u64,
    /// The thread, as the forge calls it; none is the conversation.
    pub thread: Option<String>,
    /// What it answers: there is one answer to it on a pull request.
    pub key: String,
    /// Markdown.
    pub text: String,
}

impl Job for AnswerComment {
    const KIND: &'static str = "answer_comment";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "any";
    const PRIORITY: Priority = Priority::High;
    const ATTEMPTS_MAX: i64 = 8;
    const DEADLINE_MS: i64 = 2 * 60_000;
}

impl AnswerComment {
    /// Queues it.
    pub(super) async fn queue(&self, tx: &mut Tx, scope: &Scope) -> Result<(), Trouble> {
        let key = format!("{}/{}/{}", self.repository, self.number, self.key);
        let task = NewTask {
            unique: Some((key, Unique::Oldest)),
            ..self.task()?
        };
        tx.task_enqueue(scope, &task).await?;
        Ok(())
    }
}

impl Worker {
    pub(super) async fn answer_comment(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = AnswerComment::read(&claim.payload, claim.payload_version)?;
        let organisation = claim.organisation;
        let organisation = organisation.ok_or_else(|| Trouble::broken("the answer is nobody's"))?;
        let of = (job.repository.as_str(), job.number);
        self.stand_alone(claim, of).await?;
        let (reached, _) = self
            .reach(organisation, &job.repository, job.number)
            .await?;
        let (client, id) = (&reached.client, &reached.id);
        let answered = client
            .answer(id, job.thread.as_deref(), &job.key, &job.text)
            .await?;
        let result = match answered {
            Some(_) => None,
            None => Some("the conversation is too long to know whether it was answered"),
        };
        self.complete(claim, result).await
    }

    /// Ends a task that changed nothing here.
    pub(super) async fn complete(
        &self,
        claim: &Claim,
        result: Option<&str>,
    ) -> Result<(), Trouble> {
        let mut tx = self.0.app.store().begin().await?;
        tx.task_complete(&self.0.scope, claim.lease, result).await?;
        tx.commit().await?;
        Ok(())
    }
}
