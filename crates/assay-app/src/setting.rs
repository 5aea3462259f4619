//! What an organisation has set. The names are a closed list, and each value is read
//! before it is kept: what is kept makes sense.

use assay_auth::{OrganisationId, Permission, Scope};
use assay_store::Setting;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::model_setting;
use crate::quota;
use crate::version::Expected;

/// Something that can be set.
struct Known {
    name: &'static str,
    /// What it takes to set it, besides changing settings at all.
    permission: Permission,
    check: fn(&Value) -> Result<(), serde_json::Error>,
}

const KNOWN: &[Known] = &[
    Known {
        name: quota::SETTING,
        permission: Permission::QuotaManage,
        check: |value| quota::Quotas::deserialize(value).map(|_| ()),
    },
    Known {
        name: model_setting::SETTING,
        permission: Permission::QuotaManage,
        check: |value| model_setting::ModelSetting::deserialize(value).map(|_| ()),
    },
];

/// Something that was set.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingView {
    /// What.
    pub name: String,
    /// To what.
    pub value: Value,
    /// What a change refers to.
    pub version: i64,
    /// When it was last set.
    pub updated_ms: i64,
    /// By whom.
    pub updated_by: String,
}

fn view(setting: Setting) -> Result<SettingView, Error> {
    let value = serde_json::from_str(&setting.value);
    Ok(SettingView {
        name: setting.name,
        value: value.map_err(|why| Error::Internal(format!("a kept setting: {why}")))?,
        version: setting.version,
        updated_ms: setting.updated_ms,
        updated_by: setting.updated_by,
    })
}

impl App {
    /// Lists what the organisation has set.
    pub async fn setting_list(&self, caller: &Caller) -> Result<Vec<SettingView>, Error> {
        let scope = caller.authorise(Permission::SettingRead)?;
        let mut tx = self.store().read().await?;
        let settings = tx.setting_list(&scope).await?;
        settings.into_iter().map(view).collect()
    }

    /// Returns something that was set.
    pub async fn setting_get(&self, caller: &Caller, name: &str) -> Result<SettingView, Error> {
        let scope = caller.authorise(Permission::SettingRead)?;
        let mut tx = self.store().read().await?;
        let found = tx.setting_get(&scope, name).await?;
        view(found.ok_or(assay_store::Error::NotFound("setting"))?)
    }

    /// Sets something.
    pub async fn setting_put(
        &self,
        caller: &Caller,
        name: &str,
        value: &Value,
        expected: &Expected,
    ) -> Result<(), Error> {
        let (scope, known) = authorised(caller, name)?;
        if !value.is_object() {
            return Err(Error::invalid("value", "an object"));
        }
        (known.check)(value).map_err(|why| Error::invalid("value", why.to_string()))?;
        let mut tx = self.store().begin().await?;
        let organisation = hold(&mut tx, &scope).await?;
        let before = tx.setting_get(&scope, name).await?;
        let version = before.as_ref().map_or(0, |setting| setting.version);
        expected.check(version)?;
        tx.setting_put(&scope, name, &value.to_string(), version)
            .await?;
        let details = json!({"value": value, "before": before.map(|setting| setting.value)});
        let target = format!("setting:{name}");
        audit(&mut tx, &scope, "setting.put", target, details).await?;
        tx.commit().await?;
        self.kept_quotas().forget(organisation);
        Ok(())
    }

    /// Takes back what was set: what is usual holds again.
    pub async fn setting_remove(
        &self,
        caller: &Caller,
        name: &str,
        expected: &Expected,
    ) -> Result<(), Error> {
        let (scope, _) = authorised(caller, name)?;
        let mut tx = self.store().begin().await?;
        let organisation = hold(&mut tx, &scope).await?;
        let before = tx.setting_get(&scope, name).await?;
        let before = before.ok_or(assay_store::Error::NotFound("setting"))?;
        expected.check(before.version)?;
        tx.setting_remove(&scope, name).await?;
        let target = format!("setting:{name}");
        let details = json!({"before": before.value});
        audit(&mut tx, &scope, "setting.remove", target, details).await?;
        tx.commit().await?;
        self.kept_quotas().forget(organisation);
        Ok(())
    }
}

fn authorised(caller: &Caller, name: &str) -> Result<(Scope, &'static Known), Error> {
    let scope = caller.authorise(Permission::SettingManage)?;
    let known = KNOWN.iter().find(|known| known.name == name);
    let known = known.ok_or_else(|| Error::invalid("name", "there is no such setting"))?;
    scope.require(known.permission)?;
    Ok((scope, known))
}

async fn hold(tx: &mut assay_store::Tx, scope: &Scope) -> Result<OrganisationId, Error> {
    tx.organisation_hold(scope).await?;
    scope.organisation().ok_or(Error::OrganisationUnnamed)
}
