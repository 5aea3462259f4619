//! Findings over all reviews, and what people think of them.

use assay_app::{
    FeedbackView, FeedbackWish, FindingDetail, FindingQuery, FindingView, SuggestionView,
};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::endpoint::review::WireFinding;
use crate::extract::{Authenticated, Id, Parameters, Payload};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// A finding, and the review that found it.
#[derive(Serialize, ToSchema)]
#[schema(as = FoundFinding)]
pub(crate) struct WireFound {
    /// The review that found it.
    review: String,
    /// The finding.
    finding: WireFinding,
}

impl From<(Identifier, FindingView)> for WireFound {
    fn from((review, finding): (Identifier, FindingView)) -> Self {
        Self {
            review: review.to_string(),
            finding: finding.into(),
        }
    }
}

/// Which findings a list is of.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Of one review.
    review: Option<String>,
    /// Of reviews of one repository.
    repository: Option<String>,
    /// Of one rule.
    #[param(example = "security/sql-injection")]
    rule: Option<String>,
    /// Of one severity.
    #[param(example = "high")]
    severity: Option<String>,
    /// Of one category.
    #[param(example = "security")]
    category: Option<String>,
    /// `introduced` or `existing`.
    #[param(example = "introduced")]
    origin: Option<String>,
    /// In one file.
    path: Option<String>,
    /// Of one identity over reviews.
    fingerprint: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists findings, the newest first.
