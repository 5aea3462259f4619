//! How the reviews of a team's changes went: how many, how long somebody waited, how much
//! is open. It is about the team; nobody of it is compared with anybody.

use std::collections::{BTreeMap, HashSet};

use assay_auth::{Identifier, Permission, TeamId};
use assay_store::{RepositoryId, ReviewState, TeamReview};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;

const WEEK_MS: i64 = 7 * 86_400_000;
/// At most so many weeks are looked at.
pub const ACTIVITY_WEEKS_MAX: u32 = 52;

/// How the reviews of one week went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityWeek {
    /// When the week begins.
    pub from_ms: i64,
    /// Reviews that were asked for.
    pub reviews: usize,
    /// Pull requests that they are of.
    pub pull_requests: usize,
    /// Reviews whose gate passed.
    pub passed: usize,
    /// Findings of those reviews.
    pub findings: i64,
    /// From the push to the end of the review: half of them took no longer.
    pub review_ms_median: Option<i64>,
    /// The same for nine of ten.
    pub review_ms_p90: Option<i64>,
    /// From the push until work began, for half of them.
    pub wait_ms_median: Option<i64>,
}

/// How the reviews of a team's changes went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamActivity {
    /// How many are in the team.
    pub members: usize,
    /// Week by week, the oldest first.
    pub weeks: Vec<ActivityWeek>,
    /// Reviews that wait or run.
    pub open: usize,
    /// Pull requests that were reviewed in the last week.
    pub active_pull_requests: usize,
    /// By repository, where most is going on first.
    pub repositories: Vec<(Identifier, usize)>,
}

impl App {
    /// Returns how the reviews of a team's changes went in the last weeks. A change is
    /// a team's when the login of its author at the forge is that of somebody in it.
    pub async fn team_activity(
        &self,
        caller: &Caller,
        id: TeamId,
        weeks: u32,
    ) -> Result<TeamActivity, Error> {
        let scope = caller.authorise(Permission::TeamRead)?;
        caller.authorise(Permission::MetricRead)?;
        if !(1..=ACTIVITY_WEEKS_MAX).contains(&weeks) {
            let why = format!("1 to {ACTIVITY_WEEKS_MAX}");
            return Err(Error::invalid("weeks", why));
        }
        let now_ms = self.now_ms();
        // What was asked for in this very moment is of this week.
        let from_ms = now_ms + 1 - i64::from(weeks) * WEEK_MS;
        let mut tx = self.store().read_lagging().await?;
        tx.team_get(&scope, id).await?;
        let members = tx.team_member_list(&scope, id).await?.len();
        let reviews = tx.review_list_of_team(&scope, id, from_ms).await?;
        Ok(activity(&reviews, members, (from_ms, weeks)))
    }
}

fn activity(reviews: &[TeamReview], members: usize, (from_ms, weeks): (i64, u32)) -> TeamActivity {
    let end_ms = from_ms + i64::from(weeks) * WEEK_MS;
    let mut repositories: BTreeMap<RepositoryId, usize> = BTreeMap::new();
    let mut active = HashSet::new();
    for review in reviews {
        if let Some(repository) = review.repository {
            *repositories.entry(repository).or_default() += 1;
        }
        if review.created_ms >= end_ms - WEEK_MS {
            active.extend(review.pull_request.map(|one| (review.repository, one)));
        }
    }
    let mut repositories: Vec<_> = repositories.into_iter().collect();
    repositories.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
    let is_open =
        |review: &&TeamReview| matches!(review.state, ReviewState::Queued | ReviewState::Running);
    TeamActivity {
        members,
        weeks: (0..weeks)
            .map(|week| week_of(reviews, from_ms + i64::from(week) * WEEK_MS))
            .collect(),
        open: reviews.iter().filter(is_open).count(),
        active_pull_requests: active.len(),
        repositories: repositories
            .into_iter()
            .map(|(id, count)| (id.identifier(), count))
            .collect(),
    }
}

fn week_of(reviews: &[TeamReview], from_ms: i64) -> ActivityWeek {
    let own: Vec<&TeamReview> = reviews
        .iter()
        .filter(|one| (from_ms..from_ms + WEEK_MS).contains(&one.created_ms))
        .collect();
    let pulls: HashSet<_> = own
        .iter()
        .filter_map(|one| Some((one.repository, one.pull_request?)))
        .collect();
    let mut took: Vec<i64> = own
        .iter()
        .filter(|one| one.state == ReviewState::Done)
        .filter_map(|one| Some(one.finished_ms? - one.created_ms))
        .collect();
    let mut waited: Vec<i64> = own
        .iter()
        .filter_map(|one| Some(one.started_ms? - one.created_ms))
        .collect();
    took.sort_unstable();
    waited.sort_unstable();
    ActivityWeek {
        from_ms,
        reviews: own.len(),
        pull_requests: pulls.len(),
        passed: own
            .iter()
            .filter(|one| one.gate.as_deref() == Some("passed"))
            .count(),
        findings: own.iter().map(|one| one.findings).sum(),
        review_ms_median: quantile(&took, 50),
        review_ms_p90: quantile(&took, 90),
        wait_ms_median: quantile(&waited, 50),
    }
}

/// Returns what so many of a hundred are at most; the values are sorted.
fn quantile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use assay_store::{ReviewState, TeamReview};

    use super::{WEEK_MS, activity, quantile};

    #[test]
    fn a_quantile_is_one_of_the_values() {
        assert_eq!(quantile(&[], 50), None);
        assert_eq!(quantile(&[7], 90), Some(7));
        assert_eq!(quantile(&[1, 2, 3, 4], 50), Some(2));
        assert_eq!(quantile(&[1, 2, 3, 4], 90), Some(4));
    }

    #[test]
    fn weeks_are_counted_by_when_a_review_was_asked_for() {
        let review = |at_ms: i64, pull: i64, took_ms: Option<i64>| TeamReview {
            repository: None,
            pull_request: Some(pull),
            state: match took_ms {
                Some(_) => ReviewState::Done,
                None => ReviewState::Running,
            },
            gate: took_ms.map(|_| "passed".to_owned()),
            findings: 2,
            created_ms: at_ms,
            started_ms: Some(at_ms + 10),
            finished_ms: took_ms.map(|took| at_ms + took),
        };
        let reviews = [
            review(5, 1, Some(100)),
            review(6, 1, Some(300)),
            review(WEEK_MS + 1, 2, None),
        ];
        let found = activity(&reviews, 3, (0, 2));
        assert_eq!((found.members, found.open), (3, 1));
        assert_eq!(found.active_pull_requests, 1);
        let first = &found.weeks[0];
        assert_eq!(
            (first.reviews, first.pull_requests, first.passed),
            (2, 1, 2)
        );
        assert_eq!(first.findings, 4);
        assert_eq!(first.review_ms_median, Some(100));
        assert_eq!(first.review_ms_p90, Some(300));
        assert_eq!(found.weeks[1].review_ms_median, None);
        assert_eq!(found.weeks[1].wait_ms_median, Some(10));
    }
}
