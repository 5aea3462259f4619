//! Whether two groups differ by more than chance would make them: shares by the
//! two-proportion test, means by Welch's test, each with an interval. What each formula is
//! and where it comes from stands in `docs/prompts.md`.

/// A difference counts when chance alone would make it less often than this.
pub(crate) const ALPHA: f64 = 0.05;
/// So often a difference of the size that is looked for is to be seen.
const POWER: f64 = 0.8;
/// Steps of a continued fraction or of a bisection.
const STEPS_MAX: usize = 300;

/// How a value of one group stands to that of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The second less the first.
    pub value: f64,
    /// The lower end of the interval that holds the true difference 95 times in 100.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// How often chance alone would make it as large.
    pub p: f64,
}

/// Yes and no, told apart by what belongs together: several remarks of one change are no
/// independent voices.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Share {
    /// So often yes.
    pub(crate) yes: f64,
    /// Of so many.
    pub(crate) all: f64,
    /// Which say as much as so many independent ones.
    pub(crate) effective: f64,
}

impl Share {
    /// Counts groups of yes and all; empty ones do not count.
    pub(crate) fn of(groups: &[(u32, u32)]) -> Self {
        let groups: Vec<(f64, f64)> = groups
            .iter()
            .filter(|(_, all)| *all > 0)
            .map(|(yes, all)| (f64::from(*yes), f64::from(*all)))
            .collect();
        let yes: f64 = groups.iter().map(|group| group.0).sum();
        let all: f64 = groups.iter().map(|group| group.1).sum();
        if all == 0.0 {
            return Self::default();
        }
        let effect = design_effect(&groups, yes / all, all);
        Self {
            yes,
            all,
            effective: all / effect,
        }
    }

    /// Returns the share of yes, when there is any answer.
    pub(crate) fn rate(&self) -> Option<f64> {
        (self.all > 0.0).then(|| self.yes / self.all)
    }

    /// Returns Wilson's interval around the share.
    pub(crate) fn interval(&self) -> Option<(f64, f64)> {
        let (rate, many) = (self.rate()?, self.effective);
        let z = normal_quantile(1.0 - ALPHA / 2.0);
        let middle = rate + z * z / (2.0 * many);
        let spread = z * (rate * (1.0 - rate) / many + z * z / (4.0 * many * many)).sqrt();
        let whole = 1.0 + z * z / many;
        Some((
            ((middle - spread) / whole).max(0.0),
            ((middle + spread) / whole).min(1.0),
        ))
    }
}

/// Returns by how much the variance of a share is larger than that of as many independent
/// answers (Kish; the variance is that of a ratio of sums over groups). Where it cannot be
/// seen, all of a group counts as one voice.
fn design_effect(groups: &[(f64, f64)], rate: f64, all: f64) -> f64 {
    if groups.iter().all(|group| group.1 <= 1.0) {
        return 1.0;
    }
    let count = groups.len() as f64;
    let simple = rate * (1.0 - rate) / all;
    if groups.len() < 2 || simple == 0.0 {
        return groups.iter().map(|group| group.1 * group.1).sum::<f64>() / all;
    }
    let squares = groups.iter().map(|(yes, of)| (yes - rate * of).powi(2));
    let grouped = count / (count - 1.0) * squares.sum::<f64>() / (all * all);
    (grouped / simple).max(1.0)
}

/// Compares two shares: the pooled two-proportion test, and Newcombe's interval, both over
/// as many answers as are independent (Rao and Scott). None when one has no answers.
pub(crate) fn compare_shares(one: &Share, other: &Share) -> Option<Difference> {
    let (first, second) = (one.rate()?, other.rate()?);
    let (n, m) = (one.effective, other.effective);
    let pooled = (first * n + second * m) / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    let value = second - first;
    let p = match error > 0.0 {
        true => 2.0 * (1.0 - normal_cdf((value / error).abs())),
        false => 1.0,
    };
    let ((low_one, high_one), (low_other, high_other)) = (one.interval()?, other.interval()?);
    let below = (second - low_other).hypot(high_one - first);
    let above = (high_other - second).hypot(first - low_one);
    Some(Difference {
        value,
        low: (value - below).max(-1.0),
        high: (value + above).min(1.0),
        p: p.clamp(0.0, 1.0),
    })
}

/// Values of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    pub(crate) count: usize,
    pub(crate) mean: f64,
    variance: f64,
}

