//! Language models: clients, budgets, answers that fit a schema, transcripts.
//!
//! Start at [`Model`], which answers an [`Ask`] with an [`Answer`]. A
//! [`Provider`] makes models that are reached over HTTP; a [`Chain`] asks one
//! after the other until one answers; [`ask_for_value`] wants JSON that a schema
//! accepts.
//!
//! Invariant: an answer that is not whole (cut, refused, filtered, out of room,
//! ended for a reason that nobody knows) is never a [`Outcome::Complete`].
//! Must not know: findings, changes, what is asked for, databases.
#![forbid(unsafe_code)]

mod answer;
mod api;
mod ask;
mod batch;
mod budget;
mod cached;
mod chain;
mod error;
mod facts;
mod frame;
mod model;
mod money;
mod plain;
mod provider;
mod relay;
mod retry;
mod routed;
mod router;
mod similar;
mod structured;
mod transcript;
mod transport;
mod vectors;

pub use answer::{Answer, Content, Outcome, Shortfall, Usage};
pub use ask::{AnswerSchema, Ask, Message, Tool, ToolCall, ToolResult};
pub use batch::{
    BATCH_QUESTIONS_MAX, BatchAsk, BatchLedger, BatchLook, BatchQueue, BatchResult, BatchSent,
    BatchState, Batched, Collected, PendingBatch,
};
pub use budget::{
    Budget, BudgetHolder, BudgetLimit, BudgetLimits, BudgetRefusal, BudgetScope, CallSpend,
    MemoryBook, Meter, Reservation, SpendBook, Window, settle_sums, take_from_sums,
};
pub use cached::Cached;
pub use chain::Chain;
pub use error::{Failed, LlmError, Phase};
pub use facts::{ModelFacts, ModelTable, Price};
pub use model::{Boxed, Call, Hear, HearNothing, Model, ModelId, Purpose, World};
pub use money::Money;
pub use provider::{
    Auth, Provider, ProviderKind, ProviderModel, ProviderSettings, RetryPolicy, Timeouts,
};
pub use relay::{RELAY_LINE_BYTES_MAX, Relay, RelayMemory, RelayQuestion};
pub use routed::{Choice, Routed};
pub use router::{Candidate, Complexity, Decision, Need, Purse, Reason, Route, Router, Verdict};
pub use similar::{
    KEPT_BYTES_MAX, Kept, Like, Similar, SimilarCounts, SimilarLimits, SimilarWorld,
};
pub use structured::{Reply, ask_for_value, strict_faults};
pub use transcript::{Recorder, Replay, TRANSCRIPT_BYTES_MAX};
pub use vectors::{ApiVectors, TextVectors, middle_of, text_pieces};
