//! Which prompts one review, talk or question is put into words with: those of the program
//! and of its files, and over them what the organisation keeps.
//!
//! Invariant: who asks here gets what was committed last, in whichever process; what was
//! chosen once is used to the end of what it was chosen for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use assay_auth::{OrganisationId, Scope};
use assay_review::{Prompt, PromptOrigin, PromptSet};
use assay_store::{ExperimentId, PromptId, PromptSource, PromptState, ReviewPrompt, RunningArm};

use crate::app::App;
use crate::error::Error;
use crate::model_review::{TASK_JUDGE, TASK_REVIEW};

/// Organisations whose prompts are kept read in this process; beyond it one of them goes.
const KEPT_MAX: usize = 1_000;

/// A prompt that an organisation keeps, read.
#[derive(Clone)]
pub(crate) struct OwnPrompt {
    id: PromptId,
    /// Why it is none for this program, if it is none.
    prompt: Result<Prompt, String>,
}

type ByOrganisation = HashMap<OrganisationId, (PromptState, Arc<OwnPrompts>)>;

/// An arm of an experiment that runs, its template read.
#[derive(Clone)]
struct RunningTemplate {
    experiment: ExperimentId,
    arm: i64,
    weight: u64,
    own: OwnPrompt,
}

/// What an organisation keeps that holds now.
pub(crate) struct OwnPrompts {
    active: Vec<OwnPrompt>,
    /// The arms of each experiment.
    running: Vec<Vec<RunningTemplate>>,
}

/// The prompts of organisations that were asked for lately, as long as nobody changes one.
#[derive(Default)]
pub(crate) struct KeptPrompts {
    kept: Mutex<ByOrganisation>,
}

impl KeptPrompts {
    fn get(&self, of: OrganisationId, state: PromptState) -> Option<Arc<OwnPrompts>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, own) = kept.get(&of)?;
        (*known == state).then(|| Arc::clone(own))
    }

    fn put(&self, of: OrganisationId, state: PromptState, own: &Arc<OwnPrompts>) {
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

/// Which prompt of the organisation, and of which arm, if the change is of one.
type OwnSource = (PromptId, Option<(ExperimentId, i64)>);

/// The prompts of one review.
pub(crate) struct ChosenPrompts {
    /// All that there are.
    pub(crate) set: PromptSet,
    /// Those that the organisation keeps, by name and models.
    own: HashMap<(String, Vec<String>), OwnSource>,
}

impl ChosenPrompts {
    /// Returns those that a review uses whose questions go to a model.
    pub(crate) fn used(&self, model: &str, is_judged: bool) -> Vec<ReviewPrompt> {
        let names = [TASK_REVIEW, TASK_JUDGE];
        let names = names[..1 + usize::from(is_judged)].iter();
        let found = names.filter_map(|name| self.set.find(name, Some(model)));
        found.map(|prompt| self.row(prompt)).collect()
    }

    /// Puts what the organisation keeps over what is there.
    fn put(&mut self, own: &OwnPrompt, arm: Option<(ExperimentId, i64)>) {
        let put = own.prompt.clone().and_then(|prompt| {
            let key = (prompt.name.clone(), prompt.models.clone());
            self.set.put(prompt).map_err(|why| why.to_string())?;
            Ok(key)
        });
        match put {
            Ok(key) => {
                self.own.insert(key, (own.id, arm));
            }
            Err(why) => {
                let why = format!("a prompt of the organisation is not used: {why}");
                self.set.refuse(why);
            }
        }
    }

    fn row(&self, prompt: &Prompt) -> ReviewPrompt {
        let key = (prompt.name.clone(), prompt.models.clone());
        let own = self.own.get(&key).copied();
        ReviewPrompt {
            name: prompt.name.clone(),
            origin: match prompt.origin {
                PromptOrigin::Shipped => PromptSource::Shipped,
                PromptOrigin::File => PromptSource::File,
                PromptOrigin::Kept => PromptSource::Kept,
            },
            prompt: own.map(|(id, _)| id),
            number: i64::from(prompt.version),
            tag: prompt.tag(),
            text_hash: blake3::hash(prompt.to_text().as_bytes())
                .as_bytes()
                .to_vec(),
            arm: own.and_then(|(_, arm)| arm),
        }
    }
}

impl App {
    /// Chooses the prompts for one review, talk or question of the scope's organisation.
    pub(crate) async fn prompts_chosen(
        &self,
        scope: &Scope,
        base: &PromptSet,
        change: Option<&str>,
    ) -> Result<ChosenPrompts, Error> {
        let own = self.own_prompts(scope).await?;
        let mut chosen = ChosenPrompts {
            set: base.clone(),
            own: HashMap::new(),
        };
        for one in &own.active {
            chosen.put(one, None);
        }
        let change = change.unwrap_or_default();
        let running = own.running.iter().filter(|_| !change.is_empty());
        for arm in running.filter_map(|arms| arm_of(arms, change)) {
            chosen.put(&arm.own, Some((arm.experiment, arm.arm)));
        }
        Ok(chosen)
    }

    async fn own_prompts(&self, scope: &Scope) -> Result<Arc<OwnPrompts>, Error> {
        let organisation = scope.organisation().ok_or(Error::OrganisationUnnamed)?;
        let mut tx = self.store().read().await?;
        // Taken before what it stands for: what is read then is no older.
        let state = tx.prompt_state(scope).await?;
        if let Some(own) = self.kept_prompts().get(organisation, state) {
            return Ok(own);
        }
        let active = tx.prompt_active(scope).await?;
        let arms = tx.experiment_arms_running(scope).await?;
        drop(tx);
        let active = active.into_iter().map(|(id, version)| OwnPrompt {
            id,
            prompt: kept_prompt(&version.text),
        });
        let arms: Vec<RunningTemplate> = arms.into_iter().map(running).collect();
        let one = |arms: &[RunningTemplate]| arms.to_vec();
        let same =
            |one: &RunningTemplate, next: &RunningTemplate| one.experiment == next.experiment;
        let own = Arc::new(OwnPrompts {
            active: active.collect(),
            running: arms.chunk_by(same).map(one).collect(),
        });
        self.kept_prompts().put(organisation, state, &own);
        Ok(own)
    }
}

fn running(arm: RunningArm) -> RunningTemplate {
    RunningTemplate {
        experiment: arm.experiment,
        arm: arm.arm.arm,
        weight: arm.arm.weight.max(0).unsigned_abs(),
        own: OwnPrompt {
            id: arm.prompt,
            prompt: kept_prompt(&arm.version.text),
        },
    }
}

/// Returns the arm that a change is of: the same in each process and for each push, by a
/// hash, so that another experiment divides the changes anew.
fn arm_of<'a>(arms: &'a [RunningTemplate], change: &str) -> Option<&'a RunningTemplate> {
    let experiment = arms.first()?.experiment;
    let hash = blake3::hash(format!("{experiment}/{change}").as_bytes());
    let first: [u8; 8] = hash.as_bytes()[..8].try_into().ok()?;
    let all: u64 = arms.iter().map(|arm| arm.weight).sum();
    // The hash as a fraction of 1, times the sum of weights.
    let at = (u128::from(u64::from_le_bytes(first)) * u128::from(all)) >> 64;
    let mut before = 0;
    arms.iter().find(|arm| {
        before += u128::from(arm.weight);
        at < before
    })
}

