//! Roles: named sets of permissions that a person has in an organisation. Four are
//! built in; an organisation may make its own.

use std::fmt;

use crate::error::AuthError;
use crate::permission::Permission as P;
use crate::permission::PermissionSet;

/// So long may the name of a role be.
const NAME_BYTES_MAX: usize = 64;

/// A role that every organisation has; each includes the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BuiltInRole {
    /// Writes code: reads and starts reviews, judges findings.
    Developer,
    /// Sees also how the platform does: tasks, usage, settings.
    SeniorDeveloper,
    /// Looks after teams and repositories.
    TeamLead,
    /// May do everything in the organisation.
    Admin,
}

const DEVELOPER: PermissionSet = PermissionSet::of(&[
    P::OrganisationRead,
    P::UserRead,
    P::TeamRead,
    P::KeyOwn,
    P::RepositoryRead,
    P::ReviewRead,
    P::ReviewRun,
    P::ReviewDiscuss,
    P::FindingJudge,
    P::ScanRun,
    P::MetricRead,
    P::KnowledgeRead,
]);

const SENIOR_DEVELOPER: PermissionSet = DEVELOPER.union(PermissionSet::of(&[
    P::RoleRead,
    P::UsageRead,
    P::TaskRead,
    P::SettingRead,
    P::PromptRead,
]));

const TEAM_LEAD: PermissionSet = SENIOR_DEVELOPER.union(PermissionSet::of(&[
    P::TeamManage,
    P::KeyRead,
    P::RepositoryManage,
    P::ReviewDelete,
    P::TaskManage,
    P::WebhookRead,
    P::InstallationRead,
    P::AuditRead,
    P::KnowledgeManage,
]));

impl BuiltInRole {
    /// All of them, the weakest first.
    pub const ALL: [Self; 4] = [
        Self::Developer,
        Self::SeniorDeveloper,
        Self::TeamLead,
        Self::Admin,
    ];

    /// Returns the stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::SeniorDeveloper => "senior-developer",
            Self::TeamLead => "team-lead",
            Self::Admin => "admin",
        }
    }

    /// Returns what the role allows.
    pub const fn permissions(self) -> PermissionSet {
        match self {
            Self::Developer => DEVELOPER,
            Self::SeniorDeveloper => SENIOR_DEVELOPER,
            Self::TeamLead => TEAM_LEAD,
            Self::Admin => PermissionSet::ALL,
        }
    }

    /// Finds the built-in role of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// The name of a role, built in or of an organisation's own: lower-case letters,
/// digits and single hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// Reads a name.
    pub fn parse(name: &str) -> Result<Self, AuthError> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if name.len() > NAME_BYTES_MAX || !name.split('-').all(is_word) {
            return Err(AuthError::RoleNameMalformed);
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the built-in role of that name; no organisation makes its own of it.
    pub fn built_in(&self) -> Option<BuiltInRole> {
        BuiltInRole::parse(&self.0)
    }
}

impl From<BuiltInRole> for RoleName {
    fn from(role: BuiltInRole) -> Self {
        Self(role.name().to_owned())
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{BuiltInRole, RoleName};
    use crate::permission::Permission;

    #[test]
    fn each_role_includes_the_weaker_ones() {
        for pair in BuiltInRole::ALL.windows(2) {
            assert!(pair[1].permissions().includes(pair[0].permissions()));
            assert_ne!(pair[1].permissions(), pair[0].permissions());
        }
        let lead = BuiltInRole::TeamLead.permissions();
        for kept_for_admins in [
            Permission::UserManage,
            Permission::RoleManage,
            Permission::KeyManage,
            Permission::SettingManage,
            Permission::OrganisationManage,
        ] {
            assert!(!lead.has(kept_for_admins), "{kept_for_admins}");
        }
    }

    #[test]
    fn names_of_roles_are_short_words() {
        for (name, ok) in [
            ("release-captain", true),
            ("admin", true),
            ("tier2", true),
            ("", false),
            ("-", false),
            ("a--b", false),
            ("Admin", false),
            ("team lead", false),
            ("rôle", false),
            (&*"a".repeat(64), true),
            (&*"a".repeat(65), false),
        ] {
            assert_eq!(RoleName::parse(name).is_ok(), ok, "{name}");
        }
        for role in BuiltInRole::ALL {
            assert_eq!(RoleName::from(role).built_in(), Some(role));
        }
    }
}
