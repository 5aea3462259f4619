//! From a tree of files to its index: what is kept is taken, what changed is cut anew.
//!
//! Two things are kept. The chunks of each file, by its content; and the whole index,
//! by the contents of all files. When nothing changed only the latter is read.

use std::sync::Arc;

use assay_graph::FactStore;
use assay_source::{
    BlobKey, BlobKeyHasher, ContentId, FileKind, FileTree, FileVersion, ReadError, RepoPath,
    SourceText, Span, is_minified, vendored_folder,
};
use assay_syntax::{ParseLimits, Trees, detect};
use rayon::prelude::{
    IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};

use crate::chunk::{Chunk, Cut, cut_code, cut_text, is_document};
use crate::code_index::{CHUNKS_MAX, CodeIndex, FileChunks};
use crate::codec::{decode, encode};
use crate::error::RetrievalError;
use crate::vector::{Embedder, quantised};
use crate::word::{identifiers, parts_of};

/// Goes up when chunks or their terms become other ones.
const CHUNKS_VERSION: u32 = 1;
/// Bytes of a text that a model is given.
const EMBEDDED_BYTES_MAX: usize = 1_500;

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub struct IndexLimits {
    /// Larger files are left out.
    pub file_bytes_max: u64,
    /// Larger files of data, such as JSON, are left out.
    pub data_bytes_max: u64,
    /// More files are left out.
    pub files_max: usize,
    /// The limits of the parser.
    pub parse: ParseLimits,
}

impl Default for IndexLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 1 << 20,
            data_bytes_max: 64 << 10,
            files_max: 100_000,
            parse: ParseLimits::default(),
        }
    }
}

/// Hides what must not be kept or shown: secrets.
pub trait Veil: Sync {
    /// Returns the text with every secret masked; every character takes the bytes and
    /// the place that it took.
    fn mask(&self, path: &RepoPath, text: &Arc<SourceText>) -> Arc<SourceText>;
}

/// What making an index needs from outside.
pub struct IndexWorld<'w> {
    /// Where chunks are kept.
    pub store: &'w dyn FactStore,
    /// What hides secrets.
    pub veil: &'w dyn Veil,
    /// A model for vectors.
    pub embedder: Option<&'w dyn Embedder>,
}

/// An index, and how it was made.
pub struct LoadedIndex {
    /// The index.
    pub index: CodeIndex,
    /// How many files were cut anew.
    pub cut: usize,
    /// How many were taken from the store.
    pub kept: usize,
    /// What could not be read, and why.
    pub problems: Vec<(RepoPath, String)>,
}

/// What came of one file.
struct Read {
    key: BlobKey,
    chunks: Vec<Chunk>,
    vectors: Vec<i8>,
    /// What is new: by key, its bytes.
    fresh: Vec<(BlobKey, Vec<u8>)>,
    problem: Option<String>,
}

impl Read {
    fn nothing(problem: Option<String>) -> Self {
        Self {
            key: [0; 32],
            chunks: Vec::new(),
            vectors: Vec::new(),
            fresh: Vec::new(),
            problem,
        }
    }
}

/// Reads a tree and makes its index.
///
/// # Errors
///
/// [`RetrievalError::List`] when the tree cannot be listed, and
/// [`RetrievalError::Words`] when the index cannot be made. What goes wrong with single
/// files is in [`LoadedIndex::problems`].
pub fn load_index(
    tree: &dyn FileTree,
    world: &IndexWorld<'_>,
    limits: &IndexLimits,
) -> Result<LoadedIndex, RetrievalError> {
    let files = tree.list().map_err(RetrievalError::List)?;
    let wanted: Vec<&FileVersion> = files.iter().filter(|file| is_wanted(file)).collect();
    let mut problems = Vec::new();
    if let Some(first) = wanted.get(limits.files_max) {
        let more = wanted.len() - limits.files_max - 1;
        let problem = format!("this and {more} further files are over the limit");
        problems.push((first.path.clone(), problem));
    }
    let wanted = &wanted[..wanted.len().min(limits.files_max)];
    let contents: Vec<Content> = wanted
        .par_iter()
        .map(|file| content(tree, file, limits.file_bytes_max))
        .collect();
    let tree_key = tree_key(wanted, &contents, world);
    for (file, content) in wanted.iter().zip(&contents) {
        if let Content::Failed(problem) = content {
            problems.push((file.path.clone(), problem.clone()));
        }
    }
    if let Some(bytes) = world.store.get(&tree_key)
        && let Some(index) = CodeIndex::unpack(&bytes)
    {
        let kept = wanted.len();
        return Ok(LoadedIndex {
            index,
            cut: 0,
            kept,
            problems,
        });
    }
    let trees = Trees::new(0);
    let read: Vec<Read> = wanted
        .par_iter()
        .zip(contents)
        .map(|(file, content)| read_file(tree, world, file, content, (limits, &trees)))
        .collect();
    let (index, mut fresh, mut live, cut) = assemble(wanted, read, world, &mut problems)?;
    live.push(tree_key);
    // What could not be read may be read the next time.
    if problems.is_empty() {
        fresh.push((tree_key, index.pack()?));
    }
    world.store.put(fresh, &live);
    let kept = wanted.len().saturating_sub(cut);
    Ok(LoadedIndex {
        index,
        cut,
        kept,
        problems,
    })
}

