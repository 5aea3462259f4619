//! Repositories: who may do what, branches, and what a pull request with fixes
//! is made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Listed;
use crate::error::ForgeError;
use crate::name::{CommitSha, RepoName, encode};
use crate::transport::Does;

use super::model::{
    AppIdentity, Branch, InstallationInfo, Permission, PullRequest, RepositoryFacts,
};
use super::{Actor, GitHub};

const BRANCHES_MAX: usize = 1_000;
/// Files of one commit that we make.
const NEW_FILES_MAX: usize = 500;

/// A file of a commit that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its path.
    pub path: String,
    /// Its content; none deletes it.
    pub content: Option<Vec<u8>>,
    /// Whether it can be executed.
    pub is_executable: bool,
}

/// A pull request to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPull {
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// The branch with the changes.
    pub head: String,
    /// The branch that they go into.
    pub base: String,
    /// Whether it is not ready.
    pub draft: bool,
}

#[derive(Deserialize)]
struct WireBranch {
    name: String,
    commit: WireSha,
    #[serde(default)]
    protected: bool,
}

#[derive(Deserialize)]
struct WireSha {
    sha: String,
}

impl GitHub {
    /// Returns a repository, under its name of today.
    pub async fn repository(&self, repo: &RepoName) -> Result<RepositoryFacts, ForgeError> {
        self.get(format!("/repos/{repo}")).await
    }

