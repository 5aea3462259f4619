//! Who calls: from what they showed to what they may do, today.

use assay_auth::{
    AuthError, BuiltInRole, Denied, Grant, KeptKey, KeyHash, KeyId, OrganisationId, Permission,
    PermissionSet, PresentedKey, Principal, RoleName, Scope, SessionId, Subject, UserId,
};
use assay_store::{ApiKey, Tx};

use crate::app::App;
use crate::error::Error;

/// How often the use of a key is written down.
const KEY_USED_EVERY_MS: i64 = 60_000;

/// A caller, and the organisation that they mean, if they named one.
#[derive(Clone, Debug)]
pub struct Caller {
    principal: Principal,
    organisation: Option<OrganisationId>,
    session: Option<SessionId>,
}

impl Caller {
    /// Returns somebody who showed nothing.
    pub fn nobody() -> Self {
        Self::new(Principal::nobody(), None)
    }

    /// Returns a caller who was checked.
    pub fn new(principal: Principal, organisation: Option<OrganisationId>) -> Self {
        Self {
            principal,
            organisation,
            session: None,
        }
    }

    /// Says that the caller showed a session.
    pub(crate) fn in_session(self, session: SessionId) -> Self {
        Self {
            session: Some(session),
            ..self
        }
    }

    /// Returns the session that the caller showed, if they showed one.
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// Returns the caller, if it is somebody.
    pub fn identified(self) -> Result<Self, Error> {
        match self.principal.actor() {
            assay_auth::Actor::Nobody => Err(Denied::Unauthenticated.into()),
            _ => Ok(self),
        }
    }

    /// Returns who it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Returns the organisation that the caller named.
    pub(crate) fn named(&self) -> Option<OrganisationId> {
        self.organisation
    }

    /// Returns the proof that the caller may do that in the organisation that they
    /// named, or in the only one that they are in.
    pub fn authorise(&self, permission: Permission) -> Result<Scope, Error> {
        let organisation = self.organisation.or_else(|| self.principal.home());
        match organisation {
            Some(organisation) => Ok(self.principal.authorise(permission, organisation)?),
            None if self.principal.grants().is_empty() => Err(self.outside().into()),
            None => Err(Error::OrganisationUnnamed),
        }
    }

