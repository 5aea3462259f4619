//! A model for each question: the router decides by what the question is for, how much
//! room it needs, who works, and what money is left.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::budget::Budget;
use crate::chain::Chain;
use crate::error::LlmError;
use crate::facts::ModelFacts;
use crate::model::{Boxed, Call, Model, ModelId, Purpose};
use crate::provider::Provider;
use crate::router::{Candidate, Decision, Need, Purse, Router};

/// Decisions that are remembered for people.
const DECISIONS_MAX: usize = 1_000;

/// A model that can be chosen.
pub struct Choice {
    /// Who it is.
    pub id: ModelId,
    /// What is known of it.
    pub facts: ModelFacts,
    /// Its provider, to know whether it is left alone now.
    pub provider: Arc<Provider>,
    /// The model.
    pub model: Arc<dyn Model>,
}

/// Asks the models that the router decides for.
pub struct Routed {
    id: ModelId,
    choices: Vec<Choice>,
    router: Router,
    budget: Arc<Budget>,
    /// How often something was decided, in words.
    decisions: Mutex<BTreeMap<String, usize>>,
}

impl Routed {
    /// Makes one of models in the order of the configuration; none of none.
    pub fn new(choices: Vec<Choice>, router: Router, budget: Arc<Budget>) -> Option<Self> {
        Some(Self {
            id: choices.first()?.id.clone(),
            choices,
            router,
            budget,
            decisions: Mutex::default(),
        })
    }

    /// Returns whom a question would be asked, and why.
    pub fn decide(&self, ask: &Ask, purpose: Purpose) -> Decision {
        let candidates: Vec<Candidate> = self
            .choices
            .iter()
            .map(|choice| Candidate {
                id: choice.id.clone(),
                facts: choice.facts.clone(),
                is_open: choice.provider.is_open(),
            })
            .collect();
        let need = Need {
            task: purpose.task.to_owned(),
            complexity: purpose.complexity,
            input_tokens: ask.input_tokens_about(),
            output_tokens: u64::from(ask.output_tokens_max),
            needs_tools: !ask.tools.is_empty(),
        };
        let purse = Purse {
            // What is set aside now may come back; whoever wants it waits for that.
            left: self.budget.left().filter(|_| !self.budget.is_busy()),
            is_soft_reached: self.budget.soft_reached().is_some(),
        };
        self.router.decide(&need, &candidates, purse)
    }

    /// Returns what was decided so far and how often, for people.
    pub fn decisions(&self) -> Vec<String> {
        let held = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let said = |(text, count): (&String, &usize)| match count {
            1 => text.clone(),
            count => format!("{text} ({count} times)"),
        };
        held.iter().map(said).collect()
    }

    fn note(&self, purpose: Purpose, decision: &Decision) -> String {
        let reasons: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
        let reasons = reasons.join("; ");
        let (task, complexity) = (purpose.task, purpose.complexity.name());
        let text = format!("{task} of {complexity} complexity: {reasons}");
        let mut held = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if held.len() < DECISIONS_MAX || held.contains_key(&text) {
            *held.entry(text).or_default() += 1;
        }
        reasons
    }

    async fn ask_chosen(&self, ask: &Ask, call: Call<'_>) -> Result<Answer, LlmError> {
        let decision = self.decide(ask, call.purpose);
        let reasons = self.note(call.purpose, &decision);
        let chosen = |id: &ModelId| {
            let choice = self.choices.iter().find(|choice| choice.id == *id);
            choice.map(|choice| Arc::clone(&choice.model))
        };
        let models: Vec<Arc<dyn Model>> = decision.models.iter().filter_map(chosen).collect();
        let chain = Chain::new(models)
            .ok_or_else(|| LlmError::Setting(format!("no model can be asked: {reasons}")))?;
        chain.ask(ask, call).await
    }
}

impl Model for Routed {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        Box::pin(self.ask_chosen(ask, call))
    }
}
