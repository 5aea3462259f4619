//! How patient and how careful the clients are, as values: the operations that
//! own the policies of outside services pass them in.

use assay_source::BreakerPolicy;

/// How long one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until there is a connection.
    pub connect_ms: u64,
    /// Until the whole answer is read.
    pub request_ms: u64,
}

/// When a request that failed is sent again. Only what changes nothing when it
/// is done twice is ever sent again after an answer that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often it is sent at most.
    pub attempts_max: u32,
    /// The longest wait before the second attempt; it doubles with each.
    pub base_ms: u64,
    /// No wait is longer.
    pub cap_ms: u64,
}

/// How many requests may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkheadPolicy {
    /// At a time.
    pub requests_max: usize,
    /// How long one waits for its turn.
    pub wait_ms_max: u64,
}

/// How the limits of the forge are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatePolicy {
    /// The first wait after a limit that names no time; it doubles with each.
    pub unnamed_wait_ms: u64,
    /// After so many limits in a row it gives up.
    pub limits_max: u32,
    /// A longer wait is not waited but reported, so that a task can be put back.
    pub wait_ms_max: u64,
    /// Work that is not urgent waits when less than this part of the quota is left.
    pub reserve_percent: u64,
    /// Time between two requests that make content.
    pub content_gap_ms: u64,
    /// Requests that make content, in a minute.
    pub content_per_minute: usize,
    /// Requests that make content, in an hour.
    pub content_per_hour: usize,
}

/// All of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    /// Time limits.
    pub timeouts: Timeouts,
    /// Sending again.
    pub retry: RetryPolicy,
    /// Leaving alone.
    pub breaker: BreakerPolicy,
    /// Requests at a time.
    pub bulkhead: BulkheadPolicy,
    /// The forge's limits.
    pub rate: RatePolicy,
    /// Bytes of an answer that are read.
    pub answer_bytes_max: u64,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            timeouts: Timeouts {
                connect_ms: 10_000,
                request_ms: 30_000,
            },
            retry: RetryPolicy {
                attempts_max: 4,
                base_ms: 500,
                cap_ms: 20_000,
            },
            breaker: BreakerPolicy {
                failures_max: 10,
                open_ms: 30_000,
            },
            bulkhead: BulkheadPolicy {
                requests_max: 32,
                wait_ms_max: 30_000,
            },
            rate: RatePolicy {
                unnamed_wait_ms: 60_000,
                limits_max: 4,
                wait_ms_max: 5 * 60_000,
                reserve_percent: 10,
                content_gap_ms: 1_000,
                content_per_minute: 80,
                content_per_hour: 500,
            },
            answer_bytes_max: 64 << 20,
        }
    }
}

impl RetryPolicy {
    /// Returns the longest wait before the attempt with the number (from 1).
    pub(crate) fn longest_wait_ms(&self, attempt: u32) -> u64 {
        let factor = 1u64 << attempt.saturating_sub(1).min(30);
        self.base_ms.saturating_mul(factor).min(self.cap_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::Policies;

    #[test]
    fn waits_double_up_to_the_cap() {
        let retry = Policies::default().retry;
        let waits: Vec<_> = [1, 2, 3, 6, 7, 90]
            .map(|attempt| retry.longest_wait_ms(attempt))
            .into();
        assert_eq!(waits, [500, 1_000, 2_000, 16_000, 20_000, 20_000]);
    }
}
