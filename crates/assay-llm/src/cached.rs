//! Answers that are kept: the same question to the same model is paid once.

use std::sync::Arc;

use assay_source::{BlobCache, BlobKey, BlobKeyHasher};

use crate::answer::{Answer, Outcome, Usage};
use crate::ask::Ask;
use crate::error::LlmError;
use crate::model::{Boxed, Call, Model, ModelId};
use crate::money::Money;
use crate::transcript::AnswerWire;

/// A model before which a cache is asked. Only whole answers are kept.
pub struct Cached<M> {
    inner: M,
    cache: Arc<dyn BlobCache + Send + Sync>,
}

/// Returns by what the answer of a model is kept.
pub(crate) fn answer_key(model: &ModelId, ask: &Ask) -> BlobKey {
    BlobKeyHasher::new("answer 1")
        .part(model.to_string().as_bytes())
        .part(ask.to_value().to_string().as_bytes())
        .finish()
}

impl<M: Model> Cached<M> {
    /// Puts a cache before a model.
    pub fn new(inner: M, cache: Arc<dyn BlobCache + Send + Sync>) -> Self {
        Self { inner, cache }
    }

    fn kept(&self, key: &BlobKey) -> Option<Answer> {
        let bytes = self.cache.get(key)?;
        let wire: AnswerWire = serde_json::from_slice(&bytes).ok()?;
        let answer = wire.answer()?;
        // It cost nothing this time.
        Some(Answer {
            usage: Some(Usage::default()),
            cost: Some(Money::ZERO),
            attempts: 0,
            ..answer
        })
    }
}

impl<M: Model> Model for Cached<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        Box::pin(async move {
            let key = answer_key(self.inner.id(), ask);
            if let Some(answer) = self.kept(&key) {
                if let Outcome::Complete(content) = &answer.outcome {
                    call.hear.text(&content.text);
                }
                return Ok(answer);
            }
            let answer = self.inner.ask(ask, call).await?;
            if let Outcome::Complete(_) = &answer.outcome
                && let Ok(bytes) = serde_json::to_vec(&AnswerWire::of(&answer))
            {
                self.cache.put(&key, bytes);
            }
            Ok(answer)
        })
    }
}
