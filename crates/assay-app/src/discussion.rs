//! Talks of agents about a review: started, looked at, and done by a worker. What is said
//! is among the messages of the review, as it is said.

use assay_auth::{Identifier, Permission};
use assay_review::Agents;
use assay_store::{Discussion, DiscussionId, NewDiscussion, ReviewId, TaskId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::job::{DiscussReview, Job as _};
use crate::model_setting::{self, ModelSetting};
use crate::paging::Paging;
use crate::quota::QuotaKind;
use crate::review::ACCEPTED;
use crate::version::Once;

/// A talk that somebody wants.
#[derive(Clone, Debug, Default)]
pub struct DiscussWish {
    /// Who talks, as YAML; those of the organisation if none.
    pub agents: Option<String>,
    /// What the caller sends again when they do not know whether it arrived.
    pub idempotency_key: Option<String>,
}

/// A talk that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedDiscussion {
    /// The talk.
    pub discussion: Identifier,
    /// The task that does it.
    pub task: Identifier,
}

#[derive(Serialize, Deserialize)]
struct KeptDiscussion {
    discussion: String,
    task: String,
}

/// A talk, and what came of it once it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscussionView {
    /// Its identifier.
    pub id: Identifier,
    /// About which review.
    pub review: Identifier,
    /// `queued`, `running`, `done` or `failed`.
    pub state: &'static str,
    /// The task that does it.
    pub task: Option<Identifier>,
    /// What came of it, as `assay discuss --format json` writes it.
    pub conclusion: Option<Value>,
    /// Why it did not come about.
    pub problem: Option<String>,
    /// When it was asked for.
    pub created_ms: i64,
    /// When it was over.
    pub finished_ms: Option<i64>,
}

fn view(row: Discussion) -> Result<DiscussionView, Error> {
    let conclusion = row.conclusion.as_deref().map(serde_json::from_str);
    let conclusion = conclusion.transpose();
    Ok(DiscussionView {
        id: row.id.identifier(),
        review: row.asked.review.identifier(),
        state: row.state.name(),
        task: row.task.map(TaskId::identifier),
        conclusion: conclusion
            .map_err(|why| Error::Internal(format!("a kept conclusion: {why}")))?,
        problem: row.problem,
        created_ms: row.created_ms,
        finished_ms: row.finished_ms,
    })
}

impl App {
    /// Accepts a talk about the review of a pull request: when this returns, it will come
    /// about.
    pub async fn discussion_start(
        &self,
        caller: &Caller,
        review: Identifier,
        wish: DiscussWish,
    ) -> Result<StartedDiscussion, Error> {
        let scope = caller.authorise(Permission::ReviewRun)?;
        let review = ReviewId::from_identifier(review);
        let mut tx = self.store().begin().await?;
        let row = tx.review_get(&scope, review).await?;
        if row.repository.is_none() || row.pull_request.is_none() {
            let why = "agents talk about reviews of pull requests";
            return Err(Error::invalid("review", why));
        }
        let setting = match tx.setting_get(&scope, model_setting::SETTING).await? {
            None => ModelSetting::default(),
            Some(setting) => serde_json::from_str(&setting.value)
                .map_err(|why| Error::Internal(format!("the setting `model`: {why}")))?,
        };
        if !setting.discuss {
            let why = "the organisation's setting `model` does not let agents talk (`discuss`)";
            return Err(Error::invalid("review", why));
        }
        let own = setting.agents.map(|agents| agents.0);
        let agents = wish.agents.or(own).unwrap_or_default();
        if !agents.is_empty() {
            Agents::parse(&agents).map_err(|why| Error::invalid("agents", why.to_string()))?;
        }
        let key = wish.idempotency_key.as_deref();
        let same = (review.to_string(), &agents);
        let (once, done) = Once::begin::<KeptDiscussion>(&mut tx, &scope, key, &same).await?;
        if let Some(kept) = done {
            return Ok(StartedDiscussion {
                discussion: Identifier::parse(&kept.discussion)?,
                task: Identifier::parse(&kept.task)?,
            });
        }
        if tx.discussion_is_open(&scope, review).await? {
            return Err(Error::UnderWay);
        }
        self.quota_take(&mut tx, &scope, QuotaKind::Reviews).await?;
        self.check_backlog(&mut tx).await?;
        let new = NewDiscussion {
            review,
            user: scope.actor().user(),
            agents,
        };
        let id = tx.discussion_insert(&scope, &new).await?;
        let job = DiscussReview {
            discussion: id.to_string(),
        };
        let task = tx.task_enqueue(&scope, &job.task()?).await?.task();
        tx.discussion_set_task(&scope, id, task).await?;
        let details = json!({"review": review.to_string()});
        let target = format!("discussion:{id}");
        audit(&mut tx, &scope, "discussion.start", target, details).await?;
        let kept = KeptDiscussion {
            discussion: id.to_string(),
            task: task.to_string(),
        };
        once.finish(&mut tx, &scope, ACCEPTED, &kept).await?;
        tx.commit().await?;
        Ok(StartedDiscussion {
            discussion: id.identifier(),
            task: task.identifier(),
        })
    }

    /// Returns a talk, with what came of it once it is over.
    pub async fn discussion_get(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<DiscussionView, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let id = DiscussionId::from_identifier(id);
        view(tx.discussion_get(&scope, id).await?)
    }

    /// Returns what models were asked and answered in a talk, as lines of JSON.
    pub async fn discussion_transcript(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<Vec<u8>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let id = DiscussionId::from_identifier(id);
        let found = tx.discussion_transcript(&scope, id).await?;
        Ok(found.ok_or(assay_store::Error::NotFound("transcript"))?)
    }

    /// Lists the talks about a review, the newest first.
    pub async fn discussion_list(
        &self,
        caller: &Caller,
        review: Identifier,
        paging: Paging,
    ) -> Result<Vec<DiscussionView>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let review = ReviewId::from_identifier(review);
        tx.review_get(&scope, review).await?;
        let page = paging.page(DiscussionId::from_identifier);
        let rows = tx.discussion_list(&scope, review, page).await?;
        rows.into_iter().map(view).collect()
    }
}
