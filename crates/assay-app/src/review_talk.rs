//! What language models were asked and answered in a review, and what it cost.

use assay_auth::{Identifier, Permission};
use assay_store::{ModelCall, ReviewId};
use serde_json::Value;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;

/// So many questions of a review are returned.
const ENTRIES_MAX: usize = 500;

/// A call of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCallView {
    /// Who sells the model.
    pub provider: String,
    /// Which one.
    pub model: String,
    /// For what.
    pub purpose: String,
    /// Tokens that went in.
    pub prompt_tokens: i64,
    /// Tokens that came out.
    pub completion_tokens: i64,
    /// What it cost, in billionths of a dollar.
    pub cost_nanos: i64,
    /// Whether an answer came.
    pub is_answered: bool,
    /// Whether the answer was kept from before.
    pub is_cached: bool,
    /// How long it took.
    pub duration_ms: i64,
    /// When it was written down.
    pub created_ms: i64,
}

impl From<ModelCall> for ModelCallView {
    fn from(row: ModelCall) -> Self {
        let call = row.call;
        Self {
            provider: call.provider,
            model: call.model,
            purpose: call.purpose,
            prompt_tokens: call.prompt_tokens,
            completion_tokens: call.completion_tokens,
            cost_nanos: match call.cost_nanos {
                0 => call.cost_micros.saturating_mul(1_000),
                nanos => nanos,
            },
            is_answered: call.is_answered,
            is_cached: call.is_cached,
            duration_ms: call.duration_ms,
            created_ms: row.created_ms,
        }
    }
}

/// What models were asked and answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranscriptView {
    /// The model that was to be asked.
    pub model: String,
    /// Questions with their answers, as they are recorded.
    pub entries: Vec<Value>,
    /// Whether there are more than these.
    pub is_cut: bool,
}

impl App {
    /// Lists the calls of models that a review took, the oldest first.
    pub async fn review_model_calls(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<Vec<ModelCallView>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        caller.authorise(Permission::UsageRead)?;
        let mut tx = self.store().read().await?;
        let review = tx.review_get(&scope, ReviewId::from_identifier(id)).await?;
        let calls = tx.model_usage_of_review(&scope, &review).await?;
        Ok(calls.into_iter().map(ModelCallView::from).collect())
    }

    /// Returns what models were asked and answered in a review; secrets in it were
    /// masked before anything was asked.
    pub async fn review_transcript(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<TranscriptView, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let mut tx = self.store().read().await?;
        let review = tx.review_get(&scope, ReviewId::from_identifier(id)).await?;
        let body = tx.model_transcript_get(&scope, review.id).await?;
        let body = body.ok_or(assay_store::Error::NotFound("transcript"))?;
        Ok(read(&String::from_utf8_lossy(&body)))
    }
}

/// Reads the lines of a transcript; what is none of them is left out.
fn read(text: &str) -> TranscriptView {
    let mut lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let head = lines.next().unwrap_or_default();
    let mut entries: Vec<Value> = lines.by_ref().take(ENTRIES_MAX).collect();
    for entry in &mut entries {
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("key");
        }
    }
    TranscriptView {
        model: head["model"].as_str().unwrap_or_default().to_owned(),
        entries,
        is_cut: lines.next().is_some(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ENTRIES_MAX, read};

    #[test]
    fn a_transcript_is_read_line_by_line() {
        let head = r#"{"transcript":1,"model":"a/b"}"#;
        let one = r#"{"key":"k","ask":{"system":"s"},"answer":{"text":"t"}}"#;
        let found = read(&format!("{head}\n{one}\nno json\n"));
        assert_eq!(found.model, "a/b");
        assert_eq!(
            found.entries,
            [json!({"ask": {"system": "s"}, "answer": {"text": "t"}})]
        );
        assert!(!found.is_cut);
        let many = format!("{head}\n{}", format!("{one}\n").repeat(ENTRIES_MAX + 1));
        let found = read(&many);
        assert_eq!((found.entries.len(), found.is_cut), (ENTRIES_MAX, true));
        assert_eq!(read(""), super::TranscriptView::default());
    }
}
