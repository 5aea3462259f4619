//! Finds renamed and copied files among the added and deleted ones, by the same
//! steps as `git diff -M`: equal contents first, then equal file names, then
//! the most alike. Copies are looked for among what is left.

use std::collections::HashMap;
use std::rc::Rc;

use gix::bstr::BString;
use gix::hash::ObjectId;

use crate::input::Limits;
use crate::model::{Delta, Origin, Side, is_plain};
use crate::similarity::{SCORE_MAX, Signature, percent, sizes_allow};

/// Half of the larger file must be in the other.
const SCORE_MIN: u64 = SCORE_MAX / 2;
/// Files of the same name need to be this alike to be paired before others.
const SAME_NAME_SCORE_MIN: u64 = SCORE_MAX * 3 / 4;
/// Sources that are kept for each added file.
const CANDIDATES_PER_FILE: usize = 4;
/// Sources of equal content that are considered for each added file.
const EQUALS_MAX: usize = 100;

/// Gives the contents that are compared.
pub(crate) trait Contents {
    /// Returns the size of one side, if it is to be had.
    fn size(&self, path: &BString, side: &Side) -> Option<u64>;
    /// Returns the content of one side, if it is to be had.
    fn read(&self, path: &BString, side: &Side, bytes_max: u64) -> Option<Vec<u8>>;
}

/// Pairs deleted with added files in place; returns what is to be noted.
pub(crate) fn detect(
    deltas: &mut Vec<Delta>,
    contents: &dyn Contents,
    limits: &Limits,
) -> Vec<String> {
    let mut search = RenameSearch::new(deltas, contents, limits);
    if search.added.is_empty() {
        return Vec::new();
    }
    search.pair_equal();
    search.pair_same_names();
    search.pair_alike();
    search.copy_alike();
    let RenameSearch { found, notes, .. } = search;
    apply(deltas, found);
    notes
}

/// A file that may take part in a rename.
struct File {
    /// Its place among the differences.
    delta: usize,
    path: BString,
    side: Side,
    size: Option<Option<u64>>,
    signature: Option<Option<Rc<Signature>>>,
    used: bool,
}

struct Found {
    source: usize,
    added: usize,
    score: u64,
    copied: bool,
}

struct RenameSearch<'a> {
    contents: &'a dyn Contents,
    limits: &'a Limits,
    deleted: Vec<File>,
    added: Vec<File>,
    /// The base versions of modified files.
    modified: Vec<File>,
    found: Vec<Found>,
    notes: Vec<String>,
}

/// A possible pair: positions among the sources and the added files.
#[derive(Clone, Copy)]
struct Candidate {
    source: usize,
    added: usize,
    score: u64,
    same_name: bool,
}

impl Candidate {
    fn rank(&self) -> (u64, bool) {
        (self.score, self.same_name)
    }
}

