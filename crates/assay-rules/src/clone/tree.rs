//! Clones in a whole tree.
//!
//! Of every file only its token codes are kept (four bytes a token) and its
//! chosen sequences (eight bytes each, about one for eight tokens). Texts are
//! read again, a pair at a time, for what is to be reported.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use assay_source::{ContentStore, FileVersion, SourceText};
use assay_syntax::Language;
use rayon::prelude::{
    IntoParallelIterator, IntoParallelRefIterator, ParallelIterator, ParallelSliceMut,
};

use super::align::{Aligner, Alignment, Seed, Tolerance};
use super::class::classes_of_tree;
use super::lex::{Code, Lexed};
use super::lexicon::{family, is_code, lexicon};
use super::pair::{Pair, settle};
use super::text::{Identities, Text, tests_from};
use super::winnow::{Sampling, Winnower};
use super::{CloneExtent, CloneNote, CloneOptions, Clones};

/// A file to look for clones in.
#[derive(Clone, Copy, Debug)]
pub struct CloneFile<'a> {
    /// The file.
    pub version: &'a FileVersion,
    /// Its language; data and markup are passed over.
    pub language: &'static Language,
}

/// Files are read in groups of this size, so that the limit of tokens stops
/// the reading at the same file whatever the number of threads.
const GROUP_FILES: usize = 256;

/// Texts of so many tokens are held at once while blocks are settled.
const TOKENS_HELD: usize = 1 << 20;

/// Finds the clones among the files, which come in the order of reports.
///
/// The caller leaves out what is not to be compared: generated, vendored,
/// minified and binary files.
pub fn find_clones(
    files: &[CloneFile<'_>],
    store: &dyn ContentStore,
    options: &CloneOptions,
) -> Clones {
    let sampling = Sampling::new(options.tokens_min, !options.renamed);
    let mut tree = Tree {
        files,
        store,
        options,
        codes: Vec::new(),
        sizes: Vec::new(),
        starts: Vec::new(),
        notes: Notes::default(),
    };
    let mut places = tree.read(sampling);
    let seeds = tree.seeds(&mut places);
    drop(places);
    let comparisons = seeds.len();
    let found = tree.align(&seeds);
    drop(seeds);
    let extent = CloneExtent {
        files: tree.codes.iter().filter(|codes| !codes.is_empty()).count(),
        tokens: tree.codes.iter().map(|codes| codes.len()).sum(),
        comparisons,
    };
    tree.sizes = tree.codes.iter().map(|codes| codes.len()).collect();
    tree.codes = Vec::new();
    let pairs = tree.settle(&found);
    Clones {
        classes: classes_of_tree(pairs),
        notes: tree.notes.into_notes(),
        extent,
    }
}

/// A sequence and the place of its first token among all tokens of the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Equal for consistently renamed sequences.
    hash: u32,
    /// Equal for sequences of the same text.
    text: u32,
    at: u32,
}

/// Two places to compare, the first one first.
type PlacePair = (u32, u32);

struct Tree<'a> {
    files: &'a [CloneFile<'a>],
    store: &'a dyn ContentStore,
    options: &'a CloneOptions,
    codes: Vec<Box<[Code]>>,
    /// How many tokens each file has, once the codes are gone.
    sizes: Vec<usize>,
    /// The place of the first token of each file.
    starts: Vec<u32>,
    notes: Notes,
}

/// What one file gave.
#[derive(Default)]
struct FileTokens {
    codes: Box<[Code]>,
    selected: Vec<Place>,
    problem: Option<Problem>,
}

/// Why a file was not read wholly.
pub(crate) enum Problem {
    TooLarge,
    Unreadable(String),
    Cut,
}

/// What was not looked at, counted.
#[derive(Default)]
pub(crate) struct Notes {
    too_large: usize,
    unreadable: usize,
    why: Option<String>,
    cut: usize,
    pub(crate) left_out: usize,
    pub(crate) frequent: usize,
    pub(crate) comparisons: bool,
    pub(crate) no_tree: Option<String>,
}

