//! Asking a model what a plan of a review wants to know: each question at its own, with
//! a schema, and whatever comes back made a reply that a review can judge.

use std::sync::Arc;

use assay_finding::{Confidence, Severity};
use assay_llm::{
    Ask, Call, HearNothing, LlmError, Model, Money, Outcome, Reply, Usage, ask_for_value,
};
use assay_review::{ModelPlan, ModelQuestion, ModelRemark, ModelReply};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Questions that are under way at a time.
const QUESTIONS_AT_A_TIME: usize = 4;
/// Tokens of an answer, those of its reasoning included.
const OUTPUT_TOKENS_MAX: u32 = 8_192;
/// Remarks of one answer that are looked at.
const REMARKS_MAX: usize = 100;

/// What came of asking.
#[derive(Clone, Debug)]
pub struct ModelReview {
    /// One reply for each question.
    pub replies: Vec<ModelReply>,
    /// Who was asked, and what it cost, in a few words.
    pub about: String,
}

/// The answer as it crosses the edge of the process.
#[derive(Deserialize)]
struct AnswerWire {
    remarks: Vec<RemarkWire>,
}

#[derive(Deserialize)]
struct RemarkWire {
    path: String,
    line: u32,
    quote: String,
    message: String,
    severity: String,
    confidence: String,
    missing_symbol: Option<String>,
}

/// Returns a question as it is put to a model.
pub fn model_ask(question: &ModelQuestion) -> Ask {
    let mut ask =
        Ask::new(question.system, question.text.as_str()).with_schema("remarks", schema());
    ask.output_tokens_max = OUTPUT_TOKENS_MAX;
    ask
}

/// Asks all questions of a plan. Nothing that goes wrong stops the others.
pub async fn ask_model(plan: &ModelPlan, model: Arc<dyn Model>) -> ModelReview {
    let places = Arc::new(Semaphore::new(QUESTIONS_AT_A_TIME));
    let mut under_way = JoinSet::new();
    for (at, question) in plan.questions.iter().enumerate() {
        let ask = model_ask(question);
        let (model, places) = (Arc::clone(&model), Arc::clone(&places));
        under_way.spawn(async move {
            let _place = places.acquire_owned().await;
            let call = Call {
                hear: &HearNothing,
                has_fallback: false,
            };
            (at, ask_for_value(&*model, &ask, call).await)
        });
    }
    let mut spent = Spent::default();
    let mut replies: Vec<ModelReply> = plan
        .questions
        .iter()
        .map(|_| ModelReply::Failed("the question was stopped".to_owned()))
        .collect();
    let mut results = Vec::new();
    while let Some(ended) = under_way.join_next().await {
        results.extend(ended.ok());
    }
    // What is said must not depend on who was first.
    results.sort_by_key(|(at, _)| *at);
    for (at, result) in results {
        spent.add(&result);
        replies[at] = reply(result);
    }
    ModelReview {
        replies,
        about: spent.about(&model.id().to_string()),
    }
}

/// What the answers cost together.
#[derive(Default)]
struct Spent {
    models: Vec<String>,
    usage: Usage,
    cost: Money,
    is_unpriced: bool,
}

impl Spent {
    fn add(&mut self, result: &Result<Reply, LlmError>) {
        let Ok(reply) = result else { return };
        let answer = reply.answer();
        let name = answer.model.to_string();
        if !self.models.contains(&name) {
            self.models.push(name);
        }
        self.usage = self.usage.plus(answer.usage.unwrap_or_default());
        self.cost = self.cost.plus(answer.cost.unwrap_or_default());
        self.is_unpriced |= answer.cost.is_none();
    }

    fn about(&self, asked: &str) -> String {
        let who = match &self.models[..] {
            [] => asked.to_owned(),
            models => models.join(" and "),
        };
        let tokens = self.usage.total();
        match (tokens, self.is_unpriced) {
            (0, _) => who,
            (_, true) => format!("{who} ({tokens} tokens)"),
            (_, false) => format!("{who} ({tokens} tokens, {})", self.cost),
        }
    }
}

fn reply(result: Result<Reply, LlmError>) -> ModelReply {
    match result {
        Ok(Reply::Value { value, answer }) => match serde_json::from_value::<AnswerWire>(value) {
            Ok(wire) => ModelReply::Remarks(
                wire.remarks
                    .into_iter()
                    .take(REMARKS_MAX)
                    .map(remark)
                    .collect(),
            ),
            Err(_) => ModelReply::Failed(format!("{}: the answer has another form", answer.model)),
        },
        Ok(Reply::Unfinished(answer)) => {
            let why = match &answer.outcome {
                Outcome::Incomplete { shortfall, .. } => shortfall.to_string(),
                Outcome::Complete(_) => "it called a tool that it was not given".to_owned(),
            };
            ModelReply::Failed(format!("{}: {why}", answer.model))
        }
        Ok(Reply::Misfit { faults, answer }) => ModelReply::Failed(format!(
            "{}: the answer does not have the form that was asked for ({})",
            answer.model,
            faults.first().map_or("", String::as_str)
        )),
        Err(error) => ModelReply::Failed(error.to_string()),
    }
}

fn remark(wire: RemarkWire) -> ModelRemark {
    ModelRemark {
        path: wire.path,
        line: wire.line,
        quote: wire.quote,
        message: wire.message,
        severity: Severity::from_name(&wire.severity).unwrap_or(Severity::Low),
        confidence: Confidence::from_name(&wire.confidence).unwrap_or(Confidence::Low),
        missing_symbol: wire.missing_symbol,
    }
}

/// Returns the form of an answer, strict in the sense of all providers.
fn schema() -> Value {
    let text = json!({ "type": "string" });
    let levels = json!({ "type": "string", "enum": ["low", "medium", "high"] });
    json!({
        "type": "object",
        "properties": {
            "remarks": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "path": text,
                        "line": { "type": "integer" },
                        "quote": text,
                        "message": text,
                        "severity": levels,
                        "confidence": levels,
                        "missing_symbol": { "type": ["string", "null"] },
                    },
                    "required": ["path", "line", "quote", "message", "severity", "confidence", "missing_symbol"],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["remarks"],
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
