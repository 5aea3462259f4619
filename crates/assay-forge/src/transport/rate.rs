//! The limits of the forge, kept for each token: what is left, until when it is
//! closed, and the pace of requests that make content.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::policy::RatePolicy;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// No limit of a forge lasts longer; a header that says so is wrong.
const WAIT_MS_MAX: u64 = 24 * 60 * 60_000;
/// Tokens whose quotas are remembered.
const TOKENS_MAX: usize = 10_000;

/// What is known of the quota of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Requests in a window; none until the forge said so.
    pub limit: Option<u64>,
    /// Requests left in it.
    pub remaining: Option<u64>,
    /// When the next window begins, by our clock.
    pub resets_at_ms: Option<i64>,
    /// Nothing is sent before this time.
    pub closed_until_ms: i64,
}

impl Quota {
    /// Returns the part that is left, in thousandths; unknown is all of it.
    pub(crate) fn left_per_mille(&self, now_ms: i64) -> u64 {
        if now_ms < self.closed_until_ms {
            return 0;
        }
        match (self.limit, self.remaining, self.resets_at_ms) {
            (Some(limit), Some(remaining), Some(resets_at_ms))
                if limit > 0 && now_ms < resets_at_ms =>
            {
                (remaining.min(limit)) * 1_000 / limit
            }
            _ => 1_000,
        }
    }
}

#[derive(Debug, Default)]
struct Token {
    quota: Quota,
    limits_in_row: u32,
    content: VecDeque<i64>,
}

/// How a request counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weight {
    /// Whether it may use the last tenth of the quota.
    pub(crate) is_urgent: bool,
    /// Whether it makes content.
    pub(crate) is_content: bool,
}

/// What became of an answer that may be a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is an answer.
    Free,
    /// It says to come back later.
    Limited {
        /// How much later.
        wait_ms: u64,
        /// Whether that was so too often in a row.
        is_hopeless: bool,
    },
}

/// The quotas of all tokens.
#[derive(Debug)]
pub(super) struct Rates {
    policy: RatePolicy,
    /// When this process began to count: the one before it may have made content
    /// in the same moment.
    began_ms: i64,
    tokens: Mutex<HashMap<String, Token>>,
}

impl Rates {
    pub(super) fn new(policy: RatePolicy, began_ms: i64) -> Self {
        Self {
            policy,
            began_ms,
            tokens: Mutex::default(),
        }
    }

    pub(super) fn quota(&self, key: &str) -> Quota {
        let tokens = self.tokens.lock().expect("nothing panics while it is held");
        tokens.get(key).map(|token| token.quota).unwrap_or_default()
    }

    /// Returns what is known of each token, by the hash that it is known by.
    pub(super) fn quotas(&self) -> Vec<(String, Quota)> {
        let tokens = self.tokens.lock().expect("nothing panics while it is held");
        let known = tokens.iter();
        known
            .map(|(key, token)| (key.clone(), token.quota))
            .collect()
    }

    /// Takes a place for a request now, or says how long to wait for one.
    pub(super) fn take(&self, key: &str, weight: Weight, now_ms: i64) -> Result<(), u64> {
        let mut tokens = self.tokens.lock().expect("nothing panics while it is held");
        if tokens.len() >= TOKENS_MAX && !tokens.contains_key(key) {
            tokens.clear();
        }
        let token = tokens.entry(key.to_owned()).or_default();
        let mut wait_ms = token.quota.closed_until_ms - now_ms;
        if let Quota {
            limit: Some(limit),
            remaining: Some(remaining),
            resets_at_ms: Some(resets_at_ms),
            ..
        } = token.quota
        {
            let reserve = limit.saturating_mul(self.policy.reserve_percent);
            let is_low = !weight.is_urgent && remaining.saturating_mul(100) < reserve;
            if remaining == 0 || is_low {
                wait_ms = wait_ms.max(resets_at_ms - now_ms);
            }
        }
        if weight.is_content {
            wait_ms = wait_ms.max(self.content_wait_ms(token, now_ms));
        }
        if wait_ms > 0 {
            return Err((wait_ms as u64).min(WAIT_MS_MAX));
        }
        if weight.is_content {
            token.content.push_back(now_ms);
        }
        Ok(())
    }

    /// Notes that a request that makes content was answered: the forge counts from
    /// when it came there, which may have been as late as now.
    pub(super) fn content_made(&self, key: &str, now_ms: i64) {
        let mut tokens = self.tokens.lock().expect("nothing panics while it is held");
        let last = tokens
            .get_mut(key)
            .and_then(|token| token.content.back_mut());
        if let Some(last) = last {
            *last = now_ms.max(*last);
        }
    }

