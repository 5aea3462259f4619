//! Trees of the object database: listed, compared with each other and with the
//! index.

use std::cmp::Ordering;

use assay_source::FileKind;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::hash::ObjectId;
use gix::index::entry::{Flags, Stage};
use gix::index::extension::Tree as CachedTree;
use gix::objs::{FindExt, TreeRefIter, tree::EntryRef};

use crate::assemble::check_count;
use crate::error::Error;
use crate::input::Limits;
use crate::model::{Delta, Side, kind_of_index_entry, kind_of_tree_entry};

/// Walks trees, counting what it reads against the limits.
pub(crate) struct TreeWalk<'a> {
    objects: &'a gix::OdbHandle,
    hash: gix::hash::Kind,
    limits: &'a Limits,
    entries_seen: usize,
    /// Buffers of trees that are done with.
    free: Vec<Vec<u8>>,
    path: BString,
}

impl<'a> TreeWalk<'a> {
    pub(crate) fn new(repo: &'a gix::Repository, limits: &'a Limits) -> Self {
        Self {
            objects: &repo.objects,
            hash: repo.object_hash(),
            limits,
            entries_seen: 0,
            free: Vec::new(),
            path: BString::default(),
        }
    }

    /// Returns what differs between two trees, sorted by path.
    pub(crate) fn diff(&mut self, base: ObjectId, head: ObjectId) -> Result<Vec<Delta>, Error> {
        let mut out = Vec::new();
        self.diff_into(Some(base), Some(head), 0, &mut out)?;
        Ok(out)
    }

    /// Lists the files of a tree, sorted by path.
    pub(crate) fn list(
        &mut self,
        tree: ObjectId,
    ) -> Result<Vec<(BString, FileKind, ObjectId)>, Error> {
        let mut out = Vec::new();
        self.list_into(tree, 0, &mut out)?;
        Ok(out)
    }

    /// Looks a file up by its path.
    pub(crate) fn entry(
        &mut self,
        tree: ObjectId,
        path: &[u8],
    ) -> Result<Option<(FileKind, ObjectId)>, Error> {
        let found = self.find(tree, path)?;
        Ok(found.and_then(|(mode, id)| kind_of_tree_entry(mode).map(|kind| (kind, id))))
    }

    /// Returns the names of the files in a folder, not below it.
    pub(crate) fn names(&mut self, tree: ObjectId, folder: &[u8]) -> Result<Vec<BString>, Error> {
        let id = match self.find(tree, folder)? {
            Some((mode, id)) if mode.is_tree() => id,
            _ => return Ok(Vec::new()),
        };
        let buffer = self.load(id)?;
        let mut names = Vec::new();
        for entry in TreeRefIter::from_bytes(&buffer, self.hash) {
            let entry = entry.map_err(|error| damaged_tree(id, error))?;
            if kind_of_tree_entry(entry.mode).is_some_and(crate::model::is_plain) {
                names.push(entry.filename.to_owned());
            }
        }
        Ok(names)
    }

