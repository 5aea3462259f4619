//! Money as whole numbers: billionths of a dollar, so that a single cheap token is not
//! nothing and a month of many is not too much.

use std::fmt;

use crate::answer::Usage;
use crate::facts::Price;

/// An amount of money, in billionths of a dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than anybody has.
    pub const MAX: Self = Self(u64::MAX);

    /// Makes an amount of billionths of a dollar.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Reads dollars as a person writes them, such as `2.50`; none that is negative or
    /// finer than a billionth.
    pub fn from_dollars(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 9 || !is_digits(whole) || !is_digits(part) {
            return None;
        }
        let nanos: u64 = format!("{part:0<9}").parse().ok()?;
        let whole: u64 = whole.parse().ok()?;
        whole
            .checked_mul(1_000_000_000)?
            .checked_add(nanos)
            .map(Self)
    }

    /// Returns the billionths of a dollar.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the sum, at most the largest amount.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the difference, at least nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Money {
    /// Shows dollars, to the cent from a dollar on and finer below it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, nanos) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if dollars > 0 || nanos == 0 {
            return write!(f, "${dollars}.{:02}", nanos / 10_000_000);
        }
        // Rounded up: what cost something is not shown as nothing.
        write!(f, "$0.{:06}", nanos.div_ceil(1_000))
    }
}

impl Price {
    /// Returns what tokens cost, rounded up.
    pub fn cost(self, usage: Usage) -> Money {
        let parts = [
            (usage.input_tokens, self.input),
            (usage.cache_read_tokens, self.cache_read),
            (usage.cache_write_tokens, self.cache_write),
            (usage.output_tokens, self.output),
        ];
        // Micro-dollars a million tokens are trillionths of a dollar a token.
        let sum: u128 = parts
            .map(|(tokens, price)| u128::from(tokens) * u128::from(price))
            .iter()
            .sum();
        Money(u64::try_from(sum.div_ceil(1_000)).unwrap_or(u64::MAX))
    }

    /// Returns the prices of questions that may wait, rounded up.
    #[must_use]
    pub fn in_batch(self) -> Self {
        let part = |price: u64| {
            let part = u128::from(price) * u128::from(self.batch_percent);
            u64::try_from(part.div_ceil(100)).unwrap_or(u64::MAX)
        };
        Self {
            input: part(self.input),
            output: part(self.output),
            cache_read: part(self.cache_read),
            cache_write: part(self.cache_write),
            batch_percent: 100,
        }
    }

    /// Returns what a question and its answer cost at most, however the provider's
    /// cache is used.
    pub fn most(self, input_tokens_max: u64, output_tokens_max: u64) -> Money {
        let input = self.input.max(self.cache_read).max(self.cache_write);
        let dearest = Self { input, ..self };
        dearest.cost(Usage {
            input_tokens: input_tokens_max,
            output_tokens: output_tokens_max,
            ..Usage::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Money, Price};
    use crate::answer::Usage;

    #[test]
    fn dollars_are_read_and_shown() {
        for (text, shown) in [
            ("0", "$0.00"),
            ("2.5", "$2.50"),
            ("0.000001", "$0.000001"),
            ("12.345678901", "$12.34"),
            ("0.25", "$0.250000"),
        ] {
            assert_eq!(Money::from_dollars(text).unwrap().to_string(), shown);
        }
        for wrong in [
            "",
            "-1",
            "1e3",
            "1.0000000001",
            ".5",
            "1,5",
            "99999999999999999999",
            "18446744074",
        ] {
            assert_eq!(Money::from_dollars(wrong), None, "{wrong}");
        }
        assert_eq!(Money::from_nanos(1).to_string(), "$0.000001");
    }

    #[test]
    fn each_counter_has_its_price() {
        let price = Price {
            input: 3_000_000,
            output: 15_000_000,
            cache_read: 300_000,
            cache_write: 3_750_000,
            batch_percent: 50,
        };
        let usage = Usage {
            input_tokens: 1_000,
            cache_read_tokens: 10_000,
            cache_write_tokens: 2_000,
            output_tokens: 500,
        };
        // 3,000,000 + 3,000,000 + 7,500,000 + 7,500,000 billionths.
        assert_eq!(price.cost(usage).nanos(), 21_000_000);
        assert!(price.most(13_000, 500) >= price.cost(usage));
        assert_eq!(price.in_batch().cost(usage).nanos(), 10_500_000, "half");
        let one = Usage {
            output_tokens: 1,
            ..Usage::default()
        };
        let cheap = Price {
            output: 1,
            ..Price::default()
        };
        assert_eq!(cheap.cost(one).nanos(), 1, "rounded up");
        let all = Usage {
            input_tokens: u64::MAX,
            output_tokens: u64::MAX,
            ..Usage::default()
        };
        assert_eq!(price.cost(all), Money::MAX);
    }
}
