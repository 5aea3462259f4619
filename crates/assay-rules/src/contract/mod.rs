//! What a schema promises to those who speak by it, and what a change takes back.
//!
//! [`compare_schemas`] reads both versions of a file and compares them by the
//! rules of its own specification: OpenAPI and JSON Schema, GraphQL, Protocol
//! Buffers, Avro, the exports of `package.json`. It reads nothing but the two texts: a reference to another
//! file is compared as it is written. [`compare_linked_schemas`] follows the references of
//! OpenAPI and JSON Schema into other files.

mod avro;
mod graphql;
mod openapi;
mod package;
mod proto;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use assay_finding::{Confidence, Severity};
use assay_source::{RepoPath, Span};
use assay_syntax::{Language, ParsedFile, SyntaxTree};

use crate::config::{Model, json, yaml};

/// Differences of one file; a schema that was written anew is one piece of news.
const LOSSES_MAX: usize = 400;

/// Folders whose schemas nobody outside speaks by.
const INNER_PARTS: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "testdata",
    "test-data",
    "fixtures",
    "fixture",
    "examples",
    "example",
    "samples",
    "mocks",
    "vendor",
    "third_party",
    "node_modules",
    "googleapis",
];

/// One thing that a schema promised and no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaLoss {
    /// The rule that it breaks.
    pub rule: &'static str,
    /// What it is about, such as `GET /users/{id}` or `Book.title`.
    pub name: String,
    /// What is different, as the rest of a sentence that begins with the name.
    pub detail: String,
    /// How bad it is, when that is not what the rule says.
    pub severity: Option<Severity>,
    /// How sure it is, when that is not what the rule says.
    pub confidence: Option<Confidence>,
    /// The thing in the base; none for what is new.
    pub base: Option<Span>,
    /// The thing in the head; none when it is gone.
    pub head: Option<Span>,
    /// The name that says in another file that it only moved; empty for what
    /// cannot move.
    pub moves_as: String,
}

/// What one file of a change that is a schema came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaComparison {
    /// What it takes back.
    pub losses: Vec<SchemaLoss>,
    /// The types that its head has, to tell what moved here from elsewhere.
    pub declares: BTreeSet<String>,
}

/// How a file says what it promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    OpenApi,
    JsonSchema,
    GraphQl,
    Proto,
    Avro,
    /// `package.json` of npm.
    Package,
}

/// Returns whether a file is a schema, by its path and words in its text.
pub fn is_schema(path: &RepoPath, language: &Language, text: &str) -> bool {
    format_of(path, language, text).is_some()
}

fn format_of(path: &RepoPath, language: &Language, text: &str) -> Option<Format> {
    let path = path.as_str()?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let inner = |part: &str| INNER_PARTS.contains(&part.to_ascii_lowercase().as_str());
    if folder.split('/').any(inner) {
        return None;
    }
    let is_data = matches!(language.id().as_str(), "json" | "yaml");
    match language.id().as_str() {
        "proto" => Some(Format::Proto),
        "graphql" => Some(Format::GraphQl),
        "json" if name.ends_with(".avsc") => Some(Format::Avro),
        "json" if name == "package.json" => Some(Format::Package),
        _ if is_data && (has_key(text, "openapi") || has_key(text, "swagger")) => {
            text.contains("paths").then_some(Format::OpenApi)
        }
        _ if is_data && text.contains("json-schema.org/") && text.contains("$schema") => {
            Some(Format::JsonSchema)
        }
        _ => None,
    }
}

/// Returns whether a key stands near the beginning of a line or a brace.
fn has_key(text: &str, key: &str) -> bool {
    let quoted = format!("\"{key}\"");
    let bare = format!("{key}:");
    text.contains(&quoted)
        || text.starts_with(&bare)
        || text.contains(&format!("\n{bare}"))
        || text.contains(&format!("\n'{key}':"))
}

/// Compares both versions of a schema; nothing for a file that is none.
pub fn compare_schemas(
    path: &RepoPath,
    base: &ParsedFile,
    head: &ParsedFile,
) -> Option<SchemaComparison> {
    let (old, new) = (base.trees.first()?, head.trees.first()?);
    let format = format_of(path, new.language(), new.text().as_str())?;
    let mut losses = Losses::default();
    match format {
        Format::Proto => proto::compare(old, new, &mut losses),
        Format::GraphQl => graphql::compare(old, new, &mut losses),
        Format::OpenApi => openapi::compare(&model_of(old), &model_of(new), &mut losses),
        Format::JsonSchema => shape::compare_roots(&model_of(old), &model_of(new), &mut losses),
        Format::Avro => avro::compare(&model_of(old), &model_of(new), &mut losses),
        Format::Package => package::compare(&model_of(old), &model_of(new), &mut losses),
    }
    Some(SchemaComparison {
        losses: losses.found,
        declares: losses.declares,
    })
}

