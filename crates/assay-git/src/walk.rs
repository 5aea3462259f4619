//! Walks the folders of a tree on disk, in parallel, past what is ignored.
//!
//! No link is followed, nothing but folders and ignore files is opened, and
//! what cannot be read is told instead of left out in silence.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::DirEntry;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use assay_source::FileKind;
use gix::bstr::{BStr, BString};
use gix::glob::pattern::Case;
use gix::ignore::Search;

use crate::disk::{Root, to_bytes, to_path};
use crate::error::Error;
use crate::input::Limits;
use crate::model::kind_of_index_entry;

/// Paths that a note names at most.
const NOTE_PATHS_MAX: usize = 10;

/// What the index knows of a path; files and submodules by their position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracked {
    File(usize),
    Folder,
    Submodule(usize),
}

/// The paths of the index, to tell tracked files from others.
pub(crate) struct TrackedPaths<'a> {
    paths: HashMap<&'a [u8], Tracked>,
    /// The same in lower case, where the file system does not tell case.
    folded: Option<HashSet<Vec<u8>>>,
}

impl<'a> TrackedPaths<'a> {
    pub(crate) fn new(index: &'a gix::index::State, ignore_case: bool) -> Self {
        let mut paths = HashMap::with_capacity(index.entries().len() * 5 / 4);
        for (position, entry) in index.entries().iter().enumerate() {
            let path: &[u8] = entry.path(index);
            let what = match kind_of_index_entry(entry.mode) {
                // A folder that a sparse index does not list is not on disk.
                None | Some(FileKind::Submodule) => Tracked::Submodule(position),
                Some(_) => Tracked::File(position),
            };
            let path = path.strip_suffix(b"/").unwrap_or(path);
            // The stages of a conflict are several entries; the first one stands for all.
            paths.entry(path).or_insert(what);
            let mut folder = path;
            while let Some(slash) = folder.iter().rposition(|&b| b == b'/') {
                folder = &folder[..slash];
                if paths.insert(folder, Tracked::Folder).is_some() {
                    break;
                }
            }
        }
        let fold = || paths.keys().map(|path| path.to_ascii_lowercase()).collect();
        let folded = ignore_case.then(fold);
        Self { paths, folded }
    }

    fn get(&self, path: &[u8]) -> Option<Tracked> {
        self.paths.get(path).copied()
    }

    /// Returns whether the path is that of a tracked file but for its case.
    fn is_known_by_other_case(&self, path: &[u8]) -> bool {
        let folded = self.folded.as_ref();
        folded.is_some_and(|folded| folded.contains(&path.to_ascii_lowercase()))
    }
}

/// Looks at the tracked files that a walk comes by; each thread has its own.
pub(crate) trait Visitor: Send {
    /// Looks at a tracked file, or the folder of a submodule.
    fn tracked(&mut self, position: usize, entry: &DirEntry);
}

/// The ignore files that apply in a folder: its own and those of the folders
/// around it.
pub(crate) struct Ignores {
    outer: Option<Arc<Ignores>>,
    search: Search,
    case: Case,
}

impl Ignores {
    /// Starts with ignore files outside the tree, the least important first.
    pub(crate) fn new(files: &[Vec<u8>], ignore_case: bool) -> Self {
        let mut search = Search::default();
        for content in files {
            add_patterns(&mut search, content, b"exclude");
        }
        Self {
            outer: None,
            search,
            case: if ignore_case {
                Case::Fold
            } else {
                Case::Sensitive
            },
        }
    }

    /// Adds the ignore files of a folder, the least important first.
    pub(crate) fn enter(self: &Arc<Self>, folder: &[u8], files: &[Vec<u8>]) -> Arc<Self> {
        if files.is_empty() {
            return Arc::clone(self);
        }
        let mut search = Search::default();
        let mut source = folder.to_vec();
        if !source.is_empty() {
            source.push(b'/');
        }
        source.extend_from_slice(b".gitignore");
        for content in files {
            add_patterns(&mut search, content, &source);
        }
        Arc::new(Self {
            outer: Some(Arc::clone(self)),
            search,
            case: self.case,
        })
    }

