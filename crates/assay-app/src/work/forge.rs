//! The forges that a worker reaches, and one way of asking each of them.

use assay_forge::{
    Anchors, CheckAnnotation, CheckOutput, CheckRunWanted, CheckStatus, CommitSha, Conclusion,
    ForgeError, ForgeKind, GitHub, GitLab, InstallationId, OnBroken, Permission, PostOutcome,
    PostRequest, PullId, PullRequest, RepoName, Secret, Sender,
};

use super::trouble::Trouble;

/// How a worker deals with a forge.
pub struct ForgeTools {
    /// The client.
    pub client: ForgeClient,
    /// Where repositories are cloned from, such as `https://github.com`.
    pub clone_base: String,
    /// What the check is called.
    pub check_name: String,
    /// What a review that did not run means for the merge.
    pub on_broken: OnBroken,
    /// Whether drafts are reviewed.
    pub reviews_drafts: bool,
}

/// The client of a forge.
#[derive(Clone, Debug)]
pub enum ForgeClient {
    /// One of GitHub.
    GitHub(GitHub),
    /// One of GitLab.
    GitLab(GitLab),
}

/// A pull request as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pull {
    pub(super) is_open: bool,
    pub(super) is_draft: bool,
    /// The commit to be merged.
    pub(super) head: String,
    /// The commit that it goes on; empty when the forge does not say.
    pub(super) base: String,
    /// The branch that it goes into.
    pub(super) base_branch: String,
    /// Who opened it.
    pub(super) author: Option<String>,
}

impl From<PullRequest> for Pull {
    fn from(pull: PullRequest) -> Self {
        Self {
            is_open: pull.state == "open" && !pull.merged,
            is_draft: pull.draft,
            head: pull.head.sha,
            base: pull.base.sha,
            base_branch: pull.base.branch,
            author: pull.user.map(|user| user.login),
        }
    }
}

/// What a check shows.
pub(super) struct Check<'a> {
    /// What it is known by.
    pub(super) review: &'a str,
    /// None while it runs.
    pub(super) conclusion: Option<Conclusion>,
    /// One line.
    pub(super) title: &'a str,
    /// Markdown.
    pub(super) summary: &'a str,
    /// The remarks, where they are shown.
    pub(super) annotations: Vec<CheckAnnotation>,
}

impl Check<'_> {
    /// Returns it as a check run of GitHub.
    fn run(self, name: &str) -> CheckRunWanted {
        CheckRunWanted {
            name: name.to_owned(),
            external_id: self.review.to_owned(),
            details_url: None,
            status: match self.conclusion {
                Some(conclusion) => CheckStatus::Completed(conclusion),
                None => CheckStatus::InProgress,
            },
            output: CheckOutput {
                title: self.title.to_owned(),
                summary: self.summary.to_owned(),
                text: String::new(),
            },
            annotations: self.annotations,
            actions: Vec::new(),
        }
    }
}

impl ForgeClient {
    pub(super) fn kind(&self) -> ForgeKind {
        match self {
            Self::GitHub(_) => ForgeKind::GitHub,
            Self::GitLab(_) => ForgeKind::GitLab,
        }
    }

    /// Returns the client that asks for a repository: as the installation that is
    /// named, else as the one that the repository belongs to; many webhooks name none.
    pub(super) async fn for_repository(
        &self,
        repo: &RepoName,
        installation: Option<InstallationId>,
    ) -> Result<Self, ForgeError> {
        let Self::GitHub(github) = self else {
            return Ok(self.clone());
        };
        if !github.is_app() {
            return Ok(self.clone());
        }
        let installation = match installation {
            Some(installation) => Some(installation),
            None => {
                let found = github.installation_of(repo).await?;
                found.map(|found| InstallationId(found.id))
            }
        };
        let installation = installation
            .ok_or_else(|| ForgeError::Setting(format!("the app is not installed in {repo}")))?;
        Ok(Self::GitHub(github.installation(installation)))
    }

    /// Returns the client for work that nobody waits for.
    pub(super) fn background(&self) -> Self {
        match self {
            Self::GitHub(github) => Self::GitHub(github.background()),
            Self::GitLab(gitlab) => Self::GitLab(gitlab.background()),
        }
    }

    /// Returns the name of the account that the client is.
    pub(super) async fn name(&self) -> Result<String, ForgeError> {
        Ok(match self {
            Self::GitHub(github) => github.whoami().await?.login,
            Self::GitLab(gitlab) => gitlab.whoami().await?.username,
        })
    }

