//! What is under review: text, places in it, paths, and the change itself.
//!
//! Start at [`Change`], the files that differ between a base and a head; its
//! contents come through a [`ContentStore`]. [`SourceText`] is decoded text
//! with its line map; [`diff_lines`] gives the hunks between two texts.
//!
//! Invariant: nothing here does I/O; the world is passed in through the traits.
//! Must not know: git, syntax, findings, who asked.

mod blob;
mod breaker;
mod change;
mod checksum;
mod companion;
mod content;
mod diff;
mod error_kind;
mod foreign;
mod history;
mod language;
mod path;
mod segment;
mod span;
mod text;
mod word;
mod world;

pub use blob::{BlobCache, BlobKey, BlobKeyHasher};
pub use breaker::{Breaker, BreakerPolicy};
pub use change::{
    Attributes, Change, ChangeStatus, FileChange, FileKind, FileVersion, PastVersion, PatchHunk,
};
pub use checksum::checksum_base_sixty_two;
pub use companion::{Companion, CompanionLimits, Companions};
pub use content::{ContentId, ContentStore, FileTree, ReadError};
pub use diff::{Hunk, LineMapping, LineRange, diff_lines, unified_diff};
pub use error_kind::ErrorKind;
pub use foreign::{is_minified, vendored_folder};
pub use history::{
    CoChange, CoChangeLimits, FileHistory, FileLines, History, OwnedLines, PastCommit, Person,
    RecentPast, Share, Touch, co_changes, file_histories,
};
pub use language::LanguageId;
pub use path::RepoPath;
pub use segment::{SEGMENT_HEAD_BYTES, SegmentTable, write_segment};
pub use span::{LineMap, Position, Span};
pub use text::{DecodeError, Encoding, LineEnding, SourceText};
pub use word::nearest_word;
pub use world::{Clock, Randomness};
