//! Gives the contents of a change's files from the object database, from disk
//! or from memory, to any number of threads at once.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use assay_source::{ContentId, ContentStore, FileKind, FileTree, FileVersion, ReadError, RepoPath};
use gix::bstr::{BString, ByteSlice};
use gix::hash::ObjectId;
use gix::index::entry::{Flags, Stage};
use gix::objs::{FindExt, FindHeader, Kind};

use crate::clean::{CleanRules, Cleaner};
use crate::disk::Root;
use crate::input::{Limits, Options};
use crate::model::{Place, Side, kind_of_index_entry, object_content};
use crate::open::panic_text;
use crate::rename::Contents;
use crate::tree::TreeWalk;

/// The contents of a change.
pub(crate) struct Store {
    pub(crate) repo: Option<gix::ThreadSafeRepository>,
    pub(crate) root: Option<Arc<Root>>,
    /// How files on disk become what git would store; none to read them as they are.
    pub(crate) clean: Option<CleanRules>,
    pub(crate) listing: Listing,
    pub(crate) limits: Limits,
    /// Handles that no thread is using.
    idle: Mutex<Vec<Reader>>,
}

/// Where the files of the head are listed.
pub(crate) enum Listing {
    /// A tree of the object database.
    Tree(ObjectId),
    /// The index, for each entry what is on disk instead, and untracked files.
    Index {
        index: Arc<gix::index::File>,
        changed: HashMap<BString, Option<Side>>,
        untracked: Vec<(BString, Side)>,
    },
    /// The files on disk, but for those that a patch changes.
    Patched {
        root: PathBuf,
        options: Options,
        changed: HashMap<BString, Option<FileVersion>>,
    },
    /// These.
    Files(Vec<FileVersion>),
}

/// What one thread reads with.
struct Reader {
    objects: Option<gix::OdbHandle>,
    cleaner: Option<Cleaner>,
}

impl Store {
    pub(crate) fn new(
        repo: Option<gix::ThreadSafeRepository>,
        listing: Listing,
        limits: &Limits,
    ) -> Self {
        Self {
            repo,
            root: None,
            clean: None,
            listing,
            limits: limits.clone(),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Lends a reader to the calling thread.
    fn with_reader<T>(&self, read: impl FnOnce(&mut Reader) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut reader = taken.unwrap_or_else(|| {
            let objects = self
                .repo
                .as_ref()
                .map(|repo| repo.to_thread_local().objects);
            let cleaner = self.clean.as_ref().zip(objects.clone());
            Reader {
                cleaner: cleaner.map(|(rules, objects)| Cleaner::new(rules, objects)),
                objects,
            }
        });
        let result = read(&mut reader);
        idle().push(reader);
        result
    }

    fn read_object(&self, id: ObjectId, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        self.with_reader(|reader| {
            let objects = reader.objects.as_ref().ok_or(ReadError::Absent)?;
            read_blob(objects, id, bytes_max)
        })
    }

    fn read_disk(
        &self,
        path: &RepoPath,
        kind: FileKind,
        bytes_max: u64,
    ) -> Result<Vec<u8>, ReadError> {
        let root = self.root.as_ref().ok_or(ReadError::Absent)?;
        let content = root.read(path, kind, bytes_max)?;
        if kind == FileKind::Symlink || self.clean.is_none() {
            return Ok(content);
        }
        let cleaned = self.with_reader(|reader| match &mut reader.cleaner {
            Some(cleaner) => cleaner.clean(path.as_bytes(), content),
            None => content,
        });
        Ok(cleaned)
    }
}

/// Reads a blob after looking at its size.
pub(crate) fn read_blob(
    objects: &gix::OdbHandle,
    id: ObjectId,
    bytes_max: u64,
) -> Result<Vec<u8>, ReadError> {
    if id == ObjectId::empty_blob(id.kind()) {
        return Ok(Vec::new());
    }
    let failed = |error: gix::Error| ReadError::Failed(format!("object {id}: {error}"));
    let header = objects
        .try_header(&id)
        .map_err(failed)?
        .ok_or(ReadError::Absent)?;
    if header.kind != Kind::Blob {
        return Err(ReadError::Failed(format!(
            "object {id} is a {}, not a file",
            header.kind
        )));
    }
    if header.size > bytes_max {
        return Err(ReadError::TooLarge {
            bytes: header.size,
            bytes_max,
        });
    }
    let mut content = Vec::new();
    objects.find_blob(&id, &mut content).map_err(failed)?;
    Ok(content)
}

impl ContentStore for Store {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        // The libraries below read what others wrote; one bad object must not
        // end the review of all other files.
        let read = AssertUnwindSafe(|| self.read_version(version, bytes_max));
        catch_unwind(read).unwrap_or_else(|panic| {
            let text = panic_text(panic.as_ref());
            Err(ReadError::Failed(format!(
                "reading it failed unexpectedly: {text}"
            )))
        })
    }
}

impl Store {
    fn read_version(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        if version.kind == FileKind::Submodule {
            return Err(ReadError::Absent);
        }
        match &version.content {
            ContentId::Absent => Err(ReadError::Absent),
            ContentId::Object(hex) => {
                let id = ObjectId::from_hex(hex.as_bytes())
                    .map_err(|_| ReadError::Failed(format!("`{hex}` is no object id")))?;
                self.read_object(id, bytes_max)
            }
            ContentId::Disk => self.read_disk(&version.path, version.kind, bytes_max),
            ContentId::Memory(content) => {
                let bytes = content.len() as u64;
                if bytes > bytes_max {
                    return Err(ReadError::TooLarge { bytes, bytes_max });
                }
                Ok(content.to_vec())
            }
        }
    }
}

impl FileTree for Store {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        match &self.listing {
            Listing::Files(files) => Ok(files.clone()),
            Listing::Tree(tree) => {
                let repo = self
                    .repo
                    .as_ref()
                    .ok_or(ReadError::Absent)?
                    .to_thread_local();
                let files = TreeWalk::new(&repo, &self.limits)
                    .list(*tree)
                    .map_err(|error| ReadError::Failed(error.to_string()))?;
                Ok(files
                    .into_iter()
                    .filter(|(_, kind, _)| *kind != FileKind::Submodule)
                    .map(|(path, kind, id)| FileVersion {
                        path: RepoPath::from_bytes(path),
                        kind,
                        content: object_content(id),
                    })
                    .collect())
            }
            Listing::Patched {
                root,
                options,
                changed,
            } => {
                let files = crate::scan::list(root, options)
                    .map_err(|error| ReadError::Failed(error.to_string()))?;
                let mut files: Vec<_> = files
                    .into_iter()
                    .filter(|file| !changed.contains_key(file.path.as_bytes().as_bstr()))
                    .chain(changed.values().flatten().cloned())
                    .filter(|file| file.kind != FileKind::Submodule)
                    .collect();
                files.sort_by(|one, other| one.path.cmp(&other.path));
                Ok(files)
            }
            Listing::Index {
                index,
                changed,
                untracked,
            } => Ok(list_index(index, changed, untracked)),
        }
    }
}

