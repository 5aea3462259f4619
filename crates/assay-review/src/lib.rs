//! One change in, one review out.
//!
//! Start at [`review`]: it reads every file of a change in its base and head
//! version, runs the rules on both, tells what the change introduced, and
//! returns the [`assay_finding::Report`] with score, gate and ledger.
//!
//! Invariant: a review is a function of the change, its contents and the
//! settings: same input, same report, whatever the number of threads. It
//! cannot fail; what went wrong is in the report's problems and its ledger.
//! Must not know: git, forges, databases, the environment, who asked.

mod advice;
mod breaking;
mod cache;
mod classify;
mod clones;
mod copied;
mod coverage;
mod dependencies;
mod difference;
mod early;
mod engines;
mod file;
mod flow;
mod fold;
mod forgot;
mod frame;
mod gate;
mod introduce;
mod knowledge;
mod left;
mod mend;
mod metrics;
mod model;
mod news;
mod outside;
mod past;
mod pipeline;
mod place;
mod redact;
mod reviewer;
mod score;
mod settings;
mod summary;
mod version;

pub use cache::ReviewCache;
pub use coverage::{COVERAGE_BYTES_MAX, CoverageError, CoverageReport};
pub use gate::GateSettings;
pub use knowledge::{Background, Indexes, Lookup, shipped_knowledge};
pub use mend::{LeftFinding, LeftReason, MendInput, Mended, MendedFinding, mend};
pub use model::{
    AGENTS_BYTES_MAX, Agent, AgentMessage, AgentReply, Agents, AgentsError, Concern, Concluded,
    Discussion, Ending, FixEdit, FixLimits, FixOrder, FixQuestion, FixRefusal, FixReply, FixTest,
    JudgeQuestion, JudgeReply, KeptRemark, MODEL_PACK, Mending, ModelClaim, ModelDraft, ModelFix,
    ModelLeft, ModelLimits, ModelMended, ModelOptions, ModelPlan, ModelQuality, ModelQuestion,
    ModelRemark, ModelReply, ModelTally, ModelVerdict, ModelWeight, Point, PointState, Prompt,
    PromptError, PromptFault, PromptOrigin, PromptSet, PromptVariable, Rendered, SaidRemark, Side,
    Stand, TEMPLATE_BYTES_MAX, attach_fixes, conclude_remarks, draft_remarks, held_remarks,
    model_plan, model_rules, prompt_names, prompt_variables,
};
pub use outside::{OutsideFindings, OutsideRun};
pub use pipeline::{NoProgress, Progress, Subject, review};
pub use reviewer::Reviewer;
pub use settings::{AdvisorySource, Limits, PathOverride, Settings};
pub use summary::{PartKind, Partner, RiskReason, Summary, SummaryFile, summarise};