impl<'a> RenameSearch<'a> {
    fn new(deltas: &[Delta], contents: &'a dyn Contents, limits: &'a Limits) -> Self {
        let file = |delta: usize, path: &BString, side: &Side| File {
            delta,
            path: path.clone(),
            side: side.clone(),
            size: None,
            signature: None,
            used: false,
        };
        let (mut deleted, mut added, mut modified) = (Vec::new(), Vec::new(), Vec::new());
        for (at, delta) in deltas
            .iter()
            .enumerate()
            .filter(|(_, delta)| !delta.unmerged)
        {
            match (&delta.base, &delta.head) {
                (Some(base), None) => deleted.push(file(at, &delta.path, base)),
                (None, Some(head)) => added.push(file(at, &delta.path, head)),
                (Some(base), Some(_)) => modified.push(file(at, &delta.path, base)),
                (None, None) => {}
            }
        }
        Self {
            contents,
            limits,
            deleted,
            added,
            modified,
            found: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn pair(&mut self, candidate: &Candidate) {
        let Candidate {
            source,
            added,
            score,
            ..
        } = *candidate;
        self.deleted[source].used = true;
        self.added[added].used = true;
        self.found.push(Found {
            source: self.deleted[source].delta,
            added: self.added[added].delta,
            score,
            copied: false,
        });
    }

    fn pair_equal(&mut self) {
        let mut by_id: HashMap<ObjectId, Vec<usize>> = HashMap::new();
        for (at, file) in self.deleted.iter().enumerate() {
            if let Some(id) = file.side.id() {
                by_id.entry(id).or_default().push(at);
            }
        }
        for added in 0..self.added.len() {
            let file = &self.added[added];
            let Some(sources) = file.side.id().and_then(|id| by_id.get(&id)) else {
                continue;
            };
            let candidates = sources
                .iter()
                .filter(|&&source| {
                    let source = &self.deleted[source];
                    !source.used && is_same_type(&source.side, &file.side)
                })
                .take(EQUALS_MAX)
                .map(|&source| {
                    (
                        source,
                        file_name(&self.deleted[source].path) == file_name(&file.path),
                    )
                });
            // The first with the same name, else the first.
            let best = candidates.reduce(|best, next| if next.1 && !best.1 { next } else { best });
            if let Some((source, same_name)) = best {
                let score = SCORE_MAX;
                self.pair(&Candidate {
                    source,
                    added,
                    score,
                    same_name,
                });
            }
        }
    }

    fn pair_same_names(&mut self) {
        let unique = |files: &[File]| {
            let mut names: HashMap<BString, Option<usize>> = HashMap::new();
            for (at, file) in files.iter().enumerate().filter(|(_, file)| !file.used) {
                names
                    .entry(file_name(&file.path).into())
                    .and_modify(|only| *only = None)
                    .or_insert(Some(at));
            }
            names
        };
        let added_names = unique(&self.added);
        let mut pairs: Vec<(usize, usize)> = unique(&self.deleted)
            .into_iter()
            .filter_map(|(name, source)| Some((source?, (*added_names.get(&name)?)?)))
            .collect();
        pairs.sort_unstable();
        for (source, added) in pairs {
            let score = self.score(Source::Deleted(source), added);
            if score >= SAME_NAME_SCORE_MIN {
                self.pair(&Candidate {
                    source,
                    added,
                    score,
                    same_name: true,
                });
            }
        }
    }

    fn pair_alike(&mut self) {
        let sources = free(&self.deleted);
        let added = free(&self.added);
        if !self.is_affordable(sources.len(), added.len()) {
            return;
        }
        let mut candidates = Vec::new();
        for &added in &added {
            let mut best: Vec<Candidate> = Vec::with_capacity(CANDIDATES_PER_FILE);
            for &source in &sources {
                let score = self.score(Source::Deleted(source), added);
                let same_name =
                    file_name(&self.deleted[source].path) == file_name(&self.added[added].path);
                keep_best(
                    &mut best,
                    Candidate {
                        source,
                        added,
                        score,
                        same_name,
                    },
                );
            }
            candidates.extend(best);
        }
        candidates.retain(|candidate| candidate.score >= SCORE_MIN);
        // A stable sort, so that ties go to the first file.
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.rank()));
        for candidate in candidates {
            if !self.deleted[candidate.source].used && !self.added[candidate.added].used {
                self.pair(&candidate);
            }
        }
    }

    /// Looks for what the files that are still unexplained were copied from: a
    /// file that was changed too, or one that was renamed.
    fn copy_alike(&mut self) {
        let added = free(&self.added);
        let renamed = (0..self.deleted.len())
            .filter(|&at| self.deleted[at].used)
            .map(Source::Deleted);
        let sources: Vec<Source> = (0..self.modified.len())
            .map(Source::Modified)
            .chain(renamed)
            .collect();
        if !self.is_affordable(sources.len(), added.len()) {
            return;
        }
        for added in added {
            let mut best: Option<(u64, bool, Source)> = None;
            for &source in &sources {
                let score = self.score(source, added);
                let same_name =
                    file_name(&self.source(source).path) == file_name(&self.added[added].path);
                let is_better =
                    best.is_none_or(|(best, best_name, _)| (score, same_name) > (best, best_name));
                if score >= SCORE_MIN && is_better {
                    best = Some((score, same_name, source));
                }
            }
            if let Some((score, _, source)) = best {
                self.added[added].used = true;
                self.found.push(Found {
                    source: self.source(source).delta,
                    added: self.added[added].delta,
                    score,
                    copied: true,
                });
            }
        }
    }

