//! A folder on disk as a tree, for measuring.

use std::path::{Path, PathBuf};

use assay_source::{ContentId, ContentStore, FileKind, FileTree, FileVersion, ReadError, RepoPath};

/// The files of a folder in memory, so that they can be changed.
pub(crate) struct FolderTree {
    pub(crate) files: Vec<FileVersion>,
}

impl FolderTree {
    /// Reads a folder; hidden folders are left out.
    pub(crate) fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        let mut open: Vec<PathBuf> = vec![root.to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let kind = entry.file_type().expect("the kind of a file");
                let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
                if kind.is_dir() && !is_hidden {
                    open.push(path);
                } else if kind.is_file()
                    && let Ok(bytes) = std::fs::read(&path)
                {
                    let name = path.strip_prefix(root).expect("below the root");
                    files.push(FileVersion {
                        path: RepoPath::from_bytes(name.as_os_str().as_encoded_bytes()),
                        kind: FileKind::File,
                        content: ContentId::Memory(bytes.into()),
                    });
                }
            }
        }
        files.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
        Self { files }
    }
}

impl ContentStore for FolderTree {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
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

impl FileTree for FolderTree {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        Ok(self.files.clone())
    }
}
