//! What a process that reviews is told of models, as a file: how to ask, not whom, and no
//! key. It is read by the same program on the other side.

use assay_llm::ModelId;
use assay_review::{
    Concern, FixLimits, ModelLimits, ModelOptions, Prompt, PromptOrigin, PromptSet,
};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The form.
const SCHEMA: &str = "assay.model-wish/2";
/// Bytes of one.
pub const MODEL_WISH_BYTES_MAX: usize = 16 << 20;

/// A template as the process is told of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WishPrompt {
    origin: String,
    text: String,
}

impl WishPrompt {
    fn of(prompt: &Prompt) -> Self {
        Self {
            origin: prompt.origin.name().to_owned(),
            text: prompt.to_text(),
        }
    }

    fn read(&self) -> Result<Prompt, String> {
        let mut origins = PromptOrigin::ALL.into_iter();
        let origin = origins.find(|one| one.name() == self.origin);
        let origin = origin.ok_or_else(|| format!("no prompt is `{}`", self.origin))?;
        let prompt = Prompt::parse(&self.text).map_err(|why| why.to_string())?;
        Ok(prompt.with_origin(origin))
    }
}

/// What the process is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelWish {
    schema: String,
    question_bytes_max: usize,
    questions_max: usize,
    remarks_max: usize,
    concerns: Vec<String>,
    is_judged: bool,
    prompts: Vec<WishPrompt>,
    /// Why prompts that were to be there are not.
    refused: Vec<String>,
    fix_attempts_max: usize,
    fix_findings_max: usize,
    offers_fixes: bool,
    /// The model that is likely asked, for prompts that are made for some.
    model: String,
}

impl ModelWish {
    /// Makes one of how a model reviews.
    pub fn new(options: &ModelOptions, model: &ModelId) -> Self {
        let concerns = options.concerns.iter().map(|one| one.name().to_owned());
        Self {
            schema: SCHEMA.to_owned(),
            question_bytes_max: options.limits.question_bytes_max,
            questions_max: options.limits.questions_max,
            remarks_max: options.limits.remarks_max,
            concerns: concerns.collect(),
            is_judged: options.is_judged,
            prompts: options.prompts.all().iter().map(WishPrompt::of).collect(),
            refused: options.prompts.refused().to_vec(),
            fix_attempts_max: options.fixes.attempts_max,
            fix_findings_max: options.fixes.findings_max,
            offers_fixes: options.offers_fixes,
            model: model.to_string(),
        }
    }

    /// Returns it as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("keys are text")
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(json: &[u8]) -> Result<(ModelOptions, ModelId), Error> {
        let wrong = |what: String| Error::invalid("model", what);
        let wish: Self = serde_json::from_slice(json).map_err(|why| wrong(why.to_string()))?;
        if wish.schema != SCHEMA {
            return Err(wrong(format!("`{}` is not `{SCHEMA}`", wish.schema)));
        }
        let concerns = wish.concerns.iter().map(|name| Concern::from_name(name));
        let concerns: Option<Vec<Concern>> = concerns.collect();
        let mut prompts = PromptSet::shipped();
        for told in &wish.prompts {
            let prompt = told.read().map_err(wrong)?;
            prompts.put(prompt).map_err(|why| wrong(why.to_string()))?;
        }
        for why in wish.refused {
            prompts.refuse(why);
        }
        let model = ModelId::parse(&wish.model);
        let options = ModelOptions {
            limits: ModelLimits {
                question_bytes_max: wish.question_bytes_max,
                questions_max: wish.questions_max,
                remarks_max: wish.remarks_max,
            },
            concerns: concerns.ok_or_else(|| wrong("an unknown concern".to_owned()))?,
            is_judged: wish.is_judged,
            prompts,
            fixes: FixLimits {
                attempts_max: wish.fix_attempts_max,
                findings_max: wish.fix_findings_max,
            },
            offers_fixes: wish.offers_fixes,
        };
        let model = model.ok_or_else(|| wrong(format!("`{}` is no model", wish.model)))?;
        Ok((options, model))
    }
}

#[cfg(test)]
mod tests {
    use assay_llm::ModelId;
    use assay_review::ModelOptions;

    use super::ModelWish;

    #[test]
    fn what_is_told_is_what_is_heard() {
        let options = ModelOptions::default();
        let id = ModelId::new("a", "b/c");
        let told = ModelWish::new(&options, &id).to_json();
        assert_eq!(ModelWish::read(&told).unwrap(), (options, id));
        assert!(ModelWish::read(b"{}").is_err());
    }
}
