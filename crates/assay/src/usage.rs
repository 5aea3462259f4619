//! What a run cost: time, processor time and peak memory, for `--verbose`.

use std::fmt::Write as _;
use std::time::Instant;

/// Describes the cost of the process since `started`. Processor time and memory
/// are only known on Linux.
pub(crate) fn since(started: Instant) -> String {
    let mut text = format!("{:.2} s", started.elapsed().as_secs_f64());
    if let Some(seconds) = processor_seconds() {
        let _ = write!(text, ", {seconds:.2} s of processor time");
    }
    if let Some(kilobytes) = memory_peak_kilobytes() {
        let _ = write!(text, ", {} MB of memory at most", kilobytes / 1024);
    }
    text
}

/// User and system time from `/proc/self/stat` (proc(5)), whose unit is a
/// hundredth of a second on every Linux that Rust's targets run on.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the name in parentheses, which may hold spaces.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

fn memory_peak_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
