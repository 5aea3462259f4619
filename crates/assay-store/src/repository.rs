//! Repositories on forges.

use assay_auth::{OrganisationId, Scope};

use crate::transaction::{Page, organisation_of, system_only};
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, ForgeInstallationId, RepositoryId, Tx};

words! {
    /// The forges that are known.
    ForgeName as "forge" {
        /// GitHub, in the cloud or on a server.
        GitHub = "github",
        /// GitLab, in the cloud or on a server.
        GitLab = "gitlab",
    }
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Which one.
    pub id: RepositoryId,
    /// Whose.
    pub organisation: OrganisationId,
    /// By which connection it is reached.
    pub installation: Option<ForgeInstallationId>,
    /// On which forge.
    pub forge: ForgeName,
    /// At which host.
    pub host: String,
    /// What the forge calls it, whatever its name.
    pub external_id: String,
    /// The account that owns it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The branch that changes go to.
    pub default_branch: String,
    /// Whether strangers cannot see it.
    pub is_private: bool,
    /// Whether it is reviewed.
    pub is_enabled: bool,
    /// When it was first seen.
    pub created_ms: i64,
}

/// A repository as a forge describes it.
#[derive(Clone, Debug)]
pub struct NewRepository {
    /// By which connection it is reached.
    pub installation: Option<ForgeInstallationId>,
    /// On which forge.
    pub forge: ForgeName,
    /// At which host.
    pub host: String,
    /// What the forge calls it, whatever its name.
    pub external_id: String,
    /// The account that owns it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The branch that changes go to.
    pub default_branch: String,
    /// Whether strangers cannot see it.
    pub is_private: bool,
}

const REPOSITORY: &str = "repository";

fn repository(row: &Row) -> Result<Repository, Error> {
    Ok(Repository {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        installation: row.id_or_none("forge_installation_id")?,
        forge: ForgeName::parse(&row.get::<String>("forge")?)?,
        host: row.get("host")?,
        external_id: row.get("external_id")?,
        owner: row.get("owner")?,
        name: row.get("name")?,
        default_branch: row.get("default_branch")?,
        is_private: row.get("is_private")?,
        is_enabled: row.get("is_enabled")?,
        created_ms: row.get("created_ms")?,
    })
}

impl Tx {
    /// Keeps a repository of the scope's organisation, or what changed of it. One
    /// that is another organisation's stays that one's.
    pub async fn repository_put(
        &mut self,
        scope: &Scope,
        new: &NewRepository,
    ) -> Result<RepositoryId, Error> {
        let organisation = organisation_of(scope)?;
        let id = RepositoryId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO repository (id, organisation_id, forge_installation_id, forge, \
                   host, external_id, owner, name, default_branch, is_private, is_enabled, \
                   created_ms, updated_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, TRUE, $11, $11) \
                   ON CONFLICT (forge, host, external_id) DO UPDATE \
                   SET forge_installation_id = excluded.forge_installation_id, \
                   owner = excluded.owner, name = excluded.name, \
                   default_branch = excluded.default_branch, is_private = excluded.is_private, \
                   updated_ms = excluded.updated_ms \
                   WHERE repository.organisation_id = excluded.organisation_id RETURNING id";
        let args = args![
            id,
            organisation,
            new.installation,
            new.forge,
            &new.host,
            &new.external_id,
            &new.owner,
            &new.name,
            &new.default_branch,
            new.is_private,
            self.now_ms(),
        ];
        let found = self.find(sql, args, |row| row.id("id")).await?;
        found.ok_or(Error::Exists(REPOSITORY))
    }

    /// Returns a repository.
    pub async fn repository_get(
        &mut self,
        scope: &Scope,
        id: RepositoryId,
    ) -> Result<Repository, Error> {
        let sql = "SELECT * FROM repository WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let found = self
            .find(sql, args![id, scope.organisation()], repository)
            .await?;
        found.ok_or(Error::NotFound(REPOSITORY))
    }

    /// Returns the repository that a forge means.
    pub async fn repository_find(
        &mut self,
        scope: &Scope,
        forge: ForgeName,
        host: &str,
        external_id: &str,
    ) -> Result<Option<Repository>, Error> {
        system_only(scope)?;
        let sql = "SELECT * FROM repository WHERE forge = $1 AND host = $2 AND external_id = $3";
        self.find(sql, args![forge, host, external_id], repository)
            .await
    }

    /// Returns the repository of a name at a host, if the scope's organisation has it.
    pub async fn repository_find_named(
        &mut self,
        scope: &Scope,
        host: &str,
        owner: &str,
        name: &str,
    ) -> Result<Option<Repository>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM repository WHERE organisation_id = $1 AND lower(host) = lower($2) \
                   AND lower(owner) = lower($3) AND lower(name) = lower($4) \
                   ORDER BY updated_ms DESC LIMIT 1";
        self.find(sql, args![organisation, host, owner, name], repository)
            .await
    }

    /// Lists the repositories of the scope's organisation.
    pub async fn repository_list(
        &mut self,
        scope: &Scope,
        page: Page<RepositoryId>,
    ) -> Result<Vec<Repository>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM repository WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
        let args = args![organisation, page.after, page.limit()];
        self.list(sql, args, repository).await
    }

    /// Says whether a repository is reviewed.
    pub async fn repository_set_enabled(
        &mut self,
        scope: &Scope,
        id: RepositoryId,
        is_enabled: bool,
    ) -> Result<(), Error> {
        let sql = "UPDATE repository SET is_enabled = $3, updated_ms = $4 WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![id, scope.organisation(), is_enabled, self.now_ms()];
        self.touch(REPOSITORY, sql, args).await
    }
}
