//! Models in reviews of pull requests and answers to questions: the process that reads
//! the code asks, and holds no key; this process asks the models, and puts in nothing of its own, no token of a
//! forge either.

use std::sync::{Arc, OnceLock};

use assay_auth::{Scope, UserId};
use assay_llm::{Budget, BudgetHolder, Meter, Model, ModelId, Recorder, SpendBook};
use assay_review::{ModelOptions, ModelTally};
use assay_source::{BlobCache, ErrorKind};
use assay_store::{Claim, ModelQualityRow, ModelUsage, Repository, ReviewId, ReviewPrompt};
use tokio::sync::oneshot;

use super::Worker;
use super::post::{End, PostReview};
use super::pull_request::{Reached, ReviewPull};
use super::remembered::{self, On};
use super::trouble::Trouble;
use crate::discuss::Cast;
use crate::metric::family;
use crate::model_desk::ModelDesk;
use crate::model_setting::{self, FixesMax, ModelSetting};
use crate::model_talk::ModelTalk;
use crate::model_wish::ModelWish;
use crate::remarks::Remarks;
use crate::spend_book::{CallNotes, StoreAnswers, StoreBook};

/// The models that a worker may ask.
#[derive(Clone)]
pub struct WorkerModels {
    /// Ready to be asked.
    pub desk: ModelDesk,
    /// How they review unless an organisation says otherwise.
    pub options: ModelOptions,
}

/// What models are asked for: a review, or a question.
pub(super) struct SeatFor<'a> {
    /// What it is to budgets, and to people.
    pub(super) key: String,
    pub(super) name: &'static str,
    /// The review, if it is one.
    pub(super) review: Option<ReviewId>,
    /// Whose code.
    pub(super) repository: &'a Repository,
    /// The person who asks, if it is one who is known here.
    pub(super) user: Option<UserId>,
    /// Whose change it is or who asks, as they are called.
    pub(super) login: Option<String>,
    /// What is reviewed or talked about, the same for all pushes of it.
    pub(super) change: Option<String>,
    /// Whether the organisation lets models be asked for it.
    pub(super) is_wanted: fn(&ModelSetting) -> bool,
    /// The models of a reviewer and a coder, where two agents ask and each has its own.
    pub(super) cast: Option<[Option<ModelId>; 2]>,
}

/// Models that are asked in one review or for one question.
pub(super) struct Seat {
    recorder: Arc<Recorder<Arc<dyn Model>>>,
    notes: Arc<CallNotes>,
    options: ModelOptions,
    /// The prompts that the review uses, if it is one.
    prompts: Vec<ReviewPrompt>,
    tallied: Arc<OnceLock<ModelTally>>,
    review: Option<ReviewId>,
    repository: Repository,
    user: Option<UserId>,
    login: Option<String>,
}

impl Seat {
    /// Returns what models were asked and answered so far.
    pub(super) fn transcript(&self) -> String {
        self.recorder.transcript()
    }

    /// Returns how the process that reviews is answered; `first` gets what is to be said
    /// before models have answered.
    pub(super) fn talk(&self, first: Option<oneshot::Sender<Remarks>>) -> ModelTalk {
        ModelTalk {
            wish: ModelWish::new(&self.options, self.recorder.id()),
            model: Arc::<Recorder<Arc<dyn Model>>>::clone(&self.recorder),
            first,
            told: None,
            tallied: Arc::clone(&self.tallied),
        }
    }
}

