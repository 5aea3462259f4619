//! A fake of the batches of `OpenAI`, Anthropic and Gemini: files and batches that it
//! remembers, a batch that takes as many looks as the test wants, and results in another
//! order, twice, missing or as errors.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::Dialect;
use super::loopback::Loopback;

/// How a batch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchEnding {
    /// With all results that the plan does not take away.
    Whole,
    /// Nothing was done: the input was refused.
    Failed,
    /// Its time was over after the first question.
    Expired,
}

/// What a fake does with batches.
#[derive(Clone, Debug)]
pub struct BatchPlan {
    /// Looks until it is over.
    pub looks: usize,
    /// How it ends.
    pub ending: BatchEnding,
    /// The status of a refusal at the submission.
    pub refusal: Option<u16>,
    /// What is said to a question, by its words: a text, or an error.
    pub say: fn(&str) -> Result<String, String>,
    /// Whether the last question has no result.
    pub loses_last: bool,
    /// Whether the first question has its result twice.
    pub doubles_first: bool,
    /// Whether those two say different things.
    pub contradicts: bool,
}

impl Default for BatchPlan {
    fn default() -> Self {
        Self {
            looks: 1,
            ending: BatchEnding::Whole,
            refusal: None,
            say: |_| Ok("yes".to_owned()),
            loses_last: false,
            doubles_first: false,
            contradicts: false,
        }
    }
}

/// A question of a batch: its name and its body.
type Question = (String, Value);

#[derive(Clone, Debug)]
struct Batch {
    questions: Vec<Question>,
    looks: usize,
    is_cancelled: bool,
}

#[derive(Default)]
struct Kept {
    files: HashMap<String, String>,
    batches: BTreeMap<String, Batch>,
    /// What was asked: method and path.
    log: Vec<String>,
    next: usize,
}

struct Memory {
    dialect: Dialect,
    plan: Mutex<BatchPlan>,
    kept: Mutex<Kept>,
}

/// A provider of batches until it is dropped.
pub struct FakeBatch {
    server: Loopback,
    memory: Arc<Memory>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeBatch {
    /// Starts one that speaks as a provider does.
    pub fn start(dialect: Dialect, plan: BatchPlan) -> Self {
        let memory = Arc::new(Memory {
            dialect,
            plan: Mutex::new(plan),
            kept: Mutex::default(),
        });
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&memory))
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20));
        Self {
            server: Loopback::start(app),
            memory,
        }
    }

    /// Returns the address, without a slash at its end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Does otherwise from now on.
    pub fn set_plan(&self, plan: BatchPlan) {
        *held(&self.memory.plan) = plan;
    }

    /// Returns how many batches were made.
    pub fn batches(&self) -> usize {
        held(&self.memory.kept).batches.len()
    }

    /// Returns the bodies of all questions, in the order of their batches.
    pub fn questions(&self) -> Vec<Value> {
        let kept = held(&self.memory.kept);
        let all = kept.batches.values().flat_map(|batch| &batch.questions);
        all.map(|(_, body)| body.clone()).collect()
    }

    /// Returns what was asked: method and path.
    pub fn log(&self) -> Vec<String> {
        held(&self.memory.kept).log.clone()
    }

    /// Forgets every batch, as a provider does after a while.
    pub fn forget(&self) {
        held(&self.memory.kept).batches.clear();
    }
}

async fn answer(
    State(memory): State<Arc<Memory>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let text = String::from_utf8_lossy(&body).into_owned();
    let path = uri.path().to_owned();
    held(&memory.kept).log.push(format!("{method} {path}"));
    let key = match memory.dialect {
        Dialect::Anthropic => "x-api-key",
        Dialect::Gemini => "x-goog-api-key",
        _ => "authorization",
    };
    let has_version = headers.contains_key("anthropic-version");
    if !headers.contains_key(key) || (memory.dialect == Dialect::Anthropic && !has_version) {
        return (StatusCode::UNAUTHORIZED, "{}".to_owned());
    }
    let found = match memory.dialect {
        Dialect::Anthropic => anthropic(&memory, &method, &path, &text),
        Dialect::Gemini => gemini(&memory, &method, &path, &text),
        _ => openai(&memory, &method, &path, &text),
    };
    found.unwrap_or_else(|status| {
        let status = StatusCode::from_u16(status).expect("a status");
        (
            status,
            json!({ "error": { "message": "the fake refuses" } }).to_string(),
        )
    })
}