type Assembled = (CodeIndex, Vec<(BlobKey, Vec<u8>)>, Vec<BlobKey>, usize);

fn assemble(
    wanted: &[&FileVersion],
    read: Vec<Read>,
    world: &IndexWorld<'_>,
    problems: &mut Vec<(RepoPath, String)>,
) -> Result<Assembled, RetrievalError> {
    let (mut fresh, mut live, mut cut) = (Vec::new(), Vec::new(), 0);
    let mut chunk_count = 0;
    let mut files = Vec::with_capacity(read.len());
    for (file, read) in wanted.iter().zip(read) {
        cut += usize::from(!read.fresh.is_empty());
        fresh.extend(read.fresh);
        live.push(read.key);
        if let Some(embedder) = world.embedder {
            live.push(vector_key(&read.key, embedder));
        }
        if let Some(problem) = read.problem {
            problems.push((file.path.clone(), problem));
        }
        if read.chunks.is_empty() {
            continue;
        }
        chunk_count += read.chunks.len();
        if chunk_count > CHUNKS_MAX {
            let problem = format!("this and all after it: more than {CHUNKS_MAX} chunks");
            problems.push((file.path.clone(), problem));
            break;
        }
        files.push(FileChunks {
            path: file.path.clone(),
            chunks: read.chunks,
            vectors: read.vectors,
        });
    }
    let dimensions = world.embedder.map(Embedder::dimensions);
    Ok((CodeIndex::build(files, dimensions)?, fresh, live, cut))
}

/// Returns whether a file may hold something to find, by its name.
fn is_wanted(file: &FileVersion) -> bool {
    matches!(file.kind, FileKind::File | FileKind::Executable)
        && vendored_folder(&file.path).is_none()
        && !is_made(&file.path)
}

/// Returns whether a file is made by a program and read by none but programs.
fn is_made(path: &RepoPath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    let ends = [
        ".lock", ".min.js", ".min.css", ".map", ".svg", ".snap", ".po", ".csv", ".tsv",
    ];
    let names = [
        "package-lock.json",
        "pnpm-lock.yaml",
        "go.sum",
        "npm-shrinkwrap.json",
    ];
    ends.iter().any(|end| name.ends_with(end.as_bytes()))
        || names.iter().any(|made| name == made.as_bytes())
}

/// The content of a file, as far as it has to be known to look for what is kept.
enum Content {
    /// It has an id; nothing was read.
    Kept(BlobKey),
    /// It was read.
    Bytes(BlobKey, Vec<u8>),
    /// It is too large.
    TooLarge,
    /// It cannot be read.
    Failed(String),
}

fn content(tree: &dyn FileTree, file: &FileVersion, bytes_max: u64) -> Content {
    if let Some(key) = object_key(file) {
        return Content::Kept(key);
    }
    match tree.read(file, bytes_max) {
        Ok(bytes) => Content::Bytes(chunk_key(&file.path, b"bytes", &bytes), bytes),
        Err(ReadError::TooLarge { .. }) => Content::TooLarge,
        Err(error) => Content::Failed(error.to_string()),
    }
}

/// Returns the key of the whole index.
fn tree_key(files: &[&FileVersion], contents: &[Content], world: &IndexWorld<'_>) -> BlobKey {
    let mut hasher = BlobKeyHasher::new(&format!("code index {CHUNKS_VERSION}"));
    hasher.add(world.embedder.map_or("", Embedder::id).as_bytes());
    for (file, content) in files.iter().zip(contents) {
        hasher.add(file.path.as_bytes());
        match content {
            Content::Kept(key) | Content::Bytes(key, _) => hasher.add(key),
            Content::TooLarge | Content::Failed(_) => hasher.add(b""),
        }
    }
    hasher.finish()
}

fn chunk_key(path: &RepoPath, kind: &[u8], content: &[u8]) -> BlobKey {
    // The name decides the language, so it is part of what the chunks depend on.
    let name = path.extension().unwrap_or_else(|| path.file_name());
    BlobKeyHasher::new(&format!("chunks {CHUNKS_VERSION}"))
        .part(name)
        .part(kind)
        .part(content)
        .finish()
}

fn object_key(file: &FileVersion) -> Option<BlobKey> {
    match &file.content {
        ContentId::Object(id) => Some(chunk_key(&file.path, b"object", id.as_bytes())),
        _ => None,
    }
}

