//! `OpenAI`'s responses. Nothing is kept at the provider (`store` is false), and the
//! last event holds the whole answer.

use serde_json::{Value, json};

use super::{Draft, Stop, Target, Wire, count, native_schema, output_tokens, system_text, text};
use crate::answer::{Shortfall, Usage};
use crate::ask::{Ask, Message};
use crate::error::{LlmError, shorten};
use crate::retry::stream_error;

pub(super) fn wire(ask: &Ask, target: Target<'_>) -> Wire {
    let input: Vec<Value> = ask.messages.iter().flat_map(items).collect();
    let mut body = json!({
        "model": target.model,
        "instructions": system_text(ask, target.means),
        "input": input,
        "stream": true,
        "store": false,
        "max_output_tokens": output_tokens(ask, &target),
    });
    if let Some(temperature) = ask.temperature.filter(|_| !target.facts.is_reasoning) {
        body["temperature"] = temperature.into();
    }
    if let Some(schema) = native_schema(ask, &target) {
        body["text"] = json!({ "format": {
            "type": "json_schema",
            "name": schema.name,
            "strict": true,
            "schema": schema.schema,
        }});
    }
    if !ask.tools.is_empty() {
        let tools = ask.tools.iter().map(|tool| {
            json!({
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "strict": true,
            })
        });
        body["tools"] = tools.collect();
    }
    Wire {
        path: "/responses".into(),
        headers: Vec::new(),
        body,
    }
}

fn items(message: &Message) -> Vec<Value> {
    let said = |role: &str, kind: &str, text: &str| json!({ "role": role, "content": [{ "type": kind, "text": text }] });
    match message {
        Message::User(text) => vec![said("user", "input_text", text)],
        Message::Assistant { text, calls } => {
            let words = (!text.is_empty()).then(|| said("assistant", "output_text", text));
            let calls = calls.iter().map(|call| {
                json!({
                    "type": "function_call",
                    "call_id": call.id,
                    "name": call.name,
                    "arguments": call.arguments.to_string(),
                })
            });
            words.into_iter().chain(calls).collect()
        }
        Message::Results(results) => results
            .iter()
            .map(|one| json!({ "type": "function_call_output", "call_id": one.id, "output": one.text }))
            .collect(),
    }
}

pub(super) fn read(value: &Value, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    match text(value, "type").unwrap_or_default() {
        "response.output_text.delta" => draft.say(text(value, "delta").unwrap_or_default()),
        "response.refusal.delta" => draft.refuse(text(value, "delta").unwrap_or_default()),
        "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
            conclude(value.get("response").unwrap_or(&Value::Null), draft)
        }
        "error" => Err(stream_error(value, None)),
        // A server that does not stream sends the response itself.
        "" if text(value, "object") == Some("response") => conclude(value, draft),
        "" if value.get("error").is_some() => Err(stream_error(value, None)),
        _ => Ok(()),
    }
}

/// Takes the whole answer. What was streamed of it is there already.
fn conclude(response: &Value, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    if text(response, "status") == Some("failed") {
        return Err(stream_error(response, None));
    }
    let has_text = !draft.text.is_empty();
    let has_refusal = draft.refusal.is_some();
    let output = response.get("output").and_then(Value::as_array);
    for (at, item) in output.into_iter().flatten().enumerate() {
        match text(item, "type").unwrap_or_default() {
            "message" => {
                let parts = item.get("content").and_then(Value::as_array);
                for part in parts.into_iter().flatten() {
                    match text(part, "type") {
                        Some("output_text") if !has_text => {
                            draft.say(text(part, "text").unwrap_or_default())?;
                        }
                        Some("refusal") if !has_refusal => {
                            draft.refuse(text(part, "refusal").unwrap_or_default())?;
                        }
                        _ => {}
                    }
                }
            }
            "function_call" => {
                let call = draft.call(at as u64)?;
                text(item, "call_id")
                    .unwrap_or_default()
                    .clone_into(&mut call.id);
                text(item, "name")
                    .unwrap_or_default()
                    .clone_into(&mut call.name);
                draft.argue(at as u64, text(item, "arguments").unwrap_or_default())?;
            }
            _ => {}
        }
    }
    if let Some(usage) = response.get("usage").filter(|usage| usage.is_object()) {
        let cached = count(usage, "/input_tokens_details/cached_tokens");
        draft.usage = Some(Usage {
            input_tokens: count(usage, "/input_tokens").saturating_sub(cached),
            cache_read_tokens: cached,
            cache_write_tokens: 0,
            output_tokens: count(usage, "/output_tokens"),
        });
    }
    let reason = response
        .pointer("/incomplete_details/reason")
        .and_then(Value::as_str);
    draft.stop(
        match (text(response, "status").unwrap_or_default(), reason) {
            ("completed", _) if draft.calls.is_empty() => Stop::Finished,
            ("completed", _) => Stop::Tools,
            ("incomplete", Some("max_output_tokens")) => Stop::Short(Shortfall::Length),
            ("incomplete", Some("content_filter")) => {
                Stop::Short(Shortfall::Filtered("content_filter".into()))
            }
            (status, reason) => Stop::Short(Shortfall::Unknown(shorten(reason.unwrap_or(status)))),
        },
    );
    draft.is_done = true;
    Ok(())
}
