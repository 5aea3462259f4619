//! The graphs of both sides of a change: they share what is known of the files
//! that did not change, and only files of the languages in question are looked at.
//!
//! Of many files only those are looked at that say one of the names: a file that
//! never says a name does not use what goes by it. Which they are does not depend on
//! what is kept from before, so that neither does what is found: what is kept only
//! need not be parsed again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use assay_source::{BlobKey, FileTree, FileVersion, ReadError, RepoPath};
use assay_syntax::Trees;
use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use crate::extract::plan::Family;
use crate::facts::Facts;
use crate::graph::{Graph, SourceFile};
use crate::load::{
    FactStore, LoadLimits, Read, family_of_file, kept, key_by_id, read_bytes, read_file,
    read_manifests,
};

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub struct PairLimits {
    /// The limits of a single file and of the number of files.
    pub load: LoadLimits,
    /// Of more files only those that say a name are looked at.
    pub whole_max: usize,
    /// More files are not even searched for the names: those that lie farthest from
    /// what changed.
    pub searched_max: usize,
}

impl Default for PairLimits {
    fn default() -> Self {
        Self {
            load: LoadLimits::default(),
            whole_max: 150,
            searched_max: 2_000,
        }
    }
}

/// The graphs of both sides of a change.
pub struct Pair {
    /// The side before the change.
    pub base: Graph,
    /// The side after it.
    pub head: Graph,
    /// Whether files that do not say one of the names were left out.
    pub is_narrow: bool,
    /// Files that nothing is known of: over the limits.
    pub left: usize,
}

/// A side of a file that changed; none where it is not there.
pub(crate) type ChangedFile<'a> = (Option<&'a FileVersion>, Option<&'a FileVersion>);

/// What was read of one file.
struct Known {
    file: usize,
    facts: Arc<Facts>,
}

/// Reads both sides of a change, as far as they are in families of languages that
/// the changed files are in. Texts that were parsed already are not parsed again.
///
/// # Errors
///
/// [`ReadError`] when the tree cannot be listed.
pub fn load_pair(
    tree: &dyn FileTree,
    changed: &[ChangedFile<'_>],
    names: &[&str],
    store: &dyn FactStore,
    (limits, trees): (&PairLimits, &Trees),
) -> Result<Pair, ReadError> {
    let files = tree.list()?;
    let versions = changed
        .iter()
        .flat_map(|(base, head)| base.iter().chain(head));
    let families: HashSet<Family> = versions.filter_map(|file| family_of_file(file)).collect();
    let is_meant =
        |file: &&FileVersion| family_of_file(file).is_some_and(|family| families.contains(&family));
    let wanted: Vec<&FileVersion> = files
        .iter()
        .filter(is_meant)
        .take(limits.load.files_max)
        .collect();
    let mut reading = Reading {
        tree,
        store,
        limits,
        trees,
        fresh: Vec::new(),
        left: 0,
    };
    let heads: HashSet<&RepoPath> = changed
        .iter()
        .filter_map(|(_, head)| Some(&head.as_ref()?.path))
        .collect();
    let (known, is_narrow) = reading.read(&wanted, &heads, names);
    let bases: Vec<&FileVersion> = changed
        .iter()
        .filter_map(|(base, _)| *base)
        .filter(is_meant)
        .collect();
    let old = reading.read_all(&bases);
    reading.keep(&files);
    let source = |version: &FileVersion, facts: &Arc<Facts>| SourceFile {
        path: version.path.clone(),
        facts: Arc::clone(facts),
    };
    let head: Vec<SourceFile> = known
        .iter()
        .map(|one| source(wanted[one.file], &one.facts))
        .collect();
    let mut base: HashMap<&RepoPath, SourceFile> = known
        .iter()
        .map(|one| (&wanted[one.file].path, source(wanted[one.file], &one.facts)))
        .filter(|(path, _)| !heads.contains(path))
        .collect();
    for one in &old {
        base.insert(&bases[one.file].path, source(bases[one.file], &one.facts));
    }
    let manifests = read_manifests(tree, &files);
    let base: Vec<SourceFile> = base.into_values().collect();
    let (base, head) = rayon::join(
        || Graph::new(base, &manifests),
        || Graph::new(head, &manifests),
    );
    Ok(Pair {
        base,
        head,
        is_narrow,
        left: reading.left,
    })
}

/// Returns how much of a path the nearest changed file shares.
fn nearness(path: &RepoPath, changed: &HashSet<&RepoPath>) -> usize {
    /// Of a larger change so many files are compared.
    const COMPARED_MAX: usize = 64;
    if changed.contains(path) {
        return usize::MAX;
    }
    let shared = |other: &&RepoPath| {
        let both = path.as_bytes().iter().zip(other.as_bytes());
        both.take_while(|(one, other)| one == other).count()
    };
    let mut nearest: Vec<&&RepoPath> = changed.iter().collect();
    nearest.sort_unstable();
    nearest.truncate(COMPARED_MAX);
    nearest.into_iter().map(shared).max().unwrap_or(0)
}

struct Reading<'a> {
    tree: &'a dyn FileTree,
    store: &'a dyn FactStore,
    limits: &'a PairLimits,
    trees: &'a Trees,
    fresh: Vec<(BlobKey, Vec<u8>)>,
    left: usize,
}

