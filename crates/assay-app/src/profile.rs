//! Who the caller is, what they may do, and what their organisation used up.

use assay_auth::{Actor, Denied, OrganisationId, Permission, PermissionSet, Scope};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::quota::QuotaView;

/// What was used of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageView {
    /// Who runs the model.
    pub provider: String,
    /// The model.
    pub model: String,
    /// How often it was called.
    pub calls: i64,
    /// Tokens that went in.
    pub prompt_tokens: i64,
    /// Tokens that came out.
    pub completion_tokens: i64,
    /// What it cost, in millionths.
    pub cost_micros: i64,
}

/// What the caller sees of themselves.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Who it is, as the audit log names them.
    pub actor: Actor,
    /// The person's name, where there is a person.
    pub login: Option<String>,
    /// The organisation that is meant.
    pub organisation: OrganisationId,
    /// Its name in addresses.
    pub organisation_name: String,
    /// What they may do there.
    pub permissions: PermissionSet,
    /// What models were used this month, by those who may see it.
    pub usage: Option<Vec<UsageView>>,
    /// From when on that is counted.
    pub usage_from_ms: i64,
    /// The quotas that hold for the caller.
    pub quotas: Vec<QuotaView>,
}

/// Usage is counted over so many days.
const USAGE_MS: i64 = 30 * 24 * 3_600_000;

impl App {
    /// Returns the caller's profile in the organisation that they mean.
    pub async fn profile(&self, caller: &Caller) -> Result<Profile, Error> {
        let (organisation, permissions) = self.home(caller)?;
        let scope = Scope::system("profile").within(organisation)?;
        let now_ms = self.now_ms();
        let usage_from_ms = now_ms - USAGE_MS;
        let mut tx = self.store().read().await?;
        let login = match caller.principal().actor().user() {
            Some(user) => Some(tx.user_get(&scope, user).await?.login),
            None => None,
        };
        let usage = if permissions.has(Permission::UsageRead) {
            let totals = tx.model_usage_total(&scope, usage_from_ms, now_ms).await?;
            let view = |total: assay_store::UsageTotal| UsageView {
                provider: total.provider,
                model: total.model,
                calls: total.calls,
                prompt_tokens: total.prompt_tokens,
                completion_tokens: total.completion_tokens,
                cost_micros: total.cost_micros,
            };
            Some(totals.into_iter().map(view).collect())
        } else {
            None
        };
        Ok(Profile {
            actor: caller.principal().actor().clone(),
            login,
            organisation,
            organisation_name: tx.organisation_get(&scope, organisation).await?.name,
            permissions,
            usage,
            usage_from_ms,
            quotas: self
                .quota_views(&mut tx, &scope, caller.principal().actor())
                .await?,
        })
    }

    /// Checks that the caller is in the organisation that they mean, and nothing else.
    pub fn check_inside(&self, caller: &Caller) -> Result<(), Error> {
        self.home(caller).map(|_| ())
    }

    /// Returns the organisation that the caller means and what they may do there.
    /// This needs no permission but to be in it.
    pub(crate) fn home(&self, caller: &Caller) -> Result<(OrganisationId, PermissionSet), Error> {
        let principal = caller.principal();
        if *principal.actor() == Actor::Nobody {
            return Err(Denied::Unauthenticated.into());
        }
        let named = caller.named().or_else(|| principal.home());
        let organisation = match named {
            Some(organisation) => organisation,
            None if principal.grants().is_empty() => return Err(Denied::NotFound.into()),
            None => return Err(Error::OrganisationUnnamed),
        };
        let mut grants = principal.grants().iter();
        let grant = grants.find(|grant| grant.organisation == organisation);
        let grant = grant.ok_or(Denied::NotFound)?;
        Ok((organisation, grant.permissions))
    }
}