    fn is_ignored(&self, path: &[u8], is_dir: bool) -> bool {
        let mut at = Some(self);
        while let Some(ignores) = at {
            let found = ignores.search.pattern_matching_relative_path(
                BStr::new(path),
                Some(is_dir),
                ignores.case,
            );
            if let Some(found) = found {
                return !found.pattern.is_negative();
            }
            at = ignores.outer.as_deref();
        }
        false
    }
}

fn add_patterns(search: &mut Search, content: &[u8], source: &[u8]) {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let source = to_path(source);
    let parse = gix::ignore::search::Ignore::default();
    // A path that the system cannot express has no file with patterns either.
    let _ = search.add_patterns_buffer(content, source.into_owned(), Some(Path::new("")), parse);
}

/// What is walked and how.
pub(crate) struct Walk<'a> {
    pub(crate) root: &'a Root,
    /// Files of the index go to the visitor, wherever they are; others are
    /// reported unless they are ignored.
    pub(crate) tracked: Option<&'a TrackedPaths<'a>>,
    /// Names of ignore files, the least important first.
    pub(crate) ignore_files: &'a [&'a [u8]],
    /// Whether a folder with a `.git` in it is left alone.
    pub(crate) skip_repositories: bool,
    pub(crate) limits: &'a Limits,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Walked {
    /// Files and links, sorted by path.
    pub(crate) files: Vec<(BString, FileKind)>,
    pub(crate) skipped: Skipped,
}

/// What was left out, by reason.
#[derive(Default)]
pub(crate) struct Skipped {
    special: Vec<BString>,
    repositories: Vec<BString>,
    unreadable: Vec<(BString, String)>,
}

impl Skipped {
    /// Tells what was left out.
    pub(crate) fn notes(mut self) -> Vec<String> {
        self.special.sort();
        self.repositories.sort();
        self.unreadable.sort();
        let mut notes = Vec::new();
        let mut note = |what: &str, paths: &[BString]| {
            if !paths.is_empty() {
                notes.push(format!("{what}: {}", name_some(paths)));
            }
        };
        note(
            "not read, because they are no files (pipes, sockets, devices)",
            &self.special,
        );
        note(
            "not entered, because they are other repositories",
            &self.repositories,
        );
        let reasons: BTreeSet<_> = self
            .unreadable
            .iter()
            .map(|(_, reason)| reason.clone())
            .collect();
        for reason in reasons {
            let paths: Vec<_> = self
                .unreadable
                .iter()
                .filter(|(_, other)| *other == reason)
                .map(|(path, _)| path.clone())
                .collect();
            note(&format!("not readable ({reason})"), &paths);
        }
        notes
    }
}

/// Names the first few paths and counts the others.
pub(crate) fn name_some(paths: &[BString]) -> String {
    let mut text = paths
        .iter()
        .take(NOTE_PATHS_MAX)
        .map(|path| assay_source::RepoPath::from_bytes(path).to_display())
        .collect::<Vec<_>>()
        .join(", ");
    if paths.len() > NOTE_PATHS_MAX {
        text.push_str(&format!(" and {} more", paths.len() - NOTE_PATHS_MAX));
    }
    text
}

struct Task {
    folder: BString,
    depth: usize,
    /// The folder is ignored: only what is tracked counts.
    only_tracked: bool,
    ignores: Arc<Ignores>,
}

/// The folders still to be read, shared by all threads.
struct Queue {
    state: Mutex<QueueState>,
    wake: Condvar,
    seen: AtomicUsize,
    stop: AtomicBool,
}

struct QueueState {
    tasks: Vec<Task>,
    /// Folders that are being read and may add to the tasks.
    busy: usize,
}

