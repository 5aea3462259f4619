//! Check runs, which only apps write, and commit statuses for everybody else.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::conclusion::Conclusion;
use crate::error::ForgeError;
use crate::name::{CommitSha, RepoName, encode};
use crate::post::clip;
use crate::transport::Does;

use super::GitHub;
use super::model::CheckRun;

/// GitHub takes no more annotations in one request.
const ANNOTATIONS_PER_REQUEST: usize = 50;
/// Annotations of one check run that are sent; people read no more.
const ANNOTATIONS_MAX: usize = 1_000;
const TITLE_CHARS_MAX: usize = 255;
const TEXT_CHARS_MAX: usize = 65_535;
const MESSAGE_BYTES_MAX: usize = 64 << 10;
const ACTIONS_MAX: usize = 3;
const LABEL_CHARS_MAX: usize = 20;
const DESCRIPTION_CHARS_MAX: usize = 40;
/// GitHub takes no longer description of a commit status.
const STATUS_CHARS_MAX: usize = 140;
/// Answers in a row that say nothing, after which it gives up.
const UNCLEAR_MAX: usize = 3;
const STEPS_MAX: usize = ANNOTATIONS_MAX / ANNOTATIONS_PER_REQUEST + 2 * UNCLEAR_MAX;

/// What GitHub calls a check run that ended.
const COMPLETED: &str = "completed";
/// What it calls a commit status that is still to come.
const PENDING: &str = "pending";

/// A remark in a check run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckAnnotation {
    /// The file.
    pub path: String,
    /// The first line.
    pub first_line: u32,
    /// The last line.
    pub last_line: u32,
    /// First and last column, from 1; sent only when it is one line.
    pub columns: Option<(u32, u32)>,
    /// `notice`, `warning` or `failure`.
    pub level: &'static str,
    /// Its title.
    pub title: String,
    /// What it says.
    pub message: String,
}

/// A button of a check run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckAction {
    /// What it says.
    pub label: String,
    /// What it does.
    pub description: String,
    /// What we are told when it is pressed.
    pub identifier: String,
}

/// How far a check run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// It waits.
    Queued,
    /// It runs.
    InProgress,
    /// It ended.
    Completed(Conclusion),
}

impl CheckStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed(_) => COMPLETED,
        }
    }

    fn conclusion(self) -> Option<&'static str> {
        match self {
            Self::Completed(conclusion) => Some(conclusion.check_name()),
            _ => None,
        }
    }
}

/// What a check run shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckOutput {
    /// One line.
    pub title: String,
    /// Markdown above the annotations.
    pub summary: String,
    /// Markdown below them.
    pub text: String,
}

/// A check run as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRunWanted {
    /// Its name, which rules of branches refer to.
    pub name: String,
    /// What it is known by: one value for one review, so that a repeated call
    /// finds what it made.
    pub external_id: String,
    /// Where people read more.
    pub details_url: Option<String>,
    /// How far it is.
    pub status: CheckStatus,
    /// What it shows.
    pub output: CheckOutput,
    /// Its remarks.
    pub annotations: Vec<CheckAnnotation>,
    /// Its buttons; GitHub shows three.
    pub actions: Vec<CheckAction>,
}

