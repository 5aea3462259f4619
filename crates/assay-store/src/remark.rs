//! What was said on pull requests: which finding has which comment, so that it is
//! said once, found again and resolved.

use assay_auth::{OrganisationId, Scope};

use crate::transaction::{organisation_of, system_only};
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, RemarkId, RepositoryId, Tx};

/// So many remarks of one pull request are known.
const REMARKS_MAX: i64 = 10_000;

words! {
    /// How far a remark is.
    RemarkState as "state of a remark" {
        /// It is to be said, and may have been.
        Wanted = "wanted",
        /// It stands on the forge.
        Posted = "posted",
        /// Its finding is gone and its thread closed.
        Resolved = "resolved",
        /// The forge does not take it, or people do not want it.
        Refused = "refused",
    }
}

/// What was said about one finding on one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Which one.
    pub id: RemarkId,
    /// Whose.
    pub organisation: OrganisationId,
    /// In which repository.
    pub repository: RepositoryId,
    /// On which pull request.
    pub pull_request: i64,
    /// About which finding.
    pub fingerprint: String,
    /// How far it is.
    pub state: RemarkState,
    /// What the forge calls the comment.
    pub comment_id: Option<String>,
    /// What the forge calls the thread.
    pub thread_id: Option<String>,
    /// A hash of what was said.
    pub body_hash: Option<Vec<u8>>,
    /// When it was first wanted.
    pub created_ms: i64,
    /// When it last changed.
    pub updated_ms: i64,
}

const REMARK: &str = "remark";

fn remark(row: &Row) -> Result<Remark, Error> {
    Ok(Remark {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        repository: row.id("repository_id")?,
        pull_request: row.get("pull_request")?,
        fingerprint: row.get("fingerprint")?,
        state: RemarkState::parse(&row.get::<String>("state")?)?,
        comment_id: row.get("comment_id")?,
        thread_id: row.get("thread_id")?,
        body_hash: row.get("body_hash")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
    })
}

impl Tx {
    /// Says that a finding is to be remarked on; returns the remark as it is, which
    /// may stand already.
    pub async fn remark_want(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        pull_request: i64,
        fingerprint: &str,
    ) -> Result<Remark, Error> {
        let organisation = organisation_of(scope)?;
        let id = RemarkId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO remark (id, organisation_id, repository_id, pull_request, \
                   fingerprint, state, created_ms, updated_ms) \
                   SELECT $1, $2, $3, $4, $5, 'wanted', $6, $6 WHERE EXISTS (SELECT 1 \
                   FROM repository WHERE id = $3 AND organisation_id = $2) \
                   ON CONFLICT (repository_id, pull_request, fingerprint) DO UPDATE \
                   SET updated_ms = remark.updated_ms RETURNING *";
        let args = args![
            id,
            organisation,
            repository,
            pull_request,
            fingerprint,
            self.now_ms()
        ];
        let found = self.find(sql, args, remark).await?;
        found.ok_or(Error::NotFound("repository"))
    }

    /// Says how far a remark is and what the forge calls it; what is not given
    /// stays as it is.
    pub async fn remark_update(
        &mut self,
        scope: &Scope,
        id: RemarkId,
        state: RemarkState,
        comment_id: Option<&str>,
        thread_id: Option<&str>,
        body_hash: Option<&[u8]>,
    ) -> Result<(), Error> {
        let sql = "UPDATE remark SET state = $3, comment_id = coalesce($4, comment_id), \
                   thread_id = coalesce($5, thread_id), body_hash = coalesce($6, body_hash), \
                   updated_ms = $7 WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![
            id,
            scope.organisation(),
            state,
            comment_id,
            thread_id,
            body_hash,
            self.now_ms(),
        ];
        self.touch(REMARK, sql, args).await
    }

    /// Returns a remark.
    pub async fn remark_get(&mut self, scope: &Scope, id: RemarkId) -> Result<Remark, Error> {
        let sql = "SELECT * FROM remark WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let found = self
            .find(sql, args![id, scope.organisation()], remark)
            .await?;
        found.ok_or(Error::NotFound(REMARK))
    }

    /// Returns the remark whose comment the forge means.
    pub async fn remark_find_by_comment(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        comment_id: &str,
    ) -> Result<Option<Remark>, Error> {
        let sql = "SELECT * FROM remark WHERE repository_id = $1 AND comment_id = $2 \
                   AND organisation_id = coalesce($3, organisation_id)";
        let args = args![repository, comment_id, scope.organisation()];
        self.find(sql, args, remark).await
    }

    /// Lists all that was said on a pull request, in the order in which it was.
    pub async fn remark_list(
        &mut self,
        scope: &Scope,
        repository: RepositoryId,
        pull_request: i64,
    ) -> Result<Vec<Remark>, Error> {
        let sql = "SELECT * FROM remark WHERE repository_id = $1 AND pull_request = $2 \
                   AND organisation_id = coalesce($3, organisation_id) ORDER BY id LIMIT $4";
        let args = args![repository, pull_request, scope.organisation(), REMARKS_MAX];
        self.list(sql, args, remark).await
    }

    /// Lists the pull requests with remarks that stand there and changed since a
    /// time, those that changed last first; for the platform itself.
    pub async fn remark_pull_list(
        &mut self,
        scope: &Scope,
        since_ms: i64,
        count: u32,
    ) -> Result<Vec<(OrganisationId, RepositoryId, i64)>, Error> {
        system_only(scope)?;
        let sql = "SELECT organisation_id, repository_id, pull_request FROM remark \
                   WHERE state = 'posted' AND updated_ms >= $1 \
                   GROUP BY organisation_id, repository_id, pull_request \
                   ORDER BY max(updated_ms) DESC LIMIT $2";
        self.list(sql, args![since_ms, i64::from(count)], |row| {
            Ok((
                row.id("organisation_id")?,
                row.id("repository_id")?,
                row.get("pull_request")?,
            ))
        })
        .await
    }
}
