//! Questions about repositories.

use assay_app::{
    AskWish, QuestionAnswer, QuestionCitation, QuestionPassage, QuestionView, RepositoryName,
};
use assay_auth::Identifier;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::context::Context;
use crate::extract::{Authenticated, Id, IdempotencyKey, Parameters, Payload};
use crate::page::{Listed, PageQuery};
use crate::problem::{Problem, Refusals};

/// What somebody wants to know.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskWish)]
pub(crate) struct WireAsk {
    /// What you want to know.
    #[schema(
        min_length = 1,
        max_length = 8192,
        example = "where is the session token validated?"
    )]
    question: String,
    /// The repository's identifier here; either this or `url`.
    repository: Option<String>,
    /// The repository's address on a forge that this server knows; only repositories of
    /// the organisation are found, and the address is not asked.
    #[schema(example = "https://github.com/acme/shop")]
    url: Option<String>,
    /// A branch, a tag, or the full name of a commit of the default branch; the default
    /// branch if left out.
    #[schema(max_length = 200, example = "main")]
    revision: Option<String>,
    /// How many passages at most.
    #[schema(minimum = 1, maximum = 50, default = 5)]
    passages_max: Option<u16>,
    /// Whether a language model may answer, where the setting `model` lets it.
    #[serde(default = "yes")]
    #[schema(default = true)]
    model: bool,
}

fn yes() -> bool {
    true
}

/// A question that was accepted.
#[derive(Serialize, ToSchema)]
#[schema(as = AskedQuestion)]
pub(crate) struct WireAsked {
    /// The question.
    question: String,
    /// The task that answers it.
    task: String,
    /// Where the answer is to be looked at.
    #[schema(example = "/api/v1/ask/019b76da-a800-7000-8000-000000000000")]
    url: String,
}

/// A question with its answer, once there is one.
#[derive(Serialize, ToSchema)]
#[schema(as = Question)]
pub(crate) struct WireQuestion {
    /// Its identifier.
    id: String,
    /// Of which repository.
    repository: String,
    /// At which revision.
    revision: String,
    /// What is asked.
    question: String,
    /// `queued`, `running`, `done` or `failed`.
    #[schema(example = "done")]
    state: &'static str,
    /// The task that answers it.
    task: Option<String>,
    /// The commit that the answer is about.
    head: Option<String>,
    /// What a language model answers from the passages.
    answer: Option<WireSaid>,
    /// Why there is no answer of a model although one was asked.
    model_problem: Option<String>,
    /// The passages that fit best, the best first; none until the state is `done`.
    passages: Vec<WirePassage>,
    /// Why it failed.
    problem: Option<String>,
    /// When it was asked, in milliseconds since 1970.
    created_ms: i64,
    /// When it was answered or given up.
    finished_ms: Option<i64>,
}

/// What a language model answers. Each of its citations quotes a line that is there.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelAnswer)]
pub(crate) struct WireSaid {
    /// Its words, with the numbers of passages in brackets.
    text: String,
    /// Where what it quotes stands.
    citations: Vec<WireCitation>,
}

/// A place that an answer cites.
#[derive(Serialize, ToSchema)]
#[schema(as = Citation)]
pub(crate) struct WireCitation {
    /// The number of the passage, from 1.
    passage: u64,
    /// The file.
    path: String,
    /// The line.
    line: u32,
}

/// A passage that fits a question.
#[derive(Serialize, ToSchema)]
#[schema(as = Passage)]
pub(crate) struct WirePassage {
    /// The file.
    #[schema(example = "src/session.py")]
    path: String,
    /// The line that fits best.
    line: u32,
    /// Its first line.
    first_line: u32,
    /// Its last line.
    last_line: u32,
    /// What kind of code it is, such as `function`.
    kind: String,
    /// What it defines.
    name: String,
    /// How well it fits; only to be compared within one answer.
    score: f64,
    /// Its text, with secrets masked.
    text: String,
}

impl From<QuestionPassage> for WirePassage {
    fn from(passage: QuestionPassage) -> Self {
        Self {
            path: passage.path,
            line: passage.line,
            first_line: passage.first_line,
            last_line: passage.last_line,
            kind: passage.kind,
            name: passage.name,
            score: passage.score,
            text: passage.text,
        }
    }
}

