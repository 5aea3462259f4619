//! What somebody who checks the platform asks for: whether the audit log is whole, all
//! of it, and a report of who may do what and what was done.

use std::collections::BTreeMap;

use assay_auth::{AuditEvent, AuditHash, OrganisationId, Permission, Scope, UserId};
use assay_store::{AuditEntry, AuditFault, Page, Retention, Tx};
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{AuditCheck, AuditView};
use crate::caller::{Caller, permissions_of_role};
use crate::error::Error;

const DAY_MS: i64 = 24 * 3_600_000;
/// So far back a report looks at what was done.
const REPORT_DAYS: i64 = 90;
/// So many people, and so many keys, a report lists.
const ROWS_MAX: usize = 10_000;
/// So many rows are read at a time.
const PAGE_ROWS: u32 = 500;
/// A key that was not shown for so long is one that nobody needs.
const UNUSED_DAYS: i64 = 90;

/// A chain of the audit log, and what a check of it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainCheck {
    /// Whose: an organisation's, by its name in addresses, or the platform's own.
    pub organisation: Option<(OrganisationId, String)>,
    /// What was found.
    pub check: AuditCheck,
}

/// Checks a chain from its first entry.
pub(crate) async fn check_chain(tx: &mut Tx, scope: &Scope) -> Result<AuditCheck, Error> {
    let (_, last_hash) = tx.audit_last(scope).await?;
    let (entries, fault) = tx.audit_verify(scope).await?;
    Ok(AuditCheck {
        entries,
        last_hash,
        broken_at: fault.map(|fault| match fault {
            AuditFault::Entry(number) => number,
            AuditFault::End { found, .. } => found + 1,
        }),
    })
}

/// An entry as it is written down elsewhere: everything that its hash covers.
#[derive(Serialize)]
struct ExportedEntry<'a> {
    number: i64,
    at_ms: i64,
    organisation: Option<String>,
    actor: &'a str,
    action: &'a str,
    target: &'a str,
    details: &'a Value,
    hash: String,
}

/// Returns an entry as a line of JSON.
pub fn audit_line(number: i64, event: &AuditEvent, hash: AuditHash) -> String {
    let entry = ExportedEntry {
        number,
        at_ms: event.at_ms,
        organisation: event.organisation.map(|id| id.to_string()),
        actor: &event.actor,
        action: &event.action,
        target: &event.target,
        details: &event.details,
        hash: hash.to_string(),
    };
    let line = serde_json::to_string(&entry);
    line.expect("texts and numbers can be written") + "\n"
}

impl App {
    /// Checks all chains, for whoever has the database: the platform's own first.
    pub async fn audit_check_all(&self) -> Result<Vec<ChainCheck>, Error> {
        let system = Scope::system("audit");
        let mut tx = self.store().read().await?;
        let mut checks = vec![ChainCheck {
            organisation: None,
            check: check_chain(&mut tx, &system).await?,
        }];
        let mut page = Page::first(PAGE_ROWS);
        loop {
            let organisations = tx.organisation_list(&system, page).await?;
            let Some(last) = organisations.last() else {
                return Ok(checks);
            };
            page.after = Some(last.id);
            for organisation in organisations {
                let scope = system.within(organisation.id)?;
                checks.push(ChainCheck {
                    check: check_chain(&mut tx, &scope).await?,
                    organisation: Some((organisation.id, organisation.name)),
                });
            }
        }
    }

    /// Returns entries after a number as lines of JSON, for whoever has the database; of
    /// the platform's chain, or of an organisation's by its name in addresses.
    pub async fn audit_lines(
        &self,
        organisation: Option<&str>,
        after: i64,
    ) -> Result<Vec<(i64, String)>, Error> {
        let system = Scope::system("audit");
        let mut tx = self.store().read().await?;
        let scope = match organisation {
            None => system,
            Some(name) => {
                let found = tx.organisation_find(&system, name).await?;
                system.within(found.id)?
            }
        };
        let entries = tx.audit_list(&scope, after, PAGE_ROWS).await?;
        let line = |entry: AuditEntry| {
            let line = audit_line(entry.number, &entry.event, entry.hash);
            (entry.number, line)
        };
        Ok(entries.into_iter().map(line).collect())
    }

    /// Returns the organisation's entries after a number, many at a time.
    pub async fn audit_export(
        &self,
        caller: &Caller,
        after: i64,
        entries_max: usize,
    ) -> Result<Vec<AuditView>, Error> {
        let mut views = Vec::new();
        let mut after = after;
        while views.len() < entries_max {
            let left = u32::try_from(entries_max - views.len()).unwrap_or(PAGE_ROWS);
            let page = self.audit_list(caller, after, left.min(PAGE_ROWS)).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = last.number;
            views.extend(page);
        }
        Ok(views)
    }

    /// Returns the report of the caller's organisation. It shows people and keys: it
    /// takes the permissions to see those as well.
    pub async fn audit_report(&self, caller: &Caller) -> Result<Value, Error> {
        let scope = caller.authorise(Permission::AuditRead)?;
        scope.require(Permission::UserRead)?;
        scope.require(Permission::KeyRead)?;
        let organisation = scope.organisation().ok_or(Error::OrganisationUnnamed)?;
        self.report_of(organisation).await
    }

