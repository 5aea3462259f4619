//! Reads the facts of commits from the repository, on all cores: the trees of a
//! commit and its parents are compared, and then the files that differ.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use assay_source::Hunk;
use gix::bstr::{BStr, BString};
use gix::hash::ObjectId;
use gix::objs::FindExt;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;

use super::facts::{CommitFacts, FileFacts, Segment, What};
use super::lines::{self, line_count};
use crate::error::Error;
use crate::input::Limits;
use crate::model::{Delta, Side, is_plain};
use crate::rename::{self, Contents};
use crate::tree::TreeWalk;

/// Commits that a thread takes at a time: neighbours share most of their trees.
const COMMITS_PER_TURN: usize = 128;
/// Bytes of objects that a thread keeps at hand.
const OBJECT_CACHE_BYTES: usize = 48 << 20;
/// Bytes of the objects that others are stored as differences to, the same.
const PACK_CACHE_BYTES: usize = 96 << 20;
/// Bytes that are looked at to tell binary files, as git does.
const BINARY_PREFIX_BYTES: usize = 8000;
/// Pairs that are compared to find the renames of one commit.
const RENAME_PAIRS_MAX: usize = 10_000;
/// The same when only names are asked for.
const NAMES_RENAME_PAIRS_MAX: usize = 400;
/// Parents of one merge.
const PARENTS_MAX: usize = 64;

/// How commits are read.
pub(crate) struct Request<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) threads: usize,
    /// Whether only the first parent of a merge counts.
    pub(crate) first_parent: bool,
    /// Whether only names are asked for: no file is compared line by line, and a
    /// merge did nothing.
    pub(crate) names_only: bool,
}

/// Reads commits; those that cannot be read are left out and named.
pub(crate) fn read(
    repo: &gix::ThreadSafeRepository,
    ids: &[ObjectId],
    request: &Request<'_>,
) -> (Vec<Segment>, Vec<(ObjectId, Error)>) {
    let turns: Vec<&[ObjectId]> = ids.chunks(COMMITS_PER_TURN).collect();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Segment)>> = Mutex::new(Vec::new());
    let failed = Mutex::new(Vec::new());
    let work = || {
        let mut repo = repo.to_thread_local();
        repo.object_cache_size(OBJECT_CACHE_BYTES);
        repo.objects
            .set_pack_cache(|| Box::new(MemoryCappedHashmap::new(PACK_CACHE_BYTES)));
        let limits = Limits {
            rename_pairs_max: match request.names_only {
                true => NAMES_RENAME_PAIRS_MAX,
                false => RENAME_PAIRS_MAX,
            },
            ..request.limits.clone()
        };
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let Some(ids) = turns.get(turn) else { break };
            let mut reading = Reading::new(&repo, &limits, request);
            for &id in *ids {
                if let Err(error) = reading.commit(id) {
                    failed
                        .lock()
                        .unwrap_or_else(|poison| poison.into_inner())
                        .push((id, error));
                }
            }
            done.lock()
                .unwrap_or_else(|poison| poison.into_inner())
                .push((turn, reading.segment));
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..request.threads.min(turns.len()))
            .map(|_| scope.spawn(work))
            .collect();
        work();
        for other in others {
            if let Err(panic) = other.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let mut done = done
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner());
    done.sort_by_key(|(turn, _)| *turn);
    let mut failed = failed
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner());
    failed.sort_by_key(|(id, _)| *id);
    (
        done.into_iter().map(|(_, segment)| segment).collect(),
        failed,
    )
}

struct Reading<'a> {
    repo: &'a gix::Repository,
    limits: &'a Limits,
    parents_max: usize,
    names_only: bool,
    segment: Segment,
    paths: HashMap<BString, u32>,
    authors: HashMap<(BString, BString), u32>,
    buffer: Vec<u8>,
}

impl<'a> Reading<'a> {
    fn new(repo: &'a gix::Repository, limits: &'a Limits, request: &Request<'_>) -> Self {
        Self {
            repo,
            limits,
            parents_max: if request.first_parent { 1 } else { PARENTS_MAX },
            names_only: request.names_only,
            segment: Segment::default(),
            paths: HashMap::new(),
            authors: HashMap::new(),
            buffer: Vec::new(),
        }
    }

