//! `assay admin`: what an operator looks after, at the machine that has the server's
//! database. It works while the server runs, and while it does not.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use assay_app::{
    App, AppOptions, Caller, Expected, KeyOwner, KeyView, KeyWish, Paging, TaskQuery, TaskView,
    TaskWish, UserChange, UserWish,
};
use assay_auth::{Identifier, PermissionSet};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use super::settings::{Given, Settings};
use super::token::token_keys;
use super::{block_on, database};
use crate::arguments::{
    AdminArguments, AdminCommand, KeyCommand, KeyMakeArguments, OrganisationArguments,
    PlaceArguments, TaskCommand, TaskRetryArguments, UserCommand,
};
use crate::output;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Rows of a list that are asked for at a time.
const PAGE_ROWS: u32 = 100;
/// What lists every task.
const ANY_STATE: &str = "any";

/// `assay admin`.
pub(crate) fn run(arguments: &AdminArguments) -> anyhow::Result<ExitCode> {
    let text = block_on(async {
        match &arguments.command {
            AdminCommand::Key(command) => key(command).await,
            AdminCommand::Task(command) => task(command).await,
            AdminCommand::User(command) => user(command).await,
        }
    })?;
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}

async fn open(place: &PlaceArguments) -> anyhow::Result<App> {
    let settings = Settings::load(&Given::place(place))?;
    let store = database::open_ready(&settings).await?;
    let options = AppOptions::new(
        env!("CARGO_PKG_VERSION"),
        token_keys(&settings.tokens, &settings.data)?,
    );
    Ok(App::new(store, options))
}

async fn open_in(arguments: &OrganisationArguments) -> anyhow::Result<(App, Caller)> {
    let app = open(&arguments.place).await?;
    let named = arguments.organisation.as_deref();
    let caller = app.operator(named).await;
    let caller = caller.with_context(|| match named {
        Some(name) => format!("the organisation `{name}`"),
        None => "the organisation".to_owned(),
    })?;
    Ok((app, caller))
}

async fn key(command: &KeyCommand) -> anyhow::Result<String> {
    match command {
        KeyCommand::Make(own) => key_make(own).await,
        KeyCommand::List(own) => {
            let (app, caller) = open_in(own).await?;
            let mut rows = vec![["id", "state", "used", "name", "allows"].map(str::to_owned)];
            let mut after = None;
            loop {
                let keys = app.key_list(&caller, page(after)).await?;
                let Some(last) = keys.last() else { break };
                after = Some(last.id.identifier());
                rows.extend(keys.iter().map(|key| key_row(key, app.now_ms())));
            }
            Ok(columns(&rows))
        }
        KeyCommand::Revoke(own) => {
            let (app, caller) = open_in(&own.organisation).await?;
            let revoked = app.key_revoke(&caller, identifier(&own.id)?).await;
            revoked.with_context(|| format!("the key `{}`", own.id))?;
            Ok(format!("the key {} is revoked\n", own.id))
        }
    }
}

async fn key_make(arguments: &KeyMakeArguments) -> anyhow::Result<String> {
    let permissions = match arguments.allow.is_empty() {
        true => PermissionSet::ALL,
        false => PermissionSet::parse(arguments.allow.iter().map(String::as_str))
            .context("--allow; `assay admin key list` shows how permissions are called")?,
    };
    let (app, caller) = open_in(&arguments.organisation).await?;
    let days = arguments.days.map(i64::from);
    let wish = KeyWish {
        name: arguments.name.clone(),
        owner: KeyOwner::Organisation,
        permissions,
        expires_ms: days.map(|days| app.now_ms() + days * DAY_MS),
    };
    let made = app.key_create(&caller, wish).await?;
    Ok(format!("{}\n", made.text.expose_secret()))
}

fn key_row(key: &KeyView, now_ms: i64) -> [String; 5] {
    let state = match (key.revoked_ms, key.expires_ms) {
        (Some(_), _) => "revoked".to_owned(),
        (None, Some(ms)) if ms <= now_ms => "expired".to_owned(),
        (None, Some(ms)) => format!("until {}", time(ms)),
        (None, None) => "good".to_owned(),
    };
    let allows = match key.permissions == PermissionSet::ALL {
        true => "everything".to_owned(),
        false => key.permissions.names().join(","),
    };
    let used = key.last_used_ms.map_or_else(|| "never".to_owned(), time);
    [key.id.to_string(), state, used, key.name.clone(), allows]
}

