//! The models that somebody configured, made ready for one review: with its budget, its
//! routes and what is kept of earlier answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use assay_llm::{
    ApiVectors, BatchQueue, Batched, Budget, BudgetLimit, BudgetLimits, Cached, Choice, LlmError,
    Model, ModelFacts, ModelId, ModelTable, Money, Price, Provider, ProviderModel,
    ProviderSettings, Route, Routed, Router, Similar, SimilarCounts, SimilarLimits, SimilarWorld,
    TextVectors, World,
};
use assay_source::BlobCache;

/// What a review, a day and a month cost at most when nobody says.
const USUAL_REVIEW: Money = Money::from_nanos(2_000_000_000);
const USUAL_DAY: Money = Money::from_nanos(10_000_000_000);
const USUAL_MONTH: Money = Money::from_nanos(100_000_000_000);

/// What is configured of models.
#[derive(Clone, Debug)]
pub struct DeskSettings {
    /// The models that may be asked.
    pub models: Vec<ModelId>,
    /// Whom they are of, by name.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// Which of them do what.
    pub routes: Vec<Route>,
    /// What is known of them.
    pub table: ModelTable,
    /// What they may cost; the usual when nothing is limited.
    pub budget: BudgetLimits,
    /// How answers to similar questions are remembered; they are not when it is none.
    pub similar: Option<DeskSimilar>,
}

/// How answers to similar questions are remembered.
#[derive(Clone, Debug)]
pub struct DeskSimilar {
    /// What makes vectors.
    pub vectors: DeskVectors,
    /// When a question counts as similar, and how much is kept for how long.
    pub limits: SimilarLimits,
}

/// What makes vectors of questions.
#[derive(Clone)]
pub enum DeskVectors {
    /// A model in this process.
    Local(Arc<dyn TextVectors>),
    /// A provider's.
    Api(ModelId),
}

impl fmt::Debug for DeskVectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(_) => f.write_str("Local"),
            Self::Api(id) => write!(f, "Api({id})"),
        }
    }
}

/// Models, ready to be asked.
#[derive(Clone)]
pub struct ModelDesk(Arc<Inner>);

struct Inner {
    models: Vec<ModelId>,
    providers: BTreeMap<String, Arc<Provider>>,
    /// Those whose models cost nothing.
    free: BTreeSet<String>,
    routes: Vec<Route>,
    table: ModelTable,
    budget: BudgetLimits,
    is_usual: bool,
    similar: Option<DeskSimilar>,
    counts: Arc<SimilarCounts>,
    world: World,
}

impl ModelDesk {
    /// Makes connections to providers ready; nothing is sent.
    ///
    /// # Errors
    ///
    /// A setting that makes no sense.
    pub fn new(settings: DeskSettings, world: &World) -> Result<Self, LlmError> {
        let mut providers = BTreeMap::new();
        let mut free = BTreeSet::new();
        for (name, one) in settings.providers {
            if one.is_free {
                free.insert(name.clone());
            }
            providers.insert(name, Provider::new(one, world.clone())?);
        }
        let mut models = settings.models;
        for id in settings.routes.iter().flat_map(|route| &route.models) {
            if !models.contains(id) {
                models.push(id.clone());
            }
        }
        let is_usual = !settings.budget.has_hard();
        Ok(Self(Arc::new(Inner {
            models,
            providers,
            free,
            routes: settings.routes,
            table: settings.table,
            budget: match is_usual {
                true => usual(settings.budget),
                false => settings.budget,
            },
            is_usual,
            similar: settings.similar,
            counts: Arc::default(),
            world: world.clone(),
        })))
    }

    /// Returns whether answers to similar questions are remembered.
    pub fn remembers(&self) -> bool {
        self.0.similar.is_some()
    }

    /// Returns how often an answer to a similar question was found, how often not, and
    /// what was saved.
    pub fn similar_counts(&self) -> &SimilarCounts {
        &self.0.counts
    }

    /// Puts a memory of answers to similar questions beside a model, where one is
    /// configured; `of` says what is answered now.
    ///
    /// # Errors
    ///
    /// Vectors of a provider that makes none.
    pub fn remembering(
        &self,
        model: Arc<dyn Model>,
        budget: &Arc<Budget>,
        cache: Arc<dyn BlobCache + Send + Sync>,
        of: &str,
    ) -> Result<Arc<dyn Model>, String> {
        let inner = &*self.0;
        let Some(similar) = &inner.similar else {
            return Ok(model);
        };
        let vectors: Arc<dyn TextVectors> = match &similar.vectors {
            DeskVectors::Local(vectors) => Arc::clone(vectors),
            DeskVectors::Api(id) => {
                let provider = inner.providers.get(&id.provider);
                let provider = provider
                    .ok_or_else(|| format!("`{id}` is of a provider that is not configured"))?;
                let price = self.facts(id).price;
                let made = ApiVectors::new(provider, id, price, Arc::clone(budget));
                Arc::new(made.map_err(|error| error.to_string())?)
            }
        };
        let world = SimilarWorld {
            cache,
            vectors,
            clock: Arc::clone(&inner.world.clock),
            counts: Arc::clone(&inner.counts),
        };
        Ok(Arc::new(Similar::new(model, world, similar.limits, of)))
    }

