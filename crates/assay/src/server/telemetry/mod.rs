//! Tells others what happens: traces to a collector of OpenTelemetry, faults to
//! Sentry, numbers to StatsD. All of it is off until it is configured, keeps nobody
//! waiting, and is thrown away when nobody takes it.

mod otlp;
mod outbox;
mod sentry;
mod statsd;

use std::sync::Arc;

use assay_app::Listener;

use self::otlp::Otlp;
use self::sentry::Sentry;
pub(super) use self::statsd::send_numbers;
use super::settings::TelemetrySettings;

/// Starts what is configured.
pub(super) fn listeners(settings: &TelemetrySettings) -> anyhow::Result<Vec<Arc<dyn Listener>>> {
    let mut listeners: Vec<Arc<dyn Listener>> = Vec::new();
    if let Some(endpoint) = &settings.otlp_endpoint {
        listeners.push(Arc::new(Otlp::start(endpoint, &settings.otlp_headers)?));
    }
    if let Some(dsn) = &settings.sentry_dsn {
        listeners.push(Arc::new(Sentry::start(dsn)?));
    }
    Ok(listeners)
}
