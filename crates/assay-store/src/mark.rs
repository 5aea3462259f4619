//! Whether anything was committed to an SQLite file since, without asking it.
//!
//! The index of the write-ahead log, the file `-shm` beside the database, begins with a
//! header that each commit of any process changes: a counter, the number of frames and
//! their checksum. SQLite's own readers compare the same bytes to learn whether what they
//! keep of pages is still good (<https://sqlite.org/walformat.html#walidxfmt>).
//!
//! Work that comes in all the time changes that header too, and no review. So the writer
//! of this process says of its commits which of them were quiet: they wrote only rows that
//! no kept answer is made of. That it says so for a header of its own commits and of
//! nobody else's is known from SQLite (`PRAGMA data_version`), not assumed.
//!
//! Invariant: what was read after a mark was taken is what is committed, but for quiet
//! rows, for as long as another mark is equal to it.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How far a database was. Equal ones say that nothing but quiet rows was committed
/// between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(At);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// So many commits that were not quiet were noted.
    Changes(u64),
    /// What the writer has not spoken of.
    Header(Header),
}

const HEADER_BYTES: usize = 48;
/// The byte that says that the header was written.
const IS_INIT_AT: usize = 12;
/// Whose rows no kept answer is made of: those that are written all the time.
const QUIET_TABLES: [&str; 6] = [
    "delivery",
    "live_message",
    "live_presence",
    "outgoing_webhook_attempt",
    "scheduled_task",
    "task",
];

/// What each commit changes.
pub(crate) type Header = [u8; HEADER_BYTES];

/// Returns whether a statement, of which there is one in the text, writes nothing or
/// quiet rows only.
pub(crate) fn is_quiet(sql: &str) -> bool {
    let mut words = sql.split_ascii_whitespace();
    let table = match (words.next(), words.next()) {
        (Some("SELECT"), _) => return true,
        (Some("INSERT"), Some("INTO")) | (Some("DELETE"), Some("FROM")) => words.next(),
        (Some("UPDATE"), table) => table,
        _ => return false,
    };
    table.is_some_and(|table| QUIET_TABLES.contains(&table))
}

/// A header that the writer spoke of.
struct Known {
    header: Header,
    changes: u64,
}

/// So long is an index believed to be there still that was: while this process has the
/// database open nothing takes it away but somebody's hand.
const THERE: Duration = Duration::from_millis(100);

/// The index of a write-ahead log, open while it is there.
pub(crate) struct LogIndex {
    path: PathBuf,
    file: RwLock<Option<Opened>>,
    known: Mutex<Option<Known>>,
    /// Whether anybody took a mark since the writer last looked.
    is_asked: AtomicBool,
}

impl LogIndex {
    /// Returns the index of a database's file.
    pub(crate) fn of(database: &std::path::Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-shm");
        Self {
            path: path.into(),
            file: RwLock::new(None),
            known: Mutex::new(None),
            is_asked: AtomicBool::new(false),
        }
    }

    /// Returns how far the database is; nothing, when that cannot be told now.
    pub(crate) fn mark(&self) -> Option<Mark> {
        self.is_asked.store(true, Ordering::Relaxed);
        let header = self.header()?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Mark(match &*known {
            Some(known) if known.header == header => At::Changes(known.changes),
            _ => At::Header(header),
        }))
    }

    /// Returns whether marks were taken lately.
    pub(crate) fn was_asked(&self) -> bool {
        self.is_asked.swap(false, Ordering::Relaxed)
    }

    /// Notes a header that the database had; whether, since the one that was noted before,
    /// there were only commits of ours, all quiet.
    pub(crate) fn note(&self, header: Header, is_quiet: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = match &*known {
            Some(known) if is_quiet => known.changes,
            Some(known) => known.changes.wrapping_add(1),
            None => 0,
        };
        *known = Some(Known { header, changes });
    }

    /// Returns the header; nothing, when it is being written.
    pub(crate) fn header(&self) -> Option<Header> {
        {
            let file = self.file.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(opened) = &*file
                && opened.is_there()
            {
                return read(&opened.file);
            }
        }
        let opened = Opened::new(File::open(&self.path).ok()?);
        let header = read(&opened.file);
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        header
    }
}

/// An index, and when it was last seen to be there.
struct Opened {
    file: File,
    at: Instant,
    /// Milliseconds after that.
    seen_ms: AtomicU64,
}

impl Opened {
    fn new(file: File) -> Self {
        Self {
            file,
            at: Instant::now(),
            seen_ms: AtomicU64::new(0),
        }
    }

    fn is_there(&self) -> bool {
        let now_ms = u64::try_from(self.at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let seen_ms = self.seen_ms.load(Ordering::Relaxed);
        if u128::from(now_ms.saturating_sub(seen_ms)) < THERE.as_millis() {
            return true;
        }
        let is_there = is_there(&self.file);
        if is_there {
            self.seen_ms.store(now_ms, Ordering::Relaxed);
        }
        is_there
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
fn read(file: &File) -> Option<Header> {
    use std::os::unix::fs::FileExt as _;
    // It is written twice, one after the other: equal ones were not being written.
    let mut both = [0; 2 * HEADER_BYTES];
    file.read_exact_at(&mut both, 0).ok()?;
    let (one, other) = both.split_at(HEADER_BYTES);
    if one != other || one[IS_INIT_AT] != 1 {
        return None;
    }
    one.try_into().ok()
}

#[cfg(not(unix))]
fn is_there(_: &File) -> bool {
    false
}

#[cfg(not(unix))]
fn read(_: &File) -> Option<Header> {
    None
}

#[cfg(test)]
mod tests {
    use super::is_quiet;

    #[test]
    fn only_what_is_known_to_be_quiet_is() {
        for (sql, expected) in [
            ("SELECT * FROM review", true),
            ("INSERT INTO task (id) VALUES ($1)", true),
            (
                "INSERT INTO delivery (id) VALUES ($1) ON CONFLICT DO NOTHING",
                true,
            ),
            ("UPDATE task SET state = 'done'", true),
            ("DELETE FROM task WHERE id = $1", true),
            ("INSERT INTO review (id) VALUES ($1)", false),
            ("INSERT OR REPLACE INTO task (id) VALUES ($1)", false),
            ("UPDATE api_key SET revoked_ms = $1", false),
            ("WITH gone AS (DELETE FROM task) SELECT 1", false),
            ("PRAGMA optimize", false),
            ("", false),
        ] {
            assert_eq!(is_quiet(sql), expected, "{sql}");
        }
    }
}
