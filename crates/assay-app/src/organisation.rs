//! Organisations: what a caller sees of theirs, and, from the platform's own one, how
//! others are made and ended.

use assay_auth::{
    Actor, BuiltInRole, Denied, IssuedKey, OrganisationId, Permission, PermissionSet, Scope,
};
use assay_store::{NewApiKey, Organisation, Tx};
use secrecy::SecretString;
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::first_key;
use crate::paging::Paging;
use crate::role::RoleView;
use crate::version::Expected;

const NAME_CHARS_MAX: usize = 100;
/// So long may the name in addresses be.
const SLUG_BYTES_MAX: usize = 64;

/// An organisation and its roles.
#[derive(Clone, Debug)]
pub struct OrganisationView {
    /// Its identifier.
    pub id: OrganisationId,
    /// Its name in addresses.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// When it was made.
    pub created_ms: i64,
    /// What a change refers to.
    pub version: i64,
    /// Its roles, built in ones first, for those who may see them.
    pub roles: Vec<RoleView>,
}

/// An organisation that was made.
#[derive(Debug)]
pub struct CreatedOrganisation {
    /// Its identifier.
    pub id: OrganisationId,
    /// The key of its first administrator, to be shown once.
    pub key: SecretString,
}

impl From<Organisation> for OrganisationView {
    fn from(row: Organisation) -> Self {
        Self {
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            created_ms: row.created_ms,
            version: row.version,
            roles: Vec::new(),
        }
    }
}

impl App {
    /// Returns the caller's organisation.
    pub async fn organisation_get(&self, caller: &Caller) -> Result<OrganisationView, Error> {
        let scope = caller.authorise(Permission::OrganisationRead)?;
        let mut tx = self.store().read().await?;
        let id = scope.organisation().ok_or(Error::OrganisationUnnamed)?;
        let mut view = OrganisationView::from(tx.organisation_get(&scope, id).await?);
        if scope.require(Permission::RoleRead).is_ok() {
            view.roles.extend(BuiltInRole::ALL.map(RoleView::from));
            let own = tx.role_list(&scope).await?;
            view.roles.extend(own.into_iter().map(RoleView::from));
        }
        Ok(view)
    }

