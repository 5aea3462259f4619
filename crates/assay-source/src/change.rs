//! What differs between a base and a head, file by file.

use crate::content::ContentId;
use crate::diff::Hunk;
use crate::path::RepoPath;

/// A change under review: a base, a head, and the files that differ.
///
/// A scan of a whole tree is the change from nothing: every file is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What the base is called: a commit id, `index`, `empty tree`, ...
    pub base: String,
    /// What the head is called: a commit id, `working tree`, `patch`, ...
    pub head: String,
    /// The files that differ, sorted by head path (base path for deleted ones).
    pub files: Vec<FileChange>,
    /// What the reader of the report must know about how the change was found,
    /// for example that a shallow clone has no merge base.
    pub notes: Vec<String>,
    /// Versions of files that only commits between base and head hold, newest
    /// commit first.
    pub past: Vec<PastVersion>,
}

/// A version of a file that a commit between base and head added and that the
/// head no longer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastVersion {
    /// The commit, as it is shown to people.
    pub commit: String,
    /// The file before the commit; none when the commit added it.
    pub base: Option<FileVersion>,
    /// The file as the commit left it.
    pub version: FileVersion,
}

/// One file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// What happened to it.
    pub status: ChangeStatus,
    /// The version before; none for an added file.
    pub base: Option<FileVersion>,
    /// The version after; none for a deleted file.
    pub head: Option<FileVersion>,
    /// What the repository's attributes say about the path.
    pub attributes: Attributes,
    /// The hunks as a patch gives them, when the change came as a patch. For
    /// all other inputs they are computed from the two contents.
    pub patch: Option<Vec<PatchHunk>>,
}

impl FileChange {
    /// Returns the path by which the file is known: the head's, or the base's
    /// when it was deleted.
    pub fn path(&self) -> &RepoPath {
        match (&self.head, &self.base) {
            (Some(version), _) | (None, Some(version)) => &version.path,
            (None, None) => unreachable!("a file change has a base or a head"),
        }
    }
}

/// A hunk of a patch with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchHunk {
    /// The changed runs of lines in the hunk, without context.
    pub runs: Vec<Hunk>,
    /// First line (from 1) of `base_text` in the base file.
    pub base_start: u32,
    /// Context and removed lines.
    pub base_text: Vec<u8>,
    /// First line (from 1) of `head_text` in the head file.
    pub head_start: u32,
    /// Context and added lines.
    pub head_text: Vec<u8>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeStatus {
    /// Only in the head.
    Added,
    /// Only in the base.
    Deleted,
    /// In both under the same path, with other content or mode.
    Modified,
    /// In both under different paths.
    Renamed {
        /// How alike the contents are, 0-100.
        similarity: u8,
    },
    /// In the head as a copy of a file that is still there.
    Copied {
        /// How alike the contents are, 0-100.
        similarity: u8,
    },
    /// Another kind of file: a link became a file, a submodule a folder, ...
    TypeChanged,
    /// In conflict in the index; what is on disk is reviewed.
    Unmerged,
}

/// One version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileVersion {
    /// Where it is.
    pub path: RepoPath,
    /// What kind of file it is.
    pub kind: FileKind,
    /// Where its content is found.
    pub content: ContentId,
}

/// What kind of thing a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link; its content is the path it holds.
    Symlink,
    /// Another repository at a commit; its content is not part of the change.
    Submodule,
}

/// What `.gitattributes` of the base says about a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `linguist-generated`, when it is set or unset.
    pub generated: Option<bool>,
    /// `linguist-vendored`, when it is set or unset.
    pub vendored: Option<bool>,
    /// `binary` or `-diff`: the repository wants no text review of it.
    pub binary: bool,
    /// `filter=lfs`: the content is kept elsewhere.
    pub lfs: bool,
}