/// Reads a version that was kept. It was sound then; another program may have other
/// variables.
pub(crate) fn kept_prompt(text: &str) -> Result<Prompt, String> {
    let prompt = Prompt::parse(text).map_err(|why| why.to_string())?;
    Ok(prompt.with_origin(PromptOrigin::Kept))
}

#[cfg(test)]
mod tests {
    use assay_auth::Identifier;
    use assay_store::{ExperimentId, PromptId};

    use super::{OwnPrompt, RunningTemplate, arm_of};

    fn arms(experiment: u8, weights: &[u64]) -> Vec<RunningTemplate> {
        let id = format!("01900000-0000-7000-8000-0000000000{experiment:02x}");
        let id = Identifier::parse(&id).unwrap();
        let arm = |(arm, weight): (i64, &u64)| RunningTemplate {
            experiment: ExperimentId::from_identifier(id),
            arm,
            weight: *weight,
            own: OwnPrompt {
                id: PromptId::from_identifier(id),
                prompt: Err(String::new()),
            },
        };
        (0..).zip(weights).map(arm).collect()
    }

    fn shares(arms: &[RunningTemplate], many: u32) -> Vec<f64> {
        let mut counts = vec![0; arms.len()];
        for number in 0..many {
            let arm = arm_of(arms, &format!("r/{number}")).unwrap().arm;
            counts[usize::try_from(arm).unwrap()] += 1;
        }
        counts
            .into_iter()
            .map(|count| f64::from(count) / f64::from(many))
            .collect()
    }

    #[test]
    fn changes_are_divided_by_weight() {
        for (weights, expected) in [
            (&[1, 1][..], &[0.5, 0.5][..]),
            (&[9, 1], &[0.9, 0.1]),
            (&[1, 2, 1], &[0.25, 0.5, 0.25]),
        ] {
            let found = shares(&arms(1, weights), 20_000);
            for (found, expected) in found.iter().zip(expected) {
                // Five standard deviations are less than this.
                assert!((found - expected).abs() < 0.02, "{weights:?}: {found}");
            }
        }
        assert!(arm_of(&[], "r/1").is_none());
    }

    #[test]
    fn a_change_keeps_its_arm_and_experiments_are_independent() {
        let (one, other) = (arms(1, &[1, 1]), arms(2, &[1, 1]));
        let of = |arms: &[RunningTemplate], number: u32| {
            arm_of(arms, &format!("r/{number}")).unwrap().arm
        };
        assert!((0..100).all(|number| of(&one, number) == of(&one, number)));
        let same = (0..10_000).filter(|number| of(&one, *number) == of(&other, *number));
        let same = same.count();
        assert!((4_700..5_300).contains(&same), "{same}");
    }
}
