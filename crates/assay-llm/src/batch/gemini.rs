//! Gemini's batches: all questions in one request, and the results in the batch itself.
//! Its states have been called by two names, of which the end counts.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    BatchLook, BatchState, Found, LOOK_BYTES_MAX, Output, RESULTS_BYTES_MAX, count, text, value_of,
    why,
};
use crate::error::{LlmError, shorten};
use crate::provider::Provider;

pub(super) async fn submit(
    provider: &Provider,
    model: &str,
    bodies: Vec<(&str, Value)>,
) -> Result<String, LlmError> {
    let one = |(name, body): (&str, Value)| json!({ "request": body, "metadata": { "key": name } });
    let requests: Vec<Value> = bodies.into_iter().map(one).collect();
    let body = json!({ "batch": {
        "display_name": "assay",
        "input_config": { "requests": { "requests": requests } },
    }});
    let path = format!(
        "/{}/models/{model}:batchGenerateContent",
        provider.version()
    );
    let batch = post(provider, &path, &body).await?;
    Ok(text(&batch, "/name").to_owned())
}

async fn post(provider: &Provider, path: &str, body: &Value) -> Result<Value, LlmError> {
    let request = provider.begin(Method::POST, path)?;
    let request = request.header("content-type", "application/json");
    let request = request.body(body.to_string());
    value_of(&provider.exchange(request, LOOK_BYTES_MAX).await?)
}

pub(super) async fn look(provider: &Provider, id: &str) -> Result<BatchLook, LlmError> {
    let request = provider.begin(Method::GET, &format!("/{}/{id}", provider.version()))?;
    let value = value_of(&provider.exchange(request, RESULTS_BYTES_MAX).await?)?;
    let state = text(&value, "/metadata/state");
    let state = match state.rsplit_once("STATE_").map_or("", |(_, word)| word) {
        "PENDING" | "RUNNING" | "QUEUED" => BatchState::Running,
        "SUCCEEDED" | "PARTIALLY_SUCCEEDED" => BatchState::Ended,
        "FAILED" => BatchState::Failed(why(&value)),
        "EXPIRED" => BatchState::Expired,
        "CANCELLED" => BatchState::Cancelled,
        _ => {
            let state = shorten(state);
            return Err(LlmError::Unreadable(format!("the batch is `{state}`")));
        }
    };
    let results = value.pointer("/response/inlinedResponses/inlinedResponses");
    let results = results.and_then(Value::as_array).cloned();
    let stats = |name: &str| count(&value, &format!("/metadata/batchStats/{name}"));
    Ok(BatchLook {
        state,
        done: stats("successfulRequestCount") + stats("failedRequestCount"),
        of: stats("requestCount"),
        outputs: vec![Output::Here(results.unwrap_or_default())],
    })
}

pub(super) async fn cancel(provider: &Provider, id: &str) -> Result<(), LlmError> {
    let path = format!("/{}/{id}:cancel", provider.version());
    post(provider, &path, &json!({})).await.map(drop)
}

pub(super) fn found(value: &Value) -> Option<Found> {
    let name = value.pointer("/metadata/key")?.as_str()?.to_owned();
    let said = match value.get("response") {
        Some(response) => Ok(response.clone()),
        None => Err(why(value)),
    };
    Some(Found { name, said })
}
