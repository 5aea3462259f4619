//! The machine's clock and randomness, and what a process is known by.

use std::io::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use assay_source::{Clock, Randomness};

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }
}

/// The machine's randomness.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("a machine without randomness can keep no secret");
    }
}

/// Returns a name that no other worker has.
pub(super) fn worker_name() -> String {
    let mut bytes = [0; 8];
    SystemRandomness.fill(&mut bytes);
    format!("{}-{:016x}", std::process::id(), u64::from_le_bytes(bytes))
}

/// Writes a secret that only its owner reads, whole or not at all. When somebody
/// else wrote one meanwhile, theirs counts. Returns the one that counts.
pub(super) fn write_secret(file: &Path, secret: &[u8]) -> std::io::Result<Vec<u8>> {
    let folder = file.parent().unwrap_or(Path::new("."));
    // Such files are readable for their owner alone.
    let mut made = tempfile::NamedTempFile::new_in(folder)?;
    made.write_all(secret)?;
    made.as_file().sync_all()?;
    match made.persist_noclobber(file) {
        Ok(_) => Ok(secret.to_vec()),
        Err(_) if file.exists() => std::fs::read(file),
        Err(error) => Err(error.error),
    }
}
