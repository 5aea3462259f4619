//! Walks the folders of a tree on disk, in parallel, past what is ignored.
//!
//! No link is followed, nothing but folders and ignore files is opened, and
//! what cannot be read is told instead of left out in silence.

use std::collections::HashMap;
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

/// What the index knows of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tracked {
    File,
    Folder,
    Submodule,
}

/// The paths of the index, to tell tracked files from others.
pub(crate) struct TrackedPaths<'a>(HashMap<&'a [u8], Tracked>);

impl<'a> TrackedPaths<'a> {
    pub(crate) fn new(index: &'a gix::index::State) -> Self {
        let mut paths = HashMap::with_capacity(index.entries().len() * 5 / 4);
        for entry in index.entries() {
            let path: &[u8] = entry.path(index);
            let what = match kind_of_index_entry(entry.mode) {
                // A folder that a sparse index does not list: nothing of it is on disk.
                None => Tracked::Submodule,
                Some(FileKind::Submodule) => Tracked::Submodule,
                Some(_) => Tracked::File,
            };
            let path = path.strip_suffix(b"/").unwrap_or(path);
            paths.insert(path, what);
            let mut folder = path;
            while let Some(slash) = folder.iter().rposition(|&b| b == b'/') {
                folder = &folder[..slash];
                if paths.insert(folder, Tracked::Folder).is_some() {
                    break;
                }
            }
        }
        Self(paths)
    }

    fn get(&self, path: &[u8]) -> Option<Tracked> {
        self.0.get(path).copied()
    }
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
    /// Files of the index are not reported.
    pub(crate) tracked: Option<&'a TrackedPaths<'a>>,
    /// Names of ignore files, the least important first.
    pub(crate) ignore_files: &'a [&'a [u8]],
    /// Whether a folder with a `.git` in it is left alone.
    pub(crate) skip_repositories: bool,
    pub(crate) limits: &'a Limits,
    pub(crate) threads: usize,
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
        let reasons: std::collections::BTreeSet<_> = self
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
    /// Walks the folder (empty for the root) and everything below it.
    pub(crate) fn run(&self, folder: &[u8], ignores: Arc<Ignores>) -> Result<Walked, Error> {
        let first = Task {
            folder: folder.into(),
            depth: 0,
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
        let results: Vec<Result<Walked, Error>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..self.threads)
                .map(|_| scope.spawn(|| self.work(&queue)))
                .collect();
            let own = self.work(&queue);
            threads
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .chain([own])
                .collect()
        });
        let mut all = Walked::default();
        for walked in results {
            let walked = walked?;
            all.files.extend(walked.files);
            all.skipped.special.extend(walked.skipped.special);
            all.skipped.repositories.extend(walked.skipped.repositories);
            all.skipped.unreadable.extend(walked.skipped.unreadable);
        }
        all.files.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(all)
    }

    fn work(&self, queue: &Queue) -> Result<Walked, Error> {
        let mut walked = Walked::default();
        while let Some(task) = queue.take() {
            let mut busy = Busy {
                queue,
                found: Vec::new(),
            };
            let result = self.read_folder(&task, queue, &mut walked, &mut busy.found);
            drop(busy);
            if let Err(error) = result {
                queue.stop.store(true, Ordering::Relaxed);
                queue.wake.notify_all();
                return Err(error);
            }
        }
        Ok(walked)
    }

    fn read_folder(
        &self,
        task: &Task,
        queue: &Queue,
        walked: &mut Walked,
        found: &mut Vec<Task>,
    ) -> Result<(), Error> {
        let unreadable = |walked: &mut Walked, error: &std::io::Error| {
            let reason = error.kind().to_string();
            walked
                .skipped
                .unreadable
                .push((task.folder.clone(), reason));
        };
        let mut entries = Vec::new();
        match std::fs::read_dir(self.root.join(&task.folder)) {
            Err(error) => {
                unreadable(walked, &error);
                return Ok(());
            }
            Ok(listing) => {
                for entry in listing {
                    match entry {
                        Ok(entry) => entries.push((to_bytes(&entry.file_name()), entry)),
                        Err(error) => unreadable(walked, &error),
                    }
                }
            }
        }
        let seen = queue.seen.fetch_add(entries.len(), Ordering::Relaxed) + entries.len();
        self.check(
            "the number of files and folders",
            seen,
            self.limits.tree_entries_max,
            "tree_entries_max",
        )?;
        self.check(
            "the depth of the folders",
            task.depth,
            self.limits.depth_max,
            "depth_max",
        )?;
        let is_repository = entries.iter().any(|(name, _)| name == b".git");
        if is_repository && self.skip_repositories && !task.folder.is_empty() {
            walked.skipped.repositories.push(task.folder.clone());
            return Ok(());
        }
        let ignore_files: Vec<Vec<u8>> = self
            .ignore_files
            .iter()
            .filter(|name| entries.iter().any(|(other, _)| other == *name))
            .filter_map(|name| {
                let path = join(&task.folder, name);
                self.root
                    .read_file(&path, self.limits.attributes_bytes_max)
                    .ok()
            })
            .collect();
        let ignores = task.ignores.enter(&task.folder, &ignore_files);
        for (name, entry) in entries {
            if name == b".git" {
                continue;
            }
            let path = join(&task.folder, &name);
            self.check(
                "the length of a path",
                path.len(),
                self.limits.path_bytes_max,
                "path_bytes_max",
            )?;
            match entry.file_type() {
                Err(error) => unreadable(walked, &error),
                Ok(kind) => {
                    if let Some(folder) = self.look_at(path, kind, &entry, &ignores, walked) {
                        found.push(Task {
                            folder,
                            depth: task.depth + 1,
                            ignores: Arc::clone(&ignores),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Reports a file, or returns a folder that is to be entered.
    fn look_at(
        &self,
        path: BString,
        kind: std::fs::FileType,
        entry: &std::fs::DirEntry,
        ignores: &Ignores,
        walked: &mut Walked,
    ) -> Option<BString> {
        let tracked = self.tracked.and_then(|tracked| tracked.get(&path));
        if kind.is_dir() {
            // Tracked files of an ignored folder are known from the index.
            let enter = tracked != Some(Tracked::Submodule) && !ignores.is_ignored(&path, true);
            return enter.then_some(path);
        }
        if tracked == Some(Tracked::File) || ignores.is_ignored(&path, false) {
            return None;
        }
        if kind.is_symlink() {
            walked.files.push((path, FileKind::Symlink));
        } else if kind.is_file() {
            let executable = entry
                .metadata()
                .is_ok_and(|metadata| is_executable(&metadata));
            let kind = if executable {
                FileKind::Executable
            } else {
                FileKind::File
            };
            walked.files.push((path, kind));
        } else {
            walked.skipped.special.push(path);
        }
        None
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
