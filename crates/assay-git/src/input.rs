//! What the user can name, and how much of it is read at most.

use std::path::PathBuf;

/// What is to be reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The working tree with its untracked files, against where the branch
    /// left the default branch.
    WorkingTree {
        /// Compare with the merge base of HEAD and this revision instead.
        base: Option<String>,
    },
    /// The index against HEAD: what the next commit would hold.
    Staged,
    /// Two revisions: `BASE..HEAD`, or `BASE...HEAD` with the merge base.
    Range {
        /// The older revision.
        base: String,
        /// The newer revision.
        head: String,
        /// Compare with the merge base of the two instead of `base` itself.
        merge_base: bool,
    },
    /// One commit against its first parent.
    Commit(String),
    /// A patch in any of the forms that `git apply` and `patch` take.
    Patch {
        /// The bytes of the patch.
        bytes: Vec<u8>,
    },
    /// A whole folder, or one file.
    Scan {
        /// Where it is.
        path: PathBuf,
    },
    /// The whole tree of a revision; also of a repository without a working tree.
    Tree(String),
}

impl Input {
    /// Returns whether a whole tree is read as a change from nothing.
    pub fn is_scan(&self) -> bool {
        matches!(self, Self::Scan { .. } | Self::Tree(_))
    }

    /// Reads `BASE..HEAD`, `BASE...HEAD` (an empty side is HEAD) or one commit.
    pub fn from_revision(spec: &str) -> Self {
        let side = |text: &str| match text {
            "" => "HEAD".to_owned(),
            text => text.to_owned(),
        };
        // Two dots never occur in the name of a revision, so the first find is right.
        match spec.split_once("..") {
            None => Self::Commit(spec.to_owned()),
            Some((base, head)) => {
                let dots = head.strip_prefix('.');
                Self::Range {
                    base: side(base),
                    head: side(dots.unwrap_or(head)),
                    merge_base: dots.is_some(),
                }
            }
        }
    }
}

/// How an input is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much is read at most.
    pub limits: Limits,
    /// Whether the git configuration of the user and the system counts (line
    /// ends, the user's ignore file). It is read as data; nothing in it is executed. The repository's own configuration can never
    /// name a file or a program.
    pub user_config: bool,
    /// The index to read instead of the repository's own: git names one to its
    /// hooks in `GIT_INDEX_FILE`.
    pub index_file: Option<PathBuf>,
    /// The number of threads; none means as many as there are processors.
    pub threads: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            user_config: true,
            index_file: None,
            threads: None,
        }
    }
}

impl Options {
    pub(crate) fn thread_count(&self) -> usize {
        self.threads
            .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
            .unwrap_or(1)
            .clamp(1, 64)
    }
}

/// The most of everything that is read from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files that differ in one change.
    pub changed_files_max: usize,
    /// Files in one scan.
    pub scan_files_max: usize,
    /// Bytes of a patch.
    pub patch_bytes_max: usize,
    /// Bytes of one file that a patch is applied to, or that it holds.
    pub patched_file_bytes_max: u64,
    /// Bytes of all files that a patch makes, which are held in memory.
    pub patched_bytes_max: u64,
    /// Entries read from trees and folders.
    pub tree_entries_max: usize,
    /// Bytes of a path.
    pub path_bytes_max: usize,
    /// Folders in folders.
    pub depth_max: usize,
    /// Bytes of a `.gitattributes` or ignore file; a larger one is not read.
    pub attributes_bytes_max: u64,
    /// Bytes of one object of the repository that may be held in memory.
    pub object_bytes_max: u64,
    /// Pairs of a deleted and an added file that are compared to find renames.
    pub rename_pairs_max: usize,
    /// Bytes of a file that is compared to find renames.
    pub rename_file_bytes_max: u64,
    /// Bytes of a changed file on disk that are read to see whether its
    /// content really differs; a larger one counts as different.
    pub disk_hash_bytes_max: u64,
    /// Commits of a range whose own versions of files are listed.
    pub history_commits_max: usize,
    /// Versions of files that are listed of them.
    pub history_versions_max: usize,
    /// Commits of a whole history.
    pub log_commits_max: usize,
    /// Bytes of a file whose lines are followed through the history.
    pub history_file_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            changed_files_max: 100_000,
            scan_files_max: 1_000_000,
            patch_bytes_max: 256 << 20,
            patched_file_bytes_max: 64 << 20,
            patched_bytes_max: 1 << 30,
            tree_entries_max: 4_000_000,
            path_bytes_max: 4096,
            depth_max: 1024,
            attributes_bytes_max: 8 << 20,
            object_bytes_max: 1 << 30,
            rename_pairs_max: 1_000_000,
            rename_file_bytes_max: 16 << 20,
            disk_hash_bytes_max: 1 << 30,
            history_commits_max: 2_000,
            history_versions_max: 20_000,
            log_commits_max: 1_000_000,
            history_file_bytes_max: 2 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Input;

    #[test]
    fn revisions_read_as_ranges_or_commits() {
        let range = |base: &str, head: &str, merge_base| Input::Range {
            base: base.to_owned(),
            head: head.to_owned(),
            merge_base,
        };
        for (spec, expected) in [
            ("main", Input::Commit("main".to_owned())),
            ("a..b", range("a", "b", false)),
            ("a...b", range("a", "b", true)),
            ("a..", range("a", "HEAD", false)),
            ("...b", range("HEAD", "b", true)),
            ("v1.0..v1.1~2", range("v1.0", "v1.1~2", false)),
        ] {
            assert_eq!(Input::from_revision(spec), expected, "{spec}");
        }
    }
}
