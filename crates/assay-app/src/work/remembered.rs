//! What was said on pull requests, as the store remembers it: so that what somebody
//! deleted is not said again, and what became of each remark is learned from.

use std::collections::HashSet;

use assay_auth::Scope;
use assay_finding::Fingerprint;
use assay_forge::{Posting, Said};
use assay_store::{NewFeedback, Remark, RemarkState, RepositoryId, Tx, Verdict};

use super::trouble::Trouble;
use crate::finding::{Same, rejected};

/// A pull request by its repository and its number.
pub(super) type On = (RepositoryId, u64);

/// What the summary is called among the remarks.
const SUMMARY: &str = "summary";
/// Who it was when nobody said anything but the code changed.
const BY_PUSH: &str = "push";

/// What somebody thought of a remark, and where that was seen.
pub(super) struct Opinion<'a> {
    pub(super) verdict: Verdict,
    /// `thread`, `reaction`, `deleted`, `code` or `command`.
    pub(super) source: &'static str,
    pub(super) actor: &'a str,
    pub(super) note: Option<&'a str>,
}

pub(super) fn number_of((_, number): On) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns what has a comment, as far as we know.
pub(super) async fn said(tx: &mut Tx, scope: &Scope, on: On) -> Result<Said, Trouble> {
    let mut said = Said::default();
    for remark in tx.remark_list(scope, on.0, number_of(on)).await? {
        if remark.comment_id.is_none() {
            continue;
        }
        if remark.fingerprint == SUMMARY {
            said.summary = true;
        }
        said.remarks
            .extend(Fingerprint::from_hex(&remark.fingerprint));
    }
    Ok(said)
}

/// Writes down what stands on a pull request after a review was posted.
pub(super) async fn remember(
    tx: &mut Tx,
    scope: &Scope,
    on: On,
    posting: &Posting,
    knows_all: bool,
) -> Result<(), Trouble> {
    let mut seen = HashSet::new();
    for one in &posting.inline {
        let fingerprint = one.fingerprint.to_string();
        let comment = one.comment.to_string();
        let posted = (RemarkState::Posted, Some(comment.as_str()));
        put(tx, scope, on, &fingerprint, posted, one.thread.as_deref()).await?;
        seen.insert(fingerprint);
    }
    if let Some(comment) = posting.summary_comment {
        let comment = comment.to_string();
        let posted = (RemarkState::Posted, Some(comment.as_str()));
        put(tx, scope, on, SUMMARY, posted, None).await?;
    }
    for (fingerprints, source) in [
        (&posting.dismissed, "thread"),
        (&posting.deleted, "deleted"),
    ] {
        for fingerprint in fingerprints {
            let fingerprint = fingerprint.to_string();
            let refused = (RemarkState::Refused, None);
            let remark = put(tx, scope, on, &fingerprint, refused, None).await?;
            let opinion = Opinion {
                verdict: Verdict::Rejected,
                source,
                actor: "",
                note: None,
            };
            give(tx, scope, on, &remark, &opinion).await?;
            seen.insert(fingerprint);
        }
    }
    let in_summary = posting.in_summary.iter();
    seen.extend(in_summary.map(ToString::to_string));
    let resolved = posting.resolved.iter().map(ToString::to_string);
    let resolved: HashSet<String> = resolved.collect();
    for remark in tx.remark_list(scope, on.0, number_of(on)).await? {
        let is_gone = knows_all && !seen.contains(&remark.fingerprint);
        let is_fixed = is_gone || resolved.contains(&remark.fingerprint);
        // What was refused is not fixed because it is not looked for.
        if !is_fixed || remark.state != RemarkState::Posted || remark.fingerprint == SUMMARY {
            continue;
        }
        let state = RemarkState::Resolved;
        tx.remark_update(scope, remark.id, state, None, None, None)
            .await?;
        let opinion = Opinion {
            verdict: Verdict::Fixed,
            source: "code",
            actor: BY_PUSH,
            note: None,
        };
        give(tx, scope, on, &remark, &opinion).await?;
    }
    Ok(())
}

async fn put(
    tx: &mut Tx,
    scope: &Scope,
    on: On,
    fingerprint: &str,
    (state, comment): (RemarkState, Option<&str>),
    thread: Option<&str>,
) -> Result<Remark, Trouble> {
    let remark = tx
        .remark_want(scope, on.0, number_of(on), fingerprint)
        .await?;
    tx.remark_update(scope, remark.id, state, comment, thread, None)
        .await?;
    Ok(remark)
}

/// Says that a remark is not wanted, if it was made.
pub(super) async fn refuse(
    tx: &mut Tx,
    scope: &Scope,
    on: On,
    fingerprint: &str,
    opinion: &Opinion<'_>,
) -> Result<(), Trouble> {
    let refused = (RemarkState::Refused, None);
    let remark = put(tx, scope, on, fingerprint, refused, None).await?;
    give(tx, scope, on, &remark, opinion).await
}

/// Keeps what somebody thought of a remark; of one source the last word of each
/// counts.
pub(super) async fn give(
    tx: &mut Tx,
    scope: &Scope,
    on: On,
    remark: &Remark,
    opinion: &Opinion<'_>,
) -> Result<(), Trouble> {
    let finding = tx
        .finding_find(scope, on.0, number_of(on), &remark.fingerprint)
        .await?;
    // A finding that is kept no more taught what it could.
    let Some(finding) = finding else {
        return Ok(());
    };
    let same = Same::of(&finding.found.detail);
    let new = NewFeedback {
        identity: same.identity,
        path: same.location.map(|place| place.uri),
        remark: Some(remark.id),
        fingerprint: remark.fingerprint.clone(),
        rule: finding.found.rule,
        verdict: opinion.verdict,
        source: opinion.source.to_owned(),
        external_id: match opinion.source {
            "reaction" => format!("{}/{}", remark.id, opinion.actor),
            _ => remark.id.to_string(),
        },
        actor: opinion.actor.to_owned(),
        note: opinion.note.map(str::to_owned),
    };
    tx.feedback_put(scope, &new).await?;
    rejected(tx, scope, Some(on.0), &new).await?;
    Ok(())
}

/// Returns the remark whose comment or thread the forge means.
pub(super) async fn of_place(
    tx: &mut Tx,
    scope: &Scope,
    on: On,
    place: &str,
) -> Result<Option<Remark>, Trouble> {
    let remarks = tx.remark_list(scope, on.0, number_of(on)).await?;
    let is_it = |remark: &Remark| {
        let known = [remark.comment_id.as_deref(), remark.thread_id.as_deref()];
        known.contains(&Some(place)) && remark.fingerprint != SUMMARY
    };
    Ok(remarks.into_iter().find(is_it))
}
