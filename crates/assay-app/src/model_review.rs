//! The part of a review that models do, from the plan to the findings: each question on
//! its own, with a schema, then the remarks judged by further questions. Whatever comes
//! back is made a reply that a review can judge.

use std::sync::Arc;

use assay_finding::{Confidence, Report, Severity};
use assay_llm::{
    Ask, Call, Complexity, HearNothing, Like, LlmError, Model, Money, Outcome, Purpose, Reply,
    Usage, ask_for_value,
};
use assay_review::{
    Concern, JudgeReply, ModelClaim, ModelPlan, ModelRemark, ModelReply, ModelTally, ModelVerdict,
    ModelWeight, Prompt, PromptOrigin, PromptSet, Rendered, Settings, Subject, conclude_remarks,
    draft_remarks,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::similar_review::{instead, keep_held, like_of};

/// Questions that are under way at a time.
const QUESTIONS_AT_A_TIME: usize = 4;
/// Tokens of an answer, those of its reasoning included.
const OUTPUT_TOKENS_MAX: u32 = 8_192;
/// Who says more of one question than this was misled.
const REMARKS_MAX: usize = 40;
/// Verdicts of one answer that are looked at.
const VERDICTS_MAX: usize = 100;

/// The task of questions about a change, as the table of routes names it.
pub const TASK_REVIEW: &str = "review";
/// The task of questions about remarks.
pub const TASK_JUDGE: &str = "judge";

/// The answer as it crosses the edge of the process.
#[derive(Deserialize)]
struct AnswerWire {
    remarks: Vec<RemarkWire>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RemarkWire {
    path: String,
    line: u32,
    quote: String,
    message: String,
    concern: String,
    severity: String,
    confidence: String,
    claim: String,
    symbol: Option<String>,
}

impl RemarkWire {
    pub(crate) fn of(remark: &ModelRemark) -> Self {
        let claim = ModelClaim::ALL
            .into_iter()
            .find(|(claim, _)| *claim == remark.claim);
        Self {
            path: remark.path.clone(),
            line: remark.line,
            quote: remark.quote.clone(),
            message: remark.message.clone(),
            concern: remark.concern.name().to_owned(),
            severity: remark.severity.as_str().to_owned(),
            confidence: remark.confidence.as_str().to_owned(),
            claim: claim.map_or("other", |(_, name)| name).to_owned(),
            symbol: remark.symbol.clone(),
        }
    }
}

#[derive(Deserialize)]
struct JudgementWire {
    verdicts: Vec<VerdictWire>,
}

#[derive(Deserialize)]
struct VerdictWire {
    remark: usize,
    holds: bool,
    severity: String,
    confidence: String,
}

/// Asks all that a plan wants to know and puts what comes of it into the report.
/// Nothing that goes wrong stops the rest; it is in the report. `hint` is the model that
/// is likely asked, for prompts that are made for some.
pub async fn review_with_model(
    (subject, settings): (Subject<'_>, &Settings),
    plan: &ModelPlan,
    model: Arc<dyn Model>,
    hint: Option<&str>,
    report: &mut Report,
) -> ModelTally {
    let mut spent = Spent::default();
    let prompts = plan.prompts();
    let questions = plan.questions.iter().map(|question| {
        let concerns = &question.concerns;
        let ask = question
            .render(prompts, hint)
            .map(|text| ask_of(text, "remarks", remarks_schema(concerns)));
        (ask, purpose(TASK_REVIEW, question.weight))
    });
    let questions: Vec<_> = questions.collect();
    let likes = questions.iter().map(|(ask, _)| like_of(ask.as_ref().ok()?));
    let likes: Vec<Option<Like>> = likes.collect();
    let results = ask_all(questions, &model, &mut spent).await;
    let mut replies = Vec::new();
    let mut asked = Vec::new();
    for (result, like) in results.into_iter().zip(likes) {
        let cost = cost_of(&result);
        let reply = match value(result) {
            Ok((value, who)) => remarks(value, &who),
            Err(why) => ModelReply::Failed(why),
        };
        let is_answer = matches!(reply, ModelReply::Remarks(_));
        replies.push(instead(&*model, like.as_ref(), reply).await);
        asked.push((like.filter(|_| is_answer), cost));
    }
    let draft = draft_remarks(subject, settings, plan, replies, report);
    let said = draft.said();
    let is_judging = !draft.questions.is_empty();
    let questions = draft.questions.iter().map(|question| {
        let ask = question
            .render(prompts, hint)
            .map(|text| ask_of(text, "verdicts", verdicts_schema()));
        (ask, purpose(TASK_JUDGE, ModelWeight::Medium))
    });
    let results = ask_all(questions.collect(), &model, &mut spent).await;
    let replies = results.into_iter().map(|result| match value(result) {
        Ok((value, who)) => verdicts(value, &who),
        Err(why) => JudgeReply::Failed(why),
    });
    let replies: Vec<JudgeReply> = replies.collect();
    let is_judged = !replies
        .iter()
        .any(|one| matches!(one, JudgeReply::Failed(_)));
    let about = spent.about(&model.id().to_string());
    let tally = conclude_remarks(subject, settings, plan, draft, replies, &about, report);
    note_prompts(prompts, hint, is_judging, report);
    if is_judged {
        keep_held(&*model, &asked, said, report).await;
    }
    tally
}

/// Returns what an answer cost, in billionths of a dollar.
fn cost_of(asked: &Asked) -> u64 {
    match asked {
        Ok(Ok(reply)) => reply.answer().cost.unwrap_or_default().nanos(),
        _ => 0,
    }
}

/// Says which prompts were not those of the program, which its version names.
fn note_prompts(prompts: &PromptSet, hint: Option<&str>, is_judging: bool, report: &mut Report) {
    let names = [TASK_REVIEW, TASK_JUDGE];
    let names = &names[..1 + usize::from(is_judging)];
    let used = names.iter().filter_map(|name| prompts.find(name, hint));
    let own: Vec<String> = used
        .filter(|prompt| prompt.origin != PromptOrigin::Shipped)
        .map(Prompt::tag)
        .collect();
    if !own.is_empty() {
        let note = format!("what the model was told: {}", own.join(", "));
        report.overview.notes.push(note);
    }
}

/// Puts into a report that no question could be asked.
pub fn review_without_model(
    (subject, settings): (Subject<'_>, &Settings),
    plan: &ModelPlan,
    why: &str,
    report: &mut Report,
) {
    let failed = || ModelReply::Failed(why.to_owned());
    let replies = plan.questions.iter().map(|_| failed()).collect();
    let draft = draft_remarks(subject, settings, plan, replies, report);
    conclude_remarks(
        subject,
        settings,
        plan,
        draft,
        Vec::new(),
        "no model",
        report,
    );
}

pub(crate) fn purpose(task: &'static str, weight: ModelWeight) -> Purpose {
    let complexity = match weight {
        ModelWeight::Low => Complexity::Low,
        ModelWeight::Medium => Complexity::Medium,
        ModelWeight::High => Complexity::High,
    };
    Purpose { task, complexity }
}

pub(crate) fn ask_of(text: Rendered, name: &str, schema: Value) -> Ask {
    let mut ask = Ask::new(text.system, text.user).with_schema(name, schema);
    ask.output_tokens_max = OUTPUT_TOKENS_MAX;
    ask.prompt = Some(text.tag);
    ask
}

pub(crate) type Asked = Result<Result<Reply, LlmError>, String>;

/// Asks questions, some at a time; the results stand in the order of the questions.
pub(crate) async fn ask_all(
    questions: Vec<(Result<Ask, String>, Purpose)>,
    model: &Arc<dyn Model>,
    spent: &mut Spent,
) -> Vec<Asked> {
    let places = Arc::new(Semaphore::new(QUESTIONS_AT_A_TIME));
    let mut under_way = JoinSet::new();
    let mut results: Vec<Asked> = Vec::new();
    for (at, (ask, purpose)) in questions.into_iter().enumerate() {
        let ask = match ask {
            Ok(ask) => ask,
            Err(why) => {
                results.push(Err(why));
                continue;
            }
        };
        results.push(Err("the question was stopped".to_owned()));
        let (model, places) = (Arc::clone(model), Arc::clone(&places));
        under_way.spawn(async move {
            let _place = places.acquire_owned().await;
            let call = Call {
                hear: &HearNothing,
                has_fallback: false,
                purpose,
            };
            (at, ask_for_value(&*model, &ask, call).await)
        });
    }
    while let Some(ended) = under_way.join_next().await {
        if let Ok((at, result)) = ended {
            results[at] = Ok(result);
        }
    }
    // What is said must not depend on who was first.
    for result in results.iter().flatten() {
        spent.add(result);
    }
    results
}

/// What the answers cost together.
#[derive(Default)]
pub(crate) struct Spent {
    models: Vec<String>,
    usage: Usage,
    cost: Money,
    is_unpriced: bool,
}

impl Spent {
    pub(crate) fn add(&mut self, result: &Result<Reply, LlmError>) {
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

    pub(crate) fn about(&self, asked: &str) -> String {
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

/// Returns the value of an answer and who gave it, or why there is none.
pub(crate) fn value(asked: Asked) -> Result<(Value, String), String> {
    match asked? {
        Ok(Reply::Value { value, answer }) => Ok((value, answer.model.to_string())),
        Ok(Reply::Unfinished(answer)) => {
            let why = match &answer.outcome {
                Outcome::Incomplete { shortfall, .. } => shortfall.to_string(),
                Outcome::Complete(_) => "it called a tool that it was not given".to_owned(),
            };
            Err(format!("{}: {why}", answer.model))
        }
        Ok(Reply::Misfit { faults, answer }) => Err(format!(
            "{}: the answer does not have the form that was asked for ({})",
            answer.model,
            faults.first().map_or("", String::as_str)
        )),
        Err(error) => Err(error.to_string()),
    }
}

fn remarks(value: Value, who: &str) -> ModelReply {
    let Ok(wire) = serde_json::from_value::<AnswerWire>(value) else {
        return ModelReply::Failed(format!("{who}: the answer has another form"));
    };
    let count = wire.remarks.len();
    if count > REMARKS_MAX {
        let why = format!("{who}: {count} remarks in one answer, more than {REMARKS_MAX}");
        return ModelReply::Failed(why);
    }
    ModelReply::Remarks(wire.remarks.into_iter().map(remark).collect())
}

pub(crate) fn remark(wire: RemarkWire) -> ModelRemark {
    let claim = ModelClaim::ALL
        .into_iter()
        .find(|(_, name)| *name == wire.claim);
    ModelRemark {
        path: wire.path,
        line: wire.line,
        quote: wire.quote,
        message: wire.message,
        concern: Concern::from_name(&wire.concern).unwrap_or(Concern::Correctness),
        severity: Severity::from_name(&wire.severity).unwrap_or(Severity::Low),
        confidence: Confidence::from_name(&wire.confidence).unwrap_or(Confidence::Low),
        claim: claim.map_or(ModelClaim::Other, |(claim, _)| claim),
        symbol: wire.symbol.filter(|name| !name.is_empty()),
    }
}

fn verdicts(value: Value, who: &str) -> JudgeReply {
    let Ok(wire) = serde_json::from_value::<JudgementWire>(value) else {
        return JudgeReply::Failed(format!("{who}: the answer has another form"));
    };
    let verdicts = wire.verdicts.into_iter().take(VERDICTS_MAX);
    let verdict = |wire: VerdictWire| ModelVerdict {
        remark: wire.remark,
        holds: wire.holds,
        severity: Severity::from_name(&wire.severity).unwrap_or(Severity::Low),
        confidence: Confidence::from_name(&wire.confidence).unwrap_or(Confidence::Low),
    };
    JudgeReply::Verdicts(verdicts.map(verdict).collect())
}

/// Returns the form of an answer about a change, strict in the sense of all providers.
fn remarks_schema(concerns: &[Concern]) -> Value {
    list_of("remarks", remark_properties(concerns))
}

/// Returns what a remark has.
pub(crate) fn remark_properties(concerns: &[Concern]) -> Value {
    let text = json!({ "type": "string" });
    let levels = json!({ "type": "string", "enum": ["low", "medium", "high"] });
    let concerns: Vec<&str> = concerns.iter().map(|one| one.name()).collect();
    let claims = ModelClaim::ALL.map(|(_, name)| name);
    json!({
        "path": text,
        "line": { "type": "integer", "minimum": 0 },
        "quote": text,
        "message": text,
        "concern": { "type": "string", "enum": concerns },
        "severity": levels,
        "confidence": levels,
        "claim": { "type": "string", "enum": claims },
        "symbol": { "type": ["string", "null"] },
    })
}

/// Returns the form of an answer about remarks.
fn verdicts_schema() -> Value {
    let levels = json!({ "type": "string", "enum": ["low", "medium", "high"] });
    list_of(
        "verdicts",
        json!({
            "remark": { "type": "integer", "minimum": 0 },
            "holds": { "type": "boolean" },
            "severity": levels,
            "confidence": levels,
            "reason": { "type": "string" },
        }),
    )
}

fn list_of(name: &str, properties: Value) -> Value {
    object_of(json!({ name: { "type": "array", "items": object_of(properties) } }))
}

/// Returns an object that has all of these and no more.
pub(crate) fn object_of(properties: Value) -> Value {
    let required: Vec<String> = properties
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys().cloned())
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use assay_review::Concern;

    use super::{remarks_schema, verdicts_schema};

    #[test]
    fn the_schemas_are_strict() {
        for schema in [remarks_schema(&Concern::ALL), verdicts_schema()] {
            assert_eq!(assay_llm::strict_faults(&schema), Vec::<String>::new());
        }
    }
}
