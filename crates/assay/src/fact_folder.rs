//! The facts of files, kept in the user's cache folder between runs.
//!
//! A folder for each repository, with segments that are written once under the
//! name of their checksum and moved into place at once: several processes may
//! read and write it. What is damaged is deleted and made anew; nothing here
//! fails a command.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use assay_graph::{FACTS_VERSION, FactKey, FactStore, Segment, write_segment};

/// More segments than this are written as one.
const SEGMENTS_MAX: usize = 8;
/// All folders together; beyond it the oldest segments go.
const BYTES_MAX: u64 = 1 << 30;
/// A larger file is no segment of ours.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// The folder of one repository.
pub(crate) struct FactFolder {
    /// Where all repositories have their folders.
    parent: PathBuf,
    folder: PathBuf,
    segments: Vec<(PathBuf, Segment)>,
}

impl FactFolder {
    /// Opens the folder of the repository at a root below the user's cache.
    pub(crate) fn open(cache: &Path, root: &Path) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        // Two roots with one name are two folders; a clash of the hash would
        // only mix what is kept by content anyway.
        let mut name = 0xcbf2_9ce4_8422_2325_u64;
        for byte in root.as_os_str().as_encoded_bytes() {
            name = (name ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let parent = cache.join("graph");
        let folder = parent.join(format!("{name:016x}-{FACTS_VERSION}"));
        let mut segments = Vec::new();
        for path in segment_files(&folder) {
            match read_segment(&path) {
                Some(segment) => segments.push((path, segment)),
                // Damaged, or half of it: what it held is made anew.
                None => drop(fs::remove_file(&path)),
            }
        }
        Self {
            parent,
            folder,
            segments,
        }
    }

    fn write(&self, entries: &[(FactKey, Vec<u8>)]) -> std::io::Result<PathBuf> {
        fs::create_dir_all(&self.folder)?;
        let bytes = write_segment(entries);
        let checksum: String = bytes[bytes.len() - 16..]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = self.folder.join(format!("{checksum}.facts"));
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&bytes)?;
        file.persist(&path)?;
        Ok(path)
    }

    /// Writes what is still of use as one segment, and deletes the others.
    fn compact(&self, fresh: Vec<(FactKey, Vec<u8>)>, live: &[FactKey]) -> std::io::Result<()> {
        let live: HashSet<&FactKey> = live.iter().collect();
        let mut known: HashSet<FactKey> = fresh.iter().map(|(key, _)| *key).collect();
        let mut entries = fresh;
        for (_, segment) in self.segments.iter().rev() {
            for key in segment.keys() {
                if live.contains(key)
                    && known.insert(*key)
                    && let Some(facts) = segment.get(key)
                {
                    entries.push((*key, facts.to_vec()));
                }
            }
        }
        entries.sort_unstable_by_key(|(key, _)| *key);
        let written = self.write(&entries)?;
        for (path, _) in &self.segments {
            if *path != written {
                // Another process may have done so before.
                drop(fs::remove_file(path));
            }
        }
        Ok(())
    }

    /// Deletes the oldest segments of all repositories beyond the limit.
    fn sweep(&self) {
        let Ok(folders) = fs::read_dir(&self.parent) else {
            return;
        };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = folders
            .filter_map(Result::ok)
            .flat_map(|folder| segment_files(&folder.path()))
            .filter_map(|path| {
                let metadata = fs::metadata(&path).ok()?;
                Some((metadata.modified().ok()?, metadata.len(), path))
            })
            .collect();
        files.sort_unstable();
        let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if total <= BYTES_MAX {
                break;
            }
            total -= bytes;
            drop(fs::remove_file(path));
        }
    }
}

fn segment_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "facts")
        })
        .collect();
    files.sort_unstable();
    files
}

fn read_segment(path: &Path) -> Option<Segment> {
    let is_small = fs::metadata(path).is_ok_and(|metadata| metadata.len() <= SEGMENT_BYTES_MAX);
    Segment::read(fs::read(path).ok().filter(|_| is_small)?)
}

impl FactStore for FactFolder {
    fn get(&self, key: &FactKey) -> Option<Cow<'_, [u8]>> {
        let found = self
            .segments
            .iter()
            .find_map(|(_, segment)| segment.get(key));
        found.map(Cow::Borrowed)
    }

    fn put(&self, mut entries: Vec<(FactKey, Vec<u8>)>, live: &[FactKey]) {
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries.dedup_by_key(|(key, _)| *key);
        if entries.is_empty() {
            return;
        }
        // A cache that cannot be written is one that is not there.
        let done = match self.segments.len() >= SEGMENTS_MAX {
            true => self.compact(entries, live),
            false => self.write(&entries).map(drop),
        };
        if done.is_ok() {
            self.sweep();
        }
    }
}

#[cfg(test)]
mod tests {
    use assay_graph::{FactKey, FactStore as _};

    use super::{FactFolder, SEGMENTS_MAX, segment_files};

    fn key(number: usize) -> FactKey {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        key
    }

    #[test]
    fn segments_are_kept_put_together_and_made_anew_when_damaged() {
        let cache = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        let live: Vec<FactKey> = (0..=SEGMENTS_MAX).map(key).collect();
        for number in 0..=SEGMENTS_MAX {
            let folder = FactFolder::open(cache.path(), root.path());
            folder.put(vec![(key(number), vec![number as u8; 4])], &live);
        }
        let folder = FactFolder::open(cache.path(), root.path());
        assert_eq!(folder.segments.len(), 1);
        for number in 0..=SEGMENTS_MAX {
            assert_eq!(
                folder.get(&key(number)).as_deref(),
                Some(&[number as u8; 4][..])
            );
        }
        let path = segment_files(&folder.folder).remove(0);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let folder = FactFolder::open(cache.path(), root.path());
        assert!(folder.segments.is_empty() && !path.exists());
        assert_eq!(folder.get(&key(1)), None);
    }
}
