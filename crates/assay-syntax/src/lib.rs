//! Turns text into syntax: languages, trees, symbols and code metrics.
//!
//! Start at [`detect`] (which language a file is) and [`parse`] (its
//! [`SyntaxTree`]s). What a language is, is data: one folder under
//! `languages/`, read by the build script. Everything above this crate works
//! on [`Role`]s and [`Field`]s, not on the node names of one grammar.
//!
//! Invariant: parsing never fails; text that a grammar does not understand is
//! in [`SyntaxTree::errors`], and a limit that was hit in [`ParseProblem`].
//! Must not know: findings, changes, files on disk.

mod detect;
mod guard;
mod hole;
mod language;
mod metric;
mod parse;
mod recovery;
mod refine;
mod role;
mod run;
mod structural;
mod symbol;
mod tree;
mod trees;

pub use detect::detect;
pub use language::{
    BlockComment, Embedding, Language, Quote, language_by_id, language_by_name, languages,
};
pub use metric::{
    Better, ClassMetrics, Explanation, FileMetrics, FunctionMetrics, Halstead, Increment, Lines,
    Metric, MetricOptions, MetricTotals, Metrics, Reason, Total, explain, measure,
};
pub use parse::{ParseLimits, ParseProblem, ParsedFile, parse, parse_alone, parse_and_visit};
pub use role::{Field, Role, RoleSet};
pub use structural::{
    StructuralError, StructuralMatch, StructuralRule, StructuralRules, StructuralSeverity,
    StructuralTest, StructuralText,
};
pub use symbol::{Import, Symbol, SymbolKind, imports, symbols};
pub use tree::{Children, NodeId, NodeRef, SyntaxTree};
pub use trees::Trees;
