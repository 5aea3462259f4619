//! What is kept, and for how long: a table.

/// A kind of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CacheKind {
    /// What a forge says about a pull request.
    PullRequest,
    /// What an analyzer found in one text.
    Analysis,
    /// What a model answered to one prompt.
    ModelAnswer,
    /// What was answered to questions that are nearly the same.
    SimilarAnswer,
    /// What came out of a review.
    ReviewResult,
    /// Who is logged in.
    Session,
}

const MINUTE_MS: i64 = 60_000;

const TABLE: [(CacheKind, &str, i64); 6] = [
    (CacheKind::PullRequest, "pull-request", 5 * MINUTE_MS),
    (CacheKind::Analysis, "analysis", 30 * MINUTE_MS),
    (CacheKind::ModelAnswer, "model-answer", 60 * MINUTE_MS),
    (
        CacheKind::SimilarAnswer,
        "similar-answer",
        30 * 24 * 60 * MINUTE_MS,
    ),
    (
        CacheKind::ReviewResult,
        "review-result",
        24 * 60 * MINUTE_MS,
    ),
    (CacheKind::Session, "session", 7 * 24 * 60 * MINUTE_MS),
];

impl CacheKind {
    /// All kinds, with their names and how long they are kept.
    pub const TABLE: &'static [(Self, &'static str, i64)] = &TABLE;

    /// Returns the name, in keys and metrics.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Returns how long a value is kept.
    pub fn ttl_ms(self) -> i64 {
        self.row().2
    }

    fn row(self) -> (Self, &'static str, i64) {
        let mut rows = TABLE.into_iter();
        let row = rows.find(|(kind, _, _)| *kind == self);
        row.expect("the table has all kinds; a test sees to it")
    }
}

#[cfg(test)]
mod tests {
    use super::CacheKind;

    #[test]
    fn the_table_has_all_kinds() {
        for kind in [
            CacheKind::PullRequest,
            CacheKind::Analysis,
            CacheKind::ModelAnswer,
            CacheKind::SimilarAnswer,
            CacheKind::ReviewResult,
            CacheKind::Session,
        ] {
            assert!(kind.ttl_ms() > 0, "{}", kind.name());
        }
        assert_eq!(CacheKind::TABLE.len(), 6);
    }
}
