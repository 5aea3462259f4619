//! How the reviews of a team's changes went.

use assay_app::{ActivityWeek, TeamActivity};
use assay_auth::TeamId;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Id, Parameters};
use crate::problem::{Problem, Refusals};

const WEEKS: u32 = 12;

/// How far back it is looked.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivityQuery {
    /// So many weeks, the last of which ends now.
    #[param(minimum = 1, maximum = 52, default = 12)]
    weeks: Option<u32>,
}

/// How the reviews of one week went.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityWeek)]
pub(crate) struct WireWeek {
    /// When the week begins, in milliseconds since 1970.
    from_ms: i64,
    /// Reviews that were asked for.
    reviews: usize,
    /// Pull requests that they are of.
    pull_requests: usize,
    /// Reviews whose gate passed.
    passed: usize,
    /// Findings of those reviews.
    findings: i64,
    /// From the push to the end of the review: half of them took no longer.
    review_ms_median: Option<i64>,
    /// The same for nine of ten.
    review_ms_p90: Option<i64>,
    /// From the push until work began, for half of them.
    wait_ms_median: Option<i64>,
}

impl From<ActivityWeek> for WireWeek {
    fn from(week: ActivityWeek) -> Self {
        Self {
            from_ms: week.from_ms,
            reviews: week.reviews,
            pull_requests: week.pull_requests,
            passed: week.passed,
            findings: week.findings,
            review_ms_median: week.review_ms_median,
            review_ms_p90: week.review_ms_p90,
            wait_ms_median: week.wait_ms_median,
        }
    }
}

/// How much is going on in a repository.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityRepository)]
pub(crate) struct WireLoad {
    /// The repository.
    repository: String,
    /// Reviews of the team's changes there.
    reviews: usize,
}

/// How the reviews of a team's changes went.
#[derive(Serialize, ToSchema)]
#[schema(as = TeamActivity)]
pub(crate) struct WireActivity {
    /// How many are in the team.
    members: usize,
    /// Week by week, the oldest first.
    weeks: Vec<WireWeek>,
    /// Reviews that wait or run.
    open: usize,
    /// Pull requests that were reviewed in the last week.
    active_pull_requests: usize,
    /// By repository, where most is going on first.
    repositories: Vec<WireLoad>,
}

impl From<TeamActivity> for WireActivity {
    fn from(activity: TeamActivity) -> Self {
        let repositories = activity.repositories.into_iter();
        Self {
            members: activity.members,
            weeks: activity.weeks.into_iter().map(WireWeek::from).collect(),
            open: activity.open,
            active_pull_requests: activity.active_pull_requests,
            repositories: repositories
                .map(|(id, reviews)| WireLoad {
                    repository: id.to_string(),
                    reviews,
                })
                .collect(),
        }
    }
}

/// Returns how the reviews of a team's changes went, week by week.
///
/// A change is a team's when the login of its author at the forge is that of somebody in
/// it. The figures are of the team: nobody is compared with anybody.
#[utoipa::path(
    get, path = "/api/v1/teams/{id}/activity", operation_id = "team_activity", tag = "organisation",
    params(("id" = String, Path, description = "The team."), ActivityQuery),
    responses((status = 200, body = WireActivity, description = "How it went."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Parameters(query): Parameters<ActivityQuery>,
) -> Result<Json<WireActivity>, Problem> {
    let id = id.read(TeamId::parse)?;
    let weeks = query.weeks.unwrap_or(WEEKS);
    let activity = context.app.team_activity(&caller, id, weeks).await?;
    Ok(Json(activity.into()))
}
