//! The people of an organisation and their roles.

use assay_auth::{Permission, RoleName, Scope, UserId};
use assay_store::{Member, NewUser, Tx, User};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::administrator::check_somebody_left;
use crate::app::{App, audit};
use crate::caller::{Caller, permissions_of_role};
use crate::error::Error;
use crate::paging::Paging;
use crate::version::{Expected, Once};

const LOGIN_BYTES_MAX: usize = 100;
const DISPLAY_NAME_CHARS_MAX: usize = 200;
/// The status under which the answer to a kept request is kept.
const CREATED: i64 = 201;

/// Somebody who is in an organisation.
#[derive(Clone, Debug)]
pub struct MemberView {
    /// Who.
    pub id: UserId,
    /// Their name, which no other has.
    pub login: String,
    /// Their name for people.
    pub display_name: String,
    /// Whether they are shut out of the platform.
    pub is_disabled: bool,
    /// As what.
    pub role: String,
    /// What a change refers to.
    pub version: i64,
}

/// What is to change about somebody.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// Their name for people.
    pub display_name: Option<String>,
    /// As what they are in the organisation.
    pub role: Option<String>,
}

/// The kept answer to a request.
#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    user: String,
}

/// Somebody who is to be in an organisation.
#[derive(Clone, Debug)]
pub struct UserWish {
    /// Their name, which no other has.
    pub login: String,
    /// Their name for people.
    pub display_name: String,
    /// As what.
    pub role: String,
}

impl App {
    /// Lists the people of the organisation.
    pub async fn user_list(
        &self,
        caller: &Caller,
        paging: Paging,
    ) -> Result<Vec<MemberView>, Error> {
        let scope = caller.authorise(Permission::UserRead)?;
        let mut tx = self.store().read().await?;
        let page = paging.page(UserId::from_identifier);
        let members: Vec<Member> = tx.member_list(&scope, page).await?;
        let mut views = Vec::with_capacity(members.len());
        for member in members {
            let user = tx.user_get(&scope, member.user).await?;
            views.push(view(user, member));
        }
        Ok(views)
    }

    /// Returns somebody of the organisation.
    pub async fn user_get(&self, caller: &Caller, id: UserId) -> Result<MemberView, Error> {
        let scope = caller.authorise(Permission::UserRead)?;
        let mut tx = self.store().read().await?;
        let member = tx.member_get(&scope, id).await?;
        Ok(view(tx.user_get(&scope, id).await?, member))
    }

