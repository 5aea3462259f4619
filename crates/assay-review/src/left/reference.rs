//! Paths in text that lead to a file which the change deleted or renamed: links of
//! documents, what container files copy, what pipelines and scripts run.

use std::collections::{BTreeMap, HashMap, HashSet};

use aho_corasick::{AhoCorasick, MatchKind};
use assay_finding::{Confidence, Severity};
use assay_source::{RepoPath, SourceText, Span};

use super::{Left, REFERENCE};
use crate::file::Examined;
use crate::pipeline::Subject;
use crate::place::{Places, Use};

/// Files that are gone and looked for.
const GONE_MAX: usize = 300;
/// Files of text that are searched.
const SEARCHED_MAX: usize = 600;
/// Bytes of one of them.
const TEXT_BYTES_MAX: usize = 512 << 10;
/// Findings: a folder that moved is one piece of news.
const FINDINGS_MAX: usize = 10;

/// What kind of text names a path, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Targets of links, from the document's own folder.
    Markdown,
    /// `COPY` and `ADD`, from the root or the file's own folder.
    Container,
    /// Commands and settings: paths with a slash.
    Script,
    /// Strings, from the manifest's own folder.
    Manifest,
}

/// Finds texts that still name files which are gone.
pub(crate) fn find(
    subject: Subject<'_>,
    examined: &[Examined],
    notes: &mut Vec<String>,
) -> Vec<Left> {
    let places = Places::new(subject, examined);
    let gone: BTreeMap<String, usize> = subject
        .change
        .files
        .iter()
        .enumerate()
        .filter(|(_, file)| {
            let head = file.head.as_ref().map(|version| &version.path);
            head != file.base.as_ref().map(|version| &version.path)
                && !matches!(file.status, assay_source::ChangeStatus::Copied { .. })
        })
        .filter_map(|(at, file)| Some((file.base.as_ref()?.path.as_str()?.to_owned(), at)))
        .take(GONE_MAX)
        .collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let there: HashSet<&str> = places
        .files()
        .iter()
        .filter_map(|file| file.path.as_str())
        .collect();
    let gone: BTreeMap<&str, usize> = gone
        .iter()
        .map(|(path, at)| (path.as_str(), *at))
        .filter(|(path, _)| !there.contains(path))
        .collect();
    let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
    for &path in gone.keys() {
        by_name
            .entry(path.rsplit('/').next().unwrap_or(path))
            .or_default()
            .push(path);
    }
    let names: Vec<&str> = by_name.keys().copied().collect();
    let built = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(&names);
    let Ok(search) = built else {
        return Vec::new();
    };
    let mut found: BTreeMap<&str, Vec<(Use, Severity)>> = BTreeMap::new();
    let readable = places
        .files()
        .iter()
        .filter_map(|file| Some((file, reader_of(file.path.as_str()?)?)));
    for (number, (file, reader)) in readable.enumerate() {
        if number >= SEARCHED_MAX {
            notes.push(format!(
                "what the change left behind: more than {SEARCHED_MAX} documents and scripts; the others were not searched for paths"
            ));
            break;
        }
        let Some(text) = places.text(&file.path) else {
            continue;
        };
        if text.as_str().len() > TEXT_BYTES_MAX {
            continue;
        }
        for hit in search.find_iter(text.as_str()) {
            let Some(token) = token_at(&text, hit.start(), hit.end()) else {
                continue;
            };
            let line = text.lines().line_of(token.start);
            let resolved = resolve(&text, token, line, &file.path, reader);
            let Some(path) = resolved
                .iter()
                .find_map(|path| gone.get_key_value(path.as_str()))
            else {
                continue;
            };
            // What can be meant in another way is there, or the line is new.
            let is_other = resolved.iter().any(|path| there.contains(path.as_str()));
            if is_other || places.base_of(&file.path, line).is_none() {
                continue;
            }
            let one = Use {
                path: file.path.clone(),
                line,
                span: Some(token),
            };
            found
                .entry(path.0)
                .or_default()
                .push((one, severity(reader)));
        }
    }
    found
        .into_iter()
        .take(FINDINGS_MAX)
        .map(|(path, uses)| {
            let severity = uses.iter().map(|(_, severity)| *severity).max();
            let mut uses: Vec<Use> = uses.into_iter().map(|(one, _)| one).collect();
            uses.sort();
            uses.dedup_by(|one, other| (&one.path, one.line) == (&other.path, other.line));
            let now = &subject.change.files[gone[path]].head;
            let says = match now {
                Some(head) => format!("`{path}` is now `{}`", head.path),
                None => format!("`{path}` is gone"),
            };
            Left {
                rule: REFERENCE,
                name: path.to_owned(),
                says,
                severity,
                confidence: Confidence::High,
                from: None,
                uses,
            }
        })
        .collect()
}

fn severity(reader: Reader) -> Severity {
    match reader {
        Reader::Markdown => Severity::Low,
        Reader::Container => Severity::High,
        Reader::Script | Reader::Manifest => Severity::Medium,
    }
}

