//! Answers of models, kept in the user's cache folder: the same question to the same
//! model is paid once.

use std::io::Write as _;
use std::path::PathBuf;

use assay_source::{BlobCache, BlobKey};

use crate::cache;

/// Answers that are kept; beyond it the oldest go.
const ANSWERS_MAX: usize = 2_000;
/// Bytes of one.
const ANSWER_BYTES_MAX: u64 = 8 << 20;

/// A folder with a file for each answer.
pub(super) struct AnswerFolder(PathBuf);

impl AnswerFolder {
    /// Finds the folder; none when there is no home folder.
    pub(super) fn find() -> Option<Self> {
        Some(Self(cache::folder()?.join("answers")))
    }

    fn file(&self, key: &BlobKey) -> PathBuf {
        let name: String = key[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.join(name)
    }

    fn write(&self, key: &BlobKey, value: &[u8]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        let mut made = tempfile::NamedTempFile::new_in(&self.0)?;
        made.write_all(value)?;
        made.persist(self.file(key)).map_err(|error| error.error)?;
        let mut all: Vec<_> = std::fs::read_dir(&self.0)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
            })
            .collect();
        if all.len() > ANSWERS_MAX {
            all.sort_unstable();
            for (_, path) in &all[..all.len() - ANSWERS_MAX] {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl BlobCache for AnswerFolder {
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>> {
        let file = self.file(key);
        let size = std::fs::metadata(&file).ok()?.len();
        (size <= ANSWER_BYTES_MAX).then(|| std::fs::read(file).ok())?
    }

    fn put(&self, key: &BlobKey, value: Vec<u8>) {
        // What cannot be kept is asked again.
        drop(self.write(key, &value));
    }
}