impl From<QuestionView> for WireQuestion {
    fn from(view: QuestionView) -> Self {
        let QuestionAnswer {
            said,
            model_problem,
            passages,
        } = view.answer.unwrap_or_default();
        let citation = |one: QuestionCitation| WireCitation {
            passage: one.passage,
            path: one.path,
            line: one.line,
        };
        Self {
            id: view.id.to_string(),
            repository: view.repository.to_string(),
            revision: view.revision,
            question: view.question,
            state: view.state,
            task: view.task.map(|id| id.to_string()),
            head: view.head,
            answer: said.map(|said| WireSaid {
                text: said.text,
                citations: said.citations.into_iter().map(citation).collect(),
            }),
            model_problem,
            passages: passages.into_iter().map(WirePassage::from).collect(),
            problem: view.problem,
            created_ms: view.created_ms,
            finished_ms: view.finished_ms,
        }
    }
}

/// Accepts a question about a repository.
///
/// The answer to this comes at once; the question is answered when its state is `done`:
/// with passages of the code, and with what a language model says of them when one may
/// be asked.
#[utoipa::path(
    post, path = "/api/v1/ask", operation_id = "question_ask", tag = "knowledge",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; remembered for a day.")),
    request_body = WireAsk,
    responses((status = 202, body = WireAsked, description = "It will be answered."), Refusals)
)]
pub(crate) async fn ask(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Payload(wish): Payload<WireAsk>,
) -> Result<Response, Problem> {
    let repository = match (wish.repository, wish.url) {
        (Some(id), None) => RepositoryName::Id(repository(&id)?),
        (None, Some(url)) => RepositoryName::Url(url),
        _ => return Err(Problem::invalid("either `repository` or `url`")),
    };
    let wish = AskWish {
        repository,
        revision: wish.revision,
        question: wish.question,
        passages_max: wish.passages_max,
        asks_model: wish.model,
        idempotency_key,
    };
    let asked = context.app.question_ask(&caller, wish).await?;
    let url = format!("/api/v1/ask/{}", asked.question);
    let body = WireAsked {
        question: asked.question.to_string(),
        task: asked.task.to_string(),
        url: url.clone(),
    };
    Ok((StatusCode::ACCEPTED, [(LOCATION, url)], Json(body)).into_response())
}

/// Returns a question, with its answer once there is one.
#[utoipa::path(
    get, path = "/api/v1/ask/{id}", operation_id = "question_get", tag = "knowledge",
    params(("id" = String, Path, description = "The question.")),
    responses((status = 200, body = WireQuestion, description = "The question."), Refusals)
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<Json<WireQuestion>, Problem> {
    let id = id.read(Identifier::parse)?;
    Ok(Json(context.app.question_get(&caller, id).await?.into()))
}

/// Which questions a list is of.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Of which repository.
    repository: String,
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the questions about a repository, the newest first.
#[utoipa::path(
    get, path = "/api/v1/ask", operation_id = "question_list", tag = "knowledge", params(ListQuery),
    responses((status = 200, body = Listed<WireQuestion>, description = "A page."), Refusals)
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Listed<WireQuestion>>, Problem> {
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let repository = repository(&query.repository)?;
    let rows = context
        .app
        .question_list(&caller, repository, page.paging()?)
        .await?;
    let cursor = |row: &QuestionView| row.id.to_string();
    Ok(Json(page.answer(rows, cursor, WireQuestion::from)?))
}

/// Removes a question with its answer.
#[utoipa::path(
    delete, path = "/api/v1/ask/{id}", operation_id = "question_remove", tag = "knowledge",
    params(("id" = String, Path, description = "The question.")),
    responses((status = 204, description = "It is gone."), Refusals)
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Authenticated(caller): Authenticated,
    id: Id,
) -> Result<StatusCode, Problem> {
    let id = id.read(Identifier::parse)?;
    context.app.question_remove(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn repository(text: &str) -> Result<Identifier, Problem> {
    let id = Identifier::parse(text);
    id.map_err(|_| Problem::invalid("`repository` is no identifier"))
}
