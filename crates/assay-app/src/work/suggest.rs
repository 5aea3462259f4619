//! A fix of one finding as a suggestion on its pull request, because somebody wants it
//! there: beside what a review said, of which nothing is changed.

use assay_auth::Scope;
use assay_forge::{PostOutcome, PostRequest, PostRules, Posting, Said, Unexamined, Verdict};
use assay_store::{Claim, FindingId, NewTask, Priority, RepositoryId, SuggestionPlace, Tx, Unique};
use serde::{Deserialize, Serialize};

use super::Worker;
use super::forge::commit;
use super::post::{PostReview, forge_remark};
use super::pull_request::Reached;
use super::remembered;
use super::trouble::Trouble;
use crate::error::Error;
use crate::finding::Proposed;
use crate::job::Job;

/// Places a suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceSuggestion {
    /// The repository.
    pub repository: String,
    /// The number of the pull request.
    pub number: u64,
    /// The commit that was reviewed.
    pub head: String,
    /// The finding.
    pub finding: String,
    /// What it is known by over reviews.
    pub fingerprint: String,
}

impl Job for PlaceSuggestion {
    const KIND: &'static str = "place_suggestion";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "any";
    const PRIORITY: Priority = Priority::High;
    const ATTEMPTS_MAX: i64 = 8;
    const DEADLINE_MS: i64 = 2 * 60_000;
}

impl PlaceSuggestion {
    /// Returns the task, one at a time for each suggestion.
    pub(crate) fn unique_task(&self) -> Result<NewTask, Error> {
        let Self {
            repository,
            number,
            fingerprint,
            ..
        } = self;
        let key = format!("suggestion {repository}/{number}/{fingerprint}");
        Ok(NewTask {
            unique: Some((key, Unique::Oldest)),
            ..self.task()?
        })
    }

    fn place(&self) -> Result<SuggestionPlace<'_>, Error> {
        Ok(SuggestionPlace {
            repository: RepositoryId::parse(&self.repository)?,
            pull_request: i64::try_from(self.number).unwrap_or(i64::MAX),
            fingerprint: &self.fingerprint,
        })
    }
}

/// What became of it: the comment, or why there is none.
type Placed = Result<String, String>;

impl Worker {
    pub(super) async fn place_suggestion(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = PlaceSuggestion::read(&claim.payload, claim.payload_version)?;
        let organisation = claim.organisation;
        let organisation = organisation.ok_or_else(|| Trouble::broken("the wish is nobody's"))?;
        let of = (job.repository.as_str(), job.number);
        self.stand_alone(claim, of).await?;
        self.stand_aside(claim, PostReview::KIND, of).await?;
        let scope = self.0.scope.within(organisation)?;
        let finding = {
            let mut tx = self.0.app.store().read().await?;
            tx.finding_get(&scope, FindingId::parse(&job.finding)?)
                .await
        };
        let remark = match finding {
            Ok(finding) => Proposed::of(&finding.found.detail).remark,
            Err(assay_store::Error::NotFound(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let (reached, repository) = self
            .reach(organisation, &job.repository, job.number)
            .await?;
        let (placed, posting) = match remark.as_ref().and_then(forge_remark) {
            Some(remark) => reached.suggest(&job, remark).await?,
            None => (Err("the review is gone".to_owned()), Posting::default()),
        };
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, claim.lease).await?;
        let on = (repository.id, job.number);
        remembered::remember(&mut tx, &scope, on, &posting, false).await?;
        let place = job.place()?;
        match &placed {
            Ok(comment) => tx.suggestion_place(&scope, place, comment).await?,
            Err(problem) => tx.suggestion_refuse(&scope, place, problem).await?,
        }
        let problem = placed.err();
        tx.task_complete(&self.0.scope, claim.lease, problem.as_deref())
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Reached<'_> {
    /// Places one remark with its suggestion, which may stand there already.
    async fn suggest(
        &self,
        job: &PlaceSuggestion,
        remark: assay_forge::Remark,
    ) -> Result<(Placed, Posting), Trouble> {
        let not = |why: &str| Ok((Err(why.to_owned()), Posting::default()));
        let pull = self.client.pull(&self.id).await?;
        if !pull.is_open {
            return not("the pull request is closed");
        }
        let moved = "there was a push since: the review of the newer commit has the fix";
        if pull.head != job.head {
            return not(moved);
        }
        let anchors = self.client.anchors(&self.id).await?;
        if !remark
            .place
            .as_ref()
            .is_some_and(|place| anchors.holds(place))
        {
            return not("the forge takes suggestions on the lines of the change alone");
        }
        let fingerprint = remark.fingerprint;
        let commit = commit(&job.head)?;
        let request = PostRequest {
            pull: &self.id,
            commit: &commit,
            remarks: &[remark],
            summary: "",
            verdict: Verdict::Comment,
            anchors: &anchors,
            unexamined: Unexamined::Everything,
            // Whoever wants it now wants it although somebody deleted it before.
            said: Said::default(),
            rules: PostRules {
                inline_max: usize::MAX,
                is_addition: true,
                ..PostRules::default()
            },
        };
        let posting = match self.client.post(&request).await? {
            PostOutcome::Posted(posting) => posting,
            PostOutcome::HeadMoved { .. } => return not(moved),
        };
        let standing = posting.inline.iter();
        let mut standing = standing.filter(|one| one.fingerprint == fingerprint);
        let placed = match standing.next() {
            Some(one) => Ok(one.comment.to_string()),
            None if posting.dismissed.contains(&fingerprint) => {
                Err("its thread was resolved on the forge".to_owned())
            }
            None => Err(match posting.problems.first() {
                Some(problem) => format!("the forge does not take it: {problem}"),
                None => "the forge does not take it".to_owned(),
            }),
        };
        Ok((placed, posting))
    }
}

/// Says that it will not be there.
pub(super) async fn give_up(
    tx: &mut Tx,
    scope: &Scope,
    claim: &Claim,
    trouble: &Trouble,
) -> Result<(), assay_store::Error> {
    let Ok(job) = PlaceSuggestion::read(&claim.payload, claim.payload_version) else {
        return Ok(());
    };
    if let Some(organisation) = claim.organisation
        && let Ok(scope) = scope.within(organisation)
        && let Ok(place) = job.place()
    {
        let problem = trouble.public.as_deref();
        let problem = problem.unwrap_or("the forge could not be reached");
        tx.suggestion_refuse(&scope, place, problem).await?;
    }
    Ok(())
}
