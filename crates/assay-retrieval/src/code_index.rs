//! The index of a tree: its chunks, their terms, and their vectors if there is a model.

use assay_graph::is_test_path;
use assay_source::RepoPath;

use crate::chunk::{Chunk, ChunkKind};
use crate::codec::{Reader, Writer};
use crate::error::RetrievalError;
use crate::rank::{Asked, HitReason, Known, Ranking, rank};
use crate::vector::{Embedder, Vectors};
use crate::word::each_term;
use crate::word_index::{Fields, WordIndex};

/// Chunks of one tree; the rest is left out, and said so.
pub const CHUNKS_MAX: usize = 400_000;
/// Entries that one question returns.
pub const HITS_MAX: usize = 200;

/// Where a chunk is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    file: u32,
    kind: ChunkKind,
    name: String,
    owner: String,
    first_line: u32,
    last_line: u32,
}

/// One chunk that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The file.
    pub path: RepoPath,
    /// What kind of chunk it is.
    pub kind: ChunkKind,
    /// The name with the names around it; empty when it has none.
    pub name: String,
    /// The first line, from 1.
    pub first_line: u32,
    /// The last line, which belongs to it.
    pub last_line: u32,
    /// How well it matches; only to be compared within one answer.
    pub score: f32,
    /// Why it was found.
    pub reasons: Vec<HitReason>,
}

/// The chunks of a tree, ready to be asked.
pub struct CodeIndex {
    files: Vec<File>,
    entries: Vec<Entry>,
    words: WordIndex,
    vectors: Option<Vectors>,
}

struct File {
    path: RepoPath,
    display: String,
    is_test: bool,
}

impl File {
    fn new(path: RepoPath) -> Self {
        let display = path.to_display();
        Self {
            is_test: is_test_path(&display),
            display,
            path,
        }
    }
}

/// A file's chunks on their way into the index.
pub(crate) struct FileChunks {
    pub(crate) path: RepoPath,
    pub(crate) chunks: Vec<Chunk>,
    /// As many vectors as chunks, when there is a model.
    pub(crate) vectors: Vec<i8>,
}

impl CodeIndex {
    /// Makes the index; files in the order of their paths. `dimensions` is of the
    /// model, if there is one.
    pub(crate) fn build(
        files: Vec<FileChunks>,
        dimensions: Option<usize>,
    ) -> Result<Self, RetrievalError> {
        let mut entries = Vec::new();
        let mut paths = Vec::new();
        let mut vectors = dimensions.map(Vectors::new);
        let mut texts = Vec::new();
        for file in files {
            let path_terms = path_terms(&file.path);
            let number = paths.len() as u32;
            if let Some(vectors) = &mut vectors {
                vectors.extend(&file.vectors);
            }
            for chunk in file.chunks {
                texts.push(fields(&chunk, &path_terms));
                entries.push(Entry {
                    file: number,
                    kind: chunk.kind,
                    name: chunk.name,
                    owner: chunk.owner,
                    first_line: chunk.first_line,
                    last_line: chunk.last_line,
                });
            }
            paths.push(File::new(file.path));
        }
        // Invariant: entry, document of the word index and vector have one number.
        let vectors = vectors.filter(|vectors| vectors.len() == entries.len());
        Ok(Self {
            files: paths,
            entries,
            words: WordIndex::build(texts.into_iter())?,
            vectors,
        })
    }

    /// Returns how many chunks there are.
    pub fn chunk_count(&self) -> usize {
        self.entries.len()
    }

    /// Returns how many files have chunks.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Returns whether the chunks have vectors.
    pub fn has_vectors(&self) -> bool {
        self.vectors.is_some()
    }

    /// Returns the chunks that answer a question, the best first, at most `limit`: of
    /// one function or section the best part. The model must be the one of the index.
    ///
    /// # Errors
    ///
    /// [`RetrievalError::Words`] when the index of words is damaged.
    pub fn search(
        &self,
        question: &str,
        embedder: Option<&dyn Embedder>,
        ranking: &Ranking,
        limit: usize,
    ) -> Result<Vec<Hit>, RetrievalError> {
        let asked = Asked::new(question);
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let vector = embedder
            .filter(|_| self.vectors.is_some())
            .map(|model| model.embed(question));
        let vectors = self.vectors.as_ref().zip(vector.as_deref());
        let scored = rank(&self.words, vectors, &asked, ranking, |at| self.known(at))?;
        let mut seen = std::collections::HashSet::new();
        Ok(scored
            .into_iter()
            .filter(|one| {
                let entry = &self.entries[one.at];
                let is_named = !entry.name.is_empty();
                !is_named || seen.insert((entry.file, &entry.owner, &entry.name))
            })
            .take(limit.min(HITS_MAX))
            .map(|one| self.hit(one.at, one.score, one.reasons))
            .collect())
    }

