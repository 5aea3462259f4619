//! A change in memory: files by name with their base and head texts.

use std::sync::Arc;

use assay_finding::{Finding, Report, State};
use assay_review::{NoProgress, Settings, Subject, review};
use assay_source::{
    Attributes, Change, ChangeStatus, ContentId, ContentStore, FileChange, FileKind, FileTree,
    FileVersion, ReadError, RepoPath,
};

/// A change whose contents are in it.
#[derive(Default)]
pub(crate) struct MemoryChange {
    pub(crate) change: Change,
}

impl MemoryChange {
    /// Adds a file; a text that is missing is a version that is not there.
    pub(crate) fn file(self, path: &str, base: Option<&str>, head: Option<&str>) -> Self {
        self.renamed(path, path, base, head)
    }

    pub(crate) fn renamed(
        self,
        base_path: &str,
        path: &str,
        base: Option<&str>,
        head: Option<&str>,
    ) -> Self {
        let status = match (base, head) {
            (None, _) => ChangeStatus::Added,
            (_, None) => ChangeStatus::Deleted,
            _ if base_path != path => ChangeStatus::Renamed { similarity: 80 },
            _ => ChangeStatus::Modified,
        };
        let version = |path: &str, text: &str| version(path, FileKind::File, text.as_bytes());
        self.with(FileChange {
            status,
            base: base.map(|text| version(base_path, text)),
            head: head.map(|text| version(path, text)),
            attributes: Attributes::default(),
            patch: None,
        })
    }

    pub(crate) fn with(mut self, file: FileChange) -> Self {
        self.change.files.push(file);
        self
    }

    pub(crate) fn review(&self) -> Report {
        self.review_with(&settings())
    }

    pub(crate) fn review_with(&self, settings: &Settings) -> Report {
        let subject = Subject {
            change: &self.change,
            tree: self,
            is_scan: false,
        };
        review(subject, settings, &NoProgress)
    }
}

/// Settings on a fixed day.
pub(crate) fn settings() -> Settings {
    Settings::new("test", jiff::civil::date(2026, 1, 1))
}

pub(crate) fn version(path: &str, kind: FileKind, bytes: &[u8]) -> FileVersion {
    FileVersion {
        path: RepoPath::from(path),
        kind,
        content: ContentId::Memory(Arc::from(bytes)),
    }
}

impl ContentStore for MemoryChange {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        assert!(
            version.path.as_bytes() != b"panic.py",
            "the store fell over"
        );
        match &version.content {
            ContentId::Memory(bytes) if bytes.len() as u64 > bytes_max => {
                Err(ReadError::TooLarge {
                    bytes: bytes.len() as u64,
                    bytes_max,
                })
            }
            ContentId::Memory(bytes) => Ok(bytes.to_vec()),
            _ => Err(ReadError::Absent),
        }
    }
}

impl FileTree for MemoryChange {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        let files = &self.change.files;
        assert!(
            files
                .iter()
                .all(|file| file.path().as_bytes() != b"unlisted.py"),
            "the list fell over"
        );
        Ok(self
            .change
            .files
            .iter()
            .filter_map(|file| file.head.clone())
            .collect())
    }
}

/// Returns `line rule` of each finding in the state.
pub(crate) fn shown(report: &Report, state: State) -> Vec<String> {
    let line = |finding: &Finding| format!("{} {}", finding.location.start.line, finding.rule);
    report
        .findings
        .iter()
        .filter(|finding| finding.state == state)
        .map(line)
        .collect()
}