    fn find(
        &mut self,
        tree: ObjectId,
        path: &[u8],
    ) -> Result<Option<(gix::objs::tree::EntryMode, ObjectId)>, Error> {
        let mut tree = tree;
        let mut parts = path.split(|&b| b == b'/').peekable();
        while let Some(part) = parts.next() {
            let buffer = self.load(tree)?;
            let mut found = None;
            for entry in TreeRefIter::from_bytes(&buffer, self.hash) {
                let entry = entry.map_err(|error| damaged_tree(tree, error))?;
                if entry.filename == part {
                    found = Some((entry.mode, entry.oid.to_owned()));
                    break;
                }
            }
            self.free.push(buffer);
            match (found, parts.peek()) {
                (Some((mode, id)), Some(_)) if mode.is_tree() => tree = id,
                (Some(found), None) => return Ok(Some(found)),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Returns what differs between a tree and the index, sorted by path. The
    /// head of what is in conflict is left open. Folders that the index knows
    /// to be those of the tree are not read.
    pub(crate) fn diff_index(
        &mut self,
        tree: ObjectId,
        index: &gix::index::State,
    ) -> Result<Vec<Delta>, Error> {
        let mut out = Vec::new();
        let entries = IndexRange {
            index,
            start: 0,
            end: index.entries().len(),
        };
        self.diff_index_into(Some(tree), entries, index.tree(), 0, &mut out)?;
        Ok(out)
    }

    fn load(&mut self, tree: ObjectId) -> Result<Vec<u8>, Error> {
        let mut buffer = self.free.pop().unwrap_or_default();
        buffer.clear();
        if tree != ObjectId::empty_tree(self.hash) {
            self.objects
                .find_tree_iter(&tree, &mut buffer)
                .map_err(|error| Error::object(format!("tree {tree}"), error))?;
        }
        Ok(buffer)
    }

    fn load_optional(&mut self, tree: Option<ObjectId>) -> Result<Vec<u8>, Error> {
        match tree {
            Some(tree) => self.load(tree),
            None => Ok(Vec::new()),
        }
    }

    /// Counts an entry and checks that its name is one part of a path.
    fn check(&mut self, entry: &EntryRef<'_>, depth: usize) -> Result<(), Error> {
        self.entries_seen += 1;
        let limit = |what: String, found: usize, limit: usize, option| Error::TooLarge {
            what,
            found: found as u64,
            limit: limit as u64,
            option,
            mend: "review a smaller range, or raise the limit",
        };
        if self.entries_seen > self.limits.tree_entries_max {
            let what = "the number of entries in the trees".to_owned();
            let max = self.limits.tree_entries_max;
            return Err(limit(what, self.entries_seen, max, "tree_entries_max"));
        }
        let bytes = self.path.len() + entry.filename.len();
        if bytes > self.limits.path_bytes_max {
            let what = "the length of a path".to_owned();
            return Err(limit(
                what,
                bytes,
                self.limits.path_bytes_max,
                "path_bytes_max",
            ));
        }
        if depth > self.limits.depth_max {
            let what = "the depth of the folders".to_owned();
            return Err(limit(what, depth, self.limits.depth_max, "depth_max"));
        }
        let name: &[u8] = entry.filename;
        if name.is_empty() || name == b"." || name == b".." || name.contains(&b'/') {
            return Err(Error::damaged(
                format!("a tree with an entry named {:?}", entry.filename),
                "no file can have that name",
            ));
        }
        Ok(())
    }

    fn diff_into(
        &mut self,
        base: Option<ObjectId>,
        head: Option<ObjectId>,
        depth: usize,
        out: &mut Vec<Delta>,
    ) -> Result<(), Error> {
        let base_buffer = self.load_optional(base)?;
        let head_buffer = self.load_optional(head)?;
        let mut base_entries = Entries::new(&base_buffer, self.hash, base);
        let mut head_entries = Entries::new(&head_buffer, self.hash, head);
        let (mut left, mut right) = (base_entries.next()?, head_entries.next()?);
        loop {
            let order = match (&left, &right) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => tree_order(
                    (left.filename, left.mode.is_tree()),
                    (right.filename, right.mode.is_tree()),
                ),
            };
            let base_entry = if order.is_le() { left.take() } else { None };
            let head_entry = if order.is_ge() { right.take() } else { None };
            if order.is_le() {
                left = base_entries.next()?;
            }
            if order.is_ge() {
                right = head_entries.next()?;
            }
            self.diff_entry(base_entry, head_entry, depth, out)?;
        }
        self.free.push(base_buffer);
        self.free.push(head_buffer);
        Ok(())
    }

    fn diff_entry(
        &mut self,
        base: Option<EntryRef<'_>>,
        head: Option<EntryRef<'_>>,
        depth: usize,
        out: &mut Vec<Delta>,
    ) -> Result<(), Error> {
        let Some(any) = base.or(head) else {
            return Ok(());
        };
        self.check(&any, depth)?;
        if let (Some(base), Some(head)) = (&base, &head)
            && base.oid == head.oid
            && base.mode.kind() == head.mode.kind()
        {
            return Ok(());
        }
        let length = self.path.len();
        self.path.extend_from_slice(any.filename);
        if any.mode.is_tree() {
            self.path.push(b'/');
            let id = |entry: Option<EntryRef<'_>>| entry.map(|entry| entry.oid.to_owned());
            self.diff_into(id(base), id(head), depth + 1, out)?;
        } else {
            let side = |entry: Option<EntryRef<'_>>| {
                entry.and_then(|entry| {
                    Some(Side::object(
                        kind_of_tree_entry(entry.mode)?,
                        entry.oid.to_owned(),
                    ))
                })
            };
            out.push(Delta::new(self.path.clone(), side(base), side(head)));
            // Few objects can make very many files.
            check_count(out.len(), self.limits)?;
        }
        self.path.truncate(length);
        Ok(())
    }

    fn list_into(
        &mut self,
        tree: ObjectId,
        depth: usize,
        out: &mut Vec<(BString, FileKind, ObjectId)>,
    ) -> Result<(), Error> {
        let buffer = self.load(tree)?;
        let mut entries = Entries::new(&buffer, self.hash, Some(tree));
        while let Some(entry) = entries.next()? {
            self.check(&entry, depth)?;
            let length = self.path.len();
            self.path.extend_from_slice(entry.filename);
            match kind_of_tree_entry(entry.mode) {
                Some(kind) => out.push((self.path.clone(), kind, entry.oid.to_owned())),
                None => {
                    self.path.push(b'/');
                    self.list_into(entry.oid.to_owned(), depth + 1, out)?;
                }
            }
            self.path.truncate(length);
        }
        self.free.push(buffer);
        Ok(())
    }

    fn diff_index_into(
        &mut self,
        tree: Option<ObjectId>,
        mut range: IndexRange<'_>,
        cached: Option<&CachedTree>,
        depth: usize,
        out: &mut Vec<Delta>,
    ) -> Result<(), Error> {
        if let (Some(tree), Some(cached)) = (tree, cached)
            && cached.id == tree
            && cached.num_entries == u32::try_from(range.end - range.start).ok()
        {
            return Ok(());
        }
        let buffer = self.load_optional(tree)?;
        let mut entries = Entries::new(&buffer, self.hash, tree);
        let mut left = entries.next()?;
        let mut right = range.next_group(self.path.len());
        loop {
            let order = match (&left, &right) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => tree_order(
                    (left.filename, left.mode.is_tree()),
                    (right.name, right.is_dir),
                ),
            };
            let entry = if order.is_le() { left.take() } else { None };
            let group = if order.is_ge() { right.take() } else { None };
            if order.is_le() {
                left = entries.next()?;
            }
            if order.is_ge() {
                right = range.next_group(self.path.len());
            }
            if let Some(entry) = &entry {
                self.check(entry, depth)?;
            }
            self.diff_index_entry(entry, group, cached, depth, out)?;
        }
        self.free.push(buffer);
        Ok(())
    }

