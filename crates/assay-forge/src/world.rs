//! What the clients need of the world besides the network: the time, chance for
//! the jitter of retries, and a way to wait that a test can shorten.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use assay_source::{Clock, Randomness};

/// A future that is passed through a trait object.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Waits.
pub trait Sleeper: Send + Sync {
    /// Waits so many milliseconds.
    fn sleep(&self, duration_ms: u64) -> Boxed<'_, ()>;
}

/// Waits by the timer of the runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuntimeSleeper;

impl Sleeper for RuntimeSleeper {
    fn sleep(&self, duration_ms: u64) -> Boxed<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(duration_ms)))
    }
}

/// The world that is passed in.
#[derive(Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives chance.
    pub randomness: Arc<dyn Randomness>,
    /// Waits.
    pub sleeper: Arc<dyn Sleeper>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

impl World {
    /// Returns a number from 0 to `end`, both included.
    pub(crate) fn chance(&self, end: u64) -> u64 {
        self.randomness.up_to(end)
    }

    /// Returns the time; what lies before 1970 counts as its beginning.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms().max(0)
    }
}