impl Notes {
    pub(crate) fn add(&mut self, problem: Problem) {
        match problem {
            Problem::TooLarge => self.too_large += 1,
            Problem::Cut => self.cut += 1,
            Problem::Unreadable(why) => {
                self.unreadable += 1;
                self.why.get_or_insert(why);
            }
        }
    }

    pub(crate) fn into_notes(self) -> Vec<CloneNote> {
        let mut notes = Vec::new();
        notes.extend(self.no_tree.map(CloneNote::NoTree));
        notes.extend(self.why.map(|why| CloneNote::Unreadable {
            files: self.unreadable,
            why,
        }));
        let mut count = |files: usize, note: fn(usize) -> CloneNote| {
            if files > 0 {
                notes.push(note(files));
            }
        };
        count(self.too_large, |files| CloneNote::TooLarge { files });
        count(self.cut, |files| CloneNote::Cut { files });
        count(self.left_out, |files| CloneNote::LeftOut { files });
        count(self.frequent, |sequences| CloneNote::Frequent { sequences });
        if self.comparisons {
            notes.push(CloneNote::Comparisons);
        }
        notes
    }
}

/// Reads and decodes a file; nothing for one that is not text.
pub(crate) fn read_text(
    store: &dyn ContentStore,
    version: &FileVersion,
    options: &CloneOptions,
) -> Result<Option<SourceText>, Problem> {
    use assay_source::ReadError;
    match store.read(version, options.limits.file_bytes_max) {
        Ok(bytes) => Ok(SourceText::decode(bytes).ok()),
        Err(ReadError::TooLarge { .. }) => Err(Problem::TooLarge),
        Err(error) => Err(Problem::Unreadable(format!("{}: {error}", version.path))),
    }
}

