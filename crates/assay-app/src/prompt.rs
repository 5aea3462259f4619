//! What models are told, as an organisation sees and changes it: the program's templates
//! and those of its files, its own in their versions, and which of them hold.

use assay_auth::{Identifier, Permission, Scope};
use assay_review::{
    Prompt, PromptFault, PromptOrigin, PromptVariable, TEMPLATE_BYTES_MAX, prompt_variables,
};
use assay_source::{SourceText, unified_diff};
use assay_store::{
    ExperimentId, PROMPT_VERSIONS_MAX, PROMPTS_MAX, PromptActivation, PromptRow, PromptVersion,
    ReviewId, ReviewPrompt, Tx,
};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::prompt_choice::kept_prompt;
use crate::version::Expected;

/// Characters of a note.
const NOTE_CHARS_MAX: usize = 500;
/// Activations that are shown with a prompt.
const ACTIVATIONS_SHOWN: u32 = 50;
/// The number of what holds without the organisation's own: the program's or a file's.
pub(crate) const BASE: i64 = 0;

/// What a prompt is for and for which models: what no two of an organisation share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptKey {
    name: String,
    models: Vec<String>,
}

impl PromptKey {
    /// Makes one of a name and of models with commas between; none is all models.
    ///
    /// # Errors
    ///
    /// When there is no such name.
    pub fn new(name: &str, models: &str) -> Result<Self, Error> {
        if prompt_variables(name).is_none() {
            return Err(assay_store::Error::NotFound("prompt").into());
        }
        let models = models.split(',').map(str::trim);
        let mut models: Vec<String> = models
            .filter(|model| !model.is_empty())
            .map(str::to_owned)
            .collect();
        models.sort_unstable();
        models.dedup();
        Ok(Self {
            name: name.to_owned(),
            models,
        })
    }

    fn of(prompt: &Prompt) -> Self {
        Self {
            name: prompt.name.clone(),
            models: prompt.models.clone(),
        }
    }

    /// Returns what it is for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns for which models.
    pub(crate) fn models(&self) -> &[String] {
        &self.models
    }

    fn column(&self) -> String {
        self.models.join(",")
    }

    /// Returns it as the audit log names it.
    pub(crate) fn target(&self) -> String {
        match &self.models[..] {
            [] => format!("prompt:{}", self.name),
            models => format!("prompt:{} for {}", self.name, models.join(" ")),
        }
    }
}

/// A prompt as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptView {
    /// What it is for.
    pub name: String,
    /// For which models; all if none.
    pub models: Vec<String>,
    /// Where what holds comes from, `shipped`, `file` or `kept`; none when nothing holds
    /// for just these models.
    pub origin: Option<&'static str>,
    /// What holds, by its name in reports.
    pub tag: Option<String>,
    /// The organisation's version that holds.
    pub active: Option<i64>,
    /// The number of the organisation's last version; 0 when it has none.
    pub versions: i64,
    /// What a change refers to.
    pub version: i64,
    /// When the organisation changed it last.
    pub updated_ms: Option<i64>,
    /// What holds without the organisation's own.
    pub base: Option<String>,
}

/// A prompt with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptDetail {
    /// What a list shows.
    pub prompt: PromptView,
    /// The template that holds.
    pub text: Option<String>,
    /// What it is given.
    pub variables: Vec<PromptVariableView>,
    /// Which versions held, the newest first.
    pub activations: Vec<PromptActivationView>,
}

/// Something that a template is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptVariableView {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub what: &'static str,
    /// Whether a template without it is refused.
    pub is_required: bool,
}

impl From<&PromptVariable> for PromptVariableView {
    fn from(variable: &PromptVariable) -> Self {
        Self {
            name: variable.name,
            what: variable.what,
            is_required: variable.is_required,
        }
    }
}

/// One thing that is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptFaultView {
    /// In which line, from 1, if it is in one.
    pub line: Option<usize>,
    /// The variable that it is about.
    pub variable: Option<String>,
    /// What was probably meant.
    pub nearest: Option<&'static str>,
    /// What is wrong.
    pub message: String,
}

impl From<PromptFault> for PromptFaultView {
    fn from(fault: PromptFault) -> Self {
        Self {
            line: fault.line,
            variable: fault.variable,
            nearest: fault.nearest,
            message: fault.what,
        }
    }
}

