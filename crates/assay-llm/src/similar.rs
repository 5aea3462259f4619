//! What was answered before to questions that are nearly the same: found by the nearness
//! of their vectors, under the same task, prompt, model and owner. What may be made of it
//! is judged by who asked, who knows the code; nothing here answers a question by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use assay_source::{BlobCache, BlobKey, BlobKeyHasher, Clock};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::error::LlmError;
use crate::model::{Boxed, Call, Model, ModelId};
use crate::vectors::TextVectors;

/// Bytes of what is kept of one question.
pub const KEPT_BYTES_MAX: usize = 64 << 10;
/// Bytes of what is kept of one kind of question; the oldest go.
const SHELF_BYTES_MAX: usize = 4 << 20;

/// What a question is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Like {
    /// The task, such as `ask`.
    pub task: &'static str,
    /// All that has to be the same to the letter: what the model is told, the form of the
    /// answer.
    pub prompt: String,
    /// What has to be nearly the same.
    pub text: String,
}

/// What was kept of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Of what it was answered, in words, such as a review and its day.
    pub of: String,
    /// How near the question was, in thousandths of a cosine.
    pub nearness: u32,
    /// What was kept.
    pub payload: String,
    /// What the answer cost then, in billionths of a dollar.
    pub saved_nanos: u64,
}

/// When something is near enough, and how much is kept for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimilarLimits {
    /// The cosine from which on a question counts as nearly the same.
    pub cosine_min: f32,
    /// How long something is kept.
    pub ttl_ms: i64,
    /// Questions of one kind that are kept.
    pub entries_max: usize,
}

impl Default for SimilarLimits {
    fn default() -> Self {
        Self {
            cosine_min: 0.97,
            ttl_ms: 7 * 24 * 60 * 60 * 1_000,
            entries_max: 200,
        }
    }
}

/// How often something was found, and what that saved.
#[derive(Debug, Default)]
pub struct SimilarCounts {
    hits: AtomicU64,
    misses: AtomicU64,
    saved_nanos: AtomicU64,
}

impl SimilarCounts {
    /// Returns how often something was found, how often not, and what finding it saved in
    /// billionths of a dollar.
    pub fn read(&self) -> (u64, u64, u64) {
        let read = |one: &AtomicU64| one.load(Ordering::Relaxed);
        (
            read(&self.hits),
            read(&self.misses),
            read(&self.saved_nanos),
        )
    }
}

/// By what questions are found again.
#[derive(Clone)]
pub struct SimilarWorld {
    /// Where it is kept; nobody else's.
    pub cache: Arc<dyn BlobCache + Send + Sync>,
    /// What makes vectors.
    pub vectors: Arc<dyn TextVectors>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Counts.
    pub counts: Arc<SimilarCounts>,
}

/// A model beside which earlier answers are remembered.
pub struct Similar<M> {
    inner: M,
    world: SimilarWorld,
    limits: SimilarLimits,
    /// What is answered now, in words.
    of: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryWire {
    created_ms: i64,
    of: String,
    /// A byte a number.
    vector: Vec<i8>,
    payload: String,
    saved_nanos: u64,
}

impl<M: Model> Similar<M> {
    /// Puts a memory beside a model; `of` says what is answered now.
    pub fn new(inner: M, world: SimilarWorld, limits: SimilarLimits, of: &str) -> Self {
        Self {
            inner,
            world,
            limits,
            of: of.to_owned(),
        }
    }

    fn key(&self, like: &Like) -> BlobKey {
        BlobKeyHasher::new("similar 1")
            .part(like.task.as_bytes())
            .part(like.prompt.as_bytes())
            .part(self.inner.id().to_string().as_bytes())
            .part(self.world.vectors.id().as_bytes())
            .finish()
    }

    /// Returns what is kept and not too old, the oldest first.
    fn shelf(&self, key: &BlobKey) -> Vec<EntryWire> {
        let bytes = self.world.cache.get(key).unwrap_or_default();
        let mut all: Vec<EntryWire> = serde_json::from_slice(&bytes).unwrap_or_default();
        let oldest_ms = self.world.clock.now_ms().saturating_sub(self.limits.ttl_ms);
        all.retain(|entry| entry.created_ms > oldest_ms);
        all
    }

