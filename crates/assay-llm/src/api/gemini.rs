//! Google's Gemini. The key is a header and never in the address; the version of the
//! programming interface is part of the path.

use serde_json::{Map, Value, json};

use super::{Draft, Stop, Target, Wire, count, native_schema, output_tokens, system_text, text};
use crate::answer::{Shortfall, Usage};
use crate::ask::{Ask, Message};
use crate::error::{LlmError, shorten};
use crate::retry::stream_error;

pub(super) fn wire(ask: &Ask, target: Target<'_>) -> Wire {
    let contents: Vec<Value> = ask.messages.iter().map(content).collect();
    let mut generation = json!({ "maxOutputTokens": output_tokens(ask, &target) });
    if let Some(temperature) = ask.temperature {
        generation["temperature"] = temperature.into();
    }
    // Only the newer interface takes JSON schemas as they are.
    let is_stable = target.version == "v1";
    if let Some(schema) = native_schema(ask, &target) {
        generation["responseMimeType"] = "application/json".into();
        if is_stable {
            generation["responseSchema"] = plain_schema(&schema.schema);
        } else {
            generation["responseJsonSchema"] = schema.schema.clone();
        }
    }
    let mut body = json!({ "contents": contents, "generationConfig": generation });
    let system = system_text(ask, target.means);
    if !system.is_empty() {
        body["systemInstruction"] = json!({ "parts": [{ "text": system }] });
    }
    if !ask.tools.is_empty() {
        let key = if is_stable {
            "parameters"
        } else {
            "parametersJsonSchema"
        };
        let tools = ask.tools.iter().map(|tool| {
            let parameters = match is_stable {
                true => plain_schema(&tool.parameters),
                false => tool.parameters.clone(),
            };
            json!({ "name": tool.name, "description": tool.description, key: parameters })
        });
        body["tools"] = json!([{ "functionDeclarations": tools.collect::<Vec<_>>() }]);
    }
    Wire {
        path: format!(
            "/{}/models/{}:streamGenerateContent?alt=sse",
            target.version, target.model
        ),
        headers: Vec::new(),
        body,
    }
}

fn content(message: &Message) -> Value {
    match message {
        Message::User(text) => json!({ "role": "user", "parts": [{ "text": text }] }),
        Message::Assistant { text, calls } => {
            let words = (!text.is_empty()).then(|| json!({ "text": text }));
            let calls = calls.iter().map(|call| {
                let mut part =
                    json!({ "functionCall": { "name": call.name, "args": call.arguments } });
                if let Some(echo) = &call.echo {
                    part["thoughtSignature"] = echo.as_str().into();
                }
                part
            });
            let parts: Vec<Value> = words.into_iter().chain(calls).collect();
            json!({ "role": "model", "parts": parts })
        }
        Message::Results(results) => {
            let results = results.iter().map(|one| {
                json!({ "functionResponse": { "name": one.name, "response": { "result": one.text } } })
            });
            json!({ "role": "user", "parts": results.collect::<Vec<_>>() })
        }
    }
}

/// Leaves out the words of a schema that the older interface does not know.
fn plain_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let known = object
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "additionalProperties" | "$schema"));
            let plain: Map<String, Value> = known
                .map(|(key, value)| (key.clone(), plain_schema(value)))
                .collect();
            Value::Object(plain)
        }
        Value::Array(values) => values.iter().map(plain_schema).collect(),
        other => other.clone(),
    }
}

pub(super) fn read(value: &Value, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    // Without a stream it may be a list of the same chunks.
    if let Value::Array(chunks) = value {
        return chunks.iter().try_for_each(|chunk| read(chunk, draft));
    }
    if let Some(error) = value.get("error") {
        let status = error.get("code").and_then(Value::as_u64);
        return Err(stream_error(
            value,
            status.and_then(|code| u16::try_from(code).ok()),
        ));
    }
    if let Some(usage) = value.get("usageMetadata").filter(|usage| usage.is_object()) {
        let cached = count(usage, "/cachedContentTokenCount");
        draft.usage = Some(Usage {
            input_tokens: (count(usage, "/promptTokenCount")
                + count(usage, "/toolUsePromptTokenCount"))
            .saturating_sub(cached),
            cache_read_tokens: cached,
            cache_write_tokens: 0,
            output_tokens: count(usage, "/candidatesTokenCount")
                + count(usage, "/thoughtsTokenCount"),
        });
    }
    if let Some(reason) = value
        .pointer("/promptFeedback/blockReason")
        .and_then(Value::as_str)
    {
        draft.stop(Stop::Short(Shortfall::Filtered(shorten(reason))));
    }
    let Some(candidate) = value.pointer("/candidates/0") else {
        return Ok(());
    };
    let parts = candidate
        .pointer("/content/parts")
        .and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        read_part(part, draft)?;
    }
    if let Some(reason) = text(candidate, "finishReason") {
        draft.stop(match reason {
            "STOP" => Stop::Finished,
            "MAX_TOKENS" => Stop::Short(Shortfall::Length),
            "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE" => {
                Stop::Short(Shortfall::Filtered(reason.into()))
            }
            other => Stop::Short(Shortfall::Unknown(shorten(other))),
        });
    }
    Ok(())
}

fn read_part(part: &Value, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    if part.get("thought").and_then(Value::as_bool) == Some(true) {
        draft.has_begun = true;
        return Ok(());
    }
    draft.say(text(part, "text").unwrap_or_default())?;
    if let Some(called) = part.get("functionCall") {
        let index = draft.calls.len() as u64;
        let call = draft.call(index)?;
        let name = text(called, "name").unwrap_or_default();
        name.clone_into(&mut call.name);
        call.id = text(called, "id").map_or_else(|| format!("call-{index}"), str::to_owned);
        call.value = called.get("args").cloned();
        call.echo = text(part, "thoughtSignature").map(str::to_owned);
    }
    Ok(())
}
