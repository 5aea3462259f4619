//! The quality score of a review, 0 to 100.
//!
//! Each finding that counts takes a penalty: the weight of its severity times
//! the factor of its confidence. With P the sum of penalties,
//! `score = min(cap, 100 * exp(-P / 60))`, where the cap is 59 when there is a
//! critical finding, 79 when there is a high one, and 100 otherwise. For the
//! scan of a whole tree P is divided by the thousands of source lines (at
//! least one), because a tree is judged by the density of its findings.
//!
//! Invariant: one finding more, or a worse or surer one, never gives a higher
//! score for the same code.

use assay_finding::{Category, Confidence, Finding, Score, ScorePart, Severity};

/// The penalty at which the score has fallen to 100/e, about 37.
const SCALE: f64 = 60.0;

fn weight(severity: Severity) -> f64 {
    match severity {
        Severity::Info => 0.0,
        Severity::Low => 1.0,
        Severity::Medium => 4.0,
        Severity::High => 12.0,
        Severity::Critical => 30.0,
    }
}

fn factor(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::Low => 0.4,
        Confidence::Medium => 0.7,
        Confidence::High => 1.0,
    }
}

fn cap(severity: Severity) -> f64 {
    match severity {
        Severity::Critical => 59.0,
        Severity::High => 79.0,
        Severity::Medium | Severity::Low | Severity::Info => 100.0,
    }
}

/// Returns the letter of a score: A from 90, B from 80, C from 70, D from 60.
fn grade(value: f64) -> char {
    match value {
        90.0.. => 'A',
        80.0.. => 'B',
        70.0.. => 'C',
        60.0.. => 'D',
        _ => 'F',
    }
}

/// Scores the findings that count. `source_lines` is given for a whole tree.
pub(crate) fn score<'f>(
    findings: impl Iterator<Item = &'f Finding>,
    source_lines: Option<u64>,
) -> Score {
    let mut by_category = vec![(0.0, 0usize); Category::ALL.len()];
    let mut value_max: f64 = 100.0;
    for finding in findings {
        let slot = &mut by_category[finding.category as usize];
        slot.0 += weight(finding.severity) * factor(finding.confidence);
        slot.1 += 1;
        value_max = value_max.min(cap(finding.severity));
    }
    let penalty: f64 = by_category.iter().map(|(penalty, _)| penalty).sum();
    let size = source_lines.map_or(1.0, |lines| (lines as f64 / 1_000.0).max(1.0));
    // A tenth of a point is as fine as anyone reads, and hides the last bits
    // of floating-point sums.
    let value = (value_max.min(100.0 * (-penalty / size / SCALE).exp()) * 10.0).floor() / 10.0;
    let mut parts: Vec<ScorePart> = Category::ALL
        .iter()
        .zip(&by_category)
        .filter(|(_, (points, _))| *points > 0.0)
        .map(|(category, (points, findings))| ScorePart {
            name: category.as_str().to_owned(),
            points: ((100.0 - value) * points / penalty * 10.0).round() / 10.0,
            findings: *findings,
        })
        .collect();
    parts.sort_by(|a, b| {
        b.points
            .total_cmp(&a.points)
            .then_with(|| a.name.cmp(&b.name))
    });
    Score {
        value,
        grade: grade(value),
        parts,
    }
}

#[cfg(test)]
mod tests {
    use assay_finding::{
        Category, Confidence, Finding, Fingerprint, Frame, IdentityHasher, Location, RuleId,
        Severity, State,
    };
    use assay_source::{Position, Span};
    use proptest::collection::vec;
    use proptest::prelude::{Strategy, any};
    use proptest::{prop_assert, proptest};

    use super::{grade, score};

    fn finding(severity: Severity, confidence: Confidence, category: Category) -> Finding {
        let start = Position { line: 1, column: 1 };
        Finding {
            rule: RuleId::new("test/rule"),
            severity,
            confidence,
            category,
            message: String::new(),
            location: Location {
                path: "a".into(),
                span: Span::new(0, 0),
                start,
                end: start,
            },
            related: Vec::new(),
            measure: None,
            symbol: None,
            identity: IdentityHasher::new("test/rule").finish(),
            alias: None,
            tools: Vec::new(),
            fingerprint: Fingerprint::default(),
            state: State::Introduced,
            suppressed: None,
            fix: None,
            frame: Frame::default(),
        }
    }

    fn any_finding() -> impl Strategy<Value = Finding> {
        (any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(severity, confidence, category)| {
            let pick = |number: u8, count: usize| usize::from(number) % count;
            finding(
                Severity::ALL[pick(severity, Severity::ALL.len())],
                Confidence::ALL[pick(confidence, Confidence::ALL.len())],
                Category::ALL[pick(category, Category::ALL.len())],
            )
        })
    }

    #[test]
    fn scores_by_example() {
        let of = |severity| [finding(severity, Confidence::High, Category::Correctness)];
        for (findings, value, letter) in [
            (vec![], 100.0, 'A'),
            (of(Severity::Info).to_vec(), 100.0, 'A'),
            (of(Severity::Low).to_vec(), 98.3, 'A'),
            (of(Severity::Medium).to_vec(), 93.5, 'A'),
            (of(Severity::High).to_vec(), 79.0, 'C'),
            (of(Severity::Critical).to_vec(), 59.0, 'F'),
        ] {
            let score = score(findings.iter(), None);
            assert_eq!((score.value, score.grade), (value, letter));
        }
        assert_eq!(grade(60.0), 'D');
    }

    proptest! {
        #[test]
        fn one_more_finding_never_scores_better(
            findings in vec(any_finding(), 0..40),
            more in any_finding(),
            lines in proptest::option::of(0u64..100_000),
        ) {
            let before = score(findings.iter(), lines);
            let after = score(findings.iter().chain([&more]), lines);
            prop_assert!(after.value <= before.value);
            prop_assert!((0.0..=100.0).contains(&after.value));
        }

        #[test]
        fn a_worse_or_surer_finding_never_scores_better(
            findings in vec(any_finding(), 1..40),
            at in any::<proptest::sample::Index>(),
        ) {
            let before = score(findings.iter(), None);
            let mut worse = findings.clone();
            let finding = at.get(&findings);
            let next = |all: &[Severity]| all.iter().copied().find(|one| *one > finding.severity);
            let changed = &mut worse[at.index(findings.len())];
            changed.severity = next(Severity::ALL).unwrap_or(finding.severity);
            changed.confidence = Confidence::High;
            prop_assert!(score(worse.iter(), None).value <= before.value);
        }

        #[test]
        fn parts_add_up_to_what_is_taken_off(findings in vec(any_finding(), 0..40)) {
            let score = score(findings.iter(), None);
            let sum: f64 = score.parts.iter().map(|part| part.points).sum();
            // Each part is rounded to a tenth.
            prop_assert!(score.parts.is_empty() || (sum - (100.0 - score.value)).abs() <= 0.6);
        }
    }
}