    async fn find(&self, like: &Like) -> Option<Kept> {
        let shelf = self.shelf(&self.key(like));
        if shelf.is_empty() {
            return None;
        }
        let vector = self.vector(like).await?;
        let near = |entry: &EntryWire| cosine(&entry.vector, &vector);
        let nearest = shelf
            .into_iter()
            .max_by(|one, other| near(one).total_cmp(&near(other)))?;
        let cosine = near(&nearest);
        (cosine >= self.limits.cosine_min).then(|| Kept {
            of: nearest.of,
            nearness: (cosine.clamp(0.0, 1.0) * 1_000.0).round() as u32,
            payload: nearest.payload,
            saved_nanos: nearest.saved_nanos,
        })
    }

    async fn remember(&self, like: &Like, payload: String, saved_nanos: u64) {
        if payload.len() > KEPT_BYTES_MAX {
            return;
        }
        let Some(vector) = self.vector(like).await else {
            return;
        };
        let key = self.key(like);
        let mut shelf = self.shelf(&key);
        // The same question again takes the place of what was kept of it.
        shelf.retain(|entry| entry.vector != vector);
        shelf.push(EntryWire {
            created_ms: self.world.clock.now_ms(),
            of: self.of.clone(),
            vector,
            payload,
            saved_nanos,
        });
        let spare = shelf.len().saturating_sub(self.limits.entries_max);
        shelf.drain(..spare);
        while let Ok(bytes) = serde_json::to_vec(&shelf) {
            if bytes.len() <= SHELF_BYTES_MAX {
                self.world.cache.put(&key, bytes);
                return;
            }
            shelf.remove(0);
        }
    }

    /// Returns the vector with a byte for each number; none when there is none to be had,
    /// which is no reason to fail.
    async fn vector(&self, like: &Like) -> Option<Vec<i8>> {
        match self.world.vectors.vector(&like.text).await {
            Ok(vector) => Some(
                vector
                    .iter()
                    .map(|one| (one * 127.0).round().clamp(-127.0, 127.0) as i8)
                    .collect(),
            ),
            Err(error) => {
                tracing::warn!(%error, "no vector for a question; nothing similar is looked for");
                None
            }
        }
    }
}

fn cosine(one: &[i8], other: &[i8]) -> f32 {
    if one.len() != other.len() {
        return 0.0;
    }
    let dot = |a: &[i8], b: &[i8]| -> f64 {
        let products = a.iter().zip(b).map(|(a, b)| i64::from(*a) * i64::from(*b));
        products.sum::<i64>() as f64
    };
    let lengths = (dot(one, one) * dot(other, other)).sqrt();
    match lengths > 0.0 {
        true => (dot(one, other) / lengths) as f32,
        false => 0.0,
    }
}

impl<M: Model> Model for Similar<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn ask<'a>(&'a self, ask: &'a Ask, call: Call<'a>) -> Boxed<'a, Result<Answer, LlmError>> {
        self.inner.ask(ask, call)
    }

    fn recall<'a>(&'a self, like: &'a Like) -> Boxed<'a, Option<Kept>> {
        Box::pin(async move {
            let found = self.find(like).await;
            let counts = &self.world.counts;
            match &found {
                Some(kept) => {
                    counts.hits.fetch_add(1, Ordering::Relaxed);
                    let saved = kept.saved_nanos;
                    counts.saved_nanos.fetch_add(saved, Ordering::Relaxed);
                }
                None => {
                    counts.misses.fetch_add(1, Ordering::Relaxed);
                }
            }
            found
        })
    }

    fn keep<'a>(&'a self, like: &'a Like, payload: String, cost_nanos: u64) -> Boxed<'a, ()> {
        Box::pin(self.remember(like, payload, cost_nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::cosine;

    #[test]
    fn nearness_is_the_cosine() {
        assert!((cosine(&[127, 0], &[127, 0]) - 1.0).abs() < 1e-6);
        assert!((cosine(&[90, 90], &[127, 0]).powi(2) - 0.5).abs() < 1e-3);
        assert!(cosine(&[127, 0], &[0, 127]).abs() < 1e-6);
        assert!(cosine(&[127, 0], &[127]).abs() < 1e-6);
        assert!(cosine(&[0, 0], &[0, 0]).abs() < 1e-6);
    }
}