impl Tree<'_> {
    /// Reads the files, keeps their codes, and returns their sequences.
    fn read(&mut self, sampling: Sampling) -> Vec<Place> {
        let limits = &self.options.limits;
        let mut places: Vec<Place> = Vec::new();
        let mut total = 0;
        let known = self.files.len().min(limits.files_max);
        let mut read = 0;
        for group in self.files[..known].chunks(GROUP_FILES) {
            if total >= limits.tokens_max {
                break;
            }
            let tokens: Vec<FileTokens> = group
                .par_iter()
                .map_init(
                    || (Lexed::default(), Winnower::new(sampling)),
                    |(lexed, winnower), file| self.tokens(file, sampling, lexed, winnower),
                )
                .collect();
            for file in tokens {
                let start = total as u32;
                self.starts.push(start);
                total += file.codes.len();
                let selected = file.selected.into_iter();
                places.extend(selected.map(|place| Place {
                    at: start + place.at,
                    ..place
                }));
                self.codes.push(file.codes);
                if let Some(problem) = file.problem {
                    self.notes.add(problem);
                }
            }
            read += group.len();
        }
        self.notes.left_out = self.files.len() - read;
        places
    }

    fn tokens(
        &self,
        file: &CloneFile<'_>,
        sampling: Sampling,
        lexed: &mut Lexed,
        winnower: &mut Winnower,
    ) -> FileTokens {
        let mut out = FileTokens::default();
        if !is_code(file.language) {
            return out;
        }
        let text = match read_text(self.store, file.version, self.options) {
            Ok(Some(text)) => text,
            Ok(None) => return out,
            Err(problem) => {
                out.problem = Some(problem);
                return out;
            }
        };
        let lexicon = lexicon(file.language);
        if !lexicon.lex_into(text.as_str(), self.options.limits.file_tokens_max, lexed) {
            out.problem = Some(Problem::Cut);
        }
        winnower.select(&lexed.codes, family(file.language), |hash, at| {
            let text = sampling.text_hash(&lexed.codes, at);
            out.selected.push(Place { hash, text, at });
        });
        out.codes = lexed.codes.as_slice().into();
        out
    }

    /// Returns the pairs of places with equal sequences. Each place is compared
    /// with the next ones of the same text, and with the next ones of any.
    fn seeds(&mut self, places: &mut [Place]) -> Vec<PlacePair> {
        let limits = &self.options.limits;
        places.par_sort_unstable();
        let mut seeds: Vec<PlacePair> = Vec::new();
        let mut mixed: Vec<u32> = Vec::new();
        for bucket in places.chunk_by(|x, y| x.hash == y.hash) {
            if bucket.len() < 2 {
                continue;
            }
            if bucket.len() > limits.places_max {
                self.notes.frequent += 1;
                continue;
            }
            let most = limits.neighbours_max;
            let from = seeds.len();
            mixed.clear();
            for same in bucket.chunk_by(|x, y| x.text == y.text) {
                let before = mixed.len();
                mixed.extend(same.iter().map(|place| place.at));
                link(&mixed[before..], most, &mut seeds);
            }
            if bucket[0].text != bucket[bucket.len() - 1].text {
                mixed.sort_unstable();
                link(&mixed, most, &mut seeds);
                seeds[from..].sort_unstable();
                let mut kept = from;
                for at in from..seeds.len() {
                    if at == from || seeds[at] != seeds[kept - 1] {
                        seeds[kept] = seeds[at];
                        kept += 1;
                    }
                }
                seeds.truncate(kept);
            }
            if seeds.len() > limits.comparisons_max {
                seeds.truncate(limits.comparisons_max);
                self.notes.comparisons = true;
                break;
            }
        }
        seeds.par_sort_unstable();
        seeds
    }

    /// Returns the file and the token in it of a place.
    fn locate(&self, place: u32) -> (usize, u32) {
        // Empty files start where the next one does; the last one is meant.
        let file = self.starts.partition_point(|&start| start <= place) - 1;
        (file, place - self.starts[file])
    }

    /// Extends the seeds to blocks, for each first file at once.
    fn align(&self, seeds: &[PlacePair]) -> Vec<Found> {
        let by_file: Vec<&[PlacePair]> = seeds
            .chunk_by(|x, y| self.locate(x.0).0 == self.locate(y.0).0)
            .collect();
        let found: Vec<Vec<Found>> = by_file
            .par_iter()
            .map_init(Aligner::default, |aligner, seeds| {
                self.align_file(seeds, aligner)
            })
            .collect();
        found.into_iter().flatten().collect()
    }

    fn align_file(&self, seeds: &[PlacePair], aligner: &mut Aligner) -> Vec<Found> {
        let Some(&(first, _)) = seeds.first() else {
            return Vec::new();
        };
        let (a_file, _) = self.locate(first);
        let mut seeds: Vec<(usize, u32, u32)> = seeds
            .iter()
            .map(|&(a, b)| {
                let (b_file, b) = self.locate(b);
                (b_file, a - self.starts[a_file], b)
            })
            .collect();
        seeds.sort_unstable();
        let mut found = Vec::new();
        for seeds in seeds.chunk_by(|x, y| x.0 == y.0) {
            let b_file = seeds[0].0;
            let texts = (&self.codes[a_file][..], &self.codes[b_file][..]);
            let alignments = align_texts(
                texts,
                a_file == b_file,
                seeds.iter().map(|&(_, a, b)| (a, b)),
                self.options,
                aligner,
            );
            found.extend(alignments.into_iter().map(|alignment| Found {
                a: a_file,
                b: b_file,
                alignment,
            }));
        }
        found
    }

    /// Reads the texts of the blocks again and settles each of them: as many at
    /// a time as there is room for their texts.
    fn settle(&self, found: &[Found]) -> Vec<Pair> {
        let mut pairs = Vec::new();
        let mut texts: HashMap<usize, Option<OwnedText>> = HashMap::new();
        let mut left = found;
        while !left.is_empty() {
            let (count, needed) = self.batch(left);
            let (now, later) = left.split_at(count);
            left = later;
            texts.retain(|file, _| needed.contains(file));
            let missing: Vec<usize> = needed
                .into_iter()
                .filter(|file| !texts.contains_key(file))
                .collect();
            let read: Vec<(usize, Option<OwnedText>)> = missing
                .into_par_iter()
                .map(|file| (file, self.text(file)))
                .collect();
            texts.extend(read);
            let settled: Vec<Option<Pair>> = now
                .par_iter()
                .map(|found| self.settle_one(found, &texts))
                .collect();
            pairs.extend(settled.into_iter().flatten());
        }
        pairs
    }

    /// Returns how many blocks are settled next, and the files that they are in.
    fn batch(&self, found: &[Found]) -> (usize, BTreeSet<usize>) {
        let mut needed = BTreeSet::new();
        let mut tokens = 0;
        for (at, found) in found.iter().enumerate() {
            for file in [found.a, found.b] {
                if needed.insert(file) {
                    tokens += self.sizes[file];
                }
            }
            if tokens >= TOKENS_HELD {
                return (at + 1, needed);
            }
        }
        (found.len(), needed)
    }

    fn settle_one(&self, found: &Found, texts: &HashMap<usize, Option<OwnedText>>) -> Option<Pair> {
        let [a, b] = [found.a, found.b].map(|file| {
            let text = texts.get(&file)?.as_ref()?;
            Some((file as u32, text.as_text(&self.files[file])))
        });
        settle(a?, b?, &found.alignment, self.options)
    }

    /// Reads a text once more; nothing when it is gone or another one by now.
    fn text(&self, file: usize) -> Option<OwnedText> {
        let CloneFile { version, language } = self.files[file];
        let text = read_text(self.store, version, self.options).ok()??;
        let mut lexed = Lexed::default();
        lexicon(language).lex_into(
            text.as_str(),
            self.options.limits.file_tokens_max,
            &mut lexed,
        );
        lexed.number_lines(text.lines());
        let tests_from = tests_from(&version.path, &text, language);
        Some(OwnedText {
            text,
            lexed,
            tests_from,
            identities: Identities::default(),
        })
    }
}

