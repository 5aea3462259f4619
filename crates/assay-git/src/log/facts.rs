//! What one commit did, as it is kept: small, without texts, and true for ever,
//! since a commit never changes.

use assay_source::Hunk;
use gix::bstr::BString;
use gix::hash::ObjectId;

/// Facts about some commits, with the paths and authors that they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) paths: Vec<BString>,
    /// Names and addresses as the commits give them.
    pub(crate) authors: Vec<(BString, BString)>,
    pub(crate) commits: Vec<CommitFacts>,
}

/// What one commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitFacts {
    pub(crate) id: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    /// A place in the segment's authors.
    pub(crate) author: u32,
    pub(crate) seconds: i64,
    pub(crate) files: Vec<FileFacts>,
}

/// What a commit did to one file, compared with the commit's first parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileFacts {
    /// A place in the segment's paths.
    pub(crate) path: u32,
    /// Lines of the file after the commit; none when it has no lines.
    pub(crate) lines: Option<u32>,
    pub(crate) what: What,
}

/// How a file came to be what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Added,
    Deleted {
        /// Lines that went with it.
        lines: u32,
    },
    /// Other content; `from` is the path that it had.
    Changed {
        from: u32,
        hunks: Vec<Hunk>,
    },
    /// Other content that is not compared: binary or too large.
    Replaced {
        from: u32,
    },
    /// In a merge: as in the parent of this number.
    As {
        parent: u8,
    },
    /// In a merge: unlike all parents, with the hunks against each that has it.
    Merged {
        hunks: Vec<(u8, Vec<Hunk>)>,
    },
}
