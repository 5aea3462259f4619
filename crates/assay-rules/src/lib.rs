//! Finds what is wrong in code: smells, clones, secrets, and how findings are
//! silenced.
//!
//! Start at [`Engine::run`]. A [`Rule`] is one file in a folder that is its
//! pack; the file's header is its documentation, with examples that are tests.
//!
//! Invariant: running rules never fails and does no I/O; problems in a rule or
//! a file come back as values next to the findings.
//! Must not know: git, forges, language models, who asked.
#![expect(
    rustdoc::invalid_codeblock_attributes,
    reason = "the fences of a rule's examples say with which options they are run"
)]

mod c_call;
mod c_freed;
mod c_memory;
mod c_paths;
mod c_states;
mod clone;
mod config;
mod context;
mod contract;
mod ddl;
mod document;
mod engine;
mod environment;
mod flow;
mod identity;
mod outward;
mod pattern;
mod project;
mod query;
mod rule;
mod secret;
mod settings;
mod suppress;
mod surface;
mod template;
mod threshold;

mod api;
mod change;
mod complexity;
mod correctness;
mod dead_code;
mod dependency;
mod duplication;
mod error_handling;
mod migration;
mod review;
mod schema;
mod security;
mod smell;
mod testing;

pub use clone::{
    BaseText, CLONE_RULE, ChangedText, CloneBlock, CloneClass, CloneCopy, CloneExtent, CloneFile,
    CloneKind, CloneLimits, CloneNote, CloneOptions, CloneTree, Clones, clone_findings,
    find_change_clones, find_clones, token_count,
};
pub use contract::{
    LinkedLoss, SchemaComparison, SchemaDocument, SchemaLoss, compare_linked_schemas,
    compare_schemas, is_schema, schema_references,
};
pub use document::{Document, Example, ExampleKind};
pub use engine::{Engine, FileInput, Outcome};
pub use environment::{EnvironmentRead, environment_reads};
pub use flow::{
    FlowFindings, FlowModels, FlowUnit, Properties, add_properties, doubt_cleared_outputs,
    flow_begins, flow_called_by, flow_family, flow_findings, flow_reads, flow_template_called_by,
    flow_templates, flow_units, has_properties, merge_flow_findings, read_flow_units,
    write_flow_units,
};
pub use outward::{OutwardKind, OutwardName, may_be_outward, outward_names};
pub use project::{ProjectRuleError, ProjectRules, TestFailure};
pub use query::is_test_path;
pub use rule::{NumberOption, Rule, rule_by_id, rules};
pub use secret::{
    MaskedText, SecretAllow, SecretHit, SecretRules, SecretSample, find_secrets, mask,
    secret_features, secret_findings, secret_keywords, secret_samples, secret_spans,
};
pub use settings::{RuleSettings, RuleStatement, SettingsError};
pub use suppress::{
    ConfiguredSuppression, lines_with_code, placed_directives, suppress_configured,
};
pub use surface::{
    Break, BreakKind, CallShape, Callable, Signature, Surface, SurfaceItem, SurfaceParameter,
    call_at, callable_at, compare_surfaces, misfit, surface,
};