    fn is_affordable(&mut self, sources: usize, added: usize) -> bool {
        let pairs = sources.saturating_mul(added);
        let affordable = pairs <= self.limits.rename_pairs_max;
        if !affordable && self.notes.is_empty() {
            self.notes.push(format!(
                "renames with changes are not looked for: {sources} old and {added} new files make more pairs than \
                 the limit of {} (`rename_pairs_max`)",
                self.limits.rename_pairs_max
            ));
        }
        affordable
    }

    fn source(&self, source: Source) -> &File {
        match source {
            Source::Deleted(at) => &self.deleted[at],
            Source::Modified(at) => &self.modified[at],
        }
    }

    fn score(&mut self, source: Source, added: usize) -> u64 {
        let (contents, limits) = (self.contents, self.limits);
        let source = match source {
            Source::Deleted(at) => &mut self.deleted[at],
            Source::Modified(at) => &mut self.modified[at],
        };
        let added = &mut self.added[added];
        if !is_plain(source.side.kind) || !is_plain(added.side.kind) {
            return 0;
        }
        if source.side.id().is_some() && source.side.id() == added.side.id() {
            return SCORE_MAX;
        }
        let bytes_max = limits.rename_file_bytes_max;
        let (Some(one), Some(other)) = (source.size(contents), added.size(contents)) else {
            return 0;
        };
        if one > bytes_max || other > bytes_max || !sizes_allow(one, other, SCORE_MIN) {
            return 0;
        }
        match (
            source.signature(contents, bytes_max),
            added.signature(contents, bytes_max),
        ) {
            (Some(one), Some(other)) => one.score(&other),
            _ => 0,
        }
    }
}

#[derive(Clone, Copy)]
enum Source {
    Deleted(usize),
    Modified(usize),
}

impl File {
    fn size(&mut self, contents: &dyn Contents) -> Option<u64> {
        *self
            .size
            .get_or_insert_with(|| contents.size(&self.path, &self.side))
    }

    fn signature(&mut self, contents: &dyn Contents, bytes_max: u64) -> Option<Rc<Signature>> {
        self.signature
            .get_or_insert_with(|| {
                let content = contents.read(&self.path, &self.side, bytes_max)?;
                Some(Rc::new(Signature::new(&content)))
            })
            .clone()
    }
}

/// Returns the positions of the files that are in no pair.
fn free(files: &[File]) -> Vec<usize> {
    (0..files.len()).filter(|&at| !files[at].used).collect()
}

/// Keeps the few best candidates of one file; of equal ones the first.
fn keep_best(best: &mut Vec<Candidate>, next: Candidate) {
    if best.len() < CANDIDATES_PER_FILE {
        best.push(next);
        return;
    }
    let mut worst = 0;
    for at in 1..best.len() {
        if best[at].rank() < best[worst].rank() {
            worst = at;
        }
    }
    if next.rank() > best[worst].rank() {
        best[worst] = next;
    }
}

/// Files of any mode go together; links and submodules only with their like.
fn is_same_type(one: &Side, other: &Side) -> bool {
    one.kind == other.kind || (is_plain(one.kind) && is_plain(other.kind))
}

fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or(path)
}

/// Makes each pair one difference: the added file gets the base of the deleted
/// one, which goes.
fn apply(deltas: &mut Vec<Delta>, found: Vec<Found>) {
    let mut gone = vec![false; deltas.len()];
    for pair in found {
        let source = &deltas[pair.source];
        let origin = Origin {
            path: source.path.clone(),
            similarity: percent(pair.score),
            copied: pair.copied,
        };
        let base = source.base.clone();
        gone[pair.source] |= !pair.copied;
        let added = &mut deltas[pair.added];
        added.base = base;
        added.from = Some(origin);
    }
    let mut gone = gone.into_iter();
    deltas.retain(|_| !gone.next().unwrap_or(false));
}
