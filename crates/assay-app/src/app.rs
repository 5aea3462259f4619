//! The platform, put together: what every operation has at hand.

use std::sync::{Arc, PoisonError, RwLock};

use assay_auth::{FieldKeys, Networks, RateLimit, Scope, TokenKeys};
use assay_forge::OutgoingClient;
use assay_review::PromptSet;
use assay_source::{Clock, Randomness};
use assay_store::{Cache, CacheOptions, Mark, Rates, Store, Tx};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::examiner::Examiner;
use crate::health::Probe;
use crate::knowledge::KeptKnowledge;
use crate::live::{LiveLimits, Rooms};
use crate::login::LoginProvider;
use crate::metric::Metrics;
use crate::prompt_choice::KeptPrompts;
use crate::quota::KeptQuotas;
use crate::review_events::{Onlookers, StreamLimits};
use crate::trace::{Fault, Listener, Span};
use crate::webhook::ForgeIntake;

/// What an [`App`] is put together from, besides its store.
pub struct AppOptions {
    /// The version that reports and health checks name.
    pub version: String,
    /// Signs and verifies tokens.
    pub token_keys: TokenKeys,
    /// How webhooks of GitHub are taken in; none is not at all.
    pub github: Option<ForgeIntake>,
    /// How webhooks of GitLab are taken in; none is not at all.
    pub gitlab: Option<ForgeIntake>,
    /// From where webhooks may come; an empty list is from everywhere.
    pub webhook_networks: Networks,
    /// How many webhooks an address may send.
    pub webhook_rate: RateLimit,
    /// When so many tasks wait, new work of the API is turned away.
    pub tasks_waiting_max: u32,
    /// Examines texts that callers send, apart from this process; without one none is
    /// examined.
    pub examiner: Option<Arc<dyn Examiner>>,
    /// So many texts are scanned at once; others wait their turn.
    pub scans_max: usize,
    /// Who vouches for people.
    pub login_providers: Vec<LoginProvider>,
    /// Encrypts single fields; without them such fields are not kept.
    pub field_keys: Option<FieldKeys>,
    /// Tells other programs what happens.
    pub outgoing: OutgoingClient,
    /// What models are told, unless an organisation has words of its own.
    pub prompts: PromptSet,
    /// Who called how often.
    pub rates: Rates,
    /// Where what was worked out is kept; none is in this process only.
    pub cache: Option<Cache>,
    /// How many may look on at reviews at a time.
    pub streams: StreamLimits,
    /// How many connections to live sessions there may be.
    pub live: LiveLimits,
    /// Hear what happened: exporters of traces and faults.
    pub listeners: Vec<Arc<dyn Listener>>,
    /// Look how further things do that the platform needs.
    pub probes: Vec<Box<dyn Probe>>,
}

impl AppOptions {
    /// Returns the usual options: no webhooks, two scans at a time.
    pub fn new(version: &str, token_keys: TokenKeys) -> Self {
        Self {
            version: version.to_owned(),
            token_keys,
            github: None,
            gitlab: None,
            webhook_networks: Networks::default(),
            webhook_rate: RateLimit {
                calls: 3_000,
                period_ms: 60_000,
                burst: 1_000,
            },
            tasks_waiting_max: 10_000,
            examiner: None,
            scans_max: 2,
            login_providers: Vec::new(),
            field_keys: None,
            outgoing: OutgoingClient::new(Arc::new(|_| false)),
            prompts: PromptSet::shipped(),
            rates: Rates::default(),
            cache: None,
            streams: StreamLimits::default(),
            live: LiveLimits::default(),
            listeners: Vec::new(),
            probes: Vec::new(),
        }
    }
}

/// How far the database is: while it is equal nothing was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(Mark);

/// The platform. Copies are the same one.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    options: AppOptions,
    cache: Cache,
    metrics: Metrics,
    scans: Semaphore,
    quotas: KeptQuotas,
    knowledge: KeptKnowledge,
    prompts: KeptPrompts,
    base_prompts: RwLock<Arc<PromptSet>>,
    onlookers: Onlookers,
    rooms: Rooms,
}

