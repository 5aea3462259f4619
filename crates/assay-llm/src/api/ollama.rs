//! Ollama's own interface: a JSON value a line. It drops the beginning of a question
//! that does not fit without a word, so the room is asked for, and the count of tokens
//! that it took is looked at.

use serde_json::{Value, json};

use super::{Draft, Stop, Target, Wire, count, native_schema, output_tokens, system_text, text};
use crate::answer::{Shortfall, Usage};
use crate::ask::{Ask, Message};
use crate::error::{LlmError, shorten};
use crate::retry::stream_error;

pub(super) fn wire(ask: &Ask, target: Target<'_>) -> Wire {
    let system = system_text(ask, target.means);
    let mut messages = vec![json!({ "role": "system", "content": system })];
    messages.extend(ask.messages.iter().flat_map(message));
    let mut options = json!({
        "num_ctx": target.facts.context_tokens,
        "num_predict": output_tokens(ask, &target),
    });
    if let Some(temperature) = ask.temperature {
        options["temperature"] = temperature.into();
    }
    let mut body = json!({
        "model": target.model,
        "messages": messages,
        "stream": true,
        "options": options,
    });
    if let Some(schema) = native_schema(ask, &target) {
        body["format"] = schema.schema.clone();
    }
    if !ask.tools.is_empty() {
        let tools = ask.tools.iter().map(|tool| {
            json!({
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            })
        });
        body["tools"] = tools.collect();
    }
    Wire {
        path: "/api/chat".into(),
        headers: Vec::new(),
        body,
    }
}

fn message(message: &Message) -> Vec<Value> {
    match message {
        Message::User(text) => vec![json!({ "role": "user", "content": text })],
        Message::Assistant { text, calls } => {
            let calls = calls.iter().map(
                |call| json!({ "function": { "name": call.name, "arguments": call.arguments } }),
            );
            let calls: Vec<Value> = calls.collect();
            vec![json!({ "role": "assistant", "content": text, "tool_calls": calls })]
        }
        Message::Results(results) => results
            .iter()
            .map(|one| json!({ "role": "tool", "tool_name": one.name, "content": one.text }))
            .collect(),
    }
}

pub(super) fn read(value: &Value, draft: &mut Draft<'_>) -> Result<(), LlmError> {
    if value.get("error").is_some() {
        return Err(stream_error(value, None));
    }
    if let Some(message) = value.get("message") {
        draft.say(text(message, "content").unwrap_or_default())?;
        if text(message, "thinking").is_some_and(|thoughts| !thoughts.is_empty()) {
            draft.has_begun = true;
        }
        let calls = message.get("tool_calls").and_then(Value::as_array);
        for called in calls.into_iter().flatten() {
            let index = draft.calls.len() as u64;
            let function = called.get("function").unwrap_or(&Value::Null);
            let call = draft.call(index)?;
            call.id = format!("call-{index}");
            text(function, "name")
                .unwrap_or_default()
                .clone_into(&mut call.name);
            call.value = function.get("arguments").cloned();
        }
    }
    if value.get("done").and_then(Value::as_bool) == Some(true) {
        draft.usage = Some(Usage {
            input_tokens: count(value, "/prompt_eval_count"),
            output_tokens: count(value, "/eval_count"),
            ..Usage::default()
        });
        draft.stop(match text(value, "done_reason") {
            Some("stop") | None if draft.calls.is_empty() => Stop::Finished,
            Some("stop") | None => Stop::Tools,
            Some("length") => Stop::Short(Shortfall::Length),
            Some(other) => Stop::Short(Shortfall::Unknown(shorten(other))),
        });
        draft.is_done = true;
    }
    Ok(())
}
