//! Opens what is not committed: the working tree, and the index.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use assay_source::{Change, FileKind};
use gix::bstr::BString;
use gix::index::entry::Flags;

use crate::assemble::{assemble, check_count};
use crate::clean::{CleanRules, Cleaner, Filter, LfsFile};
use crate::disk::Root;
use crate::error::Error;
use crate::history::{Reviewed, past_versions};
use crate::input::Options;
use crate::model::{Delta, Place, Side, is_plain, kind_of_index_entry};
use crate::open::{Base, Opened, empty, ignores, name_of, open_root};
use crate::repo::Repo;
use crate::revision::{self, Revision, head_commit, short};
use crate::store::{Listing, Store};
use crate::tree::TreeWalk;
use crate::walk::{TrackedPaths, Walk};
use crate::worktree::{DiskChange, WorkTree, disk_id, disk_side};

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

/// Opens the working tree against where HEAD and `base` part.
pub(crate) fn open_working_tree(
    cwd: &Path,
    base: Option<&str>,
    options: &Options,
) -> Result<Opened, Error> {
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
    let staged = TreeWalk::new(&repo.inner, &options.limits).diff_index(base.tree, &index)?;
    let mut pending = Pending {
        index: &index,
        deltas: staged
            .into_iter()
            .map(|delta| (delta.path.clone(), delta))
            .collect(),
        changed: HashMap::new(),
        untracked: Vec::new(),
    };
    let work_tree = WorkTree::new(&repo, &index, &rules, options);
    let found = walk(&repo, &root, &work_tree, options, &mut notes)?;
    for change in found.changes {
        pending.add_disk(change);
    }
    pending.add_conflicts(&root);
    check_count(found.untracked.len(), &options.limits)?;
    let cleaner = Cleaner::new(&rules, repo.inner.objects.clone());
    pending.add_untracked(found.untracked, &repo, &root, cleaner, options);

    let mut deltas: Vec<Delta> = pending.deltas.into_values().filter(differs).collect();
    deltas.sort_by(|one, other| one.path.cmp(&other.path));
    let listing = Listing::Index {
        index: Arc::clone(&index),
        changed: pending.changed,
        untracked: pending.untracked,
    };
    let mut store = Store::new(
        Some(repo.inner.clone().into_sync()),
        listing,
        &options.limits,
    );
    store.root = Some(root);
    store.clean = Some(rules);
    let files = assemble(&repo, &store, base.tree, deltas, &mut notes)?;
    let head = head_commit(&repo)?;
    let past = past_versions(
        &repo,
        base.commit,
        head,
        Reviewed::Otherwise,
        &options.limits,
        &mut notes,
    );
    Ok(Opened {
        change: Change {
            base: name_of(&repo, &base),
            head: "working tree".to_owned(),
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

/// What a walk over the working tree found.
struct OnDisk {
    changes: Vec<DiskChange>,
    untracked: Vec<(BString, FileKind)>,
}

fn walk(
    repo: &Repo,
    root: &Root,
    work_tree: &WorkTree<'_>,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<OnDisk, Error> {
    let tracked = TrackedPaths::new(work_tree.index(), repo.boolean("core.ignoreCase", false));
    let walk = Walk {
        root,
        tracked: Some(&tracked),
        ignore_files: &[b".gitignore"],
        skip_repositories: true,
        limits: &options.limits,
    };
    let objects = &repo.inner.objects;
    let comparisons = (0..options.thread_count()).map(|_| work_tree.comparison(objects));
    let ignores = Arc::new(ignores(repo, options));
    let (walked, comparisons) = walk.run(b"", ignores, comparisons.collect())?;
    notes.extend(walked.skipped.notes());
    let (changes, disk_notes) = work_tree.changes(comparisons, objects);
    notes.extend(disk_notes);
    Ok(OnDisk {
        changes,
        untracked: walked.files,
    })
}

/// The differences of a working tree while they are gathered.
struct Pending<'a> {
    index: &'a gix::index::State,
    deltas: HashMap<BString, Delta>,
    /// What is on disk in place of what the index has.
    changed: HashMap<BString, Option<Side>>,
    untracked: Vec<(BString, Side)>,
}

impl Pending<'_> {
    /// Adds a tracked file that is not on disk as the index has it.
    fn add_disk(&mut self, change: DiskChange) {
        let entry = &self.index.entries()[change.position];
        let path = BString::from(entry.path(self.index));
        let delta = self.deltas.entry(path.clone()).or_insert_with(|| {
            let is_later = entry.flags.contains(Flags::INTENT_TO_ADD);
            let kind = kind_of_index_entry(entry.mode).filter(|_| !is_later);
            let base = kind.map(|kind| Side::object(kind, entry.id));
            Delta::new(path.clone(), base, None)
        });
        delta.head.clone_from(&change.head);
        self.changed.insert(path, change.head);
    }

    /// Fills in what is on disk of the files in conflict.
    fn add_conflicts(&mut self, root: &Root) {
        for delta in self.deltas.values_mut().filter(|delta| delta.unmerged) {
            delta.head = disk_side(root, &delta.path);
            self.changed.insert(delta.path.clone(), delta.head.clone());
        }
    }

    fn add_untracked(
        &mut self,
        files: Vec<(BString, FileKind)>,
        repo: &Repo,
        root: &Root,
        mut cleaner: Cleaner,
        options: &Options,
    ) {
        // The id of a new file matters only where there is a file that it may be.
        let has_sources = self.deltas.values().any(|delta| delta.head.is_none());
        let hash = repo.inner.object_hash();
        for (path, kind) in files {
            let limits = &options.limits;
            let needs_id = has_sources || self.deltas.contains_key(&path);
            let place = lfs_place(&mut cleaner, root, &path, kind, limits.disk_hash_bytes_max);
            let place = place.unwrap_or_else(|| {
                let bytes_max = limits.rename_file_bytes_max;
                let id =
                    needs_id.then(|| disk_id(&mut cleaner, root, hash, &path, kind, bytes_max));
                Place::Disk(id.and_then(Result::ok).flatten())
            });
            let side = Side { kind, place };
            self.untracked.push((path.clone(), side.clone()));
            let delta = self.deltas.entry(path.clone());
            delta.or_insert_with(|| Delta::new(path, None, None)).head = Some(side);
        }
    }
}

/// Returns the pointer that git-lfs would store for an untracked file.
fn lfs_place(
    cleaner: &mut Cleaner,
    root: &Root,
    path: &BString,
    kind: FileKind,
    bytes_max: u64,
) -> Option<Place> {
    if !is_plain(kind) || cleaner.filter(path) != Filter::Lfs {
        return None;
    }
    match LfsFile::on_disk(root, path, bytes_max) {
        LfsFile::Large(pointer) => Some(Place::Pointer(pointer.to_bytes().into())),
        LfsFile::Stored(_) | LfsFile::Unknown => None,
    }
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

/// Opens the index against HEAD.
pub(crate) fn open_staged(cwd: &Path, options: &Options) -> Result<Opened, Error> {
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
            past: Vec::new(),
        },
        root: repo.work_tree.clone(),
        tree: Box::new(store),
        title: "staged changes against HEAD".to_owned(),
        base: Base::Tree(Box::new(repo), base.tree),
    })
}
