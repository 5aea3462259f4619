//! Quotas: how many reviews, questions and calls of the API an organisation and each of its
//! people and keys has a day and a month. They are a setting of the organisation.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use assay_auth::{Actor, Identifier, OrganisationId, Quota, QuotaDecision, Scope, Usage};
use assay_store::Tx;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::outgoing_event::{OutgoingEvent, ReachedQuota, announce};

/// The name of the setting.
pub(crate) const SETTING: &str = "quota";
/// So long another process may take to see a change.
const KEPT_MS: i64 = 5_000;
/// Settings of so many organisations are kept at hand.
const KEPT_MAX: usize = 10_000;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaKind {
    /// Reviews that are asked for.
    Reviews,
    /// Calls of the API.
    Calls,
    /// Questions about repositories.
    Questions,
}

impl QuotaKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reviews, Self::Calls, Self::Questions];

    /// Returns the name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reviews => "reviews",
            Self::Calls => "calls",
            Self::Questions => "questions",
        }
    }
}

/// How much there is a day and a month; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    day: Option<u64>,
    month: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Kinds {
    reviews: Limits,
    calls: Limits,
    questions: Limits,
}

/// The quotas of an organisation, as they are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Quotas {
    /// Of all of it together.
    organisation: Kinds,
    /// Of each person, and of each key of the organisation's own.
    user: Kinds,
}

impl Kinds {
    fn quota(&self, kind: QuotaKind) -> Quota {
        let limits = match kind {
            QuotaKind::Reviews => self.reviews,
            QuotaKind::Calls => self.calls,
            QuotaKind::Questions => self.questions,
        };
        Quota {
            day_max: limits.day,
            month_max: limits.month,
        }
    }
}

impl Quotas {
    fn is_limited(&self, kind: QuotaKind) -> bool {
        let none = Quota::default();
        self.organisation.quota(kind) != none || self.user.quota(kind) != none
    }
}

/// A quota and what was used of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaView {
    /// What is counted.
    pub kind: QuotaKind,
    /// Whether it is the organisation's, else the caller's own.
    pub is_organisation: bool,
    /// How much there is.
    pub quota: Quota,
    /// Used today.
    pub day_used: u64,
    /// Used this month.
    pub month_used: u64,
    /// When the day is over.
    pub day_resets_ms: i64,
    /// When the month is over.
    pub month_resets_ms: i64,
}

/// Quotas as they were lately set, so that not every call asks the database.
#[derive(Debug, Default)]
pub(crate) struct KeptQuotas(Mutex<HashMap<OrganisationId, (Quotas, i64)>>);

impl KeptQuotas {
    fn get(&self, organisation: OrganisationId, now_ms: i64) -> Option<Quotas> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (quotas, at_ms) = kept.get(&organisation)?;
        let age_ms = now_ms.saturating_sub(*at_ms);
        (0..KEPT_MS).contains(&age_ms).then_some(*quotas)
    }

    fn put(&self, organisation: OrganisationId, quotas: Quotas, now_ms: i64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(organisation, (quotas, now_ms));
    }

    /// Forgets what an organisation had set.
    pub(crate) fn forget(&self, organisation: OrganisationId) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&organisation);
    }
}

