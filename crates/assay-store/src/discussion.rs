//! Talks of agents about a review: asked for, and kept with what came of them as long as
//! the review is. What was said is among the messages of the review.

use assay_auth::{OrganisationId, Scope, UserId};

use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::word::words;
use crate::{DiscussionId, Error, ReviewId, TaskId, Tx};

/// Bytes of a conclusion.
const CONCLUSION_BYTES_MAX: usize = 4 << 20;
/// Bytes of what models were asked and answered; a longer one is not kept.
const TRANSCRIPT_BYTES_MAX: usize = 16 << 20;

words! {
    /// How far a talk is.
    DiscussionState as "state of a discussion" {
        /// It waits for a worker.
        Queued = "queued",
        /// The agents talk.
        Running = "running",
        /// It is over.
        Done = "done",
        /// It did not come about.
        Failed = "failed",
    }
}

/// A talk that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDiscussion {
    /// About which review.
    pub review: ReviewId,
    /// Who asks, if it is a person.
    pub user: Option<UserId>,
    /// The agents, as YAML; the usual ones when it is empty.
    pub agents: String,
}

/// A talk, and what came of it once it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discussion {
    /// Which one.
    pub id: DiscussionId,
    /// Whose.
    pub organisation: OrganisationId,
    /// What was asked for.
    pub asked: NewDiscussion,
    /// The task that does it.
    pub task: Option<TaskId>,
    /// How far it is.
    pub state: DiscussionState,
    /// What came of it, as JSON.
    pub conclusion: Option<String>,
    /// Why it did not come about.
    pub problem: Option<String>,
    /// When it was asked for.
    pub created_ms: i64,
    /// When it was over.
    pub finished_ms: Option<i64>,
}

const DISCUSSION: &str = "discussion";

/// Without the transcript, which is read for itself.
macro_rules! columns {
    () => {
        "id, organisation_id, review_id, user_id, task_id, agents, state, conclusion, problem, \
         created_ms, finished_ms"
    };
}

fn discussion(row: &Row) -> Result<Discussion, Error> {
    Ok(Discussion {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        asked: NewDiscussion {
            review: row.id("review_id")?,
            user: row.id_or_none("user_id")?,
            agents: row.get("agents")?,
        },
        task: row.id_or_none("task_id")?,
        state: DiscussionState::parse(&row.get::<String>("state")?)?,
        conclusion: row.get("conclusion")?,
        problem: row.get("problem")?,
        created_ms: row.get("created_ms")?,
        finished_ms: row.get("finished_ms")?,
    })
}

impl Tx {
    /// Keeps that somebody asks for a talk about a review of the scope's organisation.
    pub async fn discussion_insert(
        &mut self,
        scope: &Scope,
        new: &NewDiscussion,
    ) -> Result<DiscussionId, Error> {
        let organisation = organisation_of(scope)?;
        let id = DiscussionId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO discussion (id, organisation_id, review_id, user_id, agents, \
                   state, created_ms, updated_ms) VALUES ($1, $2, $3, $4, $5, 'queued', $6, $6)";
        let args = args![
            id,
            organisation,
            new.review,
            new.user,
            &new.agents,
            self.now_ms(),
        ];
        self.execute(sql, args).await?;
        Ok(id)
    }

    /// Returns a talk of the scope's organisation.
    pub async fn discussion_get(
        &mut self,
        scope: &Scope,
        id: DiscussionId,
    ) -> Result<Discussion, Error> {
        let organisation = organisation_of(scope)?;
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM discussion WHERE id = $1 AND organisation_id = $2"
        );
        let found = self.find(sql, args![id, organisation], discussion).await?;
        found.ok_or(Error::NotFound(DISCUSSION))
    }

    /// Lists the talks about a review, the newest first.
    pub async fn discussion_list(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        page: Page<DiscussionId>,
    ) -> Result<Vec<Discussion>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM discussion WHERE organisation_id = $1 AND review_id = $2 \
             AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
        );
        let args = args![organisation, review, page.after, page.limit()];
        self.list(sql, args, discussion).await
    }

    /// Returns whether a talk about a review waits or is under way.
    pub async fn discussion_is_open(
        &mut self,
        scope: &Scope,
        review: ReviewId,
    ) -> Result<bool, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT count(*) AS count FROM discussion WHERE organisation_id = $1 \
                   AND review_id = $2 AND state IN ('queued', 'running')";
        Ok(self.count(sql, args![organisation, review]).await? > 0)
    }

    /// Says which task does a talk.
    pub async fn discussion_set_task(
        &mut self,
        scope: &Scope,
        id: DiscussionId,
        task: TaskId,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE discussion SET task_id = $3, updated_ms = $4 \
                   WHERE id = $1 AND organisation_id = $2";
        let args = args![id, organisation, task, self.now_ms()];
        self.touch(DISCUSSION, sql, args).await
    }

    /// Says that a talk began. One that is over stays so.
    pub async fn discussion_start(&mut self, scope: &Scope, id: DiscussionId) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE discussion SET state = 'running', updated_ms = $3 WHERE id = $1 \
                   AND organisation_id = $2 AND state IN ('queued', 'running')";
        let args = args![id, organisation, self.now_ms()];
        self.touch(DISCUSSION, sql, args).await
    }

    /// Keeps what came of a talk, and what models were asked and answered in it.
    pub async fn discussion_finish(
        &mut self,
        scope: &Scope,
        id: DiscussionId,
        (conclusion, transcript): (&str, &[u8]),
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        if conclusion.len() > CONCLUSION_BYTES_MAX {
            return Err(Error::Invalid("the conclusion is too large".to_owned()));
        }
        let transcript = (transcript.len() <= TRANSCRIPT_BYTES_MAX).then(|| transcript.to_vec());
        let sql = "UPDATE discussion SET state = 'done', conclusion = $3, transcript = $4, \
                   problem = NULL, updated_ms = $5, finished_ms = $5 \
                   WHERE id = $1 AND organisation_id = $2";
        let args = args![id, organisation, conclusion, transcript, self.now_ms()];
        self.touch(DISCUSSION, sql, args).await
    }

    /// Says that a talk did not come about. One that is done stays so.
    pub async fn discussion_abandon(
        &mut self,
        scope: &Scope,
        id: DiscussionId,
        problem: &str,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE discussion SET state = 'failed', problem = $3, updated_ms = $4, \
                   finished_ms = $4 WHERE id = $1 AND organisation_id = $2 AND state <> 'done'";
        let args = args![id, organisation, problem, self.now_ms()];
        self.execute(sql, args).await?;
        Ok(())
    }

    /// Returns what models were asked and answered in a talk.
    pub async fn discussion_transcript(
        &mut self,
        scope: &Scope,
        id: DiscussionId,
    ) -> Result<Option<Vec<u8>>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT transcript FROM discussion WHERE id = $1 AND organisation_id = $2";
        let read = |row: &Row| row.get::<Option<Vec<u8>>>("transcript");
        let found = self.find(sql, args![id, organisation], read).await?;
        found.ok_or(Error::NotFound(DISCUSSION))
    }
}