#[utoipa::path(
    get, path = "/api/v1/findings", operation_id = "finding_list", tag = "findings", params(ListQuery),
    responses((status = 200, body = Listed<WireFound>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Listed<WireFound>>, Problem> {
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let identifier = |name: &str, text: Option<&str>| {
        let id = text.map(Identifier::parse).transpose();
        id.map_err(|_| Problem::invalid(format!("`{name}` is no identifier")))
    };
    let wanted = FindingQuery {
        review: identifier("review", query.review.as_deref())?,
        repository: identifier("repository", query.repository.as_deref())?,
        rule: query.rule,
        severity: query.severity,
        category: query.category,
        origin: query.origin,
        path: query.path,
        fingerprint: query.fingerprint,
    };
    let rows = context
        .app
        .finding_list(&caller, wanted, page.paging()?)
        .await?;
    let page = page.answer(rows, |(_, row)| row.id.to_string(), WireFound::from)?;
    Ok(Json(page))
}

/// What somebody thought of a finding.
#[derive(Serialize, ToSchema)]
#[schema(as = Feedback)]
pub(crate) struct WireFeedback {
    /// Its identifier.
    id: String,
    /// Of which finding, by its identity over reviews.
    fingerprint: String,
    /// Of which rule.
    rule: String,
    /// `accepted`, `rejected`, `fixed` or `ignored`.
    #[schema(example = "rejected")]
    verdict: &'static str,
    /// Where it was seen: `api`, or the forge.
    source: String,
    /// Who.
    actor: String,
    /// In their words.
    note: Option<String>,
    /// When, in milliseconds since 1970.
    created_ms: i64,
}

impl From<FeedbackView> for WireFeedback {
    fn from(view: FeedbackView) -> Self {
        Self {
            id: view.id.to_string(),
            fingerprint: view.fingerprint,
            rule: view.rule,
            verdict: view.verdict,
            source: view.source,
            actor: view.actor,
            note: view.note,
            created_ms: view.created_ms,
        }
    }
}

/// A finding with all that is known of it.
#[derive(Serialize, ToSchema)]
#[schema(as = FindingDetail)]
pub(crate) struct WireDetail {
    /// The review that found it.
    review: String,
    /// The finding.
    finding: WireFinding,
    /// The whole finding, as the report has it; see `schemas/report.v1.json`.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// What people thought of it, the newest first.
    feedback: Vec<WireFeedback>,
}

impl From<FindingDetail> for WireDetail {
    fn from(found: FindingDetail) -> Self {
        Self {
            review: found.review.to_string(),
            finding: found.finding.into(),
            detail: found.detail,
            feedback: found.feedback.into_iter().map(WireFeedback::from).collect(),
        }
    }
}

/// Returns a finding with its evidence and what people thought of it.
#[utoipa::path(
    get, path = "/api/v1/findings/{id}", operation_id = "finding_get", tag = "findings",
    params(("id" = String, Path, description = "The finding.")),
    responses((status = 200, body = WireDetail, description = "The finding."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireDetail>, Problem> {
    let id = id.read(Identifier::parse)?;
    Ok(Json(context.app.finding_get(&caller, id).await?.into()))
}

/// What the caller thinks of a finding.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FeedbackWish)]
pub(crate) struct WireWish {
    /// `accepted`, `rejected`, `fixed` or `ignored`.
    #[schema(example = "rejected")]
    verdict: String,
    /// Why; who rejects a finding says it.
    #[schema(max_length = 4000, example = "the value is a constant of ours")]
    note: Option<String>,
}

/// Says what the caller thinks of a finding.
///
/// Said again it takes the place of what was said before. What is rejected stays
/// rejected: later reviews of the repository silence it for the same code.
#[utoipa::path(
    put, path = "/api/v1/findings/{id}/feedback", operation_id = "finding_judge", tag = "findings",
    params(("id" = String, Path, description = "The finding.")),
    request_body = WireWish,
    responses((status = 200, body = WireFeedback, description = "It is kept."), Refusals)
)]
pub(crate) async fn judge(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Payload(wish): Payload<WireWish>,
) -> Result<Json<WireFeedback>, Problem> {
    let id = id.read(Identifier::parse)?;
    let wish = FeedbackWish {
        verdict: wish.verdict,
        note: wish.note,
    };
    let kept = context.app.finding_judge(&caller, id, wish).await?;
    Ok(Json(kept.into()))
}

/// The fix of a finding as a suggestion on its pull request, as far as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Suggestion)]
pub(crate) struct WireSuggestion {
    /// `wanted`, `placed` or `refused`.
    #[schema(example = "placed")]
    state: &'static str,
    /// What the forge calls the comment.
    comment: Option<String>,
    /// Why it is not there.
    problem: Option<String>,
    /// When it last changed, in milliseconds since 1970.
    updated_ms: i64,
}

impl From<SuggestionView> for WireSuggestion {
    fn from(view: SuggestionView) -> Self {
        Self {
            state: view.state,
            comment: view.comment,
            problem: view.problem,
            updated_ms: view.updated_ms,
        }
    }
}

/// Places the fix of a finding on its pull request, as a suggestion that is applied there
/// with one click.
///
/// The answer comes at once; what becomes of it is asked for in the same place. One that
/// stands there already is found and not said again; one that was deleted is. It needs a
/// fix of whole lines that stand in the change, and a pull request without a newer commit.
#[utoipa::path(
    post, path = "/api/v1/findings/{id}/suggestion", operation_id = "finding_suggest", tag = "findings",
    params(("id" = String, Path, description = "The finding.")),
    responses((status = 202, body = WireSuggestion, description = "It will be placed."), Refusals)
)]
pub(crate) async fn suggest(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<(StatusCode, Json<WireSuggestion>), Problem> {
    let id = id.read(Identifier::parse)?;
    let wanted = context.app.finding_suggest(&caller, id).await?;
    Ok((StatusCode::ACCEPTED, Json(wanted.into())))
}

/// Returns how far the suggestion of a finding is; there is none that nobody wanted.
#[utoipa::path(
    get, path = "/api/v1/findings/{id}/suggestion", operation_id = "finding_suggestion", tag = "findings",
    params(("id" = String, Path, description = "The finding.")),
    responses((status = 200, body = WireSuggestion, description = "The suggestion."), Refusals)
)]
pub(crate) async fn suggestion(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireSuggestion>, Problem> {
    let id = id.read(Identifier::parse)?;
    let found = context.app.finding_suggestion(&caller, id).await?;
    Ok(Json(found.into()))
}

/// Which feedback a list is of.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedbackQuery {
    /// Of one rule.
    rule: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists what people thought of findings, the newest first.
#[utoipa::path(
    get, path = "/api/v1/feedback", operation_id = "feedback_list", tag = "findings", params(FeedbackQuery),
    responses((status = 200, body = Listed<WireFeedback>, description = "A page."), Refusals)
)]
pub(crate) async fn feedback(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<FeedbackQuery>,
) -> Result<Json<Listed<WireFeedback>>, Problem> {
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let rows = context
        .app
        .feedback_list(&caller, query.rule, page.paging()?)
        .await?;
    let page = page.answer(rows, |row| row.id.to_string(), WireFeedback::from)?;
    Ok(Json(page))
}
