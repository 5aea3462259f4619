//! Answering a question from passages of a repository by a language model: the question
//! is put with a schema, and of the answer only what quotes the passages is shown.

use assay_llm::{Ask, Call, Kept, Like, Model, Outcome, Purpose, Reply, ask_for_value};
use assay_retrieval::{
    ANSWER_SYSTEM, CheckedAnswer, ModelAnswer, ModelCitation, Passage, answer_question,
    check_answer, fitting_passages,
};
use assay_source::BlobKeyHasher;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The task, as the table of routes names it.
const TASK_ASK: &str = "ask";
/// Tokens of an answer, those of its reasoning included.
const OUTPUT_TOKENS_MAX: u32 = 4_096;

/// The answer as it crosses the edge of the process.
#[derive(Deserialize)]
struct AnswerWire {
    answer: String,
    citations: Vec<CitationWire>,
}

#[derive(Serialize, Deserialize)]
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
    let like = like_of(question);
    if let Some(kept) = model.recall(&like).await
        && let Some(answer) = same_again(&kept, passages)
    {
        return Ok(answer);
    }
    let text = answer_question(question, passages);
    let mut ask = Ask::new(ANSWER_SYSTEM, text.as_str()).with_schema("answer", schema());
    ask.output_tokens_max = OUTPUT_TOKENS_MAX;
    let call = Call {
        purpose: Purpose {
            task: TASK_ASK,
            ..Purpose::default()
        },
        ..Call::default()
    };
    let (value, cost) = match ask_for_value(model, &ask, call).await {
        Ok(Reply::Value { value, answer }) => (value, answer.cost.unwrap_or_default()),
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
    let checked = check_answer(&answer, passages)
        .ok_or_else(|| "it cites nothing that is in the passages".to_owned())?;
    let payload = payload(&answer, passages);
    model.keep(&like, payload, cost.nanos()).await;
    Ok(checked)
}

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptAnswer {
    version: u32,
    text: String,
    citations: Vec<CitationWire>,
    /// The passages that the model was shown, as hashes in their order.
    passages: Vec<String>,
}

/// The form of it.
const KEPT_VERSION: u32 = 1;

/// Returns what a question is compared by: its words. The code that it is about is
/// compared by [`same_again`].
fn like_of(question: &str) -> Like {
    Like {
        task: TASK_ASK,
        prompt: format!("{ANSWER_SYSTEM}\n{}", schema()),
        text: question.to_owned(),
    }
}

fn payload(answer: &ModelAnswer, passages: &[Passage]) -> String {
    let given = &passages[..fitting_passages(passages)];
    let kept = KeptAnswer {
        version: KEPT_VERSION,
        text: answer.text.clone(),
        citations: answer
            .citations
            .iter()
            .map(|one| CitationWire {
                passage: one.passage,
                line: one.line,
                quote: one.quote.clone(),
            })
            .collect(),
        passages: given.iter().map(hash).collect(),
    };
    serde_json::to_string(&kept).expect("keys are text")
}

/// Returns a passage as a hash of its place and its text.
fn hash(passage: &Passage) -> String {
    let mut hasher = BlobKeyHasher::new("passage 1");
    hasher.add(passage.hit.path.to_uri().as_bytes());
    hasher.add(&passage.hit.first_line.to_le_bytes());
    for line in &passage.lines {
        hasher.add(line.as_bytes());
    }
    let key = hasher.finish();
    key[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns an answer that was given before, when every passage that it was made of is
/// here again to the letter; of other code it says nothing.
fn same_again(kept: &Kept, passages: &[Passage]) -> Option<CheckedAnswer> {
    let wire: KeptAnswer = serde_json::from_str(&kept.payload).ok()?;
    let given: Vec<String> = passages[..fitting_passages(passages)]
        .iter()
        .map(hash)
        .collect();
    // The number that each has now.
    let now = |hash: &String| given.iter().position(|one| one == hash);
    let numbers: Vec<usize> = wire.passages.iter().map(now).collect::<Option<_>>()?;
    if wire.version != KEPT_VERSION {
        return None;
    }
    let number = |old: u32| {
        let at = usize::try_from(old).ok()?.checked_sub(1)?;
        u32::try_from(numbers.get(at)? + 1).ok()
    };
    let citations = wire.citations.into_iter().filter_map(|one| {
        Some(ModelCitation {
            passage: number(one.passage)?,
            line: one.line,
            quote: one.quote,
        })
    });
    let answer = ModelAnswer {
        text: renumbered(&wire.text, number),
        citations: citations.collect(),
    };
    let mut checked = check_answer(&answer, passages)?;
    let said = format!(
        " (Said before to a similar question, nearness 0.{:03}.)",
        kept.nearness.min(999)
    );
    checked.text.push_str(&said);
    Some(checked)
}

/// Gives the references in a text, such as `[2]`, other numbers.
fn renumbered(text: &str, number: impl Fn(u32) -> Option<u32>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let reference = after.split_once(']');
        let new = reference.and_then(|(old, after)| Some((number(old.parse().ok()?)?, after)));
        match new {
            Some((new, after)) => {
                out.push_str(&format!("[{new}]"));
                rest = after;
            }
            None => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
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
    use super::{renumbered, schema};

    #[test]
    fn references_get_their_new_numbers() {
        let swap = |old: u32| {
            [None, Some(2), Some(1)]
                .get(old as usize)
                .copied()
                .flatten()
        };
        for (text, expected) in [
            ("There [1] and [2].", "There [2] and [1]."),
            ("a[i] = b[3] [", "a[i] = b[3] ["),
            ("", ""),
        ] {
            assert_eq!(renumbered(text, swap), expected);
        }
    }

    #[test]
    fn the_schema_is_strict() {
        assert_eq!(assay_llm::strict_faults(&schema()), Vec::<String>::new());
    }
}
