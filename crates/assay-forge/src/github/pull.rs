//! Pull requests and the code in them.

use assay_source::RepoPath;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde::Deserialize;

use crate::anchor::Anchors;
use crate::answer::{Listed, read};
use crate::error::ForgeError;
use crate::name::{CommitSha, PullId, RepoName, encode};
use crate::transport::Does;

use super::GitHub;
use super::model::{Account, CommitSummary, Comparison, FileContent, PullFile, PullRequest};

/// GitHub lists no more files of a pull request.
const FILES_MAX: usize = 3_000;
/// GitHub lists no more commits of a pull request.
const COMMITS_MAX: usize = 250;
const DIFF: &str = "application/vnd.github.diff";
const RAW: &str = "application/vnd.github.raw+json";

#[derive(Deserialize)]
struct WireCommit {
    sha: String,
    commit: WireCommitText,
    #[serde(default)]
    author: Option<Account>,
    #[serde(default)]
    parents: Vec<WireSha>,
}

#[derive(Deserialize)]
struct WireCommitText {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct WireSha {
    sha: String,
}

impl GitHub {
    /// Returns a pull request.
    pub async fn pull(&self, pull: &PullId) -> Result<PullRequest, ForgeError> {
        self.get(pull_path(pull, "")).await
    }

    /// Returns the files of a pull request; the list may not be complete.
    pub async fn pull_files(&self, pull: &PullId) -> Result<Listed<PullFile>, ForgeError> {
        let path = pull_path(pull, "/files?per_page=100");
        let mut listed = self.list(path, FILES_MAX).await?;
        // The forge ends its list there without a word.
        listed.is_complete &= listed.items.len() < FILES_MAX;
        Ok(listed)
    }

    /// Returns the diff of a pull request as text, or nothing when it is too
    /// large for GitHub: then the files have it.
    pub async fn pull_diff(&self, pull: &PullId) -> Result<Option<Vec<u8>>, ForgeError> {
        let path = pull_path(pull, "");
        let answer = self
            .call_as(Method::GET, path, None, Does::Reads, DIFF)
            .await;
        match answer {
            Ok(answer) => Ok(Some(answer.body)),
            Err(ForgeError::Refused { status: 406, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the lines of a pull request that can be commented: from its diff,
    /// or from its files when that is too large.
    pub async fn pull_anchors(&self, pull: &PullId) -> Result<Anchors, ForgeError> {
        if let Some(diff) = self.pull_diff(pull).await? {
            return Ok(Anchors::from_diff(&diff));
        }
        let mut anchors = Anchors::default();
        for file in self.pull_files(pull).await?.items {
            anchors.add_patch(&file.filename, file.patch.as_deref().unwrap_or_default());
        }
        Ok(anchors)
    }

    /// Returns the commits of a pull request, the oldest first.
    pub async fn pull_commits(&self, pull: &PullId) -> Result<Listed<CommitSummary>, ForgeError> {
        let path = pull_path(pull, "/commits?per_page=100");
        let listed: Listed<WireCommit> = self.list(path, COMMITS_MAX).await?;
        let commits = listed.items.into_iter().map(|wire| CommitSummary {
            sha: wire.sha,
            message: wire.commit.message,
            author: wire.author,
            parents: wire.parents.into_iter().map(|parent| parent.sha).collect(),
        });
        Ok(Listed {
            is_complete: listed.is_complete && commits.len() < COMMITS_MAX,
            items: commits.collect(),
        })
    }

    /// Returns how two commits relate, with the files of the first page.
    pub async fn compare(
        &self,
        repo: &RepoName,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Comparison, ForgeError> {
        #[derive(Deserialize)]
        struct Wire {
            status: String,
            ahead_by: u64,
            behind_by: u64,
            merge_base_commit: WireSha,
            #[serde(default)]
            files: Vec<PullFile>,
        }
        let wire: Wire = self
            .get(format!("/repos/{repo}/compare/{base}...{head}"))
            .await?;
        Ok(Comparison {
            status: wire.status,
            ahead_by: wire.ahead_by,
            behind_by: wire.behind_by,
            merge_base: wire.merge_base_commit.sha,
            files: wire.files,
        })
    }

    /// Returns a file at a commit: up to 1 MB in the answer's JSON, above that
    /// raw. Nothing when there is no file of that name.
    pub async fn content(
        &self,
        repo: &RepoName,
        path: &RepoPath,
        commit: &CommitSha,
    ) -> Result<Option<FileContent>, ForgeError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(rename = "type", default)]
            kind: String,
            #[serde(default)]
            encoding: String,
            #[serde(default)]
            content: String,
            #[serde(default)]
            sha: String,
        }
        let address = format!(
            "/repos/{repo}/contents/{}?ref={}",
            path.to_uri(),
            encode(commit.as_str())
        );
        let answer = match self
            .call(Method::GET, address.clone(), None, Does::Reads)
            .await
        {
            Err(ForgeError::Refused { status: 404, .. }) => return Ok(None),
            result => result?,
        };
        // A folder answers with a list, a submodule with another type.
        let Ok(wire) = read::<Wire>(&answer) else {
            return Ok(None);
        };
        if wire.kind != "file" {
            return Ok(None);
        }
        if wire.encoding != "base64" {
            let raw = self.call_as(Method::GET, address, None, Does::Reads, RAW);
            return Ok(Some(FileContent {
                bytes: raw.await?.body,
                sha: None,
            }));
        }
        let text: String = wire.content.split_ascii_whitespace().collect();
        let bytes = STANDARD.decode(text);
        Ok(Some(FileContent {
            bytes: bytes.map_err(|error| ForgeError::Unreadable(error.to_string()))?,
            sha: Some(wire.sha),
        }))
    }
}

/// Returns the path of something below a pull request.
pub(super) fn pull_path(pull: &PullId, rest: &str) -> String {
    format!("/repos/{}/pulls/{}{rest}", pull.repo, pull.number)
}