type Said = Result<(StatusCode, String), u16>;

fn said(value: &Value) -> Said {
    Ok((StatusCode::OK, value.to_string()))
}

fn lines(values: &[Value]) -> Said {
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    Ok((StatusCode::OK, lines.join("\n") + "\n"))
}

impl Memory {
    fn add(&self, prefix: &str, questions: Vec<Question>) -> Result<String, u16> {
        if let Some(status) = held(&self.plan).refusal {
            return Err(status);
        }
        let mut names: Vec<&String> = questions.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        let is_streamed = questions
            .iter()
            .any(|(_, body)| body.get("stream").is_some());
        if names.len() != questions.len() || questions.is_empty() || is_streamed {
            return Err(400);
        }
        let mut kept = held(&self.kept);
        kept.next += 1;
        let id = format!("{prefix}{}", kept.next);
        let batch = Batch {
            questions,
            looks: 0,
            is_cancelled: false,
        };
        kept.batches.insert(id.clone(), batch);
        Ok(id)
    }

    /// Looks at a batch: whether it is over, and how far.
    fn look(&self, id: &str) -> Result<(Batch, Option<BatchEnding>), u16> {
        let plan = held(&self.plan).clone();
        let mut kept = held(&self.kept);
        let batch = kept.batches.get_mut(id).ok_or(404u16)?;
        batch.looks += 1;
        let is_over = batch.looks > plan.looks || batch.is_cancelled;
        Ok((batch.clone(), is_over.then_some(plan.ending)))
    }

    fn cancel(&self, id: &str) -> Result<(), u16> {
        let mut kept = held(&self.kept);
        let batch = kept.batches.get_mut(id).ok_or(404u16)?;
        batch.is_cancelled = true;
        Ok(())
    }

    /// Returns what came of each question that has a result, the last first.
    fn results(&self, batch: &Batch) -> Vec<(String, Result<String, String>)> {
        let plan = held(&self.plan).clone();
        let mut all: Vec<(String, Result<String, String>)> = batch
            .questions
            .iter()
            .map(|(name, body)| (name.clone(), (plan.say)(&body.to_string())))
            .collect();
        match plan.ending {
            BatchEnding::Failed => all.clear(),
            BatchEnding::Expired => all.truncate(1),
            BatchEnding::Whole => {}
        }
        if batch.is_cancelled {
            all.clear();
        }
        if plan.loses_last {
            all.pop();
        }
        if plan.doubles_first
            && let Some((name, said)) = all.first().cloned()
        {
            let said = match plan.contradicts {
                true => Ok("the contrary".to_owned()),
                false => said,
            };
            all.push((name, said));
        }
        all.reverse();
        all
    }
}

fn parsed(text: &str) -> Result<Value, u16> {
    serde_json::from_str(text).map_err(|_| 400)
}

