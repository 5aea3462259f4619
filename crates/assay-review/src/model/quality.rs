//! How good the answers were: by what of them could be checked, not by how they sound.

/// What was counted of the answers of one review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelTally {
    /// Questions that were asked.
    pub asked: usize,
    /// Answers that were whole and had the form that was wanted.
    pub whole: usize,
    /// Remarks that were made.
    pub remarks: usize,
    /// Of these such as are wrong: about code that is not there, or refuted.
    pub wrong: usize,
    /// Such as are beside the point: elsewhere, said before, not asked for, empty.
    pub beside: usize,
    /// Such as were kept.
    pub kept: usize,
    /// Of those kept, such as name what in the line is wrong and say enough to act on.
    pub actionable: usize,
}

/// How good answers were, each part from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelQuality {
    /// Of what was asked so much was answered.
    pub completeness: f64,
    /// Of what was said so much is true, as far as it could be checked.
    pub accuracy: f64,
    /// Of what was said so much is about the change.
    pub relevance: f64,
    /// Of what was kept so much can be acted on.
    pub actionability: f64,
}

impl ModelTally {
    /// Works out the quality. Who had nothing to say said nothing wrong.
    pub fn quality(self) -> ModelQuality {
        let share = |part: usize, all: usize| match all {
            0 => 1.0,
            all => part as f64 / all as f64,
        };
        ModelQuality {
            completeness: share(self.whole, self.asked),
            accuracy: share(self.remarks.saturating_sub(self.wrong), self.remarks),
            relevance: share(self.remarks.saturating_sub(self.beside), self.remarks),
            actionability: share(self.actionable, self.kept),
        }
    }
}

impl ModelQuality {
    /// Returns the quality as one number from 0 to 1.
    pub fn value(self) -> f64 {
        0.3 * self.completeness
            + 0.3 * self.accuracy
            + 0.2 * self.relevance
            + 0.2 * self.actionability
    }

    /// Returns the letter for it.
    pub fn grade(self) -> char {
        match (self.value() * 100.0).round() as u32 {
            90.. => 'A',
            80.. => 'B',
            70.. => 'C',
            60.. => 'D',
            _ => 'F',
        }
    }
}

/// Returns whether a message says enough to act on: it names something of the line, and
/// is more than an exclamation.
pub(super) fn is_actionable(message: &str, line: &str) -> bool {
    const WORDS_MIN: usize = 6;
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words
            .filter(|word| word.len() > 1)
            .map(str::to_lowercase)
            .collect()
    };
    let said = words(message);
    let there = words(line);
    said.len() >= WORDS_MIN && said.iter().any(|word| there.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{ModelTally, is_actionable};

    #[test]
    fn the_grade_follows_what_was_checked() {
        let good = ModelTally {
            asked: 2,
            whole: 2,
            remarks: 4,
            kept: 4,
            actionable: 4,
            ..ModelTally::default()
        };
        for (tally, value, grade) in [
            (ModelTally::default(), 1.0, 'A'),
            (good, 1.0, 'A'),
            (
                ModelTally {
                    wrong: 2,
                    kept: 2,
                    actionable: 2,
                    ..good
                },
                0.85,
                'B',
            ),
            (
                ModelTally {
                    whole: 1,
                    beside: 1,
                    kept: 3,
                    actionable: 3,
                    ..good
                },
                0.8,
                'B',
            ),
            (ModelTally { whole: 0, ..good }, 0.7, 'C'),
            (
                ModelTally {
                    wrong: 4,
                    kept: 0,
                    actionable: 0,
                    ..good
                },
                0.7,
                'C',
            ),
            (
                ModelTally {
                    whole: 0,
                    wrong: 4,
                    beside: 4,
                    actionable: 0,
                    ..good
                },
                0.0,
                'F',
            ),
        ] {
            let quality = tally.quality();
            assert!(
                (quality.value() - value).abs() < 1e-9,
                "{tally:?} {}",
                quality.value()
            );
            assert_eq!(quality.grade(), grade, "{tally:?}");
        }
    }

    #[test]
    fn a_message_that_names_nothing_cannot_be_acted_on() {
        let line = "return total / len(values)";
        assert!(is_actionable(
            "When `values` is empty this divides by zero.",
            line
        ));
        assert!(!is_actionable(
            "This will break in production one day soon.",
            line
        ));
        assert!(!is_actionable("values!", line));
    }
}
