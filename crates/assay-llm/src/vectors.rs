//! Texts as places in a space in which near means alike, by a provider's model.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Usage;
use crate::budget::{Budget, CallSpend};
use crate::error::LlmError;
use crate::facts::Price;
use crate::model::{Boxed, ModelId};
use crate::money::Money;
use crate::provider::{Provider, ProviderKind};

/// Bytes of a piece of a text that gets a vector; models read no more than so.
const PIECE_BYTES_MAX: usize = 6_000;
/// Pieces of a text; the rest is left out.
const PIECES_MAX: usize = 16;
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// Numbers of a vector.
const DIMENSIONS_MAX: usize = 8_192;

/// Turns texts into vectors of length one.
pub trait TextVectors: Send + Sync {
    /// Returns what tells the model from every other.
    fn id(&self) -> String;

    /// Returns the vector of a text.
    fn vector<'a>(&'a self, text: &'a str) -> Boxed<'a, Result<Vec<f32>, LlmError>>;
}

/// Cuts a text into pieces of so many bytes at most, and no more than so many.
pub fn text_pieces(text: &str, bytes_max: usize, pieces_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && pieces.len() < pieces_max {
        let mut end = rest.len().min(bytes_max.max(4));
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Returns the middle of vectors, of length one; none when they do not fit together.
pub fn middle_of(vectors: &[Vec<f32>]) -> Option<Vec<f32>> {
    let mut sum = vec![0f32; vectors.first()?.len()];
    for vector in vectors {
        if vector.len() != sum.len() {
            return None;
        }
        for (sum, one) in sum.iter_mut().zip(vector) {
            *sum += one;
        }
    }
    let length = sum.iter().map(|one| one * one).sum::<f32>().sqrt();
    if !length.is_finite() || length <= 0.0 {
        return None;
    }
    sum.iter_mut().for_each(|one| *one /= length);
    Some(sum)
}

/// Vectors of a provider's model, under a budget.
pub struct ApiVectors {
    provider: Arc<Provider>,
    model: ModelId,
    price: Option<Price>,
    budget: Arc<Budget>,
}

impl ApiVectors {
    /// Makes them of a model of a provider.
    ///
    /// # Errors
    ///
    /// A provider that makes no vectors.
    pub fn new(
        provider: &Arc<Provider>,
        model: &ModelId,
        price: Option<Price>,
        budget: Arc<Budget>,
    ) -> Result<Self, LlmError> {
        if provider.settings.kind == ProviderKind::Anthropic {
            let why = format!("`{model}` is of a provider that makes no vectors");
            return Err(LlmError::Setting(why));
        }
        Ok(Self {
            provider: Arc::clone(provider),
            model: model.clone(),
            price,
            budget,
        })
    }

    async fn ask(&self, text: &str) -> Result<Vec<f32>, LlmError> {
        let pieces = text_pieces(text, PIECE_BYTES_MAX, PIECES_MAX);
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        let most = self.price.map(|price| price.most(bytes as u64 + 512, 0));
        let reserved = self.budget.reserve_when_free(most).await;
        let reserved = reserved.map_err(LlmError::Budget)?;
        let began_ms = self.provider.world.clock.now_ms();
        let result = self.exchange(&pieces).await;
        let (usage, spent) = match &result {
            Ok((_, tokens)) => {
                let usage = tokens.map(|tokens| Usage {
                    input_tokens: tokens,
                    ..Usage::default()
                });
                let counted = self
                    .price
                    .zip(usage)
                    .map(|(price, usage)| price.cost(usage));
                (usage, counted.or(most))
            }
            Err(error) if error.charge() == crate::error::Charge::Nothing => {
                (None, Some(Money::ZERO))
            }
            Err(_) => (None, most),
        };
        reserved.settle(spent.unwrap_or_default());
        let passed_ms = self.provider.world.clock.now_ms().saturating_sub(began_ms);
        self.budget.note(&CallSpend {
            model: self.model.clone(),
            task: "vectors",
            usage,
            cost: spent,
            is_answered: result.is_ok(),
            duration_ms: passed_ms.max(0) as u64,
        });
        let (vectors, _) = result?;
        middle_of(&vectors).ok_or_else(|| unreadable("the vectors do not fit together"))
    }

    async fn exchange(&self, pieces: &[&str]) -> Result<(Vec<Vec<f32>>, Option<u64>), LlmError> {
        let name = &self.model.name;
        let (path, body) = match self.provider.settings.kind {
            ProviderKind::Gemini => {
                let model = format!("models/{name}");
                let one = |piece: &&str| json!({ "model": model, "content": { "parts": [{ "text": piece }] } });
                let version = self.provider.version();
                let requests: Vec<Value> = pieces.iter().map(one).collect();
                (
                    format!("/{version}/{model}:batchEmbedContents"),
                    json!({ "requests": requests }),
                )
            }
            ProviderKind::Ollama => (
                "/api/embed".to_owned(),
                json!({ "model": name, "input": pieces }),
            ),
            _ => (
                "/embeddings".to_owned(),
                json!({ "model": name, "input": pieces, "encoding_format": "float" }),
            ),
        };
        let request = self.provider.begin(Method::POST, &path)?;
        let request = request.header("content-type", "application/json");
        let bytes = self
            .provider
            .exchange(request.body(body.to_string()), ANSWER_BYTES_MAX)
            .await?;
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|_| unreadable("the vectors are no JSON"))?;
        let vectors = read(&value, pieces.len())?;
        let tokens = ["/usage/prompt_tokens", "/prompt_eval_count"];
        let tokens = tokens.iter().find_map(|path| value.pointer(path)?.as_u64());
        Ok((vectors, tokens))
    }
}

impl TextVectors for ApiVectors {
    fn id(&self) -> String {
        self.model.to_string()
    }

    fn vector<'a>(&'a self, text: &'a str) -> Boxed<'a, Result<Vec<f32>, LlmError>> {
        Box::pin(self.ask(text))
    }
}

fn unreadable(why: &str) -> LlmError {
    LlmError::Unreadable(why.to_owned())
}

/// Reads the vectors of an answer, in the order in which they were asked for.
fn read(value: &Value, count: usize) -> Result<Vec<Vec<f32>>, LlmError> {
    let list = value.get("data").or(value.get("embeddings"));
    let list = list.and_then(Value::as_array);
    let list = list.ok_or_else(|| unreadable("the answer has no vectors"))?;
    let mut all = vec![None; count];
    for (at, one) in list.iter().enumerate() {
        let index = one.get("index").and_then(Value::as_u64);
        let at = index.and_then(|at| usize::try_from(at).ok()).unwrap_or(at);
        let numbers = one.get("embedding").or(one.get("values")).unwrap_or(one);
        let numbers = numbers.as_array().map(Vec::as_slice).unwrap_or_default();
        let is_sized = (1..=DIMENSIONS_MAX).contains(&numbers.len());
        let number = |one: &Value| {
            one.as_f64()
                .map(|one| one as f32)
                .filter(|one| one.is_finite())
        };
        let vector: Option<Vec<f32>> = numbers.iter().map(number).collect();
        let vector = vector.filter(|_| is_sized);
        match (all.get_mut(at), vector) {
            (Some(place @ None), Some(vector)) => *place = Some(vector),
            _ => return Err(unreadable("a vector is none")),
        }
    }
    let whole: Option<Vec<Vec<f32>>> = all.into_iter().collect();
    whole.ok_or_else(|| unreadable("a vector is missing"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{middle_of, read, text_pieces};

    #[test]
    fn pieces_end_between_characters() {
        assert_eq!(text_pieces("äöü", 4, 9), ["äö", "ü"]);
        assert_eq!(text_pieces("abcdefgh", 4, 1), ["abcd"]);
        assert_eq!(text_pieces("", 4, 9), Vec::<&str>::new());
    }

    #[test]
    fn the_middle_has_length_one() {
        let middle = middle_of(&[vec![1.0, 0.0], vec![0.0, 1.0]]).unwrap();
        assert!(
            (middle[0] - 0.5_f32.sqrt()).abs() < 0.001 && (middle[0] - middle[1]).abs() < 0.001
        );
        assert_eq!(middle_of(&[vec![1.0], vec![1.0, 2.0]]), None);
        assert_eq!(middle_of(&[vec![0.0]]), None);
        assert_eq!(middle_of(&[]), None);
    }

    #[test]
    fn vectors_are_read_in_the_order_of_their_texts() {
        for value in [
            json!({"data": [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]}),
            json!({"embeddings": [[1.0], [2.0]]}),
            json!({"embeddings": [{"values": [1.0]}, {"values": [2.0]}]}),
        ] {
            assert_eq!(read(&value, 2).unwrap(), [[1.0], [2.0]], "{value}");
            assert!(
                read(&value, 3).is_err() && read(&value, 1).is_err(),
                "{value}"
            );
        }
        for wrong in [
            json!({}),
            json!({"data": [{"index": 0, "embedding": ["x"]}]}),
            json!({"data": [{"index": 0, "embedding": []}]}),
            json!({"data": [{"index": 9, "embedding": [1.0]}]}),
        ] {
            assert!(read(&wrong, 1).is_err(), "{wrong}");
        }
    }
}
