//! What an organisation, or the platform, has set.

use assay_auth::Scope;
use sqlx::types::Uuid;

use crate::value::{Row, Value, args};
use crate::{Error, Tx};

/// So large may a setting be.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// Something that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What.
    pub name: String,
    /// To what, as JSON.
    pub value: String,
    /// How often it was set: what a change refers to.
    pub version: i64,
    /// When it was last set.
    pub updated_ms: i64,
    /// By whom.
    pub updated_by: String,
}

const SETTING: &str = "setting";

fn setting(row: &Row) -> Result<Setting, Error> {
    Ok(Setting {
        name: row.get("name")?,
        value: row.get("value")?,
        version: row.get("version")?,
        updated_ms: row.get("updated_ms")?,
        updated_by: row.get("updated_by")?,
    })
}

/// Returns whose settings a scope means: its organisation's, or the platform's,
/// which are kept under the nil identifier.
pub(crate) fn owner(scope: &Scope) -> Value {
    let uuid = scope.organisation().map(|id| id.identifier().uuid());
    Value::Uuid(Some(uuid.unwrap_or(Uuid::nil())))
}

impl Tx {
    /// Returns what the scope's organisation has set; with the platform's scope,
    /// what the platform has.
    pub async fn setting_get(
        &mut self,
        scope: &Scope,
        name: &str,
    ) -> Result<Option<Setting>, Error> {
        let sql = "SELECT * FROM setting WHERE owner_id = $1 AND name = $2";
        self.find(sql, vec![owner(scope), name.into()], setting)
            .await
    }

    /// Lists what the scope's organisation has set.
    pub async fn setting_list(&mut self, scope: &Scope) -> Result<Vec<Setting>, Error> {
        let sql = "SELECT * FROM setting WHERE owner_id = $1 ORDER BY name LIMIT 1000";
        self.list(sql, vec![owner(scope)], setting).await
    }

    /// Takes back what the scope's organisation has set.
    pub async fn setting_remove(&mut self, scope: &Scope, name: &str) -> Result<(), Error> {
        let sql = "DELETE FROM setting WHERE owner_id = $1 AND name = $2";
        self.touch(SETTING, sql, vec![owner(scope), name.into()])
            .await
    }

    /// Sets something, if its version is still the given one; 0 is one that was
    /// never set. Returns the new version.
    pub async fn setting_put(
        &mut self,
        scope: &Scope,
        name: &str,
        value: &str,
        version: i64,
    ) -> Result<i64, Error> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(Error::Invalid("the setting is too large".to_owned()));
        }
        let sql = "INSERT INTO setting (owner_id, name, value, version, updated_ms, updated_by) \
                   SELECT $1, $2, $3, 1, $4, $5 WHERE $6 = 0 OR EXISTS (SELECT 1 FROM setting \
                   WHERE owner_id = $1 AND name = $2) \
                   ON CONFLICT (owner_id, name) DO UPDATE SET value = excluded.value, \
                   version = setting.version + 1, updated_ms = excluded.updated_ms, \
                   updated_by = excluded.updated_by WHERE setting.version = $6 RETURNING version";
        let mut args = args![
            name,
            value,
            self.now_ms(),
            scope.actor().to_string(),
            version
        ];
        args.insert(0, owner(scope));
        let found = self.find(sql, args, |row| row.get("version")).await?;
        found.ok_or(Error::Changed(SETTING))
    }
}
