//! New options and variables of the environment that the list of the others lacks.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use assay_finding::Confidence;
use assay_graph::is_test_path;
use assay_rules::{OutwardKind, environment_reads, may_be_outward, outward_names};
use assay_source::{RepoPath, SourceText, Span};
use assay_syntax::{Language, ParseLimits, parse};

use crate::engines::Engines;
use crate::file::Examined;
use crate::news::{News, is_on};
use crate::place::{Places, Use};

/// A list names so many of the other names at least, and so many of ten.
const SIBLINGS_MIN: usize = 3;
const SIBLINGS_OF_TEN: usize = 6;
/// Documents that are read.
const DOCUMENTS_MAX: usize = 400;
/// Findings of one review.
const FINDINGS_MAX: usize = 5;
/// Lines below a definition that may say that it is hidden.
const HIDDEN_LINES: u32 = 4;

/// What is read for names.
struct Read<'a> {
    path: &'a RepoPath,
    text: &'a Arc<SourceText>,
    language: &'static Language,
    limits: &'a ParseLimits,
}

/// A name that people outside use.
struct Named {
    name: String,
    span: Span,
    /// Whether it is hidden from those people, or will go.
    is_hidden: bool,
}

/// What is listed.
pub(crate) struct Kind {
    rule: &'static str,
    word: &'static str,
    /// What stands before the name in a list.
    prefix: &'static str,
    find: fn(&Read<'_>) -> Vec<Named>,
    is_list: fn(&str) -> bool,
}

/// Options and variables.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        rule: "change/undocumented-option",
        word: "option",
        prefix: "--",
        find: long_options,
        is_list: is_document,
    },
    Kind {
        rule: "change/undeclared-environment-variable",
        word: "environment variable",
        prefix: "",
        find: variables,
        is_list: is_environment_list,
    },
];

/// Finds the new names of a kind that the list of the others lacks.
pub(crate) fn find(
    kind: &Kind,
    examined: &[Examined],
    places: &Places<'_>,
    engines: &Engines<'_>,
    limits: &ParseLimits,
) -> Vec<News> {
    if !is_on(engines, kind.rule) {
        return Vec::new();
    }
    let mut old: HashSet<String> = HashSet::new();
    let mut new: Vec<(usize, Named)> = Vec::new();
    let mut siblings: Vec<(usize, String)> = Vec::new();
    for (at, file) in examined.iter().enumerate() {
        let Some(kept) = file.kept.as_ref().filter(|_| is_program(&file.entry.path)) else {
            continue;
        };
        let read = |text| {
            (kind.find)(&Read {
                path: &file.entry.path,
                text,
                language: kept.language,
                limits,
            })
        };
        let was = kept.base.as_ref().map_or_else(Vec::new, read);
        old.extend(was.into_iter().map(|one| one.name));
        for one in read(&kept.head) {
            let line = kept.head.lines().line_of(one.span.start);
            match file.versions.mapping.is_changed(line) && !one.is_hidden {
                true => new.push((at, one)),
                false => siblings.push((at, one.name)),
            }
        }
    }
    new.retain(|(_, one)| !old.contains(&one.name));
    if new.is_empty() {
        return Vec::new();
    }
    let lists = lists(kind, places);
    let mut told = HashSet::new();
    let mut found = Vec::new();
    for (at, one) in &new {
        let others: BTreeSet<&str> = siblings
            .iter()
            .filter(|(file, name)| file == at && *name != one.name)
            .map(|(_, name)| name.as_str())
            .collect();
        let named = |text: &str, name: &str| says(text, kind.prefix, name);
        if others.len() < SIBLINGS_MIN
            || lists
                .iter()
                .any(|(_, text)| named(text.as_str(), &one.name))
        {
            continue;
        }
        let count = |text: &str| others.iter().filter(|name| named(text, name)).count();
        let best = lists
            .iter()
            .map(|(path, text)| (count(text.as_str()), path))
            .max_by(|one, other| (one.0, other.1).cmp(&(other.0, one.1)));
        let Some((listed, path)) = best else { continue };
        if listed < SIBLINGS_MIN || listed * 10 < others.len() * SIBLINGS_OF_TEN {
            continue;
        }
        if found.len() >= FINDINGS_MAX || !told.insert(&one.name) {
            continue;
        }
        let file = &examined[*at];
        let Some(kept) = &file.kept else { continue };
        let place = Use {
            path: file.entry.path.clone(),
            line: kept.head.lines().line_of(one.span.start),
            span: Some(one.span),
        };
        let Some(location) = places.location(&place) else {
            continue;
        };
        found.push(News {
            rule: kind.rule,
            name: one.name.clone(),
            identity: kind.word.to_owned(),
            message: format!(
                "The {} `{}{}` is new and not in {path}, which lists {listed} of the {} others",
                kind.word,
                kind.prefix,
                one.name,
                others.len()
            ),
            severity: None,
            confidence: Confidence::Medium,
            location,
            related: Vec::new(),
        });
    }
    found
}

