//! Roles: the built-in ones, which nobody changes, and those of an organisation's own.

use assay_auth::{BuiltInRole, Permission, PermissionSet, RoleName};
use assay_store::Role;
use serde_json::json;

use crate::administrator::check_somebody_left;
use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::version::Expected;

/// So many roles of its own may an organisation have.
const ROLES_MAX: usize = 100;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleView {
    /// Its name.
    pub name: String,
    /// What it allows.
    pub permissions: PermissionSet,
    /// Whether every organisation has it.
    pub is_built_in: bool,
    /// What a change refers to.
    pub version: i64,
}

impl From<BuiltInRole> for RoleView {
    fn from(role: BuiltInRole) -> Self {
        Self {
            name: role.name().to_owned(),
            permissions: role.permissions(),
            is_built_in: true,
            version: 0,
        }
    }
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            name: role.name,
            permissions: role.permissions,
            is_built_in: false,
            version: role.version,
        }
    }
}

impl App {
    /// Lists the roles of the organisation, built-in ones first.
    pub async fn role_list(&self, caller: &Caller) -> Result<Vec<RoleView>, Error> {
        let scope = caller.authorise(Permission::RoleRead)?;
        let mut tx = self.store().read().await?;
        let mut roles: Vec<_> = BuiltInRole::ALL.map(RoleView::from).into();
        roles.extend(tx.role_list(&scope).await?.into_iter().map(RoleView::from));
        Ok(roles)
    }

    /// Returns a role.
    pub async fn role_get(&self, caller: &Caller, name: &str) -> Result<RoleView, Error> {
        let scope = caller.authorise(Permission::RoleRead)?;
        if let Some(role) = BuiltInRole::parse(name) {
            return Ok(role.into());
        }
        let mut tx = self.store().read().await?;
        let found = tx.role_find(&scope, name).await?;
        let role = found.ok_or(assay_store::Error::NotFound("role"))?;
        Ok(role.into())
    }

    /// Makes or changes a role of the organisation's own; neither what it allowed nor
    /// what it allows is more than its maker may do.
    pub async fn role_put(
        &self,
        caller: &Caller,
        name: &str,
        permissions: PermissionSet,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::RoleManage)?;
        let name = own_name(name)?;
        scope.may_grant(permissions)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let before = tx.role_find(&scope, name.as_str()).await?;
        expected.check(before.as_ref().map_or(0, |role| role.version))?;
        match &before {
            Some(before) => scope.may_grant(before.permissions)?,
            None if tx.role_list(&scope).await?.len() >= ROLES_MAX => {
                let why = format!("an organisation has at most {ROLES_MAX} roles of its own");
                return Err(Error::invalid("name", why));
            }
            None => {}
        }
        tx.role_put(&scope, name.as_str(), permissions).await?;
        check_somebody_left(&mut tx, &scope).await?;
        let details = json!({
            "permissions": permissions.names(),
            "before": before.map(|role| role.permissions.names()),
        });
        audit(&mut tx, &scope, "role.put", format!("role:{name}"), details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a role of the organisation's own away, which nobody has any more.
    pub async fn role_remove(
        &self,
        caller: &Caller,
        name: &str,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::RoleManage)?;
        let name = own_name(name)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let before = tx.role_find(&scope, name.as_str()).await?;
        let before = before.ok_or(assay_store::Error::NotFound("role"))?;
        expected.check(before.version)?;
        scope.may_grant(before.permissions)?;
        tx.role_remove(&scope, name.as_str()).await?;
        let details = json!({"before": before.permissions.names()});
        let target = format!("role:{name}");
        audit(&mut tx, &scope, "role.remove", target, details).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn own_name(name: &str) -> Result<RoleName, Error> {
    let name = RoleName::parse(name)?;
    match name.built_in() {
        Some(_) => Err(Error::invalid("name", "a role of that name is built in")),
        None => Ok(name),
    }
}