struct OwnedText {
    text: SourceText,
    lexed: Lexed,
    tests_from: u32,
    identities: Identities,
}

impl OwnedText {
    fn as_text<'t>(&'t self, file: &CloneFile<'t>) -> Text<'t> {
        Text {
            path: &file.version.path,
            text: &self.text,
            lexed: &self.lexed,
            fold_case: file.language.is_case_insensitive(),
            tests_from: self.tests_from,
            identities: Some(&self.identities),
        }
    }
}

/// Blocks of two files that may be a clone.
struct Found {
    a: usize,
    b: usize,
    alignment: Alignment,
}

/// Pairs each place, which are sorted, with the `most` next ones.
fn link(places: &[u32], most: usize, seeds: &mut Vec<PlacePair>) {
    for (index, &a) in places.iter().enumerate() {
        let next = places[index + 1..].iter().take(most);
        seeds.extend(next.map(|&b| (a, b)));
    }
}

/// Returns the blocks around the seeds, which are sorted, of two texts.
pub(crate) fn align_texts(
    (a, b): (&[Code], &[Code]),
    is_one_text: bool,
    seeds: impl Iterator<Item = (u32, u32)>,
    options: &CloneOptions,
    aligner: &mut Aligner,
) -> Vec<Alignment> {
    let tolerance = Tolerance {
        renamed: options.renamed,
        gap_tokens_max: options.gap_tokens_max as usize,
    };
    let mut found: Vec<Alignment> = Vec::new();
    // What was walked over on each diagonal, so that a block is walked once.
    let mut walked: HashMap<i64, Range<u32>> = HashMap::new();
    for (x, y) in seeds {
        let diagonal = i64::from(y) - i64::from(x);
        if walked
            .get(&diagonal)
            .is_some_and(|range| range.contains(&x))
        {
            continue;
        }
        let from = |codes, at| Seed {
            codes,
            at: at as usize,
        };
        let extension = aligner.extend(from(a, x), from(b, y), is_one_text, tolerance);
        let alignment = extension.alignment;
        for run in &alignment.runs {
            let range = run.a..run.a + run.len;
            walked.insert(i64::from(run.b) - i64::from(run.a), range);
        }
        walked.insert(diagonal, extension.walked);
        let is_long = alignment.matched() >= options.tokens_min;
        if is_long && found.last() != Some(&alignment) {
            found.push(alignment);
        }
    }
    found
}
