//! The client of GitLab: merge requests, discussions on lines, notes, statuses.

mod model;
mod post;
mod talk;

use std::sync::Arc;

use assay_source::RepoPath;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderName};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::anchor::Anchors;
use crate::answer::{Listed, Pages, read, shorten, write};
use crate::conclusion::Conclusion;
use crate::error::ForgeError;
use crate::github::Permission;
use crate::name::{CommitSha, PullId, RepoName, encode};
use crate::post::{Place, clip};
use crate::secret::Secret;
use crate::transport::{
    Answer, Caller, Does, Endpoint, EtagCache, Policies, Quota, Request, Transport,
};
use crate::world::World;

pub use self::model::{
    Award, DiffRefs, Discussion, GitLabUser, MergeFile, MergeRequest, MergeVersion, Note,
    NotePosition, Project,
};

const JSON: &str = "application/json";
const FILES_MAX: usize = 3_000;
const DISCUSSIONS_MAX: usize = 5_000;
const VERSIONS_MAX: usize = 1_000;
const AWARDS_MAX: usize = 500;
/// GitLab takes no longer description of a commit status.
const STATUS_CHARS_MAX: usize = 255;

/// A token and how it is shown: GitLab has a header for each kind.
#[derive(Clone, Debug)]
pub enum GitLabToken {
    /// A personal, project or group access token.
    Access(Secret),
    /// A token of OAuth.
    OAuth(Secret),
    /// The token of a running job.
    Job(Secret),
    /// None: what is public can be read.
    None,
}

struct Shared {
    transport: Transport,
    caller: Caller,
    token: Option<Secret>,
}

/// A client of one GitLab. Clones share the connections and what is known of the
/// limits.
#[derive(Clone)]
pub struct GitLab {
    shared: Arc<Shared>,
    is_urgent: bool,
}

impl std::fmt::Debug for GitLab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GitLab({})", self.shared.transport.base())
    }
}

impl GitLab {
    /// Makes a client; the endpoint is such as `https://gitlab.com/api/v4`.
    pub fn new(
        endpoint: &Endpoint,
        token: &GitLabToken,
        policies: Policies,
        world: World,
        etags: Arc<dyn EtagCache>,
    ) -> Result<Self, ForgeError> {
        let transport = Transport::new(endpoint, &[], policies, world, etags)?;
        let (name, secret, value) = match token {
            GitLabToken::Access(secret) => {
                let name = HeaderName::from_static("private-token");
                (name, secret, secret.expose().to_owned())
            }
            GitLabToken::OAuth(secret) => {
                (AUTHORIZATION, secret, format!("Bearer {}", secret.expose()))
            }
            GitLabToken::Job(secret) => {
                let name = HeaderName::from_static("job-token");
                (name, secret, secret.expose().to_owned())
            }
            GitLabToken::None => return Ok(Self::with(transport, Caller::nobody(), None)),
        };
        let caller = Caller::with_header(secret.key(), name, &value)?;
        Ok(Self::with(transport, caller, Some(secret.clone())))
    }

    fn with(transport: Transport, caller: Caller, token: Option<Secret>) -> Self {
        let shared = Shared {
            transport,
            caller,
            token,
        };
        Self {
            shared: Arc::new(shared),
            is_urgent: true,
        }
    }

    /// Returns the client for work that is not urgent: it waits while less than
    /// a tenth of the quota is left.
    pub fn background(&self) -> Self {
        let mut this = self.clone();
        this.is_urgent = false;
        this
    }

    /// Returns the token, for a checkout.
    pub fn token(&self) -> Result<&Secret, ForgeError> {
        let token = self.shared.token.as_ref();
        token.ok_or_else(|| ForgeError::Setting("there is no token".into()))
    }

    /// Returns what is known of the quota.
    pub fn quota(&self) -> Quota {
        self.shared.transport.quota(&self.shared.caller.key)
    }

    pub(crate) fn world(&self) -> &World {
        self.shared.transport.world()
    }

