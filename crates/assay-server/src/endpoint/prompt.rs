//! What models are told: templates, their versions, and which of them hold.

use assay_app::{
    PromptActivationView, PromptChecked, PromptDetail, PromptFaultView, PromptKey,
    PromptVariableView, PromptVersionView, PromptView, PromptWish, ReviewPromptView, SavedPrompt,
};
use assay_auth::Identifier;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Id, IfMatch, Parameters, Payload, TwoIds};
use crate::layer::Versioned;
use crate::problem::{Problem, Refusals};

const VERSIONS: u32 = 50;
const VERSIONS_MAX: u32 = 200;

/// Bytes of a template.
const TEXT_BYTES_MAX: usize = 65_536;

/// For which models a prompt is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModelsQuery {
    /// Its `models`, with commas between; nothing is the prompt for all models.
    #[param(example = "gpt-5*,openai/o3")]
    models: Option<String>,
}

/// Which versions of a prompt are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionsQuery {
    /// The prompt's `models`, with commas between; nothing is the prompt for all models.
    models: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<i64>,
}

/// Which two versions are compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// The prompt's `models`, with commas between; nothing is the prompt for all models.
    models: Option<String>,
    /// A version; 0 is what holds without the organisation's own.
    from: i64,
    /// Another.
    to: i64,
}

/// What models are told for one task.
#[derive(Serialize, ToSchema)]
#[schema(as = Prompt)]
pub(crate) struct WirePrompt {
    /// The task: `review`, `judge`, `reviewer`, `coder`, `fix`.
    name: String,
    /// For which models, `*` at the end for any ending; all if none.
    models: Vec<String>,
    /// Where what holds comes from: `shipped`, `file` or `kept`. None when nothing holds for
    /// just these models.
    origin: Option<&'static str>,
    /// What holds, by its name in reports.
    #[schema(example = "review@3 of the organisation")]
    tag: Option<String>,
    /// The organisation's version that holds.
    active: Option<i64>,
    /// The number of the organisation's last version; 0 when it has none.
    versions: i64,
    /// When the organisation changed it last.
    updated_ms: Option<i64>,
    /// What holds without the organisation's own.
    base: Option<String>,
}

impl From<PromptView> for WirePrompt {
    fn from(view: PromptView) -> Self {
        Self {
            name: view.name,
            models: view.models,
            origin: view.origin,
            tag: view.tag,
            active: view.active,
            versions: view.versions,
            updated_ms: view.updated_ms,
            base: view.base,
        }
    }
}

/// What models are told.
#[derive(Serialize, ToSchema)]
#[schema(as = Prompts)]
pub(crate) struct WirePrompts {
    /// By name and models.
    items: Vec<WirePrompt>,
}

/// Something that a template is given.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptVariable)]
pub(crate) struct WireVariable {
    /// Its name.
    name: &'static str,
    /// What it holds.
    what: &'static str,
    /// Whether a template without it is refused.
    required: bool,
}

impl From<PromptVariableView> for WireVariable {
    fn from(variable: PromptVariableView) -> Self {
        Self {
            name: variable.name,
            what: variable.what,
            required: variable.is_required,
        }
    }
}

/// That a version began to hold.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptActivation)]
pub(crate) struct WireActivation {
    /// Which; 0 is what holds without the organisation's own.
    version: i64,
    /// Who said so.
    actor: String,
    /// When.
    created_ms: i64,
}

impl From<PromptActivationView> for WireActivation {
    fn from(view: PromptActivationView) -> Self {
        Self {
            version: view.number,
            actor: view.actor,
            created_ms: view.created_ms,
        }
    }
}

/// A prompt with what belongs to it.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptDetail)]
pub(crate) struct WireDetail {
    /// What a list shows.
    prompt: WirePrompt,
    /// The template that holds, as a file has it.
    text: Option<String>,
    /// What it is given.
    variables: Vec<WireVariable>,
    /// Which versions held, the newest first, at most 50.
    activations: Vec<WireActivation>,
}

/// A version of a prompt.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptVersion)]
pub(crate) struct WireVersion {
    /// Its number; 0 is what holds without the organisation's own.
    version: i64,
    /// The template, as a file has it.
    text: String,
    /// What its author says of it.
    note: String,
    /// Who kept it; none for what comes with the program or from its files.
    author: Option<String>,
    /// When.
    created_ms: Option<i64>,
    /// Whether it holds.
    active: bool,
}