    /// Adds a person to the platform and the organisation. The role allows no more
    /// than the caller may do.
    pub async fn user_create(
        &self,
        caller: &Caller,
        wish: UserWish,
        idempotency_key: Option<&str>,
    ) -> Result<UserId, Error> {
        let scope = caller.authorise(Permission::UserManage)?;
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let login = wish.login.as_str();
        if login.is_empty() || login.len() > LOGIN_BYTES_MAX || !login.bytes().all(is_fit) {
            let why = format!("1 to {LOGIN_BYTES_MAX} letters, digits, `-`, `_` and `.`");
            return Err(Error::invalid("login", why));
        }
        check_display_name(&wish.display_name)?;
        let request = json!({
            "user_create": wish.login,
            "display_name": wish.display_name,
            "role": wish.role,
        });
        let new = NewUser {
            login: wish.login,
            display_name: wish.display_name,
            ..NewUser::default()
        };
        let mut tx = self.store().begin().await?;
        let (once, done) = Once::begin(&mut tx, &scope, idempotency_key, &request).await?;
        if let Some(KeptAnswer { user }) = done {
            return Ok(UserId::parse(&user)?);
        }
        let role = self.check_role(&mut tx, &scope, &wish.role).await?;
        let user = tx.user_insert(&Scope::system("invitation"), &new).await?;
        tx.member_put(&scope, user, role.as_str()).await?;
        let details = json!({"login": new.login, "role": role.as_str()});
        audit(
            &mut tx,
            &scope,
            "user.create",
            format!("user:{user}"),
            details,
        )
        .await?;
        let answer = KeptAnswer {
            user: user.to_string(),
        };
        once.finish(&mut tx, &scope, CREATED, &answer).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Changes a person's name for people or their role in the organisation. Nobody takes
    /// a role from somebody who may do more than they. A name belongs to the person: the
    /// organisation changes it only of those who are in no other.
    pub async fn user_update(
        &self,
        caller: &Caller,
        user: UserId,
        change: UserChange,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::UserManage)?;
        // What makes no sense is that also where it was made for something older.
        if let Some(name) = &change.display_name {
            check_display_name(name)?;
        }
        let mut tx = self.store().begin().await?;
        let role = match &change.role {
            Some(role) => Some(self.check_role(&mut tx, &scope, role).await?),
            None => None,
        };
        let before = self.hold_member(&mut tx, &scope, user, expected).await?;
        if let Some(name) = &change.display_name {
            let system = Scope::system("user");
            let is_elsewhere = tx.member_list_of_user(&system, user).await?.len() > 1;
            if is_elsewhere && scope.actor().user() != Some(user) {
                let why = "they are in other organisations as well, and name themselves";
                return Err(Error::invalid("display_name", why));
            }
            tx.user_rename(&scope, user, name).await?;
            let details = json!({"display_name": name});
            let target = format!("user:{user}");
            audit(&mut tx, &scope, "user.rename", target, details).await?;
        }
        if let Some(role) = role {
            tx.member_put(&scope, user, role.as_str()).await?;
            check_somebody_left(&mut tx, &scope).await?;
            let details = json!({"role": role.as_str(), "before": before.role});
            let target = format!("user:{user}");
            audit(&mut tx, &scope, "user.role", target, details).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Puts a person out of the organisation. Their keys there do nothing any more.
    pub async fn user_remove(
        &self,
        caller: &Caller,
        user: UserId,
        expected: &Expected,
    ) -> Result<(), Error> {
        let scope = caller.authorise(Permission::UserManage)?;
        let mut tx = self.store().begin().await?;
        let before = self.hold_member(&mut tx, &scope, user, expected).await?;
        tx.member_remove(&scope, user).await?;
        check_somebody_left(&mut tx, &scope).await?;
        let details = json!({"role": before.role});
        let target = format!("user:{user}");
        audit(&mut tx, &scope, "user.remove", target, details).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Holds the organisation and returns what somebody is in it, if they may do no more
    /// than the caller.
    async fn hold_member(
        &self,
        tx: &mut Tx,
        scope: &Scope,
        user: UserId,
        expected: &Expected,
    ) -> Result<Member, Error> {
        tx.organisation_hold(scope).await?;
        let member = tx.member_get(scope, user).await?;
        expected.check(member.version)?;
        scope.may_grant(permissions_of_role(tx, scope, &member.role).await?)?;
        Ok(member)
    }

    async fn check_role(&self, tx: &mut Tx, scope: &Scope, role: &str) -> Result<RoleName, Error> {
        let name = RoleName::parse(role)?;
        let is_known = name.built_in().is_some() || tx.role_find(scope, role).await?.is_some();
        if !is_known {
            return Err(Error::invalid("role", "there is no such role"));
        }
        scope.may_grant(permissions_of_role(tx, scope, role).await?)?;
        Ok(name)
    }
}

fn view(user: User, member: Member) -> MemberView {
    MemberView {
        id: user.id,
        login: user.login,
        display_name: user.display_name,
        is_disabled: user.disabled_ms.is_some(),
        role: member.role,
        version: member.version,
    }
}

fn check_display_name(name: &str) -> Result<(), Error> {
    if name.chars().count() > DISPLAY_NAME_CHARS_MAX {
        let why = format!("at most {DISPLAY_NAME_CHARS_MAX} characters");
        return Err(Error::invalid("display_name", why));
    }
    Ok(())
}
