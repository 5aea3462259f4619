//! Repositories: which there are, whether they are reviewed, how their numbers went,
//! and the review of a whole one.

use assay_auth::{Identifier, Permission, Scope};
use assay_store::{ForgeName, MetricPoint, NewReview, Repository, RepositoryId, ReviewId, Tx};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::job::{Job as _, ReviewTree};
use crate::paging::Paging;
use crate::review::{ACCEPTED, Analyzed, KeptAnswer, kept_answer};
use crate::version::Once;

/// What reviews of whole trees are called that the API asked for.
const ORIGIN: &str = "api";
/// What stands for the state before anything was there.
pub(crate) const NOTHING: &str = "nothing";
const REVISION_BYTES_MAX: usize = 200;
const URL_BYTES_MAX: usize = 2_000;
const METRIC_BYTES_MAX: usize = 100;

/// A repository.
#[derive(Clone, Debug)]
pub struct RepositoryView {
    /// Its identifier.
    pub id: Identifier,
    /// On which forge.
    pub forge: &'static str,
    /// At which host.
    pub host: String,
    /// The account that owns it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The branch that changes go to.
    pub default_branch: String,
    /// Whether strangers cannot see it.
    pub is_private: bool,
    /// Whether its changes are reviewed.
    pub is_enabled: bool,
    /// When it was first seen.
    pub created_ms: i64,
}

impl From<Repository> for RepositoryView {
    fn from(row: Repository) -> Self {
        Self {
            id: row.id.identifier(),
            forge: row.forge.name(),
            host: row.host,
            owner: row.owner,
            name: row.name,
            default_branch: row.default_branch,
            is_private: row.is_private,
            is_enabled: row.is_enabled,
            created_ms: row.created_ms,
        }
    }
}

/// How a number was at one review.
#[derive(Clone, Debug)]
pub struct MetricView {
    /// The review that measured it.
    pub review: Identifier,
    /// Of which pull request, if of one.
    pub pull_request: Option<i64>,
    /// To which revision.
    pub head: String,
    /// When the review ended.
    pub finished_ms: i64,
    /// How much.
    pub value: f64,
}

impl From<MetricPoint> for MetricView {
    fn from(point: MetricPoint) -> Self {
        Self {
            review: point.review.identifier(),
            pull_request: point.pull_request,
            head: point.head_revision,
            finished_ms: point.finished_ms,
            value: point.value,
        }
    }
}

/// Which repository is meant.
#[derive(Clone, Debug)]
pub enum RepositoryName {
    /// By its identifier here.
    Id(Identifier),
    /// By its address on a forge, such as `https://github.com/acme/shop`.
    Url(String),
}

/// A repository that is to be read whole.
#[derive(Clone, Debug)]
pub struct TreeWish {
    /// Which one.
    pub repository: RepositoryName,
    /// A branch, a tag or the full name of a commit; the default branch, if none.
    pub revision: Option<String>,
    /// What the caller sends again when they do not know whether it arrived.
    pub idempotency_key: Option<String>,
}

impl App {
    /// Lists the organisation's repositories, the newest first.
    pub async fn repository_list(
        &self,
        caller: &Caller,
        paging: Paging,
    ) -> Result<Vec<RepositoryView>, Error> {
        let scope = caller.authorise(Permission::RepositoryRead)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(RepositoryId::from_identifier);
        let rows = tx.repository_list(&scope, page).await?;
        Ok(rows.into_iter().map(RepositoryView::from).collect())
    }

    /// Returns a repository.
    pub async fn repository_get(
        &self,
        caller: &Caller,
        id: Identifier,
    ) -> Result<RepositoryView, Error> {
        let scope = caller.authorise(Permission::RepositoryRead)?;
        let mut tx = self.store().read().await?;
        let id = RepositoryId::from_identifier(id);
        Ok(tx.repository_get(&scope, id).await?.into())
    }

    /// Says whether the changes of a repository are reviewed.
    pub async fn repository_set_enabled(
        &self,
        caller: &Caller,
        id: Identifier,
        is_enabled: bool,
    ) -> Result<RepositoryView, Error> {
        let scope = caller.authorise(Permission::RepositoryManage)?;
        let id = RepositoryId::from_identifier(id);
        let mut tx = self.store().begin().await?;
        tx.repository_set_enabled(&scope, id, is_enabled).await?;
        let row = tx.repository_get(&scope, id).await?;
        let target = format!("repository:{id}");
        let details = json!({"enabled": is_enabled});
        audit(&mut tx, &scope, "repository.set", target, details).await?;
        tx.commit().await?;
        Ok(row.into())
    }

    /// Lists how a number of a repository went, the newest review first. `score` is
    /// the score; others are those that reviews name.
    pub async fn repository_metric(
        &self,
        caller: &Caller,
        id: Identifier,
        metric: &str,
        paging: Paging,
    ) -> Result<Vec<MetricView>, Error> {
        let scope = caller.authorise(Permission::MetricRead)?;
        if metric.is_empty() || metric.len() > METRIC_BYTES_MAX {
            let why = format!("1 to {METRIC_BYTES_MAX} bytes");
            return Err(Error::invalid("metric", why));
        }
        let id = RepositoryId::from_identifier(id);
        let mut tx = self.store().read().await?;
        tx.repository_get(&scope, id).await?;
        let page = paging.page(ReviewId::from_identifier);
        let points = tx.metric_history(&scope, id, metric, page).await?;
        Ok(points.into_iter().map(MetricView::from).collect())
    }