impl From<PromptVersionView> for WireVersion {
    fn from(view: PromptVersionView) -> Self {
        Self {
            version: view.number,
            text: view.text,
            note: view.note,
            author: view.author,
            created_ms: view.created_ms,
            active: view.is_active,
        }
    }
}

/// Versions of a prompt.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptVersions)]
pub(crate) struct WireVersions {
    /// The newest first.
    items: Vec<WireVersion>,
    /// What the next page begins with; none on the last.
    next_cursor: Option<i64>,
}

/// What differs between two versions.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptDiff)]
pub(crate) struct WireDiff {
    /// A unified diff; empty when nothing does.
    diff: String,
}

/// A template that is to be looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromptText)]
pub(crate) struct WireText {
    /// The template, as a file has it.
    #[schema(max_length = 65_536)]
    text: String,
}

/// One thing that is wrong with a template.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptFault)]
pub(crate) struct WireFault {
    /// In which line, from 1, if it is in one.
    line: Option<usize>,
    /// The variable that it is about.
    variable: Option<String>,
    /// What was probably meant.
    nearest: Option<&'static str>,
    /// What is wrong.
    message: String,
}

impl From<PromptFaultView> for WireFault {
    fn from(fault: PromptFaultView) -> Self {
        Self {
            line: fault.line,
            variable: fault.variable,
            nearest: fault.nearest,
            message: fault.message,
        }
    }
}

/// What a model is told by a template, with the names of variables for their values.
#[derive(Serialize, ToSchema)]
#[schema(as = RenderedPrompt)]
pub(crate) struct WireRendered {
    /// About its task.
    system: String,
    /// What it is shown.
    user: String,
}

/// What a look at a template says.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptChecked)]
pub(crate) struct WireChecked {
    /// What it is for, if that can be read.
    name: Option<String>,
    /// All that is wrong with it; nothing when it can be kept.
    faults: Vec<WireFault>,
    /// What it makes, when nothing is wrong.
    rendered: Option<WireRendered>,
}

impl From<PromptChecked> for WireChecked {
    fn from(checked: PromptChecked) -> Self {
        Self {
            name: checked.name,
            faults: checked.faults.into_iter().map(WireFault::from).collect(),
            rendered: checked
                .rendered
                .map(|(system, user)| WireRendered { system, user }),
        }
    }
}

/// A version that is to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromptWish)]
pub(crate) struct WirePromptWish {
    /// The template, as a file has it. Its head says what it is for; the version in it is
    /// replaced by the next one.
    #[schema(max_length = 65_536)]
    text: String,
    /// What there is to say of it.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: String,
    /// Whether it holds from the next review on.
    #[serde(default)]
    activate: bool,
}

/// A version that was kept.
#[derive(Serialize, ToSchema)]
#[schema(as = SavedPrompt)]
pub(crate) struct WireSaved {
    /// What it is for.
    name: String,
    /// For which models.
    models: Vec<String>,
    /// Its number; that of the last version when nothing is different.
    version: i64,
    /// Whether it holds.
    active: bool,
}

impl From<SavedPrompt> for WireSaved {
    fn from(saved: SavedPrompt) -> Self {
        Self {
            name: saved.name,
            models: saved.models,
            version: saved.number,
            active: saved.is_active,
        }
    }
}

/// Which version is to hold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PromptChoice)]
pub(crate) struct WireChoice {
    /// Its number; 0 is what holds without the organisation's own.
    #[schema(minimum = 0)]
    version: i64,
}

/// A version that holds.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivePrompt)]
pub(crate) struct WireActive {
    /// Its number; 0 is what holds without the organisation's own.
    version: i64,
}

/// A prompt that a review used.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewPrompt)]
pub(crate) struct WireUsed {
    /// What it is for.
    name: String,
    /// Its name with its version.
    tag: String,
    /// Where it came from: `shipped`, `file` or `kept`.
    origin: &'static str,
    /// Its version.
    version: i64,
    /// The BLAKE3 hash of its text.
    text_hash: String,
    /// Its text, for those who may see prompts, where the organisation keeps it.
    text: Option<String>,
    /// The experiment that the change is of.
    experiment: Option<String>,
    /// Its arm, from 0.
    arm: Option<i64>,
}

