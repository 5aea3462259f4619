//! Reviews: asked for, listed, looked at.

use assay_app::{
    AnalyzeWish, Analyzed, ExaminedFile, FindingView, OutsideWish, ReviewQuery, ReviewRow,
    ReviewView,
};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Body, Id, IdempotencyKey, Parameters, Payload};
use crate::kept::Keepable;
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// A change that is to be reviewed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnalyzeWish)]
pub(crate) struct WireAnalyze {
    /// The repository that it belongs to, if it is known here.
    repository: Option<String>,
    /// What the base is called.
    #[serde(default = "base")]
    #[schema(max_length = 256, default = "base")]
    base: String,
    /// What the head is called.
    #[serde(default = "head")]
    #[schema(max_length = 256, default = "head")]
    head: String,
    /// The files that differ.
    #[schema(min_items = 1, max_items = 1000)]
    files: Vec<WireFile>,
}

fn base() -> String {
    "base".to_owned()
}

fn head() -> String {
    "head".to_owned()
}

/// A file of a change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnalyzeFile)]
pub(crate) struct WireFile {
    /// Where it is.
    #[schema(example = "src/main.py")]
    path: String,
    /// Its text before; left out for one that was added.
    base: Option<String>,
    /// Its text after; left out for one that was deleted.
    head: Option<String>,
}

/// A review that was accepted.
#[derive(Serialize, ToSchema)]
#[schema(as = Analyzed)]
pub(crate) struct WireAnalyzed {
    /// The review.
    review: String,
    /// The task that does it.
    task: String,
    /// Where the review is to be looked at.
    #[schema(example = "/api/v1/review/019b76da-a800-7000-8000-000000000000")]
    url: String,
}

/// Accepts a change for review.
///
/// The answer comes at once; the review is done when its state is `done`. With
/// `Idempotency-Key` the same request may be sent again and is done once.
#[utoipa::path(
    post, path = "/api/v1/review/analyze", operation_id = "review_analyze", tag = "reviews",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; remembered for a day.")),
    request_body = WireAnalyze,
    responses((status = 202, body = WireAnalyzed, description = "It will be reviewed."), Refusals)
)]
pub(crate) async fn analyze(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Payload(wish): Payload<WireAnalyze>,
) -> Result<Response, Problem> {
    let file = |file: WireFile| ExaminedFile {
        path: file.path,
        base: file.base,
        head: file.head,
    };
    let wish = AnalyzeWish {
        repository: wish.repository.as_deref().map(repository).transpose()?,
        base: wish.base,
        head: wish.head,
        files: wish.files.into_iter().map(file).collect(),
        idempotency_key,
    };
    let analyzed = context.app.review_analyze(&caller, wish).await?;
    Ok(accepted(&analyzed))
}

/// Returns the answer to what was accepted.
pub(crate) fn accepted(analyzed: &Analyzed) -> Response {
    let url = format!("/api/v1/review/{}", analyzed.review);
    let body = WireAnalyzed {
        review: analyzed.review.to_string(),
        task: analyzed.task.to_string(),
        url: url.clone(),
    };
    (StatusCode::ACCEPTED, [(LOCATION, url)], Json(body)).into_response()
}

/// A review, without its findings.
#[derive(Serialize, ToSchema)]
#[schema(as = Review)]
pub(crate) struct WireReview {
    /// Its identifier.
    id: String,
    /// Of which repository, if of one that is known.
    repository: Option<String>,
    /// Of which pull request, if of one.
    pull_request: Option<i64>,
    /// What asked for it.
    #[schema(example = "api")]
    origin: String,
    /// From which revision the change starts.
    base: String,
    /// To which revision it leads.
    head: String,
    /// `queued`, `running`, `done`, `failed` or `superseded`.
    #[schema(example = "done")]
    state: &'static str,
    /// The task that does it.
    task: Option<String>,
    /// The score, from 0 to 100.
    score: Option<f64>,
    /// The score as a letter.
    grade: Option<String>,
    /// What the gate said: `passed` or `failed`.
    gate: Option<String>,
    /// How many findings it has.
    findings: i64,
    /// Why it failed.
    problem: Option<String>,
    /// When it was asked for, in milliseconds since 1970.
    created_ms: i64,
    /// When its work began.
    started_ms: Option<i64>,
    /// When it ended.
    finished_ms: Option<i64>,
}