    /// Gives the caller's organisation another name for people.
    pub async fn organisation_rename(
        &self,
        caller: &Caller,
        name: &str,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::OrganisationManage)?;
        check_display_name(name)?;
        let id = scope.organisation().ok_or(Error::OrganisationUnnamed)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let before = tx.organisation_get(&scope, id).await?;
        expected.check(before.version)?;
        tx.organisation_update(&scope, id, name).await?;
        let target = format!("organisation:{id}");
        let details = json!({"display_name": name, "before": before.display_name});
        audit(&mut tx, &scope, "organisation.rename", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lists organisations, the newest first: all, for those who look after the
    /// platform, else those that the caller is in.
    pub async fn organisation_list(
        &self,
        caller: &Caller,
        paging: Paging,
    ) -> Result<Vec<OrganisationView>, Error> {
        let principal = caller.principal();
        if *principal.actor() == Actor::Nobody {
            return Err(Denied::Unauthenticated.into());
        }
        if let Some(named) = caller.named()
            && !principal
                .grants()
                .iter()
                .any(|one| one.organisation == named)
        {
            return Err(Denied::NotFound.into());
        }
        let mut tx = self.store().read().await?;
        let system = Scope::system("organisations");
        let page = paging.page(OrganisationId::from_identifier);
        if platform_scope(&mut tx, caller).await.is_ok() {
            let all = tx.organisation_list(&system, page).await?;
            return Ok(all.into_iter().map(OrganisationView::from).collect());
        }
        let grants = principal.grants().iter();
        let seen = grants.filter(|grant| grant.permissions.has(Permission::OrganisationRead));
        let mut ids: Vec<_> = seen.map(|grant| grant.organisation).collect();
        ids.sort_unstable_by(|left, right| right.cmp(left));
        ids.retain(|id| page.after.is_none_or(|after| *id < after));
        ids.truncate(page.rows_max as usize);
        let mut views = Vec::with_capacity(ids.len());
        for id in ids {
            views.push(tx.organisation_get(&system, id).await?.into());
        }
        Ok(views)
    }

    /// Makes an organisation, with a key for whoever is to look after it; a person who
    /// makes one looks after it as well. Only those who manage the platform's own
    /// organisation do so.
    pub async fn organisation_create(
        &self,
        caller: &Caller,
        name: &str,
        display_name: &str,
    ) -> Result<CreatedOrganisation, Error> {
        check_display_name(display_name)?;
        let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > SLUG_BYTES_MAX || !name.bytes().all(is_fit) {
            let why = format!("1 to {SLUG_BYTES_MAX} lower-case letters, digits and `-`");
            return Err(Error::invalid("name", why));
        }
        let mut tx = self.store().begin().await?;
        let scope = platform_scope(&mut tx, caller).await?;
        let system = Scope::system("organisation");
        let id = tx.organisation_insert(&system, name, display_name).await?;
        let inside = system.within(id)?;
        let key = self.key_of_administrator(&mut tx, &inside).await?;
        if let Some(user) = scope.actor().user() {
            let admin = BuiltInRole::Admin.name();
            tx.member_put(&inside, user, admin).await?;
        }
        let details = json!({"name": name, "display_name": display_name});
        let target = format!("organisation:{id}");
        audit(&mut tx, &scope, "organisation.create", target, details).await?;
        tx.commit().await?;
        Ok(CreatedOrganisation { id, key })
    }

    /// Ends an organisation: nobody is in it any more, its keys are worth nothing, its
    /// name stays taken. The platform's own one is never ended.
    pub async fn organisation_remove(
        &self,
        caller: &Caller,
        id: OrganisationId,
        expected: &Expected,
    ) -> Result<(), Error> {
        let mut tx = self.store().begin().await?;
        let scope = platform_scope(&mut tx, caller).await?;
        if scope.organisation() == Some(id) {
            return Err(Error::invalid("id", "the platform's own one stays"));
        }
        let system = Scope::system("organisation");
        tx.organisation_hold(&system.within(id)?).await?;
        let before = tx.organisation_get(&system, id).await?;
        expected.check(before.version)?;
        tx.organisation_remove(&system, id).await?;
        let details = json!({"name": before.name});
        let target = format!("organisation:{id}");
        audit(&mut tx, &scope, "organisation.remove", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes a key that may do everything in the scope's organisation.
    pub(crate) async fn key_of_administrator(
        &self,
        tx: &mut Tx,
        scope: &Scope,
    ) -> Result<SecretString, Error> {
        let issued = IssuedKey::new(self.clock(), self.randomness());
        let new = NewApiKey {
            id: issued.id(),
            user: None,
            name: "first administrator".to_owned(),
            secret_hash: issued.hash().as_bytes().to_vec(),
            permissions: PermissionSet::ALL,
            expires_ms: None,
        };
        tx.key_insert(scope, &new).await?;
        let target = format!("key:{}", new.id);
        audit(tx, scope, "key.create", target, json!({"name": new.name})).await?;
        Ok(issued.text().clone())
    }
}

/// Returns the proof that the caller looks after the platform: who may manage the
/// organisation that was there first. Others do not learn that there is more.
pub(crate) async fn platform_scope(tx: &mut Tx, caller: &Caller) -> Result<Scope, Error> {
    let principal = caller.principal();
    if *principal.actor() == Actor::Nobody {
        return Err(Denied::Unauthenticated.into());
    }
    let system = Scope::system("platform");
    let own = match tx.organisation_find(&system, first_key::ORGANISATION).await {
        Ok(own) => own.id,
        Err(assay_store::Error::NotFound(_)) => return Err(Denied::NotFound.into()),
        Err(error) => return Err(error.into()),
    };
    Ok(principal.authorise(Permission::OrganisationManage, own)?)
}

fn check_display_name(name: &str) -> Result<(), Error> {
    if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
        let why = format!("1 to {NAME_CHARS_MAX} characters");
        return Err(Error::invalid("display_name", why));
    }
    Ok(())
}