fn openai(memory: &Memory, method: &Method, path: &str, text: &str) -> Said {
    let batch_of = |id: &str| -> Said {
        let (batch, ending) = memory.look(id)?;
        let status = match ending {
            None => "in_progress",
            Some(_) if batch.is_cancelled => "cancelled",
            Some(BatchEnding::Whole) => "completed",
            Some(BatchEnding::Failed) => "failed",
            Some(BatchEnding::Expired) => "expired",
        };
        let is_over = ending.is_some();
        let file = |kind: &str| is_over.then(|| format!("{kind}-{id}"));
        let errors = json!({ "data": [{ "code": "invalid_json_line", "message": "line 1 is none", "line": 1 }] });
        said(&json!({
            "id": id, "object": "batch", "status": status,
            "output_file_id": file("output"), "error_file_id": file("error"),
            "errors": if status == "failed" { errors } else { Value::Null },
            "request_counts": { "total": batch.questions.len(), "completed": usize::from(is_over), "failed": 0 },
        }))
    };
    if *method == Method::POST && path == "/files" {
        let has_purpose = text.contains("name=\"purpose\"\r\n\r\nbatch\r\n");
        let content = text.split("Content-Type: application/jsonl\r\n\r\n").nth(1);
        let content = content.and_then(|rest| rest.split("\r\n--").next());
        let content = content.filter(|_| has_purpose).ok_or(400u16)?;
        let mut kept = held(&memory.kept);
        let id = format!("file-{}", kept.files.len() + 1);
        kept.files.insert(id.clone(), content.to_owned());
        return said(&json!({ "id": id, "object": "file", "purpose": "batch" }));
    }
    if *method == Method::POST && path == "/batches" {
        let wish = parsed(text)?;
        let file = wish["input_file_id"].as_str().unwrap_or_default();
        let content = held(&memory.kept).files.get(file).cloned().ok_or(404u16)?;
        let mut questions = Vec::new();
        for line in content.lines().filter(|line| !line.is_empty()) {
            let line = parsed(line)?;
            if line["url"] != wish["endpoint"] || line["method"] != "POST" {
                return Err(400);
            }
            let name = line["custom_id"].as_str().ok_or(400u16)?;
            questions.push((name.to_owned(), line["body"].clone()));
        }
        if wish["completion_window"] != "24h" {
            return Err(400);
        }
        let id = memory.add("batch_", questions)?;
        return said(&json!({ "id": id, "object": "batch", "status": "validating" }));
    }
    if let Some(rest) = path.strip_prefix("/batches/") {
        return match rest.strip_suffix("/cancel") {
            Some(id) => {
                memory.cancel(id)?;
                said(&json!({ "id": id, "status": "cancelling" }))
            }
            None => batch_of(rest),
        };
    }
    let file = path
        .strip_prefix("/files/")
        .and_then(|rest| rest.strip_suffix("/content"));
    let (kind, id) = file.and_then(|file| file.split_once('-')).ok_or(404u16)?;
    let batch = held(&memory.kept).batches.get(id).cloned().ok_or(404u16)?;
    let is_error = kind == "error";
    let results = memory
        .results(&batch)
        .into_iter()
        .filter(|(_, said)| said.is_err() == is_error);
    let line = |(name, said): (String, Result<String, String>)| match said {
        Ok(text) => {
            json!({ "id": "r", "custom_id": name, "error": null, "response": { "status_code": 200, "body": {
                "id": "c", "object": "chat.completion",
                "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110 },
            }}})
        }
        Err(why) => {
            json!({ "id": "r", "custom_id": name, "error": null, "response": { "status_code": 400, "body": {
            "error": { "message": why, "type": "invalid_request_error" } } } })
        }
    };
    let mut all: Vec<Value> = results.map(line).collect();
    if is_error && held(&memory.plan).ending == BatchEnding::Expired {
        let expired = batch.questions.iter().skip(1).map(|(name, _)| {
            json!({ "custom_id": name, "response": null, "error": { "code": "batch_expired", "message": "This request could not be executed before the completion window expired." } })
        });
        all.extend(expired);
    }
    lines(&all)
}

