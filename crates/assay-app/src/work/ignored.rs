//! What people said of one pull request: rules that were switched off on it, and that it
//! is not to be reviewed. Findings that were rejected are feedback (`remembered.rs`).

use assay_auth::Scope;
use assay_store::{RepositoryId, Tx};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::trouble::Trouble;
use crate::error::Error;

/// Rules that are switched off on one pull request.
const RULES_MAX: usize = 100;

/// What was said of one pull request.
#[derive(Debug, Default, Serialize, Deserialize)]
struct PullWishes {
    #[serde(default)]
    is_paused: bool,
    #[serde(default)]
    rules: Vec<String>,
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

/// Returns the rules that a review of a pull request is not to speak of.
pub(super) async fn rules_off(
    tx: &mut Tx,
    scope: &Scope,
    (repository, number): (RepositoryId, u64),
) -> Result<Vec<String>, Trouble> {
    let name = wishes_name(repository, number);
    let (wishes, _) = get::<PullWishes>(tx, scope, &name).await?;
    Ok(wishes.rules)
}