impl From<ReviewPromptView> for WireUsed {
    fn from(view: ReviewPromptView) -> Self {
        Self {
            name: view.name,
            tag: view.tag,
            origin: view.origin,
            version: view.number,
            text_hash: view.text_hash,
            text: view.text,
            experiment: view.arm.map(|(experiment, _)| experiment.to_string()),
            arm: view.arm.map(|(_, arm)| arm),
        }
    }
}

/// The prompts that a review used.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewPrompts)]
pub(crate) struct WireUsedPrompts {
    /// By name.
    items: Vec<WireUsed>,
}

fn key(name: &str, models: Option<&str>) -> Result<PromptKey, Problem> {
    Ok(PromptKey::new(name, models.unwrap_or_default())?)
}

/// Lists what models are told: what comes with the program, from files, and of the organisation.
#[utoipa::path(
    get, path = "/api/v1/prompts", operation_id = "prompt_list", tag = "prompts",
    responses((status = 200, body = WirePrompts, description = "All prompts."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
) -> Result<Json<WirePrompts>, Problem> {
    let views = context.app.prompt_list(&caller).await?;
    let items = views.into_iter().map(WirePrompt::from).collect();
    Ok(Json(WirePrompts { items }))
}

/// Keeps a template as the next version of its prompt.
#[utoipa::path(
    post, path = "/api/v1/prompts", operation_id = "prompt_save", tag = "prompts",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that the prompt had.")),
    request_body = WirePromptWish,
    responses((status = 201, body = WireSaved, description = "It is kept."), Refusals)
)]
pub(crate) async fn save(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    IfMatch(expected): IfMatch,
    Payload(wish): Payload<WirePromptWish>,
) -> Result<(StatusCode, Json<WireSaved>), Problem> {
    let wish = PromptWish {
        text: wish.text,
        note: wish.note,
        is_activated: wish.activate,
    };
    let saved = context.app.prompt_save(&caller, &wish, &expected).await?;
    Ok((StatusCode::CREATED, Json(saved.into())))
}

/// Says what is wrong with a template and shows what it makes. Nothing is kept.
#[utoipa::path(
    post, path = "/api/v1/prompts/check", operation_id = "prompt_check", tag = "prompts",
    request_body = WireText,
    responses((status = 200, body = WireChecked, description = "What it is."), Refusals)
)]
pub(crate) async fn check(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Payload(wish): Payload<WireText>,
) -> Result<Json<WireChecked>, Problem> {
    let checked = context.app.prompt_check(&caller, &wish.text)?;
    // The document promises that no longer text is taken; who has no right hears that first.
    if wish.text.len() > TEXT_BYTES_MAX {
        let detail = format!("`text` has more than {TEXT_BYTES_MAX} bytes");
        return Err(Problem::invalid(detail));
    }
    Ok(Json(checked.into()))
}

/// Returns a prompt with the template that holds and which versions held.
#[utoipa::path(
    get, path = "/api/v1/prompts/{prompt}", operation_id = "prompt_get", tag = "prompts",
    params(("prompt" = String, Path, description = "What it is for."), ModelsQuery),
    responses((status = 200, body = WireDetail, description = "The prompt."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    Parameters(query): Parameters<ModelsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let key = key(&name, query.models.as_deref())?;
    let PromptDetail {
        prompt,
        text,
        variables,
        activations,
    } = context.app.prompt_get(&caller, &key).await?;
    let version = Versioned(prompt.version);
    let detail = WireDetail {
        prompt: prompt.into(),
        text,
        variables: variables.into_iter().map(WireVariable::from).collect(),
        activations: activations.into_iter().map(WireActivation::from).collect(),
    };
    Ok((Extension(version), Json(detail)))
}

/// Lists the organisation's versions of a prompt, the newest first.
#[utoipa::path(
    get, path = "/api/v1/prompts/{prompt}/versions", operation_id = "prompt_version_list",
    tag = "prompts",
    params(("prompt" = String, Path, description = "What it is for."), VersionsQuery),
    responses((status = 200, body = WireVersions, description = "A page."), Refusals)
)]
pub(crate) async fn versions(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    Parameters(query): Parameters<VersionsQuery>,
) -> Result<Json<WireVersions>, Problem> {
    let limit = query.limit.unwrap_or(VERSIONS);
    if !(1..=VERSIONS_MAX).contains(&limit) {
        return Err(Problem::invalid(format!("`limit` is 1 to {VERSIONS_MAX}")));
    }
    let key = key(&name, query.models.as_deref())?;
    let app = &context.app;
    let found = app
        .prompt_version_list(&caller, &key, query.cursor, limit)
        .await?;
    // Numbers go down to 1 without a gap.
    let next_cursor = found.last().map(|one| one.number).filter(|last| *last > 1);
    let items = found.into_iter().map(WireVersion::from).collect();
    Ok(Json(WireVersions { items, next_cursor }))
}

