//! What came of an experiment, by arm, and what that says: a function of the rows. The unit
//! is the change, since that is what an arm was chosen for; its pushes are no independent
//! reviews, and its remarks no independent voices.

use std::collections::BTreeMap;

use assay_review::ModelTally;
use assay_store::{
    ExperimentArm, ExperimentRemark, ExperimentReview, ModelQualityRow, ReviewState, Verdict,
};

use crate::significance::{ALPHA, Difference, Sample, Share, compare_means, compare_shares, holm};

/// What came of one arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmResult {
    /// Its number, from 0.
    pub arm: i64,
    /// The version of the prompt.
    pub version: i64,
    /// How large its part is.
    pub weight: i64,
    /// Reviews that are done.
    pub reviews: u32,
    /// Reviews that failed.
    pub failed: u32,
    /// Changes that they are of.
    pub changes: u32,
    /// Remarks that models made.
    pub made: u32,
    /// Of these such as were kept after they were verified.
    pub kept: u32,
    /// Different remarks that were shown.
    pub shown: u32,
    /// Of these such as somebody accepted, or mended the code for.
    pub accepted: u32,
    /// Such as somebody rejected.
    pub rejected: u32,
    /// The share of the judged ones that was accepted.
    pub rate: Option<f64>,
    /// The interval around it.
    pub rate_interval: Option<(f64, f64)>,
    /// The judged ones say as much as so many independent ones.
    pub independent: f64,
    /// The quality of the answers, the mean over changes.
    pub quality: Option<f64>,
    /// What a review cost, in billionths of a dollar, the mean over changes.
    pub cost_nanos: Option<f64>,
    /// How long a review took, the mean over changes.
    pub duration_ms: Option<f64>,
}

/// What an arm is to the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmVerdict {
    /// There is too little to say.
    TooLittle,
    /// More of its remarks are accepted.
    Better,
    /// Fewer are.
    Worse,
    /// No difference is seen.
    Same,
}

impl ArmVerdict {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLittle => "too_little",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "same",
        }
    }
}

/// How an arm stands to the first.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmComparison {
    /// The arm.
    pub arm: i64,
    /// The share of accepted remarks.
    pub acceptance: Option<Difference>,
    /// The quality of the answers.
    pub quality: Option<Difference>,
    /// The cost of a review, in billionths of a dollar.
    pub cost_nanos: Option<Difference>,
    /// How long a review takes.
    pub duration_ms: Option<Difference>,
    /// What that says.
    pub verdict: ArmVerdict,
    /// The same in a sentence.
    pub sentence: String,
}

/// What came of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct ExperimentResult {
    /// By arm.
    pub arms: Vec<ArmResult>,
    /// All but the first arm, each to the first.
    pub comparisons: Vec<ArmComparison>,
}

/// What of one change came in an arm.
#[derive(Default)]
struct OfChange {
    quality: Vec<f64>,
    cost_nanos: Vec<f64>,
    duration_ms: Vec<f64>,
    /// By rule and fingerprint: whether it was accepted, when somebody judged it.
    remarks: BTreeMap<(String, String), Option<bool>>,
}

/// One arm with the values of its changes.
struct Measured {
    result: ArmResult,
    share: Share,
    quality: Sample,
    cost_nanos: Sample,
    duration_ms: Sample,
}

/// Works out what came of the arms.
pub(crate) fn result(
    (planned, smallest): (i64, i64),
    arms: &[ExperimentArm],
    reviews: &[ExperimentReview],
    remarks: &[ExperimentRemark],
) -> ExperimentResult {
    let measured: Vec<Measured> = arms
        .iter()
        .map(|arm| measure(*arm, reviews, remarks))
        .collect();
    let comparisons = match &measured[..] {
        [] => Vec::new(),
        [first, others @ ..] => compare(first, others, (planned, smallest)),
    };
    ExperimentResult {
        arms: measured.into_iter().map(|one| one.result).collect(),
        comparisons,
    }
}

