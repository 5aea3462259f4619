//! The work that is queued: what each kind is given, and its limits.
//!
//! A payload is read long after it was written, perhaps by a newer program: its
//! structs are the wire form and nothing else, and carry a version.

use assay_store::{NewTask, Priority};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::examine::{ExamineRequest, ExamineRules, ExaminedFile};

/// A kind of work.
pub trait Job: Serialize + DeserializeOwned {
    /// The kind, in rows and metrics.
    const KIND: &'static str;
    /// The version of the payload that is written, and the only one that is read.
    const VERSION: i64;
    /// What a worker has to be able to do.
    const CAPABILITY: &'static str;
    /// How much it matters.
    const PRIORITY: Priority;
    /// How often it is tried.
    const ATTEMPTS_MAX: i64;
    /// How long one attempt may take.
    const DEADLINE_MS: i64;

    /// Returns the task that does this.
    fn task(&self) -> Result<NewTask, Error> {
        let payload = serde_json::to_string(self);
        let payload = payload.map_err(|why| Error::Internal(format!("a payload: {why}")))?;
        Ok(NewTask {
            capability: Self::CAPABILITY.to_owned(),
            payload_version: Self::VERSION,
            priority: Self::PRIORITY,
            attempts_max: Self::ATTEMPTS_MAX,
            deadline_ms: Self::DEADLINE_MS,
            trace: crate::trace::current().map(|context| context.to_string()),
            ..NewTask::new(Self::KIND, payload)
        })
    }

    /// Reads what a task was given.
    fn read(payload: &str, version: i64) -> Result<Self, Error> {
        if version != Self::VERSION {
            let why = format!("{} of version {version} is not known", Self::KIND);
            return Err(Error::Internal(why));
        }
        let read = serde_json::from_str(payload);
        read.map_err(|why| Error::Internal(format!("the payload of {}: {why}", Self::KIND)))
    }
}

/// Finds out what a delivery of a forge asks for, and queues that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandleDelivery {
    /// The delivery.
    pub delivery: String,
}

impl Job for HandleDelivery {
    const KIND: &'static str = "handle_delivery";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "any";
    const PRIORITY: Priority = Priority::High;
    const ATTEMPTS_MAX: i64 = 8;
    const DEADLINE_MS: i64 = 60_000;
}

/// Reviews a change that came with the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewChange {
    /// The review that it becomes.
    pub review: String,
    /// What the base is called.
    pub base: String,
    /// What the head is called.
    pub head: String,
    /// The files that differ.
    pub files: Vec<JobFile>,
}

/// A file of a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFile {
    /// Where it is.
    pub path: String,
    /// Its text before; none for one that was added.
    pub base: Option<String>,
    /// Its text after; none for one that was deleted.
    pub head: Option<String>,
}

impl Job for ReviewChange {
    const KIND: &'static str = "review_change";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "review";
    const PRIORITY: Priority = Priority::Normal;
    const ATTEMPTS_MAX: i64 = 3;
    const DEADLINE_MS: i64 = 10 * 60_000;
}

impl ReviewChange {
    /// Returns the request for [`examine`](crate::examine).
    pub fn request(self) -> ExamineRequest {
        let file = |file: JobFile| ExaminedFile {
            path: file.path,
            base: file.base,
            head: file.head,
        };
        ExamineRequest {
            base: self.base,
            head: self.head,
            files: self.files.into_iter().map(file).collect(),
            rules: ExamineRules::All,
        }
    }
}

/// Reads a repository whole, as it is at a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewTree {
    /// The review that it becomes.
    pub review: String,
    /// The repository.
    pub repository: String,
    /// A branch, a tag or the full name of a commit.
    pub revision: String,
}

impl Job for ReviewTree {
    const KIND: &'static str = "review_tree";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "review";
    const PRIORITY: Priority = Priority::Normal;
    const ATTEMPTS_MAX: i64 = 3;
    const DEADLINE_MS: i64 = 30 * 60_000;
}

/// Answers a question about a repository, as it is at a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerQuestion {
    /// The question.
    pub question: String,
    /// Passages of the answer at most.
    pub passages_max: u16,
    /// Whether a model may answer, where the organisation lets it.
    pub asks_model: bool,
}

impl Job for AnswerQuestion {
    const KIND: &'static str = "answer_question";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "review";
    const PRIORITY: Priority = Priority::High;
    const ATTEMPTS_MAX: i64 = 3;
    const DEADLINE_MS: i64 = 15 * 60_000;
}

/// Lets agents talk about a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscussReview {
    /// The talk.
    pub discussion: String,
}

impl Job for DiscussReview {
    const KIND: &'static str = "discuss_review";
    const VERSION: i64 = 1;
    const CAPABILITY: &'static str = "review";
    const PRIORITY: Priority = Priority::Normal;
    const ATTEMPTS_MAX: i64 = 2;
    const DEADLINE_MS: i64 = 30 * 60_000;
}

#[cfg(test)]
mod tests {
    use super::{HandleDelivery, Job as _, ReviewChange};

    #[test]
    fn payloads_of_version_one_are_still_read() {
        let delivery = HandleDelivery::read(r#"{"delivery":"x"}"#, 1).unwrap();
        assert_eq!(delivery.delivery, "x");
        let change = ReviewChange::read(
            r#"{"review":"r","base":"a","head":"b","files":[{"path":"p","base":null,"head":"t"}]}"#,
            1,
        )
        .unwrap();
        assert_eq!(change.files[0].head.as_deref(), Some("t"));
        assert_eq!(
            ReviewChange::read(&change.task().unwrap().payload, 1).unwrap(),
            change
        );
        assert!(ReviewChange::read("{}", 1).is_err());
        assert!(HandleDelivery::read(r#"{"delivery":"x"}"#, 2).is_err());
    }
}
