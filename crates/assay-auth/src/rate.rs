//! The arithmetic of rate limits and quotas. Where the numbers are kept (in the
//! process, in the database, in a cache) is for others.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// So many calls in so long, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many calls.
    pub calls: u32,
    /// In how long.
    pub period_ms: u32,
    /// How many of them at once.
    pub burst: u32,
}

/// What there is to know about a caller: when the bucket will be full again, in
/// microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RateState {
    /// The theoretical time of arrival of the call after those that came.
    pub full_at_us: i64,
}

/// Whether a call may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateDecision {
    /// It may; the state to keep, and how many more may pass at once.
    Pass(RateState, u32),
    /// It may not; after so long one may.
    Wait {
        /// How long, at least one.
        retry_ms: i64,
    },
}

impl RateLimit {
    /// Returns the limit of so many calls a minute, of which a fourth at once.
    pub const fn per_minute(calls: u32) -> Self {
        Self {
            calls,
            period_ms: 60_000,
            burst: if calls < 4 { 1 } else { calls / 4 },
        }
    }

    /// Returns how far a call moves the bucket, and how deep it is, in microseconds.
    pub fn step_and_depth_us(self) -> (i64, i64) {
        let calls = i64::from(self.calls.max(1));
        let step_us = (i64::from(self.period_ms.max(1)) * 1_000 / calls).max(1);
        let depth_us = step_us.saturating_mul(i64::from(self.burst.max(1)));
        (step_us, depth_us)
    }

    /// Decides over a call (the generic cell rate algorithm). The clock may jump
    /// back: a state that lies a whole period too far ahead is forgotten.
    pub fn decide(self, state: RateState, now_ms: i64) -> RateDecision {
        let (step_us, depth_us) = self.step_and_depth_us();
        let now_us = now_ms.saturating_mul(1_000);
        let latest = now_us.saturating_add(depth_us);
        let period_us = i64::from(self.period_ms) * 1_000;
        let base = if state.full_at_us > latest.saturating_add(period_us) {
            now_us
        } else {
            state.full_at_us.max(now_us)
        };
        let next = base.saturating_add(step_us);
        if next > latest {
            let wait_us = next - latest;
            return RateDecision::Wait {
                retry_ms: wait_us.saturating_add(999) / 1_000,
            };
        }
        let left = (latest - next) / step_us;
        let state = RateState { full_at_us: next };
        RateDecision::Pass(state, u32::try_from(left).unwrap_or(u32::MAX))
    }
}

/// So much a day and a month; no number is no limit. Days and months are UTC's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Quota {
    /// A day.
    pub day_max: Option<u64>,
    /// A month.
    pub month_max: Option<u64>,
}

/// What was used in the day and the month in which it was last counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Usage {
    /// When it was last counted, in milliseconds since 1970.
    pub at_ms: i64,
    /// Used that day.
    pub day: u64,
    /// Used that month.
    pub month: u64,
}

/// Whether something may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaDecision {
    /// It may; the usage to keep.
    Pass(Usage),
    /// It may not before the day or month is over, in milliseconds since 1970.
    Exhausted {
        /// When there is more again.
        again_ms: i64,
    },
}

impl Usage {
    /// Returns the usage as it stands now: days and months that are over count
    /// nothing.
    #[must_use]
    pub fn at(self, now_ms: i64) -> Self {
        let (then, now) = (date(self.at_ms), date(now_ms));
        let is_month = (then.year(), then.month()) == (now.year(), now.month());
        Self {
            at_ms: now_ms,
            day: if then == now { self.day } else { 0 },
            month: if is_month { self.month } else { 0 },
        }
    }
}

impl Quota {
    /// Returns when the day and the month of a time are over.
    pub fn resets_ms(now_ms: i64) -> (i64, i64) {
        let today = date(now_ms);
        let tomorrow = today.tomorrow().unwrap_or(today);
        let first = today.last_of_month().tomorrow().unwrap_or(today);
        (start_ms(tomorrow), start_ms(first))
    }