/// That a version began to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptActivationView {
    /// Which; 0 is what holds without the organisation's own.
    pub number: i64,
    /// Who said so.
    pub actor: String,
    /// When.
    pub created_ms: i64,
}

impl From<PromptActivation> for PromptActivationView {
    fn from(row: PromptActivation) -> Self {
        Self {
            number: row.number.unwrap_or(BASE),
            actor: row.actor,
            created_ms: row.created_ms,
        }
    }
}

/// A version of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptVersionView {
    /// Its number; 0 is what holds without the organisation's own.
    pub number: i64,
    /// The template.
    pub text: String,
    /// What its author says of it.
    pub note: String,
    /// Who kept it; none for what comes with the program.
    pub author: Option<String>,
    /// When.
    pub created_ms: Option<i64>,
    /// Whether it holds.
    pub is_active: bool,
}

/// What a look at a template says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptChecked {
    /// What it is for, if that can be read.
    pub name: Option<String>,
    /// All that is wrong with it.
    pub faults: Vec<PromptFaultView>,
    /// What a model is told by it, with the names of variables for their values: about its
    /// task, and what it is shown.
    pub rendered: Option<(String, String)>,
}

/// A version that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptWish {
    /// The template as a file has it. Its head says what it is for; the number in it is
    /// replaced by the version's.
    pub text: String,
    /// What its author says of it.
    pub note: String,
    /// Whether it holds from now on.
    pub is_activated: bool,
}

/// A version that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPrompt {
    /// What it is for.
    pub name: String,
    /// For which models.
    pub models: Vec<String>,
    /// Its number; that of the last one when nothing changed.
    pub number: i64,
    /// Whether it holds.
    pub is_active: bool,
}

/// A prompt that a review used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewPromptView {
    /// What it is for.
    pub name: String,
    /// Its name with its version, as reports have it.
    pub tag: String,
    /// `shipped`, `file` or `kept`.
    pub origin: &'static str,
    /// Its version.
    pub number: i64,
    /// The BLAKE3 hash of its text.
    pub text_hash: String,
    /// Its text, where the organisation keeps it.
    pub text: Option<String>,
    /// The experiment and its arm that the change is of.
    pub arm: Option<(ExperimentId, i64)>,
}

impl App {
    /// Lists what models are told: the program's templates, those of files, and the
    /// organisation's own.
    pub async fn prompt_list(&self, caller: &Caller) -> Result<Vec<PromptView>, Error> {
        let scope = caller.authorise(Permission::PromptRead)?;
        let mut tx = self.store().read().await?;
        let rows = tx.prompt_list(&scope).await?;
        let mut views: Vec<PromptView> = Vec::new();
        for row in &rows {
            views.push(self.prompt_view(&key_of(row), Some(row)));
        }
        for base in self.base_prompts().all() {
            let is_there = |view: &PromptView| view.name == base.name && view.models == base.models;
            if !views.iter().any(is_there) {
                views.push(self.prompt_view(&PromptKey::of(base), None));
            }
        }
        views.sort_by(|one, other| (&one.name, &one.models).cmp(&(&other.name, &other.models)));
        Ok(views)
    }

    /// Returns a prompt with the template that holds and which versions held.
    pub async fn prompt_get(
        &self,
        caller: &Caller,
        key: &PromptKey,
    ) -> Result<PromptDetail, Error> {
        let scope = caller.authorise(Permission::PromptRead)?;
        let mut tx = self.store().read().await?;
        let row = self.prompt_row(&mut tx, &scope, key).await?;
        let prompt = self.prompt_view(key, row.as_ref());
        let (mut text, mut activations) = (self.base_text(key), Vec::new());
        if let Some(row) = &row {
            let held = tx.prompt_activation_list(&scope, row.id, ACTIVATIONS_SHOWN);
            activations = held.await?.into_iter().map(Into::into).collect();
            if let Some(number) = row.active {
                text = Some(tx.prompt_version_get(&scope, row.id, number).await?.text);
            }
        }
        let variables = prompt_variables(&key.name).unwrap_or_default();
        Ok(PromptDetail {
            prompt,
            text,
            variables: variables.iter().map(PromptVariableView::from).collect(),
            activations,
        })
    }

