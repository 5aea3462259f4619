//! What differs between the index and the files on disk.
//!
//! A file whose size and times are those of the index counts as unchanged
//! without being read, as in git; all others are read and hashed.

use std::fs::{DirEntry, Metadata};
use std::sync::Arc;

use assay_source::{FileKind, ReadError};
use gix::bstr::BString;
use gix::hash::ObjectId;
use gix::index::entry::stat::Time;
use gix::index::entry::{Flags, Stage, Stat};
use gix::objs::FindExt;

use crate::clean::{CleanRules, Cleaner, Filter, LfsFile, Pointer, blob_id};
use crate::disk::Root;
use crate::input::Options;
use crate::model::{Place, Side, is_plain, kind_of_index_entry};
use crate::repo::Repo;
use crate::walk::{Visitor, is_executable};

/// A tracked file that is not on disk as the index has it.
#[derive(Debug)]
pub(crate) struct DiskChange {
    /// Its position in the index.
    pub(crate) position: usize,
    /// What is on disk; none when the file is gone.
    pub(crate) head: Option<Side>,
}

/// Compares the index with what is on disk.
pub(crate) struct WorkTree<'a> {
    index: &'a Arc<gix::index::File>,
    root: &'a Root,
    rules: &'a CleanRules,
    hash: gix::hash::Kind,
    options: &'a Options,
    trust_ctime: bool,
    check_stat: bool,
    file_mode: bool,
    symlinks: bool,
    sparse_checkout: bool,
}

impl<'a> WorkTree<'a> {
    pub(crate) fn new(
        repo: &Repo,
        index: &'a Arc<gix::index::File>,
        rules: &'a CleanRules,
        options: &'a Options,
    ) -> Self {
        let check_stat = repo.string("core.checkStat");
        Self {
            index,
            root: rules.root(),
            rules,
            hash: repo.inner.object_hash(),
            options,
            trust_ctime: repo.boolean("core.trustCTime", true),
            check_stat: check_stat.is_none_or(|value| !value.eq_ignore_ascii_case(b"minimal")),
            file_mode: cfg!(unix) && repo.boolean("core.fileMode", true),
            symlinks: repo.boolean("core.symlinks", cfg!(unix)),
            sparse_checkout: repo.boolean("core.sparseCheckout", false),
        }
    }

    pub(crate) fn index(&self) -> &'a gix::index::State {
        self.index
    }

    /// Returns what one thread of a walk compares files with.
    pub(crate) fn comparison(&'a self, objects: &gix::OdbHandle) -> Comparison<'a> {
        Comparison {
            tree: self,
            objects: objects.clone(),
            cleaner: None,
            folder: None,
            seen: Vec::new(),
            changes: Vec::new(),
            filters: Vec::new(),
        }
    }

    /// Returns the tracked files that differ, and what is to be noted, once a
    /// walk has come by all files that are there.
    pub(crate) fn changes(
        &'a self,
        comparisons: Vec<Comparison<'a>>,
        objects: &gix::OdbHandle,
    ) -> (Vec<DiskChange>, Vec<String>) {
        let mut seen = vec![false; self.index.entries().len()];
        let mut rest = self.comparison(objects);
        for part in comparisons {
            for position in part.seen {
                seen[position] = true;
            }
            rest.changes.extend(part.changes);
            rest.filters.extend(part.filters);
        }
        for (position, _) in seen.iter().enumerate().filter(|(_, seen)| !**seen) {
            rest.compare_unseen(position);
        }
        rest.changes.sort_by_key(|change| change.position);
        (
            rest.changes,
            filter_note(rest.filters).into_iter().collect(),
        )
    }
}

/// One thread's share of the comparison.
pub(crate) struct Comparison<'a> {
    tree: &'a WorkTree<'a>,
    objects: gix::OdbHandle,
    cleaner: Option<Cleaner>,
    /// The folder that was looked at last, and whether it is one: not a link
    /// and not behind a link.
    folder: Option<(&'a [u8], bool)>,
    seen: Vec<usize>,
    changes: Vec<DiskChange>,
    /// Filters that were not run, with the path that needed them.
    filters: Vec<(BString, BString)>,
}