    fn known(&self, at: usize) -> Known<'_> {
        let entry = &self.entries[at];
        let file = &self.files[entry.file as usize];
        Known {
            kind: entry.kind,
            name: &entry.name,
            path: &file.display,
            is_test: file.is_test,
        }
    }

    fn hit(&self, at: usize, score: f32, reasons: Vec<HitReason>) -> Hit {
        let entry = &self.entries[at];
        let between = if entry.kind == ChunkKind::Section {
            " / "
        } else {
            "."
        };
        Hit {
            path: self.files[entry.file as usize].path.clone(),
            kind: entry.kind,
            name: match entry.owner.is_empty() {
                true => entry.name.clone(),
                false => format!("{}{between}{}", entry.owner, entry.name),
            },
            first_line: entry.first_line,
            last_line: entry.last_line,
            score,
            reasons,
        }
    }

    /// Returns the index as bytes.
    pub(crate) fn pack(&self) -> Result<Vec<u8>, RetrievalError> {
        let mut out = Writer::default();
        out.number(self.files.len() as u64);
        for file in &self.files {
            out.blob(file.path.as_bytes());
        }
        out.number(self.entries.len() as u64);
        for entry in &self.entries {
            out.number(u64::from(entry.file));
            out.number(entry.kind as u64);
            out.blob(entry.name.as_bytes());
            out.blob(entry.owner.as_bytes());
            out.number(u64::from(entry.first_line));
            out.number(u64::from(entry.last_line));
        }
        let (dimensions, numbers) = self.vectors.as_ref().map_or((0, &[][..]), |vectors| {
            (vectors.dimensions(), vectors.numbers())
        });
        out.number(dimensions as u64);
        let bytes: Vec<u8> = numbers.iter().map(|&one| one as u8).collect();
        out.blob(&bytes);
        self.words.pack(&mut out)?;
        Ok(out.bytes)
    }

    /// Reads an index; none when it is damaged.
    pub(crate) fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let count = reader.count()?;
        let files: Vec<File> = (0..count)
            .map(|_| Some(File::new(RepoPath::from_bytes(reader.blob()?))))
            .collect::<Option<_>>()?;
        let count = reader.count()?;
        let entries: Vec<Entry> = (0..count)
            .map(|_| entry(&mut reader, files.len()))
            .collect::<Option<_>>()?;
        let dimensions = reader.count()?;
        let numbers: Vec<i8> = reader.blob()?.iter().map(|&one| one as i8).collect();
        let mut vectors = Vectors::new(dimensions);
        let has_vectors = vectors.extend(&numbers) && vectors.len() == entries.len();
        let words = WordIndex::unpack(&mut reader)?;
        Some(Self {
            files,
            entries,
            words,
            vectors: has_vectors.then_some(vectors),
        })
    }
}

fn entry(reader: &mut Reader<'_>, files: usize) -> Option<Entry> {
    Some(Entry {
        file: reader.line().filter(|file| (*file as usize) < files)?,
        kind: *ChunkKind::ALL.get(reader.count()?)?,
        name: reader.text()?.to_owned(),
        owner: reader.text()?.to_owned(),
        first_line: reader.line()?,
        last_line: reader.line()?,
    })
}

fn fields(chunk: &Chunk, path_terms: &str) -> Fields {
    Fields {
        texts: [
            joined(&chunk.name),
            joined(&chunk.owner),
            path_terms.to_owned(),
            chunk.doc.join(" "),
            chunk.body.join(" "),
        ],
    }
}

pub(crate) fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    each_term(text, |term| {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(term);
    });
    out
}

fn path_terms(path: &RepoPath) -> String {
    let display = path.to_display();
    // The ending says what language it is, and nothing of what it is about.
    let stem = display
        .rsplit_once('.')
        .map_or(display.as_str(), |(stem, _)| stem);
    joined(stem)
}
