//! Makes the differences a change: renames are paired, attributes looked up in
//! the base, limits held.

use std::collections::HashMap;

use assay_source::FileChange;
use gix::bstr::BString;
use gix::hash::ObjectId;
use gix::objs::{FindExt, TreeRefIter};

use crate::attribute::AttributeFiles;
use crate::clean::read_small;
use crate::error::Error;
use crate::input::Limits;
use crate::model::Delta;
use crate::rename;
use crate::repo::Repo;
use crate::store::{Store, read_blob};

/// Pairs renames and fills in attributes; adds to the notes.
pub(crate) fn assemble(
    repo: &Repo,
    store: &Store,
    base_tree: ObjectId,
    mut deltas: Vec<Delta>,
    notes: &mut Vec<String>,
) -> Result<Vec<FileChange>, Error> {
    check_count(deltas.len(), &store.limits)?;
    notes.extend(rename::detect(&mut deltas, store, &store.limits));
    deltas.sort_by(|one, other| one.path.cmp(&other.path));
    let mut trees = BaseTree::new(repo, base_tree, &store.limits);
    let info = repo.inner.common_dir().join("info").join("attributes");
    let info = read_small(&info, store.limits.attributes_bytes_max);
    let mut attributes = AttributeFiles::new(&info, repo.boolean("core.ignoreCase", false));
    deltas
        .into_iter()
        .map(|delta| {
            let found = attributes.reviewed(&delta.path, &mut |file| trees.read(file))?;
            Ok(delta.into_change(found))
        })
        .collect()
}

/// Holds the limit on files that differ.
pub(crate) fn check_count(count: usize, limits: &Limits) -> Result<(), Error> {
    if count <= limits.changed_files_max {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: "the number of files in the change".to_owned(),
        found: count as u64,
        limit: limits.changed_files_max as u64,
        option: "changed_files_max",
        mend: "add what is not yours to .gitignore, review a smaller range, or raise the limit",
    })
}

/// Reads small files of the base, keeping the trees on the way to them.
pub(crate) struct BaseTree<'a> {
    repo: &'a Repo,
    root: ObjectId,
    bytes_max: u64,
    folders: HashMap<BString, Option<Vec<u8>>>,
}

impl<'a> BaseTree<'a> {
    pub(crate) fn new(repo: &'a Repo, root: ObjectId, limits: &Limits) -> Self {
        Self {
            repo,
            root,
            bytes_max: limits.attributes_bytes_max,
            folders: HashMap::new(),
        }
    }

    /// Returns the content of a file; none when there is none, or one that is
    /// too large to be what it should be.
    fn read(&mut self, path: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let (folder, name) = match path.iter().rposition(|&b| b == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&b""[..], path),
        };
        let hash = self.repo.inner.object_hash();
        let found = self.folder(folder)?.and_then(|tree| {
            let entries = TreeRefIter::from_bytes(tree, hash);
            let entry = entries
                .filter_map(Result::ok)
                .find(|entry| entry.filename == name)?;
            entry.mode.is_blob().then(|| entry.oid.to_owned())
        });
        Ok(found.and_then(|id| read_blob(&self.repo.inner.objects, id, self.bytes_max).ok()))
    }

    fn folder(&mut self, path: &[u8]) -> Result<Option<&[u8]>, Error> {
        if !self.folders.contains_key(path) {
            let tree = self.load_folder(path)?;
            self.folders.insert(path.into(), tree);
        }
        Ok(self.folders.get(path).and_then(Option::as_deref))
    }

    fn load_folder(&mut self, path: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let hash = self.repo.inner.object_hash();
        let id = if path.is_empty() {
            self.root
        } else {
            let (outer, name) = match path.iter().rposition(|&b| b == b'/') {
                Some(slash) => (&path[..slash], &path[slash + 1..]),
                None => (&b""[..], path),
            };
            let found = self.folder(outer)?.and_then(|tree| {
                let entries = TreeRefIter::from_bytes(tree, hash);
                let entry = entries
                    .filter_map(Result::ok)
                    .find(|entry| entry.filename == name)?;
                entry.mode.is_tree().then(|| entry.oid.to_owned())
            });
            match found {
                Some(id) => id,
                None => return Ok(None),
            }
        };
        let mut buffer = Vec::new();
        if id != ObjectId::empty_tree(hash) {
            self.repo
                .inner
                .objects
                .find_tree_iter(&id, &mut buffer)
                .map_err(|error| Error::object(format!("tree {id}"), error))?;
        }
        Ok(Some(buffer))
    }
}
