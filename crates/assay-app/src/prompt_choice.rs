//! Which prompts one review, talk or question is put into words with: those of the program
//! and of its files, and over them what the organisation keeps.
//!
//! Invariant: who asks here gets what was committed last, in whichever process; what was
//! chosen once is used to the end of what it was chosen for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use assay_auth::{OrganisationId, Scope};
use assay_review::{Prompt, PromptOrigin, PromptSet};
use assay_store::{PromptId, PromptSource, PromptState, ReviewPrompt};

use crate::app::App;
use crate::error::Error;
use crate::model_review::{TASK_JUDGE, TASK_REVIEW};

/// Organisations whose prompts are kept read in this process; beyond it one of them goes.
const KEPT_MAX: usize = 1_000;

/// A prompt that an organisation keeps, read.
pub(crate) struct OwnPrompt {
    id: PromptId,
    /// Why it is none for this program, if it is none.
    prompt: Result<Prompt, String>,
}

type ByOrganisation = HashMap<OrganisationId, (PromptState, Arc<Vec<OwnPrompt>>)>;

/// The prompts of organisations that were asked for lately, as long as nobody changes one.
#[derive(Default)]
pub(crate) struct KeptPrompts {
    kept: Mutex<ByOrganisation>,
}

impl KeptPrompts {
    fn get(&self, of: OrganisationId, state: PromptState) -> Option<Arc<Vec<OwnPrompt>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, own) = kept.get(&of)?;
        (*known == state).then(|| Arc::clone(own))
    }

    fn put(&self, of: OrganisationId, state: PromptState, own: &Arc<Vec<OwnPrompt>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX
            && !kept.contains_key(&of)
            && let Some(any) = kept.keys().next().copied()
        {
            kept.remove(&any);
        }
        kept.insert(of, (state, Arc::clone(own)));
    }
}

/// The prompts of one review.
pub(crate) struct ChosenPrompts {
    /// All that there are.
    pub(crate) set: PromptSet,
    /// Those that the organisation keeps, by name and models.
    own: HashMap<(String, Vec<String>), PromptId>,
}

impl ChosenPrompts {
    /// Returns those that a review uses whose questions go to a model.
    pub(crate) fn used(&self, model: &str, is_judged: bool) -> Vec<ReviewPrompt> {
        let names = [TASK_REVIEW, TASK_JUDGE];
        let names = names[..1 + usize::from(is_judged)].iter();
        let found = names.filter_map(|name| self.set.find(name, Some(model)));
        found.map(|prompt| self.row(prompt)).collect()
    }

    fn row(&self, prompt: &Prompt) -> ReviewPrompt {
        let key = (prompt.name.clone(), prompt.models.clone());
        ReviewPrompt {
            name: prompt.name.clone(),
            origin: match prompt.origin {
                PromptOrigin::Shipped => PromptSource::Shipped,
                PromptOrigin::File => PromptSource::File,
                PromptOrigin::Kept => PromptSource::Kept,
            },
            prompt: self.own.get(&key).copied(),
            number: i64::from(prompt.version),
            tag: prompt.tag(),
            text_hash: blake3::hash(prompt.to_text().as_bytes())
                .as_bytes()
                .to_vec(),
        }
    }
}

impl App {
    /// Chooses the prompts for one review, talk or question of the scope's organisation.
    pub(crate) async fn prompts_chosen(
        &self,
        scope: &Scope,
        base: &PromptSet,
        _change: Option<&str>,
    ) -> Result<ChosenPrompts, Error> {
        let own = self.own_prompts(scope).await?;
        let mut chosen = ChosenPrompts {
            set: base.clone(),
            own: HashMap::new(),
        };
        for one in own.iter() {
            let put = one.prompt.clone().and_then(|prompt| {
                let key = (prompt.name.clone(), prompt.models.clone());
                chosen.set.put(prompt).map_err(|why| why.to_string())?;
                Ok(key)
            });
            match put {
                Ok(key) => {
                    chosen.own.insert(key, one.id);
                }
                Err(why) => {
                    let why = format!("a prompt of the organisation is not used: {why}");
                    chosen.set.refuse(why);
                }
            }
        }
        Ok(chosen)
    }

    async fn own_prompts(&self, scope: &Scope) -> Result<Arc<Vec<OwnPrompt>>, Error> {
        let organisation = scope.organisation().ok_or(Error::OrganisationUnnamed)?;
        let mut tx = self.store().read().await?;
        // Taken before what it stands for: what is read then is no older.
        let state = tx.prompt_state(scope).await?;
        if let Some(own) = self.kept_prompts().get(organisation, state) {
            return Ok(own);
        }
        let active = tx.prompt_active(scope).await?;
        drop(tx);
        let own = active.into_iter().map(|(id, version)| OwnPrompt {
            id,
            prompt: kept_prompt(&version.text),
        });
        let own = Arc::new(own.collect());
        self.kept_prompts().put(organisation, state, &own);
        Ok(own)
    }
}

/// Reads a version that was kept. It was sound then; another program may have other
/// variables.
pub(crate) fn kept_prompt(text: &str) -> Result<Prompt, String> {
    let prompt = Prompt::parse(text).map_err(|why| why.to_string())?;
    Ok(prompt.with_origin(PromptOrigin::Kept))
}
