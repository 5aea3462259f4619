//! A circuit breaker: an outside service that fails again and again is left alone
//! for a while, then tried with one request. It is a value that is told the time.

use std::sync::Mutex;

/// When a service that fails is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// So many failures in a row open the breaker.
    pub failures_max: u32,
    /// After this time one request tries whether it works again.
    pub open_ms: u64,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// When it may be tried again, while it is open.
    open_until_ms: Option<i64>,
}

/// The breaker of one service.
#[derive(Debug)]
pub struct Breaker {
    policy: BreakerPolicy,
    state: Mutex<State>,
}

impl Breaker {
    /// Makes one that is closed.
    pub fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            state: Mutex::default(),
        }
    }

    /// Returns whether a request would have to wait.
    pub fn is_open(&self, now_ms: i64) -> bool {
        let state = self.state.lock().expect("nothing panics while it is held");
        state
            .open_until_ms
            .is_some_and(|until_ms| until_ms > now_ms)
    }

    /// Lets a request through.
    ///
    /// # Errors
    ///
    /// How many milliseconds to wait.
    pub fn admit(&self, now_ms: i64) -> Result<(), u64> {
        let mut state = self.state.lock().expect("nothing panics while it is held");
        let Some(until_ms) = state.open_until_ms else {
            return Ok(());
        };
        let open_ms = self.policy.open_ms as i64;
        // A clock that was set back must not keep it open for ever.
        let wait_ms = (until_ms - now_ms).min(open_ms);
        if wait_ms > 0 {
            return Err(wait_ms as u64);
        }
        // This request tries; the others wait for what it finds.
        state.open_until_ms = Some(now_ms + open_ms);
        Ok(())
    }

    /// Notes how a request went.
    pub fn note(&self, worked: bool, now_ms: i64) {
        let mut state = self.state.lock().expect("nothing panics while it is held");
        if worked {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.policy.failures_max {
            state.open_until_ms = Some(now_ms + self.policy.open_ms as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, BreakerPolicy};

    #[test]
    fn one_request_tries_after_the_wait() {
        let breaker = Breaker::new(BreakerPolicy {
            failures_max: 2,
            open_ms: 100,
        });
        breaker.note(false, 0);
        assert_eq!(breaker.admit(0), Ok(()));
        breaker.note(false, 0);
        assert_eq!(breaker.admit(40), Err(60));
        assert_eq!(breaker.admit(100), Ok(()));
        assert_eq!(breaker.admit(100), Err(100), "only one tries");
        breaker.note(false, 110);
        assert_eq!(breaker.admit(150), Err(60));
        assert_eq!(breaker.admit(210), Ok(()));
        breaker.note(true, 220);
        assert_eq!(breaker.admit(220), Ok(()));
    }
}
