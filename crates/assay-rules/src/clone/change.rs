//! Clones that a change brings in: blocks that it added and that are somewhere
//! else in the head as well.
//!
//! Most changes add no run of tokens that is long enough, and then nothing is
//! read at all. Otherwise each file of the tree in the same language is cut into
//! tokens once, or its sequences come from a cache, and only a file that shares
//! a sequence with the change is compared.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::ops::Range;

use assay_source::{
    BlobCache, BlobKey, BlobKeyHasher, ContentId, FileKind, FileTree, FileVersion, LineRange,
    RepoPath, SourceText,
};
use assay_syntax::{Language, detect};
use rayon::prelude::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::align::{Aligner, Alignment};
use super::class::classes_of_change;
use super::lex::Lexed;
use super::lexicon::{family, is_code, lexicon};
use super::pair::{Block, Pair, settle};
use super::text::{Text, tests_from};
use super::tree::{Notes, Problem, align_texts, read_text};
use super::trim::clip;
use super::winnow::{CodeHasher, Sampling, Winnower};
use super::{CloneClass, CloneCopy, CloneExtent, CloneOptions, Clones};

/// One file of a change, as it is in the head.
#[derive(Clone, Copy, Debug)]
pub struct ChangedText<'a> {
    /// The path in the head.
    pub path: &'a RepoPath,
    /// The language; data and markup are passed over.
    pub language: &'static Language,
    /// The text in the head.
    pub text: &'a SourceText,
    /// The lines that the change added or altered, in order.
    pub added: &'a [LineRange],
    /// The text in the base, when there is one.
    pub base: Option<BaseText<'a>>,
}

/// The base of a changed file: what was taken out there may have moved.
#[derive(Clone, Copy, Debug)]
pub struct BaseText<'a> {
    /// The text in the base.
    pub text: &'a SourceText,
    /// The lines that the change removed or altered, in order.
    pub removed: &'a [LineRange],
}

/// The tree of the head, to look for copies in.
#[derive(Clone, Copy)]
pub struct CloneTree<'a> {
    /// The files.
    pub tree: &'a dyn FileTree,
    /// Says which files are to be compared: not the generated, vendored,
    /// minified and binary ones.
    pub wants: &'a (dyn Fn(&FileVersion) -> bool + Sync),
    /// Where the sequences of files are kept between reviews.
    pub cache: Option<&'a dyn BlobCache>,
}

/// Tokens that the change left alone between added ones do not end a run:
/// differences keep the odd bracket.
const RUN_GAP_TOKENS_MAX: usize = 8;
/// A sequence at more places of the change than these tells nothing.
const CHANGE_PLACES_MAX: usize = 64;
/// Tokens of the sequences by which moved code is known.
const MOVED_GRAM: usize = 10;
/// The share of a block that was taken out elsewhere for it to be moved code.
const MOVED_SHARE: f64 = 0.75;
/// The kind of what is kept in the cache; its number goes up with each change
/// of the lexer or of the choice of sequences.
const CACHE_KIND: &str = "clone-sequences-2";

/// Finds the blocks that the change added and that are there twice.
///
/// Code that the change moved is no clone for that: what it took out elsewhere
/// is compared as well.
pub fn find_change_clones(
    changed: &[ChangedText<'_>],
    tree: Option<&CloneTree<'_>>,
    options: &CloneOptions,
) -> Clones {
    let mut notes = Notes::default();
    let sampling = Sampling::new(options.tokens_min, !options.renamed);
    let files: Vec<ChangedFile<'_>> = changed
        .par_iter()
        .map(|file| ChangedFile::new(file, options))
        .collect();
    for _ in files.iter().filter(|file| file.is_cut) {
        notes.add(Problem::Cut);
    }
    if files.iter().all(|file| file.runs.is_empty()) {
        return Clones {
            notes: notes.into_notes(),
            ..Clones::default()
        };
    }
    let mut extent = CloneExtent::default();
    let search = Search {
        index: Index::new(&files, sampling, &mut notes),
        families: files
            .iter()
            .filter(|file| !file.runs.is_empty())
            .map(|file| file.family)
            .collect(),
        files,
        sampling,
        options,
    };
    let mut pairs = search.within();
    if let Some(tree) = tree {
        pairs.extend(search.in_tree(tree, &mut notes, &mut extent));
    }
    let moved = Moved::new(changed, options);
    let classes = classes_of_change(pairs)
        .into_iter()
        .filter(|(subject, copies)| !search.is_moved(&moved, subject, copies))
        .map(|(subject, copies)| CloneClass {
            subject: subject.block,
            identity: subject.identity,
            copies: copies
                .into_iter()
                .map(|pair| CloneCopy {
                    block: pair.b.block,
                    kind: pair.kind,
                    similarity: pair.similarity,
                })
                .collect(),
        })
        .collect();
    Clones {
        classes,
        notes: notes.into_notes(),
        extent,
    }
}

/// A changed file with its tokens and what was added of them.
struct ChangedFile<'a> {
    path: &'a RepoPath,
    language: &'static Language,
    text: &'a SourceText,
    family: u32,
    lexed: Lexed,
    /// For each token, how many before it were added.
    added: Vec<u32>,
    /// The runs of added tokens that are long enough.
    runs: Vec<Range<u32>>,
    is_cut: bool,
    tests_from: u32,
}

