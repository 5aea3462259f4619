//! The section `worker`: how many reviews run at once, how long and in how much memory.

use std::time::Duration;

use anyhow::ensure;
use serde::Deserialize;

use super::sources::variable;

const JOBS: usize = 2;
const JOBS_MAX: usize = 256;
/// What a worker can do when nothing else is said: everything that there is.
const CAPABILITIES: [&str; 2] = ["any", "review"];
const LOOK_MS: u64 = 1_000;
const LOOK_MS_MIN: u64 = 50;
const LOOK_MS_MAX: u64 = 600_000;
const DRAIN_SECONDS: u64 = 25;
const DRAIN_SECONDS_MAX: u64 = 3_600;
const REVIEW_SECONDS: u64 = 600;
const REVIEW_SECONDS_MAX: u64 = 3_600;
const REVIEW_MEGABYTES: u64 = 2_048;
/// The least memory in which a review of anything can be begun.
const REVIEW_MEGABYTES_MIN: u64 = 128;

/// Reactions and resolved threads are looked for so often.
const FEEDBACK_SECONDS: u32 = 600;

/// How reviews are run.
pub(in crate::server) struct WorkerSettings {
    pub(in crate::server) jobs_max: usize,
    pub(in crate::server) capabilities: Vec<String>,
    pub(in crate::server) look_ms: u64,
    pub(in crate::server) drain_ms: u64,
    /// Where a process that only does tasks answers health and metrics.
    pub(in crate::server) listen: Option<String>,
    pub(in crate::server) review_time_max: Duration,
    pub(in crate::server) review_memory_bytes_max: u64,
    pub(in crate::server) feedback_ms: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WorkerFile {
    jobs: Option<usize>,
    capabilities: Vec<String>,
    look_ms: Option<u64>,
    drain_seconds: Option<u64>,
    listen: Option<String>,
    review_seconds: Option<u64>,
    review_megabytes: Option<u64>,
    feedback_seconds: Option<u32>,
}

pub(super) fn read(given: &[String], file: WorkerFile) -> anyhow::Result<WorkerSettings> {
    let seconds = file.review_seconds.unwrap_or(REVIEW_SECONDS);
    ensure!(
        (1..=REVIEW_SECONDS_MAX).contains(&seconds),
        "worker.review_seconds: 1 to {REVIEW_SECONDS_MAX}, not {seconds}"
    );
    let megabytes = file.review_megabytes.unwrap_or(REVIEW_MEGABYTES);
    ensure!(
        megabytes >= REVIEW_MEGABYTES_MIN,
        "worker.review_megabytes: at least {REVIEW_MEGABYTES_MIN}, not {megabytes}"
    );
    let jobs_max = file.jobs.unwrap_or(JOBS);
    ensure!(
        (1..=JOBS_MAX).contains(&jobs_max),
        "worker.jobs: 1 to {JOBS_MAX}, not {jobs_max}"
    );
    let look_ms = file.look_ms.unwrap_or(LOOK_MS);
    ensure!(
        (LOOK_MS_MIN..=LOOK_MS_MAX).contains(&look_ms),
        "worker.look_ms: {LOOK_MS_MIN} to {LOOK_MS_MAX}, not {look_ms}"
    );
    let drain_seconds = file.drain_seconds.unwrap_or(DRAIN_SECONDS);
    ensure!(
        drain_seconds <= DRAIN_SECONDS_MAX,
        "worker.drain_seconds: 0 to {DRAIN_SECONDS_MAX}, not {drain_seconds}"
    );
    let mut capabilities = match given.is_empty() {
        true => file.capabilities,
        false => given.to_vec(),
    };
    if capabilities.is_empty() {
        capabilities = CAPABILITIES.map(str::to_owned).to_vec();
    }
    for one in &capabilities {
        ensure!(
            CAPABILITIES.contains(&one.as_str()),
            "worker.capabilities: `{one}`, but there are {}",
            CAPABILITIES.join(", ")
        );
    }
    let feedback_seconds = file.feedback_seconds.unwrap_or(FEEDBACK_SECONDS);
    ensure!(
        feedback_seconds >= 1,
        "worker.feedback_seconds: at least 1, not {feedback_seconds}"
    );
    Ok(WorkerSettings {
        jobs_max,
        capabilities,
        look_ms,
        drain_ms: drain_seconds * 1_000,
        listen: variable("ASSAY_WORKER_LISTEN").or(file.listen),
        review_time_max: Duration::from_secs(seconds),
        review_memory_bytes_max: megabytes * 1024 * 1024,
        feedback_ms: i64::from(feedback_seconds) * 1_000,
    })
}
