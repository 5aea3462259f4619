//! The rules, what came of them, and what is silenced.

use assay_app::{RuleDetail, RuleView, SuppressionView};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Parameters, TwoIds};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// What came of a rule in the last 90 days.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleFigures)]
pub(crate) struct WireFigures {
    /// How often it found something that a change brought.
    introduced: i64,
    /// How often somebody agreed.
    accepted: i64,
    /// How often somebody did not.
    rejected: i64,
    /// How often the code was changed for it.
    fixed: i64,
    /// How often nothing was done.
    ignored: i64,
}

/// A rule.
#[derive(Serialize, ToSchema)]
#[schema(as = Rule)]
pub(crate) struct WireRule {
    /// Its id.
    #[schema(example = "injection/sql-injection")]
    id: String,
    /// A few words that name the bad thing.
    title: String,
    /// One sentence on what it finds.
    summary: String,
    /// How bad its findings are, when nobody says otherwise.
    #[schema(example = "high")]
    severity: String,
    /// How sure they are.
    confidence: String,
    /// What they are about.
    category: String,
    /// CWE numbers.
    cwe: Vec<u32>,
    /// Further marks, such as of the OWASP Top 10.
    tags: Vec<String>,
    /// The languages that it reads; none means every text.
    languages: Vec<&'static str>,
    /// Whether it runs when nobody says otherwise.
    on_by_default: bool,
    /// Whether its findings can come with a fix.
    has_fix: bool,
    /// Whether a language model says it, when one is asked, and not the program.
    of_model: bool,
    /// What came of it in the last 90 days.
    figures: WireFigures,
}

impl From<RuleView> for WireRule {
    fn from(view: RuleView) -> Self {
        let (meta, figures) = (view.meta, view.figures);
        Self {
            id: meta.id.as_str().to_owned(),
            title: meta.title,
            summary: meta.summary,
            severity: meta.severity.to_string(),
            confidence: meta.confidence.to_string(),
            category: meta.category.to_string(),
            cwe: meta.cwe,
            tags: meta.tags,
            languages: view.languages.to_vec(),
            on_by_default: view.is_on,
            has_fix: view.has_fix,
            of_model: view.is_of_model,
            figures: WireFigures {
                introduced: figures.introduced,
                accepted: figures.accepted,
                rejected: figures.rejected,
                fixed: figures.fixed,
                ignored: figures.ignored,
            },
        }
    }
}

