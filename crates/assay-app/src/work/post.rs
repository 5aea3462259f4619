//! Makes a pull request show a review, or that there is none. It compares what is
//! wanted with what stands there, so it may run any number of times.

use assay_finding::Fingerprint;
use assay_forge::{
    CheckAnnotation, Conclusion, Place, PostOutcome, PostRequest, PostRules, Posting, ReviewEnd,
    Said, Side, Suggestion, Unexamined, Verdict,
};
use assay_store::{Claim, Priority};
use serde::{Deserialize, Serialize};

use super::Worker;
use super::forge::{Check, commit};
use super::pull_request::{Reached, ReviewPull};
use super::remembered;
use super::suggest::PlaceSuggestion;
use super::trouble::Trouble;
use crate::job::Job;
use crate::remarks::{Remark, Remarks};

/// Remarks that are posted at most, the weightiest; the report has the others.
const REMARKS_MAX: usize = 300;

/// Posts a review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PostReview {
    /// The review.
    pub review: String,
    /// The repository.
    pub repository: String,
    /// The number of the pull request.
    pub number: u64,
    /// The commit that was reviewed.
    pub head: String,
    /// How the review ended.
    pub end: End,
    /// One line that says so.
    pub title: String,
    /// The review without its remarks, as Markdown; empty when there is nothing to
    /// say.
    pub summary: String,
    /// What is said about lines.
    pub remarks: Vec<Remark>,
}

/// How a review ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Everything ran; the gate passed.
    Passed,
    /// The gate failed.
    GateFailed,
    /// The gate passed what there was, but something did not run.
    Incomplete,
    /// There is no review.
    Broken,
    /// There is none, for it took too long.
    TimedOut,
    /// There is none yet: the organisation's quota is used up.
    Waiting,
    /// There will be none: another took its place, or it is not wanted any more.
    Overtaken,
}

impl End {
    fn review_end(self) -> ReviewEnd {
        match self {
            Self::Passed => ReviewEnd::Passed,
            Self::GateFailed => ReviewEnd::GateFailed,
            Self::Incomplete => ReviewEnd::Incomplete,
            Self::Broken => ReviewEnd::Broken,
            Self::TimedOut => ReviewEnd::TimedOut,
            Self::Waiting => ReviewEnd::Waiting,
            Self::Overtaken => ReviewEnd::Superseded,
        }
    }

    fn is_review(self) -> bool {
        !matches!(
            self,
            Self::Broken | Self::TimedOut | Self::Waiting | Self::Overtaken
        )
    }
}

impl Job for PostReview {
    const KIND: &'static str = "post_review";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "any";
    const PRIORITY: Priority = Priority::High;
    const ATTEMPTS_MAX: i64 = 12;
    const DEADLINE_MS: i64 = 10 * 60_000;
}

impl PostReview {
    /// Returns what posts a review.
    pub(super) fn of(job: &ReviewPull, remarks: Remarks) -> Self {
        let end = match (remarks.passed, remarks.complete) {
            (false, _) => End::GateFailed,
            (true, false) => End::Incomplete,
            (true, true) => End::Passed,
        };
        let mut summary = match remarks.clean {
            true => String::new(),
            false => remarks.summary,
        };
        let left = remarks.remarks.len().saturating_sub(REMARKS_MAX);
        if left > 0 {
            summary.push_str(&format!(
                "\n<p><b>{left} more findings</b> are in the report.</p>\n"
            ));
        }
        let mut said = remarks.remarks;
        said.truncate(REMARKS_MAX);
        Self {
            review: job.review.clone(),
            repository: job.repository.clone(),
            number: job.number,
            head: job.head.clone(),
            end,
            title: remarks.title,
            summary,
            remarks: said,
        }
    }

    /// Returns what says that a review waits until there is quota again.
    pub(super) fn of_waiting(job: &ReviewPull, again_ms: i64) -> Self {
        let again = match jiff::Timestamp::from_millisecond(again_ms) {
            Ok(at) => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            Err(_) => "the quota is there again".to_owned(),
        };
        Self {
            review: job.review.clone(),
            repository: job.repository.clone(),
            number: job.number,
            head: job.head.clone(),
            end: End::Waiting,
            title: format!("waits for quota until {again}"),
            summary: format!(
                "The organisation has used up its reviews, so this change was not reviewed and \
                 nothing is known of it. It is reviewed by itself after {again}, or when the \
                 quota is raised and the review is asked for again."
            ),
            remarks: Vec::new(),
        }
    }

    /// Returns what says that there will be no review of the commit.
    pub(super) fn of_overtaken(job: &ReviewPull, why: &str) -> Self {
        Self {
            review: job.review.clone(),
            repository: job.repository.clone(),
            number: job.number,
            head: job.head.clone(),
            end: End::Overtaken,
            title: format!("not reviewed: {why}"),
            summary: format!("This commit was not reviewed: {why}."),
            remarks: Vec::new(),
        }
    }

    /// Returns what says that there is no review.
    pub(super) fn of_none(job: &ReviewPull, end: End, why: Option<&str>) -> Self {
        let title = match end {
            End::TimedOut => "the review took too long and was ended",
            _ => "the change was not reviewed",
        };
        let why = why.map_or_else(String::new, |why| {
            format!("\n\n```text\n{}\n```", fenced(why))
        });
        Self {
            review: job.review.clone(),
            repository: job.repository.clone(),
            number: job.number,
            head: job.head.clone(),
            end,
            title: title.to_owned(),
            summary: format!(
                "Assay could not review this change, so nothing is known of it. \
                 The review `{}` on the server says more.{why}",
                job.review
            ),
            remarks: Vec::new(),
        }
    }
}

