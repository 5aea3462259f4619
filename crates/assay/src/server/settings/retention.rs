//! The section `retention`: for how long what is over is kept.

use anyhow::ensure;
use assay_app::Keeping;
use assay_store::Retention;
use serde::Deserialize;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MINUTE_MS: i64 = 60_000;
const DAYS_MAX: i64 = 36_500;
const MINUTES_MAX: i64 = 7 * 24 * 60;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RetentionFile {
    task_days: Option<i64>,
    delivery_days: Option<i64>,
    review_days: Option<i64>,
    attempt_days: Option<i64>,
    usage_days: Option<i64>,
    mirror_days: Option<i64>,
    every_minutes: Option<i64>,
}

pub(super) fn read(file: &RetentionFile) -> anyhow::Result<Keeping> {
    let usual = Keeping::default();
    let days = |name: &str, value: Option<i64>, usual_ms: i64| {
        let Some(days) = value else {
            return Ok(usual_ms);
        };
        ensure!(
            (1..=DAYS_MAX).contains(&days),
            "retention.{name}: 1 to {DAYS_MAX}, not {days}"
        );
        Ok(days * DAY_MS)
    };
    let minutes = file.every_minutes.unwrap_or(usual.every_ms / MINUTE_MS);
    ensure!(
        (1..=MINUTES_MAX).contains(&minutes),
        "retention.every_minutes: 1 to {MINUTES_MAX}, not {minutes}"
    );
    Ok(Keeping {
        rows: Retention {
            tasks_ms: days("task_days", file.task_days, usual.rows.tasks_ms)?,
            deliveries_ms: days(
                "delivery_days",
                file.delivery_days,
                usual.rows.deliveries_ms,
            )?,
            reviews_ms: days("review_days", file.review_days, usual.rows.reviews_ms)?,
            attempts_ms: days("attempt_days", file.attempt_days, usual.rows.attempts_ms)?,
            usage_ms: days("usage_days", file.usage_days, usual.rows.usage_ms)?,
        },
        every_ms: minutes * MINUTE_MS,
        mirrors_ms: days("mirror_days", file.mirror_days, usual.mirrors_ms)?,
    })
}