/// One file of a schema over several files.
pub struct SchemaDocument<'a> {
    /// Its content.
    pub parsed: &'a ParsedFile,
    /// What it calls the others, such as `../user.yaml`, and their numbers in the list.
    pub links: BTreeMap<String, usize>,
}

/// What a schema over several files takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedLoss {
    /// What it takes back; places are those of the files below.
    pub loss: SchemaLoss,
    /// The file in the list of the base.
    pub base: Option<usize>,
    /// The file in the list of the head.
    pub head: Option<usize>,
}

/// Returns the other files that a file of JSON or YAML refers to, as it calls them.
pub fn schema_references(parsed: &ParsedFile) -> BTreeSet<String> {
    let Some(tree) = parsed.trees.first() else {
        return BTreeSet::new();
    };
    let model = model_of(tree);
    let files = model.all_under("$ref").map(|target| {
        let (file, _) = target.split_once('#').unwrap_or((target, ""));
        file.to_owned()
    });
    files
        .filter(|file| !file.is_empty() && !file.contains(':') && !file.starts_with('/'))
        .collect()
}

/// Compares both versions of a schema whose first file refers to the others; nothing for
/// a file that is no schema of OpenAPI or JSON Schema.
pub fn compare_linked_schemas(
    path: &RepoPath,
    base: &[SchemaDocument<'_>],
    head: &[SchemaDocument<'_>],
) -> Vec<LinkedLoss> {
    let Some(root) = head
        .first()
        .and_then(|document| document.parsed.trees.first())
    else {
        return Vec::new();
    };
    let Some(format) = format_of(path, root.language(), root.text().as_str()) else {
        return Vec::new();
    };
    let (Some(old), Some(new)) = (joined(base), joined(head)) else {
        return Vec::new();
    };
    let mut losses = Losses::default();
    match format {
        Format::OpenApi => openapi::compare(&old, &new, &mut losses),
        Format::JsonSchema => shape::compare_roots(&old, &new, &mut losses),
        _ => return Vec::new(),
    }
    let placed = losses.found.into_iter().map(|mut loss| {
        let base = loss.base.and_then(|span| old.part_of(span));
        let head = loss.head.and_then(|span| new.part_of(span));
        loss.base = base.map(|(_, span)| span);
        loss.head = head.map(|(_, span)| span);
        LinkedLoss {
            loss,
            base: base.map(|(at, _)| at),
            head: head.map(|(at, _)| at),
        }
    });
    placed.collect()
}

fn joined<'t>(list: &[SchemaDocument<'t>]) -> Option<Model<'t>> {
    let files = list.iter().map(|document| {
        let tree = document.parsed.trees.first()?;
        let bytes = tree.text().as_str().len() as u32;
        Some((model_of(tree), bytes, document.links.clone()))
    });
    files.collect::<Option<Vec<_>>>().map(Model::join)
}

fn model_of(tree: &SyntaxTree) -> Model<'_> {
    match tree.language().id().as_str() {
        "yaml" => yaml::read(tree),
        _ => json::read(tree),
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Losses {
    found: Vec<SchemaLoss>,
    declares: BTreeSet<String>,
    /// The last one that was beyond the limit.
    left: Option<SchemaLoss>,
}

impl Losses {
    /// Adds a loss, once for each place and name.
    fn add(
        &mut self,
        rule: &'static str,
        name: impl Into<String>,
        detail: impl Into<String>,
        base: Option<Span>,
        head: Option<Span>,
    ) -> &mut SchemaLoss {
        let loss = SchemaLoss {
            rule,
            name: name.into(),
            detail: detail.into(),
            severity: None,
            confidence: None,
            base,
            head,
            moves_as: String::new(),
        };
        // A type that many operations use loses a thing once.
        let known = self.found.iter().position(|known| {
            known.rule == loss.rule
                && known.base == loss.base
                && known.head == loss.head
                && known.detail == loss.detail
        });
        let at = match known {
            Some(at) => at,
            None if self.found.len() >= LOSSES_MAX => return self.left.insert(loss),
            None => {
                self.found.push(loss);
                self.found.len() - 1
            }
        };
        &mut self.found[at]
    }
}

impl SchemaLoss {
    fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = Some(severity);
        self
    }

    fn confidence(&mut self, confidence: Confidence) -> &mut Self {
        self.confidence = Some(confidence);
        self
    }

    fn moves_as(&mut self, name: &str) -> &mut Self {
        name.clone_into(&mut self.moves_as);
        self
    }
}

const REMOVED: &str = "schema/removed-member";
const STRICTER: &str = "schema/stricter-input";
const WEAKER: &str = "schema/weaker-output";
const CHANGED: &str = "schema/changed-type";
const REUSED: &str = "schema/reused-field-number";
const UNRESERVED: &str = "schema/unreserved-field-number";
const SECURED: &str = "schema/new-authentication";
