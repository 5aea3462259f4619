//! What an organisation knows: searching it, and the documents that it added.

use assay_app::{KnowledgeDocumentView, KnowledgeFound};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Id, Parameters, Payload};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

const HITS: u32 = 10;
const HITS_MAX: u32 = 50;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// A question, or words.
    #[param(min_length = 1, max_length = 8192)]
    query: String,
    /// How many entries at most.
    #[param(minimum = 1, maximum = 50, default = 10)]
    limit: Option<u32>,
}

/// Entries that answer a question.
#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeHits)]
pub(crate) struct WireHits {
    /// The best first.
    items: Vec<WireHit>,
}

/// An entry of what is known.
#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeHit)]
pub(crate) struct WireHit {
    /// By what it is found again.
    id: String,
    /// Where it comes from: `rule`, `guide`, `document` or `review`.
    source: &'static str,
    /// What it is about.
    title: String,
    /// What it belongs to.
    topic: String,
    /// What it says, as Markdown.
    text: String,
    /// How well it matches; only to be compared within one answer.
    score: f64,
}

impl From<KnowledgeFound> for WireHit {
    fn from(found: KnowledgeFound) -> Self {
        Self {
            id: found.entry.id,
            source: found.entry.source.as_str(),
            title: found.entry.title,
            topic: found.entry.topic,
            text: found.entry.text,
            score: (f64::from(found.score) * 1000.0).round() / 1000.0,
        }
    }
}

/// A document without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeDocument)]
pub(crate) struct WireDocument {
    /// Its identifier.
    id: String,
    /// Its name, which no other document of the organisation has.
    name: String,
    /// Bytes of its text.
    bytes: i64,
    /// When it was added.
    created_ms: i64,
    /// When its text was last changed.
    updated_ms: i64,
}

impl From<KnowledgeDocumentView> for WireDocument {
    fn from(view: KnowledgeDocumentView) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.name,
            bytes: view.bytes,
            created_ms: view.created_ms,
            updated_ms: view.updated_ms,
        }
    }
}

/// A document with its text.
#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeDocumentText)]
pub(crate) struct WireDocumentText {
    /// What is known of it.
    document: WireDocument,
    /// Its text.
    text: String,
}

/// A document that is to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KnowledgeDocumentWish)]
pub(crate) struct WireDocumentWish {
    /// Its name. Its ending says how headings are written: `.md`, `.rst`, `.adoc`, `.txt`.
    #[schema(min_length = 1, max_length = 200, example = "style.md")]
    name: String,
    /// Its text.
    #[schema(min_length = 1, max_length = 1_048_576)]
    text: String,
}

/// A document that is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptKnowledgeDocument)]
pub(crate) struct WireKept {
    /// Its identifier.
    id: String,
}

/// Searches best practices, the organisation's documents, and what was accepted.
#[utoipa::path(
    get, path = "/api/v1/knowledge/search", operation_id = "knowledge_search", tag = "knowledge",
    params(SearchQuery),
    responses((status = 200, body = WireHits, description = "What fits best."), Refusals)
)]
pub(crate) async fn search(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<SearchQuery>,
) -> Result<Json<WireHits>, Problem> {
    let limit = query.limit.unwrap_or(HITS);
    if !(1..=HITS_MAX).contains(&limit) {
        return Err(Problem::invalid(format!("`limit` is 1 to {HITS_MAX}")));
    }
    let found = context
        .app
        .knowledge_search(&caller, &query.query, limit)
        .await?;
    let items = found.into_iter().map(WireHit::from).collect();
    Ok(Json(WireHits { items }))
}

/// Lists the documents of the organisation, the newest first.
#[utoipa::path(
    get, path = "/api/v1/knowledge/documents", operation_id = "knowledge_document_list",
    tag = "knowledge", params(PageQuery),
    responses((status = 200, body = Listed<WireDocument>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Listed<WireDocument>>, Problem> {
    let rows = context.app.knowledge_list(&caller, query.paging()?).await?;
    let cursor = |row: &KnowledgeDocumentView| row.id.to_string();
    Ok(Json(query.answer(rows, cursor, WireDocument::from)?))
}

/// Adds a document, or gives the one of that name another text.
#[utoipa::path(
    put, path = "/api/v1/knowledge/documents", operation_id = "knowledge_document_put",
    tag = "knowledge", request_body = WireDocumentWish,
    responses((status = 200, body = WireKept, description = "It is kept."), Refusals)
)]
pub(crate) async fn put(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Payload(wish): Payload<WireDocumentWish>,
) -> Result<Json<WireKept>, Problem> {
    let kept = context.app.knowledge_put(&caller, &wish.name, &wish.text);
    let id = kept.await?.to_string();
    Ok(Json(WireKept { id }))
}

/// Returns a document with its text.
#[utoipa::path(
    get, path = "/api/v1/knowledge/documents/{id}", operation_id = "knowledge_document_get",
    tag = "knowledge", params(("id" = String, Path, description = "The document.")),
    responses((status = 200, body = WireDocumentText, description = "The document."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireDocumentText>, Problem> {
    let id = id.read(Identifier::parse)?;
    let (view, text) = context.app.knowledge_get(&caller, id).await?;
    let document = view.into();
    Ok(Json(WireDocumentText { document, text }))
}

/// Removes a document.
#[utoipa::path(
    delete, path = "/api/v1/knowledge/documents/{id}", operation_id = "knowledge_document_remove",
    tag = "knowledge", params(("id" = String, Path, description = "The document.")),
    responses((status = 204, description = "It is gone."), Refusals)
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<StatusCode, Problem> {
    let id = id.read(Identifier::parse)?;
    context.app.knowledge_remove(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