    fn content_wait_ms(&self, token: &mut Token, now_ms: i64) -> i64 {
        // What lies in the future was noted before the clock was set back.
        token
            .content
            .retain(|&at_ms| at_ms <= now_ms && now_ms - at_ms < HOUR_MS);
        let times = &token.content;
        let until = |count: usize, window_ms: i64| {
            let oldest = times.len().checked_sub(count)?;
            Some(times[oldest] + window_ms - now_ms)
        };
        // A clock that was set back says nothing of when that was.
        let began_ms = self.began_ms.min(now_ms);
        let last_ms = times.back().copied().unwrap_or(began_ms);
        let gap = Some(last_ms + self.policy.content_gap_ms as i64 - now_ms);
        let minute = until(self.policy.content_per_minute.max(1), MINUTE_MS);
        let hour = until(self.policy.content_per_hour.max(1), HOUR_MS);
        [gap, minute, hour]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or_default()
    }

    /// Reads what an answer says of the quota.
    pub(super) fn note(
        &self,
        key: &str,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        now_ms: i64,
    ) -> Verdict {
        let reading = Reading::read(headers, now_ms);
        let mut tokens = self.tokens.lock().expect("nothing panics while it is held");
        let token = tokens.entry(key.to_owned()).or_default();
        if reading.remaining.is_some() {
            token.quota.limit = reading.limit.or(token.quota.limit);
            token.quota.remaining = reading.remaining;
            token.quota.resets_at_ms = reading.resets_at_ms.or(token.quota.resets_at_ms);
        }
        if !reading.is_limit(status, body) {
            if status < 400 {
                token.limits_in_row = 0;
            }
            return Verdict::Free;
        }
        token.limits_in_row = token.limits_in_row.saturating_add(1);
        let doublings = token.limits_in_row.saturating_sub(1).min(10);
        let unnamed_ms = self.policy.unnamed_wait_ms << doublings;
        let wait_ms = match (reading.retry_after_ms, reading.remaining) {
            (Some(wait_ms), _) => wait_ms,
            (None, Some(0)) => reading
                .resets_at_ms
                .map_or(unnamed_ms, |at_ms| (at_ms - now_ms).max(0) as u64),
            (None, _) => unnamed_ms,
        };
        // Asking again in the same moment is what such limits punish.
        let wait_ms = wait_ms.clamp(1_000, WAIT_MS_MAX);
        token.quota.closed_until_ms = now_ms + wait_ms as i64;
        Verdict::Limited {
            wait_ms,
            is_hopeless: token.limits_in_row >= self.policy.limits_max,
        }
    }
}

/// The headers of an answer that are about limits.
#[derive(Debug, Default)]
struct Reading {
    limit: Option<u64>,
    remaining: Option<u64>,
    resets_at_ms: Option<i64>,
    retry_after_ms: Option<u64>,
}

impl Reading {
    fn read(headers: &HeaderMap, now_ms: i64) -> Self {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let number = |names: [&str; 2]| {
            let found = names.into_iter().find_map(text)?;
            found.parse::<u64>().ok()
        };
        // The forge's times count by its own clock, which its answers name.
        let skew_ms = server_time_ms(headers).map_or(0, |server_ms| now_ms - server_ms);
        let resets_s = number(["x-ratelimit-reset", "ratelimit-reset"]);
        let retry_after_ms = text(RETRY_AFTER.as_str()).and_then(|value| {
            if let Ok(seconds) = value.parse::<u64>() {
                return Some(seconds.saturating_mul(1_000));
            }
            let at_ms = http_date_ms(value)? + skew_ms;
            Some((at_ms - now_ms).max(0) as u64)
        });
        Self {
            limit: number(["x-ratelimit-limit", "ratelimit-limit"]),
            remaining: number(["x-ratelimit-remaining", "ratelimit-remaining"]),
            resets_at_ms: resets_s
                .and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1_000))
                .map(|at_ms| at_ms.saturating_add(skew_ms)),
            retry_after_ms,
        }
    }

    fn is_limit(&self, status: u16, body: &[u8]) -> bool {
        match status {
            429 => true,
            403 => {
                let start = &body[..body.len().min(2_048)];
                let words = String::from_utf8_lossy(start).to_ascii_lowercase();
                self.retry_after_ms.is_some()
                    || self.remaining == Some(0)
                    || words.contains("rate limit")
                    || words.contains("abuse detection")
            }
            _ => false,
        }
    }
}

/// Returns the time on the server, which tells how far our clock is off.
pub(crate) fn server_time_ms(headers: &HeaderMap) -> Option<i64> {
    http_date_ms(headers.get(DATE)?.to_str().ok()?)
}

