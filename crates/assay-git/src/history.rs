//! The versions of files that only the commits of a range hold: a secret that
//! one commit added and the next removed is in neither the base nor the head,
//! and everybody who has the repository has it.

use std::collections::HashSet;

use assay_source::{FileVersion, PastVersion, RepoPath};
use gix::hash::ObjectId;

use crate::error::Error;
use crate::input::Limits;
use crate::model::{Side, is_plain, object_content};
use crate::repo::Repo;
use crate::revision::short;
use crate::tree::TreeWalk;

/// What is reviewed besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reviewed {
    /// The head commit's own files.
    Head,
    /// Something else, such as the working tree on top of it.
    Otherwise,
}

/// Lists the versions that the commits from `base` (not included) to `head`
/// added and that the head does not hold, oldest commit last. A clone that
/// lacks a commit, and a limit that is hit, are notes.
pub(crate) fn past_versions(
    repo: &Repo,
    base: Option<ObjectId>,
    head: Option<ObjectId>,
    reviewed: Reviewed,
    limits: &Limits,
    notes: &mut Vec<String>,
) -> Vec<PastVersion> {
    let Some(head) = head.filter(|head| Some(*head) != base) else {
        return Vec::new();
    };
    let mut walk = History {
        repo,
        limits,
        seen: HashSet::new(),
        versions: Vec::new(),
    };
    match walk.run(base, head, reviewed) {
        Ok(None) => {}
        Ok(Some(note)) => notes.push(note),
        Err(error) => notes.push(format!(
            "the commits in between were not all searched for secrets: {error}"
        )),
    }
    walk.versions
}

struct History<'a> {
    repo: &'a Repo,
    limits: &'a Limits,
    /// Contents that were listed, and those of the head.
    seen: HashSet<(Vec<u8>, ObjectId)>,
    versions: Vec<PastVersion>,
}

impl History<'_> {
    fn run(
        &mut self,
        base: Option<ObjectId>,
        head: ObjectId,
        reviewed: Reviewed,
    ) -> Result<Option<String>, Error> {
        let damaged = |error: gix::Error| Error::object(format!("history of {head}"), error);
        if reviewed == Reviewed::Head {
            // What the head holds is reviewed as it is; the commits that made
            // it so need not be looked at again.
            let base_tree = match base {
                Some(base) => self.repo.commit_tree(base)?,
                None => self.repo.empty_tree(),
            };
            let head_tree = self.repo.commit_tree(head)?;
            let deltas = TreeWalk::new(&self.repo.inner, self.limits).diff(base_tree, head_tree)?;
            for delta in deltas {
                if let Some(id) = delta.head.as_ref().and_then(Side::id) {
                    self.seen.insert((delta.path.to_vec(), id));
                }
            }
        }
        let commits = self
            .repo
            .inner
            .rev_walk([head])
            .with_hidden(base)
            .all()
            .map_err(|error| damaged(gix::Error::from_error(error)))?;
        for (count, commit) in commits.enumerate() {
            if count >= self.limits.history_commits_max {
                return Ok(Some(format!(
                    "only the newest {count} commits of the range were searched for secrets that were removed again"
                )));
            }
            let commit = commit.map_err(|error| damaged(gix::Error::from_error(error)))?;
            self.commit(commit.id)?;
            if self.versions.len() >= self.limits.history_versions_max {
                return Ok(Some(format!(
                    "only the newest {} versions of files in the range were searched for secrets that were removed again",
                    self.versions.len()
                )));
            }
        }
        Ok(None)
    }

    /// Lists what one commit added; a merge adds what no parent had first.
    fn commit(&mut self, commit: ObjectId) -> Result<(), Error> {
        let tree = self.repo.commit_tree(commit)?;
        let parents = self.repo.parents(commit)?;
        if parents.len() > 1 {
            return Ok(());
        }
        let parent = match parents.first() {
            Some(&parent) if !self.repo.inner.has_object(parent) => return Ok(()),
            Some(&parent) => self.repo.commit_tree(parent)?,
            None => self.repo.empty_tree(),
        };
        for delta in TreeWalk::new(&self.repo.inner, self.limits).diff(parent, tree)? {
            let Some(side) = delta.head.as_ref().filter(|side| is_plain(side.kind)) else {
                continue;
            };
            let Some(id) = side.id() else { continue };
            if !self.seen.insert((delta.path.to_vec(), id)) {
                continue;
            }
            let path = RepoPath::from_bytes(delta.path.as_slice());
            let version = |side: &Side| FileVersion {
                path: path.clone(),
                kind: side.kind,
                content: side.id().map_or_else(|| side.content(), object_content),
            };
            self.versions.push(PastVersion {
                commit: short(commit),
                base: delta
                    .base
                    .as_ref()
                    .filter(|side| is_plain(side.kind))
                    .map(version),
                version: version(side),
            });
        }
        Ok(())
    }
}