impl Visitor for Comparison<'_> {
    fn tracked(&mut self, position: usize, entry: &DirEntry) {
        self.seen.push(position);
        let metadata = entry.metadata().ok();
        self.compare(position, metadata.as_ref());
    }
}

impl<'a> Comparison<'a> {
    /// Looks for a file that the walk did not come by: it is gone, or its name
    /// is written otherwise on disk.
    fn compare_unseen(&mut self, position: usize) {
        let path: &'a [u8] = self.tree.index.entries()[position].path(self.tree.index);
        let metadata = if self.is_in_folder(path) {
            std::fs::symlink_metadata(self.tree.root.join(path)).ok()
        } else {
            None
        };
        self.compare(position, metadata.as_ref());
    }

    fn compare(&mut self, position: usize, metadata: Option<&Metadata>) {
        let tree = self.tree;
        let entry = &tree.index.entries()[position];
        if entry.stage() != Stage::Unconflicted || entry.flags.contains(Flags::ASSUME_VALID) {
            return;
        }
        let Some(kind) = kind_of_index_entry(entry.mode) else {
            return;
        };
        let skipped = entry.flags.contains(Flags::SKIP_WORKTREE);
        // A sparse checkout leaves files out; when one is there all the same, it counts.
        if skipped && (!tree.sparse_checkout || metadata.is_none()) {
            return;
        }
        let path: &'a [u8] = entry.path(tree.index);
        let intent = entry.flags.contains(Flags::INTENT_TO_ADD);
        let head = match metadata {
            None => None,
            Some(metadata) if kind == FileKind::Submodule => {
                match self.submodule(path, metadata, entry.id) {
                    Ok(()) => return,
                    Err(head) => head,
                }
            }
            Some(metadata) => match self.file(path, kind, entry.id, &entry.stat, metadata) {
                Some(head) => head,
                None if intent => Some(Side::object(kind, entry.id)),
                None => return,
            },
        };
        // The empty content of a file that is yet to be added need not exist.
        let head = head.map(|side| match side.place {
            Place::Object(id) if intent => Side {
                place: Place::Disk(Some(id)),
                ..side
            },
            _ => side,
        });
        self.changes.push(DiskChange { position, head });
    }

    /// Returns whether all folders of the path are real ones.
    fn is_in_folder(&mut self, path: &'a [u8]) -> bool {
        let Some(slash) = path.iter().rposition(|&b| b == b'/') else {
            return true;
        };
        let folder = &path[..slash];
        if let Some((last, real)) = self.folder
            && last == folder
        {
            return real;
        }
        let known = self.folder.filter(|(_, real)| *real).map(|(last, _)| last);
        let real = folder
            .iter()
            .enumerate()
            .filter(|&(_, &b)| b == b'/')
            .map(|(at, _)| at)
            .chain([folder.len()])
            // What the last folder was in need not be looked at again.
            .filter(|&end| !known.is_some_and(|known| is_same_or_below(known, &folder[..end])))
            .all(|end| {
                let path = self.tree.root.join(&folder[..end]);
                std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
            });
        self.folder = Some((folder, real));
        real
    }

