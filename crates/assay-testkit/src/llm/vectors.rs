//! A fake of the models that make vectors: texts that share most of their words are
//! near, in the forms of `OpenAI`, Gemini and Ollama.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Json, State};
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};

use super::loopback::Loopback;

/// Numbers of a vector.
const DIMENSIONS: usize = 128;

#[derive(Default)]
struct Memory {
    asked: Mutex<usize>,
    is_down: Mutex<bool>,
}

/// A model that makes vectors until it is dropped.
pub struct FakeVectors {
    server: Loopback,
    memory: Arc<Memory>,
}

impl FakeVectors {
    /// Starts one.
    pub fn start() -> Self {
        let memory = Arc::new(Memory::default());
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&memory));
        Self {
            server: Loopback::start(app),
            memory,
        }
    }

    /// Returns the address, without a slash at its end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns how often vectors were asked for.
    pub fn asked(&self) -> usize {
        *self
            .memory
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes every answer an error from now on, or no longer.
    pub fn set_down(&self, is_down: bool) {
        *self
            .memory
            .is_down
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = is_down;
    }
}

async fn answer(
    State(memory): State<Arc<Memory>>,
    uri: Uri,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    *memory.asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    if *memory
        .is_down
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
    {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    let path = uri.path();
    let texts: Vec<&str> = match path.ends_with(":batchEmbedContents") {
        true => body["requests"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["content"]["parts"][0]["text"].as_str())
            .collect(),
        false => body["input"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    };
    let vectors: Vec<Vec<f32>> = texts.iter().map(|text| vector(text)).collect();
    let tokens: usize = texts.iter().map(|text| text.len().div_ceil(4)).sum();
    let value = if path.ends_with("/embeddings") {
        let one = |(index, vector): (usize, &Vec<f32>)| json!({ "object": "embedding", "index": index, "embedding": vector });
        // The order is that of the index and not of the list.
        let data: Vec<Value> = vectors.iter().enumerate().rev().map(one).collect();
        json!({ "object": "list", "data": data, "usage": { "prompt_tokens": tokens, "total_tokens": tokens } })
    } else if path.ends_with("/api/embed") {
        json!({ "embeddings": vectors, "prompt_eval_count": tokens })
    } else if path.ends_with(":batchEmbedContents") {
        let one = |vector: &Vec<f32>| json!({ "values": vector });
        json!({ "embeddings": vectors.iter().map(one).collect::<Vec<_>>() })
    } else {
        return (
            StatusCode::NOT_FOUND,
            Json(json!({ "error": "unknown path" })),
        );
    };
    (StatusCode::OK, Json(value))
}

/// Counts the words of a text, each at a place of its own.
fn vector(text: &str) -> Vec<f32> {
    let mut numbers = vec![0f32; DIMENSIONS];
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % DIMENSIONS as u64).expect("a small number");
        numbers[at] += 1.0;
    }
    let length = numbers.iter().map(|one| one * one).sum::<f32>().sqrt();
    numbers.iter().map(|one| one / length.max(1.0)).collect()
}
