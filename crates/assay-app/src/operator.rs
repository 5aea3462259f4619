//! Whoever sits at the machine that the platform runs on: they have its database, so
//! they may do everything, in every organisation. What they change is written down
//! like what others change.

use assay_auth::{Grant, Identifier, PermissionSet, Principal, Scope, UserId};
use assay_store::{Organisation, Page, TaskFilter, TaskId, TaskState};
use serde_json::json;

use crate::app::{App, audit};
use crate::caller::Caller;
use crate::error::Error;
use crate::paging::Paging;
use crate::task::{TaskQuery, TaskView, TaskWish, state};
use crate::user::MemberView;

/// What the operator is called in the audit log.
const NAME: &str = "operator";
/// So many organisations are named to somebody who named none.
const ORGANISATIONS_MAX: u32 = 20;
/// So many people are looked through for a login at a time.
const MEMBERS_MAX: u32 = 100;

impl App {
    /// Returns the operator, in the organisation of that name or in the only one.
    pub async fn operator(&self, organisation: Option<&str>) -> Result<Caller, Error> {
        let system = Scope::system(NAME);
        let mut tx = self.store().read().await?;
        let organisation = match organisation {
            Some(name) => tx.organisation_find(&system, name).await?,
            None => {
                let page = Page::first(ORGANISATIONS_MAX);
                only(tx.organisation_list(&system, page).await?)?
            }
        };
        let grant = Grant {
            organisation: organisation.id,
            permissions: PermissionSet::ALL,
        };
        Ok(Caller::new(Principal::service(NAME, grant), None))
    }

    /// Lists tasks of all organisations and the platform's own, the newest first.
    pub async fn operator_tasks(
        &self,
        query: TaskQuery,
        paging: Paging,
    ) -> Result<Vec<TaskView>, Error> {
        let filter = TaskFilter {
            state: state(query.state.as_deref())?,
            kind: query.kind,
            is_platform: query.is_platform,
        };
        let page = paging.page(TaskId::from_identifier);
        let mut tx = self.store().read().await?;
        let rows = tx.task_list(&Scope::system(NAME), &filter, page).await?;
        Ok(rows.into_iter().map(TaskView::from).collect())
    }

    /// Returns a task, whoever's it is.
    pub async fn operator_task(&self, id: Identifier) -> Result<TaskView, Error> {
        let mut tx = self.store().read().await?;
        let id = TaskId::from_identifier(id);
        Ok(tx.task_get(&Scope::system(NAME), id).await?.into())
    }

    /// Retries or cancels a task, whoever's it is.
    pub async fn operator_steer(&self, id: Identifier, wish: TaskWish) -> Result<TaskView, Error> {
        let id = TaskId::from_identifier(id);
        let system = Scope::system(NAME);
        let mut tx = self.store().begin().await?;
        let task = tx.task_get(&system, id).await?;
        let scope = match task.organisation {
            Some(organisation) => system.within(organisation)?,
            None => system,
        };
        let action = wish.apply(&mut tx, &scope, id).await?;
        let details = json!({"kind": task.kind});
        audit(&mut tx, &scope, action, format!("task:{id}"), details).await?;
        let task = tx.task_get(&scope, id).await?;
        tx.commit().await?;
        Ok(task.into())
    }

    /// Retries all dead tasks, or those of one kind; returns how many.
    pub async fn operator_retry_dead(&self, kind: Option<&str>) -> Result<u64, Error> {
        let filter = TaskFilter {
            state: Some(TaskState::Dead),
            kind: kind.map(str::to_owned),
            is_platform: false,
        };
        let system = Scope::system(NAME);
        let mut after = None;
        let mut count = 0;
        loop {
            let page = Page {
                after,
                rows_max: MEMBERS_MAX,
            };
            let rows = {
                let mut tx = self.store().read().await?;
                tx.task_list(&system, &filter, page).await?
            };
            let Some(last) = rows.last() else {
                return Ok(count);
            };
            after = Some(last.id);
            for task in rows {
                match self
                    .operator_steer(task.id.identifier(), TaskWish::Retry)
                    .await
                {
                    Ok(_) => count += 1,
                    // Another with its key waits already: that one does its work.
                    Err(Error::Store(assay_store::Error::NotFound(_))) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Returns the person of that login in the caller's organisation.
    pub async fn member_find(&self, caller: &Caller, login: &str) -> Result<MemberView, Error> {
        let mut after = None;
        loop {
            let paging = Paging {
                after,
                rows_max: MEMBERS_MAX,
            };
            let members = self.user_list(caller, paging).await?;
            after = members.last().map(|member| UserId::identifier(member.id));
            if after.is_none() {
                return Err(assay_store::Error::NotFound("user").into());
            }
            let mut found = members.into_iter().filter(|member| member.login == login);
            if let Some(member) = found.next() {
                return Ok(member);
            }
        }
    }
}

fn only(mut all: Vec<Organisation>) -> Result<Organisation, Error> {
    match (all.pop(), all.is_empty()) {
        (Some(organisation), true) => Ok(organisation),
        (None, _) => Err(Error::invalid(
            "organisation",
            "there is none yet: `assay serve` makes the first",
        )),
        (Some(last), false) => {
            let names: Vec<_> = all
                .iter()
                .chain([&last])
                .map(|it| it.name.as_str())
                .collect();
            let why = format!("there are several, so name one of {}", names.join(", "));
            Err(Error::invalid("organisation", why))
        }
    }
}
