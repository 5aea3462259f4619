//! The coverage ledger: what happened to every hunk of the change.
//!
//! Invariant: each file of the change has one entry, and each of its hunks one
//! line in it. A hunk is covered when at least one analyzer read it; a gap
//! always carries its reason (guarantee G1).

use assay_source::{ChangeStatus, LineRange, RepoPath};

use crate::diff::FileDiff;

/// Why something was not analysed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Not text.
    Binary,
    /// Marked or recognised as generated; how it was recognised.
    Generated(String),
    /// Code of others kept in the repository; how it was recognised.
    Vendored(String),
    /// Minified: written for machines.
    Minified,
    /// Over the size limit.
    TooLarge {
        /// The size, when it is known.
        bytes: Option<u64>,
        /// The limit.
        bytes_max: u64,
    },
    /// More files than the limit of one review.
    TooManyFiles {
        /// The limit.
        files_max: usize,
    },
    /// Another repository.
    Submodule,
    /// A symbolic link.
    Symlink,
    /// The content is kept outside the repository (Git LFS).
    LfsPointer,
    /// Left out by configuration; by which pattern.
    Excluded(String),
    /// The content could not be read; why.
    Unreadable(String),
    /// An analyzer failed; how.
    Failed(String),
    /// A limit of time, steps or memory was reached.
    Budget(String),
    /// Only the name, mode or kind changed: there is no changed line.
    NoContentChange,
}

impl SkipReason {
    /// Returns the word that formats use.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Generated(_) => "generated",
            Self::Vendored(_) => "vendored",
            Self::Minified => "minified",
            Self::TooLarge { .. } => "too-large",
            Self::TooManyFiles { .. } => "too-many-files",
            Self::Submodule => "submodule",
            Self::Symlink => "symlink",
            Self::LfsPointer => "lfs-pointer",
            Self::Excluded(_) => "excluded",
            Self::Unreadable(_) => "unreadable",
            Self::Failed(_) => "failed",
            Self::Budget(_) => "budget",
            Self::NoContentChange => "no-content-change",
        }
    }

    /// Returns whether the skip means that the review is not whole: something
    /// that should have been read was not.
    pub fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Unreadable(_) | Self::Failed(_) | Self::Budget(_) | Self::TooManyFiles { .. }
        )
    }
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Binary => f.write_str("binary"),
            Self::Generated(how) => write!(f, "generated ({how})"),
            Self::Vendored(how) => write!(f, "vendored ({how})"),
            Self::Minified => f.write_str("minified"),
            Self::TooLarge {
                bytes: Some(bytes),
                bytes_max,
            } => {
                write!(f, "too large ({bytes} bytes, the limit is {bytes_max})")
            }
            Self::TooLarge {
                bytes: None,
                bytes_max,
            } => {
                write!(f, "too large (the limit is {bytes_max} bytes)")
            }
            Self::TooManyFiles { files_max } => {
                write!(f, "more files than the limit of {files_max}")
            }
            Self::Submodule => f.write_str("submodule"),
            Self::Symlink => f.write_str("symbolic link"),
            Self::LfsPointer => f.write_str("Git LFS pointer"),
            Self::Excluded(pattern) => write!(f, "excluded by configuration ({pattern})"),
            Self::Unreadable(why) => write!(f, "could not be read: {why}"),
            Self::Failed(how) => write!(f, "analysis failed: {how}"),
            Self::Budget(what) => write!(f, "limit reached: {what}"),
            Self::NoContentChange => f.write_str("no changed line"),
        }
    }
}

/// What happened to a hunk or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Read by these analyzers.
    Analysed(Vec<&'static str>),
    /// Read by these, and not wholly; why.
    Partial(Vec<&'static str>, String),
    /// Not read.
    Skipped(SkipReason),
}

impl Coverage {
    /// Returns the word that formats use.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Analysed(_) => "analysed",
            Self::Partial(..) => "partial",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// One hunk of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HunkEntry {
    /// The lines removed from the base.
    pub base: LineRange,
    /// The lines added in the head.
    pub head: LineRange,
    /// What happened to it.
    pub coverage: Coverage,
}

/// One file of the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// The path in the head, or in the base for a deleted file.
    pub path: RepoPath,
    /// The path in the base when it is another one.
    pub base_path: Option<RepoPath>,
    /// What the change did.
    pub status: ChangeStatus,
    /// The language it was read as.
    pub language: Option<&'static str>,
    /// What happened to the file as a whole.
    pub coverage: Coverage,
    /// The changed runs of lines.
    pub hunks: Vec<HunkEntry>,
    /// What else the reader must know: encoding, mode change, cuts.
    pub notes: Vec<String>,
    /// The changed lines, when the report is to have them.
    pub diff: FileDiff,
}

/// The ledger of a review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// One entry a file, in the order of the change.
    pub files: Vec<FileEntry>,
}

impl Ledger {
    /// Returns whether everything that should have been read was read.
    pub fn is_complete(&self) -> bool {
        let failed = |coverage: &Coverage| matches!(coverage, Coverage::Skipped(reason) if reason.is_failure());
        !self.files.iter().any(|file| {
            failed(&file.coverage) || file.hunks.iter().any(|hunk| failed(&hunk.coverage))
        })
    }

    /// Returns the number of hunks.
    pub fn hunk_count(&self) -> usize {
        self.files.iter().map(|file| file.hunks.len()).sum()
    }
}