    fn diff_index_entry(
        &mut self,
        entry: Option<EntryRef<'_>>,
        group: Option<Group<'_>>,
        cached: Option<&CachedTree>,
        depth: usize,
        out: &mut Vec<Delta>,
    ) -> Result<(), Error> {
        let (name, is_dir) = match (&entry, &group) {
            (Some(entry), _) => (entry.filename, entry.mode.is_tree()),
            (None, Some(group)) => (group.name, group.is_dir),
            (None, None) => return Ok(()),
        };
        let length = self.path.len();
        self.path.extend_from_slice(name);
        if is_dir {
            self.path.push(b'/');
            let tree = entry.map(|entry| entry.oid.to_owned());
            match group {
                None => self.diff_into(tree, None, depth + 1, out)?,
                // A folder that a sparse index keeps as one entry.
                Some(Group { range, .. }) if range.first_path() == Some(self.path.as_ref()) => {
                    let id = range.index.entries()[range.start].id;
                    if tree != Some(id) {
                        self.diff_into(tree, Some(id), depth + 1, out)?;
                    }
                }
                Some(Group { range, .. }) => {
                    let child = cached.and_then(|cached| {
                        cached
                            .children
                            .iter()
                            .find(|child| child.name.as_slice() == name.as_bytes())
                    });
                    self.diff_index_into(tree, range, child, depth + 1, out)?;
                }
            }
        } else {
            let base = entry.and_then(|entry| {
                Some(Side::object(
                    kind_of_tree_entry(entry.mode)?,
                    entry.oid.to_owned(),
                ))
            });
            let (head, unmerged) = group.map_or((None, false), |group| group.range.file());
            if unmerged || base != head {
                let mut delta = Delta::new(self.path.clone(), base, head);
                delta.unmerged = unmerged;
                out.push(delta);
            }
        }
        self.path.truncate(length);
        Ok(())
    }
}

