//! The history of a repository: what each commit did, and whose line each line
//! of the head is. Only commits that the cache does not hold are read.

mod cache;
mod facts;
mod lines;
mod read;
mod recent;
mod replay;

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use assay_source::{FileLines, History, PastCommit, Person, RepoPath, Touch};
use gix::bstr::{BString, ByteSlice};
use gix::hash::ObjectId;

use self::cache::{Cache, Kind};
use self::facts::{CommitFacts, FileFacts, Segment, What};
use self::replay::{Step, StepFile};
use crate::error::Error;
use crate::input::Options;
use crate::model::is_plain;
use crate::open::panic_text;
use crate::repo::Repo;
use crate::revision::{self, short};
use crate::tree::TreeWalk;

/// How a history is read.
#[derive(Clone, Debug, Default)]
pub struct HistoryOptions {
    /// The folder in which facts about commits are kept; none to keep nothing.
    pub cache: Option<PathBuf>,
    /// Whether a merge counts as one commit that did all that its branch did.
    pub first_parent: bool,
    /// Limits, threads and what of the user's configuration counts.
    pub options: Options,
}

/// A history and what it took to read it.
#[derive(Clone, Debug)]
pub struct HistoryRead {
    /// The history.
    pub history: History,
    /// Commits that were read from the repository now.
    pub read: usize,
    /// Commits whose facts the cache held.
    pub cached: usize,
    /// The top folder of the working tree.
    pub root: Option<PathBuf>,
}

/// Reads the history that leads to a revision; `cwd` is where the user stands.
///
/// # Errors
///
/// [`Error::NotARepository`], [`Error::Revision`], or that the repository is
/// damaged at the head. A commit further back that cannot be read is a note.
pub fn read_history(
    cwd: &Path,
    revision: &str,
    options: &HistoryOptions,
) -> Result<HistoryRead, Error> {
    guarded(|| read_inner(cwd, revision, options))
}

/// Reads which files the newest commits touched; much faster than the history, since
/// no file is compared. The history that comes back owns no lines.
///
/// # Errors
///
/// As [`read_history`].
pub fn read_recent(
    cwd: &Path,
    revision: &str,
    options: &HistoryOptions,
) -> Result<HistoryRead, Error> {
    guarded(|| recent::read(cwd, revision, options))
}

fn guarded(read: impl FnOnce() -> Result<HistoryRead, Error>) -> Result<HistoryRead, Error> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let what = panic_text(panic.as_ref());
        Err(Error::Internal { what })
    })
}

/// Returns the commit that a revision names, and its tree.
fn commit_of(repo: &Repo, spec: &str) -> Result<(ObjectId, ObjectId), Error> {
    let found = revision::resolve(repo, spec)?;
    let commit = found.commit.ok_or_else(|| Error::Revision {
        spec: spec.to_owned(),
        problem: "it names a tree, and a history needs a commit".to_owned(),
        suggestion: None,
    })?;
    Ok((commit, found.tree))
}

/// Returns the address under which the user commits; none without a repository or
/// a name for it.
pub fn user_email(cwd: &Path, options: &Options) -> Option<String> {
    let repo = Repo::discover(cwd, options).ok()??;
    repo.string("user.email").map(|email| email.to_string())
}

/// Returns the name of the branch that is checked out; none without a repository,
/// and when no branch is.
pub fn branch_name(cwd: &Path, options: &Options) -> Option<String> {
    let repo = Repo::discover(cwd, options).ok()??;
    let name = repo.inner.head_name().ok()??;
    Some(name.shorten().to_string())
}

