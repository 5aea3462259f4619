//! The last but one step when no model answers: what held in an earlier review of a
//! change that is nearly the same. Remarks are kept when they became findings; each is
//! anchored anew, and only said on code that is the same to the letter.

use assay_finding::Report;
use assay_llm::{Ask, Like, Message, Model};
use assay_review::{KeptRemark, ModelReply, SaidRemark, held_remarks};
use serde::{Deserialize, Serialize};

use crate::model_review::{RemarkWire, TASK_REVIEW, remark};

/// The form of what is kept.
const VERSION: u32 = 1;
/// Remarks that are kept of one question.
const REMARKS_MAX: usize = 40;

/// What is kept of one question, as it crosses the edge of the process.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptWire {
    version: u32,
    remarks: Vec<KeptRemarkWire>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptRemarkWire {
    remark: RemarkWire,
    around: String,
}

/// Returns what a question about a change is compared by.
pub(crate) fn like_of(ask: &Ask) -> Option<Like> {
    let [Message::User(text)] = &ask.messages[..] else {
        return None;
    };
    let schema = ask.schema.as_ref()?;
    Some(Like {
        task: TASK_REVIEW,
        prompt: format!("{}\n{}", ask.system, schema.schema),
        text: text.clone(),
    })
}

/// Puts what held in a similar review in the place of an answer that did not come.
pub(crate) async fn instead(
    model: &dyn Model,
    like: Option<&Like>,
    reply: ModelReply,
) -> ModelReply {
    let (ModelReply::Failed(why), Some(like)) = (&reply, like) else {
        return reply;
    };
    let Some(kept) = model.recall(like).await else {
        return reply;
    };
    let Some(remarks) = read(&kept.payload) else {
        return reply;
    };
    ModelReply::Kept {
        why: why.clone(),
        of: plain(&kept.of, kept.nearness),
        remarks,
    }
}

/// Keeps what became of the answers that came: of each question the remarks that are
/// findings now.
pub(crate) async fn keep_held(
    model: &dyn Model,
    asked: &[(Option<Like>, u64)],
    said: Vec<SaidRemark>,
    report: &Report,
) {
    let held = held_remarks(said, report);
    for (number, (like, cost_nanos)) in asked.iter().enumerate() {
        let own = held.iter().filter(|(question, _)| *question == number);
        let remarks: Vec<KeptRemarkWire> = own
            .take(REMARKS_MAX)
            .map(|(_, kept)| KeptRemarkWire {
                remark: RemarkWire::of(&kept.remark),
                around: kept.around.clone(),
            })
            .collect();
        if let (Some(like), false) = (like, remarks.is_empty()) {
            let wire = KeptWire {
                version: VERSION,
                remarks,
            };
            let payload = serde_json::to_string(&wire).expect("keys are text");
            model.keep(like, payload, *cost_nanos).await;
        }
    }
}

fn read(payload: &str) -> Option<Vec<KeptRemark>> {
    let wire: KeptWire = serde_json::from_str(payload).ok()?;
    let kept = |one: KeptRemarkWire| KeptRemark {
        remark: remark(one.remark),
        around: one.around,
    };
    let is_known = wire.version == VERSION && wire.remarks.len() <= REMARKS_MAX;
    is_known.then(|| wire.remarks.into_iter().map(kept).collect())
}

/// Returns of what something was kept, as plain words.
fn plain(of: &str, nearness: u32) -> String {
    let words: String = of
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_.:/".contains(*c))
        .take(120)
        .collect();
    format!("the similar {words}, nearness 0.{:03}", nearness.min(999))
}

#[cfg(test)]
mod tests {
    use super::{plain, read};

    #[test]
    fn what_is_no_form_of_ours_is_not_read() {
        assert_eq!(read("{\"version\":1,\"remarks\":[]}"), Some(Vec::new()));
        for wrong in ["", "{}", "{\"version\":2,\"remarks\":[]}"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn of_what_it_was_is_said_in_plain_words() {
        let of = "review 7 of [x](y)<b>@all`";
        assert_eq!(
            plain(of, 981),
            "the similar review 7 of xyball, nearness 0.981"
        );
        assert_eq!(plain("review", 1_000), "the similar review, nearness 0.999");
    }
}
