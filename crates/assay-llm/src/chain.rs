//! Several models, asked one after the other until one gives a whole answer.

use std::sync::Arc;

use crate::answer::{Answer, Outcome, Shortfall};
use crate::ask::Ask;
use crate::error::{Failed, LlmError};
use crate::model::{Boxed, Call, Model, ModelId};

/// A chain of models: the first that answers wholly is taken.
pub struct Chain {
    models: Vec<Arc<dyn Model>>,
    id: ModelId,
}

impl Chain {
    /// Makes a chain; none of no models.
    pub fn new(models: Vec<Arc<dyn Model>>) -> Option<Self> {
        let id = models.first()?.id().clone();
        Some(Self { models, id })
    }

    async fn ask_each(&self, ask: &Ask, call: Call<'_>) -> Result<Answer, LlmError> {
        let mut failures = Vec::new();
        let mut first_short = None;
        for (at, model) in self.models.iter().enumerate() {
            let has_next = at + 1 < self.models.len();
            let own = Call {
                has_fallback: has_next || call.has_fallback,
                ..call
            };
            match model.ask(ask, own).await {
                Ok(answer) if !is_worth_another(&answer) => return Ok(answer),
                Ok(answer) => {
                    first_short.get_or_insert(answer);
                }
                // Another model would be paid for what this one is about to say.
                Err(LlmError::Waiting) => return Err(LlmError::Waiting),
                Err(error) => failures.push(Failed {
                    model: model.id().clone(),
                    error,
                }),
            }
            if has_next {
                call.hear.restart();
            }
        }
        first_short.ok_or(LlmError::NoneAnswered(failures))
    }
}

/// Returns whether another model may do what this one did not. An answer that was
/// too long is too long for the next one too.
fn is_worth_another(answer: &Answer) -> bool {
    match &answer.outcome {
        Outcome::Complete(_) => false,
        Outcome::Incomplete { shortfall, .. } => *shortfall != Shortfall::Length,
    }
}

impl Model for Chain {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        Box::pin(self.ask_each(ask, call))
    }
}