    /// Returns what may be spent.
    pub fn limits(&self) -> BudgetLimits {
        self.0.budget
    }

    /// Returns the models that may be asked.
    pub fn models(&self) -> &[ModelId] {
        &self.0.models
    }

    /// Returns what is known of a model. What is said to be free costs nothing;
    /// as long as nobody set a budget, a model without a price counts as the dearest
    /// that there is, so that the usual limits hold.
    pub fn facts(&self, id: &ModelId) -> ModelFacts {
        let inner = &*self.0;
        let mut facts = inner.table.find(&id.name).cloned().unwrap_or_default();
        if facts.price.is_none() {
            facts.price = match inner.free.contains(&id.provider) {
                true => Some(Price::default()),
                false if inner.is_usual => Some(inner.table.dearest()),
                false => None,
            };
        }
        facts
    }

    /// Returns the models for one review: routed, or one of them alone.
    ///
    /// # Errors
    ///
    /// When there is none that could be asked.
    pub fn open(
        &self,
        budget: &Arc<Budget>,
        cache: Option<&Arc<dyn BlobCache + Send + Sync>>,
        only: Option<&ModelId>,
    ) -> Result<Routed, String> {
        let asked = |model: ProviderModel| -> Arc<dyn Model> {
            let model = model.with_budget(Arc::clone(budget));
            match cache {
                Some(cache) => Arc::new(Cached::new(model, Arc::clone(cache))),
                None => Arc::new(model),
            }
        };
        self.open_with(budget, only, &asked)
    }

    /// Returns the models for one review whose questions wait for a batch.
    ///
    /// # Errors
    ///
    /// When there is none that could be asked.
    pub fn open_waiting(
        &self,
        budget: &Arc<Budget>,
        cache: &Arc<dyn BlobCache + Send + Sync>,
        only: Option<&ModelId>,
        queue: &Arc<BatchQueue>,
    ) -> Result<Routed, String> {
        let waiting = |model: ProviderModel| -> Arc<dyn Model> {
            let model = Batched::new(model, Arc::clone(queue));
            Arc::new(Cached::new(model, Arc::clone(cache)))
        };
        self.open_with(budget, only, &waiting)
    }

    /// Returns a model to which batches are sent, without a budget of its own.
    pub fn batch_model(&self, id: &ModelId) -> Option<ProviderModel> {
        let provider = self.0.providers.get(&id.provider)?;
        Some(provider.model(&id.name, self.facts(id)))
    }

    fn open_with(
        &self,
        budget: &Arc<Budget>,
        only: Option<&ModelId>,
        asked: &dyn Fn(ProviderModel) -> Arc<dyn Model>,
    ) -> Result<Routed, String> {
        let inner = &*self.0;
        let names: Vec<ModelId> = match only {
            Some(only) => vec![only.clone()],
            None => inner.models.clone(),
        };
        let mut choices = Vec::new();
        for id in names {
            let provider = inner.providers.get(&id.provider);
            let provider = provider
                .ok_or_else(|| format!("`{id}` is of a provider that is not configured"))?;
            let facts = self.facts(&id);
            let model = asked(provider.model(&id.name, facts.clone()));
            choices.push(Choice {
                id,
                facts,
                provider: Arc::clone(provider),
                model,
            });
        }
        let routes = match only {
            Some(_) => Vec::new(),
            None => inner.routes.clone(),
        };
        Routed::new(choices, Router::new(routes), Arc::clone(budget))
            .ok_or_else(|| "no model is configured".to_owned())
    }
}

fn usual(limits: BudgetLimits) -> BudgetLimits {
    let with = |limit: BudgetLimit, hard: Money| BudgetLimit {
        hard: Some(hard),
        ..limit
    };
    BudgetLimits {
        call: limits.call,
        review: with(limits.review, USUAL_REVIEW),
        day: with(limits.day, USUAL_DAY),
        month: with(limits.month, USUAL_MONTH),
    }
}
