//! Experiments: several versions of a prompt at a time, each for a part of the changes, and
//! what came of each.

use assay_auth::{Identifier, Permission, Scope};
use assay_review::Prompt;
use assay_store::{
    EXPERIMENTS_MAX, Experiment, ExperimentArm, ExperimentId, ExperimentState, NewExperiment, Page,
    PromptRow, Tx,
};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::experiment_result::{ExperimentResult, result};
use crate::model_review::{TASK_JUDGE, TASK_REVIEW};
use crate::paging::Paging;
use crate::prompt::{BASE, PromptKey, begin, keep, key_of};
use crate::prompt_choice::kept_prompt;
use crate::significance::sample_size;
use crate::version::Expected;

/// Arms of one experiment.
const ARMS_MAX: usize = 5;
/// The part of one arm.
const WEIGHT_MAX: i64 = 100;
/// Characters of a title.
const TITLE_CHARS_MAX: usize = 200;
/// The difference of shares that an experiment looks for, in points of a hundred.
const SMALLEST_MAX: i64 = 50;
/// The share at which most judgements are needed to see a difference.
const SHARE_USUAL: f64 = 0.5;
/// What is said of the program's text when it is kept for an experiment.
const FROZEN: &str = "as it was without one's own, kept for an experiment";

/// An experiment that is to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentWish {
    /// With which prompt.
    pub prompt: PromptKey,
    /// What it is to find out.
    pub title: String,
    /// The difference that is to be seen, in points of a hundred.
    pub smallest: i64,
    /// The version of each arm, and how large its part is; the first is what the others are
    /// compared with. Version 0 is what holds without the organisation's own.
    pub arms: Vec<(i64, i64)>,
}

/// An experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentView {
    /// Which one.
    pub id: ExperimentId,
    /// What it is to find out.
    pub title: String,
    /// What its prompt is for.
    pub prompt: String,
    /// For which models.
    pub models: Vec<String>,
    /// Whether reviews are of its arms.
    pub is_running: bool,
    /// The difference that is to be seen, in points of a hundred.
    pub smallest: i64,
    /// So many independent judgements each arm needs for that.
    pub planned: i64,
    /// The version of each arm and how large its part is.
    pub arms: Vec<(i64, i64)>,
    /// The arm whose version was activated.
    pub promoted: Option<i64>,
    /// What a change refers to.
    pub version: i64,
    /// Who started it.
    pub created_by: String,
    /// When.
    pub created_ms: i64,
    /// When it was stopped.
    pub stopped_ms: Option<i64>,
}

impl App {
    /// Lists experiments, the newest first.
    pub async fn experiment_list(
        &self,
        caller: &Caller,
        paging: Paging,
    ) -> Result<Vec<ExperimentView>, Error> {
        let scope = caller.authorise(Permission::PromptRead)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(ExperimentId::from_identifier);
        let mut views = Vec::new();
        for one in tx.experiment_list(&scope, page).await? {
            views.push(view(&mut tx, &scope, one).await?);
        }
        Ok(views)
    }

