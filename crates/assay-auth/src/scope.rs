//! The proof that somebody may do something somewhere. Whatever reads or writes
//! for a caller takes one, and nothing but [`Principal`](crate::Principal) and
//! [`Scope::system`] makes one.

use crate::error::Denied;
use crate::identifier::OrganisationId;
use crate::permission::{Permission, PermissionSet};
use crate::principal::Actor;

/// What somebody was found to be allowed: in which organisation, who, and what.
#[derive(Clone, Debug)]
pub struct Scope {
    /// No organisation is all of them; only the system has that.
    organisation: Option<OrganisationId>,
    actor: Actor,
    permissions: PermissionSet,
}

impl Scope {
    pub(crate) fn granted(
        organisation: OrganisationId,
        actor: Actor,
        permissions: PermissionSet,
    ) -> Self {
        Self {
            organisation: Some(organisation),
            actor,
            permissions,
        }
    }

    /// Returns the scope of the platform's own work, over all organisations. The
    /// reason stands in the audit log; a caller's wish is never one.
    pub fn system(reason: &'static str) -> Self {
        Self {
            organisation: None,
            actor: Actor::System(reason),
            permissions: PermissionSet::ALL,
        }
    }

    /// Narrows the scope to one organisation; a scope that is another
    /// organisation's finds nothing there.
    pub fn within(&self, organisation: OrganisationId) -> Result<Self, Denied> {
        if !self.admits(organisation) {
            return Err(Denied::NotFound);
        }
        Ok(Self {
            organisation: Some(organisation),
            ..self.clone()
        })
    }

    /// Returns the organisation whose rows are visible; without one all are, which
    /// only the system's scope says.
    pub fn organisation(&self) -> Option<OrganisationId> {
        self.organisation
    }

    /// Returns whether rows of the organisation are visible.
    pub fn admits(&self, organisation: OrganisationId) -> bool {
        self.organisation.is_none_or(|own| own == organisation)
    }

    /// Returns who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Returns all that is allowed, also beyond what was asked for.
    pub fn permissions(&self) -> PermissionSet {
        self.permissions
    }

    /// Checks a further permission.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        Denied::check(self.permissions, permission)
    }

    /// Checks that somebody gives away only what they have.
    pub fn may_grant(&self, permissions: PermissionSet) -> Result<(), Denied> {
        match permissions.iter().find(|one| !self.permissions.has(*one)) {
            Some(permission) => Err(Denied::Forbidden(permission)),
            None => Ok(()),
        }
    }
}
