//! The files of the workspace that the checks read: what git tracks, or would.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The files of a workspace.
pub(super) struct Tree {
    /// The folder of the workspace.
    pub(super) root: PathBuf,
    /// The files, sorted by path.
    pub(super) files: Vec<File>,
    folders: BTreeSet<String>,
}

/// One file.
pub(super) struct File {
    /// The path below the root with `/` between the parts.
    pub(super) path: String,
    /// The size in bytes.
    pub(super) bytes: u64,
    /// The content; none when it is not UTF-8 or larger than any check reads.
    pub(super) text: Option<String>,
}

/// No check reads a file larger than this; one of them reports it.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 20;

impl File {
    /// Returns the part after the last slash.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Returns whether the name ends in a dot and `extension`.
    pub(super) fn has_extension(&self, extension: &str) -> bool {
        self.name()
            .rsplit_once('.')
            .is_some_and(|(_, found)| found == extension)
    }

    /// Returns whether the file is input or expected output of a test or of
    /// the demo, and so may hold anything.
    pub(super) fn is_data(&self) -> bool {
        let mut parts: Vec<&str> = self.path.split('/').collect();
        let name = parts.pop().unwrap_or_default();
        let in_data_folder = parts.iter().any(|part| {
            matches!(
                *part,
                "fixtures" | "fixture" | "golden" | "snapshots" | "corpus" | "schemas"
            )
        });
        in_data_folder
            || parts.first() == Some(&"examples") && !name.ends_with(".md")
            || parts.contains(&"tests") && !name.ends_with(".rs")
            || parts.contains(&"languages") && name != "language.toml"
            || name == "Cargo.lock"
    }

    /// Returns whether the file is Rust that we wrote as code.
    pub(super) fn is_rust(&self) -> bool {
        self.has_extension("rs") && !self.is_data()
    }

    /// Returns whether the file is Rust that only tests use.
    pub(super) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests") || self.name() == "tests.rs"
    }
}

impl Tree {
    /// Reads the files that git tracks, and those it would if they were added.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others"])
            .args(["--exclude-standard", "--deduplicate"])
            .current_dir(root)
            .output()
            .context("tidy lists the files with the git program, which does not start")?;
        ensure!(
            output.status.success(),
            "`git ls-files` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let list = String::from_utf8(output.stdout).context("a path is not UTF-8")?;
        Self::of_paths(root, list.split_terminator('\0'))
    }

    /// Reads the named files; those that are gone are left out.
    pub(super) fn of_paths<'a>(root: &Path, paths: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut files = Vec::new();
        let mut folders = BTreeSet::new();
        for path in paths {
            let on_disk = root.join(path);
            let Ok(metadata) = std::fs::symlink_metadata(&on_disk) else {
                continue;
            };
            let readable = metadata.is_file() && metadata.len() <= FILE_BYTES_MAX;
            let text = if readable {
                let content =
                    std::fs::read(&on_disk).with_context(|| format!("cannot read {path}"))?;
                String::from_utf8(content).ok()
            } else {
                None
            };
            files.push(File {
                path: path.to_owned(),
                bytes: metadata.len(),
                text,
            });
            for (slash, _) in path.match_indices('/') {
                folders.insert(path[..slash].to_owned());
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self {
            root: root.to_path_buf(),
            files,
            folders,
        })
    }

    /// Returns the file with that path.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .ok()
            .map(|index| &self.files[index])
    }

    /// Returns the text of the file with that path.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.file(path)?.text.as_deref()
    }

    /// Returns whether a file or a folder has that path.
    pub(super) fn exists(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty() || self.file(path).is_some() || self.folders.contains(path)
    }

    /// Returns the Rust files that we wrote, with their text.
    pub(super) fn rust_files(&self) -> impl Iterator<Item = (&File, &str)> {
        self.files
            .iter()
            .filter(|file| file.is_rust())
            .filter_map(|file| Some((file, file.text.as_deref()?)))
    }
}