impl Sample {
    pub(crate) fn of(values: &[f64]) -> Self {
        let count = values.len();
        if count == 0 {
            return Self::default();
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let variance = match count {
            1 => 0.0,
            _ => squares / (count - 1) as f64,
        };
        Self {
            count,
            mean,
            variance,
        }
    }

    /// Returns the mean, when there is a value.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }
}

/// Compares two means by Welch's test, which does not take their variances for equal. None
/// when one group has fewer than two values.
pub(crate) fn compare_means(one: &Sample, other: &Sample) -> Option<Difference> {
    if one.count < 2 || other.count < 2 {
        return None;
    }
    let (n, m) = (one.count as f64, other.count as f64);
    let (a, b) = (one.variance / n, other.variance / m);
    let value = other.mean - one.mean;
    let error = (a + b).sqrt();
    if error == 0.0 {
        let p = f64::from(u8::from(value == 0.0));
        return Some(Difference {
            value,
            low: value,
            high: value,
            p,
        });
    }
    // Welch and Satterthwaite.
    let freedom = (a + b).powi(2) / (a * a / (n - 1.0) + b * b / (m - 1.0));
    let reach = student_quantile(1.0 - ALPHA / 2.0, freedom) * error;
    Some(Difference {
        value,
        low: value - reach,
        high: value + reach,
        p: student_two_sided(value / error, freedom),
    })
}

/// Returns how many answers each of two groups needs so that shares that are so far apart
/// are told apart four times in five (Fleiss, without a correction for continuity).
pub(crate) fn sample_size(rate: f64, difference: f64) -> u32 {
    let (p, q) = (rate, (rate + difference).min(1.0));
    let middle = f64::midpoint(p, q);
    let alpha = normal_quantile(1.0 - ALPHA / 2.0) * (2.0 * middle * (1.0 - middle)).sqrt();
    let beta = normal_quantile(POWER) * (p * (1.0 - p) + q * (1.0 - q)).sqrt();
    let many = ((alpha + beta) / (q - p)).powi(2).ceil();
    // Not more than a million, and a whole number: both were just seen to.
    many.clamp(1.0, 1_000_000.0) as u32
}

/// Makes of chances of several comparisons what they are when one of them is picked out
/// (Holm). They stand in the same order.
pub(crate) fn holm(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|one, other| chances[*one].total_cmp(&chances[*other]));
    let mut adjusted = vec![0.0; chances.len()];
    let mut most: f64 = 0.0;
    for (rank, at) in order.into_iter().enumerate() {
        most = most
            .max((chances.len() - rank) as f64 * chances[at])
            .min(1.0);
        adjusted[at] = most;
    }
    adjusted
}

/// Returns the share of a normal distribution below a value.
fn normal_cdf(z: f64) -> f64 {
    // The square of a standard normal value has the gamma distribution of one half.
    let below = gamma_below(0.5, z * z / 2.0) / 2.0;
    match z >= 0.0 {
        true => 0.5 + below,
        false => 0.5 - below,
    }
}

/// Returns the value below which a share of a normal distribution is.
fn normal_quantile(share: f64) -> f64 {
    bisect(normal_cdf, share, 40.0)
}