fn read_inner(cwd: &Path, spec: &str, options: &HistoryOptions) -> Result<HistoryRead, Error> {
    let repo = Repo::require(cwd, &options.options)?;
    let (head, tree) = commit_of(&repo, spec)?;
    let kind = match options.first_parent {
        true => Kind::FirstParent,
        false => Kind::Whole,
    };
    let cache = options
        .cache
        .as_deref()
        .map(|folder| Cache::open(folder, repo.inner.common_dir(), kind));
    let kept = cache
        .as_ref()
        .map_or_else(Vec::new, |cache| cache.read(repo.inner.object_hash()));
    let mut walk = Walk::new(&repo, options, &kept);
    walk.run(head)?;
    let Walk {
        new,
        mut notes,
        is_cut,
        ..
    } = walk;
    let threads = options.options.thread_count();
    let shared = repo.inner.clone().into_sync();
    let reading = read::Request {
        limits: &options.options.limits,
        threads,
        first_parent: options.first_parent,
        names_only: false,
    };
    let (read, failed) = read::read(&shared, &new, &reading);
    if let Some((id, error)) = failed.first() {
        notes.push(format!(
            "{} commits could not be read, and what they did is not known; the first is {}: {error}",
            failed.len(),
            short(*id)
        ));
    }
    if is_cut {
        notes.push(
            "the clone is shallow: what is older is not known; `git fetch --unshallow` fetches it"
                .to_owned(),
        );
    }
    if let Some(cache) = &cache {
        let fresh = cache::merge(&read, |_| true);
        cache.write(&fresh, || cache::merge(kept.iter().chain(&read), |_| true));
    }
    let counts = (new.len() - failed.len(), 0);
    let segments: Vec<Segment> = kept.into_iter().chain(read).collect();
    let whole = Whole::new(&segments, head);
    let cached = whole.order.len() - counts.0.min(whole.order.len());
    let mut history = whole.history(&repo, tree, options)?;
    history.head = head.to_string();
    history.notes = notes;
    Ok(HistoryRead {
        history,
        read: counts.0,
        cached,
        root: repo.work_tree.clone(),
    })
}

/// Finds the commits that lead to the head and are not in the cache.
struct Walk<'a> {
    repo: &'a Repo,
    options: &'a HistoryOptions,
    kept: HashMap<ObjectId, &'a [ObjectId]>,
    new: Vec<ObjectId>,
    notes: Vec<String>,
    is_cut: bool,
}

impl<'a> Walk<'a> {
    fn new(repo: &'a Repo, options: &'a HistoryOptions, kept: &'a [Segment]) -> Self {
        let commits = kept.iter().flat_map(|segment| &segment.commits);
        Self {
            repo,
            options,
            kept: commits
                .map(|commit| (commit.id, commit.parents.as_slice()))
                .collect(),
            new: Vec::new(),
            notes: Vec::new(),
            is_cut: false,
        }
    }

    fn run(&mut self, head: ObjectId) -> Result<(), Error> {
        let commits_max = self.options.options.limits.log_commits_max;
        let is_shallow = self.repo.is_shallow();
        let mut seen = HashSet::from([head]);
        // Last in, first out: along the first parents, where neighbours are alike.
        let mut stack = vec![head];
        while let Some(id) = stack.pop() {
            if seen.len() > commits_max {
                self.notes.push(format!(
                    "only {commits_max} commits were read (`log_commits_max`); what is older is not known"
                ));
                break;
            }
            let mut push = |parents: &[ObjectId]| {
                for &parent in parents.iter().rev() {
                    if seen.insert(parent) {
                        stack.push(parent);
                    }
                }
            };
            if let Some(parents) = self.kept.get(&id) {
                push(parents);
                continue;
            }
            let mut parents = match self.repo.parents(id) {
                Ok(parents) => parents,
                Err(error) if id == head => return Err(error),
                // It is among those that cannot be read.
                Err(_) => Vec::new(),
            };
            if self.options.first_parent {
                parents.truncate(1);
            }
            // Where the clone ends nothing tells what a commit did.
            if is_shallow
                && parents
                    .iter()
                    .any(|&parent| !self.repo.inner.has_object(parent))
            {
                self.is_cut = true;
                continue;
            }
            push(&parents);
            self.new.push(id);
        }
        Ok(())
    }
}

/// All facts, with one table of paths and authors, in an order in which no commit
/// is before its children.
struct Whole<'a> {
    segments: &'a [Segment],
    paths: Vec<&'a BString>,
    path_of: Vec<Vec<u32>>,
    order: Vec<Member<'a>>,
    place: HashMap<ObjectId, u32>,
}