impl Walk<'_> {
    /// Walks the folder (empty for the root) and everything below it, with one
    /// visitor for each thread.
    pub(crate) fn run<V: Visitor>(
        &self,
        folder: &[u8],
        ignores: Arc<Ignores>,
        visitors: Vec<V>,
    ) -> Result<(Walked, Vec<V>), Error> {
        let first = Task {
            folder: folder.into(),
            depth: 0,
            only_tracked: false,
            ignores,
        };
        let queue = Queue {
            state: Mutex::new(QueueState {
                tasks: vec![first],
                busy: 0,
            }),
            wake: Condvar::new(),
            seen: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        };
        let results: Vec<Result<(Walked, V), Error>> = std::thread::scope(|scope| {
            let mut visitors = visitors.into_iter();
            let own = visitors.next();
            let threads: Vec<_> = visitors
                .map(|visitor| {
                    let queue = &queue;
                    scope.spawn(move || self.work(queue, visitor))
                })
                .collect();
            let own = own.map(|visitor| self.work(&queue, visitor));
            let joined = threads.into_iter().map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            own.into_iter().chain(joined).collect()
        });
        let mut all = Walked::default();
        let mut visitors = Vec::new();
        for result in results {
            let (walked, visitor) = result?;
            all.files.extend(walked.files);
            all.skipped.special.extend(walked.skipped.special);
            all.skipped.repositories.extend(walked.skipped.repositories);
            all.skipped.unreadable.extend(walked.skipped.unreadable);
            visitors.push(visitor);
        }
        all.files.sort_by(|one, other| one.0.cmp(&other.0));
        Ok((all, visitors))
    }

    fn work<V: Visitor>(&self, queue: &Queue, visitor: V) -> Result<(Walked, V), Error> {
        let mut worker = Worker {
            walk: self,
            queue,
            walked: Walked::default(),
            visitor,
        };
        while let Some(task) = queue.take() {
            let mut busy = Busy {
                queue,
                found: Vec::new(),
            };
            let result = worker.read_folder(&task, &mut busy.found);
            drop(busy);
            if let Err(error) = result {
                queue.stop.store(true, Ordering::Relaxed);
                queue.wake.notify_all();
                return Err(error);
            }
        }
        Ok((worker.walked, worker.visitor))
    }

    fn check(
        &self,
        what: &str,
        found: usize,
        limit: usize,
        option: &'static str,
    ) -> Result<(), Error> {
        if found <= limit {
            return Ok(());
        }
        Err(Error::TooLarge {
            what: format!("{what} in {}", self.root.path().display()),
            found: found as u64,
            limit: limit as u64,
            option,
            mend: "add what is not yours to an ignore file, or raise the limit",
        })
    }
}

/// One thread of a walk.
struct Worker<'a, V> {
    walk: &'a Walk<'a>,
    queue: &'a Queue,
    walked: Walked,
    visitor: V,
}