    /// Returns an experiment with what came of it so far.
    pub async fn experiment_get(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<(ExperimentView, ExperimentResult), Error> {
        let scope = caller.authorise(Permission::PromptRead)?;
        let id = ExperimentId::from_identifier(id);
        let mut tx = self.store().read_lagging().await?;
        let found = tx.experiment_get(&scope, id).await?;
        let asked = (found.asked.planned, found.asked.smallest);
        let arms = tx.experiment_arm_list(&scope, id).await?;
        let reviews = tx.experiment_review_list(&scope, id).await?;
        let remarks = tx.experiment_remark_list(&scope, id).await?;
        let view = view(&mut tx, &scope, found).await?;
        Ok((view, result(asked, &arms, &reviews, &remarks)))
    }

    /// Starts an experiment: from the next review on each change is of one of its arms.
    pub async fn experiment_start(
        &self,
        caller: &Caller,
        wish: &ExperimentWish,
    ) -> Result<ExperimentView, Error> {
        let scope = caller.authorise(Permission::PromptManage)?;
        check(wish)?;
        let key = &wish.prompt;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let row = match self.prompt_row(&mut tx, &scope, key).await? {
            Some(row) => row,
            None => begin(&mut tx, &scope, key).await?,
        };
        if tx.experiment_running(&scope, row.id).await?.is_some() {
            return Err(Error::ExperimentRuns);
        }
        let known = tx.experiment_list(&scope, Page::first(u32::MAX)).await?;
        if i64::try_from(known.len()).unwrap_or(i64::MAX) >= EXPERIMENTS_MAX {
            let why = format!("the organisation has {EXPERIMENTS_MAX} experiments already");
            return Err(Error::invalid("title", why));
        }
        let mut arms = Vec::new();
        for (arm, (version, weight)) in (0..).zip(&wish.arms) {
            arms.push(ExperimentArm {
                arm,
                number: self
                    .arm_version(&mut tx, &scope, (key, &row), *version)
                    .await?,
                weight: *weight,
            });
        }
        let difference = wish.smallest as f64 / 100.0;
        let new = NewExperiment {
            prompt: row.id,
            title: wish.title.trim().to_owned(),
            smallest: wish.smallest,
            planned: i64::from(sample_size(SHARE_USUAL, difference)),
        };
        let id = tx.experiment_insert(&scope, &new, &arms).await?;
        let versions: Vec<i64> = arms.iter().map(|arm| arm.number).collect();
        let weights: Vec<i64> = arms.iter().map(|arm| arm.weight).collect();
        let details = json!({
            "prompt": key.target(), "title": new.title, "versions": versions, "weights": weights,
        });
        audit(
            &mut tx,
            &scope,
            "experiment.start",
            format!("experiment:{id}"),
            details,
        )
        .await?;
        let started = tx.experiment_get(&scope, id).await?;
        let view = view(&mut tx, &scope, started).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Stops an experiment: the version that is active holds for all changes again.
    pub async fn experiment_stop(
        &self,
        caller: &Caller,
        id: Identifier,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::PromptManage)?;
        let id = ExperimentId::from_identifier(id);
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let found = tx.experiment_get(&scope, id).await?;
        expected.check(found.version)?;
        if found.state == ExperimentState::Running {
            stop(&mut tx, &scope, id).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Activates the version of an arm, and stops the experiment if it still runs.
    pub async fn experiment_promote(
        &self,
        caller: &Caller,
        id: Identifier,
        arm: i64,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::PromptManage)?;
        let id = ExperimentId::from_identifier(id);
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let found = tx.experiment_get(&scope, id).await?;
        expected.check(found.version)?;
        let arms = tx.experiment_arm_list(&scope, id).await?;
        let chosen = arms.iter().find(|one| one.arm == arm);
        let chosen = chosen.ok_or_else(|| Error::invalid("arm", "there is no such arm"))?;
        if found.state == ExperimentState::Running {
            stop(&mut tx, &scope, id).await?;
        }
        let row = tx.prompt_get(&scope, found.asked.prompt).await?;
        let key = key_of(&row);
        if row.active != Some(chosen.number) {
            self.activate(&mut tx, &scope, (&key, &row), Some(chosen.number))
                .await?;
        }
        tx.experiment_promoted(&scope, id, arm).await?;
        let details = json!({"arm": arm, "version": chosen.number, "prompt": key.target()});
        let target = format!("experiment:{id}");
        audit(&mut tx, &scope, "experiment.promote", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns the version of an arm. What holds without one's own is kept as one first, so
    /// that it stays what it is for as long as the experiment runs.
    async fn arm_version(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        (key, row): (&PromptKey, &PromptRow),
        version: i64,
    ) -> Result<i64, Error> {
        if version != BASE {
            let kept = tx.prompt_version_get(scope, row.id, version).await?;
            kept_prompt(&kept.text).map_err(|why| Error::invalid("version", why))?;
            return Ok(version);
        }
        let text = self.base_text(key);
        let prompt = text.and_then(|text| Prompt::parse(&text).ok());
        let missing = || Error::invalid("version", "nothing holds without one's own here");
        keep(tx, scope, (key, row), prompt.ok_or_else(missing)?, FROZEN).await
    }
}

async fn stop(tx: &mut Tx, scope: &Scope, id: ExperimentId) -> Result<(), Error> {
    tx.experiment_stop(scope, id).await?;
    let target = format!("experiment:{id}");
    audit(tx, scope, "experiment.stop", target, json!({})).await
}

async fn view(tx: &mut Tx, scope: &Scope, found: Experiment) -> Result<ExperimentView, Error> {
    let arms = tx.experiment_arm_list(scope, found.id).await?;
    let row = tx.prompt_get(scope, found.asked.prompt).await?;
    let key = key_of(&row);
    Ok(ExperimentView {
        id: found.id,
        title: found.asked.title,
        prompt: key.name().to_owned(),
        models: key.models().to_vec(),
        is_running: found.state == ExperimentState::Running,
        smallest: found.asked.smallest,
        planned: found.asked.planned,
        arms: arms.iter().map(|arm| (arm.number, arm.weight)).collect(),
        promoted: found.promoted,
        version: found.version,
        created_by: found.created_by,
        created_ms: found.created_ms,
        stopped_ms: found.stopped_ms,
    })
}

/// Checks what was asked for, but for the versions.
fn check(wish: &ExperimentWish) -> Result<(), Error> {
    let title = wish.title.trim();
    if title.is_empty() || title.chars().count() > TITLE_CHARS_MAX {
        let why = format!("1 to {TITLE_CHARS_MAX} characters");
        return Err(Error::invalid("title", why));
    }
    if ![TASK_REVIEW, TASK_JUDGE].contains(&wish.prompt.name()) {
        let why = "experiments are with the prompts of reviews, `review` and `judge`";
        return Err(Error::invalid("prompt", why));
    }
    if !(1..=SMALLEST_MAX).contains(&wish.smallest) {
        return Err(Error::invalid(
            "smallest",
            format!("1 to {SMALLEST_MAX} points"),
        ));
    }
    if !(2..=ARMS_MAX).contains(&wish.arms.len()) {
        return Err(Error::invalid("arms", format!("2 to {ARMS_MAX} arms")));
    }
    if wish
        .arms
        .iter()
        .any(|(_, weight)| !(1..=WEIGHT_MAX).contains(weight))
    {
        return Err(Error::invalid(
            "arms",
            format!("a weight is 1 to {WEIGHT_MAX}"),
        ));
    }
    let mut versions: Vec<i64> = wish.arms.iter().map(|(version, _)| *version).collect();
    versions.sort_unstable();
    versions.dedup();
    if versions.len() < wish.arms.len() {
        return Err(Error::invalid("arms", "each arm has another version"));
    }
    Ok(())
}
