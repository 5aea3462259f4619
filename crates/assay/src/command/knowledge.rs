//! `assay knowledge`: searches best practices, and keeps a user's own documents beside
//! those that are shipped.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use assay_finding::render::one_line;
use assay_retrieval::{
    DOCUMENT_BYTES_MAX, Embedder, KnowledgeEntry, KnowledgeHit, KnowledgeIndex, Ranking,
    document_entries,
};
use assay_review::shipped_knowledge;
use assay_source::nearest_word;
use serde_json::{Value, json};

use crate::arguments::{
    KnowledgeAddArguments, KnowledgeCommand, KnowledgeListArguments, KnowledgeRemoveArguments,
    KnowledgeSearchArguments, TextFormat,
};
use crate::search::vector_model;
use crate::{cache, output};

/// Documents of one folder.
const DOCUMENTS_MAX: usize = 20_000;
/// Folders in folders.
const DEPTH_MAX: usize = 16;
/// Lines of an entry that people are shown.
const LINES_SHOWN_MAX: usize = 6;
/// Endings of what can be added.
const EXTENSIONS: [&str; 6] = ["md", "markdown", "txt", "rst", "adoc", "org"];

pub(crate) fn run(command: &KnowledgeCommand) -> anyhow::Result<ExitCode> {
    match command {
        KnowledgeCommand::Search(own) => search(own)?,
        KnowledgeCommand::Add(own) => add(own)?,
        KnowledgeCommand::List(own) => list(own)?,
        KnowledgeCommand::Remove(own) => remove(own)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns where added documents are.
fn folder(given: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
    given
        .cloned()
        .or_else(|| cache::variable("ASSAY_KNOWLEDGE_DIR"))
        .or_else(|| Some(cache::variable("XDG_DATA_HOME")?.join("assay/knowledge")))
        .or_else(|| Some(cache::variable("LOCALAPPDATA")?.join("assay/knowledge")))
        .or_else(|| Some(cache::variable("HOME")?.join(".local/share/assay/knowledge")))
        .context("there is no home folder; name one with --folder")
}

fn search(arguments: &KnowledgeSearchArguments) -> anyhow::Result<()> {
    let folder = folder(arguments.folder.as_ref())?;
    let mut entries = shipped_knowledge();
    for name in documents(&folder)? {
        entries.extend(read_entries(&folder, &name)?);
    }
    let embedder = vector_model(&arguments.vectors)?;
    let embedder = embedder.as_ref().map(|model| model as &dyn Embedder);
    let index = KnowledgeIndex::build(entries, embedder)?;
    let top = usize::from(arguments.top);
    let hits = index.search(&arguments.question, embedder, &Ranking::default(), top)?;
    output::print(match arguments.format {
        TextFormat::Json => format!("{:#}\n", to_json(&arguments.question, &hits, index.len())),
        TextFormat::Text => to_text(&hits),
    })
}

fn to_text(hits: &[KnowledgeHit<'_>]) -> String {
    if hits.is_empty() {
        return "nothing that is known holds these words\n".to_owned();
    }
    let mut out = String::new();
    for (at, hit) in hits.iter().enumerate() {
        let entry = hit.entry;
        let (title, id) = (one_line(&entry.title), one_line(&entry.id));
        let _ = writeln!(out, "{}. {title}  ({id})", at + 1);
        let lines = entry.text.lines().filter(|line| !line.trim().is_empty());
        for line in lines.take(LINES_SHOWN_MAX) {
            let _ = writeln!(out, "   {}", one_line(line));
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn to_json(question: &str, hits: &[KnowledgeHit<'_>], count: usize) -> Value {
    let entry = |hit: &KnowledgeHit<'_>| {
        json!({
            "id": hit.entry.id,
            "source": hit.entry.source.as_str(),
            "title": hit.entry.title,
            "topic": hit.entry.topic,
            "text": hit.entry.text,
            "score": (f64::from(hit.score) * 1000.0).round() / 1000.0,
            "reasons": hit.reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(),
        })
    };
    json!({
        "version": 1,
        "question": question,
        "entries": count,
        "hits": hits.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn add(arguments: &KnowledgeAddArguments) -> anyhow::Result<()> {
    let folder = folder(arguments.folder.as_ref())?;
    let mut added = 0;
    for path in &arguments.paths {
        let metadata =
            fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let wanted = match metadata.is_dir() {
            true => documents(path)?,
            false => {
                let name = path.file_name().and_then(|name| name.to_str());
                let name = name.with_context(|| format!("{} has no plain name", path.display()))?;
                ensure!(
                    is_document(path),
                    "{}: only {} are added",
                    path.display(),
                    EXTENSIONS.join(", ")
                );
                vec![name.to_owned()]
            }
        };
        let root = match metadata.is_dir() {
            true => path.as_path(),
            false => path.parent().unwrap_or(Path::new("")),
        };
        ensure!(
            !wanted.is_empty(),
            "{} holds no document ({})",
            path.display(),
            EXTENSIONS.join(", ")
        );
        for name in wanted {
            let text = read_document(&root.join(&name))?;
            let target = folder.join(&name);
            let parent = target.parent().unwrap_or(&folder);
            fs::create_dir_all(parent)
                .with_context(|| format!("{} cannot be made", parent.display()))?;
            output::write_file(&target, |out| out.write_all(text.as_bytes()))?;
            added += 1;
        }
    }
    output::remark(format!(
        "{} added to {}",
        output::count(added, "document"),
        folder.display()
    ));
    Ok(())
}

fn list(arguments: &KnowledgeListArguments) -> anyhow::Result<()> {
    let folder = folder(arguments.folder.as_ref())?;
    let names = documents(&folder)?;
    let mut rows = Vec::new();
    for name in &names {
        rows.push((name, read_entries(&folder, name)?.len()));
    }
    let mut out = String::new();
    match arguments.format {
        TextFormat::Json => {
            let rows: Vec<Value> = rows
                .iter()
                .map(|(name, entries)| json!({ "name": name, "entries": entries }))
                .collect();
            let shipped = shipped_knowledge().len();
            let _ = writeln!(
                out,
                "{:#}",
                json!({ "version": 1, "shipped": shipped, "documents": rows })
            );
        }
        TextFormat::Text => {
            for (name, entries) in rows {
                let _ = writeln!(out, "{}  {}", one_line(name), plural(entries));
            }
            let _ = writeln!(out, "{} are shipped", plural(shipped_knowledge().len()));
        }
    }
    output::print(out)
}

fn plural(entries: usize) -> String {
    match entries {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

fn remove(arguments: &KnowledgeRemoveArguments) -> anyhow::Result<()> {
    let folder = folder(arguments.folder.as_ref())?;
    let names = documents(&folder)?;
    let name = &arguments.name;
    if !names.contains(name) {
        let hint = nearest_word(name, names.iter().map(String::as_str))
            .map_or_else(String::new, |right| format!("; did you mean `{right}`?"));
        bail!("there is no document `{name}`{hint} (`assay knowledge list`)");
    }
    let path = folder.join(name);
    fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
    output::remark(format!("`{name}` is removed"));
    Ok(())
}

/// Returns the documents below a folder by their paths from there, sorted; no link is
/// followed and nothing hidden is read.
fn documents(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((path, depth)) = open.pop() {
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            // Nothing was added yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && depth == 0 => break,
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", path.display()));
            }
        };
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be read", path.display()))?;
            let kind = entry.file_type()?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() && depth < DEPTH_MAX {
                open.push((path, depth + 1));
            } else if kind.is_file()
                && is_document(&path)
                && let Some(name) = relative(folder, &path)
            {
                names.push(name);
            }
        }
        ensure!(
            names.len() <= DOCUMENTS_MAX,
            "more than {DOCUMENTS_MAX} documents"
        );
    }
    names.sort();
    Ok(names)
}

fn relative(folder: &Path, path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path
        .strip_prefix(folder)
        .ok()?
        .components()
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    Some(parts?.join("/"))
}

fn is_document(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    end.is_some_and(|end| EXTENSIONS.contains(&end.to_ascii_lowercase().as_str()))
}

fn read_document(path: &Path) -> anyhow::Result<String> {
    let what = || format!("{} cannot be read", path.display());
    let mut text = String::new();
    let file = fs::File::open(path).with_context(what)?;
    file.take(DOCUMENT_BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)
        .with_context(what)?;
    ensure!(
        text.len() <= DOCUMENT_BYTES_MAX,
        "{} has more than {DOCUMENT_BYTES_MAX} bytes",
        path.display()
    );
    Ok(text)
}

fn read_entries(folder: &Path, name: &str) -> anyhow::Result<Vec<KnowledgeEntry>> {
    let text = read_document(&folder.join(name))?;
    let extension = name.rsplit_once('.').map_or("", |(_, end)| end);
    Ok(document_entries(name, extension, &text))
}