impl Worker {
    /// Makes models ready, when the organisation wants them to be asked.
    pub(super) async fn seat(
        &self,
        scope: &Scope,
        asked: SeatFor<'_>,
    ) -> Result<Option<Seat>, Trouble> {
        let Some(models) = &self.0.tools.models else {
            return Ok(None);
        };
        let setting = {
            let mut tx = self.0.app.store().read().await?;
            tx.setting_get(scope, model_setting::SETTING).await?
        };
        let Some(setting) = setting else {
            return Ok(None);
        };
        let setting: ModelSetting = serde_json::from_str(&setting.value)
            .map_err(|why| Trouble::broken(format!("the setting `model`: {why}")))?;
        if !(asked.is_wanted)(&setting) {
            return Ok(None);
        }
        let repository = asked.repository;
        let mut limits = models.desk.limits();
        let own = setting.review_limit();
        let least = |one: Option<_>, other: Option<_>| match (one, other) {
            (Some(one), Some(other)) => Some(std::cmp::min(one, other)),
            (one, other) => one.or(other),
        };
        limits.review.hard = least(limits.review.hard, own.hard);
        limits.review.soft = least(limits.review.soft, own.soft);
        let name = format!("{}/{}", repository.owner, repository.name);
        let mut holders = setting.holders(
            &repository.organisation.to_string(),
            (&repository.id.to_string(), &name),
            asked.login.as_deref(),
        );
        let day = jiff::Timestamp::from_millisecond(self.0.app.now_ms()).unwrap_or_default();
        let of = format!("{} of {}", asked.key.replace(':', " "), day.strftime("%F"));
        // What is begun again does not have its money again.
        holders.push(BudgetHolder {
            key: asked.key,
            name: asked.name.to_owned(),
            day: limits.review,
            month: limits.review,
        });
        let app = &self.0.app;
        let notes = Arc::new(CallNotes::default());
        let book = StoreBook::new(app.store().clone(), self.0.scope.clone());
        let clock = app.store().clock_shared();
        let budget = Budget::new(limits, Arc::new(book) as Arc<dyn SpendBook>, clock)
            .with_holders(holders)
            .with_meter(Arc::<CallNotes>::clone(&notes) as Arc<dyn Meter>);
        let answers = StoreAnswers::new(app.cache().clone(), scope.clone());
        let answers = Arc::new(answers) as Arc<dyn BlobCache + Send + Sync>;
        let budget = Arc::new(budget);
        let open = |only: Option<&ModelId>| -> Result<Arc<dyn Model>, Trouble> {
            let routed = models.desk.open(&budget, Some(&answers), only);
            // Whoever named a model that is not there reads why.
            let routed = routed.map_err(|why| Trouble {
                public: Some(why.clone()),
                ..Trouble::new(ErrorKind::Invalid, why)
            });
            Ok(Arc::new(routed?))
        };
        let model = match &asked.cast {
            None => open(None)?,
            Some([reviewer, coder]) => {
                let cast = Cast::new(open(reviewer.as_ref())?, open(coder.as_ref())?);
                Arc::new(cast) as Arc<dyn Model>
            }
        };
        let whose = repository.id.to_string();
        let kept = StoreAnswers::similar(app.cache().clone(), scope.clone(), &whose);
        let model = models
            .desk
            .remembering(model, &budget, Arc::new(kept), &of)
            .map_err(Trouble::broken)?;
        let mut options = models.options.clone();
        let chosen = app
            .prompts_chosen(scope, &app.base_prompts(), asked.change.as_deref())
            .await?;
        options.concerns = setting.concerns().unwrap_or(options.concerns);
        options.is_judged = setting.judge.unwrap_or(options.is_judged);
        options.offers_fixes = setting.fix;
        let fixes_max = setting.fixes_max.map(|FixesMax(count)| count);
        options.fixes.findings_max = fixes_max.unwrap_or(options.fixes.findings_max);
        let remarks_max = setting.remarks_max;
        options.limits.remarks_max = remarks_max.unwrap_or(options.limits.remarks_max);
        let used = match asked.review {
            Some(_) => chosen.used(&model.id().name, options.is_judged),
            None => Vec::new(),
        };
        options.prompts = chosen.set;
        Ok(Some(Seat {
            recorder: Arc::new(Recorder::new(model)),
            notes,
            options,
            prompts: used,
            tallied: Arc::default(),
            review: asked.review,
            repository: repository.clone(),
            user: asked.user,
            login: asked.login,
        }))
    }

