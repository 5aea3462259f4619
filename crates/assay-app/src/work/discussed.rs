//! A talk of agents about the review of a pull request: the commits are fetched, the
//! agents talk in a process of its own that holds no key, and what they say is a message
//! of the review as soon as it is said.

use assay_auth::{OrganisationId, Scope};
use assay_llm::ModelId;
use assay_review::{Agent, Agents};
use assay_source::ErrorKind;
use assay_store::{
    Claim, Discussion, DiscussionId, LiveMessageId, LiveMessageKind, NewLiveMessage, Repository,
    ReviewId, Tx,
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::Worker;
use super::models::{Seat, SeatFor};
use super::trouble::Trouble;
use crate::job::{DiscussReview, Job as _};
use crate::live::LIVE_MESSAGE_BYTES_MAX;
use crate::model_talk::ToldMessage;
use crate::review_process::ReviewOrder;

/// What a task ends with whose talk is gone or over.
const GONE: &str = "the discussion is gone";
/// Messages that wait to be kept.
const TOLD_MAX: usize = 64;

impl Worker {
    pub(super) async fn discuss_review(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = DiscussReview::read(&claim.payload, claim.payload_version)?;
        let organisation = claim.organisation;
        let organisation = organisation.ok_or_else(|| Trouble::broken("the talk is nobody's"))?;
        let scope = self.0.scope.within(organisation)?;
        let id = DiscussionId::parse(&job.discussion)?;
        let Some(discussion) = self.begin_discussion(&scope, id).await? else {
            return self.complete(claim, Some(GONE)).await;
        };
        let (conclusion, transcript) = self.talk(organisation, &scope, &discussion).await?;
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, claim.lease).await?;
        let both = (conclusion.as_str(), transcript.as_bytes());
        match tx.discussion_finish(&scope, id, both).await {
            Ok(()) | Err(assay_store::Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        tx.task_complete(&self.0.scope, claim.lease, None).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn begin_discussion(
        &self,
        scope: &Scope,
        id: DiscussionId,
    ) -> Result<Option<Discussion>, Trouble> {
        let mut tx = self.0.app.store().begin().await?;
        match tx.discussion_start(scope, id).await {
            Ok(()) => {}
            Err(assay_store::Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let discussion = tx.discussion_get(scope, id).await?;
        tx.commit().await?;
        Ok(Some(discussion))
    }

    /// Lets the agents talk; returns what came of it as JSON, and the transcript.
    async fn talk(
        &self,
        organisation: OrganisationId,
        scope: &Scope,
        discussion: &Discussion,
    ) -> Result<(String, String), Trouble> {
        let review = {
            let mut tx = self.0.app.store().read().await?;
            tx.review_get(scope, discussion.asked.review).await?
        };
        let (Some(repository), Some(number)) = (review.repository, review.pull_request) else {
            return Err(Trouble::broken("the review is of no pull request"));
        };
        let number = u64::try_from(number).map_err(|_| Trouble::broken("a number below 0"))?;
        let name = repository.to_string();
        let (reached, repository) = self.reach(organisation, &name, number).await?;
        let pull = reached.client.pull(&reached.id).await?;
        if pull.head != review.head_revision {
            let why = "there was a push since the review";
            return Err(Trouble {
                public: Some(why.to_owned()),
                ..Trouble::new(ErrorKind::Invalid, why)
            });
        }
        let fetched = self
            .fetch(&reached, repository.id, &pull, &pull.head)
            .await?;
        let seat = self
            .seat_for_discussion(scope, discussion, &repository, pull.author.clone())
            .await?;
        let order = ReviewOrder {
            repository: &fetched.folder,
            base: &fetched.base,
            head: &fetched.head,
            rejected: &[],
            without: &[],
            imports: &[],
        };
        let (told, telling) = mpsc::channel(TOLD_MAX);
        let mut talk = seat.talk(None);
        talk.told = Some(told);
        let process = &self.0.tools.process;
        let talking = process.discuss(order, &discussion.asked.agents, talk);
        let keeping = self.keep_messages(scope, discussion.asked.review, telling);
        let (conclusion, ()) = tokio::join!(talking, keeping);
        self.leave_seat(scope, &seat).await;
        let conclusion: Value = serde_json::from_slice(&conclusion?)
            .map_err(|error| Trouble::broken(format!("a conclusion: {error}")))?;
        Ok((conclusion.to_string(), seat.transcript()))
    }

    async fn seat_for_discussion(
        &self,
        scope: &Scope,
        discussion: &Discussion,
        repository: &Repository,
        login: Option<String>,
    ) -> Result<Seat, Trouble> {
        let agents = match discussion.asked.agents.as_str() {
            "" => Agents::default(),
            text => Agents::parse(text).map_err(|why| Trouble::broken(why.to_string()))?,
        };
        let model = |agent: &Agent| agent.model.as_deref().and_then(ModelId::parse);
        let asked = SeatFor {
            key: format!("discussion:{}", discussion.id),
            name: "this discussion",
            review: None,
            repository,
            user: discussion.asked.user,
            login,
            change: None,
            is_wanted: |setting| setting.discuss,
            cast: Some([model(&agents.reviewer), model(&agents.coder)]),
        };
        let seat = self.seat(scope, asked).await?;
        seat.ok_or_else(|| {
            let why = "no models may be asked here";
            Trouble {
                public: Some(why.to_owned()),
                ..Trouble::new(ErrorKind::Invalid, why)
            }
        })
    }

    /// Keeps what agents say as messages of the review, until they say nothing more. One
    /// that cannot be kept is still in the conclusion.
    async fn keep_messages(
        &self,
        scope: &Scope,
        review: ReviewId,
        mut telling: mpsc::Receiver<ToldMessage>,
    ) {
        while let Some(told) = telling.recv().await {
            let store = self.0.app.store();
            let said = NewLiveMessage {
                id: LiveMessageId::new(store.clock(), store.randomness()),
                kind: LiveMessageKind::Agent,
                author: format!("agent:{}", told.agent_said),
                author_name: told.name,
                fingerprint: None,
                text: cut(&told.text, LIVE_MESSAGE_BYTES_MAX).to_owned(),
            };
            let kept = async {
                let mut tx = store.begin().await?;
                tx.live_message_insert(scope, review, &said).await?;
                tx.commit().await
            };
            if let Err(error) = kept.await {
                tracing::warn!(%error, review.id = %review, "what an agent said was not kept");
            }
        }
    }
}

/// Returns the beginning of a text.
fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// Says that there will be no talk.
pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    trouble: &Trouble,
) -> Result<(), assay_store::Error> {
    let Ok(job) = DiscussReview::read(&claim.payload, claim.payload_version) else {
        return Ok(());
    };
    let id = DiscussionId::parse(&job.discussion);
    let scope = claim.organisation.map(|id| scope.within(id));
    if let (Ok(id), Some(Ok(scope))) = (id, scope) {
        let problem = trouble.public.as_deref().unwrap_or(&trouble.problem);
        tx.discussion_abandon(&scope, id, problem).await?;
    }
    Ok(())
}
