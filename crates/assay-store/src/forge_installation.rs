//! Connections of organisations to forges.

use assay_auth::{OrganisationId, Scope};

use crate::repository::ForgeName;
use crate::transaction::{Page, organisation_of, system_only};
use crate::value::{Row, args};
use crate::word::words;
use crate::{Error, ForgeInstallationId, Tx};

words! {
    /// Whether a connection works.
    InstallationState as "state of an installation" {
        /// It does.
        Active = "active",
        /// The forge's owner paused it.
        Suspended = "suspended",
        /// It is gone from the forge.
        Deleted = "deleted",
    }
}

/// An organisation's connection to a forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeInstallation {
    /// Which one.
    pub id: ForgeInstallationId,
    /// Whose.
    pub organisation: OrganisationId,
    /// To which forge.
    pub forge: ForgeName,
    /// At which host.
    pub host: String,
    /// What the forge calls it.
    pub external_id: String,
    /// The account on the forge.
    pub account: String,
    /// Whether it works.
    pub state: InstallationState,
}

/// A connection that is to be kept.
#[derive(Clone, Debug)]
pub struct NewForgeInstallation {
    /// To which forge.
    pub forge: ForgeName,
    /// At which host.
    pub host: String,
    /// What the forge calls it.
    pub external_id: String,
    /// The account on the forge.
    pub account: String,
}

const INSTALLATION: &str = "installation";

fn installation(row: &Row) -> Result<ForgeInstallation, Error> {
    Ok(ForgeInstallation {
        id: row.id("id")?,
        organisation: row.id("organisation_id")?,
        forge: ForgeName::parse(&row.get::<String>("forge")?)?,
        host: row.get("host")?,
        external_id: row.get("external_id")?,
        account: row.get("account")?,
        state: InstallationState::parse(&row.get::<String>("state")?)?,
    })
}

impl Tx {
    /// Keeps a connection of the scope's organisation, or what changed of it. One
    /// that is another organisation's stays that one's.
    pub async fn forge_installation_put(
        &mut self,
        scope: &Scope,
        new: &NewForgeInstallation,
    ) -> Result<ForgeInstallationId, Error> {
        let organisation = organisation_of(scope)?;
        let id = ForgeInstallationId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO forge_installation (id, organisation_id, forge, host, external_id, \
                   account, state, created_ms, updated_ms) \
                   VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $7) \
                   ON CONFLICT (forge, host, external_id) DO UPDATE \
                   SET account = excluded.account, state = 'active', \
                   updated_ms = excluded.updated_ms \
                   WHERE forge_installation.organisation_id = excluded.organisation_id \
                   RETURNING id";
        let args = args![
            id,
            organisation,
            new.forge,
            &new.host,
            &new.external_id,
            &new.account,
            self.now_ms(),
        ];
        let found = self.find(sql, args, |row| row.id("id")).await?;
        found.ok_or(Error::Exists(INSTALLATION))
    }

    /// Returns a connection.
    pub async fn forge_installation_get(
        &mut self,
        scope: &Scope,
        id: ForgeInstallationId,
    ) -> Result<ForgeInstallation, Error> {
        let sql = "SELECT * FROM forge_installation WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let found = self
            .find(sql, args![id, scope.organisation()], installation)
            .await?;
        found.ok_or(Error::NotFound(INSTALLATION))
    }

    /// Returns the connection that a forge means.
    pub async fn forge_installation_find(
        &mut self,
        scope: &Scope,
        forge: ForgeName,
        host: &str,
        external_id: &str,
    ) -> Result<Option<ForgeInstallation>, Error> {
        system_only(scope)?;
        let sql = "SELECT * FROM forge_installation \
                   WHERE forge = $1 AND host = $2 AND external_id = $3";
        self.find(sql, args![forge, host, external_id], installation)
            .await
    }

    /// Lists the connections of the scope's organisation.
    pub async fn forge_installation_list(
        &mut self,
        scope: &Scope,
        page: Page<ForgeInstallationId>,
    ) -> Result<Vec<ForgeInstallation>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM forge_installation WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
        let args = args![organisation, page.after, page.limit()];
        self.list(sql, args, installation).await
    }

    /// Says that a connection works, or does not.
    pub async fn forge_installation_set_state(
        &mut self,
        scope: &Scope,
        id: ForgeInstallationId,
        state: InstallationState,
    ) -> Result<(), Error> {
        let sql = "UPDATE forge_installation SET state = $3, updated_ms = $4 WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let args = args![id, scope.organisation(), state, self.now_ms()];
        self.touch(INSTALLATION, sql, args).await
    }
}
