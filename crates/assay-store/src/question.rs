//! Questions about repositories: kept before they are accepted, so that each is answered,
//! and with their answers afterwards.

use assay_auth::{OrganisationId, Scope, UserId};

use crate::transaction::{Page, organisation_of};
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, QuestionId, RepositoryId, TaskId, Tx};

/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 4 << 20;

words! {
    /// How far a question is.
    QuestionState as "state of a question" {
        /// It waits for a worker.
        Queued = "queued",
        /// A worker looks for an answer.
        Running = "running",
        /// It is answered.
        Done = "done",
        /// It is not, and will not be.
        Failed = "failed",
    }
}

/// What somebody wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuestion {
    /// Of which repository.
    pub repository: RepositoryId,
    /// Who asks, if it is a person.
    pub user: Option<UserId>,
    /// As it is at which revision.
    pub revision: String,
    /// In their words.
    pub text: String,
}

/// A question, and its answer once there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Which one.
    pub id: QuestionId,
    /// Whose.
    pub organisation: OrganisationId,
    /// What is asked.
    pub asked: NewQuestion,
    /// The task that answers it.
    pub task: Option<TaskId>,
    /// How far it is.
    pub state: QuestionState,
    /// The commit that the answer is about.
    pub head: Option<String>,
    /// The answer, as JSON.
    pub answer: Option<String>,
    /// Why there is none.
    pub problem: Option<String>,
    /// When it was asked.
    pub created_ms: i64,
    /// When it was answered or given up.
    pub finished_ms: Option<i64>,
}

const QUESTION: &str = "question";

fn question(row: &Row) -> Result<Question, Error> {
    Ok(Question {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        asked: NewQuestion {
            repository: row.id("repository_id")?,
            user: row.id_or_none("user_id")?,
            revision: row.get("revision")?,
            text: row.get("text")?,
        },
        task: row.id_or_none("task_id")?,
        state: QuestionState::parse(&row.get::<String>("state")?)?,
        head: row.get("head")?,
        answer: row.get("answer")?,
        problem: row.get("problem")?,
        created_ms: row.get("created_ms")?,
        finished_ms: row.get("finished_ms")?,
    })
}

impl Tx {
    /// Keeps a question of the scope's organisation.
    pub async fn question_insert(
        &mut self,
        scope: &Scope,
        new: &NewQuestion,
    ) -> Result<QuestionId, Error> {
        let organisation = organisation_of(scope)?;
        let id = QuestionId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO question (id, organisation_id, repository_id, user_id, revision, \
                   text, state, created_ms, updated_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $7)";
        let args = args![
            id,
            organisation,
            new.repository,
            new.user,
            &new.revision,
            &new.text,
            self.now_ms(),
        ];
        self.execute(sql, args).await?;
        Ok(id)
    }

    /// Returns a question of the scope's organisation.
    pub async fn question_get(&mut self, scope: &Scope, id: QuestionId) -> Result<Question, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM question WHERE id = $1 AND organisation_id = $2";
        let found = self.find(sql, args![id, organisation], question).await?;
        found.ok_or(Error::NotFound(QUESTION))
    }

    /// Lists the questions about a repository of the scope's organisation, the newest first.
    pub async fn question_list(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        page: Page<QuestionId>,
    ) -> Result<Vec<Question>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM question WHERE organisation_id = $1 AND repository_id = $2 \
                   AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4";
        let args = args![organisation, repository, page.after, page.limit()];
        self.list(sql, args, question).await
    }

    /// Says which task answers a question.
    pub async fn question_set_task(
        &mut self,
        scope: &Scope,
        id: QuestionId,
        task: TaskId,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE question SET task_id = $3, updated_ms = $4 \
                   WHERE id = $1 AND organisation_id = $2";
        let args = args![id, organisation, task, self.now_ms()];
        self.touch(QUESTION, sql, args).await
    }

    /// Says that the work on a question began. One that ended stays as it is.
    pub async fn question_start(&mut self, scope: &Scope, id: QuestionId) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE question SET state = 'running', updated_ms = $3 WHERE id = $1 \
                   AND organisation_id = $2 AND state IN ('queued', 'running')";
        let args = args![id, organisation, self.now_ms()];
        self.touch(QUESTION, sql, args).await
    }

    /// Keeps the answer to a question, and about which commit it is.
    pub async fn question_finish(
        &mut self,
        scope: &Scope,
        id: QuestionId,
        (head, answer): (&str, &str),
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        if answer.len() > ANSWER_BYTES_MAX {
            return Err(Error::Invalid("the answer is too large".to_owned()));
        }
        let sql = "UPDATE question SET state = 'done', head = $3, answer = $4, problem = NULL, \
                   updated_ms = $5, finished_ms = $5 WHERE id = $1 AND organisation_id = $2";
        let args = args![id, organisation, head, answer, self.now_ms()];
        self.touch(QUESTION, sql, args).await
    }

    /// Says that a question will not be answered. One that is stays so.
    pub async fn question_abandon(
        &mut self,
        scope: &Scope,
        id: QuestionId,
        problem: &str,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "UPDATE question SET state = 'failed', problem = $3, updated_ms = $4, \
                   finished_ms = $4 WHERE id = $1 AND organisation_id = $2 AND state <> 'done'";
        let args = args![id, organisation, problem, self.now_ms()];
        self.execute(sql, args).await?;
        Ok(())
    }

    /// Removes a question with its answer.
    pub async fn question_remove(&mut self, scope: &Scope, id: QuestionId) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "DELETE FROM question WHERE id = $1 AND organisation_id = $2";
        self.touch(QUESTION, sql, args![id, organisation]).await
    }
}
