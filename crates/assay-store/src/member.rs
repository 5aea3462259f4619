//! Who is in which organisation and team, as what, and what roles there are.

use assay_auth::{OrganisationId, PermissionSet, Scope, TeamId, UserId};

use crate::access::{permissions_read, permissions_write};
use crate::transaction::{Page, organisation_of, system_only};
use crate::value::{Row, args};
use crate::{Error, Tx};

/// Somebody who is in an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where.
    pub organisation: OrganisationId,
    /// Who.
    pub user: UserId,
    /// The name of their role there.
    pub role: String,
    /// How often that was changed: what a change refers to.
    pub version: i64,
}

/// A role that an organisation made itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it allows.
    pub permissions: PermissionSet,
    /// How often it was changed: what a change refers to.
    pub version: i64,
}

/// A part of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Which one.
    pub id: TeamId,
    /// What it is called.
    pub name: String,
    /// When it was made.
    pub created_ms: i64,
    /// How often it was changed: what a change refers to.
    pub version: i64,
}

const MEMBER: &str = "member";
const ROLE: &str = "role";
const TEAM: &str = "team";

fn member(row: &Row) -> Result<Member, Error> {
    Ok(Member {
        organisation: row.id("organisation_id")?,
        user: row.id("user_id")?,
        role: row.get("role_name")?,
        version: row.get("version")?,
    })
}

fn team(row: &Row) -> Result<Team, Error> {
    Ok(Team {
        id: row.id("id")?,
        name: row.get("name")?,
        created_ms: row.get("created_ms")?,
        version: row.get("version")?,
    })
}

fn role(row: &Row) -> Result<Role, Error> {
    let permissions: String = row.get("permissions")?;
    Ok(Role {
        name: row.get("name")?,
        permissions: permissions_read(&permissions)?,
        version: row.get("version")?,
    })
}

impl Tx {
    /// Takes a person into the scope's organisation, or gives them another role.
    pub async fn member_put(
        &mut self,
        scope: &Scope,
        user: UserId,
        role: &str,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "INSERT INTO membership (organisation_id, user_id, role_name, created_ms, \
                   updated_ms) VALUES ($1, $2, $3, $4, $4) \
                   ON CONFLICT (organisation_id, user_id) DO UPDATE \
                   SET role_name = excluded.role_name, updated_ms = excluded.updated_ms, \
                   version = membership.version + 1";
        let args = args![organisation, user, role, self.now_ms()];
        self.execute(sql, args).await?;
        Ok(())
    }

