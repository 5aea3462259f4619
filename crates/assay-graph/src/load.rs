//! From a tree of files to the graph: what is kept is taken, what changed is
//! read and parsed anew.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use assay_source::{
    BlobKey, BlobKeyHasher, ContentId, FileKind, FileTree, FileVersion, ReadError, RepoPath,
    SourceText, is_minified, vendored_folder,
};
use assay_syntax::{ParseLimits, Trees, detect, languages};
use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use crate::codec::{decode, encode};
use crate::extract::plan::Family;
use crate::extract::{FACTS_VERSION, extract};
use crate::facts::Facts;
use crate::graph::{Graph, SourceFile};
use crate::layout::{MANIFEST_BYTES_MAX, Manifest, is_manifest};

/// Keeps the facts of files. A store may forget anything at any time.
pub trait FactStore: Sync {
    /// Returns what is kept under a key.
    fn get(&self, key: &BlobKey) -> Option<Cow<'_, [u8]>>;

    /// Keeps new facts; `live` are the keys of all files that there are now.
    fn put(&self, entries: Vec<(BlobKey, Vec<u8>)>, live: &[BlobKey]);
}

/// Keeps nothing.
pub struct NoStore;

impl FactStore for NoStore {
    fn get(&self, _: &BlobKey) -> Option<Cow<'_, [u8]>> {
        None
    }

    fn put(&self, _: Vec<(BlobKey, Vec<u8>)>, _: &[BlobKey]) {}
}

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub struct LoadLimits {
    /// Larger files are left out.
    pub file_bytes_max: u64,
    /// More files are left out.
    pub files_max: usize,
    /// The limits of the parser.
    pub parse: ParseLimits,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 1 << 20,
            files_max: 200_000,
            parse: ParseLimits::default(),
        }
    }
}

/// A graph, and how it was made.
pub struct Loaded {
    /// The graph.
    pub graph: Graph,
    /// How many files were parsed anew.
    pub parsed: usize,
    /// How many were taken from the store.
    pub kept: usize,
    /// What could not be read, and why.
    pub problems: Vec<(RepoPath, String)>,
}

/// What came of one file.
pub(crate) enum Read {
    /// It holds no code, or none that is read.
    Nothing,
    Facts(Arc<Facts>),
    Problem(String),
}

/// Reads a tree and makes its graph.
///
/// # Errors
///
/// [`ReadError`] when the tree cannot be listed; what goes wrong with single
/// files is in [`Loaded::problems`].
pub fn load(
    tree: &dyn FileTree,
    store: &dyn FactStore,
    limits: &LoadLimits,
) -> Result<Loaded, ReadError> {
    load_with(tree, store, limits, &[])
}

/// Reads a tree together with files that are gone from it, so that what still
/// uses them is known.
///
/// # Errors
///
/// The same as of [`load`].
pub fn load_with(
    tree: &dyn FileTree,
    store: &dyn FactStore,
    limits: &LoadLimits,
    gone: &[FileVersion],
) -> Result<Loaded, ReadError> {
    let mut files = tree.list()?;
    let is_there: HashSet<&RepoPath> = files.iter().map(|file| &file.path).collect();
    let gone: Vec<FileVersion> = gone
        .iter()
        .filter(|file| !is_there.contains(&file.path))
        .cloned()
        .collect();
    files.extend(gone);
    let mut problems = Vec::new();
    let is_wanted = |file: &&FileVersion| family_of_file(file).is_some();
    let wanted: Vec<&FileVersion> = files.iter().filter(is_wanted).collect();
    if wanted.len() > limits.files_max {
        let left = wanted.len() - limits.files_max;
        let path = wanted[limits.files_max].path.clone();
        problems.push((
            path,
            format!("this and {} further files are over the limit", left - 1),
        ));
    }
    let wanted = &wanted[..wanted.len().min(limits.files_max)];
    let trees = Trees::new(0);
    let read: Vec<(BlobKey, Read, Option<Vec<u8>>)> = wanted
        .par_iter()
        .map(|file| read_file(tree, store, file, (limits, &trees)))
        .collect();
    let mut sources = Vec::with_capacity(read.len());
    let mut fresh = Vec::new();
    let mut live = Vec::with_capacity(read.len());
    let mut parsed = 0;
    let mut kept = 0;
    for (file, (key, read, bytes)) in wanted.iter().zip(read) {
        match bytes {
            Some(bytes) => {
                parsed += 1;
                fresh.push((key, bytes));
            }
            None => kept += 1,
        }
        live.push(key);
        match read {
            Read::Nothing => {}
            Read::Facts(facts) => sources.push(SourceFile {
                path: file.path.clone(),
                facts,
            }),
            Read::Problem(problem) => problems.push((file.path.clone(), problem)),
        }
    }
    store.put(fresh, &live);
    let manifests = read_manifests(tree, &files);
    Ok(Loaded {
        graph: Graph::new(sources, &manifests),
        parsed,
        kept,
        problems,
    })
}

pub(crate) fn read_manifests(tree: &dyn FileTree, files: &[FileVersion]) -> Vec<Manifest> {
    files
        .iter()
        .filter(|file| is_plain(file) && vendored_folder(&file.path).is_none())
        .filter(|file| std::str::from_utf8(file.path.file_name()).is_ok_and(is_manifest))
        .filter_map(|file| {
            let bytes = tree.read(file, MANIFEST_BYTES_MAX).ok()?;
            Some(Manifest {
                path: file.path.as_str()?.to_owned(),
                text: String::from_utf8(bytes).ok()?,
            })
        })
        .collect()
}