    /// Accepts a repository to be read whole: when this returns, it will be.
    pub async fn repository_analyze(
        &self,
        caller: &Caller,
        wish: TreeWish,
    ) -> Result<Analyzed, Error> {
        let scope = caller.authorise(Permission::ReviewRun)?;
        let revision = wish.revision.as_deref().map(checked_revision).transpose()?;
        let mut tx = self.store().begin().await?;
        let repository = named(&mut tx, &scope, &wish.repository).await?;
        if repository.forge != ForgeName::GitHub {
            let why = "whole repositories of this forge are not read yet";
            return Err(Error::invalid("repository", why));
        }
        let mut job = ReviewTree {
            review: String::new(),
            repository: repository.id.to_string(),
            revision: revision.unwrap_or(&repository.default_branch).to_owned(),
        };
        let key = wish.idempotency_key.as_deref();
        let (once, done) = Once::begin(&mut tx, &scope, key, &job).await?;
        if let Some(kept) = done {
            return kept_answer(&kept);
        }
        self.check_backlog(&mut tx).await?;
        let new = NewReview {
            repository: Some(repository.id),
            pull_request: None,
            origin: ORIGIN.to_owned(),
            base_revision: NOTHING.to_owned(),
            head_revision: job.revision.clone(),
        };
        let review = tx.review_insert(&scope, &new).await?;
        job.review = review.to_string();
        let task = tx.task_enqueue(&scope, &job.task()?).await?.task();
        tx.review_set_task(&scope, review, task).await?;
        let details = json!({"repository": job.repository, "revision": job.revision});
        let target = format!("review:{review}");
        audit(&mut tx, &scope, "review.request", target, details).await?;
        let analyzed = Analyzed {
            review: review.identifier(),
            task: task.identifier(),
        };
        let answer = KeptAnswer::from(&analyzed);
        once.finish(&mut tx, &scope, ACCEPTED, &answer).await?;
        tx.commit().await?;
        Ok(analyzed)
    }
}

/// Finds the repository that is meant, in the scope's organisation.
pub(crate) async fn named(
    tx: &mut Tx,
    scope: &Scope,
    name: &RepositoryName,
) -> Result<Repository, Error> {
    let repository = match name {
        RepositoryName::Id(id) => RepositoryId::from_identifier(*id),
        RepositoryName::Url(url) => {
            let place = ForgePlace::parse(url)?;
            let found = tx.repository_find_named(scope, place.host, place.owner, place.name);
            let found = found.await?;
            found.ok_or(assay_store::Error::NotFound("repository"))?.id
        }
    };
    Ok(tx.repository_get(scope, repository).await?)
}

/// Where an address says that a repository is. It is only compared with what is
/// known here: no address of a caller is ever asked.
#[derive(Debug, PartialEq, Eq)]
struct ForgePlace<'a> {
    host: &'a str,
    owner: &'a str,
    name: &'a str,
}

impl<'a> ForgePlace<'a> {
    fn parse(url: &'a str) -> Result<Self, Error> {
        let unfit = || Error::invalid("url", "such as `https://github.com/acme/shop`");
        if url.len() > URL_BYTES_MAX {
            return Err(unfit());
        }
        let rest = url.strip_prefix("https://").ok_or_else(unfit)?;
        let (host, path) = rest.split_once('/').ok_or_else(unfit)?;
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let (owner, name) = path.rsplit_once('/').ok_or_else(unfit)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_host = |c: char| is_plain(c) || c == ':';
        let parts = owner.split('/').chain([name]);
        let mut parts = parts.map(|part| !part.is_empty() && part.chars().all(is_plain));
        let is_fit = !host.is_empty() && host.chars().all(is_host) && parts.all(|is_fit| is_fit);
        match is_fit {
            true => Ok(Self { host, owner, name }),
            false => Err(unfit()),
        }
    }
}

/// Returns what may be the name of a branch, a tag or a commit.
pub(crate) fn checked_revision(revision: &str) -> Result<&str, Error> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.ends_with(".lock")
            && !part.contains("..")
    };
    let is_bad = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let is_fit = revision.len() <= REVISION_BYTES_MAX
        && !revision.starts_with('-')
        && revision.split('/').all(is_part)
        && !revision.contains(is_bad)
        && !revision.contains("@{");
    match is_fit {
        true => Ok(revision),
        false => Err(Error::invalid(
            "revision",
            "the name of a branch, of a tag, or the full name of a commit",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{ForgePlace, checked_revision};

    #[test]
    fn addresses_are_taken_apart_and_never_followed() {
        for (url, place) in [
            (
                "https://github.com/acme/shop",
                ("github.com", "acme", "shop"),
            ),
            (
                "https://github.com/acme/shop.git",
                ("github.com", "acme", "shop"),
            ),
            (
                "https://git.example:8443/a/b/c/",
                ("git.example:8443", "a/b", "c"),
            ),
        ] {
            let read = ForgePlace::parse(url).unwrap();
            assert_eq!((read.host, read.owner, read.name), place);
        }
        for url in [
            "",
            "http://github.com/acme/shop",
            "file:///etc/passwd",
            "https://github.com",
            "https://github.com/acme",
            "https://user:pass@github.com/acme/shop",
            "https://github.com/acme//shop",
            "https://github.com/acme/shop?x=1",
            "https://github.com/acme/%2e%2e",
            "git@github.com:acme/shop",
        ] {
            assert!(ForgePlace::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn revisions_are_names_and_nothing_else() {
        for name in ["main", "feature/x", "v1.2.3", "ünï"] {
            assert!(checked_revision(name).is_ok(), "{name}");
        }
        for name in [
            "", "-x", "a..b", "a b", "a^", "HEAD@{1}", "/a", "a/", "a.lock", ".a", "a:b",
        ] {
            assert!(checked_revision(name).is_err(), "{name}");
        }
    }
}