fn list_index(
    index: &gix::index::State,
    changed: &HashMap<BString, Option<Side>>,
    untracked: &[(BString, Side)],
) -> Vec<FileVersion> {
    let version = |path: &[u8], side: &Side| FileVersion {
        path: RepoPath::from_bytes(path),
        kind: side.kind,
        content: side.content(),
    };
    let mut files = Vec::with_capacity(index.entries().len() + untracked.len());
    for entry in index.entries() {
        let path = entry.path(index);
        match changed.get(path) {
            Some(None) => {}
            // Of the stages of a conflict, one stands for the file on disk.
            Some(Some(side)) if entry.stage() == Stage::Unconflicted => {
                files.push(version(path, side))
            }
            Some(Some(side)) => {
                if files
                    .last()
                    .is_none_or(|last: &FileVersion| last.path.as_bytes() != path.as_bytes())
                {
                    files.push(version(path, side));
                }
            }
            None if entry.stage() != Stage::Unconflicted => {}
            None if entry.flags.contains(Flags::INTENT_TO_ADD) => {}
            None => {
                let kind = kind_of_index_entry(entry.mode);
                files.extend(kind.map(|kind| version(path, &Side::object(kind, entry.id))));
            }
        }
    }
    files.extend(untracked.iter().map(|(path, side)| version(path, side)));
    files.retain(|file| file.kind != FileKind::Submodule);
    if !untracked.is_empty() {
        files.sort_by(|one, other| one.path.cmp(&other.path));
    }
    files
}

impl Contents for Store {
    fn size(&self, path: &BString, side: &Side) -> Option<u64> {
        match &side.place {
            Place::Object(id) => self.with_reader(|reader| {
                let header = reader.objects.as_ref()?.try_header(id).ok()??;
                Some(header.size)
            }),
            Place::Disk(_) => {
                let full = self.root.as_ref()?.join(path);
                Some(std::fs::symlink_metadata(full).ok()?.len())
            }
            Place::Pointer(bytes) => Some(bytes.len() as u64),
        }
    }

    fn read(&self, path: &BString, side: &Side, bytes_max: u64) -> Option<Vec<u8>> {
        match &side.place {
            Place::Object(id) => self.read_object(*id, bytes_max).ok(),
            Place::Disk(_) => self
                .read_disk(&RepoPath::from_bytes(path), side.kind, bytes_max)
                .ok(),
            Place::Pointer(bytes) => Some(bytes.to_vec()),
        }
    }
}
