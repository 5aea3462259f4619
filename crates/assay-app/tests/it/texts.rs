//! A change whose texts are in memory.

use std::sync::Arc;

use assay_source::{
    Attributes, Change, ChangeStatus, ContentId, ContentStore, FileChange, FileKind, FileTree,
    FileVersion, ReadError, RepoPath,
};

/// A tree of texts.
pub(crate) struct Texts(pub(crate) Change);

impl Texts {
    /// Makes a change of files: the path, the text before, and the text after.
    pub(crate) fn new<'f>(
        files: impl Iterator<Item = (&'f str, Option<&'f str>, &'f str)>,
    ) -> Self {
        let version = |path: &str, text: &str| FileVersion {
            path: RepoPath::from_bytes(path),
            kind: FileKind::File,
            content: ContentId::Memory(Arc::from(text.as_bytes())),
        };
        let file = |(path, base, head): (&str, Option<&str>, &str)| FileChange {
            status: match base {
                None => ChangeStatus::Added,
                Some(_) => ChangeStatus::Modified,
            },
            base: base.map(|text| version(path, text)),
            head: Some(version(path, head)),
            attributes: Attributes::default(),
            patch: None,
        };
        let mut files: Vec<FileChange> = files.map(file).collect();
        files.sort_by(|one, other| one.path().cmp(other.path()));
        Self(Change {
            base: "a".to_owned(),
            head: "b".to_owned(),
            files,
            notes: Vec::new(),
            past: Vec::new(),
        })
    }
}

impl ContentStore for Texts {
    fn read(&self, version: &FileVersion, _: u64) -> Result<Vec<u8>, ReadError> {
        match &version.content {
            ContentId::Memory(bytes) => Ok(bytes.to_vec()),
            _ => Err(ReadError::Absent),
        }
    }
}

impl FileTree for Texts {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        let heads = self.0.files.iter().filter_map(|file| file.head.clone());
        Ok(heads.collect())
    }
}
