//! What can go wrong when an index is made, kept or read, or a model is loaded.

use assay_source::{ErrorKind, ReadError};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum RetrievalError {
    /// The files of a tree cannot be listed.
    #[error("the files cannot be listed")]
    List(#[source] ReadError),
    /// The index of words could not be made or asked.
    #[error("the index of words failed")]
    Words(#[source] tantivy::TantivyError),
    /// The files of a model do not fit together; what is wrong with them.
    #[error("the model cannot be read: {0}")]
    Model(String),
}

impl RetrievalError {
    /// Returns what kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::List(_) => ErrorKind::Unavailable,
            Self::Words(_) => ErrorKind::Internal,
            Self::Model(_) => ErrorKind::Invalid,
        }
    }
}
