//! Comments that stand below a pull request and not on a line: the summary, and
//! answers to commands. Either is there once: it is listed first, made when it is
//! missing, and looked for again whenever an answer leaves open whether it was made.

use std::future::Future;

use crate::answer::Listed;
use crate::error::ForgeError;
use crate::world::World;

use super::marker::{Marker, disarm};
use super::plan::Plan;
use super::progress::Progress;
use super::{Remark, clip, summary_body};

/// Answers that left open whether it was done, in one call.
pub(crate) const UNCLEAR_MAX: usize = 4;
/// What was just made may take so long to be listed.
pub(crate) const SETTLE_MS: u64 = 2_000;
/// A longer answer is cut.
const ANSWER_CHARS_MAX: usize = 60_000;

/// A comment that stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) body: String,
    pub(crate) is_ours: bool,
}

/// Where comments are made that are on no line.
pub(crate) trait Talk: Sync {
    /// Lists what stands there.
    fn comments(&self) -> impl Future<Output = Result<Listed<Comment>, ForgeError>> + Send;
    /// Makes a comment; returns its number.
    fn say(&self, body: &str) -> impl Future<Output = Result<u64, ForgeError>> + Send;
    /// Changes the text of one.
    fn rephrase(
        &self,
        comment: u64,
        body: &str,
    ) -> impl Future<Output = Result<u64, ForgeError>> + Send;
    /// Returns what passes the time.
    fn world(&self) -> &World;
}

/// Brings to mind what had a comment before, when only the forge remembers that.
pub(crate) async fn recall(
    progress: &mut Progress<'_>,
    talk: &impl Talk,
) -> Result<(), ForgeError> {
    if !progress.request.said.is_on_forge {
        return Ok(());
    }
    let listed = talk.comments().await?;
    let ours = listed.items.iter().filter(|comment| comment.is_ours);
    let said = ours.flat_map(|comment| Marker::said(&comment.body));
    progress.said.extend(said);
    Ok(())
}

/// Makes, changes or leaves the comment with the summary.
pub(crate) async fn put_summary(
    progress: &mut Progress<'_>,
    talk: &impl Talk,
    plan: &Plan,
) -> Result<(), ForgeError> {
    let request = progress.request;
    let unplaced = plan.unplaced.iter().map(|&at| &request.remarks[at]);
    let unplaced: Vec<&Remark> = unplaced.collect();
    let is_wanted =
        request.rules.always_summary || !request.summary.is_empty() || !unplaced.is_empty();
    let body = summary_body(request.summary, &unplaced, &progress.said_by_now());
    loop {
        let listed = talk.comments().await?;
        let is_it = |comment: &Comment| {
            comment.is_ours && Marker::read(&comment.body) == Some(Marker::Summary)
        };
        let made = match listed.items.into_iter().find(is_it) {
            Some(found) if found.body == body => Ok(found.id),
            Some(found) => talk.rephrase(found.id, &body).await,
            None if !is_wanted || request.said.summary => return Ok(()),
            None if !listed.is_complete => {
                progress.problem("the conversation is too long for a summary");
                return Ok(());
            }
            None => talk.say(&body).await,
        };
        match made {
            Ok(comment) => {
                progress.posting.summary_comment = Some(comment);
                return Ok(());
            }
            Err(error) if error.maybe_done() => progress.unclear(error, talk.world()).await?,
            Err(error) => return Err(error),
        }
    }
}

/// Makes an answer, unless one with the same key stands there.
pub(crate) async fn answer_once(
    talk: &impl Talk,
    key: &str,
    text: &str,
) -> Result<Option<u64>, ForgeError> {
    let text = disarm(text);
    let marker = Marker::write_answer(key);
    let body = format!("{}\n\n{marker}", clip(text.trim_end(), ANSWER_CHARS_MAX));
    for attempt in 0.. {
        let listed = talk.comments().await?;
        let found = listed
            .items
            .iter()
            .find(|comment| comment.is_ours && comment.body.trim_end().ends_with(&marker));
        if let Some(found) = found {
            return Ok(Some(found.id));
        }
        // Without the whole list something might be said twice.
        if !listed.is_complete {
            return Ok(None);
        }
        match talk.say(&body).await {
            Ok(comment) => return Ok(Some(comment)),
            Err(error) if error.maybe_done() && attempt < UNCLEAR_MAX => {
                talk.world().sleeper.sleep(SETTLE_MS).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
