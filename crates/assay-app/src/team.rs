//! Teams of an organisation and who is in them.

use assay_auth::{Permission, TeamId, UserId};
use assay_store::Team;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::paging::Paging;
use crate::version::{Expected, Once};

const NAME_CHARS_MAX: usize = 100;
/// The status under which the answer to a kept request is kept.
const CREATED: i64 = 201;

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamView {
    /// Its identifier.
    pub id: TeamId,
    /// Its name, which no other team of the organisation has.
    pub name: String,
    /// When it was made.
    pub created_ms: i64,
    /// What a change refers to.
    pub version: i64,
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        Self {
            id: team.id,
            name: team.name,
            created_ms: team.created_ms,
            version: team.version,
        }
    }
}

/// The kept answer to a request.
#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    team: String,
}

impl App {
    /// Lists the teams of the organisation, the newest first.
    pub async fn team_list(&self, caller: &Caller, paging: Paging) -> Result<Vec<TeamView>, Error> {
        let scope = caller.authorise(Permission::TeamRead)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(TeamId::from_identifier);
        let teams = tx.team_list(&scope, page).await?;
        Ok(teams.into_iter().map(TeamView::from).collect())
    }

    /// Returns a team.
    pub async fn team_get(&self, caller: &Caller, id: TeamId) -> Result<TeamView, Error> {
        let scope = caller.authorise(Permission::TeamRead)?;
        let mut tx = self.store().read().await?;
        Ok(tx.team_get(&scope, id).await?.into())
    }

    /// Makes a team.
    pub async fn team_create(
        &self,
        caller: &Caller,
        name: &str,
        idempotency_key: Option<&str>,
    ) -> Result<TeamId, Error> {
        let scope = caller.authorise(Permission::TeamManage)?;
        check_name(name)?;
        let mut tx = self.store().begin().await?;
        let request = json!({"team_create": name});
        let (once, done) = Once::begin(&mut tx, &scope, idempotency_key, &request).await?;
        if let Some(KeptAnswer { team }) = done {
            return Ok(TeamId::parse(&team)?);
        }
        let team = tx.team_insert(&scope, name).await?;
        let target = format!("team:{team}");
        audit(
            &mut tx,
            &scope,
            "team.create",
            target,
            json!({"name": name}),
        )
        .await?;
        let answer = KeptAnswer {
            team: team.to_string(),
        };
        once.finish(&mut tx, &scope, CREATED, &answer).await?;
        tx.commit().await?;
        Ok(team)
    }

    /// Gives a team another name.
    pub async fn team_rename(
        &self,
        caller: &Caller,
        id: TeamId,
        name: &str,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::TeamManage)?;
        check_name(name)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let before = tx.team_get(&scope, id).await?;
        expected.check(before.version)?;
        tx.team_rename(&scope, id, name).await?;
        let details = json!({"name": name, "before": before.name});
        let target = format!("team:{id}");
        audit(&mut tx, &scope, "team.rename", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a team away.
    pub async fn team_remove(
        &self,
        caller: &Caller,
        id: TeamId,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::TeamManage)?;
        let mut tx = self.store().begin().await?;
        tx.organisation_hold(&scope).await?;
        let before = tx.team_get(&scope, id).await?;
        expected.check(before.version)?;
        tx.team_remove(&scope, id).await?;
        let details = json!({"name": before.name});
        let target = format!("team:{id}");
        audit(&mut tx, &scope, "team.remove", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lists who is in a team, by their identifiers.
    pub async fn team_member_list(
        &self,
        caller: &Caller,
        id: TeamId,
    ) -> Result<Vec<UserId>, Error> {
        let scope = caller.authorise(Permission::TeamRead)?;
        let mut tx = self.store().read().await?;
        tx.team_get(&scope, id).await?;
        Ok(tx.team_member_list(&scope, id).await?)
    }

    /// Puts somebody of the organisation into a team, or leaves them there.
    pub async fn team_member_put(
        &self,
        caller: &Caller,
        id: TeamId,
        user: UserId,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::TeamManage)?;
        let mut tx = self.store().begin().await?;
        tx.team_get(&scope, id).await?;
        tx.user_get(&scope, user).await?;
        tx.team_member_add(&scope, id, user).await?;
        let details = json!({"user": user.to_string()});
        let target = format!("team:{id}");
        audit(&mut tx, &scope, "team.member.put", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes somebody out of a team.
    pub async fn team_member_remove(
        &self,
        caller: &Caller,
        id: TeamId,
        user: UserId,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::TeamManage)?;
        let mut tx = self.store().begin().await?;
        tx.team_get(&scope, id).await?;
        tx.team_member_remove(&scope, id, user).await?;
        let details = json!({"user": user.to_string()});
        let target = format!("team:{id}");
        audit(&mut tx, &scope, "team.member.remove", target, details).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
        let why = format!("1 to {NAME_CHARS_MAX} characters");
        return Err(Error::invalid("name", why));
    }
    Ok(())
}