/// Lists the rules of this server, sorted by id.
#[utoipa::path(
    get, path = "/api/v1/rules", operation_id = "rule_list", tag = "findings", params(PageQuery),
    responses((status = 200, body = Listed<WireRule>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireRule>>, Problem> {
    let limit = query.limit()? as usize;
    let rows = context.app.rule_list(&caller).await?.into_iter();
    // The cursor is the last id that was seen.
    let after = query.cursor.as_deref().unwrap_or_default();
    let rows = rows.filter(|row| row.meta.id.as_str() > after);
    let rows = rows.take(limit + 1).collect();
    let cursor = |row: &RuleView| row.meta.id.as_str().to_owned();
    Ok(Json(query.answer(rows, cursor, WireRule::from)?))
}

/// An example of a rule.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleExample)]
pub(crate) struct WireExample {
    /// `bad` is reported, `good` is not, `fixed` is the bad one before it after the fixes.
    #[schema(example = "bad")]
    kind: &'static str,
    /// Its language.
    language: String,
    /// The code; what is reported stands at a comment `<- here`.
    text: String,
}

/// A number that can be set for a rule.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleOption)]
pub(crate) struct WireOption {
    /// Its name in the configuration.
    name: &'static str,
    /// What it is.
    summary: &'static str,
    /// What it is when nobody says otherwise.
    default: u32,
    /// The least that it can be.
    min: u32,
    /// The most.
    max: u32,
}

/// A rule with all of its documentation.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleDetail)]
pub(crate) struct WireDetail {
    /// The rule.
    rule: WireRule,
    /// What it finds and why that is bad, as Markdown with its examples.
    description: String,
    /// The examples, in order.
    examples: Vec<WireExample>,
    /// The numbers that can be set for it.
    options: Vec<WireOption>,
}

impl From<RuleDetail> for WireDetail {
    fn from(detail: RuleDetail) -> Self {
        let examples = detail.examples.into_iter();
        let options = detail.options.iter();
        Self {
            description: detail.rule.meta.description.clone(),
            rule: detail.rule.into(),
            examples: examples
                .map(|(kind, language, text)| WireExample {
                    kind,
                    language,
                    text,
                })
                .collect(),
            options: options
                .map(|option| WireOption {
                    name: option.name,
                    summary: option.summary,
                    default: option.default,
                    min: option.min,
                    max: option.max,
                })
                .collect(),
        }
    }
}

/// Returns a rule with its documentation and examples.
#[utoipa::path(
    get, path = "/api/v1/rules/{pack}/{name}", operation_id = "rule_get", tag = "findings",
    params(
        ("pack" = String, Path, description = "The part of the id before the slash.", example = "injection"),
        ("name" = String, Path, description = "The part after it.", example = "sql-injection")
    ),
    responses((status = 200, body = WireDetail, description = "The rule."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    TwoIds(pack, name): TwoIds,
) -> Result<Json<WireDetail>, Problem> {
    let id = format!("{}/{}", pack.0, name.0);
    Ok(Json(context.app.rule_get(&caller, &id).await?.into()))
}

/// A finding that something silences.
#[derive(Serialize, ToSchema)]
#[schema(as = Suppression)]
pub(crate) struct WireSuppression {
    /// The newest review that has it.
    review: String,
    /// Of which repository, if of one that is known.
    repository: Option<String>,
    /// When that review ended, in milliseconds since 1970.
    finished_ms: i64,
    /// Its identity over reviews.
    fingerprint: String,
    /// The rule.
    rule: String,
    /// How bad it is.
    severity: String,
    /// What it says.
    message: String,
    /// In which file.
    path: String,
    /// At which line.
    line: u32,
    /// What silences it, as `schemas/report.v1.json` has it.
    by: String,
    /// Why.
    reason: Option<String>,
    /// The last day on which it is silenced.
    #[schema(format = "date")]
    until: Option<String>,
}

impl From<SuppressionView> for WireSuppression {
    fn from(view: SuppressionView) -> Self {
        let finding = view.finding;
        Self {
            review: view.review.to_string(),
            repository: view.repository.map(|id| id.to_string()),
            finished_ms: view.finished_ms,
            fingerprint: finding.fingerprint,
            rule: finding.rule,
            severity: finding.severity,
            message: finding.message,
            path: finding.path,
            line: finding.line,
            by: finding.by,
            reason: finding.reason,
            until: finding.until,
        }
    }
}

/// What is silenced.
#[derive(Serialize, ToSchema)]
#[schema(as = Suppressions)]
pub(crate) struct WireSuppressions {
    /// The findings, those of the newest review first; a thousand at most.
    items: Vec<WireSuppression>,
    /// In how many reviews they were looked for.
    reviews: usize,
}

/// Of which repository.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SuppressionQuery {
    /// Of one repository.
    repository: Option<String>,
}

/// Lists the findings of the newest 50 reviews that something silences, each once.
#[utoipa::path(
    get, path = "/api/v1/suppressions", operation_id = "suppression_list", tag = "findings",
    params(SuppressionQuery),
    responses((status = 200, body = WireSuppressions, description = "What is silenced."), Refusals)
)]
pub(crate) async fn suppressions(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<SuppressionQuery>,
) -> Result<Json<WireSuppressions>, Problem> {
    let repository = query.repository.as_deref().map(Identifier::parse);
    let repository = repository
        .transpose()
        .map_err(|_| Problem::invalid("`repository` is no identifier"))?;
    let found = context.app.suppression_list(&caller, repository).await?;
    Ok(Json(WireSuppressions {
        items: found.items.into_iter().map(WireSuppression::from).collect(),
        reviews: found.reviews,
    }))
}