    /// Returns what is on disk when that differs (or what is left when the
    /// file is gone), and none when it is what the index has.
    #[expect(
        clippy::option_option,
        reason = "unchanged, gone and changed are three things"
    )]
    fn file(
        &mut self,
        path: &[u8],
        kind: FileKind,
        id: ObjectId,
        stat: &Stat,
        metadata: &Metadata,
    ) -> Option<Option<Side>> {
        let found = if metadata.is_symlink() {
            FileKind::Symlink
        } else if !metadata.is_file() {
            // A folder or something special in its place.
            return Some(None);
        } else if kind == FileKind::Symlink && !self.tree.symlinks {
            // Checked out as a file that holds the path.
            FileKind::File
        } else if !self.tree.file_mode {
            if is_plain(kind) { kind } else { FileKind::File }
        } else if is_executable(metadata) {
            FileKind::Executable
        } else {
            FileKind::File
        };
        let is_same_kind = found == kind || (kind == FileKind::Symlink && !self.tree.symlinks);
        if is_same_kind && self.is_clean(stat, metadata) {
            return None;
        }
        let place = match self.content(path, found, id) {
            Place::Disk(Some(same)) if same == id => Place::Object(id),
            place => place,
        };
        let is_same = is_same_kind && matches!(place, Place::Object(_));
        (!is_same).then_some(Some(Side { kind: found, place }))
    }

    /// Returns whether size and times are those of the index, and old enough
    /// that the file cannot have changed within the same tick of the clock.
    fn is_clean(&self, entry: &Stat, metadata: &Metadata) -> bool {
        let disk = stat_of(metadata);
        // Some programs write no nanoseconds.
        let same_time = |one: Time, other: Time| {
            one.secs == other.secs
                && (one.nsecs == other.nsecs || one.nsecs == 0 || other.nsecs == 0)
        };
        let tree = self.tree;
        let same = entry.size == disk.size
            && same_time(entry.mtime, disk.mtime)
            && (!tree.trust_ctime || !tree.check_stat || same_time(entry.ctime, disk.ctime))
            && (!tree.check_stat
                || (entry.ino == disk.ino && entry.uid == disk.uid && entry.gid == disk.gid));
        let written = tree.index.timestamp();
        let age = written
            .unix_seconds()
            .cmp(&i64::from(entry.mtime.secs))
            .then_with(|| {
                let nanoseconds = if entry.mtime.nsecs == 0 {
                    0
                } else {
                    written.nanoseconds()
                };
                nanoseconds.cmp(&entry.mtime.nsecs)
            });
        same && age.is_gt()
    }

    /// Finds out what git would store for a file; [`Place::Object`] says that
    /// it is what the index has.
    fn content(&mut self, path: &[u8], kind: FileKind, id: ObjectId) -> Place {
        let tree = self.tree;
        let bytes_max = tree.options.limits.disk_hash_bytes_max;
        if kind == FileKind::Symlink {
            let target = tree.root.read_link(path, bytes_max).ok();
            return Place::Disk(target.and_then(|target| blob_id(tree.hash, &target)));
        }
        let filter = self.cleaner().filter(path);
        if filter == Filter::Lfs {
            return self.lfs_content(path, id);
        }
        let Ok(content) = tree.root.read_file(path, bytes_max) else {
            return Place::Disk(None);
        };
        let content = self.cleaner().clean(path, content);
        let found = blob_id(tree.hash, &content);
        if let Filter::Program(name) = filter
            && found != Some(id)
        {
            self.filters.push((name, path.into()));
        }
        Place::Disk(found)
    }

    fn lfs_content(&mut self, path: &[u8], id: ObjectId) -> Place {
        let tree = self.tree;
        let bytes_max = tree.options.limits.disk_hash_bytes_max;
        let pointer = match LfsFile::on_disk(tree.root, path, bytes_max) {
            LfsFile::Stored(content) => return Place::Disk(blob_id(tree.hash, &content)),
            LfsFile::Large(pointer) => pointer,
            LfsFile::Unknown => return Place::Disk(None),
        };
        let mut buffer = Vec::new();
        let stored = self
            .objects
            .find_blob(&id, &mut buffer)
            .ok()
            .and_then(|blob| Pointer::parse(blob.data));
        if stored.as_ref() == Some(&pointer) {
            Place::Object(id)
        } else {
            Place::Pointer(pointer.to_bytes().into())
        }
    }

    /// Says that a submodule is at the commit of the index, or where it is.
    fn submodule(
        &self,
        path: &[u8],
        metadata: &Metadata,
        id: ObjectId,
    ) -> Result<(), Option<Side>> {
        if !metadata.is_dir() {
            let kind = if metadata.is_symlink() {
                FileKind::Symlink
            } else {
                FileKind::File
            };
            let place = Place::Disk(None);
            return Err(Some(Side { kind, place }));
        }
        let root = self.tree.root.join(path);
        if std::fs::symlink_metadata(root.join(".git")).is_err() {
            // Not checked out.
            return Ok(());
        }
        let options = Options {
            user_config: false,
            index_file: None,
            ..self.tree.options.clone()
        };
        let head = Repo::discover(&root, &options)
            .ok()
            .flatten()
            // A broken one must not lead to the repository around it.
            .filter(|repo| repo.work_tree.is_some() && repo.work_tree == root.canonicalize().ok())
            .and_then(|repo| crate::revision::head_commit(&repo).ok().flatten());
        match head {
            Some(head) if head != id => Err(Some(Side::object(FileKind::Submodule, head))),
            _ => Ok(()),
        }
    }

    fn cleaner(&mut self) -> &mut Cleaner {
        let Self {
            tree,
            objects,
            cleaner,
            ..
        } = self;
        cleaner.get_or_insert_with(|| Cleaner::new(tree.rules, objects.clone()))
    }
}