async fn task(command: &TaskCommand) -> anyhow::Result<String> {
    match command {
        TaskCommand::List(own) => {
            let app = open(&own.place).await?;
            let query = TaskQuery {
                state: Some(own.state.clone()).filter(|state| state != ANY_STATE),
                kind: own.kind.clone(),
                is_platform: false,
            };
            let paging = Paging {
                after: None,
                rows_max: own.limit,
            };
            let tasks = app.operator_tasks(query, paging).await?;
            let mut rows =
                vec![["id", "state", "kind", "attempts", "since", "problem"].map(str::to_owned)];
            rows.extend(tasks.iter().map(task_row));
            Ok(columns(&rows))
        }
        TaskCommand::Show(own) => {
            let app = open(&own.place).await?;
            let task = app.operator_task(identifier(&own.id)?).await;
            Ok(task_text(
                &task.with_context(|| format!("the task `{}`", own.id))?,
            ))
        }
        TaskCommand::Retry(own) => task_retry(own).await,
        TaskCommand::Cancel(own) => {
            let app = open(&own.place).await?;
            let steered = app
                .operator_steer(identifier(&own.id)?, TaskWish::Cancel)
                .await;
            let task =
                steered.with_context(|| format!("the task `{}`, if it is not over", own.id))?;
            Ok(format!(
                "the task {} is {}\n",
                own.id,
                match task.state {
                    "cancelled" => "cancelled",
                    _ => "told to stop",
                }
            ))
        }
    }
}

async fn task_retry(arguments: &TaskRetryArguments) -> anyhow::Result<String> {
    let app = open(&arguments.place).await?;
    let Some(id) = &arguments.id else {
        let count = app.operator_retry_dead(arguments.kind.as_deref()).await?;
        return Ok(format!(
            "{} waiting again\n",
            output::count(usize::try_from(count)?, "task")
        ));
    };
    let steered = app.operator_steer(identifier(id)?, TaskWish::Retry).await;
    steered.with_context(|| format!("the task `{id}`, if it is dead or cancelled"))?;
    Ok(format!("the task {id} waits again\n"))
}

fn task_row(task: &TaskView) -> [String; 6] {
    let problem = task.problem.as_deref().unwrap_or_default();
    let first = problem.lines().next().unwrap_or_default();
    [
        task.id.to_string(),
        task.state.to_owned(),
        task.kind.clone(),
        format!("{}/{}", task.attempts, task.attempts_max),
        time(task.created_ms),
        first.chars().take(100).collect(),
    ]
}

fn task_text(task: &TaskView) -> String {
    let when = |ms: Option<i64>| ms.map_or_else(|| "-".to_owned(), time);
    let row = |name: &str, value: String| [name.to_owned(), value];
    let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "-".to_owned());
    columns(&[
        row("id", task.id.to_string()),
        row("kind", task.kind.clone()),
        row("state", task.state.to_owned()),
        row("priority", task.priority.to_owned()),
        row(
            "attempts",
            match task.attempts_lost {
                0 => format!("{} of {}", task.attempts, task.attempts_max),
                lost => format!(
                    "{} of {}, {lost} of them ended without a word of their worker",
                    task.attempts, task.attempts_max
                ),
            },
        ),
        row("accepted", time(task.created_ms)),
        row("ready", time(task.ready_ms)),
        row("started", when(task.started_ms)),
        row("ended", when(task.finished_ms)),
        row("progress", text(task.progress.as_ref())),
        row("problem", text(task.problem.as_ref())),
    ])
}

async fn user(command: &UserCommand) -> anyhow::Result<String> {
    match command {
        UserCommand::List(own) => {
            let (app, caller) = open_in(own).await?;
            let mut rows = vec![["login", "role", "name"].map(str::to_owned)];
            let mut after = None;
            loop {
                let members = app.user_list(&caller, page(after)).await?;
                let Some(last) = members.last() else { break };
                after = Some(last.id.identifier());
                let row = |member: assay_app::MemberView| {
                    [member.login, member.role, member.display_name]
                };
                rows.extend(members.into_iter().map(row));
            }
            Ok(columns(&rows))
        }
        UserCommand::Add(own) => {
            let (app, caller) = open_in(&own.organisation).await?;
            let wish = UserWish {
                login: own.login.clone(),
                display_name: own.name.clone().unwrap_or_else(|| own.login.clone()),
                role: own.role.clone(),
            };
            app.user_create(&caller, wish, None).await?;
            Ok(format!("{} is {}\n", own.login, own.role))
        }
        UserCommand::Role(own) => {
            let (app, caller) = open_in(&own.organisation).await?;
            let member = app.member_find(&caller, &own.login).await;
            let member = member.with_context(|| format!("the user `{}`", own.login))?;
            let change = UserChange {
                role: Some(own.role.clone()),
                ..UserChange::default()
            };
            app.user_update(&caller, member.id, change, &Expected::Any)
                .await?;
            Ok(format!("{} is {}\n", own.login, own.role))
        }
        UserCommand::Remove(own) => {
            let (app, caller) = open_in(&own.organisation).await?;
            let member = app.member_find(&caller, &own.login).await;
            let member = member.with_context(|| format!("the user `{}`", own.login))?;
            app.user_remove(&caller, member.id, &Expected::Any).await?;
            Ok(format!("{} is no longer in the organisation\n", own.login))
        }
    }
}

fn page(after: Option<Identifier>) -> Paging {
    Paging {
        after,
        rows_max: PAGE_ROWS,
    }
}

fn identifier(text: &str) -> anyhow::Result<Identifier> {
    Identifier::parse(text).with_context(|| format!("`{text}` is no identifier; the list has them"))
}

fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Returns rows whose columns stand below each other.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|at| width(at).unwrap_or(0));
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            // Writing to a string does not fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