impl Reading<'_> {
    /// Reads the files of the head; when there are many, only changed files and
    /// those that say a name.
    fn read(
        &mut self,
        wanted: &[&FileVersion],
        changed: &HashSet<&RepoPath>,
        names: &[&str],
    ) -> (Vec<Known>, bool) {
        let is_narrow = wanted.len() > self.limits.whole_max;
        let mut files: Vec<usize> = (0..wanted.len()).collect();
        let mut searched = None;
        if is_narrow {
            // What changed is read in any case, then what lies near it.
            let near = |file: usize| nearness(&wanted[file].path, changed);
            files.sort_by_cached_key(|&file| (std::cmp::Reverse(near(file)), file));
            let most = self.limits.searched_max;
            self.left = files.len().saturating_sub(most);
            files.truncate(most);
            searched = AhoCorasick::new(names).ok();
        }
        let (tree, store, limits) = (self.tree, self.store, &self.limits.load);
        let parsing = (limits, self.trees);
        let read = |&at: &usize| {
            let file = wanted[at];
            let Some(names) = searched.as_ref().filter(|_| !changed.contains(&file.path)) else {
                return Some((at, read_file(tree, store, file, parsing)));
            };
            let bytes = tree.read(file, limits.file_bytes_max).ok()?;
            let key = names.is_match(&bytes).then(|| key_by_id(file))?;
            if let Some(key) = key
                && let Some(read) = kept(store, &key)
            {
                return Some((at, (key, read, None)));
            }
            Some((at, read_bytes(store, file, key, bytes, parsing)))
        };
        let read: Vec<_> = files.par_iter().filter_map(read).collect();
        let mut known = Vec::with_capacity(read.len());
        for (file, (key, read, bytes)) in read {
            self.fresh.extend(bytes.map(|bytes| (key, bytes)));
            if let Read::Facts(facts) = read {
                known.push(Known { file, facts });
            }
        }
        known.sort_unstable_by_key(|one| one.file);
        (known, is_narrow)
    }

    fn read_all(&mut self, files: &[&FileVersion]) -> Vec<Known> {
        let parsing = (&self.limits.load, self.trees);
        let read = |file: &&FileVersion| read_file(self.tree, self.store, file, parsing);
        let read: Vec<_> = files.par_iter().map(read).collect();
        let mut known = Vec::with_capacity(read.len());
        for (file, (key, read, bytes)) in read.into_iter().enumerate() {
            self.fresh.extend(bytes.map(|bytes| (key, bytes)));
            if let Read::Facts(facts) = read {
                known.push(Known { file, facts });
            }
        }
        known
    }

    /// Keeps what was read; everything in the tree is still of use.
    fn keep(&mut self, files: &[FileVersion]) {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh.is_empty() {
            return;
        }
        let mut live: Vec<BlobKey> = files
            .iter()
            .filter(|file| family_of_file(file).is_some())
            .filter_map(key_by_id)
            .collect();
        live.extend(fresh.iter().map(|(key, _)| *key));
        self.store.put(fresh, &live);
    }
}