    /// Puts a person out of the scope's organisation and its teams.
    pub async fn member_remove(&mut self, scope: &Scope, user: UserId) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "DELETE FROM membership WHERE organisation_id = $1 AND user_id = $2";
        self.touch(MEMBER, sql, args![organisation, user]).await
    }

    /// Lists who is in the scope's organisation.
    pub async fn member_list(
        &mut self,
        scope: &Scope,
        page: Page<UserId>,
    ) -> Result<Vec<Member>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM membership WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR user_id < $2) ORDER BY user_id DESC LIMIT $3";
        let args = args![organisation, page.after, page.limit()];
        self.list(sql, args, member).await
    }

    /// Returns what somebody is in the scope's organisation.
    pub async fn member_get(&mut self, scope: &Scope, user: UserId) -> Result<Member, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT * FROM membership WHERE organisation_id = $1 AND user_id = $2";
        let found = self.find(sql, args![organisation, user], member).await?;
        found.ok_or(Error::NotFound(MEMBER))
    }

    /// Counts who has a role in the scope's organisation and is not shut out.
    pub async fn member_count_of_role(&mut self, scope: &Scope, role: &str) -> Result<i64, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT count(*) AS count FROM membership WHERE organisation_id = $1 \
                   AND role_name = $2 AND EXISTS (SELECT 1 FROM user_account \
                   WHERE id = membership.user_id AND disabled_ms IS NULL)";
        self.count(sql, args![organisation, role]).await
    }

    /// Lists the organisations that a person is in, with their roles.
    pub async fn member_list_of_user(
        &mut self,
        scope: &Scope,
        user: UserId,
    ) -> Result<Vec<Member>, Error> {
        let sql = "SELECT * FROM membership WHERE user_id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) \
                   ORDER BY organisation_id LIMIT 1000";
        self.list(sql, args![user, scope.organisation()], member)
            .await
    }

    /// Makes or changes a role of the scope's organisation.
    pub async fn role_put(
        &mut self,
        scope: &Scope,
        name: &str,
        permissions: PermissionSet,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let id = assay_auth::RoleId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO role (id, organisation_id, name, permissions, created_ms, \
                   updated_ms) VALUES ($1, $2, $3, $4, $5, $5) \
                   ON CONFLICT (organisation_id, name) DO UPDATE \
                   SET permissions = excluded.permissions, updated_ms = excluded.updated_ms, \
                   version = role.version + 1";
        let permissions = permissions_write(permissions);
        let args = args![id, organisation, name, permissions, self.now_ms()];
        self.execute(sql, args).await?;
        Ok(())
    }

    /// Lists the roles that the scope's organisation made itself.
    pub async fn role_list(&mut self, scope: &Scope) -> Result<Vec<Role>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT name, permissions, version FROM role WHERE organisation_id = $1 \
                   ORDER BY name LIMIT 1000";
        self.list(sql, args![organisation], role).await
    }

    /// Returns a role of the scope's organisation.
    pub async fn role_find(&mut self, scope: &Scope, name: &str) -> Result<Option<Role>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT name, permissions, version FROM role \
                   WHERE organisation_id = $1 AND name = $2";
        self.find(sql, args![organisation, name], role).await
    }

    /// Takes a role away that nobody has.
    pub async fn role_remove(&mut self, scope: &Scope, name: &str) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let used = "SELECT count(*) AS count FROM membership \
                    WHERE organisation_id = $1 AND role_name = $2";
        if self.count(used, args![organisation, name]).await? > 0 {
            return Err(Error::Used(ROLE));
        }
        let sql = "DELETE FROM role WHERE organisation_id = $1 AND name = $2";
        self.touch(ROLE, sql, args![organisation, name]).await
    }

    /// Makes a team in the scope's organisation.
    pub async fn team_insert(&mut self, scope: &Scope, name: &str) -> Result<TeamId, Error> {
        let organisation = organisation_of(scope)?;
        let id = TeamId::new(self.store.clock(), self.store.randomness());
        let sql = "INSERT INTO team (id, organisation_id, name, created_ms) \
                   VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let args = args![id, organisation, name, self.now_ms()];
        self.insert_new(TEAM, sql, args).await?;
        Ok(id)
    }

    /// Lists the teams of the scope's organisation.
    pub async fn team_list(
        &mut self,
        scope: &Scope,
        page: Page<TeamId>,
    ) -> Result<Vec<Team>, Error> {
        let organisation = organisation_of(scope)?;
        let sql = "SELECT id, name, created_ms, version FROM team WHERE organisation_id = $1 \
                   AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3";
        let args = args![organisation, page.after, page.limit()];
        self.list(sql, args, team).await
    }

    /// Returns a team of the scope's organisation.
    pub async fn team_get(&mut self, scope: &Scope, id: TeamId) -> Result<Team, Error> {
        let sql = "SELECT id, name, created_ms, version FROM team WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        let found = self
            .find(sql, args![id, scope.organisation()], team)
            .await?;
        found.ok_or(Error::NotFound(TEAM))
    }

    /// Gives a team of the scope's organisation another name, which no other has.
    pub async fn team_rename(
        &mut self,
        scope: &Scope,
        id: TeamId,
        name: &str,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let taken = "SELECT count(*) AS count FROM team \
                     WHERE organisation_id = $1 AND name = $2 AND id <> $3";
        if self.count(taken, args![organisation, name, id]).await? > 0 {
            return Err(Error::Exists(TEAM));
        }
        let sql = "UPDATE team SET name = $3, version = version + 1 \
                   WHERE id = $1 AND organisation_id = $2";
        self.touch(TEAM, sql, args![id, organisation, name]).await
    }

    /// Takes a team away.
    pub async fn team_remove(&mut self, scope: &Scope, id: TeamId) -> Result<(), Error> {
        let sql = "DELETE FROM team WHERE id = $1 \
                   AND organisation_id = coalesce($2, organisation_id)";
        self.touch(TEAM, sql, args![id, scope.organisation()]).await
    }

    /// Puts a member of the scope's organisation into one of its teams.
    pub async fn team_member_add(
        &mut self,
        scope: &Scope,
        team: TeamId,
        user: UserId,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "INSERT INTO team_member (organisation_id, team_id, user_id, created_ms) \
                   SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM team \
                   WHERE organisation_id = $1 AND id = $2) AND EXISTS (SELECT 1 FROM membership \
                   WHERE organisation_id = $1 AND user_id = $3) \
                   ON CONFLICT (organisation_id, team_id, user_id) DO UPDATE \
                   SET created_ms = team_member.created_ms";
        let args = args![organisation, team, user, self.now_ms()];
        self.touch(TEAM, sql, args).await
    }

    /// Takes somebody out of a team of the scope's organisation.
    pub async fn team_member_remove(
        &mut self,
        scope: &Scope,
        team: TeamId,
        user: UserId,
    ) -> Result<(), Error> {
        let organisation = organisation_of(scope)?;
        let sql = "DELETE FROM team_member WHERE organisation_id = $1 AND team_id = $2 \
                   AND user_id = $3";
        self.touch(MEMBER, sql, args![organisation, team, user])
            .await
    }

    /// Lists who is in a team.
    pub async fn team_member_list(
        &mut self,
        scope: &Scope,
        team: TeamId,
    ) -> Result<Vec<UserId>, Error> {
        let sql = "SELECT user_id FROM team_member WHERE team_id = $1 \
                   AND organisation_id = coalesce($2, organisation_id) \
                   ORDER BY user_id LIMIT 10000";
        let args = args![team, scope.organisation()];
        self.list(sql, args, |row| row.id("user_id")).await
    }

    /// Counts people, for the platform's own page.
    pub async fn user_count(&mut self, scope: &Scope) -> Result<i64, Error> {
        system_only(scope)?;
        let sql = "SELECT count(*) AS count FROM user_account";
        self.count(sql, Vec::new()).await
    }
}
