//! What a model is asked: the same for every provider, put into each one's words
//! by `api`.

use serde_json::{Value, json};

/// One question with all that belongs to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// What the model is told about its task, before everything else. The same for
    /// many questions, so that providers find it in their caches.
    pub system: String,
    /// What was said, oldest first; the last is not the model's.
    pub messages: Vec<Message>,
    /// What the answer must look like; any text if none.
    pub schema: Option<AnswerSchema>,
    /// What the model may look up. Whoever asks runs them; nothing here does.
    pub tools: Vec<Tool>,
    /// Tokens of the answer at most, those of its reasoning included.
    pub output_tokens_max: u32,
    /// How much chance is in the answer. Sent only when it is set and the model takes it.
    pub temperature: Option<f64>,
    /// Which prompt put it into words, such as `review@2`. It stands in transcripts, is
    /// not sent to models, and makes no other question of one.
    pub prompt: Option<String>,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// By whoever asks.
    User(String),
    /// By the model.
    Assistant {
        /// Its words.
        text: String,
        /// What it wanted to look up.
        calls: Vec<ToolCall>,
    },
    /// What was found, one for each call of the message before.
    Results(Vec<ToolResult>),
}

/// The form of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerSchema {
    /// A name of letters, digits and `_`.
    pub name: String,
    /// The JSON schema.
    pub schema: Value,
}

/// Something that a model may look up.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// A name of letters, digits and `_`.
    pub name: String,
    /// What it gives.
    pub description: String,
    /// The JSON schema of its arguments, an object.
    pub parameters: Value,
}

/// What a model wants to look up. Name and arguments are untrusted.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// By what its result is known.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments.
    pub arguments: Value,
    /// What the provider wants back together with the call.
    pub echo: Option<String>,
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    /// The call's.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it gave, or why it gave nothing.
    pub text: String,
}

impl Ask {
    /// Makes a question of one message.
    pub fn new(system: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            system: system.into(),
            messages: vec![Message::User(user.into())],
            output_tokens_max: 4_096,
            ..Self::default()
        }
    }

    /// Returns the same question wanting an answer of a form.
    #[must_use]
    pub fn with_schema(mut self, name: &str, schema: Value) -> Self {
        self.schema = Some(AnswerSchema {
            name: name.to_owned(),
            schema,
        });
        self
    }

    /// Returns all of it as one JSON value: equal values are equal questions.
    pub fn to_value(&self) -> Value {
        let messages: Vec<Value> = self.messages.iter().map(Message::to_value).collect();
        let tools = self.tools.iter().map(|tool| {
            json!({
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            })
        });
        json!({
            "system": self.system,
            "messages": messages,
            "schema": self.schema.as_ref().map(|one| json!({ "name": one.name, "schema": one.schema })),
            "tools": tools.collect::<Vec<_>>(),
            "output_tokens_max": self.output_tokens_max,
            "temperature": self.temperature,
        })
    }

    /// Returns how many tokens the question can have at most. A token is one byte
    /// or more, and each message, tool and schema brings a few of the provider's own.
    pub fn input_tokens_max(&self) -> u64 {
        let bytes = self.to_value().to_string().len() as u64;
        let parts = (self.messages.len() + self.tools.len()) as u64;
        bytes + 512 + 64 * parts
    }

    /// Returns how many tokens a question that was sent counts as when its provider did
    /// not say. Code and prose have three to four bytes a token, base64 and Chinese
    /// about two.
    pub fn input_tokens_charged(&self) -> u64 {
        self.input_tokens_max() / 2
    }

    /// Returns about how many tokens the question has, as code and English go.
    pub fn input_tokens_about(&self) -> u64 {
        self.to_value().to_string().len() as u64 / 3 + 64
    }
}

impl Message {
    fn to_value(&self) -> Value {
        match self {
            Self::User(text) => json!({ "user": text }),
            Self::Assistant { text, calls } => {
                let calls = calls.iter().map(ToolCall::to_value);
                json!({ "assistant": text, "calls": calls.collect::<Vec<_>>() })
            }
            Self::Results(results) => {
                let results = results
                    .iter()
                    .map(|one| json!({ "id": one.id, "name": one.name, "text": one.text }));
                json!({ "results": results.collect::<Vec<_>>() })
            }
        }
    }
}

impl ToolCall {
    /// Returns it as JSON.
    pub(crate) fn to_value(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "arguments": self.arguments,
            "echo": self.echo,
        })
    }
}
