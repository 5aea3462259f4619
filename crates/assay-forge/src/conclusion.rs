//! What a review says on a commit as one word. A review that did not run, or not
//! all of it, is never green.

/// How a review ended, as far as a merge depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewEnd {
    /// Everything ran; the gate passed.
    Passed,
    /// The gate failed, whether everything ran or not.
    GateFailed,
    /// The gate passed what there was, but something did not run.
    Incomplete,
    /// There is no review: it broke.
    Broken,
    /// It took longer than it may.
    TimedOut,
    /// A newer push made it pointless.
    Superseded,
    /// By configuration there was nothing to review.
    Skipped,
    /// It waits for something that takes hours, such as a quota.
    Waiting,
}

/// What a review that did not run means for the merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnBroken {
    /// It does not stop it, and is not green.
    #[default]
    Neutral,
    /// It stops it.
    Failure,
}

/// The conclusion of a check run. GitHub's `stale` is not ours to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Green.
    Success,
    /// Red.
    Failure,
    /// Neither.
    Neutral,
    /// Given up for another.
    Cancelled,
    /// Not done on purpose.
    Skipped,
    /// Red, for it took too long.
    TimedOut,
    /// Neither, and still to come.
    Waiting,
}

impl Conclusion {
    /// Returns the conclusion of a review.
    pub fn of(end: ReviewEnd, on_broken: OnBroken) -> Self {
        match (end, on_broken) {
            (ReviewEnd::Passed, _) => Self::Success,
            (ReviewEnd::GateFailed, _) => Self::Failure,
            (ReviewEnd::Superseded, _) => Self::Cancelled,
            (ReviewEnd::Skipped, _) => Self::Skipped,
            (ReviewEnd::Waiting, _) => Self::Waiting,
            (ReviewEnd::TimedOut, OnBroken::Failure) => Self::TimedOut,
            (ReviewEnd::Incomplete | ReviewEnd::Broken, OnBroken::Failure) => Self::Failure,
            (
                ReviewEnd::Incomplete | ReviewEnd::Broken | ReviewEnd::TimedOut,
                OnBroken::Neutral,
            ) => Self::Neutral,
        }
    }

    /// Returns GitHub's name in a check run.
    pub fn check_name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral | Self::Waiting => "neutral",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed_out",
        }
    }

    /// Returns GitHub's state of a commit status. There is nothing neutral among
    /// them: what is not known to be good is an error. What was skipped on
    /// purpose must not block for ever.
    pub fn status_name(self) -> &'static str {
        match self {
            Self::Success | Self::Skipped => "success",
            Self::Failure => "failure",
            Self::Neutral | Self::Cancelled | Self::TimedOut => "error",
            Self::Waiting => "pending",
        }
    }

    /// Returns GitLab's state of a commit status.
    pub fn gitlab_name(self) -> &'static str {
        match self {
            Self::Success | Self::Skipped => "success",
            Self::Failure | Self::Neutral | Self::TimedOut => "failed",
            Self::Cancelled => "canceled",
            Self::Waiting => "pending",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Conclusion, OnBroken, ReviewEnd};

    #[test]
    fn only_what_ran_whole_and_passed_is_green() {
        for (end, neutral, failure) in [
            (ReviewEnd::Passed, "success", "success"),
            (ReviewEnd::GateFailed, "failure", "failure"),
            (ReviewEnd::Incomplete, "neutral", "failure"),
            (ReviewEnd::Broken, "neutral", "failure"),
            (ReviewEnd::TimedOut, "neutral", "timed_out"),
            (ReviewEnd::Superseded, "cancelled", "cancelled"),
            (ReviewEnd::Skipped, "skipped", "skipped"),
            (ReviewEnd::Waiting, "neutral", "neutral"),
        ] {
            for (on_broken, expected) in
                [(OnBroken::Neutral, neutral), (OnBroken::Failure, failure)]
            {
                let conclusion = Conclusion::of(end, on_broken);
                assert_eq!(conclusion.check_name(), expected, "{end:?}");
                let is_green = matches!(end, ReviewEnd::Passed | ReviewEnd::Skipped);
                assert_eq!(conclusion.status_name() == "success", is_green);
                assert_eq!(conclusion.gitlab_name() == "success", is_green);
            }
        }
    }
}