    /// Lists the organisation's versions of a prompt below a number, the newest first.
    pub async fn prompt_version_list(
        &self,
        caller: &Caller,
        key: &PromptKey,
        below: Option<i64>,
        rows_max: u32,
    ) -> Result<Vec<PromptVersionView>, Error> {
        let scope = caller.authorise(Permission::PromptRead)?;
        let mut tx = self.store().read().await?;
        let Some(row) = self.prompt_row(&mut tx, &scope, key).await? else {
            return Ok(Vec::new());
        };
        let versions = tx.prompt_version_list(&scope, row.id, below, rows_max);
        let versions = versions.await?.into_iter();
        Ok(versions.map(|one| version_view(one, row.active)).collect())
    }

    /// Returns a version of a prompt; 0 is what holds without the organisation's own.
    pub async fn prompt_version_get(
        &self,
        caller: &Caller,
        key: &PromptKey,
        number: i64,
    ) -> Result<PromptVersionView, Error> {
        let scope = caller.authorise(Permission::PromptRead)?;
        let mut tx = self.store().read().await?;
        self.prompt_version(&mut tx, &scope, key, number).await
    }

    /// Returns what differs between two versions, as a unified diff; 0 is what holds
    /// without the organisation's own. The numbers in their heads are not told apart.
    pub async fn prompt_diff(
        &self,
        caller: &Caller,
        key: &PromptKey,
        (from, to): (i64, i64),
    ) -> Result<String, Error> {
        let scope = caller.authorise(Permission::PromptRead)?;
        let mut tx = self.store().read().await?;
        let from = self.prompt_version(&mut tx, &scope, key, from).await?;
        let to = self.prompt_version(&mut tx, &scope, key, to).await?;
        let [from, to] = [from, to].map(|version| SourceText::from_text(unnumbered(&version.text)));
        Ok(unified_diff(&format!("{}.md", key.name), &from, &to))
    }

    /// Says what is wrong with a template, and shows what it makes. Nothing is kept.
    pub fn prompt_check(&self, caller: &Caller, text: &str) -> Result<PromptChecked, Error> {
        caller.authorise(Permission::PromptRead)?;
        Ok(match Prompt::parse(text) {
            Ok(prompt) => PromptChecked {
                rendered: prompt
                    .sample()
                    .ok()
                    .map(|sample| (sample.system, sample.user)),
                name: Some(prompt.name),
                faults: Vec::new(),
            },
            Err(error) => PromptChecked {
                name: Some(error.name).filter(|name| prompt_variables(name).is_some()),
                faults: error.faults.into_iter().map(Into::into).collect(),
                rendered: None,
            },
        })
    }

    /// Keeps a template as the next version of its prompt. The same as the last one is no
    /// further version.
    pub async fn prompt_save(
        &self,
        caller: &Caller,
        wish: &PromptWish,
        expected: &Expected,
    ) -> Result<SavedPrompt, Error> {
        let scope = caller.authorise(Permission::PromptManage)?;
        if wish.note.chars().count() > NOTE_CHARS_MAX {
            return Err(Error::invalid(
                "note",
                format!("at most {NOTE_CHARS_MAX} characters"),
            ));
        }
        let prompt = read(&wish.text)?;
        let key = PromptKey::of(&prompt);
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let row = tx.prompt_find(&scope, &key.name, &key.column()).await?;
        expected.check(row.as_ref().map_or(0, |row| row.version))?;
        let row = match row {
            Some(row) => row,
            None => begin(&mut tx, &scope, &key).await?,
        };
        let number = match is_last(&mut tx, &scope, &row, &prompt).await? {
            true => row.versions,
            false => keep(&mut tx, &scope, (&key, &row), prompt, &wish.note).await?,
        };
        if wish.is_activated && row.active != Some(number) {
            self.activate(&mut tx, &scope, (&key, &row), Some(number))
                .await?;
        }
        tx.commit().await?;
        Ok(SavedPrompt {
            name: key.name,
            models: key.models,
            number,
            is_active: wish.is_activated || row.active == Some(number),
        })
    }

