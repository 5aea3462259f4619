//! Anthropic's message batches: all questions in one request, results a line each at an
//! address of their own. A batch has 24 hours.

use reqwest::Method;
use serde_json::{Value, json};

use super::{BatchLook, BatchState, Found, LOOK_BYTES_MAX, Output, count, text, value_of, why};
use crate::error::{LlmError, shorten};
use crate::provider::Provider;

const PATH: &str = "/v1/messages/batches";

pub(super) async fn submit(
    provider: &Provider,
    bodies: Vec<(&str, Value)>,
) -> Result<String, LlmError> {
    let one = |(name, body): (&str, Value)| json!({ "custom_id": name, "params": body });
    let requests: Vec<Value> = bodies.into_iter().map(one).collect();
    let batch = post(provider, PATH, &json!({ "requests": requests })).await?;
    Ok(text(&batch, "/id").to_owned())
}

async fn post(provider: &Provider, path: &str, body: &Value) -> Result<Value, LlmError> {
    let request = provider.begin(Method::POST, path)?;
    let request = request.header("content-type", "application/json");
    let request = request.body(body.to_string());
    value_of(&provider.exchange(request, LOOK_BYTES_MAX).await?)
}

pub(super) async fn look(provider: &Provider, id: &str) -> Result<BatchLook, LlmError> {
    let request = provider.begin(Method::GET, &format!("{PATH}/{id}"))?;
    let value = value_of(&provider.exchange(request, LOOK_BYTES_MAX).await?)?;
    let of = |kind: &str| count(&value, &format!("/request_counts/{kind}"));
    let (succeeded, errored) = (of("succeeded"), of("errored"));
    let (cancelled, expired) = (of("canceled"), of("expired"));
    let done = succeeded + errored + cancelled + expired;
    let state = match text(&value, "/processing_status") {
        "in_progress" | "canceling" => BatchState::Running,
        "ended" if cancelled > 0 => BatchState::Cancelled,
        "ended" if expired > 0 => BatchState::Expired,
        "ended" => BatchState::Ended,
        other => {
            let other = shorten(other);
            return Err(LlmError::Unreadable(format!("the batch is `{other}`")));
        }
    };
    // The address of the results is at the provider, whatever it says: the key goes there.
    let outputs = match state.is_over() {
        true => vec![Output::Lines(format!("{PATH}/{id}/results"))],
        false => Vec::new(),
    };
    Ok(BatchLook {
        state,
        done,
        of: done + of("processing"),
        outputs,
    })
}

pub(super) async fn cancel(provider: &Provider, id: &str) -> Result<(), LlmError> {
    let path = format!("{PATH}/{id}/cancel");
    post(provider, &path, &json!({})).await.map(drop)
}

pub(super) fn found(value: &Value) -> Option<Found> {
    let name = value.get("custom_id")?.as_str()?.to_owned();
    let said = match text(value, "/result/type") {
        "succeeded" => value
            .pointer("/result/message")
            .cloned()
            .ok_or_else(|| "the result has no message".to_owned()),
        "errored" => Err(why(value.pointer("/result/error").unwrap_or(&Value::Null))),
        "canceled" => Err("the batch was cancelled".to_owned()),
        "expired" => Err("the time of the batch was over".to_owned()),
        other => Err(format!("the result is `{}`", shorten(other))),
    };
    Some(Found { name, said })
}
