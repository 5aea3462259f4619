//! Opens what the user named: the one way into this crate.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_source::{Change, FileTree, ReadError, RepoPath};
use gix::bstr::{BString, ByteSlice};
use gix::hash::ObjectId;

use crate::assemble::assemble;
use crate::disk::Root;
use crate::error::Error;
use crate::history::{Reviewed, past_versions};
use crate::input::{Input, Options};
use crate::repo::Repo;
use crate::revision::{self, Revision, short};
use crate::store::{Listing, Store, read_blob};
use crate::tree::TreeWalk;
use crate::uncommitted;
use crate::walk::Ignores;

/// A change that is ready to be reviewed.
pub struct Opened {
    /// What differs.
    pub change: Change,
    /// Lists the head, and reads every version in the change, base and head.
    pub tree: Box<dyn FileTree + Send>,
    /// The folder that the paths of the change are below; none for a bare
    /// repository and for a patch without its tree.
    pub root: Option<PathBuf>,
    /// What was compared with what, for people.
    pub title: String,
    pub(crate) base: Base,
}

/// Where configuration comes from: never from the change itself.
pub(crate) enum Base {
    Tree(Box<Repo>, ObjectId),
    Disk(Arc<Root>),
    /// The files on disk, but for those that a patch changed or would change.
    Patched {
        root: Option<Arc<Root>>,
        changed: HashMap<BString, Option<Vec<u8>>>,
    },
}

impl Opened {
    /// Reads a file of the base revision (for a scan: of the folder), none when
    /// there is no such file.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] above `bytes_max`; [`Error::Damaged`] and
    /// [`Error::Path`] when it is there and cannot be read.
    pub fn read_base(&self, path: &RepoPath, bytes_max: u64) -> Result<Option<Vec<u8>>, Error> {
        let name = path.to_display();
        let content = match &self.base {
            Base::Disk(root) => root.read_file(path.as_bytes(), bytes_max),
            Base::Patched { root, changed } => match (changed.get(path.as_bytes().as_bstr()), root)
            {
                (Some(Some(content)), _) if content.len() as u64 > bytes_max => {
                    let bytes = content.len() as u64;
                    Err(ReadError::TooLarge { bytes, bytes_max })
                }
                (Some(Some(content)), _) => Ok(content.clone()),
                (None, Some(root)) => root.read_file(path.as_bytes(), bytes_max),
                (Some(None), _) | (None, None) => Err(ReadError::Absent),
            },
            Base::Tree(repo, tree) => {
                let limits = crate::input::Limits::default();
                let entry = TreeWalk::new(&repo.inner, &limits).entry(*tree, path.as_bytes())?;
                match entry {
                    Some((kind, id)) if crate::model::is_plain(kind) => {
                        read_blob(&repo.inner.objects, id, bytes_max)
                    }
                    _ => return Ok(None),
                }
            }
        };
        match content {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Absent) => Ok(None),
            Err(ReadError::TooLarge { bytes, bytes_max }) => Err(Error::TooLarge {
                what: format!("the size of {name}"),
                found: bytes,
                limit: bytes_max,
                option: "bytes_max",
                mend: "make it smaller",
            }),
            Err(error) => Err(Error::Path {
                path: PathBuf::from(name),
                problem: error.to_string(),
            }),
        }
    }
}

impl Opened {
    /// Lists the files in a folder of the base revision (for a scan: of the
    /// folder on disk), not below it, sorted; none when there is no such folder.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] when the tree cannot be read.
    pub fn list_base(&self, folder: &RepoPath) -> Result<Vec<RepoPath>, Error> {
        let mut names = match &self.base {
            Base::Disk(root) => names_on_disk(root, folder),
            Base::Patched { root, changed } => {
                let mut names = root
                    .as_ref()
                    .map_or_else(Vec::new, |root| names_on_disk(root, folder));
                let below = |path: &BString| {
                    let name = path.strip_prefix(folder.as_bytes())?.strip_prefix(b"/")?;
                    (!name.contains(&b'/')).then(|| BString::from(name))
                };
                names.extend(changed.keys().filter_map(below));
                names
            }
            Base::Tree(repo, tree) => {
                let limits = crate::input::Limits::default();
                TreeWalk::new(&repo.inner, &limits).names(*tree, folder.as_bytes())?
            }
        };
        names.sort_unstable();
        names.dedup();
        let path = |name: BString| {
            let mut path = folder.as_bytes().to_vec();
            path.push(b'/');
            path.extend_from_slice(&name);
            RepoPath::from_bytes(path)
        };
        Ok(names.into_iter().map(path).collect())
    }
}