    /// Returns what proves to a host of repositories that we may fetch.
    pub(super) async fn token(&self) -> Result<Secret, ForgeError> {
        match self {
            Self::GitHub(github) => github.token().await,
            Self::GitLab(gitlab) => gitlab.token().cloned(),
        }
    }

    pub(super) async fn pull(&self, id: &PullId) -> Result<Pull, ForgeError> {
        Ok(match self {
            Self::GitHub(github) => github.pull(id).await?.into(),
            Self::GitLab(gitlab) => {
                let pull = gitlab.pull(id).await?;
                Pull {
                    is_open: pull.state == "opened",
                    is_draft: pull.draft,
                    head: pull.sha.unwrap_or_default(),
                    base: pull
                        .diff_refs
                        .map_or_else(String::new, |refs| refs.base_sha),
                    base_branch: pull.target_branch,
                    author: pull.author.map(|user| user.username),
                }
            }
        })
    }

    pub(super) async fn anchors(&self, id: &PullId) -> Result<Anchors, ForgeError> {
        match self {
            Self::GitHub(github) => github.pull_anchors(id).await,
            Self::GitLab(gitlab) => gitlab.pull_anchors(id).await,
        }
    }

    pub(super) async fn post(&self, request: &PostRequest<'_>) -> Result<PostOutcome, ForgeError> {
        match self {
            Self::GitHub(github) => github.post_review(request).await,
            Self::GitLab(gitlab) => gitlab.post_review(request).await,
        }
    }

    /// Returns what somebody may do.
    pub(super) async fn permission_of(
        &self,
        repo: &RepoName,
        who: &Sender,
    ) -> Result<Permission, ForgeError> {
        match (self, who.id) {
            (Self::GitHub(github), _) => github.permission_of(repo, &who.login).await,
            (Self::GitLab(gitlab), Some(id)) => gitlab.permission_of(repo, id).await,
            (Self::GitLab(_), None) => Ok(Permission::None),
        }
    }

    /// Answers somebody, once for each key, in a thread or in the conversation.
    pub(super) async fn answer(
        &self,
        id: &PullId,
        thread: Option<&str>,
        key: &str,
        text: &str,
    ) -> Result<Option<u64>, ForgeError> {
        match self {
            Self::GitHub(github) => {
                let first = thread.and_then(|thread| thread.parse().ok());
                github.answer(id, first, key, text).await
            }
            Self::GitLab(gitlab) => gitlab.answer(id, thread, key, text).await,
        }
    }

    /// Returns whether each review has a check of its own on a commit; where it has not
    /// the last word of any of them counts.
    pub(super) fn has_check_runs(&self) -> bool {
        matches!(self, Self::GitHub(github) if github.is_app())
    }

    /// Ends what was begun to be shown on the commit, if something stands there that has
    /// no end.
    pub(super) async fn check_end(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        name: &str,
        check: Check<'_>,
    ) -> Result<(), ForgeError> {
        let is_open = match self {
            Self::GitHub(github) if github.is_app() => {
                return github.check_run_end(repo, commit, &check.run(name)).await;
            }
            Self::GitHub(github) => github.commit_status_is_open(repo, commit, name).await?,
            Self::GitLab(gitlab) => gitlab.commit_status_is_open(repo, commit, name).await?,
        };
        match is_open {
            true => self.check(repo, commit, name, check).await,
            false => Ok(()),
        }
    }

    /// Shows how far a review is on the commit: an app of GitHub as a check run,
    /// anybody else as a commit status.
    pub(super) async fn check(
        &self,
        repo: &RepoName,
        commit: &CommitSha,
        name: &str,
        check: Check<'_>,
    ) -> Result<(), ForgeError> {
        match self {
            Self::GitHub(github) if github.is_app() => {
                github.check_run_put(repo, commit, &check.run(name)).await?;
                Ok(())
            }
            Self::GitHub(github) => {
                let (conclusion, title) = (check.conclusion, check.title);
                let put = github.commit_status_put(repo, commit, name, conclusion, title, None);
                put.await
            }
            Self::GitLab(gitlab) => {
                let (conclusion, title) = (check.conclusion, check.title);
                let put = gitlab.commit_status_put(repo, commit, name, conclusion, title, None);
                put.await
            }
        }
    }
}

/// Reads the name of a commit that a forge gave.
pub(super) fn commit(sha: &str) -> Result<CommitSha, Trouble> {
    CommitSha::parse(sha).ok_or_else(|| Trouble::broken(format!("`{sha}` is not a commit")))
}
