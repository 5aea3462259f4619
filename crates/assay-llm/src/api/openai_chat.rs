//! `OpenAI`'s chat completions, which most other servers speak as well.

use serde_json::{Value, json};

use super::{Draft, Stop, Target, Wire, count, native_schema, output_tokens, system_text, text};
use crate::answer::{Shortfall, Usage};
use crate::ask::{Ask, Message};
use crate::error::LlmError;
use crate::retry::stream_error;

pub(super) fn wire(ask: &Ask, target: Target<'_>) -> Wire {
    let mut messages = vec![json!({ "role": "system", "content": system_text(ask, target.means) })];
    messages.extend(ask.messages.iter().flat_map(message));
    let tokens = output_tokens(ask, &target);
    let mut body = json!({
        "model": target.model,
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if target.facts.is_reasoning {
        body["max_completion_tokens"] = tokens.into();
    } else {
        body["max_tokens"] = tokens.into();
        if let Some(temperature) = ask.temperature {
            body["temperature"] = temperature.into();
        }
    }
    if let Some(schema) = native_schema(ask, &target) {
        body["response_format"] = json!({
            "type": "json_schema",
            "json_schema": { "name": schema.name, "strict": true, "schema": schema.schema },
        });
    }
    if !ask.tools.is_empty() {
        let tools = ask.tools.iter().map(|tool| {
            json!({
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                    "strict": true,
                },
            })
        });
        body["tools"] = tools.collect();
    }
    Wire {
        path: "/chat/completions".into(),
        headers: Vec::new(),
        body,
    }
}

fn message(message: &Message) -> Vec<Value> {
    match message {
        Message::User(text) => vec![json!({ "role": "user", "content": text })],
        Message::Assistant { text, calls } => {
            let mut message = json!({ "role": "assistant", "content": text });
            if !calls.is_empty() {
                let calls = calls.iter().map(|call| {
                    json!({
                        "id": call.id,
                        "type": "function",
                        "function": { "name": call.name, "arguments": call.arguments.to_string() },
                    })
                });
                message["tool_calls"] = calls.collect();
            }
            vec![message]
        }
        Message::Results(results) => results
            .iter()
            .map(|one| json!({ "role": "tool", "tool_call_id": one.id, "content": one.text }))
            .collect(),
    }
}

pub(super) fn read(value: &Value, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    if value.get("error").is_some_and(|error| !error.is_null()) {
        return Err(stream_error(value, None));
    }
    if let Some(usage) = value.get("usage").filter(|usage| usage.is_object()) {
        draft.usage = Some(usage_of(usage));
    }
    // The chunk with the usage has no choices; Azure begins with one that has none.
    let Some(choice) = value.pointer("/choices/0") else {
        return Ok(());
    };
    // A server that does not stream sends the message whole.
    let part = choice.get("delta").or(choice.get("message"));
    if let Some(part) = part {
        draft.say(text(part, "content").unwrap_or_default())?;
        if let Some(refusal) = text(part, "refusal") {
            draft.refuse(refusal)?;
        }
        let calls = part.get("tool_calls").and_then(Value::as_array);
        for (at, call) in calls.into_iter().flatten().enumerate() {
            read_call(call, at as u64, draft)?;
        }
    }
    if let Some(reason) = text(choice, "finish_reason") {
        draft.stop(match reason {
            "stop" => Stop::Finished,
            "tool_calls" | "function_call" => Stop::Tools,
            "length" => Stop::Short(Shortfall::Length),
            "content_filter" => Stop::Short(Shortfall::Filtered(reason.into())),
            other => Stop::Short(Shortfall::Unknown(crate::error::shorten(other))),
        });
    }
    Ok(())
}

fn read_call(call: &Value, at: u64, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    let index = call.get("index").and_then(Value::as_u64).unwrap_or(at);
    let entry = draft.call(index)?;
    if let Some(id) = text(call, "id").filter(|id| !id.is_empty()) {
        id.clone_into(&mut entry.id);
    }
    let Some(function) = call.get("function") else {
        return Ok(());
    };
    if let Some(name) = text(function, "name").filter(|name| !name.is_empty()) {
        name.clone_into(&mut entry.name);
    }
    draft.argue(index, text(function, "arguments").unwrap_or_default())
}

fn usage_of(usage: &Value) -> Usage {
    let cached = count(usage, "/prompt_tokens_details/cached_tokens");
    Usage {
        input_tokens: count(usage, "/prompt_tokens").saturating_sub(cached),
        cache_read_tokens: cached,
        cache_write_tokens: 0,
        output_tokens: count(usage, "/completion_tokens"),
    }
}