fn names_on_disk(root: &Root, folder: &RepoPath) -> Vec<BString> {
    let Ok(entries) = std::fs::read_dir(root.join(folder.as_bytes())) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| crate::disk::to_bytes(&entry.file_name()).into())
        .collect()
}

/// Opens an input; `cwd` is where the user stands.
///
/// # Errors
///
/// See [`Error`]; every text says what to do about it.
pub fn open(cwd: &Path, input: &Input, options: &Options) -> Result<Opened, Error> {
    let opened = AssertUnwindSafe(|| open_input(cwd, input, options));
    catch_unwind(opened).unwrap_or_else(|panic| {
        Err(Error::Internal {
            what: panic_text(panic.as_ref()),
        })
    })
}

/// Returns what a panic says.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason is known")
        .to_owned()
}

fn open_input(cwd: &Path, input: &Input, options: &Options) -> Result<Opened, Error> {
    match input {
        Input::WorkingTree { base } => {
            uncommitted::open_working_tree(cwd, base.as_deref(), options)
        }
        Input::Staged => uncommitted::open_staged(cwd, options),
        Input::Range {
            base,
            head,
            merge_base,
        } => open_range(cwd, base, head, *merge_base, options),
        Input::Commit(commit) => open_commit(cwd, commit, options),
        Input::Patch { bytes } => crate::patch::open_patch(cwd, bytes, options),
        Input::Scan { path } => crate::scan::open_scan(cwd, path, options),
        Input::Tree(revision) => open_tree(cwd, revision, options),
    }
}

fn open_range(
    cwd: &Path,
    base: &str,
    head: &str,
    merge_base: bool,
    options: &Options,
) -> Result<Opened, Error> {
    let repo = Repo::require(cwd, options)?;
    let mut base_revision = revision::resolve(&repo, base)?;
    let head_revision = revision::resolve(&repo, head)?;
    let mut notes = Vec::new();
    let mut title = format!("{base}..{head}");
    if merge_base {
        let commit = |revision: &Revision, spec: &str| {
            revision.commit.ok_or_else(|| Error::Revision {
                spec: spec.to_owned(),
                problem: "it names a tree, and a merge base needs commits".to_owned(),
                suggestion: None,
            })
        };
        let (one, other) = (commit(&base_revision, base)?, commit(&head_revision, head)?);
        let found = revision::merge_base(&repo, one, other)?;
        title = format!("{base}...{head}");
        notes.extend(found.note);
        if let Some(found) = found.commit {
            base_revision = Revision {
                commit: Some(found),
                tree: repo.commit_tree(found)?,
            };
        }
    }
    open_trees(repo, base_revision, head_revision, title, notes, options)
}

fn open_commit(cwd: &Path, spec: &str, options: &Options) -> Result<Opened, Error> {
    let repo = Repo::require(cwd, options)?;
    let head = revision::resolve(&repo, spec)?;
    let Some(commit) = head.commit else {
        return Err(Error::Revision {
            spec: spec.to_owned(),
            problem: "it names a tree, and a commit is needed".to_owned(),
            suggestion: None,
        });
    };
    let parents = repo.parents(commit)?;
    let mut notes = Vec::new();
    let is_cut = |parent: &ObjectId| repo.is_shallow() && !repo.inner.has_object(*parent);
    if parents.len() > 1 && !is_cut(&parents[0]) {
        notes.push(format!(
            "{} is a merge of {} commits; it is compared with the first, {}",
            short(commit),
            parents.len(),
            short(parents[0])
        ));
    }
    let base = match parents.first() {
        Some(parent) if is_cut(parent) => {
            notes.push(format!(
                "the clone is shallow and does not hold the parent of {}, so all its files count as added; \
                 `git fetch --deepen=1` fetches it",
                short(commit)
            ));
            empty(&repo)
        }
        Some(&parent) => Revision {
            commit: Some(parent),
            tree: repo.commit_tree(parent)?,
        },
        None => empty(&repo),
    };
    let title = format!("commit {}", short(commit));
    open_trees(repo, base, head, title, notes, options)
}

