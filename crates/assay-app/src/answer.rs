//! Answering a question from passages of a repository by a language model: the question
//! is put with a schema, and of the answer only what quotes the passages is shown.

use assay_llm::{Ask, Call, Model, Outcome, Purpose, Reply, ask_for_value};
use assay_retrieval::{
    ANSWER_SYSTEM, CheckedAnswer, ModelAnswer, ModelCitation, Passage, answer_question,
    check_answer,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Tokens of an answer, those of its reasoning included.
const OUTPUT_TOKENS_MAX: u32 = 4_096;

/// The answer as it crosses the edge of the process.
#[derive(Deserialize)]
struct AnswerWire {
    answer: String,
    citations: Vec<CitationWire>,
}

#[derive(Deserialize)]
struct CitationWire {
    passage: u32,
    line: u32,
    quote: String,
}

/// Asks a model.
///
/// # Errors
///
/// Why there is no answer to show, in words for whoever asked.
pub async fn ask_for_answer(
    model: &dyn Model,
    question: &str,
    passages: &[Passage],
) -> Result<CheckedAnswer, String> {
    let text = answer_question(question, passages);
    let mut ask = Ask::new(ANSWER_SYSTEM, text.as_str()).with_schema("answer", schema());
    ask.output_tokens_max = OUTPUT_TOKENS_MAX;
    let call = Call {
        purpose: Purpose {
            task: "ask",
            ..Purpose::default()
        },
        ..Call::default()
    };
    let value = match ask_for_value(model, &ask, call).await {
        Ok(Reply::Value { value, .. }) => value,
        Ok(Reply::Unfinished(answer)) => {
            return Err(match answer.outcome {
                Outcome::Incomplete { shortfall, .. } => shortfall.to_string(),
                Outcome::Complete(_) => "it called a tool that it was not given".to_owned(),
            });
        }
        Ok(Reply::Misfit { .. }) => {
            return Err("it does not have the form that was asked for".to_owned());
        }
        Err(error) => return Err(error.to_string()),
    };
    let wire: AnswerWire =
        serde_json::from_value(value).map_err(|_| "it has another form".to_owned())?;
    let answer = ModelAnswer {
        text: wire.answer,
        citations: wire
            .citations
            .into_iter()
            .map(|one| ModelCitation {
                passage: one.passage,
                line: one.line,
                quote: one.quote,
            })
            .collect(),
    };
    check_answer(&answer, passages)
        .ok_or_else(|| "it cites nothing that is in the passages".to_owned())
}

/// Returns the form of an answer, strict in the sense of all providers.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "answer": { "type": "string" },
            "citations": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "passage": { "type": "integer" },
                        "line": { "type": "integer" },
                        "quote": { "type": "string" },
                    },
                    "required": ["passage", "line", "quote"],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["answer", "citations"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::schema;

    #[test]
    fn the_schema_is_strict() {
        assert_eq!(assay_llm::strict_faults(&schema()), Vec::<String>::new());
    }
}
