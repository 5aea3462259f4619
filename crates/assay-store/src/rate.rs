//! Who called how often: shared by all processes in Redis, else in this one. When
//! Redis does not answer, this process counts for itself: a limit is never open.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use assay_auth::{RateDecision, RateLimit, RateState};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use tokio::time::Instant;

use crate::Error;

/// So many callers are remembered in this process. Beyond, those that called least
/// lately are forgotten first.
const CALLERS_MAX: usize = 50_000;
/// So long Redis may take for an answer.
const ANSWER_MS: u64 = 100;
/// So long Redis may take for a connection.
const CONNECT_MS: u64 = 250;
/// For so long it is not asked again after it did not answer.
const PAUSE_MS: u64 = 500;

/// The generic cell rate algorithm, as `RateLimit::decide` does it, by the clock of
/// Redis: nodes whose clocks differ share one limit. Answers what is left, and how
/// long to wait in milliseconds.
const DECIDE: &str = "\
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local step, depth, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = tonumber(redis.call('GET', KEYS[1]) or 0)
local latest = now + depth
if full > latest + period or full < now then full = now end
local next = full + step
if next > latest then
  return {-1, math.ceil((next - latest) / 1000)}
end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1)
return {math.floor((latest - next) / step), 0}";

/// The states of callers.
pub struct Rates {
    local: Mutex<HashMap<String, RateState>>,
    remote: Option<Remote>,
}

struct Remote {
    connection: ConnectionManager,
    decide: Script,
    /// Until then it is not asked.
    paused: Mutex<Option<Instant>>,
}

impl Default for Rates {
    /// Counts in this process.
    fn default() -> Self {
        Self {
            local: Mutex::default(),
            remote: None,
        }
    }
}

impl Rates {
    /// Counts in the Redis of an address, for all processes that name the same one. It
    /// need not answer yet.
    pub fn shared(url: &str) -> Result<Self, Error> {
        let wrong = |why: RedisError| Error::Invalid(format!("the cache's address: {why}"));
        let client = Client::open(url).map_err(wrong)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(100))
            .set_response_timeout(Some(Duration::from_millis(ANSWER_MS)))
            .set_connection_timeout(Some(Duration::from_millis(CONNECT_MS)));
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(wrong)?;
        Ok(Self {
            local: Mutex::default(),
            remote: Some(Remote {
                connection,
                decide: Script::new(DECIDE),
                paused: Mutex::default(),
            }),
        })
    }

    /// Decides over a call of a caller, and remembers it.
    pub async fn decide(&self, caller: &str, limit: RateLimit, now_ms: i64) -> RateDecision {
        if let Some(remote) = &self.remote
            && let Some(decision) = remote.decide(caller, limit).await
        {
            return decision;
        }
        self.decide_here(caller, limit, now_ms)
    }

    /// Decides over a call by what this process knows.
    pub fn decide_here(&self, caller: &str, limit: RateLimit, now_ms: i64) -> RateDecision {
        let mut states = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= CALLERS_MAX && !states.contains_key(caller) {
            let now_us = now_ms.saturating_mul(1_000);
            states.retain(|_, state| state.full_at_us > now_us);
            if states.len() >= CALLERS_MAX {
                states.clear();
            }
        }
        let state = match states.get(caller) {
            Some(state) => *state,
            None => RateState::default(),
        };
        let decision = limit.decide(state, now_ms);
        if let RateDecision::Pass(next, _) = decision {
            states.insert(caller.to_owned(), next);
        }
        decision
    }
}

impl Remote {
    async fn decide(&self, caller: &str, limit: RateLimit) -> Option<RateDecision> {
        let until = *self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let (step_us, depth_us) = limit.step_and_depth_us();
        let mut connection = self.connection.clone();
        let answer: Result<(i64, i64), RedisError> = self
            .decide
            .key(format!("assay:rate:{caller}"))
            .arg(step_us)
            .arg(depth_us)
            .arg(i64::from(limit.period_ms) * 1_000)
            .invoke_async(&mut connection)
            .await;
        match answer {
            Ok((left, _)) if left >= 0 => Some(RateDecision::Pass(
                RateState::default(),
                u32::try_from(left).unwrap_or(u32::MAX),
            )),
            Ok((_, retry_ms)) => Some(RateDecision::Wait {
                retry_ms: retry_ms.max(1),
            }),
            Err(_) => {
                let until = Instant::now() + Duration::from_millis(PAUSE_MS);
                *self.paused.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use assay_auth::{RateDecision, RateLimit};

    use super::{CALLERS_MAX, Rates};

    #[test]
    fn each_caller_has_a_limit_and_memory_has_an_end() {
        let rates = Rates::default();
        let limit = RateLimit {
            calls: 2,
            period_ms: 1_000,
            burst: 2,
        };
        let passes = |caller: &str, now_ms| {
            let decision = rates.decide_here(caller, limit, now_ms);
            matches!(decision, RateDecision::Pass(..))
        };
        assert!(passes("a", 0) && passes("a", 0));
        assert!(!passes("a", 0) && passes("b", 0));
        assert!(passes("a", 500));
        for number in 0..CALLERS_MAX + 10 {
            rates.decide_here(&number.to_string(), limit, 0);
        }
        assert!(rates.local.lock().unwrap().len() <= CALLERS_MAX);
    }
}
