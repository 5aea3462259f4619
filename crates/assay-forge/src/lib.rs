//! GitHub and GitLab: webhooks in, comments and checks out; and other addresses, which
//! are told what happens.
//!
//! Start at [`parse_github`], which makes a webhook an [`Event`]; at [`GitHub`], a
//! client that asks as an app or with tokens; and at its [`GitHub::post_review`],
//! which makes a pull request show a review.
//!
//! Invariant: everything that people are told of is posted by comparing what is
//! wanted with what the forge lists, so each call may be stopped at any moment
//! and made again. Limits of the forge are kept, not run into.
//! Must not know: signatures of webhooks, databases, how findings are found, who
//! asked.
#![forbid(unsafe_code)]

mod anchor;
mod answer;
mod checkout;
mod command;
mod conclusion;
mod error;
mod event;
mod github;
mod gitlab;
mod identity_client;
mod name;
mod outgoing;
mod post;
mod secret;
mod transport;
mod world;

pub use anchor::Anchors;
pub use answer::Listed;
pub use checkout::{Checkout, pull_reference};
pub use command::{
    COMMAND_WORD, COMMANDS, COMMANDS_MAX, Command, CommandRule, Verb, parse_commands,
};
pub use conclusion::{Conclusion, OnBroken, ReviewEnd};
pub use error::ForgeError;
pub use event::{
    CheckRunEvent, CheckSuiteEvent, CommentEvent, Delivery, Event, ForgeKind, InstallationAction,
    InstallationEvent, MergeGroupEvent, PAYLOAD_BYTES_MAX, PAYLOAD_DEPTH_MAX, PipelineEvent,
    PullAction, PullEvent, PushEvent, RepositoryEvent, RepositoryRef, ReviewEvent, Sender,
    TextAction, ThreadEvent, parse_github, parse_gitlab,
};
pub use github::{
    Account, AppIdentity, AppSigner, Branch, CheckAction, CheckAnnotation, CheckOutput, CheckRun,
    CheckRunWanted, CheckStatus, CommitSummary, Comparison, FileContent, GitHub, Identity,
    InstallationId, InstallationInfo, IssueComment, NewFile, NewPull, Permission, PullBranch,
    PullFile, PullRequest, Reaction, ReactionCounts, RepositoryFacts, Review, ReviewComment,
    ReviewThread, Verdict,
};
pub use gitlab::{
    Award, DiffRefs, Discussion, GitLab, GitLabToken, GitLabUser, MergeFile, MergeRequest,
    MergeVersion, Note, NotePosition, Project,
};
pub use identity_client::{IdentityClient, address_with, form};
pub use name::{CommitSha, PullId, RepoName};
pub use outgoing::{IsAllowed, OUTGOING_URL_BYTES_MAX, OutgoingClient, OutgoingError, is_public};
pub use post::{
    BODY_CHARS_MAX, Place, PostOutcome, PostRequest, PostRules, Posting, Remark, Said, Side,
    Standing, Suggestion, Unexamined, is_ours,
};
pub use secret::Secret;
pub use transport::{
    BulkheadPolicy, Endpoint, EtagCache, KeptAnswer, MemoryEtags, NoEtags, Policies, Quota,
    RatePolicy, RetryPolicy, Timeouts,
};
pub use world::{Boxed, RuntimeSleeper, Sleeper, World};
