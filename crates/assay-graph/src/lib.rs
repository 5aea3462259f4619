//! The symbols of a whole repository, who calls whom, and what a change reaches.
//!
//! Start at [`load`]: a tree of files in, a [`Graph`] out. What a single file
//! says is its [`Facts`], kept by content in a [`FactStore`]; the graph puts
//! the facts of all files together and says of every edge how sure it is.
//! [`impact`] follows it backwards from what changed.
//!
//! Invariant: the graph is a function of the files; making it never fails, and
//! what is not known is said to be unknown, never unused.
//! Must not know: the disk, git, findings, rules, who asked.

mod codec;
mod extract;
mod facts;
mod graph;
mod impact;
mod layout;
mod load;
mod name;
mod pair;
mod resolve;
mod view;

pub use codec::{decode, encode};
pub use extract::{FACTS_VERSION, extract, extract_tree};
pub use facts::{
    Binding, Definition, DefinitionKind, Entry, EntryKind, Expression, ExpressionId, Facts, Import,
    ImportKind, LocalId, Parameter, Place, Usage, UsageKind, Visibility,
};
pub use graph::{
    Certainty, DefinitionId, Edge, EdgeKind, EntryPoint, FileId, Graph, GraphFile, ImportTarget,
    Outcome, SourceFile, is_test_path,
};
pub use impact::{Impact, ImpactLimits, Reached, definitions_at, impact};
pub use layout::{MANIFEST_BYTES_MAX, Manifest, is_manifest};
pub use load::{
    FactStore, LoadLimits, Loaded, NoStore, facts_of_bytes, facts_of_version, is_code_file, load,
    load_with,
};
pub use name::{Name, Names};
pub use pair::{Pair, PairLimits, load_pair};
pub use view::{Direction, GraphCounts, View, ViewEdge, ViewNode};
