//! What real providers refuse.

use serde_json::{Value, json};

use super::{Dialect, Received};

/// A refusal: status and body.
pub(super) type Refusal = (u16, Value);

fn refusal(status: u16, message: &str) -> Option<Refusal> {
    let body = json!({ "error": { "type": "invalid_request_error", "message": message } });
    Some((status, body))
}

/// Returns why the provider would not take the request.
pub(super) fn objection(dialect: Dialect, asked: &Received) -> Option<Refusal> {
    if asked.method != "POST" {
        return refusal(405, "only POST");
    }
    if !asked.body.is_object() {
        return refusal(400, "the body is no JSON object");
    }
    match dialect {
        Dialect::OpenAiChat => chat(asked),
        Dialect::OpenAiResponses => responses(asked),
        Dialect::Anthropic => anthropic(asked),
        Dialect::Gemini => gemini(asked),
        Dialect::Ollama => ollama(asked),
    }
}

/// Whether a model reasons, by the habit of names.
fn reasons(model: &str) -> bool {
    model.starts_with("gpt-5")
        || (model.starts_with('o') && model[1..].starts_with(|c: char| c.is_ascii_digit()))
}

fn model(asked: &Received) -> &str {
    asked.body["model"].as_str().unwrap_or_default()
}

fn chat(asked: &Received) -> Option<Refusal> {
    let body = &asked.body;
    if !asked.path.ends_with("/chat/completions") {
        return refusal(404, "unknown path");
    }
    if asked.path.contains("/openai/") {
        if asked.header("api-key").is_none() {
            return refusal(401, "api-key is missing");
        }
        if asked.path.contains("/deployments/") && !asked.query.starts_with("api-version=") {
            return refusal(404, "api-version is missing");
        }
    }
    if model(asked).is_empty() {
        return refusal(400, "you must provide a model parameter");
    }
    if reasons(model(asked)) {
        if body.get("max_tokens").is_some() {
            return refusal(
                400,
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            );
        }
        if body
            .get("temperature")
            .is_some_and(|value| value != &json!(1))
        {
            return refusal(
                400,
                "Unsupported value: 'temperature' does not support this value with this model.",
            );
        }
    }
    if body["stream"] == json!(true) && body["stream_options"]["include_usage"] != json!(true) {
        return refusal(400, "this fake wants usage in the stream");
    }
    if let Some(format) = body.get("response_format")
        && format["type"] == "json_schema"
        && let Some(fault) = loose(&format["json_schema"]["schema"])
    {
        return refusal(400, &format!("Invalid schema for response_format: {fault}"));
    }
    for message in body["messages"].as_array().into_iter().flatten() {
        let is_bare = message["role"] == "tool" && message["tool_call_id"].as_str().is_none();
        if is_bare {
            return refusal(400, "tool messages need a tool_call_id");
        }
    }
    None
}

fn responses(asked: &Received) -> Option<Refusal> {
    let body = &asked.body;
    if !asked.path.ends_with("/responses") {
        return refusal(404, "unknown path");
    }
    if body.get("max_tokens").is_some() || body.get("messages").is_some() {
        return refusal(400, "Unknown parameter");
    }
    if reasons(model(asked)) && body.get("temperature").is_some() {
        return refusal(400, "Unsupported parameter: 'temperature'");
    }
    if let Some(format) = body["text"].get("format")
        && let Some(fault) = loose(&format["schema"])
    {
        return refusal(400, &format!("Invalid schema for text.format: {fault}"));
    }
    None
}

fn anthropic(asked: &Received) -> Option<Refusal> {
    let body = &asked.body;
    if asked.path != "/v1/messages" {
        return refusal(404, "unknown path");
    }
    let Some(version) = asked.header("anthropic-version") else {
        return refusal(400, "anthropic-version: header is required");
    };
    let is_newer = version > "2023-06-01";
    let bearer = asked
        .header("authorization")
        .is_some_and(|value| value.starts_with("Bearer "));
    if is_newer && !bearer {
        return refusal(401, "a bearer token is required");
    }
    if !is_newer && asked.header("x-api-key").is_none() && !bearer {
        return refusal(401, "x-api-key header is required");
    }
    if body
        .get("max_tokens")
        .and_then(Value::as_u64)
        .is_none_or(|tokens| tokens == 0)
    {
        return refusal(400, "max_tokens: Field required");
    }
    if is_newer {
        for key in ["temperature", "top_p", "top_k"] {
            if body.get(key).is_some() {
                return refusal(400, &format!("{key}: Extra inputs are not permitted"));
            }
        }
    }
    for message in body["messages"].as_array().into_iter().flatten() {
        if !matches!(message["role"].as_str(), Some("user" | "assistant")) {
            return refusal(400, "messages: Unexpected role \"system\"");
        }
    }
    if body["messages"].as_array().is_none_or(Vec::is_empty) {
        return refusal(400, "messages: at least one message is required");
    }
    if body.get("response_format").is_some() {
        return refusal(400, "response_format: Extra inputs are not permitted");
    }
    None
}

fn gemini(asked: &Received) -> Option<Refusal> {
    let body = &asked.body;
    if asked.query.contains("key=") {
        return refusal(400, "the key must not be in the address");
    }
    if asked.header("x-goog-api-key").is_none() {
        return refusal(403, "Method doesn't allow unregistered callers");
    }
    let is_stable = asked.path.starts_with("/v1/");
    if !(is_stable || asked.path.starts_with("/v1beta/")) || !asked.path.contains("/models/") {
        return refusal(404, "unknown path");
    }
    if !asked.path.ends_with(":streamGenerateContent") || asked.query != "alt=sse" {
        return refusal(404, "unknown method");
    }
    for content in body["contents"].as_array().into_iter().flatten() {
        if !matches!(content["role"].as_str(), Some("user" | "model")) {
            return refusal(400, "Please use a valid role: user, model.");
        }
    }
    if is_stable && body["generationConfig"].get("responseJsonSchema").is_some() {
        return refusal(400, "Unknown name \"responseJsonSchema\"");
    }
    if is_stable && body.to_string().contains("additionalProperties") {
        return refusal(400, "Unknown name \"additionalProperties\"");
    }
    None
}

fn ollama(asked: &Received) -> Option<Refusal> {
    if asked.path != "/api/chat" {
        return refusal(404, "unknown path");
    }
    if model(asked) == "missing" {
        return Some((404, json!({ "error": "model 'missing' not found" })));
    }
    for message in asked.body["messages"].as_array().into_iter().flatten() {
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            if !call["function"]["arguments"].is_object() {
                return Some((400, json!({ "error": "arguments must be an object" })));
            }
        }
    }
    None
}

/// Returns why a schema is not strict in `OpenAI`'s sense.
fn loose(schema: &Value) -> Option<String> {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                if object.get("additionalProperties") != Some(&json!(false)) {
                    return Some(
                        "'additionalProperties' is required to be supplied and to be false".into(),
                    );
                }
                let empty = Vec::new();
                let required = object
                    .get("required")
                    .and_then(Value::as_array)
                    .unwrap_or(&empty);
                if let Some(key) = properties
                    .keys()
                    .find(|key| !required.contains(&json!(key)))
                {
                    return Some(format!(
                        "'required' is required to include every key. Missing '{key}'"
                    ));
                }
            }
            object.values().find_map(loose)
        }
        Value::Array(values) => values.iter().find_map(loose),
        _ => None,
    }
}
