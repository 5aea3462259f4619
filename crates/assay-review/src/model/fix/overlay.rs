//! A change with some of its files patched in memory: the head as it would be.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_source::{
    Change, ContentId, ContentStore, FileTree, FileVersion, ReadError, RepoPath, SourceText,
};

use crate::pipeline::Subject;

/// A change whose head was patched.
pub(super) struct Overlay<'a> {
    subject: Subject<'a>,
    change: Change,
    /// The texts that are not as the head has them.
    texts: BTreeMap<RepoPath, Arc<SourceText>>,
    bytes: BTreeMap<RepoPath, Arc<[u8]>>,
}

impl<'a> Overlay<'a> {
    /// Makes one in which nothing is patched.
    pub(super) fn new(subject: Subject<'a>) -> Self {
        Self {
            subject,
            change: subject.change.clone(),
            texts: BTreeMap::new(),
            bytes: BTreeMap::new(),
        }
    }

    /// Returns it with further texts; none when one of them is not of the change or
    /// cannot be written in the encoding of its file.
    pub(super) fn with(&self, texts: &BTreeMap<RepoPath, Arc<SourceText>>) -> Option<Self> {
        let mut patched = Self {
            subject: self.subject,
            change: self.change.clone(),
            texts: self.texts.clone(),
            bytes: self.bytes.clone(),
        };
        for (path, text) in texts {
            let bytes: Arc<[u8]> = text.encode()?.into();
            let is_it = |version: &&mut FileVersion| version.path == *path;
            let mut heads = patched.change.files.iter_mut().filter_map(|file| {
                file.patch = file.patch.take().filter(|_| {
                    let head = file.head.as_ref();
                    head.is_none_or(|version| version.path != *path)
                });
                file.head.as_mut()
            });
            let head = heads.find(is_it)?;
            head.content = ContentId::Memory(Arc::clone(&bytes));
            patched.texts.insert(path.clone(), Arc::clone(text));
            patched.bytes.insert(path.clone(), bytes);
        }
        Some(patched)
    }

    /// Returns what is reviewed.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            change: &self.change,
            tree: self,
            is_scan: self.subject.is_scan,
        }
    }

    /// Returns the head's version of a file of the change.
    pub(super) fn head(&self, path: &RepoPath) -> Option<&FileVersion> {
        let mut heads = self
            .change
            .files
            .iter()
            .filter_map(|file| file.head.as_ref());
        heads.find(|version| version.path == *path)
    }

    /// Returns a file of the change as it is now.
    pub(super) fn text(&self, path: &RepoPath, bytes_max: u64) -> Option<Arc<SourceText>> {
        if let Some(text) = self.texts.get(path) {
            return Some(Arc::clone(text));
        }
        let bytes = self.read(self.head(path)?, bytes_max).ok()?;
        SourceText::decode(bytes).ok().map(Arc::new)
    }

    /// Returns a file of the change as the head has it.
    pub(super) fn original(&self, path: &RepoPath, bytes_max: u64) -> Option<Arc<SourceText>> {
        Self::new(self.subject).text(path, bytes_max)
    }

    /// Returns whether a text of a file is the one that the change began with.
    pub(super) fn is_as_before(&self, path: &RepoPath, text: &SourceText) -> bool {
        let file = self.change.files.iter().find(|file| {
            let head = file.head.as_ref();
            head.is_some_and(|version| version.path == *path)
        });
        let base = file.and_then(|file| file.base.as_ref());
        let bytes_max = text.as_str().len() as u64 * 4 + 4;
        let base = base.and_then(|base| self.subject.tree.read(base, bytes_max).ok());
        base.is_some_and(|bytes| text.encode().is_some_and(|encoded| encoded == bytes))
    }

    /// Returns the texts that are patched.
    pub(super) fn patched(&self) -> &BTreeMap<RepoPath, Arc<SourceText>> {
        &self.texts
    }
}

impl ContentStore for Overlay<'_> {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let own = self.bytes.get(&version.path);
        match (&version.content, own) {
            (ContentId::Memory(bytes), Some(own)) if bytes == own => {
                let bytes = own.len() as u64;
                match bytes > bytes_max {
                    true => Err(ReadError::TooLarge { bytes, bytes_max }),
                    false => Ok(own.to_vec()),
                }
            }
            _ => self.subject.tree.read(version, bytes_max),
        }
    }
}

impl FileTree for Overlay<'_> {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        let mut listed = self.subject.tree.list()?;
        for version in &mut listed {
            if let Some(bytes) = self.bytes.get(&version.path) {
                version.content = ContentId::Memory(Arc::clone(bytes));
            }
        }
        Ok(listed)
    }
}