fn is_plain(file: &FileVersion) -> bool {
    matches!(file.kind, FileKind::File | FileKind::Executable)
}

/// Returns whether the graph reads a file, by its name.
pub fn is_code_file(file: &FileVersion) -> bool {
    family_of_file(file).is_some()
}

/// Returns the family of languages of a file with functions, by its name.
pub(crate) fn family_of_file(file: &FileVersion) -> Option<Family> {
    static EXTENSIONS: OnceLock<HashMap<&'static str, Family>> = OnceLock::new();
    let extensions = EXTENSIONS.get_or_init(|| {
        languages()
            .iter()
            .filter(|language| {
                !language.is_data_only() || matches!(language.id().as_str(), "vue" | "svelte")
            })
            .flat_map(|language| {
                let family = Family::of(language.id().as_str());
                let extensions = language.extensions().iter();
                extensions.map(move |&extension| (extension, family))
            })
            .collect()
    });
    let extension = std::str::from_utf8(file.path.extension()?).ok()?;
    let family = extensions.get(extension).copied();
    family.filter(|_| is_plain(file) && vendored_folder(&file.path).is_none())
}

/// Returns the key of a file whose content has an id.
pub(crate) fn key_by_id(file: &FileVersion) -> Option<BlobKey> {
    let extension = file.path.extension().unwrap_or_default();
    match &file.content {
        ContentId::Object(id) => Some(fact_key(extension, b"object", id.as_bytes())),
        _ => None,
    }
}

/// Returns what is kept under a key.
pub(crate) fn kept(store: &dyn FactStore, key: &BlobKey) -> Option<Read> {
    let bytes = store.get(key)?;
    match &*bytes {
        [] => Some(Read::Nothing),
        bytes => Some(Read::Facts(Arc::new(decode(bytes)?))),
    }
}

/// Returns the facts of one version of a file, from the store when they are there; what
/// is new is not kept. Texts that were parsed already are not parsed again.
pub fn facts_of_version(
    tree: &dyn FileTree,
    store: &dyn FactStore,
    file: &FileVersion,
    parsing: (&LoadLimits, &Trees),
) -> Option<Arc<Facts>> {
    match read_file(tree, store, file, parsing).1 {
        Read::Facts(facts) => Some(facts),
        Read::Nothing | Read::Problem(_) => None,
    }
}

/// Reads one file; gives its facts as bytes when they are new.
pub(crate) fn read_file(
    tree: &dyn FileTree,
    store: &dyn FactStore,
    file: &FileVersion,
    parsing: (&LoadLimits, &Trees),
) -> (BlobKey, Read, Option<Vec<u8>>) {
    let key = key_by_id(file);
    if let Some(key) = key
        && let Some(read) = kept(store, &key)
    {
        return (key, read, None);
    }
    let bytes = match tree.read(file, parsing.0.file_bytes_max) {
        Ok(bytes) => bytes,
        Err(error) => {
            let read = match error {
                ReadError::TooLarge { .. } => Read::Nothing,
                error => Read::Problem(error.to_string()),
            };
            return (key.unwrap_or([0; 32]), read, None);
        }
    };
    read_bytes(store, file, key, bytes, parsing)
}

/// The same with the content at hand.
pub(crate) fn read_bytes(
    store: &dyn FactStore,
    file: &FileVersion,
    key: Option<BlobKey>,
    bytes: Vec<u8>,
    (limits, trees): (&LoadLimits, &Trees),
) -> (BlobKey, Read, Option<Vec<u8>>) {
    let key = match key {
        Some(key) => key,
        None => {
            let extension = file.path.extension().unwrap_or_default();
            let key = fact_key(extension, b"bytes", &bytes);
            if let Some(read) = kept(store, &key) {
                return (key, read, None);
            }
            key
        }
    };
    match facts_of_text(&file.path, bytes, &limits.parse, trees) {
        Some(facts) => {
            let encoded = encode(&facts);
            (key, Read::Facts(Arc::new(facts)), Some(encoded))
        }
        None => (key, Read::Nothing, Some(Vec::new())),
    }
}

/// Returns the facts of a file's content; none when there is no code in it.
pub fn facts_of_bytes(path: &RepoPath, bytes: Vec<u8>, limits: &ParseLimits) -> Option<Facts> {
    facts_of_text(path, bytes, limits, &Trees::new(0))
}

fn facts_of_text(
    path: &RepoPath,
    bytes: Vec<u8>,
    limits: &ParseLimits,
    trees: &Trees,
) -> Option<Facts> {
    let text = SourceText::decode(bytes).ok()?;
    let language = detect(path, text.as_str())?;
    if is_minified(&text) {
        return None;
    }
    let parsed = trees.parse(&Arc::new(text), language, limits);
    extract(&parsed)
}

/// The same content under another extension can be another language.
fn fact_key(extension: &[u8], kind: &[u8], content: &[u8]) -> BlobKey {
    BlobKeyHasher::new(&format!("facts {FACTS_VERSION}"))
        .part(extension)
        .part(kind)
        .part(content)
        .finish()
}