fn vector_key(chunks: &BlobKey, embedder: &dyn Embedder) -> BlobKey {
    BlobKeyHasher::new("chunk vectors 1")
        .part(chunks)
        .part(embedder.id().as_bytes())
        .finish()
}

/// Returns what is kept of a file, when that is everything that is wanted.
fn kept(world: &IndexWorld<'_>, key: BlobKey) -> Option<Read> {
    let chunks = decode(&world.store.get(&key)?)?;
    let mut vectors = Vec::new();
    if let Some(embedder) = world.embedder {
        let bytes = world.store.get(&vector_key(&key, embedder))?;
        if bytes.len() != chunks.len() * embedder.dimensions() {
            return None;
        }
        vectors = bytes.iter().map(|&byte| byte as i8).collect();
    }
    Some(Read {
        key,
        chunks,
        vectors,
        fresh: Vec::new(),
        problem: None,
    })
}

fn read_file(
    tree: &dyn FileTree,
    world: &IndexWorld<'_>,
    file: &FileVersion,
    content: Content,
    parsing: (&IndexLimits, &Trees),
) -> Read {
    let (key, bytes) = match content {
        Content::Kept(key) => (key, None),
        Content::Bytes(key, bytes) => (key, Some(bytes)),
        // The latter was said before.
        Content::TooLarge | Content::Failed(_) => return Read::nothing(None),
    };
    if let Some(read) = kept(world, key) {
        return read;
    }
    let bytes = match bytes {
        Some(bytes) => Ok(bytes),
        None => tree.read(file, parsing.0.file_bytes_max),
    };
    match bytes {
        Ok(bytes) => cut_anew(world, file, key, bytes, parsing),
        Err(ReadError::TooLarge { .. }) => Read::nothing(None),
        Err(error) => Read::nothing(Some(error.to_string())),
    }
}

fn cut_anew(
    world: &IndexWorld<'_>,
    file: &FileVersion,
    key: BlobKey,
    bytes: Vec<u8>,
    (limits, trees): (&IndexLimits, &Trees),
) -> Read {
    let (cuts, text) = match cut(world, &file.path, bytes, (limits, trees)) {
        Some((cuts, text)) => (cuts, Some(text)),
        None => (Vec::new(), None),
    };
    let vectors: Vec<i8> = world
        .embedder
        .zip(text)
        .map(|(embedder, text)| {
            let vector = |cut| quantised(&embedder.embed(&embedded_text(cut, &text)));
            cuts.iter().flat_map(vector).collect()
        })
        .unwrap_or_default();
    let chunks: Vec<Chunk> = cuts.into_iter().map(|cut| cut.chunk).collect();
    let mut fresh = vec![(key, encode(&chunks))];
    if let Some(embedder) = world.embedder {
        let bytes = vectors.iter().map(|&one| one as u8).collect();
        fresh.push((vector_key(&key, embedder), bytes));
    }
    Read {
        key,
        chunks,
        vectors,
        fresh,
        problem: None,
    }
}

fn cut(
    world: &IndexWorld<'_>,
    path: &RepoPath,
    bytes: Vec<u8>,
    (limits, trees): (&IndexLimits, &Trees),
) -> Option<(Vec<Cut>, Arc<SourceText>)> {
    let length = bytes.len() as u64;
    let text = Arc::new(SourceText::decode(bytes).ok()?);
    if is_document(path) {
        let text = world.veil.mask(path, &text);
        return Some((cut_text(path, &text), text));
    }
    let language = detect(path, text.as_str())?;
    if is_minified(&text) || language.is_data_only() && length > limits.data_bytes_max {
        return None;
    }
    let text = world.veil.mask(path, &text);
    if language.is_data_only() && !matches!(language.id().as_str(), "vue" | "svelte") {
        return Some((cut_text(path, &text), text));
    }
    let parsed = trees.parse(&text, language, &limits.parse);
    Some((cut_code(&parsed, &text), text))
}

/// Returns a chunk as a model reads it: its name in words, what is said of it, and the
/// beginning of the rest.
fn embedded_text(cut: &Cut, text: &SourceText) -> String {
    let mut out = String::new();
    for name in [&cut.chunk.owner, &cut.chunk.name] {
        push_words(&mut out, name);
    }
    out.push_str(". ");
    for doc in &cut.doc {
        out.push_str(text.slice(*doc));
        out.push(' ');
    }
    let body = cut.doc.last().map_or(cut.span, |last| {
        Span::new(last.end.min(cut.span.end), cut.span.end)
    });
    for line in text.slice(body).lines() {
        if out.len() >= EMBEDDED_BYTES_MAX {
            break;
        }
        push_words(&mut out, line);
    }
    out
}

fn push_words(out: &mut String, text: &str) {
    for word in identifiers(text).flat_map(parts_of) {
        out.push_str(word);
        out.push(' ');
    }
}