    /// Returns the proof for somebody who may do any of these.
    pub(crate) fn authorise_any(&self, permissions: &[Permission]) -> Result<Scope, Error> {
        let mut last = Error::from(self.outside());
        for permission in permissions {
            match self.authorise(*permission) {
                Ok(scope) => return Ok(scope),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn outside(&self) -> Denied {
        match self.principal.actor() {
            assay_auth::Actor::Nobody => Denied::Unauthenticated,
            _ => Denied::NotFound,
        }
    }
}

impl App {
    /// Checks an API key or a token. `organisation` is the one that the caller
    /// named, which nobody has checked yet.
    pub async fn authenticate(
        &self,
        credential: &str,
        organisation: Option<OrganisationId>,
    ) -> Result<Caller, Error> {
        let principal = if PresentedKey::is_one(credential) {
            self.principal_of_key(credential).await?
        } else {
            self.principal_of_token(credential).await?
        };
        Ok(Caller::new(principal, organisation))
    }

    /// Checks an API key, and nothing else.
    pub(crate) async fn authenticate_key(&self, text: &str) -> Result<Caller, Error> {
        Ok(Caller::new(self.principal_of_key(text).await?, None))
    }

    async fn principal_of_key(&self, text: &str) -> Result<Principal, Error> {
        let presented = PresentedKey::parse(text)?;
        let now_ms = self.now_ms();
        let mut tx = self.store().read().await?;
        let (row, owner) = key_and_owner(&mut tx, presented.id()).await?;
        let principal = kept_key(&row)?.authenticate(&presented, owner, now_ms)?;
        drop(tx);
        let is_old = |used: i64| now_ms.saturating_sub(used) >= KEY_USED_EVERY_MS;
        if row.last_used_ms.is_none_or(is_old)
            && let Err(error) = self.note_use(row.id).await
        {
            // A key is good also while that cannot be written down.
            tracing::warn!(error = ?error, "the use of a key was not noted");
        }
        Ok(principal)
    }

    async fn note_use(&self, key: KeyId) -> Result<(), Error> {
        let mut tx = self.store().begin().await?;
        tx.key_used(&Scope::system("authentication"), key).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A token says what its subject may do at most; whoever lost a right since, or
    /// was shut out, has lost it at once.
    async fn principal_of_token(&self, token: &str) -> Result<Principal, Error> {
        let now_ms = self.now_ms();
        let claims = self.options().token_keys.verify(token, now_ms)?;
        let mut tx = self.store().read().await?;
        let narrow = |grant: &Grant| Grant {
            organisation: grant.organisation,
            permissions: grant.permissions.intersection(claims.permissions),
        };
        match claims.subject {
            Subject::Key(key) => {
                let principal = principal_of_kept_key(&mut tx, key, now_ms).await?;
                let here = principal.grants().iter();
                let mut here = here.filter(|one| one.organisation == claims.organisation);
                let grant = here.next().ok_or(AuthError::KeyRevoked)?;
                let owner = principal.actor().user();
                Ok(Principal::key(key, owner, narrow(grant)))
            }
            Subject::User(user) => {
                let grants = grants_of(&mut tx, user).await?;
                let here = grants
                    .iter()
                    .filter(|one| one.organisation == claims.organisation);
                Ok(Principal::user(user, here.map(narrow).collect()))
            }
        }
    }
}

/// Returns who has a key that was checked before, if it is still good.
pub(crate) async fn principal_of_kept_key(
    tx: &mut Tx,
    key: KeyId,
    now_ms: i64,
) -> Result<Principal, Error> {
    let (row, owner) = key_and_owner(tx, key).await?;
    if row.revoked_ms.is_some() || row.expires_ms.is_some_and(|expires| expires <= now_ms) {
        return Err(AuthError::KeyRevoked.into());
    }
    let grant = Grant {
        organisation: row.organisation,
        permissions: row.permissions.intersection(owner),
    };
    Ok(Principal::key(key, row.user, grant))
}

/// Finds a key, and what its owner may do: all, where it is nobody's.
async fn key_and_owner(tx: &mut Tx, key: KeyId) -> Result<(ApiKey, PermissionSet), Error> {
    let system = Scope::system("authentication");
    let row = match tx.key_get(&system, key).await {
        Ok(row) => row,
        Err(assay_store::Error::NotFound(_)) => return Err(AuthError::KeyWrong.into()),
        Err(error) => return Err(error.into()),
    };
    let owner = match row.user {
        None => PermissionSet::ALL,
        Some(user) => {
            let grants = grants_of(tx, user).await?;
            let mut here = grants
                .iter()
                .filter(|one| one.organisation == row.organisation);
            here.next()
                .map_or(PermissionSet::NONE, |grant| grant.permissions)
        }
    };
    Ok((row, owner))
}

/// Returns what a person may do where; nothing, when they were shut out.
pub(crate) async fn grants_of(tx: &mut Tx, user: UserId) -> Result<Vec<Grant>, Error> {
    let system = Scope::system("authentication");
    let is_out = match tx.user_get(&system, user).await {
        Ok(row) => row.disabled_ms.is_some(),
        Err(assay_store::Error::NotFound(_)) => true,
        Err(error) => return Err(error.into()),
    };
    if is_out {
        return Ok(Vec::new());
    }
    let mut grants = Vec::new();
    for member in tx.member_list_of_user(&system, user).await? {
        let scope = system.within(member.organisation)?;
        grants.push(Grant {
            organisation: member.organisation,
            permissions: permissions_of_role(tx, &scope, &member.role).await?,
        });
    }
    Ok(grants)
}

/// Returns what a role allows; one that is gone allows nothing.
pub(crate) async fn permissions_of_role(
    tx: &mut Tx,
    scope: &Scope,
    role: &str,
) -> Result<PermissionSet, Error> {
    match BuiltInRole::parse(role) {
        Some(role) => Ok(role.permissions()),
        None => {
            let name = RoleName::parse(role)?;
            let found = tx.role_find(scope, name.as_str()).await?;
            Ok(found.map_or(PermissionSet::NONE, |role| role.permissions))
        }
    }
}

fn kept_key(row: &ApiKey) -> Result<KeptKey, Error> {
    let hash = row.secret_hash.as_slice().try_into();
    let hash =
        hash.map_err(|_| Error::Internal("the hash of a key has a wrong length".to_owned()))?;
    Ok(KeptKey {
        id: row.id,
        organisation: row.organisation,
        owner: row.user,
        hash: KeyHash::from_bytes(hash),
        permissions: row.permissions,
        expires_ms: row.expires_ms,
        revoked_ms: row.revoked_ms,
    })
}
