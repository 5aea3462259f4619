//! The limits of the machine that a measurement with many connections needs.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process, and those that it starts, have so many files and connections open,
/// as far as it may; returns how many it may.
pub fn open_files(wanted: u64) -> u64 {
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.unwrap_or(u64::MAX);
    let tries = [
        // Who is root may have more than was allowed.
        Rlimit {
            current: Some(wanted),
            maximum: Some(most.max(wanted)),
        },
        Rlimit {
            current: Some(wanted.min(most)),
            maximum: now.maximum,
        },
    ];
    for limit in tries {
        if now.current.is_some_and(|has| has >= wanted) {
            break;
        }
        if setrlimit(Resource::Nofile, limit).is_ok() {
            break;
        }
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