/// The entries of one tree, with errors that name it.
struct Entries<'a> {
    iter: TreeRefIter<'a>,
    tree: Option<ObjectId>,
}

impl<'a> Entries<'a> {
    fn new(data: &'a [u8], hash: gix::hash::Kind, tree: Option<ObjectId>) -> Self {
        Self {
            iter: TreeRefIter::from_bytes(data, hash),
            tree,
        }
    }

    fn next(&mut self) -> Result<Option<EntryRef<'a>>, Error> {
        self.iter
            .next()
            .transpose()
            .map_err(|error| match self.tree {
                Some(tree) => damaged_tree(tree, error),
                None => Error::damaged("a tree", error),
            })
    }
}

/// Entries of the index that lie together.
#[derive(Clone, Copy)]
struct IndexRange<'a> {
    index: &'a gix::index::State,
    start: usize,
    end: usize,
}

/// All entries of a range with the same next part of their paths.
struct Group<'a> {
    name: &'a BStr,
    is_dir: bool,
    range: IndexRange<'a>,
}

impl<'a> IndexRange<'a> {
    fn path(&self, position: usize) -> &'a BStr {
        self.index.entries()[position].path(self.index)
    }

    fn first_path(&self) -> Option<&'a BStr> {
        (self.start < self.end).then(|| self.path(self.start))
    }

    /// Takes the next group off the range; all paths share their first
    /// `prefix` bytes.
    fn next_group(&mut self, prefix: usize) -> Option<Group<'a>> {
        let first = self.first_path()?;
        let rest = first.get(prefix..).unwrap_or_default();
        let (name, is_dir) = match rest.find_byte(b'/') {
            Some(slash) => (&rest[..slash], true),
            None => (rest, false),
        };
        let entries = &self.index.entries()[self.start..self.end];
        let same = |path: &[u8]| {
            let rest = path.get(prefix..).unwrap_or_default();
            if is_dir {
                rest.starts_with(name) && rest.get(name.len()) == Some(&b'/')
            } else {
                rest == name
            }
        };
        // Files come one at a time, except for the stages of a conflict.
        let count = if is_dir {
            entries.partition_point(|entry| same(entry.path(self.index)))
        } else {
            entries
                .iter()
                .take_while(|entry| same(entry.path(self.index)))
                .count()
        };
        // Invariant: at least one entry is taken, even from an index out of order.
        let end = self.start + count.max(1);
        let range = IndexRange { end, ..*self };
        self.start = end;
        Some(Group {
            name: name.as_bstr(),
            is_dir,
            range,
        })
    }

    /// Returns the file that the entries of one path stand for, and whether it
    /// is in conflict.
    fn file(&self) -> (Option<Side>, bool) {
        let entries = &self.index.entries()[self.start..self.end];
        if entries
            .iter()
            .any(|entry| entry.stage() != Stage::Unconflicted)
        {
            return (None, true);
        }
        let side = entries
            .first()
            .filter(|entry| !entry.flags.contains(Flags::INTENT_TO_ADD))
            .and_then(|entry| Some(Side::object(kind_of_index_entry(entry.mode)?, entry.id)));
        (side, false)
    }
}

/// The order of git's trees: by name, folders as if they ended with a slash.
fn tree_order(left: (&BStr, bool), right: (&BStr, bool)) -> Ordering {
    let common = left.0.len().min(right.0.len());
    left.0[..common].cmp(&right.0[..common]).then_with(|| {
        let next = |(name, is_dir): (&BStr, bool)| match name.get(common) {
            Some(&byte) => Some(byte),
            None if is_dir => Some(b'/'),
            None => None,
        };
        next(left)
            .cmp(&next(right))
            .then(left.0.len().cmp(&right.0.len()))
    })
}

fn damaged_tree(tree: ObjectId, error: gix::Error) -> Error {
    Error::damaged(format!("tree {tree}"), error)
}
