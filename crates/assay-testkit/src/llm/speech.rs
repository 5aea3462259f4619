//! What a fake says, in each provider's events.

use serde_json::{Value, json};

use super::Dialect;

/// Tokens as the fakes count them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) written: u64,
    pub(super) output: u64,
}

/// What is said and how it ends.
pub(super) struct Speech {
    pub(super) text: String,
    pub(super) refusal: Option<String>,
    pub(super) call: Option<(String, Value)>,
    /// The provider's word.
    pub(super) reason: Option<String>,
    pub(super) counted: Counted,
}

/// Cuts a text into pieces as models send them.
fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters
        .chunks(7)
        .map(|piece| piece.iter().collect())
        .collect()
}

fn event(name: &str, data: &Value) -> String {
    match name {
        "" => format!("data: {data}\n\n"),
        name => format!("event: {name}\ndata: {data}\n\n"),
    }
}

/// Returns the events of a speech; the last ones end it.
pub(super) fn events(dialect: Dialect, speech: &Speech) -> Vec<String> {
    match dialect {
        Dialect::OpenAiChat => chat(speech),
        Dialect::OpenAiResponses => responses(speech),
        Dialect::Anthropic => anthropic(speech),
        Dialect::Gemini => gemini(speech),
        Dialect::Ollama => ollama(speech),
    }
}

fn chat(speech: &Speech) -> Vec<String> {
    let chunk = |delta: Value, reason: Option<&str>| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
        event(
            "",
            &json!({ "object": "chat.completion.chunk", "choices": [choice], "usage": null }),
        )
    };
    let mut all = vec![chunk(json!({ "role": "assistant", "content": "" }), None)];
    all.extend(
        pieces(&speech.text)
            .iter()
            .map(|piece| chunk(json!({ "content": piece }), None)),
    );
    if let Some(refusal) = &speech.refusal {
        all.extend(
            pieces(refusal)
                .iter()
                .map(|piece| chunk(json!({ "refusal": piece }), None)),
        );
    }
    if let Some((name, arguments)) = &speech.call {
        let first = json!({ "index": 0, "id": "call_1", "type": "function", "function": { "name": name, "arguments": "" } });
        all.push(chunk(json!({ "tool_calls": [first] }), None));
        for piece in pieces(&arguments.to_string()) {
            let next = json!({ "index": 0, "function": { "arguments": piece } });
            all.push(chunk(json!({ "tool_calls": [next] }), None));
        }
    }
    let natural = if speech.call.is_some() {
        "tool_calls"
    } else {
        "stop"
    };
    all.push(chunk(
        json!({}),
        Some(speech.reason.as_deref().unwrap_or(natural)),
    ));
    all.push(event(
        "",
        &json!({ "choices": [], "usage": chat_usage(speech.counted) }),
    ));
    all.push("data: [DONE]\n\n".into());
    all
}

fn chat_usage(counted: Counted) -> Value {
    json!({
        "prompt_tokens": counted.input + counted.cached,
        "completion_tokens": counted.output,
        "prompt_tokens_details": { "cached_tokens": counted.cached },
    })
}

fn response(speech: &Speech) -> Value {
    let mut output = Vec::new();
    let part = match &speech.refusal {
        Some(refusal) => json!({ "type": "refusal", "refusal": refusal }),
        None => json!({ "type": "output_text", "text": speech.text }),
    };
    output.push(json!({ "type": "message", "role": "assistant", "content": [part] }));
    if let Some((name, arguments)) = &speech.call {
        output.push(json!({ "type": "function_call", "call_id": "call_1", "name": name, "arguments": arguments.to_string() }));
    }
    let status = match speech.reason.as_deref() {
        None => "completed",
        Some("max_output_tokens" | "content_filter") => "incomplete",
        Some(other) => other,
    };
    json!({
        "object": "response",
        "status": status,
        "incomplete_details": speech.reason.as_ref().map(|reason| json!({ "reason": reason })),
        "output": output,
        "usage": {
            "input_tokens": speech.counted.input + speech.counted.cached,
            "output_tokens": speech.counted.output,
            "input_tokens_details": { "cached_tokens": speech.counted.cached },
        },
    })
}

fn responses(speech: &Speech) -> Vec<String> {
    let named = |kind: &str, rest: Value| {
        let mut value = json!({ "type": kind });
        if let (Value::Object(value), Value::Object(rest)) = (&mut value, rest) {
            value.extend(rest);
        }
        event(kind, &value)
    };
    let mut all = vec![named(
        "response.created",
        json!({ "response": { "status": "in_progress" } }),
    )];
    all.extend(
        pieces(&speech.text)
            .iter()
            .map(|piece| named("response.output_text.delta", json!({ "delta": piece }))),
    );
    if let Some(refusal) = &speech.refusal {
        all.extend(
            pieces(refusal)
                .iter()
                .map(|piece| named("response.refusal.delta", json!({ "delta": piece }))),
        );
    }
    let response = response(speech);
    let last = match response["status"].as_str() {
        Some("incomplete") => "response.incomplete",
        Some("failed") => "response.failed",
        _ => "response.completed",
    };
    all.push(named(last, json!({ "response": response })));
    all
}