    fn commit(&mut self, id: ObjectId) -> Result<(), Error> {
        let damaged = |error: gix::Error| Error::object(format!("commit {id}"), error);
        let mut buffer = std::mem::take(&mut self.buffer);
        let (tree, parents, author, seconds) = {
            let commit = self
                .repo
                .objects
                .find_commit(&id, &mut buffer)
                .map_err(damaged)?;
            let author = commit
                .author()
                .map_err(|error| Error::damaged(format!("the author of commit {id}"), error))?
                .trim();
            let key = (author.name.to_owned(), author.email.to_owned());
            let parents: Vec<ObjectId> = commit.parents().take(self.parents_max).collect();
            (commit.tree(), parents, key, author.seconds())
        };
        self.buffer = buffer;
        let files = match parents.as_slice() {
            [] => self.against(None, tree)?,
            [parent] => self.against(Some(*parent), tree)?,
            [_, _, ..] if self.names_only => Vec::new(),
            [first, others @ ..] => self.merge(*first, others, tree)?,
        };
        let author = self.author(author);
        self.segment.commits.push(CommitFacts {
            id,
            parents,
            author,
            seconds,
            files,
        });
        Ok(())
    }

    fn author(&mut self, author: (BString, BString)) -> u32 {
        let authors = &mut self.segment.authors;
        *self.authors.entry(author).or_insert_with_key(|author| {
            authors.push(author.clone());
            authors.len() as u32 - 1
        })
    }

    fn path(&mut self, path: &BString) -> u32 {
        if let Some(&known) = self.paths.get(path) {
            return known;
        }
        let paths = &mut self.segment.paths;
        paths.push(path.clone());
        let place = paths.len() as u32 - 1;
        self.paths.insert(path.clone(), place);
        place
    }

    fn tree_of(&mut self, commit: ObjectId) -> Result<ObjectId, Error> {
        let damaged = |error: gix::Error| Error::object(format!("commit {commit}"), error);
        self.buffer.clear();
        let found = self
            .repo
            .objects
            .find_commit(&commit, &mut self.buffer)
            .map_err(damaged)?;
        Ok(found.tree())
    }

    /// Returns what differs from the one parent, renames found.
    fn deltas(&mut self, parent: Option<ObjectId>, tree: ObjectId) -> Result<Vec<Delta>, Error> {
        let base = match parent {
            Some(parent) => self.tree_of(parent)?,
            None => ObjectId::empty_tree(self.repo.object_hash()),
        };
        let mut deltas = TreeWalk::new(self.repo, self.limits).diff(base, tree)?;
        let has = |of: fn(&Delta) -> bool| deltas.iter().any(of);
        if has(|one| one.base.is_none()) && has(|one| one.head.is_none()) {
            rename::detect(&mut deltas, self, self.limits);
        }
        Ok(deltas)
    }

    fn against(
        &mut self,
        parent: Option<ObjectId>,
        tree: ObjectId,
    ) -> Result<Vec<FileFacts>, Error> {
        let deltas = self.deltas(parent, tree)?;
        Ok(deltas.iter().filter_map(|delta| self.file(delta)).collect())
    }

    fn file(&mut self, delta: &Delta) -> Option<FileFacts> {
        let plain = |side: &Option<Side>| {
            let side = side.as_ref().filter(|side| is_plain(side.kind))?;
            side.id()
        };
        let (base, head) = (plain(&delta.base), plain(&delta.head));
        let from = delta.from.as_ref().filter(|from| !from.copied);
        let is_copy = delta.from.is_some() && from.is_none();
        let path = self.path(&delta.path);
        let from = from.map_or(path, |from| self.path(&from.path));
        let (lines, what) = match (base.filter(|_| !is_copy), head) {
            (None, None) => return None,
            (None, Some(_)) if self.names_only => (None, What::Added),
            (Some(_), None) if self.names_only => (None, What::Deleted { lines: 0 }),
            (Some(_), Some(_)) if self.names_only => (None, What::Replaced { from }),
            (None, Some(head)) => {
                let text = self.text(head);
                (text.as_deref().map(line_count), What::Added)
            }
            (Some(base), None) => {
                let lines = self.text(base).as_deref().map_or(0, line_count);
                (None, What::Deleted { lines })
            }
            // Another mode, or another name: no line is new.
            (Some(base), Some(head)) if base == head => {
                let lines = self.text(head).as_deref().map(line_count);
                let hunks = Vec::new();
                (lines, What::Changed { from, hunks })
            }
            (Some(base), Some(head)) => match (self.text(base), self.text(head)) {
                (Some(base), Some(head)) => {
                    let hunks = lines::diff(&base, &head);
                    (Some(line_count(&head)), What::Changed { from, hunks })
                }
                (_, head) => (head.as_deref().map(line_count), What::Replaced { from }),
            },
        };
        Some(FileFacts { path, lines, what })
    }