#[derive(Clone, Copy)]
struct Member<'a> {
    segment: usize,
    facts: &'a CommitFacts,
}

impl<'a> Whole<'a> {
    fn new(segments: &'a [Segment], head: ObjectId) -> Self {
        let mut members: HashMap<ObjectId, Member<'a>> = HashMap::new();
        for (segment, facts) in segments
            .iter()
            .enumerate()
            .flat_map(|(at, segment)| segment.commits.iter().map(move |facts| (at, facts)))
        {
            members.insert(facts.id, Member { segment, facts });
        }
        let order = in_order(&members, head);
        let (paths, path_of) = number_paths(segments, &order);
        let place = order
            .iter()
            .enumerate()
            .map(|(at, member)| (member.facts.id, at as u32))
            .collect();
        Self {
            segments,
            paths,
            path_of,
            order,
            place,
        }
    }

    fn history(
        &self,
        repo: &Repo,
        tree: ObjectId,
        options: &HistoryOptions,
    ) -> Result<History, Error> {
        let limits = &options.options.limits;
        let listed = TreeWalk::new(&repo.inner, limits).list(tree)?;
        let mailmap = read::mailmap(&repo.inner, tree, limits);
        let mut paths = self.paths.clone();
        let mut known: HashMap<&BString, u32> = paths
            .iter()
            .enumerate()
            .map(|(at, path)| (*path, at as u32))
            .collect();
        let mut files = Vec::new();
        for (path, kind, _) in &listed {
            if is_plain(*kind) {
                files.push(*known.entry(path).or_insert_with(|| {
                    paths.push(path);
                    paths.len() as u32 - 1
                }));
            }
        }
        let owned = match self.order.is_empty() {
            true => vec![Vec::new(); files.len()],
            false => replay::owners(&self.steps(), 0, &files),
        };
        let (people, authors) = self.people(&mailmap);
        Ok(History {
            head: String::new(),
            people,
            commits: self.commits(&authors, paths.len()),
            files: files
                .into_iter()
                .zip(owned)
                .map(|(path, lines)| FileLines { path, lines })
                .collect(),
            paths: paths
                .into_iter()
                .map(|path| RepoPath::from_bytes(path.as_slice()))
                .collect(),
            notes: Vec::new(),
        })
    }

    fn steps(&self) -> Vec<Step<'a>> {
        let step = |member: &Member<'a>| {
            let path_of = &self.path_of[member.segment];
            let file = |file: &'a FileFacts| StepFile {
                path: path_of[file.path as usize],
                from: match file.what {
                    What::Changed { from, .. } | What::Replaced { from } => path_of[from as usize],
                    _ => path_of[file.path as usize],
                },
                lines: file.lines,
                what: &file.what,
            };
            Step {
                parents: member
                    .facts
                    .parents
                    .iter()
                    .map(|parent| self.place.get(parent).copied())
                    .collect(),
                files: member.facts.files.iter().map(file).collect(),
            }
        };
        self.order.iter().map(step).collect()
    }

    /// Returns the people, and for each segment which of its authors is who.
    fn people(&self, mailmap: &gix::mailmap::Snapshot) -> (Vec<Person>, Vec<Vec<u32>>) {
        let mut people: Vec<Person> = Vec::new();
        let mut by_address: HashMap<String, u32> = HashMap::new();
        let mut authors: Vec<Vec<u32>> = self
            .segments
            .iter()
            .map(|segment| vec![u32::MAX; segment.authors.len()])
            .collect();
        // Newest first: the name that somebody goes by now.
        for member in &self.order {
            let author = member.facts.author as usize;
            if authors[member.segment][author] != u32::MAX {
                continue;
            }
            let (name, email) = &self.segments[member.segment].authors[author];
            let (name, email) = read::resolve(mailmap, name.as_bstr(), email.as_bstr());
            let (name, email) = (name.to_string(), email.to_string().to_lowercase());
            let key = if email.is_empty() {
                name.clone()
            } else {
                email.clone()
            };
            let person = *by_address.entry(key).or_insert_with(|| {
                people.push(Person { name, email });
                people.len() as u32 - 1
            });
            authors[member.segment][author] = person;
        }
        (people, authors)
    }

    fn commits(&self, authors: &[Vec<u32>], paths: usize) -> Vec<PastCommit> {
        // What a path of an older commit is called in the head.
        let mut name: Vec<u32> = (0..paths as u32).collect();
        let commit = |member: &Member<'a>| {
            let path_of = &self.path_of[member.segment];
            let is_merge = member.facts.parents.len() > 1;
            let mut touches = Vec::new();
            for file in member.facts.files.iter().filter(|_| !is_merge) {
                let path = path_of[file.path as usize];
                let (added, removed) = churn(file);
                touches.push(Touch {
                    path: name[path as usize],
                    added,
                    removed,
                });
                if let What::Changed { from, .. } | What::Replaced { from } = file.what {
                    name[path_of[from as usize] as usize] = name[path as usize];
                }
            }
            PastCommit {
                id: member.facts.id.to_string(),
                author: authors[member.segment][member.facts.author as usize],
                seconds: member.facts.seconds,
                is_merge,
                touches,
            }
        };
        self.order.iter().map(commit).collect()
    }
}