fn anthropic(speech: &Speech) -> Vec<String> {
    let named = |kind: &str, value: &Value| event(kind, value);
    let counted = speech.counted;
    let start = json!({ "type": "message_start", "message": { "role": "assistant", "usage": {
        "input_tokens": counted.input,
        "cache_read_input_tokens": counted.cached,
        "cache_creation_input_tokens": counted.written,
        "output_tokens": 1,
    }}});
    let mut all = vec![named("message_start", &start)];
    let block = json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } });
    all.push(named("content_block_start", &block));
    all.push(named("ping", &json!({ "type": "ping" })));
    for piece in pieces(&speech.text) {
        let delta = json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": piece } });
        all.push(named("content_block_delta", &delta));
    }
    all.push(named(
        "content_block_stop",
        &json!({ "type": "content_block_stop", "index": 0 }),
    ));
    if let Some((name, arguments)) = &speech.call {
        let block = json!({ "type": "content_block_start", "index": 1, "content_block": { "type": "tool_use", "id": "toolu_1", "name": name, "input": {} } });
        all.push(named("content_block_start", &block));
        for piece in pieces(&arguments.to_string()) {
            let delta = json!({ "type": "content_block_delta", "index": 1, "delta": { "type": "input_json_delta", "partial_json": piece } });
            all.push(named("content_block_delta", &delta));
        }
        all.push(named(
            "content_block_stop",
            &json!({ "type": "content_block_stop", "index": 1 }),
        ));
    }
    let natural = match (&speech.refusal, &speech.call) {
        (Some(_), _) => "refusal",
        (_, Some(_)) => "tool_use",
        _ => "end_turn",
    };
    let reason = speech.reason.as_deref().unwrap_or(natural);
    let delta = json!({ "type": "message_delta", "delta": { "stop_reason": reason }, "usage": { "output_tokens": counted.output } });
    all.push(named("message_delta", &delta));
    all.push(named("message_stop", &json!({ "type": "message_stop" })));
    all
}

fn gemini(speech: &Speech) -> Vec<String> {
    if let Some(refusal) = &speech.refusal {
        let blocked = json!({ "promptFeedback": { "blockReason": refusal }, "usageMetadata": { "promptTokenCount": speech.counted.input } });
        return vec![event("", &blocked)];
    }
    let chunk = |part: Value, reason: Option<&str>| {
        let mut candidate = json!({ "content": { "role": "model", "parts": [part] }, "index": 0 });
        if let Some(reason) = reason {
            candidate["finishReason"] = reason.into();
        }
        event(
            "",
            &json!({ "candidates": [candidate], "usageMetadata": {
                "promptTokenCount": speech.counted.input + speech.counted.cached,
                "cachedContentTokenCount": speech.counted.cached,
                "candidatesTokenCount": speech.counted.output - speech.counted.output / 2,
                "thoughtsTokenCount": speech.counted.output / 2,
            }}),
        )
    };
    let mut all: Vec<String> = pieces(&speech.text)
        .iter()
        .map(|piece| chunk(json!({ "text": piece }), None))
        .collect();
    if let Some((name, arguments)) = &speech.call {
        let part = json!({ "functionCall": { "name": name, "args": arguments }, "thoughtSignature": "c2ln" });
        all.push(chunk(part, None));
    }
    all.push(chunk(
        json!({ "text": "" }),
        Some(speech.reason.as_deref().unwrap_or("STOP")),
    ));
    all
}

fn ollama(speech: &Speech) -> Vec<String> {
    let line = |value: Value| format!("{value}\n");
    let said = match &speech.refusal {
        // It has no word for a refusal: the model just says so.
        Some(refusal) => refusal,
        None => &speech.text,
    };
    let mut all: Vec<String> = pieces(said)
        .iter()
        .map(|piece| {
            line(json!({ "message": { "role": "assistant", "content": piece }, "done": false }))
        })
        .collect();
    if let Some((name, arguments)) = &speech.call {
        let call = json!({ "function": { "name": name, "arguments": arguments } });
        all.push(line(json!({ "message": { "role": "assistant", "content": "", "tool_calls": [call] }, "done": false })));
    }
    all.push(line(json!({
        "message": { "role": "assistant", "content": "" },
        "done": true,
        "done_reason": speech.reason.as_deref().unwrap_or("stop"),
        "prompt_eval_count": speech.counted.input,
        "eval_count": speech.counted.output,
    })));
    all
}

/// Returns a speech as one value.
pub(super) fn whole(dialect: Dialect, speech: &Speech) -> Value {
    match dialect {
        Dialect::OpenAiChat => json!({
            "object": "chat.completion",
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": speech.text, "refusal": null }, "finish_reason": "stop" }],
            "usage": chat_usage(speech.counted),
        }),
        Dialect::OpenAiResponses => response(speech),
        Dialect::Anthropic => json!({
            "type": "message",
            "role": "assistant",
            "content": [{ "type": "text", "text": speech.text }],
            "stop_reason": "end_turn",
            "usage": { "input_tokens": speech.counted.input, "output_tokens": speech.counted.output },
        }),
        Dialect::Gemini => json!([{
            "candidates": [{ "content": { "role": "model", "parts": [{ "text": speech.text }] }, "finishReason": "STOP" }],
            "usageMetadata": { "promptTokenCount": speech.counted.input, "candidatesTokenCount": speech.counted.output },
        }]),
        Dialect::Ollama => json!({
            "message": { "role": "assistant", "content": speech.text },
            "done": true,
            "done_reason": "stop",
            "prompt_eval_count": speech.counted.input,
            "eval_count": speech.counted.output,
        }),
    }
}
