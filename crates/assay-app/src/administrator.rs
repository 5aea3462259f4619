//! An organisation is never left to itself: whatever would leave nobody who can look
//! after it is refused.

use assay_auth::{BuiltInRole, Permission, PermissionSet, Scope};
use assay_store::Tx;

use crate::error::Error;

/// What it takes to look after an organisation.
const LOOKS_AFTER: PermissionSet = PermissionSet::of(&[
    Permission::OrganisationManage,
    Permission::UserManage,
    Permission::RoleManage,
    Permission::KeyManage,
]);

/// Checks, after a change and before its commit, that somebody is left who can look
/// after the scope's organisation: a person who is not shut out, or a key of the
/// organisation that does not expire. The caller holds the organisation, so that two
/// administrators do not remove each other at once.
pub(crate) async fn check_somebody_left(tx: &mut Tx, scope: &Scope) -> Result<(), Error> {
    let admin = BuiltInRole::Admin.name();
    if tx.member_count_of_role(scope, admin).await? > 0 {
        return Ok(());
    }
    for role in tx.role_list(scope).await? {
        let may = role.permissions.includes(LOOKS_AFTER);
        if may && tx.member_count_of_role(scope, &role.name).await? > 0 {
            return Ok(());
        }
    }
    let keys = tx.key_lasting(scope).await?;
    match keys.into_iter().any(|one| one.includes(LOOKS_AFTER)) {
        true => Ok(()),
        false => Err(Error::LastAdministrator),
    }
}
