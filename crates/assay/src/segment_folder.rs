//! What is kept of a repository in the user's cache folder between runs.
//!
//! A folder for each repository and kind, with segments that are written once
//! under the name of their checksum and moved into place at once: several
//! processes may read and write it. What is damaged is deleted and made anew;
//! nothing here fails a command.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use assay_graph::FactStore;
use assay_source::{
    BlobCache, BlobKey, BlobKeyHasher, SEGMENT_HEAD_BYTES, SegmentTable, write_segment,
};

/// More segments than this are put together.
const SEGMENTS_MAX: usize = 8;
/// All folders of a kind together; beyond it the oldest segments go.
const BYTES_MAX: u64 = 1 << 30;
/// A file that is still not moved into place after so long never will be.
const HALF_WRITTEN_AGE: Duration = Duration::from_secs(3_600);
/// A larger file is no segment of ours.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// What is kept of the reviews of one repository.
const REVIEW_BYTES_MAX: u64 = 64 << 20;
/// What one run adds to it at most.
const REVIEW_ADDED_BYTES_MAX: usize = 32 << 20;

/// One segment on disk, of which the table is read.
struct Segment {
    path: PathBuf,
    table: SegmentTable,
    file: Mutex<File>,
    bytes: u64,
    /// A value was not as it was written.
    is_damaged: AtomicBool,
}

impl Segment {
    fn open(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let bytes = file.metadata().ok()?.len();
        if bytes > SEGMENT_BYTES_MAX {
            return None;
        }
        let mut table = vec![0; SEGMENT_HEAD_BYTES];
        file.read_exact(&mut table).ok()?;
        table.resize(SegmentTable::byte_count(&table, bytes)?, 0);
        file.read_exact(table.get_mut(SEGMENT_HEAD_BYTES..)?).ok()?;
        Some(Self {
            path: path.to_owned(),
            table: SegmentTable::read(&table)?,
            file: Mutex::new(file),
            bytes,
            is_damaged: AtomicBool::new(false),
        })
    }

    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        let (start, length) = self.table.place(key)?;
        let mut value = vec![0; length];
        let read = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(start))
                .and_then(|_| file.read_exact(&mut value))
        };
        if read.is_err() || !self.table.is_value(key, &value) {
            self.is_damaged.store(true, Ordering::Relaxed);
            return None;
        }
        Some(value)
    }
}

/// The folder of one repository.
struct Folder {
    /// Where all repositories have their folders.
    parent: PathBuf,
    folder: PathBuf,
    /// The oldest first.
    segments: Vec<Segment>,
}

impl Folder {
    /// Opens the folder of the repository at a root below the user's cache.
    fn open(cache: &Path, kind: &str, root: &Path) -> Self {
        let parent = cache.join(kind);
        let folder = parent.join(folder_name(root));
        let mut segments = Vec::new();
        for (path, _, _) in segment_files(&folder) {
            match Segment::open(&path) {
                Some(segment) => segments.push(segment),
                // Damaged, or of another version: what it held is made anew.
                None => drop(fs::remove_file(&path)),
            }
        }
        Self {
            parent,
            folder,
            segments,
        }
    }

    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        self.segments.iter().find_map(|segment| segment.get(key))
    }

    fn write(&self, entries: &[(BlobKey, Vec<u8>)]) -> std::io::Result<PathBuf> {
        fs::create_dir_all(&self.folder)?;
        let bytes = write_segment(entries);
        let checksum = BlobKeyHasher::new("segment").part(&bytes).finish();
        let name: String = checksum[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = self.folder.join(format!("{name}.facts"));
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&bytes)?;
        file.persist(&path)?;
        Ok(path)
    }

    /// Adds entries as a segment. With many segments those of `merged` become
    /// one with it, of what `is_kept` wants.
    fn add(
        &self,
        mut entries: Vec<(BlobKey, Vec<u8>)>,
        merged: &[&Segment],
        mut is_kept: impl FnMut(&BlobKey, usize) -> bool,
    ) {
        let damaged = self
            .segments
            .iter()
            .filter(|segment| segment.is_damaged.load(Ordering::Relaxed));
        let mut old: Vec<&Path> = damaged.map(|segment| segment.path.as_path()).collect();
        let mut known: HashSet<BlobKey> = entries.iter().map(|(key, _)| *key).collect();
        for segment in merged.iter().rev() {
            let mut keys: Vec<&BlobKey> = segment.table.keys().collect();
            keys.sort_unstable();
            for key in keys {
                let length = segment.table.place(key).map_or(0, |(_, length)| length);
                if is_kept(key, length)
                    && known.insert(*key)
                    && let Some(value) = segment.get(key)
                {
                    entries.push((*key, value));
                }
            }
            old.push(&segment.path);
        }
        entries.sort_unstable_by_key(|(key, _)| *key);
        // A cache that cannot be written is one that is not there.
        let Ok(written) = self.write(&entries) else {
            return;
        };
        for path in old {
            if path != written {
                // Another process may have done so before.
                drop(fs::remove_file(path));
            }
        }
        self.sweep();
    }

    fn sweep(&self) {
        sweep(&self.parent, BYTES_MAX);
    }
}