impl From<ReviewRow> for WireReview {
    fn from(row: ReviewRow) -> Self {
        Self {
            id: row.id.to_string(),
            repository: row.repository.map(|id| id.to_string()),
            pull_request: row.pull_request,
            origin: row.origin,
            base: row.base,
            head: row.head,
            state: row.state,
            task: row.task.map(|id| id.to_string()),
            score: row.score,
            grade: row.grade,
            gate: row.gate,
            findings: row.findings,
            problem: row.problem,
            created_ms: row.created_ms,
            started_ms: row.started_ms,
            finished_ms: row.finished_ms,
        }
    }
}

/// A finding of a review.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct WireFinding {
    /// Its identifier.
    id: String,
    /// Its identity over reviews.
    fingerprint: String,
    /// The rule.
    #[schema(example = "security/sql-injection")]
    rule: String,
    /// How bad it is.
    severity: String,
    /// How sure it is.
    confidence: String,
    /// What it is about.
    category: String,
    /// `introduced` or `existing`.
    origin: &'static str,
    /// In which file.
    path: String,
    /// From which line on.
    line_start: i64,
    /// Up to which line.
    line_end: i64,
    /// What it says.
    message: String,
}

impl From<FindingView> for WireFinding {
    fn from(view: FindingView) -> Self {
        Self {
            id: view.id.to_string(),
            fingerprint: view.fingerprint,
            rule: view.rule,
            severity: view.severity,
            confidence: view.confidence,
            category: view.category,
            origin: view.origin,
            path: view.path,
            line_start: view.line_start,
            line_end: view.line_end,
            message: view.message,
        }
    }
}

/// A number that a review measured.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewMetric)]
pub(crate) struct WireMetric {
    /// What was measured.
    name: String,
    /// How much.
    value: f64,
}

/// A review with a page of its findings.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewDetail)]
pub(crate) struct WireReviewDetail {
    /// The review.
    review: WireReview,
    /// Its numbers.
    metrics: Vec<WireMetric>,
    /// Its findings.
    findings: Listed<WireFinding>,
}

