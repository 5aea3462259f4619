//! What models are told in the words of an organisation: templates by name and models, their
//! versions, which of them holds, and which a review used.
//!
//! Invariant: a version never changes and never goes, so that what a review used is there
//! for as long as the organisation is.

use assay_auth::Scope;

use crate::transaction::organisation_of;
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, ExperimentId, PromptId, ReviewId, Tx};

/// Prompts of an organisation.
pub const PROMPTS_MAX: i64 = 100;
/// Versions of a prompt.
pub const PROMPT_VERSIONS_MAX: i64 = 1_000;
/// So many versions or activations are listed at a time.
const ROWS_MAX: u32 = 200;
/// Bytes of a version.
const TEXT_BYTES_MAX: usize = 128 << 10;

words! {
    /// Where a prompt of a review came from.
    PromptSource as "origin of a prompt" {
        /// With the program.
        Shipped = "shipped",
        /// From a file of whoever runs the program.
        File = "file",
        /// The organisation keeps it.
        Kept = "kept",
    }
}

/// A prompt, without the texts of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptRow {
    /// Which one.
    pub id: PromptId,
    /// What it is for.
    pub name: String,
    /// For which models, with commas between; empty for all.
    pub models: String,
    /// The version that holds; none when the program's does.
    pub active: Option<i64>,
    /// The number of its last version.
    pub versions: i64,
    /// How often it was changed: what a change refers to.
    pub version: i64,
    /// When its first version was kept.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// A version of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptVersion {
    /// Its number, from 1.
    pub number: i64,
    /// The template, as a file has it.
    pub text: String,
    /// What its author says of it.
    pub note: String,
    /// Who kept it.
    pub author: String,
    /// When.
    pub created_ms: i64,
}

/// That a version began to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptActivation {
    /// Which; none is the program's.
    pub number: Option<i64>,
    /// Who said so.
    pub actor: String,
    /// When.
    pub created_ms: i64,
}

/// What tells one state of an organisation's prompts from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PromptState {
    /// How many there are.
    pub prompts: i64,
    /// Goes up with each change of one.
    pub version: i64,
    /// Goes up with each experiment and each change of one.
    pub experiments: i64,
}

/// A prompt that a review used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewPrompt {
    /// What it is for.
    pub name: String,
    /// Where it came from.
    pub origin: PromptSource,
    /// Which one, if the organisation keeps it.
    pub prompt: Option<PromptId>,
    /// Its version.
    pub number: i64,
    /// Its name with its version, as reports have it.
    pub tag: String,
    /// A hash of its text.
    pub text_hash: Vec<u8>,
    /// The experiment and its arm that the change is of.
    pub arm: Option<(ExperimentId, i64)>,
}

/// What was counted of the answers of a review's models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelQualityRow {
    /// Questions that were asked.
    pub asked: i64,
    /// Answers that were whole.
    pub whole: i64,
    /// Remarks that were made.
    pub remarks: i64,
    /// Of these such as are wrong.
    pub wrong: i64,
    /// Such as are beside the point.
    pub beside: i64,
    /// Such as were kept.
    pub kept: i64,
    /// Of those kept, such as can be acted on.
    pub actionable: i64,
}

const PROMPT: &str = "prompt";
const VERSION: &str = "version of a prompt";

