//! Stops what has run away, the last defence of the machine. Some texts made to do so keep a grammar's
//! error recovery busy for minutes, or fill the memory, in fewer steps than
//! real files need; steps cannot tell them apart, a clock and the memory can.
//! What is stopped is in the ledger.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Parsing one text may take so long. Real files take milliseconds.
const TIME_MAX: Duration = Duration::from_secs(20);

/// The process may grow so much while one text is parsed. Real files take
/// some tens of times their size, which is limited to a few megabytes.
const GROWTH_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The first steps are free, and then so many pass between two looks.
const STEPS_PER_LOOK: u64 = 16_000;

/// So much memory may the process have. Reviewing a repository of ten million
/// lines takes a quarter of it.
const MEMORY_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;

thread_local! {
    /// When the text that this thread parses was begun, and the memory then.
    static BEGUN: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Who starts this process may allow it less memory, in bytes.
const MEMORY_VARIABLE: &str = "ASSAY_MEMORY_BYTES_MAX";

/// Limits the memory of the process. Within one step of a grammar [`stops`] is
/// not asked; the texts known to fill the memory there are refused by
/// `assay-syntax` before, and with one that is not known the process ends with a
/// message, and not the machine.
pub(crate) fn limit_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let wanted = std::env::var(MEMORY_VARIABLE).ok();
        let wanted = wanted.and_then(|bytes| bytes.parse().ok());
        let mut limit = getrlimit(Resource::Data);
        let most = limit.maximum.unwrap_or(u64::MAX).min(MEMORY_BYTES_MAX);
        let most = most.min(wanted.unwrap_or(u64::MAX));
        limit.current = Some(limit.current.unwrap_or(u64::MAX).min(most));
        // A system that refuses has its own ideas of how much is too much.
        let _ = setrlimit(Resource::Data, limit);
    }
}

/// Who starts this process may name itself, by its process id, and is not outlived.
const PARENT_VARIABLE: &str = "ASSAY_PARENT_PROCESS";

/// Makes the process end with the one that started it, where that is wanted: what
/// a review took would be nobody's, and nobody would see to its limits. Returns
/// whether it still goes on.
pub(crate) fn end_with_parent() -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
        let wanted = std::env::var(PARENT_VARIABLE).ok();
        if let Some(parent) = wanted
            .and_then(|id| id.parse().ok())
            .and_then(Pid::from_raw)
        {
            // Where that cannot be had it ends by itself when its review does.
            let _ = set_parent_process_death_signal(Some(Signal::KILL));
            // It may have ended before it was asked for.
            return getppid() == Some(parent);
        }
    }
    true
}

/// Decides whether to give up on the text that this thread parses, `steps`
/// after it was begun.
pub(crate) fn stops(steps: u64) -> bool {
    if steps < STEPS.get() {
        // Another text.
        STEPS.set(0);
        BEGUN.set(None);
    }
    if steps < STEPS.get() + STEPS_PER_LOOK {
        return false;
    }
    STEPS.set(steps);
    match BEGUN.get() {
        None => {
            BEGUN.set(Some((Instant::now(), memory_bytes())));
            false
        }
        Some((begun, memory)) => {
            begun.elapsed() > TIME_MAX || memory_bytes().saturating_sub(memory) > GROWTH_BYTES_MAX
        }
    }
}

/// The memory of the process now, in bytes, from `/proc/self/statm` (proc(5)),
/// whose unit is a page of 4 KiB or more; zero where there is none.
fn memory_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let mut fields = statm.split_whitespace().skip(1);
    let pages: u64 = fields
        .next()
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages * 4096
}
