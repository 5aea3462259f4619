//! Finds out what names mean over all files: the tables first, then every use.

mod evaluate;
mod extension;
mod index;
mod known;
mod link;
mod module;
mod overload;
mod ruby;
mod scope;

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use crate::graph::{Edge, EntryPoint, Graph, ImportTarget, Outcome};
use crate::layout::{Layout, Manifest};
use crate::resolve::evaluate::Evaluation;
use crate::resolve::index::Index;

/// What came of looking everything up.
pub(crate) struct Resolved {
    pub(crate) edges: Vec<Edge>,
    /// For each file, for each of its uses.
    pub(crate) outcomes: Vec<Vec<Outcome>>,
    /// For each file, for each of its imports.
    pub(crate) imports: Vec<Vec<ImportTarget>>,
    pub(crate) entries: Vec<EntryPoint>,
}

/// Looks everything up.
pub(crate) fn resolve(graph: &Graph, manifests: &[Manifest]) -> Resolved {
    let paths: Vec<String> = graph
        .files
        .iter()
        .map(|file| file.text_path.clone())
        .collect();
    let layout = Layout::new(&paths, manifests);
    let index = Index::new(graph, &layout);
    let files: Vec<u32> = (0..graph.files.len() as u32).collect();
    let linked: Vec<link::Linked> = files
        .par_iter()
        .map(|&file| {
            let mut evaluation = Evaluation::new(&index, file);
            link::link(&mut evaluation)
        })
        .collect();
    let mut resolved = Resolved {
        edges: Vec::with_capacity(linked.iter().map(|one| one.edges.len()).sum()),
        outcomes: Vec::with_capacity(linked.len()),
        imports: Vec::with_capacity(linked.len()),
        entries: Vec::new(),
    };
    for one in linked {
        resolved.edges.extend(one.edges);
        resolved.outcomes.push(one.outcomes);
        resolved.imports.push(one.imports);
        resolved.entries.extend(one.entries);
    }
    resolved.edges.extend(link::inherited(&index));
    resolved
}
