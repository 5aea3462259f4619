//! What a review wants said on a pull request, and what becomes of it. The forge
//! itself is the record of what was posted: each remark carries a hidden marker,
//! so posting lists first, does what is missing, and may be stopped and run
//! again at any moment.

mod body;
mod marker;
mod plan;
mod progress;
mod talk;

use std::collections::HashSet;

use assay_finding::Fingerprint;

use crate::anchor::Anchors;
use crate::github::Verdict;
use crate::name::{CommitSha, PullId};

pub use self::body::{BODY_CHARS_MAX, Remark, Suggestion};
pub(crate) use self::body::{Dialect, clip, fixed_body, summary_body};
pub use self::marker::is_ours;
pub(crate) use self::marker::{Marker, review_marker};
pub(crate) use self::plan::{Draft, Plan, Posted, Resolver};
pub(crate) use self::progress::Progress;
pub(crate) use self::talk::{Comment, Talk, answer_once, put_summary, recall};

/// The version of a file that a line is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Before the change.
    Old,
    /// After it.
    New,
}

/// Lines of a file in the change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, by its path after the change unless it is deleted.
    pub path: String,
    /// Which version.
    pub side: Side,
    /// The first line, from 1.
    pub first_line: u32,
    /// The last line.
    pub last_line: u32,
}

/// Which remarks may be taken for fixed when they are wanted no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unexamined {
    /// All are looked at: what is not wanted is fixed.
    #[default]
    Nothing,
    /// These were not looked at.
    Some(Vec<Fingerprint>),
    /// Something did not run, so nothing is known to be fixed.
    Everything,
}

impl Unexamined {
    pub(crate) fn holds(&self, fingerprint: Fingerprint) -> bool {
        match self {
            Self::Nothing => false,
            Self::Some(some) => some.contains(&fingerprint),
            Self::Everything => true,
        }
    }
}

/// What is known to have been said on a pull request: when it does not stand there
/// any more somebody took it away, and it is not said again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The remarks that had a comment on a line.
    pub remarks: HashSet<Fingerprint>,
    /// Whether there was a summary.
    pub summary: bool,
    /// Whether nobody but the forge remembers: the hidden marker of the summary then
    /// names what had a comment, beside what is named here.
    pub is_on_forge: bool,
}

/// How remarks are posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostRules {
    /// Remarks on lines that stand on the pull request at most; the rest are in
    /// the summary.
    pub inline_max: usize,
    /// Remarks in one request.
    pub batch_max: usize,
    /// Whether there is a summary when it has nothing but remarks without a place.
    pub always_summary: bool,
    /// Whether the remarks are put beside what a review said, of which nothing is changed:
    /// no summary, no verdict, and what is not named here stays as it is.
    pub is_addition: bool,
}

impl Default for PostRules {
    fn default() -> Self {
        Self {
            inline_max: 50,
            batch_max: 40,
            always_summary: false,
            is_addition: false,
        }
    }
}

/// What is to stand on a pull request.
#[derive(Clone, Debug)]
pub struct PostRequest<'a> {
    /// Which one.
    pub pull: &'a PullId,
    /// The commit that was reviewed.
    pub commit: &'a CommitSha,
    /// All remarks that hold at that commit, the weightiest first.
    pub remarks: &'a [Remark],
    /// Markdown for the summary; empty for none.
    pub summary: &'a str,
    /// What the review says on the whole.
    pub verdict: Verdict,
    /// The lines that can be commented.
    pub anchors: &'a Anchors,
    /// What was not looked at.
    pub unexamined: Unexamined,
    /// What was said before.
    pub said: Said,
    /// How it is posted.
    pub rules: PostRules,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostOutcome {
    /// It stands there.
    Posted(Posting),
    /// There is a newer commit: review that one.
    HeadMoved {
        /// The newer commit.
        head: String,
    },
}

/// A remark on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it is known by.
    pub fingerprint: Fingerprint,
    /// The number of its comment.
    pub comment: u64,
    /// Its thread, where that is known.
    pub thread: Option<String>,
}

/// What stands on the pull request now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posting {
    /// The remarks on lines.
    pub inline: Vec<Standing>,
    /// The remarks that are only in the summary.
    pub in_summary: Vec<Fingerprint>,
    /// How many comments were made.
    pub created: usize,
    /// How many were changed.
    pub updated: usize,
    /// The remarks whose threads were resolved.
    pub resolved: Vec<Fingerprint>,
    /// The remarks whose threads were opened again.
    pub reopened: Vec<Fingerprint>,
    /// The remarks whose threads somebody else resolved.
    pub dismissed: Vec<Fingerprint>,
    /// The remarks whose comments somebody else deleted.
    pub deleted: Vec<Fingerprint>,
    /// The comment with the summary.
    pub summary_comment: Option<u64>,
    /// What did not go as it was meant to.
    pub problems: Vec<String>,
}
