//! The graph of a whole tree: made anew, again, and after ten files changed, in
//! processor time beside that of the parser alone.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use assay_graph::{FactStore, LoadLimits, Loaded, load};
use assay_source::{
    BlobKey, ContentId, ContentStore, FileKind, FileTree, FileVersion, ReadError, RepoPath,
    SourceText,
};
use assay_syntax::{detect, parse_alone};
use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

/// Reading a tree may cost so many times the parser alone.
const RATIO_MAX: f64 = 2.0;
/// A tree of about 500,000 lines may hold so much memory.
const MEMORY_MEGABYTES_MAX: u64 = 400;
/// After some files changed, the graph is there again after so long.
const UPDATE_MILLISECONDS_MAX: f64 = 150.0;
const CHANGED: usize = 10;
const ROUNDS: usize = 5;
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The files of a folder in memory.
struct Tree(Vec<(FileVersion, Arc<[u8]>)>);

impl ContentStore for Tree {
    fn read(&self, version: &FileVersion, _: u64) -> Result<Vec<u8>, ReadError> {
        let found = self
            .0
            .binary_search_by(|(file, _)| file.path.cmp(&version.path));
        let place = found.map_err(|_| ReadError::Absent)?;
        Ok(self.0[place].1.to_vec())
    }
}

impl FileTree for Tree {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        Ok(self.0.iter().map(|(file, _)| file.clone()).collect())
    }
}

/// Facts in memory.
#[derive(Default)]
struct Store {
    kept: HashMap<BlobKey, Vec<u8>>,
    new: Mutex<Vec<(BlobKey, Vec<u8>)>>,
}

impl FactStore for Store {
    fn get(&self, key: &BlobKey) -> Option<Cow<'_, [u8]>> {
        self.kept
            .get(key)
            .map(|facts| Cow::Borrowed(facts.as_slice()))
    }

    fn put(&self, entries: Vec<(BlobKey, Vec<u8>)>, _: &[BlobKey]) {
        *self.new.lock().unwrap_or_else(PoisonError::into_inner) = entries;
    }
}

/// Measures a folder; returns whether it is within the limits.
pub(crate) fn measure(folder: &Path) -> bool {
    let mut tree = Tree(Vec::new());
    collect(folder, folder, &mut tree.0);
    tree.0
        .sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
    let mut store = Store::default();
    let (anew, loaded) = cost(|| graph(&tree, &store));
    let lines: u32 = loaded
        .graph
        .files()
        .iter()
        .map(|file| file.facts.lines)
        .sum();
    let (files, edges) = (loaded.graph.files().len(), loaded.graph.edges().len());
    drop(loaded);
    let memory = memory_peak_megabytes();
    let new = std::mem::take(&mut *store.new.lock().unwrap_or_else(PoisonError::into_inner));
    store.kept = new.into_iter().collect();
    let best = |tree: &Tree| {
        let times = (0..ROUNDS).map(|_| cost(|| graph(tree, &store)).0);
        times.min_by(|one, other| one.0.total_cmp(&other.0))
    };
    let again = best(&tree).expect("there are rounds");
    for at in 0..CHANGED {
        // Files from all over the tree, with another line each.
        let place = at * tree.0.len() / CHANGED;
        let (file, bytes) = &mut tree.0[place];
        let changed = [&bytes[..], format!("\n{at}\n").as_bytes()].concat();
        file.content = id_of(&changed);
        *bytes = changed.into();
    }
    let update = best(&tree).expect("there are rounds");
    let texts: Vec<_> = tree
        .0
        .iter()
        .filter_map(|(file, bytes)| {
            let text = SourceText::decode(bytes.to_vec()).ok()?;
            let language = detect(&file.path, text.as_str())?;
            (!language.is_data_only()).then_some((text, language))
        })
        .collect();
    let (alone, _) = cost(|| {
        texts.par_iter().for_each(|(text, language)| {
            parse_alone(text.as_str(), language);
        });
    });
    let ratio = anew.0 / alone.0;
    println!("{files} files, {lines} lines, {edges} edges; processor time and time:");
    println!("parser alone          {:6.2} s {:8.0} ms", alone.0, alone.1);
    println!(
        "graph, nothing kept   {:6.2} s {:8.0} ms, {ratio:.2} times (limit {RATIO_MAX:.2})",
        anew.0, anew.1
    );
    println!("graph, all kept       {:6.2} s {:8.0} ms", again.0, again.1);
    println!(
        "{CHANGED} files changed      {:6.2} s {:8.0} ms (limit {UPDATE_MILLISECONDS_MAX:.0} ms)",
        update.0, update.1
    );
    println!("memory at most        {memory} MB (limit {MEMORY_MEGABYTES_MAX} MB)");
    ratio <= RATIO_MAX && update.1 <= UPDATE_MILLISECONDS_MAX && memory <= MEMORY_MEGABYTES_MAX
}

fn graph(tree: &Tree, store: &Store) -> Loaded {
    load(tree, store, &LoadLimits::default()).expect("a tree in memory can be listed")
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(FileVersion, Arc<[u8]>)>) {
    for entry in fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
    {
        let path = entry.path();
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() {
            if entry.file_name() != ".git" {
                collect(root, &path, files);
            }
        } else if metadata.is_file() && metadata.len() <= FILE_BYTES_MAX {
            let bytes = fs::read(&path).unwrap_or_default();
            let relative = path.strip_prefix(root).unwrap_or(&path);
            files.push((
                FileVersion {
                    path: RepoPath::from_bytes(relative.as_os_str().as_encoded_bytes()),
                    kind: FileKind::File,
                    content: id_of(&bytes),
                },
                bytes.into(),
            ));
        }
    }
}

/// An id as git would give one: the same for the same bytes.
fn id_of(bytes: &[u8]) -> ContentId {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    ContentId::Object(format!("{:040x}", hasher.finish()).into())
}

/// Returns processor seconds and milliseconds of a piece of work, and what it gave.
fn cost<T>(work: impl FnOnce() -> T) -> ((f64, f64), T) {
    let (started, before) = (Instant::now(), processor_seconds());
    let done = work();
    let seconds = processor_seconds() - before;
    ((seconds, started.elapsed().as_secs_f64() * 1e3), done)
}

/// User and system time in hundredths (proc(5)).
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("benches run on Linux");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in parentheses");
    let fields = fields.split_whitespace().skip(11).take(2);
    fields
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn memory_peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("benches run on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