fn measure(
    arm: ExperimentArm,
    reviews: &[ExperimentReview],
    remarks: &[ExperimentRemark],
) -> Measured {
    let mut result = ArmResult {
        arm: arm.arm,
        version: arm.number,
        weight: arm.weight,
        ..ArmResult::default()
    };
    let mut changes: BTreeMap<String, OfChange> = BTreeMap::new();
    for review in reviews.iter().filter(|one| one.arm == arm.arm) {
        if review.state != ReviewState::Done {
            result.failed += u32::from(review.state == ReviewState::Failed);
            continue;
        }
        result.reviews += 1;
        let name = match (review.repository, review.pull_request) {
            (Some(repository), Some(number)) => format!("{repository}/{number}"),
            _ => review.review.to_string(),
        };
        let change = changes.entry(name).or_default();
        if let Some(row) = review.quality {
            result.made += count(row.remarks);
            result.kept += count(row.kept);
            change.quality.push(tally(row).quality().value());
        }
        change
            .cost_nanos
            .extend(review.cost_nanos.map(|cost| cost as f64));
        change
            .duration_ms
            .extend(review.duration_ms.map(|took| took as f64));
    }
    for remark in remarks.iter().filter(|one| one.arm == arm.arm) {
        let (Some(repository), Some(number)) = (remark.repository, remark.pull_request) else {
            continue;
        };
        let change = changes.entry(format!("{repository}/{number}")).or_default();
        let key = (remark.rule.clone(), remark.fingerprint.clone());
        let judged = change.remarks.entry(key).or_default();
        // The newest comes last, and what nobody did says nothing.
        *judged = match remark.verdict {
            Some(Verdict::Accepted | Verdict::Fixed) => Some(true),
            Some(Verdict::Rejected) => Some(false),
            Some(Verdict::Ignored) | None => *judged,
        };
    }
    measured(result, &changes)
}

fn measured(mut result: ArmResult, changes: &BTreeMap<String, OfChange>) -> Measured {
    let mut groups = Vec::new();
    for change in changes.values() {
        let judged = |wanted: bool| {
            let held = change.remarks.values().filter(|one| **one == Some(wanted));
            u32::try_from(held.count()).unwrap_or(u32::MAX)
        };
        let (accepted, rejected) = (judged(true), judged(false));
        result.accepted += accepted;
        result.rejected += rejected;
        result.shown += u32::try_from(change.remarks.len()).unwrap_or(u32::MAX);
        groups.push((accepted, accepted + rejected));
    }
    let means = |of: fn(&OfChange) -> &[f64]| {
        let means = changes
            .values()
            .filter_map(|change| Sample::of(of(change)).mean());
        Sample::of(&means.collect::<Vec<f64>>())
    };
    let share = Share::of(&groups);
    let quality = means(|change| &change.quality);
    let cost_nanos = means(|change| &change.cost_nanos);
    let duration_ms = means(|change| &change.duration_ms);
    result.changes = u32::try_from(changes.len()).unwrap_or(u32::MAX);
    result.rate = share.rate();
    result.rate_interval = share.interval();
    result.independent = share.effective;
    result.quality = quality.mean();
    result.cost_nanos = cost_nanos.mean();
    result.duration_ms = duration_ms.mean();
    Measured {
        result,
        share,
        quality,
        cost_nanos,
        duration_ms,
    }
}

fn count(many: i64) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}

fn tally(row: ModelQualityRow) -> ModelTally {
    let count = |many: i64| usize::try_from(many).unwrap_or_default();
    ModelTally {
        asked: count(row.asked),
        whole: count(row.whole),
        remarks: count(row.remarks),
        wrong: count(row.wrong),
        beside: count(row.beside),
        kept: count(row.kept),
        actionable: count(row.actionable),
    }
}

fn compare(
    first: &Measured,
    others: &[Measured],
    (planned, smallest): (i64, i64),
) -> Vec<ArmComparison> {
    let each = |compare: &dyn Fn(&Measured) -> Option<Difference>| -> Vec<Option<Difference>> {
        adjusted(others.iter().map(compare).collect())
    };
    let acceptance = each(&|other| compare_shares(&first.share, &other.share));
    let quality = each(&|other| compare_means(&first.quality, &other.quality));
    let cost = each(&|other| compare_means(&first.cost_nanos, &other.cost_nanos));
    let duration = each(&|other| compare_means(&first.duration_ms, &other.duration_ms));
    let all = acceptance.into_iter().zip(quality).zip(cost).zip(duration);
    let compared = others.iter().zip(all);
    compared
        .map(
            |(other, (((acceptance, quality), cost_nanos), duration_ms))| {
                let (verdict, sentence) =
                    judge((first, other), acceptance.as_ref(), (planned, smallest));
                ArmComparison {
                    arm: other.result.arm,
                    acceptance,
                    quality,
                    cost_nanos,
                    duration_ms,
                    verdict,
                    sentence,
                }
            },
        )
        .collect()
}