    /// Returns the report of an organisation, by its name in addresses, for whoever has
    /// the database.
    pub async fn audit_report_of(&self, organisation: &str) -> Result<Value, Error> {
        let system = Scope::system("audit");
        let mut tx = self.store().read().await?;
        let found = tx.organisation_find(&system, organisation).await?.id;
        drop(tx);
        self.report_of(found).await
    }

    async fn report_of(&self, organisation: OrganisationId) -> Result<Value, Error> {
        let system = Scope::system("audit");
        let scope = system.within(organisation)?;
        let now_ms = self.now_ms();
        let since_ms = now_ms.saturating_sub(REPORT_DAYS * DAY_MS);
        let mut tx = self.store().read().await?;
        let row = tx.organisation_get(&scope, organisation).await?;
        let people = people(&mut tx, &scope).await?;
        let keys = keys(&mut tx, &scope, now_ms).await?;
        let chain = check_chain(&mut tx, &scope).await?;
        let platform = check_chain(&mut tx, &system).await?;
        let done = counts(tx.audit_counts(&scope, since_ms).await?);
        let platform_done = counts(tx.audit_counts(&system, since_ms).await?);
        let settings = tx.setting_list(&scope).await?;
        let settings: BTreeMap<_, _> = settings
            .into_iter()
            .map(|one| {
                let value: Value = serde_json::from_str(&one.value).unwrap_or_default();
                (one.name, value)
            })
            .collect();
        let retention = Retention::default();
        let days = |ms: i64| ms / DAY_MS;
        let state = |check: &AuditCheck| {
            json!({
                "intact": check.broken_at.is_none(),
                "entries": check.entries,
                "broken_at": check.broken_at,
                "last_hash": check.last_hash.to_string(),
            })
        };
        Ok(json!({
            "version": 1,
            "made_ms": now_ms,
            "organisation": {"id": organisation.to_string(), "name": row.name},
            "people": people,
            "keys": keys,
            "actions": {"since_ms": since_ms, "organisation": done},
            "failed_logins": {
                "since_ms": since_ms,
                "count": platform_done.get("login.fail").copied().unwrap_or(0),
            },
            "audit": {"organisation": state(&chain), "platform": state(&platform)},
            "retention_days": {
                "tasks": days(retention.tasks_ms),
                "deliveries": days(retention.deliveries_ms),
                "reviews": days(retention.reviews_ms),
                "webhook_attempts": days(retention.attempts_ms),
                "model_usage": days(retention.usage_ms),
                "audit": null,
            },
            "settings": settings,
            "tokens": {"life_seconds": self.options().token_keys.life_s()},
        }))
    }
}

fn counts(rows: Vec<(String, i64)>) -> BTreeMap<String, i64> {
    rows.into_iter().collect()
}

/// Lists who is in the organisation, as what, and who vouches for them.
async fn people(tx: &mut Tx, scope: &Scope) -> Result<Vec<Value>, Error> {
    let system = Scope::system("audit");
    let mut found = Vec::new();
    let mut page: Page<UserId> = Page::first(PAGE_ROWS);
    while found.len() < ROWS_MAX {
        let members = tx.member_list(scope, page).await?;
        let Some(last) = members.last() else {
            break;
        };
        page.after = Some(last.user);
        for member in members {
            let user = tx.user_get(&system, member.user).await?;
            let permissions = permissions_of_role(tx, scope, &member.role).await?;
            let identities = tx.user_identity_list(&system, member.user).await?;
            let providers = identities.into_iter().map(|(provider, _)| provider);
            found.push(json!({
                "id": user.id.to_string(),
                "login": user.login,
                "role": member.role,
                "permissions": permissions.names(),
                "is_disabled": user.disabled_ms.is_some(),
                "since_ms": user.created_ms,
                "vouched_for_by": providers.collect::<Vec<_>>(),
            }));
        }
    }
    Ok(found)
}

/// Lists the keys of the organisation, how old they are, and what is odd about them.
async fn keys(tx: &mut Tx, scope: &Scope, now_ms: i64) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    let mut page = Page::first(PAGE_ROWS);
    while found.len() < ROWS_MAX {
        let keys = tx.key_list(scope, None, page).await?;
        let Some(last) = keys.last() else {
            break;
        };
        page.after = Some(last.id);
        for key in keys {
            let is_over =
                key.revoked_ms.is_some() || key.expires_ms.is_some_and(|expires| expires <= now_ms);
            let used_ms = key.last_used_ms.unwrap_or(key.created_ms);
            let unused_days = now_ms.saturating_sub(used_ms) / DAY_MS;
            found.push(json!({
                "id": key.id.to_string(),
                "name": key.name,
                "user": key.user.map(|user| user.to_string()),
                "permissions": key.permissions.names(),
                "age_days": now_ms.saturating_sub(key.created_ms) / DAY_MS,
                "last_used_ms": key.last_used_ms,
                "expires_ms": key.expires_ms,
                "revoked_ms": key.revoked_ms,
                "is_good": !is_over,
                "is_unused": !is_over && unused_days >= UNUSED_DAYS,
            }));
        }
    }
    Ok(found)
}
