//! Looks how the machine and the forges do, for the deep health check and the gauges.

use std::path::PathBuf;

use assay_app::{HealthState, Metrics, Probe, ProbeAnswer, family};
use assay_forge::GitHub;
use assay_source::Clock as _;

use super::world::SystemClock;

/// With less than this part of the disk free, the server warns; without the second
/// part, it says that it cannot go on.
const DISK_LOW: (u64, u64) = (10, 1);
/// The same for memory.
const MEMORY_LOW: (u64, u64) = (10, 2);
/// With less than this part of the quota left, what is not urgent waits.
const QUOTA_LOW: u64 = 10;
const MEGABYTE: u64 = 1024 * 1024;

fn state(left: u64, all: u64, (low, none): (u64, u64)) -> HealthState {
    match left.saturating_mul(100) / all.max(1) {
        percent if percent < none => HealthState::Failed,
        percent if percent < low => HealthState::Degraded,
        _ => HealthState::Ok,
    }
}

/// How much room is left where the data is.
pub(super) struct Disk(pub(super) PathBuf);

impl Disk {
    fn room(&self) -> std::io::Result<(u64, u64)> {
        let room = rustix::fs::statvfs(&self.0)?;
        let bytes = |blocks: u64| blocks.saturating_mul(room.f_frsize);
        Ok((bytes(room.f_bavail), bytes(room.f_blocks)))
    }
}

impl Probe for Disk {
    fn name(&self) -> &'static str {
        "disk"
    }

    fn check(&self) -> ProbeAnswer<'_> {
        Box::pin(async {
            match self.room() {
                Ok((free, all)) => {
                    let (free_mb, all_mb) = (free / MEGABYTE, all / MEGABYTE);
                    let detail = format!("{free_mb} of {all_mb} MB free");
                    (state(free, all, DISK_LOW), detail)
                }
                Err(error) => (HealthState::Degraded, format!("not known: {error}")),
            }
        })
    }

    fn gather(&self, metrics: &Metrics) {
        if let Ok((free, _)) = self.room() {
            metrics.set(family::DISK_FREE, &[], free as f64);
        }
    }
}

/// How much memory is left to the process: of its control group, else of the machine.
pub(super) struct Memory;

impl Memory {
    /// Returns what is left, what there is at most, and what the process has.
    fn room() -> Option<(u64, u64, u64)> {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
        let field = |path: &str, name: &str| {
            let text = read(path)?;
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kilobytes * 1024)
        };
        let own = field("/proc/self/status", "VmRSS:")?;
        let all = field("/proc/meminfo", "MemTotal:")?;
        let left = field("/proc/meminfo", "MemAvailable:")?;
        let group = number("/sys/fs/cgroup/memory.max").filter(|max| *max < all);
        match (group, number("/sys/fs/cgroup/memory.current")) {
            (Some(max), Some(used)) => Some((max.saturating_sub(used).min(left), max, own)),
            _ => Some((left, all, own)),
        }
    }
}

impl Probe for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn check(&self) -> ProbeAnswer<'_> {
        Box::pin(async {
            match Self::room() {
                Some((left, all, own)) => {
                    let [left_mb, all_mb, own_mb] = [left, all, own].map(|bytes| bytes / MEGABYTE);
                    let detail = format!("{left_mb} of {all_mb} MB left, {own_mb} MB are ours");
                    (state(left, all, MEMORY_LOW), detail)
                }
                None => (HealthState::Ok, "not known on this system".to_owned()),
            }
        })
    }

    fn gather(&self, metrics: &Metrics) {
        if let Some((_, _, own)) = Self::room() {
            metrics.set(family::MEMORY, &[], own as f64);
        }
    }
}

/// How GitHub does, as far as its answers say.
pub(super) struct Forge(pub(super) GitHub);

impl Probe for Forge {
    fn name(&self) -> &'static str {
        "github"
    }

    fn check(&self) -> ProbeAnswer<'_> {
        Box::pin(async {
            if self.0.is_left_alone() {
                let detail = "it failed several times and is left alone for a while";
                return (HealthState::Degraded, detail.to_owned());
            }
            let now_ms = SystemClock.now_ms();
            let quotas = self.0.quotas();
            let known = quotas.iter().filter_map(|(_, quota)| {
                let is_over = quota.resets_at_ms.is_some_and(|at_ms| at_ms <= now_ms);
                let left = if is_over {
                    quota.limit?
                } else {
                    quota.remaining?
                };
                Some((left, quota.limit?, quota.closed_until_ms > now_ms))
            });
            // Another token may do what the one with the least left cannot.
            let best = known.max_by_key(|(left, limit, is_closed)| {
                (!is_closed, left.saturating_mul(1_000) / (*limit).max(1))
            });
            match best {
                None => (HealthState::Ok, "nothing was asked of it yet".to_owned()),
                Some((_, _, true)) => {
                    let detail = "it asked for a pause".to_owned();
                    (HealthState::Degraded, detail)
                }
                Some((left, limit, false)) => {
                    let detail = format!("{left} of {limit} calls left");
                    (state(left, limit, (QUOTA_LOW, 0)), detail)
                }
            }
        })
    }

    fn gather(&self, metrics: &Metrics) {
        metrics.clear(family::GITHUB_REMAINING);
        for (identity, quota) in self.0.quotas() {
            if let Some(remaining) = quota.remaining {
                let labels = [identity.as_str(), "core"];
                metrics.set(family::GITHUB_REMAINING, &labels, remaining as f64);
            }
        }
        let is_up = if self.0.is_left_alone() { 0.0 } else { 1.0 };
        metrics.set(family::SERVICE_UP, &["github"], is_up);
    }
}

#[cfg(test)]
mod tests {
    use assay_app::HealthState;

    use super::state;

    #[test]
    fn little_room_is_told_before_there_is_none() {
        for (left, all, expected) in [
            (50, 100, HealthState::Ok),
            (10, 100, HealthState::Ok),
            (9, 100, HealthState::Degraded),
            (0, 100, HealthState::Failed),
            (0, 0, HealthState::Failed),
            (u64::MAX, u64::MAX, HealthState::Degraded),
        ] {
            assert_eq!(state(left, all, (10, 1)), expected, "{left} of {all}");
        }
    }
}