/// Makes the chances of several arms what they are when one is picked out.
fn adjusted(mut differences: Vec<Option<Difference>>) -> Vec<Option<Difference>> {
    let chances: Vec<f64> = differences.iter().flatten().map(|one| one.p).collect();
    for (difference, p) in differences.iter_mut().flatten().zip(holm(&chances)) {
        difference.p = p;
    }
    differences
}

/// Returns the letter of an arm.
fn letter(arm: i64) -> char {
    u8::try_from(arm).map_or('?', |arm| char::from(b'A'.saturating_add(arm)))
}

fn judge(
    (first, other): (&Measured, &Measured),
    acceptance: Option<&Difference>,
    (planned, smallest): (i64, i64),
) -> (ArmVerdict, String) {
    let (a, b) = (letter(first.result.arm), letter(other.result.arm));
    let (one, two) = (&first.share, &other.share);
    let needed = planned as f64;
    if one.effective < needed || two.effective < needed {
        let so_far = acceptance.map_or_else(
            || "Nothing can be compared yet.".to_owned(),
            |found| {
                let interval = interval(found);
                format!(
                    "So far {b} is at {}, {interval}; that decides nothing.",
                    against(one, two, a)
                )
            },
        );
        let sentence = format!(
            "Too little data: {a} has {} and {b} has {} of the {planned} independent judgements \
             that each needs to show a difference of {smallest} points. {so_far}",
            one.effective.floor(),
            two.effective.floor(),
        );
        return (ArmVerdict::TooLittle, sentence);
    }
    let Some(found) = acceptance else {
        return (
            ArmVerdict::TooLittle,
            "Nothing can be compared yet.".to_owned(),
        );
    };
    let (rates, interval) = (against(one, two, a), interval(found));
    if found.p >= ALPHA {
        let sentence = format!(
            "No difference is seen: {b}'s remarks are accepted at {rates}, {interval} ({}). One of \
             {smallest} points would probably have shown.",
            chance(found.p)
        );
        return (ArmVerdict::Same, sentence);
    }
    let (verdict, word) = match found.value > 0.0 {
        true => (ArmVerdict::Better, "more"),
        false => (ArmVerdict::Worse, "less"),
    };
    let sentence = format!(
        "{b}'s remarks are accepted {word} often than {a}'s: {rates}, {interval} ({}).",
        chance(found.p)
    );
    (verdict, sentence)
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

fn against(one: &Share, two: &Share, a: char) -> String {
    let rate = |share: &Share| share.rate().map_or_else(|| "none".to_owned(), percent);
    format!("{} against {} of {a}", rate(two), rate(one))
}

fn interval(found: &Difference) -> String {
    format!(
        "a difference of {:+.0} points, 95% interval {:+.0} to {:+.0}",
        found.value * 100.0,
        found.low * 100.0,
        found.high * 100.0
    )
}

fn chance(p: f64) -> String {
    match p < 0.001 {
        true => "p < 0.001".to_owned(),
        false => format!("p = {p:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use assay_auth::Identifier;
    use assay_store::{
        ExperimentArm, ExperimentRemark, ExperimentReview, ModelQualityRow, RepositoryId, ReviewId,
        ReviewState, Verdict,
    };

    use super::{ArmVerdict, ExperimentResult, result};

    const ID: &str = "01900000-0000-7000-8000-000000000001";

    fn arms(count: i64) -> Vec<ExperimentArm> {
        let arm = |arm| ExperimentArm {
            arm,
            number: arm + 1,
            weight: 1,
        };
        (0..count).map(arm).collect()
    }

    fn repository() -> RepositoryId {
        RepositoryId::from_identifier(Identifier::parse(ID).unwrap())
    }

    fn review(arm: i64, change: i64, (cost, kept): (i64, i64)) -> ExperimentReview {
        ExperimentReview {
            arm,
            review: ReviewId::from_identifier(Identifier::parse(ID).unwrap()),
            repository: Some(repository()),
            pull_request: Some(change),
            state: ReviewState::Done,
            duration_ms: Some(2_000),
            cost_nanos: Some(cost),
            quality: Some(ModelQualityRow {
                asked: 1,
                whole: 1,
                remarks: 4,
                wrong: 4 - kept,
                beside: 0,
                kept,
                actionable: kept,
            }),
        }
    }

    fn remark(arm: i64, change: i64, name: &str, verdict: Option<Verdict>) -> ExperimentRemark {
        ExperimentRemark {
            arm,
            repository: Some(repository()),
            pull_request: Some(change),
            fingerprint: name.to_owned(),
            rule: "model/correctness".to_owned(),
            verdict,
        }
    }

    /// Changes of which each has one judged remark, so many of them accepted.
    fn judged(arm: i64, many: i64, accepted: i64) -> Vec<ExperimentRemark> {
        let verdict = |at| match at < accepted {
            true => Some(Verdict::Accepted),
            false => Some(Verdict::Rejected),
        };
        (0..many)
            .map(|at| remark(arm, 1_000 * arm + at, "f", verdict(at)))
            .collect()
    }

    fn found(accepted: [i64; 2], many: i64) -> ExperimentResult {
        let mut remarks = judged(0, many, accepted[0]);
        remarks.extend(judged(1, many, accepted[1]));
        result((170, 15), &arms(2), &[], &remarks)
    }

    #[test]
    fn too_little_is_said_to_be_too_little() {
        let nothing = result((170, 15), &arms(2), &[], &[]);
        let only = &nothing.comparisons[0];
        assert_eq!(only.verdict, ArmVerdict::TooLittle);
        assert_eq!(only.acceptance, None);
        assert_eq!(
            only.sentence,
            "Too little data: A has 0 and B has 0 of the 170 independent judgements that each \
             needs to show a difference of 15 points. Nothing can be compared yet."
        );
        // However large the difference looks.
        let early = found([2, 18], 20);
        let only = &early.comparisons[0];
        assert_eq!(only.verdict, ArmVerdict::TooLittle);
        assert!(only.acceptance.unwrap().p < 0.001);
        assert!(
            only.sentence.contains("B is at 90% against 10% of A"),
            "{}",
            only.sentence
        );
        assert!(only.sentence.ends_with("that decides nothing."));
    }

    #[test]
    fn a_difference_is_told_when_there_is_enough() {
        for (accepted, verdict, words) in [
            (
                [100, 140],
                ArmVerdict::Better,
                "accepted more often than A's: 70% against 50% of A",
            ),
            ([140, 100], ArmVerdict::Worse, "accepted less often"),
            (
                [100, 104],
                ArmVerdict::Same,
                "No difference is seen: B's remarks are accepted at 52%",
            ),
        ] {
            let result = found(accepted, 200);
            let only = &result.comparisons[0];
            assert_eq!(only.verdict, verdict, "{}", only.sentence);
            assert!(only.sentence.contains(words), "{}", only.sentence);
        }
    }

    #[test]
    fn the_change_is_what_is_counted() {
        let reviews = [
            review(0, 1, (100, 4)),
            review(0, 1, (300, 4)),
            review(0, 2, (400, 2)),
            ExperimentReview {
                state: ReviewState::Failed,
                ..review(0, 3, (9_000, 0))
            },
            review(1, 4, (50, 4)),
        ];
        let remarks = [
            remark(0, 1, "f1", Some(Verdict::Rejected)),
            // Thought of again, and ignored by somebody else.
            remark(0, 1, "f1", Some(Verdict::Fixed)),
            remark(0, 1, "f1", Some(Verdict::Ignored)),
            remark(0, 2, "f1", Some(Verdict::Rejected)),
            remark(0, 2, "f2", None),
        ];
        let result = result((10, 15), &arms(2), &reviews, &remarks);
        let first = &result.arms[0];
        assert_eq!((first.reviews, first.failed, first.changes), (3, 1, 2));
        assert_eq!((first.made, first.kept), (12, 10));
        assert_eq!((first.shown, first.accepted, first.rejected), (3, 1, 1));
        assert_eq!(first.rate, Some(0.5));
        // The mean over changes of the means over their reviews.
        assert_eq!(first.cost_nanos, Some(300.0));
        let quality = first.quality.unwrap();
        assert!((quality - (1.0 + 0.85) / 2.0).abs() < 1e-9, "{quality}");
        assert_eq!(result.arms[1].rate, None);
        // One change is no sample.
        assert_eq!(result.comparisons[0].cost_nanos, None);
    }

    #[test]
    fn of_several_arms_none_is_picked_out_for_nothing() {
        let mut remarks = judged(0, 200, 100);
        for arm in 1..4 {
            remarks.extend(judged(arm, 200, 120));
        }
        let two = result((170, 15), &arms(2), &[], &remarks);
        let four = result((170, 15), &arms(4), &[], &remarks);
        let p = |result: &ExperimentResult| result.comparisons[0].acceptance.unwrap().p;
        assert!(p(&two) < 0.05, "{}", p(&two));
        assert!((p(&four) - 3.0 * p(&two)).abs() < 1e-9);
        assert_eq!(four.comparisons[0].verdict, ArmVerdict::Same);
    }
}