/// Returns how often a value of Student's distribution is at least so far from 0.
fn student_two_sided(t: f64, freedom: f64) -> f64 {
    beta_below(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

fn student_quantile(share: f64, freedom: f64) -> f64 {
    let cdf = |t: f64| match t >= 0.0 {
        true => 1.0 - student_two_sided(t, freedom) / 2.0,
        false => student_two_sided(t, freedom) / 2.0,
    };
    bisect(cdf, share, 1e6)
}

/// Finds where a rising function reaches a share, between `-most` and `most`.
fn bisect(cdf: impl Fn(f64) -> f64, share: f64, most: f64) -> f64 {
    let (mut low, mut high) = (-most, most);
    for _ in 0..STEPS_MAX {
        let middle = f64::midpoint(low, high);
        match cdf(middle) < share {
            true => low = middle,
            false => high = middle,
        }
    }
    f64::midpoint(low, high)
}

/// Returns the logarithm of the gamma function, by Stirling's series from 10 on.
fn gamma_ln(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 10.0 {
        below += x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5))
        - 1.0 / (1680.0 * x.powi(7));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - below
}

/// Returns the regularised lower incomplete gamma function (DLMF 8.7.1 and 8.9.2).
fn gamma_below(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let scale = (a * x.ln() - x - gamma_ln(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..STEPS_MAX {
            term *= x / (a + step as f64);
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return scale * sum;
    }
    // The continued fraction of the upper one, from its end.
    let mut fraction = 0.0;
    for step in (1..STEPS_MAX).rev() {
        let step = step as f64;
        fraction = step * (a - step) / (x + 2.0 * step + 1.0 - a + fraction);
    }
    1.0 - scale / (x + 1.0 - a + fraction)
}

/// Returns the regularised incomplete beta function (DLMF 8.17.22), its fraction evaluated
/// from its end.
fn beta_below(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_below(1.0 - x, b, a);
    }
    let scale = a * x.ln() + b * (1.0 - x).ln() + gamma_ln(a + b) - gamma_ln(a) - gamma_ln(b);
    let mut fraction = 1.0;
    for step in (1..STEPS_MAX).rev() {
        let m = (step / 2) as f64;
        let part = match step % 2 {
            0 => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            _ => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        fraction = 1.0 + part / fraction;
    }
    scale.exp() / a / fraction
}

#[cfg(test)]
mod tests {
    use super::{
        Sample, Share, compare_means, compare_shares, holm, normal_cdf, normal_quantile,
        sample_size, student_quantile, student_two_sided,
    };

    fn near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found} {expected}");
    }

    fn alone(yes: u32, all: u32) -> Share {
        let groups: Vec<(u32, u32)> = (0..all).map(|at| (u32::from(at < yes), 1)).collect();
        Share::of(&groups)
    }

    #[test]
    fn distributions_are_those_of_the_tables() {
        for (z, share) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_543),
            (1.959_963_984_540_054, 0.975),
            (-2.5, 0.006_209_665_325_776_1),
            (4.0, 0.999_968_328_758_167),
        ] {
            near(normal_cdf(z), share, 1e-12);
        }
        near(normal_quantile(0.975), 1.959_963_984_540_054, 1e-9);
        // Tables of Student's distribution.
        for (freedom, quantile) in [
            (1.0, 12.706_204_736),
            (5.0, 2.570_581_836),
            (30.0, 2.042_272_456),
            (1000.0, 1.962_339_081),
        ] {
            near(student_quantile(0.975, freedom), quantile, 1e-6);
            near(student_two_sided(quantile, freedom), 0.05, 1e-9);
        }
        // With one degree of freedom it is Cauchy's distribution.
        near(student_two_sided(1.0, 1.0), 0.5, 1e-12);
    }

    #[test]
    fn shares_are_compared_as_published() {
        // R. G. Newcombe, Statistics in Medicine 17 (1998), table II, method 10.
        for ((yes, all), (others, of), (low, high)) in [
            ((48, 80), (56, 70), (0.0524, 0.3339)),
            ((3, 10), (9, 10), (0.1705, 0.8090)),
            ((0, 10), (10, 10), (0.6075, 1.0)),
        ] {
            let found = compare_shares(&alone(yes, all), &alone(others, of));
            let Some(found) = found else {
                panic!("there are answers")
            };
            near(found.low, low, 1e-4);
            near(found.high, high, 1e-4);
        }
        let found = compare_shares(&alone(48, 80), &alone(56, 70)).unwrap();
        // z = 0.2 / sqrt(104/150 * 46/150 * (1/80 + 1/70)) = 2.6502.
        near(found.p, 0.008_04, 1e-4);
        let same = compare_shares(&alone(0, 5), &alone(0, 9)).unwrap();
        near(same.p, 1.0, 0.0);
        assert!(compare_shares(&alone(0, 0), &alone(1, 2)).is_none());
    }

    #[test]
    fn answers_of_one_change_are_one_voice_when_they_agree() {
        // Ten changes of four remarks, each of one mind.
        let agreed: Vec<(u32, u32)> = (0..10).map(|at| (if at < 6 { 4 } else { 0 }, 4)).collect();
        let share = Share::of(&agreed);
        near(share.all, 40.0, 0.0);
        near(share.effective, 9.0, 1e-9);
        // Of no mind of their own they are as many as they are.
        let mixed: Vec<(u32, u32)> = (0..10).map(|_| (2, 4)).collect();
        near(Share::of(&mixed).effective, 40.0, 1e-9);
        // Where all agree it cannot be told.
        near(Share::of(&[(4, 4), (4, 4)]).effective, 2.0, 1e-9);
        near(Share::of(&[(3, 7)]).effective, 1.0, 1e-9);
        assert_eq!(Share::of(&[(0, 0)]).rate(), None);
    }

    #[test]
    fn means_are_compared_as_published() {
        // The example of unequal variances of the article on Welch's test.
        let one = [
            27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7,
            21.4,
        ];
        let other = [
            27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5,
            24.4,
        ];
        let found = compare_means(&Sample::of(&one), &Sample::of(&other)).unwrap();
        near(found.p, 0.021, 5e-4);
        assert!(found.low > 0.0 && found.low < found.value && found.value < found.high);
        assert!(compare_means(&Sample::of(&[1.0]), &Sample::of(&other)).is_none());
        let same = compare_means(&Sample::of(&[2.0, 2.0]), &Sample::of(&[2.0, 2.0])).unwrap();
        near(same.p, 1.0, 0.0);
    }

    #[test]
    fn so_many_answers_are_needed() {
        // `power.prop.test(p1 = .50, p2 = .75, power = .80)` of R says 57.67.
        assert_eq!(sample_size(0.5, 0.25), 58);
        assert_eq!(sample_size(0.5, 0.15), 170);
        assert_eq!(sample_size(0.5, 0.05), 1_565);
    }

    #[test]
    fn one_of_several_is_not_picked_out_for_nothing() {
        let adjusted = holm(&[0.01, 0.04, 0.03]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06]) {
            near(*found, expected, 1e-12);
        }
        assert_eq!(holm(&[]), Vec::<f64>::new());
    }
}