/// Returns a review with a page of its findings.
#[utoipa::path(
    get, path = "/api/v1/review/{id}", operation_id = "review_get", tag = "reviews",
    params(("id" = String, Path, description = "The review."), PageQuery),
    responses((status = 200, body = WireReviewDetail, description = "The review."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Response, Problem> {
    let id = id.read(Identifier::parse)?;
    let view: ReviewView = context.app.review_get(&caller, id, query.paging()?).await?;
    let metric = |(name, value)| WireMetric { name, value };
    let mut response = Json(WireReviewDetail {
        review: view.review.into(),
        metrics: view.metrics.into_iter().map(metric).collect(),
        findings: query.answer(view.findings, |one| one.id.to_string(), WireFinding::from)?,
    })
    .into_response();
    if !context.app.counts_calls(&caller).await? {
        response.extensions_mut().insert(Keepable);
    }
    Ok(response)
}

/// Returns the whole report of a finished review, as `assay review --output json` writes it.
#[utoipa::path(
    get, path = "/api/v1/review/{id}/report", operation_id = "review_report", tag = "reviews",
    params(("id" = String, Path, description = "The review.")),
    responses((status = 200, body = Object, description = "The report; see `schemas/report.v1.json`."), Refusals)
)]
pub(crate) async fn report(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Response, Problem> {
    let id = id.read(Identifier::parse)?;
    let report = context.app.review_report(&caller, id).await?;
    Ok(([(CONTENT_TYPE, "application/json")], report).into_response())
}

/// Which reviews a list is of.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Of one repository.
    repository: Option<String>,
    /// Of one pull request.
    pull_request: Option<i64>,
    /// In one state.
    #[param(example = "done")]
    state: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists reviews, the newest first.
#[utoipa::path(
    get, path = "/api/v1/reviews", operation_id = "review_list", tag = "reviews", params(ListQuery),
    responses((status = 200, body = Listed<WireReview>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Listed<WireReview>>, Problem> {
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let wanted = ReviewQuery {
        repository: query.repository.as_deref().map(repository).transpose()?,
        pull_request: query.pull_request,
        state: query.state,
    };
    let rows = context
        .app
        .review_list(&caller, wanted, page.paging()?)
        .await?;
    Ok(Json(page.answer(
        rows,
        |row| row.id.to_string(),
        WireReview::from,
    )?))
}

/// Removes a review and what was found.
#[utoipa::path(
    delete, path = "/api/v1/review/{id}", operation_id = "review_remove", tag = "reviews",
    params(("id" = String, Path, description = "The review.")),
    responses((status = 204, description = "It is gone."), Refusals)
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<StatusCode, Problem> {
    let id = id.read(Identifier::parse)?;
    context.app.review_remove(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn repository(text: &str) -> Result<Identifier, Problem> {
    let id = Identifier::parse(text);
    id.map_err(|_| Problem::invalid("`repository` is no identifier"))
}

/// How what a tool found is read.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// `sarif`, `rdjson`, `rdjsonl`, `checkstyle`, `eslint`, `ruff`, `clippy`, `golangci`,
    /// `tsc`, `typescript-check`, `coderabbit` or `copilot`.
    #[param(example = "sarif")]
    format: String,
    /// What it is called; another output of that name takes its place. Usually the format.
    #[param(max_length = 60, example = "codeql")]
    name: Option<String>,
    /// Where the repository was when the tool ran: absolute paths below are taken.
    #[param(max_length = 1024, example = "/builds/acme/shop")]
    root: Option<String>,
}

/// What becomes of what a tool found.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportAnswer)]
pub(crate) struct WireImported {
    /// The review that takes it in.
    review: String,
    /// Where that is.
    url: String,
    /// How many findings were read.
    findings: usize,
    /// What was left out, and what the tool could not do.
    notes: Vec<String>,
}

/// Takes in what another tool found in the commit of a review of a pull request.
///
/// The body is what the tool wrote. Another review of the commit takes it in, tells what
/// is new from what was there, and says once what several say. The same output sent again
/// changes nothing.
#[utoipa::path(
    post, path = "/api/v1/review/{id}/findings/import", operation_id = "review_import",
    tag = "reviews", params(("id" = String, Path, description = "The review."), ImportQuery),
    request_body(content = String, content_type = "application/octet-stream", description = "What the tool wrote, up to 8 MB."),
    responses(
        (status = 202, body = WireImported, description = "It is kept, and the review is queued."),
        (status = 200, body = WireImported, description = "It was sent before."),
        Refusals
    )
)]
pub(crate) async fn import(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
    Parameters(query): Parameters<ImportQuery>,
    Body(output): Body,
) -> Result<(StatusCode, Json<WireImported>), Problem> {
    let id = id.read(Identifier::parse)?;
    let wish = OutsideWish {
        format: query.format,
        name: query.name,
        root: query.root,
        output: output.to_vec(),
    };
    let taken = context.app.review_import(&caller, id, wish).await?;
    let status = match taken.is_known {
        true => StatusCode::OK,
        false => StatusCode::ACCEPTED,
    };
    let review = taken.review.to_string();
    Ok((
        status,
        Json(WireImported {
            url: format!("/api/v1/review/{review}"),
            review,
            findings: taken.findings,
            notes: taken.notes,
        }),
    ))
}
