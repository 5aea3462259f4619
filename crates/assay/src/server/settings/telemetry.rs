//! The section `telemetry`: who else is told what happens. Nobody, unless somebody is
//! named.

use std::path::PathBuf;

use anyhow::ensure;
use secrecy::SecretString;
use serde::Deserialize;

use super::sources::{read_secret, variable};

const EVERY_MS: u64 = 10_000;
const EVERY_MS_MIN: u64 = 100;
const EVERY_MS_MAX: u64 = 3_600_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TelemetryFile {
    otlp_endpoint: Option<String>,
    sentry_dsn_file: Option<PathBuf>,
    statsd: Option<String>,
    statsd_tags: Option<bool>,
    statsd_every_ms: Option<u64>,
}

/// Who is told.
pub(in crate::server) struct TelemetrySettings {
    pub(in crate::server) otlp_endpoint: Option<String>,
    pub(in crate::server) otlp_headers: Vec<(String, String)>,
    pub(in crate::server) sentry_dsn: Option<SecretString>,
    pub(in crate::server) statsd: Option<String>,
    pub(in crate::server) statsd_tags: bool,
    pub(in crate::server) statsd_every_ms: u64,
}

pub(super) fn read(file: TelemetryFile) -> anyhow::Result<TelemetrySettings> {
    let every_ms = file.statsd_every_ms.unwrap_or(EVERY_MS);
    ensure!(
        (EVERY_MS_MIN..=EVERY_MS_MAX).contains(&every_ms),
        "telemetry.statsd_every_ms: {EVERY_MS_MIN} to {EVERY_MS_MAX}, not {every_ms}"
    );
    let dsn = match (variable("ASSAY_SENTRY_DSN"), file.sentry_dsn_file) {
        (Some(dsn), _) => Some(dsn),
        (None, Some(path)) => Some(read_secret(&path)?),
        (None, None) => None,
    };
    // Written as `name=value,name=value`, as OpenTelemetry has it.
    let headers = variable("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default();
    let headers = headers.split(',').filter_map(|pair| pair.split_once('='));
    let trimmed = |(name, value): (&str, &str)| (name.trim().to_owned(), value.trim().to_owned());
    Ok(TelemetrySettings {
        otlp_endpoint: variable("OTEL_EXPORTER_OTLP_ENDPOINT").or(file.otlp_endpoint),
        otlp_headers: headers.map(trimmed).collect(),
        sentry_dsn: dsn.map(SecretString::from),
        statsd: variable("ASSAY_STATSD").or(file.statsd),
        statsd_tags: file.statsd_tags.unwrap_or(true),
        statsd_every_ms: every_ms,
    })
}
