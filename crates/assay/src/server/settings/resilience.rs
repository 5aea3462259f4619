//! The section `resilience`: how patient and how careful the server is with each
//! outside service.

use anyhow::ensure;
use assay_forge::Policies;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ResilienceFile {
    github: ForgeFile,
    gitlab: ForgeFile,
}

/// What is said of a forge; what is not is as usual.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ForgeFile {
    connect_seconds: Option<u64>,
    request_seconds: Option<u64>,
    attempts: Option<u64>,
    breaker_failures: Option<u64>,
    breaker_seconds: Option<u64>,
    requests: Option<u64>,
    wait_seconds: Option<u64>,
    reserve_percent: Option<u64>,
    content_per_minute: Option<u64>,
    content_per_hour: Option<u64>,
}

/// The policies of outside services.
pub(in crate::server) struct ResilienceSettings {
    pub(in crate::server) github: Policies,
    pub(in crate::server) gitlab: Policies,
}

pub(super) fn read(file: &ResilienceFile) -> anyhow::Result<ResilienceSettings> {
    Ok(ResilienceSettings {
        github: forge("github", &file.github)?,
        gitlab: forge("gitlab", &file.gitlab)?,
    })
}

fn forge(name: &str, file: &ForgeFile) -> anyhow::Result<Policies> {
    let number = |field: &str, value: Option<u64>, usual: u64, max: u64| {
        let value = value.unwrap_or(usual);
        ensure!(
            (1..=max).contains(&value),
            "resilience.{name}.{field}: 1 to {max}, not {value}"
        );
        Ok(value)
    };
    let mut to = Policies::default();
    let seconds = |field: &str, value: Option<u64>, usual_ms: u64| {
        number(field, value, usual_ms / 1_000, 3_600).map(|seconds| seconds * 1_000)
    };
    let count = |field: &str, value: Option<u64>, usual: usize| {
        let count = number(field, value, usual as u64, 10_000)?;
        anyhow::Ok(usize::try_from(count)?)
    };
    let small = |field: &str, value: Option<u64>, usual: u32| {
        anyhow::Ok(u32::try_from(number(field, value, usual.into(), 100)?)?)
    };
    let timeouts = &mut to.timeouts;
    timeouts.connect_ms = seconds("connect_seconds", file.connect_seconds, timeouts.connect_ms)?;
    timeouts.request_ms = seconds("request_seconds", file.request_seconds, timeouts.request_ms)?;
    to.retry.attempts_max = small("attempts", file.attempts, to.retry.attempts_max)?;
    let breaker = &mut to.breaker;
    breaker.failures_max = small(
        "breaker_failures",
        file.breaker_failures,
        breaker.failures_max,
    )?;
    breaker.open_ms = seconds("breaker_seconds", file.breaker_seconds, breaker.open_ms)?;
    let bulkhead = &mut to.bulkhead;
    bulkhead.requests_max = count("requests", file.requests, bulkhead.requests_max)?;
    bulkhead.wait_ms_max = seconds("wait_seconds", file.wait_seconds, bulkhead.wait_ms_max)?;
    let rate = &mut to.rate;
    let usual = rate.reserve_percent;
    rate.reserve_percent = number("reserve_percent", file.reserve_percent, usual, 90)?;
    let usual = rate.content_per_minute;
    rate.content_per_minute = count("content_per_minute", file.content_per_minute, usual)?;
    let usual = rate.content_per_hour;
    rate.content_per_hour = count("content_per_hour", file.content_per_hour, usual)?;
    Ok(to)
}