impl GitHub {
    /// Makes a check run as it is to be, or goes on with one that was begun.
    /// May be called any number of times: no annotation is sent twice.
    pub async fn check_run_put(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        wanted: &CheckRunWanted,
    ) -> Result<CheckRun, ForgeError> {
        let total = wanted.annotations.len().min(ANNOTATIONS_MAX);
        let mut found = self.check_run_find(repo, commit, wanted).await?;
        let mut unclear = 0;
        for _ in 0..STEPS_MAX {
            let have = found
                .as_ref()
                .map_or(0, |run| run.output.annotations_count as usize)
                .min(total);
            let batch = have..total.min(have + ANNOTATIONS_PER_REQUEST);
            let is_last = batch.end == total;
            if let Some(run) = &found
                && is_last
                && batch.is_empty()
                && run.status == wanted.status.name()
                && run.conclusion.as_deref() == wanted.status.conclusion()
                && matches!(wanted.status, CheckStatus::Completed(_))
            {
                return Ok(run.clone());
            }
            let wire = check_wire(wanted, commit, batch.clone(), is_last);
            // Annotations are added each time they are sent.
            let does = if found.is_some() && batch.is_empty() {
                Does::Sets
            } else {
                Does::Makes
            };
            let (method, path) = match &found {
                Some(run) => (
                    Method::PATCH,
                    format!("/repos/{repo}/check-runs/{}", run.id),
                ),
                None => (Method::POST, format!("/repos/{repo}/check-runs")),
            };
            match self.send::<CheckRun>(method, path, &wire, does).await {
                Ok(run) if is_last => return Ok(run),
                Ok(run) => found = Some(run),
                Err(error) if error.maybe_done() && unclear < UNCLEAR_MAX => {
                    unclear += 1;
                    found = self.check_run_find(repo, commit, wanted).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(ForgeError::TooManySteps {
            what: "a check run",
            steps_max: STEPS_MAX,
        })
    }

    /// Ends a check run that was begun and has no end. Where there is none, or one that
    /// ended, nothing is done.
    pub async fn check_run_end(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        wanted: &CheckRunWanted,
    ) -> Result<(), ForgeError> {
        match self.check_run_find(repo, commit, wanted).await? {
            Some(run) if run.status != COMPLETED => {
                self.check_run_put(repo, commit, wanted).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn check_run_find(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        wanted: &CheckRunWanted,
    ) -> Result<Option<CheckRun>, ForgeError> {
        #[derive(Deserialize)]
        struct Wire {
            check_runs: Vec<CheckRun>,
        }
        let name = encode(&wanted.name);
        let path = format!(
            "/repos/{repo}/commits/{commit}/check-runs?check_name={name}&filter=all&per_page=100"
        );
        let found: Wire = self.get(path).await?;
        let is_it = |run: &CheckRun| run.external_id.as_deref() == Some(&wanted.external_id);
        Ok(found.check_runs.into_iter().find(is_it))
    }

    /// Sets a commit status; the last one of a context counts.
    pub async fn commit_status_put(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        context: &str,
        conclusion: Option<Conclusion>,
        description: &str,
        target_url: Option<&str>,
    ) -> Result<(), ForgeError> {
        let mut wire = json!({
            "state": conclusion.map_or(PENDING, Conclusion::status_name),
            "context": context,
            "description": clip(description, STATUS_CHARS_MAX),
        });
        if let Some(url) = target_url {
            wire["target_url"] = url.into();
        }
        let path = format!("/repos/{repo}/statuses/{commit}");
        let set = self.send::<Value>(Method::POST, path, &wire, Does::Sets);
        set.await.map(drop)
    }

    /// Returns whether the last commit status of a context says that another will come.
    pub async fn commit_status_is_open(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        context: &str,
    ) -> Result<bool, ForgeError> {
        #[derive(Deserialize)]
        struct Wire {
            context: String,
            state: String,
        }
        // The newest come first.
        let path = format!("/repos/{repo}/commits/{commit}/statuses?per_page=100");
        let found: Vec<Wire> = self.get(path).await?;
        let last = found.into_iter().find(|status| status.context == context);
        Ok(last.is_some_and(|status| status.state == PENDING))
    }
}

fn check_wire(
    wanted: &CheckRunWanted,
    commit: &CommitSha,
    batch: std::ops::Range<usize>,
    is_last: bool,
) -> Value {
    let status = match wanted.status {
        // It is not done before all its annotations are there.
        CheckStatus::Completed(_) if !is_last => CheckStatus::InProgress,
        status => status,
    };
    let annotations = &wanted.annotations[batch];
    let annotations: Vec<_> = annotations.iter().map(annotation_wire).collect();
    let mut output = json!({
        "title": clip(&wanted.output.title, TITLE_CHARS_MAX),
        "summary": clip(&wanted.output.summary, TEXT_CHARS_MAX),
        "annotations": annotations,
    });
    if !wanted.output.text.is_empty() {
        output["text"] = clip(&wanted.output.text, TEXT_CHARS_MAX).into();
    }
    let actions = wanted.actions.iter().take(ACTIONS_MAX).map(|action| {
        json!({
            "label": clip(&action.label, LABEL_CHARS_MAX),
            "description": clip(&action.description, DESCRIPTION_CHARS_MAX),
            "identifier": clip(&action.identifier, LABEL_CHARS_MAX),
        })
    });
    let mut wire = json!({
        "name": wanted.name,
        "head_sha": commit.as_str(),
        "external_id": wanted.external_id,
        "status": status.name(),
        "output": output,
        "actions": actions.collect::<Vec<_>>(),
    });
    if let Some(conclusion) = status.conclusion() {
        wire["conclusion"] = conclusion.into();
    }
    if let Some(url) = &wanted.details_url {
        wire["details_url"] = url.as_str().into();
    }
    wire
}

fn annotation_wire(annotation: &CheckAnnotation) -> Value {
    let mut message = clip(&annotation.message, TEXT_CHARS_MAX);
    if message.len() > MESSAGE_BYTES_MAX {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
    }
    let mut wire = json!({
        "path": annotation.path,
        "start_line": annotation.first_line,
        "end_line": annotation.last_line,
        "annotation_level": annotation.level,
        "title": clip(&annotation.title, TITLE_CHARS_MAX),
        "message": message,
    });
    if let Some((first, last)) = annotation.columns
        && annotation.first_line == annotation.last_line
    {
        wire["start_column"] = first.into();
        wire["end_column"] = last.into();
    }
    wire
}