fn http_date_ms(text: &str) -> Option<i64> {
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text);
    parsed.ok().map(|timestamp| timestamp.as_millisecond())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{Rates, Verdict, Weight};
    use crate::transport::policy::Policies;

    const NOW_MS: i64 = 1_445_412_000_000; // Wed, 21 Oct 2015 07:20:00 GMT

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect()
    }

    fn check(status: u16, pairs: &[(&'static str, &str)], body: &str, wait_ms: Option<u64>) {
        let rates = Rates::new(Policies::default().rate, -60_000);
        let verdict = rates.note("t", status, &headers(pairs), body.as_bytes(), NOW_MS);
        let found = match verdict {
            Verdict::Free => None,
            Verdict::Limited { wait_ms, .. } => Some(wait_ms),
        };
        assert_eq!(found, wait_ms, "{status} {pairs:?} {body}");
    }

    #[test]
    fn the_wait_is_named_by_retry_after_then_by_the_reset() {
        let secondary = "You have exceeded a secondary rate limit";
        check(200, &[("retry-after", "5")], "", None);
        check(403, &[], "Resource not accessible by integration", None);
        check(403, &[("retry-after", "5")], "", Some(5_000));
        check(429, &[("retry-after", "0")], "", Some(1_000));
        let date = "Wed, 21 Oct 2015 07:22:00 GMT";
        check(429, &[("retry-after", date)], "", Some(120_000));
        // Our clock is five minutes ahead of the server's.
        let server = "Wed, 21 Oct 2015 07:15:00 GMT";
        check(
            429,
            &[("retry-after", date), ("date", server)],
            "",
            Some(420_000),
        );
        let reset = (NOW_MS / 1_000 + 30).to_string();
        let none = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", &reset),
        ];
        check(403, &none, "", Some(30_000));
        let some = [
            ("x-ratelimit-remaining", "9"),
            ("x-ratelimit-reset", &reset),
        ];
        check(403, &some, secondary, Some(60_000));
        check(403, &[], secondary, Some(60_000));
        check(
            429,
            &[("ratelimit-remaining", "0"), ("ratelimit-reset", &reset)],
            "",
            Some(30_000),
        );
        check(
            429,
            &[("retry-after", "99999999999999999999")],
            "",
            Some(60_000),
        );
        check(429, &[("retry-after", "9999999999")], "", Some(86_400_000));
    }

    #[test]
    fn waits_without_a_time_grow_until_it_gives_up() {
        let rates = Rates::new(Policies::default().rate, -60_000);
        let mut found = Vec::new();
        for _ in 0..4 {
            if let Verdict::Limited {
                wait_ms,
                is_hopeless,
            } = rates.note("t", 429, &HeaderMap::new(), b"", NOW_MS)
            {
                found.push((wait_ms, is_hopeless));
            }
        }
        let expected = [
            (60_000, false),
            (120_000, false),
            (240_000, false),
            (480_000, true),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn work_that_is_not_urgent_leaves_a_tenth() {
        let rates = Rates::new(Policies::default().rate, -60_000);
        let reset = (NOW_MS / 1_000 + 50).to_string();
        let headers = headers(&[
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "499"),
            ("x-ratelimit-reset", &reset),
        ]);
        rates.note("t", 200, &headers, b"", NOW_MS);
        for (is_urgent, now_ms, expected) in [
            (true, NOW_MS, Ok(())),
            (false, NOW_MS, Err(50_000)),
            (false, NOW_MS + 50_000, Ok(())),
        ] {
            let weight = Weight {
                is_urgent,
                is_content: false,
            };
            assert_eq!(rates.take("t", weight, now_ms), expected);
        }
        assert_eq!(rates.quota("t").left_per_mille(NOW_MS), 99);
    }

    #[test]
    fn content_is_made_at_a_pace() {
        let mut policy = Policies::default().rate;
        (policy.content_per_minute, policy.content_per_hour) = (3, 5);
        let rates = Rates::new(policy, -60_000);
        let weight = Weight {
            is_urgent: true,
            is_content: true,
        };
        let mut now_ms = NOW_MS;
        let mut made = Vec::new();
        while made.len() < 6 {
            match rates.take("t", weight, now_ms) {
                Ok(()) => made.push((now_ms - NOW_MS) / 1_000),
                Err(wait_ms) => now_ms += wait_ms as i64,
            }
        }
        assert_eq!(made, [0, 1, 2, 60, 61, 3_600]);
        assert_eq!(
            rates.take("t", weight, NOW_MS - 1),
            Ok(()),
            "the clock was set back"
        );
    }
}