impl<'a> ChangedFile<'a> {
    fn new(file: &ChangedText<'a>, options: &CloneOptions) -> Self {
        let mut this = Self {
            path: file.path,
            language: file.language,
            text: file.text,
            family: family(file.language),
            lexed: Lexed::default(),
            added: Vec::new(),
            runs: Vec::new(),
            is_cut: false,
            tests_from: tests_from(file.path, file.text, file.language),
        };
        let lines: u32 = file.added.iter().map(|lines| lines.count).sum();
        let too_large = file.text.as_str().len() as u64 > options.limits.file_bytes_max;
        if !is_code(file.language) || too_large || lines == 0 {
            return this;
        }
        let tokens_max = options.limits.file_tokens_max;
        let lexicon = lexicon(file.language);
        this.is_cut = !lexicon.lex_into(file.text.as_str(), tokens_max, &mut this.lexed);
        this.lexed.number_lines(file.text.lines());
        let is_added = tokens_in(file.text, &this.lexed, file.added);
        this.added = std::iter::once(0)
            .chain(is_added.iter().scan(0, |count, &is_added| {
                *count += u32::from(is_added);
                Some(*count)
            }))
            .collect();
        this.runs = this.added_runs(&is_added, options);
        this
    }

    /// Returns the runs in which a clone can be.
    fn added_runs(&self, is_added: &[bool], options: &CloneOptions) -> Vec<Range<u32>> {
        let mut runs: Vec<Range<u32>> = Vec::new();
        for (token, _) in is_added.iter().enumerate().filter(|(_, is)| **is) {
            let token = token as u32;
            match runs.last_mut() {
                Some(run) if token - run.end <= RUN_GAP_TOKENS_MAX as u32 => run.end = token + 1,
                _ => runs.push(token..token + 1),
            }
        }
        runs.retain(|run| {
            let least = options.tokens_min * options.added_percent_min / 100;
            self.added_in(run) >= least && run.len() >= options.tokens_min as usize
        });
        runs
    }

    fn added_in(&self, tokens: &Range<u32>) -> u32 {
        self.added[tokens.end as usize] - self.added[tokens.start as usize]
    }

    fn is_mostly_added(&self, tokens: &Range<u32>, options: &CloneOptions) -> bool {
        u64::from(self.added_in(tokens)) * 100
            >= tokens.len() as u64 * u64::from(options.added_percent_min)
    }

    fn as_text(&self) -> Text<'_> {
        Text {
            path: self.path,
            text: self.text,
            lexed: &self.lexed,
            fold_case: self.language.is_case_insensitive(),
            tests_from: self.tests_from,
            identities: None,
        }
    }
}

/// Returns for each token whether it begins in one of the line ranges.
fn tokens_in(text: &SourceText, lexed: &Lexed, lines: &[LineRange]) -> Vec<bool> {
    let mut spans = lines.iter().filter(|lines| lines.count > 0).map(|lines| {
        let map = text.lines();
        map.line_span(lines.start).start..map.line_span(lines.end() - 1).end
    });
    let mut span = spans.next();
    let starts = lexed.starts.iter();
    starts
        .map(|&start| {
            while span.as_ref().is_some_and(|span| span.end <= start) {
                span = spans.next();
            }
            span.as_ref().is_some_and(|span| span.start <= start)
        })
        .collect()
}

/// Where the sequences of the added runs are.
struct Index {
    /// For each hash, its range in `places`.
    ranges: HashMap<u32, Range<u32>, BuildHasherDefault<CodeHasher>>,
    /// File and token.
    places: Vec<(u32, u32)>,
}