/// Returns text that does not end a fenced block.
fn fenced(text: &str) -> String {
    text.chars()
        .take(4_000)
        .collect::<String>()
        .replace("```", "'''")
}

impl Worker {
    pub(super) async fn post_review(&self, claim: &Claim) -> Result<(), Trouble> {
        let job = PostReview::read(&claim.payload, claim.payload_version)?;
        let organisation = claim.organisation;
        let organisation = organisation.ok_or_else(|| Trouble::broken("the review is nobody's"))?;
        let of = (job.repository.as_str(), job.number);
        self.stand_alone(claim, of).await?;
        self.stand_aside(claim, PlaceSuggestion::KIND, of).await?;
        let (reached, repository) = self
            .reach(organisation, &job.repository, job.number)
            .await?;
        let scope = self.0.scope.within(organisation)?;
        let on = (repository.id, job.number);
        if self.is_overtaken(&scope, on, &job).await? {
            reached.give_way(&job).await?;
            let why = "another review of the commit has the last word";
            return self.complete(claim, Some(why)).await;
        }
        // None: there was nothing to post, or another commit is the head by now.
        let posting = match job.end.is_review() {
            true => {
                let said = {
                    let mut tx = self.0.app.store().read().await?;
                    remembered::said(&mut tx, &scope, on).await?
                };
                reached.post(&job, said).await?
            }
            false => None,
        };
        let knows_all = posting.is_some() && job.end != End::Incomplete;
        let posting = posting.unwrap_or_default();
        reached.conclude(&job).await?;
        let mut tx = self.0.app.store().begin().await?;
        tx.task_hold(&self.0.scope, claim.lease).await?;
        remembered::remember(&mut tx, &scope, on, &posting, knows_all).await?;
        let problems = posting.problems.join("; ");
        let result = Some(problems.as_str()).filter(|text| !text.is_empty());
        tx.task_complete(&self.0.scope, claim.lease, result).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Reached<'_> {
    /// Posts the remarks. When there was a push meanwhile nothing is posted: the
    /// newer commit has a review of its own.
    pub(super) async fn post(
        &self,
        job: &PostReview,
        said: Said,
    ) -> Result<Option<Posting>, Trouble> {
        let commit = commit(&job.head)?;
        let anchors = self.client.anchors(&self.id).await?;
        let remarks: Vec<_> = job.remarks.iter().filter_map(forge_remark).collect();
        let request = PostRequest {
            pull: &self.id,
            commit: &commit,
            remarks: &remarks,
            summary: &job.summary,
            verdict: Verdict::Comment,
            anchors: &anchors,
            unexamined: match job.end {
                End::Incomplete => Unexamined::Everything,
                _ => Unexamined::Nothing,
            },
            said,
            rules: PostRules::default(),
        };
        match self.client.post(&request).await? {
            PostOutcome::Posted(posting) => Ok(Some(posting)),
            PostOutcome::HeadMoved { .. } => Ok(None),
        }
    }

    /// Shows the end on the commit.
    pub(super) async fn conclude(&self, job: &PostReview) -> Result<(), Trouble> {
        let check = Check {
            review: &job.review,
            conclusion: Some(Conclusion::of(job.end.review_end(), self.tools.on_broken)),
            title: &job.title,
            summary: match job.summary.as_str() {
                "" => "There is nothing to say.",
                summary => summary,
            },
            annotations: job.remarks.iter().filter_map(annotation).collect(),
        };
        let (repo, name) = (&self.id.repo, &self.tools.check_name);
        let commit = commit(&job.head)?;
        match job.end {
            End::Overtaken => self.client.check_end(repo, &commit, name, check).await?,
            _ => self.client.check(repo, &commit, name, check).await?,
        }
        Ok(())
    }
}

/// Returns a remark as the forge client takes it. A suggestion replaces the lines
/// beside which it stands, so these are the remark's.
pub(super) fn forge_remark(remark: &Remark) -> Option<assay_forge::Remark> {
    let lines = match &remark.suggestion {
        Some(lines) => (lines.start_line, lines.end_line),
        None => (remark.start_line, remark.end_line),
    };
    Some(assay_forge::Remark {
        fingerprint: Fingerprint::from_hex(&remark.fingerprint)?,
        place: remark.path.as_ref().map(|path| Place {
            path: path.clone(),
            side: Side::New,
            first_line: lines.0,
            last_line: lines.1,
        }),
        headline: format!("{}: {} ({})", remark.severity, remark.message, remark.place),
        body: remark.body.clone(),
        suggestion: remark.suggestion.as_ref().map(|lines| Suggestion {
            old: lines.before.join("\n"),
            new: lines.after.join("\n"),
        }),
    })
}

fn annotation(remark: &Remark) -> Option<CheckAnnotation> {
    let level = match remark.severity.as_str() {
        "critical" | "high" => "failure",
        "medium" => "warning",
        _ => "notice",
    };
    Some(CheckAnnotation {
        path: remark.path.clone()?,
        first_line: remark.start_line,
        last_line: remark.end_line,
        columns: None,
        level,
        title: remark.title.clone(),
        message: remark.message.clone(),
    })
}
