//! A talk of two agents about a change: each is asked in turn with a schema, and whoever
//! listens is told what was said. Nothing that an agent says has an effect beyond the
//! talk: there are no tools.

use std::sync::Arc;

use assay_finding::Report;
use assay_llm::{Ask, Boxed, Call, LlmError, Model, ModelId, ask_for_value};
use assay_review::{
    AgentMessage, AgentReply, Concern, Concluded, Discussion, Ending, Point, Side, Stand,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model_review::{
    Asked, RemarkWire, Spent, object_of, purpose, remark, remark_properties, value,
};

/// The task of what agents are asked, as the table of routes names it.
pub const TASK_DISCUSS: &str = "discuss";
/// Tokens of a turn, those of its reasoning included.
const OUTPUT_TOKENS_MAX: u32 = 8_192;
/// Who raises more in one turn than this, or speaks of more points, was misled.
const RAISED_MAX: usize = 40;
const STANDS_MAX: usize = 100;

/// A turn of an agent as it crosses the edge of the process.
#[derive(Deserialize)]
struct TurnWire {
    message: String,
    #[serde(default)]
    raised: Vec<RemarkWire>,
    stands: Vec<StandWire>,
}

#[derive(Deserialize)]
struct StandWire {
    point: usize,
    stand: String,
    reason: String,
}

/// The models of a talk, one for each agent.
pub struct Cast {
    id: ModelId,
    reviewer: Arc<dyn Model>,
    coder: Arc<dyn Model>,
}

impl Cast {
    /// Makes one of who speaks for whom.
    pub fn new(reviewer: Arc<dyn Model>, coder: Arc<dyn Model>) -> Self {
        let id = reviewer.id().clone();
        Self {
            id,
            reviewer,
            coder,
        }
    }
}

impl Model for Cast {
    fn id(&self) -> &ModelId {
        &self.id
    }

    /// Who is asked shows in the form of the answer.
    fn ask<'a>(
        &'a self,
        ask: &'a Ask,
        call: Call<'a>,
    ) -> Boxed<'a, Result<assay_llm::Answer, LlmError>> {
        let name = ask.schema.as_ref().map(|schema| schema.name.as_str());
        match name == Some(form(Side::Coder)) {
            true => self.coder.ask(ask, call),
            false => self.reviewer.ask(ask, call),
        }
    }
}

/// What came of a talk.
#[derive(Clone, Debug)]
pub struct Discussed {
    /// What was said.
    pub said: Vec<AgentMessage>,
    /// What was raised, and what became of it.
    pub points: Vec<Point>,
    /// Why it is over.
    pub ending: Ending,
    /// The same in numbers.
    pub concluded: Concluded,
    /// Who was asked, and at what cost.
    pub about: String,
}

/// Lets two agents talk until they are done, and puts what came of it into the report.
/// `hints` names the models that likely speak for the reviewer and the coder, for prompts
/// that are made for some.
pub async fn discuss(
    mut talk: Discussion<'_>,
    concerns: &[Concern],
    model: &dyn Model,
    hints: [Option<&str>; 2],
    hear: &mut (dyn FnMut(&AgentMessage) + Send),
    report: &mut Report,
) -> Discussed {
    let mut spent = Spent::default();
    while let Some(side) = talk.turn() {
        let hint = match side {
            Side::Reviewer => hints[0],
            Side::Coder => hints[1],
        };
        match turn(&talk, side, concerns, model, hint, &mut spent).await {
            Ok(reply) => {
                if let Some(message) = talk.hear(reply) {
                    hear(message);
                }
            }
            Err(why) => talk.break_off(format!("{}: {why}", talk.agent(side).name)),
        }
    }
    let about = spent.about(&model.id().to_string());
    let (said, points) = (talk.said().to_vec(), talk.points().to_vec());
    let ending = talk.ending().cloned().unwrap_or(Ending::Turns);
    Discussed {
        said,
        points,
        ending,
        concluded: talk.conclude(&about, report),
        about,
    }
}

async fn turn(
    talk: &Discussion<'_>,
    side: Side,
    concerns: &[Concern],
    model: &dyn Model,
    hint: Option<&str>,
    spent: &mut Spent,
) -> Result<AgentReply, String> {
    let text = talk.render(side, hint)?;
    let mut ask = Ask::new(text.system, text.user).with_schema(form(side), schema(side, concerns));
    ask.prompt = Some(text.tag);
    ask.output_tokens_max = OUTPUT_TOKENS_MAX;
    ask.temperature = talk.agent(side).temperature;
    let call = Call {
        purpose: purpose(TASK_DISCUSS, talk.weight()),
        ..Call::default()
    };
    let result = ask_for_value(model, &ask, call).await;
    spent.add(&result);
    let (value, who) = value(Asked::Ok(result))?;
    let wire: TurnWire =
        serde_json::from_value(value).map_err(|_| format!("{who}: the answer has another form"))?;
    if wire.raised.len() > RAISED_MAX || wire.stands.len() > STANDS_MAX {
        return Err(format!("{who}: more points in one turn than anybody has"));
    }
    let stand = |one: StandWire| {
        let mut known = Stand::ALL.into_iter();
        let (stand, ..) = known.find(|(_, of, name)| *of == side && *name == one.stand)?;
        Some((one.point, stand, one.reason))
    };
    Ok(AgentReply {
        message: wire.message,
        raised: wire.raised.into_iter().map(remark).collect(),
        stands: wire.stands.into_iter().filter_map(stand).collect(),
    })
}

/// Returns the name of the form of a turn.
fn form(side: Side) -> &'static str {
    match side {
        Side::Reviewer => "reviewer_turn",
        Side::Coder => "coder_turn",
    }
}

/// Returns the form of a turn, strict in the sense of all providers.
fn schema(side: Side, concerns: &[Concern]) -> Value {
    let stands: Vec<&str> = Stand::ALL
        .into_iter()
        .filter(|(_, of, _)| *of == side)
        .map(|(.., name)| name)
        .collect();
    let stands = object_of(json!({
        "point": { "type": "integer", "minimum": 1 },
        "stand": { "type": "string", "enum": stands },
        "reason": { "type": "string" },
    }));
    let mut properties = json!({
        "message": { "type": "string" },
        "stands": { "type": "array", "items": stands },
    });
    if side == Side::Reviewer {
        let raised = object_of(remark_properties(concerns));
        properties["raised"] = json!({ "type": "array", "items": raised });
    }
    object_of(properties)
}

#[cfg(test)]
mod tests {
    use assay_review::{Concern, Side};

    use super::schema;

    #[test]
    fn the_schemas_are_strict() {
        for side in Side::ALL {
            let schema = schema(side, &Concern::ALL);
            assert_eq!(assay_llm::strict_faults(&schema), Vec::<String>::new());
        }
    }
}