/// Returns the numbers by which the index knows a file.
#[cfg(unix)]
fn stat_of(metadata: &Metadata) -> Stat {
    use std::os::unix::fs::MetadataExt;
    // The index keeps the low 32 bits of everything.
    let time = |secs: i64, nsecs: i64| Time {
        secs: secs as u32,
        nsecs: nsecs as u32,
    };
    Stat {
        mtime: time(metadata.mtime(), metadata.mtime_nsec()),
        ctime: time(metadata.ctime(), metadata.ctime_nsec()),
        dev: metadata.dev() as u32,
        ino: metadata.ino() as u32,
        uid: metadata.uid(),
        gid: metadata.gid(),
        size: metadata.size() as u32,
    }
}

/// Returns the numbers by which the index knows a file.
#[cfg(not(unix))]
fn stat_of(metadata: &Metadata) -> Stat {
    let time = |time: std::io::Result<std::time::SystemTime>| {
        time.ok()
            .and_then(|time| Time::try_from(time).ok())
            .unwrap_or_default()
    };
    Stat {
        mtime: time(metadata.modified()),
        ctime: time(metadata.created()),
        size: metadata.len() as u32,
        ..Stat::default()
    }
}

fn is_same_or_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

fn filter_note(mut filters: Vec<(BString, BString)>) -> Option<String> {
    filters.sort();
    let mut names: Vec<_> = filters.iter().map(|(name, _)| name.clone()).collect();
    names.dedup();
    let paths: Vec<_> = filters.into_iter().map(|(_, path)| path).collect();
    (!paths.is_empty()).then(|| {
        format!(
            "filter programs are never run (here {}), so these files are compared as they are on disk: {}",
            crate::walk::name_some(&names),
            crate::walk::name_some(&paths)
        )
    })
}

/// Describes what is on disk of a file in conflict.
pub(crate) fn disk_side(root: &Root, path: &[u8]) -> Option<Side> {
    let place = Place::Disk(None);
    root.kind(path).map(|kind| Side { kind, place })
}

/// Returns the id that a file on disk would have in the object database.
pub(crate) fn disk_id(
    cleaner: &mut Cleaner,
    root: &Root,
    hash: gix::hash::Kind,
    path: &[u8],
    kind: FileKind,
    bytes_max: u64,
) -> Result<Option<ObjectId>, ReadError> {
    let content = match kind {
        FileKind::Symlink => root.read_link(path, bytes_max)?,
        _ => {
            let content = root.read_file(path, bytes_max)?;
            cleaner.clean(path, content)
        }
    };
    Ok(blob_id(hash, &content))
}
