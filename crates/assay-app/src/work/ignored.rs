//! What people do not want to hear of: findings that were rejected in a repository,
//! and rules that were switched off, or reviews that were stopped, on one pull
//! request. The process that reviews is told, so that the gate knows it too.

use assay_auth::Scope;
use assay_store::{Finding, RepositoryId, Tx};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::trouble::Trouble;
use crate::error::Error;
use crate::review_process::Accepted;

/// Findings that one repository remembers to be rejected; the oldest go first.
const FINDINGS_MAX: usize = 2_000;
/// Rules that are switched off on one pull request.
const RULES_MAX: usize = 100;

/// Findings that were rejected in a repository.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Rejected {
    findings: Vec<RejectedFinding>,
}

/// A finding that was rejected: what makes it the same when it is found again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RejectedFinding {
    path: String,
    rule: String,
    identity: String,
    reason: Option<String>,
    by: String,
}

/// What was said of one pull request.
#[derive(Debug, Default, Serialize, Deserialize)]
struct PullWishes {
    #[serde(default)]
    is_paused: bool,
    #[serde(default)]
    rules: Vec<String>,
}

/// Where a finding's JSON says what makes it the same.
#[derive(Deserialize)]
struct Detail {
    identity: String,
    location: DetailPlace,
}

#[derive(Deserialize)]
struct DetailPlace {
    uri: String,
}

fn rejected_name(repository: RepositoryId) -> String {
    format!("rejected/{repository}")
}

fn wishes_name(repository: RepositoryId, number: u64) -> String {
    format!("pull/{repository}/{number}")
}

/// Reads a setting; returns its version too.
async fn get<T: DeserializeOwned + Default>(
    tx: &mut Tx,
    scope: &Scope,
    name: &str,
) -> Result<(T, i64), Trouble> {
    let Some(setting) = tx.setting_get(scope, name).await? else {
        return Ok((T::default(), 0));
    };
    let read = serde_json::from_str(&setting.value);
    let value = read.map_err(|why| Error::Internal(format!("the setting {name}: {why}")))?;
    Ok((value, setting.version))
}

async fn put<T: Serialize>(
    tx: &mut Tx,
    scope: &Scope,
    name: &str,
    (value, version): (&T, i64),
) -> Result<(), Trouble> {
    let text = serde_json::to_string(value);
    let text = text.map_err(|why| Error::Internal(format!("the setting {name}: {why}")))?;
    tx.setting_put(scope, name, &text, version).await?;
    Ok(())
}

/// Rejects a finding in its repository, wherever it moves to.
pub(super) async fn reject(
    tx: &mut Tx,
    scope: &Scope,
    repository: RepositoryId,
    finding: &Finding,
    (by, reason): (&str, Option<&str>),
) -> Result<(), Trouble> {
    let detail: Detail = serde_json::from_str(&finding.found.detail)
        .map_err(|why| Error::Internal(format!("a finding: {why}")))?;
    let one = RejectedFinding {
        path: detail.location.uri,
        rule: finding.found.rule.clone(),
        identity: detail.identity,
        reason: reason.map(str::to_owned),
        by: by.to_owned(),
    };
    let name = rejected_name(repository);
    let (mut rejected, version) = get::<Rejected>(tx, scope, &name).await?;
    let is_it = |known: &RejectedFinding| {
        (&known.path, &known.rule, &known.identity) == (&one.path, &one.rule, &one.identity)
    };
    if rejected.findings.iter().any(is_it) {
        return Ok(());
    }
    rejected.findings.push(one);
    let over = rejected.findings.len().saturating_sub(FINDINGS_MAX);
    rejected.findings.drain(..over);
    put(tx, scope, &name, (&rejected, version)).await
}

/// Switches a rule off on a pull request.
pub(super) async fn switch_off(
    tx: &mut Tx,
    scope: &Scope,
    (repository, number): (RepositoryId, u64),
    rule: &str,
) -> Result<(), Trouble> {
    let name = wishes_name(repository, number);
    let (mut wishes, version) = get::<PullWishes>(tx, scope, &name).await?;
    if wishes.rules.len() >= RULES_MAX || wishes.rules.iter().any(|known| known == rule) {
        return Ok(());
    }
    wishes.rules.push(rule.to_owned());
    put(tx, scope, &name, (&wishes, version)).await
}

/// Says whether pushes to a pull request are reviewed.
pub(super) async fn pause(
    tx: &mut Tx,
    scope: &Scope,
    (repository, number): (RepositoryId, u64),
    is_paused: bool,
) -> Result<(), Trouble> {
    let name = wishes_name(repository, number);
    let (wishes, version) = get::<PullWishes>(tx, scope, &name).await?;
    if wishes.is_paused == is_paused {
        return Ok(());
    }
    let wishes = PullWishes {
        is_paused,
        ..wishes
    };
    put(tx, scope, &name, (&wishes, version)).await
}

pub(super) async fn is_paused(
    tx: &mut Tx,
    scope: &Scope,
    (repository, number): (RepositoryId, u64),
) -> Result<bool, Trouble> {
    let name = wishes_name(repository, number);
    let (wishes, _) = get::<PullWishes>(tx, scope, &name).await?;
    Ok(wishes.is_paused)
}

/// Returns what a review of a pull request is not to speak of.
pub(super) async fn accepted(
    tx: &mut Tx,
    scope: &Scope,
    repository: RepositoryId,
    number: u64,
) -> Result<Accepted, Trouble> {
    let (rejected, _) = get::<Rejected>(tx, scope, &rejected_name(repository)).await?;
    let name = wishes_name(repository, number);
    let (wishes, _) = get::<PullWishes>(tx, scope, &name).await?;
    let findings = rejected.findings.into_iter();
    Ok(Accepted {
        findings: findings
            .map(|one| (one.path, one.rule, one.identity))
            .collect(),
        rules: wishes.rules,
    })
}