fn open_tree(cwd: &Path, spec: &str, options: &Options) -> Result<Opened, Error> {
    let repo = Repo::require(cwd, options)?;
    let revision = revision::resolve(&repo, spec)?;
    let nothing = repo.empty_tree();
    let deltas = TreeWalk::new(&repo.inner, &options.limits).diff(nothing, revision.tree)?;
    let listing = Listing::Tree(revision.tree);
    let store = Store::new(
        Some(repo.inner.clone().into_sync()),
        listing,
        &options.limits,
    );
    let mut notes = Vec::new();
    // Attributes and configuration are those of the tree itself, as in a scan of a folder.
    let files = assemble(&repo, &store, revision.tree, deltas, &mut notes)?;
    Ok(Opened {
        change: Change {
            base: name_of(&repo, &empty(&repo)),
            head: name_of(&repo, &revision),
            files,
            notes,
            past: Vec::new(),
        },
        root: repo.work_tree.clone(),
        tree: Box::new(store),
        title: format!("all files of {spec}"),
        base: Base::Tree(Box::new(repo), revision.tree),
    })
}

pub(crate) fn empty(repo: &Repo) -> Revision {
    Revision {
        commit: None,
        tree: repo.empty_tree(),
    }
}

/// Names a base for the change.
pub(crate) fn name_of(repo: &Repo, revision: &Revision) -> String {
    if revision.tree == repo.empty_tree() && revision.commit.is_none() {
        "empty tree".to_owned()
    } else {
        revision.id().to_string()
    }
}

fn open_trees(
    repo: Repo,
    base: Revision,
    head: Revision,
    title: String,
    mut notes: Vec<String>,
    options: &Options,
) -> Result<Opened, Error> {
    let deltas = TreeWalk::new(&repo.inner, &options.limits).diff(base.tree, head.tree)?;
    let store = Store::new(
        Some(repo.inner.clone().into_sync()),
        Listing::Tree(head.tree),
        &options.limits,
    );
    let files = assemble(&repo, &store, base.tree, deltas, &mut notes)?;
    let past = past_versions(
        &repo,
        base.commit,
        head.commit,
        Reviewed::Head,
        &options.limits,
        &mut notes,
    );
    Ok(Opened {
        change: Change {
            base: name_of(&repo, &base),
            head: name_of(&repo, &head),
            files,
            notes,
            past,
        },
        root: repo.work_tree.clone(),
        tree: Box::new(store),
        title,
        base: Base::Tree(Box::new(repo), base.tree),
    })
}

pub(crate) fn open_root(path: &Path) -> Result<Arc<Root>, Error> {
    Root::open(path).map(Arc::new).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })
}

/// Returns the ignore rules that are kept outside the tree.
pub(crate) fn ignores(repo: &Repo, options: &Options) -> Ignores {
    let bytes_max = options.limits.attributes_bytes_max;
    let info = repo.inner.common_dir().join("info").join("exclude");
    let mut files = Vec::new();
    if options.user_config {
        let config = repo.inner.config_snapshot();
        // Only a file that the user or the system names is trusted.
        let global = config
            .trusted_path("core.excludesFile")
            .ok()
            .flatten()
            .or_else(|| {
                let base = std::env::var_os("XDG_CONFIG_HOME")
                    .map(PathBuf::from)
                    .or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
                Some(base.join("git").join("ignore"))
            });
        files.extend(global.map(|file| crate::clean::read_small(&file, bytes_max)));
    }
    files.push(crate::clean::read_small(&info, bytes_max));
    Ignores::new(&files, repo.boolean("core.ignoreCase", false))
}
