//! How the contents of files are reached without knowing where they are kept.

use std::fmt;
use std::sync::Arc;

use crate::change::FileVersion;

/// Where the content of one version of a file is found.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ContentId {
    /// An object of the repository: its id in lower-case hexadecimal (40
    /// digits for SHA-1, 64 for SHA-256).
    Object(Arc<str>),
    /// The file on disk at the version's path.
    Disk,
    /// The bytes themselves.
    Memory(Arc<[u8]>),
    /// Not to be had: a patch without the tree, or a shallow or partial clone.
    Absent,
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(id) => write!(f, "object {id}"),
            Self::Disk => f.write_str("disk"),
            Self::Memory(bytes) => write!(f, "{} bytes in memory", bytes.len()),
            Self::Absent => f.write_str("absent"),
        }
    }
}

/// Why content could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Larger than the caller wants to read.
    #[error("{bytes} bytes, more than the limit of {bytes_max}")]
    TooLarge {
        /// The size of the content.
        bytes: u64,
        /// The caller's limit.
        bytes_max: u64,
    },
    /// There is no such content here.
    #[error("content is not available")]
    Absent,
    /// The path leads out of the tree, for example through a symbolic link.
    #[error("the path leads out of the tree")]
    OutsideTree,
    /// The file or the object could not be read.
    #[error("{0}")]
    Failed(String),
}

/// Gives the contents of file versions; implemented by what holds them.
pub trait ContentStore: Sync {
    /// Reads one version of a file. For a symbolic link this is the path that
    /// it holds; a link is never followed.
    ///
    /// # Errors
    ///
    /// [`ReadError::TooLarge`] above `bytes_max`, before the content is held
    /// in memory; the others as they are named.
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError>;
}

/// A whole tree of files: the head of a change, to look for what else is there.
pub trait FileTree: ContentStore {
    /// Lists the files, sorted by path, submodules left out.
    ///
    /// # Errors
    ///
    /// [`ReadError::Failed`] when the tree cannot be walked.
    fn list(&self) -> Result<Vec<FileVersion>, ReadError>;
}
