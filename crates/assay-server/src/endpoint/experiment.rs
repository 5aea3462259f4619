//! Experiments with what models are told: started, looked at, stopped, and their winner
//! activated.

use assay_app::{
    ArmComparison, ArmResult, Difference, ExperimentResult, ExperimentView, ExperimentWish,
    PromptKey,
};
use assay_auth::Identifier;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::Context;
use crate::extract::{Authenticated, Id, IfMatch, Parameters, Payload};
use crate::layer::Versioned;
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// The difference that an experiment looks for when nobody says.
const SMALLEST: i64 = 15;

/// The part of changes that one version of a prompt gets.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExperimentArm)]
pub(crate) struct WireArm {
    /// The version; 0, when an experiment is started, is what holds without the
    /// organisation's own.
    #[schema(minimum = 0)]
    version: i64,
    /// How large its part is to that of the others.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100, default = 1)]
    weight: i64,
}

fn one() -> i64 {
    1
}

/// An experiment.
#[derive(Serialize, ToSchema)]
#[schema(as = Experiment)]
pub(crate) struct WireExperiment {
    /// Its identifier.
    id: String,
    /// What it is to find out.
    title: String,
    /// What its prompt is for.
    prompt: String,
    /// For which models; all if none.
    models: Vec<String>,
    /// `running` or `stopped`.
    state: &'static str,
    /// Its arms; the first is what the others are compared with.
    arms: Vec<WireArm>,
    /// The difference of shares that is to be seen, in points of a hundred.
    smallest: i64,
    /// So many independent judgements each arm needs for that.
    planned: i64,
    /// The number of the arm whose version was activated, from 0.
    promoted: Option<i64>,
    /// Who started it.
    created_by: String,
    /// When.
    created_ms: i64,
    /// When it was stopped.
    stopped_ms: Option<i64>,
}

impl From<ExperimentView> for WireExperiment {
    fn from(view: ExperimentView) -> Self {
        let arms = view.arms.into_iter();
        Self {
            id: view.id.to_string(),
            title: view.title,
            prompt: view.prompt,
            models: view.models,
            state: if view.is_running {
                "running"
            } else {
                "stopped"
            },
            arms: arms
                .map(|(version, weight)| WireArm { version, weight })
                .collect(),
            smallest: view.smallest,
            planned: view.planned,
            promoted: view.promoted,
            created_by: view.created_by,
            created_ms: view.created_ms,
            stopped_ms: view.stopped_ms,
        }
    }
}

/// An interval.
#[derive(Serialize, ToSchema)]
#[schema(as = Interval)]
pub(crate) struct WireInterval {
    /// Its lower end.
    low: f64,
    /// Its upper end.
    high: f64,
}

/// What came of one arm.
#[derive(Serialize, ToSchema)]
#[schema(as = ExperimentArmResult)]
pub(crate) struct WireArmResult {
    /// Its number, from 0.
    arm: i64,
    /// The version of the prompt.
    version: i64,
    /// How large its part is.
    weight: i64,
    /// Reviews that are done.
    reviews: u32,
    /// Reviews that failed.
    failed: u32,
    /// Changes that they are of.
    changes: u32,
    /// Remarks that models made.
    made: u32,
    /// Of these such as were kept after they were verified.
    kept: u32,
    /// Different remarks that were shown.
    shown: u32,
    /// Of these such as somebody accepted, or mended the code for.
    accepted: u32,
    /// Such as somebody rejected.
    rejected: u32,
    /// The share of the judged ones that was accepted, from 0 to 1.
    rate: Option<f64>,
    /// Its 95% interval.
    rate_interval: Option<WireInterval>,
    /// The judged ones say as much as so many independent ones.
    independent: f64,
    /// The quality of the answers from 0 to 1, the mean over changes.
    quality: Option<f64>,
    /// What a review cost, in billionths of a dollar, the mean over changes.
    cost_nanos: Option<f64>,
    /// How long a review took, the mean over changes.
    duration_ms: Option<f64>,
}

impl From<ArmResult> for WireArmResult {
    fn from(result: ArmResult) -> Self {
        let interval = result.rate_interval;
        Self {
            arm: result.arm,
            version: result.version,
            weight: result.weight,
            reviews: result.reviews,
            failed: result.failed,
            changes: result.changes,
            made: result.made,
            kept: result.kept,
            shown: result.shown,
            accepted: result.accepted,
            rejected: result.rejected,
            rate: result.rate,
            rate_interval: interval.map(|(low, high)| WireInterval { low, high }),
            independent: result.independent,
            quality: result.quality,
            cost_nanos: result.cost_nanos,
            duration_ms: result.duration_ms,
        }
    }
}

/// How a value of an arm stands to that of the first.
#[derive(Serialize, ToSchema)]
#[schema(as = ExperimentDifference)]
pub(crate) struct WireDifference {
    /// The arm's less the first's.
    value: f64,
    /// The lower end of its 95% interval.
    low: f64,
    /// The upper end.
    high: f64,
    /// How often chance alone would make it as large, corrected for the number of arms.
    p: f64,
}

impl From<Difference> for WireDifference {
    fn from(found: Difference) -> Self {
        Self {
            value: found.value,
            low: found.low,
            high: found.high,
            p: found.p,
        }
    }
}

