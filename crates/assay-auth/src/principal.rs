//! Who asks, and what they may do where.

use std::fmt;

use crate::error::Denied;
use crate::identifier::{KeyId, OrganisationId, UserId};
use crate::permission::{Permission, PermissionSet};
use crate::scope::Scope;

/// Who acts, as the audit log names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Somebody who showed nothing.
    Nobody,
    /// A person.
    User(UserId),
    /// An API key, and the person whom it belongs to.
    Key(KeyId, Option<UserId>),
    /// A part of the platform or a forge, by its name.
    Service(&'static str),
    /// The platform itself, with the reason.
    System(&'static str),
}

impl Actor {
    /// Returns the person, also the one behind a key.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(*user),
            Self::Key(_, owner) => *owner,
            Self::Nobody | Self::Service(_) | Self::System(_) => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::User(user) => write!(f, "user:{user}"),
            Self::Key(key, _) => write!(f, "key:{key}"),
            Self::Service(name) => write!(f, "service:{name}"),
            Self::System(reason) => write!(f, "system:{reason}"),
        }
    }
}

/// What somebody may do in one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where.
    pub organisation: OrganisationId,
    /// What.
    pub permissions: PermissionSet,
}

/// A caller whose identity was checked (or who has none), with what they may do.
#[derive(Clone, Debug)]
pub struct Principal {
    actor: Actor,
    grants: Vec<Grant>,
}

impl Principal {
    /// Returns the caller who showed nothing, and may do nothing.
    pub fn nobody() -> Self {
        Self {
            actor: Actor::Nobody,
            grants: Vec::new(),
        }
    }

    /// Returns a person with what their roles allow.
    pub fn user(user: UserId, grants: Vec<Grant>) -> Self {
        Self {
            actor: Actor::User(user),
            grants,
        }
    }

    /// Returns an API key with what it allows.
    pub fn key(key: KeyId, owner: Option<UserId>, grant: Grant) -> Self {
        Self {
            actor: Actor::Key(key, owner),
            grants: vec![grant],
        }
    }

    /// Returns a part of the platform that acts in one organisation.
    pub fn service(name: &'static str, grant: Grant) -> Self {
        Self {
            actor: Actor::Service(name),
            grants: vec![grant],
        }
    }

    /// Returns who it is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Returns what they may do, by organisation.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Returns the organisation that is meant when a caller names none: the only
    /// one that they are in.
    pub fn home(&self) -> Option<OrganisationId> {
        match self.grants.as_slice() {
            [grant] => Some(grant.organisation),
            _ => None,
        }
    }

    /// Returns the proof that the caller may do that there.
    ///
    /// Who is not in the organisation finds no such organisation; who may not see
    /// a thing finds no such thing.
    pub fn authorise(
        &self,
        permission: Permission,
        organisation: OrganisationId,
    ) -> Result<Scope, Denied> {
        if self.actor == Actor::Nobody {
            return Err(Denied::Unauthenticated);
        }
        let mut grants = self.grants.iter();
        let grant = grants.find(|grant| grant.organisation == organisation);
        let permissions = grant.ok_or(Denied::NotFound)?.permissions;
        Denied::check(permissions, permission)?;
        Ok(Scope::granted(
            organisation,
            self.actor.clone(),
            permissions,
        ))
    }
}
