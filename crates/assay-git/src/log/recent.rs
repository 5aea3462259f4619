//! Which files the newest commits touched, for what usually changes together.
//!
//! Only trees are compared, and only the newest commits are looked at: the same ones
//! whatever is kept of earlier reviews, so that a report does not depend on it.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::Path;

use assay_source::{History, RepoPath};
use gix::hash::ObjectId;
use gix::objs::FindExt;

use super::cache::{self, Cache, Kind};
use super::facts::Segment;
use super::{HistoryOptions, HistoryRead, Whole, commit_of, read};
use crate::error::Error;
use crate::repo::Repo;

/// The newest commits that are looked at.
const COMMITS_MAX: usize = 1_500;

pub(crate) fn read(cwd: &Path, spec: &str, options: &HistoryOptions) -> Result<HistoryRead, Error> {
    let repo = Repo::require(cwd, &options.options)?;
    let (head, _) = commit_of(&repo, spec)?;
    let cache = options
        .cache
        .as_deref()
        .map(|folder| Cache::open(folder, repo.inner.common_dir(), Kind::Names));
    let kept = cache
        .as_ref()
        .map_or_else(Vec::new, |cache| cache.read(repo.inner.object_hash()));
    let found = newest(&repo, head, &kept);
    let request = read::Request {
        limits: &options.options.limits,
        threads: options.options.thread_count(),
        first_parent: false,
        names_only: true,
    };
    let shared = repo.inner.clone().into_sync();
    // A commit that cannot be read says nothing.
    let (read, failed) = read::read(&shared, &found.new, &request);
    if let Some(cache) = &cache {
        let fresh = cache::merge(&read, |_| true);
        cache.write(&fresh, || {
            cache::merge(kept.iter().chain(&read), |id| found.all.contains(id))
        });
    }
    // What is kept of other branches, and of older commits, does not count.
    let segments = [cache::merge(kept.iter().chain(&read), |id| {
        found.all.contains(id)
    })];
    let whole = Whole::new(&segments, head);
    let (people, authors) = whole.people(&gix::mailmap::Snapshot::default());
    let commits = whole.commits(&authors, whole.paths.len());
    let read = found.new.len() - failed.len();
    Ok(HistoryRead {
        read,
        cached: commits.len().saturating_sub(read),
        root: repo.work_tree.clone(),
        history: History {
            head: head.to_string(),
            people,
            commits,
            paths: whole
                .paths
                .iter()
                .map(|path| RepoPath::from_bytes(path.as_slice()))
                .collect(),
            files: Vec::new(),
            notes: Vec::new(),
        },
    })
}

/// The newest commits.
struct Newest {
    all: HashSet<ObjectId>,
    /// Those that the cache does not hold.
    new: Vec<ObjectId>,
}

/// Finds the newest commits that lead to the head, by their dates.
fn newest(repo: &Repo, head: ObjectId, kept: &[Segment]) -> Newest {
    let known: HashMap<ObjectId, (&[ObjectId], i64)> = kept
        .iter()
        .flat_map(|segment| &segment.commits)
        .map(|commit| (commit.id, (commit.parents.as_slice(), commit.seconds)))
        .collect();
    let mut buffer = Vec::new();
    // Where the clone ends there is none to be found.
    let mut look = |id: ObjectId| -> Option<(Vec<ObjectId>, i64)> {
        if let Some((parents, seconds)) = known.get(&id) {
            return Some((parents.to_vec(), *seconds));
        }
        let commit = repo.inner.objects.find_commit(&id, &mut buffer).ok()?;
        let seconds = commit.author().ok()?.seconds();
        Some((commit.parents().collect(), seconds))
    };
    let mut found = Newest {
        all: HashSet::new(),
        new: Vec::new(),
    };
    let mut seen = HashSet::from([head]);
    let mut ready: BinaryHeap<(i64, ObjectId)> = BinaryHeap::from([(i64::MAX, head)]);
    let mut parents_of: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    parents_of.extend(look(head).map(|(parents, _)| (head, parents)));
    while let Some((_, id)) = ready.pop() {
        let Some(parents) = parents_of.remove(&id) else {
            continue;
        };
        if found.all.len() >= COMMITS_MAX {
            break;
        }
        let is_new = !known.contains_key(&id);
        let mut is_whole = true;
        for &parent in &parents {
            if !seen.insert(parent) {
                continue;
            }
            match look(parent) {
                Some((parents, seconds)) => {
                    parents_of.insert(parent, parents);
                    ready.push((seconds, parent));
                }
                None => is_whole = false,
            }
        }
        // Without its parent nothing tells what a commit did.
        if is_whole {
            found.all.insert(id);
            if is_new {
                found.new.push(id);
            }
        }
    }
    found
}
