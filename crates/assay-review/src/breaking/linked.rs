//! Schemas that are written over several files: a changed part is compared as the
//! documents that refer to it see it.
//!
//! Documents are looked for only when a file of JSON or YAML changed that looks like a part
//! of a schema: in the folders above it and beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay_rules::{
    LinkedLoss, SchemaDocument, SchemaLoss, compare_linked_schemas, is_schema, schema_references,
};
use assay_source::{FileVersion, RepoPath, SourceText};
use assay_syntax::{ParsedFile, detect};

use crate::engines::Engines;
use crate::file::Examined;
use crate::left::join;
use crate::pipeline::Subject;

/// Files that may be a document and are read.
const READ_MAX: usize = 200;
/// Documents that are compared.
const DOCUMENTS_MAX: usize = 16;
/// Files of one document.
const PARTS_MAX: usize = 200;
/// Bytes of one of them.
const BYTES_MAX: u64 = 1 << 20;

/// Finds what changed parts of schemas take back, by the number of the examined file.
pub(super) fn find(
    subject: Subject<'_>,
    examined: &[Examined],
    engines: &Engines<'_>,
) -> Vec<(usize, SchemaLoss)> {
    let changed: BTreeMap<&str, usize> = examined
        .iter()
        .enumerate()
        .filter(|(_, file)| may_be_part(file))
        .filter_map(|(at, file)| Some((file.entry.path.as_str()?, at)))
        .collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let tree = Tree::new(subject, engines);
    let mut found: Vec<(usize, SchemaLoss)> = Vec::new();
    for path in tree.documents(&changed) {
        let head = tree.closure(&path, 1);
        if !head
            .iter()
            .any(|part| changed.contains_key(part.path.as_str()))
            || head.len() < 2
        {
            continue;
        }
        let base = tree.closure(&path, 0);
        let losses = compare_linked_schemas(
            &RepoPath::from(path.as_str()),
            &documents(&base),
            &documents(&head),
        );
        for LinkedLoss {
            mut loss,
            base: was,
            head: now,
        } in losses
        {
            let at = |list: &[Part], part: Option<usize>| {
                changed.get(list.get(part?)?.path.as_str()).copied()
            };
            let (was, now) = (at(&base, was), at(&head, now));
            let Some(place) = now.or(was) else { continue };
            // A place in another file than that of the finding is none.
            loss.base = loss.base.filter(|_| was == Some(place));
            loss.head = loss.head.filter(|_| now == Some(place));
            let is_known = found.iter().any(|(at, known)| {
                *at == place
                    && known.rule == loss.rule
                    && known.detail == loss.detail
                    && (known.base, known.head) == (loss.base, loss.head)
            });
            if !is_known && (loss.base.is_some() || loss.head.is_some()) {
                found.push((place, loss));
            }
        }
    }
    found
}

/// Whether a changed file is data that may be a part of a schema.
fn may_be_part(file: &Examined) -> bool {
    let Some(kept) = &file.kept else { return false };
    let is_data = matches!(kept.language.id().as_str(), "json" | "yaml");
    let text = kept.base.as_ref().map_or("", |base| base.as_str());
    let words = ["$ref", "properties", "responses", "schema", "enum"];
    is_data && words.iter().any(|word| text.contains(word))
}

/// One file of a document.
struct Part {
    path: String,
    parsed: Arc<ParsedFile>,
    links: BTreeMap<String, usize>,
}

fn documents(parts: &[Part]) -> Vec<SchemaDocument<'_>> {
    let mut documents = Vec::new();
    for part in parts {
        documents.push(SchemaDocument {
            parsed: &part.parsed,
            links: part.links.clone(),
        });
    }
    documents
}

/// The files of JSON and YAML before and after the change.
struct Tree<'a> {
    subject: Subject<'a>,
    engines: &'a Engines<'a>,
    versions: [BTreeMap<String, FileVersion>; 2],
}