/// How an arm stands to the first.
#[derive(Serialize, ToSchema)]
#[schema(as = ExperimentComparison)]
pub(crate) struct WireComparison {
    /// The arm.
    arm: i64,
    /// `too_little`, `better`, `worse` or `same`, by the share of accepted remarks.
    verdict: &'static str,
    /// The same in a sentence.
    sentence: String,
    /// The share of accepted remarks, from 0 to 1.
    acceptance: Option<WireDifference>,
    /// The quality of the answers.
    quality: Option<WireDifference>,
    /// The cost of a review.
    cost_nanos: Option<WireDifference>,
    /// How long a review takes.
    duration_ms: Option<WireDifference>,
}

impl From<ArmComparison> for WireComparison {
    fn from(compared: ArmComparison) -> Self {
        Self {
            arm: compared.arm,
            verdict: compared.verdict.name(),
            sentence: compared.sentence,
            acceptance: compared.acceptance.map(Into::into),
            quality: compared.quality.map(Into::into),
            cost_nanos: compared.cost_nanos.map(Into::into),
            duration_ms: compared.duration_ms.map(Into::into),
        }
    }
}

/// An experiment with what came of it so far.
#[derive(Serialize, ToSchema)]
#[schema(as = ExperimentDetail)]
pub(crate) struct WireDetail {
    /// The experiment.
    experiment: WireExperiment,
    /// What came of its arms.
    arms: Vec<WireArmResult>,
    /// All but the first, each to the first.
    comparisons: Vec<WireComparison>,
}

/// An experiment that is to be started.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExperimentWish)]
pub(crate) struct WireExperimentWish {
    /// What its prompt is for: `review` or `judge`.
    #[schema(example = "review")]
    prompt: String,
    /// The prompt's `models`; the prompt for all if none.
    #[serde(default)]
    models: Vec<String>,
    /// What it is to find out.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// Its arms, each of another version; the first is what the others are compared with.
    #[schema(min_items = 2, max_items = 5)]
    arms: Vec<WireArm>,
    /// The difference of shares that is to be seen, in points of a hundred.
    #[serde(default = "smallest")]
    #[schema(minimum = 1, maximum = 50, default = 15)]
    smallest: i64,
}

fn smallest() -> i64 {
    SMALLEST
}

/// Which arm is the winner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExperimentWinner)]
pub(crate) struct WireWinner {
    /// Its number, from 0.
    #[schema(minimum = 0)]
    arm: i64,
}

/// Lists experiments, the newest first.
#[utoipa::path(
    get, path = "/api/v1/experiments", operation_id = "experiment_list", tag = "prompts",
    params(PageQuery),
    responses((status = 200, body = Listed<WireExperiment>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireExperiment>>, Problem> {
    let rows = context
        .app
        .experiment_list(&caller, query.paging()?)
        .await?;
    let cursor = |row: &ExperimentView| row.id.to_string();
    Ok(Json(query.answer(rows, cursor, WireExperiment::from)?))
}

/// Starts an experiment: from the next review on each change is of one of its arms.
///
/// A change keeps its arm over all pushes. While it runs there is no other experiment with the prompt, and no version is activated.
#[utoipa::path(
    post, path = "/api/v1/experiments", operation_id = "experiment_start", tag = "prompts",
    request_body = WireExperimentWish,
    responses((status = 201, body = WireExperiment, description = "It runs."), Refusals)
)]
pub(crate) async fn start(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Payload(wish): Payload<WireExperimentWish>,
) -> Result<(StatusCode, Json<WireExperiment>), Problem> {
    let arms = wish.arms.iter().map(|arm| (arm.version, arm.weight));
    let wish = ExperimentWish {
        prompt: PromptKey::new(&wish.prompt, &wish.models.join(","))?,
        title: wish.title,
        smallest: wish.smallest,
        arms: arms.collect(),
    };
    let started = context.app.experiment_start(&caller, &wish).await?;
    Ok((StatusCode::CREATED, Json(started.into())))
}

/// Returns an experiment with what came of it so far, and what that says.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}", operation_id = "experiment_get", tag = "prompts",
    params(("id" = String, Path, description = "The experiment.")),
    responses((status = 200, body = WireDetail, description = "The experiment."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<impl IntoResponse, Problem> {
    let id = id.read(Identifier::parse)?;
    let (view, result) = context.app.experiment_get(&caller, id).await?;
    let ExperimentResult { arms, comparisons } = result;
    let version = Versioned(view.version);
    let detail = WireDetail {
        experiment: view.into(),
        arms: arms.into_iter().map(Into::into).collect(),
        comparisons: comparisons.into_iter().map(Into::into).collect(),
    };
    Ok((Extension(version), Json(detail)))
}

/// Stops an experiment: the version that is active holds for all changes again.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/stop", operation_id = "experiment_stop",
    tag = "prompts",
    params(
        ("id" = String, Path, description = "The experiment."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    responses((status = 204, description = "It is over."), Refusals)
)]
pub(crate) async fn stop(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let id = id.read(Identifier::parse)?;
    context.app.experiment_stop(&caller, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Activates the version of an arm, and stops the experiment if it still runs.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/promote", operation_id = "experiment_promote",
    tag = "prompts",
    params(
        ("id" = String, Path, description = "The experiment."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that it had.")
    ),
    request_body = WireWinner,
    responses((status = 204, description = "It holds."), Refusals)
)]
pub(crate) async fn promote(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    IfMatch(expected): IfMatch,
    Payload(winner): Payload<WireWinner>,
) -> Result<StatusCode, Problem> {
    let id = id.read(Identifier::parse)?;
    let app = &context.app;
    app.experiment_promote(&caller, id, winner.arm, &expected)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