fn prompt(row: &Row) -> Result<PromptRow, Error> {
    Ok(PromptRow {
        id: row.id("id")?,
        name: row.get("name")?,
        models: row.get("models")?,
        active: row.get("active")?,
        versions: row.get("versions")?,
        version: row.get("version")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}

fn version(row: &Row) -> Result<PromptVersion, Error> {
    Ok(PromptVersion {
        number: row.get("number")?,
        text: row.get("text")?,
        note: row.get("note")?,
        author: row.get("author")?,
        created_ms: row.get("created_ms")?,
    })
}

fn activation(row: &Row) -> Result<PromptActivation, Error> {
    Ok(PromptActivation {
        number: row.get("number")?,
        actor: row.get("actor")?,
        created_ms: row.get("created_ms")?,
    })
}

fn used(row: &Row) -> Result<ReviewPrompt, Error> {
    let experiment = row.id_or_none("experiment_id")?;
    Ok(ReviewPrompt {
        name: row.get("name")?,
        origin: PromptSource::parse(&row.get::<String>("origin")?)?,
        prompt: row.id_or_none("prompt_id")?,
        number: row.get("number")?,
        tag: row.get("tag")?,
        text_hash: row.get("text_hash")?,
        arm: experiment.zip(row.get::<Option<i64>>("arm")?),
    })
}

impl Tx {
    /// Lists the prompts that the scope's organisation keeps.
    pub async fn prompt_list(&mut self, scope: &Scope) -> Result<Vec<PromptRow>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM prompt WHERE organisation_id = $1 ORDER BY name, models LIMIT $2";
        self.list(sql, args![organisation, PROMPTS_MAX], prompt)
            .await
    }

    /// Finds a prompt by what it is for and for which models.
    pub async fn prompt_find(
        &mut self,
        scope: &Scope,
        name: &str,
        models: &str,
    ) -> Result<Option<PromptRow>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM prompt WHERE organisation_id = $1 AND name = $2 AND models = $3";
        self.find(sql, args![organisation, name, models], prompt)
            .await
    }

    /// Returns a prompt.
    pub async fn prompt_get(&mut self, scope: &Scope, id: PromptId) -> Result<PromptRow, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM prompt WHERE id = $1 AND organisation_id = $2";
        let found = self.find(sql, args![id, organisation], prompt).await?;
        found.ok_or(Error::NotFound(PROMPT))
    }

    /// Begins a prompt that has no version yet.
    pub async fn prompt_insert(
        &mut self,
        scope: &Scope,
        name: &str,
        models: &str,
    ) -> Result<PromptId, Error> {
        let organisation = organisation_of(scope)?;
        let id = PromptId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO prompt (id, organisation_id, name, models, versions, version, \
                   created_ms, updated_ms) SELECT $1, $2, $3, $4, 0, 1, $5, $5 \
                   WHERE (SELECT count(*) FROM prompt WHERE organisation_id = $2) < $6 \
                   ON CONFLICT DO NOTHING";
        let args = args![id, organisation, name, models, self.now_ms(), PROMPTS_MAX];
        self.insert_new(PROMPT, sql, args).await?;
        Ok(id)
    }

    /// Keeps the next version of a prompt, of which there are `versions`; returns its
    /// number. Somebody who was faster is not written over.
    pub async fn prompt_version_insert(
        &mut self,
        scope: &Scope,
        id: PromptId,
        versions: i64,
        (text, note): (&str, &str),
    ) -> Result<i64, Error> {
        let organisation = organisation_of(scope)?;
        if text.len() > TEXT_BYTES_MAX || versions >= PROMPT_VERSIONS_MAX {
            return Err(Error::Invalid("the prompt is too large".to_owned()));
        }
        let now_ms = self.now_ms();
        let number = versions + 1;
        let sql = "UPDATE prompt SET versions = $4, version = version + 1, updated_ms = $5 \
                   WHERE id = $1 AND organisation_id = $2 AND versions = $3";
        let args = args![id, organisation, versions, number, now_ms];
        if self.execute(sql, args).await? == 0 {
            self.prompt_get(scope, id).await?;
            return Err(Error::Changed(PROMPT));
        }
        let sql = "INSERT INTO prompt_version (organisation_id, prompt_id, number, text, note, \
                   author, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let actor = scope.actor().to_string();
        let args = args![organisation, id, number, text, note, actor, now_ms];
        self.execute(sql, args).await?;
        Ok(number)
    }

    /// Returns a version.
    pub async fn prompt_version_get(
        &mut self,
        scope: &Scope,
        id: PromptId,
        number: i64,
    ) -> Result<PromptVersion, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM prompt_version WHERE prompt_id = $1 AND organisation_id = $2 \
                   AND number = $3";
        let args = args![id, organisation, number];
        let found = self.find(sql, args, version).await?;
        found.ok_or(Error::NotFound(VERSION))
    }

    /// Lists the versions of a prompt below a number, the newest first.
    pub async fn prompt_version_list(
        &mut self,
        scope: &Scope,
        id: PromptId,
        below: Option<i64>,
        rows_max: u32,
    ) -> Result<Vec<PromptVersion>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM prompt_version WHERE prompt_id = $1 AND organisation_id = $2 \
                   AND ($3 IS NULL OR number < $3) ORDER BY number DESC LIMIT $4";
        let args = args![id, organisation, below, rows_max.min(ROWS_MAX)];
        self.list(sql, args, version).await
    }

    /// Says which version holds; none is the program's.
    pub async fn prompt_activate(
        &mut self,
        scope: &Scope,
        id: PromptId,
        number: Option<i64>,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let now_ms = self.now_ms();
        let sql = "UPDATE prompt SET active = $3, version = version + 1, updated_ms = $4 \
                   WHERE id = $1 AND organisation_id = $2 AND ($3 IS NULL OR EXISTS \
                   (SELECT 1 FROM prompt_version WHERE prompt_id = $1 AND number = $3))";
        self.touch(VERSION, sql, args![id, organisation, number, now_ms])
            .await?;
        let sql = "INSERT INTO prompt_activation (organisation_id, prompt_id, position, number, \
                   actor, created_ms) SELECT organisation_id, id, version, $3, $4, $5 \
                   FROM prompt WHERE id = $1 AND organisation_id = $2";
        let actor = scope.actor().to_string();
        let args = args![id, organisation, number, actor, now_ms];
        self.execute(sql, args).await?;
        Ok(())
    }

    /// Lists which versions held, the newest first.
    pub async fn prompt_activation_list(
        &mut self,
        scope: &Scope,
        id: PromptId,
        rows_max: u32,
    ) -> Result<Vec<PromptActivation>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM prompt_activation WHERE prompt_id = $1 AND organisation_id = $2 \
                   ORDER BY position DESC LIMIT $3";
        let args = args![id, organisation, rows_max.min(ROWS_MAX)];
        self.list(sql, args, activation).await
    }

    /// Returns in what state the organisation's prompts are.
    pub async fn prompt_state(&mut self, scope: &Scope) -> Result<PromptState, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT count(*) AS prompts, CAST(coalesce(sum(version), 0) AS BIGINT) AS version, \
                   (SELECT CAST(coalesce(sum(version), 0) AS BIGINT) FROM experiment \
                   WHERE organisation_id = $1) AS experiments \
                   FROM prompt WHERE organisation_id = $1";
        let found = self.find(sql, args![organisation], |row| {
            Ok(PromptState {
                prompts: row.get("prompts")?,
                version: row.get("version")?,
                experiments: row.get("experiments")?,
            })
        });
        Ok(found.await?.unwrap_or_default())
    }

    /// Returns the versions that hold, each with its prompt.
    pub async fn prompt_active(
        &mut self,
        scope: &Scope,
    ) -> Result<Vec<(PromptId, PromptVersion)>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT v.* FROM prompt AS p JOIN prompt_version AS v ON v.prompt_id = p.id \
                   AND v.number = p.active WHERE p.organisation_id = $1 \
                   ORDER BY p.name, p.models LIMIT $2";
        self.list(sql, args![organisation, PROMPTS_MAX], |row| {
            Ok((row.id("prompt_id")?, version(row)?))
        })
        .await
    }

    /// Says which prompts a review used, in place of what an attempt before did.
    pub async fn review_prompt_replace(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        prompts: &[ReviewPrompt],
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "DELETE FROM review_prompt WHERE review_id = $1 AND organisation_id = $2";
        self.execute(sql, args![review, organisation]).await?;
        for one in prompts {
            let (experiment, arm) = one.arm.unzip();
            let sql = "INSERT INTO review_prompt (organisation_id, review_id, name, origin, \
                       prompt_id, number, tag, text_hash, experiment_id, arm) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
            let args = args![
                organisation,
                review,
                &one.name,
                one.origin,
                one.prompt,
                one.number,
                &one.tag,
                one.text_hash.clone(),
                experiment,
                arm,
            ];
            self.execute(sql, args).await?;
        }
        Ok(())
    }

    /// Lists the prompts that a review used.
    pub async fn review_prompt_list(
        &mut self,
        scope: &Scope,
        review: ReviewId,
    ) -> Result<Vec<ReviewPrompt>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM review_prompt WHERE review_id = $1 AND organisation_id = $2 \
                   ORDER BY name";
        self.list(sql, args![review, organisation], used).await
    }

    /// Keeps what was counted of the answers of a review's models.
    pub async fn model_quality_put(
        &mut self,
        scope: &Scope,
        review: ReviewId,
        counted: &ModelQualityRow,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "INSERT INTO model_quality (organisation_id, review_id, asked, whole, remarks, \
                   wrong, beside, kept, actionable) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                   ON CONFLICT (review_id) DO UPDATE SET asked = excluded.asked, \
                   whole = excluded.whole, remarks = excluded.remarks, wrong = excluded.wrong, \
                   beside = excluded.beside, kept = excluded.kept, \
                   actionable = excluded.actionable";
        let args = args![
            organisation,
            review,
            counted.asked,
            counted.whole,
            counted.remarks,
            counted.wrong,
            counted.beside,
            counted.kept,
            counted.actionable,
        ];
        self.execute(sql, args).await?;
        Ok(())
    }
}