/// The long options that a text defines, without their dashes.
fn long_options(read: &Read<'_>) -> Vec<Named> {
    if !may_be_outward(read.text.as_str()) {
        return Vec::new();
    }
    let parsed = parse(read.text, read.language, read.limits);
    let names = parsed
        .trees
        .iter()
        .flat_map(|tree| outward_names(read.path, tree));
    let long = |name: &str| Some(name.strip_prefix("--")?.to_owned());
    names
        .filter(|one| one.kind == OutwardKind::Flag)
        .filter_map(|one| {
            Some(Named {
                name: long(&one.name)?,
                span: one.span,
                is_hidden: one.is_announced || is_hidden(read.text, one.span),
            })
        })
        .collect()
}

/// The variables of the environment that a text reads.
fn variables(read: &Read<'_>) -> Vec<Named> {
    let reads = environment_reads(read.text, read.language);
    let named = reads.into_iter().map(|one| Named {
        name: one.name,
        span: one.span,
        is_hidden: is_hidden(read.text, one.span),
    });
    named.collect()
}

/// Whether a path is of a program, not of its tests or examples.
fn is_program(path: &RepoPath) -> bool {
    let path = path.to_display();
    !is_test_path(&path)
        && !path.split('/').any(|part| {
            matches!(
                part,
                "examples" | "example" | "docs" | "hack" | "fixtures" | "scripts"
            )
        })
}

/// Whether the lines from a definition on say that it is hidden.
fn is_hidden(text: &SourceText, definition: Span) -> bool {
    let line = text.lines().line_of(definition.start);
    let last = (line + HIDDEN_LINES).min(text.lines().line_count());
    (line..=last).any(|line| {
        let line = text.line(line).to_ascii_lowercase();
        ["hidden", "hide", "suppress", "deprecat"]
            .iter()
            .any(|word| line.contains(word))
    })
}

/// Whether a text names something as a word.
fn says(text: &str, prefix: &str, name: &str) -> bool {
    let is_part = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let bytes = text.as_bytes();
    text.match_indices(name).any(|(start, _)| {
        let end = start + name.len();
        let is_prefixed = prefix.is_empty() || text[..start].ends_with(prefix);
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        is_prefixed && (!prefix.is_empty() || !is_part(before)) && !is_part(bytes.get(end))
    })
}

fn lists(kind: &Kind, places: &Places<'_>) -> Vec<(String, Arc<SourceText>)> {
    let is_list = |path: &str| (kind.is_list)(&path.to_ascii_lowercase()) && !is_foreign(path);
    let mut paths: Vec<&RepoPath> = places
        .files()
        .iter()
        .map(|file| &file.path)
        .filter(|path| path.as_str().is_some_and(is_list))
        .collect();
    // Those at the top are the ones that people read.
    paths.sort_by_key(|path| (path.parts().count(), (*path).clone()));
    let texts = paths.into_iter().take(DOCUMENTS_MAX);
    texts
        .filter_map(|path| Some((path.to_display(), places.text(path)?)))
        .collect()
}

fn is_foreign(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "node_modules" | "vendor" | "third_party" | "fixtures" | "testdata"
        )
    })
}

fn is_document(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_past = ["change", "history", "news", "release"]
        .iter()
        .any(|start| name.starts_with(start));
    let ends = [".md", ".rst", ".adoc", ".1", ".mdx", ".txt"]
        .iter()
        .any(|end| name.ends_with(end));
    !is_past && (ends && !name.starts_with("requirements") || name == "readme")
}

fn is_environment_list(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_example = name.contains("env")
        && ["example", "sample", "template", "dist", "defaults"]
            .iter()
            .any(|word| name.contains(word));
    let is_compose = (name.starts_with("docker-compose") || name.starts_with("compose."))
        && (name.ends_with(".yml") || name.ends_with(".yaml"));
    is_example || is_compose || is_document(path)
}
