//! The clock and the randomness, passed in: what expires, is retried or is made
//! up can then be tested without waiting and repeated from a seed.

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Returns the milliseconds since 1970 began, in UTC. The clock may jump,
    /// also backwards.
    fn now_ms(&self) -> i64;
}

/// Gives bytes that nobody can guess.
pub trait Randomness: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, bytes: &mut [u8]);

    /// Returns a number from 0 to `end`, both included.
    fn up_to(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        match end.checked_add(1) {
            Some(count) => u64::from_le_bytes(bytes) % count,
            None => u64::from_le_bytes(bytes),
        }
    }
}

impl<T: Clock + ?Sized> Clock for std::sync::Arc<T> {
    fn now_ms(&self) -> i64 {
        (**self).now_ms()
    }
}

impl<T: Randomness + ?Sized> Randomness for std::sync::Arc<T> {
    fn fill(&self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}