    /// Says of each file in which a merge differs from its first parent where
    /// its lines come from.
    fn merge(
        &mut self,
        first: ObjectId,
        others: &[ObjectId],
        tree: ObjectId,
    ) -> Result<Vec<FileFacts>, Error> {
        let base = self.tree_of(first)?;
        let mut trees = Vec::with_capacity(others.len());
        for &other in others {
            trees.push(self.tree_of(other)?);
        }
        let deltas = TreeWalk::new(self.repo, self.limits).diff(base, tree)?;
        let mut files = Vec::new();
        for delta in &deltas {
            let plain = |side: &Option<Side>| {
                side.as_ref()
                    .filter(|side| is_plain(side.kind))
                    .and_then(Side::id)
            };
            let Some(head) = plain(&delta.head) else {
                continue;
            };
            let mut sides = vec![plain(&delta.base)];
            for &tree in &trees {
                let entry = TreeWalk::new(self.repo, self.limits).entry(tree, &delta.path)?;
                sides.push(entry.filter(|(kind, _)| is_plain(*kind)).map(|(_, id)| id));
            }
            let path = self.path(&delta.path);
            let same = sides.iter().position(|side| *side == Some(head));
            let (lines, what) = match same {
                Some(parent) => (
                    None,
                    What::As {
                        parent: parent as u8,
                    },
                ),
                None => self.merged(head, &sides),
            };
            files.push(FileFacts { path, lines, what });
        }
        Ok(files)
    }

    fn merged(&mut self, head: ObjectId, sides: &[Option<ObjectId>]) -> (Option<u32>, What) {
        let Some(text) = self.text(head) else {
            return (None, What::Merged { hunks: Vec::new() });
        };
        let mut hunks: Vec<(u8, Vec<Hunk>)> = Vec::new();
        for (parent, side) in sides.iter().enumerate() {
            let Some(side) = side.and_then(|id| self.text(id)) else {
                continue;
            };
            hunks.push((parent as u8, lines::diff(&side, &text)));
        }
        (Some(line_count(&text)), What::Merged { hunks })
    }

    /// Returns the content of a file that has lines.
    fn text(&self, id: ObjectId) -> Option<Vec<u8>> {
        self.content(id, self.limits.history_file_bytes_max)
            .filter(|content| !content[..content.len().min(BINARY_PREFIX_BYTES)].contains(&0))
    }

    fn content(&self, id: ObjectId, bytes_max: u64) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        if id == ObjectId::empty_blob(id.kind()) {
            return Some(content);
        }
        self.repo.objects.find_blob(&id, &mut content).ok()?;
        (content.len() as u64 <= bytes_max).then_some(content)
    }
}

impl Contents for Reading<'_> {
    fn size(&self, path: &BString, side: &Side) -> Option<u64> {
        let content = Contents::read(self, path, side, self.limits.rename_file_bytes_max)?;
        Some(content.len() as u64)
    }

    fn read(&self, _: &BString, side: &Side, bytes_max: u64) -> Option<Vec<u8>> {
        self.content(side.id()?, bytes_max)
    }
}

/// Returns the file of the mailmap in a tree.
pub(crate) fn mailmap(
    repo: &gix::Repository,
    tree: ObjectId,
    limits: &Limits,
) -> gix::mailmap::Snapshot {
    let entry = TreeWalk::new(repo, limits).entry(tree, b".mailmap");
    let content = match entry {
        Ok(Some((kind, id))) if is_plain(kind) => {
            crate::store::read_blob(&repo.objects, id, limits.attributes_bytes_max)
                .unwrap_or_default()
        }
        _ => Vec::new(),
    };
    gix::mailmap::Snapshot::from_bytes(&content)
}

/// Returns the name and the address of a person after the mailmap.
pub(crate) fn resolve(
    mailmap: &gix::mailmap::Snapshot,
    name: &BStr,
    email: &BStr,
) -> (BString, BString) {
    let signature = gix::actor::SignatureRef {
        name,
        email,
        time: "0 +0000",
    };
    let found = mailmap.resolve_cow(signature);
    (found.name.into_owned(), found.email.into_owned())
}