/// Deletes the oldest segments of all repositories beyond the limit, and what
/// processes that were killed have left half written.
fn sweep(parent: &Path, bytes_max: u64) {
    let Ok(folders) = fs::read_dir(parent) else {
        return;
    };
    let mut files = Vec::new();
    for folder in folders.filter_map(Result::ok) {
        for (path, modified, bytes) in written_files(&folder.path()) {
            if is_segment(&path) {
                files.push((path, modified, bytes));
            } else if modified.elapsed().is_ok_and(|age| age > HALF_WRITTEN_AGE) {
                drop(fs::remove_file(path));
            }
        }
    }
    files.sort_unstable_by_key(|(_, modified, _)| *modified);
    let mut total: u64 = files.iter().map(|(_, _, bytes)| bytes).sum();
    for (path, _, bytes) in files {
        if total <= bytes_max {
            break;
        }
        total -= bytes;
        drop(fs::remove_file(path));
    }
}

/// Two roots with one name are two folders; a clash of the hash would only mix
/// what is kept by content anyway.
pub(crate) fn folder_name(root: &Path) -> String {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut name = 0xcbf2_9ce4_8422_2325_u64;
    for byte in root.as_os_str().as_encoded_bytes() {
        name = (name ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{name:016x}")
}

/// The segments of a folder, the oldest first.
fn segment_files(folder: &Path) -> Vec<(PathBuf, SystemTime, u64)> {
    let mut files = written_files(folder);
    files.retain(|(path, _, _)| is_segment(path));
    files.sort_unstable_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    files
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "facts")
}

/// The files of a folder, in no order, with when they were written and their bytes.
fn written_files(folder: &Path) -> Vec<(PathBuf, SystemTime, u64)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let file = |path: PathBuf| {
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        Some((path, metadata.modified().ok()?, metadata.len()))
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| file(entry.path()))
        .collect()
}

/// The facts of the files of a repository, for its graph.
pub(crate) struct FactFolder(Folder);

impl FactFolder {
    /// Opens the folder of the repository at a root below the user's cache.
    pub(crate) fn open(cache: &Path, root: &Path) -> Self {
        Self(Folder::open(cache, "graph", root))
    }

    /// Opens the folder of what is kept for searching.
    pub(crate) fn open_search(cache: &Path, root: &Path) -> Self {
        Self(Folder::open(cache, "search", root))
    }
}

impl FactStore for FactFolder {
    fn get(&self, key: &BlobKey) -> Option<Cow<'_, [u8]>> {
        self.0.get(key).map(Cow::Owned)
    }

    fn put(&self, mut entries: Vec<(BlobKey, Vec<u8>)>, live: &[BlobKey]) {
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries.dedup_by_key(|(key, _)| *key);
        if entries.is_empty() {
            return;
        }
        let merged: Vec<&Segment> = match self.0.segments.len() >= SEGMENTS_MAX {
            true => self.0.segments.iter().collect(),
            false => Vec::new(),
        };
        let live: HashSet<&BlobKey> = live.iter().collect();
        self.0.add(entries, &merged, |key, _| live.contains(key));
    }
}

/// What reviews of one repository have worked out.
pub(crate) struct ReviewFolder {
    folder: Folder,
    fresh: Mutex<Fresh>,
}

