//! The section `database`: where everything durable is kept.

use std::path::Path;

use anyhow::ensure;
use assay_store::StoreOptions;
use serde::Deserialize;

use super::sources::variable;

/// The database's file, in the folder of the server's data.
const DATABASE_FILE: &str = "assay.db";
const CONNECTIONS: u32 = 16;
const CONNECTIONS_MAX: u32 = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DatabaseFile {
    url: Option<String>,
    replica_url: Option<String>,
    connections: Option<u32>,
}

/// Returns the database: of the argument, the environment, the file, or a file of
/// SQLite in the folder `data`.
pub(super) fn read(
    argument: Option<String>,
    file: DatabaseFile,
    data: &Path,
) -> anyhow::Result<StoreOptions> {
    let url = argument
        .or_else(|| variable("ASSAY_DATABASE_URL"))
        .or(file.url)
        .unwrap_or_else(|| format!("sqlite:{}", data.join(DATABASE_FILE).display()));
    let replica_url = variable("ASSAY_DATABASE_REPLICA_URL").or(file.replica_url);
    ensure!(
        replica_url.is_none() || url.starts_with("postgres"),
        "database.replica_url: only PostgreSQL has replicas"
    );
    let connections_max = file.connections.unwrap_or(CONNECTIONS);
    ensure!(
        (2..=CONNECTIONS_MAX).contains(&connections_max),
        "database.connections: 2 to {CONNECTIONS_MAX}, not {connections_max}"
    );
    Ok(StoreOptions {
        url,
        replica_url,
        connections_max,
    })
}