/// Returns a version of a prompt.
#[utoipa::path(
    get, path = "/api/v1/prompts/{prompt}/versions/{number}", operation_id = "prompt_version_get",
    tag = "prompts",
    params(
        ("prompt" = String, Path, description = "What it is for."),
        ("number" = i64, Path, description = "The version; 0 is what holds without the organisation's own."),
        ModelsQuery
    ),
    responses((status = 200, body = WireVersion, description = "The version."), Refusals)
)]
pub(crate) async fn version(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    TwoIds(Id(name), Id(number)): TwoIds,
    Parameters(query): Parameters<ModelsQuery>,
) -> Result<Json<WireVersion>, Problem> {
    let key = key(&name, query.models.as_deref())?;
    let number = number.parse().map_err(|_| Problem::not_found())?;
    let app = &context.app;
    let found = app.prompt_version_get(&caller, &key, number).await?;
    Ok(Json(found.into()))
}

/// Returns what differs between two versions of a prompt.
#[utoipa::path(
    get, path = "/api/v1/prompts/{prompt}/diff", operation_id = "prompt_diff", tag = "prompts",
    params(("prompt" = String, Path, description = "What it is for."), DiffQuery),
    responses((status = 200, body = WireDiff, description = "What differs."), Refusals)
)]
pub(crate) async fn diff(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    Parameters(query): Parameters<DiffQuery>,
) -> Result<Json<WireDiff>, Problem> {
    let key = key(&name, query.models.as_deref())?;
    let both = (query.from, query.to);
    let diff = context.app.prompt_diff(&caller, &key, both).await?;
    Ok(Json(WireDiff { diff }))
}

/// Says which version holds from the next review on.
#[utoipa::path(
    put, path = "/api/v1/prompts/{prompt}/active", operation_id = "prompt_activate",
    tag = "prompts",
    params(
        ("prompt" = String, Path, description = "What it is for."), ModelsQuery,
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the prompt had.")
    ),
    request_body = WireChoice,
    responses((status = 204, description = "It holds."), Refusals)
)]
pub(crate) async fn activate(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    Parameters(query): Parameters<ModelsQuery>,
    IfMatch(expected): IfMatch,
    Payload(choice): Payload<WireChoice>,
) -> Result<StatusCode, Problem> {
    let key = key(&name, query.models.as_deref())?;
    let app = &context.app;
    app.prompt_activate(&caller, &key, choice.version, &expected)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the version hold again that held before the one that does.
#[utoipa::path(
    post, path = "/api/v1/prompts/{prompt}/rollback", operation_id = "prompt_roll_back",
    tag = "prompts",
    params(
        ("prompt" = String, Path, description = "What it is for."), ModelsQuery,
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the prompt had.")
    ),
    responses((status = 200, body = WireActive, description = "It holds."), Refusals)
)]
pub(crate) async fn roll_back(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Id(name): Id,
    Parameters(query): Parameters<ModelsQuery>,
    IfMatch(expected): IfMatch,
) -> Result<Json<WireActive>, Problem> {
    let key = key(&name, query.models.as_deref())?;
    let app = &context.app;
    let version = app.prompt_roll_back(&caller, &key, &expected).await?;
    Ok(Json(WireActive { version }))
}

/// Lists the prompts that a review used, each in its version.
#[utoipa::path(
    get, path = "/api/v1/review/{id}/prompts", operation_id = "review_prompts", tag = "reviews",
    params(("id" = String, Path, description = "The review.")),
    responses((status = 200, body = WireUsedPrompts, description = "The prompts."), Refusals)
)]
pub(crate) async fn used(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireUsedPrompts>, Problem> {
    let id = id.read(Identifier::parse)?;
    let views = context.app.review_prompts(&caller, id).await?;
    let items = views.into_iter().map(WireUsed::from).collect();
    Ok(Json(WireUsedPrompts { items }))
}