/// Numbers the paths in the order in which the commits name them, so that the
/// numbers do not depend on what was read when. Returns them, and for each
/// segment the numbers of its own paths.
fn number_paths<'a>(
    segments: &'a [Segment],
    order: &[Member<'a>],
) -> (Vec<&'a BString>, Vec<Vec<u32>>) {
    let mut table: HashMap<&BString, u32> = HashMap::new();
    let mut paths = Vec::new();
    let mut path_of: Vec<Vec<u32>> = segments
        .iter()
        .map(|segment| vec![u32::MAX; segment.paths.len()])
        .collect();
    let mut number = |segment: usize, own: u32| {
        let known = &mut path_of[segment][own as usize];
        if *known == u32::MAX {
            let path = &segments[segment].paths[own as usize];
            *known = *table.entry(path).or_insert_with(|| {
                paths.push(path);
                paths.len() as u32 - 1
            });
        }
    };
    for member in order {
        for file in &member.facts.files {
            number(member.segment, file.path);
            if let What::Changed { from, .. } | What::Replaced { from } = file.what {
                number(member.segment, from);
            }
        }
    }
    (paths, path_of)
}

/// Returns the lines that a commit added to a file and removed from it.
fn churn(file: &FileFacts) -> (u32, u32) {
    match &file.what {
        What::Added => (file.lines.unwrap_or(0), 0),
        What::Deleted { lines } => (0, *lines),
        What::Changed { hunks, .. } => hunks.iter().fold((0, 0), |(added, removed), hunk| {
            (added + hunk.head.count, removed + hunk.base.count)
        }),
        What::Replaced { .. } | What::As { .. } | What::Merged { .. } => (0, 0),
    }
}

/// Sorts the commits that lead to the head: the newest that has no child left.
fn in_order<'a>(members: &HashMap<ObjectId, Member<'a>>, head: ObjectId) -> Vec<Member<'a>> {
    let mut children: HashMap<ObjectId, u32> = HashMap::new();
    let mut stack = vec![head];
    let mut seen = HashSet::from([head]);
    while let Some(id) = stack.pop() {
        let Some(member) = members.get(&id) else {
            continue;
        };
        for &parent in &member.facts.parents {
            *children.entry(parent).or_default() += 1;
            if seen.insert(parent) {
                stack.push(parent);
            }
        }
    }
    let mut ready: BinaryHeap<(i64, ObjectId)> = BinaryHeap::new();
    ready.extend(
        members
            .get(&head)
            .map(|member| (member.facts.seconds, head)),
    );
    let mut order = Vec::with_capacity(seen.len());
    while let Some((_, id)) = ready.pop() {
        let Some(&member) = members.get(&id) else {
            continue;
        };
        order.push(member);
        for &parent in &member.facts.parents {
            let Some(left) = children.get_mut(&parent) else {
                continue;
            };
            *left -= 1;
            if *left == 0
                && let Some(member) = members.get(&parent)
            {
                ready.push((member.facts.seconds, parent));
            }
        }
    }
    order
}
