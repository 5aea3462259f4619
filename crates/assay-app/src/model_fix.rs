//! Fixes that models write: each finding is a question with a schema, and what is refused
//! is asked again with the reason, as often as is allowed. Which patch holds is decided
//! elsewhere, by applying it and reviewing the change again.

use std::sync::Arc;

use assay_finding::Report;
use assay_llm::Model;
use assay_review::{
    FixEdit, FixLimits, FixReply, FixTest, Mending, ModelMended, Settings, Subject, attach_fixes,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model_review::{Spent, ask_all, ask_of, object_of, purpose, value};

/// The task of questions about fixes, as the table of routes names it.
pub const TASK_FIX: &str = "fix";
/// Who edits more places than this was misled.
const EDITS_MAX: usize = 40;

/// A patch as it crosses the edge of the process.
#[derive(Deserialize)]
struct PatchWire {
    summary: String,
    edits: Vec<EditWire>,
}

#[derive(Deserialize)]
struct EditWire {
    path: String,
    line: u32,
    old: String,
    new: String,
}

/// Asks until each finding is mended or left. Returns what came of it, and who was asked
/// at what cost. `hint` is the model that is likely asked, for prompts that are made for
/// some; `test` runs the tests of a patched tree.
pub async fn fix_with_model(
    mut mending: Mending<'_>,
    model: Arc<dyn Model>,
    hint: Option<&str>,
    mut test: Option<&mut FixTest<'_>>,
) -> (ModelMended, String) {
    let mut spent = Spent::default();
    for _ in 0..FixLimits::ATTEMPTS_MAX {
        let questions = mending.questions();
        if questions.is_empty() {
            break;
        }
        let questions = questions.iter().map(|question| {
            let text = mending.render(question, hint);
            let ask = text.map(|text| ask_of(text, "patch", schema()));
            (ask, purpose(TASK_FIX, question.weight))
        });
        let results = ask_all(questions.collect(), &model, &mut spent).await;
        let replies = results.into_iter().map(|result| match value(result) {
            Ok((value, who)) => patch(value, who),
            Err(why) => FixReply::Failed(why),
        });
        let replies = replies.collect();
        match &mut test {
            Some(test) => mending.hear(replies, Some(&mut **test)),
            None => mending.hear(replies, None),
        }
    }
    (mending.finish(), spent.about(&model.id().to_string()))
}

/// Asks for fixes of what a review found, and puts those that hold into its report.
pub async fn offer_fixes(
    both: (Subject<'_>, &Settings),
    mending: Mending<'_>,
    model: Arc<dyn Model>,
    hint: Option<&str>,
    report: &mut Report,
) {
    let (mended, about) = fix_with_model(mending, model, hint, None).await;
    attach_fixes(both, &mended, &about, report);
}

fn patch(value: Value, by: String) -> FixReply {
    let Ok(wire) = serde_json::from_value::<PatchWire>(value) else {
        return FixReply::Failed(format!("{by}: the answer has another form"));
    };
    let edit = |wire: EditWire| FixEdit {
        path: wire.path,
        line: wire.line,
        old: wire.old,
        new: wire.new,
    };
    FixReply::Patch {
        summary: wire.summary,
        edits: wire.edits.into_iter().take(EDITS_MAX).map(edit).collect(),
        by,
    }
}

/// Returns the form of a patch, strict in the sense of all providers.
fn schema() -> Value {
    let text = json!({ "type": "string" });
    let edit = object_of(json!({
        "path": text,
        "line": { "type": "integer", "minimum": 0 },
        "old": text,
        "new": text,
    }));
    object_of(json!({
        "summary": text,
        "edits": { "type": "array", "items": edit },
    }))
}

#[cfg(test)]
mod tests {
    use super::schema;

    #[test]
    fn the_schema_is_strict() {
        assert_eq!(assay_llm::strict_faults(&schema()), Vec::<String>::new());
    }
}