    /// Returns the installation of the app that a repository belongs to: many
    /// payloads do not name it. Nothing when the app is not installed there.
    pub async fn installation_of(
        &self,
        repo: &RepoName,
    ) -> Result<Option<InstallationInfo>, ForgeError> {
        let mut app = self.clone();
        app.actor = Actor::App;
        match app.get(format!("/repos/{repo}/installation")).await {
            Ok(found) => Ok(Some(found)),
            Err(ForgeError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns who our comments are by.
    pub async fn whoami(&self) -> Result<AppIdentity, ForgeError> {
        #[derive(Deserialize)]
        struct App {
            slug: String,
        }
        #[derive(Deserialize)]
        struct User {
            login: String,
        }
        if self.is_app() {
            let mut app = self.clone();
            app.actor = Actor::App;
            let found: App = app.get("/app".into()).await?;
            return Ok(AppIdentity {
                login: format!("{}[bot]", found.slug),
                is_app: true,
            });
        }
        let found: User = self.get("/user".into()).await?;
        Ok(AppIdentity {
            login: found.login,
            is_app: false,
        })
    }

    /// Returns what somebody may do in a repository.
    pub async fn permission_of(
        &self,
        repo: &RepoName,
        login: &str,
    ) -> Result<Permission, ForgeError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            permission: String,
            #[serde(default)]
            role_name: String,
        }
        let path = format!("/repos/{repo}/collaborators/{}/permission", encode(login));
        match self.get::<Wire>(path).await {
            // The role is finer; one of the organisation's own has the coarse
            // name beside it.
            Ok(wire) => {
                let role = Permission::parse(&wire.role_name);
                Ok(role.max(Permission::parse(&wire.permission)))
            }
            Err(ForgeError::Refused { status: 404, .. }) => Ok(Permission::None),
            Err(error) => Err(error),
        }
    }

    /// Returns a branch; nothing when there is none of that name.
    pub async fn branch(&self, repo: &RepoName, name: &str) -> Result<Option<Branch>, ForgeError> {
        let path = format!("/repos/{repo}/branches/{}", encode(name));
        match self.get::<WireBranch>(path).await {
            Ok(wire) => Ok(Some(wire.into())),
            Err(ForgeError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the branches.
    pub async fn branches(&self, repo: &RepoName) -> Result<Listed<Branch>, ForgeError> {
        let path = format!("/repos/{repo}/branches?per_page=100");
        let listed: Listed<WireBranch> = self.list(path, BRANCHES_MAX).await?;
        Ok(Listed {
            items: listed.items.into_iter().map(Branch::from).collect(),
            is_complete: listed.is_complete,
        })
    }

    /// Makes a commit on top of another without touching a branch. The same
    /// files make the same objects, so it may be done again.
    pub async fn commit_create(
        &self,
        repo: &RepoName,
        parent: &CommitSha,
        message: &str,
        files: &[NewFile],
    ) -> Result<CommitSha, ForgeError> {
        if files.len() > NEW_FILES_MAX {
            let why = format!("a commit has at most {NEW_FILES_MAX} files");
            return Err(ForgeError::Setting(why));
        }
        let git = format!("/repos/{repo}/git");
        let parent_commit: Value = self.get(format!("{git}/commits/{parent}")).await?;
        let base_tree = parent_commit["tree"]["sha"].as_str().unwrap_or_default();
        let mut entries = Vec::new();
        for file in files {
            let sha = match &file.content {
                Some(content) => {
                    let blob = json!({ "content": STANDARD.encode(content), "encoding": "base64" });
                    let path = format!("{git}/blobs");
                    let made: WireSha = self.send(Method::POST, path, &blob, Does::Sets).await?;
                    Value::from(made.sha)
                }
                None => Value::Null,
            };
            let mode = if file.is_executable {
                "100755"
            } else {
                "100644"
            };
            entries.push(json!({ "path": file.path, "mode": mode, "type": "blob", "sha": sha }));
        }
        let tree = json!({ "base_tree": base_tree, "tree": entries });
        let tree: WireSha = self
            .send(Method::POST, format!("{git}/trees"), &tree, Does::Sets)
            .await?;
        let commit = json!({ "message": message, "tree": tree.sha, "parents": [parent.as_str()] });
        let path = format!("{git}/commits");
        let made: WireSha = self.send(Method::POST, path, &commit, Does::Sets).await?;
        CommitSha::parse(&made.sha)
            .ok_or_else(|| ForgeError::Unreadable("the commit's hash is none".into()))
    }

    /// Makes a branch, or moves one that is ours to another commit.
    pub async fn branch_put(
        &self,
        repo: &RepoName,
        name: &str,
        commit: &CommitSha,
    ) -> Result<(), ForgeError> {
        let wire = json!({ "ref": format!("refs/heads/{name}"), "sha": commit.as_str() });
        let path = format!("/repos/{repo}/git/refs");
        let made = self.send::<Value>(Method::POST, path, &wire, Does::Sets);
        match made.await {
            Ok(_) => Ok(()),
            Err(error) if error.status() == Some(422) && error.says("already exists") => {
                let encoded: Vec<_> = name.split('/').map(encode).collect();
                let path = format!("/repos/{repo}/git/refs/heads/{}", encoded.join("/"));
                let wire = json!({ "sha": commit.as_str(), "force": true });
                let moved = self.send::<Value>(Method::PATCH, path, &wire, Does::Sets);
                moved.await.map(drop)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens a pull request, or returns the open one of the same branches.
    pub async fn pull_create(
        &self,
        repo: &RepoName,
        wanted: &NewPull,
    ) -> Result<PullRequest, ForgeError> {
        if let Some(found) = self.pull_of_branch(repo, wanted).await? {
            return Ok(found);
        }
        let wire = json!({
            "title": wanted.title,
            "body": wanted.body,
            "head": wanted.head,
            "base": wanted.base,
            "draft": wanted.draft,
        });
        let path = format!("/repos/{repo}/pulls");
        match self.send(Method::POST, path, &wire, Does::Makes).await {
            Ok(made) => Ok(made),
            Err(error) if error.maybe_done() || error.status() == Some(422) => {
                match self.pull_of_branch(repo, wanted).await? {
                    Some(found) => Ok(found),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn pull_of_branch(
        &self,
        repo: &RepoName,
        wanted: &NewPull,
    ) -> Result<Option<PullRequest>, ForgeError> {
        let head = format!("{}:{}", repo.owner(), wanted.head);
        let path = format!(
            "/repos/{repo}/pulls?state=open&head={}&base={}",
            encode(&head),
            encode(&wanted.base)
        );
        let listed: Listed<PullRequest> = self.list(path, 1).await?;
        Ok(listed.items.into_iter().next())
    }
}

impl From<WireBranch> for Branch {
    fn from(wire: WireBranch) -> Self {
        Self {
            name: wire.name,
            sha: wire.commit.sha,
            is_protected: wire.protected,
        }
    }
}