impl Index {
    fn new(files: &[ChangedFile<'_>], sampling: Sampling, notes: &mut Notes) -> Self {
        let mut winnower = Winnower::new(sampling);
        let mut found: Vec<(u32, u32, u32)> = Vec::new();
        for (number, file) in files.iter().enumerate() {
            if file.runs.is_empty() {
                continue;
            }
            winnower.select(&file.lexed.codes, file.family, |hash, at| {
                let end = at + sampling.gram as u32;
                let is_in = |run: &Range<u32>| run.start <= at && end <= run.end;
                if file.runs.iter().any(is_in) {
                    found.push((hash, number as u32, at));
                }
            });
        }
        found.sort_unstable();
        let mut index = Self {
            ranges: HashMap::default(),
            places: Vec::new(),
        };
        for bucket in found.chunk_by(|x, y| x.0 == y.0) {
            if bucket.len() > CHANGE_PLACES_MAX {
                notes.frequent += 1;
                continue;
            }
            let start = index.places.len() as u32;
            index
                .places
                .extend(bucket.iter().map(|&(_, file, at)| (file, at)));
            index
                .ranges
                .insert(bucket[0].0, start..index.places.len() as u32);
        }
        index
    }

    fn places(&self, hash: u32) -> &[(u32, u32)] {
        self.ranges.get(&hash).map_or(&[], |range| {
            &self.places[range.start as usize..range.end as usize]
        })
    }
}

struct Search<'a> {
    files: Vec<ChangedFile<'a>>,
    families: HashSet<u32>,
    index: Index,
    sampling: Sampling,
    options: &'a CloneOptions,
}

/// The memory of one thread.
struct Scratch {
    lexed: Lexed,
    winnower: Winnower,
    aligner: Aligner,
}

/// What a file of the tree gave.
#[derive(Default)]
struct TreeFile {
    pairs: Vec<Pair>,
    problem: Option<Problem>,
    tokens: usize,
    comparisons: usize,
    is_read: bool,
}