    /// Says which version holds from the next review on; 0 is what holds without the
    /// organisation's own.
    pub async fn prompt_activate(
        &self,
        caller: &Caller,
        key: &PromptKey,
        number: i64,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::PromptManage)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let row = self.prompt_row(&mut tx, &scope, key).await?;
        let Some(row) = row else {
            // Of what the organisation has no version of, the program's holds already.
            expected.check(0)?;
            return match number {
                BASE => Ok(()),
                _ => Err(assay_store::Error::NotFound("version of a prompt").into()),
            };
        };
        expected.check(row.version)?;
        let number = (number != BASE).then_some(number);
        if row.active != number {
            self.activate(&mut tx, &scope, (key, &row), number).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Lets that version hold again that held before the one that does; returns its
    /// number.
    pub async fn prompt_roll_back(
        &self,
        caller: &Caller,
        key: &PromptKey,
        expected: &Expected,
    ) -> Result<i64, Error> {
        let scope = caller.authorise(Permission::PromptManage)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let row = self.prompt_row(&mut tx, &scope, key).await?;
        let nothing = || Error::invalid("name", "there is nothing to go back to");
        let row = row.ok_or_else(nothing)?;
        expected.check(row.version)?;
        let held = tx.prompt_activation_list(&scope, row.id, 2).await?;
        let number = match &held[..] {
            [] => return Err(nothing()),
            // Before its first version the program's held.
            [_] => None,
            [_, before, ..] => before.number,
        };
        self.activate(&mut tx, &scope, (key, &row), number).await?;
        tx.commit().await?;
        Ok(number.unwrap_or(BASE))
    }

    /// Lists the prompts that a review used.
    pub async fn review_prompts(
        &self,
        caller: &Caller,
        review: Identifier,
    ) -> Result<Vec<ReviewPromptView>, Error> {
        let scope = caller.authorise(Permission::ReviewRead)?;
        let review = ReviewId::from_identifier(review);
        let mut tx = self.store().read().await?;
        tx.review_get(&scope, review).await?;
        let used = tx.review_prompt_list(&scope, review).await?;
        let sees = scope.require(Permission::PromptRead).is_ok();
        let mut views = Vec::new();
        for one in used {
            let text = match one.prompt.filter(|_| sees) {
                Some(id) => Some(tx.prompt_version_get(&scope, id, one.number).await?.text),
                None => None,
            };
            views.push(used_view(one, text));
        }
        Ok(views)
    }

    /// Finds the organisation's row of a prompt; none when only the program has it, and an
    /// error when nobody has.
    pub(crate) async fn prompt_row(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        key: &PromptKey,
    ) -> Result<Option<PromptRow>, Error> {
        let row = tx.prompt_find(scope, &key.name, &key.column()).await?;
        let is_there = row.is_some() || self.base(key).is_some();
        match is_there {
            true => Ok(row),
            false => Err(assay_store::Error::NotFound("prompt").into()),
        }
    }

    async fn prompt_version(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        key: &PromptKey,
        number: i64,
    ) -> Result<PromptVersionView, Error> {
        let row = self.prompt_row(tx, scope, key).await?;
        let active = row.as_ref().and_then(|row| row.active);
        let missing = || Error::from(assay_store::Error::NotFound("version of a prompt"));
        if number == BASE {
            return Ok(PromptVersionView {
                number,
                text: self.base_text(key).ok_or_else(missing)?,
                note: String::new(),
                author: None,
                created_ms: None,
                is_active: active.is_none(),
            });
        }
        let row = row.ok_or_else(missing)?;
        let version = tx.prompt_version_get(scope, row.id, number).await?;
        Ok(version_view(version, active))
    }

    fn base(&self, key: &PromptKey) -> Option<Prompt> {
        let all = self.base_prompts();
        all.exact(&key.name, &key.models).cloned()
    }

    pub(crate) fn base_text(&self, key: &PromptKey) -> Option<String> {
        self.base(key).map(|prompt| prompt.to_text())
    }

    fn prompt_view(&self, key: &PromptKey, row: Option<&PromptRow>) -> PromptView {
        let base = self.base(key);
        let active = row.and_then(|row| row.active);
        let own = active.map(|number| (PromptOrigin::Kept, own_tag(key, number)));
        let holds = own.or_else(|| base.as_ref().map(|prompt| (prompt.origin, prompt.tag())));
        let (origin, tag) = holds.map(|(origin, tag)| (origin.name(), tag)).unzip();
        PromptView {
            name: key.name.clone(),
            models: key.models.clone(),
            origin,
            tag,
            active,
            versions: row.map_or(0, |row| row.versions),
            version: row.map_or(0, |row| row.version),
            updated_ms: row.map(|row| row.updated_ms),
            base: base.map(|prompt| prompt.tag()),
        }
    }

    /// Makes a version hold and writes it down. While an experiment runs its arms hold.
    pub(crate) async fn activate(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        (key, row): (&PromptKey, &PromptRow),
        number: Option<i64>,
    ) -> Result<(), Error> {
        if tx.experiment_running(scope, row.id).await?.is_some() {
            return Err(Error::ExperimentRuns);
        }
        if let Some(number) = number {
            // One that an older program kept may be none for this one.
            let version = tx.prompt_version_get(scope, row.id, number).await?;
            kept_prompt(&version.text).map_err(|why| Error::invalid("version", why))?;
        }
        tx.prompt_activate(scope, row.id, number).await?;
        let details = json!({
            "version": number.unwrap_or(BASE),
            "before": row.active.unwrap_or(BASE),
        });
        audit(tx, scope, "prompt.activate", key.target(), details).await
    }
}

fn own_tag(key: &PromptKey, number: i64) -> String {
    let tag = format!("{}@{number} of the organisation", key.name);
    match &key.models[..] {
        [] => tag,
        models => format!("{tag} for {}", models.join(" ")),
    }
}

pub(crate) fn key_of(row: &PromptRow) -> PromptKey {
    let models = row.models.split(',').filter(|model| !model.is_empty());
    PromptKey {
        name: row.name.clone(),
        models: models.map(str::to_owned).collect(),
    }
}

fn read(text: &str) -> Result<Prompt, Error> {
    Prompt::parse(text).map_err(|why| Error::invalid("text", why.to_string()))
}

/// Returns a template without what tells its number.
fn unnumbered(text: &str) -> String {
    match Prompt::parse(text) {
        Ok(prompt) => prompt.with_version(1).to_text(),
        Err(_) => text.to_owned(),
    }
}

pub(crate) async fn begin(tx: &mut Tx, scope: &Scope, key: &PromptKey) -> Result<PromptRow, Error> {
    let count = tx.prompt_list(scope).await?.len();
    if i64::try_from(count).unwrap_or(i64::MAX) >= PROMPTS_MAX {
        let why = format!("the organisation has {PROMPTS_MAX} prompts already");
        return Err(Error::invalid("text", why));
    }
    let id = tx.prompt_insert(scope, &key.name, &key.column()).await?;
    Ok(tx.prompt_get(scope, id).await?)
}

/// Returns whether a template is the same as the last version, but for its number.
async fn is_last(
    tx: &mut Tx,
    scope: &Scope,
    row: &PromptRow,
    prompt: &Prompt,
) -> Result<bool, Error> {
    if row.versions == 0 {
        return Ok(false);
    }
    let last = tx.prompt_version_get(scope, row.id, row.versions).await?;
    Ok(unnumbered(&last.text) == prompt.clone().with_version(1).to_text())
}

/// Keeps the next version and writes it down; returns its number.
pub(crate) async fn keep(
    tx: &mut Tx,
    scope: &Scope,
    (key, row): (&PromptKey, &PromptRow),
    prompt: Prompt,
    note: &str,
) -> Result<i64, Error> {
    if row.versions >= PROMPT_VERSIONS_MAX {
        let why = format!("the prompt has {PROMPT_VERSIONS_MAX} versions already");
        return Err(Error::invalid("text", why));
    }
    let next = u32::try_from(row.versions + 1).unwrap_or(u32::MAX);
    let text = prompt.with_version(next).to_text();
    if text.len() > TEMPLATE_BYTES_MAX {
        return Err(Error::invalid(
            "text",
            format!("at most {TEMPLATE_BYTES_MAX} bytes"),
        ));
    }
    let number = tx
        .prompt_version_insert(scope, row.id, row.versions, (&text, note))
        .await?;
    let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    let details = json!({"version": number, "note": note, "text_hash": hash});
    audit(tx, scope, "prompt.save", key.target(), details).await?;
    Ok(number)
}

fn version_view(version: PromptVersion, active: Option<i64>) -> PromptVersionView {
    PromptVersionView {
        is_active: active == Some(version.number),
        number: version.number,
        text: version.text,
        note: version.note,
        author: Some(version.author),
        created_ms: Some(version.created_ms),
    }
}

fn used_view(used: ReviewPrompt, text: Option<String>) -> ReviewPromptView {
    let hash = used.text_hash.iter().map(|byte| format!("{byte:02x}"));
    ReviewPromptView {
        name: used.name,
        tag: used.tag,
        origin: used.origin.name(),
        number: used.number,
        text_hash: hash.collect(),
        text,
        arm: used.arm,
    }
}
