//! A pull request that somebody reviews on their own machine: what it is now, and
//! the review shown on it as a worker shows one.

use assay_forge::{ForgeError, PullId, Said};

use super::forge::{ForgeClient, ForgeTools};
use super::post::PostReview;
use super::pull_request::{Reached, ReviewPull};
use crate::error::Error;
use crate::remarks::Remarks;

/// A pull request as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestNow {
    /// Whether it is to be merged still.
    pub is_open: bool,
    /// The commit to be merged.
    pub head: String,
    /// The branch that it goes into.
    pub base_branch: String,
}

impl PullRequestNow {
    /// Asks the forge.
    ///
    /// # Errors
    ///
    /// What the forge or the way to it says.
    pub async fn ask(client: &ForgeClient, id: &PullId) -> Result<Self, ForgeError> {
        let pull = client.pull(id).await?;
        Ok(Self {
            is_open: pull.is_open,
            head: pull.head,
            base_branch: pull.base_branch,
        })
    }
}

/// Shows a review of a commit on its pull request, any number of times. Returns what
/// was done in one line.
///
/// # Errors
///
/// [`Error::Internal`] says what the forge did not take.
pub async fn post_remarks(
    tools: &ForgeTools,
    id: &PullId,
    head: &str,
    remarks: Remarks,
) -> Result<String, Error> {
    let job = ReviewPull {
        review: "here".to_owned(),
        repository: String::new(),
        number: id.number,
        head: head.to_owned(),
        awaits_quota: false,
    };
    let reached = Reached {
        tools,
        client: tools.client.clone(),
        id: id.clone(),
    };
    let post = PostReview::of(&job, remarks);
    // There is no database here: the forge itself remembers.
    let said = Said {
        is_on_forge: true,
        ..Said::default()
    };
    let posted = reached.post(&post, said).await;
    let posted = posted.map_err(|trouble| Error::Internal(trouble.problem))?;
    let Some(posting) = posted else {
        return Err(Error::Internal(format!(
            "there was a push to {id} meanwhile"
        )));
    };
    let shown = reached.conclude(&post).await;
    let mut problems = posting.problems;
    if let Err(trouble) = shown {
        problems.push(format!("the check: {}", trouble.problem));
    }
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let mut line = format!(
        "{id}: {} made, {} changed, {} resolved, {} on no line",
        count(posting.created, "remark"),
        posting.updated,
        posting.resolved.len(),
        posting.in_summary.len()
    );
    for problem in problems {
        line.push_str("; ");
        line.push_str(&problem);
    }
    Ok(line)
}
