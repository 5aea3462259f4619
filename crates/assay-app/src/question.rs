//! Questions about repositories: asked, looked at, and answered by a worker from passages
//! of the code.

use assay_auth::{Identifier, Permission};
use assay_store::{NewQuestion, Question, QuestionId, RepositoryId, TaskId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::job::{AnswerQuestion, Job as _};
use crate::paging::Paging;
use crate::quota::QuotaKind;
use crate::repository::{RepositoryName, checked_revision, named};
use crate::review::ACCEPTED;
use crate::version::Once;

/// Bytes of a question.
const QUESTION_BYTES_MAX: usize = assay_retrieval::QUERY_BYTES_MAX;
/// Passages of an answer, unless somebody wants more or fewer.
const PASSAGES: u16 = 5;
/// Passages of an answer at most.
const PASSAGES_MAX: u16 = 50;

/// What somebody wants to know.
#[derive(Clone, Debug)]
pub struct AskWish {
    /// Of which repository.
    pub repository: RepositoryName,
    /// A branch, a tag or the full name of a commit; the default branch, if none.
    pub revision: Option<String>,
    /// In their words.
    pub question: String,
    /// Passages of the answer at most.
    pub passages_max: Option<u16>,
    /// Whether a model may answer, where the organisation lets it.
    pub asks_model: bool,
    /// What the caller sends again when they do not know whether it arrived.
    pub idempotency_key: Option<String>,
}

/// A question that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedQuestion {
    /// The question.
    pub question: Identifier,
    /// The task that answers it.
    pub task: Identifier,
}

#[derive(Serialize, Deserialize)]
struct KeptQuestion {
    question: String,
    task: String,
}

/// What a request is, for those that are sent again.
#[derive(Serialize)]
struct SameQuestion<'a> {
    repository: String,
    revision: &'a str,
    question: &'a str,
    passages_max: u16,
    asks_model: bool,
}

/// A question with its answer, once there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionView {
    /// Its identifier.
    pub id: Identifier,
    /// Of which repository.
    pub repository: Identifier,
    /// At which revision.
    pub revision: String,
    /// What is asked.
    pub question: String,
    /// `queued`, `running`, `done` or `failed`.
    pub state: &'static str,
    /// The task that answers it.
    pub task: Option<Identifier>,
    /// The commit that the answer is about.
    pub head: Option<String>,
    /// The answer.
    pub answer: Option<QuestionAnswer>,
    /// Why there is none.
    pub problem: Option<String>,
    /// When it was asked.
    pub created_ms: i64,
    /// When it was answered or given up.
    pub finished_ms: Option<i64>,
}

/// What answers a question. It is also the form in which it is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QuestionAnswer {
    /// A model's answer, of which every citation was found; none where none was asked or
    /// it said nothing that holds.
    pub said: Option<SaidAnswer>,
    /// Why there is no answer of a model although one was asked.
    pub model_problem: Option<String>,
    /// The passages that fit best, the best first.
    pub passages: Vec<QuestionPassage>,
}

/// An answer of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaidAnswer {
    /// Its words, with the numbers of passages in brackets.
    pub text: String,
    /// Where what it quotes stands.
    pub citations: Vec<QuestionCitation>,
}

/// A place that an answer cites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionCitation {
    /// The number of the passage, from 1.
    pub passage: u64,
    /// The file.
    pub path: String,
    /// The line.
    pub line: u32,
}

/// A passage that fits a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionPassage {
    /// The file.
    pub path: String,
    /// The line that fits best.
    pub line: u32,
    /// Its first line.
    pub first_line: u32,
    /// Its last line.
    pub last_line: u32,
    /// What kind of code it is.
    pub kind: String,
    /// What it defines.
    pub name: String,
    /// How well it fits; only to be compared within one answer.
    pub score: f64,
    /// Its text, with secrets masked.
    pub text: String,
}

fn view(row: Question) -> Result<QuestionView, Error> {
    let answer = row.answer.as_deref().map(serde_json::from_str).transpose();
    Ok(QuestionView {
        id: row.id.identifier(),
        repository: row.asked.repository.identifier(),
        revision: row.asked.revision,
        question: row.asked.text,
        state: row.state.name(),
        task: row.task.map(TaskId::identifier),
        head: row.head,
        answer: answer.map_err(|why| Error::Internal(format!("a kept answer: {why}")))?,
        problem: row.problem,
        created_ms: row.created_ms,
        finished_ms: row.finished_ms,
    })
}

