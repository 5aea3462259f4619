//! All package files of a tree, each read with those that it stands with.

use std::collections::HashMap;

use assay_source::{FileTree, FileVersion, RepoPath, SourceText};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::package::{FileProblem, PackageFile};
use crate::read::{Neighbours, read_beside, recognise};

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The folders that hold copies of other people's packages: their manifests are
/// not what this project asks for.
const COPIES: &[&str] = &[
    "node_modules",
    "bower_components",
    "vendor",
    "site-packages",
    ".venv",
    "venv",
    ".yarn",
    "Pods",
    "Carthage",
];

/// Returns whether a path is in a folder that holds copies of other packages.
pub fn is_copy(path: &RepoPath) -> bool {
    let mut parts: Vec<&[u8]> = path.parts().collect();
    parts.pop();
    parts
        .iter()
        .any(|part| COPIES.iter().any(|name| name.as_bytes() == *part))
}

/// The files of a tree by their paths.
pub struct TreeFiles<'a> {
    tree: &'a dyn FileTree,
    by_path: HashMap<&'a RepoPath, &'a FileVersion>,
}

impl<'a> TreeFiles<'a> {
    /// Takes a tree and the list of its files.
    pub fn new(tree: &'a dyn FileTree, list: &'a [FileVersion]) -> Self {
        Self {
            tree,
            by_path: list
                .iter()
                .map(|version| (&version.path, version))
                .collect(),
        }
    }

    /// Reads the package files among the given ones, in their order.
    pub fn read(&self, versions: &[&FileVersion]) -> Vec<PackageFile> {
        versions
            .par_iter()
            .filter_map(|version| self.read_one(version))
            .collect()
    }

    /// Reads every package file of the tree that is not in a copy of another
    /// package, sorted by path.
    pub fn read_all(&self) -> Vec<PackageFile> {
        let mut versions: Vec<&FileVersion> = self
            .by_path
            .values()
            .copied()
            .filter(|version| recognise(&version.path).is_some() && !is_copy(&version.path))
            .collect();
        versions.sort_by(|a, b| a.path.cmp(&b.path));
        self.read(&versions)
    }

    fn read_one(&self, version: &FileVersion) -> Option<PackageFile> {
        let kind = recognise(&version.path)?;
        match self.decode(version) {
            Ok(text) => read_beside(&version.path, &text, self),
            Err(message) => Some(PackageFile {
                path: version.path.clone(),
                kind,
                packages: Vec::new(),
                install_scripts: Vec::new(),
                problems: vec![FileProblem {
                    span: None,
                    message,
                }],
            }),
        }
    }

    fn decode(&self, version: &FileVersion) -> Result<String, String> {
        let bytes = self
            .tree
            .read(version, FILE_BYTES_MAX)
            .map_err(|error| error.to_string())?;
        let text = SourceText::decode(bytes).map_err(|error| error.to_string())?;
        Ok(text.as_str().to_owned())
    }
}

impl Neighbours for TreeFiles<'_> {
    fn text(&self, path: &RepoPath) -> Option<String> {
        let version = self.by_path.get(path)?;
        self.decode(version).ok()
    }
}