fn anthropic(memory: &Memory, method: &Method, path: &str, text: &str) -> Said {
    const PATH: &str = "/v1/messages/batches";
    if *method == Method::POST && path == PATH {
        let wish = parsed(text)?;
        let mut questions = Vec::new();
        for one in wish["requests"].as_array().ok_or(400u16)? {
            let name = one["custom_id"].as_str().ok_or(400u16)?;
            if name.len() > 64 || one["params"]["max_tokens"].is_null() {
                return Err(400);
            }
            questions.push((name.to_owned(), one["params"].clone()));
        }
        let id = memory.add("msgbatch_", questions)?;
        return said(
            &json!({ "id": id, "type": "message_batch", "processing_status": "in_progress" }),
        );
    }
    let rest = path
        .strip_prefix(PATH)
        .and_then(|rest| rest.strip_prefix('/'))
        .ok_or(404u16)?;
    if let Some(id) = rest.strip_suffix("/cancel") {
        memory.cancel(id)?;
        return said(&json!({ "id": id, "processing_status": "canceling" }));
    }
    if let Some(id) = rest.strip_suffix("/results") {
        let batch = held(&memory.kept).batches.get(id).cloned().ok_or(404u16)?;
        let results = memory.results(&batch);
        let line = |(name, said): (String, Result<String, String>)| match said {
            Ok(text) => json!({ "custom_id": name, "result": { "type": "succeeded", "message": {
                "type": "message", "role": "assistant", "content": [{ "type": "text", "text": text }],
                "stop_reason": "end_turn", "usage": { "input_tokens": 100, "output_tokens": 10 } } } }),
            Err(why) => json!({ "custom_id": name, "result": { "type": "errored", "error": {
                "type": "error", "error": { "type": "invalid_request_error", "message": why } } } }),
        };
        let mut all: Vec<Value> = results.into_iter().map(line).collect();
        let is_expired = held(&memory.plan).ending == BatchEnding::Expired;
        let gone = |kind: &str, skip: usize| -> Vec<Value> {
            let names = batch.questions.iter().skip(skip);
            names
                .map(|(name, _)| json!({ "custom_id": name, "result": { "type": kind } }))
                .collect()
        };
        if batch.is_cancelled {
            all = gone("canceled", 0);
        } else if is_expired {
            all.extend(gone("expired", 1));
        }
        return lines(&all);
    }
    let (batch, ending) = memory.look(rest)?;
    let total = batch.questions.len();
    let (done, expired, cancelled) = match ending {
        None => (0, 0, 0),
        Some(_) if batch.is_cancelled => (0, 0, total),
        Some(BatchEnding::Expired) => (1, total - 1, 0),
        Some(_) => (total, 0, 0),
    };
    said(&json!({
        "id": rest, "type": "message_batch",
        "processing_status": if ending.is_some() { "ended" } else { "in_progress" },
        "request_counts": { "processing": total - done - expired - cancelled, "succeeded": done, "errored": 0, "canceled": cancelled, "expired": expired },
        // The key must not go where an answer says.
        "results_url": "http://collector.invalid/results",
    }))
}

fn gemini(memory: &Memory, method: &Method, path: &str, text: &str) -> Said {
    let path = path.strip_prefix("/v1beta/").ok_or(404u16)?;
    if *method == Method::POST && path.ends_with(":batchGenerateContent") {
        let wish = parsed(text)?;
        let requests = wish["batch"]["input_config"]["requests"]["requests"].as_array();
        let mut questions = Vec::new();
        for one in requests.ok_or(400u16)? {
            let name = one["metadata"]["key"].as_str().ok_or(400u16)?;
            questions.push((name.to_owned(), one["request"].clone()));
        }
        let id = memory.add("batches/", questions)?;
        return said(&json!({ "name": id, "metadata": { "state": "BATCH_STATE_PENDING" } }));
    }
    if let Some(id) = path.strip_suffix(":cancel") {
        memory.cancel(id)?;
        return said(&json!({}));
    }
    let (batch, ending) = memory.look(path)?;
    let state = match ending {
        None => "BATCH_STATE_RUNNING",
        Some(_) if batch.is_cancelled => "BATCH_STATE_CANCELLED",
        Some(BatchEnding::Whole) => "JOB_STATE_SUCCEEDED",
        Some(BatchEnding::Failed) => "BATCH_STATE_FAILED",
        Some(BatchEnding::Expired) => "BATCH_STATE_EXPIRED",
    };
    let line = |(name, said): (String, Result<String, String>)| match said {
        Ok(text) => json!({ "metadata": { "key": name }, "response": {
            "candidates": [{ "content": { "role": "model", "parts": [{ "text": text }] }, "finishReason": "STOP" }],
            "usageMetadata": { "promptTokenCount": 100, "candidatesTokenCount": 10 } } }),
        Err(why) => json!({ "metadata": { "key": name }, "error": { "code": 3, "message": why } }),
    };
    let mut value = json!({
        "name": path, "done": ending.is_some(),
        "metadata": { "state": state, "batchStats": { "requestCount": batch.questions.len().to_string(), "successfulRequestCount": "0" } },
    });
    if ending == Some(BatchEnding::Failed) {
        value["error"] = json!({ "code": 3, "message": "line 1 is none" });
    } else if ending.is_some() {
        let results: Vec<Value> = memory.results(&batch).into_iter().map(line).collect();
        value["response"] = json!({ "inlinedResponses": { "inlinedResponses": results } });
    }
    said(&value)
}
