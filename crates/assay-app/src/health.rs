//! Whether the platform lives, is ready, and how each thing that it needs does.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use assay_auth::Scope;
use assay_store::TaskState;

use crate::app::App;
use crate::error::Error;
use crate::metric::{Metrics, family};

/// What does not answer in that time has failed.
const ANSWER_MS: u64 = 2_000;
/// Tasks that could have run for so long say that there are too few workers.
const WAITING_MS_MAX: i64 = 5 * 60_000;

/// How something does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthState {
    /// As it should.
    Ok,
    /// It works, but not as it should.
    Degraded,
    /// It does not work.
    Failed,
}

impl HealthState {
    /// Returns the name in formats.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }
}

/// How one thing that the platform needs does.
#[derive(Clone, Debug)]
pub struct Component {
    /// What it is.
    pub name: &'static str,
    /// How it does.
    pub state: HealthState,
    /// What there is to say about it, without secrets.
    pub detail: String,
    /// How long the answer took.
    pub latency_ms: i64,
}

/// How the platform does: as its worst part.
#[derive(Clone, Debug)]
pub struct Health {
    /// The worst of the parts.
    pub state: HealthState,
    /// The parts.
    pub components: Vec<Component>,
}

/// A future of a probe's answer.
pub type ProbeAnswer<'a> = Pin<Box<dyn Future<Output = (HealthState, String)> + Send + 'a>>;

/// Looks how something does that only others know of: the cache, a forge, the disk.
pub trait Probe: Send + Sync {
    /// Returns what it looks at.
    fn name(&self) -> &'static str;

    /// Looks; an answer that takes long counts as failed.
    fn check(&self) -> ProbeAnswer<'_>;

    /// Brings the gauges that it knows of up to date, without asking anybody.
    fn gather(&self, _metrics: &Metrics) {}
}

impl App {
    /// Checks what is needed to answer anybody.
    pub async fn health_ready(&self) -> Health {
        let database = self.database().await;
        let is_up = database.state != HealthState::Failed;
        let value = if is_up { 1.0 } else { 0.0 };
        self.metrics().set(family::DATABASE_UP, &[], value);
        sum_up(vec![database])
    }

    /// Checks everything there is.
    pub async fn health_deep(&self) -> Health {
        let mut components = self.health_ready().await.components;
        components.push(self.queue().await);
        components.extend(self.shared().await);
        for probe in &self.options().probes {
            let answer = self.timed(probe.name(), async { Ok(probe.check().await) });
            components.push(answer.await);
        }
        sum_up(components)
    }

    /// Brings the gauges up to date, before they are read.
    pub async fn metrics_gather(&self) -> Result<(), Error> {
        let version = self.options().version.clone();
        self.metrics().set(family::BUILD, &[&version], 1.0);
        self.health_ready().await;
        let connections = self.rooms().connections() as f64;
        self.metrics().set(family::LIVE, &[], connections);
        let cache = self.cache().counts();
        for (outcome, count) in [
            ("failure", cache.failures),
            ("local_hit", cache.local_hits),
            ("miss", cache.misses),
            ("remote_hit", cache.remote_hits),
        ] {
            self.metrics().set(family::CACHE, &[outcome], count as f64);
        }
        let now_ms = self.now_ms();
        let mut tx = self.store().read_lagging().await?;
        let counts = tx.task_counts(&Scope::system("metrics")).await?;
        for family in [family::TASKS, family::TASKS_AGE, family::TASKS_READY] {
            self.metrics().clear(family);
        }
        for probe in &self.options().probes {
            probe.gather(self.metrics());
        }
        let mut oldest = BTreeMap::new();
        for count in counts {
            let labels = [
                count.kind.as_str(),
                count.state.name(),
                count.priority.name(),
            ];
            let number = count.count as f64;
            self.metrics().set(family::TASKS, &labels, number);
            if count.state == TaskState::Waiting {
                let since = oldest.entry(count.kind).or_insert(count.oldest_ready_ms);
                *since = count.oldest_ready_ms.min(*since);
            }
        }
        for (kind, ready_ms) in oldest {
            let seconds = (now_ms - ready_ms).max(0) as f64 / 1000.0;
            self.metrics().set(family::TASKS_AGE, &[&kind], seconds);
        }
        let ready = tx.task_ready(&Scope::system("metrics")).await?;
        for (capability, count) in ready {
            let labels = [capability.as_str()];
            self.metrics()
                .set(family::TASKS_READY, &labels, count as f64);
        }
        Ok(())
    }

    async fn database(&self) -> Component {
        let ask = async {
            self.store().ping().await?;
            let engine = match self.store().engine() {
                assay_store::Engine::Sqlite => "SQLite",
                assay_store::Engine::Postgres => "PostgreSQL",
            };
            Ok((HealthState::Ok, engine.to_owned()))
        };
        self.timed("database", ask).await
    }

    async fn queue(&self) -> Component {
        let ask = async {
            let system = Scope::system("health");
            let mut tx = self.store().read().await?;
            let is_full = tx
                .task_backlog(&system, self.options().tasks_waiting_max)
                .await?;
            let next = tx.task_next_ready(&system).await?;
            let late_ms = next.map_or(0, |ready_ms| (self.now_ms() - ready_ms).max(0));
            let state = match is_full || late_ms > WAITING_MS_MAX {
                true => HealthState::Degraded,
                false => HealthState::Ok,
            };
            let detail = format!("the oldest waiting task could have run for {late_ms} ms");
            Ok((state, detail))
        };
        self.timed("queue", ask).await
    }

    /// Looks at what several machines share and can do without: work is slower while
    /// it is gone, and nothing is wrong.
    async fn shared(&self) -> Vec<Component> {
        let mut components = Vec::new();
        let states = [true, false].map(|is_up| match is_up {
            true => (HealthState::Ok, "it answers"),
            false => (HealthState::Degraded, "it does not answer"),
        });
        let [up, down] = states.map(|(state, detail)| (state, detail.to_owned()));
        if self.cache().is_shared() {
            let ask = async {
                let answer = self.cache().ping().await;
                Ok(if answer.is_ok() {
                    up.clone()
                } else {
                    down.clone()
                })
            };
            components.push(self.timed("cache", ask).await);
        }
        let known = [
            ("broker", self.store().is_spread_up()),
            ("replica", self.store().is_replica_up()),
        ];
        for (name, is_up) in known {
            if let Some(is_up) = is_up {
                let state = if is_up { up.clone() } else { down.clone() };
                components.push(self.timed(name, async { Ok(state) }).await);
            }
        }
        components
    }

    async fn timed(
        &self,
        name: &'static str,
        ask: impl Future<Output = Result<(HealthState, String), Error>>,
    ) -> Component {
        let began_ms = self.now_ms();
        let limit = Duration::from_millis(ANSWER_MS);
        let (state, detail) = match tokio::time::timeout(limit, ask).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => (HealthState::Failed, error.public_message()),
            Err(_) => (HealthState::Failed, format!("no answer in {ANSWER_MS} ms")),
        };
        Component {
            name,
            state,
            detail,
            latency_ms: (self.now_ms() - began_ms).max(0),
        }
    }
}

fn sum_up(components: Vec<Component>) -> Health {
    let states = components.iter().map(|component| component.state);
    Health {
        state: states.max().unwrap_or(HealthState::Ok),
        components,
    }
}