impl App {
    /// Counts a call of the API, or refuses it when there are no more.
    pub async fn count_call(&self, caller: &Caller) -> Result<(), Error> {
        // Whoever is nowhere is told so by what they ask for.
        let Ok((organisation, _)) = self.home(caller) else {
            return Ok(());
        };
        let quotas = self.quotas_of(organisation).await?;
        if !quotas.is_limited(QuotaKind::Calls) {
            return Ok(());
        }
        let scope = Scope::system("quota").within(organisation)?;
        let mut tx = self.store().begin().await?;
        let actor = caller.principal().actor();
        self.take_of(&mut tx, &scope, actor, QuotaKind::Calls, &quotas)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns whether the caller's calls are counted, so that each has to be.
    pub async fn counts_calls(&self, caller: &Caller) -> Result<bool, Error> {
        let Ok((organisation, _)) = self.home(caller) else {
            return Ok(true);
        };
        let quotas = self.quotas_of(organisation).await?;
        Ok(quotas.is_limited(QuotaKind::Calls))
    }

    /// Uses one of what the scope's actor has, in the transaction that does it: what is
    /// not done is not counted.
    pub(crate) async fn quota_take(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        kind: QuotaKind,
    ) -> Result<(), Error> {
        let quotas = read(tx, scope).await?;
        let actor = scope.actor().clone();
        self.take_of(tx, scope, &actor, kind, &quotas).await
    }

    async fn take_of(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        actor: &Actor,
        kind: QuotaKind,
        quotas: &Quotas,
    ) -> Result<(), Error> {
        let own = subject(actor).map(|own| (Some(own), quotas.user.quota(kind)));
        let all = (None, quotas.organisation.quota(kind));
        // Always in this order: two who use both do not wait for each other for ever.
        for (subject, quota) in [Some(all), own].into_iter().flatten() {
            let decision = tx.quota_take(scope, subject, kind.name(), quota, 1).await?;
            match decision {
                QuotaDecision::Pass(usage) => {
                    self.announce_reached(tx, scope, (kind, subject), quota, usage)
                        .await?;
                }
                QuotaDecision::Exhausted { again_ms } => {
                    return Err(Error::QuotaExhausted {
                        kind: kind.name(),
                        retry_ms: again_ms.saturating_sub(self.now_ms()).max(1),
                    });
                }
            }
        }
        Ok(())
    }

    /// Announces that the last of a quota was used: once, with the one who used it.
    async fn announce_reached(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        (kind, subject): (QuotaKind, Option<Identifier>),
        quota: Quota,
        usage: Usage,
    ) -> Result<(), Error> {
        let (day_resets_ms, month_resets_ms) = Quota::resets_ms(self.now_ms());
        let periods = [
            ("day", quota.day_max, usage.day, day_resets_ms),
            ("month", quota.month_max, usage.month, month_resets_ms),
        ];
        for (period, limit, used, resets_ms) in periods {
            if let Some(limit) = limit.filter(|limit| *limit == used) {
                let event = OutgoingEvent::QuotaReached(ReachedQuota {
                    kind: kind.name(),
                    period,
                    limit,
                    subject,
                    resets_ms,
                });
                announce(tx, scope, &event).await?;
            }
        }
        Ok(())
    }

    /// Returns the quotas that hold for the caller, with what was used.
    pub(crate) async fn quota_views(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        actor: &Actor,
    ) -> Result<Vec<QuotaView>, Error> {
        let quotas = read(tx, scope).await?;
        let now_ms = self.now_ms();
        let mut views = Vec::new();
        for kind in QuotaKind::ALL {
            let own = subject(actor).map(|own| (Some(own), quotas.user.quota(kind)));
            let all = (None, quotas.organisation.quota(kind));
            for (subject, quota) in [Some(all), own].into_iter().flatten() {
                let used = tx.quota_usage(scope, subject, kind.name()).await?;
                let (day_resets_ms, month_resets_ms) = Quota::resets_ms(now_ms);
                views.push(QuotaView {
                    kind,
                    is_organisation: subject.is_none(),
                    quota,
                    day_used: used.day,
                    month_used: used.month,
                    day_resets_ms,
                    month_resets_ms,
                });
            }
        }
        Ok(views)
    }

    async fn quotas_of(&self, organisation: OrganisationId) -> Result<Quotas, Error> {
        let now_ms = self.now_ms();
        if let Some(quotas) = self.kept_quotas().get(organisation, now_ms) {
            return Ok(quotas);
        }
        let scope = Scope::system("quota").within(organisation)?;
        let mut tx = self.store().read().await?;
        let quotas = read(&mut tx, &scope).await?;
        self.kept_quotas().put(organisation, quotas, now_ms);
        Ok(quotas)
    }
}

/// Returns whose own quota an actor uses: a person's, also by a key of theirs, or the
/// key's, where it is nobody's.
fn subject(actor: &Actor) -> Option<Identifier> {
    match actor {
        Actor::User(user) | Actor::Key(_, Some(user)) => Some(user.identifier()),
        Actor::Key(key, None) => Some(key.identifier()),
        Actor::Nobody | Actor::Service(_) | Actor::System(_) => None,
    }
}

async fn read(tx: &mut Tx, scope: &Scope) -> Result<Quotas, Error> {
    match tx.setting_get(scope, SETTING).await? {
        None => Ok(Quotas::default()),
        Some(setting) => serde_json::from_str(&setting.value)
            .map_err(|why| Error::Internal(format!("the quotas that are kept: {why}"))),
    }
}