    /// Decides over a use of so much.
    pub fn decide(self, usage: Usage, amount: u64, now_ms: i64) -> QuotaDecision {
        let usage = usage.at(now_ms);
        let used = Usage {
            at_ms: now_ms,
            day: usage.day.saturating_add(amount),
            month: usage.month.saturating_add(amount),
        };
        let is_over = |used, max: Option<u64>| max.is_some_and(|max| used > max);
        let (tomorrow_ms, first_ms) = Self::resets_ms(now_ms);
        if is_over(used.month, self.month_max) {
            return QuotaDecision::Exhausted { again_ms: first_ms };
        }
        if is_over(used.day, self.day_max) {
            let again_ms = tomorrow_ms;
            return QuotaDecision::Exhausted { again_ms };
        }
        QuotaDecision::Pass(used)
    }
}

/// Returns the day of a time; one that no calendar has is the first day of 1970.
fn date(ms: i64) -> Date {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).date()
}

fn start_ms(day: Date) -> i64 {
    let start = day.to_zoned(TimeZone::UTC);
    start.map_or(i64::MAX, |start| start.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::{Quota, QuotaDecision, RateDecision, RateLimit, RateState, Usage};

    /// Sends calls at the times and says which passed (`+`) or waited (`-`).
    fn passes(limit: RateLimit, times_ms: &[i64]) -> String {
        let mut state = RateState::default();
        let decide = |&now_ms: &i64| match limit.decide(state, now_ms) {
            RateDecision::Pass(next, _) => {
                state = next;
                '+'
            }
            RateDecision::Wait { retry_ms } => {
                assert!(retry_ms > 0);
                '-'
            }
        };
        times_ms.iter().map(decide).collect()
    }

    #[test]
    fn calls_pass_at_their_rate() {
        let limit = RateLimit {
            calls: 10,
            period_ms: 1_000,
            burst: 3,
        };
        for (times, expected) in [
            (&[0, 0, 0, 0][..], "+++-"),
            (&[0, 0, 0, 99, 100, 100, 200], "+++-+-+"),
            (&[0, 0, 0, 10_000, 10_000, 10_000, 10_000], "++++++-"),
            // The clock goes back a little, then an hour: nobody is locked out for an hour.
            (
                &[3_600_000, 3_600_000, 3_600_000, 3_599_900, 0, 100],
                "+++-++",
            ),
        ] {
            assert_eq!(passes(limit, times), expected, "{times:?}");
        }
        assert_eq!(passes(RateLimit::per_minute(0), &[0, 1]), "+-");
        let fast = RateLimit {
            calls: u32::MAX,
            period_ms: 1,
            burst: u32::MAX,
        };
        assert_eq!(passes(fast, &[i64::MAX, i64::MIN, 0]), "+++");
    }

    #[test]
    fn a_wait_is_as_long_as_it_says() {
        let limit = RateLimit::per_minute(60);
        let mut state = RateState::default();
        let mut now_ms = 1_000;
        let mut passed = 0;
        while now_ms < 121_000 {
            match limit.decide(state, now_ms) {
                RateDecision::Pass(next, _) => {
                    state = next;
                    passed += 1;
                }
                RateDecision::Wait { retry_ms } => now_ms += retry_ms,
            }
        }
        assert_eq!(passed, 15 + 120 - 1);
    }

    #[test]
    fn quotas_end_with_their_day_and_month() {
        // 2026-01-31T23:59:59Z
        let now_ms = 1_769_903_999_000;
        let quota = Quota {
            day_max: Some(10),
            month_max: Some(100),
        };
        let usage = |day, month| Usage {
            at_ms: now_ms - 1_000,
            day,
            month,
        };
        let passed = |day, month| {
            QuotaDecision::Pass(Usage {
                at_ms: now_ms,
                day,
                month,
            })
        };
        let over = QuotaDecision::Exhausted {
            again_ms: now_ms + 1_000,
        };
        for (usage, amount, expected) in [
            (Usage::default(), 10, passed(10, 10)),
            (usage(9, 9), 1, passed(10, 10)),
            (usage(10, 10), 1, over),
            (usage(0, 100), 1, over),
            (usage(0, 100), 0, passed(0, 100)),
            (usage(1, 1), u64::MAX, over),
        ] {
            assert_eq!(quota.decide(usage, amount, now_ms), expected, "{usage:?}");
        }
        let tomorrow = usage(10, 100).at(now_ms + 1_000);
        assert_eq!((tomorrow.day, tomorrow.month), (0, 0));
        let none = Quota::default();
        assert!(matches!(
            none.decide(usage(u64::MAX, 5), 7, now_ms),
            QuotaDecision::Pass(_)
        ));
    }
}