impl App {
    /// Puts the platform together over a store whose tables are there.
    pub fn new(store: Store, options: AppOptions) -> Self {
        let scans = Semaphore::new(options.scans_max.max(1));
        let cache = options.cache.clone().unwrap_or_else(|| {
            let local = store.cache(&CacheOptions::default());
            local.expect("without Redis there is no address that could be wrong")
        });
        let base_prompts = RwLock::new(Arc::new(options.prompts.clone()));
        Self(Arc::new(Inner {
            store,
            cache,
            options,
            base_prompts,
            metrics: Metrics::default(),
            scans,
            quotas: KeptQuotas::default(),
            knowledge: KeptKnowledge::default(),
            prompts: KeptPrompts::default(),
            onlookers: Onlookers::default(),
            rooms: Rooms::default(),
        }))
    }

    /// Returns the store, for those who work on tasks.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Returns what keeps what was worked out and may be worked out again.
    pub fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// Returns what the platform was put together from.
    pub fn options(&self) -> &AppOptions {
        &self.0.options
    }

    /// Returns what is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Returns how far the database is, if that can be told without asking it.
    pub fn moment(&self) -> Option<Moment> {
        self.0.store.mark().map(Moment)
    }

    /// Returns whether anybody listens to what happens.
    pub fn is_heard(&self) -> bool {
        !self.0.options.listeners.is_empty()
    }

    /// Tells those who listen of something that happened.
    pub fn tell(&self, span: &Span) {
        for listener in &self.0.options.listeners {
            listener.span(span);
        }
    }

    /// Tells those who listen of something that somebody has to look at.
    pub fn tell_fault(&self, fault: &Fault) {
        for listener in &self.0.options.listeners {
            listener.fault(fault);
        }
    }

    /// Returns the time, from the clock that was passed in.
    pub fn now_ms(&self) -> i64 {
        self.0.store.now_ms()
    }

    /// Returns the clock that was passed in.
    pub fn clock(&self) -> &dyn Clock {
        self.0.store.clock()
    }

    /// Returns the randomness that was passed in.
    pub fn randomness(&self) -> &dyn Randomness {
        self.0.store.randomness()
    }

    pub(crate) fn kept_knowledge(&self) -> &KeptKnowledge {
        &self.0.knowledge
    }

    /// Returns the prompts of the program and of its files, which hold where an organisation
    /// keeps none.
    pub fn base_prompts(&self) -> Arc<PromptSet> {
        let prompts = self.0.base_prompts.read();
        Arc::clone(&prompts.unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other ones in their place: what begins from now on uses them.
    pub fn set_base_prompts(&self, prompts: PromptSet) {
        let there = self.0.base_prompts.write();
        *there.unwrap_or_else(PoisonError::into_inner) = Arc::new(prompts);
    }

    pub(crate) fn kept_prompts(&self) -> &KeptPrompts {
        &self.0.prompts
    }

    pub(crate) fn kept_quotas(&self) -> &KeptQuotas {
        &self.0.quotas
    }

    pub(crate) fn scans(&self) -> &Semaphore {
        &self.0.scans
    }

    pub(crate) fn onlookers(&self) -> &Onlookers {
        &self.0.onlookers
    }

    pub(crate) fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    /// Turns new work away while too much of it waits.
    pub(crate) async fn check_backlog(&self, tx: &mut Tx) -> Result<(), Error> {
        let system = Scope::system("back-pressure");
        let is_full = tx
            .task_backlog(&system, self.0.options.tasks_waiting_max)
            .await?;
        if is_full {
            return Err(Error::Busy { retry_ms: 30_000 });
        }
        Ok(())
    }
}

/// Writes down what was changed, in the transaction that changes it.
pub(crate) async fn audit(
    tx: &mut Tx,
    scope: &Scope,
    action: &'static str,
    target: String,
    details: Value,
) -> Result<(), Error> {
    tx.audit_append(scope, action, &target, &details).await?;
    Ok(())
}
