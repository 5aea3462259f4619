//! Workers take tasks and do them. A task is a worker's as long as its lease: the
//! worker says now and then that it lives, and who lost the lease writes nothing.
//!
//! Start at [`Worker::run`].

mod alone;
mod answer;
mod asked;
mod command;
mod deliver;
mod discussed;
mod feedback;
mod forge;
mod here;
mod ignored;
mod mend;
mod mirror;
mod models;
mod overtaken;
mod post;
mod progress;
mod pull_request;
mod question;
mod recall;
mod remembered;
mod spoken;
mod submitted;
mod suggest;
mod sweep;
mod tell;
mod tree;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use assay_auth::Scope;
use assay_store::{Claim, ForgeName, Heartbeat, Lease, Tx};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use self::trouble::{Later, Trouble};
use crate::app::App;
use crate::examiner::KeptExaminers;
use crate::job::{
    AnswerQuestion, DiscussReview, HandleDelivery, Job as _, ReviewChange, ReviewTree,
};
use crate::metric::family;
use crate::outgoing_event::TellOutgoing;
use crate::review_process::ReviewProcess;
use crate::trace::{self, Fault, Happening, Span, SpanKind, TraceContext, within};

pub(crate) use self::pull_request::queue;

pub use self::answer::AnswerComment;
pub use self::feedback::{SyncFeedback, SyncPull};
pub use self::forge::{ForgeClient, ForgeTools};
pub use self::here::{PullRequestNow, post_remarks};
pub use self::mend::MendPull;
pub use self::mirror::Mirrors;
pub use self::models::WorkerModels;
pub use self::post::PostReview;
pub use self::pull_request::ReviewPull;
pub use self::question::AskPull;
pub use self::suggest::PlaceSuggestion;
pub use self::sweep::{Keeping, Sweep};

/// What a worker has at hand besides the platform.
pub struct Tools {
    /// Reviews in a process of its own.
    pub process: ReviewProcess,
    /// Reviews of texts that came with a request, in processes that are kept.
    pub examiners: KeptExaminers,
    /// Repositories of forges.
    pub mirrors: Mirrors,
    /// GitHub, when there is one.
    pub github: Option<ForgeTools>,
    /// GitLab, when there is one.
    pub gitlab: Option<ForgeTools>,
    /// Language models, when there are some.
    pub models: Option<WorkerModels>,
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// What it is called, unlike any other.
    pub name: String,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Tasks at a time.
    pub jobs_max: usize,
    /// How long a lease lasts without a heartbeat.
    pub lease_ms: i64,
    /// It looks for work at least so often, whatever it is told.
    pub look_ms: u64,
    /// Whether it asks the database to be told of work that other processes accept;
    /// where a broker tells, it need not.
    pub listens: bool,
    /// How long it may take to finish what it began when it is asked to stop.
    pub drain_ms: u64,
    /// For how long things are kept.
    pub keeping: Keeping,
    /// How often it is looked what people did with remarks.
    pub feedback_ms: i64,
}

impl WorkerOptions {
    /// Returns the usual options: everything, two tasks at a time.
    pub fn new(name: String) -> Self {
        Self {
            name,
            capabilities: vec!["any".to_owned(), "review".to_owned()],
            jobs_max: 2,
            lease_ms: 30_000,
            look_ms: 1_000,
            listens: true,
            drain_ms: 25_000,
            keeping: Keeping::default(),
            feedback_ms: 10 * 60_000,
        }
    }
}

/// Takes tasks and does them.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    app: App,
    tools: Tools,
    options: WorkerOptions,
    scope: Scope,
}

/// How often leases that ran out are looked for.
const TEND_MS: u64 = 5_000;
/// So many times between two looks at what killed processes left on the disk.
const CLEAR_ROUNDS: u64 = 720;
/// After an error of the store the worker waits so long.
const ERROR_MS: u64 = 1_000;

impl Worker {
    /// Makes a worker.
    pub fn new(app: App, tools: Tools, options: WorkerOptions) -> Self {
        let scope = Scope::system("worker");
        Self(Arc::new(Inner {
            app,
            tools,
            options,
            scope,
        }))
    }