impl<V: Visitor> Worker<'_, V> {
    fn unreadable(&mut self, folder: &BString, error: &std::io::Error) {
        let reason = error.kind().to_string();
        self.walked
            .skipped
            .unreadable
            .push((folder.clone(), reason));
    }

    fn read_folder(&mut self, task: &Task, found: &mut Vec<Task>) -> Result<(), Error> {
        let walk = self.walk;
        let limits = walk.limits;
        let mut entries = Vec::new();
        match std::fs::read_dir(walk.root.join(&task.folder)) {
            Err(error) => {
                self.unreadable(&task.folder, &error);
                return Ok(());
            }
            Ok(listing) => {
                for entry in listing {
                    match entry {
                        Ok(entry) => entries.push((to_bytes(&entry.file_name()), entry)),
                        Err(error) => self.unreadable(&task.folder, &error),
                    }
                }
            }
        }
        let seen = self.queue.seen.fetch_add(entries.len(), Ordering::Relaxed) + entries.len();
        walk.check(
            "the number of files and folders",
            seen,
            limits.tree_entries_max,
            "tree_entries_max",
        )?;
        walk.check(
            "the depth of the folders",
            task.depth,
            limits.depth_max,
            "depth_max",
        )?;
        let mut only_tracked = task.only_tracked;
        if walk.skip_repositories
            && !task.folder.is_empty()
            && entries.iter().any(|(name, _)| name == b".git")
        {
            self.walked.skipped.repositories.push(task.folder.clone());
            let tracked = walk.tracked.and_then(|tracked| tracked.get(&task.folder));
            if tracked != Some(Tracked::Folder) {
                return Ok(());
            }
            only_tracked = true;
        }
        let ignores = self.enter(task, &entries);
        for (name, entry) in entries {
            if name == b".git" {
                continue;
            }
            let path = join(&task.folder, &name);
            walk.check(
                "the length of a path",
                path.len(),
                limits.path_bytes_max,
                "path_bytes_max",
            )?;
            let task = Task {
                folder: path,
                depth: task.depth + 1,
                only_tracked,
                ignores: Arc::clone(&ignores),
            };
            found.extend(self.look_at(task, &entry));
        }
        Ok(())
    }

    /// Reads the ignore files of a folder.
    fn enter(&self, task: &Task, entries: &[(Vec<u8>, DirEntry)]) -> Arc<Ignores> {
        let walk = self.walk;
        let files: Vec<Vec<u8>> = walk
            .ignore_files
            .iter()
            .filter(|name| !task.only_tracked && entries.iter().any(|(other, _)| other == *name))
            .filter_map(|name| {
                let path = join(&task.folder, name);
                walk.root
                    .read_file(&path, walk.limits.attributes_bytes_max)
                    .ok()
            })
            .collect();
        task.ignores.enter(&task.folder, &files)
    }

    /// Reports a file, or gives the task back when it is a folder to be entered.
    fn look_at(&mut self, task: Task, entry: &DirEntry) -> Option<Task> {
        let path = &task.folder;
        let tracked = self.walk.tracked.and_then(|tracked| tracked.get(path));
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => {
                self.unreadable(path, &error);
                return None;
            }
        };
        let is_ignored = || task.only_tracked || task.ignores.is_ignored(path, kind.is_dir());
        match tracked {
            Some(Tracked::File(position)) if !kind.is_dir() => {
                self.visitor.tracked(position, entry);
                // Something special in its place is told of besides.
                if kind.is_file() || kind.is_symlink() {
                    return None;
                }
            }
            Some(Tracked::Submodule(position)) => {
                self.visitor.tracked(position, entry);
                return None;
            }
            Some(Tracked::Folder) if kind.is_dir() => {
                let only_tracked = is_ignored();
                return Some(Task {
                    only_tracked,
                    ..task
                });
            }
            _ if is_ignored() => return None,
            _ if kind.is_dir() => return Some(task),
            _ => {}
        }
        self.report(task.folder, kind, entry);
        None
    }

    fn report(&mut self, path: BString, kind: std::fs::FileType, entry: &DirEntry) {
        if kind.is_symlink() {
            self.walked.files.push((path, FileKind::Symlink));
        } else if !kind.is_file() {
            self.walked.skipped.special.push(path);
        } else if !self
            .walk
            .tracked
            .is_some_and(|tracked| tracked.is_known_by_other_case(&path))
        {
            let executable = entry
                .metadata()
                .is_ok_and(|metadata| is_executable(&metadata));
            let kind = if executable {
                FileKind::Executable
            } else {
                FileKind::File
            };
            self.walked.files.push((path, kind));
        }
    }
}

impl Queue {
    /// Takes a folder, waiting while others may still find some.
    fn take(&self) -> Option<Task> {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(task) = state.tasks.pop() {
                state.busy += 1;
                return Some(task);
            }
            if state.busy == 0 {
                self.wake.notify_all();
                return None;
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn give_back(&self, tasks: Vec<Task>) {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let added = tasks.len();
        state.tasks.extend(tasks);
        state.busy -= 1;
        if added > 1 || state.busy == 0 {
            self.wake.notify_all();
        }
    }
}

/// Gives the folders found back to the queue when one is done with, also when
/// reading it panics: the other threads wait for it.
struct Busy<'a> {
    queue: &'a Queue,
    found: Vec<Task>,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.queue.give_back(std::mem::take(&mut self.found));
    }
}

/// Returns the path of a name in a folder.
pub(crate) fn join(folder: &[u8], name: &[u8]) -> BString {
    let mut path = Vec::with_capacity(folder.len() + 1 + name.len());
    path.extend_from_slice(folder);
    if !folder.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path.into()
}

/// Returns whether the file may be executed by its owner.
#[cfg(unix)]
pub(crate) fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

/// Returns whether the file may be executed by its owner.
#[cfg(not(unix))]
pub(crate) fn is_executable(_metadata: &std::fs::Metadata) -> bool {
    false
}