/// What this run worked out, and which of the kept it used.
#[derive(Default)]
struct Fresh {
    entries: HashMap<BlobKey, Vec<u8>>,
    bytes: usize,
    used: HashSet<BlobKey>,
}

impl ReviewFolder {
    /// Opens the folder of the repository at a root below the user's cache.
    pub(crate) fn open(cache: &Path, root: &Path) -> Self {
        Self {
            folder: Folder::open(cache, "review", root),
            fresh: Mutex::new(Fresh::default()),
        }
    }

    /// Writes what is new. Small segments are put together as they come, so that
    /// a run writes little; what no recent run used goes when there is too much.
    pub(crate) fn save(&self) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        let entries: Vec<(BlobKey, Vec<u8>)> = fresh.entries.drain().collect();
        if entries.is_empty() {
            return;
        }
        let segments = &self.folder.segments;
        let total: u64 = segments.iter().map(|segment| segment.bytes).sum();
        if total > REVIEW_BYTES_MAX {
            let merged: Vec<&Segment> = segments.iter().collect();
            let mut left = REVIEW_BYTES_MAX / 2;
            self.folder.add(entries, &merged, |key, length| {
                let fits = left >= length as u64;
                let is_kept = fits || fresh.used.contains(key);
                left = left.saturating_sub(if is_kept { length as u64 } else { 0 });
                is_kept
            });
            return;
        }
        let mut merged: Vec<&Segment> = Vec::new();
        if segments.len() >= SEGMENTS_MAX {
            merged.extend(segments);
            merged.sort_by_key(|segment| segment.bytes);
            let mut together = fresh.bytes as u64;
            let count = merged
                .iter()
                .take_while(|segment| {
                    let is_small = segment.bytes <= together.saturating_mul(2);
                    together += segment.bytes;
                    is_small
                })
                .count();
            merged.truncate(count.max(SEGMENTS_MAX / 2));
        }
        self.folder.add(entries, &merged, |_, _| true);
    }
}

