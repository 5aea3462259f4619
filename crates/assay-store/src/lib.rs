//! Keeps what the platform knows: rows, tasks and what is cached.
//!
//! Start at [`Store::open`]; [`Store::begin`] gives a [`Tx`], whose functions are
//! named noun first (`review_insert`). What belongs to an organisation is
//! reached through a `Scope`: another organisation's rows are not there.
//!
//! Invariant: a commit that returned is on disk. Every statement is one text
//! that SQLite and PostgreSQL both run, or a pair; the tests run each on both,
//! which is what takes the place of queries checked at compile time.
//! Must not know: HTTP, forges, what a task does, what a review is about.
#![expect(
    clippy::disallowed_methods,
    reason = "a database's file and its copies are on disk"
)]

mod error;
mod identifier;
mod value;
mod word;

mod migration;
mod open;
mod sqlite_writer;
mod transaction;

mod access;
mod audit;
mod backup;
mod cache;

mod delivery;
mod discussion;
mod experiment;
mod feedback;
mod finding;
mod forge_installation;
mod idempotency;
mod knowledge;
mod live;
mod login;
mod mark;
mod member;
mod model_usage;
mod outgoing_webhook;
mod outside_import;
mod partition;
mod prompt;
mod question;
mod quota;
mod rate;
mod remark;
mod repository;
mod retention;
mod review;
mod review_event;
mod setting;
mod suggestion;
mod task;

pub use access::{ApiKey, NewApiKey, NewUser, Organisation, User};

pub use audit::{AuditEntry, AuditFault};
pub use backup::{backup, restore};
pub use cache::{Cache, CacheCounts, CacheKey, CacheKind, CacheOptions};
pub use delivery::{Accepted, Delivery, DeliveryState, NewDelivery};
pub use discussion::{Discussion, DiscussionState, NewDiscussion};
pub use error::Error;
pub use experiment::{
    EXPERIMENT_REVIEWS_MAX, EXPERIMENTS_MAX, Experiment, ExperimentArm, ExperimentRemark,
    ExperimentReview, ExperimentState, NewExperiment, RunningArm,
};
pub use feedback::{Feedback, NewFeedback, RuleFigures, Verdict};
pub use finding::{Finding, FindingFilter, FindingOrigin, MetricPoint, NewFinding};
pub use forge_installation::{ForgeInstallation, InstallationState, NewForgeInstallation};
pub use idempotency::Idempotency;
pub use identifier::{
    DeliveryId, DiscussionId, ExperimentId, FeedbackId, FindingId, ForgeInstallationId,
    KnowledgeDocumentId, LiveConnectionId, LiveMessageId, LiveNodeId, ModelUsageId,
    OutgoingAttemptId, OutgoingMessageId, OutgoingWebhookId, OutsideImportId, PromptId, QuestionId,
    RemarkId, RepositoryId, ReviewId, TaskId,
};
pub use knowledge::{
    AcceptedRemark, KnowledgeDocument, KnowledgeDocumentRow, KnowledgeState, NewKnowledgeDocument,
};
pub use live::{LiveHint, LiveMessage, LiveMessageKind, LivePresence, NewLiveMessage};
pub use login::{LoginAttempt, Session, SessionOwner};
pub use mark::Mark;
pub use member::{Member, Role, Team};
pub use model_usage::{ModelCall, ModelUsage, UsageBy, UsageRow, UsageTotal};
pub use open::{Engine, Store, StoreOptions, database_create, database_drop};
pub use outgoing_webhook::{NewOutgoingWebhook, OutgoingAttempt, OutgoingWebhook, WEBHOOKS_MAX};
pub use outside_import::{IMPORT_OUTPUT_BYTES_MAX, IMPORTS_MAX, ImportKept, OutsideImport};
pub use partition::statements_of_a_month;
pub use prompt::{
    ModelQualityRow, PROMPT_VERSIONS_MAX, PROMPTS_MAX, PromptActivation, PromptRow, PromptSource,
    PromptState, PromptVersion, ReviewPrompt,
};
pub use question::{NewQuestion, Question, QuestionState};
pub use rate::Rates;
pub use remark::{Remark, RemarkState};
pub use repository::{ForgeName, NewRepository, Repository};
pub use retention::Retention;
pub use review::{NewReview, Review, ReviewFilter, ReviewOutcome, ReviewState, TeamReview};
pub use review_event::{ReviewEvent, ReviewEventKind};
pub use setting::Setting;
pub use suggestion::{Suggestion, SuggestionPlace, SuggestionState};
pub use task::{
    Claim, Enqueued, Failure, Heartbeat, Lease, NewTask, Priority, Reaped, Retry, Spread, Task,
    TaskCounts, TaskFilter, TaskState, Unique, Waiter, backoff_ms,
};
pub use transaction::{Page, Tx};
