//! Finds passages that answer a question: chunks of a code base, best practices,
//! documents.
//!
//! Start at [`load_index`]: a tree of files in, a [`CodeIndex`] out, which is asked by
//! [`CodeIndex::search`]. What was found is read by [`passages`].
//!
//! Invariant: an index is a function of the files and the model; asking the same twice
//! gives the same order. Everything that is read has a named limit.
//! Must not know: the disk, the network, language models that answer, who asked.
#![forbid(unsafe_code)]

mod answer;
mod chunk;
mod code_index;
mod codec;
mod error;
mod knowledge;
mod load;
mod passage;
mod rank;
mod section;
mod vector;
mod word;
mod word_index;

pub use answer::{
    ANSWER_SYSTEM, CheckedAnswer, ModelAnswer, ModelCitation, answer_question, check_answer,
    fitting_passages,
};
pub use chunk::ChunkKind;
pub use code_index::{CHUNKS_MAX, CodeIndex, HITS_MAX, Hit};
pub use error::RetrievalError;
pub use knowledge::{
    DOCUMENT_BYTES_MAX, KNOWLEDGE_ENTRIES_MAX, KnowledgeEntry, KnowledgeHit, KnowledgeIndex,
    KnowledgeSource, document_entries, guide_entries,
};
pub use load::{IndexLimits, IndexWorld, LoadedIndex, Veil, load_index};
pub use passage::{Passage, passages};
pub use rank::{HitReason, QUERY_BYTES_MAX, Ranking};
pub use vector::{Embedder, LocalModel, ModelFiles};