impl App {
    /// Accepts a question: when this returns, it will be answered.
    pub async fn question_ask(
        &self,
        caller: &Caller,
        wish: AskWish,
    ) -> Result<AskedQuestion, Error> {
        let scope = caller.authorise(Permission::ReviewRun)?;
        let text = checked_question(&wish.question)?;
        let passages_max = wish.passages_max.unwrap_or(PASSAGES);
        if !(1..=PASSAGES_MAX).contains(&passages_max) {
            let why = format!("1 to {PASSAGES_MAX}");
            return Err(Error::invalid("passages_max", why));
        }
        let revision = wish.revision.as_deref().map(checked_revision).transpose()?;
        let mut tx = self.store().begin().await?;
        let repository = named(&mut tx, &scope, &wish.repository).await?;
        let revision = revision.unwrap_or(&repository.default_branch).to_owned();
        let same = SameQuestion {
            repository: repository.id.to_string(),
            revision: &revision,
            question: text,
            passages_max,
            asks_model: wish.asks_model,
        };
        let key = wish.idempotency_key.as_deref();
        let (once, done) = Once::begin::<KeptQuestion>(&mut tx, &scope, key, &same).await?;
        if let Some(kept) = done {
            return Ok(AskedQuestion {
                question: Identifier::parse(&kept.question)?,
                task: Identifier::parse(&kept.task)?,
            });
        }
        self.quota_take(&mut tx, &scope, QuotaKind::Questions)
            .await?;
        self.check_backlog(&mut tx).await?;
        let new = NewQuestion {
            repository: repository.id,
            user: scope.actor().user(),
            revision,
            text: text.to_owned(),
        };
        let question = tx.question_insert(&scope, &new).await?;
        let job = AnswerQuestion {
            question: question.to_string(),
            passages_max,
            asks_model: wish.asks_model,
        };
        let task = tx.task_enqueue(&scope, &job.task()?).await?.task();
        tx.question_set_task(&scope, question, task).await?;
        // What is asked is not for the log.
        let details = json!({"repository": repository.id.to_string()});
        let target = format!("question:{question}");
        audit(&mut tx, &scope, "question.ask", target, details).await?;
        let kept = KeptQuestion {
            question: question.to_string(),
            task: task.to_string(),
        };
        once.finish(&mut tx, &scope, ACCEPTED, &kept).await?;
        tx.commit().await?;
        Ok(AskedQuestion {
            question: question.identifier(),
            task: task.identifier(),
        })
    }

    /// Returns a question, with its answer once there is one.
    pub async fn question_get(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<QuestionView, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let id = QuestionId::from_identifier(id);
        view(tx.question_get(&scope, id).await?)
    }

    /// Lists the questions about a repository, the newest first.
    pub async fn question_list(
        &self,
        caller: &Caller,
        repository: Identifier,
        paging: Paging,
    ) -> Result<Vec<QuestionView>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let repository = RepositoryId::from_identifier(repository);
        tx.repository_get(&scope, repository).await?;
        let page = paging.page(QuestionId::from_identifier);
        let rows = tx.question_list(&scope, repository, page).await?;
        rows.into_iter().map(view).collect()
    }

    /// Removes a question with its answer. One that is not answered yet will not be.
    pub async fn question_remove(&self, caller: &Caller, id: Identifier) -> Result<(), Error> {
        let scope = caller.authorise(Permission::ReviewDelete)?;
        let id = QuestionId::from_identifier(id);
        let mut tx = self.store().begin().await?;
        tx.question_remove(&scope, id).await?;
        let target = format!("question:{id}");
        audit(&mut tx, &scope, "question.remove", target, json!({})).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn checked_question(text: &str) -> Result<&str, Error> {
    let text = text.trim();
    match !text.is_empty() && text.len() <= QUESTION_BYTES_MAX && !text.contains('\0') {
        true => Ok(text),
        false => Err(Error::invalid(
            "question",
            format!("1 to {QUESTION_BYTES_MAX} bytes of text"),
        )),
    }
}