impl BlobCache for ReviewFolder {
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        let value = self.folder.get(key)?;
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.used.insert(*key);
        Some(value)
    }

    fn put(&self, key: &BlobKey, value: Vec<u8>) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh.bytes + value.len() <= REVIEW_ADDED_BYTES_MAX {
            fresh.bytes += value.len();
            fresh.entries.insert(*key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use assay_graph::FactStore as _;
    use assay_source::{BlobCache as _, BlobKey};

    use super::{FactFolder, HALF_WRITTEN_AGE, ReviewFolder, SEGMENTS_MAX, segment_files, sweep};

    fn key(number: usize) -> BlobKey {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        key
    }

    #[test]
    fn segments_are_kept_put_together_and_made_anew_when_damaged() {
        let cache = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        let live: Vec<BlobKey> = (0..=SEGMENTS_MAX).map(key).collect();
        for number in 0..=SEGMENTS_MAX {
            let folder = FactFolder::open(cache.path(), root.path());
            folder.put(vec![(key(number), vec![number as u8; 4])], &live);
        }
        let folder = FactFolder::open(cache.path(), root.path());
        assert_eq!(folder.0.segments.len(), 1);
        for number in 0..=SEGMENTS_MAX {
            assert_eq!(
                folder.get(&key(number)).as_deref(),
                Some(&[number as u8; 4][..])
            );
        }
        let damage = |at_end: usize| {
            let path = segment_files(&folder.0.folder).remove(0).0;
            let mut bytes = std::fs::read(&path).unwrap();
            let at = bytes.len() - at_end;
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            path
        };
        // A damaged value is noticed when it is read, and goes with the next write.
        let path = damage(1);
        let reopened = FactFolder::open(cache.path(), root.path());
        let is_there = |number: &usize| reopened.get(&key(*number)).is_some();
        assert_eq!((0..=SEGMENTS_MAX).filter(is_there).count(), SEGMENTS_MAX);
        reopened.put(vec![(key(99), vec![9])], &live);
        assert!(!path.exists());
        // A damaged table is noticed at once.
        let path = damage(2 + 8);
        let reopened = FactFolder::open(cache.path(), root.path());
        assert!(reopened.0.segments.is_empty() && !path.exists());
    }

    /// Makes a file of so many bytes that was written so many seconds ago.
    fn written(path: &Path, bytes: usize, seconds_ago: u64) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![b'x'; bytes]).unwrap();
        let time = SystemTime::now() - Duration::from_secs(seconds_ago);
        File::open(path).unwrap().set_modified(time).unwrap();
    }

    /// Sweeps files, as path, bytes and age, to a limit; what is left has to be these.
    #[track_caller]
    fn check_swept(files: &[(&str, usize, u64)], bytes_max: u64, left: &[&str]) {
        let parent = tempfile::tempdir().unwrap();
        for &(path, bytes, age) in files {
            written(&parent.path().join(path), bytes, age);
        }
        sweep(parent.path(), bytes_max);
        let is_left = |path: &&str| parent.path().join(path).exists();
        let paths = files.iter().map(|(path, _, _)| *path);
        let found: BTreeSet<&str> = paths.filter(|path| is_left(path)).collect();
        assert_eq!(found, left.iter().copied().collect(), "limit {bytes_max}");
    }

    #[test]
    fn the_oldest_segments_of_all_repositories_go_beyond_the_limit() {
        let files = [
            ("one/a.facts", 100, 400),
            ("one/b.facts", 100, 100),
            ("two/c.facts", 100, 300),
            ("two/d.facts", 100, 200),
        ];
        let all = ["one/a.facts", "one/b.facts", "two/c.facts", "two/d.facts"];
        check_swept(&files, 400, &all);
        check_swept(&files, 399, &all[1..]);
        check_swept(&files, 299, &["one/b.facts", "two/d.facts"]);
        check_swept(&files, 100, &["one/b.facts"]);
        check_swept(&files, 99, &[]);
        let old = HALF_WRITTEN_AGE.as_secs() + 60;
        let files = [
            ("one/.tmp1", 500, old),
            ("one/.tmp2", 500, 1),
            ("one/a.facts", 100, old),
        ];
        check_swept(&files, 100, &["one/.tmp2", "one/a.facts"]);
    }

    #[test]
    fn many_at_once_stay_below_the_limit_and_read_nothing_wrong() {
        /// What one of them writes is about so much.
        const VALUE_BYTES: usize = 10_000;
        const BYTES_MAX: u64 = 200_000;
        let cache = tempfile::tempdir().unwrap();
        let roots: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
        let live: Vec<BlobKey> = (0..120).map(key).collect();
        // Nothing is shared but the disk, as between processes.
        std::thread::scope(|scope| {
            for worker in 0..6 {
                let (cache, roots, live) = (cache.path(), &roots, &live);
                scope.spawn(move || {
                    for round in 0..20 {
                        let number = worker * 20 + round;
                        let root = roots[number % roots.len()].path();
                        let folder = FactFolder::open(cache, root);
                        for other in 0..live.len() {
                            let value = folder.get(&key(other));
                            assert!(value.is_none_or(|value| *value == [other as u8; VALUE_BYTES]));
                        }
                        folder.put(vec![(key(number), vec![number as u8; VALUE_BYTES])], live);
                        sweep(&cache.join("graph"), BYTES_MAX);
                    }
                });
            }
        });
        sweep(&cache.path().join("graph"), BYTES_MAX);
        let folders = fs::read_dir(cache.path().join("graph")).unwrap();
        let files = folders.flat_map(|folder| segment_files(&folder.unwrap().path()));
        let total: u64 = files.map(|(_, _, bytes)| bytes).sum();
        assert!((1..=BYTES_MAX).contains(&total), "{total}");
    }

    #[test]
    fn reviews_find_what_others_kept_in_few_segments() {
        let cache = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        for number in 0..100 {
            let folder = ReviewFolder::open(cache.path(), root.path());
            folder.put(&key(number), vec![number as u8; 10 * (number % 7)]);
            folder.save();
        }
        let folder = ReviewFolder::open(cache.path(), root.path());
        assert!(folder.folder.segments.len() <= SEGMENTS_MAX);
        for number in 0..100 {
            assert_eq!(
                folder.get(&key(number)),
                Some(vec![number as u8; 10 * (number % 7)])
            );
        }
        assert_eq!(folder.get(&key(100)), None);
    }
}