/// Returns how a file names paths; none for one that is not searched.
fn reader_of(path: &str) -> Option<Reader> {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    // What is told of the past names what was there then.
    let is_past = ["change", "history", "news", "release"]
        .iter()
        .any(|start| name.starts_with(start));
    let is_foreign = lower.split('/').any(|part| {
        matches!(
            part,
            "vendor" | "node_modules" | "third_party" | "testdata" | "fixtures"
        )
    });
    if is_past || is_foreign {
        return None;
    }
    let is_pipeline = lower.starts_with(".github/workflows/") || lower.starts_with(".circleci/");
    match name {
        _ if name.starts_with("dockerfile") || name.ends_with(".dockerfile") => {
            Some(Reader::Container)
        }
        "makefile"
        | "justfile"
        | "jenkinsfile"
        | ".gitlab-ci.yml"
        | "azure-pipelines.yml"
        | "tox.ini"
        | ".pre-commit-config.yaml"
        | ".travis.yml" => Some(Reader::Script),
        "package.json" => Some(Reader::Manifest),
        _ if is_pipeline || name.starts_with("docker-compose") || name.starts_with("compose.") => {
            Some(Reader::Script)
        }
        _ if name.ends_with(".sh") || name.ends_with(".mk") || name.ends_with(".bash") => {
            Some(Reader::Script)
        }
        _ if name.ends_with(".md") || name.ends_with(".markdown") => Some(Reader::Markdown),
        _ => None,
    }
}

/// Returns the bytes of the path around a file's name; none when more than a path
/// stands there: a variable, a pattern, an address.
fn token_at(text: &SourceText, start: usize, end: usize) -> Option<Span> {
    let bytes = text.as_str().as_bytes();
    let is_part = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'@' | b'+')
    };
    let mut first = start;
    while first > 0 && is_part(bytes[first - 1]) {
        first -= 1;
    }
    let is_name = first == start || bytes[start - 1] == b'/';
    let before = first.checked_sub(1).map_or(b' ', |at| bytes[at]);
    let after = bytes.get(end).copied().unwrap_or(b' ');
    let is_open = matches!(
        before,
        b'$' | b'{' | b'}' | b'*' | b':' | b'~' | b'%' | b'!'
    ) && !(before == b':'
        && bytes.get(first.wrapping_sub(2)) != Some(&b'/')
        && bytes[first..].first() != Some(&b'/'));
    // `a.py.` ends a sentence.
    let ends =
        !is_part(after) || after == b'.' && bytes.get(end + 1).is_none_or(|byte| !is_part(*byte));
    let is_pattern = matches!(after, b'*' | b'{' | b'$');
    (is_name && ends && !is_open && !is_pattern).then(|| Span::new(first as u32, end as u32))
}

/// Returns what a path can mean, from the root.
fn resolve(
    text: &SourceText,
    token: Span,
    line: u32,
    file: &RepoPath,
    reader: Reader,
) -> Vec<String> {
    let written = text.slice(token);
    let whole = text.line(line);
    let trimmed = whole.trim_start();
    let own = file
        .as_str()
        .and_then(|path| Some(path.rsplit_once('/')?.0))
        .unwrap_or("");
    let is_comment = reader != Reader::Markdown && trimmed.starts_with('#');
    if is_comment || whole.contains("://") {
        return Vec::new();
    }
    let has_slash = written.contains('/');
    let line_start = text.lines().line_span(line).start;
    let before = &whole[..((token.start - line_start) as usize).min(whole.len())];
    let folders: &[&str] = match reader {
        Reader::Markdown => {
            let is_target = before.ends_with("](") || before.ends_with("](<");
            match (is_target, written.starts_with('/')) {
                (false, _) => return Vec::new(),
                (true, true) => &[""],
                (true, false) => &[own],
            }
        }
        Reader::Container => {
            let word = trimmed.split_whitespace().next().unwrap_or("");
            let is_copy = word.eq_ignore_ascii_case("COPY") || word.eq_ignore_ascii_case("ADD");
            // The last word is where it goes to.
            let is_last = whole.trim_end().ends_with(written);
            if !is_copy || is_last || whole.contains("--from=") {
                return Vec::new();
            }
            &[own, ""]
        }
        Reader::Script => {
            let is_harmless = [
                "rm ",
                "ignore",
                "exclude",
                "-f ",
                "-e ",
                "paths",
                "hashFiles",
                "mkdir",
                "touch ",
                "> ",
                "!",
            ]
            .iter()
            .any(|word| whole.contains(word));
            // A list in a pipeline says when it runs.
            let is_item = trimmed.starts_with("- ")
                && !trimmed.contains(": ")
                && trimmed.split_whitespace().count() == 2;
            if !has_slash || is_harmless || is_item || written.starts_with('/') {
                return Vec::new();
            }
            &["", own]
        }
        Reader::Manifest => {
            if !has_slash || whole.contains("//") {
                return Vec::new();
            }
            &[own]
        }
    };
    folders
        .iter()
        .filter_map(|folder| join(folder, written.trim_start_matches('/')))
        .collect()
}

/// Joins a folder and a path with `.` and `..`; none when it leads out of the root.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
