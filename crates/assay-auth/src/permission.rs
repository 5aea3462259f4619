//! The things that can be allowed. The set is closed and its names never change
//! their meaning: they stand in keys, roles, tokens and the audit log.

use std::fmt;

use crate::error::AuthError;

macro_rules! permissions {
    ($($(#[doc = $what:literal])+ $variant:ident = $name:literal,)+) => {
        /// One thing that can be allowed in an organisation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission {
            $($(#[doc = $what])+ $variant,)+
        }

        impl Permission {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the stable name, such as `review:read`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns what it allows, in words.
            pub const fn what(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($what),+).trim_ascii(),)+
                }
            }
        }
    };
}

permissions! {
    /// See the organisation.
    OrganisationRead = "organisation:read",
    /// Change the organisation.
    OrganisationManage = "organisation:manage",
    /// See the people of the organisation and their roles.
    UserRead = "user:read",
    /// Invite and remove people and give them roles.
    UserManage = "user:manage",
    /// See teams.
    TeamRead = "team:read",
    /// Make, change and remove teams.
    TeamManage = "team:manage",
    /// See the roles and what they allow.
    RoleRead = "role:read",
    /// Make, change and remove roles.
    RoleManage = "role:manage",
    /// See all API keys of the organisation, never their secrets.
    KeyRead = "key:read",
    /// Make and revoke API keys of the organisation.
    KeyManage = "key:manage",
    /// Make, see and revoke API keys of one's own.
    KeyOwn = "key:own",
    /// See repositories.
    RepositoryRead = "repository:read",
    /// Add, change and remove repositories.
    RepositoryManage = "repository:manage",
    /// See reviews, their findings and metrics.
    ReviewRead = "review:read",
    /// Start and cancel reviews.
    ReviewRun = "review:run",
    /// Take part in the talk about a review.
    ReviewDiscuss = "review:discuss",
    /// Remove reviews.
    ReviewDelete = "review:delete",
    /// Accept, reject and silence findings.
    FindingJudge = "finding:judge",
    /// Have a text looked through for secrets and the like.
    ScanRun = "scan:run",
    /// See dashboards and figures.
    MetricRead = "metric:read",
    /// See what models and reviews have used up.
    UsageRead = "usage:read",
    /// Set quotas and budgets.
    QuotaManage = "quota:manage",
    /// See tasks.
    TaskRead = "task:read",
    /// Retry, cancel and remove tasks.
    TaskManage = "task:manage",
    /// See settings.
    SettingRead = "setting:read",
    /// Change settings.
    SettingManage = "setting:manage",
    /// See where outgoing webhooks go.
    WebhookRead = "webhook:read",
    /// Add, change and remove outgoing webhooks.
    WebhookManage = "webhook:manage",
    /// See the connections to forges.
    InstallationRead = "installation:read",
    /// Add, change and remove connections to forges.
    InstallationManage = "installation:manage",
    /// Read the audit log and check its chain.
    AuditRead = "audit:read",
    /// Search what the organisation knows and read its documents.
    KnowledgeRead = "knowledge:read",
    /// Add, change and remove documents of what the organisation knows.
    KnowledgeManage = "knowledge:manage",
    /// See what models are told, in which versions, and how experiments with them go.
    PromptRead = "prompt:read",
    /// Write and activate what models are told, and run experiments with it.
    PromptManage = "prompt:manage",
}

impl Permission {
    /// Finds the permission of a name.
    pub fn parse(name: &str) -> Result<Self, AuthError> {
        let found = Self::ALL
            .iter()
            .find(|permission| permission.name() == name);
        found.copied().ok_or(AuthError::PermissionUnknown)
    }

    /// Returns the permission to see what this one changes, if that is another.
    ///
    /// Who lacks both does not learn that the thing is there.
    pub fn sight(self) -> Option<Self> {
        let (noun, _) = self.name().split_once(':')?;
        let sight = Self::ALL.iter().find(|permission| {
            permission.name().strip_prefix(noun) == Some(":read") && **permission != self
        });
        sight.copied()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PermissionSet(u64);

// Invariant: each permission has a bit of its own.
const _: () = assert!(Permission::ALL.len() <= u64::BITS as usize);

impl PermissionSet {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Everything.
    pub const ALL: Self = Self::of(Permission::ALL);

    /// Returns the set of these.
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut set = 0;
        let mut at = 0;
        while at < permissions.len() {
            set |= 1 << permissions[at] as u64;
            at += 1;
        }
        Self(set)
    }

    /// Reads names; the first unknown one is an error.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, AuthError> {
        let mut set = Self::NONE;
        for name in names {
            set = set.with(Permission::parse(name)?);
        }
        Ok(set)
    }

    /// Returns the set and one more.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u64)
    }

    /// Returns what is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns what is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns whether the permission is in it.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u64) != 0
    }

    /// Returns whether all of the other set is in it.
    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Iterates over it in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        let all = Permission::ALL.iter().copied();
        all.filter(move |permission| self.has(*permission))
    }

    /// Returns the names, as they are kept and shown.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Permission::name).collect()
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Permission, PermissionSet};

    #[test]
    fn names_are_unique_and_read_back() {
        let names: BTreeSet<_> = Permission::ALL.iter().map(|one| one.name()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        for &permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.name()), Ok(permission));
            let (noun, verb) = permission.name().split_once(':').unwrap();
            assert!(
                noun.bytes()
                    .chain(verb.bytes())
                    .all(|b| b.is_ascii_lowercase())
            );
            assert!(permission.what().ends_with('.'), "{permission}");
        }
        for wrong in ["", "review", "review:Read", "review:read ", "admin", "*"] {
            assert!(Permission::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_changes_a_thing_is_seen_by_those_who_read_it() {
        for (permission, sight) in [
            (Permission::TaskManage, Some(Permission::TaskRead)),
            (Permission::ReviewRun, Some(Permission::ReviewRead)),
            (Permission::KeyOwn, Some(Permission::KeyRead)),
            (Permission::TaskRead, None),
            (Permission::ScanRun, None),
            (Permission::AuditRead, None),
        ] {
            assert_eq!(permission.sight(), sight, "{permission}");
        }
    }

    #[test]
    fn sets_are_what_their_names_say() {
        let set = PermissionSet::parse(["task:read", "review:read", "task:read"]).unwrap();
        assert_eq!(set.names(), ["review:read", "task:read"]);
        assert!(set.has(Permission::TaskRead) && !set.has(Permission::TaskManage));
        assert!(PermissionSet::ALL.includes(set) && !set.includes(PermissionSet::ALL));
        assert_eq!(PermissionSet::ALL.iter().count(), Permission::ALL.len());
        assert_eq!(set.intersection(PermissionSet::NONE), PermissionSet::NONE);
        assert!(PermissionSet::parse(["review:read", "all"]).is_err());
    }
}
