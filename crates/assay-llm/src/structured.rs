//! Answers that are JSON of a given form. The provider's own means keep most answers
//! to the schema; each is checked all the same, and one that does not fit is sent back
//! once with what is wrong.

use jsonschema::Validator;
use serde_json::Value;

use crate::answer::{Answer, Content, Outcome, Usage};
use crate::ask::{Ask, Message};
use crate::error::LlmError;
use crate::model::{Call, Model};
use crate::money::Money;

/// How often an answer that does not fit is sent back.
const REPAIRS_MAX: u32 = 1;
/// What is wrong with an answer is said in so many sentences at most.
const FAULTS_MAX: usize = 10;
/// Characters of one such sentence.
const FAULT_CHARS_MAX: usize = 200;

/// What came of asking for a value.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A value that the schema accepts.
    Value {
        /// The value. It has the right form; what it says is untrusted.
        value: Value,
        /// The last answer.
        answer: Answer,
    },
    /// The model was not done, or wants to look something up; see the answer.
    Unfinished(Answer),
    /// What it said does not fit the schema, also when asked again.
    Misfit {
        /// What is wrong with it.
        faults: Vec<String>,
        /// The last answer.
        answer: Answer,
    },
}

impl Reply {
    /// Returns the last answer. Its usage is that of all answers together.
    pub fn answer(&self) -> &Answer {
        match self {
            Self::Value { answer, .. } | Self::Misfit { answer, .. } | Self::Unfinished(answer) => {
                answer
            }
        }
    }
}

/// Asks for a value of the form that the question has.
///
/// # Errors
///
/// What the model answers with, and a schema that is missing or none.
pub async fn ask_for_value(
    model: &dyn Model,
    ask: &Ask,
    call: Call<'_>,
) -> Result<Reply, LlmError> {
    let schema = ask.schema.as_ref();
    let schema = schema.ok_or_else(|| LlmError::Setting("the question has no schema".into()))?;
    let validator = jsonschema::validator_for(&schema.schema)
        .map_err(|error| LlmError::Setting(format!("the schema is none: {error}")))?;
    let mut ask = ask.clone();
    let mut spent: Option<Usage> = None;
    let mut cost: Option<Money> = None;
    let mut repairs = 0;
    loop {
        let mut answer = model.ask(&ask, call).await?;
        spent = match (spent, answer.usage) {
            (Some(one), Some(other)) => Some(one.plus(other)),
            (one, other) => one.or(other),
        };
        answer.usage = spent;
        cost = match (cost, answer.cost) {
            (Some(one), Some(other)) => Some(one.plus(other)),
            (one, other) => one.or(other),
        };
        answer.cost = cost;
        let text = match &answer.outcome {
            Outcome::Complete(Content { text, calls }) if calls.is_empty() => text.clone(),
            _ => return Ok(Reply::Unfinished(answer)),
        };
        let faults = match read(&text, &validator) {
            Ok(value) => return Ok(Reply::Value { value, answer }),
            Err(faults) => faults,
        };
        if repairs >= REPAIRS_MAX {
            return Ok(Reply::Misfit { faults, answer });
        }
        repairs += 1;
        call.hear.restart();
        let said = format!(
            "That is not what was asked for: {}. Answer again with one JSON value that the schema accepts, and with nothing else.",
            faults.join("; ")
        );
        ask.messages.push(Message::Assistant {
            text,
            calls: Vec::new(),
        });
        ask.messages.push(Message::User(said));
    }
}

fn read(text: &str, validator: &Validator) -> Result<Value, Vec<String>> {
    let value = find_json(text).ok_or_else(|| vec!["it is no JSON".to_owned()])?;
    let faults: Vec<String> = validator
        .iter_errors(&value)
        .take(FAULTS_MAX)
        .map(|error| {
            let place = error.instance_path().to_string();
            let said = match place.is_empty() {
                true => error.to_string(),
                false => format!("at {place}: {error}"),
            };
            said.chars().take(FAULT_CHARS_MAX).collect()
        })
        .collect();
    if faults.is_empty() {
        Ok(value)
    } else {
        Err(faults)
    }
}

/// Returns the JSON value in a text: all of it, or the first object in it, as models
/// write that are not kept to a form.
fn find_json(text: &str) -> Option<Value> {
    let text = text
        .rsplit_once("</think>")
        .map_or(text, |(_, rest)| rest)
        .trim();
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let start = text.find('{')?;
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    values.next()?.ok()
}

/// Returns what keeps a schema from being strict in the sense of all providers: each
/// object names all of its keys as required and takes no others.
pub fn strict_faults(schema: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    walk(schema, "", &mut faults);
    faults
}

fn walk(schema: &Value, path: &str, faults: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(properties) = object.get("properties").and_then(Value::as_object) {
                if object.get("additionalProperties") != Some(&Value::Bool(false)) {
                    faults.push(format!("{path}/additionalProperties is not false"));
                }
                let required = object.get("required").and_then(Value::as_array);
                let is_required = |key: &str| {
                    required.is_some_and(|keys| keys.iter().any(|one| one.as_str() == Some(key)))
                };
                let missing = properties.keys().filter(|key| !is_required(key));
                faults.extend(missing.map(|key| format!("{path}/required has no `{key}`")));
            }
            for (key, value) in object {
                walk(value, &format!("{path}/{key}"), faults);
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                walk(value, &format!("{path}/{at}"), faults);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{find_json, strict_faults};

    #[test]
    fn the_value_is_found_among_words() {
        for (text, expected) in [
            ("{\"a\":1}", Some(json!({"a": 1}))),
            (" [1] ", Some(json!([1]))),
            (
                "```json\n{\"a\": {\"b\": 2}}\n```",
                Some(json!({"a": {"b": 2}})),
            ),
            (
                "Here it is: {\"a\":1} as you wanted {",
                Some(json!({"a": 1})),
            ),
            ("<think>{no}</think>{\"a\":1}", Some(json!({"a": 1}))),
            ("{\"a\":", None),
            ("nothing", None),
            ("", None),
        ] {
            assert_eq!(find_json(text), expected, "{text}");
        }
    }

    #[test]
    fn a_schema_that_is_not_strict_is_known() {
        let strict = json!({
            "type": "object", "additionalProperties": false, "required": ["a"],
            "properties": { "a": { "type": "array", "items": {
                "type": "object", "additionalProperties": false, "required": [], "properties": {} } } },
        });
        assert!(strict_faults(&strict).is_empty());
        let loose = json!({ "properties": { "a": { "properties": { "b": {} } } } });
        assert_eq!(
            strict_faults(&loose).len(),
            4,
            "{:?}",
            strict_faults(&loose)
        );
    }
}
