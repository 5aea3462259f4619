//! Opens what the user named: the one way into this crate.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_source::{Change, FileTree, ReadError, RepoPath};
use gix::bstr::{BString, ByteSlice};
use gix::hash::ObjectId;
use gix::index::entry::Flags;

use crate::assemble::assemble;
use crate::clean::{CleanRules, Cleaner, Filter, LfsFile};
use crate::disk::Root;
use crate::error::Error;
use crate::input::{Input, Options};
use crate::model::{Delta, Place, Side, kind_of_index_entry};
use crate::repo::Repo;
use crate::revision::{self, Revision, short};
use crate::store::{Listing, Store, read_blob};
use crate::tree::TreeWalk;
use crate::walk::{Ignores, TrackedPaths, Walk};
use crate::worktree::{WorkTree, disk_id, disk_side};

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
        Input::WorkingTree { base } => open_working_tree(cwd, base.as_deref(), options),
        Input::Staged => open_staged(cwd, options),
        Input::Range {
            base,
            head,
            merge_base,
        } => open_range(cwd, base, head, *merge_base, options),
        Input::Commit(commit) => open_commit(cwd, commit, options),
        Input::Patch { bytes } => crate::patch::open_patch(cwd, bytes, options),
        Input::Scan { path } => crate::scan::open_scan(cwd, path, options),
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
    if parents.len() > 1 {
        notes.push(format!(
            "{} is a merge of {} commits; it is compared with the first, {}",
            short(commit),
            parents.len(),
            short(parents[0])
        ));
    }
    let base = match parents.first() {
        Some(&parent) if repo.is_shallow() && !repo.inner.has_object(parent) => {
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

fn empty(repo: &Repo) -> Revision {
    Revision {
        commit: None,
        tree: repo.empty_tree(),
    }
}

/// Names a base for the change.
fn name_of(repo: &Repo, revision: &Revision) -> String {
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
    Ok(Opened {
        change: Change {
            base: name_of(&repo, &base),
            head: name_of(&repo, &head),
            files,
            notes,
        },
        root: repo.work_tree.clone(),
        tree: Box::new(store),
        title,
        base: Base::Tree(Box::new(repo), base.tree),
    })
}

/// What a working tree is compared with.
fn working_base(
    repo: &Repo,
    base: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<(Revision, String), Error> {
    let Some(head) = revision::head_commit(repo)? else {
        let base = match base {
            Some(spec) => revision::resolve(repo, spec)?,
            None => empty(repo),
        };
        notes.push("the branch has no commit yet".to_owned());
        return Ok((base, "working tree of a branch without commits".to_owned()));
    };
    let (name, tip) = match base {
        Some(spec) => {
            let found = revision::resolve(repo, spec)?;
            match found.commit {
                Some(commit) => (spec.to_owned(), commit),
                None => return Ok((found, format!("working tree against {spec}"))),
            }
        }
        None => match revision::default_base(repo) {
            Some(found) => (found.name, found.commit),
            None => {
                notes.push(
                    "no default branch was found (origin/HEAD, main, master, ...), so the working tree is compared \
                     with HEAD; name another base with `--base`"
                        .to_owned(),
                );
                ("HEAD".to_owned(), head)
            }
        },
    };
    let found = if tip == head {
        Some(head)
    } else {
        let found = revision::merge_base(repo, head, tip)?;
        notes.extend(found.note);
        found.commit
    };
    let commit = found.unwrap_or(tip);
    let title = match found {
        Some(_) if commit == head => format!("working tree against HEAD ({})", short(head)),
        Some(_) => format!(
            "working tree against {}, where HEAD and {name} part",
            short(commit)
        ),
        None => format!("working tree against {name} ({})", short(commit)),
    };
    let revision = Revision {
        commit: Some(commit),
        tree: repo.commit_tree(commit)?,
    };
    Ok((revision, title))
}

fn open_working_tree(cwd: &Path, base: Option<&str>, options: &Options) -> Result<Opened, Error> {
    let repo = Repo::require(cwd, options)?;
    let root = open_root(repo.require_work_tree()?)?;
    let mut notes = Vec::new();
    let (base, title) = working_base(&repo, base, &mut notes)?;
    let index = Arc::new(repo.index()?);
    let rules = CleanRules::new(
        &repo,
        Arc::clone(&root),
        Arc::clone(&index),
        &options.limits,
    );

    let mut deltas: HashMap<BString, Delta> = TreeWalk::new(&repo.inner, &options.limits)
        .diff_index(base.tree, &index)?
        .into_iter()
        .map(|delta| (delta.path.clone(), delta))
        .collect();
    let work_tree = WorkTree::new(&repo, &index, &rules, options);
    let tracked = TrackedPaths::new(&index, repo.boolean("core.ignoreCase", false));
    let walk = Walk {
        root: &root,
        tracked: Some(&tracked),
        ignore_files: &[b".gitignore"],
        skip_repositories: true,
        limits: &options.limits,
    };
    let objects = &repo.inner.objects;
    let comparisons = (0..options.thread_count())
        .map(|_| work_tree.comparison(objects))
        .collect();
    let (walked, comparisons) = walk.run(b"", Arc::new(ignores(&repo, options)), comparisons)?;
    notes.extend(walked.skipped.notes());
    let (disk_changes, disk_notes) = work_tree.changes(comparisons, objects);
    notes.extend(disk_notes);
    let mut changed = HashMap::new();
    for change in disk_changes {
        let entry = &index.entries()[change.position];
        let path = BString::from(entry.path(&index));
        let delta = deltas.entry(path.clone()).or_insert_with(|| {
            let is_later = entry.flags.contains(Flags::INTENT_TO_ADD);
            let kind = kind_of_index_entry(entry.mode).filter(|_| !is_later);
            let base = kind.map(|kind| Side::object(kind, entry.id));
            Delta::new(path.clone(), base, None)
        });
        delta.head = change.head.clone();
        changed.insert(path, change.head);
    }
    let conflicts: Vec<BString> = deltas
        .values()
        .filter(|delta| delta.unmerged)
        .map(|delta| delta.path.clone())
        .collect();
    for path in conflicts {
        let head = disk_side(&root, &path);
        changed.insert(path.clone(), head.clone());
        if let Some(delta) = deltas.get_mut(&path) {
            delta.head = head;
        }
    }
    let mut untracked = Vec::with_capacity(walked.files.len());
    crate::assemble::check_count(walked.files.len(), &options.limits)?;
    let mut cleaner = Cleaner::new(&rules, repo.inner.objects.clone());
    let has_sources = deltas.values().any(|delta| delta.head.is_none());
    for (path, kind) in walked.files {
        let known = deltas.contains_key(&path);
        let place = untracked_place(
            &mut cleaner,
            &root,
            &path,
            kind,
            known || has_sources,
            &repo,
            options,
        );
        let side = Side { kind, place };
        untracked.push((path.clone(), side.clone()));
        deltas
            .entry(path.clone())
            .or_insert_with(|| Delta::new(path, None, None))
            .head = Some(side);
    }
    let deltas: Vec<Delta> = deltas.into_values().filter(differs).collect();

    let mut store = Store::new(
        Some(repo.inner.clone().into_sync()),
        Listing::Index {
            index: Arc::clone(&index),
            changed,
            untracked,
        },
        &options.limits,
    );
    store.root = Some(Arc::clone(&root));
    store.clean = Some(rules);
    let mut deltas = deltas;
    deltas.sort_by(|one, other| one.path.cmp(&other.path));
    let files = assemble(&repo, &store, base.tree, deltas, &mut notes)?;
    Ok(Opened {
        change: Change {
            base: name_of(&repo, &base),
            head: "working tree".to_owned(),
            files,
            notes,
        },
        root: repo.work_tree.clone(),
        tree: Box::new(store),
        title,
        base: Base::Tree(Box::new(repo), base.tree),
    })
}

/// Finds out what git would store for an untracked file, as far as that is
/// needed.
fn untracked_place(
    cleaner: &mut Cleaner,
    root: &Root,
    path: &BString,
    kind: assay_source::FileKind,
    needs_id: bool,
    repo: &Repo,
    options: &Options,
) -> Place {
    let bytes_max = options.limits.rename_file_bytes_max;
    if crate::model::is_plain(kind) && cleaner.filter(path) == Filter::Lfs {
        let bytes_max = options.limits.disk_hash_bytes_max;
        if let LfsFile::Large(pointer) = LfsFile::on_disk(root, path, bytes_max) {
            return Place::Pointer(pointer.to_bytes().into());
        }
    }
    let hash = repo.inner.object_hash();
    let id = if needs_id {
        disk_id(cleaner, root, hash, path, kind, bytes_max)
            .ok()
            .flatten()
    } else {
        None
    };
    Place::Disk(id)
}

/// Returns whether the sides of a difference really differ, now that both are known.
fn differs(delta: &Delta) -> bool {
    if delta.unmerged {
        return delta.base.is_some() || delta.head.is_some();
    }
    match (&delta.base, &delta.head) {
        (None, None) => false,
        (Some(base), Some(head)) => {
            base.kind != head.kind || base.id().is_none() || base.id() != head.id()
        }
        _ => true,
    }
}

fn open_staged(cwd: &Path, options: &Options) -> Result<Opened, Error> {
    let repo = Repo::require(cwd, options)?;
    let mut notes = Vec::new();
    let base = match revision::head_commit(&repo)? {
        Some(commit) => Revision {
            commit: Some(commit),
            tree: repo.commit_tree(commit)?,
        },
        None => {
            notes.push("the branch has no commit yet".to_owned());
            empty(&repo)
        }
    };
    let index = Arc::new(repo.index()?);
    let root = repo.work_tree.as_deref().map(open_root).transpose()?;
    let mut deltas = TreeWalk::new(&repo.inner, &options.limits).diff_index(base.tree, &index)?;
    let mut changed = HashMap::new();
    if let Some(root) = &root {
        for delta in deltas.iter_mut().filter(|delta| delta.unmerged) {
            delta.head = disk_side(root, &delta.path);
            changed.insert(delta.path.clone(), delta.head.clone());
        }
    }
    deltas.retain(differs);
    let mut store = Store::new(
        Some(repo.inner.clone().into_sync()),
        Listing::Index {
            index: Arc::clone(&index),
            changed,
            untracked: Vec::new(),
        },
        &options.limits,
    );
    if let Some(root) = root {
        store.clean = Some(CleanRules::new(
            &repo,
            Arc::clone(&root),
            index,
            &options.limits,
        ));
        store.root = Some(root);
    }
    let files = assemble(&repo, &store, base.tree, deltas, &mut notes)?;
    Ok(Opened {
        change: Change {
            base: name_of(&repo, &base),
            head: "index".to_owned(),
            files,
            notes,
        },
        root: repo.work_tree.clone(),
        tree: Box::new(store),
        title: "staged changes against HEAD".to_owned(),
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
