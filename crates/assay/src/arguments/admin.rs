//! What the commands about a server's data take.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::PlaceArguments;

/// Arguments of `assay migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    /// Change nothing: list what is missing, and fail when something is
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Arguments of `assay backup` and `assay restore`.
#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// The file of the copy
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Arguments of `assay admin`.
#[derive(Debug, Args)]
pub(crate) struct AdminArguments {
    #[command(subcommand)]
    pub(crate) command: AdminCommand,
}

/// What an operator looks after.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// API keys of an organisation
    #[command(subcommand)]
    Key(KeyCommand),
    /// Tasks of all organisations: those that are dead, and another try
    #[command(subcommand)]
    Task(TaskCommand),
    /// The people of an organisation
    #[command(subcommand)]
    User(UserCommand),
}

/// What can be done about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it, once
    Make(KeyMakeArguments),
    /// List the keys, the newest first
    List(OrganisationArguments),
    /// Revoke a key: it is no longer good, at once
    Revoke(KeyRevokeArguments),
}

/// Arguments of `assay admin key make`.
#[derive(Debug, Args)]
pub(crate) struct KeyMakeArguments {
    /// What the key is called
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// What it allows, such as review:read,review:run (default: everything)
    #[arg(long, value_name = "PERMISSION", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
    /// For how many days it is good (default: until it is revoked)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1826))]
    pub(crate) days: Option<u16>,
    #[command(flatten)]
    pub(crate) organisation: OrganisationArguments,
}

/// Arguments of `assay admin key revoke`.
#[derive(Debug, Args)]
pub(crate) struct KeyRevokeArguments {
    /// The key, as the list names it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) organisation: OrganisationArguments,
}

/// Which organisation, and where.
#[derive(Debug, Args)]
pub(crate) struct OrganisationArguments {
    /// The organisation (default: the only one)
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// What can be done about tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// List tasks, the newest first (default: those that are dead)
    List(TaskListArguments),
    /// Show a task and why it failed
    Show(TaskArguments),
    /// Let a dead or cancelled task begin anew, or all dead ones
    Retry(TaskRetryArguments),
    /// Stop a task
    Cancel(TaskArguments),
}

/// Arguments of `assay admin task list`.
#[derive(Debug, Args)]
pub(crate) struct TaskListArguments {
    /// In which state: waiting, leased, done, dead, superseded, cancelled or any
    #[arg(long, value_name = "STATE", default_value = "dead")]
    pub(crate) state: String,
    /// Of which kind, such as review_pull
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Arguments about one task.
#[derive(Debug, Args)]
pub(crate) struct TaskArguments {
    /// The task, as the list names it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// Arguments of `assay admin task retry`.
#[derive(Debug, Args)]
pub(crate) struct TaskRetryArguments {
    /// The task, as the list names it
    #[arg(value_name = "ID", required_unless_present = "all_dead")]
    pub(crate) id: Option<String>,
    /// All dead tasks, or those of --kind
    #[arg(long, conflicts_with = "id")]
    pub(crate) all_dead: bool,
    /// Of which kind, such as review_pull
    #[arg(long, value_name = "KIND", requires = "all_dead")]
    pub(crate) kind: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

/// What can be done about people.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List the people with their roles
    List(OrganisationArguments),
    /// Add a person
    Add(UserAddArguments),
    /// Give a person another role
    Role(UserRoleArguments),
    /// Put a person out of the organisation; their keys there do nothing any more
    Remove(UserArguments),
}

/// Arguments of `assay admin user add`.
#[derive(Debug, Args)]
pub(crate) struct UserAddArguments {
    /// The login
    #[arg(value_name = "LOGIN")]
    pub(crate) login: String,
    /// The name for people (default: the login)
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The role: developer, senior-developer, team-lead, admin or one of your own
    #[arg(long, value_name = "ROLE", default_value = "developer")]
    pub(crate) role: String,
    #[command(flatten)]
    pub(crate) organisation: OrganisationArguments,
}

/// Arguments of `assay admin user role`.
#[derive(Debug, Args)]
pub(crate) struct UserRoleArguments {
    /// The login
    #[arg(value_name = "LOGIN")]
    pub(crate) login: String,
    /// The role
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,
    #[command(flatten)]
    pub(crate) organisation: OrganisationArguments,
}

/// Arguments about one person.
#[derive(Debug, Args)]
pub(crate) struct UserArguments {
    /// The login
    #[arg(value_name = "LOGIN")]
    pub(crate) login: String,
    #[command(flatten)]
    pub(crate) organisation: OrganisationArguments,
}
