//! The differences of a change before they are reported: paths with the
//! objects or files on either side.

use std::sync::Arc;

use assay_source::{
    Attributes, ChangeStatus, ContentId, FileChange, FileKind, FileVersion, RepoPath,
};
use gix::bstr::BString;
use gix::hash::ObjectId;
use gix::objs::tree::{EntryKind, EntryMode};

/// Where one side of a difference is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the object database (for a submodule, in its own).
    Object(ObjectId),
    /// On disk; the id is that of the content as git would store it, when it
    /// had to be computed.
    Disk(Option<ObjectId>),
    /// The pointer that git-lfs would store for the large file on disk.
    Pointer(Arc<[u8]>),
}

/// One side of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) kind: FileKind,
    pub(crate) place: Place,
}

impl Side {
    pub(crate) fn object(kind: FileKind, id: ObjectId) -> Self {
        let place = Place::Object(id);
        Self { kind, place }
    }

    /// Returns the id of the content, if it is known.
    pub(crate) fn id(&self) -> Option<ObjectId> {
        match self.place {
            Place::Object(id) => Some(id),
            Place::Disk(id) => id,
            Place::Pointer(_) => None,
        }
    }

    /// Names the content the way other crates do.
    pub(crate) fn content(&self) -> ContentId {
        match &self.place {
            Place::Object(id) => object_content(*id),
            Place::Disk(_) => ContentId::Disk,
            Place::Pointer(bytes) => ContentId::Memory(Arc::clone(bytes)),
        }
    }
}

/// Names an object the way contents are named.
pub(crate) fn object_content(id: ObjectId) -> ContentId {
    let mut hex = [0; 64];
    let length = id.kind().len_in_hex();
    let _ = id.hex_to_buf(&mut hex[..length]);
    ContentId::Object(Arc::from(
        std::str::from_utf8(&hex[..length]).unwrap_or_default(),
    ))
}

/// One path that differs, or a pair of paths once renames are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) path: BString,
    pub(crate) base: Option<Side>,
    pub(crate) head: Option<Side>,
    /// Where the base is, when that is another path.
    pub(crate) from: Option<Origin>,
    pub(crate) unmerged: bool,
}

/// Where a renamed or copied file was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) path: BString,
    pub(crate) similarity: u8,
    pub(crate) copied: bool,
}

impl Delta {
    pub(crate) fn new(path: BString, base: Option<Side>, head: Option<Side>) -> Self {
        Self {
            path,
            base,
            head,
            from: None,
            unmerged: false,
        }
    }

    fn status(&self) -> ChangeStatus {
        if self.unmerged {
            return ChangeStatus::Unmerged;
        }
        match (&self.base, &self.head, &self.from) {
            (_, _, Some(origin)) if origin.copied => ChangeStatus::Copied {
                similarity: origin.similarity,
            },
            (_, _, Some(origin)) => ChangeStatus::Renamed {
                similarity: origin.similarity,
            },
            (None, _, None) => ChangeStatus::Added,
            (_, None, None) => ChangeStatus::Deleted,
            (Some(base), Some(head), None) if is_plain(base.kind) == is_plain(head.kind) => {
                if is_plain(base.kind) || base.kind == head.kind {
                    ChangeStatus::Modified
                } else {
                    ChangeStatus::TypeChanged
                }
            }
            (Some(_), Some(_), None) => ChangeStatus::TypeChanged,
        }
    }

    /// Makes the difference what the other crates know.
    pub(crate) fn into_change(self, attributes: Attributes) -> FileChange {
        let status = self.status();
        let base_path = self.from.as_ref().map_or(&self.path, |origin| &origin.path);
        let version = |path: &BString, side: &Side| FileVersion {
            path: RepoPath::from_bytes(path),
            kind: side.kind,
            content: side.content(),
        };
        FileChange {
            status,
            base: self.base.as_ref().map(|side| version(base_path, side)),
            head: self.head.as_ref().map(|side| version(&self.path, side)),
            attributes,
            patch: None,
        }
    }
}

/// Returns whether the kind is a file with text or bytes of its own.
pub(crate) fn is_plain(kind: FileKind) -> bool {
    matches!(kind, FileKind::File | FileKind::Executable)
}

/// Returns the kind of a tree's entry; none for another tree.
pub(crate) fn kind_of_tree_entry(mode: EntryMode) -> Option<FileKind> {
    match mode.kind() {
        EntryKind::Tree => None,
        EntryKind::Blob => Some(FileKind::File),
        EntryKind::BlobExecutable => Some(FileKind::Executable),
        EntryKind::Link => Some(FileKind::Symlink),
        EntryKind::Commit => Some(FileKind::Submodule),
    }
}

/// Returns the kind of an entry of the index; none for a folder of a sparse one.
pub(crate) fn kind_of_index_entry(mode: gix::index::entry::Mode) -> Option<FileKind> {
    use gix::index::entry::Mode;
    if mode == Mode::DIR {
        None
    } else if mode == Mode::SYMLINK {
        Some(FileKind::Symlink)
    } else if mode == Mode::COMMIT {
        Some(FileKind::Submodule)
    } else if mode == Mode::FILE_EXECUTABLE {
        Some(FileKind::Executable)
    } else {
        Some(FileKind::File)
    }
}