    async fn call(
        &self,
        method: Method,
        path: String,
        body: Option<Vec<u8>>,
        does: Does,
    ) -> Result<Answer, ForgeError> {
        let request = Request {
            method,
            path,
            accept: JSON,
            body,
            does,
            is_urgent: self.is_urgent,
            wait_ms_max: None,
        };
        let shared = &self.shared;
        let answer = shared.transport.send(&request, &shared.caller).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let said = [&value["message"], &value["error"]];
        let said = said.into_iter().find(|said| !said.is_null());
        Err(ForgeError::Refused {
            status: answer.status,
            // It is a text, a list, or an object of lists by field.
            message: shorten(&match said {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            }),
            errors: Vec::new(),
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: String) -> Result<T, ForgeError> {
        read(&self.call(Method::GET, path, None, Does::Reads).await?)
    }

    async fn find<T: DeserializeOwned>(&self, path: String) -> Result<Option<T>, ForgeError> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(ForgeError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        body: &impl Serialize,
        does: Does,
    ) -> Result<T, ForgeError> {
        read(&self.call(method, path, Some(write(body)?), does).await?)
    }

    async fn list<T: DeserializeOwned>(
        &self,
        path: String,
        items_max: usize,
    ) -> Result<Listed<T>, ForgeError> {
        let mut pages = Pages::new(path, items_max);
        while let Some(path) = pages.next() {
            pages.add(&self.call(Method::GET, path, None, Does::Reads).await?)?;
        }
        Ok(pages.finish())
    }

    /// Returns whose token it is.
    pub async fn whoami(&self) -> Result<GitLabUser, ForgeError> {
        self.get("/user".into()).await
    }

    /// Returns a project, under its name of today.
    pub async fn project(&self, repo: &RepoName) -> Result<Project, ForgeError> {
        self.get(project_path(repo, "")).await
    }

    /// Returns what somebody may do in a project, also through its groups.
    pub async fn permission_of(
        &self,
        repo: &RepoName,
        user: u64,
    ) -> Result<Permission, ForgeError> {
        #[derive(serde::Deserialize)]
        struct Wire {
            access_level: u32,
        }
        let path = project_path(repo, &format!("/members/all/{user}"));
        let found: Option<Wire> = self.find(path).await?;
        Ok(match found.map_or(0, |wire| wire.access_level) {
            50.. => Permission::Admin,
            40..50 => Permission::Maintain,
            30..40 => Permission::Write,
            20..30 => Permission::Triage,
            10..20 => Permission::Read,
            _ => Permission::None,
        })
    }

    /// Returns a merge request.
    pub async fn pull(&self, pull: &PullId) -> Result<MergeRequest, ForgeError> {
        self.get(merge_path(pull, "")).await
    }

    /// Returns the files of a merge request; the list may not be complete.
    pub async fn pull_files(&self, pull: &PullId) -> Result<Listed<MergeFile>, ForgeError> {
        let path = merge_path(pull, "/diffs?per_page=100");
        self.list(path, FILES_MAX).await
    }

    /// Returns the versions of a merge request, the newest first.
    pub async fn pull_versions(&self, pull: &PullId) -> Result<Listed<MergeVersion>, ForgeError> {
        let path = merge_path(pull, "/versions?per_page=100");
        self.list(path, VERSIONS_MAX).await
    }

    /// Returns the lines of a merge request that can be commented.
    pub async fn pull_anchors(&self, pull: &PullId) -> Result<Anchors, ForgeError> {
        let mut anchors = Anchors::default();
        for file in self.pull_files(pull).await?.items {
            anchors.add_renamed(&file.new_path, &file.old_path);
            anchors.add_patch(&file.new_path, &file.diff);
        }
        Ok(anchors)
    }

    /// Returns a file at a commit; nothing when there is no file of that name.
    pub async fn content(
        &self,
        repo: &RepoName,
        path: &RepoPath,
        commit: &CommitSha,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        // The slashes of the path belong to one segment.
        let file = path.to_uri().replace('/', "%2F");
        let path = project_path(repo, &format!("/repository/files/{file}/raw?ref={commit}"));
        match self.call(Method::GET, path, None, Does::Reads).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(ForgeError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the discussions of a merge request.
    pub async fn discussions(&self, pull: &PullId) -> Result<Listed<Discussion>, ForgeError> {
        let path = merge_path(pull, "/discussions?per_page=100");
        self.list(path, DISCUSSIONS_MAX).await
    }

    /// Starts a discussion on a line. An added line has its new number, a removed
    /// one its old, an unchanged one both; anything else is refused. After an
    /// error that may have been done, list before trying again.
    pub async fn discussion_create(
        &self,
        pull: &PullId,
        refs: &DiffRefs,
        anchors: &Anchors,
        place: &Place,
        body: &str,
    ) -> Result<Discussion, ForgeError> {
        let (old_line, new_line) = anchors.pair(place);
        let mut position = json!({
            "position_type": "text",
            "base_sha": refs.base_sha,
            "start_sha": refs.start_sha,
            "head_sha": refs.head_sha,
            "old_path": anchors.old_path(&place.path),
            "new_path": place.path,
        });
        if let Some(line) = old_line {
            position["old_line"] = line.into();
        }
        if let Some(line) = new_line {
            position["new_line"] = line.into();
        }
        let wire = json!({ "body": body, "position": position });
        let path = merge_path(pull, "/discussions");
        self.send(Method::POST, path, &wire, Does::Makes).await
    }

    /// Answers in a discussion.
    pub async fn discussion_reply(
        &self,
        pull: &PullId,
        discussion: &str,
        body: &str,
    ) -> Result<Note, ForgeError> {
        let path = merge_path(pull, &format!("/discussions/{}/notes", encode(discussion)));
        let wire = json!({ "body": body });
        self.send(Method::POST, path, &wire, Does::Makes).await
    }

    /// Resolves a discussion, or opens it again.
    pub async fn discussion_resolve(
        &self,
        pull: &PullId,
        discussion: &str,
        is_resolved: bool,
    ) -> Result<(), ForgeError> {
        let path = merge_path(pull, &format!("/discussions/{}", encode(discussion)));
        let wire = json!({ "resolved": is_resolved });
        let set = self.send::<Value>(Method::PUT, path, &wire, Does::Sets);
        set.await.map(drop)
    }

    /// Returns the notes of a merge request, those on lines too.
    pub async fn notes(&self, pull: &PullId) -> Result<Listed<Note>, ForgeError> {
        let path = merge_path(pull, "/notes?per_page=100&sort=asc");
        self.list(path, DISCUSSIONS_MAX).await
    }

    /// Writes a note in the conversation. After an error that may have been done,
    /// list before trying again.
    pub async fn note_create(&self, pull: &PullId, body: &str) -> Result<Note, ForgeError> {
        let path = merge_path(pull, "/notes");
        let wire = json!({ "body": body });
        self.send(Method::POST, path, &wire, Does::Makes).await
    }

    /// Changes the text of a note.
    pub async fn note_update(
        &self,
        pull: &PullId,
        note: u64,
        body: &str,
    ) -> Result<Note, ForgeError> {
        let path = merge_path(pull, &format!("/notes/{note}"));
        let wire = json!({ "body": body });
        self.send(Method::PUT, path, &wire, Does::Sets).await
    }

    /// Returns the emoji that a note was given.
    pub async fn note_awards(&self, pull: &PullId, note: u64) -> Result<Listed<Award>, ForgeError> {
        let path = merge_path(pull, &format!("/notes/{note}/award_emoji?per_page=100"));
        self.list(path, AWARDS_MAX).await
    }

    /// Sets a commit status; `None` is running. The same state again is no error.
    pub async fn commit_status_put(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        name: &str,
        conclusion: Option<Conclusion>,
        description: &str,
        target_url: Option<&str>,
    ) -> Result<(), ForgeError> {
        let mut wire = json!({
            "state": conclusion.map_or("running", Conclusion::gitlab_name),
            "name": name,
            "description": clip(description, STATUS_CHARS_MAX),
        });
        if let Some(url) = target_url {
            wire["target_url"] = url.into();
        }
        let path = project_path(repo, &format!("/statuses/{commit}"));
        let set = self.send::<Value>(Method::POST, path, &wire, Does::Sets);
        match set.await {
            Err(error) if error.status() == Some(400) && error.says("cannot transition") => Ok(()),
            result => result.map(drop),
        }
    }

    /// Returns whether the last commit status of a name says that another will come.
    pub async fn commit_status_is_open(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        name: &str,
    ) -> Result<bool, ForgeError> {
        #[derive(Deserialize)]
        struct Wire {
            name: String,
            status: String,
        }
        let rest = format!(
            "/repository/commits/{commit}/statuses?name={}&per_page=100",
            encode(name)
        );
        // Of each name the last one is listed.
        let found: Vec<Wire> = self.get(project_path(repo, &rest)).await?;
        let last = found.into_iter().find(|status| status.name == name);
        Ok(last.is_some_and(|status| matches!(status.status.as_str(), "pending" | "running")))
    }
}

fn project_path(repo: &RepoName, rest: &str) -> String {
    format!("/projects/{}{rest}", encode(repo.as_str()))
}

fn merge_path(pull: &PullId, rest: &str) -> String {
    let rest = format!("/merge_requests/{}{rest}", pull.number);
    project_path(&pull.repo, &rest)
}
