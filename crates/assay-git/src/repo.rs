//! Finds and opens a repository so that nothing in it is ever executed.
//!
//! The repository is opened with reduced trust whoever owns it: its own
//! configuration is read as data (line ends, file modes, branches), and no
//! path or program that it names is ever used.

use std::path::{Path, PathBuf};

use gix::bstr::{BString, ByteSlice};
use gix::hash::ObjectId;

use crate::error::Error;
use crate::input::Options;

/// A repository with its working tree, if it has one.
pub(crate) struct Repo {
    pub(crate) inner: gix::Repository,
    /// The folder whose `.git` led to the repository. `core.worktree` is not
    /// followed: it could name any folder of the machine.
    pub(crate) work_tree: Option<PathBuf>,
    index_file: Option<PathBuf>,
}

impl Repo {
    /// Finds the repository at `cwd` or above it.
    pub(crate) fn discover(cwd: &Path, options: &Options) -> Result<Option<Self>, Error> {
        use gix::discover::upwards::{Error as Discover, Options as Upwards, TrustPolicy};

        match std::fs::metadata(cwd) {
            Err(source) => {
                let path = cwd.to_owned();
                return Err(Error::Io { path, source });
            }
            Ok(metadata) if !metadata.is_dir() => {
                return Err(Error::Path {
                    path: cwd.to_owned(),
                    problem: "it is no folder".to_owned(),
                });
            }
            Ok(_) => {}
        }
        let upwards = Upwards {
            trust: TrustPolicy::Assume(gix::sec::Trust::Reduced),
            ..Upwards::default()
        };
        let found = match gix::discover::upwards_opts(cwd, upwards) {
            Ok((found, _trust)) => found,
            Err(error) if error.downcast_any_ref::<Discover>().is_some() => return Ok(None),
            Err(error) => return Err(open_error(cwd, error)),
        };
        let (git_dir, work_tree) = found.into_repository_and_work_tree_directories();
        Self::open(&git_dir, work_tree, options).map(Some)
    }

    /// Finds the repository at `cwd` or above it, or says that there is none.
    pub(crate) fn require(cwd: &Path, options: &Options) -> Result<Self, Error> {
        Self::discover(cwd, options)?.ok_or_else(|| Error::NotARepository {
            path: cwd.to_owned(),
        })
    }

    /// Opens the repository in `git_dir`.
    pub(crate) fn open(
        git_dir: &Path,
        work_tree: Option<PathBuf>,
        options: &Options,
    ) -> Result<Self, Error> {
        let inner: gix::Repository = open_options(options)
            .open_path_as_is(true)
            .open(git_dir)
            .map_err(|error| open_error(git_dir, error))?
            .into();
        let linked = git_dir.parent().and_then(Path::file_name) == Some("worktrees".as_ref());
        let repo = Self {
            work_tree: work_tree
                .filter(|_| linked || inner.config_snapshot().boolean("core.bare") != Some(true))
                .map(|path| path.canonicalize().unwrap_or(path)),
            index_file: options.index_file.clone(),
            inner,
        };
        if let Some(format) = repo.string("extensions.refStorage")
            && format != "files"
        {
            return Err(Error::Open {
                path: git_dir.to_owned(),
                problem: format!(
                    "its references are kept as `{format}`, which is not supported; \
                     `git refs migrate --ref-format=files` converts them"
                ),
                source: "unsupported extensions.refStorage".into(),
            });
        }
        Ok(repo)
    }

    /// Returns the working tree or says that there is none.
    pub(crate) fn require_work_tree(&self) -> Result<&Path, Error> {
        self.work_tree.as_deref().ok_or_else(|| Error::NoWorkTree {
            git_dir: self.inner.git_dir().to_owned(),
        })
    }

    /// Returns whether a folder is in the repository's own data. Both paths are
    /// without links.
    pub(crate) fn holds(&self, folder: &Path) -> bool {
        let own = |own: &Path| own.canonicalize().is_ok_and(|own| folder.starts_with(own));
        own(self.inner.git_dir()) || own(self.inner.common_dir())
    }

    /// Returns a value of the configuration that is plain data.
    pub(crate) fn string(&self, key: &str) -> Option<BString> {
        self.inner.config_snapshot().string(key)
    }

    /// Returns a truth value of the configuration.
    pub(crate) fn boolean(&self, key: &str, default: bool) -> bool {
        self.inner.config_snapshot().boolean(key).unwrap_or(default)
    }

    /// Returns the id of a commit's tree.
    pub(crate) fn commit_tree(&self, commit: ObjectId) -> Result<ObjectId, Error> {
        let damaged = |error: gix::Error| Error::object(format!("commit {commit}"), error);
        let commit = self.inner.find_commit(commit).map_err(damaged)?;
        Ok(commit.tree_id().map_err(damaged)?.detach())
    }

    /// Returns a commit's parents as the commit itself names them.
    pub(crate) fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, Error> {
        let damaged = |error: gix::Error| Error::object(format!("commit {commit}"), error);
        let commit = self.inner.find_commit(commit).map_err(damaged)?;
        Ok(commit.parent_ids().map(gix::Id::detach).collect())
    }

    /// Returns whether the clone holds only a part of the history.
    pub(crate) fn is_shallow(&self) -> bool {
        self.inner.is_shallow().unwrap_or(false)
    }

    /// Returns the id of the empty tree.
    pub(crate) fn empty_tree(&self) -> ObjectId {
        ObjectId::empty_tree(self.inner.object_hash())
    }

    /// Reads the index; one that does not exist is empty.
    pub(crate) fn index(&self) -> Result<gix::index::File, Error> {
        let path = self
            .index_file
            .clone()
            .unwrap_or_else(|| self.inner.index_path());
        let decode = gix::index::decode::Options {
            // One thread reads 50,000 entries in a few milliseconds.
            thread_limit: Some(1),
            ..Default::default()
        };
        // Git does not verify the checksum of the index when it reads it either;
        // entries that make no sense are refused by the decoder.
        let skip_hash = true;
        gix::index::File::at_or_default(&path, self.inner.object_hash(), skip_hash, decode)
            .map_err(|error| Error::damaged(format!("the index {}", path.display()), error))
    }
}

fn open_options(options: &Options) -> gix::open::Options {
    let mut permissions = gix::open::Permissions::isolated();
    if options.user_config {
        permissions.config.system = true;
        permissions.config.git = true;
        permissions.config.user = true;
        permissions.env.home = gix::sec::Permission::Allow;
        permissions.env.xdg_config_home = gix::sec::Permission::Allow;
    }
    let alloc = format!(
        "gitoxide.objects.allocLimit={}",
        options.limits.object_bytes_max
    );
    gix::open::Options::isolated()
        .permissions(permissions)
        .with(gix::sec::Trust::Reduced)
        .config_overrides([alloc.as_bytes().as_bstr()])
}

fn open_error(path: &Path, error: gix::Error) -> Error {
    Error::Open {
        path: path.to_owned(),
        problem: "its HEAD or its configuration is not as git writes them; \
                  `git status` there shows what git makes of it"
            .to_owned(),
        source: error.into(),
    }
}
