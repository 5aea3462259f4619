//! The audit log.

use assay_app::audit_line;
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Parameters};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// So many entries are exported at a time.
const EXPORT_ENTRIES_MAX: usize = 5_000;

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct WireEntry {
    /// Its number, from 1.
    number: i64,
    /// When it happened, in milliseconds since 1970.
    at_ms: i64,
    /// Who did it.
    #[schema(example = "key:019b76da-a800-7000-8000-000000000000")]
    actor: String,
    /// What was done.
    #[schema(example = "key.create")]
    action: String,
    /// To what.
    target: String,
    /// More about it.
    #[schema(value_type = Object)]
    details: Value,
    /// Its hash, which covers all before it.
    hash: String,
}

/// What a check of the chain found.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditCheck)]
pub(crate) struct WireCheck {
    /// Whether every entry follows from the one before it.
    intact: bool,
    /// How many do.
    entries: i64,
    /// The first that does not, or is missing.
    broken_at: Option<i64>,
    /// The hash of the entry that was written last: kept elsewhere, it shows when
    /// the log was cut and written anew.
    last_hash: String,
}

/// Lists what was done, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "audit_list", tag = "audit", params(PageQuery),
    responses((status = 200, body = Listed<WireEntry>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireEntry>>, Problem> {
    let after = match query.cursor.as_deref() {
        None => None,
        Some(text) => match text.parse::<i64>() {
            Ok(number) if number >= 0 => Some(number),
            _ => return Err(Problem::invalid("`cursor` is none that this gave")),
        },
    };
    let rows_max = query.limit()? + 1;
    let rows = context
        .app
        .audit_list(&caller, after.unwrap_or(0), rows_max)
        .await?;
    let page = query.answer(
        rows,
        |row| row.number.to_string(),
        |row| WireEntry {
            number: row.number,
            at_ms: row.event.at_ms,
            actor: row.event.actor,
            action: row.event.action,
            target: row.event.target,
            details: row.event.details,
            hash: row.hash.to_string(),
        },
    )?;
    Ok(Json(page))
}

/// Checks the chain of the audit log from its first entry.
#[utoipa::path(
    get, path = "/api/v1/audit/check", operation_id = "audit_check", tag = "audit",
    responses((status = 200, body = WireCheck, description = "What was found."), Refusals)
)]
pub(crate) async fn check(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
) -> Result<Json<WireCheck>, Problem> {
    let check = context.app.audit_check(&caller).await?;
    Ok(Json(WireCheck {
        intact: check.broken_at.is_none(),
        entries: check.entries,
        broken_at: check.broken_at,
        last_hash: check.last_hash.to_string(),
    }))
}

/// From where on entries are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// The number of the last entry that the caller has.
    #[param(minimum = 0, default = 0)]
    after: Option<i64>,
}

/// Returns entries as lines of JSON, the oldest first, up to 5,000 at a time.
///
/// What is asked for next is `after` the number of the last line; no line is the end.
#[utoipa::path(
    get, path = "/api/v1/audit/export", operation_id = "audit_export", tag = "audit",
    params(ExportQuery),
    responses(
        (status = 200, body = String, content_type = "application/x-ndjson", description = "The lines."),
        Refusals
    )
)]
pub(crate) async fn export(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<ExportQuery>,
) -> Result<impl IntoResponse, Problem> {
    let after = query.after.unwrap_or(0);
    if after < 0 {
        return Err(Problem::invalid("`after` is 0 or more"));
    }
    let rows = context.app.audit_export(&caller, after, EXPORT_ENTRIES_MAX);
    let rows = rows.await?.into_iter();
    let text: String = rows
        .map(|row| audit_line(row.number, &row.event, row.hash))
        .collect();
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], text))
}

/// A report for whoever checks.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditReport)]
pub(crate) struct WireReport {
    /// What there is to say, by what it is about.
    #[schema(value_type = Object)]
    report: Value,
}

/// Reports who may do what and what was done, for whoever checks.
///
/// People with their roles and who vouches for them, keys with their age and use, what was done in the last 90 days,
/// failed log-ins, the state of the chains, what is kept for how long, and settings.
#[utoipa::path(
    get, path = "/api/v1/audit/report", operation_id = "audit_report", tag = "audit",
    responses((status = 200, body = WireReport, description = "The report."), Refusals)
)]
pub(crate) async fn report(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
) -> Result<Json<WireReport>, Problem> {
    let report = context.app.audit_report(&caller).await?;
    Ok(Json(WireReport { report }))
}
