//! Anthropic's messages. Sampling parameters are sent only when they are configured,
//! and not at all in versions that refuse them.

use serde_json::{Value, json};

use super::{Draft, Stop, Target, Wire, count, native_schema, output_tokens, system_text, text};
use crate::answer::Shortfall;
use crate::ask::{Ask, Message};
use crate::error::{LlmError, shorten};
use crate::retry::stream_error;

/// The version from before keys became bearers' and sampling parameters went away.
pub(crate) const FIRST_VERSION: &str = "2023-06-01";
/// From so many bytes on it pays to let the provider keep the beginning.
const CACHED_BYTES_MIN: usize = 4_096;

pub(super) fn wire(ask: &Ask, target: Target<'_>) -> Wire {
    let messages: Vec<Value> = ask.messages.iter().map(message).collect();
    let system = system_text(ask, target.means);
    let mut body = json!({
        "model": target.model,
        "max_tokens": output_tokens(ask, &target),
        "messages": messages,
        "stream": true,
    });
    if !system.is_empty() {
        let is_long = system.len() >= CACHED_BYTES_MIN;
        let mut block = json!({ "type": "text", "text": system });
        if is_long {
            block["cache_control"] = json!({ "type": "ephemeral" });
        }
        body["system"] = json!([block]);
    }
    if let Some(temperature) = ask.temperature.filter(|_| target.version <= FIRST_VERSION) {
        body["temperature"] = temperature.into();
    }
    if let Some(schema) = native_schema(ask, &target) {
        body["output_config"] =
            json!({ "format": { "type": "json_schema", "schema": schema.schema } });
    }
    if !ask.tools.is_empty() {
        let tools = ask.tools.iter().map(|tool| {
            json!({
                "name": tool.name,
                "description": tool.description,
                "input_schema": tool.parameters,
            })
        });
        body["tools"] = tools.collect();
    }
    Wire {
        path: "/v1/messages".into(),
        headers: vec![("anthropic-version", target.version.to_owned())],
        body,
    }
}

fn message(message: &Message) -> Value {
    let said = |text: &str| json!({ "type": "text", "text": text });
    match message {
        Message::User(text) => json!({ "role": "user", "content": [said(text)] }),
        Message::Assistant { text, calls } => {
            let words = (!text.is_empty()).then(|| said(text));
            let calls = calls.iter().map(|call| {
                json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments })
            });
            let content: Vec<Value> = words.into_iter().chain(calls).collect();
            json!({ "role": "assistant", "content": content })
        }
        Message::Results(results) => {
            let results = results.iter().map(
                |one| json!({ "type": "tool_result", "tool_use_id": one.id, "content": one.text }),
            );
            json!({ "role": "user", "content": results.collect::<Vec<_>>() })
        }
    }
}

pub(super) fn read(value: &Value, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    let index = count(value, "/index");
    match text(value, "type").unwrap_or_default() {
        "message_start" => {
            take_usage(value.pointer("/message/usage"), draft);
            Ok(())
        }
        "content_block_start" => match value.get("content_block") {
            Some(block) => read_block(block, index, draft),
            None => Ok(()),
        },
        "content_block_delta" => {
            let delta = value.get("delta").unwrap_or(&Value::Null);
            match text(delta, "type").unwrap_or_default() {
                "text_delta" => draft.say(text(delta, "text").unwrap_or_default()),
                "input_json_delta" => {
                    draft.argue(index, text(delta, "partial_json").unwrap_or_default())
                }
                // Thoughts and signatures say only that it lives.
                _ => {
                    draft.has_begun = true;
                    Ok(())
                }
            }
        }
        "message_delta" => {
            take_usage(value.get("usage"), draft);
            if let Some(reason) = value.pointer("/delta/stop_reason").and_then(Value::as_str) {
                draft.stop(stop(reason));
            }
            Ok(())
        }
        "message_stop" => {
            draft.is_done = true;
            Ok(())
        }
        "error" => Err(stream_error(value, None)),
        // A server that does not stream sends the message itself.
        "message" => {
            take_usage(value.get("usage"), draft);
            let blocks = value.get("content").and_then(Value::as_array);
            for (at, block) in blocks.into_iter().flatten().enumerate() {
                read_block(block, at as u64, draft)?;
            }
            if let Some(reason) = text(value, "stop_reason") {
                draft.stop(stop(reason));
            }
            draft.is_done = true;
            Ok(())
        }
        // `ping`, the ends of blocks, and what is not yet known.
        _ => Ok(()),
    }
}

fn read_block(block: &Value, index: u64, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    match text(block, "type").unwrap_or_default() {
        "text" => draft.say(text(block, "text").unwrap_or_default()),
        "tool_use" => {
            let call = draft.call(index)?;
            text(block, "id")
                .unwrap_or_default()
                .clone_into(&mut call.id);
            text(block, "name")
                .unwrap_or_default()
                .clone_into(&mut call.name);
            // In a stream it is empty here, and comes in pieces.
            let input = block
                .get("input")
                .filter(|input| input.as_object().is_some_and(|object| !object.is_empty()));
            call.value = input.cloned();
            Ok(())
        }
        _ => Ok(()),
    }
}

fn stop(reason: &str) -> Stop {
    match reason {
        "end_turn" | "stop_sequence" => Stop::Finished,
        "tool_use" => Stop::Tools,
        "max_tokens" => Stop::Short(Shortfall::Length),
        "model_context_window_exceeded" => Stop::Short(Shortfall::InputCut),
        "refusal" => Stop::Short(Shortfall::Refused(String::new())),
        "pause_turn" => Stop::Short(Shortfall::Paused),
        other => Stop::Short(Shortfall::Unknown(shorten(other))),
    }
}

/// Takes counters; a later event repeats some of them with their final value.
fn take_usage(usage: Option<&Value>, draft: &mut Draft<'_>) {
    let Some(usage) = usage.filter(|usage| usage.is_object()) else {
        return;
    };
    let known = draft.usage.get_or_insert_default();
    for (key, counter) in [
        ("input_tokens", &mut known.input_tokens),
        ("cache_read_input_tokens", &mut known.cache_read_tokens),
        ("cache_creation_input_tokens", &mut known.cache_write_tokens),
        ("output_tokens", &mut known.output_tokens),
    ] {
        if let Some(value) = usage.get(key).and_then(Value::as_u64) {
            *counter = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::answer::Usage;
    use crate::api::Draft;
    use crate::model::HearNothing;

    #[test]
    fn later_counters_go_over_earlier_ones() {
        let mut draft = Draft::new(&HearNothing);
        for event in [
            serde_json::json!({"type": "message_start", "message": {"usage":
                {"input_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 9, "output_tokens": 1}}}),
            serde_json::json!({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 11}}),
        ] {
            super::read(&event, &mut draft).unwrap();
        }
        let expected = Usage {
            input_tokens: 5,
            cache_read_tokens: 7,
            cache_write_tokens: 9,
            output_tokens: 11,
        };
        assert_eq!(draft.usage, Some(expected));
    }
}
