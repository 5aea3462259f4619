//! Repositories that stand on this machine and on no forge: what an operator fills a platform with to
//! see how it looks.

use assay_auth::{Identifier, Permission};
use assay_store::{ForgeName, NewRepository, RepositoryId};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;

/// The host of repositories that no forge has.
const HOST: &str = "localhost";
/// Their owner.
const OWNER: &str = "local";
const NAME_BYTES_MAX: usize = 100;

impl App {
    /// Makes a repository of this machine known, or finds the one of that name.
    pub async fn repository_put_local(
        &self,
        caller: &Caller,
        name: &str,
        default_branch: &str,
    ) -> Result<Identifier, Error> {
        let scope = caller.authorise(Permission::RepositoryManage)?;
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
            let why = format!("1 to {NAME_BYTES_MAX} bytes, none of them control characters");
            return Err(Error::invalid("name", why));
        }
        let organisation = scope.organisation().map(|id| id.to_string());
        let new = NewRepository {
            installation: None,
            forge: ForgeName::GitHub,
            host: HOST.to_owned(),
            // Of one name there may be one in each organisation.
            external_id: format!("{}/{name}", organisation.unwrap_or_default()),
            owner: OWNER.to_owned(),
            name: name.to_owned(),
            default_branch: default_branch.to_owned(),
            is_private: true,
        };
        let mut tx = self.store().begin().await?;
        let id: RepositoryId = tx.repository_put(&scope, &new).await?;
        let details = json!({"name": name});
        audit(
            &mut tx,
            &scope,
            "repository.put",
            format!("repository:{id}"),
            details,
        )
        .await?;
        tx.commit().await?;
        Ok(id.identifier())
    }
}