impl<'a> Tree<'a> {
    fn new(subject: Subject<'a>, engines: &'a Engines<'a>) -> Self {
        let is_data = |path: &str| {
            [".json", ".yaml", ".yml"]
                .iter()
                .any(|end| path.ends_with(end))
        };
        let named = |file: FileVersion| {
            let path = file.path.as_str().filter(|path| is_data(path))?.to_owned();
            Some((path, file))
        };
        let listed = subject.tree.list().unwrap_or_default();
        let head: BTreeMap<String, FileVersion> = listed.into_iter().filter_map(named).collect();
        let mut base = head.clone();
        for file in &subject.change.files {
            if let Some(path) = file.head.as_ref().and_then(|head| head.path.as_str()) {
                base.remove(path);
            }
        }
        let was = subject
            .change
            .files
            .iter()
            .filter_map(|file| file.base.clone());
        base.extend(was.filter_map(named));
        Self {
            subject,
            engines,
            versions: [base, head],
        }
    }

    fn text(&self, path: &str, side: usize) -> Option<Arc<SourceText>> {
        let version = self.versions[side].get(path)?;
        let bytes = self.subject.tree.read(version, BYTES_MAX).ok()?;
        Some(Arc::new(SourceText::decode(bytes).ok()?))
    }

    /// Returns the files of the head that may be documents of which changed files are parts.
    fn documents(&self, changed: &BTreeMap<&str, usize>) -> Vec<String> {
        let folder = |path: &'_ str| {
            path.rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned()
        };
        let folders: BTreeSet<String> = changed.keys().map(|path| folder(path)).collect();
        let is_near = |path: &str| {
            let own = folder(path);
            folders.iter().any(|of_part| {
                let is_above = own.is_empty() || is_within(of_part, &own);
                let beside = folder(of_part);
                is_above || !beside.is_empty() && is_within(&own, &beside)
            })
        };
        let near = self.versions[1].keys().filter(|path| is_near(path));
        let is_document = |path: &&String| {
            let Some(text) = self.text(path, 1) else {
                return false;
            };
            let refers = text.as_str().contains("$ref");
            let language = detect(&RepoPath::from(path.as_str()), text.as_str());
            refers
                && language.is_some_and(|language| {
                    is_schema(&RepoPath::from(path.as_str()), language, text.as_str())
                })
        };
        near.take(READ_MAX)
            .filter(is_document)
            .take(DOCUMENTS_MAX)
            .cloned()
            .collect()
    }

    /// Reads a document and all that it refers to, itself first.
    fn closure(&self, root: &str, side: usize) -> Vec<Part> {
        let mut known: BTreeMap<String, usize> = BTreeMap::from([(root.to_owned(), 0)]);
        let mut wanted = vec![root.to_owned()];
        let mut parts: Vec<Part> = Vec::new();
        while let Some(path) = wanted.get(parts.len()).cloned() {
            let Some(text) = self.text(&path, side) else {
                return Vec::new();
            };
            let Some(language) = detect(&RepoPath::from(path.as_str()), text.as_str()) else {
                return Vec::new();
            };
            let parsed = self.engines.parse(&text, language);
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let mut links = BTreeMap::new();
            for reference in schema_references(&parsed) {
                let Some(to) = join(folder, &reference) else {
                    continue;
                };
                if !self.versions[side].contains_key(&to) {
                    continue;
                }
                let at = match known.get(&to) {
                    Some(at) => *at,
                    None if wanted.len() >= PARTS_MAX => continue,
                    None => {
                        wanted.push(to.clone());
                        known.insert(to, wanted.len() - 1);
                        wanted.len() - 1
                    }
                };
                links.insert(reference, at);
            }
            parts.push(Part {
                path,
                parsed,
                links,
            });
        }
        parts
    }
}

/// Whether a folder is another one or lies in it.
fn is_within(folder: &str, other: &str) -> bool {
    let rest = folder.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
