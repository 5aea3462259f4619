//! Makes a graph of a few files that are written in one text.

use std::sync::Arc;

use assay_graph::{Graph, Manifest, SourceFile, facts_of_bytes, is_manifest};
use assay_source::RepoPath;
use assay_syntax::ParseLimits;

/// Splits `//- path` sections into files.
pub(crate) fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.trim_start().strip_prefix("//- ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => {
                if let Some((_, text)) = files.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    files
}

/// Makes the graph of the files in a text.
pub(crate) fn graph(text: &str) -> Graph {
    let mut sources = Vec::new();
    let mut manifests = Vec::new();
    for (path, text) in files(text) {
        let name = path.rsplit('/').next().unwrap_or(&path);
        if is_manifest(name) {
            manifests.push(Manifest { path, text });
            continue;
        }
        let path = RepoPath::from(path.as_str());
        let facts = facts_of_bytes(&path, text.into_bytes(), &ParseLimits::default());
        if let Some(facts) = facts {
            sources.push(SourceFile {
                path,
                facts: Arc::new(facts),
            });
        }
    }
    Graph::new(sources, &manifests)
}
