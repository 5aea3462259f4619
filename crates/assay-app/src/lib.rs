//! What the platform does: operations for callers, and the work that they queue.
//!
//! Start at [`App`]. An operation takes a [`Caller`], turns the wish into a scope,
//! does its work in one transaction, queues what follows in the same one, and
//! writes down in the audit log what it changed. HTTP, workers and the command
//! line call the same operations.
//!
//! Invariant: what an operation answered is committed; a caller without the right
//! to see a thing finds no such thing; secrets leave only where they are made. A
//! repository under review is read by a child process only ([`ReviewProcess`]), which
//! has no token, a limit of memory, and an end that does not depend on it.
//! Must not know: HTTP, arguments, how a review finds what it finds.

mod administrator;
mod answer;
mod app;
mod caller;
mod error;
mod fix_outcome;
mod kept;
mod metric;
mod model_desk;
mod model_fix;
mod model_review;
mod model_setting;
mod model_talk;
mod model_usage;
mod model_wish;
mod paging;
mod prompt_choice;
mod rate;
mod significance;
mod similar_review;
mod spend_book;
mod trace;
mod version;

// What may be asked for, one file each.
mod audit;
mod compliance;
mod discuss;
mod discussion;
mod encryption;
mod experiment;
mod experiment_result;
mod finding;
mod first_key;
mod health;
mod key;
mod knowledge;
mod live;
mod local;
mod login;
mod operator;
mod organisation;
mod outgoing;
mod outside;
mod package;
mod profile;
mod prompt;
mod question;
mod quota;
mod repository;
mod review;
mod review_events;
mod review_talk;
mod role;
mod rule;
mod scan;
mod session;
mod setting;
mod suggestion;
mod suppression;
mod task;
mod team;
mod team_activity;
mod token;
mod user;
mod webhook;

// The work that is queued.
mod examine;
mod examiner;
mod heard;
mod job;
mod outgoing_event;
mod record;
mod remarks;
mod review_process;
mod work;

pub use answer::ask_for_answer;
pub use app::{App, AppOptions, Moment};
pub use audit::{AuditCheck, AuditView};
pub use caller::Caller;
pub use compliance::{ChainCheck, audit_line};
pub use discuss::{Cast, Discussed, TASK_DISCUSS, discuss};
pub use discussion::{DiscussWish, DiscussionView, StartedDiscussion};
pub use encryption::Reencrypted;
pub use error::Error;
pub use examine::{
    ExamineRequest, ExamineRules, ExaminedFile, examine, examine_telling, report_json,
};
pub use examiner::{Examined, Examiner, KeptExaminers, KeptLimits, TellHeard, answer_requests};
pub use experiment::{ExperimentView, ExperimentWish};
pub use experiment_result::{ArmComparison, ArmResult, ArmVerdict, ExperimentResult};
pub use finding::{FeedbackView, FeedbackWish, FindingDetail, FindingQuery};
pub use first_key::FirstKey;
pub use fix_outcome::{FixOutcome, FixedLine, UnfixedLine};
pub use health::{Component, Health, HealthState, Probe, ProbeAnswer};
pub use heard::{
    FOUND_MAX, FoundHeard, FoundLine, HEARD_BYTES_MAX, Heard, HeardLine, Hearing, StepHeard,
};
pub use job::{
    AnswerQuestion, DiscussReview, HandleDelivery, Job, JobFile, ReviewChange, ReviewTree,
};
pub use kept::SharedEtags;
pub use key::{CreatedKey, KeyOwner, KeyView, KeyWish};
pub use knowledge::{KnowledgeDocumentView, KnowledgeFound};
pub use live::{
    LIVE_MESSAGE_BYTES_MAX, LiveCursor, LiveFrame, LiveHappened, LiveLimits, LiveMessageView,
    LivePersonView, LiveSession, LiveWish, StartedAnalysis,
};
pub use login::{Admission, BegunLogin, FinishedLogin, LoginProvider, ProviderKind, ReturnedLogin};
pub use metric::{Family, Kind, Metrics, family};
pub use model_desk::{DeskSettings, DeskSimilar, DeskVectors, ModelDesk};
pub use model_fix::{TASK_FIX, fix_with_model, offer_fixes};
pub use model_review::{TASK_JUDGE, TASK_REVIEW, review_with_model, review_without_model};
pub use model_talk::{FIRST_LINE, ModelTalk, TallyLine, ToldMessage};
pub use model_usage::{USAGE_BY, UsageLine};
pub use model_wish::{MODEL_WISH_BYTES_MAX, ModelWish};
pub use organisation::{CreatedOrganisation, OrganisationView};
pub use outgoing::{OutgoingAttemptView, OutgoingSecret, OutgoingView, OutgoingWish};
pub use outgoing_event::TellOutgoing;
pub use outside::{OutsideTaken, OutsideWish};
pub use package::{PackageView, Packages, ReportedPackage};
pub use paging::Paging;
pub use profile::{Profile, UsageView};
pub use prompt::{
    PromptActivationView, PromptChecked, PromptDetail, PromptFaultView, PromptKey,
    PromptVariableView, PromptVersionView, PromptView, PromptWish, ReviewPromptView, SavedPrompt,
};
pub use question::{
    AskWish, AskedQuestion, QuestionAnswer, QuestionCitation, QuestionPassage, QuestionView,
    SaidAnswer,
};
pub use quota::{QuotaKind, QuotaView};
pub use rate::network_of;
pub use record::{Recorded, record};
pub use remarks::{Remark, Remarks, RemarksError, Suggestion};
pub use repository::{MetricView, RepositoryName, RepositoryView, TreeWish};
pub use review::{AnalyzeWish, Analyzed, FindingView, ReviewQuery, ReviewRow, ReviewView};
pub use review_events::{EventCursor, Happened, ReviewEvents, Seen, StreamLimits};
pub use review_process::{
    ProcessError, ProcessLimits, Rejection, ReviewOrder, ReviewOutcome, ReviewProcess,
};
pub use review_talk::{ModelCallView, TranscriptView};
pub use role::RoleView;
pub use rule::{RULE_FIGURE_DAYS, RuleCounts, RuleDetail, RuleView};
pub use scan::{SecretFound, SecretScan};
pub use session::{BegunSession, SessionView};
pub use setting::SettingView;
pub use significance::Difference;
pub use spend_book::StoreBook;
pub use suggestion::SuggestionView;
pub use suppression::{SilencedFinding, SuppressionView, Suppressions};
pub use task::{TaskQuery, TaskView, TaskWish};
pub use team::TeamView;
pub use team_activity::{ACTIVITY_WEEKS_MAX, ActivityWeek, TeamActivity};
pub use token::IssuedToken;
pub use trace::{Fault, Happening, Listener, Span, SpanKind, TraceContext, happening, within};
pub use user::{MemberView, UserChange, UserWish};
pub use version::Expected;
pub use webhook::{Forge, ForgeIntake, Intake, WebhookCall};
pub use work::{
    AnswerComment, AskPull, ForgeClient, ForgeTools, Keeping, MendPull, Mirrors, PlaceSuggestion,
    PostReview, PullRequestNow, ReviewPull, Sweep, SyncFeedback, SyncPull, Tools, Worker,
    WorkerModels, WorkerOptions, post_remarks,
};
