//! The models that somebody configured, made ready for one review: with its budget, its
//! routes and what is kept of earlier answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay_llm::{
    Budget, BudgetLimit, BudgetLimits, Cached, Choice, LlmError, Model, ModelFacts, ModelId,
    ModelTable, Money, Price, Provider, ProviderSettings, Route, Routed, Router, World,
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
        })))
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
            let model = provider
                .model(&id.name, facts.clone())
                .with_budget(Arc::clone(budget));
            let model: Arc<dyn Model> = match cache {
                Some(cache) => Arc::new(Cached::new(model, Arc::clone(cache))),
                None => Arc::new(model),
            };
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