    /// Works until `stop` says otherwise; then finishes what it began, or gives it
    /// back.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let tending = tokio::spawn(self.clone().tend());
        let (end, ending) = watch::channel(false);
        let mut jobs = JoinSet::new();
        let mut waiter = self.0.app.store().task_waiter();
        while !*stop.borrow_and_update() {
            while jobs.try_join_next().is_some() {}
            let free = self.0.options.jobs_max.max(1).saturating_sub(jobs.len());
            if free == 0 {
                tokio::select! {
                    _ = jobs.join_next() => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
            let claims = self.claim(free).await;
            match claims {
                Ok(claims) if claims.is_empty() => {
                    tokio::select! {
                        () = waiter.wait(self.0.options.look_ms) => {}
                        _ = stop.changed() => {}
                    }
                }
                Ok(claims) => {
                    for claim in claims {
                        jobs.spawn(self.clone().traced(claim, ending.clone()));
                    }
                }
                Err(trouble) => {
                    tracing::error!(problem = trouble.problem, "no task could be taken");
                    tokio::time::sleep(Duration::from_millis(ERROR_MS)).await;
                }
            }
        }
        tending.abort();
        let drained = async { while jobs.join_next().await.is_some() {} };
        let limit = Duration::from_millis(self.0.options.drain_ms);
        if tokio::time::timeout(limit, drained).await.is_err() {
            // What is not finished is given back, and counts as not begun.
            let _ = end.send(true);
            while jobs.join_next().await.is_some() {}
        }
    }

    /// Returns how a forge is dealt with.
    fn tools(&self, forge: ForgeName) -> Option<&ForgeTools> {
        match forge {
            ForgeName::GitHub => self.0.tools.github.as_ref(),
            ForgeName::GitLab => self.0.tools.gitlab.as_ref(),
        }
    }

    async fn claim(&self, count: usize) -> Result<Vec<Claim>, Trouble> {
        let options = &self.0.options;
        let capabilities: Vec<&str> = options.capabilities.iter().map(String::as_str).collect();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let mut tx = self.0.app.store().begin().await?;
        let claims = tx
            .task_claim(
                &self.0.scope,
                &options.name,
                &capabilities,
                options.lease_ms,
                count,
            )
            .await?;
        tx.commit().await?;
        Ok(claims)
    }

    /// Looks after tasks whose worker died, queues what comes round, and hears of work
    /// of other processes.
    async fn tend(self) {
        let store = self.0.app.store().clone();
        let listens = self.0.options.listens;
        let listening = tokio::spawn(async move {
            if listens {
                store.task_listen().await;
            }
        });
        let _guard = AbortOnDrop(listening.abort_handle());
        let mut is_scheduled = false;
        for round in 0_u64.. {
            if !is_scheduled {
                is_scheduled = self.schedule_put().await.is_ok();
            }
            if let Err(error) = self.schedule().await {
                tracing::error!(%error, "what comes round could not be queued");
            }
            let unused_ms = self.0.app.now_ms() - self.0.options.keeping.mirrors_ms;
            if round.is_multiple_of(CLEAR_ROUNDS)
                && let Err(error) = self.0.tools.mirrors.clear(unused_ms).await
            {
                tracing::warn!(%error, "mirrors that nobody uses could not be deleted");
            }
            if round.is_multiple_of(CLEAR_ROUNDS)
                && let Err(error) = self.0.tools.process.clear(self.0.app.now_ms()).await
            {
                tracing::warn!(%error, "what killed reviews left behind could not be deleted");
            }
            let reaped = async {
                let mut tx = self.0.app.store().begin().await?;
                let reaped = tx.task_reap(&self.0.scope).await?;
                for claim in &reaped.dead {
                    let trouble = Trouble::broken("its workers were not heard of any more");
                    self.give_up(&mut tx, claim, &trouble).await?;
                }
                tx.commit().await
            };
            if let Err(error) = reaped.await {
                tracing::error!(%error, "leases that ran out could not be looked for");
            }
            tokio::time::sleep(Duration::from_millis(TEND_MS)).await;
        }
    }

    /// Does a task as a part of the trace that it came with.
    async fn traced(self, claim: Claim, ending: watch::Receiver<bool>) {
        let app = self.0.app.clone();
        let parent = claim.trace.as_deref().and_then(TraceContext::parse);
        let context = match parent {
            Some(parent) => parent.child(app.randomness()),
            None => TraceContext::new(app.randomness()),
        };
        let (id, kind) = (claim.lease.task.to_string(), claim.kind.clone());
        let said = tracing::info_span!("task", task.id = id, task.kind = kind);
        let attempt = claim.attempt.to_string();
        let began_ms = app.now_ms();
        let work = async {
            let outcome = self.work(claim, ending).await;
            tracing::debug!(outcome, "a task ended");
            outcome
        };
        let happening = Happening {
            context,
            request: None,
        };
        let outcome = within(happening, work).instrument(said).await;
        app.tell(&Span {
            context,
            parent,
            name: format!("task {kind}"),
            kind: SpanKind::Consumer,
            began_ms,
            ended_ms: app.now_ms(),
            attributes: vec![
                ("task.id", id),
                ("task.kind", kind),
                ("task.attempt", attempt),
                ("task.outcome", outcome.to_owned()),
            ],
            is_failed: outcome == "failed",
        });
    }

    /// Does a task; returns how that ended.
    async fn work(self, claim: Claim, mut ending: watch::Receiver<bool>) -> &'static str {
        let lease = claim.lease;
        let kind = claim.kind.clone();
        let began_ms = self.0.app.now_ms();
        let ended = |outcome: &'static str| {
            let metrics = self.0.app.metrics();
            metrics.count(family::TASKS_ENDED, &[&kind, outcome]);
            let took_ms = (self.0.app.now_ms() - began_ms).max(0) as f64;
            metrics.observe_ms(family::TASK_DURATION, &[&kind], took_ms);
            outcome
        };
        let deadline = Duration::from_millis(u64::try_from(claim.deadline_ms).unwrap_or(1));
        let job = {
            let (this, claim) = (self.clone(), claim.clone());
            let happening = trace::happening();
            let job = async move { this.attempt(&claim).await };
            let job = async move {
                match happening {
                    Some(happening) => within(happening, job).await,
                    None => job.await,
                }
            };
            tokio::spawn(job.in_current_span())
        };
        // The job ends with this function, whatever ends it.
        let _guard = AbortOnDrop(job.abort_handle());
        let result = tokio::select! {
            ended = job => ended.unwrap_or_else(|why| {
                Err(Trouble::broken(format!("{kind} fell over: {why}")))
            }),
            () = tokio::time::sleep(deadline) => {
                let seconds = deadline.as_secs();
                Err(Trouble {
                    is_late: true,
                    ..Trouble::broken(format!("{kind} took longer than {seconds} seconds"))
                })
            }
            trouble = self.beat(lease, claim.until_ms) => Err(trouble),
            () = async { ending.wait_for(|is_ending| *is_ending).await.map(drop).unwrap_or(()) } => {
                self.release(lease, 0).await;
                return ended("released");
            }
        };
        let outcome = match &result {
            Ok(()) => ended("done"),
            Err(trouble) => match trouble.retry {
                Later::NotOurs => ended("lost"),
                Later::Aside(_) => ended("released"),
                _ => ended("failed"),
            },
        };
        match result {
            // The job ended its task in the transaction that keeps what came out.
            Ok(()) => {}
            Err(trouble) if trouble.retry == Later::NotOurs => {
                tracing::warn!(task.id = %lease.task, task.kind = kind, "the lease was lost");
            }
            Err(trouble) => match trouble.retry {
                Later::Aside(after_ms) => self.release(lease, after_ms).await,
                _ => self.fail(&claim, trouble).await,
            },
        }
        outcome
    }

    /// Gives a task back as if it had not been begun.
    async fn release(&self, lease: Lease, after_ms: i64) {
        self.settle(lease, async |tx, scope| {
            tx.task_release(scope, lease, after_ms).await.map(|_| ())
        })
        .await;
    }

    /// Says that the worker lives until it may not go on. It stops before the lease
    /// ends: from then on the task may be another's.
    async fn beat(&self, lease: Lease, mut until_ms: i64) -> Trouble {
        let lease_ms = self.0.options.lease_ms;
        let every = Duration::from_millis(u64::try_from(lease_ms / 3).unwrap_or(1).max(1));
        // So much is left for what is under way to end.
        let margin_ms = lease_ms / 10;
        loop {
            tokio::time::sleep(every).await;
            let beat = async {
                let mut tx = self.0.app.store().begin().await?;
                let beat = tx
                    .task_heartbeat(&self.0.scope, lease, lease_ms, None)
                    .await?;
                tx.commit().await?;
                Ok::<_, assay_store::Error>(beat)
            };
            let left_ms = until_ms.saturating_sub(margin_ms + self.0.app.now_ms());
            let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
            let Ok(beat) = tokio::time::timeout(left, beat).await else {
                return Trouble::broken("the lease could not be held: the store does not answer");
            };
            match beat {
                Ok(Heartbeat::Until(ms)) => until_ms = ms,
                Ok(Heartbeat::CancelWanted(_)) => {
                    return Trouble {
                        retry: Later::Never,
                        ..Trouble::broken("it was cancelled")
                    };
                }
                Err(assay_store::Error::LeaseLost) => {
                    return Trouble {
                        retry: Later::NotOurs,
                        ..Trouble::broken("the lease was lost")
                    };
                }
                // The store may come back before the lease ends.
                Err(_) => {}
            }
        }
    }

    async fn attempt(&self, claim: &Claim) -> Result<(), Trouble> {
        match claim.kind.as_str() {
            HandleDelivery::KIND => self.handle_delivery(claim).await,
            ReviewPull::KIND => self.review_pull(claim).await,
            PostReview::KIND => self.post_review(claim).await,
            ReviewChange::KIND => self.review_change(claim).await,
            ReviewTree::KIND => self.review_tree(claim).await,
            Sweep::KIND => self.sweep(claim).await,
            AnswerComment::KIND => self.answer_comment(claim).await,
            MendPull::KIND => self.mend_pull(claim).await,
            PlaceSuggestion::KIND => self.place_suggestion(claim).await,
            AskPull::KIND => self.ask_pull(claim).await,
            AnswerQuestion::KIND => self.answer_question(claim).await,
            DiscussReview::KIND => self.discuss_review(claim).await,
            SyncFeedback::KIND => self.sync_feedback(claim).await,
            SyncPull::KIND => self.sync_pull(claim).await,
            TellOutgoing::KIND => self.tell_outgoing(claim).await,
            other => Err(Trouble {
                retry: Later::Never,
                ..Trouble::broken(format!("nobody knows how to do `{other}`"))
            }),
        }
    }

    async fn fail(&self, claim: &Claim, trouble: Trouble) {
        let lease = claim.lease;
        tracing::warn!(
            task.id = %lease.task,
            task.kind = claim.kind,
            task.attempt = claim.attempt,
            problem = trouble.problem,
            "a task failed"
        );
        let retry = trouble.retry.retry(self.0.app.now_ms());
        self.settle(lease, async |tx, scope| {
            let failure = tx.task_fail(scope, lease, &trouble.problem, retry).await?;
            match failure {
                assay_store::Failure::Again(_) => Ok(()),
                _ => {
                    self.tell_dead(claim);
                    self.give_up(tx, claim, &trouble).await
                }
            }
        })
        .await;
    }

    /// Tells of a task that will not be tried again. What went wrong stands in the log
    /// and with the task: it may have texts of the repository in it.
    fn tell_dead(&self, claim: &Claim) {
        self.0.app.tell_fault(&Fault {
            what: format!("the task {} failed for good", claim.kind),
            attributes: vec![
                ("task.id", claim.lease.task.to_string()),
                ("task.kind", claim.kind.clone()),
                ("task.attempt", claim.attempt.to_string()),
            ],
            context: trace::current(),
            at_ms: self.0.app.now_ms(),
        });
    }

    /// Does what is left to do when a task will not be tried again.
    async fn give_up(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        trouble: &Trouble,
    ) -> Result<(), assay_store::Error> {
        match claim.kind.as_str() {
            HandleDelivery::KIND => deliver::give_up(tx, &self.0.scope, claim, trouble).await,
            ReviewPull::KIND => pull_request::give_up(tx, &self.0.scope, claim, trouble).await,
            ReviewChange::KIND => submitted::give_up(tx, &self.0.scope, claim, trouble).await,
            ReviewTree::KIND => tree::give_up(tx, &self.0.scope, claim, trouble).await,
            MendPull::KIND => mend::give_up(tx, &self.0.scope, claim, trouble).await,
            PlaceSuggestion::KIND => suggest::give_up(tx, &self.0.scope, claim, trouble).await,
            AskPull::KIND => question::give_up(tx, &self.0.scope, claim, trouble).await,
            AnswerQuestion::KIND => asked::give_up(tx, &self.0.scope, claim, trouble).await,
            DiscussReview::KIND => discussed::give_up(tx, &self.0.scope, claim, trouble).await,
            _ => Ok(()),
        }
    }

    /// Writes how a task ended. When that cannot be written the lease runs out and
    /// the task is done again.
    async fn settle(
        &self,
        lease: Lease,
        write: impl AsyncFnOnce(&mut Tx, &Scope) -> Result<(), assay_store::Error>,
    ) {
        let written = async {
            let mut tx = self.0.app.store().begin().await?;
            write(&mut tx, &self.0.scope).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(task.id = %lease.task, %error, "how a task ended could not be written");
        }
    }
}

/// Ends a task of the runtime that nobody waits for any more.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
