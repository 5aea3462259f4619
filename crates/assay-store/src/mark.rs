//! Whether anything was committed to an SQLite file since, without asking it.
//!
//! The index of the write-ahead log, the file `-shm` beside the database, begins with a
//! header that each commit of any process changes: a counter, the number of frames and
//! their checksum. SQLite's own readers compare the same bytes to learn whether what they
//! keep of pages is still good (<https://sqlite.org/walformat.html#walidxfmt>).
//!
//! Invariant: what was read after a mark was taken is what is committed, for as long as
//! another mark is equal to it.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

/// How far a database was. Equal ones say that nothing was committed between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark([u8; HEADER_BYTES]);

const HEADER_BYTES: usize = 48;
/// The byte that says that the header was written.
const IS_INIT_AT: usize = 12;

/// The index of a write-ahead log, open while it is there.
pub(crate) struct LogIndex {
    path: PathBuf,
    file: RwLock<Option<File>>,
}

impl LogIndex {
    /// Returns the index of a database's file.
    pub(crate) fn of(database: &std::path::Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-shm");
        Self {
            path: path.into(),
            file: RwLock::new(None),
        }
    }

    /// Returns how far the database is; nothing, when that cannot be told now.
    pub(crate) fn mark(&self) -> Option<Mark> {
        {
            let file = self.file.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(file) = &*file
                && is_there(file)
            {
                return read(file);
            }
        }
        let opened = File::open(&self.path).ok()?;
        let mark = read(&opened);
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        mark
    }
}

/// Returns whether a file has its name still: the last connection that ends takes the
/// index away, and the next one makes another.
#[cfg(unix)]
fn is_there(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

#[cfg(unix)]
fn read(file: &File) -> Option<Mark> {
    use std::os::unix::fs::FileExt as _;
    // It is written twice, one after the other: equal ones were not being written.
    let mut both = [0; 2 * HEADER_BYTES];
    file.read_exact_at(&mut both, 0).ok()?;
    let (one, other) = both.split_at(HEADER_BYTES);
    if one != other || one[IS_INIT_AT] != 1 {
        return None;
    }
    Some(Mark(one.try_into().ok()?))
}

#[cfg(not(unix))]
fn is_there(_: &File) -> bool {
    false
}

#[cfg(not(unix))]
fn read(_: &File) -> Option<Mark> {
    None
}
