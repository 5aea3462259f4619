//! `OpenAI`'s batches: a file with a question a line goes up, a batch is made of it, and
//! results and errors are files again. A batch has 24 hours.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    BatchLook, BatchState, Found, LOOK_BYTES_MAX, Output, count, is_name, text, value_of, why,
};
use crate::error::{LlmError, shorten};
use crate::provider::Provider;

/// What stands between the parts of a form; no line of JSON holds it.
const BOUNDARY: &str = "assay-7f0e3a5c9b1d4e28";

pub(super) async fn submit(
    provider: &Provider,
    path: &str,
    bodies: Vec<(&str, Value)>,
) -> Result<String, LlmError> {
    let mut lines = String::new();
    for (name, body) in bodies {
        let line = json!({ "custom_id": name, "method": "POST", "url": path, "body": body });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let form = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"batch.jsonl\"\r\n\
         Content-Type: application/jsonl\r\n\r\n{lines}\r\n--{BOUNDARY}--\r\n"
    );
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = provider.begin(Method::POST, "/files")?;
    let request = request.header("content-type", kind).body(form);
    let file = value_of(&provider.exchange(request, LOOK_BYTES_MAX).await?)?;
    let file = text(&file, "/id");
    if !is_name(file) {
        return Err(LlmError::Unreadable("the file has no name".into()));
    }
    let body = json!({ "input_file_id": file, "endpoint": path, "completion_window": "24h" });
    let batch = post(provider, "/batches", &body).await?;
    Ok(text(&batch, "/id").to_owned())
}

async fn post(provider: &Provider, path: &str, body: &Value) -> Result<Value, LlmError> {
    let request = provider.begin(Method::POST, path)?;
    let request = request.header("content-type", "application/json");
    let request = request.body(body.to_string());
    value_of(&provider.exchange(request, LOOK_BYTES_MAX).await?)
}

pub(super) async fn look(provider: &Provider, id: &str) -> Result<BatchLook, LlmError> {
    let request = provider.begin(Method::GET, &format!("/batches/{id}"))?;
    let value = value_of(&provider.exchange(request, LOOK_BYTES_MAX).await?)?;
    let state = match text(&value, "/status") {
        "validating" | "in_progress" | "finalizing" | "cancelling" => BatchState::Running,
        "completed" => BatchState::Ended,
        "expired" => BatchState::Expired,
        "cancelled" => BatchState::Cancelled,
        "failed" => BatchState::Failed(why(value.pointer("/errors/data/0").unwrap_or(&value))),
        other => {
            let other = shorten(other);
            return Err(LlmError::Unreadable(format!("the batch is `{other}`")));
        }
    };
    let files = ["/output_file_id", "/error_file_id"];
    let files = files.map(|pointer| text(&value, pointer));
    let files = files.into_iter().filter(|file| is_name(file));
    Ok(BatchLook {
        state,
        done: count(&value, "/request_counts/completed") + count(&value, "/request_counts/failed"),
        of: count(&value, "/request_counts/total"),
        outputs: files
            .map(|file| Output::Lines(format!("/files/{file}/content")))
            .collect(),
    })
}

pub(super) async fn cancel(provider: &Provider, id: &str) -> Result<(), LlmError> {
    let path = format!("/batches/{id}/cancel");
    post(provider, &path, &json!({})).await.map(drop)
}

pub(super) fn found(value: &Value) -> Option<Found> {
    let name = value.get("custom_id")?.as_str()?.to_owned();
    let is_error = value.get("error").is_some_and(|error| !error.is_null());
    let status = count(value, "/response/status_code");
    let body = value.pointer("/response/body");
    let said = match body {
        Some(body) if !is_error && (200..300).contains(&status) => Ok(body.clone()),
        Some(body) if !is_error => Err(format!("the provider answered {status}: {}", why(body))),
        _ => Err(why(value)),
    };
    Some(Found { name, said })
}