impl Search<'_> {
    fn scratch(&self) -> Scratch {
        Scratch {
            lexed: Lexed::default(),
            winnower: Winnower::new(self.sampling),
            aligner: Aligner::default(),
        }
    }

    /// Finds the copies among the changed files.
    fn within(&self) -> Vec<Pair> {
        let found: Vec<Vec<Pair>> = (0..self.files.len())
            .into_par_iter()
            .map_init(
                || self.scratch(),
                |scratch, file| self.within_file(file, scratch),
            )
            .collect();
        found.into_iter().flatten().collect()
    }

    fn within_file(&self, number: usize, scratch: &mut Scratch) -> Vec<Pair> {
        let file = &self.files[number];
        if !self.families.contains(&file.family) {
            return Vec::new();
        }
        let here = number as u32;
        let mut seeds: Vec<(u32, u32, u32)> = Vec::new();
        scratch
            .winnower
            .select(&file.lexed.codes, file.family, |hash, at| {
                for &(other, other_at) in self.index.places(hash) {
                    // Each pair of places is seen from the later one, or from
                    // the earlier one when only that is added.
                    let is_later = (other, other_at) < (here, at);
                    let is_seen_from_there = file.runs.iter().any(|run| run.contains(&at));
                    if is_later || ((other, other_at) != (here, at) && !is_seen_from_there) {
                        seeds.push((other, other_at, at));
                    }
                }
            });
        seeds.sort_unstable();
        let mut pairs = Vec::new();
        for seeds in seeds.chunk_by(|x, y| x.0 == y.0) {
            let other = seeds[0].0 as usize;
            let mut places: Vec<(u32, u32)> = seeds.iter().map(|&(_, x, y)| (x, y)).collect();
            if other == number {
                for place in &mut places {
                    *place = (place.0.min(place.1), place.0.max(place.1));
                }
                places.sort_unstable();
                places.dedup();
            }
            let alignments = align_texts(
                (&self.files[other].lexed.codes, &file.lexed.codes),
                other == number,
                places.into_iter(),
                self.options,
                &mut scratch.aligner,
            );
            for alignment in alignments {
                // The later copy is the one to report, when it is added.
                let turned = turn(&alignment);
                let later = self.added_pair(
                    number,
                    (here, file.as_text()),
                    (other as u32, self.files[other].as_text()),
                    &turned,
                );
                let pair = later.or_else(|| {
                    self.added_pair(
                        other,
                        (other as u32, self.files[other].as_text()),
                        (here, file.as_text()),
                        &alignment,
                    )
                });
                pairs.extend(pair);
            }
        }
        pairs
    }

    /// Settles an alignment whose first side is in a changed file, cut to what
    /// the change added.
    fn added_pair(
        &self,
        number: usize,
        a: (u32, Text<'_>),
        b: (u32, Text<'_>),
        alignment: &Alignment,
    ) -> Option<Pair> {
        let file = &self.files[number];
        let range = alignment.a();
        let cut;
        let alignment = if file.is_mostly_added(&range, self.options) {
            alignment
        } else {
            let shared = |run: &&Range<u32>| {
                run.end
                    .min(range.end)
                    .saturating_sub(run.start.max(range.start))
            };
            let run = file.runs.iter().max_by_key(shared)?;
            cut = clip(alignment, run.clone());
            if cut.runs.is_empty() {
                return None;
            }
            &cut
        };
        let pair = settle(a, b, alignment, self.options)?;
        file.is_mostly_added(&pair.a.tokens, self.options)
            .then_some(pair)
    }

    /// Finds the copies in the files of the tree that the change left alone.
    fn in_tree(
        &self,
        tree: &CloneTree<'_>,
        notes: &mut Notes,
        extent: &mut CloneExtent,
    ) -> Vec<Pair> {
        let mut versions = match tree.tree.list() {
            Ok(versions) => versions,
            Err(error) => {
                notes.no_tree = Some(error.to_string());
                return Vec::new();
            }
        };
        // A changed file without added lines is a file of the tree like others.
        let with_added = self.files.iter().filter(|file| file.lexed.len() > 0);
        let changed: HashSet<&RepoPath> = with_added.map(|file| file.path).collect();
        versions.retain(|version| {
            matches!(version.kind, FileKind::File | FileKind::Executable)
                && !changed.contains(&version.path)
                && self.may_be_code(version)
                && (tree.wants)(version)
        });
        let files_max = self.options.limits.files_max;
        notes.left_out = versions.len().saturating_sub(files_max);
        versions.truncate(files_max);
        let first = self.files.len() as u32;
        let found: Vec<TreeFile> = (0..versions.len())
            .into_par_iter()
            .map_init(
                || self.scratch(),
                |scratch, index| {
                    self.tree_file(tree, &versions[index], first + index as u32, scratch)
                },
            )
            .collect();
        let mut pairs = Vec::new();
        for file in found {
            pairs.extend(file.pairs);
            extent.files += usize::from(file.is_read);
            extent.tokens += file.tokens;
            extent.comparisons += file.comparisons;
            if let Some(problem) = file.problem {
                notes.add(problem);
            }
        }
        pairs
    }

    /// Returns whether the name does not already say that the file is in
    /// another language.
    fn may_be_code(&self, version: &FileVersion) -> bool {
        match detect(&version.path, "") {
            Some(language) => self.is_searched(language),
            None => version.path.extension().is_none(),
        }
    }

    fn is_searched(&self, language: &Language) -> bool {
        is_code(language) && self.families.contains(&family(language))
    }

    /// Returns by what the sequences of a file are kept: its content, and the
    /// name that tells its language.
    fn cache_key(&self, version: &FileVersion) -> Option<BlobKey> {
        let ContentId::Object(id) = &version.content else {
            return None;
        };
        let key = BlobKeyHasher::new(CACHE_KIND)
            .part(format!("{:?}", self.sampling).as_bytes())
            .part(version.path.file_name())
            .part(id.as_bytes());
        Some(key.finish())
    }

    fn tree_file(
        &self,
        tree: &CloneTree<'_>,
        version: &FileVersion,
        number: u32,
        scratch: &mut Scratch,
    ) -> TreeFile {
        let mut out = TreeFile::default();
        let cache = tree.cache.zip(self.cache_key(version));
        if let Some((cache, key)) = &cache
            && let Some(kept) = cache.get(key)
            && !self.shares(&kept)
        {
            return out;
        }
        let text = match read_text(tree.tree, version, self.options) {
            Ok(Some(text)) => text,
            Ok(None) => return out,
            Err(problem) => {
                out.problem = Some(problem);
                return out;
            }
        };
        let Some(language) = detect(&version.path, text.as_str()) else {
            return out;
        };
        if !self.is_searched(language) {
            return out;
        }
        let Scratch {
            lexed,
            winnower,
            aligner,
        } = scratch;
        let limits = &self.options.limits;
        if !lexicon(language).lex_into(text.as_str(), limits.file_tokens_max, lexed) {
            out.problem = Some(Problem::Cut);
        }
        out.is_read = true;
        out.tokens = lexed.len();
        let mut seeds: Vec<(u32, u32, u32)> = Vec::new();
        let mut kept: Vec<u8> = Vec::new();
        winnower.select(&lexed.codes, family(language), |hash, at| {
            if cache.is_some() {
                kept.extend_from_slice(&hash.to_le_bytes());
            }
            let places = self.index.places(hash).iter();
            seeds.extend(places.map(|&(file, file_at)| (file, file_at, at)));
        });
        // What was cut has to be said each time.
        if let Some((cache, key)) = &cache
            && out.problem.is_none()
        {
            cache.put(key, kept);
        }
        out.comparisons = seeds.len();
        if seeds.is_empty() {
            return out;
        }
        seeds.sort_unstable();
        lexed.number_lines(text.lines());
        let text = Text {
            path: &version.path,
            text: &text,
            lexed,
            fold_case: language.is_case_insensitive(),
            tests_from: tests_from(&version.path, &text, language),
            identities: None,
        };
        for seeds in seeds.chunk_by(|x, y| x.0 == y.0) {
            let file = seeds[0].0;
            let changed = &self.files[file as usize];
            let alignments = align_texts(
                (&changed.lexed.codes, &lexed.codes),
                false,
                seeds.iter().map(|&(_, x, y)| (x, y)),
                self.options,
                aligner,
            );
            out.pairs.extend(alignments.iter().filter_map(|alignment| {
                self.added_pair(
                    file as usize,
                    (file, changed.as_text()),
                    (number, text),
                    alignment,
                )
            }));
        }
        out
    }

    /// Returns whether a file with these sequences shares one with the change.
    fn shares(&self, kept: &[u8]) -> bool {
        let (hashes, _) = kept.as_chunks::<4>();
        hashes
            .iter()
            .any(|hash| !self.index.places(u32::from_le_bytes(*hash)).is_empty())
    }

    /// Returns whether the block is not new: the change took it out elsewhere,
    /// at least as often as it added it.
    fn is_moved(&self, moved: &Moved, subject: &Block, copies: &[Pair]) -> bool {
        let file = &self.files[subject.file as usize];
        let is_added = |pair: &&Pair| {
            self.files
                .get(pair.b.file as usize)
                .is_some_and(|file| file.is_mostly_added(&pair.b.tokens, self.options))
        };
        let times = 1 + copies.iter().filter(is_added).count() as u32;
        let tokens = subject.tokens.start as usize..subject.tokens.end as usize;
        moved.has(&file.lexed.codes[tokens], file.family, times)
    }
}

/// Returns the alignment with its sides changed over.
fn turn(alignment: &Alignment) -> Alignment {
    let mut turned = alignment.clone();
    for run in &mut turned.runs {
        (run.a, run.b) = (run.b, run.a);
    }
    turned
}

/// What the change took out, as counted sequences of tokens.
struct Moved {
    sampling: Sampling,
    counts: HashMap<(u32, u32), u32>,
}

impl Moved {
    fn new(changed: &[ChangedText<'_>], options: &CloneOptions) -> Self {
        let sampling = Sampling {
            gram: MOVED_GRAM,
            window: 1,
            by_text: false,
        };
        let mut winnower = Winnower::new(sampling);
        let mut lexed = Lexed::default();
        let mut counts = HashMap::new();
        for file in changed {
            let Some(base) = &file.base else { continue };
            let too_large = base.text.as_str().len() as u64 > options.limits.file_bytes_max;
            if !is_code(file.language) || too_large || base.removed.is_empty() {
                continue;
            }
            let tokens_max = options.limits.file_tokens_max;
            lexicon(file.language).lex_into(base.text.as_str(), tokens_max, &mut lexed);
            let is_removed = tokens_in(base.text, &lexed, base.removed);
            let family = family(file.language);
            winnower.every(&lexed.codes, |at, hash| {
                if is_removed[at] && is_removed[at + MOVED_GRAM - 1] {
                    *counts.entry((family, hash)).or_insert(0) += 1;
                }
            });
        }
        Self { sampling, counts }
    }

    fn has(&self, codes: &[super::lex::Code], family: u32, times: u32) -> bool {
        if self.counts.is_empty() {
            return false;
        }
        let (mut known, mut all) = (0u32, 0u32);
        Winnower::new(self.sampling).every(codes, |_, hash| {
            all += 1;
            let count = self.counts.get(&(family, hash)).copied().unwrap_or(0);
            known += u32::from(count >= times);
        });
        f64::from(known) >= MOVED_SHARE * f64::from(all.max(1))
    }
}
