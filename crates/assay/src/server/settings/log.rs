//! The section `log`: the form of the log and how much it says.

use anyhow::Context as _;
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::server) enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogFile {
    pub(super) format: LogFormat,
    pub(super) level: Option<String>,
}

pub(super) fn level(name: Option<&str>) -> anyhow::Result<LevelFilter> {
    let name = name.unwrap_or("info");
    let parsed = name.parse();
    parsed.ok().with_context(|| {
        format!("log.level: `{name}`, but it is off, error, warn, info, debug or trace")
    })
}