    /// Posts what is known of a pull request before models have answered. It is not the
    /// end: nothing is resolved, the check stays open, and what goes wrong here is made
    /// good when the review is posted.
    pub(super) async fn say_first(
        &self,
        claim: &Claim,
        scope: &Scope,
        (job, on): (&ReviewPull, On),
        reached: &Reached<'_>,
        remarks: Remarks,
    ) {
        let post = PostReview {
            end: End::Incomplete,
            summary: String::new(),
            ..PostReview::of(job, remarks)
        };
        if post.remarks.is_empty() {
            return;
        }
        let saying = async {
            let said = {
                let mut tx = self.0.app.store().read().await?;
                remembered::said(&mut tx, scope, on).await?
            };
            if let Some(posting) = reached.post(&post, said).await? {
                let mut tx = self.0.app.store().begin().await?;
                tx.task_hold(&self.0.scope, claim.lease).await?;
                remembered::remember(&mut tx, scope, on, &posting, false).await?;
                tx.commit().await?;
            }
            Ok::<(), Trouble>(())
        };
        if let Err(trouble) = saying.await {
            tracing::warn!(problem = trouble.problem, "first remarks were not posted");
        }
    }

    /// Writes down what models were asked, answered and cost. That it cannot be written
    /// down does not undo what they were asked for.
    pub(super) async fn leave_seat(&self, scope: &Scope, seat: &Seat) {
        if let Err(error) = self.keep_calls(scope, seat).await {
            let review = seat.review.map(|review| review.to_string());
            tracing::error!(%error, review.id = review, "what models cost was not written down");
        }
    }

    async fn keep_calls(&self, scope: &Scope, seat: &Seat) -> Result<(), assay_store::Error> {
        if let Some(models) = &self.0.tools.models {
            let (hits, misses, saved) = models.desk.similar_counts().read();
            let metrics = self.0.app.metrics();
            metrics.set(family::MODEL_SIMILAR, &["hit"], hits as f64);
            metrics.set(family::MODEL_SIMILAR, &["miss"], misses as f64);
            metrics.set(family::MODEL_SAVED, &[], saved as f64 / 1e9);
        }
        let transcript = seat.recorder.transcript();
        let mut tx = self.0.app.store().begin().await?;
        for spend in seat.notes.take() {
            let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
            let usage = spend.usage.unwrap_or_default();
            let nanos = count(spend.cost.unwrap_or_default().nanos());
            let outcome = match spend.is_answered {
                true => "answered",
                false => "failed",
            };
            let labels = [&*spend.model.provider, &*spend.model.name, outcome];
            self.0.app.metrics().count(family::MODEL_CALLS, &labels);
            let row = ModelUsage {
                review: seat.review,
                user: seat.user,
                team: None,
                repository: Some(seat.repository.id),
                user_login: seat.login.clone(),
                provider: spend.model.provider,
                model: spend.model.name,
                purpose: spend.task.to_owned(),
                prompt_tokens: count(usage.total() - usage.output_tokens),
                completion_tokens: count(usage.output_tokens),
                cost_micros: nanos / 1_000,
                cost_nanos: nanos,
                is_answered: spend.is_answered,
                is_cached: false,
                duration_ms: count(spend.duration_ms),
            };
            tx.model_usage_insert(scope, &row).await?;
        }
        if let Some(review) = seat.review {
            tx.model_transcript_put(scope, review, transcript.as_bytes())
                .await?;
            tx.review_prompt_replace(scope, review, &seat.prompts)
                .await?;
            if let Some(tally) = seat.tallied.get() {
                tx.model_quality_put(scope, review, &quality_row(*tally))
                    .await?;
            }
        }
        tx.commit().await
    }
}

fn quality_row(tally: ModelTally) -> ModelQualityRow {
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    ModelQualityRow {
        asked: count(tally.asked),
        whole: count(tally.whole),
        remarks: count(tally.remarks),
        wrong: count(tally.wrong),
        beside: count(tally.beside),
        kept: count(tally.kept),
        actionable: count(tally.actionable),
    }
}
